//! A file of a table, on the disk, in an archive or in a store → its rows: a stream of CSV or JSON documents, or pages of Parquet. Used
//! by `source` and `read`.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use polars::io::utils::compression::{ByteSourceReader, SupportedCompression};

use super::archive;
use crate::error::{Error, Result};
use crate::guard::{Guarded, MAX_COMPRESSION, guarded};
use crate::regular;
use crate::schema::contract::Table;
use crate::schema::file_names;
use crate::store::StoredFile;
use crate::table::pages::Pages;

/// Typical compression ratio of tables, to estimate the size of their rows.
const TYPICAL_COMPRESSION: u64 = 4;
/// Bytes of a file in which its first line is looked for; a longer line is not a header.
const HEAD: u64 = 1 << 16;

/// What to do with a file or an archive whose bytes cannot be read.
const DAMAGED: &str = "the file is damaged, or the archive that holds it; copy it or download it again";

/// One file of a table.
#[derive(Debug, Clone)]
pub(crate) struct FilePart {
    /// Its path relative to the source.
    pub(crate) name: String,
    pub(crate) place: Place,
}

/// Where a file is stored.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    Disk(PathBuf),
    Zip { archive: PathBuf, index: usize },
    Stored(Arc<dyn StoredFile>),
}

impl FilePart {
    /// Its path, if it is a file on the disk.
    pub(crate) fn path(&self) -> Option<&Path> {
        match &self.place {
            Place::Disk(path) => Some(path),
            _ => None,
        }
    }

    /// Its address for a remote engine: a path, or the URL of a store that engines can read as well.
    pub(crate) fn place(&self) -> Result<Option<String>> {
        match &self.place {
            Place::Disk(path) => {
                let absolute = std::path::absolute(path).map_err(Error::io("read", path))?;
                Ok(Some(absolute.display().to_string()))
            }
            Place::Stored(file) => Ok(file.place()),
            Place::Zip { .. } => Ok(None),
        }
    }

    /// Whether the file is uncompressed text, so that its bytes are those of its rows.
    pub(crate) fn is_plain(&self) -> bool {
        !file_names::is_compressed(&self.name) && !file_names::is_parquet(&self.name)
    }

    /// Size where it is stored, and after unpacking as the archive declares it, bytes.
    fn sizes(&self) -> Result<(u64, u64)> {
        match &self.place {
            Place::Disk(path) => {
                let bytes = std::fs::metadata(path).map_err(Error::io("read", path))?.len();
                Ok((bytes, bytes))
            }
            Place::Zip { archive, index } => archive::sizes(archive, *index),
            Place::Stored(file) => Ok((file.size(), file.size())),
        }
    }

    /// Size of the file once it is taken out of its archive, bytes.
    pub(crate) fn bytes(&self) -> Result<u64> {
        Ok(self.sizes()?.1)
    }

    /// Estimated size of its rows as text, bytes; `table` is the table that it holds.
    pub(crate) fn text(&self, table: &Table) -> Result<u64> {
        if let (Place::Disk(_), true) = (&self.place, self.is_parquet()) {
            return Ok(self.pages()?.rows().saturating_mul(table.typical_width()));
        }
        Ok(if self.is_plain() { self.bytes()? } else { self.bytes()?.saturating_mul(TYPICAL_COMPRESSION) })
    }

    /// Whether the file is Parquet.
    pub(crate) fn is_parquet(&self) -> bool {
        file_names::is_parquet(&self.name)
    }

    /// Opens a Parquet file.
    ///
    /// # Errors
    /// It cannot be read, or is not a Parquet file.
    pub(crate) fn pages(&self) -> Result<Pages> {
        Pages::open(self.seekable()?, &self.name)
    }

    /// Calls `read` with the bytes of the file, as they are stored.
    ///
    /// # Errors
    /// It cannot be opened, or `read` fails.
    pub(crate) fn with_bytes<T>(&self, read: impl FnOnce(&mut dyn Read) -> Result<T>) -> Result<T> {
        match &self.place {
            Place::Disk(path) => read(&mut regular::open(path)?),
            Place::Zip { archive, index } => archive::with_entry(archive, *index, &self.name, |bytes, _| read(bytes)),
            Place::Stored(file) => read(&mut *file.open()),
        }
    }

    /// Calls `read` with the rows of a text file, CSV or JSON, decompressed where it is compressed.
    ///
    /// # Errors
    /// As [`FilePart::with_bytes`]; or the content does not match the extension.
    pub(crate) fn with_rows<T>(&self, read: impl FnOnce(&mut dyn Read) -> Result<T>) -> Result<T> {
        if !file_names::is_compressed(&self.name) {
            return self.with_bytes(read);
        }
        // The stored size: an entry of an archive may be compressed itself.
        let packed = self.sizes()?.0;
        self.with_bytes(|bytes| read(&mut unpacked(bytes, packed, &self.name).map_err(|e| self.failed(&e))?))
    }

    /// Reads the first bytes of a text file, at least the first line; for Parquet, the names of the columns as a line of CSV.
    ///
    /// # Errors
    /// As [`FilePart::with_rows`].
    pub(crate) fn head(&self) -> Result<Vec<u8>> {
        let mut head = Vec::new();
        if self.is_parquet() {
            return Ok(crate::input::quarantine::as_csv(self.pages()?.names().iter()).into_bytes());
        }
        let mut take = |bytes: &mut dyn Read| {
            let failed = |e: io::Error| self.failed(&Error::io("read", &self.name)(e));
            bytes.take(HEAD).read_to_end(&mut head).map(drop).map_err(failed)
        };
        match &self.place {
            Place::Stored(file) if self.is_plain() => take(&mut *file.first(HEAD))?,
            _ => self.with_rows(take)?,
        }
        Ok(head)
    }

    /// Opens the file, or a temporary copy that is removed when closed: Parquet is read from its end.
    fn seekable(&self) -> Result<File> {
        if let Place::Disk(path) = &self.place {
            return regular::open(path);
        }
        let failed = || Error::io("copy", &self.name);
        let mut copy = tempfile::tempfile().map_err(failed())?;
        self.with_bytes(|mut bytes| io::copy(&mut bytes, &mut copy).map_err(failed()))?;
        copy.seek(SeekFrom::Start(0)).map_err(failed())?;
        Ok(copy)
    }

    fn failed(&self, error: &Error) -> Error {
        match error {
            Error::Io { source, .. } => unreadable(&self.name, source),
            error => {
                Error::input(format!("cannot read `{}`: {error}", self.name)).with_hint(error.hint().unwrap_or(DAMAGED))
            }
        }
    }
}

/// The error for a file whose bytes cannot be read to their end. A store or an archive may give a hint of its own.
pub(crate) fn unreadable(name: &str, error: &io::Error) -> Error {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    let hint = inner.and_then(Error::hint).unwrap_or(DAMAGED);
    Error::input(format!("cannot read `{name}`: {error}")).with_hint(hint)
}

/// The header that all files share, for an engine that reads the rows itself.
///
/// # Errors
/// A file cannot be read, or has another header.
pub(crate) fn header(files: &[FilePart]) -> Result<Vec<u8>> {
    let mut header = Vec::new();
    for file in files {
        let mut first = file.head()?;
        first.truncate(first.iter().position(|b| *b == b'\n').map_or(first.len(), |end| end + 1));
        if header.is_empty() {
            header = first;
        } else if !first.is_empty() && columns(&first) != columns(&header) {
            let name = &file.name;
            return Err(Error::input(format!("cannot read `{name}`: its header is not that of the files before it")));
        }
    }
    Ok(header)
}

/// The header for comparison: without byte order mark, quotes and line end.
fn columns(line: &[u8]) -> Vec<u8> {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    line.iter().copied().filter(|b| !matches!(b, b'"' | b'\r' | b'\n')).collect()
}

/// Decompresses the file `name`, whose stored size is `size` bytes.
fn unpacked<'a>(packed: &'a mut dyn Read, size: u64, name: &str) -> Result<impl Read + 'a> {
    let mut packed = BufReader::with_capacity(1 << 18, packed);
    let start = packed.fill_buf().map_err(Error::io("read", name))?;
    let compression = SupportedCompression::check(start).ok_or_else(|| Error::input("it is neither gzip nor zstd"))?;
    let bytes: Box<dyn Read + 'a> = match guarded(name, || Ok(ByteSourceReader::try_new(packed, Some(compression))?))? {
        ByteSourceReader::Gzip(reader) => Box::new(reader),
        ByteSourceReader::Zlib(reader) => Box::new(reader),
        ByteSourceReader::Zstd(reader) => Box::new(reader),
        ByteSourceReader::UncompressedStream(reader) => Box::new(reader),
        ByteSourceReader::UncompressedMemory { slice, .. } => Box::new(Cursor::new(slice)),
    };
    Ok(Guarded(Limited { bytes, remaining: size.saturating_mul(MAX_COMPRESSION) }))
}

/// A reader that fails when a file unpacks to more than any table would.
struct Limited<'a> {
    bytes: Box<dyn Read + 'a>,
    remaining: u64,
}

impl Read for Limited<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.bytes.read(buffer)?;
        self.remaining = self.remaining.checked_sub(read as u64).ok_or_else(|| {
            io::Error::other(format!("it unpacks to more than {MAX_COMPRESSION} times its size, as no table does"))
        })?;
        Ok(read)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn part(dir: &Path, name: &str, bytes: &[u8]) -> FilePart {
        let path = dir.join(name);
        std::fs::write(&path, bytes).unwrap();
        FilePart { name: name.into(), place: Place::Disk(path) }
    }

    #[test]
    fn one_header_is_demanded() {
        let dir = tempfile::tempdir().unwrap();
        let texts = ["", "\u{feff}\"a\",b\r\n1,2\r\n", "a,b\n3,4"];
        let parts = |texts: [&str; 3]| [0, 1, 2].map(|i| part(dir.path(), &format!("{i}.csv"), texts[i].as_bytes()));
        assert_eq!(header(&parts(texts)).unwrap(), "\u{feff}\"a\",b\r\n".as_bytes());
        let error = header(&parts([texts[0], texts[1], "b,a\n"])).unwrap_err().to_string();
        assert!(error.contains("2.csv`: its header is not that"), "{error}");
    }

    #[test]
    fn what_unpacks_too_far_is_stopped() {
        let packed = |bytes: &[u8]| {
            use polars::io::utils::compression::CompressedWriter;
            use polars::io::utils::file::{Writable, WritableTrait};
            let file = tempfile::NamedTempFile::new().unwrap();
            let mut writer = CompressedWriter::gzip(Writable::Local(file.reopen().unwrap()), None);
            io::Write::write_all(&mut writer, bytes).unwrap();
            writer.close().unwrap();
            std::fs::read(file.path()).unwrap()
        };
        let dir = tempfile::tempdir().unwrap();
        let read = |bytes: &[u8]| {
            let mut text = Vec::new();
            let part = part(dir.path(), "orders.csv.gz", &packed(bytes));
            let failed = |e: io::Error| Error::input(e.to_string());
            part.with_rows(|rows| rows.read_to_end(&mut text).map_err(failed))?;
            Ok::<_, Error>(text)
        };
        assert_eq!(read(b"a,b\n1,2\n").unwrap(), b"a,b\n1,2\n");
        let error = read(&vec![b'0'; 20_000_000]).unwrap_err().to_string();
        assert!(error.contains("more than 200 times its size"), "{error}");
    }
}
