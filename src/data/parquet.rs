//! A frame ↔ Parquet, with the same bytes for the same rows: the files of a run, and what stores keep.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use polars::prelude::{DataFrame, ParquetCompression, ParquetReader, ParquetWriter, SerReader};

use crate::error::{Error, Result};

/// Rows per row group: fixed, so that the bytes do not depend on the number of threads.
const ROW_GROUP: usize = 1 << 18;

/// Writes the rows in one chunk: how a frame came to be must not show in its file.
///
/// # Errors
/// It cannot be written.
pub(crate) fn write_frame(mut frame: DataFrame, to: impl Write) -> Result<()> {
    frame.rechunk_mut();
    let writer = ParquetWriter::new(to).with_compression(ParquetCompression::Snappy);
    writer.with_row_group_size(Some(ROW_GROUP)).set_parallel(false).finish(&mut frame)?;
    Ok(())
}

/// The rows of a file.
///
/// # Errors
/// It cannot be read, or is no Parquet file.
pub(crate) fn read_frame(path: &Path) -> Result<DataFrame> {
    Ok(ParquetReader::new(File::open(path).map_err(Error::io("read", path))?).finish()?)
}
