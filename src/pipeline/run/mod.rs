//! Parameters → one run: plans which steps are stale, schedules them, and executes them in memory, out of core or remotely.

pub(crate) mod cleaning;
pub(crate) mod context;
pub(crate) mod execute;
mod in_memory;
mod incremental;
pub mod key;
pub(crate) mod materialized;
mod out_of_core;
pub mod plan;
mod remote;
pub(crate) mod schedule;
mod shuffle;
mod strategy;
mod values;
