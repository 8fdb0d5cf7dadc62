//! Parts of a table → one staged Parquet file, with the bytes and hashes of the whole table. Used by `run::cleaning::out_of_core` and `persist`.

use std::io::{self, Cursor, Write};
use std::sync::{Arc, Mutex};

use polars::prelude::*;

use super::{Hashing, Staging};
use crate::error::{Error, Result};
use crate::parallel::lock;
use crate::pipeline::outputs::manifest::{OutputFile, Rows};
use crate::table::parquet::{Appender, ROW_GROUP, stack};
use crate::table::row_hash::RowHasher;

/// A table that is staged part by part.
pub(crate) struct StreamingParquetWriter<'a> {
    staging: &'a Staging,
    name: String,
    shared: Shared,
    file: Appender<Shared>,
    rows: RowHasher,
    /// Rows that do not fill a row group yet, as Arrow's IPC: a third of the memory that they take as frames, whose texts would keep the
    /// buffers of all the rows that they came with.
    pending: Vec<Vec<u8>>,
    pending_rows: usize,
}

/// A shared handle to the file: the Parquet writer takes ownership of its target, and we need the hash afterwards.
#[derive(Clone)]
struct Shared(Arc<Mutex<Hashing>>);

impl Write for Shared {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        lock(&self.0).write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        lock(&self.0).flush()
    }
}

impl<'a> StreamingParquetWriter<'a> {
    pub(crate) fn new(staging: &'a Staging, name: String, schema: &Schema) -> Result<StreamingParquetWriter<'a>> {
        let shared = Shared(Arc::new(Mutex::new(staging.begin(&name)?)));
        let file = Appender::new(shared.clone(), schema)?;
        let (rows, pending) = (RowHasher::default(), Vec::new());
        Ok(StreamingParquetWriter { staging, name, shared, file, rows, pending, pending_rows: 0 })
    }

    pub(crate) fn append(&mut self, rows: &DataFrame) -> Result<()> {
        self.rows.add(rows)?;
        if self.pending_rows + rows.height() < ROW_GROUP {
            return self.keep(rows.clone());
        }
        let mut all = self.take_pending()?;
        all.push(rows.clone());
        let all = stack(all)?;
        let full = all.height() / ROW_GROUP * ROW_GROUP;
        let written = self.file.append(&all.slice(0, full));
        written.map_err(|e| explain(e, self.staging, &self.name, &self.shared))?;
        self.keep(all.slice(full as i64, all.height() - full))
    }

    /// Packs rows until they fill a row group.
    fn keep(&mut self, mut rows: DataFrame) -> Result<()> {
        if rows.height() > 0 {
            let mut packed = Vec::new();
            IpcStreamWriter::new(&mut packed).with_compat_level(CompatLevel::oldest()).finish(&mut rows)?;
            packed.shrink_to_fit();
            self.pending_rows += rows.height();
            self.pending.push(packed);
        }
        Ok(())
    }

    fn take_pending(&mut self) -> Result<Vec<DataFrame>> {
        self.pending_rows = 0;
        let unpack = |packed| Ok(IpcStreamReader::new(Cursor::new(packed)).finish()?);
        std::mem::take(&mut self.pending).into_iter().map(unpack).collect()
    }

    pub(crate) fn finish(mut self) -> Result<OutputFile> {
        let last = self.take_pending()?;
        let StreamingParquetWriter { staging, name, shared, mut file, rows, .. } = self;
        let appended = last.iter().try_for_each(|rows| file.append(rows));
        appended.and_then(|()| file.finish()).map_err(|e| explain(e, staging, &name, &shared))?;
        let mut ended = staging.end(&name, &mut lock(&shared.0))?;
        ended.rows = Some(Rows { count: rows.rows(), blake3: rows.finish() });
        Ok(ended)
    }
}

fn explain(error: Error, staging: &Staging, name: &str, shared: &Shared) -> Error {
    lock(&shared.0).explain(error, &staging.shown(name))
}
