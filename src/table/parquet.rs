//! Frame ↔ Parquet, with the same bytes for the same rows. Used for the files of a run and by stores.

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

/// Rows per row group: fixed, so that the bytes depend neither on the number of threads nor on how the rows arrived. Up to as many rows
/// wait in memory for each open file; a run may write a hundred files at once.
pub(crate) const ROW_GROUP: usize = 1 << 16;

/// Writes a Parquet file from rows that arrive in pieces.
pub struct Appender<W: Write> {
    writer: BatchedWriter<W>,
    /// Rows that do not fill a row group yet.
    pending: DataFrame,
}

impl<W: Write> Appender<W> {
    /// Starts a file with columns of `schema`.
    ///
    /// # Errors
    /// A column has a type that Parquet lacks, or writing fails.
    pub fn new(to: W, schema: &Schema) -> Result<Appender<W>> {
        Appender::with(ParquetCompression::Uncompressed, &[], to, schema)
    }

    /// Starts a file; `notes` are keys and values for its footer.
    fn with(compression: ParquetCompression, notes: &[(&str, &str)], to: W, schema: &Schema) -> Result<Appender<W>> {
        let notes: Vec<_> = notes.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
        let notes = (!notes.is_empty()).then(|| KeyValueMetadata::from_static(notes));
        let writer = ParquetWriter::new(to).with_compression(compression).with_key_value_metadata(notes);
        let writer = writer.set_parallel(false);
        Ok(Appender { writer: writer.batched(schema)?, pending: DataFrame::empty_with_schema(schema) })
    }

    /// Appends rows; the columns must be those of the schema.
    ///
    /// # Errors
    /// Writing fails.
    pub fn append(&mut self, rows: &DataFrame) -> Result<()> {
        self.pending.vstack_mut(rows)?;
        while self.pending.height() >= ROW_GROUP {
            let (group, rest) = self.pending.split_at(ROW_GROUP as i64);
            self.pending = rest;
            self.writer.write_batch(&join_rows(group))?;
        }
        Ok(())
    }

    /// Writes the last row group and the footer.
    ///
    /// # Errors
    /// Writing fails.
    pub fn finish(mut self) -> Result<()> {
        if self.pending.height() > 0 {
            let last = std::mem::take(&mut self.pending);
            self.writer.write_batch(&join_rows(last))?;
        }
        self.writer.finish()?;
        Ok(())
    }
}

/// One `T` per table, created on first use, for rows that arrive from several threads; those of one table arrive in their order.
pub struct PerTable<T, C> {
    create: C,
    tables: Mutex<BTreeMap<String, Arc<Mutex<T>>>>,
}

impl<T, C: Fn(&str, &Schema) -> Result<T>> PerTable<T, C> {
    /// Starts empty. `create` makes the value of a table when its first rows arrive.
    pub fn new(create: C) -> PerTable<T, C> {
        PerTable { create, tables: Mutex::default() }
    }

    /// Calls `take` with the value of the table `name`, creating it if needed.
    ///
    /// # Errors
    /// Creating it fails, or `take` fails.
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

    /// All values with the names of their tables.
    pub fn into_tables(self) -> Vec<(String, T)> {
        let tables = self.tables.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter();
        let alone =
            |table: Arc<Mutex<T>>| Some(Arc::into_inner(table)?.into_inner().unwrap_or_else(PoisonError::into_inner));
        tables.filter_map(|(name, table)| Some((name, alone(table)?))).collect()
    }
}

/// The rows in a single chunk per column: how a frame was assembled must not show in what is made of it.
pub(crate) fn join_rows(mut frame: DataFrame) -> DataFrame {
    frame.rechunk_mut();
    frame
}

/// Writes the rows uncompressed. Most of the bytes are random ids: compressing them would double the time of writing and save only a
/// seventh of the size.
///
/// # Errors
/// Writing fails.
pub fn write_frame(frame: &DataFrame, to: impl Write) -> Result<()> {
    write(ParquetCompression::Uncompressed, &[], frame, to)
}

/// Writes the rows compressed, for targets where the network is slower than the processor; `notes` are keys and values for the footer.
///
/// # Errors
/// Writing fails.
pub fn write_compressed(frame: &DataFrame, to: impl Write, notes: &[(&str, &str)]) -> Result<()> {
    write(ParquetCompression::Snappy, notes, frame, to)
}

fn write(compression: ParquetCompression, notes: &[(&str, &str)], frame: &DataFrame, to: impl Write) -> Result<()> {
    let mut file = Appender::with(compression, notes, to, frame.schema())?;
    file.append(frame)?;
    file.finish()
}

/// Calls `write` for several tables in parallel. The longest come first, so that none of them is left to be written alone at the end.
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

/// Reads all rows of a file.
///
/// # Errors
/// [`Error::Io`]: it cannot be opened. [`Error::Polars`]: it is not a Parquet file, or is damaged.
pub fn read_frame(path: &Path) -> Result<DataFrame> {
    Ok(ParquetReader::new(open(path)?).finish()?)
}

/// Reads some columns of a file.
///
/// # Errors
/// As [`read_frame`]; or the file lacks one of the columns.
pub(crate) fn read_some(path: &Path, columns: &[&str]) -> Result<DataFrame> {
    read_columns(open(path)?, Some(columns))
}

/// Reads the first `rows` rows of a file.
///
/// # Errors
/// As [`read_frame`].
pub(crate) fn read_head(path: &Path, rows: usize) -> Result<DataFrame> {
    Ok(ParquetReader::new(open(path)?).with_slice(Some((0, rows))).finish()?)
}

fn open(path: &Path) -> Result<File> {
    File::open(path).map_err(Error::io("read", path))
}

/// Reads some columns of an open file; all with `None`.
///
/// # Errors
/// It cannot be read, or lacks one of the columns.
pub(crate) fn read_columns(file: File, columns: Option<&[&str]>) -> Result<DataFrame> {
    let named = columns.map(|columns| columns.iter().map(|column| column.to_string()).collect());
    Ok(ParquetReader::new(file).with_columns(named).finish()?)
}

/// Concatenates frames with the same columns.
///
/// # Errors
/// Their columns differ.
pub(crate) fn stack(frames: impl IntoIterator<Item = DataFrame>) -> Result<DataFrame> {
    let mut frames = frames.into_iter();
    let mut all = frames.next().unwrap_or_default();
    frames.try_for_each(|frame| all.vstack_mut_owned(frame).map(drop))?;
    Ok(all)
}

/// Reads the table `name` in a folder: the file `<name>.parquet`, or all files of the folder `name`, concatenated.
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

/// Names of the Parquet files that an engine wrote into a folder, sorted; empty if there is no folder.
///
/// # Errors
/// The folder cannot be read.
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
