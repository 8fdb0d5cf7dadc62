//! Scores → stability of the winner: random draws of forecasts and of weights, and sensitivity thresholds. Used by `winner`.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde::Serialize;

use super::{Criterion, Scale, Scored, Weights};

/// Number of draws of forecasts, and of weights.
const DRAWS: usize = 1_000;
const SEED: u64 = 2;
/// In a draw, each weight is multiplied by e^x, with x uniform within ± this.
const OTHER_WEIGHTS: f64 = 0.7;
/// Halvings of the interval in which the threshold is searched: precise to better than a thousandth.
const HALVINGS: usize = 30;

/// Expected revenue of a category, with quantiles.
pub(crate) struct Expected {
    pub name: String,
    pub forecast: f64,
    /// Quantiles 2.5 %, 10 %, 90 % and 97.5 %.
    pub ends: [f64; 4],
    pub before: f64,
}

/// What would make another category the winner.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SensitivityThreshold {
    /// The second category.
    pub runner_up: String,
    /// Score of the first minus score of the second, points.
    pub lead: f64,
    /// Fraction by which the first must miss its forecast for the second to pass it; `None` if it would stay first whatever
    /// it sold.
    pub shortfall: Option<f64>,
    /// Indicators without which another category would be first.
    pub deciding: Vec<Deciding>,
}

/// An indicator that decides the winner.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Deciding {
    /// Its name among the weights.
    pub indicator: &'static str,
    /// The first category without this indicator.
    pub instead: String,
}

/// First indicator of a category: logarithm of the expected revenue.
pub(crate) fn log_revenue(forecast: f64) -> Option<f64> {
    (forecast > 0.0).then(|| forecast.ln())
}

/// Second indicator of a category: logarithm of the expected growth factor.
pub(crate) fn log_growth(forecast: f64, before: f64) -> Option<f64> {
    (forecast > 0.0 && before > 0.0).then(|| (forecast / before).ln())
}

/// For each candidate, the shares of draws in which it is first and among the first three: over draws of forecasts, then of
/// weights.
pub(crate) fn stability(criteria: &[Criterion], expected: &[Expected], weights: &Weights) -> Vec<[f64; 4]> {
    let scales: Vec<Scale> = criteria.iter().map(Scale::of).collect();
    let weight: Vec<f64> = criteria.iter().map(|c| c.weight(&weights.category)).collect();
    let deviations: Vec<Vec<f64>> = criteria.iter().map(Criterion::deviations).collect();
    let mut source = ChaCha8Rng::seed_from_u64(SEED);
    let mut uniform = || f64::from(source.next_u32()) / (f64::from(u32::MAX) + 1.0);
    let mut counts = vec![[0.0; 4]; expected.len()];
    let mut count = |scores: Vec<f64>, at: usize| {
        let mut order: Vec<usize> = (0..scores.len()).collect();
        order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]).then(a.cmp(b)));
        counts[order[0]][at] += 1.0 / DRAWS as f64;
        order.iter().take(3).for_each(|i| counts[*i][at + 1] += 1.0 / DRAWS as f64);
    };
    for _ in 0..DRAWS {
        let drawn = expected.iter().enumerate().map(|(i, e)| {
            let forecast = e.quantile(uniform());
            let changed = [log_revenue(forecast), log_growth(forecast, e.before)];
            (0..criteria.len())
                .map(|k| weight[k] * changed.get(k).map_or(deviations[k][i], |v| scales[k].deviation(*v)))
                .sum()
        });
        let scores = drawn.collect();
        count(scores, 0);
        let mut other: Vec<f64> = weight.iter().map(|w| w * (OTHER_WEIGHTS * (2.0 * uniform() - 1.0)).exp()).collect();
        let sum: f64 = other.iter().sum();
        other.iter_mut().for_each(|w| *w /= sum.max(f64::MIN_POSITIVE));
        count((0..expected.len()).map(|i| (0..other.len()).map(|k| other[k] * deviations[k][i]).sum()).collect(), 2);
    }
    counts
}

impl Expected {
    /// Quantile at `level`: linear between the known quantiles, with the forecast as median, and constant outside them.
    fn quantile(&self, level: f64) -> f64 {
        let levels = [0.025, 0.1, 0.5, 0.9, 0.975];
        let values = [self.ends[0], self.ends[1], self.forecast, self.ends[2], self.ends[3]];
        let above = levels.iter().position(|l| *l >= level);
        match above {
            Some(0) => values[0],
            Some(k) => {
                values[k - 1] + (values[k] - values[k - 1]) * (level - levels[k - 1]) / (levels[k] - levels[k - 1])
            }
            None => values[4],
        }
    }
}

/// `scored` holds all candidates, best first. The first two criteria are revenue and growth, which depend on the forecast.
pub(crate) fn tipping(
    criteria: &[Criterion],
    expected: &[Expected],
    scored: &[Scored],
    weights: &Weights,
) -> Option<SensitivityThreshold> {
    let [first, second, ..] = scored else { return None };
    let scales: Vec<Scale> = criteria.iter().take(2).map(Scale::of).collect();
    let winner = &expected[first.candidate];
    let points = |forecast: f64| -> f64 {
        let moved = [log_revenue(forecast), log_growth(forecast, winner.before)];
        criteria.iter().zip(&scales).zip(moved).map(|((c, s), v)| c.weight(&weights.category) * s.deviation(v)).sum()
    };
    let rest = first.score - points(winner.forecast);
    let leads = |missed: f64| rest + points(winner.forecast * (1.0 - missed)) > second.score;
    let almost_all = 0.999;
    let shortfall = (winner.forecast > 0.0 && !leads(almost_all)).then(|| {
        let (mut low, mut high) = (0.0, almost_all);
        for _ in 0..HALVINGS {
            let middle = (low + high) / 2.0;
            if leads(middle) { low = middle } else { high = middle }
        }
        high
    });
    let deciding = first.indicators.iter().enumerate().filter(|(_, i)| i.rank_without > 1 && i.weight > 0.0);
    let deciding = deciding.filter_map(|(k, i)| {
        let instead = scored.iter().find(|s| s.indicators[k].rank_without == 1)?;
        Some(Deciding { indicator: i.name, instead: expected[instead.candidate].name.clone() })
    });
    Some(SensitivityThreshold {
        runner_up: expected[second.candidate].name.clone(),
        lead: first.score - second.score,
        shortfall,
        deciding: deciding.collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decisions::score::score;

    /// Two categories that differ in revenue alone: the first must lose a third to sell as much as the second.
    #[test]
    fn the_tipping_point_is_where_both_score_the_same() {
        let expected: Vec<Expected> = [("b", 100.0), ("a", 150.0), ("c", 50.0)]
            .map(|(name, forecast)| Expected { name: name.into(), forecast, ends: [forecast; 4], before: forecast })
            .into();
        let criterion = |name, values: Vec<Option<f64>>| Criterion { name, more_is_better: true, values };
        let criteria = [
            criterion("revenue", expected.iter().map(|e| log_revenue(e.forecast)).collect()),
            criterion("growth", vec![Some(0.0); 3]),
        ];
        let weights =
            Weights { category: [("revenue".to_string(), 1.0)].into(), state: [("revenue".to_string(), 1.0)].into() };
        let scored = score(&criteria, &weights.category).unwrap();
        let tipping = tipping(&criteria, &expected, &scored, &weights).unwrap();
        assert_eq!((tipping.runner_up.as_str(), tipping.deciding.len()), ("b", 1));
        assert!((tipping.shortfall.unwrap() - 1.0 / 3.0).abs() < 1e-6, "{tipping:?}");
        assert!(super::tipping(&criteria, &expected, &scored[..1], &weights).is_none());
    }

    #[test]
    fn quantiles_of_a_forecast_run_through_its_intervals() {
        let e = Expected { name: "a".into(), forecast: 10.0, ends: [2.0, 5.0, 18.0, 30.0], before: 1.0 };
        assert_eq!([0.0, 0.1, 0.3, 0.5, 0.7, 0.99].map(|l| e.quantile(l)), [2.0, 5.0, 7.5, 10.0, 14.0, 30.0]);
    }
}
