// Notebooks in JupyterLab: each is opened and run. Arguments: address, folder for screenshots, names. Last line of output: what
// was seen, by name.
const { chromium } = require("playwright-core");

async function main([address, shots, ...names]) {
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
  const seen = {};
  for (const name of names) {
    const page = await browser.newPage({ viewport: { width: 1200, height: 3000 } });
    await page.goto(`${address}/lab/tree/${name}.ipynb?reset`);
    const cells = page.locator(".jp-Notebook .jp-CodeCell");
    await cells.first().waitFor({ timeout: 60000 });
    await page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").first().waitFor({ timeout: 60000 });
    await page.locator('.lm-MenuBar-item:has-text("Run")').first().click();
    await page.locator('.lm-Menu-item:has(.lm-Menu-itemLabel:text-is("Run All Cells"))').first().click();
    await page.waitForFunction(() => {
      const prompts = [...document.querySelectorAll(".jp-CodeCell .jp-InputPrompt")].map((prompt) => prompt.textContent);
      return prompts.length > 0 && prompts.every((prompt) => /^\[\d+\]:$/.test(prompt));
    }, null, { timeout: 120000 });
    // Lab draws only what is near the window: scroll through, and count on the way.
    const found = { tables: 0, figures: 0, errors: 0 };
    for (const cell of await cells.all()) {
      await cell.scrollIntoViewIfNeeded();
      await page.waitForTimeout(150);
      found.tables += await cell.locator("table.pfe-table").count();
      found.figures += await cell.locator(".jp-RenderedSVG").count();
      found.errors += await cell.locator('[data-mime-type="application/vnd.jupyter.error"]').count();
    }
    await page.screenshot({ path: `${shots}/${name}.png` });
    seen[name] = found;
    await page.close();
  }
  await browser.close();
  console.log(JSON.stringify(seen));
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exit(1);
});
