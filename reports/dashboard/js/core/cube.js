// The page's data + view → sums. Everything that a chart shows comes from here. Pure: it knows no document. Next: metrics.js

/** @import { View, Filter } from "./view.js" */
/** @import { Newcomers } from "./profit.js" */
/** @import { Ranking } from "./score.js" */
/** @import { Forecasts } from "./series.js" */

/** @typedef {{ keys: string[], names: string[] }} Dictionary */
/** @typedef {{ key: number[], [measure: string]: number[] }} Stored a table as the page holds it: see `decode` */
/** @typedef {{ rows: number, columns: Record<string, Uint16Array>, values: Float64Array, width: number }} Table */
/** @typedef {Float64Array} Sums what was counted of a selection, in the order of the table's measures */
/** @typedef {Record<string, Uint8Array>} Masks by part of a key: 1 for each value that passes */
/** @typedef {"category" | "state" | "month" | "methods" | "method"} Part */

/**
 * The sums of the page, as src/dashboard/cube.rs lays them out.
 * @typedef {object} CubeData
 * @property {string[]} months every month from the first order to the last, such as "2017-01"
 * @property {Dictionary} categories
 * @property {Dictionary & { regions: number[] }} states
 * @property {Dictionary} regions
 * @property {Dictionary} methods
 * @property {{ names: (string | null)[], states: number[] }} cities null names the rest of a state
 * @property {Stored} cells
 * @property {Stored} totals
 * @property {Stored} payments
 * @property {Stored} category_payments
 * @property {Stored} city_cells
 */
/**
 * Everything in the JSON block of the page.
 * @typedef {CubeData & {
 *   lang: string, words: Record<string, string>, complete: [number, number], forecasts: Forecasts,
 *   entrants: Newcomers | null, rankings: { category: Ranking | null, state: Ranking | null },
 *   growth: { state: number, orders_before: number, orders_after: number, growth: number | null, low: number | null, high: number | null, q: number | null, named: boolean }[],
 *   map: Record<string, string>, tiles: [string, number, number][],
 *   currency?: { symbol: string, digits: number },
 *   map_size?: [number, number] | null, short?: Record<string, string>,
 * }} PageData
 */

/** What a row of sales counts, in this order. Money in centavos, `seconds` from purchase to delivery. */
export const MEASURES = /** @type {const} */ (["orders", "items", "revenue", "freight", "reviews", "score", "delivered", "late", "seconds"]);
/** What a row of payments counts. */
export const PAYMENT_MEASURES = /** @type {const} */ (["payments", "value", "installments"]);
/** What is summed for a method: what its payments count, and the orders that use it. An order may use several methods. */
export const METHOD_MEASURES = /** @type {const} */ ([...PAYMENT_MEASURES, "orders"]);

/** @typedef {typeof MEASURES[number]} Measure */
/** Where a measure stands in the sums of sales. */
export const at = /** @type {Record<Measure, number>} */ (Object.fromEntries(MEASURES.map((measure, i) => [measure, i])));

/**
 * Columns of a table: its rows are sorted by their key, which is stored as the difference from row to row. `sizes` names the
 * parts of the key, the slowest first, and how many values each has.
 * @param {Stored} table
 * @param {Record<string, number>} sizes
 * @param {readonly string[]} measures
 * @returns {Table}
 */
export function decode(table, sizes, measures) {
  const rows = table.key.length;
  const parts = Object.entries(sizes).reverse();
  const columns = Object.fromEntries(parts.map(([part]) => [part, new Uint16Array(rows)]));
  const values = new Float64Array(rows * measures.length);
  let key = 0;
  for (let row = 0; row < rows; row++) {
    key += table.key[row];
    let rest = key;
    for (const [part, size] of parts) {
      columns[part][row] = rest % size;
      rest = Math.floor(rest / size);
    }
    measures.forEach((measure, i) => (values[row * measures.length + i] = table[measure][row]));
  }
  return { rows, columns, values, width: measures.length };
}

/**
 * Sums of the rows that pass `masks`, one group for each value of `by` (or one in all).
 * @param {Table} table
 * @param {Masks} masks
 * @param {string | ArrayLike<number>} [by] a part of the key, or the group of each row
 * @returns {Sums[]}
 */
export function sums(table, masks, by, groups = 1) {
  const { rows, columns, values, width } = table;
  const out = new Float64Array(groups * width);
  const checks = Object.entries(columns).filter(([part]) => masks[part]?.includes(0)).map(([part, column]) => ({ column, mask: masks[part] }));
  const group = typeof by === "string" ? columns[by] : by;
  next: for (let row = 0; row < rows; row++) {
    for (let c = 0; c < checks.length; c++) if (!checks[c].mask[checks[c].column[row]]) continue next;
    const to = group ? group[row] * width : 0;
    for (let i = 0, from = row * width; i < width; i++) out[to + i] += values[from + i];
  }
  return Array.from({ length: groups }, (_, g) => out.subarray(g * width, (g + 1) * width));
}

/**
 * The sum of several sums of `width` measures.
 * @param {Sums[]} all
 * @param {number} width
 * @returns {Sums}
 */
export function add(all, width) {
  const sum = new Float64Array(width);
  for (const one of all) for (let i = 0; i < width; i++) sum[i] += one[i];
  return sum;
}

/**
 * The method that leads by a measure of [METHOD_MEASURES]; null where nothing was paid.
 * @param {Sums[]} methods
 * @param {number} basis
 */
export function leading(methods, basis) {
  let best = -1;
  methods.forEach((m, method) => {
    if (m[basis] > (best < 0 ? 0 : methods[best][basis])) best = method;
  });
  return best < 0 ? null : best;
}

/**
 * The first day of a month such as "2017-01".
 * @param {string} month
 */
export const firstDay = (month) => new Date(`${month}-01T00:00:00Z`);

/** @typedef {ReturnType<typeof cubeOf>} Cube */

/** @param {CubeData} data */
export function cubeOf(data) {
  const months = data.months.map(firstDay);
  const years = [...new Set(months.map((month) => month.getUTCFullYear()))];
  /** The position of the year of each month. */
  const monthYear = months.map((month) => years.indexOf(month.getUTCFullYear()));
  /** How many values each part of a key has; `methods` are sets of methods, one bit each. */
  const sizes = {
    category: data.categories.keys.length,
    state: data.states.keys.length,
    month: months.length,
    methods: 1 << data.methods.keys.length,
    method: data.methods.keys.length,
  };
  /** @param {Part[]} parts */
  const of = (...parts) => Object.fromEntries(parts.map((part) => [part, sizes[part]]));

  // Sales by category are those of orders that hold an item of it: an order of two categories counts in both.
  const cells = decode(data.cells, of("category", "state", "month", "methods"), MEASURES);
  // All orders, each of them once.
  const totals = decode(data.totals, of("state", "month", "methods"), MEASURES);
  const paid = decode(data.payments, of("state", "month", "method"), PAYMENT_MEASURES);
  const categoryPaid = decode(data.category_payments, of("category", "state", "month", "method"), PAYMENT_MEASURES);
  // Sales of the greatest cities of each state and of the rest of it, by year; any payment method.
  const cityCells = decode(data.city_cells, { city: data.cities.names.length, category: sizes.category, year: years.length }, MEASURES);

  /**
   * Which values of each part pass the filters of `view`; filters named in `but` are left out.
   * @param {View} view
   * @param {Filter[]} [but]
   */
  function masks(view, but = []) {
    /** @type {(size: number, chosen: number[], test: (value: number) => boolean) => Uint8Array} */
    const mask = (size, chosen, test) => {
      const passes = new Uint8Array(size);
      for (let i = 0; i < size; i++) passes[i] = !chosen.length || test(i) ? 1 : 0;
      return passes;
    };
    /** @param {Filter} filter */
    const chosen = (filter) => (but.includes(filter) ? [] : view[filter]);
    const [inYears, categories, states, methods] = [chosen("years"), chosen("categories"), chosen("states"), chosen("methods")];
    return {
      year: mask(years.length, inYears, (i) => inYears.includes(i)),
      month: mask(months.length, inYears, (i) => inYears.includes(monthYear[i])),
      category: mask(sizes.category, categories, (i) => categories.includes(i)),
      state: mask(sizes.state, states, (i) => states.includes(i)),
      // An order passes that was paid with one of the methods, in part at least.
      methods: mask(sizes.methods, methods, (set) => methods.some((method) => (set >> method) & 1)),
      method: mask(sizes.method, methods, (i) => methods.includes(i)),
    };
  }

  /**
   * What was summed for a view: several charts show the same sums, and a view never changes.
   * @type {WeakMap<View, Map<string, any>>}
   */
  const summed = new WeakMap();
  /**
   * @template T
   * @param {View} view
   * @param {string} key
   * @param {() => T} make
   * @returns {T}
   */
  function once(view, key, make) {
    const known = summed.get(view) ?? new Map();
    summed.set(view, known);
    if (!known.has(key)) known.set(key, make());
    return known.get(key);
  }

  /**
   * Sales under `view`, by "state" or "month", or in all. Orders add up exactly unless several categories are chosen.
   * @param {View} view
   * @param {"state" | "month"} [by]
   * @param {Filter[]} [but]
   */
  const sales = (view, by, but = []) => once(view, `sales ${by} ${but}`, () => {
    const table = view.categories.length && !but.includes("categories") ? cells : totals;
    return sums(table, masks(view, but), by, by ? sizes[by] : 1);
  });

  /** @param {View} view */
  const salesByCategory = (view) => sums(cells, masks(view, ["categories"]), "category", sizes.category);

  /**
   * Sales by city; nothing for those of other states.
   * @param {View} view
   * @param {number} state
   */
  function salesByCity(view, state) {
    const inState = Uint8Array.from(data.cities.states, (of) => (of === state ? 1 : 0));
    return sums(cityCells, { ...masks(view), city: inState }, "city", data.cities.names.length);
  }

  /**
   * State and method of each row of payments, as one number.
   * @param {Table} table
   */
  const bothOf = ({ columns }) => columns.state.map((state, row) => state * sizes.method + columns.method[row]);
  const [paidGroups, categoryPaidGroups] = [bothOf(paid), bothOf(categoryPaid)];

  /**
   * Payments and orders by method, for each state, and its paid orders. The method filter does not apply: it is shown by emphasis. Orders
   * add up exactly unless several categories are chosen.
   * @param {View} view
   * @returns {{ methods: Sums[], orders: number }[]}
   */
  const payments = (view) => once(view, "payments", () => {
    const [table, group] = view.categories.length ? [categoryPaid, categoryPaidGroups] : [paid, paidGroups];
    const passing = masks(view, ["methods", "states"]);
    const flat = sums(table, passing, group, sizes.state * sizes.method);
    const states = Array.from({ length: sizes.state }, (_, s) => ({
      methods: Array.from({ length: sizes.method }, (_, m) => Float64Array.from([...flat[s * sizes.method + m], 0])), orders: 0,
    }));
    const { rows, columns, values, width } = view.categories.length ? cells : totals;
    const checks = Object.entries(columns).filter(([part]) => passing[/** @type {keyof typeof passing} */ (part)]?.includes(0));
    for (let row = 0; row < rows; row++) {
      const set = columns.methods[row];
      // Orders without a payment have no method.
      if (!set || !checks.every(([part, column]) => passing[/** @type {keyof typeof passing} */ (part)][column[row]])) continue;
      const [state, n] = [states[columns.state[row]], values[row * width + at.orders]];
      state.orders += n;
      for (let m = 0; m < sizes.method; m++) if ((set >> m) & 1) state.methods[m][PAYMENT_MEASURES.length] += n;
    }
    return states;
  });

  /**
   * Category × state × month under the filters, in the order of the key.
   * @param {View} view
   */
  function salesCells(view) {
    const passing = /** @type {Masks} */ (masks(view));
    const { category, state, month } = cells.columns;
    const checks = Object.entries(cells.columns).map(([part, column]) => ({ column, mask: passing[part] }));
    /** @type {Map<number, { category: number, state: number, month: number, m: Sums }>} */
    const groups = new Map();
    for (let row = 0; row < cells.rows; row++) {
      if (!checks.every(({ column, mask }) => mask[column[row]])) continue;
      const key = (category[row] * sizes.state + state[row]) * sizes.month + month[row];
      const group = groups.get(key) ?? { category: category[row], state: state[row], month: month[row], m: new Float64Array(MEASURES.length) };
      for (let i = 0; i < MEASURES.length; i++) group.m[i] += cells.values[row * MEASURES.length + i];
      groups.set(key, group);
    }
    return [...groups.values()];
  }

  return { months, years, monthYear, sizes, sales, salesByCategory, salesByCity, payments, salesCells };
}
