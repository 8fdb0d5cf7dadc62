//! World and counts → `truth.json`: the planted answers that an analysis of the data must find. Written beside the data.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// File name of [`Truth`] in the folder of the data.
pub const TRUTH_FILE: &str = "truth.json";

/// What was planted in the data, and how many rows were written. Fields and keys are sorted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Truth {
    /// New sellers, habits and a campaign, if they were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<CalibrationTruth>,
    /// Number of defects by table and kind; tables and kinds without any are left out. A row carries at most one defect. `duplicate` and
    /// `key_conflict` count added rows; all others spoil a row in place.
    pub defects: BTreeMap<String, BTreeMap<String, u64>>,
    /// Requested share of rows with a defect.
    pub defects_rate: f64,
    /// Requested number of orders.
    pub orders: u64,
    /// The state that pays in its own way.
    pub payment_habit: HabitTruth,
    /// Number of rows by table, without headers, with rows added by defects.
    pub rows: BTreeMap<String, u64>,
    /// Seed of the random numbers.
    pub seed: u64,
    /// The planted answer to "where to advertise".
    pub target_state: StateTruth,
    /// The planted answer to "what to sell".
    pub winner: WinnerTruth,
}

/// The category whose share of revenue grows most, from small to leading. Its parcels arrive sooner and its reviews are better than those
/// of others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WinnerTruth {
    /// English name.
    pub category: String,
    /// Portuguese name, as in the products file.
    pub category_source: String,
    /// Planned share of revenue in 2017-01, the first complete month.
    pub revenue_share_first_month: f64,
    /// Planned share of revenue in 2018-07, the last complete month.
    pub revenue_share_last_month: f64,
}

/// The state whose share of orders grows most, and whose parcels arrive much sooner than its distance suggests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StateTruth {
    /// Planned share of orders in 2017-01.
    pub orders_share_first_month: f64,
    /// Planned share of orders in 2018-07.
    pub orders_share_last_month: f64,
    /// Code.
    pub state: String,
}

/// A state in which a method other than the credit card leads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HabitTruth {
    /// Payment method, as in the payments file.
    pub method: String,
    /// Planned share of the state's orders that use this method.
    pub share: f64,
    /// Code.
    pub state: String,
}

/// What the answers to planted data are held against: drawn independently of how they are found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CalibrationTruth {
    /// Advertising in a state.
    pub campaign: CampaignTruth,
    /// New sellers by English category.
    pub entrants: BTreeMap<String, EntrantsTruth>,
    /// Planned share of orders that use each payment method, by state and method.
    pub payments: BTreeMap<String, BTreeMap<String, f64>>,
}

/// Advertising in a state, until the data end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CampaignTruth {
    /// Its first day.
    pub first_day: String,
    /// By how much it multiplies the odds that a new customer lives in the state; 1 without any effect.
    pub odds_ratio: f64,
    /// Code.
    pub state: String,
}

/// New sellers of a category.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EntrantsTruth {
    /// Their number, with those that arrive too late for 90 days.
    pub entrants: u64,
    /// What scales their revenue of 90 days, BRL.
    pub level: f64,
    /// Chance that one of them reaches 500, 1,000 and 3,000 BRL.
    pub reach: [f64; 3],
}
