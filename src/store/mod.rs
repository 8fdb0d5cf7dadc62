//! Where tables live beside the files of a run: a local lake, SQLite, S3, MySQL, PostgreSQL, DynamoDB. Chosen by URL, each
//! behind the Cargo feature of its name; read by `data`, written after a run and by `pfe load`.
//!
//! A password may stand in the URL of a database, and is masked in all that pfe says and writes, as is an option whose name
//! sounds secret, in URLs inside of URLs, too; but other users of the machine see the arguments of a process, so the environment is
//! better. Looked at are, in this order: the variable of the login alone, which is `PFE_STORE_PASSWORD` with user, host and port in
//! capitals (`PFE_STORE_PASSWORD_ME_DB_EXAMPLE_3306` of `mysql://me@db.example:3306/`); `PFE_STORE_PASSWORD`; and the variable of the
//! database's own client, `MYSQL_PWD` or `PGPASSWORD`. The last two are for the one database of a command: where it names several logins
//! without a password, each needs its own variable. Connections to databases are encrypted and the
//! server's certificate is verified: `?ca=FILE` (PEM) trusts one more certificate authority, `?tls=disable` gives
//! encryption up, as for a server on the same machine.
//!
//! What a load makes carries a mark: a comment of the table (SQLite: in its statement; Parquet: in its footer; S3: metadata of the
//! object). A table without it is somebody's own: it is replaced only if it has the same columns and no row, as after `pfe ddl`, and
//! never where tables are files.
//!
//! A run's tables are swapped in together: SQLite and PostgreSQL in one transaction; MySQL in one RENAME TABLE, after all are loaded
//! aside. A lake writes all files aside before it renames the first, so that only a failure among the renames leaves two runs; S3 puts
//! all objects under `.pfe-new-…/` and then has the server copy each to its place, so that only a failure among the copies does, and
//! what a killed load leaves there may be removed. DynamoDB has no place for the tables of runs, and switches table by table.
//!
//! MySQL: the path of the URL is a prefix of the names of the databases (`mysql://me@db/shop`: `shop_raw_data`, …);
//! `?load=insert` is for servers without `local_infile`. PostgreSQL: the path names the database, and since a table is
//! replaced by a new one, its rights are those of `ALTER DEFAULT PRIVILEGES`. Foreign keys of cleaned tables hold for what
//! is written later: what pfe loads is not checked against them, since cleaning has done so.
//!
//! AWS: credentials never stand in a URL, but in `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, in a profile
//! (`AWS_PROFILE`), or are the role of the container. The region is `?region=`, `AWS_REGION` or the profile's.
//! `AWS_ENDPOINT_URL_S3` and `AWS_ENDPOINT_URL_DYNAMODB`, or `AWS_ENDPOINT_URL` for both, name a server of one's own.

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

use crate::data::contract::{Column, TABLES, ZIP_LOCATION_COLUMNS, ZIP_LOCATIONS};
pub use crate::data::ddl::Schema;
use crate::data::parquet::{join_rows, stack};
use crate::error::{Error, Result};
pub use load::{Loaded, load, read_cleaned, save_run, table_named};
use url::{Scheme, StoreUrl};

/// What a table that a load has made carries, where its store has a place for it: nothing else is ever replaced or removed.
pub(crate) const MADE: &str = "made by pfe";

/// A table on its way into a store.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// Its stage.
    pub schema: Schema,
    /// Its name.
    pub name: String,
    /// Its rows.
    pub frame: DataFrame,
    /// Of a table of results: the file of the run, for stores that keep files.
    pub file: Option<Vec<u8>>,
}
/// Takes some rows of a table.
pub type TakeFrame<'a> = dyn FnMut(DataFrame) -> Result<()> + 'a;

/// A place that keeps tables.
pub trait Store: Send + Sync {
    /// The URL, its secrets masked.
    fn url(&self) -> &str;

    /// Hands the rows of a table to `take`, some at a time and in any order, columns and types by the contract; of a table without
    /// a row, its columns. `false` when the store does not hold it.
    ///
    /// # Errors
    /// The store cannot be reached or refuses, its table has other columns, or `take` fails.
    fn read_blocks(&self, schema: Schema, table: &str, take: &mut TakeFrame<'_>) -> Result<bool>;

    /// All rows of a table at once; `None` when the store does not hold it.
    ///
    /// # Errors
    /// As [`Store::read_blocks`].
    fn read(&self, schema: Schema, table: &str) -> Result<Option<DataFrame>> {
        let mut blocks = Vec::new();
        let held = self.read_blocks(schema, table, &mut |rows| {
            blocks.push(rows);
            Ok(())
        })?;
        if held { stack(blocks).map(join_rows).map(Some) } else { Ok(None) }
    }

    /// About how many rows a table has; `None` when the store does not hold it.
    ///
    /// # Errors
    /// The store cannot be reached or refuses.
    fn rows(&self, schema: Schema, table: &str) -> Result<Option<u64>>;

    /// Replaces the table by the rows of `frame`, all or nothing for whoever reads meanwhile; twice gives the same rows.
    /// `progress` hears of the number of rows written so far, which falls back when a lost connection starts it again.
    ///
    /// # Errors
    /// The store cannot be reached or refuses, cannot hold a value, or has a table of that name that no load has made.
    fn write(&self, schema: Schema, table: &str, frame: &DataFrame, progress: &(dyn Fn(u64) + Sync)) -> Result<()> {
        let table = Incoming { schema, name: table.into(), frame: frame.clone(), file: None };
        self.write_all(&[table], &|_, rows| progress(rows))
    }

    /// Replaces several tables together, so that a failure leaves those of before and no mixture; the module says how near each store
    /// comes to that. `progress` is told the table, and of it what [`Store::write`] tells.
    ///
    /// # Errors
    /// As [`Store::write`].
    fn write_all(&self, tables: &[Incoming], progress: &(dyn Fn(&str, u64) + Sync)) -> Result<()>;

    /// Whether the store takes this table at all: a store of documents has a place for some only.
    fn holds(&self, schema: Schema, table: &str) -> bool {
        let _ = (schema, table);
        true
    }

    /// Raw files that the store keeps as they came, to be read as those of a folder, and tables that others made.
    ///
    /// # Errors
    /// The store cannot be reached or refuses.
    fn files(&self) -> Result<Vec<Box<dyn StoredFile>>> {
        Ok(Vec::new())
    }

    /// Where whoever reads Parquet files finds a table that [`Store::write`] wrote: a path or a URL. `None` where tables are no
    /// files.
    ///
    /// # Errors
    /// The table's name is none.
    fn place(&self, schema: Schema, table: &str) -> Result<Option<String>> {
        let _ = (schema, table);
        Ok(None)
    }
}

impl dyn Store {
    /// Writes a cleaned table for an engine elsewhere to read; says where it is.
    ///
    /// # Errors
    /// As [`Store::write`], or the store keeps no files.
    pub fn share(&self, table: &str, frame: &DataFrame) -> Result<String> {
        let place = self.shared(table)?;
        self.write(Schema::Cleaned, table, frame, &|_| ())?;
        Ok(place)
    }

    /// The folder in which an engine elsewhere leaves a cleaned table that it makes, beside the files of [`share`](Self::share).
    ///
    /// # Errors
    /// The store keeps no files.
    pub fn folder(&self, table: &str) -> Result<String> {
        let file = self.shared(table)?;
        Ok(file.strip_suffix(".parquet").map_or_else(|| format!("{file}.d"), String::from))
    }

    fn shared(&self, table: &str) -> Result<String> {
        self.place(Schema::Cleaned, table)?.ok_or_else(|| {
            Error::input(format!("no engine reads the tables of `{}`", self.url()))
                .with_hint("a lake (`lake:DIR`) or `s3://bucket/prefix` holds files that engines read")
        })
    }
}

/// A file that a store keeps as it came.
pub trait StoredFile: std::fmt::Debug + Send + Sync {
    /// Its name relative to the store: `csv/orders.csv`.
    fn name(&self) -> &str;

    /// Length in bytes.
    fn size(&self) -> u64;

    /// Its URL for whoever reads such files; `None` where nobody else reaches it.
    fn place(&self) -> Option<String> {
        None
    }

    /// Whether it stands for a table of others, whose rows come as CSV: its name has no extension.
    fn is_table(&self) -> bool {
        false
    }

    /// Its first bytes, so many at most.
    fn first(&self, bytes: u64) -> Box<dyn Read> {
        Box::new(self.open().take(bytes))
    }

    /// Its bytes. What fails on the way fails the reading, with an [`Error`] inside the error of `std::io`.
    fn open(&self) -> Box<dyn Read>;
}

/// Opens the store that a URL names; a path without a scheme is a local lake.
///
/// # Errors
/// The URL is malformed, or its kind of store is not built in. Network stores are only reached when a table is.
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

/// The declared columns of a table, those of cleaning included where the schema is cleaned; `None` for a table that the
/// contract does not know, whose columns are free.
pub(crate) fn columns(schema: Schema, table: &str) -> Option<Vec<&'static Column>> {
    let known = TABLES.iter().find(|t| t.name == table);
    match schema {
        Schema::Raw => known.map(|t| t.columns.iter().collect()),
        Schema::Cleaned if table == ZIP_LOCATIONS => Some(ZIP_LOCATION_COLUMNS.iter().collect()),
        Schema::Cleaned => known.map(|t| t.clean_columns().collect()),
        Schema::Results => None,
    }
}

/// The name that a column has in frames and tables of the schema.
pub(crate) fn name_of(schema: Schema, column: &'static Column) -> &'static str {
    if schema == Schema::Raw { column.source } else { column.name }
}

/// The frame with the columns of the contract, in its order and types; tables of results stay as they are. `place` names
/// the table in messages.
///
/// # Errors
/// A column is missing, has another type, or lacks a value that the contract requires.
pub(crate) fn by_contract(schema: Schema, table: &str, frame: DataFrame, place: &str) -> Result<DataFrame> {
    let Some(columns) = columns(schema, table) else {
        return match schema {
            Schema::Results => Ok(frame),
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

/// A table's name as every store takes it: letters, digits and underscores, so that it is a file, an object and an
/// identifier alike and leads nowhere else.
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
        let error = by_contract(Schema::Raw, "states_name", frame, "here").unwrap_err();
        assert_eq!(error.to_string(), "column `state_name` is missing from `here`");
    }
}
