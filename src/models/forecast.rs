//! History → Forecasts with intervals: what all models share. Intervals come from past errors. Used by `backtest` and `outlook`.

use rayon::prelude::*;
use serde::Serialize;

use super::panel::{History, Panel};
use super::span::{DAYS, DateRange, Frequency};
use crate::error::{Error, Result};
use crate::table::quantiles::quantiles;

/// Quantiles of past errors that bound the 80 % and 95 % intervals.
pub(super) const LEVELS: [f64; 4] = [0.025, 0.1, 0.9, 0.975];
/// Number of past errors needed to take their quantiles.
pub(super) const MIN_ERRORS: usize = 40;
/// Weeks whose errors are used: a year.
pub(super) const RECENT: usize = 52;
/// Days of history that a cutoff of a backtest needs: twelve weeks.
pub(super) const MIN_HISTORY_DAYS: i32 = 84;
/// Errors grow with this power of the forecast: slower than the forecast, because chance averages out over many orders;
/// faster than its square root, because tastes shift for all orders at once.
pub(super) const POWER: f64 = 2.0 / 3.0;
/// Standard deviation of the errors relative to [`scale`], assumed when there are no past errors.
pub(super) const ASSUMED_DEVIATION: f64 = 1.5;
/// Quantiles of the standard normal distribution at [`LEVELS`].
pub(super) const NORMAL: [f64; 4] =
    [-1.959_963_984_540_054, -1.281_551_565_544_600_5, 1.281_551_565_544_600_5, 1.959_963_984_540_054];
/// Orders per day below which a series counts as not selling; added before taking logarithms.
pub(super) const FLOOR_ORDERS: f64 = 0.02;

/// Settings of a model. Fitting them to a history gives a [`Fitted`] model.
pub trait Forecaster: Sync {
    /// Short name, as in the tables of the command line and the report.
    fn name(&self) -> &'static str;

    /// Fits the model to `history` for forecasts up to `horizon` periods ahead.
    ///
    /// # Errors
    /// The model cannot be fitted.
    fn fit<'h>(&self, history: &'h History, horizon: usize) -> Result<Box<dyn Fitted + 'h>>;
}

/// A model fitted to a history.
pub trait Fitted: Sync {
    /// Expected revenue of each series in the `step`-th period after the day `origin`, BRL. The origin is the end of the
    /// history or whole weeks before it. Only days up to the origin may count, so that one fit also gives the errors of
    /// earlier forecasts.
    fn at(&self, origin: i32, every: Frequency, step: usize) -> Vec<f64>;
}

/// What to forecast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForecastParams {
    /// Number of periods.
    pub horizon: usize,
    /// Length of a period.
    pub every: Frequency,
}

impl Default for ForecastParams {
    fn default() -> Self {
        ForecastParams { horizon: 3, every: Frequency::Month }
    }
}

impl ForecastParams {
    /// Checks that a forecast after `cutoff` is possible.
    ///
    /// # Errors
    /// The horizon is 0, or calendar months do not begin after the cutoff.
    pub fn check(&self, cutoff: i32) -> Result<()> {
        if self.horizon == 0 {
            return Err(Error::input("the horizon is 0 periods").with_hint("choose 1 or more"));
        }
        self.every.check(cutoff)
    }

    /// Number of periods for which to fit a model. If the data end before the cutoff, each period is represented by the
    /// 30-day period after their end whose middle is nearest.
    pub fn reach(&self, history: &History) -> usize {
        self.horizon.max(steps_to(history.end, self.every.span(history.cutoff, self.horizon as i32)))
    }
}

/// Forecast revenue of one series in one period, BRL.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Forecast {
    /// Name of the category or state.
    pub series: String,
    /// 1 for the first period after the cutoff.
    pub step: usize,
    /// Days of the period.
    pub span: DateRange,
    /// Expected revenue, BRL.
    pub forecast: f64,
    /// Lower end of the 80 % interval, BRL.
    pub lo80: f64,
    /// Upper end of the 80 % interval, BRL.
    pub hi80: f64,
    /// Lower end of the 95 % interval, BRL.
    pub lo95: f64,
    /// Upper end of the 95 % interval, BRL.
    pub hi95: f64,
}

/// Forecasts every series at `cutoff` from the rows up to it. One row per series and step, by series, then by step.
///
/// # Errors
/// `params` do not fit the cutoff, there are no rows before it, or the model cannot be fitted.
pub fn forecast(
    panel: &Panel,
    forecaster: &dyn Forecaster,
    cutoff: i32,
    params: &ForecastParams,
) -> Result<Vec<Forecast>> {
    params.check(cutoff)?;
    let history = panel.until(cutoff)?;
    let fitted = forecaster.fit(&history, params.reach(&history))?;
    Ok(predict(&history, fitted.as_ref(), params))
}

/// Forecasts after the cutoff of `history`, from a model fitted for [`ForecastParams::reach`] periods.
pub fn predict(history: &History, fitted: &dyn Fitted, params: &ForecastParams) -> Vec<Forecast> {
    expect(history, fitted, params, &Intervals::of(history, fitted, params.horizon))
}

/// The same without intervals: their ends are the forecast. Past errors, from which they come, take most of the time.
pub(super) fn predict_points(history: &History, fitted: &dyn Fitted, params: &ForecastParams) -> Vec<Forecast> {
    expect(history, fitted, params, &Intervals(vec![[0.0; 4]; params.horizon]))
}

fn expect(history: &History, fitted: &dyn Fitted, params: &ForecastParams, intervals: &Intervals) -> Vec<Forecast> {
    let cutoff = history.cutoff;
    let steps: Vec<Vec<Forecast>> = (1..=params.horizon)
        .into_par_iter()
        .map(|step| {
            let span = params.every.span(cutoff, step as i32);
            let expected = if history.end == cutoff {
                fitted.at(cutoff, params.every, step)
            } else {
                let mut expected = fitted.at(history.end, Frequency::Days30, steps_to(history.end, span));
                expected.iter_mut().for_each(|e| *e *= f64::from(span.days()) / f64::from(DAYS));
                expected
            };
            intervals.around(history, step, span, &expected)
        })
        .collect();
    let mut all: Vec<Forecast> = steps.into_iter().flatten().collect();
    all.sort_by(|a, b| a.series.cmp(&b.series).then(a.step.cmp(&b.step)));
    all
}

/// Number of 30-day periods after `origin` at which the middle of the last period is nearest to the middle of `span`.
fn steps_to(origin: i32, span: DateRange) -> usize {
    let middle = f64::from(span.from + span.to) / 2.0 - f64::from(origin);
    ((middle + f64::from(DAYS - 1) / 2.0) / f64::from(DAYS)).round().max(1.0) as usize
}

/// Quantiles of past errors relative to [`scale`], by step.
struct Intervals(Vec<[f64; 4]>);

impl Intervals {
    /// Compares what `fitted` would have forecast in earlier weeks with the sales of the following 30-day periods.
    fn of(history: &History, fitted: &dyn Fitted, horizon: usize) -> Intervals {
        let quantiles = (1..=horizon).into_par_iter().map(|step| {
            let mut errors = Vec::new();
            for origin in past_origins(history, step).take(RECENT) {
                let span = Frequency::Days30.span(origin, step as i32);
                for (i, expected) in fitted.at(origin, Frequency::Days30, step).into_iter().enumerate() {
                    // A series that had not sold by the origin was not forecast.
                    if history.revenue(i, DateRange { from: history.start, to: origin }) > 0.0 {
                        errors.push((history.revenue(i, span) - expected) / scale(history, expected, span));
                    }
                }
            }
            if errors.len() < MIN_ERRORS {
                NORMAL.map(|z| z * ASSUMED_DEVIATION)
            } else {
                quantiles(&mut errors, LEVELS)
            }
        });
        Intervals(quantiles.collect())
    }

    fn around(&self, history: &History, step: usize, span: DateRange, expected: &[f64]) -> Vec<Forecast> {
        let forecasts = history.names().zip(expected).map(|(name, &expected)| {
            let expected = expected.max(0.0);
            let at = |k: usize| (expected + scale(history, expected, span) * self.0[step - 1][k]).max(0.0);
            Forecast {
                series: name.into(),
                step,
                span,
                forecast: expected,
                lo80: at(1).min(expected),
                hi80: at(2).max(expected),
                lo95: at(0).min(expected),
                hi95: at(3).max(expected),
            }
        });
        forecasts.collect()
    }
}

/// Unit of the errors of a forecast of `expected` BRL for `span`. It is based on the mean order, so that one quantile
/// serves all series, and shops of any currency.
pub(super) fn scale(history: &History, expected: f64, span: DateRange) -> f64 {
    let ticket = history.ticket;
    if ticket <= 0.0 {
        return 0.0;
    }
    let months = f64::from(span.days()) / f64::from(DAYS);
    let orders = expected.max(0.0) / months / ticket + FLOOR_ORDERS * f64::from(DAYS);
    orders.powf(POWER) * ticket * months
}

/// Weeks before the end of the history after which `step` periods of 30 days are known, latest first. Leaves out the first
/// eight weeks, because forecasts from so little data are no guide.
pub(super) fn past_origins(history: &History, step: usize) -> impl Iterator<Item = i32> {
    let (first, last) = (history.start + 2 * 28, history.end - DAYS * step as i32);
    let end = history.end;
    (1..).map(move |week| end - 7 * week).skip_while(move |origin| *origin > last).take_while(move |o| *o >= first)
}

/// Revenue per day below which a series counts as not selling, BRL.
pub(super) fn floor(history: &History) -> f64 {
    FLOOR_ORDERS * history.ticket
}
