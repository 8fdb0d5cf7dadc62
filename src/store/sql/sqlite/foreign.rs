//! Foreign tables and views of a SQLite file, `orders` or `olist_orders_dataset` → CSV files for `input::find`: their values meet the
//! contract like those of any file. Used by `sqlite`.

use std::io::{self, Cursor, Read};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use rusqlite::InterruptHandle;
use rusqlite::types::ValueRef;

use super::{SQLITE, Sqlite};
use crate::error::{Error, Result};
use crate::schema::ddl::Stage;
use crate::store::interface::StoredFile;

/// Bytes per block, and number of blocks prepared ahead.
const BLOCK: usize = 1 << 18;
const BLOCKS_AHEAD: usize = 4;

/// A view may give this many times the size of its file as text: a join repeats values, but a view that gives more may never end.
const MAX_GROWTH: u64 = 1_000;
/// A view may give this many bytes, however small its file is.
const MIN_LIMIT: u64 = 1 << 24;
/// Longest wait for the next block of a view.
const TIMEOUT: Duration = Duration::from_secs(600);

/// The foreign tables and views of the file, tables first.
pub(super) fn tables(store: &Sqlite) -> Result<Vec<Box<dyn StoredFile>>> {
    let connection = store.reader()?;
    let failed = |e| store.failed(e);
    let mut names = connection
        .prepare(
            "SELECT name, CASE type WHEN 'view' THEN sql END FROM sqlite_schema WHERE type IN ('table', 'view') AND \
             sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY type, name",
        )
        .map_err(failed)?;
    let names = names.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).map_err(failed)?;
    let names = names.collect::<rusqlite::Result<Vec<(String, Option<String>)>>>().map_err(failed)?;
    let ours = [Stage::Raw, Stage::Cleaned, Stage::Results].map(|schema| format!("{}_", schema.name()));
    let is_foreign =
        |(name, _): &(String, _)| !name.starts_with("sqlite_") && !ours.iter().any(|ours| name.starts_with(ours));
    let names: Vec<_> = names.into_iter().filter(is_foreign).collect();
    // A table's share of the file is unknown; assume equal shares.
    let bytes = std::fs::metadata(&store.path).map_err(Error::io("read", &store.path))?.len();
    let size = bytes / names.len().max(1) as u64;
    let reader_store = Arc::new(Sqlite { path: store.path.clone(), url: store.url.clone(), ..Sqlite::default() });
    let max_bytes = bytes.saturating_mul(MAX_GROWTH).max(MIN_LIMIT);
    let file = |(name, view)| {
        Box::new(Foreign { store: Arc::clone(&reader_store), name, view, size, max_bytes }) as Box<dyn StoredFile>
    };
    Ok(names.into_iter().map(file).collect())
}

/// A foreign table or view.
#[derive(Debug)]
struct Foreign {
    store: Arc<Sqlite>,
    name: String,
    /// The statement that makes it, of a view.
    view: Option<String>,
    /// Most bytes that a view may give.
    max_bytes: u64,
    /// Approximate size in bytes.
    size: u64,
}

impl StoredFile for Foreign {
    fn name(&self) -> &str {
        &self.name
    }

    fn size(&self) -> u64 {
        self.size
    }

    fn is_table(&self) -> bool {
        true
    }

    fn reads(&self, name: &str) -> bool {
        let is_part = |c: char| c.is_alphanumeric() || c == '_';
        let mut words = self.view.iter().flat_map(|sql| sql.split(|c| !is_part(c)));
        words.any(|word| word.eq_ignore_ascii_case(name))
    }

    fn open(&self) -> Box<dyn Read> {
        let (tx, rx) = sync_channel(BLOCKS_AHEAD);
        let (store, name) = (Arc::clone(&self.store), self.name.clone());
        let handle = Arc::new(OnceLock::new());
        let interrupt = Arc::clone(&handle);
        let max_bytes = self.view.as_ref().map(|_| self.max_bytes);
        thread::spawn(move || {
            let mut remaining = max_bytes.unwrap_or(u64::MAX);
            let sent = write(&store, &name, &interrupt, |block| {
                let fits = remaining.checked_sub(block.len() as u64);
                remaining = fits.unwrap_or(0);
                let block = fits.map(|_| block).ok_or_else(|| {
                    endless(&store, &name, &format!("gives more than {} MB", max_bytes.unwrap_or(0) >> 20))
                });
                tx.send(block).is_ok() && fits.is_some()
            });
            // If the reader is gone, nobody needs the error.
            sent.unwrap_or_else(|error| drop(tx.send(Err(error))));
        });
        let stopper = max_bytes.map(|_| Stopper { handle, store: Arc::clone(&self.store), name: self.name.clone() });
        Box::new(Blocks { rx, block: Cursor::default(), stopper })
    }
}

/// The error for a view that may never end.
fn endless(store: &Sqlite, view: &str, problem: &str) -> Error {
    Error::input(format!("the view `{view}` of `{}` {problem}: it may never end", store.url))
        .with_hint("write its rows into a table, or name another view")
}

/// Passes a table's rows on as CSV, block by block, until `send` returns `false`.
fn write(
    store: &Sqlite,
    table: &str,
    handle: &OnceLock<InterruptHandle>,
    mut send: impl FnMut(Vec<u8>) -> bool,
) -> Result<()> {
    let connection = store.reader()?;
    let _ = handle.set(connection.get_interrupt_handle());
    let failed = |e| store.failed(e);
    let mut statement = connection.prepare(&format!("SELECT * FROM {}", SQLITE.quote(table))).map_err(failed)?;
    let names: Vec<String> = statement.column_names().map(String::from).collect();
    let mut csv = csv::Writer::from_writer(Vec::with_capacity(BLOCK));
    let write_failed = |e: csv::Error| Error::store(&store.url, e.to_string());
    csv.write_record(&names).map_err(write_failed)?;
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next().map_err(failed)? {
        for i in 0..names.len() {
            let field = match row.get_ref(i).map_err(failed)? {
                ValueRef::Null => csv.write_field(b""),
                ValueRef::Integer(number) => csv.write_field(number.to_string()),
                // The shortest text that reads back as the same number.
                ValueRef::Real(number) => csv.write_field(format!("{number:?}")),
                ValueRef::Text(bytes) | ValueRef::Blob(bytes) => csv.write_field(bytes),
            };
            field.map_err(write_failed)?;
        }
        csv.write_record(None::<&[u8]>).map_err(write_failed)?;
        if csv.get_ref().len() >= BLOCK {
            let block = csv.into_inner().map_err(|e| Error::store(&store.url, e.to_string()))?;
            csv = csv::Writer::from_writer(Vec::with_capacity(BLOCK));
            if !send(block) {
                return Ok(());
            }
        }
    }
    send(csv.into_inner().map_err(|e| Error::store(&store.url, e.to_string()))?);
    Ok(())
}

/// Reads the blocks that the other thread sends.
struct Blocks {
    rx: Receiver<Result<Vec<u8>>>,
    block: Cursor<Vec<u8>>,
    /// Of a view.
    stopper: Option<Stopper>,
}

/// How a view that gives no rows is stopped.
struct Stopper {
    handle: Arc<OnceLock<InterruptHandle>>,
    store: Arc<Sqlite>,
    name: String,
}

impl Blocks {
    fn next(&self) -> Result<Option<Vec<u8>>> {
        let Some(Stopper { handle, store, name }) = &self.stopper else { return self.rx.recv().ok().transpose() };
        match self.rx.recv_timeout(TIMEOUT) {
            Ok(block) => block.map(Some),
            Err(RecvTimeoutError::Disconnected) => Ok(None),
            Err(RecvTimeoutError::Timeout) => {
                handle.get().inspect(|handle| handle.interrupt());
                Err(endless(store, name, &format!("has given nothing for {} s", TIMEOUT.as_secs())))
            }
        }
    }
}

impl Read for Blocks {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.block.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            match self.next().map_err(io::Error::other)? {
                Some(block) => self.block = Cursor::new(block),
                None => return Ok(0),
            }
        }
    }
}
