//! Source → RawTables: every row typed by the contract, or in quarantine with the reason. Next: `clean`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use polars::prelude::*;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::build::{MAX_COLUMNS, TableBuilder, TakeBlock, width};
use super::contract::{STATES, TABLES, Table, TableId};
use super::dialect::{self, Bytes};
use super::json;
use super::lines::{Bounded, LONGEST};
use super::parse::Bounds;
pub use super::quarantine::{Quarantine, Quarantined};
use super::reading::Reading;
use super::source::{FilePart, Format, Shelf, Source, SourceFile};
use crate::error::{Error, Result};
use crate::parallel;
use crate::store::Schema;
use crate::store::rows::{self, Cells, Value};

/// The ten tables as the files hold them: typed, duplicates included, columns under their source names.
#[derive(Debug, Clone)]
pub struct RawTables {
    /// One entry per table.
    pub tables: BTreeMap<TableId, RawTable>,
    /// What was accepted but should be known: unknown columns, built-in tables.
    pub warnings: Vec<String>,
}

/// One table as its file holds it.
#[derive(Debug, Clone)]
pub struct RawTable {
    /// The readable rows; columns in the order of the contract.
    pub frame: DataFrame,
    /// Line in the file of each row of `frame`, from 1.
    pub lines: Vec<u32>,
    /// Rows in the file, the header not counted.
    pub rows_in: usize,
    /// Zip prefixes whose leading zeros were restored.
    pub padded_zips: usize,
    /// Ids that are not 32 hexadecimal digits, by column.
    pub odd_ids: Vec<(&'static str, usize)>,
    /// Instants that had an offset from UTC, by column.
    pub converted: Vec<(&'static str, usize)>,
    /// What breaks the contract.
    pub quarantine: Quarantine,
    /// Where the rows come from.
    pub file: InputFile,
}

/// What the file of a table is called that the program holds.
pub(super) const BUILT_IN: &str = "(built in)";

/// What the name of files begins with that are known by their rows.
const ROWS_OF: &str = "rows of ";

/// Identity of an input file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputFile {
    /// Name relative to the source.
    pub name: String,
    /// Length in bytes.
    pub bytes: u64,
    /// BLAKE3 of the bytes, hexadecimal; of a table in several files, of their hashes. Of rows that a store holds or an engine
    /// elsewhere reads, it follows from these, whatever their order.
    pub blake3: String,
    /// The files of a table that has several, in the order in which they are read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<InputFile>,
}

impl InputFile {
    /// A file by itself.
    pub(super) fn single(name: &str, bytes: u64, blake3: String) -> InputFile {
        InputFile { name: name.into(), bytes, blake3, parts: Vec::new() }
    }

    /// Files that an engine elsewhere reads, known by their rows: nobody shall take the hash for that of a file.
    pub(super) fn of_rows(name: &str, bytes: u64, blake3: String) -> InputFile {
        InputFile::single(&format!("{ROWS_OF}{name}"), bytes, blake3)
    }

    /// Whether an engine elsewhere has read it.
    pub fn is_of_rows(&self) -> bool {
        self.name.starts_with(ROWS_OF)
    }

    /// The files of one table. Each is hashed by itself: what is known of one stays known when others come.
    pub(super) fn joined(name: &str, parts: Vec<InputFile>) -> InputFile {
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
    pub(super) fn hashes(&self) -> Vec<&str> {
        self.files().into_iter().map(|(_, hash)| hash).collect()
    }
}

/// BLAKE3 of a file's bytes, hexadecimal.
///
/// # Errors
/// It cannot be read.
pub fn hash_file(path: &Path) -> Result<String> {
    let mut hasher = blake3::Hasher::new();
    let mut file = File::open(path).map_err(Error::io("read", path))?;
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
/// A file that is not what its name says: no header, a missing column, another separator, cut off, mostly unreadable; a
/// table that is nowhere; a store that fails. Single rows that break the contract are no error: they go to
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

/// Says what a file on the disk is, by its name and place: [`hash_file`], or who remembers.
pub type Hash<'a> = dyn Fn(&str, &Path) -> Result<String> + Sync + 'a;

/// What [`RawTable::file`] will say. Of a file, the rows are not looked at; a store has none until they are read.
///
/// # Errors
/// As [`read`]; `hash` fails.
pub fn identify(source: &Source, id: TableId, hash: &Hash<'_>) -> Result<InputFile> {
    let first = source.parts().iter().find(|part| part.store.is_some() || part.file(id).is_some());
    let Some(file) = first.and_then(|part| part.file(id)) else { return Ok(read_table(source, id)?.0.file) };
    match (file.parts(), file.on_disk()) {
        (Some(parts), _) => hash_parts(&file.name, parts, hash),
        (None, Some(path)) => hash_single(&file.name, path, hash),
        (None, None) => file.with_reader(|reader, _| {
            let mut tap = Tap::new(reader);
            let mut buffer = vec![0; 1 << 18];
            let failed = |e| Error::input(format!("cannot read `{}`: {e}", file.name));
            while tap.read(&mut buffer).map_err(failed)? > 0 {}
            Ok(tap.file(&file.name))
        }),
    }
}

fn hash_single(name: &str, path: &Path, hash: &Hash<'_>) -> Result<InputFile> {
    let bytes = path.metadata().map_err(Error::io("read", path))?.len();
    Ok(InputFile::single(name, bytes, hash(name, path)?))
}

fn hash_parts(name: &str, parts: &[FilePart], hash: &Hash<'_>) -> Result<InputFile> {
    let parts = parts.iter().map(|part| hash_single(&part.name, &part.path, hash));
    Ok(InputFile::joined(name, parts.collect::<Result<_>>()?))
}

/// [`identify`] for all tables.
///
/// # Errors
/// As [`identify`].
pub fn identify_all(source: &Source, hash: &Hash<'_>) -> Result<Vec<(TableId, InputFile)>> {
    TABLES.par_iter().with_max_len(1).map(|table| Ok((table.id, identify(source, table.id, hash)?))).collect()
}

/// Reads one table, with warnings: from the first place that holds it, where files come before what a store holds.
pub(super) fn read_table(source: &Source, id: TableId) -> Result<(RawTable, Vec<String>)> {
    read_to(source, id, None)
}

/// The same, but the rows go to `take` in blocks: the table that comes back holds none of them.
pub(super) fn read_blocks<'a>(
    source: &Source,
    id: TableId,
    take: &'a mut TakeBlock<'a>,
) -> Result<(RawTable, Vec<String>)> {
    read_to(source, id, Some(take))
}

fn read_to<'a>(source: &Source, id: TableId, take: Option<&'a mut TakeBlock<'a>>) -> Result<(RawTable, Vec<String>)> {
    for part in source.parts() {
        if let Some(file) = part.file(id) {
            return read_file(file, source.reading(), take);
        }
        if let Some(Shelf(store)) = part.store.as_ref().filter(|s| s.0.holds(Schema::Raw, id.name()))
            && let Some(frame) = store.read(Schema::Raw, id.name())?
        {
            let name = format!("{} {}.{}", store.url(), Schema::Raw.name(), id.name());
            return Ok((read_frame(id.table(), &name, frame, source.reading(), take)?, Vec::new()));
        }
    }
    match id {
        TableId::States => Ok((built_in_states(), Vec::new())),
        _ => Err(source.missing(id.table())),
    }
}

/// Takes the rows of a store as those of a file, so that they meet the same contract. A store has no order: the hash does
/// not depend on it.
fn read_frame<'a>(
    table: &'static Table,
    name: &str,
    mut frame: DataFrame,
    reading: &Reading,
    take: Option<&'a mut TakeBlock<'a>>,
) -> Result<RawTable> {
    frame.rechunk_mut();
    let cells = Cells::of(&frame, &rows::fields(Schema::Raw, table.name).unwrap_or_default())?;
    let rows = frame.height();
    let mut builder = TableBuilder::new(table, name, rows as u64 * width(table), take);
    builder.bounds = Bounds::of(reading.years);
    let mut hashes = Vec::with_capacity(rows);
    let mut bytes = 0;
    let (mut text, mut ends) = (Vec::new(), [0; MAX_COLUMNS]);
    for row in 0..rows {
        text.clear();
        let mut hasher = blake3::Hasher::new();
        for (cell, end) in cells.iter().zip(&mut ends) {
            let start = text.len();
            let value = cell.get(row);
            value.write(&mut text);
            *end = text.len();
            // The length keeps fields apart, and an empty text from none.
            let length = if value == Value::Null { u64::MAX } else { (*end - start) as u64 };
            hasher.update(&length.to_le_bytes()).update(&text[start..]);
        }
        bytes += text.len() as u64;
        hashes.push(*hasher.finalize().as_bytes());
        let field = |i: usize| &text[if i == 0 { 0 } else { ends[i - 1] }..ends[i]];
        builder.push(row as u64 + 1, field, || (0..cells.len()).map(field).collect())?;
    }
    hashes.par_sort_unstable();
    let mut hasher = blake3::Hasher::new();
    for hash in &hashes {
        hasher.update(hash);
    }
    let blake3 = hasher.finalize().to_hex().to_string();
    builder.finish(InputFile::single(name, bytes, blake3), true)
}

fn read_file<'a>(
    file: &SourceFile,
    reading: &Reading,
    take: Option<&'a mut TakeBlock<'a>>,
) -> Result<(RawTable, Vec<String>)> {
    if let Some((mut parts, size)) = file.joined(reading)? {
        let mut tap = Tap::new(&mut parts);
        tap.hashes = false;
        let mut builder = TableBuilder::new(file.table.table(), &file.name, size, take);
        builder.bounds = Bounds::of(reading.years);
        let (mut warnings, ended) = read_csv(Box::new(&mut tap), &mut builder)?;
        some_bytes(&tap, file)?;
        let anew: &Hash<'_> = &|_, path| hash_file(path);
        let identity = hash_parts(&file.name, file.parts().unwrap_or_default(), anew)?;
        warnings.extend(dialect::told(&parts.found));
        return Ok((builder.finish(identity, ended)?, warnings));
    }
    file.with_reader(|reader, size| {
        let mut tap = Tap::new(reader);
        let mut builder = TableBuilder::new(file.table.table(), &file.name, size, take);
        builder.bounds = Bounds::of(reading.years);
        let (warnings, ended) = match file.format {
            Format::Csv => {
                let again =
                    |take: &mut dyn FnMut(&mut dyn Read) -> Result<()>| file.with_reader(|bytes, _| take(bytes));
                let table = file.table.table();
                let (bytes, found) = dialect::canonical(table, &file.name, reading, Box::new(&mut tap), &again)?;
                let (mut warnings, ended) = read_csv(bytes, &mut builder)?;
                warnings.extend(dialect::told(&[(file.name.clone(), found)]));
                (warnings, ended)
            }
            Format::Json => (json::read(&mut tap, &mut builder)?, true),
        };
        some_bytes(&tap, file)?;
        builder.finish(tap.file(&file.name), ended).map(|table| (table, warnings))
    })
}

fn some_bytes(tap: &Tap<'_>, file: &SourceFile) -> Result<()> {
    match tap.bytes {
        0 => Err(Error::input(format!("`{}` is empty", file.name)).with_hint("download the file again")),
        _ => Ok(()),
    }
}

/// Reads the records of a canonical file; says what to warn of, and whether the last line ends.
pub(super) fn read_csv(bytes: Bytes<'_>, builder: &mut TableBuilder<'_>) -> Result<(Vec<String>, bool)> {
    let bytes = Bounded::new(Lines::new(bytes));
    let unended = bytes.unended();
    let mut reader = csv::ReaderBuilder::new().flexible(true).buffer_capacity(LONGEST).from_reader(bytes);
    let file = builder.file.clone();
    let failed = |e: std::io::Error| {
        // What is known of one of several files has its own words.
        let cannot =
            |e| Error::input(format!("cannot read `{file}`: {e}")).with_hint("correct the file, or download it again");
        e.downcast::<Error>().unwrap_or_else(cannot)
    };
    let header = reader.byte_headers().map_err(|e| unended.explain(e, 1)).map_err(failed)?;
    let header: Vec<String> = header.iter().map(|h| String::from_utf8_lossy(h).trim().to_string()).collect();
    if header.is_empty() {
        // An empty file; the caller knows, since no byte was read.
        return Ok((Vec::new(), true));
    }
    let (positions, warnings) = builder.locate(&header)?;
    let mut record = csv::ByteRecord::new();
    let (mut last_line, mut last_byte) = (0, None);
    loop {
        let read = reader.read_byte_record(&mut record);
        // After `\r\n` the parser still stands before the `\n` when it says where a record starts.
        let line = record.position().map_or(0, csv::Position::line) + u64::from(reader.get_ref().get_ref().crlf);
        if !read.map_err(|e| unended.explain(e, line)).map_err(failed)? {
            break;
        }
        unended.end(&record, line).map_err(failed)?;
        let last = record.get(record.len().wrapping_sub(1));
        (last_line, last_byte) = (line, last.and_then(|field| field.last().copied()));
        if record.len() == header.len() {
            builder.push(line, |i| &record[positions[i]], || record.iter().collect())?;
        } else {
            let reason = format!("{} fields where the header has {}", record.len(), header.len());
            builder.reject(line, "", b"", reason, record.iter().collect())?;
        }
    }
    let lines = reader.get_ref().get_ref();
    if last_byte == Some(b'\n') && !lines.ends_with_quote() {
        let error = format!("`{file}`: a quote that opens in the record of line {last_line} is not closed");
        return Err(Error::input(error).with_hint("close or remove it: it makes the rest of the file one field"));
    }
    Ok((warnings, lines.ends_line()))
}

/// Looks at the line ends of the text that is parsed.
struct Lines<'a> {
    bytes: Bytes<'a>,
    last: [u8; 3],
    /// Whether the first line ends with `\r\n`; unknown until a line has ended.
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

/// Hashes and counts the bytes on their way to the parser, so that a file is read once.
pub(super) struct Tap<'a> {
    inner: &'a mut dyn Read,
    hasher: blake3::Hasher,
    /// Whether anybody asks for the hash.
    hashes: bool,
    bytes: u64,
}

impl<'a> Tap<'a> {
    fn new(inner: &'a mut dyn Read) -> Self {
        Tap { inner, hasher: blake3::Hasher::new(), hashes: true, bytes: 0 }
    }

    /// What went through.
    fn file(&self, name: &str) -> InputFile {
        let blake3 = self.hasher.finalize().to_hex().to_string();
        InputFile::single(name, self.bytes, blake3)
    }
}

impl Read for Tap<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.inner.read(buffer)?;
        if self.hashes {
            self.hasher.update(&buffer[..n]);
        }
        self.bytes += n as u64;
        Ok(n)
    }
}

fn built_in_states() -> RawTable {
    let codes: Vec<&str> = STATES.iter().map(|s| s.0).collect();
    let names: Vec<&str> = STATES.iter().map(|s| s.1).collect();
    let [code, name] = [0, 1].map(|i| TableId::States.table().columns[i].source);
    RawTable {
        frame: df!(code => &codes, name => &names).unwrap_or_default(),
        lines: (1..=STATES.len() as u32).collect(),
        rows_in: STATES.len(),
        padded_zips: 0,
        odd_ids: Vec::new(),
        converted: Vec::new(),
        quarantine: Quarantine::default(),
        file: InputFile::single(BUILT_IN, 0, String::new()),
    }
}
