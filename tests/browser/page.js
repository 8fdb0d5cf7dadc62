// A dashboard opened from disk, what is read off it, and the tables of its run. Used by dashboard.js.
const assert = require("node:assert");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { chromium } = require("playwright-core");

const out = path.resolve(process.argv[2]);
const file = path.join(out, "dashboard.html");
const ARGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const WIDE = { viewport: { width: 1400, height: 900 }, colorScheme: "light" };

/** Rows of a CSV file or text as objects. Quoted cells may hold commas and doubled quotes. */
function rows(text) {
  const [head, ...lines] = text.trim().split(/\r?\n/).map((line) => [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map((m) => (m[1] ?? m[2]).replaceAll('""', '"')));
  return lines.map((cells) => Object.fromEntries(head.map((name, i) => [name.replace("\ufeff", ""), cells[i]])));
}
const table = (name) => rows(fs.readFileSync(path.join(out, "tables", `${name}.csv`), "utf8"));
const sum = (all, column) => all.reduce((total, row) => total + Math.round(Number(row[column]) * 100), 0) / 100;
const near = (actual, expected, what) => assert(Math.abs(actual - expected) < 1e-6 * Math.max(1, Math.abs(expected)), `${what}: ${actual}, not ${expected}`);

let browser;
const launch = async () => (browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: ARGS }));
const quit = () => browser?.close();

/** A page under its own policy; what it asks for and complains of is collected. */
async function open(options = WIDE, target = file, hash = "") {
  const context = await browser.newContext({ offline: true, acceptDownloads: true, ...options });
  context.setDefaultTimeout(8_000);
  const page = await context.newPage();
  page.address = `file://${target}`;
  page.requests = [];
  page.complaints = [];
  page.on("request", (request) => page.requests.push(request.url()));
  page.on("console", (message) => page.complaints.push(message.text()));
  page.on("pageerror", (error) => page.complaints.push(String(error.stack)));
  page.on("dialog", (dialog) => page.complaints.push(`dialog ${dialog.message()}`) && dialog.dismiss());
  for (const [owner, action] of [[page, "click"], [page, "selectOption"], [page, "check"], [page, "goto"], [page.keyboard, "press"]]) {
    const act = owner[action].bind(owner);
    owner[action] = async (...args) => {
      const done = await act(...args);
      await until(page, () => true);
      return done;
    };
  }
  await page.goto(`file://${target}${hash}`);
  await page.waitForSelector("html.ready");
  await page.evaluate(() => document.fonts.ready);
  return page;
}
async function close(page, name) {
  const outside = page.requests.filter((url) => !/^(data|blob):/.test(url) && url.split("#")[0] !== page.address);
  assert.deepStrictEqual(outside, [], `${name}: requests`);
  assert.deepStrictEqual(page.complaints, [], `${name}: complaints`);
  await page.context().close();
}

/**
 * Waits for something to be true, and until panels out of sight, which follow a frame later, are drawn. Playwright's own way
 * evaluates text, which the page's policy forbids.
 */
async function until(page, test, argument) {
  const settled = () => !document.documentElement.classList.contains("busy");
  for (let turns = 0; turns < 100; turns++) {
    if ((await page.evaluate(test, argument)) && (await page.evaluate(settled))) return;
    await page.waitForTimeout(30);
  }
  assert.fail(`never true: ${test}`);
}
const kpi = async (page, metric) => Number(await page.getAttribute(`#kpi-${metric}`, "data-value"));
const hash = async (page) => new URLSearchParams(new URL(page.url()).hash.slice(1));
const data = (page) => page.evaluate(() => JSON.parse(document.getElementById("data").textContent));
const pressed = (page, selector) => page.getAttribute(selector, "aria-pressed");
async function download(page, action) {
  const [file] = await Promise.all([page.waitForEvent("download"), action()]);
  return fs.readFileSync(await file.path());
}

/** A copy of the dashboard with other data: JSON blocks are no scripts, so that the policy lets the copy work. */
function altered(name, edit) {
  const html = fs.readFileSync(file, "utf8");
  const [head, tail] = ['<script type="application/json" id="data">', "</script>"];
  const from = html.indexOf(head) + head.length;
  const to = html.indexOf(tail, from);
  const value = JSON.parse(html.slice(from, to));
  edit(value);
  const target = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "pfe-dashboard-")), `${name}.html`);
  fs.writeFileSync(target, html.slice(0, from) + JSON.stringify(value).replaceAll("<", "\\u003c") + html.slice(to));
  return target;
}

module.exports = { WIDE, file, rows, table, sum, near, launch, quit, open, close, until, kpi, hash, data, pressed, download, altered };
