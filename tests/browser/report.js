// Opens a report from disk in Chromium, as its reader does: no request leaves the page, nothing overflows, wide and narrow,
// light, dark and printed, and axe finds no barrier.
//
// Usage: report.js REPORT.html
const assert = require("node:assert");
const fs = require("node:fs");
const path = require("node:path");
const { chromium } = require("playwright-core");

const file = path.resolve(process.argv[2]);
const MAX_BYTES = 3_000_000;
const VIEWS = [
  { name: "wide", viewport: { width: 1400, height: 900 }, colorScheme: "light" },
  { name: "narrow", viewport: { width: 390, height: 800 }, colorScheme: "light" },
  { name: "dark", viewport: { width: 1400, height: 900 }, colorScheme: "dark" },
];

(async () => {
  assert(fs.statSync(file).size <= MAX_BYTES, `${file} is larger than ${MAX_BYTES} bytes`);
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
  });
  for (const { name, ...options } of VIEWS) {
    // axe is injected, which the page's own policy forbids; the requests are watched in a context that obeys it.
    for (const bypassCSP of [false, true]) {
      const context = await browser.newContext({ ...options, bypassCSP, offline: true });
      const page = await context.newPage();
      const requests = [];
      const complaints = [];
      page.on("request", (request) => requests.push(request.url()));
      page.on("console", (message) => complaints.push(message.text()));
      page.on("pageerror", (error) => complaints.push(String(error)));
      await page.goto(`file://${file}`);
      await page.evaluate(() => document.fonts.ready);
      if (bypassCSP) {
        await page.addScriptTag({ path: require.resolve("axe-core") });
        const { violations } = await page.evaluate(() => axe.run());
        assert.deepStrictEqual(violations.map((v) => `${v.id}: ${v.nodes[0].html}`), [], name);
      } else {
        const outside = requests.filter((url) => !url.startsWith("data:") && url !== `file://${file}`);
        assert.deepStrictEqual(outside, [], name);
        assert.deepStrictEqual(complaints, [], name);
        const seen = await page.evaluate(() => ({
          overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
          figures: [...document.querySelectorAll("figure svg")].filter((svg) => svg.getBoundingClientRect().height > 40).length,
          drawn: document.querySelectorAll("figure svg").length,
          font: document.fonts.check('16px "Source Sans 3"'),
        }));
        assert.strictEqual(seen.overflow, 0, `${name}: the page scrolls sideways`);
        assert(seen.drawn >= 10 && seen.figures === seen.drawn, `${name}: ${seen.figures} of ${seen.drawn} figures are visible`);
        assert(seen.font, `${name}: the embedded font did not load`);
        if (name === "wide") {
          const printed = await page.pdf({ format: "A4" });
          assert(printed.length > 50_000, "the printed page is empty");
        }
      }
      await context.close();
    }
  }
  await browser.close();
  console.log(`${VIEWS.length} views, no request, no overflow, no barrier`);
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
