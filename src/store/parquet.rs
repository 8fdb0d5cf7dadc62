//! A table ↔ Parquet, as the lake and object stores keep it.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use polars::io::mmap::MmapBytesReader;
use polars::prelude::{DataFrame, ParquetReader, SerReader};

use super::{MADE, Schema, by_contract, columns};
use crate::data::contract::Kind;
use crate::data::parquet::write_compressed;
use crate::error::{Error, Result};

/// Writes a table. The amounts of a raw table, centavos in memory, carry the name that says so: whoever else reads the
/// file must not take them for reais.
///
/// # Errors
/// The frame is not the table's, or it cannot be written.
pub(super) fn encode(schema: Schema, table: &str, frame: &DataFrame, to: impl Write) -> Result<()> {
    let mut frame = by_contract(schema, table, frame.clone(), table)?;
    for (held, stored) in renamed(schema, table) {
        frame.rename(held, stored.into())?;
    }
    write_compressed(&frame, to, &[("pfe", MADE)])
}

/// Whether a load has made the file.
pub(super) fn is_made(path: &Path) -> bool {
    let marked = |file: File| {
        let mut reader = ParquetReader::new(file);
        let notes = reader.get_metadata().ok()?.key_value_metadata().as_ref()?;
        Some(notes.iter().any(|note| note.key == "pfe" && note.value.as_deref() == Some(MADE)))
    };
    File::open(path).ok().and_then(marked).unwrap_or(false)
}

/// Reads a table back; `place` names it in messages.
///
/// # Errors
/// The file is damaged, or its columns are not the table's.
pub(super) fn decode(schema: Schema, table: &str, from: impl MmapBytesReader, place: &str) -> Result<DataFrame> {
    let mut frame = ParquetReader::new(from).finish().map_err(|e| {
        Error::input(format!("`{place}` is not a readable Parquet file: {e}")).with_hint("load the table again")
    })?;
    for (held, stored) in renamed(schema, table) {
        if frame.column(stored).is_ok() {
            frame.rename(stored, held.into())?;
        }
    }
    by_contract(schema, table, frame, place)
}

/// Columns whose name in the file differs: name in the frame, name in the file.
fn renamed(schema: Schema, table: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let raw = columns(schema, table).into_iter().flatten().filter(move |_| schema == Schema::Raw);
    raw.filter(|c| c.kind == Kind::Money).map(|c| (c.source, c.name))
}
