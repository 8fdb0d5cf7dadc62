//! What a notebook or a short program imports first: `use pfe::prelude::*`.
//!
//! The stages of the flow by their names, the parameters and results they pass on, the figures, and all of polars'
//! prelude. The names of [`charts`] stay behind their module, since polars has a `Series` of its own.
//!
//! ```
//! use pfe::prelude::*;
//!
//! let folder = tempfile::tempdir()?;
//! generate(&SynthParams { orders: 2_000, ..Default::default() }, folder.path())?;
//! let (tables, _audit) = clean(read(&Source::open(folder.path())?)?)?;
//! let facts = findings(&mart(&tables)?)?;
//! assert_eq!(facts.total.orders, 2_000);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub use crate::charts::{self, About, Svg};
pub use crate::clean::{Audit, CleanTables, clean};
pub use crate::decisions::{
    BacktestReport, DecisionParams, Decisions, Entry, Facts, Findings, Profit, Region, SellingCosts, StatePayments,
    Weights, Winner, decide, entry, findings, look_back, profit, region, winner,
};
pub use crate::dossier::dossier;
pub use crate::input::{RawTables, Source, read};
pub use crate::mart::month::Month;
pub use crate::mart::period::Period;
pub use crate::mart::{SalesMart, mart};
pub use crate::models::linear::Coefficient;
pub use crate::models::reference::{Reference, reference};
pub use crate::models::{
    Backtest, BacktestParams, By, Comparison, Entrants, Forecast, ForecastParams, ForecastSet, Forecaster, Frequency,
    LastValue, Linear, Panel, backtest, compare, entrants, forecast, outlook,
};
pub use crate::notebook::{Loaded, bars, lines, load, scatter};
pub use crate::report::{Cover, Lang};
pub use crate::results::{Parameters, Results};
pub use crate::schema::TableId;
pub use crate::synth::{SynthParams, Truth, generate};
pub use crate::{Error, Result};
pub use polars::prelude::*;
