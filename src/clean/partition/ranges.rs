//! Source → rows of the clean tables and Audit, out of core: one range of orders at a time. Beside `clean::tables`; next: `mart`.
//!
//! Rows, order and audit are those of [`load`](crate::clean::load). Everything is read once and partitioned on the disk:
//!
//! 1. The short tables are cleaned in memory, the points of zip prefixes in ranges. References to them are counted from here on.
//! 2. For each range of `order_id`, clean the orders and request their customers.
//! 3. For each range of `customer_id`, clean the customers and send them to the ranges of orders that requested them.
//! 4. For each range of `order_id`, clean items, payments and reviews and join them with orders and customers.
//!
//! Quarantined rows stay in memory: badly damaged data need more of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::mpsc::sync_channel;
use std::thread;

use polars::prelude::*;

use super::by_month::keep_earlier;
use super::found::{Found, References};
use super::spill::Spill;
use super::split::{Long, RANGES_OF_POINTS, Rows, SplitTables, split};
use crate::clean::audit::{Audit, Change, RowCounts};
use crate::clean::checks::references::{Key, Measured, Reference, references};
use crate::clean::checks::rules;
use crate::clean::locations::locate;
use crate::clean::tables::{Cleaned, TableAudit, audit_of, name_categories, some_order};
use crate::error::{Error, Result};
use crate::input::quarantine::Quarantine;
use crate::input::source::Source;
use crate::memory;
use crate::parallel::{both, join, map};
use crate::schema::contract::{ForeignKey, OF_ITEMS, Table, TableId, ZIP_LOCATIONS};
use crate::table::parquet::stack;

/// Bytes of memory per byte of input in a range. Four hold the range, its clean rows and its joins. The rest is for the short tables and
/// the mart, which stay in memory, and for speed: joins of smaller ranges fit the processor's cache.
const BYTES_OF_MEMORY: u64 = 24;
/// Most ranges. With more, their pieces on the disk would be too small to be read efficiently.
const MAX_RANGES: usize = 256;
/// Most tables that wait for `rows`: those of one range.
const QUEUE: usize = 3;
/// Columns of a customer that its orders need. Customers without an order are counted over customers.
const OF_CUSTOMERS: [&str; 5] =
    ["customer_id", "customer_unique_id", "customer_city", "customer_state", "customer_zip_code_prefix"];

/// How the data are partitioned.
#[derive(Debug, Clone)]
pub struct Shards {
    /// Number of ranges of orders, of about equal size.
    pub ranges: usize,
    /// Folder for temporary rows, about as many bytes as the input. Nothing is left there.
    pub scratch: PathBuf,
    /// Memory budget of reading, cleaning and the mart, bytes.
    pub memory: u64,
}

impl Shards {
    /// Number of ranges with which `bytes` of input fit into `memory`, in bytes; 1 if they fit as a whole.
    pub fn ranges_within(memory: u64, bytes: u64) -> usize {
        let ranges = bytes.saturating_mul(BYTES_OF_MEMORY).div_ceil(memory.max(1));
        usize::try_from(ranges).unwrap_or(MAX_RANGES).clamp(1, MAX_RANGES)
    }
}

/// Takes the next rows of a clean table, with its name; for a table of [`BY_MONTH`](crate::schema::contract::BY_MONTH), also the month of
/// each row.
pub type TakeRows<'a> = dyn Fn(&str, &DataFrame, Option<&Int32Chunked>) -> Result<()> + Sync + 'a;
/// Takes the clean tables of a range of orders, by name. Customers and products have only the columns that the mart uses.
pub type TakeOrders<'a> = dyn Fn(BTreeMap<String, DataFrame>) -> Result<()> + Sync + 'a;

/// Reads and cleans out of core. Passes the rows of every clean table to `rows`, in their order and from another thread, and the tables of
/// each range to `orders`. Must not be called from a rayon worker: it would wait for threads that wait for the worker.
///
/// # Errors
/// As [`load`](crate::clean::load); the scratch folder cannot be written; `rows` or `orders` fails.
pub fn load_in_shards(source: &Source, shards: &Shards, rows: &TakeRows<'_>, orders: &TakeOrders<'_>) -> Result<Audit> {
    thread::scope(|scope| {
        let (tx, rx) = sync_channel::<(String, DataFrame, Option<Int32Chunked>)>(QUEUE);
        // `rows` compresses some hundred thousand rows at a time: the queue keeps ranges from waiting for it.
        let writer = scope
            .spawn(move || rx.into_iter().try_for_each(|(name, frame, months)| rows(&name, &frame, months.as_ref())));
        let send_rows = |name: &str, frame: &DataFrame, months: Option<&Int32Chunked>| {
            let sent = tx.send((name.into(), frame.clone(), months.cloned()));
            sent.map_err(|_| Error::input(format!("the rows of `{name}` were not taken")))
        };
        let loaded = load_to(source, shards, &send_rows, orders);
        drop(tx);
        // If `rows` failed, its error comes first: it is the cause of the failed sends.
        join(writer).and(loaded)
    })
}

/// [`load_in_shards`], but calls `rows` on this thread.
fn load_to(source: &Source, shards: &Shards, rows: &TakeRows<'_>, orders: &TakeOrders<'_>) -> Result<Audit> {
    let ranges = shards.ranges.max(1);
    let spill = || Spill::new(&shards.scratch, ranges);
    let SplitTables { short, orders: all, of_orders, customers, points, bounds, warnings } =
        split(source, ranges, &shards.scratch)?;
    memory::give_back();
    let mut found = Found::default();
    let Short { kept_columns, mut table_audits, named } = Short::take(short, rows, &mut found)?;
    let zips;
    let mut short = References::new(&kept_columns)?;
    let Located { zips: of_points, table_audit, located } = Located::of(points, rows, &mut found, &mut short)?;
    zips = of_points;
    short.add(TableId::Geolocation, &zips, &kept_columns)?;
    table_audits.insert(TableId::Geolocation, table_audit);

    let mut pending = Pending { orders: spill()?, requests: spill()?, customers: spill()?, empty: BTreeMap::new() };
    let Long { mut table_audit, rows: on_disk } = all;
    let mut cleaned = 0;
    for_each_range(
        ranges,
        |range| on_disk.sorted(range),
        |range, sorted| {
            let (frame, _) = table_audit.add(sorted);
            cleaned += frame.height();
            let Pending { orders, requests: request_spill, empty, .. } = &mut pending;
            empty.insert(TableId::Orders, frame.clear());
            let months = frame.column("purchase_month")?.to_physical_repr().i32()?.clone();
            rows(TableId::Orders.name(), &frame, Some(&months))?;
            let add_requests = || request_spill.scatter(&requests(&frame, &months, range)?, "customer_id", &bounds);
            let examine = || {
                found.examine(TableId::Orders.table(), &frame)?;
                orders.append(range, frame.clone())
            };
            let (added, examined) = both(add_requests, examine);
            added.and(examined)
        },
    )?;
    some_order(cleaned)?;
    free(on_disk);
    table_audits.insert(TableId::Orders, table_audit);

    let Long { mut table_audit, rows: on_disk } = customers;
    for_each_range(
        ranges,
        |range| on_disk.sorted(range),
        |range, sorted| {
            let (frame, _) = table_audit.add(sorted);
            let table = TableId::Customers.table();
            let examine = || {
                found.examine(table, &frame)?;
                short.count(table, &frame)
            };
            let (examined, answered) = both(examine, || send_customers(&frame, range, &mut pending));
            let (measured, months) = examined.and(answered)?;
            found.quality.measure(TO_CUSTOMERS, measured);
            rows(table.name, &frame, Some(&months))
        },
    )?;
    free(on_disk);
    table_audits.insert(TableId::Customers, table_audit);
    memory::give_back();

    let of_orders = of_orders.into_iter().map(|(id, Long { table_audit, rows })| ((id, table_audit), (id, rows)));
    let (mut of_orders, on_disk): (BTreeMap<TableId, TableAudit>, BTreeMap<TableId, Rows>) = of_orders.unzip();
    for_each_range(
        ranges,
        |range| {
            let sort = || map(&on_disk, |(id, rows)| Ok((*id, rows.sorted(range)?)));
            let (customers_and_orders, sorted) = both(|| pending.take(range), sort);
            Ok((customers_and_orders?, sorted?))
        },
        |_, (mut tables, sorted)| {
            for (id, sorted) in sorted {
                tables.extend(of_orders.get_mut(&id).map(|table_audit| (id, table_audit.add(sorted).0)));
            }
            let (of_items, months) = check_range(&tables, &mut found, &mut short)?;
            months.iter().try_for_each(|(id, months)| rows(id.name(), &tables[id], Some(months)))?;
            let take = |(id, columns): (TableId, &[&str])| -> Result<(String, DataFrame)> {
                let positions = of_items.get(columns[0]).cloned().unwrap_or_default();
                Ok((id.name().into(), kept_columns[&id].select(columns.iter().copied())?.take(&positions)?))
            };
            let mut all: BTreeMap<String, DataFrame> =
                tables.into_iter().map(|(id, frame)| (id.name().to_string(), frame)).collect();
            all.extend(OF_ITEMS.into_iter().map(take).collect::<Result<Vec<_>>>()?);
            orders(all)
        },
    )?;
    free((on_disk, pending));
    table_audits.extend(of_orders);

    let mut audit = audit_of(table_audits.into_values().collect(), warnings, named, located);
    for (key, reference) in short.0 {
        found.quality.measure(key, reference.measured());
    }
    audit.nulls = found.nulls.into_values().flatten().collect();
    found.quality.finish(&mut audit)?;
    Ok(audit)
}

/// Drops files on another thread: freeing the blocks of a large file takes the system a while.
fn free(files: impl Send + 'static) {
    // Without another thread, they are dropped here.
    let _ = thread::Builder::new().spawn(move || drop(files));
}

/// Calls `take` with the result of `make` for each range, in order; makes the next one meanwhile.
fn for_each_range<T: Send>(
    ranges: usize,
    make: impl Fn(usize) -> Result<T> + Sync,
    mut take: impl FnMut(usize, T) -> Result<()> + Send,
) -> Result<()> {
    let mut current = make(0)?;
    for range in 1..ranges {
        let (taken, next) = both(|| take(range - 1, current), || make(range));
        taken?;
        current = next?;
    }
    take(ranges - 1, current)
}

/// The columns of the short tables that stay in memory after their rows were passed on.
struct Short {
    /// Columns that foreign keys reference or start from, and those that the mart reads.
    kept_columns: BTreeMap<TableId, DataFrame>,
    table_audits: BTreeMap<TableId, TableAudit>,
    named: Vec<Change>,
}

impl Short {
    fn take(cleaned: BTreeMap<TableId, Cleaned>, rows: &TakeRows<'_>, found: &mut Found) -> Result<Short> {
        let (mut tables, mut table_audits) = (BTreeMap::new(), BTreeMap::new());
        for (id, Cleaned { frame, table_audit, .. }) in cleaned {
            table_audits.insert(id, table_audit);
            tables.insert(id, frame);
        }
        let named = name_categories(&mut tables)?;
        found.quality.add(vec![rules::untranslated(&tables[&TableId::Products], &tables[&TableId::Categories])?]);
        let mut kept_columns = BTreeMap::new();
        for (id, frame) in tables {
            rows(id.name(), &frame, None)?;
            found.examine(id.table(), &frame)?;
            let mut columns: BTreeSet<&str> = id.table().foreign_keys.iter().map(|key| key.column).collect();
            columns.extend(references().filter(|(_, key)| key.table == id).map(|(_, key)| key.references));
            columns.extend(OF_ITEMS.iter().filter(|(of, _)| *of == id).flat_map(|(_, columns)| columns.iter()));
            kept_columns.insert(id, frame.select(columns)?);
        }
        Ok(Short { kept_columns, table_audits, named })
    }
}

/// What is left of the points of zip prefixes after their rows were passed on.
struct Located {
    /// The distinct prefixes, in their order.
    zips: DataFrame,
    table_audit: TableAudit,
    /// The audit step of the locations, and the points that were quarantined.
    located: (RowCounts, Quarantine),
}

impl Located {
    fn of(points: Long, rows: &TakeRows<'_>, found: &mut Found, short: &mut References<'_>) -> Result<Located> {
        let Long { mut table_audit, rows: on_disk } = points;
        let (mut zips, mut locations, mut outside) = (Vec::new(), Vec::new(), Quarantine::default());
        let table = TableId::Geolocation.table();
        for_each_range(
            RANGES_OF_POINTS,
            |range| on_disk.sorted(range),
            |_, sorted| {
                let (frame, lines) = table_audit.add(sorted);
                found.examine(table, &frame)?;
                short.count(table, &frame)?;
                let (located, outside_of_range) = locate(&frame, &table_audit.file.name, &lines)?;
                outside.append(outside_of_range);
                locations.push(located);
                zips.push(frame.select([table.columns[0].name])?.unique_stable(
                    None,
                    UniqueKeepStrategy::First,
                    None,
                )?);
                rows(table.name, &frame, None)
            },
        )?;
        free(on_disk);
        rows(ZIP_LOCATIONS, &stack(locations)?, None)?;
        let counts = RowCounts::of(ZIP_LOCATIONS, "locate", table_audit.steps[1].rows_out, 0, outside.rows);
        Ok(Located { zips: stack(zips)?, table_audit, located: (counts, outside) })
    }
}

/// Rows on the disk that wait for the rows they belong to.
struct Pending {
    /// Clean orders, by range of `order_id`.
    orders: Spill,
    /// Requests for customers, by range of `customer_id`.
    requests: Spill,
    /// Requested customers, by range of `order_id`.
    customers: Spill,
    /// Orders and customers without rows, for empty ranges.
    empty: BTreeMap<TableId, DataFrame>,
}

impl Pending {
    fn take(&self, range: usize) -> Result<BTreeMap<TableId, DataFrame>> {
        let take = |(id, spill): (TableId, &Spill)| {
            let rows = spill.rows(range)?;
            Ok((id, rows.unwrap_or_else(|| self.empty[&id].clone())))
        };
        let pending = [(TableId::Orders, &self.orders), (TableId::Customers, &self.customers)];
        Ok(map(pending, take)?.into_iter().collect())
    }
}

/// The requests for the customers of these orders: `customer_id`, the range and the month of the order.
fn requests(orders: &DataFrame, months: &Int32Chunked, range: usize) -> Result<DataFrame> {
    let mut requests = orders.select(["customer_id"])?;
    requests.with_column(UInt32Chunked::full("range".into(), range as u32, orders.height()).into_column())?;
    requests.with_column(months.clone().with_name("month".into()).into_column())?;
    Ok(requests)
}

/// The foreign key from orders to customers.
const TO_CUSTOMERS: Key = (TableId::Orders, "customer_id");

fn to_customers() -> (&'static Table, &'static ForeignKey) {
    let orders = TableId::Orders.table();
    (orders, &orders.foreign_keys[0])
}

/// Sends each customer once to every range of orders that requested it. Returns the counts of the foreign key, including customers
/// without orders, and each customer's first month.
fn send_customers(customers: &DataFrame, range: usize, pending: &mut Pending) -> Result<(Measured, Int32Chunked)> {
    let (table, key) = to_customers();
    let mut reference = Reference::new(table, key, customers)?;
    let columns_sent = customers.select(OF_CUSTOMERS)?;
    let mut months: Vec<Option<i32>> = vec![None; customers.height()];
    if let Some(requests) = pending.requests.rows(range)? {
        let positions = reference.add(&requests)?;
        let mut of_range: BTreeMap<u32, Vec<IdxSize>> = BTreeMap::new();
        let origins = requests.column("range")?.u32()?.iter().zip(requests.column("month")?.i32()?.iter());
        for (position, (range, month)) in positions.iter().zip(origins) {
            if let (Some(position), Some(range)) = (position, range) {
                of_range.entry(range).or_default().push(position);
                keep_earlier(&mut months[position as usize], month);
            }
        }
        for (range, mut rows) in of_range {
            rows.sort_unstable();
            rows.dedup();
            pending.customers.append(range as usize, columns_sent.take(&IdxCa::from_vec("row".into(), rows))?)?;
        }
    }
    pending.empty.insert(TableId::Customers, columns_sent.clear());
    Ok((reference.measured().only_parent_to_child(), months.into_iter().collect()))
}

/// Month of each row, by table.
type Months = BTreeMap<TableId, Int32Chunked>;

/// Checks all tables of a range of orders. Returns the rows of short tables that its items reference, by column, and the month of each
/// row, by table.
fn check_range(
    tables: &BTreeMap<TableId, DataFrame>,
    found: &mut Found,
    short: &mut References<'_>,
) -> Result<(BTreeMap<&'static str, IdxCa>, Months)> {
    let (orders, customers) = to_customers();
    let order_months = tables[&TableId::Orders].column("purchase_month")?.to_physical_repr().i32()?.clone();
    let mut months = Months::new();
    let mut of_items = BTreeMap::new();
    for (id, frame) in tables.iter().filter(|(id, _)| ![TableId::Orders, TableId::Customers].contains(id)) {
        found.examine(id.table(), frame)?;
        let positions = short.count(id.table(), frame)?;
        if *id == TableId::OrderItems {
            let distinct =
                |(column, positions): (&'static str, IdxCa)| Ok((column, positions.unique()?.drop_nulls().sort(false)));
            of_items = positions.into_iter().map(distinct).collect::<Result<_>>()?;
        }
    }
    for (table, key) in references().filter(|(_, key)| key.table == TableId::Orders) {
        let mut reference = Reference::new(table, key, &tables[&key.table])?;
        months.insert(table.id, order_months.take(&reference.add(&tables[&table.id])?)?);
        found.quality.measure((table.id, key.column), reference.measured());
    }
    let mut reference = Reference::new(orders, customers, &tables[&TableId::Customers])?;
    reference.add(&tables[&TableId::Orders])?;
    found.quality.measure((orders.id, customers.column), reference.measured().only_child_to_parent());
    let paid = rules::paid_in_full(&tables[&TableId::OrderItems], &tables[&TableId::OrderPayments])?;
    found.quality.add(vec![paid]);
    Ok((of_items, months))
}
