//! Bytes in the layout of a file → its records. Used by `dialect`.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

use super::layout::Layout;
use super::lines::{BytesSinceRecord, RecordLimitReader};
use super::stream::Bytes;

/// Bytes that are processed at once.
pub(super) const BLOCK: usize = 1 << 16;

/// The bytes of a file with `\n` as line end and without spaces around quotes.
pub(crate) struct NormalizedText<'a> {
    bytes: Bytes<'a>,
    layout: Layout,
    state: FieldState,
    /// Number of spaces seen before what may be a quote.
    spaces: usize,
    /// Whether the last byte was a `\r` that may belong to a line end.
    cr: bool,
    block: Vec<u8>,
    text: Vec<u8>,
    read: usize,
    /// The last byte so far.
    last: Rc<Cell<u8>>,
}

/// Position within a record.
#[derive(Clone, Copy, PartialEq)]
enum FieldState {
    Start,
    Field,
    Quoted,
    /// After a quote that ends a field, or escapes a quote.
    Closed,
}

impl<'a> NormalizedText<'a> {
    pub(crate) fn new(bytes: Bytes<'a>, layout: Layout) -> NormalizedText<'a> {
        let (block, text, last) = (vec![0; BLOCK], Vec::new(), Rc::default());
        NormalizedText { bytes, layout, state: FieldState::Start, spaces: 0, cr: false, block, text, read: 0, last }
    }

    fn push(&mut self, byte: u8) {
        let Layout { delimiter, cr, spaced, .. } = self.layout;
        if self.state == FieldState::Quoted {
            if cr {
                // A line end inside a quoted text stays, unless it is the line end of the file.
                if std::mem::take(&mut self.cr) {
                    self.text.push(if byte == b'\n' { b'\r' } else { b'\n' });
                }
                if byte == b'\r' {
                    return self.cr = true;
                }
            }
            self.state = if byte == b'"' { FieldState::Closed } else { FieldState::Quoted };
            return self.text.push(byte);
        }
        let byte = if cr && byte == b'\r' { b'\n' } else { byte };
        if std::mem::take(&mut self.cr) && byte != b'\n' {
            self.text.push(b'\r');
        }
        match (self.state, byte) {
            (_, b'\r') => return self.cr = true,
            (FieldState::Start, b' ') if spaced => return self.spaces += 1,
            (FieldState::Closed, b' ') if spaced => return,
            (FieldState::Start, b'"') => (self.spaces, self.state) = (0, FieldState::Quoted),
            (FieldState::Closed, b'"') => self.state = FieldState::Quoted,
            (_, b'\n') => self.state = FieldState::Start,
            (_, byte) if byte == delimiter => self.state = FieldState::Start,
            _ => self.state = FieldState::Field,
        }
        let spaces = std::mem::take(&mut self.spaces);
        self.text.extend(std::iter::repeat_n(b' ', spaces));
        self.text.push(byte);
    }
}

impl Read for NormalizedText<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.read == self.text.len() {
            self.read = 0;
            self.text.clear();
            let mut block = std::mem::take(&mut self.block);
            let count = self.bytes.read(&mut block)?;
            block[..count].iter().for_each(|byte| self.push(*byte));
            self.block = block;
            if count == 0 && !std::mem::take(&mut self.cr) {
                return Ok(0);
            }
            if count == 0 {
                self.text.push(b'\r');
            }
            self.last.set(self.text.last().copied().unwrap_or(self.last.get()));
        }
        let count = (&self.text[self.read..]).read(buffer)?;
        self.read += count;
        Ok(count)
    }
}

/// The records of a file, header first.
pub(crate) struct Records<'a> {
    reader: csv::Reader<RecordLimitReader<NormalizedText<'a>>>,
    last: Rc<Cell<u8>>,
    since_record: BytesSinceRecord,
}

impl<'a> Records<'a> {
    pub(crate) fn new(bytes: NormalizedText<'a>, delimiter: u8) -> Records<'a> {
        let last = Rc::clone(&bytes.last);
        let bytes = RecordLimitReader::new(bytes);
        let since_record = bytes.since_record();
        let mut builder = csv::ReaderBuilder::new();
        builder.flexible(true).has_headers(false).delimiter(delimiter);
        Records { reader: builder.from_reader(bytes), last, since_record }
    }

    /// Reads the next record; returns whether there is one.
    pub(crate) fn next(&mut self, record: &mut csv::ByteRecord) -> io::Result<bool> {
        let read = self.reader.read_byte_record(record);
        let line = record.position().map_or(0, csv::Position::line);
        let has_record = read.map_err(|e| self.since_record.explain(e, line))?;
        self.since_record.end_record(record, line)?;
        Ok(has_record)
    }

    /// Reads the names in the header; skips a line `sep=;`.
    pub(crate) fn header(&mut self, record: &mut csv::ByteRecord) -> io::Result<Vec<String>> {
        while self.next(record)? {
            let names: Vec<String> =
                record.iter().map(|name| String::from_utf8_lossy(name).trim().to_string()).collect();
            if !names[0].trim_start_matches('\u{feff}').starts_with(super::layout::SEP) {
                return Ok(names);
            }
        }
        Ok(Vec::new())
    }

    pub(super) fn ends_line(&self) -> bool {
        matches!(self.last.get(), b'\n' | b'\r')
    }
}
