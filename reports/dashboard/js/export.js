// What is seen → files: the filtered sales and the tables as CSV, the charts as SVG and PNG. Used by the buttons.

// What spreadsheets take for the start of a formula becomes text by an apostrophe, as in the tables of a run: the rule stands in
// src/pipeline/export/spreadsheet.rs.
const FORMULA = /^'*[=+\-@＝＋－＠]/;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

function csvCell(value) {
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : "";
  const text = String(value)
    .split(/([;\t\n\r])/)
    .map((piece, i) => ((FORMULA.test(piece) && !NUMBER.test(piece)) || (i === 0 && /^'*[\t\n\r]/.test(value)) ? `'${piece}` : piece))
    .join("");
  return /[",;\t\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
const csv = (rows) => rows.map((row) => row.map(csvCell).join(",") + "\r\n").join("");

function download(fileName, type, content) {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = h("a", { href: url, download: fileName });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

// Spreadsheets take a CSV file without the mark for the system's code page.
const saveCsv = (fileName, rows) => download(fileName, "text/csv;charset=utf-8", `\ufeff${csv(rows)}`);

/** Category × state × month under the filters: the columns are named as in the tables of a run. */
function filteredRows() {
  const passing = masks(view);
  const { category, state, month } = CELLS.columns;
  const span = SIZES.state * SIZES.month;
  const group = new Uint32Array(CELLS.rows).map((_, row) => category[row] * span + state[row] * SIZES.month + month[row]);
  const cells = new Map();
  const checks = Object.entries(CELLS.columns).map(([part, column]) => [column, passing[part]]);
  for (let row = 0; row < CELLS.rows; row++) {
    if (!checks.every(([column, mask]) => mask[column[row]])) continue;
    const sum = cells.get(group[row]) ?? new Float64Array(MEASURES.length);
    for (let i = 0; i < MEASURES.length; i++) sum[i] += CELLS.values[row * MEASURES.length + i];
    cells.set(group[row], sum);
  }
  const header = ["category", "category_name", "state", "month", "orders", "items", "revenue", "freight", "reviews", "review_mean", "delivered", "late"];
  const rows = [...cells].map(([key, m]) => {
    const c = Math.floor(key / span);
    const s = Math.floor((key % span) / SIZES.month);
    const value = (measure) => m[at[measure]];
    return [
      CATEGORIES.keys[c], CATEGORIES.names[c], STATES.keys[s], DATA.months[key % SIZES.month],
      value("orders"), value("items"), value("revenue") / 100, value("freight") / 100,
      value("reviews"), value("reviews") ? value("score") / value("reviews") : NaN, value("delivered"), value("late"),
    ];
  });
  return [header, ...rows];
}
const saveFiltered = () => saveCsv("pfe-sales.csv", filteredRows());

function saveTable({ id, last }) {
  saveCsv(`pfe-${id}.csv`, [last.columns.map((c) => c.label), ...last.rows.map(({ cells }) => cells)]);
}

// ---- charts --------------------------------------------------------------------------------------------------------

const STYLES = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "stroke-linecap", "stroke-linejoin", "opacity", "font-size", "font-weight", "text-anchor"];
const NS = "http://www.w3.org/2000/svg";

/** A copy of a drawing that needs no style sheet: computed colours instead of variables. */
function frozen(svg) {
  const copy = svg.cloneNode(true);
  const [from, to] = [svg, copy].map((root) => [root, ...root.querySelectorAll("*")]);
  from.forEach((element, i) => {
    const style = getComputedStyle(element);
    for (const property of STYLES) {
      const value = style.getPropertyValue(property);
      if (value) to[i].setAttribute(property, value);
    }
    for (const name of ["style", "class", "font-family"]) to[i].removeAttribute(name);
    delete to[i].dataset.key;
  });
  for (const style of copy.querySelectorAll("style")) style.remove();
  return copy;
}

/** The embedded fonts, for drawings that leave the page. */
const fontRules = () => [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules]).filter((rule) => rule instanceof CSSFontFaceRule).map((rule) => rule.cssText).join("");

/** The chart with its title, its filters and its key, as text of an SVG file, and its size. */
function drawing(panel) {
  const svg = panel.last.svg instanceof SVGElement ? panel.last.svg : panel.last.svg.querySelector("svg");
  const box = svg.viewBox.baseVal;
  const width = Math.max(560, svg.getBoundingClientRect().width);
  const scale = width / box.width;
  const style = getComputedStyle(document.documentElement);
  const ink = (role) => style.getPropertyValue(`--chart-${role}`).trim();
  const out = document.createElementNS(NS, "svg");
  const put = (tag, attributes, text, parent = out) => {
    const element = document.createElementNS(NS, tag);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (text) element.textContent = text;
    parent.append(element);
    return element;
  };
  const background = put("rect", { width: "100%", height: "100%", fill: ink("page") });
  let y = 16;
  const write = (text, size, role, weight) => {
    for (const line of wrapped(text, Math.floor((width - 32) / (size * 0.5)))) {
      y += size * 1.3;
      put("text", { x: 16, y, "font-size": size, "font-weight": weight, fill: ink(role) }, line);
    }
  };
  write(panel.last.title, 17, "fg", 700);
  write(scope(panel.last.but), 13, "muted", 400);
  let x = 16;
  for (const item of panel.last.key ?? []) {
    const long = 26 + item.text.length * 6.8;
    if (x === 16 || x + long > width - 16) { x = 16; y += 22; }
    const shape = put("g", { transform: `translate(${x + 6},${y - 4})` });
    if (item.path) put("path", { d: item.path, fill: ink("fg") }, "", shape);
    else put("rect", { x: -6, y: -6, width: 12, height: 12, fill: ink(/--chart-([\w-]+)/.exec(item.colour)?.[1] ?? "fg") }, "", shape);
    put("text", { x: x + 18, y, "font-size": 12.5, fill: ink("fg") }, item.text);
    x += long;
  }
  y += 14;
  const chart = frozen(svg);
  for (const [key, value] of Object.entries({ x: 16, y, width: width - 32, height: box.height * scale * ((width - 32) / width) })) chart.setAttribute(key, value);
  out.append(chart);
  y += box.height * scale * ((width - 32) / width) + 16;
  for (const [key, value] of Object.entries({ width, height: y, viewBox: `0 0 ${width} ${y}`, "font-family": "'Source Sans 3', sans-serif" })) out.setAttribute(key, value);
  const fonts = document.createElementNS(NS, "style");
  fonts.textContent = fontRules();
  out.insertBefore(fonts, background);
  out.insertBefore(Object.assign(document.createElementNS(NS, "title"), { textContent: panel.last.title }), fonts);
  return { text: new XMLSerializer().serializeToString(out), width, height: y };
}

/** Lines of at most `length` characters. */
function wrapped(text, length) {
  const lines = [""];
  for (const word of text.split(" ")) {
    if (lines.at(-1) && lines.at(-1).length + word.length >= length) lines.push("");
    lines[lines.length - 1] += (lines.at(-1) ? " " : "") + word;
  }
  return lines;
}

const saveSvg = (panel) => download(`pfe-${panel.id}.svg`, "image/svg+xml", drawing(panel).text);

async function savePng(panel) {
  const { text, width, height } = drawing(panel);
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  const canvas = h("canvas", { width: Math.round(width * 2), height: Math.round(height * 2) });
  const context = canvas.getContext("2d");
  context.scale(2, 2);
  context.drawImage(image, 0, 0, width, height);
  canvas.toBlob((blob) => download(`pfe-${panel.id}.png`, "image/png", blob), "image/png");
}
