//! Panel → Backtest: forecasts at past cutoffs, from what was known then, compared with what was sold. Next: `metrics`.

use rayon::prelude::*;
use serde::Serialize;

use super::forecast::{Fitted, Forecast, ForecastParams, Forecaster, MIN_HISTORY_DAYS, predict};
use super::metrics::{Estimate, Metrics, Outcome, wape_difference};
use super::panel::{History, Panel};
use super::span::{DAYS, DateRange, Frequency};
use super::totals::{TotalOutcome, total_outcomes, totals};
use crate::error::{Result, TooLittle};
use crate::mart::month::Month;

/// Months over which the monthly cutoffs are spread; below, the weekly ones.
const MONTHLY: i32 = 6;
const WEEKLY: i32 = 8;

/// Cutoffs of a backtest, and how far its forecasts reach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BacktestParams {
    /// Days at whose end forecasts are made, counted from 1970-01-01.
    pub cutoffs: Vec<i32>,
    /// Number of periods per forecast.
    pub horizon: usize,
    /// Length of a period.
    pub every: Frequency,
}

impl BacktestParams {
    /// Cutoffs at the ends of six months, horizon three months. After the last cutoff, the data cover three more months,
    /// complete or not.
    ///
    /// # Errors
    /// [`TooLittle::Past`] if no cutoff has twelve weeks of history.
    pub fn monthly(panel: &Panel) -> Result<BacktestParams> {
        let last = last(panel);
        let ends = (1 - MONTHLY..=0).map(|m| last.plus(m + 1).first_day() - 1);
        BacktestParams::new(panel, ends, Frequency::Month)
    }

    /// Cutoffs every seven days, horizon three periods of 30 days. They begin on the first day of the eight months that end
    /// with the last cutoff of [`BacktestParams::monthly`].
    ///
    /// # Errors
    /// [`TooLittle::Past`] if no cutoff has twelve weeks of history.
    pub fn weekly(panel: &Panel) -> Result<BacktestParams> {
        let last = last(panel);
        let until = (last.plus(1).first_day() - 1).min(panel.end() - 3 * DAYS);
        let weeks = (0..).map(|week| last.plus(1 - WEEKLY).first_day() + 7 * week).take_while(|day| *day <= until);
        BacktestParams::new(panel, weeks, Frequency::Days30)
    }

    fn new(panel: &Panel, days: impl Iterator<Item = i32>, every: Frequency) -> Result<BacktestParams> {
        BacktestParams::at(panel, days, 3, every).ok_or(TooLittle::Past.into())
    }

    /// Those of `days` that have twelve weeks of history; `None` if there are none.
    pub(super) fn at(
        panel: &Panel,
        days: impl Iterator<Item = i32>,
        horizon: usize,
        every: Frequency,
    ) -> Option<BacktestParams> {
        let long = |cutoff: &i32| panel.known(*cutoff).is_ok_and(|(start, end)| end - start + 1 >= MIN_HISTORY_DAYS);
        let cutoffs: Vec<i32> = days.filter(long).collect();
        (!cutoffs.is_empty()).then_some(BacktestParams { cutoffs, horizon, every })
    }
}

/// The third month before the last month of the data.
fn last(panel: &Panel) -> Month {
    Month::of_day(panel.end()).plus(-3)
}

/// Backtest of one model.
#[derive(Debug, Clone, Serialize)]
pub struct Backtest {
    /// Name of the model.
    pub model: &'static str,
    /// Forecasts and actual values by cutoff, series and step.
    pub outcomes: Vec<Outcome>,
    /// Metrics over all outcomes.
    pub metrics: Metrics,
}

/// Backtests a model. At each cutoff, the model gets only what was known then.
///
/// # Errors
/// A cutoff does not suit the periods or the data, or the model cannot be fitted.
pub fn backtest(panel: &Panel, forecaster: &dyn Forecaster, params: &BacktestParams) -> Result<Backtest> {
    Ok(backtests(panel, &[forecaster], params, predict)?.swap_remove(0))
}

/// Backtests of several models at the same cutoffs, ours first.
#[derive(Debug, Clone, Serialize)]
pub struct Comparison {
    /// Cutoffs and horizon.
    pub params: BacktestParams,
    /// One backtest per model.
    pub tests: Vec<Backtest>,
    /// WAPE of the first model minus the WAPE of each model.
    pub differences: Vec<Estimate>,
}

/// Backtests `forecasters` at the same cutoffs; differences are the first model's WAPE minus each model's.
///
/// # Errors
/// As [`backtest`].
pub fn compare(panel: &Panel, forecasters: &[&dyn Forecaster], params: BacktestParams) -> Result<Comparison> {
    let tests = backtests(panel, forecasters, &params, predict)?;
    Ok(Comparison::of(params, tests))
}

/// The same, with the sums of our model's forecasts over all periods at each cutoff.
///
/// # Errors
/// As [`backtest`].
pub fn compare_with_totals(
    panel: &Panel,
    forecasters: &[&dyn Forecaster],
    params: BacktestParams,
) -> Result<(Comparison, Vec<TotalOutcome>)> {
    let complete = complete_until(panel, params.every);
    let settings = ForecastParams { horizon: params.horizon, every: params.every };
    let test = |model: usize, history: &History, fitted: &dyn Fitted| {
        let forecasts = predict(history, fitted, &settings);
        let totals = if model == 0 { totals(history, fitted, params.horizon, &forecasts) } else { Vec::new() };
        let totals = total_outcomes(panel, history, &forecasts, totals, params.horizon);
        (outcomes(panel, history, &forecasts, &params, complete), totals)
    };
    let (mut tests, mut totals) = (Vec::new(), Vec::new());
    for (forecaster, cutoffs) in forecasters.iter().zip(at_cutoffs(panel, forecasters, &params, test)?) {
        let (outcomes, of_totals): (Vec<_>, Vec<_>) = cutoffs.into_iter().unzip();
        tests.push(Backtest::of(*forecaster, outcomes));
        totals.extend(of_totals.into_iter().flatten());
    }
    Ok((Comparison::of(params, tests), totals))
}

impl Comparison {
    fn of(params: BacktestParams, tests: Vec<Backtest>) -> Comparison {
        let differences = tests.par_iter().map(|t| wape_difference(&tests[0].outcomes, &t.outcomes)).collect();
        Comparison { params, tests, differences }
    }
}

impl Backtest {
    /// From the outcomes of each cutoff.
    fn of(forecaster: &dyn Forecaster, outcomes: Vec<Vec<Outcome>>) -> Backtest {
        let outcomes: Vec<Outcome> = outcomes.into_iter().flatten().collect();
        Backtest { model: forecaster.name(), metrics: Metrics::of(&outcomes), outcomes }
    }
}

/// Backtests of models that `predict` asks.
pub(super) fn backtests(
    panel: &Panel,
    forecasters: &[&dyn Forecaster],
    params: &BacktestParams,
    predict: fn(&History, &dyn Fitted, &ForecastParams) -> Vec<Forecast>,
) -> Result<Vec<Backtest>> {
    let complete = complete_until(panel, params.every);
    let settings = ForecastParams { horizon: params.horizon, every: params.every };
    let test = |_, history: &History, fitted: &dyn Fitted| {
        outcomes(panel, history, &predict(history, fitted, &settings), params, complete)
    };
    let outcomes = at_cutoffs(panel, forecasters, params, test)?;
    Ok(forecasters.iter().zip(outcomes).map(|(f, outcomes)| Backtest::of(*f, outcomes)).collect())
}

/// What `test` makes of each fitted model, given with its index, by model and cutoff. Builds the history at each cutoff once for all models.
fn at_cutoffs<T: Send>(
    panel: &Panel,
    forecasters: &[&dyn Forecaster],
    params: &BacktestParams,
    test: impl Fn(usize, &History, &dyn Fitted) -> T + Sync,
) -> Result<Vec<Vec<T>>> {
    let settings = ForecastParams { horizon: params.horizon, every: params.every };
    let tests = |cutoff: &i32| -> Result<Vec<T>> {
        settings.check(*cutoff)?;
        let history = panel.until(*cutoff)?;
        let test = |(model, forecaster): (usize, &&dyn Forecaster)| {
            Ok(test(model, &history, forecaster.fit(&history, settings.reach(&history))?.as_ref()))
        };
        forecasters.iter().enumerate().map(test).collect()
    };
    let cutoffs: Vec<_> = params.cutoffs.par_iter().with_max_len(1).map(tests).collect::<Result<_>>()?;
    let mut all: Vec<Vec<T>> = forecasters.iter().map(|_| Vec::new()).collect();
    for results in cutoffs {
        all.iter_mut().zip(results).for_each(|(all, one)| all.push(one));
    }
    Ok(all)
}

fn outcomes(
    panel: &Panel,
    history: &History,
    forecasts: &[Forecast],
    params: &BacktestParams,
    complete: i32,
) -> Vec<Outcome> {
    let (every, horizon) = (params.every, params.horizon as i32);
    let span_of_step = |step: i32| every.span(history.cutoff, step);
    let recent = DateRange { from: span_of_step(1 - horizon).from, to: history.cutoff };
    let since_start = DateRange { from: history.start, to: history.cutoff };
    let mut forecasts = forecasts.iter().peekable();
    let mut outcomes = Vec::new();
    for (series, name) in panel.names().enumerate() {
        let past: Vec<f64> = (0..)
            .map(|steps_back| span_of_step(-steps_back))
            .take_while(|span| span.from >= history.start)
            .map(|span| panel.revenue(series, span))
            .collect();
        let steps: Vec<f64> = past.windows(2).map(|pair| (pair[0] - pair[1]).abs()).collect();
        for step in 1..=params.horizon {
            let span = every.span(history.cutoff, step as i32);
            // A series without a forecast had not sold by the cutoff: its forecast is 0.
            let forecast = forecasts.next_if(|f| f.series == name && f.step == step);
            let get = |f: fn(&Forecast) -> f64| forecast.map_or(0.0, f);
            outcomes.push(Outcome {
                cutoff: history.cutoff,
                series,
                step,
                span,
                complete: span.to <= complete,
                actual: panel.revenue(series, span),
                forecast: get(|f| f.forecast),
                interval80: (get(|f| f.lo80), get(|f| f.hi80)),
                interval95: (get(|f| f.lo95), get(|f| f.hi95)),
                scale: steps.iter().sum::<f64>() / steps.len().max(1) as f64,
                before: panel.revenue(series, recent),
                orders: panel.orders(series, since_start) as f64 / f64::from(since_start.days()) * every.days(),
            });
        }
    }
    outcomes
}

/// The day up to which the data are complete for periods of this length.
fn complete_until(panel: &Panel, every: Frequency) -> i32 {
    match every {
        Frequency::Days30 => panel.end(),
        Frequency::Month => panel.period().map_or(panel.last, |p| p.last.plus(1).first_day() - 1),
    }
}
