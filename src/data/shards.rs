//! Source → rows of the clean tables and Audit, in bounded memory: one range of orders after the other. Beside `clean`; next: `mart`.
//!
//! The rows, their order and the audit are those of [`load`](super::load). Everything is read once and cut on the disk:
//!
//! 1. The short tables are cleaned as a whole; what refers to them is counted from here on.
//! 2. Range by range of `order_id`, orders are cleaned, and ask for their customers.
//! 3. Range by range of `customer_id`, customers are cleaned, and go to the ranges of the orders that asked for them.
//! 4. Range by range of `order_id`, items, payments and reviews are cleaned and meet orders and customers.
//!
//! Rows that are set aside stay in memory: data of which much is wrong need more of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use polars::prelude::*;
use rayon::prelude::*;

use super::audit::{Audit, Nulls};
use super::clean::{Cleaned, audit_of, locate, name_categories, nulls, some_order};
use super::contract::{ForeignKey, Table, TableId, ZIP_LOCATIONS};
use super::cut::{Cut, Long, SHORT, cut};
use super::quality::{self, Key, Quality, Reference, references};
use super::source::Source;
use super::spill::Spill;
use crate::error::Result;

/// Bytes of input for which a byte of memory suffices to hold one range, its clean rows and its joins: a third of what was
/// measured, since the short tables and the mart stay in memory too.
const BYTES_OF_MEMORY: u64 = 12;
/// More ranges would make their pieces on the disk too small to be read well.
const MOST_RANGES: usize = 256;
/// What a range of orders is told about its customers; how many there are is counted over customers, not over orders.
const OF_CUSTOMERS: [&str; 3] = ["customer_id", "customer_city", "customer_state"];
/// What items refer to.
const OF_PRODUCTS: [&str; 2] = ["product_id", "category"];

/// How data are cut.
#[derive(Debug, Clone)]
pub struct Shards {
    /// Number of ranges of orders; they are about equal where ids are random.
    pub ranges: usize,
    /// Folder in which rows wait: about as many bytes as the input has. Nothing is left there.
    pub scratch: PathBuf,
}

impl Shards {
    /// Ranges that let `bytes` of input pass through `memory`, bytes; one where they fit as a whole.
    pub fn within(memory: u64, bytes: u64) -> usize {
        let ranges = bytes.saturating_mul(BYTES_OF_MEMORY).div_ceil(memory.max(1));
        usize::try_from(ranges).unwrap_or(MOST_RANGES).clamp(1, MOST_RANGES)
    }
}

/// Takes the next rows of a clean table, by its name.
pub type TakeRows<'a> = dyn Fn(&str, &DataFrame) -> Result<()> + Sync + 'a;
/// Takes the clean tables of a range of orders, by name: their customers and products with the columns in use only.
pub type TakeOrders<'a> = dyn Fn(BTreeMap<String, DataFrame>) -> Result<()> + Sync + 'a;

/// Reads and cleans. The rows of every clean table go to `rows` in their order; `orders` gets what belongs together.
///
/// # Errors
/// As [`load`](super::load); the scratch folder cannot be written; `rows` or `orders` fails.
pub fn load_in_shards(source: &Source, how: &Shards, rows: &TakeRows<'_>, orders: &TakeOrders<'_>) -> Result<Audit> {
    let ranges = how.ranges.max(1);
    let Cut { mut short, mut long, customers: bounds, warnings } = cut(source, ranges, &how.scratch)?;
    let mut found = Found::default();

    let points = &short[&TableId::Geolocation];
    let (zip_locations, located) = locate(&points.frame, &points.account.file.name, &points.lines)?;
    rows(ZIP_LOCATIONS, &zip_locations)?;
    drop(zip_locations);
    let mut accounts = BTreeMap::new();
    let mut whole = BTreeMap::new();
    for (id, Cleaned { frame, account, .. }) in std::mem::take(&mut short) {
        accounts.insert(id, account);
        whole.insert(id, frame);
    }
    let named = name_categories(&mut whole)?;
    for id in SHORT {
        rows(id.name(), &whole[&id])?;
    }
    found.quality.add(vec![quality::untranslated(&whole[&TableId::Products], &whole[&TableId::Categories])?]);
    let kept = kept(&whole)?;
    let mut short = References::new(&kept)?;
    for (id, frame) in std::mem::take(&mut whole) {
        found.examine(id.table(), &frame)?;
        short.count(id.table(), &frame)?;
    }

    let (mut clean, mut links) = (Spill::new(&how.scratch, ranges)?, Spill::new(&how.scratch, ranges)?);
    let mut empty = BTreeMap::new();
    let mut cleaned = 0;
    let mut take = |id: TableId| long.remove(&id);
    let (Some(mut raw), Some(mut people)) = (take(TableId::Orders), take(TableId::Customers)) else {
        return some_order(0).map(|()| Audit::default());
    };
    for range in 0..ranges {
        let frame = raw.range(range)?;
        cleaned += frame.height();
        let (written, examined) = rayon::join(
            || rows(TableId::Orders.name(), &frame),
            || {
                links.scatter(&asking(&frame, range)?, "customer_id", &bounds)?;
                found.examine(TableId::Orders.table(), &frame)
            },
        );
        written.and(examined)?;
        empty.entry(TableId::Orders).or_insert_with(|| frame.clear());
        clean.append(range, frame)?;
    }
    some_order(cleaned)?;
    accounts.insert(TableId::Orders, raw.account);

    let mut wanted = Spill::new(&how.scratch, ranges)?;
    for range in 0..ranges {
        let frame = people.range(range)?;
        let asked = links.take(range)?;
        let (written, examined) = rayon::join(
            || rows(TableId::Customers.name(), &frame),
            || {
                found.examine(TableId::Customers.table(), &frame)?;
                short.count(TableId::Customers.table(), &frame)?;
                answer(&frame, asked, &mut found, &mut wanted)
            },
        );
        written.and(examined)?;
        empty.entry(TableId::Customers).or_insert(frame.select(OF_CUSTOMERS)?.clear());
    }
    accounts.insert(TableId::Customers, people.account);
    drop(links);

    for range in 0..ranges {
        let frame = |spill: &mut Spill, id| -> Result<DataFrame> {
            Ok(spill.take(range)?.unwrap_or_else(|| empty[&id].clone()))
        };
        let mut tables = BTreeMap::from([
            (TableId::Orders, frame(&mut clean, TableId::Orders)?),
            (TableId::Customers, frame(&mut wanted, TableId::Customers)?),
        ]);
        let of_orders = long.par_iter_mut().map(|(id, table): (&TableId, &mut Long)| Ok((*id, table.range(range)?)));
        tables.extend(of_orders.collect::<Result<Vec<_>>>()?);
        let (written, met) = rayon::join(
            || long.par_iter().try_for_each(|(id, _)| rows(id.name(), &tables[id])),
            || {
                let products = meet(&tables, &mut found, &mut short)?;
                let products = kept[&TableId::Products].select(OF_PRODUCTS)?.take(&products)?;
                let named = tables.iter().map(|(id, frame)| (id.name().to_string(), frame.clone()));
                orders(named.chain([(TableId::Products.name().to_string(), products)]).collect())
            },
        );
        written.and(met)?;
    }

    accounts.extend(long.into_iter().map(|(id, table)| (id, table.account)));
    let mut audit = audit_of(accounts.into_values().collect(), warnings, named, located);
    for (key, reference) in short.0 {
        found.quality.measure(key, reference.measured());
    }
    audit.nulls = found.nulls.into_values().flatten().collect();
    (audit.quality, audit.relations) = found.quality.finish(&audit.steps);
    Ok(audit)
}

/// Of the short tables, the columns that others refer to, and the categories of the products.
fn kept(short: &BTreeMap<TableId, DataFrame>) -> Result<BTreeMap<TableId, DataFrame>> {
    let keep = |(id, frame): (&TableId, &DataFrame)| {
        let mut columns: BTreeSet<&str> =
            references().filter(|(_, key)| key.table == *id).map(|(_, key)| key.references).collect();
        columns.extend(OF_PRODUCTS.iter().filter(|_| *id == TableId::Products));
        Ok((*id, frame.select(columns)?))
    };
    short.iter().map(keep).collect()
}

/// The customers that orders ask for, and for which range.
fn asking(orders: &DataFrame, range: usize) -> Result<DataFrame> {
    let mut asking = orders.select(["customer_id"])?;
    asking.with_column(UInt32Chunked::full("range".into(), range as u32, orders.height()).into_column())?;
    Ok(asking)
}

/// The foreign key of orders that leads to their customers.
fn to_customers() -> (&'static Table, &'static ForeignKey) {
    let orders = TableId::Orders.table();
    (orders, &orders.foreign_keys[0])
}

/// Sends every customer to the ranges that asked for it, once to each.
fn answer(customers: &DataFrame, asked: Option<DataFrame>, found: &mut Found, wanted: &mut Spill) -> Result<()> {
    let (table, key) = to_customers();
    let mut reference = Reference::new(table, key, customers)?;
    if let Some(asked) = asked {
        let places = reference.add(&asked)?;
        let mut of_range: BTreeMap<u32, Vec<IdxSize>> = BTreeMap::new();
        for (place, range) in places.iter().zip(asked.column("range")?.u32()?.iter()) {
            if let (Some(place), Some(range)) = (place, range) {
                of_range.entry(range).or_default().push(place);
            }
        }
        let customers = customers.select(OF_CUSTOMERS)?;
        for (range, mut rows) in of_range {
            rows.sort_unstable();
            rows.dedup();
            wanted.append(range as usize, customers.take(&IdxCa::from_vec("row".into(), rows))?)?;
        }
    }
    found.quality.measure((table.id, key.column), reference.measured().back());
    Ok(())
}

/// Checks what belongs to a range of orders, all of it together; says which products it needs.
fn meet(tables: &BTreeMap<TableId, DataFrame>, found: &mut Found, short: &mut References<'_>) -> Result<IdxCa> {
    let (orders, customers) = to_customers();
    let mut products = IdxCa::default();
    for (id, frame) in tables.iter().filter(|(id, _)| ![TableId::Orders, TableId::Customers].contains(id)) {
        found.examine(id.table(), frame)?;
        if let Some(places) = short.count(id.table(), frame)?.remove("product_id") {
            products = places.unique()?.drop_nulls().sort(false);
        }
    }
    for (table, key) in references().filter(|(_, key)| key.table == TableId::Orders) {
        let mut reference = Reference::new(table, key, &tables[&key.table])?;
        reference.add(&tables[&table.id])?;
        found.quality.measure((table.id, key.column), reference.measured());
    }
    let mut reference = Reference::new(orders, customers, &tables[&TableId::Customers])?;
    reference.add(&tables[&TableId::Orders])?;
    found.quality.measure((orders.id, customers.column), reference.measured().forth());
    let paid = quality::paid_in_full(&tables[&TableId::OrderItems], &tables[&TableId::OrderPayments])?;
    found.quality.add(vec![paid]);
    Ok(products)
}

/// What the rows that have passed were like.
#[derive(Default)]
struct Found {
    quality: Quality,
    nulls: BTreeMap<TableId, Vec<Nulls>>,
}

impl Found {
    /// What can be said of rows by themselves.
    fn examine(&mut self, table: &'static Table, frame: &DataFrame) -> Result<()> {
        self.quality.add(quality::rules(table, frame)?);
        let fresh = nulls(table, frame)?;
        match self.nulls.get_mut(&table.id) {
            Some(known) => known.iter_mut().zip(fresh).for_each(|(known, fresh)| {
                known.missing += fresh.missing;
                known.total += fresh.total;
            }),
            None => drop(self.nulls.insert(table.id, fresh)),
        }
        Ok(())
    }
}

/// The foreign keys that lead to short tables.
struct References<'a>(BTreeMap<Key, Reference<'a>>);

impl<'a> References<'a> {
    fn new(short: &'a BTreeMap<TableId, DataFrame>) -> Result<References<'a>> {
        let to_short = references().filter_map(|(table, key)| Some((table, key, short.get(&key.table)?)));
        let new = |(table, key, target): (&'static Table, &'static ForeignKey, &'a DataFrame)| {
            Ok(((table.id, key.column), Reference::new(table, key, target)?))
        };
        Ok(References(to_short.map(new).collect::<Result<_>>()?))
    }

    /// Counts what rows refer to; says by column where it stands.
    fn count(&mut self, table: &Table, frame: &DataFrame) -> Result<BTreeMap<&'static str, IdxCa>> {
        let of_table = self.0.iter_mut().filter(|((id, _), _)| *id == table.id);
        of_table.map(|((_, column), reference)| Ok((*column, reference.add(frame)?))).collect()
    }
}
