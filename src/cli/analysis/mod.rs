//! Commands that answer from data without writing a run: facts, forecasts, backtests.

pub mod backtest;
pub mod decisions;
pub mod findings;
pub mod forecast;
pub mod trial;
