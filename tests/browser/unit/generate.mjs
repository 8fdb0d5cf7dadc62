// Cubes for the unit tests: orders one by one, the page's data made of them, and the sums that the page should show, found the
// slow way. Used by the tests beside it.

export const MEASURES = ["orders", "items", "revenue", "freight", "reviews", "score", "delivered", "late", "seconds"];
export const PAYMENT_MEASURES = ["payments", "value", "installments"];

/** Numbers in [0, 1) that are the same for the same seed (mulberry32). */
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const MONTHS = ["2016-11", "2016-12", "2017-01", "2017-02", "2017-03", "2018-01"];
const YEARS = [2016, 2017, 2018];
export const SIZES = { category: 5, state: 4, month: MONTHS.length, methods: 8, method: 3, year: YEARS.length, city: 8 };
const yearOf = (month) => YEARS.indexOf(Number(MONTHS[month].slice(0, 4)));

/** Rows with values of every part of a key, as the mart would hold them before anything is summed. */
function rowsOf(seed, count) {
  const next = random(seed);
  const below = (n) => Math.floor(next() * n);
  const rows = Array.from({ length: count }, () => {
    const [state, month] = [below(SIZES.state), below(SIZES.month)];
    const row = { category: below(SIZES.category), state, month, methods: below(SIZES.methods), method: below(SIZES.method), city: state * 2 + below(2), year: yearOf(month) };
    for (const measure of [...MEASURES, ...PAYMENT_MEASURES]) row[measure] = below(1000);
    return row;
  });
  return rows;
}

/** The table that src/dashboard/cube.rs would write: sums by key, sorted, each key as the difference to the one before. */
export function stored(rows, parts, measures) {
  const sums = new Map();
  for (const row of rows) {
    const key = parts.reduce((all, part) => all * SIZES[part] + row[part], 0);
    const sum = sums.get(key) ?? measures.map(() => 0);
    measures.forEach((measure, i) => (sum[i] += row[measure]));
    sums.set(key, sum);
  }
  const keys = [...sums.keys()].sort((a, b) => a - b);
  const table = { key: keys.map((key, i) => key - (i ? keys[i - 1] : 0)) };
  measures.forEach((measure, i) => (table[measure] = keys.map((key) => sums.get(key)[i])));
  return table;
}

const dictionary = (prefix, size) => ({ keys: Array.from({ length: size }, (_, i) => `${prefix}${i}`), names: Array.from({ length: size }, (_, i) => `${prefix.toUpperCase()} ${i}`) });

/** The data of a page of `count` rows, and those rows. */
export function page(seed, count) {
  const rows = rowsOf(seed, count);
  return {
    rows,
    data: {
      months: MONTHS,
      categories: dictionary("c", SIZES.category),
      states: { ...dictionary("s", SIZES.state), regions: [0, 0, 1, 1] },
      regions: dictionary("r", 2),
      methods: dictionary("m", SIZES.method),
      cities: { names: Array.from({ length: SIZES.city }, (_, i) => (i % 2 ? null : `city ${i}`)), states: Array.from({ length: SIZES.city }, (_, i) => i >> 1) },
      cells: stored(rows, ["category", "state", "month", "methods"], MEASURES),
      totals: stored(rows, ["state", "month", "methods"], MEASURES),
      payments: stored(rows, ["state", "month", "method"], PAYMENT_MEASURES),
      category_payments: stored(rows, ["category", "state", "month", "method"], PAYMENT_MEASURES),
      city_cells: stored(rows, ["city", "category", "year"], MEASURES),
    },
  };
}

/** Sums of the rows that pass `test`, one measure after the other. */
export const slowly = (rows, measures, test) => measures.map((measure) => rows.filter(test).reduce((sum, row) => sum + row[measure], 0));

/** Views with every kind of filter, none, one and several values each. */
export function* views(seed, count, start) {
  const next = random(seed);
  const some = (size) => {
    const chosen = Array.from({ length: size }, (_, i) => i);
    const share = [0, 0, 0.3, 0.7, 1][Math.floor(next() * 5)];
    return chosen.filter(() => next() < share);
  };
  for (let i = 0; i < count; i++) yield { ...start(), years: some(SIZES.year), categories: some(SIZES.category), states: some(SIZES.state), methods: some(SIZES.method) };
}

/** Whether a row passes the filters of a view, those in `but` left out. */
export function passes(view, row, but = []) {
  const filter = (name, value) => but.includes(name) || !view[name].length || view[name].includes(value);
  const paid = but.includes("methods") || !view.methods.length || view.methods.some((method) => (row.methods >> method) % 2 === 1);
  return filter("years", row.year) && filter("categories", row.category) && filter("states", row.state) && paid;
}
