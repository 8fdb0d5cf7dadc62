// Words, numbers and metrics in the language of the report. Used by all files that show something.

import { metricsIn } from "./core/metrics.js";
import { numbersIn } from "./core/numbers.js";
import { emptyView } from "./core/view.js";
import { DATA, sales } from "./data.js";

/** @import { MetricName } from "./core/metrics.js" */

export const LOCALE = DATA.lang;

const NUMBERS = numbersIn(LOCALE, DATA.currency);
export const { whole, decimal, percent, signed, brl, short, monthName, monthShort, list, capital, cityName } = NUMBERS;

export const METRICS = metricsIn(NUMBERS);
export const METRIC_NAMES = /** @type {MetricName[]} */ (Object.keys(METRICS));
/** What is counted of all data. */
export const EVERYTHING = sales(emptyView())[0];
/** The metrics that the data can answer: some exports have no reviews, or no dates of delivery. */
export const SHOWN = METRIC_NAMES.filter((metric) => METRICS[metric].adds || Number.isFinite(METRICS[metric].value(EVERYTHING)));

/**
 * A word or phrase; `{name}` stands for a value.
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 */
export function t(key, values = {}) {
  const phrase = DATA.words[key] ?? key;
  return phrase.replace(/\{(\w+)\}/g, (all, name) => String(values[name] ?? all));
}

/**
 * Axis and label text of a metric, short.
 * @param {MetricName} metric
 */
export const metricShort = (metric) => (METRICS[metric].adds ? short : METRICS[metric].text);
/**
 * In words: `15 843 553 R$`, `4,09 / 5`, `12,5 jours`.
 * @param {MetricName} metric
 * @param {number} value
 */
export const metricText = (metric, value) =>
  Number.isFinite(value) ? t(`unit_${metric}`, { value: METRICS[metric].text(value) }) : t("unknown");
