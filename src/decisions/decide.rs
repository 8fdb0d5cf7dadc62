//! SalesMart → Decisions, with backtests of such decisions on the past. Each part has a public function of its name. Next: `dossier`.

use serde::{Deserialize, Serialize};

use super::payments::{self, StatePayments};
use super::region::check_budget;
use super::winner::ENOUGH_ORDERS;
use super::{Region, SellingCosts, Weights, Winner, region, winner};
use crate::error::{Error, Result, TooLittle};
use crate::mart::SalesMart;
use crate::models::totals::test_totals;
use crate::models::{
    self, BacktestParams, Comparison, ForecastSet, Forecaster, LastValue, Linear, MeanOfThree, Protocol,
    SupplyIndicators, TotalsTest, compare, compare_with_totals, outlook_with,
};

/// Settings of the decisions.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DecisionParams {
    /// Weight of each indicator.
    pub weights: Weights,
    /// Advertising budget to allocate over states, centavos.
    pub budget_centavos: Option<i64>,
    /// What the reader knows of the costs of selling.
    #[serde(skip_serializing_if = "SellingCosts::is_empty")]
    pub costs: SellingCosts,
}

/// The three decisions and the forecasts behind them.
#[derive(Debug, Clone, Serialize)]
pub struct Decisions {
    /// Forecasts as of the day of decision.
    pub outlook: ForecastSet,
    /// The market's categories by their score.
    pub winner: Winner,
    /// Where the first of them sells.
    pub region: Region,
    /// How the first of them is paid.
    pub payments: StatePayments,
}

/// Backtests of models.
#[derive(Debug, Clone, Serialize)]
pub struct BacktestReport {
    /// All models on categories, cutoffs at the ends of months.
    pub categories: Comparison,
    /// All models on states, cutoffs at the ends of months.
    pub states: Comparison,
    /// Our model and the two simplest on categories, cutoffs every seven days.
    pub weekly: Comparison,
    /// The 80 % intervals of our model's sums over three periods, at the same cutoffs.
    pub totals: Vec<TotalsTest>,
    /// The methods on months that were set apart beforehand, or what the data lack for it.
    pub protocol: Result<Protocol, TooLittle>,
}

impl DecisionParams {
    /// Checks the settings without data.
    ///
    /// # Errors
    /// The budget is not above 0.
    pub fn check(&self) -> Result<()> {
        check_budget(self.budget_centavos)
    }
}

/// Takes the three decisions.
///
/// # Errors
/// [`Error::TooLittle`] if the data do not suffice. Other errors: the mart is incomplete, a weight has no indicator, or the
/// budget is not above 0.
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

/// The decisions and their backtests, or for each what the data lack.
pub type Decided = (Result<Decisions, TooLittle>, Result<BacktestReport, TooLittle>);

/// Takes the decisions and backtests them, as far as the data suffice, with supply indicators already computed from the
/// mart. Data that do not suffice are a result, not an error.
///
/// # Errors
/// As [`decide`] and [`look_back`], except [`Error::TooLittle`].
pub fn decide_if_enough(mart: &SalesMart, shares: &SupplyIndicators, params: &DecisionParams) -> Result<Decided> {
    let decisions = unless_too_little(decide_with(mart, shares, params))?;
    let past = match &decisions {
        Ok(made) => unless_too_little(look_back(&made.outlook))?,
        Err(lack) => Err(*lack),
    };
    Ok((decisions, past))
}

/// Data that do not suffice are a result, other errors stay errors.
///
/// # Errors
/// Those of `result`, except [`Error::TooLittle`].
pub fn unless_too_little<T>(result: Result<T>) -> Result<Result<T, TooLittle>> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(Error::TooLittle(lack)) => Ok(Err(lack)),
        Err(error) => Err(error),
    }
}

/// Backtests models.
///
/// # Errors
/// [`Error::TooLittle`] if the data are too short. Otherwise: a model cannot be fitted.
pub fn look_back(outlook: &ForecastSet) -> Result<BacktestReport> {
    let (categories, states) = (&outlook.categories.panel, &outlook.states.panel);
    let all = models::all();
    let all: Vec<&dyn Forecaster> = all.iter().map(AsRef::as_ref).collect();
    let linear = Linear::default();
    let few: [&dyn Forecaster; 3] = [&linear, &LastValue, &MeanOfThree];
    let ((weekly, protocol), (by_category, by_state)) = rayon::join(
        || {
            rayon::join(
                || compare_with_totals(categories, &few, BacktestParams::weekly(categories)?),
                || unless_too_little(models::protocol(categories)),
            )
        },
        || {
            rayon::join(
                || compare(categories, &all, BacktestParams::monthly(categories)?),
                || compare(states, &all, BacktestParams::monthly(states)?),
            )
        },
    );
    let (weekly, totals) = weekly?;
    let totals = test_totals(&totals, ENOUGH_ORDERS);
    Ok(BacktestReport { categories: by_category?, states: by_state?, weekly, totals, protocol: protocol? })
}
