//! SalesMart → StateGrowth: whether a state's share of the orders grows, half-year on half-year. Part of `Findings`.
//!
//! A state's odds are its orders over those of all others. Months vary more than chance alone would have them, so that the variance of the
//! change is multiplied by the overdispersion φ: Pearson's χ² of the twelve monthly shares around a straight line in their logit, over its
//! ten degrees of freedom; that of the state or the mean over the states, whichever is greater. All states are tested, and named only if
//! they survive a false discovery rate of a tenth.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::error::Result;
use crate::mart::SalesMart;
use crate::mart::month::Month;
use crate::mart::period::Period;
use crate::schema::contract::UNKNOWN;
use crate::statistics::discoveries::{DISCOVERY, q_values};
use crate::statistics::normal::{Z95, two_sided};

/// Months that are compared with as many before.
const HALF_YEAR: usize = 6;
/// Months whose orders count.
pub(crate) const MONTHS: usize = 2 * HALF_YEAR;
/// Steps within which a fit of two parameters has converged, if it does.
const STEPS: usize = 25;

/// Growth of a state's orders beside that of all other states. Orders have items and are neither canceled nor unavailable.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StateGrowth {
    /// Code of the state.
    pub state: String,
    /// Orders of the six complete months before the last six.
    pub orders_before: i64,
    /// Orders of the last six complete months.
    pub orders_after: i64,
    /// Growth of the state's odds, and the test of it; `None` without orders.
    pub change: Option<Change>,
}

/// Growth of a share's odds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Change {
    /// Odds after over odds before, minus one: by how much the state's orders outgrow those of the others.
    pub growth: f64,
    /// Lower end of the 90 % interval.
    pub low: f64,
    /// Upper end of the 90 % interval.
    pub high: f64,
    /// Smallest rate of false discoveries at which it is one (Benjamini & Hochberg).
    pub q: f64,
}

impl StateGrowth {
    /// Whether the change is a discovery.
    pub fn is_named(&self) -> bool {
        self.change.is_some_and(|change| change.q <= DISCOVERY)
    }

    /// Whether it is a discovery, and one of growth.
    pub fn is_growing(&self) -> bool {
        self.is_named() && self.change.is_some_and(|change| change.growth > 0.0)
    }
}

/// The growth of every known state, by code; empty if there are fewer than twelve complete months or two states.
///
/// # Errors
/// The mart is incomplete.
pub(crate) fn state_growth(mart: &SalesMart, period: Period) -> Result<Vec<StateGrowth>> {
    if period.len() < MONTHS {
        return Ok(Vec::new());
    }
    let first = period.last.plus(1 - MONTHS as i32);
    let frame = mart.table("orders_by_state_month")?;
    let (names, days) = (frame.column("state")?.str()?, frame.column("month")?.date()?.physical());
    let orders = frame.column("sold_orders")?.i64()?;
    let mut monthly: BTreeMap<&str, [i64; MONTHS]> = BTreeMap::new();
    for ((name, day), orders) in names.iter().zip(days.iter()).zip(orders.iter()) {
        let (Some(name), Some(day), Some(orders)) = (name.filter(|name| *name != UNKNOWN), day, orders) else {
            continue;
        };
        let month = Month::of_day(day);
        let state = monthly.entry(name).or_default();
        if let Some(at) = first.through(period.last).position(|m| m == month) {
            state[at] += orders;
        }
    }
    Ok(of_counts(&monthly.into_iter().collect::<Vec<_>>()))
}

/// A state, and its orders in each of the twelve months.
type Monthly<'a> = (&'a str, [i64; MONTHS]);

/// The growth of states by their orders.
pub(crate) fn of_counts(states: &[Monthly<'_>]) -> Vec<StateGrowth> {
    let sold = states.iter().filter(|(_, counts)| counts.iter().sum::<i64>() > 0).count();
    if sold < 2 {
        return Vec::new();
    }
    let mut all = [0; MONTHS];
    states.iter().for_each(|(_, counts)| all.iter_mut().zip(counts).for_each(|(sum, n)| *sum += n));
    let dispersions: Vec<Option<f64>> = states.iter().map(|(_, counts)| overdispersion(counts, &all)).collect();
    let mean = dispersions.iter().flatten().sum::<f64>() / sold as f64;
    let halves = |counts: &[i64; MONTHS]| {
        let sum = |counts: &[i64]| counts.iter().sum::<i64>();
        (sum(&counts[..HALF_YEAR]), sum(&counts[HALF_YEAR..]))
    };
    let (all_before, all_after) = halves(&all);
    // ln of the odds ratio and its standard deviation.
    let log_ratio = |(counts, dispersion): (&[i64; MONTHS], &Option<f64>)| -> Option<(f64, f64)> {
        let (before, after) = halves(counts);
        let cells = [after, all_after - after, before, all_before - before];
        // An empty cell has no logarithm: half an order in each (Haldane, Annals of Human Genetics 20, 1956).
        let half = if cells.contains(&0) { 0.5 } else { 0.0 };
        let [a, b, c, d] = cells.map(|n| n as f64 + half);
        // No state is steadier than chance: a smaller φ is luck.
        let dispersion = (*dispersion)?.max(mean).max(1.0);
        let variance = dispersion * (1.0 / a + 1.0 / b + 1.0 / c + 1.0 / d);
        Some((a.ln() - b.ln() - (c.ln() - d.ln()), variance.sqrt()))
    };
    let changes: Vec<Option<(f64, f64)>> =
        states.iter().map(|(_, counts)| counts).zip(&dispersions).map(log_ratio).collect();
    let p: Vec<f64> = changes.iter().flatten().map(|(change, deviation)| two_sided(change / deviation)).collect();
    let mut q = q_values(&p).into_iter();
    let growth = |((state, counts), change): (&Monthly<'_>, Option<(f64, f64)>)| {
        let (orders_before, orders_after) = halves(counts);
        let change = change.and_then(|(change, deviation)| {
            let at = |z: f64| (change + z * deviation).exp_m1();
            Some(Change { growth: at(0.0), low: at(-Z95), high: at(Z95), q: q.next()? })
        });
        StateGrowth { state: (*state).into(), orders_before, orders_after, change }
    };
    states.iter().zip(changes).map(growth).collect()
}

/// φ of a state: `None` if it has no orders.
fn overdispersion(counts: &[i64; MONTHS], all: &[i64; MONTHS]) -> Option<f64> {
    let total: i64 = counts.iter().sum();
    let others = all.iter().sum::<i64>() - total;
    if total == 0 {
        return None;
    }
    let (mut level, mut slope) = ((total as f64 / others.max(1) as f64).ln(), 0.0);
    let times = (0..MONTHS).map(|month| month as f64 - (MONTHS as f64 - 1.0) / 2.0);
    let months: Vec<(f64, f64, f64)> =
        times.zip(counts.iter().zip(all)).map(|(t, (n, all))| (t, *n as f64, *all as f64)).collect();
    let share = |level: f64, slope: f64, t: f64| 1.0 / (1.0 + (-(level + slope * t)).exp());
    for _ in 0..STEPS {
        let (mut error, mut weight) = ([0.0; 2], [0.0; 3]);
        for (t, n, all) in &months {
            let p = share(level, slope, *t);
            let w = all * p * (1.0 - p);
            error = [error[0] + n - all * p, error[1] + t * (n - all * p)];
            weight = [weight[0] + w, weight[1] + w * t, weight[2] + w * t * t];
        }
        let determinant = weight[0] * weight[2] - weight[1] * weight[1];
        if determinant <= f64::EPSILON * weight[0] * weight[2] {
            break;
        }
        let change = [
            (weight[2] * error[0] - weight[1] * error[1]) / determinant,
            (weight[0] * error[1] - weight[1] * error[0]) / determinant,
        ];
        (level, slope) = (level + change[0], slope + change[1]);
        if change[0].abs().max(change[1].abs()) < 1e-10 {
            break;
        }
    }
    let squares = months.iter().map(|(t, n, all)| {
        let p = share(level, slope, *t);
        let variance = all * p * (1.0 - p);
        if variance > 0.0 { (n - all * p).powi(2) / variance } else { 0.0 }
    });
    Some(squares.sum::<f64>() / (MONTHS as f64 - 2.0))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use polars::prelude::*;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;
    use crate::input::Source;
    use crate::models::metrics::below;
    use crate::schema::TableId;
    use crate::{clean, mart, synth};

    const WEEK: usize = 7;
    const YEAR: usize = 365;

    fn change(states: &[StateGrowth], at: usize) -> Change {
        states[at].change.unwrap()
    }

    #[test]
    fn growth_by_hand() {
        let halves =
            |before: i64, after: i64| std::array::from_fn(|month| if month < HALF_YEAR { before } else { after });
        let found =
            of_counts(&[("A", halves(10, 20)), ("B", halves(100, 100)), ("C", halves(0, 0)), ("D", halves(0, 3))]);
        // 120 orders against 618, 60 against 600.
        let a = change(&found, 0);
        assert!((a.growth - (120.0 / 618.0 / (60.0 / 600.0) - 1.0)).abs() < 1e-12, "{a:?}");
        assert!(a.low < a.growth && a.growth < a.high && found[0].is_growing());
        assert_eq!((found[0].orders_before, found[0].orders_after), (60, 120));
        assert!(!found[1].is_growing() && change(&found, 1).growth < 0.0);
        // Nothing is said of no orders; a state that begins to sell has a growth, which is finite.
        assert_eq!(found[2].change, None);
        let d = change(&found, 3);
        assert!(d.growth > 0.0 && d.low.is_finite() && d.high.is_finite() && d.q > 0.0, "{d:?}");
    }

    #[test]
    fn what_does_not_change_is_not_named() {
        let found = of_counts(&[("A", [5; MONTHS]), ("B", [900; MONTHS])]);
        assert!(
            found.iter().all(|state| state.change.is_some_and(|c| c.growth.abs() < 1e-12 && (c.q - 1.0).abs() < 1e-6))
        );
        assert!(of_counts(&[("A", [5; MONTHS])]).is_empty() && of_counts(&[]).is_empty());
        assert!(of_counts(&[("A", [5; MONTHS]), ("B", [0; MONTHS])]).is_empty());
    }

    /// The same growth, once steady and once with months that jump: the interval is wider.
    #[test]
    fn restless_months_prove_less() {
        let of = |counts: [i64; MONTHS]| change(&of_counts(&[("A", counts), ("B", [4_000; MONTHS])]), 0);
        let steady = of(std::array::from_fn(|month| if month < HALF_YEAR { 100 } else { 140 }));
        let restless = of(std::array::from_fn(|month| [40, 160][month % 2] + if month < HALF_YEAR { 0 } else { 40 }));
        assert_eq!(steady.growth, restless.growth);
        assert!(steady.q < DISCOVERY && restless.q > DISCOVERY, "{steady:?} {restless:?}");
        assert!(restless.high - restless.low > 2.0 * (steady.high - steady.low));
    }

    #[test]
    fn less_than_a_year_says_nothing() {
        let (clean, _) = clean::load(&Source::open(synth::generated(3_000, 5, 0.0).0.path()).unwrap()).unwrap();
        let mart = mart::mart(&clean).unwrap();
        let year = Period::of(&mart).unwrap();
        assert!(state_growth(&mart, year).unwrap().len() > 20, "{year:?}");
        let eleven = Period { first: year.last.plus(2 - MONTHS as i32), last: year.last };
        assert!(state_growth(&mart, eleven).unwrap().is_empty());
    }

    /// In how many of 200 shufflings of the weeks of a year no state is named. Orders of each state by day.
    fn silent_shufflings(daily: &[Vec<i64>]) -> usize {
        let mut draws = ChaCha8Rng::seed_from_u64(1);
        let mut weeks: Vec<usize> = (0..YEAR / WEEK).collect();
        let silent = |_: &usize| {
            for last in (1..weeks.len()).rev() {
                weeks.swap(last, below(last + 1, &mut draws));
            }
            // Day 365 stays the last.
            let day = |at: usize| weeks.get(at / WEEK).map_or(at, |week| week * WEEK + at % WEEK);
            let monthly = |daily: &Vec<i64>| {
                let mut counts = [0; MONTHS];
                (0..YEAR).for_each(|at| counts[at * MONTHS / YEAR] += daily[day(at)]);
                counts
            };
            let states: Vec<Monthly<'_>> = daily.iter().map(|daily| ("", monthly(daily))).collect();
            !of_counts(&states).iter().any(StateGrowth::is_named)
        };
        (0..200).filter(silent).count()
    }

    #[test]
    fn shuffled_weeks_name_no_state() {
        let mut draws = ChaCha8Rng::seed_from_u64(3);
        // 27 states of one to 81 orders a day, with days that vary together and alone.
        let busy: Vec<usize> = (0..YEAR).map(|_| 1 + below(3, &mut draws)).collect();
        let daily: Vec<Vec<i64>> = (0..27)
            .map(|state| {
                let most = state * state / 9 + 2;
                busy.iter().map(|busy| below(busy * most, &mut draws) as i64).collect()
            })
            .collect();
        let silent = silent_shufflings(&daily);
        assert!(silent >= 180, "{silent} of 200");
    }

    /// Figures that were found in these data independently, within 2 %.
    #[test]
    fn real_states_are_as_expected() {
        let Some(data) = std::env::var_os("PFE_DATA") else { return };
        let (clean, _) = clean::load(&Source::open(Path::new(&data)).unwrap()).unwrap();
        let mart = mart::mart(&clean).unwrap();
        let found = state_growth(&mart, Period::of(&mart).unwrap()).unwrap();
        assert_eq!(found.len(), 27);
        let named: Vec<(&str, bool)> =
            found.iter().filter(|s| s.is_named()).map(|s| (s.state.as_str(), s.is_growing())).collect();
        assert_eq!(named, [("RJ", false), ("SP", true)]);
        let sp = found.iter().find(|state| state.state == "SP").unwrap();
        for (value, expected) in [
            (sp.orders_before as f64, 13_356.0),
            (sp.orders_after as f64, 17_384.0),
            (1.0 + change(&found, 25).growth, 1.150),
            (1.0 + change(&found, 25).low, 1.090),
            (1.0 + change(&found, 25).high, 1.214),
        ] {
            assert!((value / expected - 1.0).abs() < 0.02, "{value}, expected {expected}");
        }
        // The weeks of the same year, shuffled.
        let lazy = |table| clean.table(table).clone().lazy();
        let on = || [col("customer_id")];
        let first = "2017-08-01".parse::<chrono::NaiveDate>().unwrap().to_epoch_days();
        let rows = lazy(TableId::Orders).join(lazy(TableId::Customers), on(), on(), JoinArgs::new(JoinType::Inner));
        let rows = rows.select([col("customer_state"), col("purchase_day"), col("order_status")]).collect().unwrap();
        let [states, status] = ["customer_state", "order_status"].map(|name| rows.column(name).unwrap().str().unwrap());
        let days = rows.column("purchase_day").unwrap().date().unwrap().physical();
        let mut daily = vec![vec![0; YEAR]; found.len()];
        for row in 0..rows.height() {
            let at = days.get(row).unwrap() - first;
            let sold = !["canceled", "unavailable"].contains(&status.get(row).unwrap());
            let state = found.iter().position(|state| Some(state.state.as_str()) == states.get(row)).unwrap();
            if sold && (0..YEAR as i32).contains(&at) {
                daily[state][at as usize] += 1;
            }
        }
        let silent = silent_shufflings(&daily);
        assert!(silent >= 180, "{silent} of 200");
    }
}
