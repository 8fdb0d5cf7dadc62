//! How a shop learns where advertising pays: what a trial can see, its plan, what its orders say. Beside `decisions`: the orders of the
//! past do not tell what a unit of advertising brings.
//!
//! ```text
//! budget, orders a month ─▶ shop ───────┐
//! SalesMart ─── sales ─▶ marketplace ───┴▶ plan (trial.toml) ─ read with the trial's orders (order_file) ─▶ verdict
//! ```
//!
//! `designs` tells in a run what such trials can see, before anyone names a budget.
//!
//! Three ways, each with the plan's table of its name:
//!
//! - `codes`: each place has a coupon code; a test of all, then all on the best, or nothing: [`statistics::roll`].
//! - `parts`: the orders of the advertised part against those of the rest: [`statistics::binomial`].
//! - `regions`: one region of each pair of a marketplace is advertised: [`statistics::matched`].

pub mod designs;
pub mod marketplace;
pub(crate) mod order_file;
pub mod plan;
pub mod sales;
pub mod shop;
pub mod simulate;
pub mod statistics;
pub mod verdict;

pub use designs::{TrialDesigns, trial_designs};
pub use marketplace::{BudgetedDesign, MarketplaceDesign, MarketplaceParams, RegionDesign};
pub use plan::Plan;
pub use sales::{RegionKind, RegionSales, sales_by_region};
pub use shop::{ShopDesign, ShopParams};
pub use simulate::{RuleResult, SimulationParams, simulate};
pub use verdict::{Decision, Verdict, read};
