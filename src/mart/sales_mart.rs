//! The SalesMart: the aggregated tables, by name. Made by `mart`; read by `models`, `decisions` and the report.

use std::collections::BTreeMap;

use polars::prelude::DataFrame;

use super::queries::{QUERIES, SUPPLY_BY_DAY};
use super::supply_by_day::ByDay;
use crate::error::{Error, Result};

/// The aggregated tables, read by models, findings and the report. Whole numbers are `i64`, days and months `Date`, amounts centavos.
#[derive(Debug, Clone)]
pub struct SalesMart {
    /// All tables except the longest.
    pub(super) tables: BTreeMap<String, DataFrame>,
    pub(super) by_day: ByDay,
}

impl SalesMart {
    /// The mart of `tables`, by the names of [`QUERIES`].
    ///
    /// # Errors
    /// [`Error::Input`]: a stored table is missing.
    pub fn new(mut tables: BTreeMap<String, DataFrame>) -> Result<SalesMart> {
        let by_day = tables.remove(SUPPLY_BY_DAY).ok_or_else(|| missing(SUPPLY_BY_DAY))?;
        SalesMart::with(tables, ByDay::in_memory(by_day))
    }

    /// The mart of `tables`, which lack [`SUPPLY_BY_DAY`], and of the rows of that table.
    ///
    /// # Errors
    /// As [`SalesMart::new`].
    pub(crate) fn with(tables: BTreeMap<String, DataFrame>, by_day: ByDay) -> Result<SalesMart> {
        let stored = QUERIES.iter().filter(|query| query.stored && query.name != SUPPLY_BY_DAY);
        match stored.map(|query| query.name).find(|name| !tables.contains_key(*name)) {
            Some(name) => Err(missing(name)),
            None => Ok(SalesMart { tables, by_day }),
        }
    }

    /// Replaces the tables and months in `files`, and adds new months; see [`incremental`](super::incremental).
    pub(super) fn with_files(&self, files: &BTreeMap<String, DataFrame>) -> Result<SalesMart> {
        let month = |(name, rows): (&String, &DataFrame)| {
            let month = name.strip_prefix(SUPPLY_BY_DAY)?.strip_prefix('/')?;
            Some((month.to_string(), rows.clone()))
        };
        let mut tables = self.tables.clone();
        tables.extend(
            files.iter().filter(|file| month(*file).is_none()).map(|(name, rows)| (name.clone(), rows.clone())),
        );
        SalesMart::with(tables, self.by_day.with(files.iter().filter_map(month)))
    }

    /// A table by the name of its query.
    ///
    /// # Errors
    /// There is no such table, or the files that hold it cannot be read.
    pub fn table(&self, name: &str) -> Result<&DataFrame> {
        if name == SUPPLY_BY_DAY {
            return self.by_day.whole();
        }
        self.tables.get(name).ok_or_else(|| missing(name))
    }

    /// The rows of [`SUPPLY_BY_DAY`], which need not be in memory.
    pub(crate) fn by_day(&self) -> &ByDay {
        &self.by_day
    }

    /// All tables except [`SUPPLY_BY_DAY`], by name.
    pub(crate) fn short(&self) -> impl Iterator<Item = (&str, &DataFrame)> {
        self.tables.iter().map(|(name, frame)| (name.as_str(), frame))
    }

    /// All tables, by name.
    ///
    /// # Errors
    /// The files that hold [`SUPPLY_BY_DAY`] cannot be read.
    pub fn iter(&self) -> Result<impl Iterator<Item = (&str, &DataFrame)>> {
        let mut tables: BTreeMap<&str, &DataFrame> = self.short().collect();
        tables.insert(SUPPLY_BY_DAY, self.by_day.whole()?);
        Ok(tables.into_iter())
    }
}

/// The error that a table is missing.
pub(super) fn missing(table: &str) -> Error {
    Error::input(format!("the mart has no table `{table}`"))
}
