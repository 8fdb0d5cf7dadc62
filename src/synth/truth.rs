//! What was planned and written: the answers that an analysis of the generated data must find. Written beside the data.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// File name of [`Truth`] in the folder of the data.
pub const TRUTH_FILE: &str = "truth.json";

/// What was planted in generated data, and how much of everything was written. Fields and keys are sorted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Truth {
    /// Defects written: table → kind → number; tables and kinds without any are left out. A row carries one defect at
    /// most. `duplicate` and `key_conflict` count the added rows, the others spoil a row in place.
    pub defects: BTreeMap<String, BTreeMap<String, u64>>,
    /// Share of the rows that were to carry a defect.
    pub defects_rate: f64,
    /// Orders asked for.
    pub orders: u64,
    /// A state that pays in its own way.
    pub payment_habit: HabitTruth,
    /// Rows by table, headers apart, rows added by defects included.
    pub rows: BTreeMap<String, u64>,
    /// Seed of the random numbers.
    pub seed: u64,
    /// Where to advertise.
    pub target_state: StateTruth,
    /// What to sell.
    pub winner: WinnerTruth,
}

/// The category whose share of the revenue grows most, from small to leading; its parcels come sooner and its reviews
/// are better than others'.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WinnerTruth {
    /// English name.
    pub category: String,
    /// Portuguese name, as in the products file.
    pub category_source: String,
    /// Planned share of the revenue in 2017-01, the first complete month.
    pub revenue_share_first_month: f64,
    /// Planned share of the revenue in 2018-07, the last complete month.
    pub revenue_share_last_month: f64,
}

/// The state whose share of the orders grows most, and whose parcels come much sooner than its distance suggests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StateTruth {
    /// Planned share of the orders in 2017-01.
    pub orders_share_first_month: f64,
    /// Planned share of the orders in 2018-07.
    pub orders_share_last_month: f64,
    /// Code.
    pub state: String,
}

/// A state in which a method other than the credit card leads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HabitTruth {
    /// Payment method, as in the payments file.
    pub method: String,
    /// Planned share of the state's orders that are paid by this method.
    pub share: f64,
    /// Code.
    pub state: String,
}
