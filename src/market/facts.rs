//! What the report and the dashboard say of a market: currency, regions, and what its export cannot answer. Kept in the audit.

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
    /// Shapes of the regions that the user gives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shapes: Option<RegionShapes>,
    /// Names of the files of the export.
    #[serde(default)]
    pub files: Vec<String>,
    /// Answers that the export leaves open, each with the field that would give it.
    pub open: Vec<String>,
}

impl MarketFacts {
    /// Whether its regions are the states of Brazil, of which maps and populations are known.
    pub fn is_in_brazil(&self) -> bool {
        self.country.as_deref() == Some("BR")
    }
}
