//! Parameters → one run: plans which steps are stale, schedules them, and executes them in memory, out of core or remotely.

pub(crate) mod context;
pub(crate) mod execute;
pub(crate) mod incremental;
pub mod key;
pub(crate) mod materialized;
pub(crate) mod out_of_core;
pub mod plan;
pub(crate) mod remote;
pub(crate) mod schedule;
pub(crate) mod shuffle;
