// The view: filters, metric, weights, and how they stand in the address. Pure. Next: state.js keeps the one that is shown.

/** @import { Dictionary } from "./cube.js" */
/** @import { MetricName } from "./metrics.js" */

/** @typedef {"years" | "categories" | "states" | "methods"} Filter */
/** @typedef {"category" | "state"} RankingKind */
/**
 * Filters are positions in their dictionaries, sorted; an empty one lets everything pass.
 * @typedef {Record<Filter, number[]> & {
 *   metric: MetricName, top: number, share: "orders" | "value", weights: Record<RankingKind, number[] | null>,
 * }} View
 */
/** @typedef {Dictionary & { letter: string, kind: string }} FilterOn its values, their letter in the address and in keys of marks */
/**
 * What an address may name.
 * @typedef {object} Known
 * @property {Record<Filter, FilterOn>} filters
 * @property {string[]} metrics
 * @property {Record<RankingKind, number>} indicators how many each ranking has
 */

export const TOPS = [5, 10, 15, 20, 30];
export const SHARES = /** @type {const} */ (["orders", "value"]);

/** @returns {View} */
export const emptyView = () => ({
  years: [], categories: [], states: [], methods: [],
  metric: "revenue", top: 10, share: "orders", weights: { category: null, state: null },
});

/**
 * The view as the part of the address after `#`: only what differs from the start.
 * @param {View} view
 * @param {Known} known
 */
export function encode(view, { filters }) {
  const start = emptyView();
  const query = new URLSearchParams();
  for (const [filter, { letter, keys }] of entries(filters)) {
    for (const i of view[filter]) query.append(letter, keys[i]);
  }
  if (view.metric !== start.metric) query.set("m", view.metric);
  if (view.top !== start.top) query.set("n", String(view.top));
  if (view.share !== start.share) query.set("v", view.share);
  if (view.weights.category) query.set("wc", view.weights.category.join("_"));
  if (view.weights.state) query.set("ws", view.weights.state.join("_"));
  return query.toString();
}

/**
 * The view of an address; what it does not know, such as a category that is gone, is left out.
 * @param {string} address
 * @param {Known} known
 */
export function parse(address, { filters, metrics, indicators }) {
  const query = new URLSearchParams(address);
  const view = emptyView();
  for (const [filter, { letter, keys }] of entries(filters)) {
    const known = query.getAll(letter).map((key) => keys.indexOf(key)).filter((i) => i >= 0);
    view[filter] = [...new Set(known)].sort((a, b) => a - b);
  }
  const [metric, top] = [query.get("m") ?? "", Number(query.get("n"))];
  if (metrics.includes(metric)) view.metric = /** @type {MetricName} */ (metric);
  if (TOPS.includes(top)) view.top = top;
  view.share = SHARES.find((share) => share === query.get("v")) ?? view.share;
  for (const [letter, kind] of /** @type {[string, RankingKind][]} */ ([["wc", "category"], ["ws", "state"]])) {
    const weights = (query.get(letter) ?? "").split("_").map(Number);
    const fits = weights.length === indicators[kind] && weights.every((w) => w >= 0 && w <= 100);
    view.weights[kind] = fits ? weights : null;
  }
  return view;
}

/** @param {Record<Filter, FilterOn>} filters */
const entries = (filters) => /** @type {[Filter, FilterOn][]} */ (Object.entries(filters));
