//! CleanTables: the result of cleaning. Made by `tables`; read by `checks` and `mart`.

use std::collections::BTreeMap;

use polars::prelude::*;

use crate::error::{Error, Result};
use crate::schema::contract::{TABLES, TableId, ZIP_LOCATIONS};

/// The ten tables, clean: without duplicates and rows that break the contract, sorted by key, with clean names and derived columns; and
/// the table of zip locations.
#[derive(Debug, Clone)]
pub struct CleanTables {
    tables: BTreeMap<TableId, DataFrame>,
    /// One location per zip prefix; columns as in [`crate::schema::contract::ZIP_LOCATION_COLUMNS`].
    pub zip_locations: DataFrame,
}

impl CleanTables {
    /// Takes tables that an earlier run wrote, by the names of [`CleanTables::iter`].
    ///
    /// # Errors
    /// [`Error::Input`]: a table is missing.
    pub fn new(mut frames: BTreeMap<String, DataFrame>) -> Result<CleanTables> {
        let mut take =
            |name: &str| frames.remove(name).ok_or_else(|| Error::input(format!("there is no clean table `{name}`")));
        let tables = TABLES.iter().map(|t| Ok((t.id, take(t.name)?))).collect::<Result<_>>()?;
        Ok(CleanTables { tables, zip_locations: take(ZIP_LOCATIONS)? })
    }

    /// The ten tables; locations follow.
    pub(crate) fn of(tables: BTreeMap<TableId, DataFrame>) -> CleanTables {
        CleanTables { tables, zip_locations: DataFrame::empty() }
    }

    /// One of the ten tables; columns as listed by [`Table::clean_columns`](crate::schema::contract::Table::clean_columns).
    pub fn table(&self, id: TableId) -> &DataFrame {
        &self.tables[&id]
    }

    /// All tables with their short names, zip locations last.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &DataFrame)> {
        self.tables.iter().map(|(id, frame)| (id.name(), frame)).chain([(ZIP_LOCATIONS, &self.zip_locations)])
    }
}
