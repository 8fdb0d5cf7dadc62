// Filters, choices, chips and key figures: what stands above the charts. Drawn by main.js.

import { at } from "./core/cube.js";
import { hasData } from "./core/metrics.js";
import { plainText, shortened } from "./core/text.js";
import { TOPS } from "./core/view.js";
import { PAID, REGIONAL, REGIONS, sales } from "./data.js";
import { h, later, name } from "./dom.js";
import { capital, EVERYTHING, LOCALE, METRICS, metricText, percent, SHOWN, t, whole } from "./format.js";
import { canRedo, canUndo, change, chips, FILTERS, isStart, redo, reset, scope, statesOf, toggle, undo, view } from "./state.js";

/** @import { Filter, View } from "./core/view.js" */

/** @typedef {{ element: HTMLElement, draw: () => void }} Control `draw` shows the view in it */

/**
 * One of several.
 * @template {string | number} V
 * @param {string} label
 * @param {[V, string][]} options values with their text
 * @param {() => V} current
 * @param {(value: V) => void} set
 * @returns {Control}
 */
export const choice = (label, options, current, set) => {
  const select = h("select", { change: () => set(options[select.selectedIndex][0]) }, options.map(([value, text]) => h("option", { value, text })));
  return { element: h("label", { class: "choice" }, h("span", { text: label }), select), draw: () => void (select.value = String(current())) };
};

/**
 * Buttons of which any number may be pressed.
 * @param {Filter} filter
 * @param {string} label
 * @returns {Control}
 */
function buttons(filter, label) {
  const { keys, names, kind } = FILTERS[filter];
  const all = keys.map((_, i) =>
    h("button", { type: "button", data: { key: `${kind}:${i}`, adding: "" } }, name(capital(names[i]))));
  const element = h("div", { class: "buttons", role: "group", "aria-label": label }, h("span", { class: "label", "aria-hidden": "true", text: label }), all);
  return { element, draw: () => all.forEach((button, i) => button.setAttribute("aria-pressed", String(view[filter].includes(i)))) };
}

/** @typedef {{ text: string, values: number[] }} Group */

/**
 * A list of boxes to tick that unfolds, in groups or, without them, in the order of the alphabet.
 * @param {Filter} filter
 * @param {string} label
 * @param {Group[] | null} groups
 * @returns {Control}
 */
function menu(filter, label, groups) {
  const { names } = FILTERS[filter];
  /** @type {Map<number, { input: HTMLInputElement, line: HTMLElement, text: string }>} */
  const boxes = new Map();
  /** @type {{ input: HTMLInputElement, values: number[] }[]} */
  const heads = [];
  /** @param {number} i */
  const box = (i) => {
    const input = h("input", { type: "checkbox", change: () => toggle(filter, [i]) });
    const line = h("label", {}, input, name(shortened(names[i], 80)));
    boxes.set(i, { input, line, text: plainText(names[i]) });
    return line;
  };
  /** @param {Group} group */
  const group = ({ text, values }) => {
    const input = h("input", { type: "checkbox", change: () => toggle(filter, values) });
    heads.push({ input, values });
    return h("fieldset", {}, h("legend", {}, h("label", {}, input, text)), values.map(box));
  };
  const nothing = h("p", { class: "soft", hidden: true, text: t("no_match") });
  const search = h("input", {
    type: "search", placeholder: t("search"), "aria-label": `${t("search")} ${label}`,
    input: () => {
      const wanted = plainText(search.value);
      let found = 0;
      for (const { line, text } of boxes.values()) {
        line.hidden = !text.includes(wanted);
        if (!line.hidden) found += 1;
      }
      for (const set of content.querySelectorAll("fieldset")) set.hidden = !set.querySelector("fieldset > label:not([hidden])");
      nothing.hidden = found > 0;
    },
  });
  const content = h("div", { class: "boxes" }, groups ? groups.map(group) : names.map((_, i) => i).sort((a, b) => names[a].localeCompare(names[b], LOCALE)).map(box));
  const clear = h("button", { type: "button", class: "plain", text: t("all"), click: () => change((next) => (next[filter] = [])) });
  const count = h("span", {});
  const element = h("details", { class: "menu" }, h("summary", {}, h("span", { text: label }), count), h("div", { class: "drop" }, h("div", { class: "row" }, search, clear), content, nothing));
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !element.open) return;
    element.open = false;
    element.querySelector("summary")?.focus();
  });
  document.addEventListener("click", (event) => { if (element.open && event.isTrusted && event.target instanceof Node && !element.contains(event.target)) element.open = false; });
  const draw = () => {
    const chosen = view[filter];
    for (const [i, { input }] of boxes) input.checked = chosen.includes(i);
    for (const { input, values } of heads) {
      const some = values.filter((value) => chosen.includes(value)).length;
      input.checked = some === values.length;
      input.indeterminate = some > 0 && some < values.length;
    }
    count.textContent = chosen.length ? ` ${chosen.length}` : "";
    count.className = chosen.length ? "count" : "";
  };
  return { element, draw };
}

const regionGroups = REGIONS.names.map((text, region) => ({ text, values: statesOf(region) })).filter(({ values }) => values.length);
export const undoButton = h("button", { type: "button", id: "undo", text: t("undo"), click: undo, "aria-keyshortcuts": "Control+Z" });
export const redoButton = h("button", { type: "button", id: "redo", text: t("redo"), click: redo, "aria-keyshortcuts": "Control+Y" });
export const resetButton = h("button", { type: "button", id: "reset", text: t("reset"), click: reset });
export const chipList = h("ul", { class: "chips", "aria-label": t("filters") });
export const said = h("p", { class: "unseen", role: "status", "aria-live": "polite" });
/** @type {<F extends "metric" | "top" | "share">(field: F) => (value: View[F]) => void} */
export const pick = (field) => (value) => change((next) => (next[field] = value));

/** @type {Control[]} */
export const CONTROLS = [
  choice(t("metric"), SHOWN.map((metric) => [metric, t(`metric_${metric}`)]), () => view.metric, pick("metric")),
  buttons("years", t("year")),
  menu("categories", t("category"), null),
  ...(REGIONAL ? [menu("states", t("state"), regionGroups)] : []),
  ...(PAID ? [buttons("methods", t("method"))] : []),
  choice(t("top"), TOPS.map((n) => [n, t("top_n", { n })]), () => view.top, pick("top")),
];

export function drawControls() {
  for (const control of CONTROLS) control.draw();
  undoButton.disabled = !canUndo();
  redoButton.disabled = !canRedo();
  resetButton.disabled = isStart();
  const all = chips();
  /** @param {ReturnType<typeof chips>[number]} chip */
  const chip = ({ filter, text, values }) =>
    h("li", {}, h("button", { type: "button", "aria-label": t("remove", { name: text }), click: () => toggle(filter, values) }, name(shortened(text, 60)), h("span", { "aria-hidden": "true", text: "×" })));
  chipList.replaceChildren(...(all.length ? all.map(chip) : [h("li", { class: "soft", text: t("no_filter") })]));
}

/** Tells screen readers the view once it has settled. */
export const announce = later(() => {
  const [m] = sales(view);
  said.textContent = hasData(m)
    ? t("announce", { metric: t(`metric_${view.metric}`), value: metricText(view.metric, METRICS[view.metric].value(m)), orders: whole(m[at.orders]), scope: scope() })
    : `${t("no_data")} ${scope()}`;
}, 250);

// ---- key figures ---------------------------------------------------------------------------------------------------

export const figures = SHOWN.map((metric) => {
  const value = h("span", { class: "figure" });
  const beside = h("span", { class: "beside" });
  const button = h("button", { type: "button", class: "kpi", id: `kpi-${metric}`, click: () => pick("metric")(metric) }, h("span", { class: "label", text: t(`metric_${metric}`) }), value, beside);
  return { metric, button, value, beside };
});

export function drawFigures() {
  const [m] = sales(view);
  const filtered = chips().length > 0;
  for (const { metric, button, value, beside } of figures) {
    const { adds, value: of } = METRICS[metric];
    const [here, all] = [of(m), of(EVERYTHING)];
    const known = hasData(m) && Number.isFinite(here);
    value.textContent = known ? metricText(metric, here) : "–";
    button.dataset.value = known ? String(here) : "";
    beside.textContent = !filtered || !known ? "" : adds ? t("share_of_all", { share: percent(all ? here / all : 0, 1) }) : t("against_all", { value: metricText(metric, all) });
    button.setAttribute("aria-pressed", String(view.metric === metric));
  }
}
