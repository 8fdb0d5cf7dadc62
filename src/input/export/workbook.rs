//! A workbook (xlsx, xlsb, ods, xls) → the rows of its longest sheet, as text. Used by `records`.

use std::io::Cursor;

use calamine::{Data, Range, Reader, open_workbook_auto_from_rs};

use super::whole::{careful, whole};
use crate::error::{Error, Result};
use crate::input::file::part::FilePart;
use crate::market::values::amounts::unambiguous;

/// The rows of the longest sheet, each with its line from 1.
///
/// # Errors
/// It is no workbook, or damaged; its formulas have no values.
pub(super) fn rows(part: &FilePart) -> Result<Vec<(u64, Vec<String>)>> {
    let (sheet, formulas) = longest(part, true)?;
    if lacks_values(&formulas, &sheet) {
        let example = formulas.used_cells().next().map_or("", |(_, _, formula)| formula.as_str());
        return Err(Error::input(format!(
            "`{}` holds formulas whose values were never computed, such as `={example}`",
            part.name
        ))
        .with_hint("open it in a spreadsheet and save it, which stores the values; or save it as CSV"));
    }
    Ok(numbered(&sheet).collect())
}

/// The rows of a sheet as text, each with its line from 1.
fn numbered(sheet: &Range<Data>) -> impl Iterator<Item = (u64, Vec<String>)> {
    let first = sheet.start().map_or(0, |(row, _)| u64::from(row));
    (first + 1..).zip(sheet.rows().map(|row| row.iter().map(text).collect()))
}

/// The first rows of the longest sheet.
///
/// # Errors
/// It is no workbook, or damaged.
pub(super) fn first_rows(part: &FilePart, most: usize) -> Result<Vec<(u64, Vec<String>)>> {
    Ok(numbered(&longest(part, false)?.0).take(most).collect())
}

/// The longest sheet and, if they are wanted, its formulas.
fn longest(part: &FilePart, formulas: bool) -> Result<(Range<Data>, Range<String>)> {
    let bytes = whole(part)?;
    careful(part, || {
        let failed = |error: &dyn std::fmt::Display| {
            Error::input(format!("`{}` is no workbook that can be read: {error}", part.name))
                .with_hint("save it as CSV, or download it again")
        };
        let mut book = open_workbook_auto_from_rs(Cursor::new(bytes)).map_err(|error| failed(&error))?;
        let longest = book.worksheets().into_iter().max_by_key(|(_, sheet)| sheet.height());
        let (name, sheet) = longest.ok_or_else(|| failed(&"it has no sheet"))?;
        let formulas =
            if formulas { book.worksheet_formula(&name).map_err(|error| failed(&error))? } else { Range::empty() };
        Ok((sheet, formulas))
    })
}

/// Whether a sheet has formulas and none of them has a value: a program wrote it, and no spreadsheet has computed it.
fn lacks_values(formulas: &Range<String>, sheet: &Range<Data>) -> bool {
    let Some((first_row, first_column)) = formulas.start() else { return false };
    let value = |(row, column, _): (usize, usize, &String)| {
        sheet.get_value((first_row + row as u32, first_column + column as u32)).is_some_and(|cell| *cell != Data::Empty)
    };
    let mut cells = formulas.used_cells().filter(|(_, _, formula)| !formula.is_empty()).peekable();
    cells.peek().is_some() && !cells.any(value)
}

/// A cell as the text that a CSV file would hold.
fn text(cell: &Data) -> String {
    match cell {
        Data::Empty | Data::Error(_) => String::new(),
        Data::String(text) => text.trim().to_string(),
        Data::Float(number) => unambiguous(number.to_string()),
        Data::Int(number) => number.to_string(),
        Data::Bool(flag) => flag.to_string(),
        Data::DateTime(instant) => {
            let (year, month, day, hour, minute, second, _) = instant.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
        }
        Data::DateTimeIso(text) | Data::DurationIso(text) => text.clone(),
    }
}
