// Entries with their sums → sorted bars, or dots for means, by territory and by category. Drawn by main.js.

import { at } from "./core/cube.js";
import { ENOUGH, ranked, solid, together } from "./core/metrics.js";
import { shortened } from "./core/text.js";
import { CATEGORIES, CITIES, REGIONS, sales, salesByCategory, salesByCity, STATES } from "./data.js";
import { h } from "./dom.js";
import { cityName, decimal, METRICS, metricShort, metricText, percent, t, whole } from "./format.js";
import { markAll } from "./link.js";
import { salesColumns, salesFigures, salesTip } from "./panel.js";
import { change, isChosen, statesOf, view } from "./state.js";
import { INK, ROW, STYLE } from "./style.js";
import { d3, Plot } from "./vendor.js";

/** @import { Entry } from "./core/metrics.js" */
/** @import { Filter } from "./core/view.js" */
/** @import { Tip } from "./link.js" */
/** @import { Chart } from "./panel.js" */

/** @typedef {{ key: string, label: string, value: number, solid: boolean, plain?: boolean, tip: Tip }} Bar */

/**
 * Colour of a mark: the chosen ones stand out once there is a choice.
 * @param {string} key
 * @param {boolean} some
 */
const emphasis = (key, some) => INK(!some || isChosen(key) ? "s1" : "quiet");

/**
 * Horizontal bars for sums, dots beside the mean for means.
 * @param {number} width
 * @param {Bar[]} items
 * @param {{ format: (value: number) => string, mean: number | undefined, some: boolean }} options
 */
function horizontal(width, items, { format, mean, some }) {
  const left = Math.round(Math.min(175, width * 0.36));
  const fits = Math.floor((left - 8) / 6.4);
  const adds = mean === undefined;
  const values = items.map((d) => d.value);
  const [low = 0, high = 0] = d3.extent((adds ? [0, ...values] : [mean, ...values]).filter(Number.isFinite));
  const pad = adds ? 0 : (high - low || 1) * 0.08;
  const domain = [low - pad, high + pad];
  const y = { domain: items.map((d) => d.key), axis: null, padding: 0.22 };
  const names = new Map(items.map((d) => [d.key, shortened(d.label, fits)]));
  /** @param {Bar} d */
  const colour = (d) => (d.plain ? INK("void") : emphasis(d.key, some));
  const marks = [
    // The whole row answers to the pointer, name included.
    Plot.barX(items, { x1: domain[0], x2: domain[1], y: "key", fill: "transparent", insetLeft: -left, insetRight: -64, insetTop: -3, insetBottom: -3 }),
    adds
      ? Plot.barX(items, { x: "value", y: "key", fill: colour, rx: 2 })
      : Plot.ruleX([mean], { stroke: INK("axis"), strokeDasharray: "3 3", pointerEvents: "none" }),
    !adds && Plot.ruleY(items, { y: "key", stroke: INK("grid"), pointerEvents: "none" }),
    !adds && Plot.dot(items, { x: "value", y: "key", r: 5, fill: (d) => (d.solid ? colour(d) : INK("page")), stroke: colour, strokeWidth: 1.5 }),
    Plot.text(items, { y: "key", frameAnchor: "left", textAnchor: "end", dx: -8, text: (d) => names.get(d.key), fill: INK("fg"), pointerEvents: "none" }),
    Plot.text(items, adds
      ? { x: "value", y: "key", text: (d) => format(d.value), textAnchor: "start", dx: 6, fill: INK("muted"), pointerEvents: "none" }
      : { y: "key", frameAnchor: "right", text: (d) => format(d.value), textAnchor: "start", dx: 12, fill: INK("muted"), pointerEvents: "none" }),
  ];
  const svg = Plot.plot({
    width, height: items.length * ROW + 8, marginLeft: left, marginRight: 64, marginTop: 4, marginBottom: 4,
    x: { domain, axis: null }, y, style: STYLE, marks: marks.filter((one) => one !== false),
  });
  markAll(svg, '[aria-label="bar"] rect, [aria-label="dot"] circle', items);
  return svg;
}

/**
 * A chart of entries under the current metric, with all of them in its table.
 * @param {number} width
 * @param {Entry[]} entries
 * @param {{ title: string, label: string, but?: Filter, filter?: Filter, note?: string, rest?: boolean }} options
 * @returns {Chart}
 */
function rankedChart(width, entries, { title, label, but, filter, note, rest }) {
  const metric = METRICS[view.metric];
  const { shown, rest: others, all } = ranked(entries, metric, view.top);
  const columns = salesColumns(label);
  const rows = all.map((e) => ({ key: e.plain ? null : e.key, cells: [e.label, ...salesFigures(e.m)] }));
  if (!all.length) return { svg: null, but, columns, rows };
  const sum = together(all);
  const mean = metric.adds ? undefined : metric.value(sum);
  /** @type {Bar[]} */
  const items = shown.map((e) => ({ ...e, tip: () => salesTip(e.label, e.m) }));
  if (metric.adds && others.length && rest) {
    const m = together(others);
    const text = t("rest", { n: others.length });
    items.push({ key: "rest", label: text, value: metric.value(m), plain: true, solid: true, tip: () => salesTip(text, m) });
  }
  const first = shown.find((e) => !e.plain) ?? shown[0];
  const values = { top: shortened(first.label, 60), metric: t(`metric_${view.metric}`), n: shown.length };
  const few = shown.some((e) => !e.solid) ? t("few", { n: ENOUGH }) : "";
  return {
    title: metric.adds
      ? t(`${title}_sum`, { ...values, share: percent(first.value / metric.value(sum)) })
      : t(`${title}_mean`, { ...values, value: metricText(view.metric, first.value) }),
    svg: horizontal(width, items, { format: metricShort(view.metric), mean, some: filter !== undefined && view[filter].length > 0 }),
    but, columns, rows,
    note: [note, few].filter(Boolean).join(" "),
  };
}

/** @param {number} width */
export function categoriesChart(width) {
  const entries = salesByCategory(view).map((m, i) => ({ key: `category:${i}`, label: CATEGORIES.names[i], m }));
  return rankedChart(width, entries, { title: "categories", label: t("category"), but: "categories", filter: "categories", rest: true });
}

/**
 * Regions, or the states of the chosen regions, or the cities of the chosen state.
 * @param {number} width
 */
export function territoryChart(width) {
  const [only] = view.states;
  if (view.states.length === 1) {
    const entries = salesByCity(view, only).map((m, city) => {
      const name = CITIES.names[city];
      return name === null
        ? { key: `rest:${city}`, label: t("other_cities"), m, plain: true }
        : { key: `city:${city}`, label: cityName(name), m };
    });
    const note = view.methods.length ? t("cities_any_method") : "";
    return rankedChart(width, entries, { title: "cities", label: t("city"), note });
  }
  const byState = sales(view, "state", ["states"]);
  if (view.states.length) {
    const regions = new Set(view.states.map((state) => STATES.regions[state]));
    const entries = byState
      .map((m, i) => ({ key: `state:${i}`, label: STATES.names[i], m, region: STATES.regions[i] }))
      .filter((e) => regions.has(e.region));
    return rankedChart(width, entries, { title: "states", label: t("state"), but: "states", filter: "states" });
  }
  const entries = REGIONS.names.map((label, region) => {
    const inside = statesOf(region).map((state) => ({ m: byState[state] }));
    return { key: `region:${region}`, label, m: together(inside) };
  });
  return rankedChart(width, entries, { title: "regions", label: t("region"), but: "states", filter: "states" });
}

/** The way back up from a state or a region. */
export function crumbs() {
  /** @type {(text: string, states: number[]) => HTMLElement} */
  const up = (text, states) => h("button", { type: "button", class: "plain", text, click: () => change((next) => (next.states = states)) });
  const trail = [up(t("country"), [])];
  const regions = [...new Set(view.states.map((state) => STATES.regions[state]))];
  if (regions.length === 1) trail.push(up(REGIONS.names[regions[0]], statesOf(regions[0])));
  if (view.states.length === 1) trail.push(h("span", { text: STATES.names[view.states[0]] }));
  return view.states.length ? trail.flatMap((part, i) => (i ? [h("span", { "aria-hidden": "true", text: "›" }), part] : [part])) : [];
}

/**
 * Mean score of every state that has one, whatever metric is chosen.
 * @param {number} width
 * @returns {Chart}
 */
export function reviewChart(width) {
  const { value } = METRICS.review;
  const entries = sales(view, "state", ["states"])
    .map((m, i) => ({ key: `state:${i}`, label: STATES.names[i], m, value: value(m), solid: solid(METRICS.review, m) }))
    .filter((e) => Number.isFinite(e.value))
    .sort((a, b) => b.value - a.value || a.key.localeCompare(b.key));
  const columns = [
    { label: t("state") },
    { label: t("metric_review"), text: METRICS.review.text },
    { label: t("reviews"), text: whole },
  ];
  const rows = entries.map((e) => ({ key: e.key, cells: [e.label, e.value, e.m[at.reviews]] }));
  if (!entries.length) return { svg: null, but: "states", columns, rows };
  const mean = value(together(entries));
  /** @param {number} v */
  const text = (v) => decimal(v, 2);
  /** @param {typeof entries[number]} e */
  const tip = (e) => [e.label, metricText("review", e.value), t("on_reviews", { n: whole(e.m[at.reviews]) })];
  const strong = entries.filter((e) => e.solid);
  const [best, worst] = strong.length ? [strong[0], strong[strong.length - 1]] : [entries[0], entries[entries.length - 1]];
  return {
    title: best === worst ? t("review_one", { state: best.label, value: text(best.value) }) : t("review_title", { best: best.label, high: text(best.value), worst: worst.label, low: text(worst.value) }),
    svg: horizontal(width, entries.map((e) => ({ ...e, tip: () => tip(e) })), { format: text, mean, some: view.states.length > 0 }),
    note: [t("review_mean", { mean: text(mean) }), entries.some((e) => !e.solid) ? t("few", { n: ENOUGH }) : ""].filter(Boolean).join(" "),
    but: "states", columns, rows,
  };
}
