//! Entry and costs → Profit: what an entrant keeps of its revenue by category, and what an order may cost in advertising. Next: `dossier`.
//!
//! An entrant sells on a marketplace: contribution = typical revenue × (margin − commission) − fee and returns × typical orders. An unknown
//! margin is a distribution, independent between categories; where one number is needed, [`costs::MARGIN`], marked as assumed.
//! A tipping margin is that of the leader at which a rival brings as much.

mod break_even;
pub mod costs;
#[cfg(test)]
mod tests;

use serde::Serialize;

pub use self::break_even::{BreakEven, SHRINK_ORDERS};
use self::break_even::{break_even, paid, sold};
pub use self::costs::{Cost, Costs, Margin, Origin, SellingCosts};
use super::entry::Entry;
use crate::error::{Error, Result};
use crate::market::MarketFacts;
use crate::mart::SalesMart;
use crate::models::entrants::CategoryChances;
use crate::models::entrants::pooling::places;
use crate::schema::contract::UNKNOWN;
use crate::table::quantiles::quantiles;
use crate::text::listed;

/// Profit, as far as costs are known or assumed. Amounts in the currency of the data.
#[derive(Debug, Clone, Serialize)]
pub struct Profit {
    /// Costs that are the same for all categories.
    pub costs: Costs,
    /// Margin of all categories together.
    pub margin: Cost,
    /// What an entrant keeps, the greatest contribution first; empty if the data do not tell what entrants earn.
    pub categories: Vec<CategoryProfit>,
    /// What an order of a shop of its own may cost in advertising, by state; the most orders first.
    pub states: Vec<BreakEven>,
    /// The same by category.
    pub break_even_by_category: Vec<BreakEven>,
}

/// What an entrant in a category keeps of the revenue of its first 90 days.
#[derive(Debug, Clone, Serialize)]
pub struct CategoryProfit {
    /// English category.
    pub category: String,
    /// Its margin.
    pub margin: Cost,
    /// Typical revenue.
    pub revenue: f64,
    /// Typical number of orders.
    pub orders: f64,
    /// Contribution of these.
    pub contribution: f64,
    /// 80 % interval of the contribution, an unknown margin included.
    pub interval80: (f64, f64),
    /// Probability that its contribution is the greatest, 0–1.
    pub first: f64,
    /// Probability that it is among the three greatest, 0–1.
    pub top3: f64,
    /// Probability that it is below 0, 0–1.
    pub loss: f64,
    /// Margin of the first category at which this one brings as much; `None` for the first.
    pub tipping_margin: Option<f64>,
}

impl Profit {
    /// The margin down to which the first category stays first; `None` without a rival.
    pub fn stays_first_to(&self) -> Option<f64> {
        self.categories.iter().filter_map(|category| category.tipping_margin).max_by(f64::total_cmp)
    }

    /// Whether a margin is assumed.
    pub fn assumes_margins(&self) -> bool {
        self.margin.is_assumed() || self.categories.iter().any(|category| category.margin.is_assumed())
    }
}

/// Computes the profit. `market` knows costs of an export that has them.
///
/// # Errors
/// [`Error::Input`]: there is a cost of a category or method that the data do not have. Otherwise: the mart is incomplete.
pub fn profit(
    mart: &SalesMart,
    entry: Option<&Entry>,
    known: &SellingCosts,
    market: Option<&MarketFacts>,
) -> Result<Profit> {
    let sold = sold(mart)?;
    if let Some(category) = known.margins.keys().find(|category| !sold.has_category(category)) {
        let names = sold.categories().filter(|name| *name != UNKNOWN);
        return Err(Error::input(format!("costs: there is no category `{category}`"))
            .with_hint(format!("the categories are {}", listed(names))));
    }
    let costs = known.others(market, &paid(mart)?)?;
    let chances = entry.and_then(|entry| entry.entrants.chances.as_ref().ok());
    let margin = |category: Option<&str>| known.margin_of(category, market);
    let (states, break_even_by_category) = break_even(&sold, &costs, &|category| margin(Some(category)));
    let categories = chances.map_or_else(Vec::new, |chances| of_entrants(&chances.categories, &costs, &margin));
    Ok(Profit { costs, margin: margin(None), categories, states, break_even_by_category })
}

/// What entrants keep.
fn of_entrants(
    chances: &[CategoryChances],
    costs: &Costs,
    margin: &dyn Fn(Option<&str>) -> Cost,
) -> Vec<CategoryProfit> {
    let per_order = costs.fee_per_order.value + costs.returns_per_order.value;
    let margins: Vec<Cost> = chances.iter().map(|category| margin(Some(&category.category))).collect();
    // What is kept of one unit of revenue; orders grow with revenue.
    let kept = |i: usize, margin: f64| {
        let orders = if chances[i].typical > 0.0 { chances[i].orders / chances[i].typical } else { 0.0 };
        margin - costs.commission.value - per_order * orders
    };
    let mut draws: Vec<Vec<f64>> = vec![Vec::new(); chances.len()];
    let places = places(chances.len(), |i, source| {
        let revenue = source.mean(&chances[i].posterior).exp_m1().max(0.0);
        let margin = if margins[i].is_assumed() { source.uniform(costs::MARGINS) } else { margins[i].value };
        let contribution = revenue * kept(i, margin);
        draws[i].push(contribution);
        contribution
    });
    let profit = |(i, category): (usize, &CategoryChances)| {
        let loss = draws[i].iter().filter(|drawn| **drawn < 0.0).count() as f64 / draws[i].len() as f64;
        let [low, high] = quantiles(&mut draws[i], [0.1, 0.9]);
        CategoryProfit {
            category: category.category.clone(),
            margin: margins[i],
            revenue: category.typical,
            orders: category.orders,
            contribution: category.typical * kept(i, margins[i].value),
            interval80: (low, high),
            first: places[i][0],
            top3: places[i][1],
            loss,
            tipping_margin: None,
        }
    };
    let mut profits: Vec<CategoryProfit> = chances.iter().enumerate().map(profit).collect();
    profits.sort_by(|a, b| b.contribution.total_cmp(&a.contribution).then_with(|| a.category.cmp(&b.category)));
    if let Some((first, rivals)) = profits.split_first_mut().filter(|(first, _)| first.revenue > 0.0) {
        for rival in rivals {
            let needed = (rival.contribution + per_order * first.orders) / first.revenue;
            rival.tipping_margin = Some(costs.commission.value + needed);
        }
    }
    profits
}
