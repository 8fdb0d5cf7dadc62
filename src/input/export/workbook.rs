//! A workbook (xlsx, xlsb, ods, xls) → the rows of its longest sheet, as text. Used by `records`.

use std::io::Cursor;

use calamine::{Data, Range, Reader, open_workbook_auto_from_rs};

use super::whole::{careful, whole};
use crate::error::{Error, Result};
use crate::input::file::part::FilePart;

/// The rows of the longest sheet, each with its line from 1.
///
/// # Errors
/// It is no workbook, or damaged.
pub(super) fn rows(part: &FilePart) -> Result<Vec<(u64, Vec<String>)>> {
    let sheet = longest(part)?;
    let first = sheet.start().map_or(0, |(row, _)| u64::from(row));
    Ok((first + 1..).zip(sheet.rows().map(|row| row.iter().map(text).collect())).collect())
}

/// The first rows of the longest sheet.
///
/// # Errors
/// As [`rows`].
pub(super) fn first_rows(part: &FilePart, most: usize) -> Result<Vec<(u64, Vec<String>)>> {
    let mut rows = rows(part)?;
    rows.truncate(most);
    Ok(rows)
}

fn longest(part: &FilePart) -> Result<Range<Data>> {
    let bytes = whole(part)?;
    careful(part, || {
        let failed = |error: &dyn std::fmt::Display| {
            Error::input(format!("`{}` is no workbook that can be read: {error}", part.name))
                .with_hint("save it as CSV, or download it again")
        };
        let mut book = open_workbook_auto_from_rs(Cursor::new(bytes)).map_err(|error| failed(&error))?;
        let sheets = book.worksheets().into_iter().map(|(_, sheet)| sheet);
        sheets.max_by_key(Range::height).ok_or_else(|| failed(&"it has no sheet"))
    })
}

/// A cell as the text that a CSV file would hold.
fn text(cell: &Data) -> String {
    match cell {
        Data::Empty | Data::Error(_) => String::new(),
        Data::String(text) => text.trim().to_string(),
        Data::Float(number) => number.to_string(),
        Data::Int(number) => number.to_string(),
        Data::Bool(flag) => flag.to_string(),
        Data::DateTime(instant) => {
            let (year, month, day, hour, minute, second, _) = instant.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
        }
        Data::DateTimeIso(text) | Data::DurationIso(text) => text.clone(),
    }
}
