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

/// The tables to split, with the id that splits each. The longest come first, so that none is left to be read alone at the end.
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
const SHORT: [TableId; 5] =
    [TableId::Products, TableId::Geolocation, TableId::Sellers, TableId::Categories, TableId::States];
/// Sample size of ids per block of orders, from which balanced ranges are computed.
const SEEN: usize = 1 << 9;
/// Column for the line of a row while it is on the disk.
const LINE: &str = "line";

/// All tables, split.
pub(crate) struct Cut {
    pub(crate) short: BTreeMap<TableId, Cleaned>,
    pub(crate) orders: Long,
    /// Items, payments and reviews.
    pub(crate) of_orders: BTreeMap<TableId, Long>,
    pub(crate) customers: Long,
    /// Lower bounds of the ranges of `customer_id`.
    pub(crate) bounds: Bounds,
    /// In the order of the contract.
    pub(crate) warnings: Vec<String>,
}

/// A long table on the disk.
pub(crate) struct Long {
    pub(crate) account: TableAudit,
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
type Ends = BTreeMap<&'static str, Bounds>;

fn ends(orders: &DataFrame, ranges: usize) -> Result<Ends> {
    IDS.into_iter().map(|(id, _)| Ok((id, Bounds::of(orders.column(id)?.str()?, ranges)))).collect()
}

/// A table and its warnings.
type Told<T> = Result<(T, Vec<String>)>;

/// Reads all tables once, concurrently. The bounds of the ranges come from the first block of orders, so that the other tables need not
/// wait for the rest. Where ids increase through the file, these bounds are unbalanced: the rows are then repartitioned on the disk.
pub(crate) fn cut(source: &Source, ranges: usize, scratch: &Path) -> Result<Cut> {
    let by = |id, column: &str, bounds: &Bounds| {
        spill(source, id, Spill::new(scratch, ranges)?, |to, rows| to.scatter(rows, column, bounds))
    };
    let mut warnings = BTreeMap::new();
    // Threads instead of rayon tasks: a task that waits for polars would start the next table before its own is read.
    let (mut long, short, mut ends, mut all) = thread::scope(|scope| {
        let by = &by;
        let short = beside(scope, || SHORT.map(|id| (id, whole(source, id))));
        let mut others = None;
        let go_on = |first: &Ends| {
            let first = first.clone();
            let read = move |(id, column): (TableId, &str)| Ok((id, by(id, column, &first[column])));
            let rest = LONG.into_iter().filter(|(id, _)| *id != TableId::Orders);
            others = Some(beside(scope, || map(rest, read)));
        };
        let (orders, first, all) = orders(source, Spill::new(scratch, ranges)?, ranges, go_on)?;
        let others = others.map_or_else(|| Ok(Vec::new()), Beside::join)?.into_iter();
        let long = told(others.chain([(TableId::Orders, Ok(orders))]), &mut warnings)?;
        let short = told(short.join(), &mut warnings)?;
        Ok::<_, crate::Error>((long, short, first, all))
    })?;
    for (column, of) in IDS {
        if long[&of].rows.spill.is_skewed() {
            ends.insert(column, all.remove(column).unwrap_or_default());
            for (id, _) in LONG.iter().filter(|(_, by)| *by == column) {
                long.get_mut(id).map_or(Ok(()), |table| table.rows.spill.cut_again(column, &ends[column]))?;
            }
        }
    }
    let mut take = |id| long.remove(&id).unwrap_or_else(|| unreachable!("every table was read"));
    let (orders, customers) = (take(TableId::Orders), take(TableId::Customers));
    let bounds = ends.remove("customer_id").unwrap_or_default();
    let warnings = warnings.into_values().flatten().collect();
    Ok(Cut { short, orders, of_orders: long, customers, bounds, warnings })
}

/// Collects the tables, and their warnings apart. Of several errors, returns the first in the order of the contract.
fn told<T>(
    read: impl IntoIterator<Item = (TableId, Told<T>)>,
    warnings: &mut BTreeMap<TableId, Vec<String>>,
) -> Result<BTreeMap<TableId, T>> {
    let read: BTreeMap<TableId, Told<T>> = read.into_iter().collect();
    let tables = read.into_iter().map(|(id, read)| {
        let (table, told) = read?;
        warnings.insert(id, told);
        Ok((id, table))
    });
    tables.collect()
}

/// Reads the orders. Returns the bounds by the first block and those by a sample of all. Calls `go_on` with the former, as soon as they are
/// known.
fn orders(
    source: &Source,
    rows: Spill,
    ranges: usize,
    go_on: impl FnOnce(&Ends),
) -> Result<((Long, Vec<String>), Ends, Ends)> {
    let (mut go_on, mut first) = (Some(go_on), Ends::from(IDS.map(|(id, _)| (id, Bounds::default()))));
    let mut seen: Option<DataFrame> = None;
    let orders = spill(source, TableId::Orders, rows, |to, rows| {
        let ids = rows.select(IDS.map(|(id, _)| id))?;
        if let Some(go_on) = go_on.take() {
            first = ends(&ids, ranges)?;
            go_on(&first);
        }
        let step = rows.height().div_ceil(SEEN).max(1);
        let some = ids.take(&IdxCa::from_vec("row".into(), (0..rows.height() as IdxSize).step_by(step).collect()))?;
        match &mut seen {
            Some(seen) => drop(seen.vstack_mut(&some)?),
            None => seen = Some(some),
        }
        to.scatter(rows, "order_id", &first["order_id"])
    })?;
    if let Some(go_on) = go_on {
        go_on(&first);
    }
    let all = seen.map_or_else(|| Ok(first.clone()), |seen| ends(&seen, ranges))?;
    Ok((orders, first, all))
}

fn whole(source: &Source, id: TableId) -> Told<Cleaned> {
    let (raw, warnings) = read_table(source, id)?;
    Ok((clean_table(id.table(), raw)?, warnings))
}

fn spill(
    source: &Source,
    id: TableId,
    mut spill: Spill,
    mut scatter: impl FnMut(&mut Spill, &DataFrame) -> Result<()>,
) -> Told<Long> {
    let mut take = |mut block: DataFrame, lines: Vec<u32>| {
        block.with_column(UInt32Chunked::from_vec(LINE.into(), lines).into_column())?;
        scatter(&mut spill, &block)
    };
    let (mut raw, warnings) = read_blocks(source, id, &mut take)?;
    let empty = std::mem::take(&mut raw.frame);
    let rows = Rows { table: id.table(), file: raw.file.name.clone(), spill, empty };
    Ok((Long { account: TableAudit::new(id.table(), raw), rows }, warnings))
}
