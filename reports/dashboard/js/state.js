// The view that is shown: changed, kept in the address, undone and redone. Next: main.js draws it.

import { emptyView, encode as encoded, parse as parsed } from "./core/view.js";
import { shortened } from "./core/text.js";
import { CATEGORIES, DATA, METHODS, REGIONS, STATES, YEARS } from "./data.js";
import { list, METRIC_NAMES, t, whole } from "./format.js";

/** @import { Filter, FilterOn, Known, View } from "./core/view.js" */

/**
 * The filters with the dictionaries that name their values, and their letter in the address.
 * @type {Record<Filter, FilterOn>}
 */
export const FILTERS = {
  years: { letter: "y", keys: YEARS.map(String), names: YEARS.map(String), kind: "year" },
  categories: { letter: "c", keys: CATEGORIES.keys, names: CATEGORIES.names, kind: "category" },
  states: { letter: "s", keys: STATES.keys, names: STATES.names, kind: "state" },
  methods: { letter: "p", keys: METHODS.keys, names: METHODS.names, kind: "method" },
};
const FILTER_NAMES = /** @type {Filter[]} */ (Object.keys(FILTERS));

/**
 * The filter that a kind of mark stands for; none for cities and regions.
 * @param {string} kind
 */
export const filterOf = (kind) => FILTER_NAMES.find((filter) => FILTERS[filter].kind === kind);

/** @type {Known} */
const KNOWN = {
  filters: FILTERS,
  metrics: METRIC_NAMES,
  indicators: { category: DATA.rankings.category?.indicators.length ?? 0, state: DATA.rankings.state?.indicators.length ?? 0 },
};
/** @param {View} view */
const encode = (view) => encoded(view, KNOWN);
/** @param {string} address */
const parse = (address) => parsed(address, KNOWN);

/** Read by all; only this file sets it. */
export let view = parse(location.hash.slice(1));
/** @type {string[]} */
const past = [];
/** @type {string[]} */
const future = [];
export const canUndo = () => past.length > 0;
export const canRedo = () => future.length > 0;
export const isStart = () => encode(view) === "";

let draw = () => {};
/**
 * Names what draws the page after each change of the view.
 * @param {() => void} drawPage
 */
export const drawWith = (drawPage) => void (draw = drawPage);

/**
 * Applies a change to a copy of the view, remembers the view before it and draws.
 * @param {(next: View) => void} edit
 */
export function change(edit) {
  const next = structuredClone(view);
  edit(next);
  const before = encode(view);
  if (encode(next) === before) return;
  past.push(before);
  future.length = 0;
  show(next);
}

/** @param {View} next */
function show(next) {
  view = next;
  const address = encode(view);
  history.replaceState(null, "", address ? `#${address}` : location.pathname + location.search);
  draw();
}

/**
 * @param {string[]} from
 * @param {string[]} to
 */
function step(from, to) {
  const address = from.pop();
  if (address === undefined) return;
  to.push(encode(view));
  show(parse(address));
}
export const undo = () => step(past, future);
export const redo = () => step(future, past);
export const reset = () => change((next) => Object.assign(next, emptyView()));

// An address typed or followed while the page is open.
addEventListener("hashchange", () => {
  if (location.hash.slice(1) === encode(view)) return;
  past.push(encode(view));
  future.length = 0;
  show(parse(location.hash.slice(1)));
});

/**
 * Adds values to a filter; takes them out if all of them are in.
 * @param {Filter} filter
 * @param {number[]} values
 */
export function toggle(filter, values) {
  change((next) => {
    const all = values.every((value) => next[filter].includes(value));
    const rest = next[filter].filter((value) => !values.includes(value));
    next[filter] = (all ? rest : [...rest, ...values]).sort((a, b) => a - b);
  });
}
/**
 * Filters on these values alone; a second time, on none.
 * @param {Filter} filter
 * @param {number[]} values
 */
export function only(filter, values) {
  change((next) => {
    const same = next[filter].length === values.length && values.every((value) => next[filter].includes(value));
    next[filter] = same ? [] : [...values].sort((a, b) => a - b);
  });
}

/** @param {number} region */
export const statesOf = (region) => STATES.keys.map((_, i) => i).filter((i) => STATES.regions[i] === region);
/**
 * Whether all states of a region are among `states`.
 * @param {number} region
 * @param {number[]} states
 */
export const isWhole = (region, states) => {
  const all = statesOf(region);
  return all.length > 0 && all.every((state) => states.includes(state));
};

/**
 * The chosen places in few names: regions that are whole, then states.
 * @param {number[]} states
 */
function places(states) {
  const whole = REGIONS.keys.map((_, region) => region).filter((region) => isWhole(region, states));
  return [
    ...whole.map((region) => ({ text: REGIONS.names[region], values: statesOf(region) })),
    ...states.filter((s) => !whole.includes(STATES.regions[s])).map((s) => ({ text: STATES.names[s], values: [s] })),
  ];
}

/**
 * The filters that apply, each as something that can be named and taken away.
 * @returns {{ filter: Filter, text: string, values: number[] }[]}
 */
export function chips() {
  /** @param {Filter} filter */
  const one = (filter) => view[filter].map((i) => ({ filter, text: FILTERS[filter].names[i], values: [i] }));
  const area = places(view.states).map((place) => ({ filter: /** @type {const} */ ("states"), ...place }));
  return [...one("years"), ...one("categories"), ...area, ...one("methods")];
}

/**
 * The filters in words, without `but`: the end of every title.
 * @param {Filter} [but]
 */
export function scope(but) {
  const parts = FILTER_NAMES.filter((filter) => filter !== but).map((filter) => {
    const names = chips().filter((chip) => chip.filter === filter).map((chip) => shortened(chip.text, 40));
    return names.length > 3 ? t(`many_${filter}`, { n: whole(names.length) }) : names.length ? list(names) : "";
  });
  return parts.filter(Boolean).join(" · ") || t("everything");
}

/**
 * Whether the values of a key are filtered on.
 * @param {string} key
 */
export function isChosen(key) {
  const [kind, value] = key.split(":");
  if (kind === "region") return isWhole(Number(value), view.states);
  const filter = filterOf(kind);
  return filter !== undefined && view[filter].includes(Number(value));
}
