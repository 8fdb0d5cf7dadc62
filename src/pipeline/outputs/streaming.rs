//! Tables that are staged bit by bit, with the bytes and hashes that they would have as a whole. Used by `bounded`.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use polars::prelude::{DataFrame, Schema};

use super::manifest::{OutputFile, Rows};
use super::staging::{Hashing, Staging};
use crate::error::{Error, Result};
use crate::parallel::lock;
use crate::table::parquet::Appender;
use crate::table::row_hash::RowHasher;

/// A table of which some rows are staged.
pub(crate) struct StreamingParquetWriter<'a> {
    staging: &'a Staging,
    name: String,
    shared: Shared,
    file: Appender<Shared>,
    rows: RowHasher,
}

/// Bytes on their way to a file, by way of a writer that keeps what it writes to.
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
        Ok(StreamingParquetWriter { staging, name, shared, file, rows: RowHasher::default() })
    }

    pub(crate) fn append(&mut self, rows: &DataFrame) -> Result<()> {
        self.rows.add(rows)?;
        let written = self.file.append(rows);
        written.map_err(|e| explain(e, self.staging, &self.name, &self.shared))
    }

    pub(crate) fn finish(self) -> Result<OutputFile> {
        let StreamingParquetWriter { staging, name, shared, file, rows } = self;
        file.finish().map_err(|e| explain(e, staging, &name, &shared))?;
        let mut ended = staging.end(&name, &mut lock(&shared.0))?;
        ended.rows = Some(Rows { count: rows.rows(), blake3: rows.finish() });
        Ok(ended)
    }
}

fn explain(error: Error, staging: &Staging, name: &str, shared: &Shared) -> Error {
    lock(&shared.0).explain(error, &staging.shown(name))
}
