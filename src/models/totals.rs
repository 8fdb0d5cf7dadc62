//! Fitted model → expected revenue of all periods together, with intervals in two parts: the error of the market, which all series share, and
//! that of a series' part of it. Used by `outlook` and `backtest`.
//!
//! As of each past week, F and A are the expected and the actual revenue of all series together, f and a those of one. The market's error is
//! m = ln(A / F), the series' own ln((a + c) / (f·A/F + c)). c stands for a few orders, so that series that hardly sell do not decide. Own
//! errors are taken from series of like size, a quarter of all. The error of a forecast is an own one plus +m or −m, each pair as likely: how
//! far the market strayed is known, not which way it will.
//!
//! Ends of the intervals of single periods must not be added up: errors of the periods do not all go the same way, and those of the market
//! do not cancel between series.

use std::array::from_fn;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use serde::Serialize;

use super::forecast::{
    ASSUMED_DEVIATION, Fitted, Forecast, LEVELS, MIN_ERRORS, MIN_HISTORY_DAYS, NORMAL, RECENT, floor, past_origins,
    scale,
};
use super::metrics::ratio;
use super::panel::{History, Panel};
use super::span::{DateRange, Frequency};
use crate::table::quantiles::quantiles;

/// Classes of series by size.
const CLASSES: usize = 4;
/// Number of series that count as the largest.
pub const LARGEST: usize = 15;
/// Halvings in the search of a quantile.
const HALVINGS: usize = 40;

/// Expected revenue of one series in all periods together, BRL.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Total {
    /// Name of the category or state.
    pub series: String,
    /// Expected revenue, BRL.
    pub forecast: f64,
    /// Quantiles 2.5 %, 10 %, 90 % and 97.5 %, BRL.
    pub ends: [f64; 4],
    /// The same if the market came as expected: what decides between series.
    pub own_ends: [f64; 4],
}

impl Total {
    /// 80 % interval, BRL.
    pub fn interval80(&self) -> (f64, f64) {
        (self.ends[1], self.ends[2])
    }
}

/// Adds up the `forecasts` of `horizon` periods of 30 days, and takes intervals from past errors of such sums. One row per series, by name.
pub(super) fn totals(history: &History, fitted: &dyn Fitted, horizon: usize, forecasts: &[Forecast]) -> Vec<Total> {
    let mut expected = vec![0.0; history.len()];
    let mut forecasts = forecasts.iter().peekable();
    for (name, sum) in history.names().zip(&mut expected) {
        while let Some(f) = forecasts.next_if(|f| f.series == name) {
            *sum += f.forecast;
        }
    }
    let span = whole(history.cutoff, horizon);
    let past = PastErrors::of(history, fitted, horizon);
    let small = floor(history) * f64::from(span.days());
    let classes = classes(&expected, |_| true);
    let total = |((name, &forecast), class): ((&str, &f64), &usize)| {
        let around = |errors: Option<[f64; 4]>| -> [f64; 4] {
            from_fn(|k| {
                let end = match errors {
                    Some(errors) => (forecast + small) * errors[k].exp() - small,
                    None => forecast + NORMAL[k] * ASSUMED_DEVIATION * scale(history, forecast, span),
                };
                // An interval holds its forecast, and no series earns less than nothing.
                if k < 2 { end.min(forecast).max(0.0) } else { end.max(forecast) }
            })
        };
        let [ends, own_ends] = [past.quantiles[*class].map(|q| q[0]), past.quantiles[*class].map(|q| q[1])].map(around);
        Total { series: name.into(), forecast, ends, own_ends }
    };
    history.names().zip(&expected).zip(&classes).map(total).collect()
}

/// All periods together.
pub(super) fn whole(cutoff: i32, horizon: usize) -> DateRange {
    let of = |step| Frequency::Days30.span(cutoff, step);
    DateRange { from: of(1).from, to: of(horizon as i32).to }
}

/// What was expected of some periods at the end of a past week, and what came, by series.
struct Week {
    origin: i32,
    span: DateRange,
    expected: Vec<f64>,
    actual: Vec<f64>,
}

/// Past weeks whose errors count: those of the last year that would do as cutoffs of a backtest, with the sums of these steps.
fn past<'h>(
    history: &'h History,
    fitted: &'h dyn Fitted,
    steps: RangeInclusive<usize>,
) -> impl Iterator<Item = Week> + 'h {
    let first = history.start + MIN_HISTORY_DAYS - 1;
    let origins = past_origins(history, *steps.end()).take(RECENT).take_while(move |origin| *origin >= first);
    origins.map(move |origin| {
        let of = |step: &usize| Frequency::Days30.span(origin, *step as i32);
        let span = DateRange { from: of(steps.start()).from, to: of(steps.end()).to };
        let mut expected = vec![0.0; history.len()];
        for step in steps.clone() {
            let period = fitted.at(origin, Frequency::Days30, step);
            expected.iter_mut().zip(period).for_each(|(sum, revenue)| *sum += revenue.max(0.0));
        }
        Week { origin, span, expected, actual: (0..history.len()).map(|i| history.revenue(i, span)).collect() }
    })
}

/// Quantiles of past errors by class: of the whole error, then of the series' own. `None` where these are too few.
struct PastErrors {
    quantiles: [Option<[[f64; 4]; 2]>; CLASSES],
}

impl PastErrors {
    fn of(history: &History, fitted: &dyn Fitted, horizon: usize) -> PastErrors {
        let (mut market, mut own) = (Vec::new(), vec![Vec::new(); CLASSES]);
        for Week { origin, span, expected, actual } in past(history, fitted, 1..=horizon) {
            // A series that had not sold by the origin was not forecast.
            let forecast = |i: &usize| history.revenue(*i, DateRange { from: history.start, to: origin }) > 0.0;
            let all: Vec<usize> = (0..history.len()).filter(forecast).collect();
            let sum = |of: &[f64]| all.iter().map(|i| of[*i]).sum::<f64>();
            let came = ratio(sum(&actual), sum(&expected));
            if came > 0.0 {
                market.extend([came.ln(), -came.ln()]);
                let small = floor(history) * f64::from(span.days());
                let classes = classes(&expected, |i| all.binary_search(&i).is_ok());
                for i in all {
                    own[classes[i]].push(((actual[i] + small) / (expected[i] * came + small)).ln());
                }
            }
        }
        market.sort_unstable_by(f64::total_cmp);
        let quantiles_of = |class: usize| {
            let own = &mut own[class];
            (own.len() >= MIN_ERRORS).then(|| {
                own.sort_unstable_by(f64::total_cmp);
                // `quantiles` leaves the errors in another order.
                let of_sums = LEVELS.map(|level| quantile_of_sums(own, &market, level));
                [of_sums, quantiles(own, LEVELS)]
            })
        };
        PastErrors { quantiles: from_fn(quantiles_of) }
    }
}

/// A forecast sum and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TotalOutcome {
    /// The day at whose end the forecast was made.
    pub cutoff: i32,
    /// Name of the category or state.
    pub series: String,
    /// Actual revenue, BRL.
    pub actual: f64,
    /// Orders in as many periods up to the cutoff.
    pub orders_before: i64,
    /// The forecast.
    pub total: Total,
    /// The 80 % interval of the sums of the ends of each period's, BRL.
    pub summed80: (f64, f64),
}

/// Compares `totals` with what was sold after the end of `history`.
pub(super) fn total_outcomes(
    panel: &Panel,
    history: &History,
    forecasts: &[Forecast],
    totals: Vec<Total>,
    horizon: usize,
) -> Vec<TotalOutcome> {
    let cutoff = history.cutoff;
    let before = DateRange { from: Frequency::Days30.span(cutoff, 1 - horizon as i32).from, to: cutoff };
    let position: BTreeMap<&str, usize> = panel.names().zip(0..).collect();
    let outcome = |total: Total| {
        let series = position[total.series.as_str()];
        let periods = forecasts.iter().filter(|f| f.series == total.series);
        TotalOutcome {
            cutoff,
            series: total.series.clone(),
            actual: panel.revenue(series, whole(cutoff, horizon)),
            orders_before: panel.orders(series, before),
            summed80: periods.fold((0.0, 0.0), |sum, f| (sum.0 + f.lo80, sum.1 + f.hi80)),
            total,
        }
    };
    totals.into_iter().map(outcome).collect()
}

/// How good the 80 % intervals of sums were for some series.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct TotalsTest {
    /// How the intervals are made.
    pub method: Method,
    /// The series that are looked at.
    pub group: Group,
    /// Number of forecasts.
    pub n: usize,
    /// Share of the actual values inside the interval, 0–1.
    pub coverage80: f64,
    /// Sum of the widths over that of the actual revenue.
    pub width80: f64,
    /// Sum of the interval scores over that of the actual revenue: width, and ten times the distance of what came outside (Gneiting and
    /// Raftery, Journal of the American Statistical Association 102, 2007). Less is better.
    pub score80: f64,
}

/// How intervals of sums are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// From the market's errors and the series' own.
    TwoParts,
    /// By adding up the ends of each period's.
    Summed,
}

/// Series whose intervals are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// All that had sold.
    All,
    /// Those with enough orders before the cutoff.
    Candidates,
    /// Those with the greatest forecasts at each cutoff.
    Largest,
}

impl Method {
    /// As in the tables.
    pub fn name(self) -> &'static str {
        match self {
            Method::TwoParts => "two_parts",
            Method::Summed => "summed",
        }
    }
}

impl Group {
    /// As in the tables.
    pub fn name(self) -> &'static str {
        match self {
            Group::All => "all",
            Group::Candidates => "candidates",
            Group::Largest => "largest",
        }
    }
}

/// Tests both methods on all series, on those with `enough` orders before the cutoff, and on the largest.
pub fn test_totals(outcomes: &[TotalOutcome], enough: i64) -> Vec<TotalsTest> {
    let mut largest: Vec<&TotalOutcome> = outcomes.iter().collect();
    largest.sort_by(|a, b| {
        a.cutoff.cmp(&b.cutoff).then(b.total.forecast.total_cmp(&a.total.forecast)).then(a.series.cmp(&b.series))
    });
    let largest = largest.chunk_by(|a, b| a.cutoff == b.cutoff).flat_map(|cutoff| &cutoff[..LARGEST.min(cutoff.len())]);
    let groups = [
        (Group::All, outcomes.iter().collect::<Vec<_>>()),
        (Group::Candidates, outcomes.iter().filter(|o| o.orders_before >= enough).collect()),
        (Group::Largest, largest.copied().collect()),
    ];
    let tests = |(group, outcomes): &(Group, Vec<&TotalOutcome>)| {
        [Method::TwoParts, Method::Summed].map(|method| {
            let (mut inside, mut width, mut outside, mut actual) = (0.0, 0.0, 0.0, 0.0);
            for o in outcomes {
                let (low, high) = match method {
                    Method::TwoParts => o.total.interval80(),
                    Method::Summed => o.summed80,
                };
                inside += f64::from(u8::from(low <= o.actual && o.actual <= high));
                width += high - low;
                outside += (low - o.actual).max(o.actual - high).max(0.0);
                actual += o.actual;
            }
            TotalsTest {
                method,
                group: *group,
                n: outcomes.len(),
                coverage80: ratio(inside, outcomes.len() as f64),
                width80: ratio(width, actual),
                score80: ratio(width + 10.0 * outside, actual),
            }
        })
    };
    groups.iter().flat_map(tests).collect()
}

/// Class of each value among those that count: 0 for the smallest quarter, 3 for the largest.
fn classes(values: &[f64], counts: impl Fn(usize) -> bool) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).filter(|i| counts(*i)).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]).then(a.cmp(b)));
    let mut classes = vec![0; values.len()];
    order.iter().enumerate().for_each(|(rank, i)| classes[*i] = rank * CLASSES / order.len());
    classes
}

/// Least number that a share `level` of the sums of one value of each does not exceed. Both are sorted and hold a value.
fn quantile_of_sums(a: &[f64], b: &[f64], level: f64) -> f64 {
    let wanted = level * (a.len() * b.len()) as f64;
    let up_to = |limit: f64| {
        let mut left = b.len();
        let pairs = a.iter().map(|a| {
            while left > 0 && a + b[left - 1] > limit {
                left -= 1;
            }
            left
        });
        pairs.sum::<usize>() as f64
    };
    let (mut low, mut high) = (a[0] + b[0], a[a.len() - 1] + b[b.len() - 1]);
    for _ in 0..HALVINGS {
        let middle = (low + high) / 2.0;
        if up_to(middle) < wanted { low = middle } else { high = middle }
    }
    high
}

/// How far the market strays: quantiles of past logarithmic errors of each period, each taken with both signs. `None` if they are too few.
pub(super) fn market_errors(history: &History, fitted: &dyn Fitted, horizon: usize) -> Option<Vec<[f64; 4]>> {
    let of_step = |step: usize| {
        let mut errors = Vec::new();
        for week in past(history, fitted, step..=step) {
            let [expected, actual]: [f64; 2] = [week.expected, week.actual].map(|of| of.iter().sum());
            if expected > 0.0 && actual > 0.0 {
                errors.extend([(actual / expected).ln(), (expected / actual).ln()]);
            }
        }
        (errors.len() >= MIN_ERRORS).then(|| quantiles(&mut errors, LEVELS))
    };
    (1..=horizon).map(of_step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_sums_are_those_of_all_pairs() {
        let (a, b) = ([0.0, 1.0, 5.0], [-2.0, 0.5]);
        // -2, -1, 0.5, 1.5, 3, 5.5
        for (level, expected) in [(0.1, -2.0), (0.5, 0.5), (0.51, 1.5), (0.9, 5.5), (1.0, 5.5)] {
            let found = quantile_of_sums(&a, &b, level);
            assert!((found - expected).abs() < 1e-9, "{level}: {found}");
        }
    }

    /// Worked out on paper: of two series, one comes inside the sum of the ends alone, the other inside neither.
    #[test]
    fn intervals_are_scored_by_hand() {
        let outcome = |series: &str, actual, orders_before, ends: [f64; 4], summed80| TotalOutcome {
            cutoff: 0,
            series: series.into(),
            actual,
            orders_before,
            total: Total { series: series.into(), forecast: 10.0, ends, own_ends: ends },
            summed80,
        };
        let outcomes = [
            outcome("a", 16.0, 30, [0.0, 8.0, 14.0, 20.0], (4.0, 17.0)),
            outcome("b", 4.0, 29, [4.0, 5.0, 12.0, 14.0], (5.0, 11.0)),
        ];
        let tests = test_totals(&outcomes, 30);
        let of = |method, group| *tests.iter().find(|t| (t.method, t.group) == (method, group)).unwrap();
        let all = of(Method::TwoParts, Group::All);
        assert_eq!((all.n, all.coverage80, all.width80, all.score80), (2, 0.0, 13.0 / 20.0, (13.0 + 30.0) / 20.0));
        let summed = of(Method::Summed, Group::Candidates);
        assert_eq!((summed.n, summed.coverage80, summed.score80), (1, 1.0, 13.0 / 16.0));
        assert_eq!(of(Method::Summed, Group::Largest).score80, (13.0 + 6.0 + 10.0) / 20.0);
        assert!(test_totals(&[], 30).iter().all(|t| (t.n, t.coverage80, t.score80) == (0, 0.0, 0.0)));
    }

    #[test]
    fn a_quarter_of_the_series_is_a_class() {
        assert_eq!(classes(&[5.0, 1.0, 9.0, 7.0], |_| true), [1, 0, 3, 2]);
        assert_eq!(classes(&[5.0, 1.0, 9.0, 7.0, 2.0], |i| i != 2), [2, 0, 0, 3, 1]);
    }
}
