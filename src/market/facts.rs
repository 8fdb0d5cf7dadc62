//! What the report and the dashboard say of a market: currency, regions, and what its export cannot answer. Kept in the audit.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::description::shapes::RegionShapes;
use super::regions::Region;

/// The facts of a market that is not Olist.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MarketFacts {
    /// Short name.
    pub name: String,
    /// What users call it.
    pub title: String,
    /// ISO 4217 code.
    pub currency: String,
    /// Decimals of the smallest unit of the currency.
    pub digits: u32,
    /// Country whose parts are the regions, ISO 3166-1; `None` if countries are.
    pub country: Option<String>,
    /// Regions to which an order went, sorted by code.
    pub regions: Vec<Region>,
    /// Payment methods, sorted by word.
    #[serde(default)]
    pub methods: Vec<Method>,
    /// Lines of orders that are sold or canceled; each of their units is an item.
    #[serde(default)]
    pub lines: usize,
    /// What was paid back of orders that count as sold.
    #[serde(default)]
    pub refunds: Refunds,
    /// Prices and costs of what was sold, by category; empty if the export has no costs.
    #[serde(default)]
    pub costs: BTreeMap<String, Costs>,
    /// Shapes of the regions that the user gives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shapes: Option<RegionShapes>,
    /// Names of the files of the export.
    #[serde(default)]
    pub files: Vec<String>,
    /// Answers that the export leaves open, each with the field that would give it.
    pub open: Vec<String>,
}

/// A payment method: its word in the tables, and its spelling in the export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Method {
    /// Lower case letters, digits and `_`.
    pub word: String,
    /// Most frequent spelling.
    pub name: String,
}

/// What was paid back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refunds {
    /// Number of orders.
    pub orders: usize,
    /// Amount, hundredths of the currency.
    pub hundredths: i64,
}

/// Prices and costs of what was sold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Costs {
    /// Units sold.
    pub units: i64,
    /// Those of which the cost is known.
    pub units_with_cost: i64,
    /// Their price without freight, discounts of lines taken off; hundredths of the currency.
    pub price_hundredths: i64,
    /// Their cost, hundredths of the currency.
    pub cost_hundredths: i64,
}

impl Costs {
    /// The share of the price that is left after the cost; `None` without a price.
    pub fn margin(&self) -> Option<f64> {
        let left = self.price_hundredths - self.cost_hundredths;
        (self.price_hundredths > 0).then(|| left as f64 / self.price_hundredths as f64)
    }
}

impl MarketFacts {
    /// Whether its regions are the states of Brazil, of which maps and populations are known.
    pub fn is_in_brazil(&self) -> bool {
        self.country.as_deref() == Some("BR")
    }

    /// Prices and costs of all categories; `None` if the export has no costs.
    pub fn all_costs(&self) -> Option<Costs> {
        let sum = |of: fn(&Costs) -> i64| self.costs.values().map(of).sum();
        (!self.costs.is_empty()).then(|| Costs {
            units: sum(|of| of.units),
            units_with_cost: sum(|of| of.units_with_cost),
            price_hundredths: sum(|of| of.price_hundredths),
            cost_hundredths: sum(|of| of.cost_hundredths),
        })
    }
}
