//! Identity of an input file: name, length and hash of its bytes or of its rows. Used by `read`, `identify` and the manifest of a run.

use std::io::Read;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::file::part::{FilePart, unreadable};
use crate::error::{Error, Result};
use crate::regular;

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

    /// The name of its data, without the mark of a remote engine.
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

/// Hashes a file on the disk, given its name and path: [`hash_file`], or a cache in front of it.
pub type Hash<'a> = dyn Fn(&str, &Path) -> Result<String> + Sync + 'a;

pub(super) fn hash_part(part: &FilePart, hash: &Hash<'_>) -> Result<InputFile> {
    if let Some(path) = part.path() {
        return Ok(InputFile::single(&part.name, part.bytes()?, hash(&part.name, path)?));
    }
    part.with_bytes(|bytes| {
        let mut hashing = HashingReader::new(bytes);
        let mut buffer = vec![0; 1 << 18];
        let failed = |e| unreadable(&part.name, &e);
        while hashing.read(&mut buffer).map_err(failed)? > 0 {}
        Ok(hashing.file(&part.name))
    })
}

/// Hashes and counts the bytes on their way to the parser, so that a file is read only once.
pub(crate) struct HashingReader<'a> {
    inner: &'a mut dyn Read,
    hasher: blake3::Hasher,
    /// Whether the hash is needed.
    pub(super) hashes: bool,
    bytes: u64,
}

impl<'a> HashingReader<'a> {
    pub(crate) fn new(inner: &'a mut dyn Read) -> Self {
        HashingReader { inner, hasher: blake3::Hasher::new(), hashes: true, bytes: 0 }
    }

    /// The identity of the bytes that were read.
    pub(super) fn file(&self, name: &str) -> InputFile {
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
