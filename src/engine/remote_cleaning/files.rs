//! Source → the raw files of a table as a remote engine gets them: their paths or URLs, and their common header. Used by
//! `remote_cleaning`.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use crate::error::{Error, Result};
use crate::input::file::part::{FilePart, header};
use crate::input::file::source_file::{Format, SourceFile};
use crate::input::source::Source;
use crate::input::{built_in, dialect};
use crate::schema::contract::Table;
use crate::schema::file_names::is_parquet;
use crate::schema::read_options::Reading;
use crate::store::Stage;

/// Hint for a statement that the server refuses.
pub(crate) const HINT: &str =
    "cleaning runs on Spark 4 and Sail 0.7; without `--engine-cleans` this process cleans, and the server aggregates";

/// The CSV files of a table.
#[derive(Debug)]
pub(crate) struct RawFiles {
    /// Name for messages.
    pub(crate) name: String,
    /// The columns of all files.
    pub(crate) header: Vec<String>,
    /// Absolute paths or URLs; empty if the table is built in.
    pub(crate) places: Vec<String>,
    /// Size of all files, bytes.
    pub(crate) bytes: u64,
    /// Last lines without a line end: these files may be truncated. Truncated compressed files fail by themselves.
    pub(crate) unterminated: Vec<Vec<u8>>,
}

/// Longest line to look for; anything longer is not a line of a table.
const MAX_LINE: u64 = 1 << 16;

impl RawFiles {
    /// The files of a table, from the first place that holds it. Reads only their first lines.
    ///
    /// # Errors
    /// The table is not in CSV files that engines can reach, or these cannot be read here.
    pub(crate) fn of(source: &Source, table: &'static Table) -> Result<RawFiles> {
        for part in source.parts() {
            if let Some(file) = part.file(table.id) {
                return RawFiles::at(file);
            }
            let store = part.store.as_ref().filter(|store| store.0.holds(Stage::Raw, table.name));
            if store.map_or(Ok(None), |store| store.0.rows(Stage::Raw, table.name))?.is_some() {
                return Err(unreachable(table.name));
            }
        }
        source.accept_missing(table)?;
        let header = table.columns.iter().map(|column| column.source.into()).collect();
        let name = built_in::name(table.id).into();
        Ok(RawFiles { name, header, places: Vec::new(), bytes: 0, unterminated: Vec::new() })
    }

    fn at(file: &SourceFile) -> Result<RawFiles> {
        let parts = file.parts();
        let places: Option<Vec<String>> = parts.iter().map(FilePart::place).collect::<Result<_>>()?;
        let csv = file.format == Format::Csv && !parts.iter().any(|part| is_parquet(&part.name));
        let places = places.filter(|_| csv).ok_or_else(|| unreachable(&file.name))?;
        let line = header(parts)?;
        for part in parts.iter().filter(|part| part.is_plain() && part.path().is_some()) {
            as_servers_read(file.table.table(), part)?;
        }
        if line.is_empty() {
            return Err(Error::input(format!("`{}` is empty", file.name)).with_hint("download the file again"));
        }
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&line[..]);
        let record = reader.records().next().and_then(std::result::Result::ok).unwrap_or_default();
        let header = record.iter().map(|name| name.trim().to_string()).collect();
        let uncompressed = parts.iter().filter(|part| part.is_plain()).filter_map(FilePart::path);
        let unterminated = uncompressed.map(unterminated).filter_map(Result::transpose).collect::<Result<_>>()?;
        let bytes = parts.iter().map(FilePart::bytes).sum::<Result<_>>()?;
        Ok(RawFiles { name: file.name.clone(), header, places, bytes, unterminated })
    }
}

/// Checks that a file is in the canonical form, which is the only one that servers read.
///
/// # Errors
/// Its head is not.
fn as_servers_read(table: &'static Table, part: &FilePart) -> Result<()> {
    let reread = |take: &mut dyn FnMut(&mut dyn Read) -> Result<()>| part.with_rows(|bytes| take(bytes));
    let name = &part.name;
    let found = part
        .with_rows(|rows| Ok(dialect::canonical(table, name, &Reading::default(), Box::new(rows), &reread)?.found))?;
    match found.is_empty() {
        true => Ok(()),
        false => Err(Error::input(format!("a server does not read `{name}`: {}", found.join("; "))).with_hint(HINT)),
    }
}

/// The last line of a file, if it has no line end.
fn unterminated(path: &Path) -> Result<Option<Vec<u8>>> {
    let failed = || Error::io("read", path);
    let mut file = File::open(path).map_err(failed())?;
    let bytes = file.metadata().map_err(failed())?.len();
    let mut end = Vec::new();
    file.seek(SeekFrom::Start(bytes.saturating_sub(1))).map_err(failed())?;
    file.read_to_end(&mut end).map_err(failed())?;
    if end.is_empty() || end == b"\n" {
        return Ok(None);
    }
    end.clear();
    file.seek(SeekFrom::Start(bytes.saturating_sub(MAX_LINE))).map_err(failed())?;
    file.read_to_end(&mut end).map_err(failed())?;
    Ok(end.rsplit(|byte| *byte == b'\n').next().map(<[u8]>::to_vec))
}

fn unreachable(table: &str) -> Error {
    Error::input(format!("an engine cleans CSV files that it reaches, and `{table}` is none"))
        .with_hint("leave `--engine-cleans` out: this process reads all that `--data` takes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_does_not_end_is_known() {
        let dir = tempfile::tempdir().unwrap();
        let line = |name: &str, text: &str| {
            let path = dir.path().join(name);
            std::fs::write(&path, text).unwrap();
            unterminated(&path).unwrap().map(|line| String::from_utf8(line).unwrap())
        };
        assert_eq!(line("a.csv", "a,b\n1,2\n3,"), Some("3,".into()));
        assert_eq!(line("a.csv", "a,b\n1,2\n"), None);
        assert_eq!(line("a.csv", ""), None);
        assert_eq!(line("a.csv", "a"), Some("a".into()));
    }
}
