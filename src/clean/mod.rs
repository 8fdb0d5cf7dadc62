//! RawTables → CleanTables + Audit. Next: `mart`.
//!
//! Three ways to the same tables: `tables` cleans in memory; [`partition`] cleans out of core, one range of orders at a time;
//! [`incremental`] merges newly arrived files into the previous run's tables. (A fourth, on a server, is `engine::remote_cleaning`.)

pub mod audit;
pub(crate) mod checks;
pub(crate) mod clean_tables;
pub mod coverage;
pub mod incremental;
pub(crate) mod locations;
pub mod partition;
pub(crate) mod tables;
#[cfg(test)]
mod tests;

pub use audit::Audit;
pub use clean_tables::CleanTables;
pub use tables::{clean, load};
