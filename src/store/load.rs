//! Tables → store, several at once, the longest first. Called by `pfe load`.

use std::path::Path;
use std::time::{Duration, Instant};

use polars::prelude::*;

use super::interface::Store;
use super::lake;
use super::url::is_url;
use crate::error::{Error, Result};
use crate::parallel;
use crate::schema::TableId;
use crate::schema::contract::TABLES;
use crate::schema::ddl::Stage;
use crate::text::listed;

/// Tables written concurrently. More than there are processors, since each waits for a server or a disk.
const AT_ONCE: usize = 4;

/// A table that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// Its name.
    pub table: String,
    /// Number of rows.
    pub rows: u64,
    /// Time it took to write.
    pub time: Duration,
}

/// Writes tables into a store, the longest first. `progress` gets the table's name and the rows written so far.
///
/// # Errors
/// The first failure. Tables already started are finished; others are not started. Each table is replaced whole or not at
/// all.
pub fn load(
    store: &dyn Store,
    schema: Stage,
    mut tables: Vec<(String, DataFrame)>,
    progress: &(dyn Fn(&str, u64) + Sync),
) -> Result<Vec<Loaded>> {
    // Longest first, so that no long table is still running when all others are done.
    tables.sort_by(|a, b| b.1.height().cmp(&a.1.height()).then_with(|| a.0.cmp(&b.0)));
    parallel::map_on(AT_ONCE, tables, |(table, frame)| {
        let start = Instant::now();
        store.write(schema, &table, &frame, &|rows| progress(&table, rows))?;
        Ok(Loaded { rows: frame.height() as u64, time: start.elapsed(), table })
    })
}

/// Reads each clean table from the first of `places` that is a store and holds it. `None` if no store holds any of them, as
/// when `places` are raw files.
///
/// # Errors
/// A store fails, or the stores hold only some of the tables.
pub fn read_cleaned<P: AsRef<Path>>(places: &[P], tables: &[&str]) -> Result<Option<Vec<(String, DataFrame)>>> {
    let texts = places.iter().filter_map(|place| place.as_ref().to_str());
    let stores = texts.filter(|place| is_url(place) || lake::holds(Path::new(place), Stage::Cleaned));
    let stores = stores.map(super::open::open).collect::<Result<Vec<_>>>()?;
    let (mut found, mut missing) = (Vec::new(), None);
    for table in tables {
        let holding = stores.iter().filter(|store| store.holds(Stage::Cleaned, table));
        match holding.map(|store| store.read(Stage::Cleaned, table)).find_map(Result::transpose) {
            Some(frame) => found.push((table.to_string(), frame?)),
            None => missing = Some(table),
        }
    }
    match missing {
        _ if found.is_empty() => Ok(None),
        None => Ok(Some(found)),
        Some(table) => Err(Error::input(format!("no source holds the cleaned table `{table}`"))
            .with_hint("choose others with `--table`, or load all cleaned tables into that store first")),
    }
}

/// The table of this name.
///
/// # Errors
/// There is none.
pub fn table_named(name: &str) -> Result<TableId> {
    TABLES.iter().find(|t| t.name == name).map(|t| t.id).ok_or_else(|| {
        Error::input(format!("there is no table `{}`", name.escape_debug()))
            .with_hint(format!("tables are {}", listed(TABLES.iter().map(|t| t.name))))
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::store::interface::{Incoming, TakeFrame};

    /// Fails on one table.
    struct Broken(Mutex<Vec<String>>);

    impl Store for Broken {
        fn url(&self) -> &str {
            "broken:"
        }
        fn read_blocks(&self, _: Stage, _: &str, _: &mut TakeFrame<'_>) -> Result<bool> {
            Ok(false)
        }
        fn rows(&self, _: Stage, _: &str) -> Result<Option<u64>> {
            Ok(None)
        }
        fn write_all(&self, tables: &[Incoming], _: &(dyn Fn(&str, u64) + Sync)) -> Result<()> {
            tables.iter().try_for_each(|table| match &*table.name {
                "bad" => Err(Error::store("broken:", "no")),
                name => {
                    self.0.lock().unwrap().push(name.into());
                    Ok(())
                }
            })
        }
    }

    #[test]
    fn a_failure_is_told_and_stops_the_rest() {
        let rows = |n: i64| df!("x" => (0..n).collect::<Vec<_>>()).unwrap();
        let mut tables: Vec<_> = (0..50).map(|i| (format!("t{i}"), rows(1))).collect();
        tables.push(("bad".into(), rows(9)));
        let store = Broken(Mutex::default());
        assert_eq!(load(&store, Stage::Results, tables, &|_, _| ()).unwrap_err().to_string(), "broken:: no");
        assert!(store.0.into_inner().unwrap().len() < 50);
        let fine: Vec<_> = (0..50).map(|i| (format!("t{i}"), rows(1))).collect();
        assert_eq!(load(&Broken(Mutex::default()), Stage::Results, fine, &|_, _| ()).unwrap().len(), 50);
    }
}
