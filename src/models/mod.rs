//! SalesMart → Panel → ForecastSet and Backtest. Next: `decisions`.

pub mod backtest;
pub mod baselines;
pub mod entrants;
pub mod forecast;
pub mod linear;
pub mod metrics;
pub mod outlook;
pub mod panel;
pub mod protocol;
pub mod reference;
pub mod span;
#[cfg(test)]
mod tests;
pub mod totals;

pub use backtest::{Backtest, BacktestParams, Comparison, backtest, compare, compare_with_totals};
pub use baselines::{LastValue, MeanOfThree, SeasonalNaive, Ses, Theta, YearAndMonth};
pub use entrants::{Entrants, entrants};
pub use forecast::{Fitted, Forecast, ForecastParams, Forecaster, forecast};
pub use linear::{EwmaShare, Linear};
pub use outlook::{ForecastSet, View, outlook, outlook_with};
pub use panel::shares::SupplyIndicators;
pub use panel::{History, Panel};
pub use protocol::{Protocol, protocol};
pub use span::{By, DateRange, Frequency};
pub use totals::{Total, TotalsTest};

/// All models, ours first.
pub fn all() -> Vec<Box<dyn Forecaster>> {
    vec![
        Box::new(Linear::default()),
        Box::new(LastValue),
        Box::new(MeanOfThree),
        Box::new(SeasonalNaive),
        Box::new(YearAndMonth),
    ]
}
