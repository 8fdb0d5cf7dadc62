//! From raw marketplace orders to three decisions: what to sell, where to advertise, how to get paid.
//!
//! The flow has one direction and one type per stage; each arrow is one public function.
//!
//! ```text
//! RawTables → CleanTables + Audit → SalesMart → Forecasts + Backtest → Findings → Report
//!   data/         data/               mart/        models/             findings/   report/
//! ```

// Some parts serve only some of the stores.
#![cfg_attr(not(feature = "stores"), allow(dead_code))]

pub mod data;
pub mod error;
mod files;
pub mod findings;
pub mod mart;
pub mod memory;
pub mod models;
mod parallel;
pub mod pipeline;
pub mod prelude;
pub mod report;
pub mod results;
pub mod store;
pub mod synth;
pub mod text;

pub use error::{Error, Result, TooLittle};

/// The examples of the README are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
