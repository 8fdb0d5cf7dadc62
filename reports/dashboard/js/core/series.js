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
/** @typedef {{ months: string[], category: (number[][] | null)[], state: (number[][] | null)[] }} Forecasts by position: months × levels, BRL */
/** @typedef {"none" | "revenue_only" | "no_method" | "one_way"} Reason why there is no forecast */
/** @typedef {{ key: string, date: Date, m: Sums, complete: boolean, value: number }} Month */

/**
 * What is expected of the selection, BRL by month: forecasts exist by category and by state, so that a selection on both has
 * none. Ends of intervals are added up, as if all errors went the same way: the sum is wider than it need be.
 * @param {Forecasts} forecasts
 * @param {View} view
 * @param {number[]} years the years of the page
 * @returns {{ points: Point[], summed: boolean, none?: undefined } | { none: Reason, points?: undefined, summed?: undefined }}
 */
export function expected({ months, category, state }, view, years) {
  if (!months.length) return { none: "none" };
  if (view.metric !== "revenue") return { none: "revenue_only" };
  if (view.methods.length) return { none: "no_method" };
  if (view.states.length && view.categories.length) return { none: "one_way" };
  const [series, chosen] = view.states.length ? [state, view.states] : [category, view.categories];
  const some = (chosen.length ? chosen.map((i) => series[i]) : series).filter((one) => one != null);
  if (!some.length) return { none: "none" };
  const points = months
    .map((month, k) => {
      const levels = LEVELS.map((level, l) => [level, some.reduce((sum, one) => sum + one[k][l], 0)]);
      return { date: firstDay(month), .../** @type {Levels} */ (Object.fromEntries(levels)) };
    })
    .filter(({ date }) => !view.years.length || view.years.some((y) => years[y] === date.getUTCFullYear()));
  return { points, summed: some.length > 1 };
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
