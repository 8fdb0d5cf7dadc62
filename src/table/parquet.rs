//! A frame ↔ Parquet, with the same bytes for the same rows: the files of a run, and what stores keep.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use polars::io::parquet::write::{BatchedWriter, KeyValueMetadata};
use polars::prelude::{DataFrame, ParquetCompression, ParquetReader, ParquetWriter, Schema, SerReader};

use crate::error::{Error, Result};
use crate::parallel::{self, lock};

/// Rows per row group: fixed, so that the bytes do not depend on the number of threads, or on how the rows came together. Of a
/// hundred files that grow at once, as many rows each wait in memory.
const ROW_GROUP: usize = 1 << 16;

/// A file whose rows come bit by bit.
pub struct Appender<W: Write> {
    writer: BatchedWriter<W>,
    /// Rows that do not fill a row group yet.
    pending: DataFrame,
}

impl<W: Write> Appender<W> {
    /// # Errors
    /// A column has a type that Parquet lacks, or nothing can be written.
    pub fn new(to: W, schema: &Schema) -> Result<Appender<W>> {
        Appender::with(ParquetCompression::Uncompressed, &[], to, schema)
    }

    /// `notes` are keys and values for the file's footer.
    fn with(compression: ParquetCompression, notes: &[(&str, &str)], to: W, schema: &Schema) -> Result<Appender<W>> {
        let notes: Vec<_> = notes.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
        let notes = (!notes.is_empty()).then(|| KeyValueMetadata::from_static(notes));
        let writer = ParquetWriter::new(to).with_compression(compression).with_key_value_metadata(notes);
        let writer = writer.set_parallel(false);
        Ok(Appender { writer: writer.batched(schema)?, pending: DataFrame::empty_with_schema(schema) })
    }

    /// Adds rows of the same columns.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn append(&mut self, rows: &DataFrame) -> Result<()> {
        self.pending.vstack_mut(rows)?;
        while self.pending.height() >= ROW_GROUP {
            let (group, rest) = self.pending.split_at(ROW_GROUP as i64);
            self.pending = rest;
            self.writer.write_batch(&join_rows(group))?;
        }
        Ok(())
    }

    /// Ends the file.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn finish(mut self) -> Result<()> {
        if self.pending.height() > 0 {
            let last = std::mem::take(&mut self.pending);
            self.writer.write_batch(&join_rows(last))?;
        }
        self.writer.finish()?;
        Ok(())
    }
}

/// Something for each of several tables, whose rows come from several threads; those of one table come in their order.
pub struct PerTable<T, C> {
    create: C,
    tables: Mutex<BTreeMap<String, Arc<Mutex<T>>>>,
}

impl<T, C: Fn(&str, &Schema) -> Result<T>> PerTable<T, C> {
    /// Nothing yet: `create` makes what belongs to a table once there are rows.
    pub fn new(create: C) -> PerTable<T, C> {
        PerTable { create, tables: Mutex::default() }
    }

    /// Hands `take` what belongs to the table `name`.
    ///
    /// # Errors
    /// It cannot be made, or `take` fails.
    pub fn with(&self, name: &str, schema: &Schema, take: impl FnOnce(&mut T) -> Result<()>) -> Result<()> {
        let table = {
            let mut tables = lock(&self.tables);
            match tables.get(name) {
                Some(table) => Arc::clone(table),
                None => {
                    let table = Arc::new(Mutex::new((self.create)(name, schema)?));
                    tables.insert(name.into(), Arc::clone(&table));
                    table
                }
            }
        };
        take(&mut lock(&table))
    }

    /// What there is, by name.
    pub fn into_tables(self) -> Vec<(String, T)> {
        let tables = self.tables.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter();
        let alone =
            |table: Arc<Mutex<T>>| Some(Arc::into_inner(table)?.into_inner().unwrap_or_else(PoisonError::into_inner));
        tables.filter_map(|(name, table)| Some((name, alone(table)?))).collect()
    }
}

/// The rows in one chunk: how a frame came to be must not show in what is made of it.
pub(crate) fn join_rows(mut frame: DataFrame) -> DataFrame {
    frame.rechunk_mut();
    frame
}

/// Writes the rows. Most of them are ids, which are random: to compress them takes as long as all the rest of the writing, and
/// makes files smaller by a seventh.
///
/// # Errors
/// It cannot be written.
pub fn write_frame(frame: &DataFrame, to: impl Write) -> Result<()> {
    write(ParquetCompression::Uncompressed, &[], frame, to)
}

/// Writes the rows compressed, for those who wait for a network rather than for a processor; `notes` are keys and values for the
/// file's footer.
///
/// # Errors
/// It cannot be written.
pub fn write_compressed(frame: &DataFrame, to: impl Write, notes: &[(&str, &str)]) -> Result<()> {
    write(ParquetCompression::Snappy, notes, frame, to)
}

fn write(compression: ParquetCompression, notes: &[(&str, &str)], frame: &DataFrame, to: impl Write) -> Result<()> {
    let mut file = Appender::with(compression, notes, to, frame.schema())?;
    file.append(frame)?;
    file.finish()
}

/// Writes several tables side by side, each by `write`; the longest come first, so that none is left to be written alone.
///
/// # Errors
/// As `write`.
pub fn write_frames<'a, T: Send>(
    tables: impl Iterator<Item = (&'a str, &'a DataFrame)>,
    write: impl Fn(&str, &DataFrame) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let mut tables: Vec<_> = tables.collect();
    tables.sort_by_key(|(_, frame)| Reverse(frame.height()));
    parallel::map(tables, |(name, frame)| write(name, frame))
}

/// The rows of a file.
///
/// # Errors
/// It cannot be read, or is no Parquet file.
pub fn read_frame(path: &Path) -> Result<DataFrame> {
    Ok(ParquetReader::new(open(path)?).finish()?)
}

/// Some columns of the rows of a file.
///
/// # Errors
/// As [`read_frame`], or it lacks one.
pub(crate) fn read_some(path: &Path, columns: &[&str]) -> Result<DataFrame> {
    read_columns(open(path)?, Some(columns))
}

/// The first rows of a file.
///
/// # Errors
/// As [`read_frame`].
pub(crate) fn read_head(path: &Path, rows: usize) -> Result<DataFrame> {
    Ok(ParquetReader::new(open(path)?).with_slice(Some((0, rows))).finish()?)
}

fn open(path: &Path) -> Result<File> {
    File::open(path).map_err(Error::io("read", path))
}

/// Some columns of an open file, or all.
///
/// # Errors
/// It cannot be read, or lacks one.
pub(crate) fn read_columns(file: File, columns: Option<&[&str]>) -> Result<DataFrame> {
    let named = columns.map(|columns| columns.iter().map(|column| column.to_string()).collect());
    Ok(ParquetReader::new(file).with_columns(named).finish()?)
}

/// The rows of frames with the same columns, one after the other.
///
/// # Errors
/// Their columns differ.
pub(crate) fn stack(frames: impl IntoIterator<Item = DataFrame>) -> Result<DataFrame> {
    let mut frames = frames.into_iter();
    let mut all = frames.next().unwrap_or_default();
    frames.try_for_each(|frame| all.vstack_mut_owned(frame).map(drop))?;
    Ok(all)
}

/// The rows of the table `name` in a folder: of its file, or of the files of its own folder, one after the other.
///
/// # Errors
/// There is no such file, or one cannot be read.
pub fn read_table(folder: &Path, name: &str) -> Result<DataFrame> {
    let single = folder.join(name).with_extension("parquet");
    let parts = parts(&folder.join(name))?;
    if single.exists() || parts.is_empty() {
        return read_frame(&single);
    }
    stack(parallel::map(parts, |part| read_frame(&folder.join(name).join(part)))?)
}

/// The Parquet files that an engine has written into a folder, by name; none where there is no folder.
///
/// # Errors
/// It cannot be read.
pub fn parts(folder: &Path) -> Result<Vec<String>> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(folder).map_err(Error::io("read", folder))?;
    let mut names: Vec<String> = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.retain(|name| name.ends_with(".parquet") && !name.starts_with(['.', '_']));
    names.sort();
    Ok(names)
}
