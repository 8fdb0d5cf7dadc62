//! Merges newly arrived files into the previous run's clean tables, or says why everything must be read again.

pub mod delta;
mod membership;
mod merged_checks;
pub mod previous_run;
