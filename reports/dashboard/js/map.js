// States by metric on the map and on a grid of tiles, on which the small ones are as large as the others, with the payment
// method that leads in each. The shapes are drawn once; a change only paints them. Drawn by main.js.

import { leading, METHOD_MEASURES } from "./core/cube.js";
import { hasData, solid } from "./core/metrics.js";
import { DATA, METHODS, payments, sales, STATES } from "./data.js";
import { h } from "./dom.js";
import { METRICS, metricShort, metricText, percent, t } from "./format.js";
import { mark } from "./link.js";
import { salesColumns, salesFigures, salesTip } from "./panel.js";
import { view } from "./state.js";
import { INK } from "./style.js";
import { d3 } from "./vendor.js";

/** @import { Chart, Column } from "./panel.js" */

const CLASSES = 7;
/** Width and height of the map in its own units. */
const MAP = DATA.map_size ?? [1226, 1278];
/**
 * What is written on a region.
 * @param {string} code
 */
const short = (code) => DATA.short?.[code] ?? code;
/** Least area, in square pixels, on which a code fits. */
const ROOM = 620;
const SYMBOLS = [d3.symbolSquare, d3.symbolCircle, d3.symbolTriangle, d3.symbolDiamond, d3.symbolCross, d3.symbolStar];
/** @type {(method: number, size: number) => string} */
const symbol = (method, size) => d3.symbol(SYMBOLS[method % SYMBOLS.length], size)() ?? "";

/** @typedef {{ of: (value: number) => number | null, limits: number[], inks: number[], range: [number, number] }} Classes */

/**
 * Classes of equal numbers of states: a scale of equal steps would leave all but São Paulo in the lowest.
 * @param {number[]} values
 * @returns {Classes}
 */
function classes(values) {
  const known = values.filter(Number.isFinite);
  const different = new Set(known).size;
  const count = Math.max(1, Math.min(CLASSES, different, Math.ceil(known.length / 2)));
  const scale = d3.scaleQuantile(known, d3.range(count));
  /** @param {number} k */
  const ink = (k) => (count < 2 ? 3 : Math.round((k * (CLASSES - 1)) / (count - 1)));
  const [low = NaN, high = NaN] = d3.extent(known);
  return { of: (v) => (Number.isFinite(v) ? ink(scale(v)) : null), limits: count > 1 ? scale.quantiles() : [], inks: d3.range(count).map(ink), range: [low, high] };
}

const OUTLINES = STATES.keys.flatMap((code, state) => {
  const path = DATA.map[code];
  if (!path) return [];
  const ring = path.slice(1, path.indexOf("Z")).split(" ").map((pair) => /** @type {[number, number]} */ (pair.split(",").map(Number)));
  return [{ state, code, path, middle: d3.polygonCentroid(ring), area: Math.abs(d3.polygonArea(ring)) }];
});
/** @typedef {typeof OUTLINES[number]} Outline */

const mapSvg = d3.create("svg").attr("class", "map");
const ground = mapSvg.append("g");
const shapes = ground.selectAll("path").data(OUTLINES).join("path").attr("d", (d) => d.path).attr("vector-effect", "non-scaling-stroke");
const labels = mapSvg.append("g").attr("pointer-events", "none").attr("font-size", 11.5).selectAll("text").data(OUTLINES).join("text")
  .attr("text-anchor", "middle").attr("font-weight", 700).text((d) => short(d.code));
const symbols = mapSvg.append("g").attr("pointer-events", "none").selectAll("path").data(OUTLINES).join("path");
const legend = mapSvg.append("g").attr("font-size", 11.5);

let mapWidth = 0;
/**
 * Lays the map out for a width in pixels: text keeps its size.
 * @param {number} width
 */
function layMap(width) {
  if (width === mapWidth) return;
  mapWidth = width;
  const scale = Math.min(width / MAP[0], (1.1 * width) / MAP[1]);
  // Where no shapes are known the tiles stand alone, above the key.
  const height = OUTLINES.length ? MAP[1] * scale : 0;
  mapSvg.attr("viewBox", `-1 -1 ${width + 2} ${height + 46}`);
  ground.attr("transform", `scale(${scale})`);
  /** @param {Outline} d */
  const roomy = (d) => d.area * scale * scale > ROOM;
  /** @param {Outline} d */
  const x = (d) => d.middle[0] * scale;
  /** @param {Outline} d */
  const y = (d) => d.middle[1] * scale;
  labels.attr("x", x).attr("y", (d) => y(d) + 12).attr("display", (d) => (roomy(d) ? null : "none"));
  symbols.attr("transform", (d) => `translate(${x(d)},${y(d) - (roomy(d) ? 4 : 0)})`);
  legend.attr("transform", `translate(0,${height + 8})`);
}

/**
 * By position of the state.
 * @type {Map<number, HTMLButtonElement>}
 */
const tiles = new Map();
const tileGrid = h("div", { class: "tiles", role: "group", "aria-label": t("tiles") });
for (const [code, column, row] of DATA.tiles) {
  const state = STATES.keys.indexOf(code);
  if (state < 0) continue;
  const value = h("span", { class: "value" });
  const button = h(
    "button",
    { type: "button", class: "tile", style: `grid-column:${column + 1};grid-row:${row + 1}`, tabindex: tiles.size ? "-1" : "0", data: { column, row } },
    h("span", { class: "code", text: short(code) }), h("span", { class: "shape" }), value,
  );
  tileGrid.append(button);
  tiles.set(state, button);
}
// One stop for the tab key; arrows go from tile to tile.
/** @type {Record<string, [number, number]>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
tileGrid.addEventListener("keydown", (event) => {
  const from = event.target instanceof Element ? event.target.closest("button") : null;
  if (!Object.hasOwn(ARROWS, event.key) || !from) return;
  const [dx, dy] = ARROWS[event.key];
  event.preventDefault();
  /** @param {HTMLElement} tile */
  const place = (tile) => [Number(tile.dataset.column), Number(tile.dataset.row)];
  const [column, row] = place(from);
  const next = d3.least([...tiles.values()].filter((tile) => tile !== from).map((tile) => {
    const [x, y] = [place(tile)[0] - column, place(tile)[1] - row];
    const ahead = x * dx + y * dy;
    return { tile, cost: ahead > 0 ? ahead + 2 * Math.abs(dx ? y : x) : Infinity };
  }), (d) => d.cost);
  if (next && next.cost < Infinity) visit(next.tile);
});
/** @param {HTMLElement} tile */
function visit(tile) {
  for (const other of tiles.values()) other.tabIndex = other === tile ? 0 : -1;
  tile.focus();
}

const mapChart = h("div", { class: "atlas" }, /** @type {SVGSVGElement} */ (mapSvg.node()), tileGrid);

/**
 * @param {number} width
 * @returns {Chart}
 */
export function mapPanel(width) {
  layMap(Math.round(width < 560 ? width : (width - 16) * 0.535));
  const metric = METRICS[view.metric];
  const all = sales(view, "state", ["states"]);
  const paid = payments(view);
  const basis = METHOD_MEASURES.indexOf(view.share);
  const leaders = paid.map(({ methods }) => leading(methods, basis));
  const values = all.map((m) => (hasData(m) ? metric.value(m) : NaN));
  /** @type {Column} */
  const leader = { label: t("leading_method"), text: (i) => METHODS.names[i] };
  const columns = [...salesColumns(t("state")), leader];
  const entries = all.map((m, state) => ({ state, m, value: values[state] })).filter((e) => Number.isFinite(e.value))
    .sort((a, b) => b.value - a.value || a.state - b.state);
  const rows = entries.map(({ state, m }) => ({ key: `state:${state}`, cells: [STATES.names[state], ...salesFigures(m), leaders[state] ?? NaN] }));
  if (!entries.length) return { svg: null, but: "states", columns, rows };
  const scale = classes(values);
  /** @param {number} state */
  const fill = (state) => { const k = scale.of(values[state]); return k === null ? INK("void") : INK(`q${k}`); };
  /** @param {number} state */
  const on = (state) => { const k = scale.of(values[state]); return INK(k === null ? "fg" : k < 4 ? "on-low" : "on-high"); };
  /** @type {(state: number, size: number) => string | null} */
  const shapeOf = (state, size) => {
    const method = leaders[state];
    return method === null ? null : symbol(method, size);
  };
  /** @param {typeof paid[number]} state */
  const wholeOf = ({ methods, orders }) => (view.share === "orders" ? orders : d3.sum(methods, (m) => m[basis]));
  /** @param {number} state */
  const leads = (state) => {
    const method = leaders[state];
    return method === null ? [] : [t("leads", { method: METHODS.names[method], share: percent(paid[state].methods[method][basis] / wholeOf(paid[state])), basis: t(`of_${view.share}`) })];
  };
  /** @param {number} state */
  const tip = (state) => [
    ...(hasData(all[state]) ? salesTip(STATES.names[state], all[state]) : [STATES.names[state], t("no_data")]),
    ...leads(state),
  ];
  /** @param {number} state */
  const dim = (state) => view.states.length > 0 && !view.states.includes(state);
  shapes.attr("fill", (d) => fill(d.state)).attr("stroke", INK("page")).attr("stroke-width", 1).attr("class", (d) => (dim(d.state) ? "dim" : ""))
    .each(function (d) { mark(/** @type {SVGPathElement} */ (this), `state:${d.state}`, () => tip(d.state)); });
  labels.attr("fill", (d) => on(d.state)).attr("class", (d) => (dim(d.state) ? "dim" : ""));
  symbols.attr("d", (d) => shapeOf(d.state, 30))
    .attr("fill", (d) => on(d.state)).attr("class", (d) => (dim(d.state) ? "dim" : ""));
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
  const best = metric.adds ? entries[0] : (entries.find((e) => solid(metric, e.m)) ?? entries[0]);
  const text = { state: STATES.names[best.state], metric: t(`metric_${view.metric}`), value: metricText(view.metric, best.value) };
  const seen = [...new Set(leaders.filter((method) => method !== null))].sort();
  return {
    title: metric.adds ? t("map_sum", { ...text, share: percent(best.value / d3.sum(entries, (e) => e.value)) }) : t("map_mean", text),
    svg: mapChart, but: "states", columns, rows,
    key: seen.map((method) => ({ text: t("leading", { method: METHODS.names[method] }), path: symbol(method, 110) })),
  };
}

/**
 * Swatches of the classes with the limits between them.
 * @param {Classes} classes
 */
function drawLegend({ inks, limits, range }) {
  const format = metricShort(view.metric);
  const step = Math.min(60, mapWidth / inks.length);
  legend.selectAll("rect").data(inks).join("rect").attr("x", (_, i) => i * step).attr("width", step - 1).attr("height", 9).attr("fill", (k) => INK(`q${k}`));
  const words = [{ x: 0, text: format(range[0]), anchor: "start" }, ...limits.map((v, i) => ({ x: (i + 1) * step - 0.5, text: format(v), anchor: "middle" })), { x: inks.length * step, text: format(range[1]), anchor: "end" }];
  // Long values (`146,44 R$`) would run into each other: every second limit tells enough.
  const long = Math.max(...words.map((w) => w.text.length)) * 6.4 > step;
  legend.selectAll("text").data(words.filter((_, i) => !long || i % 2 === 0 || i === words.length - 1)).join("text")
    .attr("x", (w) => w.x).attr("y", 24).attr("text-anchor", (w) => w.anchor).attr("fill", INK("muted")).text((w) => w.text);
}
