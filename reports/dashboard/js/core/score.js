// Candidates, their indicators and the reader's weights → a ranking. The same sum as the report's: weight × deviation, over
// all candidates, equal scores in the order of the list. Pure. Next: ranking.js shows it.

/**
 * `value` is the candidate's position among the filters, null where it has none of its own; `order` its place in the list.
 * @typedef {object} Candidate
 * @property {string} key
 * @property {string} label
 * @property {number | null} value
 * @property {number} order
 * @property {number[]} deviations one for each indicator
 * @property {number} forecast BRL of the next 90 days
 * @property {number} before BRL of the last 90 days
 * @property {number} [lo80] candidates that are categories have an interval
 * @property {number} [hi80]
 */
/** @typedef {{ indicators: { name: string, weight: number }[], candidates: Candidate[] }} Ranking */
/** @typedef {Candidate & { i: number, score: number }} Scored */

/** @param {number[]} values */
const total = (values) => values.reduce((sum, value) => sum + value, 0);

/**
 * Weights that add up to 1; zeros where all of them are.
 * @param {number[]} raw
 */
export function shares(raw) {
  const sum = total(raw);
  return raw.map((weight) => (sum > 0 ? weight / sum : 0));
}

/**
 * The weights as the sliders show them, percent: the reader's, or the report's with one decimal.
 * @param {Ranking} ranking
 * @param {number[] | null} chosen
 */
export const rawWeights = ({ indicators }, chosen) => chosen ?? indicators.map((i) => Math.round(i.weight * 1000) / 10);

/**
 * Best first. `i` is the position among the candidates.
 * @param {Ranking} ranking
 * @param {number[]} weights
 * @returns {Scored[]}
 */
export function rank({ candidates }, weights) {
  const scored = candidates.map((c, i) => ({ ...c, i, score: total(c.deviations.map((d, k) => weights[k] * d)) }));
  return scored.sort((a, b) => b.score - a.score || a.order - b.order);
}
