// JupyterLab as a reader uses it. Arguments: address, folder for screenshots. Last line of output: what was seen.
const { chromium } = require("playwright-core");

async function main([address, shots]) {
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
  const page = await browser.newPage({ viewport: { width: 1200, height: 1600 } });
  await page.goto(`${address}/lab/tree/good.ipynb?reset`);
  const cells = page.locator(".jp-Notebook .jp-CodeCell");
  await cells.nth(6).waitFor({ timeout: 180000 });
  await page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").first().waitFor({ timeout: 180000 });

  const menu = async (name, item) => {
    await page.locator(`.lm-MenuBar-item:has-text("${name}")`).first().click();
    await page.locator(`.lm-Menu-item:has(.lm-Menu-itemLabel:text-is("${item}"))`).first().click();
  };
  await menu("Run", "Run All Cells");
  await page.waitForFunction(() => {
    const prompts = [...document.querySelectorAll(".jp-CodeCell .jp-InputPrompt")].map((prompt) => prompt.textContent);
    return prompts.length >= 7 && prompts.every((prompt, index) => prompt === `[${index + 1}]:`);
  }, null, { timeout: 180000 });
  await page.waitForTimeout(500);
  await page.screenshot({ path: `${shots}/light.png` });
  const tables = await page.locator(".jp-OutputArea table.pfe-table").count();
  const figures = await page.locator(".jp-OutputArea .jp-RenderedSVG").count();
  const markdown = await page.locator(".jp-OutputArea .jp-RenderedMarkdown strong").first().textContent();

  // A new cell at the end: an endless loop, interrupted with `I I`.
  const newCell = async (text) => {
    await cells.last().locator(".cm-content").click();
    await page.keyboard.press("Escape");
    await page.keyboard.press("b");
    await page.keyboard.press("Enter");
    await page.keyboard.insertText(text);
  };
  await newCell("loop {}");
  await page.keyboard.press("Control+Enter");
  await page.waitForTimeout(2500);
  await page.keyboard.press("Escape");
  await page.keyboard.press("i");
  await page.keyboard.press("i");
  await cells.last().locator(".jp-OutputArea-output").waitFor({ timeout: 60000 });
  const interrupted = (await cells.last().locator(".jp-OutputArea-output").textContent()).includes("stopped");
  await newCell("scaled(total, horizon)");
  await page.keyboard.press("Control+Enter");
  await cells.last().locator(".jp-OutputArea-output").waitFor({ timeout: 60000 });
  const kept = (await cells.last().locator(".jp-OutputArea-output pre").textContent()).trim();

  await newCell("horiz");
  await page.keyboard.press("Tab");
  await page.waitForTimeout(6000);
  if (await page.locator(".jp-Completer:not(.lm-mod-hidden)").count()) await page.keyboard.press("Enter");
  const completed = (await cells.last().locator(".cm-content").textContent()).trim();

  await page.locator('.lm-MenuBar-item:has-text("Settings")').click();
  await page.locator('.lm-Menu-item:has(.lm-Menu-itemLabel:text-is("Theme"))').hover();
  await page.locator('.lm-Menu-itemLabel:text-is("JupyterLab Dark")').click();
  await page.waitForFunction(() => document.body.dataset.jpThemeLight === "false", null, { timeout: 60000 });
  await page.waitForTimeout(1000);
  await page.screenshot({ path: `${shots}/dark.png` });
  await browser.close();
  console.log(JSON.stringify({ tables, figures, markdown, interrupted, kept, completed }));
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exit(1);
});
