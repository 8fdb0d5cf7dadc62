// Sales by month with what is expected → a curve with its intervals. Drawn by main.js.

import { hasData } from "./core/metrics.js";
import { expected, LEVELS, monthly } from "./core/series.js";
import { CUBE, DATA, YEARS } from "./data.js";
import { brl, capital, METRICS, metricText, monthName, monthShort, short, t } from "./format.js";
import { markAll } from "./link.js";
import { salesColumns, salesFigures, salesTip } from "./panel.js";
import { view } from "./state.js";
import { INK, STYLE } from "./style.js";
import { d3, Plot } from "./vendor.js";

/** @import { Levels, Month, Point } from "./core/series.js" */
/** @import { Tip } from "./link.js" */
/** @import { Chart, Column, KeyItem } from "./panel.js" */

const DAY = 86_400_000;
/** Why there is no forecast, in words. */
const WHY_NONE = { none: t("forecast_none"), revenue_only: t("forecast_revenue_only"), no_method: t("forecast_no_method"), one_way: t("forecast_one_way") };

/**
 * @param {number} width
 * @returns {Chart}
 */
export function monthsChart(width) {
  const metric = METRICS[view.metric];
  const data = monthly(CUBE, view, metric, DATA.complete);
  /** @type {Column[]} */
  const levelColumns = view.metric === "revenue" ? LEVELS.map((level) => ({ label: t(`level_${level}`), text: (v) => brl(v) })) : [];
  const columns = [...salesColumns(t("month")), ...levelColumns];
  const { points: coming = [], none, several } = expected(DATA.forecasts, view, YEARS);
  const live = data.filter((d) => hasData(d.m));
  const blank = levelColumns.map(() => NaN);
  const rows = [
    ...live.map((d) => ({ key: d.key, cells: [capital(monthName(d.date)) + (d.complete ? "" : ` (${t("incomplete")})`), ...salesFigures(d.m), ...blank] })),
    ...coming.map((p) => ({ cells: [capital(monthName(p.date)), NaN, NaN, ...LEVELS.map((level) => p[level])] })),
  ];
  if (!live.length) return { svg: null, columns, rows };
  const known = data.filter((d) => d.complete);
  const lastKnown = known.at(-1);
  // The expected curve starts where the known one ends, unless the choice of years tears them apart.
  const joined = coming.length && lastKnown && Number(coming[0].date) - Number(lastKnown.date) < 32 * DAY;
  /** @param {number} value */
  const levels = (value) => /** @type {Levels} */ (Object.fromEntries(LEVELS.map((level) => [level, value])));
  const link = joined ? [{ date: lastKnown.date, ...levels(lastKnown.value) }] : [];
  const future = [...link, ...coming];
  const format = metric.adds ? short : metric.text;
  const top = d3.max([...data.map((d) => d.value), ...coming.map((p) => p.hi95), ...coming.map((p) => p.forecast)].filter(Number.isFinite)) ?? NaN;
  const values = data.map((d) => d.value).filter(Number.isFinite);
  const [least = NaN, most = NaN] = d3.extent(values);
  const low = metric.adds ? 0 : least - (most - least || 1) * 0.15;
  const times = [...data.map((d) => d.date), ...coming.map((p) => p.date)];
  const half = 15 * DAY;
  /** @param {Date} date */
  const span = (date) => [new Date(+date - half), new Date(+date + half)];
  /** @type {{ key?: string, date: Date, tip: Tip }[]} */
  const hits = [
    ...live.map((d) => ({ key: d.key, date: d.date, tip: () => [...salesTip(capital(monthName(d.date)), d.m), d.complete ? "" : t("incomplete")].filter(Boolean) })),
    ...coming.filter((p) => !live.some((d) => +d.date === +p.date)).map((p) => ({ date: p.date, tip: () => forecastTip(p) })),
  ];
  for (const hit of hits) {
    const p = coming.find((one) => +one.date === +hit.date);
    const { tip } = hit;
    if (p && hit.key) hit.tip = () => [...tip(), ...forecastTip(p).slice(1)];
  }
  /** @type {(lo: string, hi: string, opacity: number) => import("@observablehq/plot").Markish} */
  const area = (lo, hi, opacity) => Plot.areaY(future, { x: "date", y1: lo, y2: hi, fill: INK("s1"), fillOpacity: opacity });
  const end = coming.at(-1);
  const parts = [
    future.length > 1 && area("lo95", "hi95", 0.14),
    future.length > 1 && area("lo80", "hi80", 0.2),
    Plot.lineY(data.map((d) => (d.complete ? d : { ...d, value: NaN })), { x: "date", y: "value", stroke: INK("s1"), strokeWidth: 2.2 }),
    Plot.dot(known, { x: "date", y: "value", r: 2.6, fill: INK("s1") }),
    Plot.dot(data.filter((d) => !d.complete && hasData(d.m) && Number.isFinite(d.value)), { x: "date", y: "value", r: 3.2, stroke: INK("axis"), fill: INK("page") }),
    future.length > 1 && Plot.lineY(future, { x: "date", y: "forecast", stroke: INK("s1"), strokeWidth: 2.2, strokeDasharray: "5 4" }),
    coming.length > 0 && Plot.dot(coming, { x: "date", y: "forecast", r: 3.2, fill: INK("page"), stroke: INK("s1"), strokeWidth: 1.6 }),
    end !== undefined && future.length > 1 && Plot.text([end], { x: "date", y: "hi95", text: () => t("interval_label"), textAnchor: "end", dy: -9, fill: INK("muted"), fontSize: 11.5 }),
    Plot.rect(hits, { x1: (d) => span(d.date)[0], x2: (d) => span(d.date)[1], y1: low, y2: top * 1.06, fill: "transparent" }),
  ];
  const height = Math.max(230, Math.min(400, width * 0.56));
  const svg = Plot.plot({
    width, height, marginLeft: 56, marginRight: 18, marginTop: 14, marginBottom: 40, style: STYLE,
    x: { type: "utc", domain: [new Date(Math.min(...times.map(Number)) - half), new Date(Math.max(...times.map(Number)) + half)], label: null },
    y: { domain: [low, top * 1.06 || 1], label: null },
    marks: [
      Plot.gridY({ stroke: INK("grid"), strokeOpacity: 1, ticks: 5 }),
      Plot.axisY({ ticks: 5, tickSize: 0, tickFormat: format, fontSize: 12, fill: INK("muted") }),
      ...timeAxis(times, width),
      ...parts.filter((part) => part !== false),
    ],
  });
  markAll(svg, '[aria-label="rect"] rect', hits);
  const best = d3.greatest(known.length ? known : live, (d) => d.value) ?? live[0];
  return {
    title: t("months_title", { metric: t(`metric_${view.metric}`), month: monthName(best.date), value: metricText(view.metric, best.value) }),
    svg, columns, rows,
    key: monthsKey(live, coming),
    note: [none && WHY_NONE[none], coming.length ? t("forecast_note") : "", coming.length && several ? t(Number.isFinite(coming[0].lo80) ? "forecast_together" : "forecast_no_interval") : ""].filter(Boolean).join(" "),
  };
}

/** @param {Point} p */
const forecastTip = (p) => [
  capital(monthName(p.date)),
  t("pair", { label: t("level_forecast"), value: brl(p.forecast) }),
  ...(Number.isFinite(p.lo80) ? [t("interval", { level: 80, lo: brl(p.lo80), hi: brl(p.hi80) }), t("interval", { level: 95, lo: brl(p.lo95), hi: brl(p.hi95) })] : []),
];

const CIRCLE = "M-4,0a4,4 0 1,0 8,0a4,4 0 1,0 -8,0";

/** @type {(live: Month[], coming: Point[]) => KeyItem[]} */
const monthsKey = (live, coming) => [
  { text: t("complete_month"), colour: INK("s1") },
  live.some((d) => !d.complete) && { text: t("incomplete_month"), path: CIRCLE },
  coming.length > 0 && { text: t("level_forecast"), colour: `repeating-linear-gradient(90deg, ${INK("s1")} 0 4px, transparent 4px 7px)` },
].filter((item) => item !== false);

/**
 * Months, or quarters where they would not fit, above their years.
 * @param {Date[]} times
 * @param {number} width
 */
function timeAxis(times, width) {
  const shown = times.filter((date, i) => i === times.findIndex((other) => +other === +date));
  const every = Math.ceil((shown.length * 34) / Math.max(width - 80, 1));
  const step = [1, 2, 3, 6, 12].find((n) => n >= every) ?? 12;
  const ticks = shown.filter((date) => date.getUTCMonth() % step === 0);
  const years = [...d3.group(shown, (date) => date.getUTCFullYear()).values()].map((dates) => dates[0]);
  return [
    Plot.axisX(ticks, { tickSize: 3, tickFormat: (date) => monthShort(date), fontSize: 12, fill: INK("muted"), stroke: INK("axis") }),
    Plot.text(years, { x: (d) => d, frameAnchor: "bottom", dy: 32, textAnchor: "start", dx: -10, text: (d) => String(d.getUTCFullYear()), fontWeight: 700, fill: INK("fg"), fontSize: 12 }),
  ];
}
