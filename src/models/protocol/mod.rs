//! Panel → Protocol: methods compared on months that were set apart before any was scored (`protocol.toml`). Next: `decisions`.
//!
//! Development, test and holdout are counted back from the last complete month. A forecast belongs to a part by the month that it
//! forecasts; one made during development for a month of the test belongs to none.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::backtest::{Backtest, BacktestParams, backtests};
use super::baselines::{LastValue, MeanOfThree, Ses, Theta};
use super::forecast::{Forecaster, predict_points};
use super::linear::{EwmaShare, Linear};
use super::metrics::{Estimate, Outcome, crossed_bootstrap, ratio, wape};
use super::panel::Panel;
use super::span::Frequency;
use crate::error::{Error, Result, TooLittle};
use crate::mart::month::Month;

const FROZEN: &str = include_str!("protocol.toml");

/// What `protocol.toml` says.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Frozen {
    frozen: String,
    last_month_of_olist: String,
    horizon: usize,
    baseline: String,
    months: Months,
    cutoffs: BTreeMap<String, String>,
    bootstrap: Bootstrap,
    method: Vec<Method>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Months {
    holdout: i32,
    test: i32,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Bootstrap {
    blocks: Vec<String>,
    draws: usize,
    seed: u64,
    interval: f64,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Method {
    name: String,
    about: String,
    /// Methods whose mean it is.
    #[serde(default)]
    of: Vec<String>,
}

/// The methods by part.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Protocol {
    /// Day on which the protocol was written, before it was scored.
    pub frozen: String,
    /// Number of months that a forecast looks ahead at most.
    pub horizon: usize,
    /// The parts that have forecasts, in the order of their months.
    pub parts: Vec<Part>,
}

/// Months that belong together.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Part {
    /// Which part.
    pub name: PartName,
    /// First and last month that is forecast.
    pub months: [Month; 2],
    /// First and last month at whose end a forecast is made.
    pub cutoffs: [Month; 2],
    /// The methods, in the order of the protocol.
    pub scores: Vec<Score>,
}

/// Which part of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PartName {
    /// Months on which methods may be chosen.
    Development,
    /// Months on which the choice is tested.
    Test,
    /// Months that are scored once.
    Holdout,
}

/// How well a method forecasts the months of a part.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Score {
    /// Name of the method.
    pub method: String,
    /// Number of forecasts: categories × months × horizons.
    pub n: usize,
    /// Weighted absolute percentage error, as a fraction.
    pub wape: f64,
    /// WAPE less that of the baseline, with its 90 % interval; `None` for the baseline.
    pub difference: Option<Estimate>,
}

impl PartName {
    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            PartName::Development => "development",
            PartName::Test => "test",
            PartName::Holdout => "holdout",
        }
    }
}

impl Protocol {
    /// A part; `None` if the data are too short for it.
    pub fn part(&self, name: PartName) -> Option<&Part> {
        self.parts.iter().find(|part| part.name == name)
    }
}

impl Part {
    /// The methods that miss by less than the baseline for certain: the whole interval of their difference is below 0.
    pub fn proven(&self) -> impl Iterator<Item = &Score> {
        self.scores.iter().filter(|score| score.difference.is_some_and(|difference| difference.high < 0.0))
    }

    /// The score of a method.
    pub fn score(&self, method: &str) -> Option<&Score> {
        self.scores.iter().find(|score| score.method == method)
    }
}

/// The months of the parts, for data whose last complete month is `last`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Calendar {
    last: Month,
    holdout: i32,
    test: i32,
}

impl Calendar {
    fn of(frozen: &Frozen, last: Month) -> Calendar {
        Calendar { last, holdout: frozen.months.holdout, test: frozen.months.test }
    }

    /// The last month of development, at whose end the test begins.
    fn developed(&self) -> Month {
        self.last.plus(-self.holdout - self.test)
    }

    /// The part of a forecast for `month` that is made at the end of `cutoff`.
    fn part(&self, cutoff: Month, month: Month) -> Option<PartName> {
        match month {
            _ if month > self.last => None,
            _ if month > self.last.plus(-self.holdout) => Some(PartName::Holdout),
            _ if month <= self.developed() => Some(PartName::Development),
            _ if cutoff >= self.developed() => Some(PartName::Test),
            _ => None,
        }
    }
}

/// Scores the methods of the protocol on a panel of categories.
///
/// # Errors
/// [`TooLittle::Protocol`]: at the end of development, there are not twelve weeks of history. Otherwise: a model cannot be fitted.
pub fn protocol(panel: &Panel) -> Result<Protocol> {
    let frozen = frozen()?;
    let last = panel.period().ok_or(TooLittle::Protocol)?.last;
    let calendar = Calendar::of(&frozen, last);
    let first = Month::of_day(panel.first);
    let days = first.through(last.plus(-1)).map(|month| month.plus(1).first_day() - 1);
    let params = BacktestParams::at(panel, days, frozen.horizon, Frequency::Month).ok_or(TooLittle::Protocol)?;
    if !params.cutoffs.contains(&(calendar.developed().plus(1).first_day() - 1)) {
        return Err(TooLittle::Protocol.into());
    }
    let single: Vec<&Method> = frozen.method.iter().filter(|method| method.of.is_empty()).collect();
    let forecasters: Vec<Box<dyn Forecaster>> = single.iter().map(|m| forecaster(&m.name)).collect::<Result<_>>()?;
    let forecasters: Vec<&dyn Forecaster> = forecasters.iter().map(AsRef::as_ref).collect();
    let tests = backtests(panel, &forecasters, &params, predict_points)?;
    let of_single: BTreeMap<&str, Vec<Outcome>> =
        single.iter().map(|m| m.name.as_str()).zip(tests.into_iter().map(|test: Backtest| test.outcomes)).collect();
    let outcomes = |method: &Method| match method.of.is_empty() {
        true => of_single.get(method.name.as_str()).cloned().unwrap_or_default(),
        false => mean(&method.of.iter().filter_map(|name| of_single.get(name.as_str())).collect::<Vec<_>>()),
    };
    let methods: Vec<(&Method, Vec<Outcome>)> = frozen.method.iter().map(|method| (method, outcomes(method))).collect();
    let parts = [PartName::Development, PartName::Test, PartName::Holdout];
    let parts: Vec<Part> = parts.into_iter().filter_map(|name| part(name, &calendar, &frozen, &methods)).collect();
    Ok(Protocol { frozen: frozen.frozen, horizon: frozen.horizon, parts })
}

fn frozen() -> Result<Frozen> {
    // The file is embedded in the program; a test parses it.
    toml::from_str(FROZEN).map_err(|error| Error::Internal(format!("protocol.toml: {error}")))
}

fn forecaster(method: &str) -> Result<Box<dyn Forecaster>> {
    Ok(match method {
        "linear" => Box::new(Linear::default()),
        "naive" => Box::new(LastValue),
        "ewma_share" => Box::new(EwmaShare),
        "ses" => Box::new(Ses),
        "theta" => Box::new(Theta),
        "mean" => Box::new(MeanOfThree),
        other => return Err(Error::Internal(format!("protocol.toml names the method `{other}`, which is not there"))),
    })
}

/// Outcomes of the mean of several methods' forecasts.
fn mean(of: &[&Vec<Outcome>]) -> Vec<Outcome> {
    let Some(first) = of.first() else { return Vec::new() };
    let forecast = |i: usize| of.iter().map(|outcomes| outcomes[i].forecast).sum::<f64>() / of.len() as f64;
    first.iter().enumerate().map(|(i, outcome)| Outcome { forecast: forecast(i), ..outcome.clone() }).collect()
}

/// `None` without forecasts.
fn part(name: PartName, calendar: &Calendar, frozen: &Frozen, methods: &[(&Method, Vec<Outcome>)]) -> Option<Part> {
    let month = |outcome: &Outcome| Month::of_day(outcome.span.from);
    let cutoff = |outcome: &Outcome| Month::of_day(outcome.cutoff);
    let mine = |outcome: &&Outcome| calendar.part(cutoff(outcome), month(outcome)) == Some(name);
    let of = |outcomes: &[Outcome]| -> Vec<Outcome> { outcomes.iter().filter(mine).cloned().collect() };
    let baseline = of(&methods.iter().find(|(method, _)| method.name == frozen.baseline)?.1);
    let ends = |of: &dyn Fn(&Outcome) -> Month| Some([baseline.iter().map(of).min()?, baseline.iter().map(of).max()?]);
    let (months, cutoffs) = (ends(&month)?, ends(&cutoff)?);
    let score = |(method, outcomes): &(&Method, Vec<Outcome>)| {
        let outcomes = of(outcomes);
        Score {
            method: method.name.clone(),
            n: outcomes.len(),
            wape: wape(outcomes.iter().map(|o| (o.actual, o.forecast))),
            difference: (method.name != frozen.baseline).then(|| difference(&outcomes, &baseline)),
        }
    };
    Some(Part { name, months, cutoffs, scores: methods.iter().map(score).collect() })
}

/// WAPE of `ours` less that of `theirs` on the same outcomes. Months and series are drawn, each with all its outcomes.
fn difference(ours: &[Outcome], theirs: &[Outcome]) -> Estimate {
    let mut cells: BTreeMap<(Month, usize), [f64; 2]> = BTreeMap::new();
    for (a, b) in ours.iter().zip(theirs) {
        let cell = cells.entry((Month::of_day(a.span.from), a.series)).or_default();
        cell[0] += (a.actual - a.forecast).abs() - (b.actual - b.forecast).abs();
        cell[1] += a.actual;
    }
    let mut months: Vec<Month> = cells.keys().map(|key| key.0).collect();
    let mut series: Vec<usize> = cells.keys().map(|key| key.1).collect();
    months.dedup();
    series.sort_unstable();
    series.dedup();
    let cell = |month: Month, series: &usize| cells.get(&(month, *series)).copied().unwrap_or_default();
    let of = |month: &Month| series.iter().map(|series| cell(*month, series)).collect();
    let cells: Vec<Vec<[f64; 2]>> = months.iter().map(of).collect();
    crossed_bootstrap([months.len(), series.len()], |[months, series]| {
        let drawn = months.iter().flat_map(|month| series.iter().map(|series| cells[*month][*series]));
        let (error, actual) = drawn.fold((0.0, 0.0), |sum, cell| (sum.0 + cell[0], sum.1 + cell[1]));
        ratio(error, actual)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::metrics::{DRAWS, SEED};
    use crate::models::span::{By, DateRange};

    fn month(year: i32, month: u32) -> Month {
        Month { year, month }
    }

    /// The file is what the code does: every method is there, the intervals are those of `metrics`.
    #[test]
    fn the_frozen_protocol_is_followed() {
        let frozen = frozen().unwrap();
        for method in &frozen.method {
            let parts = if method.of.is_empty() { std::slice::from_ref(&method.name) } else { &method.of[..] };
            parts.iter().for_each(|name| drop(forecaster(name).unwrap()));
            assert!(!method.about.is_empty());
        }
        assert!(forecaster("oracle").is_err());
        assert!(frozen.method.iter().any(|method| method.name == frozen.baseline));
        let Bootstrap { blocks, draws, seed, interval } = frozen.bootstrap;
        assert_eq!((blocks.join(" "), draws, seed, interval), ("month category".into(), DRAWS, SEED, 0.9));
        assert_eq!(frozen.cutoffs.keys().collect::<Vec<_>>(), ["holdout", "test"]);
        assert!(frozen.frozen.parse::<chrono::NaiveDate>().is_ok());
    }

    /// The months of Olist's data, as the decisions define them.
    #[test]
    fn months_belong_to_one_part() {
        let frozen = frozen().unwrap();
        assert_eq!(frozen.last_month_of_olist, "2018-07");
        let calendar = Calendar::of(&frozen, month(2018, 7));
        assert_eq!(calendar.developed(), month(2017, 12));
        for (cutoff, target, part) in [
            ((2017, 11), (2017, 12), Some(PartName::Development)),
            ((2017, 11), (2018, 1), None),
            ((2017, 12), (2018, 1), Some(PartName::Test)),
            ((2018, 4), (2018, 5), Some(PartName::Test)),
            ((2018, 3), (2018, 6), Some(PartName::Holdout)),
            ((2018, 6), (2018, 7), Some(PartName::Holdout)),
            ((2018, 6), (2018, 8), None),
        ] {
            let [cutoff, target] = [cutoff, target].map(|(y, m)| month(y, m));
            assert_eq!(calendar.part(cutoff, target), part, "{cutoff} {target}");
        }
    }

    fn panel(months: i32) -> Panel {
        let first = month(2020, 1);
        let days = first.first_day()..first.plus(months).first_day();
        // Two series; the second one grows from month to month.
        let level = |day: i32| 100 + 40 * i64::from((day - first.first_day()) / 30);
        let rows: Vec<(&str, i32, i64, i64)> =
            days.flat_map(|day| [("a", day, 3, 900), ("b", day, 3, level(day))]).collect();
        Panel::from_rows(By::Category, &rows).unwrap()
    }

    #[test]
    fn young_data_have_no_protocol() {
        for months in [1, 4, 9] {
            assert!(matches!(protocol(&panel(months)), Err(Error::TooLittle(TooLittle::Protocol))), "{months}");
        }
    }

    #[test]
    fn every_method_is_scored_in_every_part() {
        let scored = protocol(&panel(16)).unwrap();
        let names: Vec<PartName> = scored.parts.iter().map(|part| part.name).collect();
        assert_eq!(names, [PartName::Development, PartName::Test, PartName::Holdout]);
        for part in &scored.parts {
            assert_eq!(part.scores.len(), frozen().unwrap().method.len());
            assert!(part.scores.iter().all(|score| score.n == part.scores[0].n && score.wape.is_finite()));
            let [linear, naive, mean] = ["linear", "naive", "mean"].map(|name| part.score(name).unwrap());
            assert!(naive.difference.is_none() && linear.difference.is_some());
            // What grows is missed by more if three months are averaged.
            let difference = mean.difference.unwrap();
            assert!(difference.value > 0.0 && difference.low < difference.high, "{difference:?}");
            assert!((difference.value - (mean.wape - naive.wape)).abs() < 1e-12);
            assert!(part.proven().all(|score| score.wape < naive.wape));
        }
        let holdout = scored.part(PartName::Holdout).unwrap();
        assert_eq!((holdout.months, holdout.scores[0].n), ([month(2021, 3), month(2021, 4)], 2 * 2 * 3));
    }

    /// On paper: two months, one series; errors of 1 and 3 more on 10 each.
    #[test]
    fn months_are_drawn_as_a_whole() {
        let outcome = |month: i32, forecast: f64| Outcome {
            cutoff: 0,
            series: 0,
            step: 1,
            span: DateRange { from: 31 * month + 1, to: 31 * month + 28 },
            complete: true,
            actual: 10.0,
            forecast,
            interval80: (0.0, 0.0),
            interval95: (0.0, 0.0),
            scale: 1.0,
            before: 1.0,
            orders: 1.0,
        };
        let exact = [outcome(0, 10.0), outcome(1, 10.0)];
        let difference = difference(&[outcome(0, 11.0), outcome(1, 7.0)], &exact);
        assert_eq!((difference.value, difference.low, difference.high), (0.2, 0.1, 0.3));
        let ensemble = mean(&[&vec![outcome(0, 4.0)], &vec![outcome(0, 8.0)]]);
        assert_eq!(ensemble[0].forecast, 6.0);
    }
}
