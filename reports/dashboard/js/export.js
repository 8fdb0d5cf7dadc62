// What is seen → files: the filtered sales and the tables as CSV, the charts as SVG and PNG. Used by the buttons.

import { at } from "./core/cube.js";
import { csv } from "./core/csv.js";
import { wrapped } from "./core/text.js";
import { CATEGORIES, DATA, salesCells, STATES } from "./data.js";
import { h } from "./dom.js";
import { scope, view } from "./state.js";

/** @import { Measure } from "./core/cube.js" */
/** @import { Chart, Panel } from "./panel.js" */

/**
 * @param {string} fileName
 * @param {string} type
 * @param {BlobPart} content
 */
function download(fileName, type, content) {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = h("a", { href: url, download: fileName });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/**
 * Without the mark at its start, spreadsheets read a CSV file in the system's code page.
 * @param {string} fileName
 * @param {unknown[][]} rows
 */
const saveCsv = (fileName, rows) => download(fileName, "text/csv;charset=utf-8", `\ufeff${csv(rows)}`);

/** Category × state × month under the filters: the columns are named as in the tables of a run. */
function filteredRows() {
  const header = ["category", "category_name", "state", "month", "orders", "items", "revenue", "freight", "reviews", "review_mean", "delivered", "late"];
  const rows = salesCells(view).map(({ category, state, month, m }) => {
    /** @param {Measure} measure */
    const value = (measure) => m[at[measure]];
    return [
      CATEGORIES.keys[category], CATEGORIES.names[category], STATES.keys[state], DATA.months[month],
      value("orders"), value("items"), value("revenue") / 100, value("freight") / 100,
      value("reviews"), value("reviews") ? value("score") / value("reviews") : NaN, value("delivered"), value("late"),
    ];
  });
  return [header, ...rows];
}
export const saveFiltered = () => saveCsv("pfe-sales.csv", filteredRows());

/** @param {Panel} panel */
export function saveTable({ id, last }) {
  if (last) saveCsv(`pfe-${id}.csv`, [last.columns.map((c) => c.label), ...last.rows.map(({ cells }) => cells)]);
}

// ---- charts --------------------------------------------------------------------------------------------------------

const STYLES = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "stroke-linecap", "stroke-linejoin", "opacity", "font-size", "font-weight", "text-anchor"];
const NS = "http://www.w3.org/2000/svg";

/**
 * A copy of a drawing that needs no style sheet: computed colours instead of variables.
 * @param {SVGSVGElement} svg
 */
function frozen(svg) {
  const copy = /** @type {SVGSVGElement} */ (svg.cloneNode(true));
  const [from, to] = [svg, copy].map((root) => [root, .../** @type {NodeListOf<SVGElement>} */ (root.querySelectorAll("*"))]);
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

/**
 * The SVG element of a chart: the chart itself, or what Plot or the map put around it.
 * @param {SVGElement | HTMLElement} chart
 */
export const drawingOf = (chart) => /** @type {SVGSVGElement} */ (chart instanceof SVGElement ? chart : chart.querySelector("svg"));

/**
 * A chart with its title, its filters and its key, as text of an SVG file, and its size.
 * @param {Chart & { svg: SVGElement | HTMLElement }} shown
 */
function drawing({ svg: chartElement, title = "", but, key = [] }) {
  const svg = drawingOf(chartElement);
  const box = svg.viewBox.baseVal;
  const width = Math.max(560, svg.getBoundingClientRect().width);
  const scale = width / box.width;
  const style = getComputedStyle(document.documentElement);
  /** @param {string} role */
  const ink = (role) => style.getPropertyValue(`--chart-${role}`).trim();
  const out = document.createElementNS(NS, "svg");
  /** @type {(element: Element, attributes: Record<string, string | number>) => void} */
  const set = (element, attributes) => Object.entries(attributes).forEach(([name, value]) => element.setAttribute(name, String(value)));
  /** @type {(tag: string, attributes: Record<string, string | number>, text?: string, parent?: Element) => Element} */
  const put = (tag, attributes, text, parent = out) => {
    const element = document.createElementNS(NS, tag);
    set(element, attributes);
    if (text) element.textContent = text;
    parent.append(element);
    return element;
  };
  const background = put("rect", { width: "100%", height: "100%", fill: ink("page") });
  let y = 16;
  /** @type {(text: string, size: number, role: string, weight: number) => void} */
  const write = (text, size, role, weight) => {
    for (const line of wrapped(text, Math.floor((width - 32) / (size * 0.5)))) {
      y += size * 1.3;
      put("text", { x: 16, y, "font-size": size, "font-weight": weight, fill: ink(role) }, line);
    }
  };
  write(title, 17, "fg", 700);
  write(scope(but), 13, "muted", 400);
  let x = 16;
  for (const item of key) {
    const long = 26 + item.text.length * 6.8;
    if (x === 16 || x + long > width - 16) { x = 16; y += 22; }
    const shape = put("g", { transform: `translate(${x + 6},${y - 4})` });
    if (item.path) put("path", { d: item.path, fill: ink("fg") }, "", shape);
    else put("rect", { x: -6, y: -6, width: 12, height: 12, fill: ink(/--chart-([\w-]+)/.exec(item.colour ?? "")?.[1] ?? "fg") }, "", shape);
    put("text", { x: x + 18, y, "font-size": 12.5, fill: ink("fg") }, item.text);
    x += long;
  }
  y += 14;
  const chart = frozen(svg);
  const height = box.height * scale * ((width - 32) / width);
  set(chart, { x: 16, y, width: width - 32, height });
  out.append(chart);
  y += height + 16;
  set(out, { width, height: y, viewBox: `0 0 ${width} ${y}`, "font-family": "'Source Sans 3', sans-serif" });
  const fonts = document.createElementNS(NS, "style");
  fonts.textContent = fontRules();
  out.insertBefore(fonts, background);
  out.insertBefore(Object.assign(document.createElementNS(NS, "title"), { textContent: title }), fonts);
  return { text: new XMLSerializer().serializeToString(out), width, height: y };
}

/**
 * The drawing of a panel; none where it shows none.
 * @param {Panel} panel
 */
const drawn = ({ last }) => (last?.svg ? drawing({ ...last, svg: last.svg }) : null);

/** @param {Panel} panel */
export function saveSvg(panel) {
  const made = drawn(panel);
  if (made) download(`pfe-${panel.id}.svg`, "image/svg+xml", made.text);
}

/** @param {Panel} panel */
export async function savePng(panel) {
  const made = drawn(panel);
  if (!made) return;
  const { text, width, height } = made;
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  const canvas = h("canvas", { width: Math.round(width * 2), height: Math.round(height * 2) });
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.scale(2, 2);
  context.drawImage(image, 0, 0, width, height);
  canvas.toBlob((blob) => blob && download(`pfe-${panel.id}.png`, "image/png", blob), "image/png");
}
