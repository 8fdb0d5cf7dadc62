//! Nested JSON documents of the cloud layout → rows, one document at a time. Used by `read`.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;
use std::io::{self, BufRead, BufReader, Read};

use serde::de::{DeserializeSeed, Deserializer as _, MapAccess, SeqAccess, Visitor};
use serde_json::Deserializer;
use serde_json::value::RawValue;

use super::table_builder::TableBuilder;
use crate::error::{Error, Result};
use crate::input::file::part::unreadable;
use crate::input::identity::HashingReader;
use crate::schema::contract::{Column, Table};

/// Longest document, bytes: it is in memory as a whole. Documents of a shop are shorter.
const MAX_DOCUMENT: u64 = 8 << 20;
/// Deepest level that is searched in a document.
const MAX_DEPTH: usize = 16;

/// Reads documents such as `{"customer_id": …, "customer_address": {"customer_zip_code": 1151, …}}`, in an array or one after the other.
/// Returns warnings about columns that no document has.
///
/// # Errors
/// The file does not hold such documents, or the first one lacks a required column at every level.
pub(crate) fn read(hashing: &mut HashingReader<'_>, builder: &mut TableBuilder<'_>) -> Result<Vec<String>> {
    let file = builder.file.clone();
    let failed = |e: io::Error| unreadable(&file, &e);
    let mut reader = BufReader::with_capacity(1 << 18, hashing);
    if reader.fill_buf().map_err(failed)?.starts_with(b"\xef\xbb\xbf") {
        reader.consume(3);
    }
    let (lines, document_bytes) = (Cell::new(1), Cell::new(0));
    let mut counter = LineCounter { reader, lines: &lines, document_bytes: &document_bytes };
    let mut rows = Rows { builder, lines: &lines, document_bytes: &document_bytes, seen: Vec::new(), failed: None };
    let array = match counter.first_byte().map_err(failed)? {
        None => return Ok(Vec::new()),
        Some(first) => first == b'[',
    };
    let mut documents = Deserializer::from_reader(counter);
    let read = match array {
        true => documents.deserialize_seq(&mut rows).and_then(|()| documents.end()),
        false => documents.into_iter::<Box<RawValue>>().try_for_each(|document| rows.take(&document?)),
    };
    match (rows.failed.take(), read) {
        (Some(error), _) => Err(error),
        (None, read) => read.map(|()| rows.warnings()).map_err(|e| {
            let hint = match e.classify() {
                serde_json::error::Category::Eof => "the file is cut off; download it again",
                serde_json::error::Category::Io => "the file is damaged; download it again",
                _ => "an array of documents is expected, or one document after the other",
            };
            Error::input(format!("cannot read `{file}`: {e}")).with_hint(hint)
        }),
    }
}

/// Counts lines on their way to the parser, which reads byte by byte, and fails if a document is too long.
struct LineCounter<'c, R> {
    reader: BufReader<R>,
    /// The current line of the parser, from 1.
    lines: &'c Cell<u64>,
    /// Bytes since the end of the last document.
    document_bytes: &'c Cell<u64>,
}

impl<R: Read> LineCounter<'_, R> {
    /// The first byte that is not white space.
    fn first_byte(&mut self) -> io::Result<Option<u8>> {
        loop {
            match self.reader.fill_buf()?.first().copied() {
                Some(space) if space.is_ascii_whitespace() => {
                    self.lines.set(self.lines.get() + u64::from(space == b'\n'));
                    self.reader.consume(1);
                }
                first => return Ok(first),
            }
        }
    }
}

impl<R: Read> Read for LineCounter<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.reader.read(buffer)?;
        let breaks = buffer[..n].iter().filter(|byte| **byte == b'\n').count();
        self.lines.set(self.lines.get() + breaks as u64);
        self.document_bytes.set(self.document_bytes.get() + n as u64);
        match self.document_bytes.get() > MAX_DOCUMENT {
            true => Err(io::Error::other(format!("a document is longer than {MAX_DOCUMENT} bytes"))),
            false => Ok(n),
        }
    }
}

/// Visits the documents of an array.
struct Rows<'b, 't, 'c> {
    builder: &'b mut TableBuilder<'t>,
    lines: &'c Cell<u64>,
    document_bytes: &'c Cell<u64>,
    /// Whether any document has the column, per column; empty before the first document.
    seen: Vec<bool>,
    /// Why the last row was refused: an error of the parser can carry only a message.
    failed: Option<Error>,
}

impl<'de> Visitor<'de> for &mut Rows<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of documents")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut documents: A) -> std::result::Result<(), A::Error> {
        while let Some(document) = documents.next_element::<Box<RawValue>>()? {
            self.take(&document)?;
        }
        Ok(())
    }
}

impl Rows<'_, '_, '_> {
    /// One warning for each column that no document has.
    fn warnings(&self) -> Vec<String> {
        let columns = self.builder.table.columns.iter().zip(&self.seen).filter(|(_, seen)| !**seen);
        columns.map(|(column, _)| self.builder.lacks(column)).collect()
    }

    fn take<E: serde::de::Error>(&mut self, document: &RawValue) -> std::result::Result<(), E> {
        let breaks = document.get().bytes().filter(|byte| *byte == b'\n').count() as u64;
        self.document_bytes.set(0);
        self.push(document, self.lines.get() - breaks).map_err(|error| {
            self.failed = Some(error);
            E::custom("the row was not taken")
        })
    }

    fn push(&mut self, document: &RawValue, line: u64) -> Result<()> {
        let text = document.get();
        let builder = &mut *self.builder;
        let fields = match fields(builder.table, document) {
            Ok(fields) => fields,
            Err(reason) => {
                return builder.reject(line, "", b"", reason, vec![text.as_bytes()]);
            }
        };
        let table = builder.table;
        if self.seen.is_empty() {
            let missing = table.columns.iter().zip(&fields).find(|(c, field)| field.is_none() && !table.may_lack(c));
            if let Some((missing, _)) = missing {
                let message = format!("column `{}` is missing from `{}`", missing.source, builder.file);
                return Err(Error::input(message).with_hint(format!("the first document is {}", shortened(text))));
            }
            builder.may_be_null(|i| fields[i].is_none());
            self.seen = vec![false; fields.len()];
        }
        self.seen.iter_mut().zip(&fields).for_each(|(seen, field)| *seen |= field.is_some());
        let field = |i: usize| Ok(fields[i].as_deref().unwrap_or_default());
        builder.push(line, field, || vec![text.as_bytes()])?;
        builder.weigh(text.len())
    }
}

/// The text of each column; `None` where the document lacks it.
type Fields<'d> = Vec<Option<Cow<'d, str>>>;

/// Extracts the columns of `table` from a document.
///
/// # Errors
/// Why it is not a valid document.
fn fields<'d>(table: &Table, document: &'d RawValue) -> std::result::Result<Fields<'d>, String> {
    let mut objects = Vec::new();
    collect(document, 1, &mut objects)?;
    if objects.is_empty() {
        return Err("not a document".into());
    }
    table.columns.iter().map(|column| find(&objects, column).map(text_of).transpose()).collect()
}

/// The names and values of a document, in its order.
struct Object<'d>(Vec<(Cow<'d, str>, &'d RawValue)>);

/// Deserializes an [`Object`], keeping values as written.
struct Values;

impl<'d> DeserializeSeed<'d> for Values {
    type Value = Object<'d>;

    fn deserialize<D: serde::Deserializer<'d>>(self, document: D) -> std::result::Result<Object<'d>, D::Error> {
        document.deserialize_map(self)
    }
}

impl<'d> Visitor<'d> for Values {
    type Value = Object<'d>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a document")
    }

    fn visit_map<A: MapAccess<'d>>(self, mut map: A) -> std::result::Result<Object<'d>, A::Error> {
        let mut values: Vec<(Cow<'d, str>, &'d RawValue)> = Vec::new();
        while let Some((name, value)) = map.next_entry::<Name<'d>, &'d RawValue>()? {
            values.push((name.0, value));
        }
        Ok(Object(values))
    }
}

/// A name, borrowed unless it contains escapes.
#[derive(serde::Deserialize)]
#[serde(transparent)]
struct Name<'d>(#[serde(borrow)] Cow<'d, str>);

/// Collects the document and its nested documents, outer ones first.
fn collect<'d>(value: &'d RawValue, depth: usize, objects: &mut Vec<Object<'d>>) -> std::result::Result<(), String> {
    if depth > MAX_DEPTH || !value.get().starts_with('{') {
        return Ok(());
    }
    let object =
        Values.deserialize(&mut Deserializer::from_str(value.get())).map_err(|e| format!("not readable: {e}"))?;
    let mut names: Vec<&str> = object.0.iter().map(|(name, _)| &**name).collect();
    names.sort_unstable();
    if let Some(repeated) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(format!("`{}` stands twice in the document", repeated[0]));
    }
    let nested: Vec<&RawValue> = object.0.iter().map(|(_, value)| *value).collect();
    objects.push(object);
    nested.into_iter().try_for_each(|value| collect(value, depth + 1, objects))
}

/// The value of `column` at any level. Documents have `customer_zip_code` for `customer_zip_code_prefix`.
fn find<'d>(objects: &[Object<'d>], column: &Column) -> Option<&'d RawValue> {
    let short = column.source.strip_suffix("_prefix").unwrap_or(column.source);
    let named = |object: &Object<'d>, name: &str| object.0.iter().find(|(n, _)| n == name).map(|(_, value)| *value);
    objects.iter().find_map(|object| named(object, column.source).or_else(|| named(object, short)))
}

/// The text that a CSV file would hold for a value; numbers keep every digit as written.
fn text_of(value: &RawValue) -> std::result::Result<Cow<'_, str>, String> {
    match value.get() {
        "null" => Ok(Cow::Borrowed("")),
        text if text.starts_with('"') => {
            serde_json::from_str::<Name<'_>>(text).map(|text| text.0).map_err(|e| format!("not readable: {e}"))
        }
        other => Ok(Cow::Borrowed(other)),
    }
}

fn shortened(json: &str) -> String {
    let one_line: String = json.split_whitespace().collect::<Vec<_>>().join(" ");
    one_line.chars().take(200).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
