//! A file of an export, in any format → its header and its records of text. Used by `export`.

use std::borrow::Cow;
use std::io::{BufReader, Read};

use serde_json::Value;

use super::whole::whole;
use super::workbook;
use crate::error::{Error, Result};
use crate::input::dialect::{self, DELIMITERS, Encoding};
use crate::input::file::part::{FilePart, unreadable};
use crate::market::sheet::{distinct, header_key, names_header};
use crate::market::values::amounts::unambiguous;
use crate::schema::file_names::{self, Data, Rows};

/// Lines among which the header is looked for.
const HEADER_WITHIN: usize = 20;
/// Most columns of an export.
const MAX_COLUMNS: usize = 2_000;

/// Takes a record: its line, and its wanted fields; `None` for a column that the file lacks.
pub(crate) type TakeRecord<'a> = dyn FnMut(u32, &[Option<Cow<'_, str>>]) -> Result<()> + 'a;

/// A file, given which of its lines is the header.
#[derive(Debug, Clone)]
pub(crate) struct ExportRecords {
    pub(crate) part: FilePart,
    /// Names of the columns; of two equal ones the second is `name#2`.
    pub(crate) names: Vec<String>,
    /// Which record is the header, from 1; of a workbook, which row. Not its line: the reader counts the lines of blank lines and of
    /// `\r\n` with the record that follows.
    header: u64,
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Format {
    Text { delimiter: u8, encoding: Encoding },
    Workbook,
    Json,
}

/// The lines of a file that may be its header: those of several cells, most cells first. Empty for a file that is no export.
///
/// # Errors
/// The file cannot be read.
pub(crate) fn headers(part: &FilePart) -> Result<Vec<ExportRecords>> {
    let name = part.name.rsplit('/').next().unwrap_or(&part.name);
    match file_names::data(name) {
        Some((_, Data::Workbook)) => {
            let rows = workbook::first_rows(part, HEADER_WITHIN)?;
            Ok(candidates(part, Format::Workbook, rows))
        }
        Some((_, Data::Rows)) => match file_names::stem(name) {
            Some((_, Rows::Json)) => {
                let names = json_names(&read_json(part)?);
                let records = ExportRecords { part: part.clone(), names, header: 1, format: Format::Json };
                Ok(Vec::from_iter((records.names.len() > 1).then_some(records)))
            }
            Some((_, Rows::Csv)) => text_headers(part),
            _ => Ok(Vec::new()),
        },
        _ => Ok(Vec::new()),
    }
}

fn text_headers(part: &FilePart) -> Result<Vec<ExportRecords>> {
    let head = part.head()?;
    let encoding = Encoding::of(&head, false, &|take| part.with_rows(|bytes| take(bytes)))?;
    let text = encoding.decode(&head);
    let text = text.trim_start_matches('\u{feff}');
    // The delimiter is the one that gives the line of most cells.
    let rows = |delimiter: u8| -> Vec<(u64, Vec<String>)> {
        let mut reader = reader(text.as_bytes(), delimiter);
        let mut rows = Vec::new();
        let mut record = csv::StringRecord::new();
        while rows.len() < HEADER_WITHIN && reader.read_record(&mut record).unwrap_or(false) {
            rows.push((rows.len() as u64 + 1, record.iter().map(String::from).collect()));
        }
        rows
    };
    let cells = |rows: &[(u64, Vec<String>)]| rows.iter().map(|(_, row)| row.len()).max().unwrap_or(0);
    let best = DELIMITERS.iter().map(|delimiter| (*delimiter, rows(*delimiter))).max_by_key(|(delimiter, rows)| {
        (cells(rows), std::cmp::Reverse(DELIMITERS.iter().position(|known| known == delimiter)))
    });
    let Some((delimiter, rows)) = best else { return Ok(Vec::new()) };
    Ok(candidates(part, Format::Text { delimiter, encoding }, rows))
}

/// Rows that may be headers: at least two cells, all distinct once numbered, most of them filled.
fn candidates(part: &FilePart, format: Format, rows: Vec<(u64, Vec<String>)>) -> Vec<ExportRecords> {
    let filled = |row: &[String]| row.iter().filter(|cell| !cell.trim().is_empty()).count();
    let most = rows.iter().map(|(_, row)| filled(row)).max().unwrap_or(0);
    let is_header = |row: &[String]| {
        let plain = |cell: &&String| !cell.trim().is_empty() && !cell.trim().starts_with(|c: char| c.is_ascii_digit());
        let filled = filled(row);
        (2..=MAX_COLUMNS).contains(&filled) && filled * 2 >= most && row.iter().filter(plain).count() * 10 >= filled * 8
    };
    let records =
        |(header, row): (u64, Vec<String>)| ExportRecords { part: part.clone(), names: distinct(&row), header, format };
    rows.into_iter().filter(|(_, row)| is_header(row)).map(records).collect()
}

fn reader<R: Read>(bytes: R, delimiter: u8) -> csv::Reader<R> {
    csv::ReaderBuilder::new().delimiter(delimiter).has_headers(false).flexible(true).from_reader(bytes)
}

impl ExportRecords {
    /// The position of the column that a description calls `name`.
    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|header| names_header(name, &header_key(header)))
    }

    /// Calls `take` for each record below the header, with the fields of the columns that a description calls `wanted`. In JSON, `rows`
    /// names the list whose elements are the records.
    ///
    /// # Errors
    /// The file cannot be read, or `take` fails.
    pub(crate) fn each(&self, wanted: &[String], rows: Option<&str>, take: &mut TakeRecord<'_>) -> Result<()> {
        let positions: Vec<Option<usize>> = wanted.iter().map(|name| self.position(name)).collect();
        match self.format {
            Format::Text { delimiter, encoding } => self.part.with_rows(|bytes| {
                let bytes = dialect::decoded(Box::new(bytes), encoding);
                let mut reader = reader(BufReader::with_capacity(1 << 18, bytes), delimiter);
                let mut record = csv::ByteRecord::new();
                let failed = |error: csv::Error| match error.into_kind() {
                    csv::ErrorKind::Io(error) => unreadable(&self.part.name, &error),
                    _ => Error::input(format!("`{}` cannot be read as a table", self.part.name)),
                };
                let (mut number, mut line) = (0, 0);
                while reader.read_byte_record(&mut record).map_err(failed)? {
                    number += 1;
                    line = record.position().map_or(0, csv::Position::line).max(line + 1);
                    if number > self.header {
                        let field = |at: &Option<usize>| record.get((*at)?).map(String::from_utf8_lossy);
                        let fields: Vec<Option<Cow<'_, str>>> = positions.iter().map(field).collect();
                        take(u32::try_from(line).unwrap_or(u32::MAX), &fields)?;
                    }
                }
                Ok(())
            }),
            Format::Workbook => {
                for (line, row) in workbook::rows(&self.part)?.into_iter().filter(|(line, _)| *line > self.header) {
                    let field = |at: &Option<usize>| row.get((*at)?).map(|text| Cow::Borrowed(text.as_str()));
                    let fields: Vec<Option<Cow<'_, str>>> = positions.iter().map(field).collect();
                    take(u32::try_from(line).unwrap_or(u32::MAX), &fields)?;
                }
                Ok(())
            }
            Format::Json => {
                for (line, document) in (1..).zip(read_json(&self.part)?) {
                    for record in flattened(&document, rows) {
                        let value = |name: &String| record.iter().find(|(known, _)| known == name);
                        let field = |at: &Option<usize>| {
                            value(&self.names[(*at)?]).map(|(_, text)| Cow::Borrowed(text.as_str()))
                        };
                        let fields: Vec<Option<Cow<'_, str>>> = positions.iter().map(field).collect();
                        take(line, &fields)?;
                    }
                }
                Ok(())
            }
        }
    }
}

/// The documents of a JSON file: those of an array, of the only array in an object, or one after the other.
fn read_json(part: &FilePart) -> Result<Vec<Value>> {
    let bytes = whole(part)?;
    let values =
        serde_json::Deserializer::from_slice(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes)).into_iter();
    let values: Vec<Value> = values
        .collect::<std::result::Result<_, _>>()
        .map_err(|error| Error::input(format!("`{}` is no JSON: {error}", part.name)).with_hint("export it again"))?;
    let unpacked = values.into_iter().flat_map(|value| match value {
        Value::Array(documents) => documents,
        Value::Object(fields) if fields.len() == 1 && fields.values().all(Value::is_array) => fields
            .into_iter()
            .filter_map(|(_, list)| if let Value::Array(list) = list { Some(list) } else { None })
            .flatten()
            .collect(),
        other => vec![other],
    });
    Ok(unpacked.collect())
}

/// The paths of all values of the first documents.
fn json_names(documents: &[Value]) -> Vec<String> {
    let mut names = Vec::new();
    for document in documents.iter().take(100) {
        for (name, _) in flattened(document, None).into_iter().flatten() {
            if !names.contains(&name) && names.len() < MAX_COLUMNS {
                names.push(name);
            }
        }
    }
    names
}

/// A document as records of paths and values: one for each element of the list `rows`, otherwise one. Of other lists the first element
/// counts.
fn flattened(document: &Value, rows: Option<&str>) -> Vec<Vec<(String, String)>> {
    fn add(prefix: &str, value: &Value, skip: Option<&str>, record: &mut Vec<(String, String)>) {
        let path = |name: &str| if prefix.is_empty() { name.to_string() } else { format!("{prefix}.{name}") };
        match value {
            Value::Object(fields) => {
                for (name, value) in fields.iter().filter(|(name, _)| skip != Some(name.as_str())) {
                    add(&path(name), value, None, record);
                }
            }
            Value::Array(list) => list.iter().take(1).for_each(|first| add(prefix, first, None, record)),
            Value::Null => {}
            Value::String(text) => record.push((prefix.into(), text.clone())),
            Value::Number(number) => record.push((prefix.into(), unambiguous(number.to_string()))),
            other => record.push((prefix.into(), other.to_string())),
        }
    }
    let mut order = Vec::new();
    add("", document, rows, &mut order);
    let Some(Value::Array(list)) = rows.and_then(|name| document.get(name)) else { return vec![order] };
    let record = |element: &Value| {
        let mut record = order.clone();
        add(rows.unwrap_or_default(), element, None, &mut record);
        record
    };
    if list.is_empty() { vec![order] } else { list.iter().map(record).collect() }
}
