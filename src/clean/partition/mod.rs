//! Cleans data that do not fit in memory: splits the long tables into ranges of orders on the disk and cleans one range at a time.

pub mod by_month;
mod found;
pub mod ranges;
pub(crate) mod spill;
mod split;
