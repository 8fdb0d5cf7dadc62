//! SalesMart → Findings (facts) and Decisions (what to sell, where to advertise, how to get paid). Next: `dossier`, `dashboard`.

pub mod decide;
pub mod entry;
pub mod facts;
pub mod payments;
pub mod profit;
pub mod region;
pub mod score;
#[cfg(test)]
mod tests;
pub mod wilson;
pub mod winner;

use serde::Serialize;

pub use decide::{
    BacktestReport, Decided, DecisionParams, Decisions, decide, decide_if_enough, look_back, unless_too_little,
};
pub use entry::{Entry, entry};
pub use facts::{Facts, Growth, Lead};
pub use payments::{Method, StatePayments};
pub use profit::{Profit, SellingCosts, profit};
pub use region::{Region, region};
pub use score::Weights;
pub use winner::{Winner, winner};

use crate::error::Result;
use crate::mart::SalesMart;
use crate::mart::period::Period;
use crate::schema::contract::UNKNOWN;

/// A state with a smaller share of the orders than this is no target.
pub const LEAST_SHARE: f64 = 0.01;

/// Facts that answer the three questions without a forecast.
#[derive(Debug, Clone, Serialize)]
pub struct Findings {
    /// The complete months over which growth is measured.
    pub period: Period,
    /// Facts on the whole marketplace.
    pub total: Facts,
    /// One entry per category, by name; [`UNKNOWN`] if there are such items.
    pub categories: Vec<Facts>,
    /// One entry per state, by code; [`UNKNOWN`] if there are such orders.
    pub states: Vec<Facts>,
    /// Payment methods of each state, by code; [`UNKNOWN`] if there are such orders.
    pub payments: Vec<StatePayments>,
    /// Payment methods of the whole marketplace.
    pub payments_total: StatePayments,
}

/// A payment method that a state uses unusually often.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Habit {
    /// Code of the state.
    pub state: String,
    /// Payment method.
    pub method: String,
    /// The method's share of the state's payments, 0–1.
    pub share: f64,
    /// The method's share of all payments, 0–1.
    pub share_overall: f64,
}

/// Computes the facts.
///
/// # Errors
/// The mart is incomplete, or has no complete month.
pub fn findings(mart: &SalesMart) -> Result<Findings> {
    let period = Period::of(mart)?;
    Ok(Findings {
        period,
        total: facts::total(mart, period)?,
        categories: facts::by_category(mart, period)?,
        states: facts::by_state(mart, period)?,
        payments: payments::by_state(mart)?,
        payments_total: payments::total(mart)?,
    })
}

impl Findings {
    /// What to sell, by facts alone: the category with the most revenue in the last three complete months, among those
    /// whose revenue certainly grows (see [`Growth::at_least`]), or among all if there are none.
    pub fn leading_category(&self) -> Option<&Facts> {
        let growing = |f: &&Facts| f.growth.as_ref().is_some_and(|g| g.at_least > 0.0);
        let most = |a: &&Facts, b: &&Facts| a.recent_revenue_centavos.cmp(&b.recent_revenue_centavos);
        let known = || self.categories.iter().filter(|f| f.is_known());
        known().filter(growing).max_by(most).or_else(|| known().max_by(most))
    }

    /// The category that sold most; `None` if none is known.
    pub fn best_seller(&self) -> Option<&Facts> {
        let known = self.categories.iter().filter(|f| f.is_known());
        known.max_by(|a, b| a.revenue_centavos.cmp(&b.revenue_centavos).then_with(|| b.name.cmp(&a.name)))
    }

    /// States other than [`UNKNOWN`].
    pub fn known_states(&self) -> impl Iterator<Item = &Facts> {
        self.states.iter().filter(|f| f.is_known())
    }

    /// Where to advertise, by facts alone: the state whose orders outgrow those of the others by the largest certain rate
    /// (see [`Lead::at_least`]), among states with at least 1 % of the orders; `None` if no state's do. In smaller states,
    /// a campaign reaches too few people.
    pub fn growing_state(&self) -> Option<&Facts> {
        let lead =
            |f: &Facts| f.lead.as_ref().filter(|l| l.share >= LEAST_SHARE && l.at_least > 0.0).map(|l| l.at_least);
        let ranked = self.known_states().filter_map(|f| Some((lead(f)?, f)));
        ranked.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, f)| f)
    }

    /// The state and method that certainly exceed the marketplace most: the greatest distance from the method's share of
    /// all payments to the lower end of its interval in the state. `None` if there is no such excess.
    pub fn unusual_payment(&self) -> Option<Habit> {
        let mut habits = Vec::new();
        for state in self.payments.iter().filter(|p| p.state != UNKNOWN) {
            for method in &state.methods {
                let overall = self.payments_total.share(&method.payment_type);
                habits.push((method.share_payments_low - overall, state, method, overall));
            }
        }
        let (distance, state, method, share_overall) = habits.into_iter().max_by(|a, b| a.0.total_cmp(&b.0))?;
        (distance > 0.0).then(|| Habit {
            state: state.state.clone(),
            method: method.payment_type.clone(),
            share: method.share_payments,
            share_overall,
        })
    }
}
