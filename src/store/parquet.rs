//! Table ↔ Parquet, as the lake and S3 keep it. Used by `lake` and `s3`.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use polars::prelude::{DataFrame, DataType, ParquetReader, SerReader};

use super::declared::{by_contract, columns, name_of};
use super::interface::{MADE, TakeFrame};
use crate::error::{Error, Result};
use crate::schema::contract::LogicalType;
use crate::schema::ddl::Stage;
use crate::table::pages::Pages;
use crate::table::parquet::write_compressed;

/// Writes a table. Amounts of raw tables are centavos in memory; their columns get a name that says so, because other readers must
/// not take them for reais.
///
/// # Errors
/// The frame does not match the table, or the file cannot be written.
pub(super) fn encode(schema: Stage, table: &str, frame: &DataFrame, to: impl Write) -> Result<()> {
    let mut frame = by_contract(schema, table, frame.clone(), table)?;
    for (in_frame, in_file) in renamed(schema, table) {
        frame.rename(in_frame, in_file.into())?;
    }
    write_compressed(&frame, to, &[("pfe", MADE)])
}

/// Whether a load made the file.
pub(super) fn is_made(path: &Path) -> bool {
    let marked = |file: File| {
        let mut reader = ParquetReader::new(file);
        let notes = reader.get_metadata().ok()?.key_value_metadata().as_ref()?;
        Some(notes.iter().any(|note| note.key == "pfe" && note.value.as_deref() == Some(MADE)))
    };
    File::open(path).ok().and_then(marked).unwrap_or(false)
}

/// Passes a table's rows to `take`, in blocks; `place` names it in messages.
///
/// # Errors
/// The file is damaged, its columns do not match the table, or `take` fails.
pub(super) fn decode(schema: Stage, table: &str, from: File, place: &str, take: &mut TakeFrame<'_>) -> Result<()> {
    let pages = Pages::open(from, place)?;
    let names = pages.names();
    let renamed: Vec<_> = renamed(schema, table).collect();
    // Ignore columns that the contract does not declare.
    let declared = columns(schema, table);
    let is_declared = |name: &String| {
        let in_frame =
            renamed.iter().find(|(_, in_file)| in_file == name).map_or(name.as_str(), |(in_frame, _)| in_frame);
        declared.as_ref().is_none_or(|columns| columns.iter().any(|column| name_of(schema, column) == in_frame))
    };
    let positions: Vec<usize> = (0..names.len()).filter(|&at| is_declared(&names[at])).collect();
    pages.read(&positions, &mut |mut frame| {
        for at in 0..positions.len() {
            let column = &frame.columns()[at];
            if *column.dtype() == DataType::Binary {
                let text = column.strict_cast(&DataType::String).map_err(|_| {
                    let message = format!("column `{}` of `{place}` holds what is no text", column.name());
                    Error::input(message).with_hint("load the table again")
                })?;
                frame.replace_column(at, text)?;
            }
        }
        for (in_frame, in_file) in &renamed {
            if frame.column(in_file).is_ok() {
                frame.rename(in_file, (*in_frame).into())?;
            }
        }
        take(by_contract(schema, table, frame, place)?)
    })
}

/// Columns that have another name in the file: (name in the frame, name in the file).
fn renamed(schema: Stage, table: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let raw = columns(schema, table).into_iter().flatten().filter(move |_| schema == Stage::Raw);
    raw.filter(|c| c.kind == LogicalType::Money).map(|c| (c.source, c.name))
}
