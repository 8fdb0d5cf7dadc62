//! RawTables → CleanTables + Audit, in memory. Next: `checks`, then `mart`.

use std::collections::BTreeMap;

use polars::prelude::*;

use super::audit::{Audit, Change, ChangeKind, Check, Nulls, QuarantinedValues, RowCounts, Severity};
use super::checks::outcome::outcome;
use super::checks::rules::form_of;
use super::clean_tables::CleanTables;
use super::partition::by_month::first_of_month;
use super::{checks, locations};
use crate::error::{Error, Result};
use crate::input::identity::InputFile;
use crate::input::quarantine::as_csv;
use crate::input::quarantine::{Quarantine, Quarantined};
use crate::input::raw_table::{RawTable, RawTables};
use crate::input::read::read_table;
use crate::input::source::Source;
use crate::parallel;
use crate::schema::contract::{Column, LogicalType, Scope, TABLES, Table, TableId, UNKNOWN_CATEGORY, ZIP_LOCATIONS};
use crate::schema::format;
use crate::table::sort_dedupe::canonical;

const MICROSECONDS_PER_DAY: i64 = 86_400_000_000;

/// Cleans and checks the tables, freeing each raw one when it is done. The result does not depend on the order of rows in the files.
///
/// # Errors
/// [`Error::Input`]: there are no orders. [`Error::Polars`]: polars fails.
pub fn clean(raw: RawTables) -> Result<(CleanTables, Audit)> {
    let cleaned = parallel::map(raw.tables, |(id, table)| Ok((id, clean_table(id.table(), table)?)))?;
    collect(cleaned, raw.warnings)
}

/// Reads and cleans table by table. The result is that of [`clean`] after [`read`](crate::input::read()), in less memory: the rows of a
/// file are cleaned before the next file is read.
///
/// # Errors
/// As [`read`](crate::input::read()) and [`clean`].
pub fn load(source: &Source) -> Result<(CleanTables, Audit)> {
    let loaded = parallel::map(&TABLES, |table| {
        let (raw, warnings) = read_table(source, table.id)?;
        Ok(((table.id, clean_table(table, raw)?), warnings))
    })?;
    let (cleaned, warnings): (Vec<_>, Vec<_>) = loaded.into_iter().unzip();
    let (tables, mut audit) = collect(cleaned, warnings.concat())?;
    audit.market = source.market()?;
    Ok((tables, audit))
}

/// The steps that need several tables: category names, locations, checks.
fn collect(cleaned: Vec<(TableId, Cleaned)>, warnings: Vec<String>) -> Result<(CleanTables, Audit)> {
    let (mut tables, mut table_audits) = (BTreeMap::new(), Vec::with_capacity(cleaned.len()));
    let mut lines = Vec::new();
    for (id, cleaned) in cleaned {
        if id == TableId::Geolocation {
            lines = cleaned.lines;
        }
        tables.insert(id, cleaned.frame);
        table_audits.push(cleaned.table_audit);
    }
    some_order(tables[&TableId::Orders].height())?;
    let named = name_categories(&mut tables)?;
    let mut clean = CleanTables::of(tables);
    let file = &table_audits[TableId::Geolocation as usize].file.name;
    let (located, checked) =
        parallel::both(|| locate(clean.table(TableId::Geolocation), file, &lines), || checks::check(&clean));
    let (zip_locations, outside) = located?;
    clean.zip_locations = zip_locations;
    let mut audit = audit_of(table_audits, warnings, named, outside);
    audit.nulls = TABLES.iter().map(|t| nulls(t, clean.table(t.id))).collect::<Result<Vec<_>>>()?.concat();
    checked?.finish(&mut audit)?;
    Ok((clean, audit))
}

/// Checks that there are orders.
///
/// # Errors
/// There are none.
pub(crate) fn some_order(orders: usize) -> Result<()> {
    match orders {
        0 => {
            Err(Error::input("there is no order in the data")
                .with_hint("`olist_orders_dataset.csv` holds no readable row"))
        }
        _ => Ok(()),
    }
}

/// Computes the locations; also returns the audit step and the points that were quarantined.
fn locate(points: &DataFrame, file: &str, lines: &[u32]) -> Result<(DataFrame, (RowCounts, Quarantine))> {
    let (located, outside) = locations::locate(points, file, lines)?;
    Ok((located, (RowCounts::of(ZIP_LOCATIONS, "locate", points.height(), 0, outside.rows), outside)))
}

/// The audit, except for the results of the checks.
pub(crate) fn audit_of(
    table_audits: Vec<TableAudit>,
    warnings: Vec<String>,
    named: Vec<Change>,
    (located, outside): (RowCounts, Quarantine),
) -> Audit {
    let mut audit = Audit { warnings, ..Default::default() };
    for table_audit in table_audits {
        audit.quality.extend(table_audit.odd_ids());
        audit.warnings.extend(table_audit.notes);
        audit.inputs.push(table_audit.file);
        audit.steps.extend(table_audit.steps);
        audit.changes.extend(table_audit.changes);
        audit.add_quarantine(table_audit.table.name, table_audit.quarantine);
    }
    audit.changes.extend(named);
    audit.steps.push(located);
    audit.add_quarantine(ZIP_LOCATIONS, outside);
    audit
}

impl Audit {
    fn add_quarantine(&mut self, table: &str, quarantine: Quarantine) {
        self.warnings.extend(quarantine.warnings(table));
        let values = quarantine.values.into_iter();
        self.values.extend(values.map(|(column, count)| QuarantinedValues { table: table.into(), column, count }));
        if !quarantine.listed.is_empty() {
            self.quarantine.push((table.into(), quarantine.listed));
        }
    }
}

pub(crate) struct Cleaned {
    pub(crate) frame: DataFrame,
    /// Line in the file of each row of `frame`.
    pub(crate) lines: Vec<u32>,
    pub(crate) table_audit: TableAudit,
}

/// Cleans one table. Takes the raw table by value, so that its memory is free before the next table is cleaned.
pub(crate) fn clean_table(table: &'static Table, mut raw: RawTable) -> Result<Cleaned> {
    let (frame, lines) = (std::mem::take(&mut raw.frame), std::mem::take(&mut raw.lines));
    let mut table_audit = TableAudit::new(table, raw);
    let (frame, lines) = table_audit.add(deduplicate(table, &table_audit.file.name, frame, &lines)?);
    Ok(Cleaned { frame, lines, table_audit })
}

/// The audit of one table, for the rows so far.
pub(crate) struct TableAudit {
    table: &'static Table,
    pub(crate) file: InputFile,
    /// The steps `read` and `clean`.
    pub(crate) steps: [RowCounts; 2],
    changes: Vec<Change>,
    odd_ids: Vec<(&'static str, usize)>,
    /// Warnings about values that were not taken as they are written.
    notes: Vec<String>,
    pub(crate) quarantine: Quarantine,
}

impl TableAudit {
    /// Starts the audit of a table whose rows are not cleaned yet. The rows in `raw` itself are not examined.
    pub(crate) fn new(table: &'static Table, raw: RawTable) -> TableAudit {
        let read = RowCounts {
            amount: raw.quarantine.amount,
            ..RowCounts::of(table.name, "read", raw.rows_in, 0, raw.quarantine.rows)
        };
        let changes = changes(table, read.rows_out, raw.padded_zips);
        let steps = [read, RowCounts::of(table.name, "clean", 0, 0, 0)];
        let notes = raw.notes();
        let RawTable { file, odd_ids, quarantine, .. } = raw;
        TableAudit { table, file, steps, changes, odd_ids, notes, quarantine }
    }

    /// The checks that ids have Olist's form, for columns where at least 1 % do not.
    fn odd_ids(&self) -> impl Iterator<Item = Check> {
        let rows = self.steps[0].rows_out;
        let irregular = self.odd_ids.iter().filter(move |(_, count)| count * 100 >= rows);
        irregular.map(move |(column, count)| {
            outcome(self.table, form_of(column), Severity::Warning, (*count, rows), Vec::new())
        })
    }

    /// Adds the counts of cleaned rows to the audit; returns the kept rows and their lines.
    pub(crate) fn add(&mut self, rows: Deduplicated) -> (DataFrame, Vec<u32>) {
        let Deduplicated { frame, lines, rows_in, duplicates, conflicts } = rows;
        self.steps[1].rows_in += rows_in;
        self.steps[1].rows_out += frame.height();
        self.steps[1].deduplicated += duplicates;
        self.steps[1].quarantined += conflicts.rows;
        self.steps[1].amount.append(conflicts.amount);
        self.quarantine.append(conflicts);
        (frame, lines)
    }
}

/// Cleaned rows, not yet in the audit.
pub(crate) struct Deduplicated {
    frame: DataFrame,
    /// The line of each row.
    lines: Vec<u32>,
    rows_in: usize,
    duplicates: usize,
    conflicts: Quarantine,
}

/// Removes duplicates, quarantines key conflicts, sorts, renames columns and adds derived ones. All rows with the same key must be passed
/// together; `lines` are their lines in `file`.
pub(crate) fn deduplicate(table: &Table, file: &str, raw: DataFrame, lines: &[u32]) -> Result<Deduplicated> {
    let source_key: Vec<&str> = table.key.iter().filter_map(|k| table.column(k)).map(|c| c.source).collect();
    let order = canonical(&raw, &source_key)?;
    let mut conflicts = Quarantine::default();
    for row in order.conflicts.iter().map(|row| *row as usize) {
        conflicts.amount.add(amount_of(table, &raw, row)?);
        match conflicts.has_room() {
            true => conflicts.add(conflict(table, file, &raw, row, Some(lines[row]))?),
            false => conflicts.count_rows(1),
        }
    }
    let lines = order.kept.iter().map(|&row| lines[row as usize]).collect();
    let (rows_in, duplicates) = (raw.height(), order.duplicates);
    let mut frame = raw.take(&IdxCa::from_vec("row".into(), order.kept))?;
    for column in table.columns {
        frame.rename(column.source, column.name.into())?;
    }
    if table.id == TableId::Orders {
        derive_dates(&mut frame)?;
    }
    Ok(Deduplicated { frame, lines, rows_in, duplicates, conflicts })
}

/// The amount of a row whose columns have their source names, centavos.
pub(crate) fn amount_of(table: &Table, raw: &DataFrame, row: usize) -> Result<Option<i64>> {
    let Some(column) = table.amount() else { return Ok(None) };
    Ok(raw.column(column.source)?.get(row)?.str_value().parse().ok())
}

/// The quarantine entry for a row that repeats a key with other values; columns under their source names.
pub(crate) fn conflict(
    table: &Table,
    file: &str,
    raw: &DataFrame,
    row: usize,
    line: Option<u32>,
) -> Result<Quarantined> {
    let text = |column: &str| -> Result<String> { Ok(raw.column(column)?.get(row)?.str_value().into_owned()) };
    let key: Vec<String> = table.key.iter().map(|k| text(k)).collect::<Result<_>>()?;
    // Amounts as files hold them, so that the row can be found again.
    let as_in_file = |column: &Column| {
        let text = text(column.source)?;
        Ok(match (column.kind, text.parse()) {
            (LogicalType::Money, Ok(centavos)) => format::brl(centavos),
            _ => text,
        })
    };
    let record: Vec<String> = table.columns.iter().map(as_in_file).collect::<Result<_>>()?;
    let (column, value, record) = (table.key.join(" + "), key.join(" + "), as_csv(record.iter()));
    let reason = "the key of another row, with other values".into();
    Ok(Quarantined::new(file.into(), line.map(u64::from), Scope::Row, (&column, &value), reason, &record))
}

/// Adds purchase day and month, delivery time and lateness, and the time until the payment was approved.
fn derive_dates(orders: &mut DataFrame) -> Result<()> {
    let micros = |name: &str| -> Result<Int64Chunked> { Ok(orders.column(name)?.to_physical_repr().i64()?.clone()) };
    let purchase = micros("order_purchase_timestamp")?;
    let delivered = micros("order_delivered_customer_date")?;
    let estimated = micros("order_estimated_delivery_date")?;
    let approved = micros("order_approved_at")?;
    let day_of = |micros: i64| micros.div_euclid(MICROSECONDS_PER_DAY) as i32;
    // Whole seconds, as remote engines count them.
    let second_of = |micros: i64| micros.div_euclid(1_000_000);
    let pairs = || delivered.iter().zip(estimated.iter()).map(|(d, e)| Some((d?, e?)));

    let days: Int32Chunked = purchase.iter().map(|p| p.map(day_of)).collect();
    let months: Int32Chunked = days.iter().map(|d| d.map(first_of_month)).collect();
    let seconds = |until: &Int64Chunked| -> Int64Chunked {
        until.iter().zip(purchase.iter()).map(|(d, p)| Some(second_of(d?) - second_of(p?))).collect()
    };
    let by_timestamp: BooleanChunked = pairs().map(|p| p.map(|(d, e)| d > e)).collect();
    let by_date: BooleanChunked = pairs().map(|p| p.map(|(d, e)| day_of(d) > day_of(e))).collect();
    let derived = [
        days.into_date().into_series(),
        months.into_date().into_series(),
        seconds(&delivered).into_series(),
        by_timestamp.into_series(),
        by_date.into_series(),
        seconds(&approved).into_series(),
    ];
    for (series, column) in derived.into_iter().zip(TableId::Orders.table().derived) {
        orders.with_column(series.with_name(column.name.into()).into_column())?;
    }
    Ok(())
}

/// Adds the English name of its category to every product.
pub(crate) fn name_categories(tables: &mut BTreeMap<TableId, DataFrame>) -> Result<Vec<Change>> {
    let translation = &tables[&TableId::Categories];
    let portuguese = translation.column("product_category_name")?.str()?;
    let english = translation.column("product_category_name_english")?.str()?;
    let names: BTreeMap<&str, &str> =
        portuguese.iter().zip(english.iter()).filter_map(|(p, e)| Some((p?, e?))).collect();
    let mut counts = BTreeMap::new();
    let categories: StringChunked = tables[&TableId::Products]
        .column("product_category_name")?
        .str()?
        .iter()
        .map(|name| {
            let (change, category) = match name.map(|n| (n, names.get(n))) {
                Some((_, Some(english))) => (ChangeKind::Translated, *english),
                Some((portuguese, None)) => (ChangeKind::Untranslated, portuguese),
                None => (ChangeKind::NamedUnknown, UNKNOWN_CATEGORY),
            };
            *counts.entry(change).or_insert(0) += 1;
            Some(category)
        })
        .collect();
    let table = TableId::Products;
    let changes = counts.into_iter().map(|(change, count)| Change {
        table: table.name().into(),
        column: "product_category_name".into(),
        change,
        count,
    });
    let series = categories.with_name(table.table().derived[0].name.into()).into_series();
    if let Some(products) = tables.get_mut(&table) {
        products.with_column(series.into_column())?;
    }
    Ok(changes.collect())
}

/// The changes over all readable rows of a table.
pub(crate) fn changes(table: &'static Table, rows: usize, padded_zips: usize) -> Vec<Change> {
    let change =
        |column: &str, change, count| Change { table: table.name.into(), column: column.into(), change, count };
    let mut changes = Vec::new();
    for column in table.columns {
        match column.kind {
            LogicalType::Money => changes.push(change(column.name, ChangeKind::ToCentavos, rows)),
            LogicalType::Zip if padded_zips > 0 => {
                changes.push(change(column.name, ChangeKind::ZeroPadded, padded_zips))
            }
            _ if column.name != column.source => changes.push(change(column.name, ChangeKind::Renamed, 1)),
            _ => {}
        }
    }
    if table.id == TableId::Orders {
        changes.extend(table.derived.iter().map(|c| change(c.name, ChangeKind::Derived, rows)));
    }
    changes
}

/// Counts missing values of source columns. A derived column is null where its sources are, and is not counted.
pub(crate) fn nulls(table: &Table, frame: &DataFrame) -> Result<Vec<Nulls>> {
    let nullable = table.columns.iter().filter_map(|column| Some((column.name, column.null?)));
    let count = |(column, reason): (&str, &str)| {
        let missing = frame.column(column)?.null_count();
        Ok(Nulls {
            table: table.name.into(),
            column: column.into(),
            missing,
            total: frame.height(),
            reason: reason.into(),
        })
    };
    nullable.map(count).collect()
}
