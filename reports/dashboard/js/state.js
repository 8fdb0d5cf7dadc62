// The view: filters, metric, weights. Kept in the address, undone and redone. Next: main.js draws it.

const emptyView = () => ({
  years: [], categories: [], states: [], methods: [],
  metric: "revenue", top: 10, share: "value", weights: { category: null, state: null },
});

/** The filters with the dictionaries that name their values, and their letter in the address. */
const FILTERS = {
  years: { letter: "y", keys: YEARS.map(String), names: YEARS.map(String), kind: "year" },
  categories: { letter: "c", keys: CATEGORIES.keys, names: CATEGORIES.names, kind: "category" },
  states: { letter: "s", keys: STATES.keys, names: STATES.names, kind: "state" },
  methods: { letter: "p", keys: METHODS.keys, names: METHODS.names, kind: "method" },
};
const FILTER_OF = Object.fromEntries(Object.entries(FILTERS).map(([filter, { kind }]) => [kind, filter]));
const TOPS = [5, 10, 15, 20, 30];
const SHARES = ["value", "payments"];

/** The view as the part of the address after `#`: only what differs from the start. */
function encode(view) {
  const start = emptyView();
  const query = new URLSearchParams();
  for (const [filter, { letter, keys }] of Object.entries(FILTERS)) {
    for (const i of view[filter]) query.append(letter, keys[i]);
  }
  if (view.metric !== start.metric) query.set("m", view.metric);
  if (view.top !== start.top) query.set("n", view.top);
  if (view.share !== start.share) query.set("v", view.share);
  if (view.weights.category) query.set("wc", view.weights.category.join("_"));
  if (view.weights.state) query.set("ws", view.weights.state.join("_"));
  return query.toString();
}

/** The view of an address; what it does not know, such as a category that is gone, is left out. */
function parse(address) {
  const query = new URLSearchParams(address);
  const view = emptyView();
  for (const [filter, { letter, keys }] of Object.entries(FILTERS)) {
    const known = query.getAll(letter).map((key) => keys.indexOf(key)).filter((i) => i >= 0);
    view[filter] = [...new Set(known)].sort((a, b) => a - b);
  }
  if (Object.hasOwn(METRICS, query.get("m"))) view.metric = query.get("m");
  if (TOPS.includes(Number(query.get("n")))) view.top = Number(query.get("n"));
  if (SHARES.includes(query.get("v"))) view.share = query.get("v");
  for (const [letter, kind] of [["wc", "category"], ["ws", "state"]]) {
    const weights = (query.get(letter) ?? "").split("_").map(Number);
    const fits = weights.length === DATA.rankings[kind]?.indicators.length && weights.every((w) => w >= 0 && w <= 100);
    view.weights[kind] = fits ? weights : null;
  }
  return view;
}

let view = parse(location.hash.slice(1));
const past = [];
const future = [];

/** Applies a change to a copy of the view, remembers the view before it and draws. */
function change(edit) {
  const next = structuredClone(view);
  edit(next);
  const before = encode(view);
  if (encode(next) === before) return;
  past.push(before);
  future.length = 0;
  show(next);
}

function show(next) {
  view = next;
  const address = encode(view);
  history.replaceState(null, "", address ? `#${address}` : location.pathname + location.search);
  draw();
}

function step(from, to) {
  if (!from.length) return;
  to.push(encode(view));
  show(parse(from.pop()));
}
const undo = () => step(past, future);
const redo = () => step(future, past);
const reset = () => change((next) => Object.assign(next, emptyView()));

// An address typed or followed while the page is open.
addEventListener("hashchange", () => {
  if (location.hash.slice(1) === encode(view)) return;
  past.push(encode(view));
  future.length = 0;
  show(parse(location.hash.slice(1)));
});

/** Adds values to a filter; takes them out if all of them are in. */
function toggle(filter, values) {
  change((next) => {
    const all = values.every((value) => next[filter].includes(value));
    const rest = next[filter].filter((value) => !values.includes(value));
    next[filter] = (all ? rest : [...rest, ...values]).sort((a, b) => a - b);
  });
}
/** Filters on these values alone; a second time, on none. */
function only(filter, values) {
  change((next) => {
    const same = next[filter].length === values.length && values.every((value) => next[filter].includes(value));
    next[filter] = same ? [] : [...values].sort((a, b) => a - b);
  });
}

const statesOf = (region) => STATES.keys.map((_, i) => i).filter((i) => STATES.regions[i] === region);
const isWhole = (region, states) => {
  const all = statesOf(region);
  return all.length > 0 && all.every((state) => states.includes(state));
};

/** The chosen places in few names: regions that are whole, then states. */
function places(states) {
  const whole = REGIONS.keys.map((_, region) => region).filter((region) => isWhole(region, states));
  return [
    ...whole.map((region) => ({ text: REGIONS.names[region], values: statesOf(region) })),
    ...states.filter((s) => !whole.includes(STATES.regions[s])).map((s) => ({ text: STATES.names[s], values: [s] })),
  ];
}

/** The filters that apply, each as something that can be named and taken away. */
function chips() {
  const one = (filter) => view[filter].map((i) => ({ filter, text: FILTERS[filter].names[i], values: [i] }));
  const area = places(view.states).map((place) => ({ filter: "states", ...place }));
  return [...one("years"), ...one("categories"), ...area, ...one("methods")];
}

/** The filters in words, without `but`: the end of every title. */
function scope(but) {
  const parts = Object.keys(FILTERS).filter((filter) => filter !== but).map((filter) => {
    const names = chips().filter((chip) => chip.filter === filter).map((chip) => shortened(chip.text, 40));
    return names.length > 3 ? t(`many_${filter}`, { n: whole(names.length) }) : names.length ? list(names) : "";
  });
  return parts.filter(Boolean).join(" · ") || t("everything");
}
