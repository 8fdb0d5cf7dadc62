//! What an earlier load has left, and files that have come since → what becomes of it. Beside `shards`; next: `mart`.
//!
//! The new rows concern some orders: those that are new, and older ones that get rows late. What these orders were like is taken
//! off, what they are like now is added; all others stay as they are, and so do the files of the months in which no row came or
//! went. The outcome is that of loading everything, to the bit. Where it would not surely be, as when a row comes that was there
//! before with other values, the reason is given, and everything must be loaded again.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};

use polars::prelude::*;

use super::audit::{Audit, Change, ChangeKind, Check, Relation};
use super::clean::{Account, Cleaned, changes, clean_table, nulls};
use super::contract::{ForeignKey, TABLES, Table, TableId};
use super::merge::{find, merge};
use super::months::{self, BY_MONTH, label};
use super::parquet::{join_rows, read_frame};
use super::places::Places;
use super::quality::{self, Measured, Quality, Reference, SAMPLES, references};
use super::read::{InputFile, read_table};
use super::recount;
use super::source::Source;
use crate::error::{Error, Result};
use crate::parallel;

/// How many rows of every file are looked at first for orders that lack something.
const FIRST: usize = if cfg!(test) { 8 } else { 1 << 12 };

/// What an earlier load has left.
pub struct Before {
    /// Files of the clean tables by name, those of one month as `orders/2018-08`.
    pub clean: BTreeMap<String, PathBuf>,
    /// With what it counted of references.
    pub audit: Audit,
}

/// What has become of it.
pub struct Grown {
    /// The files of clean tables in which rows came or went, by name, with all their rows now; none where nothing is left.
    pub files: Files,
    /// The clean tables of the orders that the new rows concern, by name, as they were before.
    pub then: Files,
    /// And as they are now.
    pub now: Files,
    /// The customers that are new.
    pub customers: DataFrame,
    /// Number of new rows, of all tables.
    pub rows: usize,
    /// Of everything.
    pub audit: Audit,
}

/// Why nothing was added to what is there.
#[derive(Debug)]
pub enum Stop {
    /// The outcome might not be that of loading everything, for this reason.
    Reload(String),
    /// Something failed.
    Failed(Error),
}

/// Result of what may be refused.
pub type Grows<T> = Result<T, Stop>;

impl<E: Into<Error>> From<E> for Stop {
    fn from(error: E) -> Stop {
        Stop::Failed(error.into())
    }
}

/// Refuses, with a reason.
pub(crate) fn reload<T>(why: impl Into<String>) -> Grows<T> {
    Err(Stop::Reload(why.into()))
}

/// Clean tables, or rows of them, by the names of their files.
type Files = BTreeMap<String, DataFrame>;

/// The clean tables of some orders.
type Tables = BTreeMap<TableId, DataFrame>;

/// Adds the rows of the files that `source` has beside those of the earlier load; `inputs` are all it has, in the order of the
/// contract.
///
/// # Errors
/// [`Stop::Reload`]: something but new files of the long tables has changed, or rows came that change older ones;
/// [`Stop::Failed`]: a file cannot be read.
pub fn grow(before: &Before, source: &Source, inputs: Vec<InputFile>) -> Grows<Grown> {
    let to_customers = |relation: &&Relation| relation.to.0 == TableId::Customers.name();
    if before.audit.relations.iter().find(to_customers).is_none_or(|relation| relation.orphans > 0) {
        return reload("orders lack their customer");
    }
    let (newer, grown) = source.since(&before.audit.inputs, &inputs).map_err(Stop::Reload)?;
    let fresh = Fresh::read(&newer, &grown)?;
    let (then, mut files) = before.touched(&fresh.rows)?;
    let now = add(&then, &fresh.rows)?;
    let products = before.products(&now[&TableId::OrderItems])?;
    let files = changed(before, &mut files, &then, &now)?;
    let audit = account(before, &fresh, &then, &now, &files, inputs)?;
    let named = |tables: Tables| {
        let named = tables.into_iter().map(|(id, frame)| (id.name().to_string(), frame));
        named.chain([(TableId::Products.name().to_string(), products.clone())]).collect()
    };
    let rows = fresh.rows.values().map(DataFrame::height).sum();
    let customers = fresh.rows[&TableId::Customers].clone();
    Ok(Grown { files, then: named(then), now: named(now), customers, rows, audit })
}

/// The rows of the new files, clean.
struct Fresh {
    rows: Tables,
    /// What reading and cleaning did, by table.
    accounts: BTreeMap<TableId, Account>,
    padded_zips: BTreeMap<TableId, usize>,
    warnings: BTreeSet<String>,
}

impl Fresh {
    fn read(newer: &Source, grown: &[TableId]) -> Grows<Fresh> {
        let mut fresh = Fresh {
            rows: BY_MONTH.into_iter().map(|id| (id, empty(id.table()))).collect(),
            accounts: BTreeMap::new(),
            padded_zips: BTreeMap::new(),
            warnings: BTreeSet::new(),
        };
        // A file of which most is wrong fails by itself, but perhaps not among the others.
        let read = parallel::map(grown, |&id| Ok((id, read_table(newer, id).map_err(|e| e.to_string()))))?;
        for (id, read) in read {
            let (raw, warnings) = read.map_err(Stop::Reload)?;
            let (padded, aside) = (raw.padded_zips, raw.quarantine.len());
            let Cleaned { frame, account, .. } = clean_table(id.table(), raw)?;
            if aside + account.quarantine.len() > 0 {
                return reload(format!("new rows of `{}` are set aside", id.name()));
            }
            fresh.padded_zips.insert(id, padded);
            fresh.warnings.extend(warnings);
            fresh.rows.insert(id, frame);
            fresh.accounts.insert(id, account);
        }
        Ok(fresh)
    }
}

/// The clean table without a row.
fn empty(table: &Table) -> DataFrame {
    let fields = table.clean_columns().map(|column| Field::new(column.name.into(), column.kind.dtype()));
    DataFrame::empty_with_schema(&fields.collect())
}

/// Sorted texts, each once.
fn texts<'a>(columns: impl IntoIterator<Item = (&'a DataFrame, &'a str)>) -> Result<Vec<String>> {
    let mut all: BTreeSet<&str> = BTreeSet::new();
    for (frame, column) in columns {
        all.extend(frame.column(column)?.str()?.iter().flatten());
    }
    Ok(all.into_iter().map(String::from).collect())
}

/// Which rows have one of the texts in a column.
fn among(frame: &DataFrame, column: &str, texts: &[String]) -> Result<BooleanChunked> {
    let found = Places::of(texts.iter().map(String::as_str)).find(frame.column(column)?.str()?);
    Ok(found.iter().map(Option::is_some).collect())
}

impl Before {
    fn read(&self, table: TableId, month: &str) -> Result<DataFrame> {
        let file = self.clean.get(&format!("{}/{month}", table.name()));
        file.map_or_else(|| Ok(empty(table.table())), |file| read_frame(file))
    }

    /// The clean tables of the orders that the rows concern, and the files that they were found in, by name.
    fn touched(&self, rows: &Tables) -> Grows<(Tables, Files)> {
        let of_orders = rows.iter().filter(|(id, _)| **id != TableId::Customers);
        let mut orders = texts(of_orders.map(|(_, frame)| (frame, "order_id")))?;
        let of_customers = [TableId::Customers, TableId::Orders].map(|id| (&rows[&id], "customer_id"));
        let mut customers = texts(of_customers)?;
        let months: Vec<&str> = self.clean.keys().filter_map(|name| name.strip_prefix("orders/")).collect();
        let hit = parallel::map(months, |month| {
            let ids = read_columns(&self.clean[&format!("orders/{month}")], &["order_id", "customer_id"])?;
            let hit = among(&ids, "order_id", &orders)?.any() || among(&ids, "customer_id", &customers)?.any();
            Ok(hit.then(|| month.to_string()))
        })?;
        let months: Vec<String> = hit.into_iter().flatten().chain([label(None)]).collect();
        let open = BY_MONTH.into_iter().flat_map(|id| months.iter().map(move |month| (id, month)));
        let files =
            parallel::map(open, |(id, month)| Ok((id, format!("{}/{month}", id.name()), self.read(id, month)?)))?;

        let select = |table: TableId, wanted: &[(&str, &[String])]| -> Result<DataFrame> {
            let mut found = empty(table.table());
            for (_, _, frame) in files.iter().filter(|(id, ..)| *id == table) {
                let masks = wanted.iter().map(|(column, texts)| among(frame, column, texts));
                let mask = masks.reduce(|a, b| Ok(a? | b?)).unwrap_or_else(|| Ok(BooleanChunked::default()))?;
                found.vstack_mut(&frame.filter(&mask)?)?;
            }
            Ok(join_rows(found.sort(table.table().key.to_vec(), SortMultipleOptions::default())?))
        };
        let known = select(TableId::Orders, &[("order_id", &orders), ("customer_id", &customers)])?;
        let also = |wanted: &mut Vec<String>, column| -> Result<()> {
            wanted.extend(texts([(&known, column)])?);
            wanted.sort_unstable();
            wanted.dedup();
            Ok(())
        };
        also(&mut orders, "order_id")?;
        also(&mut customers, "customer_id")?;
        let mut then = Tables::new();
        for id in BY_MONTH {
            let rows = match id {
                TableId::Orders => known.clone(),
                TableId::Customers => select(id, &[("customer_id", &customers)])?,
                _ => select(id, &[("order_id", &orders)])?,
            };
            then.insert(id, rows);
        }
        let found = texts([(&then[&TableId::Customers], "customer_id")])?;
        if !among(&known, "customer_id", &found)?.all() {
            return reload("rows come to an order whose customer is missing, or ordered first in another month");
        }
        Ok((then, files.into_iter().map(|(_, name, frame)| (name, frame)).collect()))
    }

    /// Who has sold some products: `product_id`, `seller_id`, a row per item whose order is known.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn sellers(&self, products: &Column) -> Result<DataFrame> {
        let products = texts([(&products.clone().into_frame(), "product_id")])?;
        let unknown = label(None);
        let months = self
            .clean
            .iter()
            .filter(|(name, _)| name.strip_prefix("order_items/").is_some_and(|month| month != unknown));
        let found = parallel::map(months, |(_, file)| {
            let items = read_columns(file, &["product_id", "seller_id"])?;
            Ok(items.filter(&among(&items, "product_id", &products)?)?)
        })?;
        let mut all = empty(TableId::OrderItems.table()).select(["product_id", "seller_id"])?;
        found.iter().try_for_each(|items| all.vstack_mut(items).map(drop))?;
        Ok(all)
    }

    /// The products of these items.
    fn products(&self, items: &DataFrame) -> Result<DataFrame> {
        let products = self.short(TableId::Products)?.select(["product_id", "category"])?;
        Ok(products.filter(&among(&products, "product_id", &texts([(items, "product_id")])?)?)?)
    }

    fn short(&self, table: TableId) -> Result<DataFrame> {
        let file = self.clean.get(table.name());
        read_frame(file.ok_or_else(|| Error::input(format!("there is no clean table `{}`", table.name())))?)
    }

    /// The first orders of which `check` says that they fail, given some tables of all orders up to one; by what the `changed`
    /// files hold and the others held before.
    fn first(
        &self,
        tables: &[TableId],
        changed: &Files,
        check: impl Fn(&[DataFrame]) -> Result<Check>,
    ) -> Result<Vec<String>> {
        // Files are sorted by order: what comes first stands at the head of one of them.
        let mut length = FIRST;
        loop {
            let (mut heads, mut bound): (Vec<DataFrame>, Option<String>) = (Vec::new(), None);
            for table in tables {
                let mut rows = empty(table.table());
                let names: BTreeSet<&String> = self.clean.keys().chain(changed.keys()).collect();
                for name in names.into_iter().filter(|name| name.split('/').next() == Some(table.name())) {
                    let head = match changed.get(name) {
                        Some(rows) => rows.head(Some(length)),
                        None => read_head(&self.clean[name], length)?,
                    };
                    // Shorter ones end with their last row: nothing comes behind.
                    let ids = head.column("order_id")?.str()?;
                    let last = if head.height() == length { ids.last() } else { None };
                    bound = bound.into_iter().chain(last.map(String::from)).min();
                    rows.vstack_mut(&head)?;
                }
                heads.push(rows.sort(table.table().key.to_vec(), SortMultipleOptions::default())?);
            }
            if let Some(bound) = &bound {
                let below = |frame: &DataFrame| Ok(frame.filter(&frame.column("order_id")?.str()?.lt(bound.as_str()))?);
                heads = heads.iter().map(below).collect::<Result<_>>()?;
            }
            let found = check(&heads)?;
            if found.samples.len() == SAMPLES || bound.is_none() {
                return Ok(found.samples);
            }
            length *= 8;
        }
    }

    /// What was measured of a reference.
    fn measured(&self, table: &Table, key: &ForeignKey) -> Grows<Measured> {
        Measured::told(&self.audit, table, key).map_or_else(|| reload("the checks of the last run are incomplete"), Ok)
    }
}

fn read_columns(file: &Path, columns: &[&str]) -> Result<DataFrame> {
    let columns = columns.iter().map(|column| column.to_string()).collect();
    let reader = ParquetReader::new(File::open(file).map_err(Error::io("read", file))?);
    Ok(reader.with_columns(Some(columns)).finish()?)
}

fn read_head(file: &Path, rows: usize) -> Result<DataFrame> {
    let reader = ParquetReader::new(File::open(file).map_err(Error::io("read", file))?);
    Ok(reader.with_slice(Some((0, rows))).finish()?)
}

/// The tables with the new rows.
fn add(then: &Tables, rows: &Tables) -> Grows<Tables> {
    let mut now = Tables::new();
    for (id, then) in then {
        let (key, rows) = (id.table().key, &rows[id]);
        if find(then, rows, key)?.iter().any(Result::is_ok) {
            return reload(format!("a row of `{}` comes again", id.name()));
        }
        now.insert(*id, merge(then, rows, &then.clear(), key)?);
    }
    Ok(now)
}

/// The files in which rows came or went.
fn changed(before: &Before, files: &mut Files, then: &Tables, now: &Tables) -> Result<Files> {
    let months = |tables: &Tables| months::of_tables(&tables.iter().map(|(id, frame)| (*id, frame)).collect());
    let (months_then, months_now) = (months(then)?, months(now)?);
    // By file: rows that come, rows that go.
    let mut changes: BTreeMap<(TableId, String), [Vec<IdxSize>; 2]> = BTreeMap::new();
    for (id, frame) in now {
        // Rows that are new are found nowhere before, others at their place.
        for ((row, month), place) in (0..).zip(months_now[id].iter()).zip(find(&then[id], frame, id.table().key)?) {
            let month_then = place.ok().map(|place| months_then[id].get(place));
            if month_then != Some(month) {
                changes.entry((*id, label(month))).or_default()[0].push(row);
                if let (Some(month), Ok(place)) = (month_then, place) {
                    changes.entry((*id, label(month))).or_default()[1].push(place as IdxSize);
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
    let made = parallel::map(opened, |(id, month, base, [come, go], name)| {
        let base = base.map_or_else(|| before.read(id, &month), Ok)?;
        let take = |frame: &DataFrame, rows: Vec<IdxSize>| frame.take(&IdxCa::from_vec("row".into(), rows));
        Ok((name, merge(&base, &take(&now[&id], come)?, &take(&then[&id], go)?, id.table().key)?))
    })?;
    Ok(made.into_iter().collect())
}

/// The audit of everything.
fn account(
    before: &Before,
    fresh: &Fresh,
    then: &Tables,
    now: &Tables,
    files: &Files,
    inputs: Vec<InputFile>,
) -> Grows<Audit> {
    let mut audit = Audit { steps: before.audit.steps.clone(), nulls: before.audit.nulls.clone(), ..Audit::default() };
    for account in fresh.accounts.values() {
        for step in &account.steps {
            let known = audit.steps.iter_mut().find(|known| known.table == step.table && known.step == step.step);
            let Some(known) = known else { return reload("the account of the last run is incomplete") };
            known.rows_in += step.rows_in;
            known.rows_out += step.rows_out;
            known.deduplicated += step.deduplicated;
        }
    }
    audit.changes = all_changes(&before.audit, &audit, fresh);
    let mut quality = Quality::default();
    quality.add(before.audit.quality.iter().filter(|check| !recount::follows(check)).cloned().collect());
    for (id, rows) in &fresh.rows {
        let table = id.table();
        for nulls in nulls(table, rows)? {
            if let Some(known) = audit.nulls.iter_mut().find(|n| n.table == nulls.table && n.column == nulls.column) {
                known.missing += nulls.missing;
                known.total += nulls.total;
            }
        }
        for check in quality::rules(table, rows)? {
            quality.grow(table, None, check, || unreachable!("no row goes"))?;
        }
    }
    let paid = [TableId::OrderItems, TableId::OrderPayments];
    let of = |tables: &Tables| quality::paid_in_full(&tables[&paid[0]], &tables[&paid[1]]);
    let first = || before.first(&paid, files, |heads| quality::paid_in_full(&heads[0], &heads[1]));
    quality.grow(paid[1].table(), Some(of(then)?), of(now)?, first)?;
    for (table, key) in references() {
        let measured = before.measured(table, key)?;
        let measured = match (BY_MONTH.contains(&key.table), fresh.rows.get(&table.id)) {
            (true, _) => {
                let of = |parents: &DataFrame, children: &DataFrame| -> Result<Measured> {
                    let mut reference = Reference::new(table, key, parents)?;
                    reference.add(children)?;
                    Ok(reference.measured())
                };
                let unused = || -> Grows<Vec<String>> {
                    if key.table != TableId::Orders {
                        return reload(format!("which come first is not known: {}", quality::back(table, key)));
                    }
                    let check = |heads: &[DataFrame]| Ok(of(&heads[0], &heads[1])?.back);
                    Ok(before.first(&[key.table, table.id], files, check)?)
                };
                let [then, now] = [then, now].map(|tables| of(&tables[&key.table], &tables[&table.id]));
                measured.grow(&then?, &now?, unused)?
            }
            (false, Some(rows)) if rows.height() > 0 => {
                let target = before.short(key.table)?;
                let mut reference = Reference::new(table, key, &target)?;
                if !reference.go_on(measured) {
                    return reload("what the last run counted of references does not fit its tables");
                }
                reference.add(rows)?;
                reference.measured()
            }
            _ => measured,
        };
        quality.measure((table.id, key.column), measured);
    }
    quality.finish(&mut audit);
    rename(&before.audit, fresh, &mut audit, inputs)?;
    Ok(audit)
}

/// What was changed in all rows.
fn all_changes(before: &Audit, audit: &Audit, fresh: &Fresh) -> Vec<Change> {
    let of_table = |table: &'static Table| {
        let read = audit.steps.iter().find(|step| step.table == table.name && step.step == "read");
        let padded = |change: &&Change| change.table == table.name && change.change == ChangeKind::ZeroPadded;
        let padded = before.changes.iter().find(padded).map_or(0, |change| change.count);
        let padded = padded + fresh.padded_zips.get(&table.id).copied().unwrap_or(0);
        changes(table, read.map_or(0, |step| step.rows_out), padded)
    };
    let named = [ChangeKind::Translated, ChangeKind::NamedUnknown, ChangeKind::Untranslated];
    let named = before.changes.iter().filter(|change| named.contains(&change.change)).cloned();
    TABLES.iter().flat_map(of_table).chain(named).collect()
}

/// Files have other names since there are more of them.
fn rename(before: &Audit, fresh: &Fresh, audit: &mut Audit, inputs: Vec<InputFile>) -> Grows<()> {
    let names: BTreeMap<&str, &str> =
        before.inputs.iter().zip(&inputs).map(|(then, now)| (then.name.as_str(), now.name.as_str())).collect();
    let quoted = |name: &str| format!("`{name}`");
    audit.warnings = before.warnings.clone();
    for (then, now) in &names {
        audit.warnings.iter_mut().for_each(|warning| *warning = warning.replace(&quoted(then), &quoted(now)));
    }
    if let Some(warning) = fresh.warnings.iter().find(|warning| !audit.warnings.contains(warning)) {
        return reload(warning.clone());
    }
    audit.quarantine = before.quarantine.clone();
    for row in audit.quarantine.iter_mut().flat_map(|(_, rows)| rows) {
        row.file = names.get(row.file.as_str()).map_or_else(|| row.file.clone(), |name| name.to_string());
    }
    audit.inputs = inputs;
    Ok(())
}
