// Sums by month and the report's forecasts → what the curve of the months shows. Pure. Next: months.js draws it.

import { firstDay } from "./cube.js";
import { hasData, solid } from "./metrics.js";

/** @import { Cube, Sums } from "./cube.js" */
/** @import { Metric } from "./metrics.js" */
/** @import { View } from "./view.js" */

/** A forecast and the ends of its intervals, in the order of the page's data. */
export const LEVELS = /** @type {const} */ (["forecast", "lo80", "hi80", "lo95", "hi95"]);

/** @typedef {Record<typeof LEVELS[number], number>} Levels */
/** @typedef {Levels & { date: Date }} Point */
/** @typedef {(number | null)[][] | null} Forecast months × levels, BRL; ends of intervals may be unknown */
/**
 * @typedef {{ months: string[], category: Forecast[], state: Forecast[], market: { category: number[][] | null, state: number[][] | null } }} Forecasts
 *   by position; `market`: distances of the ends for the whole market, months × levels but the first, as parts of its forecast
 */
/** @typedef {"none" | "revenue_only" | "no_method" | "one_way"} Reason why there is no forecast */
/** @typedef {{ key: string, date: Date, m: Sums, complete: boolean, value: number }} Month */

/**
 * What is expected of the selection, BRL by month: forecasts exist by category and by state, so that a selection on both has none. The whole
 * market has the market's own error. Several series share it; what is beyond it is their own and independent. Without a past that tells the
 * market's error, several series have no interval.
 * @param {Forecasts} forecasts
 * @param {View} view
 * @param {number[]} years the years of the page
 * @returns {{ points: Point[], several: boolean, none?: undefined } | { none: Reason, points?: undefined, several?: undefined }}
 */
export function expected({ months, category, state, market }, view, years) {
  if (!months.length) return { none: "none" };
  if (view.metric !== "revenue") return { none: "revenue_only" };
  if (view.methods.length) return { none: "no_method" };
  if (view.states.length && view.categories.length) return { none: "one_way" };
  const [series, chosen, shared] = view.states.length ? [state, view.states, market.state] : [category, view.categories, market.category];
  const some = (chosen.length ? chosen.map((i) => series[i]) : series).filter((one) => one != null);
  if (!some.length) return { none: "none" };
  const points = months
    .map((month, k) => {
      const levels = together(some.map((one) => one[k].map((v) => v ?? NaN)), shared?.[k], !chosen.length);
      return { date: firstDay(month), .../** @type {Levels} */ (Object.fromEntries(LEVELS.map((level, l) => [level, levels[l]]))) };
    })
    .filter(({ date }) => !view.years.length || view.years.some((y) => years[y] === date.getUTCFullYear()));
  return { points, several: some.length > 1 };
}

/**
 * @param {number[][]} series levels of each
 * @param {number[] | undefined} market distances of the ends of the market, as parts of its forecast
 * @param {boolean} whole whether they are the whole market
 * @returns {number[]} levels of their sum
 */
function together(series, market, whole) {
  if (series.length === 1) return series[0];
  const sum = series.reduce((sum, [forecast]) => sum + forecast, 0);
  return LEVELS.map((_, l) => {
    if (!l) return sum;
    const shared = market ? market[l - 1] : NaN;
    /** @param {number[]} levels */
    const own = (levels) => Math.max((levels[l] - levels[0]) ** 2 - (shared * levels[0]) ** 2, 0);
    const distance = Math.sqrt((shared * sum) ** 2 + (whole ? 0 : series.reduce((squares, one) => squares + own(one), 0)));
    return l % 2 ? Math.max(sum - distance, 0) : sum + distance;
  });
}

/**
 * The months of the chosen years. `complete` are the positions of the first and the last complete month.
 * @param {Cube} cube
 * @param {View} view
 * @param {Metric} metric
 * @param {[number, number]} complete
 * @returns {Month[]}
 */
export function monthly({ sales, months, monthYear }, view, metric, [first, last]) {
  return sales(view, "month")
    .map((m, i) => {
      const isComplete = i >= first && i <= last;
      // A month without orders sold nothing; it has no mean, nor has the start of one with a few orders.
      const known = metric.adds || (hasData(m) && (solid(metric, m) || isComplete));
      return { key: `year:${monthYear[i]}`, date: months[i], m, complete: isComplete, value: known ? metric.value(m) : NaN };
    })
    .filter((_, i) => !view.years.length || view.years.includes(monthYear[i]));
}
