//! Raw files that a remote engine reads → clean tables there + Audit: what `clean` does, as portable SQL. Next: `mart`.
//!
//! The rows stay on the engine. Only counts and quarantined rows are transferred. Engines do not report line numbers of quarantined rows.

mod checks;
mod files;
mod sql;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;

use polars::prelude::*;

pub(crate) use self::files::HINT;
pub(crate) use self::files::RawFiles;
pub(crate) use self::sql::MALFORMED;
#[cfg(feature = "spark")]
pub(crate) use self::sql::quoted;
use self::sql::{ALONE, BROKEN, RECORD, REPLACEMENT, Statements};
use crate::clean::audit::{Audit, Change, ChangeKind};
use crate::clean::tables::{TableAudit, amount_of, audit_of, conflict, some_order, step};
use crate::error::{Error, Result};
use crate::input::built_in;
use crate::input::identity::InputFile;
use crate::input::quarantine::as_csv;
use crate::input::quarantine::{Quarantine, Quarantined, mostly_broken};
use crate::input::raw_table::RawTable;
use crate::input::rows::conversions::Conversion;
use crate::input::rows::table_builder::TableBuilder;
use crate::input::source::Source;
use crate::schema::contract::{LogicalType, Scope, TABLES, Table, TableId, ZIP_LOCATIONS};
use crate::schema::dates;
use crate::schema::missing::null_mark;
use crate::schema::parse::{Bounds, parse};
use crate::schema::read_options::Years;
use crate::store::url::is_url;
use crate::table::parquet::{parts, write_frame};

/// Runs SQL where the files are.
pub(crate) trait Server {
    /// Reports progress.
    fn told(&self, what: &str);
    /// Creates a view for raw files: text columns named as in the header, and [`MALFORMED`].
    fn read(&self, name: &str, files: &RawFiles) -> Result<()>;
    /// Creates a view for a statement.
    fn view(&self, name: &str, statement: &str) -> Result<()>;
    /// Asks the server to cache a view until the end, if it can.
    fn keep(&self, name: &str) -> Result<()>;
    /// The rows of a statement, with all whole numbers as 64-bit.
    fn rows(&self, what: &str, statement: &str) -> Result<DataFrame>;
    /// Writes the rows of a statement into a folder of Parquet files.
    fn write(&self, name: &str, folder: &str, statement: &str) -> Result<()>;
    /// Creates a view for such a folder.
    fn open(&self, name: &str, folder: &str) -> Result<()>;
}

/// The folder for a clean table, as the server sees it: an absolute path or a URL.
pub type Folders<'a> = dyn Fn(&str) -> Result<String> + 'a;

/// Identifies the files of the tables by their rows: the hash does not depend on their order.
pub(crate) fn identify(server: &dyn Server, source: &Source) -> Result<Vec<(TableId, InputFile)>> {
    TABLES.iter().map(|table| Ok((table.id, Raw::read(server, source, table)?.file))).collect()
}

/// Cleans the tables of `source` into the folders that `to` names.
///
/// # Errors
/// As [`load`](crate::clean::load); a table is not in CSV files with a path, or the server fails.
pub(crate) fn clean(server: &dyn Server, source: &Source, to: &Folders<'_>) -> Result<Audit> {
    let mut cleaned = BTreeMap::new();
    for table in in_order() {
        let raw = Raw::read(server, source, table)?;
        cleaned.insert(table.id, (raw.clean(server, to)?, raw));
    }
    some_order(cleaned[&TableId::Orders].0.steps[1].rows_out)?;
    let named = names(server)?;
    server.told(ZIP_LOCATIONS);
    let (points, raw) = &cleaned[&TableId::Geolocation];
    let outside = checks::outside(server, &raw.files.name)?;
    let located = step(ZIP_LOCATIONS, "locate", points.steps[1].rows_out, 0, outside.rows);
    write(server, ZIP_LOCATIONS, to, &checks::located())?;
    let (accounts, raw): (Vec<_>, Vec<_>) = cleaned.into_values().unzip();
    let warnings = raw.into_iter().flat_map(|raw| raw.warnings).collect();
    let mut audit = audit_of(accounts, warnings, named, (located, outside));
    checks::check(server, &mut audit)?;
    Ok(audit)
}

/// The statements that clean files whose columns are those of the contract, with the name of each result.
pub(crate) fn statements() -> Vec<(String, String)> {
    let mut all = Vec::new();
    for table in in_order() {
        let header: Vec<String> = table.columns.iter().map(|column| column.source.into()).collect();
        let positions: Vec<usize> = (0..header.len()).collect();
        let years = Years::default();
        let statements = Statements { table, header: &header, positions: &positions, years };
        all.push((statements.view("fields"), statements.fields()));
        all.push((statements.view("checked"), statements.checked()));
        all.push((statements.view("ranked"), statements.ranked()));
        all.push((table.name.into(), statements.clean()));
    }
    all.push((ZIP_LOCATIONS.into(), checks::located()));
    all
}

/// The tables in the order of cleaning: products need the English names of categories.
fn in_order() -> impl Iterator<Item = &'static Table> {
    let (last, first): (Vec<_>, Vec<_>) = TABLES.iter().partition(|table| table.id == TableId::Products);
    first.into_iter().chain(last)
}

/// The raw rows of a table as a view on the server, and their counts.
struct Raw {
    table: &'static Table,
    files: RawFiles,
    positions: Vec<usize>,
    warnings: Vec<String>,
    file: InputFile,
    /// Number of rows, of rows that break the contract, and of zip prefixes whose zeros were restored.
    rows: usize,
    broken: usize,
    padded: usize,
    /// Number of rows that are kept without some of their values.
    alone: usize,
    odd_ids: Vec<(&'static str, usize)>,
    marked: Vec<(&'static str, Conversion, usize)>,
    years: Years,
}

impl Raw {
    fn read(server: &dyn Server, source: &Source, table: &'static Table) -> Result<Raw> {
        server.told(table.name);
        let files = RawFiles::of(source, table)?;
        let (positions, told) = TableBuilder::new(table, &files.name, 0, None).locate(&files.header)?;
        let mut warnings: Vec<String> = source.unread(table.id).cloned().chain(told).collect();
        warnings.extend(files.places.is_empty().then(|| built_in::told(table.id)).flatten());
        let years = source.reading().years;
        let statements = Statements { table, header: &files.header, positions: &positions, years };
        match files.places.is_empty() {
            true => server.view(&statements.view("raw"), &sql::built_in(table))?,
            false if table.id == TableId::Categories => {
                let held = statements.view("held");
                server.read(&held, &files)?;
                let columns = [0, 1].map(|i| &*files.header[positions[i]]);
                let lacked = sql::lacked_names(&held, columns);
                let count =
                    server.rows("cannot count the names", &format!("SELECT COUNT(*) AS n FROM ({lacked}) AS l"))?;
                warnings.extend(built_in::completed(&files.name, numbers(&count, ["n"])?[0]));
                server.view(&statements.view("raw"), &sql::with_names(&files.header, &held, &lacked, columns))?;
            }
            false => server.read(&statements.view("raw"), &files)?,
        }
        server.view(&statements.view("fields"), &statements.fields())?;
        server.view(&statements.view("checked"), &statements.checked())?;
        let totals = server.rows(&format!("cannot read `{}`", files.name), &statements.totals())?;
        let [rows, broken, padded, alone] = numbers(&totals, ["rows_in", "broken", "padded", "alone"])?;
        let odd = |(i, column): (usize, &'static crate::schema::contract::Column)| {
            let [count] = numbers(&totals, [&*format!("odd_{i}")])?;
            Ok((column.name, count))
        };
        let mut odd_ids = statements.ids().map(odd).collect::<Result<Vec<_>>>()?;
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
        Ok(Raw { table, positions, warnings, file, rows, broken, padded, alone, odd_ids, marked, years, files })
    }

    fn statements(&self) -> Statements<'_> {
        Statements { table: self.table, header: &self.files.header, positions: &self.positions, years: self.years }
    }

    /// Writes the clean rows; returns the audit of the table.
    fn clean(&self, server: &dyn Server, to: &Folders<'_>) -> Result<TableAudit> {
        let (table, statements) = (self.table, self.statements());
        let aside = self.set_aside(server)?;
        let raw = RawTable {
            frame: DataFrame::empty(),
            lines: Vec::new(),
            rows_in: self.rows,
            padded_zips: self.padded,
            odd_ids: self.odd_ids.clone(),
            conversions: self.marked.clone(),
            quarantine: aside,
            file: self.file.clone(),
        };
        let ranked = statements.view("ranked");
        server.view(&ranked, &statements.ranked())?;
        server.keep(&ranked)?;
        let counts = server.rows(&format!("cannot sort `{}` out", table.name), &statements.counts())?;
        let [readable, distinct, conflicts] = numbers(&counts, ["readable", "distinct_rows", "conflicts"])?;
        if readable != self.rows - self.broken {
            return Err(
                Error::input(format!("`{}` changed while it was read", self.files.name)).with_hint("run it again")
            );
        }
        let mut account = TableAudit::new(table, raw);
        account.steps[1] = step(table.name, "clean", readable, readable - distinct, conflicts);
        if conflicts > 0 {
            let rows = server.rows(&format!("cannot sort `{}` out", table.name), &statements.conflicts())?;
            for row in 0..rows.height() {
                account.steps[1].amount.add(amount_of(table, &rows, row)?);
                account.quarantine.add(conflict(table, &self.files.name, &rows, row, None)?);
            }
        }
        write(server, table.name, to, &statements.clean())?;
        Ok(account)
    }

    /// The quarantined rows and values, in an order that does not depend on the server.
    fn set_aside(&self, server: &dyn Server) -> Result<Quarantine> {
        let mut quarantine = Quarantine::default();
        if self.broken + self.alone == 0 {
            return Ok(quarantine);
        }
        for line in &self.files.unended {
            if let Some(reason) = self.breaks(line) {
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
        let (broken, alone) = (rows.column(BROKEN)?.i64()?, rows.column(ALONE)?.str()?);
        let mut aside = Vec::with_capacity(rows.height());
        for (row, (broken, alone)) in broken.iter().zip(alone.iter()).enumerate() {
            if let Some(broken) = broken {
                quarantine.amount.add(if broken == RECORD { None } else { self.amount(&rows, row)? });
                aside.push((broken, self.aside(&rows, row, broken, Scope::Row)?));
                continue;
            }
            let marks = self.statements().alone().into_iter().zip(alone.unwrap_or_default().bytes());
            for (column, _) in marks.filter(|(_, mark)| *mark == b'1') {
                aside.push((column as i64, self.aside(&rows, row, column as i64, Scope::Value)?));
            }
        }
        if self.broken * 2 > self.rows {
            let first = aside.iter().map(|(_, item)| item).find(|item| item.scope == Scope::Row);
            return Err(mostly_broken(&self.files.name, self.rows, self.broken, first));
        }
        aside.sort_by(|a, b| (a.0, &a.1.record).cmp(&(b.0, &b.1.record)));
        aside.into_iter().for_each(|(_, item)| quarantine.add(item));
        quarantine.refuse_mostly_broken(&self.files.name, self.rows)?;
        Ok(quarantine)
    }

    /// Why the last line of a file is not a complete record; `None` if it is.
    fn breaks(&self, line: &[u8]) -> Option<String> {
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

    fn aside(&self, rows: &DataFrame, row: usize, broken: i64, scope: Scope) -> Result<Quarantined> {
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
        let place = broken as usize;
        let (column, value) = (&self.table.columns[place], field(self.positions[place])?);
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

/// Writes a clean table, and creates a view for it, which later statements read.
fn write(server: &dyn Server, name: &str, to: &Folders<'_>, statement: &str) -> Result<()> {
    let folder = to(name)?;
    server.write(name, &folder, statement)?;
    // Sail writes no file if there are no rows.
    if !is_url(&folder) && parts(Path::new(&folder))?.is_empty() {
        let path = Path::new(&folder).join("0.parquet");
        fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
        write_frame(&empty(name), File::create(&path).map_err(Error::io("create", &path))?)?;
    }
    server.open(name, &folder)
}

/// A clean table without rows.
fn empty(name: &str) -> DataFrame {
    let columns: Vec<_> = match TABLES.iter().find(|table| table.name == name) {
        Some(table) => table.clean_columns().collect(),
        None => crate::schema::contract::ZIP_LOCATION_COLUMNS.iter().collect(),
    };
    let fields = columns.into_iter().map(|column| Field::new(column.name.into(), column.kind.dtype()));
    DataFrame::empty_with_schema(&fields.collect::<Schema>())
}

/// The fields of a record.
fn fields(record: &[u8]) -> csv::ByteRecord {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(record);
    reader.byte_records().next().and_then(std::result::Result::ok).unwrap_or_default()
}

/// How the categories of products got their names.
fn names(server: &dyn Server) -> Result<Vec<Change>> {
    let (products, names) = (TableId::Products.name(), TableId::Categories.name());
    let counts = server.rows(
        "cannot count the categories",
        &format!(
            "SELECT COUNT(n.product_category_name) AS translated, COUNT(p.product_category_name) AS named, COUNT(*) AS products \
             FROM {products} AS p LEFT JOIN {names} AS n ON p.product_category_name = n.product_category_name"
        ),
    )?;
    let [translated, named, all] = numbers(&counts, ["translated", "named", "products"])?;
    let changes = [
        (ChangeKind::Translated, translated),
        (ChangeKind::NamedUnknown, all - named),
        (ChangeKind::Untranslated, named - translated),
    ];
    let change =
        |(change, count)| Change { table: products.into(), column: "product_category_name".into(), change, count };
    Ok(changes.into_iter().filter(|(_, count)| *count > 0).map(change).collect())
}

/// Counts from a one-row answer, by column name; the null sum over no rows is 0.
fn numbers<const N: usize>(answer: &DataFrame, names: [&str; N]) -> Result<[usize; N]> {
    let mut counts = [0; N];
    for (count, name) in counts.iter_mut().zip(names) {
        let found = answer.column(name)?.i64()?.get(0).unwrap_or(0);
        *count = usize::try_from(found).map_err(|_| Error::input(format!("the server counts {found} as `{name}`")))?;
    }
    Ok(counts)
}
