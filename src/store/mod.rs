//! Stores: where tables live beside a run's files. A local lake, SQLite, S3, MySQL, PostgreSQL, DynamoDB; [`open`] chooses one by
//! URL. Each is behind the Cargo feature of its name. `data` reads from them; a run and `pfe load` write to them.
//!
//! **Passwords.** A database's URL may hold the password. pfe masks it in everything that it prints and writes, also in URLs
//! inside URLs, and masks options whose names sound secret. Prefer the environment, because other users of the machine can see a
//! process's arguments. pfe looks in this order:
//!
//! 1. the variable of this login: `PFE_STORE_PASSWORD` with user, host and port in capitals
//!    (`PFE_STORE_PASSWORD_ME_DB_EXAMPLE_3306` for `mysql://me@db.example:3306/`);
//! 2. `PFE_STORE_PASSWORD`;
//! 3. the variable of the database's own client, `MYSQL_PWD` or `PGPASSWORD`.
//!
//! The last two serve a command with one database. If a command names several logins without a password, each needs its own
//! variable.
//!
//! **Encryption.** Connections to databases are encrypted, and the server's certificate is verified. `?ca=FILE` (PEM) trusts one
//! more certificate authority. `?tls=disable` turns encryption off, as for a server on the same machine.
//!
//! **What pfe may replace.** Each load marks the tables that it makes: in the table's comment (SQLite: in its statement; Parquet:
//! in its footer; S3: in the object's metadata). A table without the mark is the user's. pfe replaces it only if it has the same
//! columns and no row, as after `pfe ddl`, and never where tables are files.
//!
//! **Swapping a run's tables together.**
//!
//! - SQLite, PostgreSQL: one transaction.
//! - MySQL: one RENAME TABLE, after all staging tables are loaded.
//! - Lake: all files are written beside their targets, then renamed. Only a failure among the renames mixes two runs.
//! - S3: all objects are put under `.pfe-new-…/`, then the server copies each to its place. Only a failure among the copies mixes
//!   two runs. You may remove what a killed load leaves under `.pfe-new-…/`.
//! - DynamoDB: takes no tables of runs; switches table by table.
//!
//! **Databases.** MySQL: the path of the URL is a prefix of the database names (`mysql://me@db/shop`: `shop_raw_data`, …);
//! `?load=insert` is for servers without `local_infile`. PostgreSQL: the path names the database; a replaced table is a new one, so
//! its rights come from `ALTER DEFAULT PRIVILEGES`. Foreign keys of clean tables apply to later writes; pfe's own rows are not
//! checked against them, because cleaning has done so.
//!
//! **AWS.** Credentials never stand in a URL. They come from `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, from a profile
//! (`AWS_PROFILE`) or from the container's role. The region comes from `?region=`, `AWS_REGION` or the profile.
//! `AWS_ENDPOINT_URL_S3` and `AWS_ENDPOINT_URL_DYNAMODB`, or `AWS_ENDPOINT_URL` for both, name a custom server.

#[cfg(any(feature = "dynamodb", feature = "s3"))]
mod aws;
#[cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite"))]
mod builder;
#[cfg(feature = "dynamodb")]
mod dynamodb;
pub(crate) mod lake;
mod load;
#[cfg(feature = "mysql")]
mod mysql;
mod parquet;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(all(test, any(feature = "dynamodb", feature = "s3")))]
#[allow(clippy::unwrap_used)]
mod proxy;
#[cfg(any(feature = "dynamodb", feature = "mysql", feature = "postgres", feature = "s3"))]
mod retry;
pub(crate) mod rows;
#[cfg(feature = "s3")]
mod s3;
#[cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite"))]
mod sql;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(any(feature = "mysql", feature = "postgres"))]
mod text;
#[cfg(any(feature = "mysql", feature = "postgres"))]
mod tls;
pub mod url;

use std::io::Read;

use polars::prelude::DataFrame;

pub use self::load::{Loaded, load, read_cleaned, table_named};
use crate::error::{Error, Result};
use crate::schema::contract::{Column, TABLES, ZIP_LOCATION_COLUMNS, ZIP_LOCATIONS};
pub use crate::schema::ddl::Stage;
use crate::table::parquet::{join_rows, stack};
use url::{Scheme, StoreUrl};

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
        let held = self.read_blocks(schema, table, &mut |rows| {
            blocks.push(rows);
            Ok(())
        })?;
        if held { stack(blocks).map(join_rows).map(Some) } else { Ok(None) }
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

/// Opens the store that a URL names; a path without a scheme is a local lake. Network stores connect when a table is first used.
///
/// # Errors
/// The URL is malformed, or its kind of store is not built in.
pub fn open(url: &str) -> Result<Box<dyn Store>> {
    let url = StoreUrl::parse(url)?;
    match url.scheme {
        Scheme::Lake => Ok(Box::new(lake::Lake::new(&url))),
        #[cfg(feature = "sqlite")]
        Scheme::Sqlite => Ok(Box::new(sqlite::Sqlite::new(&url))),
        #[cfg(feature = "mysql")]
        Scheme::Mysql => Ok(Box::new(mysql::Mysql::new(&url)?)),
        #[cfg(feature = "postgres")]
        Scheme::Postgres => Ok(Box::new(postgres::Postgres::new(&url)?)),
        #[cfg(feature = "s3")]
        Scheme::S3 => Ok(Box::new(s3::S3::open(&url)?)),
        #[cfg(feature = "dynamodb")]
        Scheme::Dynamodb => Ok(Box::new(dynamodb::Dynamodb::open(&url)?)),
        #[allow(unreachable_patterns)]
        scheme => Err(not_built_in(scheme)),
    }
}

fn not_built_in(scheme: Scheme) -> Error {
    let name = scheme.name();
    Error::input(format!("support for `{name}:` is not built in"))
        .with_hint(format!("rebuild with `--features {name}`"))
}

/// Declared columns of a table, for cleaned tables with those that cleaning adds. `None` for a table that the contract does not
/// declare: its columns are free.
pub(crate) fn columns(schema: Stage, table: &str) -> Option<Vec<&'static Column>> {
    let known = TABLES.iter().find(|t| t.name == table);
    match schema {
        Stage::Raw => known.map(|t| t.columns.iter().collect()),
        Stage::Cleaned if table == ZIP_LOCATIONS => Some(ZIP_LOCATION_COLUMNS.iter().collect()),
        Stage::Cleaned => known.map(|t| t.clean_columns().collect()),
        Stage::Results => None,
    }
}

/// A column's name in frames and tables of the schema.
pub(crate) fn name_of(schema: Stage, column: &'static Column) -> &'static str {
    if schema == Stage::Raw { column.source } else { column.name }
}

/// Selects the contract's columns, in its order, and checks their types. Result tables stay as they are. `place` names the table in
/// messages.
///
/// # Errors
/// A column is missing, has another type, or lacks a required value.
pub(crate) fn by_contract(schema: Stage, table: &str, frame: DataFrame, place: &str) -> Result<DataFrame> {
    let Some(columns) = columns(schema, table) else {
        return match schema {
            Stage::Results => Ok(frame),
            _ => Err(Error::input(format!("there is no table `{table}` in `{}`", schema.name()))
                .with_hint("`pfe ddl sqlite` shows all tables")),
        };
    };
    let found = || frame.get_column_names().iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
    let mut picked = Vec::with_capacity(columns.len());
    for declared in columns {
        let name = name_of(schema, declared);
        let column = frame.column(name).map_err(|_| {
            Error::input(format!("column `{name}` is missing from `{place}`"))
                .with_hint(format!("columns found: {}", found()))
        })?;
        let expected = declared.kind.dtype();
        if *column.dtype() != expected {
            let is = column.dtype();
            return Err(Error::input(format!("column `{name}` of `{place}` holds {is} where {expected} is expected"))
                .with_hint("load the table again"));
        }
        if !declared.is_nullable() && column.null_count() > 0 {
            return Err(Error::input(format!("column `{name}` of `{place}` lacks values that are required"))
                .with_hint("load the table again"));
        }
        picked.push(column.clone());
    }
    Ok(DataFrame::new(frame.height(), picked)?)
}

/// Checks a table's name: letters, digits and underscores only, so that it is a safe file name, object key and identifier.
pub(crate) fn checked_name(table: &str) -> Result<&str> {
    let plain = table.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    match plain && (1..=48).contains(&table.len()) {
        true => Ok(table),
        false => Err(Error::input(format!("`{}` is no name of a table", table.escape_debug()))
            .with_hint("names have up to 48 letters, digits and underscores")),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_switched_off_store_says_how_to_get_it() {
        let error = not_built_in(Scheme::Dynamodb);
        assert_eq!(error.to_string(), "support for `dynamodb:` is not built in");
        assert!(error.hint().unwrap().contains("--features dynamodb"));
    }

    #[test]
    fn tables_for_engines_are_files() {
        let frame = polars::df!("product_category_name" => ["x"], "product_category_name_english" => ["y"]).unwrap();
        let (folder, table) = (tempfile::tempdir().unwrap(), "product_category_name_translation");
        let lake = open(folder.path().to_str().unwrap()).unwrap();
        let place = lake.share(table, &frame).unwrap();
        assert!(std::path::Path::new(&place).is_absolute() && std::path::Path::new(&place).exists(), "{place}");
        if cfg!(feature = "sqlite") {
            let database = open(&format!("sqlite:{}", folder.path().join("shop.db").display())).unwrap();
            assert!(
                database.share(table, &frame).unwrap_err().to_string().starts_with("no engine reads the tables of")
            );
            assert!(!folder.path().join("shop.db").exists(), "nothing was written");
        }
    }

    #[test]
    fn frames_of_other_columns_are_refused() {
        let frame = polars::df!("geolocation_state" => ["SP"], "name" => ["x"]).unwrap();
        let error = by_contract(Stage::Raw, "states_name", frame, "here").unwrap_err();
        assert_eq!(error.to_string(), "column `state_name` is missing from `here`");
    }
}
