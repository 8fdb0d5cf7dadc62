// What a newcomer earns and the reader's margin → what is left. The same sum as the report's: revenue × (margin − commission) less what
// each order costs. Pure. Next: entrants.js shows it.

/**
 * A category that a newcomer may choose. Amounts are those of its first 90 days; `value` is its position among the filters.
 * @typedef {object} Newcomer
 * @property {string} key
 * @property {string} label
 * @property {number | null} value
 * @property {number} n sellers that began in it
 * @property {number} typical revenue
 * @property {number} low80
 * @property {number} high80
 * @property {number} orders
 * @property {number} first probability that its typical revenue is the greatest
 * @property {number} top3
 * @property {number[]} reach probability to reach each of `amounts`
 * @property {number} margin of the report
 * @property {boolean} assumed whether nobody knows the margin
 */
/** @typedef {{ amounts: number[], commission: number, costs_assumed: boolean, per_order: number, margin: number, listed: number, candidates: Newcomer[] }} Newcomers */

/**
 * What is left of the typical revenue. The reader's margin stands for margins that nobody knows.
 * @param {Newcomers} all
 * @param {Newcomer} one
 * @param {number} margin
 */
export const contribution = (all, one, margin) => one.typical * ((one.assumed ? margin : one.margin) - all.commission) - all.per_order * one.orders;
