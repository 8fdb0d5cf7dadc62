// Prints a notebook that would navigate, submit, load and run, and opens the page in Chromium: it does none of it.
//
// Usage: notebook.js PFE
const assert = require("node:assert");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { execFileSync } = require("node:child_process");
const { chromium } = require("playwright-core");

const OUT = "http://127.0.0.1:9/";
const DRAWINGS = [
  `<meta http-equiv="refresh" content="0;url=${OUT}meta"/>`,
  `<foreignObject width="9" height="9"><meta http-equiv="refresh" content="0;url=${OUT}foreign"/><form id="form" action="${OUT}form"><button>b</button></form></foreignObject>`,
  `<foreignObject><body xmlns="http://www.w3.org/1999/xhtml"><iframe src="${OUT}frame"></iframe><base href="${OUT}"/><link rel="stylesheet" href="${OUT}css"/></body></foreignObject>`,
  `<a xlink:href="javascript:document.title='run'" href="${OUT}a"><rect width="9" height="9"/></a>`,
  `<script>document.title = "run"</script><script href="${OUT}js" xlink:href="${OUT}js"/>`,
  `<style>@import url(${OUT}import); body { display: none } rect { fill: url(${OUT}fill) }</style>`,
  `<image href="${OUT}image"/><image xlink:href="file:///etc/passwd"/><use href="${OUT}use#a"/><feImage href="${OUT}fe"/>`,
  `<rect onload="document.title='run'" onclick="document.title='run'" style="fill:url(${OUT}style);position:fixed"/>`,
  `<set attributeName="href" to="javascript:document.title='run'"/><animate attributeName="onclick" values="document.title='run'"/>`,
  `<![CDATA[<img src="${OUT}cdata" onerror="document.title='run'">]]></svg><img src="${OUT}after" onerror="document.title='run'"><svg>`,
  `<title><style><!--</style><img src="${OUT}title" onerror="document.title='run'"></title>`,
];

(async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "pfe-notebook-"));
  const svg = (inner) => `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 40 20">${inner}<rect class="own" x="1" y="1" width="30" height="10" fill="#246"/></svg>`;
  const outputs = DRAWINGS.map((inner) => ({ output_type: "display_data", metadata: {}, data: { "image/svg+xml": svg(inner), "text/plain": "a drawing" } }));
  outputs.push({ output_type: "display_data", metadata: {}, data: { "text/html": `<meta http-equiv="refresh" content="0;url=${OUT}html"><form action="${OUT}">`, "text/plain": "its text" } });
  outputs.push({ output_type: "stream", name: "stdout", text: "\u001b]0;title\u0007\u001b[31mprinted\u001b[0m \u202e</code><script>document.title='run'</script>\n" });
  const cells = [
    { cell_type: "markdown", metadata: {}, source: "# Title" },
    { cell_type: "code", metadata: {}, source: "draw()", execution_count: 1, outputs },
  ];
  const [book, file] = ["hostile.ipynb", "hostile.html"].map((name) => path.join(folder, name));
  fs.writeFileSync(book, JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata: {}, cells }));
  execFileSync(path.resolve(process.argv[2]), ["notebook", book, "--html", file, "--quiet"]);

  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
  });
  // With the page's policy, and without it: the markup alone must be harmless, too.
  for (const bypassCSP of [false, true]) {
    const page = await (await browser.newContext({ bypassCSP })).newPage();
    const requests = [];
    const complaints = [];
    page.on("request", (request) => requests.push(request.url()));
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(String(error)));
    await page.goto(`file://${file}`);
    const drawn = await page.$$("figure svg rect.own");
    // Two of them end before they draw, as browsers read them: one at its `<meta>`, one at its `</svg>`.
    assert.strictEqual(drawn.length, DRAWINGS.length - 2, "what draws is drawn");
    for (const rect of drawn) await rect.dispatchEvent("click");
    await page.waitForTimeout(500);
    assert.strictEqual(page.url(), `file://${file}`);
    assert.strictEqual(await page.title(), "Title");
    const found = await page.evaluate(() => [...document.querySelectorAll("main form, main meta, main base, main iframe, main script, main style, main img, main foreignObject, main svg a")].map((element) => element.outerHTML));
    assert.deepStrictEqual(found, []);
    assert.deepStrictEqual(requests.filter((url) => !url.startsWith("data:") && url !== `file://${file}`), []);
    assert.deepStrictEqual(complaints, []);
    const policy = await page.getAttribute("meta[http-equiv=Content-Security-Policy]", "content");
    for (const part of ["form-action 'none'", "base-uri 'none'", "default-src 'none'"]) assert(policy.includes(part), part);
  }
  await browser.close();
  fs.rmSync(folder, { recursive: true });
  console.log(`${DRAWINGS.length} hostile drawings: no navigation, no form, no script, no request`);
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
