//! SalesMart → Entry: what a new seller may earn, and whether choosing its category by that would have worked. Beside `winner`, which tells
//! what the whole market will sell. Next: `dossier`, `pipeline`.

mod backtest;
mod looks;
mod rules;
#[cfg(test)]
mod tests;

use serde::Serialize;

pub use self::backtest::{Check, EntryBacktest, RankCorrelation, RuleResult, Shuffled, backtest};
pub use self::rules::ENTRANTS;
use super::decide::unless_too_little;
use crate::error::{Result, TooLittle};
use crate::mart::SalesMart;
use crate::models::entrants::{Chances, Entrants, entrants};

/// What a new seller may earn.
#[derive(Debug, Clone, Serialize)]
pub struct Entry {
    /// What entrants earned, by category.
    pub entrants: Entrants,
    /// The backtest of choosing a category by that, or what the data lack for it.
    pub backtest: Result<EntryBacktest, TooLittle>,
}

/// Describes the entrants and tests the choice of a category on the past.
///
/// # Errors
/// [`TooLittle::Entrants`] if there is no entrant. Otherwise: the mart is incomplete, or no order has a day.
pub fn entry(mart: &SalesMart) -> Result<Entry> {
    let entrants = entrants(mart)?;
    let backtest = unless_too_little(backtest(&entrants))?;
    Ok(Entry { entrants, backtest })
}

/// Chances by category, or what the data lack to tell them.
///
/// # Errors
/// [`TooLittle::Entrants`]: too few sellers began, or none.
pub fn chances(entry: &Result<Entry, TooLittle>) -> Result<&Chances, TooLittle> {
    entry.as_ref().map_err(|lack| *lack)?.entrants.chances.as_ref().map_err(|lack| *lack)
}
