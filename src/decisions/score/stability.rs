//! Scores → stability of the first place: random draws of forecasts and of weights. Used by `winner`.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::{Criterion, Scale, Weights};

/// Number of draws of forecasts, and of weights.
const DRAWS: usize = 1_000;
const SEED: u64 = 2;
/// In a draw, each weight is multiplied by e^x, with x uniform within ± this.
const OTHER_WEIGHTS: f64 = 0.7;

/// Expected revenue of a category, with quantiles.
pub(crate) struct Expected {
    pub name: String,
    pub forecast: f64,
    /// Quantiles 2.5 %, 10 %, 90 % and 97.5 %.
    pub ends: [f64; 4],
    pub before: f64,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_a_forecast_run_through_its_intervals() {
        let e = Expected { name: "a".into(), forecast: 10.0, ends: [2.0, 5.0, 18.0, 30.0], before: 1.0 };
        assert_eq!([0.0, 0.1, 0.3, 0.5, 0.7, 0.99].map(|l| e.quantile(l)), [2.0, 5.0, 7.5, 10.0, 14.0, 30.0]);
    }
}
