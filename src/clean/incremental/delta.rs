//! Newly arrived files + the previous run → updated clean tables and Audit. Beside `tables` and `partition`; next: `mart`.
//!
//! New rows affect some orders: new ones, and older ones that get rows late. The contribution of the affected orders before the delta is
//! subtracted from checks and sums, their contribution after it is added. All other orders stay as they are, and so do the files of
//! months without a change. The result is identical, bit for bit, to that of reading everything. When this is not certain, for example
//! because a row repeats an existing key, [`DeltaError::FullReload`] gives the reason, and everything must be read again.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::*;

use super::previous_run::{Files, PreviousRun, Tables, empty};
use super::{DeltaError, DeltaResult, full_reload, merged_checks};
use crate::clean::audit::{Audit, Change, ChangeKind, Check, Relation};
use crate::clean::checks::quality::Quality;
use crate::clean::checks::references::{Measured, Reference, parent_to_child, references};
use crate::clean::checks::rules;
use crate::clean::partition::by_month;
use crate::clean::partition::by_month::label;
use crate::clean::tables::{Cleaned, TableAudit, changes, clean_table, nulls};
use crate::error::Result;
use crate::input::find::found::NOT_READ;
use crate::input::identity::InputFile;
use crate::input::read::read_table;
use crate::input::source::Source;
use crate::parallel;
use crate::schema::contract::BY_MONTH;
use crate::schema::contract::{OF_ITEMS, TABLES, Table, TableId};
use crate::table::merge::{find, merge};

/// The clean tables of the affected orders, by name, for code that aggregates orders.
pub struct Orders {
    /// Before the delta.
    pub old: Files,
    /// After the delta.
    pub new: Files,
    /// The new customers.
    pub customers: DataFrame,
}

/// The new rows, and the clean tables of the affected orders.
pub struct Delta<'a> {
    previous: &'a PreviousRun,
    fresh: Fresh,
    old: Tables,
    new: Tables,
    /// The previous run's files that hold the affected orders.
    found: Files,
}

/// The clean tables after the delta.
pub struct Updated {
    /// The changed files by name, with all their rows; an empty frame if no row is left.
    pub files: Files,
    /// Audit of all rows.
    pub audit: Audit,
}

/// Reads the files of `source` that the previous run does not have; `inputs` are all files of the source, in the order of the contract.
///
/// # Errors
/// [`DeltaError::FullReload`]: something other than new files of the long tables has changed, or new rows change older ones.
/// [`DeltaError::Failed`]: a file cannot be read.
pub fn read_delta<'a>(
    previous: &'a PreviousRun,
    source: &Source,
    inputs: &[InputFile],
) -> DeltaResult<(Delta<'a>, Orders)> {
    let to_customers = |relation: &&Relation| relation.to.0 == TableId::Customers.name();
    if previous.audit.relations.iter().find(to_customers).is_none_or(|relation| relation.orphans > 0) {
        return full_reload("an order of the last run has no customer");
    }
    let is_not_read = |warning: &&String| warning.contains(NOT_READ);
    let unread: BTreeSet<&String> = TABLES.iter().flat_map(|table| source.unread(table.id)).collect();
    if previous.audit.warnings.iter().filter(is_not_read).collect::<BTreeSet<_>>() != unread {
        return full_reload("the set of files that are not read has changed");
    }
    if previous.audit.quality.iter().any(|check| rules::is_of_form(&check.check)) {
        return full_reload("ids of the last run do not have Olist's form");
    }
    let (new_files, updated) = source.new_files(&previous.audit.inputs, inputs).map_err(DeltaError::FullReload)?;
    let fresh = Fresh::read(&new_files, &updated)?;
    let (old, found) = previous.read_affected(&fresh.rows)?;
    let new = add(&old, &fresh.rows)?;
    let of_items = |(id, columns): (TableId, &[&str])| {
        Ok((id.name().to_string(), previous.of_items(id, columns, &new[&TableId::OrderItems])?))
    };
    let short = OF_ITEMS.into_iter().map(of_items).collect::<Result<Vec<_>>>()?;
    let named = |tables: &Tables| {
        let named = tables.iter().map(|(id, frame)| (id.name().to_string(), frame.clone()));
        named.chain(short.iter().cloned()).collect()
    };
    let customers = fresh.rows[&TableId::Customers].clone();
    let orders = Orders { old: named(&old), new: named(&new), customers };
    Ok((Delta { previous, fresh, old, new, found }, orders))
}

impl Delta<'_> {
    /// Number of new rows, over all tables.
    pub fn rows(&self) -> usize {
        self.fresh.rows.values().map(DataFrame::height).sum()
    }

    /// Merges the new rows into the previous run's tables.
    ///
    /// # Errors
    /// As [`read_delta`].
    pub fn apply(self, inputs: Vec<InputFile>) -> DeltaResult<Updated> {
        let Delta { previous, fresh, old, new, found } = self;
        let files = changed(previous, found, &old, &new)?;
        let audit = merge_audits(previous, &fresh, &old, &new, &files, inputs)?;
        Ok(Updated { files, audit })
    }
}

/// The clean rows of the new files.
struct Fresh {
    rows: Tables,
    /// What reading and cleaning did, by table.
    table_audits: BTreeMap<TableId, TableAudit>,
    padded_zips: BTreeMap<TableId, usize>,
    warnings: BTreeSet<String>,
}

impl Fresh {
    fn read(new_files: &Source, updated: &[TableId]) -> DeltaResult<Fresh> {
        let mut fresh = Fresh {
            rows: BY_MONTH.into_iter().map(|id| (id, empty(id.table()))).collect(),
            table_audits: BTreeMap::new(),
            padded_zips: BTreeMap::new(),
            warnings: BTreeSet::new(),
        };
        // A mostly broken file fails here, but might pass when read with the others: reloading decides.
        let read = parallel::map(updated, |&id| Ok((id, read_table(new_files, id).map_err(|e| e.to_string()))))?;
        for (id, read) in read {
            let (raw, warnings) = read.map_err(DeltaError::FullReload)?;
            let (padded, quarantined) = (raw.padded_zips, raw.quarantine.len());
            if !(raw.odd_ids.is_empty() && raw.conversions.is_empty()) {
                return full_reload(format!(
                    "ids or values of the new rows of `{}` have another form than before",
                    id.name()
                ));
            }
            let Cleaned { frame, table_audit, .. } = clean_table(id.table(), raw)?;
            if quarantined + table_audit.quarantine.len() > 0 {
                return full_reload(format!("new rows of `{}` are quarantined", id.name()));
            }
            fresh.padded_zips.insert(id, padded);
            fresh.warnings.extend(warnings);
            fresh.rows.insert(id, frame);
            fresh.table_audits.insert(id, table_audit);
        }
        Ok(fresh)
    }
}

/// The affected tables with the new rows.
fn add(old: &Tables, rows: &Tables) -> DeltaResult<Tables> {
    let mut new = Tables::new();
    for (id, old) in old {
        let (key, rows) = (id.table().key, &rows[id]);
        if find(old, rows, key)?.iter().any(Result::is_ok) {
            return full_reload(format!("a new row of `{}` repeats a key", id.name()));
        }
        new.insert(*id, merge(old, rows, &old.clear(), key)?);
    }
    Ok(new)
}

/// The files whose rows change.
fn changed(previous: &PreviousRun, mut files: Files, old: &Tables, new: &Tables) -> Result<Files> {
    let months = |tables: &Tables| by_month::of_tables(&tables.iter().map(|(id, frame)| (*id, frame)).collect());
    let (months_old, months_new) = (months(old)?, months(new)?);
    // By file: rows to add, rows to remove.
    let mut changes: BTreeMap<(TableId, String), [Vec<IdxSize>; 2]> = BTreeMap::new();
    for (id, frame) in new {
        // A new row is not in the old table; an old row may have changed its month.
        for ((row, month), row_old) in (0..).zip(months_new[id].iter()).zip(find(&old[id], frame, id.table().key)?) {
            let month_old = row_old.ok().map(|row_old| months_old[id].get(row_old));
            if month_old != Some(month) {
                changes.entry((*id, label(month))).or_default()[0].push(row);
                if let (Some(month), Ok(row_old)) = (month_old, row_old) {
                    changes.entry((*id, label(month))).or_default()[1].push(row_old as IdxSize);
                }
            }
        }
    }
    let opened: Vec<_> = changes
        .into_iter()
        .map(|((id, month), rows)| {
            let name = format!("{}/{month}", id.name());
            (id, month, files.remove(&name), rows, name)
        })
        .collect();
    let merged = parallel::map(opened, |(id, month, base, [added, removed], name)| {
        let base = base.map_or_else(|| previous.read(id, &month), Ok)?;
        let take = |frame: &DataFrame, rows: Vec<IdxSize>| frame.take(&IdxCa::from_vec("row".into(), rows));
        Ok((name, merge(&base, &take(&new[&id], added)?, &take(&old[&id], removed)?, id.table().key)?))
    })?;
    Ok(merged.into_iter().collect())
}

/// The audit of all rows.
fn merge_audits(
    previous: &PreviousRun,
    fresh: &Fresh,
    old: &Tables,
    new: &Tables,
    files: &Files,
    inputs: Vec<InputFile>,
) -> DeltaResult<Audit> {
    let mut audit =
        Audit { steps: previous.audit.steps.clone(), nulls: previous.audit.nulls.clone(), ..Audit::default() };
    for table_audit in fresh.table_audits.values() {
        for step in &table_audit.steps {
            let merged = audit.steps.iter_mut().find(|merged| merged.table == step.table && merged.step == step.step);
            let Some(merged) = merged else { return full_reload("the audit of the last run is incomplete") };
            merged.rows_in += step.rows_in;
            merged.rows_out += step.rows_out;
            merged.deduplicated += step.deduplicated;
        }
    }
    audit.changes = all_changes(&previous.audit, &audit, fresh);
    let mut quality = Quality::default();
    quality.add(previous.audit.quality.iter().filter(|check| !merged_checks::is_derived(check)).cloned().collect());
    for (id, rows) in &fresh.rows {
        let table = id.table();
        for nulls in nulls(table, rows)? {
            if let Some(merged) = audit.nulls.iter_mut().find(|n| n.table == nulls.table && n.column == nulls.column) {
                merged.missing += nulls.missing;
                merged.total += nulls.total;
            }
        }
        for check in rules::rules(table, rows)? {
            quality.update(table, None, check, || unreachable!("no row goes"))?;
        }
    }
    let paid = [TableId::OrderItems, TableId::OrderPayments];
    let of = |tables: &Tables| rules::paid_in_full(&tables[&paid[0]], &tables[&paid[1]]);
    let find_first = || previous.first(&paid, files, |heads| rules::paid_in_full(&heads[0], &heads[1]));
    quality.update(paid[1].table(), Some(of(old)?), of(new)?, find_first)?;
    for (table, key) in references() {
        let measured = previous.measured(table, key)?;
        let measured = match (BY_MONTH.contains(&key.table), fresh.rows.get(&table.id)) {
            (true, _) => {
                let of = |parents: &DataFrame, children: &DataFrame| -> Result<Measured> {
                    let mut reference = Reference::new(table, key, parents)?;
                    reference.add(children)?;
                    Ok(reference.measured())
                };
                let find_first = |select: fn(Measured) -> Check| -> DeltaResult<Vec<String>> {
                    if key.table != TableId::Orders {
                        return full_reload(format!(
                            "the first failing rows are not known: {}",
                            parent_to_child(table, key)
                        ));
                    }
                    let check = |heads: &[DataFrame]| Ok(select(of(&heads[0], &heads[1])?));
                    Ok(previous.first(&[key.table, table.id], files, check)?)
                };
                let [old, new] = [old, new].map(|tables| of(&tables[&key.table], &tables[&table.id]));
                measured.update(&old?, &new?, find_first)?
            }
            (false, Some(rows)) if rows.height() > 0 => {
                let target = previous.short(key.table, &[key.references])?;
                let mut reference = Reference::new(table, key, &target)?;
                if !reference.continue_from(measured) {
                    return full_reload("the last run's counts of references do not match its tables");
                }
                reference.add(rows)?;
                reference.measured()
            }
            _ => measured,
        };
        quality.measure((table.id, key.column), measured);
    }
    quality.finish(&mut audit)?;
    rename(&previous.audit, fresh, &mut audit, inputs)?;
    Ok(audit)
}

/// The changes over all rows.
fn all_changes(previous: &Audit, audit: &Audit, fresh: &Fresh) -> Vec<Change> {
    let of_table = |table: &'static Table| {
        let read = audit.steps.iter().find(|step| step.table == table.name && step.step == "read");
        let padded = |change: &&Change| change.table == table.name && change.change == ChangeKind::ZeroPadded;
        let padded = previous.changes.iter().find(padded).map_or(0, |change| change.count);
        let padded = padded + fresh.padded_zips.get(&table.id).copied().unwrap_or(0);
        changes(table, read.map_or(0, |step| step.rows_out), padded)
    };
    let named = [ChangeKind::Translated, ChangeKind::NamedUnknown, ChangeKind::Untranslated];
    let named = previous.changes.iter().filter(|change| named.contains(&change.change)).cloned();
    TABLES.iter().flat_map(of_table).chain(named).collect()
}

/// Replaces file names in warnings and quarantine: the name of a table's files depends on their number.
fn rename(previous: &Audit, fresh: &Fresh, audit: &mut Audit, inputs: Vec<InputFile>) -> DeltaResult<()> {
    let names: BTreeMap<&str, &str> =
        previous.inputs.iter().zip(&inputs).map(|(old, new)| (old.name.as_str(), new.name.as_str())).collect();
    let quoted = |name: &str| format!("`{name}`");
    audit.warnings = previous.warnings.clone();
    for (old, new) in &names {
        audit.warnings.iter_mut().for_each(|warning| *warning = warning.replace(&quoted(old), &quoted(new)));
    }
    if let Some(warning) = fresh.warnings.iter().find(|warning| !audit.warnings.contains(warning)) {
        return full_reload(warning.clone());
    }
    audit.values = previous.values.clone();
    audit.quarantine = previous.quarantine.clone();
    for row in audit.quarantine.iter_mut().flat_map(|(_, rows)| rows) {
        row.file = names.get(row.file.as_str()).map_or_else(|| row.file.clone(), |name| name.to_string());
    }
    audit.inputs = inputs;
    Ok(())
}
