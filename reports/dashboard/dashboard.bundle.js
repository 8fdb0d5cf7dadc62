// Made of js/ by `node tests/browser/scripts.js --write`: change the modules, not this file.
(() => {
"use strict";

// js/core/view.js
var TOPS = [5, 10, 15, 20, 30];
var SHARES = (
  /** @type {const} */
  ["orders", "value"]
);
var emptyView = () => ({
  years: [],
  categories: [],
  states: [],
  methods: [],
  metric: "revenue",
  top: 10,
  share: "orders",
  weights: { category: null, state: null }
});
function encode(view2, { filters }) {
  const start = emptyView();
  const query = new URLSearchParams();
  for (const [filter, { letter, keys }] of entries(filters)) {
    for (const i of view2[filter]) query.append(letter, keys[i]);
  }
  if (view2.metric !== start.metric) query.set("m", view2.metric);
  if (view2.top !== start.top) query.set("n", String(view2.top));
  if (view2.share !== start.share) query.set("v", view2.share);
  if (view2.weights.category) query.set("wc", view2.weights.category.join("_"));
  if (view2.weights.state) query.set("ws", view2.weights.state.join("_"));
  return query.toString();
}
function parse(address, { filters, metrics, indicators }) {
  const query = new URLSearchParams(address);
  const view2 = emptyView();
  for (const [filter, { letter, keys }] of entries(filters)) {
    const known = query.getAll(letter).map((key) => keys.indexOf(key)).filter((i) => i >= 0);
    view2[filter] = [...new Set(known)].sort((a, b) => a - b);
  }
  const [metric, top] = [query.get("m") ?? "", Number(query.get("n"))];
  if (metrics.includes(metric)) view2.metric = /** @type {MetricName} */
  metric;
  if (TOPS.includes(top)) view2.top = top;
  view2.share = SHARES.find((share2) => share2 === query.get("v")) ?? view2.share;
  for (
    const [letter, kind] of
    /** @type {[string, RankingKind][]} */
    [["wc", "category"], ["ws", "state"]]
  ) {
    const weights = (query.get(letter) ?? "").split("_").map(Number);
    const fits = weights.length === indicators[kind] && weights.every((w) => w >= 0 && w <= 100);
    view2.weights[kind] = fits ? weights : null;
  }
  return view2;
}
var entries = (filters) => (
  /** @type {[Filter, FilterOn][]} */
  Object.entries(filters)
);

// js/core/cube.js
var MEASURES = (
  /** @type {const} */
  ["orders", "items", "revenue", "freight", "reviews", "score", "delivered", "late", "seconds"]
);
var PAYMENT_MEASURES = (
  /** @type {const} */
  ["payments", "value", "installments"]
);
var METHOD_MEASURES = (
  /** @type {const} */
  [...PAYMENT_MEASURES, "orders"]
);
var at = (
  /** @type {Record<Measure, number>} */
  Object.fromEntries(MEASURES.map((measure2, i) => [measure2, i]))
);
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
    measures.forEach((measure2, i) => values[row * measures.length + i] = table[measure2][row]);
  }
  return { rows, columns, values, width: measures.length };
}
function sums(table, masks, by, groups = 1) {
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
function add(all, width) {
  const sum = new Float64Array(width);
  for (const one of all) for (let i = 0; i < width; i++) sum[i] += one[i];
  return sum;
}
function leading(methods, basis) {
  let best = -1;
  methods.forEach((m, method) => {
    if (m[basis] > (best < 0 ? 0 : methods[best][basis])) best = method;
  });
  return best < 0 ? null : best;
}
var firstDay = (month) => /* @__PURE__ */ new Date(`${month}-01T00:00:00Z`);
function cubeOf(data) {
  const months = data.months.map(firstDay);
  const years = [...new Set(months.map((month) => month.getUTCFullYear()))];
  const monthYear = months.map((month) => years.indexOf(month.getUTCFullYear()));
  const sizes = {
    category: data.categories.keys.length,
    state: data.states.keys.length,
    month: months.length,
    methods: 1 << data.methods.keys.length,
    method: data.methods.keys.length
  };
  const of = (...parts) => Object.fromEntries(parts.map((part) => [part, sizes[part]]));
  const cells = decode(data.cells, of("category", "state", "month", "methods"), MEASURES);
  const totals = decode(data.totals, of("state", "month", "methods"), MEASURES);
  const paid = decode(data.payments, of("state", "month", "method"), PAYMENT_MEASURES);
  const categoryPaid = decode(data.category_payments, of("category", "state", "month", "method"), PAYMENT_MEASURES);
  const cityCells = decode(data.city_cells, { city: data.cities.names.length, category: sizes.category, year: years.length }, MEASURES);
  function masks(view2, but = []) {
    const mask = (size, chosen2, test) => {
      const passes = new Uint8Array(size);
      for (let i = 0; i < size; i++) passes[i] = !chosen2.length || test(i) ? 1 : 0;
      return passes;
    };
    const chosen = (filter) => but.includes(filter) ? [] : view2[filter];
    const [inYears, categories, states, methods] = [chosen("years"), chosen("categories"), chosen("states"), chosen("methods")];
    return {
      year: mask(years.length, inYears, (i) => inYears.includes(i)),
      month: mask(months.length, inYears, (i) => inYears.includes(monthYear[i])),
      category: mask(sizes.category, categories, (i) => categories.includes(i)),
      state: mask(sizes.state, states, (i) => states.includes(i)),
      // An order passes that was paid with one of the methods, in part at least.
      methods: mask(sizes.methods, methods, (set) => methods.some((method) => set >> method & 1)),
      method: mask(sizes.method, methods, (i) => methods.includes(i))
    };
  }
  const summed = /* @__PURE__ */ new WeakMap();
  function once(view2, key, make) {
    const known = summed.get(view2) ?? /* @__PURE__ */ new Map();
    summed.set(view2, known);
    if (!known.has(key)) known.set(key, make());
    return known.get(key);
  }
  const sales2 = (view2, by, but = []) => once(view2, `sales ${by} ${but}`, () => {
    const table = view2.categories.length && !but.includes("categories") ? cells : totals;
    return sums(table, masks(view2, but), by, by ? sizes[by] : 1);
  });
  const salesByCategory2 = (view2) => sums(cells, masks(view2, ["categories"]), "category", sizes.category);
  function salesByCity2(view2, state) {
    const inState = Uint8Array.from(data.cities.states, (of2) => of2 === state ? 1 : 0);
    return sums(cityCells, { ...masks(view2), city: inState }, "city", data.cities.names.length);
  }
  const bothOf = ({ columns }) => columns.state.map((state, row) => state * sizes.method + columns.method[row]);
  const [paidGroups, categoryPaidGroups] = [bothOf(paid), bothOf(categoryPaid)];
  const payments2 = (view2) => once(view2, "payments", () => {
    const [table, group] = view2.categories.length ? [categoryPaid, categoryPaidGroups] : [paid, paidGroups];
    const passing = masks(view2, ["methods", "states"]);
    const flat = sums(table, passing, group, sizes.state * sizes.method);
    const states = Array.from({ length: sizes.state }, (_, s) => ({
      methods: Array.from({ length: sizes.method }, (_2, m) => Float64Array.from([...flat[s * sizes.method + m], 0])),
      orders: 0
    }));
    const { rows, columns, values, width } = view2.categories.length ? cells : totals;
    const checks = Object.entries(columns).filter(([part]) => passing[
      /** @type {keyof typeof passing} */
      part
    ]?.includes(0));
    for (let row = 0; row < rows; row++) {
      const set = columns.methods[row];
      if (!set || !checks.every(([part, column]) => passing[
        /** @type {keyof typeof passing} */
        part
      ][column[row]])) continue;
      const [state, n] = [states[columns.state[row]], values[row * width + at.orders]];
      state.orders += n;
      for (let m = 0; m < sizes.method; m++) if (set >> m & 1) state.methods[m][PAYMENT_MEASURES.length] += n;
    }
    return states;
  });
  function salesCells2(view2) {
    const passing = (
      /** @type {Masks} */
      masks(view2)
    );
    const { category, state, month } = cells.columns;
    const checks = Object.entries(cells.columns).map(([part, column]) => ({ column, mask: passing[part] }));
    const groups = /* @__PURE__ */ new Map();
    for (let row = 0; row < cells.rows; row++) {
      if (!checks.every(({ column, mask }) => mask[column[row]])) continue;
      const key = (category[row] * sizes.state + state[row]) * sizes.month + month[row];
      const group = groups.get(key) ?? { category: category[row], state: state[row], month: month[row], m: new Float64Array(MEASURES.length) };
      for (let i = 0; i < MEASURES.length; i++) group.m[i] += cells.values[row * MEASURES.length + i];
      groups.set(key, group);
    }
    return [...groups.values()];
  }
  return { months, years, monthYear, sizes, sales: sales2, salesByCategory: salesByCategory2, salesByCity: salesByCity2, payments: payments2, salesCells: salesCells2 };
}

// js/core/metrics.js
var ENOUGH = 30;
var ratio = (part, over, scale = 1) => (m) => m[at[over]] > 0 ? m[at[part]] / m[at[over]] * scale : NaN;
var metricsIn = ({ whole: whole2, decimal: decimal2, percent: percent2, brl: brl2 }) => ({
  revenue: { value: (m) => m[at.revenue] / 100, text: (v) => brl2(v), adds: true },
  orders: { value: (m) => m[at.orders], text: whole2, adds: true },
  items: { value: (m) => m[at.items], text: whole2, adds: true },
  basket: { value: ratio("revenue", "orders", 0.01), text: (v) => brl2(v, 2), base: "orders" },
  review: { value: ratio("score", "reviews"), text: (v) => decimal2(v, 2), base: "reviews" },
  late: { value: ratio("late", "delivered"), text: (v) => percent2(v, 1), base: "delivered" },
  delivery: { value: ratio("seconds", "delivered", 1 / 86400), text: (v) => decimal2(v, 1), base: "delivered" },
  freight: { value: ratio("freight", "revenue"), text: (v) => percent2(v, 1), base: "orders" }
});
var hasData = (m) => m[at.orders] > 0;
var solid = ({ base }, m) => base === void 0 || m[at[base]] >= ENOUGH;
function ranked(entries2, metric, top) {
  const live = entries2.filter((e) => hasData(e.m)).map((e) => ({ ...e, value: metric.value(e.m), solid: solid(metric, e.m) }));
  const all = live.filter((e) => Number.isFinite(e.value)).sort((a, b) => Number(Boolean(a.plain)) - Number(Boolean(b.plain)) || Number(b.solid) - Number(a.solid) || b.value - a.value || a.key.localeCompare(b.key));
  return { shown: all.slice(0, top), rest: all.slice(top), all };
}
var together = (entries2) => add(entries2.map((e) => e.m), MEASURES.length);

// js/core/text.js
var shortened = (text, length) => {
  const characters = [...text];
  return characters.length > length ? characters.slice(0, length - 1).join("").trimEnd() + "…" : text;
};
function wrapped(text, length) {
  const lines = [""];
  for (const word of text.split(" ")) {
    const last = lines[lines.length - 1];
    if (last && last.length + word.length >= length) lines.push("");
    lines[lines.length - 1] += (lines.at(-1) ? " " : "") + word;
  }
  return lines;
}
var plainText = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

// js/data.js
var DATA = JSON.parse(document.getElementById("data")?.textContent ?? "");
var CUBE = cubeOf(DATA);
var CATEGORIES = DATA.categories;
var STATES = DATA.states;
var METHODS = DATA.methods;
var REGIONS = DATA.regions;
var CITIES = DATA.cities;
var SIZES = CUBE.sizes;
var YEARS = CUBE.years;
var { sales, salesByCategory, salesByCity, payments, salesCells } = CUBE;
var REGIONAL = STATES.keys.filter((key) => key !== "unknown").length > 1;
var PAID = DATA.payments.key.length > 0;
var IN_PARTS = REGIONS.keys.some((key) => key !== "unknown");

// js/dom.js
function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name2, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name2, value);
    else if (name2 === "data") Object.assign(element.dataset, value);
    else if (name2 === "text") element.textContent = value == null ? null : String(value);
    else if (value === true) element.setAttribute(name2, "");
    else if (value !== false && value != null) element.setAttribute(name2, String(value));
  }
  element.append(...children.flat().filter((child) => child != null && child !== false));
  return element;
}
var name = (text) => h("bdi", { text });
function later(run, milliseconds) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(run, milliseconds);
  };
}
function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no element #${id}`);
  return element;
}

// js/core/numbers.js
function numbersIn(locale, currency = { symbol: "R$", digits: 2 }) {
  const formats = (options) => {
    const made = [];
    return (digits) => made[digits] ??= new Intl.NumberFormat(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits, ...options });
  };
  const PLAIN = formats({});
  const PERCENT = formats({ style: "percent" });
  const SIGNED = formats({ signDisplay: "exceptZero" });
  const SHORT = formats({ minimumFractionDigits: 0 });
  const MONTH = new Intl.DateTimeFormat(locale, { month: "long", year: "numeric", timeZone: "UTC" });
  const MONTH_SHORT = new Intl.DateTimeFormat(locale, { month: "short", timeZone: "UTC" });
  const LIST = new Intl.ListFormat(locale, { type: "conjunction" });
  const whole2 = (value) => PLAIN(0).format(value);
  const decimal2 = (value, digits) => PLAIN(digits).format(value);
  const percent2 = (share2, digits = 0) => PERCENT(digits).format(share2);
  const signed2 = (value, digits) => SIGNED(digits).format(value).replace("-", "−");
  const brl2 = (amount, digits = 0) => {
    const text = decimal2(amount, Math.min(digits, currency.digits));
    if (locale === "fr") return `${text} ${currency.symbol}`;
    return /^\p{L}/u.test(currency.symbol) ? `${currency.symbol} ${text}` : currency.symbol + text;
  };
  const short3 = (value) => {
    const [scaled, unit] = Math.abs(value) >= 1e6 ? [value / 1e6, " M"] : Math.abs(value) >= 1e4 ? [value / 1e3, " k"] : [value, ""];
    const digits = unit && Math.abs(scaled) < 99.5 && scaled % 1 ? 1 : 0;
    return SHORT(digits).format(scaled) + unit;
  };
  const monthName2 = (date) => MONTH.format(date);
  const monthShort2 = (date) => MONTH_SHORT.format(date);
  const list2 = (items) => LIST.format(items);
  const capital2 = (text) => text.charAt(0).toLocaleUpperCase(locale) + text.slice(1);
  const cityName2 = (city) => city.replace(/[^\s'-]+/g, (word) => /^(d[aeo]s?|e)$/.test(word) ? word : capital2(word));
  return { whole: whole2, decimal: decimal2, percent: percent2, signed: signed2, brl: brl2, short: short3, monthName: monthName2, monthShort: monthShort2, list: list2, capital: capital2, cityName: cityName2 };
}

// js/format.js
var LOCALE = DATA.lang;
var NUMBERS = numbersIn(LOCALE, DATA.currency);
var { whole, decimal, percent, signed, brl, short, monthName, monthShort, list, capital, cityName } = NUMBERS;
var METRICS = metricsIn(NUMBERS);
var METRIC_NAMES = (
  /** @type {MetricName[]} */
  Object.keys(METRICS)
);
var EVERYTHING = sales(emptyView())[0];
var SHOWN = METRIC_NAMES.filter((metric) => METRICS[metric].adds || Number.isFinite(METRICS[metric].value(EVERYTHING)));
function t(key, values = {}) {
  const phrase = DATA.words[key] ?? key;
  return phrase.replace(/\{(\w+)\}/g, (all, name2) => String(values[name2] ?? all));
}
var metricShort = (metric) => METRICS[metric].adds ? short : METRICS[metric].text;
var metricText = (metric, value) => Number.isFinite(value) ? t(`unit_${metric}`, { value: METRICS[metric].text(value) }) : t("unknown");

// js/state.js
var FILTERS = {
  years: { letter: "y", keys: YEARS.map(String), names: YEARS.map(String), kind: "year" },
  categories: { letter: "c", keys: CATEGORIES.keys, names: CATEGORIES.names, kind: "category" },
  states: { letter: "s", keys: STATES.keys, names: STATES.names, kind: "state" },
  methods: { letter: "p", keys: METHODS.keys, names: METHODS.names, kind: "method" }
};
var FILTER_NAMES = (
  /** @type {Filter[]} */
  Object.keys(FILTERS)
);
var filterOf = (kind) => FILTER_NAMES.find((filter) => FILTERS[filter].kind === kind);
var KNOWN = {
  filters: FILTERS,
  metrics: METRIC_NAMES,
  indicators: { category: DATA.rankings.category?.indicators.length ?? 0, state: DATA.rankings.state?.indicators.length ?? 0 }
};
var encode2 = (view2) => encode(view2, KNOWN);
var parse2 = (address) => parse(address, KNOWN);
var view = parse2(location.hash.slice(1));
var past = [];
var future = [];
var canUndo = () => past.length > 0;
var canRedo = () => future.length > 0;
var isStart = () => encode2(view) === "";
var draw = () => {
};
var drawWith = (drawPage) => void (draw = drawPage);
function change(edit) {
  const next = structuredClone(view);
  edit(next);
  const before = encode2(view);
  if (encode2(next) === before) return;
  past.push(before);
  future.length = 0;
  show(next);
}
function show(next) {
  view = next;
  const address = encode2(view);
  history.replaceState(null, "", address ? `#${address}` : location.pathname + location.search);
  draw();
}
function step(from, to) {
  const address = from.pop();
  if (address === void 0) return;
  to.push(encode2(view));
  show(parse2(address));
}
var undo = () => step(past, future);
var redo = () => step(future, past);
var reset = () => change((next) => Object.assign(next, emptyView()));
addEventListener("hashchange", () => {
  if (location.hash.slice(1) === encode2(view)) return;
  past.push(encode2(view));
  future.length = 0;
  show(parse2(location.hash.slice(1)));
});
function toggle(filter, values) {
  change((next) => {
    const all = values.every((value) => next[filter].includes(value));
    const rest = next[filter].filter((value) => !values.includes(value));
    next[filter] = (all ? rest : [...rest, ...values]).sort((a, b) => a - b);
  });
}
function only(filter, values) {
  change((next) => {
    const same = next[filter].length === values.length && values.every((value) => next[filter].includes(value));
    next[filter] = same ? [] : [...values].sort((a, b) => a - b);
  });
}
var statesOf = (region) => STATES.keys.map((_, i) => i).filter((i) => STATES.regions[i] === region);
var isWhole = (region, states) => {
  const all = statesOf(region);
  return all.length > 0 && all.every((state) => states.includes(state));
};
function places(states) {
  const whole2 = REGIONS.keys.map((_, region) => region).filter((region) => isWhole(region, states));
  return [
    ...whole2.map((region) => ({ text: REGIONS.names[region], values: statesOf(region) })),
    ...states.filter((s) => !whole2.includes(STATES.regions[s])).map((s) => ({ text: STATES.names[s], values: [s] }))
  ];
}
function chips() {
  const one = (filter) => view[filter].map((i) => ({ filter, text: FILTERS[filter].names[i], values: [i] }));
  const area = places(view.states).map((place) => ({ filter: (
    /** @type {const} */
    "states"
  ), ...place }));
  return [...one("years"), ...one("categories"), ...area, ...one("methods")];
}
function scope(but) {
  const parts = FILTER_NAMES.filter((filter) => filter !== but).map((filter) => {
    const names = chips().filter((chip) => chip.filter === filter).map((chip) => shortened(chip.text, 40));
    return names.length > 3 ? t(`many_${filter}`, { n: whole(names.length) }) : names.length ? list(names) : "";
  });
  return parts.filter(Boolean).join(" · ") || t("everything");
}
function isChosen(key) {
  const [kind, value] = key.split(":");
  if (kind === "region") return isWhole(Number(value), view.states);
  const filter = filterOf(kind);
  return filter !== void 0 && view[filter].includes(Number(value));
}

// js/link.js
var TIPS = /* @__PURE__ */ new WeakMap();
function mark(element, key, lines) {
  if (key) element.dataset.key = key;
  TIPS.set(element, lines);
  return element;
}
function markAll(svg, selector, data) {
  for (
    const element of
    /** @type {NodeListOf<SVGElement & { __data__: number }>} */
    svg.querySelectorAll(selector)
  ) {
    const datum = data[element.__data__];
    if (datum) mark(element, datum.key, datum.tip);
  }
  return svg;
}
function follow(key, adding) {
  const [kind, ...values] = key.split(":");
  const filter = filterOf(kind);
  if (kind === "region") return only("states", statesOf(Number(values[0])));
  if (filter) (adding ? toggle : only)(filter, values.map(Number));
}
var tooltip = h("div", { class: "tip", role: "tooltip", hidden: true });
var hot = null;
function highlight(key) {
  if (key === hot) return;
  for (const element of document.querySelectorAll(".hot")) element.classList.remove("hot");
  hot = key;
  if (key) for (const element of document.querySelectorAll(`[data-key="${CSS.escape(key)}"]`)) element.classList.add("hot");
}
function highlightAgain() {
  const applied = hot;
  hot = null;
  highlight(applied);
}
var around = ({ target }, selector) => target instanceof Element ? target.closest(selector) : null;
function point(event) {
  const element = around(event, "[data-key], [data-tip]");
  highlight(element?.dataset.key ?? null);
  const lines = element && TIPS.get(element)?.();
  if (!lines) return void (tooltip.hidden = true);
  const [title, ...rest] = lines;
  tooltip.replaceChildren(h("strong", { dir: "auto", text: shortened(title, 80) }), ...rest.map((text) => h("span", { text })));
  tooltip.hidden = false;
  const box = element.getBoundingClientRect();
  const [x, y] = event instanceof MouseEvent ? [event.clientX, event.clientY] : [box.left + box.width / 2, box.bottom];
  const left = Math.max(8, Math.min(x + 14, innerWidth - tooltip.offsetWidth - 8));
  const below = y + 18 + tooltip.offsetHeight < innerHeight;
  tooltip.style.left = `${left}px`;
  tooltip.style.top = `${below ? y + 18 : Math.max(8, y - tooltip.offsetHeight - 12)}px`;
}
function listenToMarks() {
  document.body.append(tooltip);
  document.addEventListener("pointermove", point);
  document.addEventListener("focusin", point);
  document.addEventListener("scroll", () => tooltip.hidden = true, { passive: true });
  document.addEventListener("click", (event) => {
    const element = around(event, "[data-key]");
    if (!element?.dataset.key || element.matches("input, label, label *")) return;
    tooltip.hidden = true;
    follow(element.dataset.key, "adding" in element.dataset || event.ctrlKey || event.metaKey || event.shiftKey);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") tooltip.hidden = true;
    const writing = event.target instanceof Element && event.target.matches('input[type="search"]');
    if ((event.ctrlKey || event.metaKey) && !writing && event.key.toLowerCase() === "z") {
      event.preventDefault();
      if (event.shiftKey) redo();
      else undo();
    } else if ((event.ctrlKey || event.metaKey) && !writing && event.key.toLowerCase() === "y") {
      event.preventDefault();
      redo();
    }
  });
}

// js/core/csv.js
var FORMULA = /^'*[=+\-@＝＋－＠]/;
var NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
function csvCell(value) {
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : "";
  const whole2 = String(value);
  const text = whole2.split(/([;\t\n\r])/).map((piece, i) => FORMULA.test(piece) && !NUMBER.test(piece) || i === 0 && /^'*[\t\n\r]/.test(whole2) ? `'${piece}` : piece).join("");
  return /[",;\t\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
var csv = (rows) => rows.map((row) => row.map(csvCell).join(",") + "\r\n").join("");

// js/export.js
function download(fileName, type, content) {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = h("a", { href: url, download: fileName });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 1e4);
}
var saveCsv = (fileName, rows) => download(fileName, "text/csv;charset=utf-8", `\uFEFF${csv(rows)}`);
function filteredRows() {
  const header = ["category", "category_name", "state", "month", "orders", "items", "revenue", "freight", "reviews", "review_mean", "delivered", "late"];
  const rows = salesCells(view).map(({ category, state, month, m }) => {
    const value = (measure2) => m[at[measure2]];
    return [
      CATEGORIES.keys[category],
      CATEGORIES.names[category],
      STATES.keys[state],
      DATA.months[month],
      value("orders"),
      value("items"),
      value("revenue") / 100,
      value("freight") / 100,
      value("reviews"),
      value("reviews") ? value("score") / value("reviews") : NaN,
      value("delivered"),
      value("late")
    ];
  });
  return [header, ...rows];
}
var saveFiltered = () => saveCsv("pfe-sales.csv", filteredRows());
function saveTable({ id, last }) {
  if (last) saveCsv(`pfe-${id}.csv`, [last.columns.map((c) => c.label), ...last.rows.map(({ cells }) => cells)]);
}
var STYLES = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "stroke-linecap", "stroke-linejoin", "opacity", "font-size", "font-weight", "text-anchor"];
var NS = "http://www.w3.org/2000/svg";
function frozen(svg) {
  const copy = (
    /** @type {SVGSVGElement} */
    svg.cloneNode(true)
  );
  const [from, to] = [svg, copy].map((root) => [root, .../** @type {NodeListOf<SVGElement>} */
  root.querySelectorAll("*")]);
  from.forEach((element, i) => {
    const style = getComputedStyle(element);
    for (const property of STYLES) {
      const value = style.getPropertyValue(property);
      if (value) to[i].setAttribute(property, value);
    }
    for (const name2 of ["style", "class", "font-family"]) to[i].removeAttribute(name2);
    delete to[i].dataset.key;
  });
  for (const style of copy.querySelectorAll("style")) style.remove();
  return copy;
}
var fontRules = () => [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules]).filter((rule) => rule instanceof CSSFontFaceRule).map((rule) => rule.cssText).join("");
var drawingOf = (chart) => (
  /** @type {SVGSVGElement} */
  chart instanceof SVGElement ? chart : chart.querySelector("svg")
);
function drawing({ svg: chartElement, title = "", but, key = [] }) {
  const svg = drawingOf(chartElement);
  const box = svg.viewBox.baseVal;
  const width = Math.max(560, svg.getBoundingClientRect().width);
  const scale = width / box.width;
  const style = getComputedStyle(document.documentElement);
  const ink = (role) => style.getPropertyValue(`--chart-${role}`).trim();
  const out = document.createElementNS(NS, "svg");
  const set = (element, attributes) => Object.entries(attributes).forEach(([name2, value]) => element.setAttribute(name2, String(value)));
  const put = (tag, attributes, text, parent = out) => {
    const element = document.createElementNS(NS, tag);
    set(element, attributes);
    if (text) element.textContent = text;
    parent.append(element);
    return element;
  };
  const background = put("rect", { width: "100%", height: "100%", fill: ink("page") });
  let y = 16;
  const write = (text, size, role, weight) => {
    for (const line of wrapped(text, Math.floor((width - 32) / (size * 0.5)))) {
      y += size * 1.3;
      put("text", { x: 16, y, "font-size": size, "font-weight": weight, fill: ink(role) }, line);
    }
  };
  write(title, 17, "fg", 700);
  write(scope(but), 13, "muted", 400);
  let x = 16;
  for (const item of key) {
    const long = 26 + item.text.length * 6.8;
    if (x === 16 || x + long > width - 16) {
      x = 16;
      y += 22;
    }
    const shape = put("g", { transform: `translate(${x + 6},${y - 4})` });
    if (item.path) put("path", { d: item.path, fill: ink("fg") }, "", shape);
    else put("rect", { x: -6, y: -6, width: 12, height: 12, fill: ink(/--chart-([\w-]+)/.exec(item.colour ?? "")?.[1] ?? "fg") }, "", shape);
    put("text", { x: x + 18, y, "font-size": 12.5, fill: ink("fg") }, item.text);
    x += long;
  }
  y += 14;
  const chart = frozen(svg);
  const height = box.height * scale * ((width - 32) / width);
  set(chart, { x: 16, y, width: width - 32, height });
  out.append(chart);
  y += height + 16;
  set(out, { width, height: y, viewBox: `0 0 ${width} ${y}`, "font-family": "'Source Sans 3', sans-serif" });
  const fonts = document.createElementNS(NS, "style");
  fonts.textContent = fontRules();
  out.insertBefore(fonts, background);
  out.insertBefore(Object.assign(document.createElementNS(NS, "title"), { textContent: title }), fonts);
  return { text: new XMLSerializer().serializeToString(out), width, height: y };
}
var drawn = ({ last }) => last?.svg ? drawing({ ...last, svg: last.svg }) : null;
function saveSvg(panel2) {
  const made = drawn(panel2);
  if (made) download(`pfe-${panel2.id}.svg`, "image/svg+xml", made.text);
}
async function savePng(panel2) {
  const made = drawn(panel2);
  if (!made) return;
  const { text, width, height } = made;
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  const canvas = h("canvas", { width: Math.round(width * 2), height: Math.round(height * 2) });
  const context = (
    /** @type {CanvasRenderingContext2D} */
    canvas.getContext("2d")
  );
  context.scale(2, 2);
  context.drawImage(image, 0, 0, width, height);
  canvas.toBlob((blob) => blob && download(`pfe-${panel2.id}.png`, "image/png", blob), "image/png");
}

// js/panel.js
var PANELS = [];
function panel(id, chart, { tools = [] } = {}) {
  const title = h("h2", { id: `${id}-title` });
  const where = h("p", { class: "scope" });
  const key = h("ul", { class: "key", "aria-label": t("key") });
  const body = h("div", { class: "chart" });
  const note = h("p", { class: "note" });
  const behind = scrolling(t("pair", { label: t("table"), value: t(`panel_${id}`) }));
  const details = h("details", { class: "behind" }, h("summary", { text: t("table") }), behind);
  const exports = h("div", { class: "exports", role: "group", "aria-label": t("export_chart") });
  const element = h(
    "section",
    { class: "panel", id, "aria-labelledby": `${id}-title` },
    h("div", { class: "head" }, h("div", {}, title, where), h("div", { class: "tools" }, ...tools, exports)),
    key,
    body,
    note,
    details
  );
  const saves = (
    /** @type {[string, (panel: Panel) => void][]} */
    [["SVG", saveSvg], ["PNG", savePng], ["CSV", saveTable]]
  );
  exports.append(...saves.map(([kind, save]) => saveButton(kind, id, () => save(self))));
  details.addEventListener("toggle", () => details.open && fill());
  const fill = () => self.last && behind.replaceChildren(dataTable(self.last));
  const draw3 = () => {
    const out = chart(self.width || 560);
    self.last = out;
    if (!out.svg) out.title = capital(t(`panel_${id}`));
    title.textContent = out.title ?? "";
    where.textContent = scope(out.but);
    const nothing = !out.svg;
    if (!out.svg) body.replaceChildren(noData());
    else if (body.firstChild !== out.svg || body.childNodes.length > 1) body.replaceChildren(out.svg);
    if (out.svg) describe(drawingOf(out.svg), `${out.title}. ${where.textContent}.`);
    key.replaceChildren(...nothing ? [] : (out.key ?? []).map(keyItem));
    key.hidden = nothing || !out.key?.length;
    note.textContent = out.note ?? "";
    note.hidden = !out.note;
    exports.hidden = nothing;
    details.hidden = nothing;
    if (details.open) fill();
  };
  const self = { id, element, body, width: 0, last: null, draw: draw3 };
  PANELS.push(self);
  return self;
}
function tablePanel(id, note, controls, draw3) {
  const title = h("h2", { id: `${id}-title` });
  const body = scrolling(t(`panel_${id}`));
  const save = h("div", { class: "exports" }, saveButton("CSV", id, () => saveTable(self)));
  const head = h("div", { class: "head" }, h("div", {}, title, h("p", { class: "scope", text: note })), h("div", { class: "tools" }, save));
  const element = h("section", { class: "panel full", id, "aria-labelledby": `${id}-title` }, head, controls, body);
  const self = { id, element, width: 0, last: null, draw: draw3 };
  PANELS.push(self);
  const show2 = (columns, lines) => body.replaceChildren(h("table", { class: "ranking" }, h("caption", { class: "unseen", text: title.textContent }), h("thead", {}, h("tr", {}, columns)), h("tbody", {}, lines)));
  return { self, title, body, show: show2 };
}
var scrolling = (label) => h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label });
var saveButton = (kind, id, click) => h("button", { type: "button", text: kind, "aria-label": t("save_as", { kind, id: t(`panel_${id}`) }), click });
var filterName = (key, label) => key ? h("button", { type: "button", class: "plain", "aria-pressed": String(isChosen(key)), data: { key } }, name(label)) : name(label);
function describe(svg, text) {
  for (const part of svg.querySelectorAll("[aria-label]")) part.removeAttribute("aria-label");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", text);
}
function noData() {
  const clear = h("button", { type: "button", class: "plain", text: t("reset"), click: reset });
  return h("div", { class: "nothing" }, h("p", { text: t("no_data") }), chips().length > 0 && clear);
}
var keyItem = ({ text, colour, path }) => {
  const shape = path ? `<svg width="14" height="14" viewBox="-8 -8 16 16" aria-hidden="true"><path d="${path}"/></svg>` : "";
  const swatch = h("span", { class: path ? "shape" : "swatch", style: path ? null : `background:${colour}` });
  if (path) swatch.innerHTML = shape;
  return h("li", {}, swatch, h("span", { text }));
};
function dataTable({ title, columns, rows }) {
  const head = h("tr", {}, columns.map((c) => h("th", { scope: "col", class: c.text ? "n" : null, text: c.label })));
  const cell = ({ text }, value) => h("td", { class: "n", text: text && typeof value === "number" && Number.isFinite(value) ? text(value) : t("unknown") });
  const line = ({ key, cells }) => {
    const [label, ...rest] = cells;
    return h("tr", {}, h("th", { scope: "row" }, filterName(key, String(label))), rest.map((value, i) => cell(columns[i + 1], value)));
  };
  return h("table", {}, h("caption", { class: "unseen", text: title }), h("thead", {}, head), h("tbody", {}, rows.map(line)));
}
var salesColumns = (label) => {
  const shown = view.metric === "orders" ? ["orders"] : [view.metric, "orders"];
  return [{ label }, ...shown.map((metric) => ({ label: t(`metric_${metric}`), text: METRICS[metric].text, metric }))];
};
var salesFigures = (m) => salesColumns("").flatMap(({ metric }) => metric ? [METRICS[metric].value(m)] : []);
var salesTip = (title, m) => [
  title,
  ...[...new Set(
    /** @type {MetricName[]} */
    [view.metric, "revenue", "orders", "review"].filter((metric) => SHOWN.includes(metric))
  )].map((metric) => t("pair", { label: t(`metric_${metric}`), value: metricText(metric, METRICS[metric].value(m)) }))
];

// js/style.js
var INK = (role) => `var(--chart-${role})`;
var STYLE = { fontFamily: "inherit", fontSize: "13px", overflow: "visible", color: INK("fg") };
var ROW = 26;

// js/vendor.js
var page = (
  /** @type {typeof globalThis & { d3: typeof import("d3"), Plot: typeof import("@observablehq/plot") }} */
  globalThis
);
var { d3, Plot } = page;

// js/bars.js
var emphasis = (key, some) => INK(!some || isChosen(key) ? "s1" : "quiet");
function horizontal(width, items, { format, mean, some }) {
  const left = Math.round(Math.min(175, width * 0.36));
  const fits = Math.floor((left - 8) / 6.4);
  const adds = mean === void 0;
  const values = items.map((d) => d.value);
  const [low = 0, high = 0] = d3.extent((adds ? [0, ...values] : [mean, ...values]).filter(Number.isFinite));
  const pad = adds ? 0 : (high - low || 1) * 0.08;
  const domain = [low - pad, high + pad];
  const y = { domain: items.map((d) => d.key), axis: null, padding: 0.22 };
  const names = new Map(items.map((d) => [d.key, shortened(d.label, fits)]));
  const colour = (d) => d.plain ? INK("void") : emphasis(d.key, some);
  const marks = [
    // The whole row answers to the pointer, name included.
    Plot.barX(items, { x1: domain[0], x2: domain[1], y: "key", fill: "transparent", insetLeft: -left, insetRight: -64, insetTop: -3, insetBottom: -3 }),
    adds ? Plot.barX(items, { x: "value", y: "key", fill: colour, rx: 2 }) : Plot.ruleX([mean], { stroke: INK("axis"), strokeDasharray: "3 3", pointerEvents: "none" }),
    !adds && Plot.ruleY(items, { y: "key", stroke: INK("grid"), pointerEvents: "none" }),
    !adds && Plot.dot(items, { x: "value", y: "key", r: 5, fill: (d) => d.solid ? colour(d) : INK("page"), stroke: colour, strokeWidth: 1.5 }),
    Plot.text(items, { y: "key", frameAnchor: "left", textAnchor: "end", dx: -8, text: (d) => names.get(d.key), fill: INK("fg"), pointerEvents: "none" }),
    Plot.text(items, adds ? { x: "value", y: "key", text: (d) => format(d.value), textAnchor: "start", dx: 6, fill: INK("muted"), pointerEvents: "none" } : { y: "key", frameAnchor: "right", text: (d) => format(d.value), textAnchor: "start", dx: 12, fill: INK("muted"), pointerEvents: "none" })
  ];
  const svg = Plot.plot({
    width,
    height: items.length * ROW + 8,
    marginLeft: left,
    marginRight: 64,
    marginTop: 4,
    marginBottom: 4,
    x: { domain, axis: null },
    y,
    style: STYLE,
    marks: marks.filter((one) => one !== false)
  });
  markAll(svg, '[aria-label="bar"] rect, [aria-label="dot"] circle', items);
  return svg;
}
function rankedChart(width, entries2, { title, label, but, filter, note, rest }) {
  const metric = METRICS[view.metric];
  const { shown, rest: others, all } = ranked(entries2, metric, view.top);
  const columns = salesColumns(label);
  const rows = all.map((e) => ({ key: e.plain ? null : e.key, cells: [e.label, ...salesFigures(e.m)] }));
  if (!all.length) return { svg: null, but, columns, rows };
  const sum = together(all);
  const mean = metric.adds ? void 0 : metric.value(sum);
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
    title: metric.adds ? t(`${title}_sum`, { ...values, share: percent(first.value / metric.value(sum)) }) : t(`${title}_mean`, { ...values, value: metricText(view.metric, first.value) }),
    svg: horizontal(width, items, { format: metricShort(view.metric), mean, some: filter !== void 0 && view[filter].length > 0 }),
    but,
    columns,
    rows,
    note: [note, few].filter(Boolean).join(" ")
  };
}
function categoriesChart(width) {
  const entries2 = salesByCategory(view).map((m, i) => ({ key: `category:${i}`, label: CATEGORIES.names[i], m }));
  return rankedChart(width, entries2, { title: "categories", label: t("category"), but: "categories", filter: "categories", rest: true });
}
function territoryChart(width) {
  const [only2] = view.states;
  if (view.states.length === 1) {
    const entries3 = salesByCity(view, only2).map((m, city) => {
      const name2 = CITIES.names[city];
      return name2 === null ? { key: `rest:${city}`, label: t("other_cities"), m, plain: true } : { key: `city:${city}`, label: cityName(name2), m };
    });
    const note = view.methods.length ? t("cities_any_method") : "";
    return rankedChart(width, entries3, { title: "cities", label: t("city"), note });
  }
  const byState = sales(view, "state", ["states"]);
  if (view.states.length) {
    const regions = new Set(view.states.map((state) => STATES.regions[state]));
    const entries3 = byState.map((m, i) => ({ key: `state:${i}`, label: STATES.names[i], m, region: STATES.regions[i] })).filter((e) => regions.has(e.region));
    return rankedChart(width, entries3, { title: "states", label: t("state"), but: "states", filter: "states" });
  }
  const entries2 = REGIONS.names.map((label, region) => {
    const inside = statesOf(region).map((state) => ({ m: byState[state] }));
    return { key: `region:${region}`, label, m: together(inside) };
  });
  return rankedChart(width, entries2, { title: "regions", label: t("region"), but: "states", filter: "states" });
}
function crumbs() {
  const up = (text, states) => h("button", { type: "button", class: "plain", text, click: () => change((next) => next.states = states) });
  const trail2 = [up(t("country"), [])];
  const regions = [...new Set(view.states.map((state) => STATES.regions[state]))];
  if (regions.length === 1) trail2.push(up(REGIONS.names[regions[0]], statesOf(regions[0])));
  if (view.states.length === 1) trail2.push(h("span", { text: STATES.names[view.states[0]] }));
  return view.states.length ? trail2.flatMap((part, i) => i ? [h("span", { "aria-hidden": "true", text: "›" }), part] : [part]) : [];
}
function reviewChart(width) {
  const { value } = METRICS.review;
  const entries2 = sales(view, "state", ["states"]).map((m, i) => ({ key: `state:${i}`, label: STATES.names[i], m, value: value(m), solid: solid(METRICS.review, m) })).filter((e) => Number.isFinite(e.value)).sort((a, b) => b.value - a.value || a.key.localeCompare(b.key));
  const columns = [
    { label: t("state") },
    { label: t("metric_review"), text: METRICS.review.text },
    { label: t("reviews"), text: whole }
  ];
  const rows = entries2.map((e) => ({ key: e.key, cells: [e.label, e.value, e.m[at.reviews]] }));
  if (!entries2.length) return { svg: null, but: "states", columns, rows };
  const mean = value(together(entries2));
  const text = (v) => decimal(v, 2);
  const tip = (e) => [e.label, metricText("review", e.value), t("on_reviews", { n: whole(e.m[at.reviews]) })];
  const strong = entries2.filter((e) => e.solid);
  const [best, worst] = strong.length ? [strong[0], strong[strong.length - 1]] : [entries2[0], entries2[entries2.length - 1]];
  return {
    title: best === worst ? t("review_one", { state: best.label, value: text(best.value) }) : t("review_title", { best: best.label, high: text(best.value), worst: worst.label, low: text(worst.value) }),
    svg: horizontal(width, entries2.map((e) => ({ ...e, tip: () => tip(e) })), { format: text, mean, some: view.states.length > 0 }),
    note: [t("review_mean", { mean: text(mean) }), entries2.some((e) => !e.solid) ? t("few", { n: ENOUGH }) : ""].filter(Boolean).join(" "),
    but: "states",
    columns,
    rows
  };
}

// js/controls.js
var choice = (label, options, current, set) => {
  const select = h("select", { change: () => set(options[select.selectedIndex][0]) }, options.map(([value, text]) => h("option", { value, text })));
  return { element: h("label", { class: "choice" }, h("span", { text: label }), select), draw: () => void (select.value = String(current())) };
};
function buttons(filter, label) {
  const { keys, names, kind } = FILTERS[filter];
  const all = keys.map((_, i) => h("button", { type: "button", data: { key: `${kind}:${i}`, adding: "" } }, name(capital(names[i]))));
  const element = h("div", { class: "buttons", role: "group", "aria-label": label }, h("span", { class: "label", "aria-hidden": "true", text: label }), all);
  return { element, draw: () => all.forEach((button, i) => button.setAttribute("aria-pressed", String(view[filter].includes(i)))) };
}
function menu(filter, label, groups) {
  const { names } = FILTERS[filter];
  const boxes = /* @__PURE__ */ new Map();
  const heads = [];
  const box = (i) => {
    const input = h("input", { type: "checkbox", change: () => toggle(filter, [i]) });
    const line = h("label", {}, input, name(shortened(names[i], 80)));
    boxes.set(i, { input, line, text: plainText(names[i]) });
    return line;
  };
  const group = ({ text, values }) => {
    const input = h("input", { type: "checkbox", change: () => toggle(filter, values) });
    heads.push({ input, values });
    return h("fieldset", {}, h("legend", {}, h("label", {}, input, text)), values.map(box));
  };
  const nothing = h("p", { class: "soft", hidden: true, text: t("no_match") });
  const search = h("input", {
    type: "search",
    placeholder: t("search"),
    "aria-label": `${t("search")} ${label}`,
    input: () => {
      const wanted = plainText(search.value);
      let found = 0;
      for (const { line, text } of boxes.values()) {
        line.hidden = !text.includes(wanted);
        if (!line.hidden) found += 1;
      }
      for (const set of content.querySelectorAll("fieldset")) set.hidden = !set.querySelector("fieldset > label:not([hidden])");
      nothing.hidden = found > 0;
    }
  });
  const content = h("div", { class: "boxes" }, groups ? groups.map(group) : names.map((_, i) => i).sort((a, b) => names[a].localeCompare(names[b], LOCALE)).map(box));
  const clear = h("button", { type: "button", class: "plain", text: t("all"), click: () => change((next) => next[filter] = []) });
  const count = h("span", {});
  const element = h("details", { class: "menu" }, h("summary", {}, h("span", { text: label }), count), h("div", { class: "drop" }, h("div", { class: "row" }, search, clear), content, nothing));
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !element.open) return;
    element.open = false;
    element.querySelector("summary")?.focus();
  });
  document.addEventListener("click", (event) => {
    if (element.open && event.isTrusted && event.target instanceof Node && !element.contains(event.target)) element.open = false;
  });
  const draw3 = () => {
    const chosen = view[filter];
    for (const [i, { input }] of boxes) input.checked = chosen.includes(i);
    for (const { input, values } of heads) {
      const some = values.filter((value) => chosen.includes(value)).length;
      input.checked = some === values.length;
      input.indeterminate = some > 0 && some < values.length;
    }
    count.textContent = chosen.length ? ` ${chosen.length}` : "";
    count.className = chosen.length ? "count" : "";
  };
  return { element, draw: draw3 };
}
var regionGroups = REGIONS.names.map((text, region) => ({ text, values: statesOf(region) })).filter(({ values }) => values.length);
var undoButton = h("button", { type: "button", id: "undo", text: t("undo"), click: undo, "aria-keyshortcuts": "Control+Z" });
var redoButton = h("button", { type: "button", id: "redo", text: t("redo"), click: redo, "aria-keyshortcuts": "Control+Y" });
var resetButton = h("button", { type: "button", id: "reset", text: t("reset"), click: reset });
var chipList = h("ul", { class: "chips", "aria-label": t("filters") });
var said = h("p", { class: "unseen", role: "status", "aria-live": "polite" });
var pick = (field) => (value) => change((next) => next[field] = value);
var CONTROLS = [
  choice(t("metric"), SHOWN.map((metric) => [metric, t(`metric_${metric}`)]), () => view.metric, pick("metric")),
  buttons("years", t("year")),
  menu("categories", t("category"), null),
  ...REGIONAL ? [menu("states", t("state"), regionGroups)] : [],
  ...PAID ? [buttons("methods", t("method"))] : [],
  choice(t("top"), TOPS.map((n) => [n, t("top_n", { n })]), () => view.top, pick("top"))
];
function drawControls() {
  for (const control of CONTROLS) control.draw();
  undoButton.disabled = !canUndo();
  redoButton.disabled = !canRedo();
  resetButton.disabled = isStart();
  const all = chips();
  const chip = ({ filter, text, values }) => h("li", {}, h("button", { type: "button", "aria-label": t("remove", { name: text }), click: () => toggle(filter, values) }, name(shortened(text, 60)), h("span", { "aria-hidden": "true", text: "×" })));
  chipList.replaceChildren(...all.length ? all.map(chip) : [h("li", { class: "soft", text: t("no_filter") })]);
}
var announce = later(() => {
  const [m] = sales(view);
  said.textContent = hasData(m) ? t("announce", { metric: t(`metric_${view.metric}`), value: metricText(view.metric, METRICS[view.metric].value(m)), orders: whole(m[at.orders]), scope: scope() }) : `${t("no_data")} ${scope()}`;
}, 250);
var figures = SHOWN.map((metric) => {
  const value = h("span", { class: "figure" });
  const beside = h("span", { class: "beside" });
  const button = h("button", { type: "button", class: "kpi", id: `kpi-${metric}`, click: () => pick("metric")(metric) }, h("span", { class: "label", text: t(`metric_${metric}`) }), value, beside);
  return { metric, button, value, beside };
});
function drawFigures() {
  const [m] = sales(view);
  const filtered = chips().length > 0;
  for (const { metric, button, value, beside } of figures) {
    const { adds, value: of } = METRICS[metric];
    const [here, all] = [of(m), of(EVERYTHING)];
    const known = hasData(m) && Number.isFinite(here);
    value.textContent = known ? metricText(metric, here) : "–";
    button.dataset.value = known ? String(here) : "";
    beside.textContent = !filtered || !known ? "" : adds ? t("share_of_all", { share: percent(all ? here / all : 0, 1) }) : t("against_all", { value: metricText(metric, all) });
    button.setAttribute("aria-pressed", String(view.metric === metric));
  }
}

// js/core/profit.js
var contribution = (all, one, margin) => one.typical * ((one.assumed ? margin : one.margin) - all.commission) - all.per_order * one.orders;

// js/entrants.js
function entrantsPanel(all) {
  const costs = { commission: percent(all.commission, 0), per_order: brl(all.per_order) };
  const note = `${t("entrants_note")} ${all.costs_assumed ? t("entrants_costs_assumed", costs) : t("entrants_costs", costs)}`;
  const output = h("output", {});
  const input = h("input", {
    type: "range",
    min: "0",
    max: "100",
    step: "1",
    value: String(Math.round(all.margin * 100)),
    "aria-label": t("margin"),
    input: () => fill()
  });
  const slider = h("div", { class: "sliders" }, h("label", { class: "slider" }, h("span", { text: t("margin") }), input, output));
  const { self, title, show: show2 } = tablePanel("entrants", note, all.candidates.some((one) => one.assumed) && slider, () => draw3());
  const listed = all.candidates.filter((one) => one.top3 >= all.listed);
  const fill = () => {
    const margin = Number(input.value) / 100;
    output.textContent = percent(margin, 0);
    const shown = all.candidates.slice(0, view.top);
    title.textContent = listed.length ? t("entrants_title", { n: listed.length }) : t("entrants_none");
    const columns = [
      { label: t("category") },
      { label: t("entrants_n"), text: whole },
      { label: t("typical"), text: (v) => brl(v) },
      { label: t("interval_80"), text: String },
      { label: t("among_three"), text: (v) => percent(v, 0) },
      { label: t("comes_first"), text: (v) => percent(v, 0) },
      ...all.amounts.map((amount) => ({ label: t("reaches", { amount: brl(amount) }), text: (v) => percent(v, 0) })),
      { label: t("contribution"), text: (v) => brl(v) }
    ];
    const cells = (one) => [one.n, one.typical, `${brl(one.low80)} – ${brl(one.high80)}`, one.top3, one.first, ...one.reach, contribution(all, one, margin)];
    self.last = { title: title.textContent, svg: null, columns, rows: shown.map((one) => ({ cells: [one.label, ...cells(one)] })) };
    const head = columns.map((column, i) => h("th", { scope: "col", class: i ? "n" : null, text: column.label }));
    const line = (one) => {
      const key = one.value === null ? null : `category:${one.value}`;
      const written = cells(one).map((cell, i) => h("td", { class: "n", text: typeof cell === "number" ? columns[i + 1].text?.(cell) : cell }));
      return h("tr", { data: { row: one.key } }, h("th", { scope: "row" }, filterName(key, shortened(one.label, 60))), written);
    };
    show2(head, shown.map(line));
  };
  let drawn2 = "";
  const draw3 = () => {
    const now = JSON.stringify([view.top, view.categories]);
    if (now !== drawn2) fill();
    drawn2 = now;
  };
  return self;
}
var entrants = () => DATA.entrants !== null && entrantsPanel(DATA.entrants);

// js/growth.js
var LEAST_SHARE = 0.01;
function growthChart(width) {
  const all = DATA.growth.map((state) => ({ ...state, key: `state:${state.state}`, label: STATES.names[state.state] }));
  const change2 = (v) => v === null ? "" : `${v > 0 ? "+" : ""}${percent(v, 1)}`;
  const columns = [
    { label: t("state") },
    { label: t("orders_before"), text: whole },
    { label: t("orders_after"), text: whole },
    { label: t("growth"), text: change2 },
    { label: t("level_lo90"), text: change2 },
    { label: t("level_hi90"), text: change2 },
    { label: "q", text: (v) => decimal(v, 3) }
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
    tip: () => [s.label, t("growth_beyond", { value: change2(s.growth) }), t("interval", { level: 90, lo: change2(s.low), hi: change2(s.high) }), t("growth_q", { q: decimal(s.q ?? NaN, 3) })]
  }));
  const ink = (s) => INK(s.named || isChosen(s.key) ? "s1" : "muted");
  const svg = Plot.plot({
    width,
    height: shown.length * ROW + 40,
    marginLeft: left,
    marginRight: 16,
    marginTop: 4,
    marginBottom: 32,
    x: { grid: true, label: null, tickFormat: (v) => percent(v) },
    y: { domain: shown.map((s) => s.key), axis: null, padding: 0.16 },
    style: STYLE,
    marks: [
      Plot.ruleX([0], { stroke: INK("axis") }),
      Plot.ruleY(marks, { y: "key", x1: "low", x2: "high", stroke: ink, strokeWidth: 2 }),
      Plot.dot(marks, { y: "key", x: "growth", r: 4, fill: ink }),
      Plot.text(shown, { y: "key", frameAnchor: "left", textAnchor: "end", dx: -8, text: (s) => names.get(s.key), fill: INK("fg"), pointerEvents: "none" })
    ]
  });
  markAll(svg, '[aria-label="dot"] circle', marks);
  const growing = named.filter((s) => (s.growth ?? 0) > 0);
  return {
    title: growing.length ? t("growth_title", { names: growing.map((s) => s.label).join(", ") }) : t("growth_none"),
    svg,
    but: "states",
    columns,
    rows,
    note: t("growth_note")
  };
}

// js/map.js
var CLASSES = 7;
var MAP = DATA.map_size ?? [1226, 1278];
var short2 = (code) => DATA.short?.[code] ?? code;
var ROOM = 620;
var SYMBOLS = [d3.symbolSquare, d3.symbolCircle, d3.symbolTriangle, d3.symbolDiamond, d3.symbolCross, d3.symbolStar];
var symbol = (method, size) => d3.symbol(SYMBOLS[method % SYMBOLS.length], size)() ?? "";
function classes(values) {
  const known = values.filter(Number.isFinite);
  const different = new Set(known).size;
  const count = Math.max(1, Math.min(CLASSES, different, Math.ceil(known.length / 2)));
  const scale = d3.scaleQuantile(known, d3.range(count));
  const ink = (k) => count < 2 ? 3 : Math.round(k * (CLASSES - 1) / (count - 1));
  const [low = NaN, high = NaN] = d3.extent(known);
  return { of: (v) => Number.isFinite(v) ? ink(scale(v)) : null, limits: count > 1 ? scale.quantiles() : [], inks: d3.range(count).map(ink), range: [low, high] };
}
var OUTLINES = STATES.keys.flatMap((code, state) => {
  const path = DATA.map[code];
  if (!path) return [];
  const ring = path.slice(1, path.indexOf("Z")).split(" ").map((pair) => (
    /** @type {[number, number]} */
    pair.split(",").map(Number)
  ));
  return [{ state, code, path, middle: d3.polygonCentroid(ring), area: Math.abs(d3.polygonArea(ring)) }];
});
var mapSvg = d3.create("svg").attr("class", "map");
var ground = mapSvg.append("g");
var shapes = ground.selectAll("path").data(OUTLINES).join("path").attr("d", (d) => d.path).attr("vector-effect", "non-scaling-stroke");
var labels = mapSvg.append("g").attr("pointer-events", "none").attr("font-size", 11.5).selectAll("text").data(OUTLINES).join("text").attr("text-anchor", "middle").attr("font-weight", 700).text((d) => short2(d.code));
var symbols = mapSvg.append("g").attr("pointer-events", "none").selectAll("path").data(OUTLINES).join("path");
var legend = mapSvg.append("g").attr("font-size", 11.5);
var mapWidth = 0;
function layMap(width) {
  if (width === mapWidth) return;
  mapWidth = width;
  const scale = Math.min(width / MAP[0], 1.1 * width / MAP[1]);
  const height = OUTLINES.length ? MAP[1] * scale : 0;
  mapSvg.attr("viewBox", `-1 -1 ${width + 2} ${height + 46}`);
  ground.attr("transform", `scale(${scale})`);
  const roomy = (d) => d.area * scale * scale > ROOM;
  const x = (d) => d.middle[0] * scale;
  const y = (d) => d.middle[1] * scale;
  labels.attr("x", x).attr("y", (d) => y(d) + 12).attr("display", (d) => roomy(d) ? null : "none");
  symbols.attr("transform", (d) => `translate(${x(d)},${y(d) - (roomy(d) ? 4 : 0)})`);
  legend.attr("transform", `translate(0,${height + 8})`);
}
var tiles = /* @__PURE__ */ new Map();
var tileGrid = h("div", { class: "tiles", role: "group", "aria-label": t("tiles") });
for (const [code, column, row] of DATA.tiles) {
  const state = STATES.keys.indexOf(code);
  if (state < 0) continue;
  const value = h("span", { class: "value" });
  const button = h(
    "button",
    { type: "button", class: "tile", style: `grid-column:${column + 1};grid-row:${row + 1}`, tabindex: tiles.size ? "-1" : "0", data: { column, row } },
    h("span", { class: "code", text: short2(code) }),
    h("span", { class: "shape" }),
    value
  );
  tileGrid.append(button);
  tiles.set(state, button);
}
var ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
tileGrid.addEventListener("keydown", (event) => {
  const from = event.target instanceof Element ? event.target.closest("button") : null;
  if (!Object.hasOwn(ARROWS, event.key) || !from) return;
  const [dx, dy] = ARROWS[event.key];
  event.preventDefault();
  const place = (tile) => [Number(tile.dataset.column), Number(tile.dataset.row)];
  const [column, row] = place(from);
  const next = d3.least([...tiles.values()].filter((tile) => tile !== from).map((tile) => {
    const [x, y] = [place(tile)[0] - column, place(tile)[1] - row];
    const ahead = x * dx + y * dy;
    return { tile, cost: ahead > 0 ? ahead + 2 * Math.abs(dx ? y : x) : Infinity };
  }), (d) => d.cost);
  if (next && next.cost < Infinity) visit(next.tile);
});
function visit(tile) {
  for (const other of tiles.values()) other.tabIndex = other === tile ? 0 : -1;
  tile.focus();
}
var mapChart = h(
  "div",
  { class: "atlas" },
  /** @type {SVGSVGElement} */
  mapSvg.node(),
  tileGrid
);
function mapPanel(width) {
  layMap(Math.round(width < 560 ? width : (width - 16) * 0.535));
  const metric = METRICS[view.metric];
  const all = sales(view, "state", ["states"]);
  const paid = payments(view);
  const basis = METHOD_MEASURES.indexOf(view.share);
  const leaders = paid.map(({ methods }) => leading(methods, basis));
  const values = all.map((m) => hasData(m) ? metric.value(m) : NaN);
  const leader = { label: t("leading_method"), text: (i) => METHODS.names[i] };
  const columns = [...salesColumns(t("state")), leader];
  const entries2 = all.map((m, state) => ({ state, m, value: values[state] })).filter((e) => Number.isFinite(e.value)).sort((a, b) => b.value - a.value || a.state - b.state);
  const rows = entries2.map(({ state, m }) => ({ key: `state:${state}`, cells: [STATES.names[state], ...salesFigures(m), leaders[state] ?? NaN] }));
  if (!entries2.length) return { svg: null, but: "states", columns, rows };
  const scale = classes(values);
  const fill = (state) => {
    const k = scale.of(values[state]);
    return k === null ? INK("void") : INK(`q${k}`);
  };
  const on = (state) => {
    const k = scale.of(values[state]);
    return INK(k === null ? "fg" : k < 4 ? "on-low" : "on-high");
  };
  const shapeOf = (state, size) => {
    const method = leaders[state];
    return method === null ? null : symbol(method, size);
  };
  const wholeOf = ({ methods, orders }) => view.share === "orders" ? orders : d3.sum(methods, (m) => m[basis]);
  const leads = (state) => {
    const method = leaders[state];
    return method === null ? [] : [t("leads", { method: METHODS.names[method], share: percent(paid[state].methods[method][basis] / wholeOf(paid[state])), basis: t(`of_${view.share}`) })];
  };
  const tip = (state) => [
    ...hasData(all[state]) ? salesTip(STATES.names[state], all[state]) : [STATES.names[state], t("no_data")],
    ...leads(state)
  ];
  const dim = (state) => view.states.length > 0 && !view.states.includes(state);
  shapes.attr("fill", (d) => fill(d.state)).attr("stroke", INK("page")).attr("stroke-width", 1).attr("class", (d) => dim(d.state) ? "dim" : "").each(function(d) {
    mark(
      /** @type {SVGPathElement} */
      this,
      `state:${d.state}`,
      () => tip(d.state)
    );
  });
  labels.attr("fill", (d) => on(d.state)).attr("class", (d) => dim(d.state) ? "dim" : "");
  symbols.attr("d", (d) => shapeOf(d.state, 30)).attr("fill", (d) => on(d.state)).attr("class", (d) => dim(d.state) ? "dim" : "");
  drawLegend(scale);
  for (const [state, button] of tiles) {
    const known = Number.isFinite(values[state]);
    const [, shape, value] = button.children;
    const [method, path] = [leaders[state], shapeOf(state, 110)];
    button.style.setProperty("--tile", fill(state));
    button.style.setProperty("--on-tile", on(state));
    button.setAttribute("aria-pressed", String(view.states.includes(state)));
    button.classList.toggle("dim", dim(state));
    button.setAttribute("aria-label", `${STATES.names[state]}, ${known ? metricText(view.metric, values[state]) : t("no_data")}${method === null ? "" : `, ${METHODS.names[method]}`}`);
    value.textContent = known ? metricShort(view.metric)(values[state]) : "–";
    shape.innerHTML = path === null ? "" : `<svg width="11" height="11" viewBox="-8 -8 16 16" aria-hidden="true"><path d="${path}"/></svg>`;
    mark(button, `state:${state}`, () => tip(state));
  }
  mapChart.classList.toggle("narrow", width < 560);
  const best = metric.adds ? entries2[0] : entries2.find((e) => solid(metric, e.m)) ?? entries2[0];
  const text = { state: STATES.names[best.state], metric: t(`metric_${view.metric}`), value: metricText(view.metric, best.value) };
  const seen = [...new Set(leaders.filter((method) => method !== null))].sort();
  return {
    title: metric.adds ? t("map_sum", { ...text, share: percent(best.value / d3.sum(entries2, (e) => e.value)) }) : t("map_mean", text),
    svg: mapChart,
    but: "states",
    columns,
    rows,
    key: seen.map((method) => ({ text: t("leading", { method: METHODS.names[method] }), path: symbol(method, 110) }))
  };
}
function drawLegend({ inks, limits, range }) {
  const format = metricShort(view.metric);
  const step2 = Math.min(60, mapWidth / inks.length);
  legend.selectAll("rect").data(inks).join("rect").attr("x", (_, i) => i * step2).attr("width", step2 - 1).attr("height", 9).attr("fill", (k) => INK(`q${k}`));
  const words = [{ x: 0, text: format(range[0]), anchor: "start" }, ...limits.map((v, i) => ({ x: (i + 1) * step2 - 0.5, text: format(v), anchor: "middle" })), { x: inks.length * step2, text: format(range[1]), anchor: "end" }];
  const long = Math.max(...words.map((w) => w.text.length)) * 6.4 > step2;
  legend.selectAll("text").data(words.filter((_, i) => !long || i % 2 === 0 || i === words.length - 1)).join("text").attr("x", (w) => w.x).attr("y", 24).attr("text-anchor", (w) => w.anchor).attr("fill", INK("muted")).text((w) => w.text);
}

// js/core/series.js
var LEVELS = (
  /** @type {const} */
  ["forecast", "lo80", "hi80", "lo95", "hi95"]
);
function expected({ months, category, state, market }, view2, years) {
  if (!months.length) return { none: "none" };
  if (view2.metric !== "revenue") return { none: "revenue_only" };
  if (view2.methods.length) return { none: "no_method" };
  if (view2.states.length && view2.categories.length) return { none: "one_way" };
  const [series, chosen, shared] = view2.states.length ? [state, view2.states, market.state] : [category, view2.categories, market.category];
  const some = (chosen.length ? chosen.map((i) => series[i]) : series).filter((one) => one != null);
  if (!some.length) return { none: "none" };
  const points = months.map((month, k) => {
    const levels = together2(some.map((one) => one[k].map((v) => v ?? NaN)), shared?.[k], !chosen.length);
    return { date: firstDay(month), .../** @type {Levels} */
    Object.fromEntries(LEVELS.map((level, l) => [level, levels[l]])) };
  }).filter(({ date }) => !view2.years.length || view2.years.some((y) => years[y] === date.getUTCFullYear()));
  return { points, several: some.length > 1 };
}
function together2(series, market, whole2) {
  if (series.length === 1) return series[0];
  const sum = series.reduce((sum2, [forecast]) => sum2 + forecast, 0);
  return LEVELS.map((_, l) => {
    if (!l) return sum;
    const shared = market ? market[l - 1] : NaN;
    const own = (levels) => Math.max((levels[l] - levels[0]) ** 2 - (shared * levels[0]) ** 2, 0);
    const distance = Math.sqrt((shared * sum) ** 2 + (whole2 ? 0 : series.reduce((squares, one) => squares + own(one), 0)));
    return l % 2 ? Math.max(sum - distance, 0) : sum + distance;
  });
}
function monthly({ sales: sales2, months, monthYear }, view2, metric, [first, last]) {
  return sales2(view2, "month").map((m, i) => {
    const isComplete = i >= first && i <= last;
    const known = metric.adds || hasData(m) && (solid(metric, m) || isComplete);
    return { key: `year:${monthYear[i]}`, date: months[i], m, complete: isComplete, value: known ? metric.value(m) : NaN };
  }).filter((_, i) => !view2.years.length || view2.years.includes(monthYear[i]));
}

// js/months.js
var DAY = 864e5;
var WHY_NONE = { none: t("forecast_none"), revenue_only: t("forecast_revenue_only"), no_method: t("forecast_no_method"), one_way: t("forecast_one_way") };
function monthsChart(width) {
  const metric = METRICS[view.metric];
  const data = monthly(CUBE, view, metric, DATA.complete);
  const levelColumns = view.metric === "revenue" ? LEVELS.map((level) => ({ label: t(`level_${level}`), text: (v) => brl(v) })) : [];
  const columns = [...salesColumns(t("month")), ...levelColumns];
  const { points: coming = [], none, several } = expected(DATA.forecasts, view, YEARS);
  const live = data.filter((d) => hasData(d.m));
  const blank = levelColumns.map(() => NaN);
  const rows = [
    ...live.map((d) => ({ key: d.key, cells: [capital(monthName(d.date)) + (d.complete ? "" : ` (${t("incomplete")})`), ...salesFigures(d.m), ...blank] })),
    ...coming.map((p) => ({ cells: [capital(monthName(p.date)), NaN, NaN, ...LEVELS.map((level) => p[level])] }))
  ];
  if (!live.length) return { svg: null, columns, rows };
  const known = data.filter((d) => d.complete);
  const lastKnown = known.at(-1);
  const joined = coming.length && lastKnown && Number(coming[0].date) - Number(lastKnown.date) < 32 * DAY;
  const levels = (value) => (
    /** @type {Levels} */
    Object.fromEntries(LEVELS.map((level) => [level, value]))
  );
  const link = joined ? [{ date: lastKnown.date, ...levels(lastKnown.value) }] : [];
  const future2 = [...link, ...coming];
  const format = metric.adds ? short : metric.text;
  const top = d3.max([...data.map((d) => d.value), ...coming.map((p) => p.hi95), ...coming.map((p) => p.forecast)].filter(Number.isFinite)) ?? NaN;
  const values = data.map((d) => d.value).filter(Number.isFinite);
  const [least = NaN, most = NaN] = d3.extent(values);
  const low = metric.adds ? 0 : least - (most - least || 1) * 0.15;
  const times = [...data.map((d) => d.date), ...coming.map((p) => p.date)];
  const half = 15 * DAY;
  const span = (date) => [new Date(+date - half), new Date(+date + half)];
  const hits = [
    ...live.map((d) => ({ key: d.key, date: d.date, tip: () => [...salesTip(capital(monthName(d.date)), d.m), d.complete ? "" : t("incomplete")].filter(Boolean) })),
    ...coming.filter((p) => !live.some((d) => +d.date === +p.date)).map((p) => ({ date: p.date, tip: () => forecastTip(p) }))
  ];
  for (const hit of hits) {
    const p = coming.find((one) => +one.date === +hit.date);
    const { tip } = hit;
    if (p && hit.key) hit.tip = () => [...tip(), ...forecastTip(p).slice(1)];
  }
  const area = (lo, hi, opacity) => Plot.areaY(future2, { x: "date", y1: lo, y2: hi, fill: INK("s1"), fillOpacity: opacity });
  const end = coming.at(-1);
  const parts = [
    future2.length > 1 && area("lo95", "hi95", 0.14),
    future2.length > 1 && area("lo80", "hi80", 0.2),
    Plot.lineY(data.map((d) => d.complete ? d : { ...d, value: NaN }), { x: "date", y: "value", stroke: INK("s1"), strokeWidth: 2.2 }),
    Plot.dot(known, { x: "date", y: "value", r: 2.6, fill: INK("s1") }),
    Plot.dot(data.filter((d) => !d.complete && hasData(d.m) && Number.isFinite(d.value)), { x: "date", y: "value", r: 3.2, stroke: INK("axis"), fill: INK("page") }),
    future2.length > 1 && Plot.lineY(future2, { x: "date", y: "forecast", stroke: INK("s1"), strokeWidth: 2.2, strokeDasharray: "5 4" }),
    coming.length > 0 && Plot.dot(coming, { x: "date", y: "forecast", r: 3.2, fill: INK("page"), stroke: INK("s1"), strokeWidth: 1.6 }),
    end !== void 0 && future2.length > 1 && Plot.text([end], { x: "date", y: "hi95", text: () => t("interval_label"), textAnchor: "end", dy: -9, fill: INK("muted"), fontSize: 11.5 }),
    Plot.rect(hits, { x1: (d) => span(d.date)[0], x2: (d) => span(d.date)[1], y1: low, y2: top * 1.06, fill: "transparent" })
  ];
  const height = Math.max(230, Math.min(400, width * 0.56));
  const svg = Plot.plot({
    width,
    height,
    marginLeft: 56,
    marginRight: 18,
    marginTop: 14,
    marginBottom: 40,
    style: STYLE,
    x: { type: "utc", domain: [new Date(Math.min(...times.map(Number)) - half), new Date(Math.max(...times.map(Number)) + half)], label: null },
    y: { domain: [low, top * 1.06 || 1], label: null },
    marks: [
      Plot.gridY({ stroke: INK("grid"), strokeOpacity: 1, ticks: 5 }),
      Plot.axisY({ ticks: 5, tickSize: 0, tickFormat: format, fontSize: 12, fill: INK("muted") }),
      ...timeAxis(times, width),
      ...parts.filter((part) => part !== false)
    ]
  });
  markAll(svg, '[aria-label="rect"] rect', hits);
  const best = d3.greatest(known.length ? known : live, (d) => d.value) ?? live[0];
  return {
    title: t("months_title", { metric: t(`metric_${view.metric}`), month: monthName(best.date), value: metricText(view.metric, best.value) }),
    svg,
    columns,
    rows,
    key: monthsKey(live, coming),
    note: [none && WHY_NONE[none], coming.length ? t("forecast_note") : "", coming.length && several ? t(Number.isFinite(coming[0].lo80) ? "forecast_together" : "forecast_no_interval") : ""].filter(Boolean).join(" ")
  };
}
var forecastTip = (p) => [
  capital(monthName(p.date)),
  t("pair", { label: t("level_forecast"), value: brl(p.forecast) }),
  ...Number.isFinite(p.lo80) ? [t("interval", { level: 80, lo: brl(p.lo80), hi: brl(p.hi80) }), t("interval", { level: 95, lo: brl(p.lo95), hi: brl(p.hi95) })] : []
];
var CIRCLE = "M-4,0a4,4 0 1,0 8,0a4,4 0 1,0 -8,0";
var monthsKey = (live, coming) => [
  { text: t("complete_month"), colour: INK("s1") },
  live.some((d) => !d.complete) && { text: t("incomplete_month"), path: CIRCLE },
  coming.length > 0 && { text: t("level_forecast"), colour: `repeating-linear-gradient(90deg, ${INK("s1")} 0 4px, transparent 4px 7px)` }
].filter((item) => item !== false);
function timeAxis(times, width) {
  const shown = times.filter((date, i) => i === times.findIndex((other) => +other === +date));
  const every = Math.ceil(shown.length * 34 / Math.max(width - 80, 1));
  const step2 = [1, 2, 3, 6, 12].find((n) => n >= every) ?? 12;
  const ticks = shown.filter((date) => date.getUTCMonth() % step2 === 0);
  const years = [...d3.group(shown, (date) => date.getUTCFullYear()).values()].map((dates) => dates[0]);
  return [
    Plot.axisX(ticks, { tickSize: 3, tickFormat: (date) => monthShort(date), fontSize: 12, fill: INK("muted"), stroke: INK("axis") }),
    Plot.text(years, { x: (d) => d, frameAnchor: "bottom", dy: 32, textAnchor: "start", dx: -10, text: (d) => String(d.getUTCFullYear()), fontWeight: 700, fill: INK("fg"), fontSize: 12 })
  ];
}

// js/payments.js
var METHOD_INKS = ["s2", "s1", "s4", "s8", "s3"];
var methodInk = (method) => METHOD_INKS[method] ?? "s8";
var ON_METHOD = { s1: "on-deep", s3: "on-deep" };
function paymentsChart(width) {
  const basis = METHOD_MEASURES.indexOf(view.share);
  const all = payments(view);
  const inside = all.filter((_, state) => !view.states.length || view.states.includes(state));
  const total2 = d3.range(SIZES.method).map((method) => add(inside.map((state) => state.methods[method]), METHOD_MEASURES.length));
  const whole2 = (methods, orders) => view.share === "orders" ? orders : d3.sum(methods, (m) => m[basis]);
  const states = all.map(({ methods, orders }, state) => ({ key: `state:${state}`, label: STATES.names[state], methods, whole: whole2(methods, orders) })).filter((row) => REGIONAL && row.whole > 0).sort((a, b) => b.whole - a.whole);
  const text = (v) => view.share === "value" ? brl(v / 100) : decimal(v, 0);
  const shares2 = METHODS.names.map((label) => ({ label, text: (v) => percent(v, 1) }));
  const columns = [{ label: t("state") }, ...shares2, { label: t(`share_${view.share}`), text }];
  const line = (row) => [row.label, ...row.methods.map((m) => m[basis] / row.whole), row.whole];
  const sum = { key: "total", label: view.states.length ? t("selection") : t("country"), methods: total2, whole: whole2(total2, d3.sum(inside, (state) => state.orders)) };
  const rows = [{ cells: line(sum) }, ...states.map((row) => ({ key: row.key, cells: line(row) }))];
  if (!(sum.whole > 0)) return { svg: null, but: "methods", columns, rows: [] };
  const chosen = states.filter((row) => isChosen(row.key));
  const shown = [sum, ...[...chosen, ...states.filter((row) => !isChosen(row.key))].slice(0, Math.max(view.top, chosen.length))];
  const order = d3.sort(d3.range(SIZES.method), (method) => -total2[method][basis]);
  const segments = shown.flatMap((row) => {
    const uses = d3.sum(row.methods, (m) => m[basis]);
    let from = 0;
    return order.map((method) => {
      const m = row.methods[method];
      const [share2, part] = [m[basis] / row.whole, m[basis] / uses];
      from += part;
      return {
        row: row.key,
        key: `method:${method}`,
        method,
        share: share2,
        from: from - part,
        to: from,
        tip: () => [row.label, t("pair", { label: METHODS.names[method], value: percent(share2, 1) }), text(m[basis]), t("mean_installments", { n: decimal(m[0] ? m[2] / m[0] : 0, 1) })]
      };
    }).filter((d) => d.share > 0);
  });
  const faded = (d) => view.methods.length && !view.methods.includes(d.method) ? 0.3 : 1;
  const left = Math.round(Math.min(160, width * 0.34));
  const fits = Math.floor((left - 8) / 6.4);
  const wide = segments.filter((d) => d.share * (width - left) > 34);
  const bold = (key) => key === "total" ? 700 : 400;
  const names = new Map(shown.map((row) => [row.key, shortened(row.label, fits)]));
  const svg = Plot.plot({
    width,
    height: shown.length * ROW + 12,
    marginLeft: left,
    marginRight: 6,
    marginTop: 4,
    marginBottom: 8,
    x: { domain: [0, 1], axis: null },
    y: { domain: shown.map((row) => row.key), axis: null, padding: 0.16 },
    style: STYLE,
    marks: [
      Plot.barX(segments, { x1: "from", x2: "to", y: "row", fill: (d) => INK(methodInk(d.method)), fillOpacity: faded, insetRight: 0.8 }),
      Plot.text(wide, { x: (d) => (d.from + d.to) / 2, y: "row", text: (d) => percent(d.share), fill: (d) => INK(faded(d) < 1 ? "fg" : ON_METHOD[methodInk(d.method)] ?? "on-pale"), pointerEvents: "none" }),
      Plot.text(shown, { y: "key", frameAnchor: "left", textAnchor: "end", dx: -8, text: (d) => names.get(d.key), fontWeight: 400, fill: INK("fg"), pointerEvents: "none", filter: (d) => bold(d.key) === 400 }),
      Plot.text(shown, { y: "key", frameAnchor: "left", textAnchor: "end", dx: -8, text: (d) => names.get(d.key), fontWeight: 700, fill: INK("fg"), pointerEvents: "none", filter: (d) => bold(d.key) === 700 })
    ]
  });
  markAll(svg, '[aria-label="bar"] rect', segments);
  const first = order[0];
  return {
    title: t("payments_title", { method: capital(METHODS.names[first]), share: percent(total2[first][basis] / sum.whole), basis: t(`of_${view.share}`) }),
    svg,
    but: "methods",
    columns,
    rows,
    key: order.filter((method) => total2[method][basis] > 0).map((method) => ({ text: METHODS.names[method], colour: INK(methodInk(method)) })),
    note: view.categories.length ? t("payments_by_category") : ""
  };
}

// js/core/score.js
var total = (values) => values.reduce((sum, value) => sum + value, 0);
function shares(raw) {
  const sum = total(raw);
  return raw.map((weight) => sum > 0 ? weight / sum : 0);
}
var rawWeights = ({ indicators }, chosen) => chosen ?? indicators.map((i) => Math.round(i.weight * 1e3) / 10);
function rank({ candidates }, weights) {
  const scored = candidates.map((c, i) => ({ ...c, i, score: total(c.deviations.map((d, k) => weights[k] * d)) }));
  return scored.sort((a, b) => b.score - a.score || a.order - b.order);
}

// js/ranking.js
function rankingPanel(kind) {
  const id = kind === "category" ? "products" : "targets";
  const ranking = DATA.rankings[kind];
  const back = h("button", { type: "button", class: "plain", text: t("default_weights"), click: () => change((next) => next.weights[kind] = null) });
  const outputs = [];
  const inputs = (ranking?.indicators ?? []).map((indicator) => {
    const output = h("output", {});
    outputs.push(output);
    const current = () => inputs.map((input2) => Number(input2.value));
    const input = h("input", {
      type: "range",
      min: "0",
      max: "60",
      step: "0.5",
      "aria-label": t(`indicator_${indicator.name}`),
      // While a slider moves the table follows; the view, and what can be undone, change once it rests.
      input: () => {
        preview = current();
        fill();
      },
      change: () => {
        preview = null;
        change((next) => next.weights[kind] = current());
      }
    });
    return input;
  });
  let preview = null;
  const sliders = (ranking?.indicators ?? []).map((indicator, k) => {
    const label = t(`indicator_${indicator.name}`);
    return h("label", { class: "slider" }, h("span", { text: label }), inputs[k], outputs[k]);
  });
  const weightsBox = h("details", { class: "weights", open: true }, h("summary", { text: t("weights") }), h("div", { class: "sliders" }, sliders, back));
  const { self, title, body, show: show2 } = tablePanel(id, t(`${id}_note`), ranking && weightsBox, () => draw3());
  const fill = () => {
    if (!ranking?.candidates.length) {
      title.textContent = t(`${id}_none`);
      body.replaceChildren(h("div", { class: "nothing" }, h("p", { text: t("no_data") })));
      self.last = { title: title.textContent, svg: null, columns: [], rows: [] };
      return;
    }
    const raw = preview ?? rawWeights(ranking, view.weights[kind]);
    const weights = shares(raw);
    inputs.forEach((input, k) => {
      if (!preview) input.value = String(raw[k]);
      outputs[k].textContent = percent(weights[k], 1);
    });
    const before = new Map(rank(ranking, ranking.indicators.map((i) => i.weight)).map((c, place) => [c.i, place + 1]));
    const sorted = rank(ranking, weights);
    const shown = sorted.slice(0, view.top);
    title.textContent = d3.sum(raw) > 0 ? t(`${id}_title`, { name: shortened(sorted[0].label, 60), n: sorted.length }) : t("no_weights");
    const isCategory = kind === "category";
    const deviations = ranking.indicators.map((i) => ({ label: t(`indicator_${i.name}`), text: (v) => signed(v, 2) }));
    const columns = [
      { label: t("rank"), text: whole },
      { label: t(kind) },
      { label: t("score"), text: (v) => decimal(v, 2) },
      { label: t("forecast_90"), text: (v) => brl(v) },
      ...isCategory ? [{ label: t("interval_80"), text: String }] : [],
      { label: t("last_90"), text: (v) => brl(v) },
      ...deviations
    ];
    self.last = {
      title: title.textContent,
      svg: null,
      columns: [columns[1], columns[0], ...columns.slice(2)],
      rows: shown.map((c, place) => ({ cells: [c.label, place + 1, c.score, c.forecast, ...isCategory ? [interval(c)] : [], c.before, ...c.deviations] }))
    };
    const span = d3.max(sorted, (c) => Math.abs(c.score)) || 1;
    const head = columns.map((c, i) => h("th", { scope: "col", class: i === 1 ? null : i > columns.length - ranking.indicators.length - 1 ? "n slim" : "n", text: c.label }));
    show2(head, shown.map((c, place) => line(c, place)));
    function line(c, place) {
      const moved = (before.get(c.i) ?? 0) - (place + 1);
      const key = c.value === null ? null : `${kind}:${c.value}`;
      const arrow = moved ? h("small", { class: "moved", text: ` ${moved > 0 ? "▲" : "▼"}${Math.abs(moved)}`, "aria-label": t(moved > 0 ? "risen" : "fallen", { n: Math.abs(moved) }), role: "img" }) : null;
      return h(
        "tr",
        { data: { row: c.key } },
        h("td", { class: "n" }, String(place + 1), arrow),
        h("th", { scope: "row" }, filterName(key, shortened(c.label, 60))),
        h("td", { class: "n score" }, h("span", { class: c.score < 0 ? "bar below" : "bar", style: `--part:${Math.abs(c.score) / span}` }), h("span", { text: decimal(c.score, 2) })),
        h("td", { class: "n", text: brl(c.forecast) }),
        isCategory && h("td", { class: "n soft", text: interval(c) }),
        h("td", { class: "n", text: brl(c.before) }),
        c.deviations.map((d, k) => h("td", { class: `n slim ${d >= 0 ? "good" : "bad"}`, style: `--part:${Math.min(Math.abs(d) / 3, 1) * (raw[k] > 0 ? 1 : 0)}`, text: signed(d, 1) }))
      );
    }
  };
  let drawn2 = "";
  const draw3 = () => {
    const now = JSON.stringify([view.weights[kind], view.top, view[kind === "category" ? "categories" : "states"]]);
    if (now === drawn2 && !preview) return;
    drawn2 = now;
    preview = null;
    fill();
  };
  return self;
}
var interval = ({ lo80 = NaN, hi80 = NaN }) => `${brl(lo80)} – ${brl(hi80)}`;

// js/main.js
var trail = h("nav", { class: "crumbs", "aria-label": t("territory_path") });
var share = choice(t("share_of"), SHARES.map((basis) => [basis, t(`share_${basis}`)]), () => view.share, pick("share"));
var LAYOUT = [
  entrants(),
  REGIONAL && panel("map", mapPanel),
  panel("months", monthsChart),
  IN_PARTS && panel("territory", territoryChart, { tools: [trail] }),
  panel("categories", categoriesChart),
  SHOWN.includes("review") && REGIONAL && panel("reviews", reviewChart),
  PAID && panel("payments", paymentsChart, { tools: [share.element] }),
  rankingPanel("category"),
  REGIONAL && rankingPanel("state"),
  DATA.growth.length > 0 && panel("growth", growthChart)
].filter((one) => one !== false);
if (PAID) CONTROLS.push(share);
var stale = /* @__PURE__ */ new Set();
var inSight = new IntersectionObserver((entries2) => {
  for (const { target, isIntersecting } of entries2) {
    const shown = PANELS.find((one) => one.element === target);
    if (shown) shown.seen = isIntersecting;
  }
});
function draw2() {
  const focus = (
    /** @type {HTMLElement | SVGElement | null} */
    document.activeElement
  );
  const key = focus?.dataset.key;
  const inside = focus?.closest("section.panel")?.id;
  drawControls();
  drawFigures();
  trail.replaceChildren(...crumbs());
  trail.hidden = !view.states.length;
  for (const one of PANELS) stale.add(one);
  drawPanels((one) => one.seen !== false || one.id === inside);
  if (key && inside && !focus.isConnected) document.querySelector(`#${inside} button[data-key="${CSS.escape(key)}"]`)?.focus();
  document.title = `${chips().length ? `${scope()} – ` : ""}${t("title")}`;
  announce();
  document.documentElement.classList.toggle("busy", stale.size > 0);
  requestAnimationFrame(() => requestAnimationFrame(settle));
}
function drawPanels(wanted) {
  for (const one of [...stale].filter(wanted)) {
    one.draw();
    stale.delete(one);
  }
  highlightAgain();
}
function settle() {
  if (stale.size) drawPanels(() => true);
  document.documentElement.classList.remove("busy");
}
byId("controls").append(...CONTROLS.filter((one) => one !== share).map((c) => c.element));
byId("actions").append(
  undoButton,
  redoButton,
  resetButton,
  h("button", { type: "button", id: "csv", text: t("export_csv"), click: saveFiltered }),
  h("button", { type: "button", id: "print", text: t("print"), click: () => print() })
);
byId("filters").append(chipList);
byId("figures").append(...figures.map((tile) => tile.button));
var board = byId("board");
board.replaceChildren(...LAYOUT.map((one) => one.element));
document.body.append(said);
var LEAST_WIDTH = 120;
var measure = () => {
  const laidOut = (width) => width < LEAST_WIDTH ? 0 : width;
  const widths = PANELS.map((one) => laidOut(Math.floor(one.body?.clientWidth ?? 0)));
  const changed = PANELS.some((one, i) => widths[i] && one.width !== widths[i]);
  PANELS.forEach((one, i) => one.width = widths[i] || one.width);
  return changed;
};
drawWith(draw2);
measure();
draw2();
for (const one of PANELS) inSight.observe(one.element);
addEventListener("beforeprint", settle);
new ResizeObserver(later(() => void (measure() && draw2()), 60)).observe(board);
listenToMarks();
document.documentElement.classList.add("ready");
})();
