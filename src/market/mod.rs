//! What kind of shop exported the orders: a description (TOML, no code in it) → the contract's raw tables. Used by `input`.
//!
//! A [`Market`] names its currency, time zone and regions, the files of the export with the headers that identify them, and for each
//! [`Field`] of an order line where its value comes from. `lines` evaluates the fields of a [`Sheet`], and [`tables`] derives the tables
//! of the contract from these lines: everything after sees those tables alone.

pub mod built_in;
pub mod check;
pub mod description;
pub mod facts;
pub(crate) mod lines;
pub(crate) mod operations;
pub mod propose;
pub mod rates;
pub mod recognize;
pub mod regions;
pub mod sheet;
pub mod tables;
pub mod values;

pub use description::{Field, Market};
pub use facts::MarketFacts;
pub use rates::Rates;
pub use sheet::Sheet;
pub use tables::Salt;
