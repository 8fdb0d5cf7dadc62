//! Outcomes of a backtest → accuracy metrics of a model. Used by `backtest` and `regret`.
//!
//! | metric | formula |
//! | --- | --- |
//! | WAPE | Σ\|actual − forecast\| / Σ actual |
//! | bias | Σ(forecast − actual) / Σ actual |
//! | MASE | median over series and cutoffs of the mean of \|actual − forecast\| / scale |
//! | coverage | share of the outcomes inside the interval |
//! | width | Σ(upper − lower end) / Σ actual |
//! | growth | Spearman's rank correlation of forecast and actual growth over the series, mean over the cutoffs |
//! | relative growth | the same for the ratio of the revenues after and before the cutoff |
//!
//! MASE: the scale is the mean absolute change from one period to the next before the cutoff (Hyndman and Koehler,
//! International Journal of Forecasting 22, 2006).
//!
//! Growth is the revenue of the forecast periods minus that of as many periods before, in BRL: the gain of choosing a
//! series. In relative growth, small series count as much as large ones. Both use only series with at least five orders per
//! period since the data begin.

use std::collections::BTreeMap;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde::Serialize;

use super::span::DateRange;
use crate::table::quantiles::median;

/// Number of bootstrap draws.
pub(super) const DRAWS: usize = 2_000;
pub(super) const SEED: u64 = 1;
/// Orders per period that a series needs for its growth to count.
pub const GROWTH_ORDERS: f64 = 5.0;

/// A forecast and the actual value of one series in one period.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outcome {
    /// The day at whose end the forecast was made.
    pub cutoff: i32,
    /// Index of the series in the panel.
    pub series: usize,
    /// 1 for the first period after the cutoff.
    pub step: usize,
    /// Days of the period.
    pub span: DateRange,
    /// Whether the data cover the whole period.
    pub complete: bool,
    /// Actual revenue, BRL.
    pub actual: f64,
    /// Forecast revenue, BRL.
    pub forecast: f64,
    /// 80 % interval, BRL.
    pub interval80: (f64, f64),
    /// 95 % interval, BRL.
    pub interval95: (f64, f64),
    /// Mean absolute change from one period to the next before the cutoff, BRL; 0 if nothing changed.
    pub scale: f64,
    /// Revenue of as many periods up to the cutoff as are forecast, BRL.
    pub before: f64,
    /// Mean orders per period since the data begin.
    pub orders: f64,
}

/// Metrics of a model. Never `NaN`: 0 if there is nothing to measure.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Metrics {
    /// Weighted absolute percentage error over all periods, as a fraction.
    pub wape: f64,
    /// WAPE over the periods that the data cover completely.
    pub wape_complete: f64,
    /// WAPE over all periods after scaling the forecasts of each cutoff and step to the actual total.
    pub wape_given_total: f64,
    /// Sum of the forecasts over the sum of the actual values, minus 1.
    pub bias: f64,
    /// Mean absolute scaled error, median over series and cutoffs.
    pub mase: f64,
    /// Share of the outcomes inside the 80 % interval.
    pub coverage80: f64,
    /// Share of the outcomes inside the 95 % interval.
    pub coverage95: f64,
    /// Width of the 80 % intervals relative to the actual revenue.
    pub width80: f64,
    /// Rank correlation of growth in BRL, for series with at least five orders per period before the cutoff.
    pub growth: f64,
    /// Rank correlation of relative growth, for the same series.
    pub relative_growth: f64,
}

impl Metrics {
    /// Computes the metrics of `outcomes`.
    pub fn of(outcomes: &[Outcome]) -> Metrics {
        let complete: Vec<&Outcome> = outcomes.iter().filter(|o| o.complete).collect();
        let actual: f64 = outcomes.iter().map(|o| o.actual).sum();
        let share = |f: &dyn Fn(&Outcome) -> bool| {
            ratio(outcomes.iter().filter(|o| f(o)).count() as f64, outcomes.len() as f64)
        };
        let inside = |o: &Outcome, (lo, hi): (f64, f64)| lo <= o.actual && o.actual <= hi;
        Metrics {
            wape: wape(outcomes.iter().map(|o| (o.actual, o.forecast))),
            wape_complete: wape(complete.iter().map(|o| (o.actual, o.forecast))),
            wape_given_total: wape_given_total(outcomes),
            bias: ratio(outcomes.iter().map(|o| o.forecast - o.actual).sum(), actual),
            mase: mase(outcomes),
            coverage80: share(&|o| inside(o, o.interval80)),
            coverage95: share(&|o| inside(o, o.interval95)),
            width80: ratio(outcomes.iter().map(|o| o.interval80.1 - o.interval80.0).sum(), actual),
            growth: growth_correlation(outcomes, |after, before| after - before),
            relative_growth: growth_correlation(outcomes, |after, before| after / before),
        }
    }
}

/// A part of a whole; 0 without a whole.
pub(crate) fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

/// WAPE of pairs (actual, forecast): Σ|actual − forecast| / Σ actual; 0 if the sum is 0.
pub fn wape(pairs: impl Iterator<Item = (f64, f64)>) -> f64 {
    let (error, actual) =
        pairs.fold((0.0, 0.0), |(e, a), (actual, forecast)| (e + (actual - forecast).abs(), a + actual));
    ratio(error, actual)
}

fn wape_given_total(outcomes: &[Outcome]) -> f64 {
    let mut totals: BTreeMap<(i32, usize), (f64, f64)> = BTreeMap::new();
    for o in outcomes {
        let total = totals.entry((o.cutoff, o.step)).or_default();
        *total = (total.0 + o.actual, total.1 + o.forecast);
    }
    wape(outcomes.iter().map(|o| {
        let (actual, forecast) = totals[&(o.cutoff, o.step)];
        (o.actual, o.forecast * ratio(actual, forecast))
    }))
}

fn mase(outcomes: &[Outcome]) -> f64 {
    let mut errors: BTreeMap<(usize, i32), (f64, f64)> = BTreeMap::new();
    for o in outcomes.iter().filter(|o| o.scale > 0.0) {
        let sum = errors.entry((o.series, o.cutoff)).or_default();
        *sum = (sum.0 + (o.actual - o.forecast).abs() / o.scale, sum.1 + 1.0);
    }
    let mut means: Vec<f64> = errors.into_values().map(|(sum, n)| sum / n).collect();
    median(&mut means)
}

/// Mean over the cutoffs of Spearman's correlation between forecast and actual growth. `growth` takes the revenue after and
/// before the cutoff.
fn growth_correlation(outcomes: &[Outcome], growth: fn(f64, f64) -> f64) -> f64 {
    let mut cutoffs: BTreeMap<i32, BTreeMap<usize, [f64; 3]>> = BTreeMap::new();
    for o in outcomes.iter().filter(|o| o.orders >= GROWTH_ORDERS && o.before > 0.0) {
        let sums = cutoffs.entry(o.cutoff).or_default().entry(o.series).or_insert([0.0, 0.0, o.before]);
        sums[0] += o.forecast;
        sums[1] += o.actual;
    }
    let correlations = cutoffs.values().filter_map(|series| {
        let of = |which: usize| series.values().map(|sums| growth(sums[which], sums[2])).collect::<Vec<f64>>();
        spearman(&of(0), &of(1))
    });
    let (sum, n) = correlations.fold((0.0, 0.0), |(sum, n), c| (sum + c, n + 1.0));
    ratio(sum, n)
}

/// Spearman's rank correlation; ties share their mean rank. `None` if one side does not vary.
pub fn spearman(a: &[f64], b: &[f64]) -> Option<f64> {
    let (a, b) = (ranks(a), ranks(b));
    let mean = (a.len() as f64 - 1.0) / 2.0;
    let product = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| (x - mean) * (y - mean)).sum::<f64>();
    let spread = product(&a, &a) * product(&b, &b);
    (spread > 0.0).then(|| product(&a, &b) / spread.sqrt())
}

fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|i, j| values[*i].total_cmp(&values[*j]));
    let mut ranks = vec![0.0; values.len()];
    for (rank, i) in order.iter().enumerate() {
        ranks[*i] = rank as f64;
    }
    let mut from = 0;
    while from < order.len() {
        let equal = order[from..].iter().take_while(|i| values[**i] == values[order[from]]).count();
        for i in &order[from..from + equal] {
            ranks[*i] = from as f64 + (equal - 1) as f64 / 2.0;
        }
        from += equal;
    }
    ranks
}

/// A value with its 90 % bootstrap interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    /// The value.
    pub value: f64,
    /// 5 % quantile of the draws.
    pub low: f64,
    /// 95 % quantile of the draws.
    pub high: f64,
}

/// WAPE of `ours` minus WAPE of `theirs` on the same outcomes. The bootstrap draws series, each with all its outcomes,
/// because outcomes of one series are correlated.
pub fn wape_difference(ours: &[Outcome], baseline: &[Outcome]) -> Estimate {
    let mut series: BTreeMap<usize, [f64; 2]> = BTreeMap::new();
    for (a, b) in ours.iter().zip(baseline) {
        let sum = series.entry(a.series).or_default();
        sum[0] += (a.actual - a.forecast).abs() - (b.actual - b.forecast).abs();
        sum[1] += a.actual;
    }
    let series: Vec<[f64; 2]> = series.into_values().collect();
    bootstrap(series.len(), |picked| {
        let sum = picked.iter().fold((0.0, 0.0), |sum, i| (sum.0 + series[*i][0], sum.1 + series[*i][1]));
        ratio(sum.0, sum.1)
    })
}

/// A statistic of `n` items with its bootstrap interval: draws of `n` items with replacement.
pub fn bootstrap(n: usize, statistic: impl Fn(&[usize]) -> f64) -> Estimate {
    crossed_bootstrap([n], |[picked]| statistic(picked))
}

/// The same of items of several kinds, such as months and series: each draw takes as many of each kind as there are, with replacement
/// (Owen, Annals of Applied Statistics 1, 2007).
pub fn crossed_bootstrap<const KINDS: usize>(
    n: [usize; KINDS],
    statistic: impl Fn(&[Vec<usize>; KINDS]) -> f64,
) -> Estimate {
    let mut picked = n.map(|n| (0..n).collect::<Vec<usize>>());
    let value = statistic(&picked);
    let mut source = ChaCha8Rng::seed_from_u64(SEED);
    let mut draws: Vec<f64> = (0..DRAWS)
        .map(|_| {
            for (picked, n) in picked.iter_mut().zip(n) {
                picked.iter_mut().for_each(|i| *i = below(n, &mut source));
            }
            statistic(&picked)
        })
        .collect();
    draws.sort_by(f64::total_cmp);
    Estimate { value, low: draws[DRAWS / 20], high: draws[DRAWS - DRAWS / 20 - 1] }
}

/// A random number below `n`, which must not be 0.
pub(crate) fn below(n: usize, source: &mut ChaCha8Rng) -> usize {
    ((u64::from(source.next_u32()) * n as u64) >> 32) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(series: usize, actual: f64, forecast: f64) -> Outcome {
        Outcome {
            cutoff: 0,
            series,
            step: 1,
            span: DateRange { from: 1, to: 30 },
            complete: series == 0,
            actual,
            forecast,
            interval80: (forecast - 2.0, forecast + 2.0),
            interval95: (forecast - 4.0, forecast + 4.0),
            scale: 2.0,
            before: 10.0,
            orders: 5.0,
        }
    }

    /// Worked out on paper: errors 2, 4, 3 on 10, 20, 30.
    #[test]
    fn measures_by_hand() {
        let metrics = Metrics::of(&[outcome(0, 10.0, 12.0), outcome(1, 20.0, 16.0), outcome(2, 30.0, 33.0)]);
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} {b}");
        near(metrics.wape, 9.0 / 60.0);
        near(metrics.wape_complete, 0.2);
        near(metrics.bias, 1.0 / 60.0);
        near(metrics.mase, 1.5);
        near(metrics.coverage80, 1.0 / 3.0);
        near(metrics.coverage95, 1.0);
        near(metrics.width80, 12.0 / 60.0);
        near(metrics.growth, 1.0);
        near(metrics.relative_growth, 1.0);
        // Scaled by 60/61: 11.80…, 15.74…, 32.46….
        near(metrics.wape_given_total, (720.0 / 61.0 - 10.0 + 20.0 - 960.0 / 61.0 + 1980.0 / 61.0 - 30.0) / 60.0);
        assert_eq!(Metrics::of(&[]), Metrics::default());
    }

    /// A large series that gains 10 on 100 and a small one that doubles from 1: which grows more depends on the metric.
    #[test]
    fn growth_is_in_money_or_relative() {
        let after = |series, before, actual, forecast| Outcome { before, ..outcome(series, actual, forecast) };
        let metrics = Metrics::of(&[after(0, 100.0, 110.0, 112.0), after(1, 1.0, 2.0, 1.05)]);
        assert_eq!((metrics.growth, metrics.relative_growth), (1.0, -1.0));
        let few = [Outcome { orders: 4.9, ..after(0, 100.0, 110.0, 112.0) }, after(1, 1.0, 2.0, 1.05)];
        assert_eq!(Metrics::of(&few).growth, 0.0);
    }

    #[test]
    fn equal_values_share_their_rank() {
        assert_eq!(ranks(&[3.0, 1.0, 3.0, 2.0]), [2.5, 0.0, 2.5, 1.0]);
        assert_eq!(spearman(&[1.0, 2.0, 3.0], &[9.0, 4.0, 1.0]), Some(-1.0));
        assert_eq!(spearman(&[1.0, 1.0], &[1.0, 2.0]), None);
    }

    #[test]
    fn a_model_does_not_differ_from_itself() {
        let outcomes = [outcome(0, 10.0, 12.0), outcome(1, 20.0, 16.0)];
        assert_eq!(wape_difference(&outcomes, &outcomes), Estimate { value: 0.0, low: 0.0, high: 0.0 });
        let exact = [outcome(0, 10.0, 10.0), outcome(1, 20.0, 20.0)];
        let difference = wape_difference(&exact, &outcomes);
        assert!((difference.value + 0.2).abs() < 1e-12 && difference.high < 0.0, "{difference:?}");
    }
}
