//! Finished run or declarations → formats of other tools: orchestrators (Step Functions, Mermaid), contracts (ODCS, dbt), lineage
//! (OpenLineage), RO-Crate, CSV that is safe in a spreadsheet.

pub mod dbt;
mod objects;
pub mod odcs;
pub mod openlineage;
pub mod orchestrators;
pub mod ro_crate;
pub mod spreadsheet;
pub mod yaml;
