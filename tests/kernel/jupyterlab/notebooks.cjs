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
    // A server that has just started may open a notebook before it knows its kernels; it asks for one then.
    const ready = page.locator('.jp-StatusBar-TextItem:has-text("Rust (pfe) | Idle")');
    const asked = page.locator(".jp-Dialog select");
    for (let tries = 0; tries < 120 && !(await ready.count()); tries++) {
      if (await asked.count()) {
        await asked.selectOption({ label: "Rust (pfe)" });
        await page.locator(".jp-Dialog .jp-mod-accept").click();
      }
      await page.waitForTimeout(500);
    }
    await page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").first().waitFor({ timeout: 60000 });
    // A click that comes while Lab still restores its layout is lost.
    for (let attempt = 0; attempt < 5; attempt++) {
      await page.locator('.lm-MenuBar-item:has-text("Run")').first().click();
      await page.locator('.lm-Menu-item:has(.lm-Menu-itemLabel:text-is("Run All Cells"))').first().click();
      const started = () => [...document.querySelectorAll(".jp-CodeCell .jp-InputPrompt")].some((prompt) => prompt.textContent !== "[ ]:");
      if (await page.waitForFunction(started, null, { timeout: 5000 }).catch(() => false)) break;
    }
    const ran = () => {
      const prompts = [...document.querySelectorAll(".jp-CodeCell .jp-InputPrompt")].map((prompt) => prompt.textContent);
      return prompts.length > 0 && prompts.every((prompt) => /^\[\d+\]:$/.test(prompt));
    };
    await page.waitForFunction(ran, null, { timeout: 60000 }).catch(async (error) => {
      await page.screenshot({ path: `${shots}/${name}.png` });
      const prompts = await page.locator(".jp-CodeCell .jp-InputPrompt").allTextContents();
      throw new Error(`${name}: not all cells ran: ${prompts.join(" ")}\n${error}`);
    });
    seen[name] = {
      tables: await page.locator(".jp-OutputArea table.pfe-table").count(),
      figures: await page.locator(".jp-OutputArea .jp-RenderedSVG").count(),
      errors: await page.locator('[data-mime-type="application/vnd.jupyter.error"]').count(),
    };
    await page.screenshot({ path: `${shots}/${name}.png` });
    await page.close();
  }
  await browser.close();
  console.log(JSON.stringify(seen));
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exit(1);
});
