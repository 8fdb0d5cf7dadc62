//! A run for others: as a state machine or workflow of an orchestrator, as an RO-Crate, as CSV files safe to open in a spreadsheet.

pub mod orchestrators;
pub mod ro_crate;
pub mod spreadsheet;
