//! Rows ↔ tab-separated text with backslash escapes, the format of PostgreSQL's COPY and MySQL's LOAD DATA. A second thread encodes
//! while the first waits for the network. Used by `postgres` and `mysql`.

use std::io::BufRead;
use std::ops::Range;
use std::sync::mpsc::{Receiver, sync_channel};

use super::builder::Blocks;
use crate::error::Error;
use crate::store::rows::{Cells, Field, Value};

/// Rows per chunk.
const CHUNK: usize = 4096;
/// Chunks that wait for the network. Few, so that rows counted as written have almost been sent.
const WAITING: usize = 2;

/// Encoded rows, or why they cannot be encoded.
pub(crate) type Chunk = Result<Vec<u8>, String>;

/// Which special values a database can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Whether texts may contain NUL; PostgreSQL's may not.
    pub(crate) nul: bool,
    /// Whether numbers may be infinite or NaN; MySQL's may not.
    pub(crate) infinite: bool,
}

/// Encodes rows in a second thread and gives the chunks to `send`. `progress` gets the number of rows handed over.
pub(crate) fn encoded<T>(
    cells: &[Cells<'_>],
    fields: &[Field],
    rows: usize,
    limits: Limits,
    progress: &(dyn Fn(u64) + Sync),
    send: impl FnOnce(Receiver<Chunk>) -> T,
) -> T {
    std::thread::scope(|scope| {
        let (to, from) = sync_channel::<Chunk>(WAITING);
        scope.spawn(move || {
            for start in (0..rows).step_by(CHUNK) {
                let range = start..rows.min(start + CHUNK);
                let end = range.end as u64;
                let chunk = encode(cells, fields, range, limits);
                let failed = chunk.is_err();
                // The receiver goes when the connection does.
                if to.send(chunk).is_err() || failed {
                    return;
                }
                progress(end);
            }
        });
        send(from)
    })
}

fn encode(cells: &[Cells<'_>], fields: &[Field], rows: Range<usize>, limits: Limits) -> Chunk {
    let mut out = Vec::with_capacity(rows.len() * fields.len() * 24);
    for row in rows {
        for (i, cell) in cells.iter().enumerate() {
            if i > 0 {
                out.push(b'\t');
            }
            write(&mut out, cell.get(row), limits)
                .map_err(|problem| format!("row {}, column `{}`: {problem}", row + 1, fields[i].name))?;
        }
        out.push(b'\n');
    }
    Ok(out)
}

fn write(out: &mut Vec<u8>, value: Value<'_>, limits: Limits) -> Result<(), &'static str> {
    match value {
        Value::Null => out.extend_from_slice(b"\\N"),
        Value::Text(text) => return escape(out, text.as_bytes(), limits),
        Value::Float(number) if !number.is_finite() && !limits.infinite => {
            return Err("the database holds finite numbers only");
        }
        value => value.write(out),
    }
    Ok(())
}

fn escape(out: &mut Vec<u8>, text: &[u8], limits: Limits) -> Result<(), &'static str> {
    let mut rest = text;
    while let Some(at) = rest.iter().position(|b| matches!(b, b'\\' | b'\t' | b'\n' | b'\r' | 0)) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(match rest[at] {
            b'\\' => b"\\\\",
            b'\t' => b"\\t",
            b'\n' => b"\\n",
            b'\r' => b"\\r",
            _ if limits.nul => b"\\0",
            _ => return Err("the database cannot hold the character NUL"),
        });
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
    Ok(())
}

/// Why rows could not be read.
#[derive(Debug)]
pub(crate) enum Broken {
    Stream(std::io::Error),
    /// A column cannot hold its value; the message names the row.
    Value(String),
    /// The consumer of the rows failed.
    Taken(Error),
}

/// Parses the output of COPY TO.
pub(crate) fn decode(mut from: impl BufRead, mut blocks: Blocks<'_>) -> Result<(), Broken> {
    let (mut line, mut text) = (Vec::new(), Vec::new());
    let width = blocks.fields().len();
    while from.read_until(b'\n', &mut line).map_err(Broken::Stream)? > 0 {
        let mut fields = line.strip_suffix(b"\n").unwrap_or(&line).split(|b| *b == b'\t');
        for column in 0..width {
            let value = match fields.next() {
                Some(b"\\N") => Ok(Value::Null),
                Some(field) => {
                    std::str::from_utf8(unescape(field, &mut text)).map(Value::Text).map_err(|_| "a text is not UTF-8")
                }
                None => Err("the row is too short"),
            };
            blocks.push(column, value).map_err(Broken::Value)?;
        }
        blocks.end_row().map_err(Broken::Taken)?;
        line.clear();
    }
    blocks.finish().map_err(Broken::Taken)
}

/// The field without its escapes; uses `text` as buffer if it has any.
fn unescape<'a>(field: &'a [u8], text: &'a mut Vec<u8>) -> &'a [u8] {
    if !field.contains(&b'\\') {
        return field;
    }
    text.clear();
    let mut bytes = field.iter();
    while let Some(&byte) = bytes.next() {
        text.push(match (byte, bytes.as_slice().first()) {
            (b'\\', Some(&escaped)) => {
                bytes.next();
                match escaped {
                    b'b' => 8,
                    b'f' => 12,
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'v' => 11,
                    other => other,
                }
            }
            _ => byte,
        });
    }
    text
}

#[cfg(test)]
mod tests {
    use polars::prelude::*;

    use super::*;
    use crate::store::sql::builder::fields_of;

    const ALL: Limits = Limits { nul: true, infinite: true };

    fn text(frame: &DataFrame, limits: Limits) -> Chunk {
        let (fields, mut frame) = fields_of(frame).unwrap();
        frame.rechunk_mut();
        let cells = Cells::of(&frame, &fields).unwrap();
        encoded(&cells, &fields, frame.height(), limits, &|_| (), |from| {
            from.into_iter().collect::<Result<Vec<_>, _>>().map(|chunks| chunks.concat())
        })
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        let hostile = ["a\tb", "\\N", "\\", "'; DROP TABLE x; --", "\"\n\r\\n", "\u{8}\u{b}\u{c}", "é🎈", "", "x"];
        let texts: Vec<Option<&str>> = hostile.into_iter().map(Some).chain([None]).collect();
        let floats: Vec<f64> = (0..10).map(|i| 0.1 * f64::from(i) - 0.3).collect();
        let frame = df!("t" => texts, "f" => floats, "i" => (0..10i64).collect::<Vec<_>>()).unwrap();
        let (fields, _) = fields_of(&frame).unwrap();
        let bytes = text(&frame, ALL).unwrap();
        let mut read = Vec::new();
        let mut take = |rows: DataFrame| {
            read.push(rows);
            Ok(())
        };
        decode(bytes.as_slice(), Blocks::new(fields, &mut take)).unwrap();
        assert_eq!(read.len(), 1);
        assert!(read[0].equals_missing(&frame));
    }

    #[test]
    fn chunks_make_one_text_and_progress_ends_at_the_last_row() {
        let rows = CHUNK * 3 + 1;
        let frame = df!("i" => (0..rows as i64).collect::<Vec<_>>()).unwrap();
        let bytes = text(&frame, ALL).unwrap();
        assert_eq!(bytes.iter().filter(|b| **b == b'\n').count(), rows);
    }

    #[test]
    fn what_a_database_cannot_hold_is_named() {
        let limits = Limits { nul: false, infinite: false };
        let error = text(&df!("t" => ["ok", "a\0b"]).unwrap(), limits).unwrap_err();
        assert_eq!(error, "row 2, column `t`: the database cannot hold the character NUL");
        assert!(text(&df!("f" => [f64::NAN]).unwrap(), limits).unwrap_err().contains("finite"));
        assert_eq!(text(&df!("t" => ["a\0b"]).unwrap(), ALL).unwrap(), b"a\\0b\n");
    }

    #[test]
    fn a_receiver_that_goes_ends_the_encoder() {
        let frame = df!("i" => (0..CHUNK as i64 * 9).collect::<Vec<_>>()).unwrap();
        let (fields, frame) = fields_of(&frame).unwrap();
        let cells = Cells::of(&frame, &fields).unwrap();
        encoded(&cells, &fields, frame.height(), ALL, &|_| (), drop);
    }
}
