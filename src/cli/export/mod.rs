//! Exports to other tools: steps for orchestrators, contracts for catalogues.

pub mod contract;
pub mod pipeline;
