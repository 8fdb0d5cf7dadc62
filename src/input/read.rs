//! Source → RawTables: every row typed by the contract, or quarantined with the reason. Next: `clean`.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use polars::prelude::*;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

pub use super::conversions::Conversion;
use super::dialect;
use super::dialect::{Bytes, Canonical};
use super::lines::{Bounded, LONGEST};
use super::parts::{FilePart, unreadable};
use super::quarantine::Quarantine;
pub use super::quarantine::{Amount, Quarantined};
use super::source::{Format, SharedStore, Source, SourceFile};
use super::table_builder::{TableBuilder, TakeBlock, width};
use super::typed::TypedRows;
use super::{built_in, find, json, undated};
use crate::error::{Error, Result};
use crate::parallel;
use crate::regular;
use crate::schema::contract::{TABLES, TableId};
use crate::schema::read_options::Reading;
use crate::store::{Stage, Store};

/// The ten tables as the files hold them: typed, duplicates included, columns under their source names.
#[derive(Debug, Clone)]
pub struct RawTables {
    /// One entry per table.
    pub tables: BTreeMap<TableId, RawTable>,
    /// What was accepted but should be known, such as unknown columns and built-in tables.
    pub warnings: Vec<String>,
}

/// One table as its files hold it.
#[derive(Debug, Clone)]
pub struct RawTable {
    /// The readable rows; columns in the order of the contract.
    pub frame: DataFrame,
    /// Line in the file of each row of `frame`, from 1. With several files, lines count on from one to the next.
    pub lines: Vec<u32>,
    /// Number of rows in the file, without the header.
    pub rows_in: usize,
    /// Number of zip prefixes whose leading zeros were restored.
    pub padded_zips: usize,
    /// Number of ids that are not 32 hexadecimal digits, by column.
    pub odd_ids: Vec<(&'static str, usize)>,
    /// Number of values that were not taken as they are written, by column and by what was done to them.
    pub conversions: Vec<(&'static str, Conversion, usize)>,
    /// Rows and values that break the contract.
    pub quarantine: Quarantine,
    /// The file that the rows come from.
    pub file: InputFile,
}

/// Prefix of the names of files that are identified by their rows, not by their bytes.
const ROWS_OF: &str = "rows of ";

/// Identity of an input file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputFile {
    /// Name relative to the source.
    pub name: String,
    /// Length in bytes.
    pub bytes: u64,
    /// BLAKE3 of the bytes, hexadecimal. For a table in several files, BLAKE3 of their hashes. For rows of a store or rows that a remote
    /// engine reads, a hash of the rows that does not depend on their order.
    pub blake3: String,
    /// The files of a table that has several, in the order in which they are read; otherwise empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<InputFile>,
}

impl InputFile {
    /// The identity of a single file.
    pub(crate) fn single(name: &str, bytes: u64, blake3: String) -> InputFile {
        InputFile { name: name.into(), bytes, blake3, parts: Vec::new() }
    }

    /// The identity of files that a remote engine reads, by their rows. The name says so: the hash is not that of a file.
    pub(crate) fn of_rows(name: &str, bytes: u64, blake3: String) -> InputFile {
        InputFile::single(&format!("{ROWS_OF}{name}"), bytes, blake3)
    }

    /// Whether a remote engine has read it.
    pub fn is_of_rows(&self) -> bool {
        self.name.starts_with(ROWS_OF)
    }

    /// The name of its data, whoever has read them.
    pub(crate) fn data(&self) -> &str {
        self.name.strip_prefix(ROWS_OF).unwrap_or(&self.name)
    }

    /// The identity of a table in several files. Each file keeps its own hash, which stays valid when further files arrive.
    pub(crate) fn joined(name: &str, parts: Vec<InputFile>) -> InputFile {
        let mut hasher = blake3::Hasher::new();
        for part in &parts {
            hasher.update(part.blake3.as_bytes());
        }
        let bytes = parts.iter().map(|part| part.bytes).sum();
        InputFile { name: name.into(), bytes, blake3: hasher.finalize().to_hex().to_string(), parts }
    }

    /// Name and hash of each file of the table.
    pub fn files(&self) -> Vec<(&str, &str)> {
        let parts = if self.parts.is_empty() { std::slice::from_ref(self) } else { &self.parts };
        parts.iter().map(|part| (part.name.as_str(), part.blake3.as_str())).collect()
    }

    /// The hash of each file of the table.
    pub(crate) fn hashes(&self) -> Vec<&str> {
        self.files().into_iter().map(|(_, hash)| hash).collect()
    }
}

/// BLAKE3 of a file's bytes, hexadecimal.
///
/// # Errors
/// [`Error::Input`]: it is not a regular file. [`Error::Io`]: it cannot be read.
pub fn hash_file(path: &Path) -> Result<String> {
    let mut hasher = blake3::Hasher::new();
    let mut file = regular::open(path)?;
    let mut buffer = vec![0; 1 << 18];
    loop {
        match file.read(&mut buffer).map_err(Error::io("read", path))? {
            0 => return Ok(hasher.finalize().to_hex().to_string()),
            n => hasher.update(&buffer[..n]),
        };
    }
}

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

/// Hashes a file on the disk, given its name and path: [`hash_file`], or a cache in front of it.
pub type Hash<'a> = dyn Fn(&str, &Path) -> Result<String> + Sync + 'a;

/// Computes what [`RawTable::file`] will be. A file is hashed but not parsed; the rows of a store must be read.
///
/// # Errors
/// As [`read`]; or `hash` fails.
pub fn identify(source: &Source, id: TableId, hash: &Hash<'_>) -> Result<InputFile> {
    let first = source.parts().iter().find(|part| part.store.is_some() || part.file(id).is_some());
    let Some(file) = first.and_then(|part| part.file(id)) else {
        // Reads the rows for their hash and drops them.
        return Ok(read_blocks(source, id, &mut |_, _| Ok(()))?.0.file);
    };
    match file.single() {
        Some(part) => hash_part(part, hash),
        None => Ok(InputFile::joined(
            &file.name,
            file.parts().iter().map(|part| hash_part(part, hash)).collect::<Result<_>>()?,
        )),
    }
}

fn hash_part(part: &FilePart, hash: &Hash<'_>) -> Result<InputFile> {
    if let Some(path) = part.path() {
        return Ok(InputFile::single(&part.name, part.bytes()?, hash(&part.name, path)?));
    }
    part.with_bytes(|bytes| {
        let mut tap = HashingReader::new(bytes);
        let mut buffer = vec![0; 1 << 18];
        let failed = |e| unreadable(&part.name, &e);
        while tap.read(&mut buffer).map_err(failed)? > 0 {}
        Ok(tap.file(&part.name))
    })
}

/// [`identify`] for all tables.
///
/// # Errors
/// As [`identify`].
pub fn identify_all(source: &Source, hash: &Hash<'_>) -> Result<Vec<(TableId, InputFile)>> {
    TABLES.par_iter().with_max_len(1).map(|table| Ok((table.id, identify(source, table.id, hash)?))).collect()
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
    let whole = take.is_none();
    let (mut table, mut told) = read_first(source, id, take).map_err(|error| undated::explained(source, error))?;
    if id == TableId::Categories && whole {
        told.extend(built_in::complete(&mut table)?);
    }
    let stored = stored_again(source, id, &table.file.name)?;
    Ok((table, source.unread(id).cloned().chain(stored).chain(told).collect()))
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
            return read_store(store, id, rows, source.reading(), take);
        }
    }
    source.without(id.table())?;
    built_in::table(id)
}

/// One warning per further store that holds the table, which is read from `first`.
fn stored_again(source: &Source, id: TableId, first: &str) -> Result<Vec<String>> {
    let mut told = Vec::new();
    for SharedStore(store) in source.parts().iter().filter_map(|part| part.store.as_ref()) {
        let name = stored_name(&**store, id);
        if name != first && store.holds(Stage::Raw, id.name()) && store.rows(Stage::Raw, id.name())?.is_some() {
            told.push(find::unread(&name, &format!("`{}` is taken from `{first}`", id.name())));
        }
    }
    Ok(told)
}

fn stored_name(store: &dyn Store, id: TableId) -> String {
    format!("{} {}.{}", store.url(), Stage::Raw.name(), id.name())
}

/// Reads the rows of a store as if they were those of a file, so that they meet the same contract; `about` is their estimated number. A
/// store has no order, so the hash does not depend on it.
fn read_store<'a>(
    store: &Arc<dyn Store>,
    id: TableId,
    about: u64,
    reading: &Reading,
    take: Option<&'a mut TakeBlock<'a>>,
) -> Result<(RawTable, Vec<String>)> {
    let name = stored_name(&**store, id);
    let mut builder = TableBuilder::new(id.table(), &name, about.saturating_mul(width(id.table())), take);
    builder.read_as(reading);
    let again = Arc::clone(store);
    builder.start_file(&name, Box::new(move |builder| stored_rows(&*again, id, builder).map(drop)));
    let (bytes, hash) = stored_rows(&**store, id, &mut builder)?;
    let told = dialect::told(&[(name.clone(), builder.found())]);
    Ok((builder.finish(InputFile::single(&name, bytes, hash), true)?, told))
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
        let (again, format, reading) = (part.clone(), file.format, *reading);
        let again = move |builder: &mut TableBuilder<'_>| read_part(&again, format, &reading, builder).map(drop);
        builder.start_file(&part.name, Box::new(again));
        let (identity, told, mut forms) = read_part(part, format, &reading, &mut builder)?;
        forms.extend(builder.found());
        found.push((part.name.clone(), forms));
        read.push(identity);
        warnings.extend(told.into_iter().filter(|warning| !warnings.contains(warning)).collect::<Vec<_>>());
    }
    if read.iter().all(|identity| identity.as_ref().is_some_and(|file| file.bytes == 0)) {
        return Err(Error::input(format!("`{}` is empty", file.name)).with_hint("download the file again"));
    }
    // A compressed file is hashed as it is stored, not its rows.
    let anew: &Hash<'_> = &|_, path| hash_file(path);
    let identify = |(part, read): (&FilePart, Option<InputFile>)| match read.filter(|_| part.is_plain()) {
        Some(read) => Ok(read),
        None => hash_part(part, anew),
    };
    let mut parts = file.parts().iter().zip(read).map(identify).collect::<Result<Vec<_>>>()?;
    let identity = match file.single().and_then(|_| parts.pop()) {
        Some(single) => single,
        None => InputFile::joined(&file.name, parts),
    };
    warnings.extend(dialect::told(&found));
    builder.finish(identity, true).map(|table| (table, warnings))
}

/// What reading a file tells: its identity, if it is known from its rows; its warnings; and how it differs from the canonical form.
type Told = (Option<InputFile>, Vec<String>, Vec<String>);

/// Passes the rows of one file to `builder`.
fn read_part(part: &FilePart, format: Format, reading: &Reading, builder: &mut TableBuilder<'_>) -> Result<Told> {
    match (part.is_parquet(), format) {
        (true, _) => Ok((None, read_parquet(part, builder)?, Vec::new())),
        (_, Format::Csv) => part.with_rows(|rows| read_text(part, rows, reading, builder)),
        (_, Format::Json) => part.with_rows(|rows| {
            let mut tap = HashingReader::new(rows);
            let told = json::read(&mut tap, builder)?;
            Ok((Some(tap.file(&part.name)), told, Vec::new()))
        }),
    }
}

/// Reads a CSV file.
fn read_text(part: &FilePart, rows: &mut dyn Read, reading: &Reading, builder: &mut TableBuilder<'_>) -> Result<Told> {
    let mut tap = HashingReader::new(rows);
    tap.hashes = part.is_plain();
    let again = |take: &mut dyn FnMut(&mut dyn Read) -> Result<()>| part.with_rows(|bytes| take(bytes));
    let Canonical { bytes, found, surveyed } =
        dialect::canonical(builder.table, &part.name, reading, Box::new(&mut tap), &again)?;
    if surveyed {
        builder.again = None;
    }
    let (told, ends_line) = read_csv(bytes, builder)?;
    builder.end_file(ends_line)?;
    Ok((Some(tap.file(&part.name)), told, found))
}

/// Reads a Parquet file. The line of a row is its number.
fn read_parquet(part: &FilePart, builder: &mut TableBuilder<'_>) -> Result<Vec<String>> {
    let pages = part.pages()?;
    let names = pages.names();
    let (positions, warnings) = builder.locate(&names)?;
    let held: Vec<usize> = positions.iter().copied().filter(|at| *at < names.len()).collect();
    let mut rows = TypedRows::of_file(&part.name, pages.most_unpacked(), builder.lines_before);
    pages.read(&held, &mut |mut frame| {
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

/// Reads the records of a canonical file. Returns the warnings, and whether the last line is terminated.
pub(crate) fn read_csv(bytes: Bytes<'_>, builder: &mut TableBuilder<'_>) -> Result<(Vec<String>, bool)> {
    let bytes = Bounded::new(Lines::new(bytes));
    let unended = bytes.unended();
    let mut reader = csv::ReaderBuilder::new().flexible(true).buffer_capacity(LONGEST).from_reader(bytes);
    let file = builder.part.clone();
    let failed = |e: std::io::Error| {
        // Errors of one of several files name that file.
        let cannot =
            |e| Error::input(format!("cannot read `{file}`: {e}")).with_hint("correct the file, or download it again");
        e.downcast::<Error>().unwrap_or_else(cannot)
    };
    let header = reader.byte_headers().map_err(|e| unended.explain(e, 1)).map_err(failed)?;
    let header: Vec<String> = header.iter().map(|h| String::from_utf8_lossy(h).trim().to_string()).collect();
    if header.is_empty() {
        // An empty file: the caller reports it, since no byte was read.
        return Ok((Vec::new(), true));
    }
    let (positions, warnings) = builder.locate(&header)?;
    let lacks = positions.contains(&header.len());
    let before = builder.lines_before;
    let mut record = csv::ByteRecord::new();
    let (mut last_line, mut last_byte) = (0, None);
    loop {
        let read = reader.read_byte_record(&mut record);
        // After `\r\n` the parser reports the start of a record before the `\n`.
        let line = record.position().map_or(0, csv::Position::line) + u64::from(reader.get_ref().get_ref().crlf);
        if !read.map_err(|e| unended.explain(e, line)).map_err(failed)? {
            break;
        }
        unended.end(&record, line).map_err(failed)?;
        let last = record.get(record.len().wrapping_sub(1));
        (last_line, last_byte) = (line, last.and_then(|field| field.last().copied()));
        if record.len() == header.len() {
            if lacks {
                // A column that the file lacks is empty in every row.
                record.push_field(b"");
            }
            // Validates UTF-8 for all fields at once. A field boundary may still split a character.
            let whole = std::str::from_utf8(record.as_slice()).ok();
            let field = |i: usize| {
                let text = whole.and_then(|whole| whole.get(record.range(positions[i])?));
                text.map_or_else(|| std::str::from_utf8(&record[positions[i]]).map_err(|_| &record[positions[i]]), Ok)
            };
            builder.push(before + line, field, || record.iter().collect())?;
            builder.weigh(record.as_slice().len())?;
        } else {
            let reason = format!("{} fields where the header has {}", record.len(), header.len());
            builder.reject(before + line, "", b"", reason, record.iter().collect())?;
        }
    }
    let at = reader.position().line();
    let lines = reader.get_ref().get_ref();
    builder.lines_before += at - u64::from(lines.ends_line());
    if last_byte == Some(b'\n') && !lines.ends_with_quote() {
        let error = format!("`{file}`: a quote that opens in the record of line {last_line} is not closed");
        return Err(Error::input(error).with_hint("close or remove it: it makes the rest of the file one field"));
    }
    Ok((warnings, lines.ends_line()))
}

/// Observes the line ends of the text on its way to the parser.
struct Lines<'a> {
    bytes: Bytes<'a>,
    last: [u8; 3],
    /// Whether the first line ends with `\r\n`; unknown until the first line end.
    crlf: bool,
    in_first_line: bool,
}

impl<'a> Lines<'a> {
    fn new(bytes: Bytes<'a>) -> Lines<'a> {
        Lines { bytes, last: [b'\n'; 3], crlf: false, in_first_line: true }
    }

    fn ends_line(&self) -> bool {
        matches!(self.last[2], b'\n' | b'\r')
    }

    /// Whether the last line ends with a quote.
    fn ends_with_quote(&self) -> bool {
        matches!(self.last, [_, _, b'"'] | [_, b'"', b'\n'] | [b'"', b'\r' | b'\n', b'\n'])
    }
}

impl Read for Lines<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.bytes.read(buffer)?;
        if let (true, Some(end)) = (self.in_first_line, buffer[..n].iter().position(|b| *b == b'\n')) {
            let before = end.checked_sub(1).map_or(self.last[2], |i| buffer[i]);
            (self.crlf, self.in_first_line) = (before == b'\r', false);
        }
        for byte in &buffer[n.saturating_sub(3)..n] {
            self.last = [self.last[1], self.last[2], *byte];
        }
        Ok(n)
    }
}

/// Hashes and counts the bytes on their way to the parser, so that a file is read only once.
pub(crate) struct HashingReader<'a> {
    inner: &'a mut dyn Read,
    hasher: blake3::Hasher,
    /// Whether the hash is needed.
    hashes: bool,
    bytes: u64,
}

impl<'a> HashingReader<'a> {
    pub(crate) fn new(inner: &'a mut dyn Read) -> Self {
        HashingReader { inner, hasher: blake3::Hasher::new(), hashes: true, bytes: 0 }
    }

    /// The identity of the bytes that were read.
    fn file(&self, name: &str) -> InputFile {
        let blake3 = self.hasher.finalize().to_hex().to_string();
        InputFile::single(name, self.bytes, blake3)
    }
}

impl Read for HashingReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.inner.read(buffer)?;
        if self.hashes {
            self.hasher.update(&buffer[..n]);
        }
        self.bytes += n as u64;
        Ok(n)
    }
}
