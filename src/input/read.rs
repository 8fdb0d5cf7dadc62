//! Source → RawTables: every row typed by the contract, or quarantined with the reason. Next: `clean`.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;

use polars::prelude::*;

use super::dialect::Canonical;
use super::file::part::FilePart;
use super::file::source_file::{Format, SourceFile};
use super::find::found::unread;
use super::identity::{Hash, HashingReader, InputFile, hash_file, hash_part};
use super::raw_table::{RawTable, RawTables};
use super::rows::csv::read_csv;
use super::rows::json;
use super::rows::table_builder::{TableBuilder, TakeBlock};
use super::rows::typed::TypedRows;
use super::source::{SharedStore, Source, undated};
use super::{built_in, dialect};
use crate::error::{Error, Result};
use crate::parallel;
use crate::schema::contract::{TABLES, TableId};
use crate::schema::read_options::Reading;
use crate::store::{Stage, Store};

/// Reads the ten tables, in parallel.
///
/// # Errors
/// [`Error::Input`]: the content of a file does not match its name (no header, a missing column, another separator, truncated, mostly
/// unreadable), or a table is in no place. [`Error::Store`]: a store fails. Single rows that break the contract are no error: they go to
/// [`RawTable::quarantine`].
pub fn read(source: &Source) -> Result<RawTables> {
    read_tables(source, &TABLES.each_ref().map(|t| t.id))
}

/// Reads some of the tables.
///
/// # Errors
/// As [`read`].
pub fn read_tables(source: &Source, tables: &[TableId]) -> Result<RawTables> {
    let read: Vec<(TableId, (RawTable, Vec<String>))> = parallel::map(tables, |&id| Ok((id, read_table(source, id)?)))?;
    let mut raw = RawTables { tables: BTreeMap::new(), warnings: Vec::new() };
    for (id, (table, warnings)) in read {
        raw.tables.insert(id, table);
        raw.warnings.extend(warnings);
    }
    Ok(raw)
}

/// Reads one table, with its warnings, from the first place that holds it; within a place, files come before a store.
pub(crate) fn read_table(source: &Source, id: TableId) -> Result<(RawTable, Vec<String>)> {
    read_to(source, id, None)
}

/// [`read_table`], but passes the rows to `take` in blocks; the returned table has none.
pub(crate) fn read_blocks<'a>(
    source: &Source,
    id: TableId,
    take: &'a mut TakeBlock<'a>,
) -> Result<(RawTable, Vec<String>)> {
    read_to(source, id, Some(take))
}

fn read_to<'a>(source: &Source, id: TableId, take: Option<&'a mut TakeBlock<'a>>) -> Result<(RawTable, Vec<String>)> {
    let keeps_rows = take.is_none();
    let (mut table, mut warnings) = read_first(source, id, take).map_err(|error| undated::explained(source, error))?;
    if id == TableId::Categories && keeps_rows && !source.is_export() {
        warnings.extend(built_in::complete(&mut table)?);
    }
    let duplicates = duplicate_warnings(source, id, &table.file.name)?;
    Ok((table, source.unread(id).cloned().chain(duplicates).chain(warnings).collect()))
}

fn read_first<'a>(
    source: &Source,
    id: TableId,
    take: Option<&'a mut TakeBlock<'a>>,
) -> Result<(RawTable, Vec<String>)> {
    for part in source.parts() {
        if let Some(file) = part.file(id) {
            return read_file(file, source.reading(), take);
        }
        if let Some(SharedStore(store)) = part.store.as_ref().filter(|s| s.0.holds(Stage::Raw, id.name()))
            && let Some(rows) = store.rows(Stage::Raw, id.name())?
        {
            let (table, mut warnings) = read_store(store, id, rows, source.reading(), part.export.is_some(), take)?;
            // What was set aside on the way from the export is told once.
            if let Some(export) = part.export.as_ref().filter(|_| id == TableId::Orders) {
                warnings.extend(export.notes()?);
            }
            return Ok((table, warnings));
        }
    }
    source.accept_missing(id.table())?;
    let (table, warnings) = built_in::table(id)?;
    // The notes of an export say what it leaves open.
    Ok((table, if source.is_export() { Vec::new() } else { warnings }))
}

/// One warning per further store that holds the table, which is read from `first`.
fn duplicate_warnings(source: &Source, id: TableId, first: &str) -> Result<Vec<String>> {
    let mut warnings = Vec::new();
    for SharedStore(store) in source.parts().iter().filter_map(|part| part.store.as_ref()) {
        let name = stored_name(&**store, id);
        if name != first && store.holds(Stage::Raw, id.name()) && store.rows(Stage::Raw, id.name())?.is_some() {
            warnings.push(unread(&name, &format!("`{}` is taken from `{first}`", id.name())));
        }
    }
    Ok(warnings)
}

fn stored_name(store: &dyn Store, id: TableId) -> String {
    format!("{} {}.{}", store.url(), Stage::Raw.name(), id.name())
}

/// Reads the rows of a store like those of a file, so that they meet the same contract. A store has no order, so the hash does not depend
/// on it. `estimated_rows` sizes the buffers.
fn read_store<'a>(
    store: &Arc<dyn Store>,
    id: TableId,
    estimated_rows: u64,
    reading: &Reading,
    is_export: bool,
    take: Option<&'a mut TakeBlock<'a>>,
) -> Result<(RawTable, Vec<String>)> {
    let name = stored_name(&**store, id);
    let mut builder =
        TableBuilder::new(id.table(), &name, estimated_rows.saturating_mul(id.table().typical_width()), take);
    builder.read_as(reading);
    if is_export {
        let frame = store.read(Stage::Raw, id.name())?;
        builder.take_words_of_a_market(|name| frame.as_ref().is_some_and(|frame| is_filled(frame, name)));
    }
    let reread = Arc::clone(store);
    builder.start_file(&name, Box::new(move |builder| stored_rows(&*reread, id, builder).map(drop)));
    let (bytes, hash) = stored_rows(&**store, id, &mut builder)?;
    let warnings = dialect::warnings(&[(name.clone(), builder.found())]);
    Ok((builder.finish(InputFile::single(&name, bytes, hash), true)?, warnings))
}

fn is_filled(frame: &DataFrame, column: &str) -> bool {
    frame.column(column).is_ok_and(|column| column.null_count() < column.len())
}

/// Passes the rows of a store to `builder`; returns their size as text and their hash.
fn stored_rows(store: &dyn Store, id: TableId, builder: &mut TableBuilder<'_>) -> Result<(u64, String)> {
    let name = stored_name(store, id);
    let mut rows = TypedRows::of_store(&name);
    if !store.read_blocks(Stage::Raw, id.name(), &mut |frame| rows.push(&frame, builder))? {
        return Err(Error::store(store.url(), format!("the table `{}` is gone", id.name())).with_hint("load it again"));
    }
    Ok((rows.bytes, rows.hash.take().unwrap_or_default().finish()))
}

/// Reads the files of a table one after the other and checks each by itself. Line numbers count on from file to file.
fn read_file<'a>(
    file: &SourceFile,
    reading: &Reading,
    take: Option<&'a mut TakeBlock<'a>>,
) -> Result<(RawTable, Vec<String>)> {
    let mut builder = TableBuilder::new(file.table.table(), &file.name, file.size()?, take);
    builder.read_as(reading);
    let (mut read, mut warnings, mut found) = (Vec::new(), Vec::new(), Vec::new());
    for part in file.parts() {
        let (reread, format, reading) = (part.clone(), file.format, *reading);
        let reread = move |builder: &mut TableBuilder<'_>| read_part(&reread, format, &reading, builder).map(drop);
        builder.start_file(&part.name, Box::new(reread));
        let (identity, notes, mut forms) = read_part(part, format, &reading, &mut builder)?;
        forms.extend(builder.found());
        found.push((part.name.clone(), forms));
        read.push(identity);
        warnings.extend(notes.into_iter().filter(|warning| !warnings.contains(warning)).collect::<Vec<_>>());
    }
    if read.iter().all(|identity| identity.as_ref().is_some_and(|file| file.bytes == 0)) {
        return Err(Error::input(format!("`{}` is empty", file.name)).with_hint("download the file again"));
    }
    // A compressed file is hashed as it is stored, not its rows.
    let hash: &Hash<'_> = &|_, path| hash_file(path);
    let identify = |(part, read): (&FilePart, Option<InputFile>)| match read.filter(|_| part.is_plain()) {
        Some(read) => Ok(read),
        None => hash_part(part, hash),
    };
    let mut parts = file.parts().iter().zip(read).map(identify).collect::<Result<Vec<_>>>()?;
    let identity = match file.single().and_then(|_| parts.pop()) {
        Some(single) => single,
        None => InputFile::joined(&file.name, parts),
    };
    warnings.extend(dialect::warnings(&found));
    builder.finish(identity, true).map(|table| (table, warnings))
}

/// What reading a file returns: its identity, if it is known from its rows; its warnings; and how it differs from the canonical form.
type ReadNotes = (Option<InputFile>, Vec<String>, Vec<String>);

/// Passes the rows of one file to `builder`.
fn read_part(part: &FilePart, format: Format, reading: &Reading, builder: &mut TableBuilder<'_>) -> Result<ReadNotes> {
    match (part.is_parquet(), format) {
        (true, _) => Ok((None, read_parquet(part, builder)?, Vec::new())),
        (_, Format::Csv) => part.with_rows(|rows| read_text(part, rows, reading, builder)),
        (_, Format::Json) => part.with_rows(|rows| {
            let mut hashing = HashingReader::new(rows);
            let warnings = json::read(&mut hashing, builder)?;
            Ok((Some(hashing.file(&part.name)), warnings, Vec::new()))
        }),
    }
}

/// Reads a CSV file.
fn read_text(
    part: &FilePart,
    rows: &mut dyn Read,
    reading: &Reading,
    builder: &mut TableBuilder<'_>,
) -> Result<ReadNotes> {
    let mut hashing = HashingReader::new(rows);
    hashing.hashes = part.is_plain();
    let reread = |take: &mut dyn FnMut(&mut dyn Read) -> Result<()>| part.with_rows(|bytes| take(bytes));
    let Canonical { bytes, found, surveyed } =
        dialect::canonical(builder.table, &part.name, reading, Box::new(&mut hashing), &reread)?;
    if surveyed {
        builder.reread = None;
    }
    let (warnings, ends_line) = read_csv(bytes, builder)?;
    builder.end_file(ends_line)?;
    Ok((Some(hashing.file(&part.name)), warnings, found))
}

/// Reads a Parquet file. The line of a row is its number.
fn read_parquet(part: &FilePart, builder: &mut TableBuilder<'_>) -> Result<Vec<String>> {
    let pages = part.pages()?;
    let names = pages.names();
    let (positions, warnings) = builder.locate(&names)?;
    let present: Vec<usize> = positions.iter().copied().filter(|at| *at < names.len()).collect();
    let mut rows = TypedRows::of_file(&part.name, pages.most_unpacked(), builder.lines_before);
    pages.read(&present, &mut |mut frame| {
        // A column that the file lacks is null in every row.
        for (at, _) in positions.iter().enumerate().filter(|(_, position)| **position == names.len()) {
            let empty = Column::full_null(builder.table.columns[at].source.into(), frame.height(), &DataType::String);
            frame.insert_column(at, empty)?;
        }
        rows.push(&frame, builder)
    })?;
    builder.lines_before = rows.rows;
    builder.end_file(true)?;
    Ok(warnings)
}
