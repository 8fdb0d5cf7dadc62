// Payments → the mix of methods, in all and by state. Drawn by main.js.

import { add, METHOD_MEASURES } from "./core/cube.js";
import { shortened } from "./core/text.js";
import { METHODS, payments, REGIONAL, SIZES, STATES } from "./data.js";
import { brl, capital, decimal, percent, t } from "./format.js";
import { markAll } from "./link.js";
import { isChosen, view } from "./state.js";
import { INK, ROW, STYLE } from "./style.js";
import { d3, Plot } from "./vendor.js";

/** @import { Sums } from "./core/cube.js" */
/** @import { Chart, Column } from "./panel.js" */

/** @typedef {{ key: string, label: string, methods: Sums[], whole: number }} Mix of a state, or of all: an order may use several methods, so that their orders add up to more than the whole */

/** Colours and shapes belong to a method, whatever is filtered. */
const METHOD_INKS = ["s2", "s1", "s4", "s8", "s3"];
/** @param {number} method */
const methodInk = (method) => METHOD_INKS[method] ?? "s8";
/** @type {Record<string, string>} */
const ON_METHOD = { s1: "on-deep", s3: "on-deep" };

/**
 * @param {number} width
 * @returns {Chart}
 */
export function paymentsChart(width) {
  const basis = METHOD_MEASURES.indexOf(view.share);
  const all = payments(view);
  const inside = all.filter((_, state) => !view.states.length || view.states.includes(state));
  const total = d3.range(SIZES.method).map((method) => add(inside.map((state) => state.methods[method]), METHOD_MEASURES.length));
  /** @type {(methods: Sums[], orders: number) => number} */
  const whole = (methods, orders) => (view.share === "orders" ? orders : d3.sum(methods, (m) => m[basis]));
  const states = all
    .map(({ methods, orders }, state) => ({ key: `state:${state}`, label: STATES.names[state], methods, whole: whole(methods, orders) }))
    .filter((row) => REGIONAL && row.whole > 0)
    .sort((a, b) => b.whole - a.whole);
  /** @param {number} v */
  const text = (v) => (view.share === "value" ? brl(v / 100) : decimal(v, 0));
  /** @type {Column[]} */
  const shares = METHODS.names.map((label) => ({ label, text: (v) => percent(v, 1) }));
  /** @type {Column[]} */
  const columns = [{ label: t("state") }, ...shares, { label: t(`share_${view.share}`), text }];
  /** @param {Mix} row */
  const line = (row) => [row.label, ...row.methods.map((m) => m[basis] / row.whole), row.whole];
  const sum = { key: "total", label: view.states.length ? t("selection") : t("country"), methods: total, whole: whole(total, d3.sum(inside, (state) => state.orders)) };
  const rows = [{ cells: line(sum) }, ...states.map((row) => ({ key: row.key, cells: line(row) }))];
  if (!(sum.whole > 0)) return { svg: null, but: "methods", columns, rows: [] };
  // The chosen states first: they are what the reader asked for.
  const chosen = states.filter((row) => isChosen(row.key));
  const shown = [sum, ...[...chosen, ...states.filter((row) => !isChosen(row.key))].slice(0, Math.max(view.top, chosen.length))];
  const order = d3.sort(d3.range(SIZES.method), (method) => -total[method][basis]);
  const segments = shown.flatMap((row) => {
    const uses = d3.sum(row.methods, (m) => m[basis]);
    let from = 0;
    return order.map((method) => {
      const m = row.methods[method];
      const [share, part] = [m[basis] / row.whole, m[basis] / uses];
      from += part;
      return {
        row: row.key, key: `method:${method}`, method, share, from: from - part, to: from,
        tip: () => [row.label, t("pair", { label: METHODS.names[method], value: percent(share, 1) }), text(m[basis]), t("mean_installments", { n: decimal(m[0] ? m[2] / m[0] : 0, 1) })],
      };
    }).filter((d) => d.share > 0);
  });
  /** @param {{ method: number }} d */
  const faded = (d) => (view.methods.length && !view.methods.includes(d.method) ? 0.3 : 1);
  const left = Math.round(Math.min(160, width * 0.34));
  const fits = Math.floor((left - 8) / 6.4);
  const wide = segments.filter((d) => d.share * (width - left) > 34);
  /** @param {string} key */
  const bold = (key) => (key === "total" ? 700 : 400);
  const names = new Map(shown.map((row) => [row.key, shortened(row.label, fits)]));
  const svg = Plot.plot({
    width, height: shown.length * ROW + 12, marginLeft: left, marginRight: 6, marginTop: 4, marginBottom: 8,
    x: { domain: [0, 1], axis: null }, y: { domain: shown.map((row) => row.key), axis: null, padding: 0.16 }, style: STYLE,
    marks: [
      Plot.barX(segments, { x1: "from", x2: "to", y: "row", fill: (d) => INK(methodInk(d.method)), fillOpacity: faded, insetRight: 0.8 }),
      Plot.text(wide, { x: (d) => (d.from + d.to) / 2, y: "row", text: (d) => percent(d.share), fill: (d) => INK(faded(d) < 1 ? "fg" : (ON_METHOD[methodInk(d.method)] ?? "on-pale")), pointerEvents: "none" }),
      Plot.text(shown, { y: "key", frameAnchor: "left", textAnchor: "end", dx: -8, text: (d) => names.get(d.key), fontWeight: 400, fill: INK("fg"), pointerEvents: "none", filter: (d) => bold(d.key) === 400 }),
      Plot.text(shown, { y: "key", frameAnchor: "left", textAnchor: "end", dx: -8, text: (d) => names.get(d.key), fontWeight: 700, fill: INK("fg"), pointerEvents: "none", filter: (d) => bold(d.key) === 700 }),
    ],
  });
  markAll(svg, '[aria-label="bar"] rect', segments);
  const first = order[0];
  return {
    title: t("payments_title", { method: capital(METHODS.names[first]), share: percent(total[first][basis] / sum.whole), basis: t(`of_${view.share}`) }),
    svg, but: "methods", columns, rows,
    key: order.filter((method) => total[method][basis] > 0).map((method) => ({ text: METHODS.names[method], colour: INK(methodInk(method)) })),
    note: view.categories.length ? t("payments_by_category") : "",
  };
}
