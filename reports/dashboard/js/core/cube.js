// Columns + view → sums. Everything that a chart shows comes from here. Next: the charts.

/** Which values of each part pass the filters of `view`; filters named in `but` are left out. */
function masks(view, but = []) {
  const mask = (size, chosen, test) => {
    const passes = new Uint8Array(size);
    for (let i = 0; i < size; i++) passes[i] = !chosen.length || test(i) ? 1 : 0;
    return passes;
  };
  const of = (filter) => (but.includes(filter) ? [] : view[filter]);
  const [years, categories, states, methods] = ["years", "categories", "states", "methods"].map(of);
  return {
    year: mask(YEARS.length, years, (i) => years.includes(i)),
    month: mask(MONTHS.length, years, (i) => years.includes(MONTH_YEAR[i])),
    category: mask(SIZES.category, categories, (i) => categories.includes(i)),
    state: mask(SIZES.state, states, (i) => states.includes(i)),
    // An order passes that was paid with one of the methods, in part at least.
    methods: mask(SIZES.methods, methods, (set) => methods.some((method) => (set >> method) & 1)),
    method: mask(SIZES.method, methods, (i) => methods.includes(i)),
  };
}

/** Sums of the rows that pass `masks`, one group for each value of `by` (or one in all). */
function sums(table, passing, by, groups = 1) {
  const { rows, columns, values, width } = table;
  const out = new Float64Array(groups * width);
  const checks = Object.keys(columns).map((part) => [columns[part], passing[part]]).filter(([, mask]) => mask && mask.includes(0));
  const group = typeof by === "string" ? columns[by] : by;
  next: for (let row = 0; row < rows; row++) {
    for (let c = 0; c < checks.length; c++) if (!checks[c][1][checks[c][0][row]]) continue next;
    const to = group ? group[row] * width : 0;
    for (let i = 0, from = row * width; i < width; i++) out[to + i] += values[from + i];
  }
  return Array.from({ length: groups }, (_, g) => out.subarray(g * width, (g + 1) * width));
}

/** What was summed for a view: several charts show the same sums, and a view never changes. */
const SUMMED = new WeakMap();
function once(view, key, make) {
  if (!SUMMED.has(view)) SUMMED.set(view, new Map());
  const known = SUMMED.get(view);
  if (!known.has(key)) known.set(key, make());
  return known.get(key);
}

/** Sales under `view`, by "state" or "month", or in all. Orders add up exactly unless several categories are chosen. */
const sales = (view, by, but = []) => once(view, `sales ${by} ${but}`, () => {
  const table = view.categories.length && !but.includes("categories") ? CELLS : TOTALS;
  return sums(table, masks(view, but), by, by ? SIZES[by] : 1);
});

const salesByCategory = (view) => sums(CELLS, masks(view, ["categories"]), "category", SIZES.category);

function salesByCity(view, state) {
  const inState = new Uint8Array(CITIES.names.length).map((_, city) => (CITIES.states[city] === state ? 1 : 0));
  return sums(CITY_CELLS, { ...masks(view), city: inState }, "city", CITIES.names.length);
}

/** State and method of each row of payments, as one number. */
const bothOf = ({ columns }) => columns.state.map((state, row) => state * SIZES.method + columns.method[row]);
const [PAYMENT_GROUPS, CATEGORY_PAYMENT_GROUPS] = [PAYMENTS, CATEGORY_PAYMENTS].map(bothOf);

/** Payments by method, for each state and in all. The method filter does not apply: it is shown by emphasis. */
const payments = (view) => once(view, "payments", () => {
  const [table, group] = view.categories.length ? [CATEGORY_PAYMENTS, CATEGORY_PAYMENT_GROUPS] : [PAYMENTS, PAYMENT_GROUPS];
  const { method, ...passing } = masks(view, ["methods", "states"]);
  const flat = sums(table, passing, group, SIZES.state * SIZES.method);
  return Array.from({ length: SIZES.state }, (_, s) => flat.slice(s * SIZES.method, (s + 1) * SIZES.method));
});

const add = (all, width) => all.reduce((sum, one) => sum.map((v, i) => v + one[i]), new Float64Array(width));

// ---- metrics -------------------------------------------------------------------------------------------------------

const at = Object.fromEntries(MEASURES.map((measure, i) => [measure, i]));
const ratio = (part, over, scale = 1) => (m) => (m[at[over]] > 0 ? (m[at[part]] / m[at[over]]) * scale : NaN);

/**
 * What can be shown. `value` takes the sums of a selection; `adds` says whether parts add up to the whole; `base` is what a
 * mean is taken over; `best` is the end that is good, where one is.
 */
const METRICS = {
  revenue: { value: (m) => m[at.revenue] / 100, text: (v) => brl(v), adds: true },
  orders: { value: (m) => m[at.orders], text: whole, adds: true },
  items: { value: (m) => m[at.items], text: whole, adds: true },
  basket: { value: ratio("revenue", "orders", 0.01), text: (v) => brl(v, 2), base: "orders" },
  review: { value: ratio("score", "reviews"), text: (v) => decimal(v, 2), base: "reviews", best: "high" },
  late: { value: ratio("late", "delivered"), text: (v) => percent(v, 1), base: "delivered", best: "low" },
  delivery: { value: ratio("seconds", "delivered", 1 / 86400), text: (v) => decimal(v, 1), base: "delivered", best: "low" },
  freight: { value: ratio("freight", "revenue"), text: (v) => percent(v, 1), base: "orders", best: "low" },
};
/** Fewer cases than this make no mean worth ranking. */
const ENOUGH = 30;

/** Axis and label text of a metric, short. */
const metricShort = (metric) => (METRICS[metric].adds ? short : METRICS[metric].text);
/** In words: `15 843 553 R$`, `4,09 / 5`, `12,5 jours`. */
const metricText = (metric, value) =>
  Number.isFinite(value) ? t(`unit_${metric}`, { value: METRICS[metric].text(value) }) : t("unknown");
const hasData = (m) => m[at.orders] > 0;
/** Whether a mean stands on enough cases. */
const solid = (metric, m) => METRICS[metric].adds || m[at[METRICS[metric].base]] >= ENOUGH;
