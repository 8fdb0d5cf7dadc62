//! Fields of text → the typed rows of one table, those that break the contract apart. Used by `read` and `json`.

use polars::prelude::*;

use super::contract::{Column as Declared, Kind, Scope, TIME_ZONE, Table};
use super::parse::{Bounds, Cell, parse};
use super::quarantine::{LONGEST_FIELD, Quarantine, Quarantined, shortened};
use super::read::{InputFile, RawTable};
use crate::error::{Error, Result};

/// No table has more columns in its file.
pub(super) const MAX_COLUMNS: usize = 9;
/// Rows that are handed on together where a table is read in blocks.
const BLOCK: usize = if cfg!(test) { 1 << 8 } else { 1 << 17 };

/// Takes the next readable rows of a table, columns under their source names, and the line of each.
pub(super) type TakeBlock<'a> = dyn FnMut(DataFrame, Vec<u32>) -> Result<()> + 'a;

/// Collects the rows of one table, whatever format they come from.
pub(super) struct TableBuilder<'t> {
    pub(super) table: &'static Table,
    pub(super) file: String,
    columns: Vec<ColumnBuilder>,
    lines: Vec<u32>,
    rows_in: usize,
    padded_zips: usize,
    /// What the user says of plausible values.
    pub(super) bounds: Bounds,
    /// By column: ids that have not Olist's form, and instants that had an offset from UTC.
    odd_ids: [usize; MAX_COLUMNS],
    converted: [usize; MAX_COLUMNS],
    quarantine: Quarantine,
    /// Whether the last row seen breaks the contract: with a missing final line break, the file was cut off.
    last_breaks: Option<String>,
    /// Where the rows go; without it they stay.
    take: Option<&'t mut TakeBlock<'t>>,
}

enum ColumnBuilder {
    Text(StringChunkedBuilder),
    Integer(PrimitiveChunkedBuilder<Int64Type>),
    Float(PrimitiveChunkedBuilder<Float64Type>),
}

impl<'t> TableBuilder<'t> {
    /// `size` of the file in bytes: columns that never grow are never copied.
    pub(super) fn new(table: &'static Table, file: &str, size: u64, take: Option<&'t mut TakeBlock<'t>>) -> Self {
        let rows = (size / width(table)) as usize;
        let rows = if take.is_some() { rows.min(BLOCK) } else { rows };
        TableBuilder {
            table,
            file: file.to_string(),
            columns: table.columns.iter().map(|c| ColumnBuilder::new(c, rows)).collect(),
            lines: Vec::with_capacity(rows),
            rows_in: 0,
            padded_zips: 0,
            bounds: Bounds::default(),
            odd_ids: [0; MAX_COLUMNS],
            converted: [0; MAX_COLUMNS],
            quarantine: Quarantine::default(),
            last_breaks: None,
            take,
        }
    }

    /// Where each declared column stands in the file, and a warning per column that the contract does not know.
    pub(super) fn locate(&self, header: &[String]) -> Result<(Vec<usize>, Vec<String>)> {
        let listed = || header.iter().map(|h| format!("`{h}`")).collect::<Vec<_>>().join(", ");
        let mut positions = Vec::new();
        for column in self.table.columns {
            // Corrected spellings of `lenght` are welcome; amounts under their clean name would be in another unit.
            let known = |h: &&String| *h == column.source || (*h == column.name && column.kind != Kind::Money);
            let found: Vec<usize> = (0..header.len()).filter(|&i| known(&&header[i])).collect();
            match found[..] {
                [position] => positions.push(position),
                [] => {
                    return Err(Error::input(format!("column `{}` is missing from `{}`", column.source, self.file))
                        .with_hint(format!("columns found: {}", listed())));
                }
                _ => {
                    return Err(Error::input(format!("column `{}` stands twice in `{}`", column.source, self.file))
                        .with_hint(format!("columns found: {}", listed())));
                }
            }
        }
        let extra = (0..header.len()).filter(|i| !positions.contains(i));
        let told = |i: usize| match (i, header[i].to_lowercase().as_str()) {
            (0, "" | "index" | "unnamed: 0") => format!("the index column of `{}` was left out", self.file),
            _ => format!("unknown column `{}` of `{}` was left out", header[i], self.file),
        };
        let warnings = extra.map(told).collect();
        Ok((positions, warnings))
    }

    /// Takes a row: `field(i)` is the text of the `i`-th declared column, `record` the whole row for the quarantine.
    pub(super) fn push<'a>(
        &mut self,
        line: u64,
        field: impl Fn(usize) -> &'a [u8],
        record: impl Fn() -> Vec<&'a [u8]>,
    ) -> Result<()> {
        let mut cells = [Cell::Null; MAX_COLUMNS];
        // Values that break the contract by themselves; a row that does takes them along. Empty vectors take no memory.
        let mut alone: Vec<(usize, String)> = Vec::new();
        for (i, column) in self.table.columns.iter().enumerate() {
            match parse(column, field(i), &self.bounds) {
                Ok(cell) => cells[i] = cell,
                Err(reason) if column.aside == Scope::Value => alone.push((i, reason)),
                Err(reason) => return self.reject(line, column.source, field(i), reason, record()),
            }
        }
        self.last_breaks = None;
        for (i, (column, cell)) in self.columns.iter_mut().zip(&cells).enumerate() {
            match cell {
                Cell::Padded(_) => self.padded_zips += 1,
                Cell::OddId(_) => self.odd_ids[i] += 1,
                Cell::Converted(_) => self.converted[i] += 1,
                _ => {}
            }
            column.push(cell);
        }
        self.rows_in += 1;
        self.lines.push(u32::try_from(line).unwrap_or(u32::MAX));
        for (i, reason) in alone {
            let column = self.table.columns[i].source;
            self.set_aside(Scope::Value, line, column, field(i), reason, record())?;
        }
        if self.lines.len() >= BLOCK { self.hand_on() } else { Ok(()) }
    }

    /// Gives the rows away that are there, if anybody takes them.
    fn hand_on(&mut self) -> Result<()> {
        let Some(take) = &mut self.take else { return Ok(()) };
        let rows = self.lines.len();
        let fresh = self.table.columns.iter().map(|c| ColumnBuilder::new(c, rows)).collect();
        let columns = std::mem::replace(&mut self.columns, fresh);
        take(frame_of(self.table, columns, rows)?, std::mem::take(&mut self.lines))
    }

    /// Sets a row aside.
    ///
    /// # Errors
    /// No row of the file is readable so far.
    pub(super) fn reject(
        &mut self,
        line: u64,
        column: &str,
        value: &[u8],
        reason: String,
        record: Vec<&[u8]>,
    ) -> Result<()> {
        self.rows_in += 1;
        self.set_aside(Scope::Row, line, column, value, reason, record)
    }

    #[cold]
    fn set_aside(
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
        self.quarantine.refuse_hopeless(&self.file, self.rows_in)
    }

    /// `ends_line` tells a file with a final line break from one that may have been cut off.
    pub(super) fn finish(mut self, file: InputFile, ends_line: bool) -> Result<RawTable> {
        if let (Some(why), false) = (&self.last_breaks, ends_line) {
            return Err(Error::input(format!("`{}` is cut off in {why}", self.file))
                .with_hint("the file is incomplete; download it again"));
        }
        self.quarantine.refuse_mostly_broken(&self.file, self.rows_in)?;
        self.hand_on()?;
        let by_column = |counts: [usize; MAX_COLUMNS]| {
            let counted = self.table.columns.iter().zip(counts).filter(|(_, count)| *count > 0);
            counted.map(|(column, count)| (column.name, count)).collect()
        };
        Ok(RawTable {
            odd_ids: by_column(self.odd_ids),
            converted: by_column(self.converted),
            frame: frame_of(self.table, self.columns, self.lines.len())?,
            lines: self.lines,
            rows_in: self.rows_in,
            padded_zips: self.padded_zips,
            quarantine: self.quarantine,
            file,
        })
    }
}

/// What is told of instants that had an offset from UTC.
pub(super) fn converted(table: &RawTable) -> impl Iterator<Item = String> {
    let told = |(column, count): &(&str, usize)| {
        let (values, file) = (if *count == 1 { "value" } else { "values" }, &table.file.name);
        format!(
            "{count} {values} of `{column}` in `{file}` had an offset from UTC and became local time of {TIME_ZONE}"
        )
    };
    table.converted.iter().map(told)
}

fn frame_of(table: &Table, columns: Vec<ColumnBuilder>, rows: usize) -> Result<DataFrame> {
    let columns = columns.into_iter().zip(table.columns).map(|(builder, c)| builder.finish(&c.kind.dtype()));
    Ok(DataFrame::new(rows, columns.collect::<PolarsResult<_>>()?)?)
}

impl ColumnBuilder {
    fn new(column: &Declared, rows: usize) -> ColumnBuilder {
        let name = column.source.into();
        match column.kind.dtype() {
            DataType::String => ColumnBuilder::Text(StringChunkedBuilder::new(name, rows)),
            DataType::Float64 => ColumnBuilder::Float(PrimitiveChunkedBuilder::new(name, rows)),
            _ => ColumnBuilder::Integer(PrimitiveChunkedBuilder::new(name, rows)),
        }
    }

    fn push(&mut self, cell: &Cell<'_>) {
        match (self, cell) {
            (ColumnBuilder::Text(b), Cell::Text(text) | Cell::OddId(text)) => b.append_value(text),
            (ColumnBuilder::Text(b), Cell::Padded(zip)) => b.append_value(std::str::from_utf8(zip).unwrap_or_default()),
            (ColumnBuilder::Integer(b), Cell::Integer(value) | Cell::Converted(value)) => b.append_value(*value),
            (ColumnBuilder::Float(b), Cell::Float(value)) => b.append_value(*value),
            (ColumnBuilder::Text(b), _) => b.append_null(),
            (ColumnBuilder::Integer(b), _) => b.append_null(),
            (ColumnBuilder::Float(b), _) => b.append_null(),
        }
    }

    fn finish(self, dtype: &DataType) -> PolarsResult<Column> {
        let series = match self {
            ColumnBuilder::Text(b) => b.finish().into_series(),
            ColumnBuilder::Integer(b) => b.finish().into_series().cast(dtype)?,
            ColumnBuilder::Float(b) => b.finish().into_series(),
        };
        Ok(series.into_column())
    }
}

/// Characters of a row, roughly.
pub(super) fn width(table: &Table) -> u64 {
    table.columns.iter().map(|c| c.kind.typical_width()).sum()
}

/// One line of CSV without its line break.
pub(super) fn as_csv<T: AsRef<str>>(fields: impl Iterator<Item = T>) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Writing to memory cannot fail.
    let _ = writer.write_record(fields.map(|field| shortened(field.as_ref(), LONGEST_FIELD).into_owned()));
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8_lossy(&bytes).trim_end_matches('\n').to_string()
}
