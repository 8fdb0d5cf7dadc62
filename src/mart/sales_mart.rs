//! The SalesMart: the aggregated tables, by name. Made by `mart`; read by `models`, `decisions` and the report.

use std::collections::BTreeMap;

use polars::prelude::DataFrame;

use super::long_table::LongTable;
use super::queries::{LONG, QUERIES, SUPPLY_BY_DAY};
use crate::error::{Error, Result};

/// The aggregated tables, read by models, findings and the report. Whole numbers are `i64`, days and months `Date`, amounts centavos.
#[derive(Debug, Clone)]
pub struct SalesMart {
    /// All tables except the long ones.
    pub(super) tables: BTreeMap<String, DataFrame>,
    /// The tables of [`LONG`].
    pub(super) long: BTreeMap<&'static str, LongTable>,
}

impl SalesMart {
    /// The mart of `tables`, by the names of [`QUERIES`].
    ///
    /// # Errors
    /// [`Error::Input`]: a stored table is missing.
    pub fn new(mut tables: BTreeMap<String, DataFrame>) -> Result<SalesMart> {
        let long = LONG.into_iter().filter_map(|name| Some((name, LongTable::in_memory(tables.remove(name)?))));
        let long = long.collect();
        SalesMart::with(tables, long)
    }

    /// The mart of its short and its long tables.
    ///
    /// # Errors
    /// As [`SalesMart::new`].
    pub(crate) fn with(
        tables: BTreeMap<String, DataFrame>,
        long: BTreeMap<&'static str, LongTable>,
    ) -> Result<SalesMart> {
        let mut stored = QUERIES.iter().filter(|query| query.stored).map(|query| query.name);
        match stored.find(|name| !tables.contains_key(*name) && !long.contains_key(name)) {
            Some(name) => Err(missing(name)),
            None => Ok(SalesMart { tables, long }),
        }
    }

    /// Replaces the tables and months in `files`, and adds new months; see [`incremental`](super::incremental).
    pub(super) fn with_files(&self, files: &BTreeMap<String, DataFrame>) -> Result<SalesMart> {
        let mut new = self.clone();
        let mut months = Vec::new();
        for (name, rows) in files {
            let month = name.strip_prefix(SUPPLY_BY_DAY).and_then(|rest| rest.strip_prefix('/'));
            if let Some(month) = month {
                months.push((month.to_string(), rows.clone()));
            } else if let Some(long) = LONG.into_iter().find(|long| long == name) {
                new.long.insert(long, LongTable::in_memory(rows.clone()));
            } else {
                new.tables.insert(name.clone(), rows.clone());
            }
        }
        new.long.insert(SUPPLY_BY_DAY, self.long(SUPPLY_BY_DAY)?.with(months));
        Ok(new)
    }

    /// A table by the name of its query.
    ///
    /// # Errors
    /// There is no such table, or the files that hold it cannot be read.
    pub fn table(&self, name: &str) -> Result<&DataFrame> {
        match self.long.get(name) {
            Some(long) => long.whole(),
            None => self.tables.get(name).ok_or_else(|| missing(name)),
        }
    }

    /// A table of [`LONG`], which need not be in memory.
    pub(crate) fn long(&self, name: &str) -> Result<&LongTable> {
        self.long.get(name).ok_or_else(|| missing(name))
    }

    /// All tables except those of [`LONG`], by name.
    pub(crate) fn short(&self) -> impl Iterator<Item = (&str, &DataFrame)> {
        self.tables.iter().map(|(name, frame)| (name.as_str(), frame))
    }

    /// All tables, by name.
    ///
    /// # Errors
    /// The files that hold a long table cannot be read.
    pub fn iter(&self) -> Result<impl Iterator<Item = (&str, &DataFrame)>> {
        let mut tables: BTreeMap<&str, &DataFrame> = self.short().collect();
        for (name, long) in &self.long {
            tables.insert(name, long.whole()?);
        }
        Ok(tables.into_iter())
    }
}

/// The error that a table is missing.
pub(super) fn missing(table: &str) -> Error {
    Error::input(format!("the mart has no table `{table}`"))
}
