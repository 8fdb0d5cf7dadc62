//! SQLite: the original's relational tables in one file, without a server. `sqlite:shop.db`, tables `raw_data_orders`, … One of
//! the stores.

mod foreign;

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags, Statement, TransactionBehavior};

use super::builder::Blocks;
use super::{SqlTable, fields_to_read, quoted};
use crate::error::{Error, Result};
use crate::parallel::lock;
use crate::regular;
use crate::schema::ddl::{Constraints, Dialect, Stage};
use crate::store::declared::checked_name;
use crate::store::interface::{Incoming, MADE, Store, StoredFile, TakeFrame};
use crate::store::rows::{Cells, Value};
use crate::store::url::StoreUrl;

const SQLITE: Dialect = Dialect::Sqlite;
/// Longest wait for another program's transaction.
const BUSY: Duration = Duration::from_secs(30);
/// Rows between two calls of `progress`.
const STEP: usize = 16_384;
/// SQLite keeps amounts as floating-point numbers, which are exact up to fifteen digits.
const MAX_EXACT_CENTAVOS: u64 = 999_999_999_999_999;

/// A SQLite file.
#[derive(Debug, Default)]
pub(crate) struct Sqlite {
    path: PathBuf,
    url: String,
    /// A file has one writer at a time.
    writing: Mutex<()>,
    /// Maximum number of pages: tests use it to fill the file.
    #[cfg(test)]
    max_pages: Option<u32>,
}

impl Sqlite {
    pub(crate) fn new(url: &StoreUrl) -> Sqlite {
        Sqlite { path: PathBuf::from(&url.path), url: url.masked().into(), ..Sqlite::default() }
    }

    fn connect(&self, flags: OpenFlags) -> Result<Connection> {
        // Prefix a relative path with a folder, so that SQLite reads it as a path whatever its name.
        let path = if self.path.is_relative() { Path::new(".").join(&self.path) } else { self.path.clone() };
        let connection =
            Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(|e| self.failed(e))?;
        let set = || {
            connection.busy_timeout(BUSY)?;
            // Cleaning has checked the references; replacing a table that others refer to breaks none of them.
            connection.pragma_update(None, "foreign_keys", false)?;
            // A reader passes each page once, so SQLite's default cache of two megabytes is enough.
            if flags.contains(OpenFlags::SQLITE_OPEN_CREATE) {
                connection.pragma_update(None, "cache_size", -65_536)?;
            }
            Ok(())
        };
        set().map_err(|e| self.failed(e))?;
        #[cfg(test)]
        if let Some(pages) = self.max_pages {
            connection.pragma_update(None, "max_page_count", pages).map_err(|e| self.failed(e))?;
        }
        Ok(connection)
    }

    fn failed(&self, error: rusqlite::Error) -> Error {
        let failed = Error::store(&self.url, error.to_string());
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => failed.with_hint("free some space, or write to another place"),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                failed.with_hint("another program is using the file; try again when it has ended")
            }
            Some(ErrorCode::NotADatabase) => Error::input(format!("`{}` is no SQLite file", self.url))
                .with_hint("name another file; pfe replaces nothing that it did not write"),
            Some(ErrorCode::DatabaseCorrupt) => Error::input(format!("`{}` is damaged or cut off: {error}", self.url))
                .with_hint("copy it or download it again; `sqlite3 FILE .recover` saves what can be read"),
            Some(ErrorCode::CannotOpen) => {
                failed.with_hint("its folder must exist, and you must be allowed to write to it")
            }
            _ => failed,
        }
    }

    /// A read-only connection.
    fn reader(&self) -> Result<Connection> {
        if !self.path.exists() {
            return Err(Error::input(format!("there is no file `{}`", self.path.display()))
                .with_hint(format!("`pfe load --from FILES --to {}` makes it", self.url)));
        }
        // Opening a pipe or a device would hang.
        regular::open(&self.path)?;
        self.connect(OpenFlags::SQLITE_OPEN_READ_ONLY)
    }

    /// Opens a table: the connection, its name in the file and its columns. `None` if there is no such table.
    fn find(&self, schema: Stage, table: &str) -> Result<Option<Found>> {
        let name = format!("{}_{}", schema.name(), checked_name(table)?);
        let connection = self.reader()?;
        let existing = columns(&connection, &name).map_err(|e| self.failed(e))?;
        Ok(if existing.is_empty() { None } else { Some((connection, name, existing)) })
    }

    fn shown(&self, table: &str) -> String {
        format!("table {table} of `{}`", self.url)
    }
}

/// A connection, the name of a table, and the names and declared types of its columns.
type Found = (Connection, String, Vec<(String, String)>);

/// Names and declared types of a table's columns; empty if there is no such table.
fn columns(connection: &Connection, table: &str) -> rusqlite::Result<Vec<(String, String)>> {
    let mut statement = connection.prepare("SELECT name, type FROM pragma_table_info(?1)")?;
    statement.query_map([table], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

impl Store for Sqlite {
    fn url(&self) -> &str {
        &self.url
    }

    fn read_blocks(&self, schema: Stage, table: &str, take: &mut TakeFrame<'_>) -> Result<bool> {
        let Some((connection, name, existing)) = self.find(schema, table)? else { return Ok(false) };
        let shown = self.shown(&SQLITE.quote(&name));
        let fields = fields_to_read(schema, table, &existing, &shown)?;
        let sql = format!("SELECT {} FROM {}", quoted(SQLITE, &fields), SQLITE.quote(&name));
        let width = fields.len();
        let mut blocks = Blocks::new(fields, take);
        let mut statement = connection.prepare(&sql).map_err(|e| self.failed(e))?;
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().map_err(|e| self.failed(e))? {
            for i in 0..width {
                let value = match row.get_ref(i).map_err(|e| self.failed(e))? {
                    ValueRef::Null => Ok(Value::Null),
                    ValueRef::Integer(number) => Ok(Value::Integer(number)),
                    ValueRef::Real(number) => Ok(Value::Float(number)),
                    ValueRef::Text(bytes) => {
                        std::str::from_utf8(bytes).map(Value::Text).map_err(|_| "a text is not UTF-8")
                    }
                    ValueRef::Blob(_) => Err("binary data where a text or number is expected"),
                };
                blocks.push(i, value).map_err(|problem| Error::input(format!("{shown}, {problem}")))?;
            }
            blocks.end_row()?;
        }
        blocks.finish().map(|()| true)
    }

    fn rows(&self, schema: Stage, table: &str) -> Result<Option<u64>> {
        let Some((connection, name, _)) = self.find(schema, table)? else { return Ok(None) };
        let count = format!("SELECT count(*) FROM {}", SQLITE.quote(&name));
        let rows: i64 = connection.query_row(&count, [], |row| row.get(0)).map_err(|e| self.failed(e))?;
        Ok(Some(rows.unsigned_abs()))
    }

    fn files(&self) -> Result<Vec<Box<dyn StoredFile>>> {
        // A file that is yet to be written is no error.
        if !self.path.exists() {
            return Ok(Vec::new());
        }
        foreign::tables(self)
    }

    /// One transaction: readers see the old tables until it ends.
    fn write_all(&self, tables: &[Incoming], progress: &(dyn Fn(&str, u64) + Sync)) -> Result<()> {
        let plans = SqlTable::all(SQLITE, tables)?;
        let _one_writer = lock(&self.writing);
        let mut connection = self.connect(OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(|e| self.failed(e))?;
        for plan in &plans {
            self.replace(&transaction, plan, &|rows| progress(&plan.name, rows))?;
        }
        transaction.commit().map_err(|e| self.failed(e))?;
        plans.iter().for_each(|plan| progress(&plan.name, plan.frame.height() as u64));
        Ok(())
    }
}

impl Sqlite {
    fn replace(&self, transaction: &Connection, plan: &SqlTable, progress: &(dyn Fn(u64) + Sync)) -> Result<()> {
        let SqlTable { frame, name: table, .. } = plan;
        let name = format!("{}_{table}", plan.schema.name());
        let target = SQLITE.quote(&name);
        let failed = |e| self.failed(e);
        let existing = columns(transaction, &name).map_err(failed)?;
        plan.may_replace(&existing, &self.shown(&target), || {
            let count_made =
                "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = ?1 AND instr(sql, ?2) > 0";
            let made: i64 =
                transaction.query_row(count_made, [name.as_str(), MADE], |row| row.get(0)).map_err(failed)?;
            let empty = || transaction.query_row(&SqlTable::is_empty(&target), [], |row| row.get::<_, i64>(0));
            Ok::<_, Error>(made > 0 || empty().map_err(failed)? > 0)
        })?;
        transaction.execute_batch(&format!("DROP TABLE IF EXISTS {target}")).map_err(failed)?;
        transaction.execute_batch(&plan.create(&target, Constraints::All)).map_err(failed)?;
        let places = vec!["?"; plan.fields.len()].join(", ");
        let sql = format!("INSERT INTO {target} ({}) VALUES ({places})", plan.columns());
        let mut insert = transaction.prepare(&sql).map_err(failed)?;
        let cells = Cells::of(frame, &plan.fields)?;
        let mut text = Vec::with_capacity(32);
        for row in 0..frame.height() {
            for (i, cell) in cells.iter().enumerate() {
                let value = cell.get(row);
                if let Some(problem) = refused(value) {
                    let column = &plan.fields[i].name;
                    return Err(Error::input(format!("row {} of `{table}`, column `{column}`: {problem}", row + 1)));
                }
                bind(&mut insert, i + 1, value, &mut text).map_err(failed)?;
            }
            insert.raw_execute().map_err(failed)?;
            if (row + 1) % STEP == 0 {
                progress(row as u64 + 1);
            }
        }
        drop(insert);
        // Building an index from all rows is faster than growing it with them.
        plan.indexes(&target).iter().try_for_each(|index| transaction.execute_batch(index).map_err(failed))
    }
}

/// Why SQLite cannot store a value exactly; `None` if it can.
fn refused(value: Value<'_>) -> Option<&'static str> {
    match value {
        Value::Reais(centavos) if centavos.unsigned_abs() > MAX_EXACT_CENTAVOS => {
            Some("SQLite keeps amounts of fifteen digits exactly, and no longer ones")
        }
        // SQLite would store a null.
        Value::Float(number) if number.is_nan() => Some("SQLite cannot hold a number that is none (NaN)"),
        _ => None,
    }
}

fn bind(statement: &mut Statement<'_>, position: usize, value: Value<'_>, text: &mut Vec<u8>) -> rusqlite::Result<()> {
    text.clear();
    match value {
        Value::Null => return statement.raw_bind_parameter(position, rusqlite::types::Null),
        Value::Text(text) => return statement.raw_bind_parameter(position, text),
        Value::Integer(number) => return statement.raw_bind_parameter(position, number),
        // The floating-point number closest to the decimal amount, as SQLite itself would read it.
        Value::Reais(centavos) => return statement.raw_bind_parameter(position, centavos as f64 / 100.0),
        Value::Float(number) => return statement.raw_bind_parameter(position, number),
        Value::Flag(flag) => return statement.raw_bind_parameter(position, i64::from(flag)),
        Value::Timestamp(_) | Value::Date(_) => value.write(text),
    }
    statement.raw_bind_parameter(position, std::str::from_utf8(text).unwrap_or_default())
}

#[cfg(test)]
mod tests;
