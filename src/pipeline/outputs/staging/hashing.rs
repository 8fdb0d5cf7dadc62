//! Bytes on their way to a staged file → their number and hash. Used by `staging` and `streaming`.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use crate::error::Error;

/// Hashes and counts bytes while they are written to disk.
pub(crate) struct Hashing {
    pub(super) file: BufWriter<File>,
    pub(super) hasher: blake3::Hasher,
    pub(super) bytes: u64,
    /// Why writing failed, if it did.
    pub(super) failed: Option<std::io::Error>,
}

impl Hashing {
    /// Reports a full disk as such, instead of the error of the writer on top.
    pub(crate) fn explain(&mut self, error: Error, shown: &Path) -> Error {
        match self.failed.take() {
            Some(source) => Error::io("write", shown)(source),
            None => error,
        }
    }

    fn note<T>(&mut self, result: std::io::Result<T>) -> std::io::Result<T> {
        if let Err(e) = &result {
            self.failed = Some(std::io::Error::new(e.kind(), e.to_string()));
        }
        result
    }
}

impl Write for Hashing {
    fn write(&mut self, buffer: &[u8]) -> std::io::Result<usize> {
        let written = self.file.write(buffer);
        let n = self.note(written)?;
        self.hasher.update(&buffer[..n]);
        self.bytes += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        let flushed = self.file.flush();
        self.note(flushed)
    }
}
