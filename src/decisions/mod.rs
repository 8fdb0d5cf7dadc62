//! SalesMart → Findings (facts) and Decisions (what to sell, where to advertise, how to get paid). Next: `dossier`, `dashboard`.

pub mod customers;
pub mod decide;
pub mod entry;
pub mod facts;
pub mod growth;
pub mod payments;
pub mod profit;
pub mod region;
pub mod score;
#[cfg(test)]
mod tests;
pub mod winner;

use serde::Serialize;

pub use customers::{Customers, RepeatVerdict};
pub use decide::{
    BacktestReport, Decided, DecisionParams, Decisions, decide, decide_if_enough, look_back, unless_too_little,
};
pub use entry::{Entry, entry};
pub use facts::{Facts, Growth};
pub use growth::StateGrowth;
pub use payments::{Coverage, Habit, Method, PaymentMethod, StatePayments};
pub use profit::{Profit, SellingCosts, profit};
pub use region::{Region, region};
pub use score::Weights;
pub use winner::{Winner, winner};

use crate::error::Result;
use crate::mart::SalesMart;
use crate::mart::period::Period;

/// Of a state with a smaller share of the orders than this, means say nothing.
pub const LEAST_SHARE: f64 = 0.01;

/// Facts that answer the three questions without a forecast.
#[derive(Debug, Clone, Serialize)]
pub struct Findings {
    /// The complete months over which growth is measured.
    pub period: Period,
    /// Facts on the whole marketplace.
    pub total: Facts,
    /// One entry per category, by name; [`UNKNOWN`](crate::schema::contract::UNKNOWN) if there are such items.
    pub categories: Vec<Facts>,
    /// One entry per state, by code; [`UNKNOWN`](crate::schema::contract::UNKNOWN) if there are such orders.
    pub states: Vec<Facts>,
    /// Payment methods of each state, by code; [`UNKNOWN`](crate::schema::contract::UNKNOWN) if there are such orders.
    pub payments: Vec<StatePayments>,
    /// Payment methods of the whole marketplace.
    pub payments_total: StatePayments,
    /// What each payment method brings and how long it takes, by number of orders, descending.
    pub methods: Vec<PaymentMethod>,
    /// How far each state's use of each method is from that of the others.
    pub habits: Vec<Habit>,
    /// Growth of each known state's share of the orders; empty if the data have no two half-years or no two states.
    pub growth: Vec<StateGrowth>,
    /// Who comes back, and whether that is worth acting on.
    pub customers: Customers,
}

/// Computes the facts.
///
/// # Errors
/// The mart is incomplete, or has no complete month.
pub fn findings(mart: &SalesMart) -> Result<Findings> {
    let period = Period::of(mart)?;
    let payments_total = payments::total(mart)?;
    Ok(Findings {
        period,
        total: facts::total(mart, period)?,
        categories: facts::by_category(mart, period)?,
        states: facts::by_state(mart, period)?,
        payments: payments::by_state(mart)?,
        methods: payments::methods::describe(mart, &payments_total)?,
        payments_total,
        habits: payments::habits::habits(mart)?,
        growth: growth::state_growth(mart, period)?,
        customers: customers::customers(mart, period)?,
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

    /// States other than [`UNKNOWN`](crate::schema::contract::UNKNOWN).
    pub fn known_states(&self) -> impl Iterator<Item = &Facts> {
        self.states.iter().filter(|f| f.is_known())
    }

    /// States whose orders outgrow those of the others by more than chance explains, the greatest growth first; none that is not a discovery.
    pub fn growing_states(&self) -> Vec<&StateGrowth> {
        let mut growing: Vec<&StateGrowth> = self.growth.iter().filter(|state| state.is_growing()).collect();
        let growth = |state: &StateGrowth| state.change.map_or(0.0, |change| change.growth);
        growing.sort_by(|a, b| growth(b).total_cmp(&growth(a)).then_with(|| a.state.cmp(&b.state)));
        growing
    }

    /// Habits that are discoveries, those that differ most first.
    pub fn named_habits(&self) -> Vec<&Habit> {
        let mut named: Vec<&Habit> = self.habits.iter().filter(|habit| habit.named).collect();
        let difference = |habit: &Habit| (habit.share - habit.share_rest).abs();
        named.sort_by(|a, b| difference(b).total_cmp(&difference(a)).then_with(|| a.state.cmp(&b.state)));
        named
    }
}
