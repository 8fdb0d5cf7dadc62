//! Parts of a table → one staged Parquet file, with the bytes and hashes of the whole table. Used by `run::cleaning::out_of_core`.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use polars::prelude::{DataFrame, Schema};

use super::{Hashing, Staging};
use crate::error::{Error, Result};
use crate::parallel::lock;
use crate::pipeline::outputs::manifest::{OutputFile, Rows};
use crate::table::parquet::Appender;
use crate::table::row_hash::RowHasher;

/// A table that is staged part by part.
pub(crate) struct StreamingParquetWriter<'a> {
    staging: &'a Staging,
    name: String,
    shared: Shared,
    file: Appender<Shared>,
    rows: RowHasher,
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
