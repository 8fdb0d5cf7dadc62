// What a newcomer earns by category, and what the reader's margin leaves of it, as a table beside a slider. Drawn by main.js.

import { contribution } from "./core/profit.js";
import { shortened } from "./core/text.js";
import { DATA } from "./data.js";
import { h } from "./dom.js";
import { brl, percent, t, whole } from "./format.js";
import { filterName, tablePanel } from "./panel.js";
import { view } from "./state.js";

/** @import { Newcomer, Newcomers } from "./core/profit.js" */
/** @import { Column, Panel } from "./panel.js" */

/**
 * @param {Newcomers} all
 * @returns {Panel}
 */
export function entrantsPanel(all) {
  const costs = { commission: percent(all.commission, 0), per_order: brl(all.per_order) };
  const note = `${t("entrants_note")} ${all.costs_assumed ? t("entrants_costs_assumed", costs) : t("entrants_costs", costs)}`;
  const output = h("output", {});
  const input = h("input", {
    type: "range", min: "0", max: "100", step: "1", value: String(Math.round(all.margin * 100)), "aria-label": t("margin"),
    input: () => fill(),
  });
  const slider = h("div", { class: "sliders" }, h("label", { class: "slider" }, h("span", { text: t("margin") }), input, output));
  const { self, title, show } = tablePanel("entrants", note, all.candidates.some((one) => one.assumed) && slider, () => draw());
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
    const head = columns.map((column, i) => h("th", { scope: "col", class: i ? "n" : null, text: column.label }));
    const line = (/** @type {Newcomer} */ one) => {
      const key = one.value === null ? null : `category:${one.value}`;
      const written = cells(one).map((cell, i) => h("td", { class: "n", text: typeof cell === "number" ? columns[i + 1].text?.(cell) : cell }));
      return h("tr", { data: { row: one.key } }, h("th", { scope: "row" }, filterName(key, shortened(one.label, 60))), written);
    };
    show(head, shown.map(line));
  };
  let drawn = "";
  const draw = () => {
    const now = JSON.stringify([view.top, view.categories]);
    if (now !== drawn) fill();
    drawn = now;
  };
  return self;
}

/** The panel, where the data tell what newcomers earn. */
export const entrants = () => DATA.entrants !== null && entrantsPanel(DATA.entrants);
