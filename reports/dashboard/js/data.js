// The JSON of the page → dictionaries and typed columns. Next: cube.js

const DATA = JSON.parse(document.getElementById("data").textContent);

const MONTHS = DATA.months.map((month) => new Date(`${month}-01T00:00:00Z`));
const YEARS = [...new Set(MONTHS.map((month) => month.getUTCFullYear()))];
const MONTH_YEAR = MONTHS.map((month) => YEARS.indexOf(month.getUTCFullYear()));

const CATEGORIES = DATA.categories;
const STATES = DATA.states;
const METHODS = DATA.methods;
const REGIONS = DATA.regions;

/** What a row of sales counts, in this order. Money in centavos, `seconds` from purchase to delivery. */
const MEASURES = ["orders", "items", "revenue", "freight", "reviews", "score", "delivered", "late", "seconds"];
/** What a row of payments counts. */
const PAYMENT_MEASURES = ["payments", "value", "installments"];

/**
 * Columns of a table: its rows are sorted by their key, which is stored as the difference from row to row. `sizes` names the
 * parts of the key, the slowest first, and how many values each has.
 */
function decode(table, sizes, measures) {
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

const SIZES = {
  category: CATEGORIES.keys.length,
  state: STATES.keys.length,
  month: MONTHS.length,
  methods: 1 << METHODS.keys.length,
  method: METHODS.keys.length,
};
const sizes = (...parts) => Object.fromEntries(parts.map((part) => [part, SIZES[part]]));

/** Sales by category, of orders that hold an item of it: an order of two categories counts in both. */
const CELLS = decode(DATA.cells, sizes("category", "state", "month", "methods"), MEASURES);
/** All orders, each of them once. */
const TOTALS = decode(DATA.totals, sizes("state", "month", "methods"), MEASURES);
const PAYMENTS = decode(DATA.payments, sizes("state", "month", "method"), PAYMENT_MEASURES);
const CATEGORY_PAYMENTS = decode(DATA.category_payments, sizes("category", "state", "month", "method"), PAYMENT_MEASURES);
/** Sales of the greatest cities of each state and of the rest of it, by year; any payment method. */
const CITIES = DATA.cities;
const CITY_CELLS = decode(
  DATA.city_cells,
  { city: CITIES.names.length, category: SIZES.category, year: YEARS.length },
  MEASURES,
);
