// Sums of a selection → figures, and entries in the order of a figure. Pure. Next: format.js, the charts.

import { add, at, MEASURES } from "./cube.js";

/** @import { Measure, Sums } from "./cube.js" */
/** @import { Numbers } from "./numbers.js" */

/** @typedef {"revenue" | "orders" | "items" | "basket" | "review" | "late" | "delivery" | "freight"} MetricName */
/**
 * What can be shown. `value` takes the sums of a selection; `adds` says whether parts add up to the whole; `base` is what a
 * mean is taken over.
 * @typedef {object} Metric
 * @property {(m: Sums) => number} value
 * @property {(value: number) => string} text
 * @property {boolean} [adds]
 * @property {Measure} [base]
 */
/** @typedef {{ key: string, label: string, m: Sums, plain?: boolean }} Entry `plain` ones stand for a rest and come last */

/** Fewer cases than this make no mean worth ranking. */
export const ENOUGH = 30;

/** @type {(part: Measure, over: Measure, scale?: number) => (m: Sums) => number} */
const ratio = (part, over, scale = 1) => (m) => (m[at[over]] > 0 ? (m[at[part]] / m[at[over]]) * scale : NaN);

/**
 * @param {Numbers} numbers
 * @returns {Record<MetricName, Metric>}
 */
export const metricsIn = ({ whole, decimal, percent, brl }) => ({
  revenue: { value: (m) => m[at.revenue] / 100, text: (v) => brl(v), adds: true },
  orders: { value: (m) => m[at.orders], text: whole, adds: true },
  items: { value: (m) => m[at.items], text: whole, adds: true },
  basket: { value: ratio("revenue", "orders", 0.01), text: (v) => brl(v, 2), base: "orders" },
  review: { value: ratio("score", "reviews"), text: (v) => decimal(v, 2), base: "reviews" },
  late: { value: ratio("late", "delivered"), text: (v) => percent(v, 1), base: "delivered" },
  delivery: { value: ratio("seconds", "delivered", 1 / 86400), text: (v) => decimal(v, 1), base: "delivered" },
  freight: { value: ratio("freight", "revenue"), text: (v) => percent(v, 1), base: "orders" },
});

/** @param {Sums} m */
export const hasData = (m) => m[at.orders] > 0;

/**
 * Whether a mean stands on enough cases.
 * @param {Metric} metric
 * @param {Sums} m
 */
export const solid = ({ base }, m) => base === undefined || m[at[base]] >= ENOUGH;

/**
 * Sorted by metric, those that stand on too few cases last; the first `top` of them, and the rest.
 * @template {Entry} E
 * @param {E[]} entries
 * @param {Metric} metric
 * @param {number} top
 */
export function ranked(entries, metric, top) {
  const live = entries.filter((e) => hasData(e.m)).map((e) => ({ ...e, value: metric.value(e.m), solid: solid(metric, e.m) }));
  const all = live
    .filter((e) => Number.isFinite(e.value))
    .sort((a, b) => Number(Boolean(a.plain)) - Number(Boolean(b.plain)) || Number(b.solid) - Number(a.solid) || b.value - a.value || a.key.localeCompare(b.key));
  return { shown: all.slice(0, top), rest: all.slice(top), all };
}

/**
 * The sums of several entries as one.
 * @param {{ m: Sums }[]} entries
 */
export const together = (entries) => add(entries.map((e) => e.m), MEASURES.length);
