//! The raw rows of one table on a server → its clean table, and the rows that are quarantined. Used by `remote_cleaning`.

use polars::prelude::*;

use super::files::{HINT, RawFiles};
use super::server::{Folders, Server, numbers, write};
use super::sql::{self, BROKEN, BROKEN_VALUES, MALFORMED, RECORD, REPLACEMENT, Statements};
use crate::clean::audit::RowCounts;
use crate::clean::tables::{TableAudit, amount_of, conflict};
use crate::error::{Error, Result};
use crate::input::built_in;
use crate::input::identity::InputFile;
use crate::input::quarantine::{Quarantine, Quarantined, as_csv, mostly_broken};
use crate::input::raw_table::RawTable;
use crate::input::rows::conversions::Conversion;
use crate::input::rows::table_builder::TableBuilder;
use crate::input::source::Source;
use crate::schema::contract::{LogicalType, Scope, Table, TableId};
use crate::schema::dates;
use crate::schema::missing::null_mark;
use crate::schema::parse::{Bounds, parse};
use crate::schema::read_options::Years;

/// The raw rows of a table as a view on the server, and their counts.
pub(super) struct Raw {
    table: &'static Table,
    pub(super) files: RawFiles,
    positions: Vec<usize>,
    pub(super) warnings: Vec<String>,
    pub(super) file: InputFile,
    /// Number of rows, of rows that break the contract, and of zip prefixes whose zeros were restored.
    rows: usize,
    broken: usize,
    padded: usize,
    /// Number of rows that stay, but lose values that break the contract.
    rows_with_broken_values: usize,
    odd_ids: Vec<(&'static str, usize)>,
    marked: Vec<(&'static str, Conversion, usize)>,
    years: Years,
}

impl Raw {
    pub(super) fn read(server: &dyn Server, source: &Source, table: &'static Table) -> Result<Raw> {
        server.progress(table.name);
        let files = RawFiles::of(source, table)?;
        let (positions, missing_columns) = TableBuilder::new(table, &files.name, 0, None).locate(&files.header)?;
        let mut warnings: Vec<String> = source.unread(table.id).cloned().chain(missing_columns).collect();
        warnings.extend(files.places.is_empty().then(|| built_in::warning(table.id)).flatten());
        let years = source.reading().years;
        let statements = Statements { table, header: &files.header, positions: &positions, years };
        match files.places.is_empty() {
            true => server.view(&statements.view("raw"), &sql::built_in(table))?,
            false if table.id == TableId::Categories => {
                let own_names = statements.view("held");
                server.read(&own_names, &files)?;
                let columns = [0, 1].map(|i| &*files.header[positions[i]]);
                let missing_names = sql::missing_names(&own_names, columns);
                let count = server
                    .rows("cannot count the names", &format!("SELECT COUNT(*) AS n FROM ({missing_names}) AS l"))?;
                warnings.extend(built_in::completed(&files.name, numbers(&count, ["n"])?[0]));
                server.view(
                    &statements.view("raw"),
                    &sql::with_names(&files.header, &own_names, &missing_names, columns),
                )?;
            }
            false => server.read(&statements.view("raw"), &files)?,
        }
        server.view(&statements.view("fields"), &statements.fields())?;
        server.view(&statements.view("checked"), &statements.checked())?;
        let totals = server.rows(&format!("cannot read `{}`", files.name), &statements.totals())?;
        let [rows, broken, padded, rows_with_broken_values] =
            numbers(&totals, ["rows_in", "broken", "padded", "alone"])?;
        let count_odd = |(i, column): (usize, &'static crate::schema::contract::Column)| {
            let [count] = numbers(&totals, [&*format!("odd_{i}")])?;
            Ok((column.name, count))
        };
        let mut odd_ids = statements.ids().map(count_odd).collect::<Result<Vec<_>>>()?;
        odd_ids.retain(|(_, count)| *count > 0);
        let marked = |(i, _): (usize, usize)| {
            let [count] = numbers(&totals, [&*format!("marked_{i}")])?;
            let mark = totals.column(&format!("mark_{i}"))?.str()?.get(0).and_then(null_mark);
            Ok(mark.map(|mark| (table.columns[i].source, Conversion::Missing(mark), count)))
        };
        let marked = statements.may_be_marked().filter_map(|at| marked(at).transpose()).collect::<Result<Vec<_>>>()?;
        let pieces = numbers(&totals, ["piece_0", "piece_1", "piece_2", "piece_3"])?;
        let mut hasher = blake3::Hasher::new();
        for count in [rows].into_iter().chain(pieces) {
            hasher.update(&(count as u64).to_le_bytes());
        }
        let file = match files.places.is_empty() {
            true => InputFile::single(&files.name, 0, String::new()),
            false => InputFile::of_rows(&files.name, files.bytes, hasher.finalize().to_hex().to_string()),
        };
        Ok(Raw {
            table,
            positions,
            warnings,
            file,
            rows,
            broken,
            padded,
            rows_with_broken_values,
            odd_ids,
            marked,
            years,
            files,
        })
    }

    fn statements(&self) -> Statements<'_> {
        Statements { table: self.table, header: &self.files.header, positions: &self.positions, years: self.years }
    }

    /// Writes the clean rows; returns the audit of the table.
    pub(super) fn clean(&self, server: &dyn Server, to: &Folders<'_>) -> Result<TableAudit> {
        let (table, statements) = (self.table, self.statements());
        let quarantine = self.quarantine(server)?;
        let raw = RawTable {
            frame: DataFrame::empty(),
            lines: Vec::new(),
            rows_in: self.rows,
            padded_zips: self.padded,
            odd_ids: self.odd_ids.clone(),
            conversions: self.marked.clone(),
            quarantine,
            file: self.file.clone(),
        };
        let ranked = statements.view("ranked");
        server.view(&ranked, &statements.ranked())?;
        server.cache(&ranked)?;
        let counts = server.rows(&format!("cannot sort `{}` out", table.name), &statements.counts())?;
        let [readable, distinct, conflicts] = numbers(&counts, ["readable", "distinct_rows", "conflicts"])?;
        if readable != self.rows - self.broken {
            return Err(
                Error::input(format!("`{}` changed while it was read", self.files.name)).with_hint("run it again")
            );
        }
        let mut audit = TableAudit::new(table, raw);
        audit.steps[1] = RowCounts::of(table.name, "clean", readable, readable - distinct, conflicts);
        if conflicts > 0 {
            let rows = server.rows(&format!("cannot sort `{}` out", table.name), &statements.conflicts())?;
            for row in 0..rows.height() {
                audit.steps[1].amount.add(amount_of(table, &rows, row)?);
                audit.quarantine.add(conflict(table, &self.files.name, &rows, row, None)?);
            }
        }
        write(server, table.name, to, &statements.clean())?;
        Ok(audit)
    }

    /// The quarantined rows and values, in an order that does not depend on the server.
    fn quarantine(&self, server: &dyn Server) -> Result<Quarantine> {
        let mut quarantine = Quarantine::default();
        if self.broken + self.rows_with_broken_values == 0 {
            return Ok(quarantine);
        }
        for line in &self.files.unterminated {
            if let Some(reason) = self.why_incomplete(line) {
                let line = String::from_utf8_lossy(line);
                let error = Error::input(format!("`{}` is cut off in `{line}`: {reason}", self.files.name));
                return Err(error.with_hint("the file is incomplete; download it again"));
            }
        }
        let all = self.statements().broken();
        let statement = match self.broken * 2 > self.rows {
            true => format!("SELECT * FROM ({all}) AS b WHERE {BROKEN} IS NOT NULL LIMIT 1"),
            false => all,
        };
        let rows = server.rows(&format!("cannot read `{}`", self.files.name), &statement)?;
        let (broken, broken_values) = (rows.column(BROKEN)?.i64()?, rows.column(BROKEN_VALUES)?.str()?);
        let mut items = Vec::with_capacity(rows.height());
        for (row, (broken, marks)) in broken.iter().zip(broken_values.iter()).enumerate() {
            if let Some(broken) = broken {
                quarantine.amount.add(if broken == RECORD { None } else { self.amount(&rows, row)? });
                items.push((broken, self.quarantined(&rows, row, broken, Scope::Row)?));
                continue;
            }
            let marks = self.statements().value_columns().into_iter().zip(marks.unwrap_or_default().bytes());
            for (column, _) in marks.filter(|(_, mark)| *mark == b'1') {
                items.push((column as i64, self.quarantined(&rows, row, column as i64, Scope::Value)?));
            }
        }
        if self.broken * 2 > self.rows {
            let first = items.iter().map(|(_, item)| item).find(|item| item.scope == Scope::Row);
            return Err(mostly_broken(&self.files.name, self.rows, self.broken, first));
        }
        items.sort_by(|a, b| (a.0, &a.1.record).cmp(&(b.0, &b.1.record)));
        items.into_iter().for_each(|(_, item)| quarantine.add(item));
        quarantine.refuse_mostly_broken(&self.files.name, self.rows)?;
        Ok(quarantine)
    }

    /// Why the last line of a file is not a complete record; `None` if it is.
    fn why_incomplete(&self, line: &[u8]) -> Option<String> {
        let fields = fields(line);
        if fields.len() != self.files.header.len() {
            return Some(self.miscounted(fields.len()));
        }
        let columns = self.table.columns.iter().zip(&self.positions);
        let bounds = Bounds::of(self.years);
        columns.filter_map(|(column, position)| parse(column, fields.get(*position)?, &bounds).err()).next()
    }

    fn miscounted(&self, found: usize) -> String {
        format!("{found} fields where the header has {}", self.files.header.len())
    }

    /// The amount of a quarantined row, if it meets the contract; centavos.
    fn amount(&self, rows: &DataFrame, row: usize) -> Result<Option<i64>> {
        let mut columns = self.table.columns.iter().zip(&self.positions);
        let Some((column, position)) = columns.find(|(column, _)| Some(*column) == self.table.amount()) else {
            return Ok(None);
        };
        let text = rows.column(&format!("r{position}"))?.str()?.get(row).unwrap_or_default();
        let cell = parse(column, text.trim_end_matches('\r').as_bytes(), &Bounds::of(self.years));
        Ok(cell.ok().and_then(|cell| cell.integer()))
    }

    fn quarantined(&self, rows: &DataFrame, row: usize, broken: i64, scope: Scope) -> Result<Quarantined> {
        let text = |name: &str| -> Result<Option<&str>> { Ok(rows.column(name)?.str()?.get(row)) };
        let (file, line) = (self.files.name.clone(), None);
        if broken == RECORD {
            let fields = fields(text(MALFORMED)?.unwrap_or_default().as_bytes());
            let reason = match fields.len() == self.files.header.len() {
                true => "not a readable record".into(),
                false => self.miscounted(fields.len()),
            };
            let record = as_csv(fields.iter().map(String::from_utf8_lossy));
            return Ok(Quarantined::new(file, line, scope, ("", ""), reason, &record));
        }
        let last = self.files.header.len() - 1;
        // For lines that end with `\r\n`, some engines leave the `\r` in the last field.
        let field = |i: usize| {
            let text = text(&format!("r{i}"))?.unwrap_or_default();
            Ok(if i == last { text.strip_suffix('\r').unwrap_or(text) } else { text })
        };
        let column_index = broken as usize;
        let (column, value) = (&self.table.columns[column_index], field(self.positions[column_index])?);
        let reason = match parse(column, value.as_bytes(), &Bounds::of(self.years)) {
            _ if value.contains(REPLACEMENT) => "not UTF-8".into(),
            // This process would read a date that starts with day or month by the other values of the column.
            Err(reason) if column.kind != LogicalType::Timestamp || !dates::has_other_form(value.trim_ascii()) => {
                reason
            }
            _ => {
                let (name, kind) = (column.source, column.kind.name());
                return Err(Error::input(format!(
                    "`{value}` of `{name}` in `{file}` is not written as a server reads a {kind}"
                ))
                .with_hint(HINT));
            }
        };
        let record: Vec<&str> = (0..=last).map(field).collect::<Result<_>>()?;
        Ok(Quarantined::new(file, line, scope, (column.source, value), reason, &as_csv(record.iter())))
    }
}

/// The fields of a record.
fn fields(record: &[u8]) -> csv::ByteRecord {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(record);
    reader.byte_records().next().and_then(std::result::Result::ok).unwrap_or_default()
}
