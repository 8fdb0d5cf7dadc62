//! Finished run → formats of other tools: orchestrators (Step Functions, Mermaid), RO-Crate, CSV that is safe in a spreadsheet.

pub mod orchestrators;
pub mod ro_crate;
pub mod spreadsheet;
