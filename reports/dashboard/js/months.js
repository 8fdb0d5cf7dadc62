// Sales by month with what is expected → a curve with its intervals. Drawn by main.js.

const LEVELS = ["forecast", "lo80", "hi80", "lo95", "hi95"];

/**
 * What is expected of the selection, BRL by month: forecasts exist by category and by state, so that a selection on both has
 * none. Ends of intervals are added up, as if all errors went the same way: the sum is wider than it need be.
 */
function expected() {
  const { months, category, state } = DATA.forecasts;
  if (!months.length || view.metric !== "revenue") return { none: months.length ? t("forecast_revenue_only") : t("forecast_none") };
  if (view.methods.length) return { none: t("forecast_no_method") };
  if (view.states.length && view.categories.length) return { none: t("forecast_one_way") };
  const [series, chosen] = view.states.length ? [state, view.states] : [category, view.categories];
  const some = (chosen.length ? chosen.map((i) => series[i]) : series).filter(Boolean);
  if (!some.length) return { none: t("forecast_none") };
  const points = months
    .map((month, k) => ({ month, ...Object.fromEntries(LEVELS.map((level, l) => [level, d3.sum(some, (one) => one[k][l])])) }))
    .map((point) => ({ ...point, date: new Date(`${point.month}-01T00:00:00Z`) }))
    .filter(({ date }) => !view.years.length || view.years.some((y) => YEARS[y] === date.getUTCFullYear()));
  return { points, summed: some.length > 1 };
}

function monthsChart(width) {
  const metric = METRICS[view.metric];
  const [first, last] = DATA.complete;
  const data = sales(view, "month").map((m, i) => ({
    key: `year:${MONTH_YEAR[i]}`, date: MONTHS[i], m, complete: i >= first && i <= last,
    // A month without orders sold nothing; it has no mean, nor has the start of one with a few orders.
    value: metric.adds || (hasData(m) && (solid(view.metric, m) || (i >= first && i <= last))) ? metric.value(m) : NaN,
  })).filter((d, i) => !view.years.length || view.years.includes(MONTH_YEAR[i]));
  const columns = [...salesColumns(t("month")), ...(view.metric === "revenue" ? LEVELS.map((level) => ({ label: t(`level_${level}`), text: (v) => brl(v) })) : [])];
  const { points: coming = [], none, summed } = expected();
  const live = data.filter((d) => hasData(d.m));
  const blank = LEVELS.map(() => NaN);
  const rows = [
    ...live.map((d) => ({ key: d.key, cells: [capital(monthName(d.date)) + (d.complete ? "" : ` (${t("incomplete")})`), ...salesCells(salesColumns(""), d.m), ...(view.metric === "revenue" ? blank : [])] })),
    ...coming.map((p) => ({ cells: [capital(monthName(p.date)), NaN, NaN, ...LEVELS.map((level) => p[level])] })),
  ];
  if (!live.length) return { svg: null, columns, rows };
  const known = data.filter((d) => d.complete);
  const lastKnown = known.at(-1);
  // The expected curve starts where the known one ends, unless the choice of years tears them apart.
  const joined = coming.length && lastKnown && coming[0].date - lastKnown.date < 32 * 86400e3;
  const link = joined ? [{ date: lastKnown.date, ...Object.fromEntries(LEVELS.map((level) => [level, lastKnown.value])) }] : [];
  const future = [...link, ...coming];
  const format = metric.adds ? short : metric.text;
  const top = d3.max([...data.map((d) => d.value), ...coming.map((p) => p.hi95)].filter(Number.isFinite));
  const values = data.map((d) => d.value).filter(Number.isFinite);
  const low = metric.adds ? 0 : d3.min(values) - (d3.max(values) - d3.min(values) || 1) * 0.15;
  const times = [...data.map((d) => d.date), ...coming.map((p) => p.date)];
  const half = 15 * 86400e3;
  const span = (date) => [new Date(+date - half), new Date(+date + half)];
  const hits = [
    ...live.map((d) => ({ key: d.key, date: d.date, tip: () => [...salesTip(capital(monthName(d.date)), d.m), d.complete ? "" : t("incomplete")].filter(Boolean) })),
    ...coming.filter((p) => !live.some((d) => +d.date === +p.date)).map((p) => ({ date: p.date, tip: () => forecastTip(p) })),
  ];
  for (const hit of hits) {
    const p = coming.find((one) => +one.date === +hit.date);
    const { tip } = hit;
    if (p && hit.key) hit.tip = () => [...tip(), ...forecastTip(p).slice(1)];
  }
  const area = (lo, hi, opacity) => Plot.areaY(future, { x: "date", y1: lo, y2: hi, fill: INK("s1"), fillOpacity: opacity });
  const end = coming.at(-1);
  const parts = [
    future.length > 1 && area("lo95", "hi95", 0.14),
    future.length > 1 && area("lo80", "hi80", 0.2),
    Plot.lineY(data.map((d) => (d.complete ? d : { ...d, value: NaN })), { x: "date", y: "value", stroke: INK("s1"), strokeWidth: 2.2 }),
    Plot.dot(known, { x: "date", y: "value", r: 2.6, fill: INK("s1") }),
    Plot.dot(data.filter((d) => !d.complete && hasData(d.m) && Number.isFinite(d.value)), { x: "date", y: "value", r: 3.2, stroke: INK("axis"), fill: INK("page") }),
    future.length > 1 && Plot.lineY(future, { x: "date", y: "forecast", stroke: INK("s1"), strokeWidth: 2.2, strokeDasharray: "5 4" }),
    coming.length && Plot.dot(coming, { x: "date", y: "forecast", r: 3.2, fill: INK("page"), stroke: INK("s1"), strokeWidth: 1.6 }),
    end && future.length > 1 && Plot.text([end], { x: "date", y: "hi95", text: () => t("interval_label"), textAnchor: "end", dy: -9, fill: INK("muted"), fontSize: 11.5 }),
    Plot.rect(hits, { x1: (d) => span(d.date)[0], x2: (d) => span(d.date)[1], y1: low, y2: top * 1.06, fill: "transparent" }),
  ];
  const height = Math.max(230, Math.min(400, width * 0.56));
  const svg = Plot.plot({
    width, height, marginLeft: 56, marginRight: 18, marginTop: 14, marginBottom: 40, style: STYLE,
    x: { type: "utc", domain: [new Date(+d3.min(times) - half), new Date(+d3.max(times) + half)], label: null },
    y: { domain: [low, top * 1.06 || 1], label: null },
    marks: [
      Plot.gridY({ stroke: INK("grid"), strokeOpacity: 1, ticks: 5 }),
      Plot.axisY({ ticks: 5, tickSize: 0, tickFormat: format, fontSize: 12, fill: INK("muted") }),
      ...timeAxis(times, width),
      ...parts.filter(Boolean),
    ],
  });
  markAll(svg, '[aria-label="rect"] rect', hits);
  const best = d3.greatest(known.length ? known : live, (d) => d.value);
  return {
    title: t("months_title", { metric: t(`metric_${view.metric}`), month: monthName(best.date), value: metricText(view.metric, best.value) }),
    svg, columns, rows,
    key: monthsKey(live, coming),
    note: [none, coming.length ? t("forecast_note") : "", coming.length && summed ? t("forecast_summed") : ""].filter(Boolean).join(" "),
  };
}

const forecastTip = (p) => [
  capital(monthName(p.date)),
  t("pair", { label: t("level_forecast"), value: brl(p.forecast) }),
  t("interval", { level: 80, lo: brl(p.lo80), hi: brl(p.hi80) }),
  t("interval", { level: 95, lo: brl(p.lo95), hi: brl(p.hi95) }),
];

const monthsKey = (live, coming) => [
  { text: t("complete_month"), colour: INK("s1") },
  live.some((d) => !d.complete) && { text: t("incomplete_month"), path: CIRCLE },
  coming.length > 0 && { text: t("level_forecast"), colour: `repeating-linear-gradient(90deg, ${INK("s1")} 0 4px, transparent 4px 7px)` },
].filter(Boolean);
const CIRCLE = "M-4,0a4,4 0 1,0 8,0a4,4 0 1,0 -8,0";

/** Months, or quarters where they would not fit, above their years. */
function timeAxis(times, width) {
  const shown = times.filter((date, i) => i === times.findIndex((other) => +other === +date));
  const every = Math.ceil((shown.length * 34) / Math.max(width - 80, 1));
  const step = [1, 2, 3, 6, 12].find((n) => n >= every) ?? 12;
  const ticks = shown.filter((date) => date.getUTCMonth() % step === 0);
  const years = [...d3.group(shown, (date) => date.getUTCFullYear()).values()].map((dates) => dates[0]);
  return [
    Plot.axisX(ticks, { tickSize: 3, tickFormat: (date) => MONTH_SHORT.format(date), fontSize: 12, fill: INK("muted"), stroke: INK("axis") }),
    Plot.text(years, { x: (d) => d, frameAnchor: "bottom", dy: 32, textAnchor: "start", dx: -10, text: (d) => String(d.getUTCFullYear()), fontWeight: 700, fill: INK("fg"), fontSize: 12 }),
  ];
}
