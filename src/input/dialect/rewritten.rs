//! Records of a file → the same records as canonical CSV. Used by `dialect`.

use std::io::{self, Read};

use super::forms::Forms;
use super::rows::{BLOCK, Records};

/// The records as canonical CSV, each on the same line number as in the file.
pub(crate) struct Rewritten<'a> {
    records: Records<'a>,
    forms: Forms,
    record: csv::ByteRecord,
    /// Number of fields of the header; `None` before it is read.
    columns: Option<usize>,
    /// Line number at the end of `text`, from 1.
    line: u64,
    ended: bool,
    text: Vec<u8>,
    read: usize,
}

impl<'a> Rewritten<'a> {
    pub(crate) fn new(records: Records<'a>, forms: Forms) -> Rewritten<'a> {
        let (record, text) = (csv::ByteRecord::new(), Vec::new());
        Rewritten { records, forms, record, columns: None, line: 1, ended: false, text, read: 0 }
    }

    /// Writes the next record, preceded by the line ends that keep its line number.
    fn write(&mut self) -> io::Result<()> {
        let mut record = std::mem::take(&mut self.record);
        let header = self.columns.is_none();
        let has_record = match header {
            true => {
                self.columns = Some(self.records.header(&mut record)?.len());
                self.columns > Some(0)
            }
            false => self.records.next(&mut record)?,
        };
        if !has_record {
            self.ended = true;
            if !header && self.records.ends_line() {
                self.text.push(b'\n');
            }
            return Ok(());
        }
        let line = record.position().map_or(0, csv::Position::line).max(self.line + u64::from(!header));
        self.text.extend((self.line..line).map(|_| b'\n'));
        let start = self.text.len();
        let is_row = !header && Some(record.len()) == self.columns;
        for (i, field) in record.iter().enumerate() {
            if i > 0 {
                self.text.push(b',');
            }
            match header {
                true => quoted(&mut self.text, field.trim_ascii()),
                false if is_row => quoted(&mut self.text, &self.forms.canonical(i, field)),
                false => quoted(&mut self.text, field),
            }
        }
        self.line = line + self.text[start..].iter().filter(|byte| **byte == b'\n').count() as u64;
        self.record = record;
        Ok(())
    }
}

/// Appends a field of CSV, quoted only if it must be. An empty field stays empty, also in a record of one column.
fn quoted(text: &mut Vec<u8>, field: &[u8]) {
    if !field.iter().any(|byte| matches!(byte, b',' | b'"' | b'\r' | b'\n')) {
        return text.extend_from_slice(field);
    }
    text.push(b'"');
    for byte in field {
        text.extend_from_slice(if *byte == b'"' { b"\"\"" } else { std::slice::from_ref(byte) });
    }
    text.push(b'"');
}

impl Read for Rewritten<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.read == self.text.len() {
            self.read = 0;
            self.text.clear();
            while self.text.len() < BLOCK && !self.ended {
                self.write()?;
            }
        }
        let count = (&self.text[self.read..]).read(buffer)?;
        self.read += count;
        Ok(count)
    }
}
