//! SalesMart → Decisions, and what the past says of such decisions. Each part by the public function of its name. Next: `report`.

use serde::{Deserialize, Serialize};

use super::payments;
use super::payments::StatePayments;
use super::regret::{Strategy, regret};
use super::{Region, Weights, Winner, region, winner};
use crate::error::{Error, Result, TooLittle};
use crate::mart::SalesMart;
use crate::models::{
    self, BacktestParams, Comparison, ForecastSet, Forecaster, LastValue, Linear, MeanOfThree, SupplyIndicators,
    compare, outlook_with,
};

/// What the user decides beforehand.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DecisionParams {
    /// How much each indicator counts.
    pub weights: Weights,
    /// Advertising budget to spread over states, centavos.
    pub budget_centavos: Option<i64>,
}

/// The three decisions and what they stand on.
#[derive(Debug, Clone, Serialize)]
pub struct Decisions {
    /// Forecasts as of the day of decision.
    pub outlook: ForecastSet,
    /// What to sell.
    pub winner: Winner,
    /// Where to advertise it.
    pub region: Region,
    /// How it is paid.
    pub payments: StatePayments,
}

/// Models and choices tested on the past.
#[derive(Debug, Clone, Serialize)]
pub struct BacktestReport {
    /// Every model on categories, at the ends of months.
    pub categories: Comparison,
    /// The same on states.
    pub states: Comparison,
    /// Ours and the simplest two on categories, every seven days.
    pub weekly: Comparison,
    /// Ways to choose a category, and what came of them.
    pub strategies: Vec<Strategy>,
}

impl DecisionParams {
    /// Checks what no data can make right.
    ///
    /// # Errors
    /// The budget is not above 0.
    pub fn check(&self) -> Result<()> {
        match self.budget_centavos {
            Some(budget) if budget <= 0 => {
                Err(Error::input("the budget is not above 0 BRL").with_hint("leave it out to rank the states alone"))
            }
            _ => Ok(()),
        }
    }
}

/// Takes the three decisions.
///
/// # Errors
/// [`Error::TooLittle`] where the data do not suffice; the mart is incomplete, a weight has no indicator, or the budget is
/// not above 0.
pub fn decide(mart: &SalesMart, params: &DecisionParams) -> Result<Decisions> {
    decide_with(mart, &SupplyIndicators::of(mart)?, params)
}

fn decide_with(mart: &SalesMart, shares: &SupplyIndicators, params: &DecisionParams) -> Result<Decisions> {
    params.check()?;
    let outlook = outlook_with(mart, shares)?;
    let winner = winner(mart, &outlook, &params.weights)?;
    let category = &winner.first().category;
    let region = region(mart, &outlook, Some(category), params.budget_centavos, &params.weights)?;
    let payments = payments::of_category(mart, category)?;
    Ok(Decisions { outlook, winner, region, payments })
}

/// The decisions and what the past says of them, or what the data lack.
pub type Decided = (Result<Decisions, TooLittle>, Result<BacktestReport, TooLittle>);

/// Takes the decisions, with the shares that follow from the mart, and looks back on them, as far as the data suffice: what they
/// lack is a result, no fault of a run.
///
/// # Errors
/// As [`decide`] and [`look_back`], but for [`Error::TooLittle`].
pub fn decide_if_enough(mart: &SalesMart, shares: &SupplyIndicators, params: &DecisionParams) -> Result<Decided> {
    let decisions = unless_too_little(decide_with(mart, shares, params))?;
    let past = match &decisions {
        Ok(made) => unless_too_little(look_back(&made.outlook, &params.weights))?,
        Err(lack) => Err(*lack),
    };
    Ok((decisions, past))
}

fn unless_too_little<T>(result: Result<T>) -> Result<Result<T, TooLittle>> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(Error::TooLittle(lack)) => Ok(Err(lack)),
        Err(error) => Err(error),
    }
}

/// Tests models and choices on the past.
///
/// # Errors
/// [`Error::TooLittle`] where the data are too short, or a model cannot be fitted.
pub fn look_back(outlook: &ForecastSet, weights: &Weights) -> Result<BacktestReport> {
    let (categories, states) = (&outlook.categories.panel, &outlook.states.panel);
    let all = models::all();
    let all: Vec<&dyn Forecaster> = all.iter().map(AsRef::as_ref).collect();
    let linear = Linear::default();
    let few: [&dyn Forecaster; 3] = [&linear, &LastValue, &MeanOfThree];
    let (weekly, (by_category, by_state)) = rayon::join(
        || compare(categories, &few, BacktestParams::weekly(categories)?),
        || {
            rayon::join(
                || compare(categories, &all, BacktestParams::monthly(categories)?),
                || compare(states, &all, BacktestParams::monthly(states)?),
            )
        },
    );
    let weekly = weekly?;
    let strategies = regret(categories, &weekly.tests[0], weights)?;
    Ok(BacktestReport { categories: by_category?, states: by_state?, weekly, strategies })
}
