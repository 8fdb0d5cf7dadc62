//! Parts of a table → one staged Parquet file, with the bytes and hashes of the whole table. Used by `run::cleaning::out_of_core` and `persist`.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use polars::prelude::*;

use super::{Hashing, Staging};
use crate::clean::partition::spill::Spill;
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
    /// Rows that do not fill a row group yet, on the disk: a run may write a hundred files at once. `None` if there are none.
    pending: Option<Spill>,
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
        Ok(StreamingParquetWriter {
            staging,
            name,
            shared,
            file,
            rows: RowHasher::default(),
            pending: None,
            pending_rows: 0,
        })
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

    /// Keeps rows until they fill a row group.
    fn keep(&mut self, rows: DataFrame) -> Result<()> {
        if rows.height() > 0 {
            let pending = match &mut self.pending {
                Some(pending) => pending,
                None => self.pending.insert(Spill::new(&self.staging.scratch(), 1)?),
            };
            self.pending_rows += rows.height();
            pending.append(0, rows)?;
        }
        Ok(())
    }

    fn take_pending(&mut self) -> Result<Vec<DataFrame>> {
        self.pending_rows = 0;
        self.pending.take().map_or_else(|| Ok(Vec::new()), |pending| pending.pieces(0).collect())
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
