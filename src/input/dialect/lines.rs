//! Bytes of CSV → the CSV parser, with a limit on the length of a record, which the parser itself lacks. Used by `rows::csv` and `dialect`.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

/// Longest record, bytes.
pub(crate) const MAX_RECORD: usize = 1 << 20;
/// If the parser has consumed this many bytes since the last record, the record is longer than [`MAX_RECORD`]: the parser buffers at most
/// one block ahead.
const MAX_SINCE_RECORD: u64 = 3 * MAX_RECORD as u64;

/// A reader that fails when no record ends for too long.
pub(crate) struct RecordLimitReader<R> {
    bytes: R,
    since_record: BytesSinceRecord,
}

/// Number of bytes read since the last record ended.
#[derive(Debug, Clone, Default)]
pub(crate) struct BytesSinceRecord(Rc<Cell<u64>>);

impl BytesSinceRecord {
    /// Called with each record; it begins on `line`.
    ///
    /// # Errors
    /// The record is too long.
    #[inline]
    pub(crate) fn end_record(&self, record: &csv::ByteRecord, line: u64) -> io::Result<()> {
        self.0.set(0);
        if record.as_slice().len() > MAX_RECORD { Err(too_long(line)) } else { Ok(()) }
    }

    /// The reason why the record that begins on `line` cannot be read.
    pub(crate) fn explain(&self, error: csv::Error, line: u64) -> io::Error {
        match error.into_kind() {
            _ if self.0.get() > MAX_SINCE_RECORD => too_long(line),
            csv::ErrorKind::Io(error) => error,
            other => io::Error::other(format!("{other:?}")),
        }
    }
}

fn too_long(line: u64) -> io::Error {
    io::Error::other(format!(
        "the record that begins on line {line} is longer than {} MB: a quote that opens in it is not closed",
        MAX_RECORD >> 20
    ))
}

impl<R: Read> RecordLimitReader<R> {
    pub(crate) fn new(bytes: R) -> Self {
        RecordLimitReader { bytes, since_record: BytesSinceRecord::default() }
    }

    pub(crate) fn get_ref(&self) -> &R {
        &self.bytes
    }

    pub(crate) fn since_record(&self) -> BytesSinceRecord {
        self.since_record.clone()
    }
}

impl<R: Read> Read for RecordLimitReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.since_record.0.get() > MAX_SINCE_RECORD {
            return Err(io::Error::other("a record does not end"));
        }
        let count = self.bytes.read(buffer)?;
        self.since_record.0.set(self.since_record.0.get() + count as u64);
        Ok(count)
    }
}
