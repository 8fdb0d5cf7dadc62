// The dashboard of data that would be code, and of data that hold next to nothing. Used by dashboard.js.
const assert = require("node:assert");
const { WIDE, file, rows, open, close, until, hash, data, download, altered } = require("./page.js");

const HOSTILE = ["<script>alert(1)</script>", '=cmd|"/c calc"!A1', "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627", "🛒🛒 ‍", "é".repeat(300), "</script><img src=x onerror=alert(2)>", "constructor", "&amp;\"'", "a;=1+1;-2", "'@x"];
/** How a file for spreadsheets writes a name that is no formula to them: src/pipeline/export/spreadsheet.rs. */
const WRITTEN = new Map([['=cmd|"/c calc"!A1', `'=cmd|"/c calc"!A1`], ["a;=1+1;-2", "a;'=1+1;-2"], ["'@x", "''@x"]]);

async function hostile() {
  const target = altered("hostile", ({ categories, rankings, entrants }) => {
    const greatest = [...categories.keys.keys()].slice(0, HOSTILE.length);
    greatest.forEach((i, k) => (categories.keys[i] = categories.names[i] = HOSTILE[k]));
    rankings.category?.candidates.forEach((c, k) => (c.label = HOSTILE[k] ?? c.label));
    entrants?.candidates.forEach((c, k) => (c.label = HOSTILE[k] ?? c.label));
  });
  for (const [i, text] of HOSTILE.entries()) {
    // A page for each: the browser lets one page save so many files only.
    const page = await open(WIDE, target, `#${new URLSearchParams({ c: text, n: 30 })}`);
    await until(page, (whole) => {
      const shown = document.querySelector(".chips button bdi")?.textContent;
      return shown && whole.startsWith(shown.replace(/…$/, ""));
    }, text);
    assert.strictEqual(await page.$eval(`#categories .chart svg`, (svg) => svg.querySelectorAll("script, img, foreignObject").length), 0);
    assert.strictEqual(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0, `${i}: the page scrolls sideways`);
    const exported = rows((await download(page, () => page.click("#csv"))).toString());
    const cell = exported[0]?.category;
    assert.strictEqual(cell, WRITTEN.get(text) ?? text, "the exported name");
    const svg = (await download(page, () => page.click("#categories .exports button >> nth=0"))).toString();
    assert(!svg.includes("<script>alert") && !svg.includes("<img"), "a name became markup");
    await close(page, "hostile");
  }
}

/** Next to no data: every chart says so, none is empty, nothing fails. */
async function empty() {
  const blank = (table) => Object.keys(table).forEach((column) => (table[column] = []));
  const nothing = altered("empty", (value) => {
    ["cells", "totals", "payments", "category_payments", "city_cells"].forEach((name) => blank(value[name]));
    value.forecasts = { months: [], category: [], state: [], market: { category: null, state: null } };
    value.rankings = { category: null, state: null };
    value.growth = [];
    value.entrants = null;
  });
  const page = await open(WIDE, nothing);
  // What the data cannot answer at all has no panel: payments and review scores.
  const panels = await page.$$eval("#board .panel", (all) => all.map((panel) => panel.id));
  assert(panels.length >= 6 && !panels.includes("payments") && !panels.includes("reviews"), panels.join());
  assert.strictEqual(await page.$$eval("#board .nothing", (all) => all.length), panels.length, "an empty chart");
  assert.strictEqual(await page.textContent("#kpi-revenue .figure"), "–");
  await close(page, "empty");
  const month = altered("month", (value) => {
    value.months = value.months.slice(0, 1);
    value.complete = [0, 0];
    // With one month in the key, the key counts what is left of it.
    const keys = (table, size) => { let key = 0; const kept = []; table.key.forEach((d, row) => { key += d; kept.push([key, row]); }); return kept.filter(([k]) => Math.floor(k / size) < 1); };
    for (const name of ["totals", "payments"]) {
      const rows = keys(value[name], name === "totals" ? 32 : 5);
      for (const column of Object.keys(value[name])) if (column !== "key") value[name][column] = rows.map(([, row]) => value[name][column][row]);
      let before = 0;
      value[name].key = rows.map(([key]) => { const d = key - before; before = key; return d; });
    }
    ["cells", "category_payments", "city_cells"].forEach((name) => blank(value[name]));
    value.forecasts = { months: [], category: [], state: [], market: { category: null, state: null } };
  });
  const one = await open(WIDE, month);
  assert((await one.$$eval("#board .nothing", (all) => all.length)) < 8);
  await close(one, "one month");
  // A category that nothing is expected of, among others that have a forecast.
  const unforeseen = altered("unforeseen", (value) => {
    value.forecasts.category[0] = null;
  });
  const page3 = await open(WIDE, unforeseen);
  const { categories, forecasts } = await data(page3);
  if (forecasts.months.length) {
    const dashed = () => page3.$$eval('#months .chart [stroke-dasharray="5 4"]', (all) => all.length);
    assert.strictEqual(await dashed(), 1, "the other categories have their forecast");
    await page3.evaluate((key) => (location.hash = new URLSearchParams({ c: key })), categories.keys[0]);
    await until(page3, () => document.querySelectorAll(".chips button").length === 1);
    assert.strictEqual(await dashed(), 0, "a forecast that does not exist");
    assert(await page3.isVisible("#months .note"), "nothing says that there is no forecast");
  }
  await close(page3, "unforeseen");
  // A selection without sales in data that have some.
  const page2 = await open(WIDE, file, "#p=not_defined&s=AC&y=2016");
  if (!(await page2.getAttribute("#kpi-revenue", "data-value"))) {
    assert(await page2.isVisible("#months .nothing"));
    await page2.click("#months .nothing button");
    assert.strictEqual((await hash(page2)).toString(), "");
  }
  await close(page2, "no selection");
}

module.exports = { hostile, empty };
