//! What every store does: the [`Store`] trait, the tables that it takes and the files that it lists. Implemented by the stores.

use std::io::Read;

use polars::prelude::DataFrame;

use crate::error::{Error, Result};
use crate::schema::contract::TABLES;
use crate::schema::ddl::Stage;
use crate::table::parquet::{join_rows, stack};

/// Mark of the tables that a load made, in stores that have a place for it. Only marked or empty tables are replaced.
pub(crate) const MADE: &str = "made by pfe";

/// A table to be written into a store.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// Raw, cleaned or results.
    pub schema: Stage,
    /// Its name.
    pub name: String,
    /// Its rows.
    pub frame: DataFrame,
    /// Result tables only: the run's own file, for stores that keep files.
    pub file: Option<Vec<u8>>,
}

/// Takes some rows of a table.
pub type TakeFrame<'a> = dyn FnMut(DataFrame) -> Result<()> + 'a;

/// A place that keeps tables.
pub trait Store: Send + Sync {
    /// The URL, with secrets masked.
    fn url(&self) -> &str;

    /// Passes a table's rows to `take`, in blocks and in any order, with the contract's columns and types. A table without rows
    /// yields one frame with its columns. Returns `false` if the store does not hold the table.
    ///
    /// # Errors
    /// The store cannot be reached or refuses, the table has other columns, or `take` fails.
    fn read_blocks(&self, schema: Stage, table: &str, take: &mut TakeFrame<'_>) -> Result<bool>;

    /// All rows of a table at once; `None` if the store does not hold it.
    ///
    /// # Errors
    /// As [`Store::read_blocks`].
    fn read(&self, schema: Stage, table: &str) -> Result<Option<DataFrame>> {
        let mut blocks = Vec::new();
        let is_held = self.read_blocks(schema, table, &mut |rows| {
            blocks.push(rows);
            Ok(())
        })?;
        if is_held { stack(blocks).map(join_rows).map(Some) } else { Ok(None) }
    }

    /// Approximate number of rows of a table; `None` if the store does not hold it.
    ///
    /// # Errors
    /// The store cannot be reached or refuses.
    fn rows(&self, schema: Stage, table: &str) -> Result<Option<u64>>;

    /// Replaces a table by the rows of `frame`. Concurrent readers see all old rows or all new ones; writing twice gives the same
    /// rows. `progress` gets the number of rows written so far, which drops when a lost connection restarts the load.
    ///
    /// # Errors
    /// The store cannot be reached or refuses, cannot hold a value, or has a table of that name that no load has made.
    fn write(&self, schema: Stage, table: &str, frame: &DataFrame, progress: &(dyn Fn(u64) + Sync)) -> Result<()> {
        let table = Incoming { schema, name: table.into(), frame: frame.clone(), file: None };
        self.write_all(&[table], &|_, rows| progress(rows))
    }

    /// Replaces several tables together, so that a failure leaves the old ones and no mixture. The module documentation says how
    /// far each store guarantees this. `progress` gets a table's name and its rows written so far.
    ///
    /// # Errors
    /// As [`Store::write`].
    fn write_all(&self, tables: &[Incoming], progress: &(dyn Fn(&str, u64) + Sync)) -> Result<()>;

    /// Whether the store can hold this table; DynamoDB takes only some.
    fn holds(&self, schema: Stage, table: &str) -> bool {
        let _ = (schema, table);
        true
    }

    /// Whether it keeps tables as files, not as those of a database.
    fn keeps_files(&self) -> bool {
        self.place(Stage::Raw, TABLES[0].name).is_ok_and(|place| place.is_some())
    }

    /// The raw files that the store keeps, to be read like those of a folder, and foreign tables.
    ///
    /// # Errors
    /// The store cannot be reached or refuses.
    fn files(&self) -> Result<Vec<Box<dyn StoredFile>>> {
        Ok(Vec::new())
    }

    /// Path or URL of the Parquet file of a table, for other readers. `None` if the store does not keep tables as files.
    ///
    /// # Errors
    /// The table's name is invalid.
    fn place(&self, schema: Stage, table: &str) -> Result<Option<String>> {
        let _ = (schema, table);
        Ok(None)
    }
}

impl dyn Store {
    /// Writes a clean table for a remote engine to read; returns its path or URL.
    ///
    /// # Errors
    /// As [`Store::write`], or the store keeps no files.
    pub fn share(&self, table: &str, frame: &DataFrame) -> Result<String> {
        let place = self.shared(table)?;
        self.write(Stage::Cleaned, table, frame, &|_| ())?;
        Ok(place)
    }

    /// The folder into which a remote engine writes a clean table, beside the files of `share`.
    ///
    /// # Errors
    /// The store keeps no files.
    pub fn folder(&self, table: &str) -> Result<String> {
        let file = self.shared(table)?;
        Ok(file.strip_suffix(".parquet").map_or_else(|| format!("{file}.d"), String::from))
    }

    fn shared(&self, table: &str) -> Result<String> {
        self.place(Stage::Cleaned, table)?.ok_or_else(|| {
            Error::input(format!("no engine reads the tables of `{}`", self.url()))
                .with_hint("a lake (`lake:DIR`) or `s3://bucket/prefix` holds files that engines read")
        })
    }
}

/// A raw file in a store.
pub trait StoredFile: std::fmt::Debug + Send + Sync {
    /// Its name relative to the store: `csv/orders.csv`.
    fn name(&self) -> &str;

    /// Length in bytes.
    fn size(&self) -> u64;

    /// Its URL for other readers; `None` if only pfe can reach it.
    fn place(&self) -> Option<String> {
        None
    }

    /// Whether it stands for a foreign table, whose rows come as CSV. Its name then has no extension.
    fn is_table(&self) -> bool {
        false
    }

    /// Whether it is a view that takes its rows from the table `name`.
    fn reads(&self, name: &str) -> bool {
        let _ = name;
        false
    }

    /// Its first `bytes` bytes, or fewer.
    fn first(&self, bytes: u64) -> Box<dyn Read> {
        Box::new(self.open().take(bytes))
    }

    /// Its bytes. A failure on the way is an `std::io` error that carries an [`Error`].
    fn open(&self) -> Box<dyn Read>;
}
