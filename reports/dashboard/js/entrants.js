// What a newcomer earns by category, and what the reader's margin leaves of it, as a table beside a slider. Drawn by main.js.

import { contribution } from "./core/profit.js";
import { shortened } from "./core/text.js";
import { DATA } from "./data.js";
import { h, name } from "./dom.js";
import { saveTable } from "./export.js";
import { brl, percent, t, whole } from "./format.js";
import { PANELS } from "./panel.js";
import { isChosen, view } from "./state.js";

/** @import { Newcomer, Newcomers } from "./core/profit.js" */
/** @import { Column, Panel } from "./panel.js" */

/**
 * @param {Newcomers} all
 * @returns {Panel}
 */
export function entrantsPanel(all) {
  const title = h("h2", { id: "entrants-title" });
  const costs = { commission: percent(all.commission, 0), per_order: brl(all.per_order) };
  const note = h("p", { class: "scope", text: `${t("entrants_note")} ${all.costs_assumed ? t("entrants_costs_assumed", costs) : t("entrants_costs", costs)}` });
  const body = h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": t("panel_entrants") });
  const output = h("output", {});
  const input = h("input", {
    type: "range", min: "0", max: "100", step: "1", value: String(Math.round(all.margin * 100)), "aria-label": t("margin"),
    input: () => fill(),
  });
  const slider = h("div", { class: "sliders" }, h("label", { class: "slider" }, h("span", { text: t("margin") }), input, output));
  const save = h("div", { class: "exports" }, h("button", { type: "button", text: "CSV", "aria-label": t("save_as", { kind: "CSV", id: t("panel_entrants") }), click: () => saveTable(self) }));
  const element = h("section", { class: "panel full", id: "entrants", "aria-labelledby": "entrants-title" }, h("div", { class: "head" }, h("div", {}, title, note), h("div", { class: "tools" }, save)), all.candidates.some((one) => one.assumed) && slider, body);
  const listed = all.candidates.filter((one) => one.top3 >= all.listed);

  const fill = () => {
    const margin = Number(input.value) / 100;
    output.textContent = percent(margin, 0);
    const shown = all.candidates.slice(0, view.top);
    title.textContent = listed.length ? t("entrants_title", { n: listed.length }) : t("entrants_none");
    /** @type {Column[]} */
    const columns = [
      { label: t("category") }, { label: t("entrants_n"), text: whole }, { label: t("typical"), text: (v) => brl(v) }, { label: t("interval_80"), text: String },
      { label: t("among_three"), text: (v) => percent(v, 0) }, { label: t("comes_first"), text: (v) => percent(v, 0) },
      ...all.amounts.map((amount) => ({ label: t("reaches", { amount: brl(amount) }), text: (/** @type {number} */ v) => percent(v, 0) })),
      { label: t("contribution"), text: (v) => brl(v) },
    ];
    const cells = (/** @type {Newcomer} */ one) => [one.n, one.typical, `${brl(one.low80)} – ${brl(one.high80)}`, one.top3, one.first, ...one.reach, contribution(all, one, margin)];
    self.last = { title: title.textContent, svg: null, columns, rows: shown.map((one) => ({ cells: [one.label, ...cells(one)] })) };
    const head = h("tr", {}, columns.map((column, i) => h("th", { scope: "col", class: i ? "n" : null, text: column.label })));
    const line = (/** @type {Newcomer} */ one) => {
      const key = one.value === null ? null : `category:${one.value}`;
      const text = name(shortened(one.label, 60));
      const button = key ? h("button", { type: "button", class: "plain", "aria-pressed": String(isChosen(key)), data: { key } }, text) : text;
      const written = cells(one).map((cell, i) => h("td", { class: "n", text: typeof cell === "number" ? columns[i + 1].text?.(cell) : cell }));
      return h("tr", { data: { row: one.key } }, h("th", { scope: "row" }, button), written);
    };
    body.replaceChildren(h("table", { class: "ranking" }, h("caption", { class: "unseen", text: title.textContent }), h("thead", {}, head), h("tbody", {}, shown.map(line))));
  };
  let drawn = "";
  const draw = () => {
    const now = JSON.stringify([view.top, view.categories]);
    if (now !== drawn) fill();
    drawn = now;
  };
  /** @type {Panel} */
  const self = { id: "entrants", element, width: 0, last: null, draw };
  PANELS.push(self);
  return self;
}

/** The panel, where the data tell what newcomers earn. */
export const entrants = () => DATA.entrants !== null && entrantsPanel(DATA.entrants);
