//! What was known at a cutoff → the candidates in the order in which simple rules prefer them. Used by `looks`.

use std::collections::BTreeMap;

use crate::decisions::score::{Criterion, Scored, Weights, score};
use crate::error::Result;
use crate::models::entrants::Sellers;

/// The model of the entrants.
pub const ENTRANTS: &str = "entrants";
/// The rules, in the order of [`orders`]; the model comes first.
pub(super) const RULES: [&str; 5] =
    [ENTRANTS, "largest category", "fastest growth last quarter", "score", "best possible"];
/// Days of the quarters.
const QUARTER: usize = 90;
/// Weight of the last day in the exponentially weighted mean that stands for a forecast: 2/(n + 1) with n = 14 days.
const LAST_DAY: f64 = 2.0 / 15.0;

/// Revenue of a category as of a cutoff, centavos.
struct Known {
    /// Of the last quarter, and of the one before.
    last: f64,
    before: f64,
    /// Forecast of the next quarter.
    forecast: f64,
}

/// For each of [`RULES`], the indices of `candidates`, the preferred first. The candidates come in the order of the model; `earned` is the
/// mean of the logarithms of what their entrants then earned, if there were any.
///
/// # Errors
/// The default weights name no indicator of revenue or growth.
pub(super) fn orders(
    sellers: &Sellers,
    candidates: &[usize],
    cutoff: i32,
    earned: &[Option<f64>],
) -> Result<Vec<Vec<usize>>> {
    let known: Vec<Known> = candidates.iter().map(|category| Known::of(sellers.until(*category, cutoff))).collect();
    let growth = |known: &Known| if known.before > 0.0 { known.last / known.before } else { 0.0 };
    let pairs: Vec<(f64, f64)> = known.iter().map(|known| (known.forecast, known.last)).collect();
    let scored = by_revenue_and_growth(&pairs, &Weights::default())?;
    Ok(vec![
        (0..candidates.len()).collect(),
        best_first(candidates.len(), |i| known[i].last),
        best_first(candidates.len(), |i| growth(&known[i])),
        scored.into_iter().map(|scored| scored.candidate).collect(),
        best_first(candidates.len(), |i| earned[i].unwrap_or(f64::NEG_INFINITY)),
    ])
}

fn best_first(n: usize, value: impl Fn(usize) -> f64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|a, b| value(*b).total_cmp(&value(*a)).then(a.cmp(b)));
    order
}

/// Ranks categories by the winner's score from revenue and growth alone, given their forecast and past revenue.
fn by_revenue_and_growth(categories: &[(f64, f64)], weights: &Weights) -> Result<Vec<Scored>> {
    let usable_weights: BTreeMap<String, f64> = weights
        .category
        .iter()
        .filter(|(k, _)| ["revenue", "growth"].contains(&k.as_str()))
        .map(|(k, w)| (k.clone(), *w))
        .collect();
    let criterion = |name, value: &dyn Fn(f64, f64) -> f64| Criterion {
        name,
        more_is_better: true,
        values: categories.iter().map(|c| Some(value(c.0, c.1)).filter(|v| v.is_finite())).collect(),
    };
    let criteria =
        [criterion("revenue", &|after, _| after.ln()), criterion("growth", &|after, before| (after / before).ln())];
    score(&criteria, &usable_weights)
}

impl Known {
    /// From the revenue of each day up to the cutoff.
    fn of(daily: &[i64]) -> Known {
        let (rest, last) = daily.split_at(daily.len().saturating_sub(QUARTER));
        let before = &rest[rest.len().saturating_sub(QUARTER)..];
        let sum = |days: &[i64]| days.iter().sum::<i64>() as f64;
        let mean = daily.iter().fold(0.0, |mean, day| mean + LAST_DAY * (*day as f64 - mean));
        Known { last: sum(last), before: sum(before), forecast: mean * QUARTER as f64 }
    }
}
