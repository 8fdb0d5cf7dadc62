//! Fields of text → typed rows of one table, and the quarantine of those that break the contract. Used by `read` and `json`.

use std::borrow::Cow;
use std::cell::OnceCell;

use polars::prelude::*;

use super::column_builder::{ColumnBuilder, frame_of};
use super::conversions::Counts;
use crate::error::{Error, Result};
use crate::input::dialect::{Forms, Survey};
use crate::input::identity::InputFile;
use crate::input::quarantine::{Quarantine, Quarantined, as_csv};
use crate::input::raw_table::RawTable;
use crate::schema::contract::{Column as Declared, LogicalType, PAYMENT_TYPES, Scope, Table};
use crate::schema::dates;
use crate::schema::parse::{Bounds, Cell, NOT_TEXT, parse_text};
use crate::schema::read_options::Reading;

/// A field: `Ok` text, or `Err` bytes that are not UTF-8.
pub(crate) type Field<'a> = std::result::Result<&'a str, &'a [u8]>;

/// Most columns that any table has in its file.
pub(crate) const MAX_COLUMNS: usize = 9;
/// Rows per block, where a table is read in blocks.
const BLOCK_ROWS: usize = if cfg!(test) { 1 << 8 } else { 1 << 17 };
/// Most bytes of text per block: single rows may be long.
const MAX_BLOCK_BYTES: usize = 32 << 20;

/// Takes a block of readable rows, columns under their source names, and the line of each row.
pub(crate) type TakeBlock<'a> = dyn FnMut(DataFrame, Vec<u32>) -> Result<()> + 'a;

/// Passes the rows of a file or a store once more to another builder.
pub(crate) type RereadRows = Box<dyn Fn(&mut TableBuilder<'_>) -> Result<()>>;

/// Builds one table from rows of any format.
pub(crate) struct TableBuilder<'t> {
    pub(crate) table: &'static Table,
    pub(crate) file: String,
    /// The file that is being read, of those of the table.
    pub(crate) part: String,
    /// The columns as this file has them: those that it lacks are nullable.
    declared: Vec<Declared>,
    columns: Vec<ColumnBuilder>,
    lines: Vec<u32>,
    /// Bytes of the rows in the current block.
    weight: usize,
    rows_in: usize,
    padded_zips: usize,
    reading: Reading,
    /// Plausible values, as the user sets them.
    bounds: Bounds,
    /// Reads the file again, to survey its dates. `None` if they are known: dates in another form break the contract.
    pub(crate) reread: Option<RereadRows>,
    /// The forms of dates; set at the first date that does not start with the year.
    forms: OnceCell<Forms>,
    /// Counts dates instead of keeping rows.
    survey: Option<Survey>,
    /// By column: ids that are not in Olist's form, and values that were not taken as they are written.
    odd_ids: [usize; MAX_COLUMNS],
    conversions: [Counts; MAX_COLUMNS],
    quarantine: Quarantine,
    /// Why the last row breaks the contract, if it does. If its line is not terminated either, the file was truncated.
    last_breaks: Option<String>,
    /// Number of lines in the files before this one.
    pub(crate) lines_before: u64,
    /// Receives the rows in blocks; `None` keeps them in the table.
    take: Option<&'t mut TakeBlock<'t>>,
}

impl<'t> TableBuilder<'t> {
    /// `size` is that of the file in bytes: buffers of sufficient capacity are never copied.
    pub(crate) fn new(table: &'static Table, file: &str, size: u64, take: Option<&'t mut TakeBlock<'t>>) -> Self {
        let rows = (size / table.typical_width()) as usize;
        let rows = if take.is_some() { rows.min(BLOCK_ROWS) } else { rows };
        TableBuilder {
            table,
            file: file.to_string(),
            part: file.to_string(),
            declared: table.columns.to_vec(),
            columns: table.columns.iter().map(|c| ColumnBuilder::new(c, rows)).collect(),
            lines: Vec::with_capacity(rows),
            weight: 0,
            rows_in: 0,
            padded_zips: 0,
            reading: Reading::default(),
            bounds: Bounds::default(),
            reread: None,
            forms: OnceCell::new(),
            survey: None,
            odd_ids: [0; MAX_COLUMNS],
            conversions: [Counts::default(); MAX_COLUMNS],
            quarantine: Quarantine::default(),
            last_breaks: None,
            lines_before: 0,
            take,
        }
    }

    /// Sets the forms of values that the user names.
    pub(crate) fn read_as(&mut self, reading: &Reading) {
        (self.reading, self.bounds) = (*reading, Bounds::of(reading.years));
    }

    /// Takes regions and payment methods as a market has named them, and columns that its export does not fill as missing.
    pub(crate) fn take_words_of_a_market(&mut self, is_filled: impl Fn(&str) -> bool) {
        for column in &mut self.declared {
            // The notes of the export count orders to regions that are not known.
            let reason = match column.kind {
                LogicalType::State => Some("the region is not known"),
                LogicalType::Enumeration(PAYMENT_TYPES) => Some("the payment method is not known"),
                _ => None,
            };
            if let Some(reason) = reason {
                column.kind = LogicalType::Text;
                column.null = column.null.or(Some(reason));
            }
            if !is_filled(column.source) && column.null.is_none() {
                column.null = Some("the export has no such column");
            }
        }
    }

    /// Starts a file of the table; `reread` reads it once more.
    pub(crate) fn start_file(&mut self, name: &str, reread: RereadRows) {
        (self.part, self.reread, self.forms) = (name.into(), Some(reread), OnceCell::new());
    }

    /// Descriptions of the forms of dates that were found in the file.
    pub(crate) fn found(&self) -> Vec<String> {
        self.forms.get().map(Forms::described).unwrap_or_default()
    }

    /// Makes the columns that the file lacks nullable, even if the contract demands their values.
    pub(crate) fn may_be_null(&mut self, is_missing: impl Fn(usize) -> bool) {
        for (i, (column, declared)) in self.declared.iter_mut().zip(self.table.columns).enumerate() {
            let lacks = declared.null.or(is_missing(i).then_some("the file lacks the column"));
            *column = Declared { null: lacks, ..*declared };
        }
    }

    /// Adds a row. `field(i)` is the text of the `i`-th declared column, or its bytes if they are not text; `record` returns the whole row
    /// for the quarantine.
    pub(crate) fn push<'a>(
        &mut self,
        line: u64,
        field: impl Fn(usize) -> Field<'a>,
        record: impl Fn() -> Vec<&'a [u8]>,
    ) -> Result<()> {
        if let Some(survey) = &mut self.survey {
            survey.add(|i| bytes(field(i)));
            return Ok(());
        }
        let mut cells = [Cell::Null; MAX_COLUMNS];
        // Whether values are to be quarantined while the row stays.
        let mut has_broken_values = false;
        for (i, column) in self.declared.iter().enumerate() {
            let reason = match parsed(column, field(i), &self.bounds) {
                Ok(cell) => {
                    cells[i] = cell;
                    continue;
                }
                Err(reason) => reason,
            };
            match self.date_in_other_form(i, field(i))? {
                Some(cell) => cells[i] = cell,
                None if column.quarantine_scope == Scope::Value => has_broken_values = true,
                None => {
                    self.quarantine.amount.add(self.amount(&field));
                    return self.reject(line, column.source, bytes(field(i)), reason, record());
                }
            }
        }
        self.last_breaks = None;
        for (i, (column, cell)) in self.columns.iter_mut().zip(&cells).enumerate() {
            match cell {
                Cell::Padded(_) => self.padded_zips += 1,
                Cell::OddId(_) => self.odd_ids[i] += 1,
                Cell::Null | Cell::Text(_) | Cell::Integer(_) | Cell::Float(_) => {}
                other => self.conversions[i].add(other),
            }
            column.push(cell);
        }
        self.rows_in += 1;
        self.lines.push(u32::try_from(line).unwrap_or(u32::MAX));
        if has_broken_values {
            self.quarantine_values(line, field, record)?;
        }
        if self.lines.len() >= BLOCK_ROWS { self.pass_block_on() } else { Ok(()) }
    }

    /// The amount of a row, if it meets the contract; centavos.
    #[cold]
    fn amount<'a>(&self, field: &impl Fn(usize) -> Field<'a>) -> Option<i64> {
        let position = self.table.columns.iter().position(|column| Some(column) == self.table.amount())?;
        parsed(&self.declared[position], field(position), &self.bounds).ok()?.integer()
    }

    #[cold]
    fn quarantine_values<'a>(
        &mut self,
        line: u64,
        field: impl Fn(usize) -> Field<'a>,
        record: impl Fn() -> Vec<&'a [u8]>,
    ) -> Result<()> {
        for (i, column) in
            self.table.columns.iter().enumerate().filter(|(_, column)| column.quarantine_scope == Scope::Value)
        {
            if let Err(reason) = parsed(&self.declared[i], field(i), &self.bounds)
                && self.date_in_other_form(i, field(i))?.is_none()
            {
                self.add_to_quarantine(Scope::Value, line, column.source, bytes(field(i)), reason, record())?;
            }
        }
        Ok(())
    }

    /// A date that does not start with the year, in the form that all values of the file prove. `None` if the field is no such date.
    ///
    /// # Errors
    /// The file cannot be read again, or its dates are ambiguous.
    #[cold]
    fn date_in_other_form(&self, i: usize, field: Field<'_>) -> Result<Option<Cell<'static>>> {
        let column = &self.declared[i];
        let (LogicalType::Timestamp, Ok(text), Some(reread)) = (column.kind, field, &self.reread) else {
            return Ok(None);
        };
        if !dates::has_other_form(text.trim_ascii()) {
            return Ok(None);
        }
        let forms = match self.forms.get() {
            Some(forms) => forms,
            None => {
                let mut rows = TableBuilder::new(self.table, &self.part, 0, None);
                rows.survey = Some(Survey::of_dates(self.table));
                reread(&mut rows)?;
                let forms = rows.survey.unwrap_or_default().decide(&self.part, &self.reading)?;
                self.forms.get_or_init(|| forms)
            }
        };
        let Cow::Owned(date) = forms.canonical(i, text.as_bytes()) else { return Ok(None) };
        Ok(match parsed(column, std::str::from_utf8(&date).map_err(|_| &*date), &self.bounds) {
            Ok(Cell::Integer(micros)) => Some(Cell::Integer(micros)),
            Ok(Cell::Fraction(micros)) => Some(Cell::Fraction(micros)),
            Ok(Cell::Converted(micros)) => Some(Cell::Converted(micros)),
            _ => None,
        })
    }

    /// Called after each row with its size in bytes: ends the block early if its rows are long.
    pub(crate) fn weigh(&mut self, bytes: usize) -> Result<()> {
        self.weight += bytes;
        if self.weight >= MAX_BLOCK_BYTES && !self.lines.is_empty() { self.pass_block_on() } else { Ok(()) }
    }

    /// Passes the current block on, if rows are read in blocks.
    fn pass_block_on(&mut self) -> Result<()> {
        self.weight = 0;
        let Some(take) = &mut self.take else { return Ok(()) };
        let rows = self.lines.len();
        let empty = self.table.columns.iter().map(|c| ColumnBuilder::new(c, rows)).collect();
        let columns = std::mem::replace(&mut self.columns, empty);
        take(frame_of(self.table, columns, rows)?, std::mem::take(&mut self.lines))
    }

    /// Quarantines a row.
    ///
    /// # Errors
    /// No row of the file has been readable so far.
    pub(crate) fn reject(
        &mut self,
        line: u64,
        column: &str,
        value: &[u8],
        reason: String,
        record: Vec<&[u8]>,
    ) -> Result<()> {
        if self.survey.is_some() {
            return Ok(());
        }
        self.rows_in += 1;
        self.add_to_quarantine(Scope::Row, line, column, value, reason, record)
    }

    #[cold]
    fn add_to_quarantine(
        &mut self,
        scope: Scope,
        line: u64,
        column: &str,
        value: &[u8],
        reason: String,
        record: Vec<&[u8]>,
    ) -> Result<()> {
        self.last_breaks = Some(format!("line {line}: {reason}"));
        let record = as_csv(record.iter().map(|field| String::from_utf8_lossy(field)));
        let value = String::from_utf8_lossy(value);
        let (file, line) = (self.file.clone(), Some(line));
        self.quarantine.add(Quarantined::new(file, line, scope, (column, &value), reason, &record));
        self.quarantine.refuse_all_broken(&self.file, self.rows_in)
    }

    /// Called at the end of each file; `ends_line` is whether its last line is terminated.
    ///
    /// # Errors
    /// The file was truncated: its last line is not terminated and breaks the contract.
    pub(crate) fn end_file(&mut self, ends_line: bool) -> Result<()> {
        match self.last_breaks.take().filter(|_| !ends_line) {
            Some(reason) => Err(Error::input(format!("`{}` is cut off in {reason}", self.part))
                .with_hint("the file is incomplete; download it again")),
            None => Ok(()),
        }
    }

    pub(crate) fn finish(mut self, file: InputFile, ends_line: bool) -> Result<RawTable> {
        self.end_file(ends_line)?;
        self.quarantine.refuse_mostly_broken(&self.file, self.rows_in)?;
        self.pass_block_on()?;
        let by_column = |counts: [usize; MAX_COLUMNS]| {
            let counted = self.table.columns.iter().zip(counts).filter(|(_, count)| *count > 0);
            counted.map(|(column, count)| (column.name, count)).collect()
        };
        Ok(RawTable {
            odd_ids: by_column(self.odd_ids),
            conversions: self.conversions.iter().zip(self.table.columns).flat_map(|(c, column)| c.of(column)).collect(),
            frame: frame_of(self.table, self.columns, self.lines.len())?,
            lines: self.lines,
            rows_in: self.rows_in,
            padded_zips: self.padded_zips,
            quarantine: self.quarantine,
            file,
        })
    }
}

fn parsed<'a>(column: &Declared, field: Field<'a>, bounds: &Bounds) -> std::result::Result<Cell<'a>, String> {
    field.map_or_else(|_| Err(NOT_TEXT.into()), |text| parse_text(column, text, bounds))
}

fn bytes(field: Field<'_>) -> &[u8] {
    field.map_or_else(|bytes| bytes, str::as_bytes)
}
