// A picture of the dashboard of a run. Used by screenshots.
//
// Usage: screenshots.js WORK    WORK/out is the folder of a run; WORK/dashboard.png is written.
const path = require("node:path");
const { chromium } = require("playwright-core");

const work = path.resolve(process.argv[2]);

(async () => {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
  const page = await browser.newPage({ viewport: { width: 1400, height: 1180 }, colorScheme: "light" });
  await page.goto(`file://${work}/out/dashboard.html`);
  await page.waitForSelector("html.ready");
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: path.join(work, "dashboard.png") });
  await browser.close();
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
