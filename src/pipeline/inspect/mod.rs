//! What is known of runs that have ended: whether outputs are up to date, whether files are as they were left, how two runs differ.

pub mod check;
pub mod diff;
pub mod verify;
