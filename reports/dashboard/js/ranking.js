// The reader's weights → a ranking of categories or states, beside the report's own. Drawn by main.js.

import { rank, rawWeights, shares } from "./core/score.js";
import { shortened } from "./core/text.js";
import { DATA } from "./data.js";
import { h } from "./dom.js";
import { brl, decimal, percent, signed, t, whole } from "./format.js";
import { filterName, tablePanel } from "./panel.js";
import { change, view } from "./state.js";
import { d3 } from "./vendor.js";

/** @import { Candidate, Scored } from "./core/score.js" */
/** @import { RankingKind } from "./core/view.js" */
/** @import { Column, Panel } from "./panel.js" */

/**
 * A panel with sliders and a table that follows them.
 * @param {RankingKind} kind
 * @returns {Panel}
 */
export function rankingPanel(kind) {
  const id = kind === "category" ? "products" : "targets";
  const ranking = DATA.rankings[kind];
  const back = h("button", { type: "button", class: "plain", text: t("default_weights"), click: () => change((next) => (next.weights[kind] = null)) });
  /** @type {HTMLOutputElement[]} */
  const outputs = [];
  /** @type {HTMLInputElement[]} */
  const inputs = (ranking?.indicators ?? []).map((indicator) => {
    const output = h("output", {});
    outputs.push(output);
    const current = () => inputs.map((input) => Number(input.value));
    const input = h("input", {
      type: "range", min: "0", max: "60", step: "0.5", "aria-label": t(`indicator_${indicator.name}`),
      // While a slider moves the table follows; the view, and what can be undone, change once it rests.
      input: () => { preview = current(); fill(); },
      change: () => { preview = null; change((next) => (next.weights[kind] = current())); },
    });
    return input;
  });
  /**
   * The weights while a slider moves.
   * @type {number[] | null}
   */
  let preview = null;
  const sliders = (ranking?.indicators ?? []).map((indicator, k) => {
    const label = t(`indicator_${indicator.name}`);
    return h("label", { class: "slider" }, h("span", { text: label }), inputs[k], outputs[k]);
  });
  const weightsBox = h("details", { class: "weights", open: true }, h("summary", { text: t("weights") }), h("div", { class: "sliders" }, sliders, back));
  const { self, title, body, show } = tablePanel(id, t(`${id}_note`), ranking && weightsBox, () => draw());

  const fill = () => {
    if (!ranking?.candidates.length) {
      title.textContent = t(`${id}_none`);
      body.replaceChildren(h("div", { class: "nothing" }, h("p", { text: t("no_data") })));
      self.last = { title: title.textContent, svg: null, columns: [], rows: [] };
      return;
    }
    const raw = preview ?? rawWeights(ranking, view.weights[kind]);
    const weights = shares(raw);
    inputs.forEach((input, k) => {
      if (!preview) input.value = String(raw[k]);
      outputs[k].textContent = percent(weights[k], 1);
    });
    const before = new Map(rank(ranking, ranking.indicators.map((i) => i.weight)).map((c, place) => [c.i, place + 1]));
    const sorted = rank(ranking, weights);
    const shown = sorted.slice(0, view.top);
    title.textContent = d3.sum(raw) > 0 ? t(`${id}_title`, { name: shortened(sorted[0].label, 60), n: sorted.length }) : t("no_weights");
    const isCategory = kind === "category";
    /** @type {Column[]} */
    const deviations = ranking.indicators.map((i) => ({ label: t(`indicator_${i.name}`), text: (v) => signed(v, 2) }));
    /** @type {Column[]} */
    const columns = [
      { label: t("rank"), text: whole }, { label: t(kind) }, { label: t("score"), text: (v) => decimal(v, 2) },
      { label: t("forecast_90"), text: (v) => brl(v) }, ...(isCategory ? [{ label: t("interval_80"), text: String }] : []), { label: t("last_90"), text: (v) => brl(v) },
      ...deviations,
    ];
    self.last = {
      title: title.textContent, svg: null, columns: [columns[1], columns[0], ...columns.slice(2)],
      rows: shown.map((c, place) => ({ cells: [c.label, place + 1, c.score, c.forecast, ...(isCategory ? [interval(c)] : []), c.before, ...c.deviations] })),
    };
    const span = d3.max(sorted, (c) => Math.abs(c.score)) || 1;
    const head = columns.map((c, i) => h("th", { scope: "col", class: i === 1 ? null : i > columns.length - ranking.indicators.length - 1 ? "n slim" : "n", text: c.label }));
    show(head, shown.map((c, place) => line(c, place)));

    /**
     * @param {Scored} c
     * @param {number} place
     */
    function line(c, place) {
      const moved = (before.get(c.i) ?? 0) - (place + 1);
      // A category without a place of its own among the filters is named alone.
      const key = c.value === null ? null : `${kind}:${c.value}`;
      const arrow = moved ? h("small", { class: "moved", text: ` ${moved > 0 ? "▲" : "▼"}${Math.abs(moved)}`, "aria-label": t(moved > 0 ? "risen" : "fallen", { n: Math.abs(moved) }), role: "img" }) : null;
      return h("tr", { data: { row: c.key } },
        h("td", { class: "n" }, String(place + 1), arrow), h("th", { scope: "row" }, filterName(key, shortened(c.label, 60))),
        h("td", { class: "n score" }, h("span", { class: c.score < 0 ? "bar below" : "bar", style: `--part:${Math.abs(c.score) / span}` }), h("span", { text: decimal(c.score, 2) })),
        h("td", { class: "n", text: brl(c.forecast) }), isCategory && h("td", { class: "n soft", text: interval(c) }), h("td", { class: "n", text: brl(c.before) }),
        c.deviations.map((d, k) => h("td", { class: `n slim ${d >= 0 ? "good" : "bad"}`, style: `--part:${Math.min(Math.abs(d) / 3, 1) * (raw[k] > 0 ? 1 : 0)}`, text: signed(d, 1) })));
    }
  };
  // Most changes of the view leave a ranking as it is.
  let drawn = "";
  const draw = () => {
    const now = JSON.stringify([view.weights[kind], view.top, view[kind === "category" ? "categories" : "states"]]);
    if (now === drawn && !preview) return;
    drawn = now;
    preview = null;
    fill();
  };
  return self;
}

/** @param {Candidate} candidate */
const interval = ({ lo80 = NaN, hi80 = NaN }) => `${brl(lo80)} – ${brl(hi80)}`;
