//! Parameters → one run: plans which steps are stale, schedules them, and executes them in memory, out of core or remotely.

pub(crate) mod cleaning;
pub(crate) mod context;
pub(crate) mod execute;
pub mod key;
pub(crate) mod materialized;
pub mod plan;
pub(crate) mod schedule;
mod shuffle;
mod values;
