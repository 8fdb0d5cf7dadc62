//! Raw files → RawTables → CleanTables + Audit. Next: `mart`.

mod archive;
pub mod audit;
pub mod before;
mod build;
pub(crate) mod built_in;
mod canonical;
pub mod clean;
pub mod contract;
mod cut;
mod dates;
pub mod ddl;
mod dialect;
pub(crate) mod find;
pub(crate) mod format;
pub(crate) mod guard;
pub(crate) mod ids;
pub mod increment;
mod json;
mod lines;
mod locations;
pub(crate) mod merge;
pub mod months;
mod names;
mod numbers;
pub(crate) mod pages;
pub mod parquet;
pub(crate) mod parse;
mod parts;
pub(crate) mod places;
mod quality;
pub mod quarantine;
pub mod read;
pub mod reading;
mod recount;
pub mod regular;
#[cfg_attr(not(feature = "spark"), allow(dead_code))]
pub mod remote;
pub mod result_tables;
pub mod rows;
pub mod shards;
pub mod source;
mod spill;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
mod typed;
mod wanted;
mod what;

pub use audit::Audit;
pub use clean::{CleanTables, clean, load};
pub use contract::TableId;
pub use read::{RawTables, read};
pub use reading::Reading;
pub use source::Source;
