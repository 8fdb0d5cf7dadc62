// A panel: a title that says what is seen, a chart, its key, the table behind it, and its exports. Next: main.js.
//
// A chart is a function of the width in pixels. It gives { title, svg, but, key, note, columns, rows }: `svg` is null where
// there is nothing to show, `but` names the filter that the chart answers by emphasis and not by leaving out, `rows` are
// { key, cells } with numbers as numbers; `columns` say how to write them.

import { drawingOf, savePng, saveSvg, saveTable } from "./export.js";
import { h, name } from "./dom.js";
import { capital, METRICS, metricText, SHOWN, t } from "./format.js";
import { chips, isChosen, reset, scope, view } from "./state.js";

/** @import { Sums } from "./core/cube.js" */
/** @import { MetricName } from "./core/metrics.js" */
/** @import { Filter } from "./core/view.js" */
/** @import { Child } from "./dom.js" */

/** @typedef {{ text: string, colour?: string, path?: string }} KeyItem a swatch or a shape and what it means */
/** @typedef {{ label: string, text?: (value: number) => string, metric?: MetricName }} Column the first one has no `text` */
/** @typedef {{ key?: string | null, cells: (string | number)[] }} Row */
/**
 * @typedef {object} Chart
 * @property {string} [title]
 * @property {SVGElement | HTMLElement | null} svg
 * @property {Filter} [but]
 * @property {KeyItem[]} [key]
 * @property {string} [note]
 * @property {Column[]} columns
 * @property {Row[]} rows
 */
/**
 * @typedef {object} Panel
 * @property {string} id
 * @property {HTMLElement} element
 * @property {HTMLElement} [body] where a chart as wide as the panel stands
 * @property {number} width
 * @property {Chart | null} last what is shown
 * @property {boolean} [seen] unknown until the page has been laid out
 * @property {() => void} draw
 */

/** @type {Panel[]} */
export const PANELS = [];

/**
 * @param {string} id
 * @param {(width: number) => Chart} chart
 * @param {{ tools?: Child[] }} [options]
 * @returns {Panel}
 */
export function panel(id, chart, { tools = [] } = {}) {
  const title = h("h2", { id: `${id}-title` });
  const where = h("p", { class: "scope" });
  const key = h("ul", { class: "key", "aria-label": t("key") });
  const body = h("div", { class: "chart" });
  const note = h("p", { class: "note" });
  const behind = scrolling(t("pair", { label: t("table"), value: t(`panel_${id}`) }));
  const details = h("details", { class: "behind" }, h("summary", { text: t("table") }), behind);
  const exports = h("div", { class: "exports", role: "group", "aria-label": t("export_chart") });
  const element = h(
    "section",
    { class: "panel", id, "aria-labelledby": `${id}-title` },
    h("div", { class: "head" }, h("div", {}, title, where), h("div", { class: "tools" }, ...tools, exports)),
    key,
    body,
    note,
    details,
  );
  const saves = /** @type {[string, (panel: Panel) => void][]} */ ([["SVG", saveSvg], ["PNG", savePng], ["CSV", saveTable]]);
  exports.append(...saves.map(([kind, save]) => saveButton(kind, id, () => save(self))));
  details.addEventListener("toggle", () => details.open && fill());
  const fill = () => self.last && behind.replaceChildren(dataTable(self.last));
  const draw = () => {
    const out = chart(self.width || 560);
    self.last = out;
    if (!out.svg) out.title = capital(t(`panel_${id}`));
    title.textContent = out.title ?? "";
    where.textContent = scope(out.but);
    const nothing = !out.svg;
    if (!out.svg) body.replaceChildren(noData());
    else if (body.firstChild !== out.svg || body.childNodes.length > 1) body.replaceChildren(out.svg);
    if (out.svg) describe(drawingOf(out.svg), `${out.title}. ${where.textContent}.`);
    key.replaceChildren(...(nothing ? [] : (out.key ?? []).map(keyItem)));
    key.hidden = nothing || !out.key?.length;
    note.textContent = out.note ?? "";
    note.hidden = !out.note;
    exports.hidden = nothing;
    details.hidden = nothing;
    if (details.open) fill();
  };
  /** @type {Panel} */
  const self = { id, element, body, width: 0, last: null, draw };
  PANELS.push(self);
  return self;
}

/**
 * A panel that is a table, under controls of its own. `show` fills it.
 * @param {string} id
 * @param {string} note
 * @param {Child} controls
 * @param {() => void} draw
 */
export function tablePanel(id, note, controls, draw) {
  const title = h("h2", { id: `${id}-title` });
  const body = scrolling(t(`panel_${id}`));
  const save = h("div", { class: "exports" }, saveButton("CSV", id, () => saveTable(self)));
  const head = h("div", { class: "head" }, h("div", {}, title, h("p", { class: "scope", text: note })), h("div", { class: "tools" }, save));
  const element = h("section", { class: "panel full", id, "aria-labelledby": `${id}-title` }, head, controls, body);
  /** @type {Panel} */
  const self = { id, element, width: 0, last: null, draw };
  PANELS.push(self);
  /** @type {(columns: HTMLElement[], lines: HTMLElement[]) => void} */
  const show = (columns, lines) =>
    body.replaceChildren(h("table", { class: "ranking" }, h("caption", { class: "unseen", text: title.textContent }), h("thead", {}, h("tr", {}, columns)), h("tbody", {}, lines)));
  return { self, title, body, show };
}

/**
 * A box in which a wide table moves sideways.
 * @param {string} label
 */
const scrolling = (label) => h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label });

/** @type {(kind: string, id: string, click: () => void) => HTMLElement} */
const saveButton = (kind, id, click) =>
  h("button", { type: "button", text: kind, "aria-label": t("save_as", { kind, id: t(`panel_${id}`) }), click });

/**
 * A name, as a button where it stands for something to filter on.
 * @param {string | null | undefined} key
 * @param {string} label
 */
export const filterName = (key, label) =>
  key ? h("button", { type: "button", class: "plain", "aria-pressed": String(isChosen(key)), data: { key } }, name(label)) : name(label);

/**
 * A drawing is one image to those who do not see it; the table behind it holds the numbers.
 * @param {SVGSVGElement} svg
 * @param {string} text
 */
function describe(svg, text) {
  for (const part of svg.querySelectorAll("[aria-label]")) part.removeAttribute("aria-label");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", text);
}

function noData() {
  const clear = h("button", { type: "button", class: "plain", text: t("reset"), click: reset });
  return h("div", { class: "nothing" }, h("p", { text: t("no_data") }), chips().length > 0 && clear);
}

/** @param {KeyItem} item */
const keyItem = ({ text, colour, path }) => {
  const shape = path
    ? `<svg width="14" height="14" viewBox="-8 -8 16 16" aria-hidden="true"><path d="${path}"/></svg>`
    : "";
  const swatch = h("span", { class: path ? "shape" : "swatch", style: path ? null : `background:${colour}` });
  if (path) swatch.innerHTML = shape;
  return h("li", {}, swatch, h("span", { text }));
};

/**
 * The table behind a chart. Where a row stands for something to filter on, its name is a button that does so.
 * @param {Chart} chart
 */
function dataTable({ title, columns, rows }) {
  const head = h("tr", {}, columns.map((c) => h("th", { scope: "col", class: c.text ? "n" : null, text: c.label })));
  /** @type {(column: Column, value: string | number) => HTMLElement} */
  const cell = ({ text }, value) =>
    h("td", { class: "n", text: text && typeof value === "number" && Number.isFinite(value) ? text(value) : t("unknown") });
  /** @param {Row} row */
  const line = ({ key, cells }) => {
    const [label, ...rest] = cells;
    return h("tr", {}, h("th", { scope: "row" }, filterName(key, String(label))), rest.map((value, i) => cell(columns[i + 1], value)));
  };
  return h("table", {}, h("caption", { class: "unseen", text: title }), h("thead", {}, head), h("tbody", {}, rows.map(line)));
}

/**
 * Columns of every table of sales: the metric first, then what it stands on.
 * @param {string} label
 * @returns {Column[]}
 */
export const salesColumns = (label) => {
  /** @type {MetricName[]} */
  const shown = view.metric === "orders" ? ["orders"] : [view.metric, "orders"];
  return [{ label }, ...shown.map((metric) => ({ label: t(`metric_${metric}`), text: METRICS[metric].text, metric }))];
};
/**
 * The figures of a selection for those columns.
 * @param {Sums} m
 */
export const salesFigures = (m) => salesColumns("").flatMap(({ metric }) => (metric ? [METRICS[metric].value(m)] : []));
/**
 * Lines of a tooltip on sales.
 * @param {string} title
 * @param {Sums} m
 */
export const salesTip = (title, m) => [
  title,
  ...[...new Set(/** @type {MetricName[]} */ ([view.metric, "revenue", "orders", "review"]).filter((metric) => SHOWN.includes(metric)))].map((metric) => t("pair", { label: t(`metric_${metric}`), value: metricText(metric, METRICS[metric].value(m)) })),
];
