// Opens the dashboard of a run from disk, as its reader does, uses every control and compares the numbers with the tables of
// the run: wide, narrow, dark, printed, by keyboard alone, without a network, and with names that would be code.
//
// Usage: dashboard.js OUT
const assert = require("node:assert");
const fs = require("node:fs");
const { WIDE, file, rows, table, sum, near, launch, quit, open, close, until, kpi, hash, data, pressed, download } = require("./page.js");
const { hostile, empty } = require("./extremes.js");

const MAX_BYTES = 3_000_000;
const VIEWS = [
  { name: "wide", ...WIDE },
  { name: "narrow", viewport: { width: 390, height: 800 }, colorScheme: "light" },
  { name: "dark", ...WIDE, colorScheme: "dark" },
];
/** Where a row shows its name, and no bar lies over it. */
const LEFT = { position: { x: 8, y: 8 } };

/** Key figures against the tables of the run, under one filter at a time and under two. */
async function numbers() {
  const page = await open();
  const { categories, states, months } = await data(page);
  const [byState, byCategory] = [table("by_state"), table("by_category")];
  near(await kpi(page, "revenue"), sum(byState, "revenue"), "revenue");
  near(await kpi(page, "orders"), sum(byState, "orders"), "orders");
  near(await kpi(page, "items"), sum(byState, "items"), "items");
  const own = byCategory.filter((row) => categories.keys.includes(row.category));
  for (const row of [own[0], own[Math.floor(own.length / 2)], own.at(-1)]) {
    await page.goto(`file://${file}#${new URLSearchParams({ c: row.category })}`);
    await until(page, (key) => document.querySelector(".chips button") && location.hash.includes(key), new URLSearchParams({ c: row.category }).toString());
    for (const metric of ["revenue", "orders", "items"]) near(await kpi(page, metric), Number(row[metric]), `${metric} of ${row.category}`);
    if (row.review_mean) near(await kpi(page, "review"), Number(row.review_mean), `review of ${row.category}`);
    if (row.delivery_days_mean) near(await kpi(page, "delivery"), Number(row.delivery_days_mean), `delivery of ${row.category}`);
  }
  await page.click("#reset");
  const years = [...new Set(months.map((month) => Number(month.slice(0, 4))))];
  const year = years.at(-1);
  for (const row of [byState[0], byState.at(-1)]) {
    const i = states.keys.indexOf(row.state);
    await page.click(`.tile[data-key="state:${i}"]`);
    for (const metric of ["revenue", "orders", "items"]) near(await kpi(page, metric), Number(row[metric]), `${metric} of ${row.state}`);
    if (row.review_mean) near(await kpi(page, "review"), Number(row.review_mean), `review of ${row.state}`);
    await page.click(`.buttons [data-key="year:${years.indexOf(year)}"]`);
    const inYear = table("monthly_revenue_by_state").filter((r) => r.state === row.state && Number(r.year) === year);
    near((await kpi(page, "revenue")) || 0, sum(inYear, "revenue"), `revenue of ${row.state} in ${year}`);
    await page.click("#reset");
  }
  // A category in a year, and the same from the exported rows, which add up over states.
  const category = own[0].category;
  await page.goto(`file://${file}#${new URLSearchParams({ y: year, c: category })}`);
  await until(page, () => document.querySelectorAll(".chips button").length === 2);
  const inYear = table("monthly_revenue").filter((r) => r.category === category && Number(r.year) === year);
  near((await kpi(page, "revenue")) || 0, sum(inYear, "revenue"), `revenue of ${category} in ${year}`);
  const exported = rows((await download(page, () => page.click("#csv"))).toString());
  near(sum(exported, "revenue"), sum(inYear, "revenue"), "exported revenue");
  near(sum(exported, "orders"), sum(inYear, "orders"), "exported orders");
  assert(exported.every((row) => row.category === category && row.month.startsWith(String(year))));
  // Payments by state: shares of the paid orders.
  await page.click("#reset");
  await page.click("#payments summary");
  await page.waitForSelector("#payments tbody tr");
  const [paid, habits] = [table("payments_by_state"), table("payment_habits")];
  const lines = await page.$$eval("#payments tbody tr", (all) => all.map((tr) => [...tr.children].map((cell) => cell.textContent)));
  const columns = await page.$$eval("#payments thead th", (all) => all.map((th) => th.textContent));
  const { methods } = await data(page);
  const percent = (text) => Number(text.replace(/[^\d,.-]/g, "").replace(",", ".")) / 100;
  for (const line of lines.slice(1, 4)) {
    const state = states.keys[states.names.indexOf(line[0])];
    const all = Number(habits.find((r) => r.state === state).state_orders);
    for (const row of paid.filter((r) => r.state === state)) {
      const column = columns.indexOf(methods.names[methods.keys.indexOf(row.payment_type)]);
      assert(Math.abs(percent(line[column]) - Number(row.orders) / all) < 0.0006, `${state} ${row.payment_type}: ${line[column]}`);
    }
  }
  // A method and the others: orders paid in several ways count for each, the filter on all leaves none out that was paid.
  await page.click('.buttons [data-key^="method:"] >> nth=0');
  const first = methods.keys[0];
  near(await kpi(page, "orders"), sum(paid.filter((r) => r.payment_type === first), "orders"), `orders paid by ${first}`);
  await close(page, "numbers");
}

/** Every control, by mouse. */
async function controls() {
  const page = await open();
  const { rankings, states, regions } = await data(page);
  for (const metric of await page.$$eval("#controls select >> nth=0 >> option", (all) => all.map((o) => o.value)).catch(() => [])) {
    await page.selectOption("#controls select >> nth=0", metric);
    assert.strictEqual(await pressed(page, `#kpi-${metric}`), "true", metric);
    assert.strictEqual((await page.$$("#board .chart svg")).length >= 6, true, `${metric}: a chart is missing`);
  }
  await page.click("#kpi-review");
  assert.strictEqual((await hash(page)).get("m"), "review");
  await page.click("#reset");
  await page.selectOption("#controls select >> nth=1", "5");
  assert.strictEqual(await page.$$eval("#products tbody tr", (all) => all.length), Math.min(5, rankings.category?.candidates.length ?? 0));
  await page.selectOption("#payments select", "value");
  assert.strictEqual((await hash(page)).get("v"), "value");
  await page.click("#undo");
  assert.strictEqual((await hash(page)).get("v"), null);
  await page.click("#redo");
  assert.strictEqual((await hash(page)).get("v"), "value");
  await page.keyboard.press("Control+z");
  await page.keyboard.press("Control+Shift+z");
  await page.keyboard.press("Control+z");
  assert.strictEqual((await hash(page)).get("v"), null);
  await page.click("#reset");
  assert.strictEqual((await hash(page)).toString(), "");

  // Category: search, tick, chip, undo.
  const all = await kpi(page, "revenue");
  await page.click(".menu >> nth=0 >> summary");
  const wanted = await page.$eval(".menu .boxes label bdi", (bdi) => bdi.textContent);
  await page.fill('.menu input[type="search"] >> nth=0', wanted.slice(0, 6));
  await page.check(`.menu >> nth=0 >> label:not([hidden]) >> nth=0 >> input`);
  assert.strictEqual(await page.textContent(".chips button bdi"), wanted);
  assert((await kpi(page, "revenue")) < all, "the category is not filtered on");
  await page.fill('.menu input[type="search"] >> nth=0', "zzzz");
  assert(await page.isVisible(".menu >> nth=0 >> .drop > p"), "nothing says that nothing was found");
  await page.keyboard.press("Escape");
  assert(!(await page.isVisible(".menu .drop >> nth=0")), "escape leaves the menu open");
  const title = await page.title();
  assert(title.startsWith(wanted), `the title does not follow the filter: ${title}`);
  assert((await page.textContent("#map .scope")).includes(wanted));
  await page.click(".chips button");
  near(await kpi(page, "revenue"), all, "revenue without the chip");

  // Regions as a box that holds its states.
  await page.click(".menu >> nth=1 >> summary");
  await page.check(".menu >> nth=1 >> legend >> nth=0 >> input");
  assert.strictEqual(await page.textContent(".chips button bdi"), regions.names[0]);
  await page.click(".menu >> nth=1 >> .drop button");
  assert.strictEqual((await hash(page)).getAll("s").length, 0);
  await page.keyboard.press("Escape");

  // Region → state → city by clicks, and back by the crumbs.
  const inside = async () => page.$$eval("#territory .chart svg [data-key]", (marks) => [...new Set(marks.map((m) => m.dataset.key.split(":")[0]))]);
  assert.deepStrictEqual(await inside(), ["region"]);
  await page.click("#territory .chart svg [data-key] >> nth=0", LEFT);
  assert.deepStrictEqual(await inside(), ["state"]);
  await page.click("#territory .chart svg [data-key] >> nth=0", LEFT);
  assert((await inside()).includes("city"), "no cities");
  assert.strictEqual((await hash(page)).getAll("s").length, 1);
  const inState = await kpi(page, "revenue");
  await page.click("#territory summary");
  await page.waitForSelector("#territory tbody tr");
  await page.click(".crumbs button >> nth=1");
  assert.deepStrictEqual(await inside(), ["state"]);
  assert((await kpi(page, "revenue")) > inState);
  await page.click(".crumbs button >> nth=0");
  assert.deepStrictEqual(await inside(), ["region"]);

  // Marks filter, and what they stand for is highlighted wherever it stands.
  const sp = `state:${states.keys.indexOf("SP")}`;
  const row = page.locator(`#reviews .chart [data-key="${sp}"]`).first();
  await row.scrollIntoViewIfNeeded();
  await page.waitForTimeout(200); // A page that scrolls hides the tooltip.
  await row.hover(LEFT);
  assert((await page.$$eval(".hot", (hot) => new Set(hot.map((m) => m.closest("section").id)).size)) >= 3, "not linked");
  assert(await page.isVisible(".tip"));
  await page.mouse.move(2, 2);
  assert(!(await page.isVisible(".tip")));
  for (const [selector, letter] of [[`#reviews .chart [data-key="${sp}"] >> nth=0`, "s"], ["#categories .chart [data-key] >> nth=0", "c"], ["#payments .chart [data-key] >> nth=0", "p"], ["#months .chart [data-key] >> nth=5", "y"], ["#products tbody button >> nth=0", "c"], ["#targets tbody button >> nth=0", "s"], [".decisions button >> nth=0", "c"]]) {
    if (!(await page.$(selector))) continue;
    await page.click(selector, LEFT);
    assert.strictEqual((await hash(page)).getAll(letter).length, 1, selector);
    await page.click("#reset");
  }
  for (const button of await page.$$(".buttons button")) {
    await button.click();
    assert.strictEqual(await button.getAttribute("aria-pressed"), "true");
    await button.click();
    assert.strictEqual(await button.getAttribute("aria-pressed"), "false");
  }
  await page.click('#map path[data-key="state:0"]', { modifiers: ["Control"] });
  await page.click(`#map path[data-key="${sp}"]`, { modifiers: ["Control"] });
  assert.strictEqual((await hash(page)).getAll("s").length, 2, "control adds to the choice");

  // The view comes back from its address; what an address makes up does not harm.
  await page.click("#kpi-late");
  const [address, late] = [page.url(), await kpi(page, "late")];
  const again = await open(WIDE, file, new URL(address).hash);
  near(await kpi(again, "late"), late, "reopened");
  await again.evaluate(() => (location.hash = "y=1066&c=nothing&s=XX&m=__proto__&n=7&wc=a_b"));
  await until(again, () => !document.querySelector(".chips button"));
  near(await kpi(again, "revenue"), all, "an address of nothing");
  await close(again, "address");
  await close(page, "controls");
}

/** Sliders rank again by the report's formula; the report's own weights give the report's order. */
async function sliders() {
  const page = await open();
  const { rankings } = await data(page);
  for (const [id, kind] of [["products", "category"], ["targets", "state"]]) {
    const ranking = rankings[kind];
    if (!ranking?.candidates.length) {
      assert(await page.isVisible(`#${id} .nothing`));
      continue;
    }
    const shown = () => page.$$eval(`#${id} tbody tr`, (all) => all.map((tr) => tr.dataset.row));
    const order = (weights) => ranking.candidates.map((c) => ({ c, score: c.deviations.reduce((s, d, k) => s + d * weights[k], 0) })).sort((a, b) => b.score - a.score || a.c.order - b.c.order).map(({ c }) => c.key).slice(0, 10);
    const before = await shown();
    assert.deepStrictEqual(before, ranking.candidates.slice(0, 10).map((c) => c.key), `${id}: not the report's order`);
    const inputs = await page.$$(`#${id} input[type="range"]`);
    for (const input of inputs) await input.evaluate((e) => { e.value = 0; e.dispatchEvent(new Event("input")); e.dispatchEvent(new Event("change")); });
    const last = inputs.length - 1;
    await inputs[last].evaluate((e) => { e.value = 30; e.dispatchEvent(new Event("input")); });
    const alone = ranking.indicators.map((_, k) => (k === last ? 1 : 0));
    assert.deepStrictEqual(await shown(), order(alone), `${id}: ranked by another sum`);
    await inputs[last].evaluate((e) => e.dispatchEvent(new Event("change")));
    assert((await hash(page)).has(kind === "category" ? "wc" : "ws"));
    await page.click(`#${id} .sliders button`);
    assert.deepStrictEqual(await shown(), before);
  }
  await close(page, "sliders");
}

/** Every export of every chart. */
async function exports() {
  const page = await open(WIDE, file, "#m=orders");
  for (const id of ["map", "months", "territory", "categories", "payments", "reviews", "products", "targets"]) {
    for (const button of await page.$$(`#${id} .exports button`)) {
      const kind = await button.textContent();
      const bytes = await download(page, () => button.click());
      if (kind === "PNG") assert(bytes.subarray(1, 4).toString() === "PNG" && bytes.length > 10_000, `${id}: no picture`);
      if (kind === "CSV") assert(rows(bytes.toString()).length > 0, `${id}: no rows`);
      if (kind === "SVG") {
        const svg = bytes.toString();
        assert(svg.startsWith("<svg") && svg.includes("@font-face") && !svg.includes("var("), `${id}: not a drawing of its own`);
        assert(svg.includes(await page.textContent(`#${id} h2`)) || svg.includes("&"), `${id}: no title`);
      }
    }
  }
  await page.evaluate(() => (window.print = () => document.body.setAttribute("data-printed", "")));
  await page.click("#print");
  assert.strictEqual(await page.getAttribute("body", "data-printed"), "");
  await close(page, "exports");
}

/** No mouse: filters, tiles, tables, undo. */
async function keyboard() {
  const page = await open();
  const { states } = await data(page);
  const tabTo = async (selector) => {
    for (let presses = 0; presses < 150; presses++) {
      await page.keyboard.press("Tab");
      if (await page.evaluate((s) => document.activeElement.matches(s), selector)) return;
    }
    assert.fail(`${selector} is out of reach`);
  };
  await page.keyboard.press("Tab");
  assert(await page.evaluate(() => document.activeElement.matches(".skip")));
  await tabTo(".buttons button");
  await page.keyboard.press("Enter");
  assert.strictEqual((await hash(page)).getAll("y").length, 1);
  await page.keyboard.press("Space");
  await tabTo(".menu summary");
  await page.keyboard.press("Enter");
  await tabTo('.boxes input[type="checkbox"]');
  await page.keyboard.press("Space");
  assert.strictEqual((await hash(page)).getAll("c").length, 1);
  await page.keyboard.press("Escape");
  await tabTo(".chips button");
  await page.keyboard.press("Enter");
  assert.strictEqual((await hash(page)).toString(), "");
  await tabTo(".tile");
  const start = await page.evaluate(() => document.activeElement.dataset.key);
  await page.keyboard.press("ArrowDown");
  const moved = await page.evaluate(() => document.activeElement.dataset.key);
  assert.notStrictEqual(moved, start, "arrows do not move");
  await page.keyboard.press("Enter");
  assert.strictEqual((await hash(page)).get("s"), states.keys[Number(moved.split(":")[1])]);
  assert(await page.evaluate(() => document.activeElement.matches(".tile")), "the focus is lost");
  await until(page, (name) => document.querySelector('[role="status"]').textContent.includes(name), states.names[Number(moved.split(":")[1])]);
  await page.keyboard.press("Control+z");
  assert.strictEqual((await hash(page)).toString(), "");
  await tabTo("#categories summary");
  await page.keyboard.press("Enter");
  await tabTo("#categories tbody button");
  const key = await page.evaluate(() => document.activeElement.dataset.key);
  await page.keyboard.press("Enter");
  assert.strictEqual((await hash(page)).getAll("c").length, 1);
  assert.strictEqual(await page.evaluate(() => document.activeElement.dataset.key), key, "the focus is lost");
  await tabTo('#products input[type="range"], footer');
  await page.keyboard.press("ArrowRight");
  await close(page, "keyboard");
}

/** Three widths and colours: nothing overflows, everything is drawn, axe finds no barrier, paper is white and complete. */
async function views() {
  for (const { name, ...options } of VIEWS) {
    const page = await open(options);
    const seen = await page.evaluate(() => ({
      overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
      flat: [...document.querySelectorAll("#board .chart svg")].filter((svg) => svg.getBoundingClientRect().height < 8).length,
      charts: document.querySelectorAll('#board .chart svg[role="img"], #board .atlas').length,
      font: document.fonts.check('16px "Source Sans 3"'),
      ground: getComputedStyle(document.documentElement).backgroundColor,
    }));
    assert.strictEqual(seen.overflow, 0, `${name}: the page scrolls sideways`);
    assert(seen.charts >= 6 && seen.flat === 0, `${name}: ${seen.charts} charts, ${seen.flat} flat`);
    assert(seen.font, `${name}: the embedded font did not load`);
    if (name === "dark") assert.notStrictEqual(seen.ground, "rgb(255, 255, 255)");
    if (name !== "narrow") {
      const printed = await page.pdf({ format: "A4" });
      assert(printed.length > 60_000, "the printed page is empty");
      await page.emulateMedia({ media: "print" });
      assert.strictEqual(await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor), "rgb(255, 255, 255)", "paper is white");
      assert(!(await page.isVisible("#actions")) && (await page.isVisible(".chips")));
    }
    await close(page, name);
    // axe is injected, which the page's own policy forbids.
    const filtered = "#s=SP&p=boleto&y=2018&m=review";
    for (const address of name === "wide" ? ["", filtered, "#y=2016&p=debit_card&s=AC"] : [filtered]) {
      const page = await open({ ...options, bypassCSP: true }, file, address);
      for (const summary of await page.$$(".behind:not([open]) summary")) await summary.evaluate((e) => e.click());
      await page.addScriptTag({ path: require.resolve("axe-core") });
      const { violations } = await page.evaluate(() => axe.run());
      assert.deepStrictEqual(violations.map((v) => `${v.id}: ${v.nodes[0].html}`), [], `${name} ${address}`);
      await page.context().close();
    }
  }
}

/** Figures to read, not to fail on: they depend on the machine. */
async function times() {
  const page = await open();
  const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime);
  const spent = await page.evaluate(async () => {
    const times = [];
    for (const selector of ["#kpi-orders", ".tile:nth-child(5)", '.buttons [data-key="year:1"]', '.buttons [data-key="method:0"]', "#undo", "#kpi-review", "#reset", ".tile:nth-child(20)", "#reset"].flatMap((s) => [s, s])) {
      const start = performance.now();
      document.querySelector(selector).click();
      await new Promise((done) => requestAnimationFrame(() => { const { port1, port2 } = new MessageChannel(); port1.onmessage = done; port2.postMessage(0); }));
      times.push(performance.now() - start);
      await new Promise((done) => setTimeout(done, 300));
    }
    return times.sort((a, b) => a - b);
  });
  await close(page, "times");
  const ms = (value) => `${Math.round(value)} ms`;
  return `${Math.round(fs.statSync(file).size / 1000)} kB, first paint ${ms(paint)}, filter to repaint ${ms(spent[spent.length >> 1])} (median), ${ms(spent.at(-1))} (most)`;
}

(async () => {
  assert(fs.statSync(file).size <= MAX_BYTES, `${file} is larger than ${MAX_BYTES} bytes`);
  await launch();
  for (const part of [numbers, controls, sliders, exports, keyboard, views, hostile, empty]) {
    await part();
    console.log(part.name);
  }
  console.log(await times());
  await quit();
})().catch(async (error) => {
  console.error(error);
  await quit();
  process.exit(1);
});
