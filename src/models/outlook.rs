//! Panels → ForecastSet: our model's forecasts after the day of decision, and its coefficients. Next: `decisions`.

use serde::Serialize;

use super::forecast::{Forecast, ForecastParams, predict};
use super::linear::{Coefficient, FittedLinear, Linear};
use super::panel::shares::SupplyIndicators;
use super::panel::{History, Panel};
use super::span::{By, Frequency};
use super::totals::{Total, market_errors, totals};
use crate::error::Result;
use crate::mart::SalesMart;

/// Number of periods that are forecast, and of past periods that they are compared with.
pub const PERIODS: usize = 3;

/// Forecasts of three months after the day of decision, by category and by state.
#[derive(Debug, Clone, Serialize)]
pub struct ForecastSet {
    /// The day of decision, at whose end forecasts are made: the last day of the last complete month, or the last usual day
    /// if no month is complete.
    pub cutoff: i32,
    /// Forecasts of the categories.
    pub categories: View,
    /// Forecasts of the states.
    pub states: View,
}

/// A panel as of the day of decision.
#[derive(Debug, Clone, Serialize)]
pub struct View {
    /// All data.
    #[serde(skip)]
    pub panel: Panel,
    /// What was known at the end of that day.
    #[serde(skip)]
    pub history: History,
    /// Forecasts of the next three periods of 30 days, by series.
    pub periods: Vec<Forecast>,
    /// These periods together, by series in the order of the history.
    pub totals: Vec<Total>,
    /// How far the whole market may stray from its forecast, by period: quantiles 2.5 %, 10 %, 90 % and 97.5 % of the logarithm of actual over
    /// expected revenue. `None` if the past is too short to tell.
    pub market_errors: Option<Vec<[f64; 4]>>,
    /// Forecasts of the next three calendar months; empty unless the day of decision ends a month.
    pub months: Vec<Forecast>,
    /// Coefficients of the model.
    pub coefficients: Vec<Coefficient>,
    /// Number of training origins for the first period. With 0, the shares of the last weeks are kept.
    pub weeks: usize,
}

/// Forecasts every category and state with [`Linear`].
///
/// # Errors
/// The mart is incomplete or holds no sale, or the model cannot be fitted.
pub fn outlook(mart: &SalesMart) -> Result<ForecastSet> {
    outlook_with(mart, &SupplyIndicators::of(mart)?)
}

/// The same, with supply indicators already computed from the mart.
///
/// # Errors
/// As [`outlook`].
pub fn outlook_with(mart: &SalesMart, shares: &SupplyIndicators) -> Result<ForecastSet> {
    let [categories, states] = [By::Category, By::State].map(|by| Panel::with(mart, by, shares));
    let (categories, states) = (categories?, states?);
    // Orders sum over states but not over categories, so the states decide which months are complete.
    let cutoff = states.decision_day();
    let (categories, states) = rayon::join(|| View::of(categories, cutoff), || View::of(states, cutoff));
    Ok(ForecastSet { cutoff, categories: categories?, states: states? })
}

impl View {
    fn of(panel: Panel, cutoff: i32) -> Result<View> {
        let history = panel.until(cutoff)?;
        let params = [Frequency::Days30, Frequency::Month].map(|every| ForecastParams { horizon: PERIODS, every });
        let reach = params.iter().map(|p| p.reach(&history)).max().unwrap_or(PERIODS);
        let fitted = FittedLinear::new(&Linear::default(), &history, reach)?;
        let periods = predict(&history, &fitted, &params[0]);
        let months = if params[1].check(cutoff).is_ok() { predict(&history, &fitted, &params[1]) } else { Vec::new() };
        let coefficients = fitted.coefficients()?.into_iter().filter(|c| c.step <= PERIODS).collect();
        let weeks = fitted.weeks(1);
        let totals = totals(&history, &fitted, PERIODS, &periods);
        let market_errors = market_errors(&history, &fitted, PERIODS);
        drop(fitted);
        Ok(View { panel, history, periods, totals, market_errors, months, coefficients, weeks })
    }
}
