// Metrics, rankings, forecasts and months: arithmetic that can be done by hand.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { at, cubeOf, MEASURES } from "../../../reports/dashboard/js/core/cube.js";
import { ENOUGH, hasData, metricsIn, ranked, solid, together } from "../../../reports/dashboard/js/core/metrics.js";
import { numbersIn } from "../../../reports/dashboard/js/core/numbers.js";
import { rank, rawWeights, shares } from "../../../reports/dashboard/js/core/score.js";
import { expected, monthly } from "../../../reports/dashboard/js/core/series.js";
import { emptyView } from "../../../reports/dashboard/js/core/view.js";
import { page, random, views } from "./generate.mjs";

const METRICS = metricsIn(numbersIn("en"));
const sum = (values) => Float64Array.from(MEASURES, (measure) => values[measure] ?? 0);

test("metrics of sums", () => {
  const m = sum({ orders: 4, items: 6, revenue: 20_050, freight: 4_010, reviews: 3, score: 12, delivered: 2, late: 1, seconds: 3 * 86_400 });
  const values = Object.fromEntries(Object.entries(METRICS).map(([name, metric]) => [name, metric.value(m)]));
  assert.deepEqual(values, { revenue: 200.5, orders: 4, items: 6, basket: 50.125, review: 4, late: 0.5, delivery: 1.5, freight: 0.2 });
});

test("means of nothing are unknown, sums of nothing are zero", () => {
  const nothing = sum({});
  for (const metric of Object.values(METRICS)) assert.equal(metric.value(nothing), metric.adds ? 0 : NaN);
  assert.equal(hasData(nothing), false);
});

test("a mean stands on enough of what it is taken over", () => {
  const m = sum({ orders: 1000, reviews: ENOUGH - 1, delivered: ENOUGH });
  assert.equal(solid(METRICS.review, m), false);
  assert.equal(solid(METRICS.late, m), true);
  assert.equal(solid(METRICS.revenue, sum({})), true);
});

test("ranked: the greatest first, few cases behind them, a rest behind all; without data left out", () => {
  const entry = (key, reviews, score, plain) => ({ key, label: key, m: sum({ orders: 100, reviews, score }), plain });
  const entries = [entry("few", 1, 5), entry("rest", 100, 500, true), entry("b", 40, 160), entry("a", 40, 160), entry("best", 40, 190), entry("none", 0, 0), { ...entry("empty", 40, 200), m: sum({ reviews: 40, score: 200 }) }];
  const { shown, rest, all } = ranked(entries, METRICS.review, 2);
  assert.deepEqual(all.map((e) => e.key), ["best", "a", "b", "few", "rest"]);
  assert.deepEqual([shown, rest].map((part) => part.map((e) => e.key)), [["best", "a"], ["b", "few", "rest"]]);
  assert.deepEqual(ranked([], METRICS.revenue, 5), { shown: [], rest: [], all: [] });
});

test("ranked by any metric: nothing is lost and the order falls", () => {
  const next = random(23);
  for (const metric of Object.values(METRICS)) {
    const entries = Array.from({ length: 50 }, (_, i) => ({ key: `k${i}`, label: "", m: Float64Array.from(MEASURES, () => Math.floor(next() * 60)) }));
    const { all } = ranked(entries, metric, 10);
    assert.equal(all.length, entries.filter((e) => hasData(e.m) && Number.isFinite(metric.value(e.m))).length);
    for (const [i, e] of all.slice(1).entries()) {
      const before = all[i];
      assert(before.solid > e.solid || (before.solid === e.solid && before.value >= e.value));
    }
  }
});

test("entries together are their sums", () => {
  assert.equal(together([{ m: sum({ orders: 2 }) }, { m: sum({ orders: 3, late: 1 }) }])[at.orders], 5);
  assert.deepEqual([...together([])], MEASURES.map(() => 0));
});

test("weights add up to 1, and zeros stay zeros", () => {
  assert.deepEqual(shares([10, 30]), [0.25, 0.75]);
  assert.deepEqual(shares([0, 0]), [0, 0]);
  assert.deepEqual(shares([]), []);
  const ranking = { indicators: [{ name: "a", weight: 0.3333 }, { name: "b", weight: 0.6667 }], candidates: [] };
  assert.deepEqual(rawWeights(ranking, null), [33.3, 66.7]);
  assert.deepEqual(rawWeights(ranking, [1, 2]), [1, 2]);
});

test("a ranking is weight × deviation, equal scores in the order of the list", () => {
  const candidate = (key, order, ...deviations) => ({ key, label: key, value: null, order, deviations, forecast: 0, before: 0 });
  const ranking = { indicators: [{ name: "x", weight: 0.5 }, { name: "y", weight: 0.5 }], candidates: [candidate("late", 2, 1, 1), candidate("early", 1, 1, 1), candidate("x", 0, 2, -1), candidate("y", 3, -1, 4)] };
  const order = (weights) => rank(ranking, weights).map((c) => c.key);
  assert.deepEqual(order([0.5, 0.5]), ["y", "early", "late", "x"]);
  assert.deepEqual(order([1, 0]), ["x", "early", "late", "y"]);
  assert.deepEqual(order([0, 0]), ["x", "early", "late", "y"]);
  assert.deepEqual(rank(ranking, [0.5, 0.5]).map((c) => [c.i, c.score]), [[3, 1.5], [1, 1], [0, 1], [2, 0.5]]);
  assert.deepEqual(ranking.candidates.map((c) => c.key), ["late", "early", "x", "y"], "the candidates stay in their order");
});

const FORECASTS = {
  months: ["2018-12", "2019-01"],
  category: [[[10, 8, 12, 6, 14], [20, 16, 24, 12, 28]], null, [[1, 1, 1, 1, 1], [2, 2, 2, 2, 2]]],
  state: [[[100, 80, 120, 60, 140], [200, 160, 240, 120, 280]], null, [[1, 0, 2, 0, 3], [2, 1, 3, 0, 4]]],
  market: { category: [[0.1, 0.2, 0.3, 0.4], [0.1, 0.2, 0.3, 0.4]], state: null },
};

test("forecasts of a selection are sums of its series, which share the error of the market", () => {
  const of = (changes) => expected(FORECASTS, { ...emptyView(), ...changes }, [2018, 2019]);
  const levels = ({ points }) => points.map((p) => [p.forecast, p.lo80, p.hi80, p.lo95, p.hi95]);
  const near = (found, wanted) => found.forEach((value, i) => assert.ok(Math.abs(value - wanted[i]) < 1e-9, `${found} ${wanted}`));
  near(levels(of({}))[0], [11, 9.9, 13.2, 7.7, 15.4]);
  assert.equal(of({}).several, true);
  assert.deepEqual(levels(of({ categories: [0, 1] })), FORECASTS.category[0]);
  assert.equal(of({ categories: [0, 1] }).several, false);
  // Beyond the market's, the first errs by √(2² − 1²) and √(4² − 3²) downwards, by nothing and nothing upwards; the second by nothing.
  near(levels(of({ categories: [0, 2] }))[0], [11, 11 - Math.sqrt(1.1 ** 2 + 3), 13.2, 11 - Math.sqrt(3.3 ** 2 + 7), 15.4]);
  assert.deepEqual(levels(of({ states: [0] })), FORECASTS.state[0]);
  assert.deepEqual(levels(of({ states: [0, 2] })), [[101, NaN, NaN, NaN, NaN], [202, NaN, NaN, NaN, NaN]]);
  assert.deepEqual(of({ years: [1] }).points.map((p) => p.date.toISOString().slice(0, 10)), ["2019-01-01"]);
  assert.deepEqual(of({ years: [0] }).points.map((p) => p.forecast), [11]);
});

test("sums of series are those of src/dashboard/answers.rs", () => {
  const selections = JSON.parse(readFileSync(new URL("together.json", import.meta.url), "utf8"));
  for (const { series, market, sum } of selections) {
    const forecasts = { months: ["2018-12"], category: series.map((levels) => [levels]), state: [], market: { category: market && [market], state: null } };
    const { points: [p] } = expected(forecasts, { ...emptyView(), categories: series.map((_, i) => i) }, [2018]);
    [p.forecast, p.lo80, p.hi80, p.lo95, p.hi95].forEach((value, i) => assert.ok(sum[i] === null ? Number.isNaN(value) : Math.abs(value - sum[i]) < 1e-9, `${value} ${sum[i]}`));
  }
});

test("why there is no forecast", () => {
  const of = (changes, forecasts = FORECASTS) => expected(forecasts, { ...emptyView(), ...changes }, [2018, 2019]).none;
  assert.equal(of({}), undefined);
  assert.equal(of({ metric: "orders" }), "revenue_only");
  assert.equal(of({ methods: [0] }), "no_method");
  assert.equal(of({ states: [0], categories: [0] }), "one_way");
  assert.equal(of({ categories: [1] }), "none");
  assert.equal(of({ metric: "orders" }, { months: [], category: [], state: [], market: { category: null, state: null } }), "none");
});

test("months: those of the chosen years; unknown where a mean has no cases, or few in an incomplete month", () => {
  const { data } = page(29, 300);
  const cube = cubeOf(data);
  for (const view of views(29, 20, emptyView)) {
    for (const metric of [METRICS.revenue, METRICS.review]) {
      const all = cube.sales(view, "month");
      const shown = monthly(cube, view, metric, [1, 3]);
      const kept = data.months.map((_, i) => i).filter((i) => !view.years.length || view.years.includes(cube.monthYear[i]));
      assert.deepEqual(shown.map((d) => d.date.toISOString().slice(0, 7)), kept.map((i) => data.months[i]));
      for (const [k, i] of kept.entries()) {
        assert.equal(shown[k].complete, i >= 1 && i <= 3);
        assert.equal(shown[k].key, `year:${cube.monthYear[i]}`);
        const known = metric.adds || (hasData(all[i]) && (shown[k].complete || solid(metric, all[i])));
        assert.equal(shown[k].value, known ? metric.value(all[i]) : NaN);
      }
    }
  }
  const few = monthly({ sales: () => [sum({ orders: 2, reviews: 1, score: 5 }), sum({ orders: 2, reviews: 1, score: 4 })], months: [new Date(0), new Date(0)], monthYear: [0, 0] }, emptyView(), METRICS.review, [1, 1]);
  assert.deepEqual(few.map((d) => d.value), [NaN, 4]);
});
