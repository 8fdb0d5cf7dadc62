//! The files of one table → one stream of CSV: unpacked, one after the other, under one header. Used by `source`.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};

use polars::io::utils::compression::{ByteSourceReader, SupportedCompression};
use polars::prelude::{CsvWriter, ParquetReader, SerReader, SerWriter};

use super::contract::Table;
use super::dialect;
use super::reading::Reading;
use crate::error::{Error, Result};

/// A compressed text never shrinks this far; a file that claims to is refused before it fills the memory.
pub(super) const MAX_COMPRESSION: u64 = 200;
/// What tables shrink to, about: how much room to make for their rows.
const USUAL_COMPRESSION: u64 = 4;

/// Extensions of compressed files, after that of their format.
const COMPRESSED: [&str; 2] = [".gz", ".zst"];
const PARQUET: &str = ".parquet";

/// A file's name without the extensions, if its rows can be had as CSV.
pub(super) fn stem(file_name: &str) -> Option<&str> {
    let plain = COMPRESSED.iter().find_map(|end| file_name.strip_suffix(end)).unwrap_or(file_name);
    plain.strip_suffix(".csv").or_else(|| file_name.strip_suffix(PARQUET))
}

/// Files of one table, read one after the other. Lines count through all of them: the headers of all but the first become empty
/// lines.
pub(super) struct Parts {
    left: std::vec::IntoIter<PathBuf>,
    current: Option<(PathBuf, BufReader<Box<dyn Read>>)>,
    header: Option<Vec<u8>>,
    /// Ready to be read before the current file goes on.
    pending: Cursor<Vec<u8>>,
    ends_line: bool,
    /// Whose rows they hold, and how they are read.
    table: (&'static Table, Reading),
    /// What was found in each file that is not canonical, by name.
    pub(super) found: Vec<(String, Vec<String>)>,
}

impl Parts {
    /// The rows of all files but the first `known`, under the header of the first.
    ///
    /// # Errors
    /// That cannot be read.
    pub fn after(mut files: Vec<PathBuf>, known: usize, table: (&'static Table, Reading)) -> Result<Parts> {
        let left = files.split_off(known);
        let mut parts = Parts {
            left: left.into_iter(),
            current: None,
            header: None,
            pending: Cursor::default(),
            ends_line: true,
            table,
            found: Vec::new(),
        };
        if let Some(first) = files.first() {
            let mut header = Vec::new();
            let mut file = BufReader::new(canonical(open(first)?, first, table)?.0);
            file.read_until(b'\n', &mut header).map_err(Error::io("read", first))?;
            parts.header = Some(names(&header));
            parts.pending = Cursor::new(header);
        }
        Ok(parts)
    }

    /// About how many bytes the stream holds.
    ///
    /// # Errors
    /// A file is missing.
    pub fn size(files: &[PathBuf]) -> Result<u64> {
        let size = |path: &PathBuf| {
            let bytes = std::fs::metadata(path).map_err(Error::io("read", path))?.len();
            Ok(if is_plain(path) { bytes } else { bytes.saturating_mul(USUAL_COMPRESSION) })
        };
        files.iter().map(size).sum()
    }

    /// Opens the next file, and makes its header that of the stream, or an empty line.
    fn next(&mut self) -> io::Result<bool> {
        let Some(path) = self.left.next() else { return Ok(false) };
        let named = |e: &dyn std::fmt::Display| io::Error::other(format!("`{}`: {e}", path.display()));
        let rows = open(&path).map_err(|e| named(&e))?;
        let (rows, found) = canonical(rows, &path, self.table).map_err(io::Error::other)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        self.found.push((name, found));
        let mut file = BufReader::with_capacity(1 << 18, rows);
        let mut first = Vec::new();
        file.read_until(b'\n', &mut first).map_err(|e| named(&e))?;
        // The line break that the file before lacks.
        let mut pending = if self.ends_line { Vec::new() } else { vec![b'\n'] };
        match &self.header {
            // A file without a line has no header either: that of the next one is the stream's.
            None if first.is_empty() => {}
            None => {
                self.header = Some(names(&first));
                pending.extend(&first);
            }
            Some(header) if first.is_empty() || *header == names(&first) => pending.push(b'\n'),
            Some(_) => return Err(named(&"its header is not that of the files before it")),
        }
        self.pending = Cursor::new(pending);
        self.current = Some((path, file));
        Ok(true)
    }
}

impl Read for Parts {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let mut read = self.pending.read(buffer)?;
            if let (0, Some((path, file))) = (read, &mut self.current) {
                read = file.read(buffer).map_err(|e| io::Error::new(e.kind(), format!("`{}`: {e}", path.display())))?;
            }
            if let Some(last) = read.checked_sub(1) {
                self.ends_line = buffer[last] == b'\n';
                return Ok(read);
            }
            if buffer.is_empty() || !self.next()? {
                return Ok(0);
            }
        }
    }
}

/// The first line of the files, all of which have the same, for who reads the rest elsewhere.
///
/// # Errors
/// One cannot be read, or begins otherwise.
pub(super) fn header(files: &[PathBuf]) -> Result<Vec<u8>> {
    let mut header = Vec::new();
    for path in files {
        let mut first = Vec::new();
        BufReader::new(open(path)?).read_until(b'\n', &mut first).map_err(Error::io("read", path))?;
        if header.is_empty() {
            header = first;
        } else if !first.is_empty() && names(&first) != names(&header) {
            let path = path.display();
            return Err(Error::input(format!("cannot read `{path}`: its header is not that of the files before it")));
        }
    }
    Ok(header)
}

/// The header without what does not tell one from another: mark, quotes, line end.
fn names(line: &[u8]) -> Vec<u8> {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    line.iter().copied().filter(|b| !matches!(b, b'"' | b'\r' | b'\n')).collect()
}

/// Whether the rows of a file are written as CSV, compressed or not.
pub(super) fn is_csv(path: &Path) -> bool {
    !path.to_string_lossy().ends_with(PARQUET)
}

/// Whether the bytes of a file are those of its rows.
pub(super) fn is_plain(path: &Path) -> bool {
    let name = path.to_string_lossy();
    !COMPRESSED.iter().any(|end| name.ends_with(end)) && !name.ends_with(PARQUET)
}

/// The rows of a file, which is at `path`, as canonical CSV, and what was found that is not.
fn canonical(
    rows: Box<dyn Read>,
    path: &Path,
    (table, reading): (&'static Table, Reading),
) -> Result<(Box<dyn Read>, Vec<String>)> {
    if !is_csv(path) {
        return Ok((rows, Vec::new()));
    }
    let again = |take: &mut dyn FnMut(&mut dyn Read) -> Result<()>| take(&mut open(path)?);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    dialect::canonical(table, &name, &reading, rows, &again)
}

/// The rows of a file as CSV.
fn open(path: &Path) -> Result<Box<dyn Read>> {
    let file = File::open(path).map_err(Error::io("read", path))?;
    if is_plain(path) {
        return Ok(Box::new(file));
    }
    if path.to_string_lossy().ends_with(PARQUET) {
        let mut frame = ParquetReader::new(file).finish()?;
        let mut csv = Vec::new();
        CsvWriter::new(&mut csv).with_datetime_format(Some("%Y-%m-%d %H:%M:%S".into())).finish(&mut frame)?;
        return Ok(Box::new(Cursor::new(csv)));
    }
    let most = file.metadata().map_err(Error::io("read", path))?.len().saturating_mul(MAX_COMPRESSION);
    let mut file = BufReader::with_capacity(1 << 18, file);
    let start = file.fill_buf().map_err(Error::io("read", path))?;
    let compression = SupportedCompression::check(start).ok_or_else(|| Error::input("it is neither gzip nor zstd"))?;
    let bytes: Box<dyn Read> = match ByteSourceReader::try_new(file, Some(compression))? {
        ByteSourceReader::Gzip(reader) => Box::new(reader),
        ByteSourceReader::Zlib(reader) => Box::new(reader),
        ByteSourceReader::Zstd(reader) => Box::new(reader),
        ByteSourceReader::UncompressedStream(reader) => Box::new(reader),
        ByteSourceReader::UncompressedMemory { slice, .. } => Box::new(Cursor::new(slice)),
    };
    Ok(Box::new(Limited { bytes, left: most }))
}

/// Fails where a file unpacks to more than any table would.
struct Limited {
    bytes: Box<dyn Read>,
    left: u64,
}

impl Read for Limited {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.bytes.read(buffer)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| {
            io::Error::other(format!("it unpacks to more than {MAX_COMPRESSION} times its size, as no table does"))
        })?;
        Ok(read)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::contract::TableId;
    use super::*;

    fn joined(files: &[&str]) -> io::Result<String> {
        let dir = tempfile::tempdir().unwrap();
        let paths: Vec<PathBuf> = (0..files.len()).map(|i| dir.path().join(format!("{i}.csv"))).collect();
        paths.iter().zip(files).for_each(|(path, text)| std::fs::write(path, text).unwrap());
        let mut text = String::new();
        Parts::after(paths, 0, (TableId::Orders.table(), Reading::default()))
            .unwrap()
            .read_to_string(&mut text)
            .map(|_| text)
    }

    #[test]
    fn files_follow_each_other_under_one_header() {
        assert_eq!(joined(&["a,b\n1,2\n", "\"a\",\"b\"\r\n3,4\n"]).unwrap(), "a,b\n1,2\n\n3,4\n");
        assert_eq!(joined(&["a,b\n1,2", "a,b\n3,4"]).unwrap(), "a,b\n1,2\n\n3,4");
        assert_eq!(joined(&["a,b\n1,2\n", "", "a,b\n"]).unwrap(), "a,b\n1,2\n\n\n");
        assert_eq!(joined(&["", "a,b\n1,2\n", "a,b\n3,4\n"]).unwrap(), "a,b\n1,2\n\n3,4\n");
        assert_eq!(joined(&["", ""]).unwrap(), "");
        let error = joined(&["a,b\n1,2\n", "b,a\n3,4\n"]).unwrap_err().to_string();
        assert!(error.contains("1.csv`: its header is not that"), "{error}");
    }

    #[test]
    fn one_header_is_demanded() {
        let dir = tempfile::tempdir().unwrap();
        let paths: Vec<PathBuf> = (0..3).map(|i| dir.path().join(format!("{i}.csv"))).collect();
        let texts = ["", "\u{feff}\"a\",b\r\n1,2\r\n", "a,b\n3,4"];
        paths.iter().zip(texts).for_each(|(path, text)| std::fs::write(path, text).unwrap());
        assert_eq!(header(&paths).unwrap(), "\u{feff}\"a\",b\r\n".as_bytes());
        std::fs::write(&paths[2], "b,a\n").unwrap();
        let error = header(&paths).unwrap_err().to_string();
        assert!(error.contains("2.csv`: its header is not that"), "{error}");
    }

    #[test]
    fn extensions_tell_what_is_read() {
        let stems =
            ["orders.csv", "orders.csv.gz", "o.csv.zst", "orders.parquet", "o.parquet.gz", "o.json", "o"].map(stem);
        assert_eq!(stems, [Some("orders"), Some("orders"), Some("o"), Some("orders"), None, None, None]);
    }
}
