//! Canonical CSV → rows, and whether the last line ends. Used by `read`.

use std::io::Read;

use super::table_builder::TableBuilder;
use crate::error::{Error, Result};
use crate::input::dialect::lines::{MAX_RECORD, RecordLimitReader};
use crate::input::dialect::stream::Bytes;

/// Reason for quarantine of a row that repeats the header: the file was joined from several.
const REPEATED_HEADER: &str = "the header once more, not a row";

/// Reads the records of a canonical file. Returns the warnings, and whether the last line is terminated.
pub(crate) fn read_csv(bytes: Bytes<'_>, builder: &mut TableBuilder<'_>) -> Result<(Vec<String>, bool)> {
    let bytes = RecordLimitReader::new(Lines::new(bytes));
    let since_record = bytes.since_record();
    let mut reader = csv::ReaderBuilder::new().flexible(true).buffer_capacity(MAX_RECORD).from_reader(bytes);
    let file = builder.part.clone();
    let failed = |e: std::io::Error| {
        // Errors of one of several files name that file.
        let cannot =
            |e| Error::input(format!("cannot read `{file}`: {e}")).with_hint("correct the file, or download it again");
        e.downcast::<Error>().unwrap_or_else(cannot)
    };
    let header = reader.byte_headers().map_err(|e| since_record.explain(e, 1)).map_err(failed)?;
    let first_record = header.clone();
    let header: Vec<String> = header.iter().map(|h| String::from_utf8_lossy(h).trim().to_string()).collect();
    if header.is_empty() {
        // An empty file: the caller reports it, since no byte was read.
        return Ok((Vec::new(), true));
    }
    let (positions, warnings) = builder.locate(&header)?;
    let lacks = positions.contains(&header.len());
    let lines_before = builder.lines_before;
    let mut record = csv::ByteRecord::new();
    let (mut last_line, mut last_byte) = (0, None);
    loop {
        let read = reader.read_byte_record(&mut record);
        // After `\r\n` the parser reports the start of a record before the `\n`.
        let line = record.position().map_or(0, csv::Position::line) + u64::from(reader.get_ref().get_ref().crlf);
        if !read.map_err(|e| since_record.explain(e, line)).map_err(failed)? {
            break;
        }
        since_record.end_record(&record, line).map_err(failed)?;
        let last = record.get(record.len().wrapping_sub(1));
        (last_line, last_byte) = (line, last.and_then(|field| field.last().copied()));
        if repeats(&record, &first_record) {
            builder.reject(lines_before + line, "", b"", REPEATED_HEADER.into(), record.iter().collect())?;
        } else if record.len() == header.len() {
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
            builder.push(lines_before + line, field, || record.iter().collect())?;
            builder.weigh(record.as_slice().len())?;
        } else {
            let reason = format!("{} fields where the header has {}", record.len(), header.len());
            builder.reject(lines_before + line, "", b"", reason, record.iter().collect())?;
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

/// Whether a record is the header once more, also after a byte order mark.
fn repeats(record: &csv::ByteRecord, header: &csv::ByteRecord) -> bool {
    // Quotes after a mark are not those of the format: the parser leaves them in the field.
    const MARK: &[u8] = b"\xef\xbb\xbf";
    let name = |field: &[u8]| {
        let unmarked = field.strip_prefix(MARK)?;
        Some(unmarked.strip_prefix(b"\"")?.strip_suffix(b"\"")?.to_vec())
    };
    let plain = |field: &[u8]| name(field).unwrap_or_else(|| field.strip_prefix(MARK).unwrap_or(field).to_vec());
    // The lengths differ in almost all rows.
    record.as_slice().len().abs_diff(header.as_slice().len()) <= MARK.len() + 2
        && record.len() == header.len()
        && record.iter().map(plain).eq(header.iter().map(plain))
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
