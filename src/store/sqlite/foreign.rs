//! Foreign tables of a SQLite file, `orders` or `olist_orders_dataset` → CSV files for `input::find`: their values meet the
//! contract like those of any file. Used by `sqlite`.

use std::io::{self, Cursor, Read};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use rusqlite::types::ValueRef;

use super::super::StoredFile;
use super::{SQLITE, Sqlite};
use crate::error::{Error, Result};
use crate::schema::ddl::Stage;

/// Bytes per block, and number of blocks prepared ahead.
const BLOCK: usize = 1 << 18;
const AHEAD: usize = 4;

/// The foreign tables of the file. Views are left out, because one may never end.
pub(super) fn tables(store: &Sqlite) -> Result<Vec<Box<dyn StoredFile>>> {
    let connection = store.reader()?;
    let failed = |e| store.failed(e);
    let mut names = connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name")
        .map_err(failed)?;
    let names = names.query_map([], |row| row.get::<_, String>(0)).map_err(failed)?;
    let names = names.collect::<rusqlite::Result<Vec<String>>>().map_err(failed)?;
    let ours = [Stage::Raw, Stage::Cleaned, Stage::Results].map(|schema| format!("{}_", schema.name()));
    let of_others = |name: &String| !name.starts_with("sqlite_") && !ours.iter().any(|ours| name.starts_with(ours));
    let names: Vec<String> = names.into_iter().filter(of_others).collect();
    // A table's share of the file is unknown; assume equal shares.
    let bytes = std::fs::metadata(&store.path).map_err(Error::io("read", &store.path))?.len();
    let size = bytes / names.len().max(1) as u64;
    let again = Arc::new(Sqlite { path: store.path.clone(), url: store.url.clone(), ..Sqlite::default() });
    let file = |name| Box::new(Foreign { store: Arc::clone(&again), name, size }) as Box<dyn StoredFile>;
    Ok(names.into_iter().map(file).collect())
}

/// A foreign table.
#[derive(Debug)]
struct Foreign {
    store: Arc<Sqlite>,
    name: String,
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

    fn open(&self) -> Box<dyn Read> {
        let (give, take) = sync_channel(AHEAD);
        let (store, name) = (Arc::clone(&self.store), self.name.clone());
        thread::spawn(move || {
            let sent = write(&store, &name, |block| give.send(Ok(block)).is_ok());
            // If the reader is gone, nobody needs the error.
            sent.unwrap_or_else(|error| drop(give.send(Err(error))));
        });
        Box::new(Blocks { take, block: Cursor::default() })
    }
}

/// Passes a table's rows on as CSV, block by block, until `give` returns `false`.
fn write(store: &Sqlite, table: &str, mut give: impl FnMut(Vec<u8>) -> bool) -> Result<()> {
    let connection = store.reader()?;
    let failed = |e| store.failed(e);
    let mut statement = connection.prepare(&format!("SELECT * FROM {}", SQLITE.quote(table))).map_err(failed)?;
    let names: Vec<String> = statement.column_names().map(String::from).collect();
    let mut csv = csv::Writer::from_writer(Vec::with_capacity(BLOCK));
    let unwritten = |e: csv::Error| Error::store(&store.url, e.to_string());
    csv.write_record(&names).map_err(unwritten)?;
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
            field.map_err(unwritten)?;
        }
        csv.write_record(None::<&[u8]>).map_err(unwritten)?;
        if csv.get_ref().len() >= BLOCK {
            let block = csv.into_inner().map_err(|e| Error::store(&store.url, e.to_string()))?;
            csv = csv::Writer::from_writer(Vec::with_capacity(BLOCK));
            if !give(block) {
                return Ok(());
            }
        }
    }
    give(csv.into_inner().map_err(|e| Error::store(&store.url, e.to_string()))?);
    Ok(())
}

/// Reads the blocks that the other thread sends.
struct Blocks {
    take: Receiver<Result<Vec<u8>>>,
    block: Cursor<Vec<u8>>,
}

impl Read for Blocks {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.block.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            match self.take.recv() {
                Ok(block) => self.block = Cursor::new(block.map_err(io::Error::other)?),
                Err(_) => return Ok(0),
            }
        }
    }
}
