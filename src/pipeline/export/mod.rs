//! Finished run, or what is declared → formats of other tools: orchestrators (Step Functions, Mermaid), data contracts, OpenLineage, RO-Crate,
//! CSV that is safe in a spreadsheet.

pub mod contract;
pub mod openlineage;
pub mod orchestrators;
pub mod ro_crate;
pub mod spreadsheet;
mod yaml;
