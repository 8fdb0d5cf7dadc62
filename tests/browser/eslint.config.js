// Rules for the dashboard's scripts and for the scripts that test pages. Run by scripts.js.
const js = require("@eslint/js");
const globals = require("globals");

const PAGE = "reports/dashboard/js";

module.exports = [
  js.configs.recommended,
  { rules: { eqeqeq: ["error", "always", { null: "ignore" }], "no-var": "error", "prefer-const": "error" } },
  { files: [`${PAGE}/**/*.js`], languageOptions: { sourceType: "module", globals: globals.browser } },
  // Arithmetic knows no page: a document in it is an undefined name.
  { files: [`${PAGE}/core/**/*.js`], languageOptions: { globals: { ...off(globals.browser), URLSearchParams: "readonly" } } },
  // Half of a test of pages runs in the page.
  { files: ["tests/browser/*.js"], languageOptions: { sourceType: "commonjs", globals: { ...globals.node, ...globals.browser, axe: "readonly" } } },
  { files: ["tests/browser/unit/*.mjs"], languageOptions: { globals: globals.node } },
];

/** The same names, none of which is known. */
function off(names) {
  return Object.fromEntries(Object.keys(names).map((name) => [name, "off"]));
}
