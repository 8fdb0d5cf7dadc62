//! Source → the short tables clean in memory, and the long tables split into ranges of ids on the disk. Next: `ranges`.

use std::collections::BTreeMap;
use std::path::Path;
use std::thread;

use polars::prelude::*;

use super::spill::{Bounds, Spill};
use crate::clean::tables::{Cleaned, Deduplicated, TableAudit, clean_table, deduplicate};
use crate::error::Result;
use crate::input::read::{read_blocks, read_table};
use crate::input::source::Source;
use crate::parallel::{Beside, beside, map};
use crate::schema::contract::{Table, TableId};

/// The tables to split, with the id that splits each. The longest come first, so that the threads end at about the same time.
const LONG: [(TableId, &str); 5] = [
    (TableId::Orders, "order_id"),
    (TableId::OrderItems, "order_id"),
    (TableId::OrderReviews, "order_id"),
    (TableId::Customers, "customer_id"),
    (TableId::OrderPayments, "order_id"),
];
/// The ids, each with the table in which every id occurs once.
const IDS: [(&str, TableId); 2] = [("order_id", TableId::Orders), ("customer_id", TableId::Customers)];
/// The tables that stay in memory as a whole.
const SHORT: [TableId; 4] = [TableId::Products, TableId::Sellers, TableId::Categories, TableId::States];
/// Column that splits the points, by its first two digits.
const OF_POINTS: &str = "geolocation_zip_code_prefix";
/// Number of ranges of points.
pub(crate) const RANGES_OF_POINTS: usize = 100;
/// Sample size of ids per block of orders, from which balanced ranges are computed.
const SAMPLE: usize = 1 << 9;
/// Column for the line of a row while it is on the disk.
const LINE: &str = "line";

/// All tables, split.
pub(crate) struct SplitTables {
    pub(crate) short: BTreeMap<TableId, Cleaned>,
    pub(crate) orders: Long,
    /// Items, payments and reviews.
    pub(crate) of_orders: BTreeMap<TableId, Long>,
    pub(crate) customers: Long,
    /// Points of `geolocation`, by [`RANGES_OF_POINTS`].
    pub(crate) points: Long,
    /// Lower bounds of the ranges of `customer_id`.
    pub(crate) bounds: Bounds,
    /// In the order of the contract.
    pub(crate) warnings: Vec<String>,
}

/// A long table on the disk.
pub(crate) struct Long {
    pub(crate) table_audit: TableAudit,
    pub(crate) rows: Rows,
}

/// The rows of a long table on the disk.
pub(crate) struct Rows {
    table: &'static Table,
    file: String,
    spill: Spill,
    /// The columns, without rows.
    empty: DataFrame,
}

impl Rows {
    /// Reads and cleans the rows of a range.
    pub(crate) fn sorted(&self, range: usize) -> Result<Deduplicated> {
        let (rows, lines) = match self.spill.rows(range)? {
            Some(mut rows) => {
                let lines = rows.drop_in_place(LINE)?;
                (rows, lines.u32()?.iter().flatten().collect())
            }
            None => (self.empty.clone(), Vec::new()),
        };
        deduplicate(self.table, &self.file, rows, &lines)
    }
}

/// Lower bounds of the ranges for each of [`IDS`].
type RangeBounds = BTreeMap<&'static str, Bounds>;

fn range_bounds(orders: &DataFrame, ranges: usize) -> Result<RangeBounds> {
    IDS.into_iter().map(|(id, _)| Ok((id, Bounds::of(orders.column(id)?.str()?, ranges)))).collect()
}

/// A table and its warnings.
type WithWarnings<T> = Result<(T, Vec<String>)>;

/// Reads all tables once, concurrently. The bounds of the ranges come from the first block of orders, so that the other tables need not
/// wait for the rest. Where ids increase through the file, these bounds are unbalanced: the rows are then repartitioned on the disk.
pub(crate) fn split(source: &Source, ranges: usize, scratch: &Path) -> Result<SplitTables> {
    let by = |id, column: &str, bounds: &Bounds, ranges| {
        spill(source, id, Spill::new(scratch, ranges)?, |to, rows| to.scatter(rows, column, bounds))
    };
    let mut warnings = BTreeMap::new();
    // Threads instead of rayon tasks: a task that waits for polars would start the next table before its own is read.
    let (mut long, short, mut bounds_of_ids, mut sampled_bounds) = thread::scope(|scope| {
        let by = &by;
        let short = beside(scope, || {
            let points = || by(TableId::Geolocation, OF_POINTS, &Bounds::of_two_digits(), RANGES_OF_POINTS);
            (SHORT.map(|id| (id, read_short(source, id))), points())
        });
        let mut other_tables = None;
        let on_bounds = |first_bounds: &RangeBounds| {
            let first_bounds = first_bounds.clone();
            let read = move |(id, column): (TableId, &str)| Ok((id, by(id, column, &first_bounds[column], ranges)));
            let rest = LONG.into_iter().filter(|(id, _)| *id != TableId::Orders);
            other_tables = Some(beside(scope, || map(rest, read)));
        };
        let (orders, first_bounds, sampled_bounds) = orders(source, Spill::new(scratch, ranges)?, ranges, on_bounds)?;
        let other_tables = other_tables.map_or_else(|| Ok(Vec::new()), Beside::join)?.into_iter();
        let (short, points) = short.join();
        let others = [(TableId::Orders, Ok(orders)), (TableId::Geolocation, points)];
        let long = collect(other_tables.chain(others), &mut warnings)?;
        let short = collect(short, &mut warnings)?;
        Ok::<_, crate::Error>((long, short, first_bounds, sampled_bounds))
    })?;
    for (column, of) in IDS {
        if long[&of].rows.spill.is_skewed() {
            bounds_of_ids.insert(column, sampled_bounds.remove(column).unwrap_or_default());
            for (id, _) in LONG.iter().filter(|(_, by)| *by == column) {
                long.get_mut(id)
                    .map_or(Ok(()), |table| table.rows.spill.repartition(column, &bounds_of_ids[column]))?;
            }
        }
    }
    let mut take = |id| long.remove(&id).unwrap_or_else(|| unreachable!("every table was read"));
    let (orders, customers, points) = (take(TableId::Orders), take(TableId::Customers), take(TableId::Geolocation));
    let bounds = bounds_of_ids.remove("customer_id").unwrap_or_default();
    let warnings = warnings.into_values().flatten().collect();
    Ok(SplitTables { short, orders, of_orders: long, customers, points, bounds, warnings })
}

/// Separates the tables from their warnings. Of several errors, returns the first in the order of the contract.
fn collect<T>(
    read: impl IntoIterator<Item = (TableId, WithWarnings<T>)>,
    warnings: &mut BTreeMap<TableId, Vec<String>>,
) -> Result<BTreeMap<TableId, T>> {
    let read: BTreeMap<TableId, WithWarnings<T>> = read.into_iter().collect();
    let tables = read.into_iter().map(|(id, read)| {
        let (table, new_warnings) = read?;
        warnings.insert(id, new_warnings);
        Ok((id, table))
    });
    tables.collect()
}

/// Reads the orders. Returns the bounds by the first block and those by a sample of all. Calls `on_bounds` with the former as soon as
/// they are known.
fn orders(
    source: &Source,
    rows: Spill,
    ranges: usize,
    on_bounds: impl FnOnce(&RangeBounds),
) -> Result<((Long, Vec<String>), RangeBounds, RangeBounds)> {
    let (mut on_bounds, mut first_bounds) =
        (Some(on_bounds), RangeBounds::from(IDS.map(|(id, _)| (id, Bounds::default()))));
    let mut sample: Option<DataFrame> = None;
    let orders = spill(source, TableId::Orders, rows, |to, rows| {
        let ids = rows.select(IDS.map(|(id, _)| id))?;
        if let Some(on_bounds) = on_bounds.take() {
            first_bounds = range_bounds(&ids, ranges)?;
            on_bounds(&first_bounds);
        }
        let step = rows.height().div_ceil(SAMPLE).max(1);
        let sampled =
            ids.take(&IdxCa::from_vec("row".into(), (0..rows.height() as IdxSize).step_by(step).collect()))?;
        match &mut sample {
            Some(sample) => drop(sample.vstack_mut(&sampled)?),
            None => sample = Some(sampled),
        }
        to.scatter(rows, "order_id", &first_bounds["order_id"])
    })?;
    if let Some(on_bounds) = on_bounds {
        on_bounds(&first_bounds);
    }
    let sampled_bounds = sample.map_or_else(|| Ok(first_bounds.clone()), |sample| range_bounds(&sample, ranges))?;
    Ok((orders, first_bounds, sampled_bounds))
}

fn read_short(source: &Source, id: TableId) -> WithWarnings<Cleaned> {
    let (raw, warnings) = read_table(source, id)?;
    Ok((clean_table(id.table(), raw)?, warnings))
}

fn spill(
    source: &Source,
    id: TableId,
    mut spill: Spill,
    mut scatter: impl FnMut(&mut Spill, &DataFrame) -> Result<()>,
) -> WithWarnings<Long> {
    let mut take = |mut block: DataFrame, lines: Vec<u32>| {
        block.with_column(UInt32Chunked::from_vec(LINE.into(), lines).into_column())?;
        scatter(&mut spill, &block)
    };
    let (mut raw, warnings) = read_blocks(source, id, &mut take)?;
    let empty = std::mem::take(&mut raw.frame);
    let rows = Rows { table: id.table(), file: raw.file.name.clone(), spill, empty };
    Ok((Long { table_audit: TableAudit::new(id.table(), raw), rows }, warnings))
}
