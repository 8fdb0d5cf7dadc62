// The dashboard's scripts: are the vendored libraries those of the manifest, is the checked-in bundle that of the modules, do
// eslint and tsc find nothing? Needs the packages of package.json, by NODE_PATH (`. tests/tools.sh`).
//
// Usage: scripts.js           checks everything
//        scripts.js --write   makes the bundle again, then checks everything
const { execFileSync } = require("node:child_process");
const { createHash } = require("node:crypto");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { ESLint } = require("eslint");
const esbuild = require("esbuild");

const ROOT = path.resolve(__dirname, "../..");
const DASHBOARD = path.join(ROOT, "reports/dashboard");
const BUNDLE = path.join(DASHBOARD, "dashboard.bundle.js");
const VENDOR = path.join(DASHBOARD, "vendor");
const REFRESH = "node tests/browser/scripts.js --write";

/** The folder of an installed package. `package.json` need not be among its exports. */
const installed = (name) => require.resolve.paths(name).map((folder) => path.join(folder, name)).find((folder) => fs.existsSync(path.join(folder, "package.json")));
const json = (file) => JSON.parse(fs.readFileSync(file, "utf8"));

/** Every file of vendor/ is in the manifest, has its hash, and is the file of the package and version that it names. */
function vendored() {
  const { packages } = json(path.join(VENDOR, "manifest.json"));
  const wrong = [];
  const listed = new Set(["manifest.json", "README.md"]);
  for (const { name, version, files } of packages) {
    const folder = installed(name);
    const found = json(path.join(folder, "package.json")).version;
    if (found !== version) wrong.push(`manifest.json says ${name} ${version}, package-lock.json ${found}`);
    for (const { file, from, sha256 } of files) {
      listed.add(file);
      const bytes = fs.existsSync(path.join(VENDOR, file)) ? fs.readFileSync(path.join(VENDOR, file)) : null;
      const hash = bytes && createHash("sha256").update(bytes).digest("hex");
      if (hash !== sha256) wrong.push(`${file}: sha256 ${hash ?? "of no file"}, not ${sha256} as manifest.json says`);
      if (bytes && !bytes.equals(fs.readFileSync(path.join(folder, from)))) wrong.push(`${file} is not ${from} of ${name} ${found}`);
    }
  }
  for (const file of fs.readdirSync(VENDOR)) if (!listed.has(file)) wrong.push(`${file} is not in manifest.json`);
  return wrong.map((line) => `reports/dashboard/vendor: ${line}`);
}

/** One function that runs at once; the libraries stand before it. Names and layout stay, so that its changes can be read. */
async function bundle() {
  const { outputFiles } = await esbuild.build({
    absWorkingDir: DASHBOARD, entryPoints: ["js/main.js"], bundle: true, write: false, format: "esm", charset: "utf8", target: "es2022",
    banner: { js: `// Made of js/ by \`${REFRESH}\`: change the modules, not this file.\n(() => {\n"use strict";` }, footer: { js: "})();" },
    logLevel: "warning",
  });
  return outputFiles[0].text;
}

async function fresh() {
  const stale = !fs.existsSync(BUNDLE) || fs.readFileSync(BUNDLE, "utf8") !== (await bundle());
  return stale ? [`${path.relative(ROOT, BUNDLE)} is not what its modules give: run \`${REFRESH}\` and commit it`] : [];
}

async function linted() {
  const eslint = new ESLint({ cwd: ROOT, overrideConfigFile: path.join(__dirname, "eslint.config.js") });
  const results = await eslint.lintFiles(["reports/dashboard/js/**/*.js", "tests/browser/**/*.{js,mjs}"]);
  const told = (await eslint.loadFormatter("stylish")).format(results);
  return told ? [told] : [];
}

/** The packages lie beside the build, where tsc would not look for their types. */
function typed() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "pfe-tsc-"));
  const project = path.join(folder, "tsconfig.json");
  const packages = path.dirname(installed("typescript"));
  fs.writeFileSync(project, JSON.stringify({
    extends: path.join(DASHBOARD, "tsconfig.json"), include: [path.join(DASHBOARD, "js")],
    compilerOptions: { paths: { "*": [`${packages}/@types/*`, `${packages}/*`] } },
  }));
  try {
    execFileSync(process.execPath, [path.join(installed("typescript"), "bin/tsc"), "--project", project, "--pretty", "false"], { cwd: ROOT, encoding: "utf8" });
    return [];
  } catch (error) {
    return [error.stdout || String(error)];
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

(async () => {
  if (process.argv.includes("--write")) fs.writeFileSync(BUNDLE, await bundle());
  const wrong = [];
  for (const check of [vendored, fresh, linted, typed]) {
    const found = await check();
    if (!found.length) console.log(check.name);
    wrong.push(...found);
  }
  for (const line of wrong) console.error(line);
  process.exitCode = wrong.length ? 1 : 0;
})();
