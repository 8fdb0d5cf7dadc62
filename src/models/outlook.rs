//! Panels → Outlook: what our model expects after the day of decision, and what it learned. Next: `findings`.

use serde::Serialize;

use super::forecast::{Forecast, ForecastParams, predict};
use super::linear::{Coefficient, FittedLinear, Linear};
use super::panel::{By, History, Panel};
use super::shares::SupplyIndicators;
use super::span::Frequency;
use crate::error::Result;
use crate::mart::SalesMart;

/// Periods that are forecast, and as many that they are compared with.
pub const PERIODS: usize = 3;

/// The three months after the day of decision, by category and by state.
#[derive(Debug, Clone, Serialize)]
pub struct ForecastSet {
    /// The day at whose end forecasts are made: the end of the last complete month, or the last usual day without one.
    pub cutoff: i32,
    /// Of the categories.
    pub categories: View,
    /// Of the states.
    pub states: View,
}

/// A panel as of the day of decision.
#[derive(Debug, Clone, Serialize)]
pub struct View {
    /// All that the data hold.
    #[serde(skip)]
    pub panel: Panel,
    /// What was known on that day.
    #[serde(skip)]
    pub history: History,
    /// The next three periods of 30 days, by series.
    pub periods: Vec<Forecast>,
    /// The next three calendar months; none where the day of decision is not the end of a month.
    pub months: Vec<Forecast>,
    /// What the model learned.
    pub coefficients: Vec<Coefficient>,
    /// From how many past weeks it learned the first period; 0: the shares of the last weeks are kept as they are.
    pub weeks: usize,
}

/// Forecasts every category and state with [`Linear`].
///
/// # Errors
/// The mart is incomplete or holds no sale, or the model cannot be fitted.
pub fn outlook(mart: &SalesMart) -> Result<ForecastSet> {
    outlook_with(mart, &SupplyIndicators::of(mart)?)
}

/// The same, with the shares that follow from the mart.
///
/// # Errors
/// As [`outlook`].
pub fn outlook_with(mart: &SalesMart, shares: &SupplyIndicators) -> Result<ForecastSet> {
    let [categories, states] = [By::Category, By::State].map(|by| Panel::with(mart, by, shares));
    let (categories, states) = (categories?, states?);
    // Orders add up over states, not over categories: theirs tell which months are complete.
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
        drop(fitted);
        Ok(View { panel, history, periods, months, coefficients, weeks })
    }
}
