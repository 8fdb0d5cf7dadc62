// Growth of each state's orders beyond that of the others, with its interval. All data, no filter. Drawn by main.js.

import { DATA, STATES } from "./data.js";
import { decimal, percent, t, whole } from "./format.js";
import { markAll } from "./link.js";
import { shortened } from "./core/text.js";
import { isChosen } from "./state.js";
import { INK, ROW, STYLE } from "./style.js";
import { d3, Plot } from "./vendor.js";

/** @import { Chart, Column } from "./panel.js" */

/** States with a smaller share of the orders are in the table alone: their intervals would hide all others. */
const LEAST_SHARE = 0.01;

/**
 * @param {number} width
 * @returns {Chart}
 */
export function growthChart(width) {
  const all = DATA.growth.map((state) => ({ ...state, key: `state:${state.state}`, label: STATES.names[state.state] }));
  /** @param {number | null} v */
  const change = (v) => (v === null ? "" : `${v > 0 ? "+" : ""}${percent(v, 1)}`);
  /** @type {Column[]} */
  const columns = [
    { label: t("state") }, { label: t("orders_before"), text: whole }, { label: t("orders_after"), text: whole }, { label: t("growth"), text: change },
    { label: t("level_lo90"), text: change }, { label: t("level_hi90"), text: change }, { label: "q", text: (v) => decimal(v, 3) },
  ];
  const sorted = d3.sort(all, (s) => -s.orders_after);
  const rows = sorted.map((s) => ({ key: s.key, cells: [s.label, s.orders_before, s.orders_after, s.growth ?? NaN, s.low ?? NaN, s.high ?? NaN, s.q ?? NaN] }));
  const least = LEAST_SHARE * d3.sum(all, (s) => s.orders_after);
  const shown = d3.sort(all.filter((s) => s.growth !== null && s.orders_after >= least), (s) => -(s.growth ?? 0));
  if (!shown.length) return { svg: null, but: "states", columns, rows };
  const named = sorted.filter((s) => s.named);
  const left = Math.round(Math.min(160, width * 0.34));
  const fits = Math.floor((left - 8) / 6.4);
  const names = new Map(shown.map((s) => [s.key, shortened(s.label, fits)]));
  const marks = shown.map((s) => ({
    ...s,
    tip: () => [s.label, t("growth_beyond", { value: change(s.growth) }), t("interval", { level: 90, lo: change(s.low), hi: change(s.high) }), t("growth_q", { q: decimal(s.q ?? NaN, 3) })],
  }));
  /** @param {{ key: string, named: boolean }} s */
  const ink = (s) => INK(s.named || isChosen(s.key) ? "s1" : "muted");
  const svg = Plot.plot({
    width, height: shown.length * ROW + 40, marginLeft: left, marginRight: 16, marginTop: 4, marginBottom: 32,
    x: { grid: true, label: null, tickFormat: (/** @type {number} */ v) => percent(v) }, y: { domain: shown.map((s) => s.key), axis: null, padding: 0.16 }, style: STYLE,
    marks: [
      Plot.ruleX([0], { stroke: INK("axis") }),
      Plot.ruleY(marks, { y: "key", x1: "low", x2: "high", stroke: ink, strokeWidth: 2 }),
      Plot.dot(marks, { y: "key", x: "growth", r: 4, fill: ink }),
      Plot.text(shown, { y: "key", frameAnchor: "left", textAnchor: "end", dx: -8, text: (s) => names.get(s.key), fill: INK("fg"), pointerEvents: "none" }),
    ],
  });
  markAll(svg, '[aria-label="dot"] circle', marks);
  const growing = named.filter((s) => (s.growth ?? 0) > 0);
  return {
    title: growing.length ? t("growth_title", { names: growing.map((s) => s.label).join(", ") }) : t("growth_none"),
    svg, but: "states", columns, rows, note: t("growth_note"),
  };
}
