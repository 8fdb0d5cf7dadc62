//! Source → the short tables clean, the long ones cut into ranges of ids on the disk. Next: `shards`.

use std::collections::BTreeMap;
use std::path::Path;

use polars::prelude::*;
use rayon::prelude::*;

use super::clean::{Account, Cleaned, clean_table};
use super::contract::TableId;
use super::read::{read_blocks, read_table};
use super::source::Source;
use super::spill::{Bounds, Spill};
use crate::error::Result;

/// The tables that are cut by `order_id` as orders are.
const OF_ORDERS: [TableId; 3] = [TableId::OrderItems, TableId::OrderReviews, TableId::OrderPayments];
/// The tables that stay in memory whole.
const SHORT: [TableId; 5] =
    [TableId::Products, TableId::Geolocation, TableId::Sellers, TableId::Categories, TableId::States];
/// Orders of a block of them whose ids are remembered, to cut all by them.
const SEEN: usize = 1 << 9;
/// Column that keeps a row's line while it is on the disk.
const LINE: &str = "line";

/// The tables as they were read.
pub(super) struct Cut {
    pub(super) short: BTreeMap<TableId, Cleaned>,
    pub(super) orders: Long,
    /// Items, payments and reviews.
    pub(super) of_orders: BTreeMap<TableId, Long>,
    pub(super) customers: Long,
    /// Where the ranges of `customer_id` begin.
    pub(super) bounds: Bounds,
    /// In the order of the contract.
    pub(super) warnings: Vec<String>,
}

/// A table on the disk.
pub(super) struct Long {
    pub(super) account: Account,
    rows: Spill,
    /// Its columns, without a row.
    empty: DataFrame,
}

impl Long {
    /// Takes the clean rows of a range, sorted.
    pub(super) fn range(&mut self, range: usize) -> Result<DataFrame> {
        let (rows, lines) = match self.rows.take(range)? {
            Some(mut rows) => {
                let lines = rows.drop_in_place(LINE)?;
                (rows, lines.u32()?.iter().flatten().collect())
            }
            None => (self.empty.clone(), Vec::new()),
        };
        Ok(self.account.sort_out(rows, &lines)?.0)
    }
}

/// What was told of each table.
type Warnings = BTreeMap<TableId, Vec<String>>;

/// Where the ranges of both ids begin.
#[derive(Default)]
struct Ends {
    orders: Bounds,
    customers: Bounds,
}

impl Ends {
    fn of(orders: &DataFrame, ranges: usize) -> Result<Ends> {
        let bounds = |id| Ok::<_, crate::Error>(Bounds::of(orders.column(id)?.str()?, ranges));
        Ok(Ends { orders: bounds("order_id")?, customers: bounds("customer_id")? })
    }
}

/// Reads all tables once, and the orders again from the disk where their ids rise through the file: where ranges end follows
/// from the first orders, until all are seen.
pub(super) fn cut(source: &Source, ranges: usize, scratch: &Path) -> Result<Cut> {
    let (orders, short) = rayon::join(
        || orders(source, ranges, scratch),
        || SHORT.par_iter().with_max_len(1).map(|id| whole(source, *id)).collect::<Result<Vec<_>>>(),
    );
    let ((orders, mut warnings, ends), short) = (orders?, short?);
    let by = |column: &'static str, bounds: &Bounds, id| {
        spill(source, id, Spill::new(scratch, ranges)?, |spill, rows| spill.scatter(rows, column, bounds))
    };
    let (customers, of_orders) = rayon::join(
        || by("customer_id", &ends.customers, TableId::Customers),
        || {
            let cut = OF_ORDERS.par_iter().with_max_len(1).map(|&id| Ok((id, by("order_id", &ends.orders, id)?)));
            cut.collect::<Result<Vec<_>>>()
        },
    );
    let (customers, told) = customers?;
    warnings.extend(told);
    let mut tables = BTreeMap::new();
    for (id, (table, told)) in of_orders? {
        warnings.extend(told);
        tables.insert(id, table);
    }
    let mut cleaned = BTreeMap::new();
    for (id, table, told) in short {
        warnings.insert(id, told);
        cleaned.insert(id, table);
    }
    Ok(Cut {
        short: cleaned,
        orders,
        of_orders: tables,
        customers,
        bounds: ends.customers,
        warnings: warnings.into_values().flatten().collect(),
    })
}

/// The orders, what was told of them, and where the ranges end.
fn orders(source: &Source, ranges: usize, scratch: &Path) -> Result<(Long, Warnings, Ends)> {
    let mut first: Option<Bounds> = None;
    let mut seen: Option<DataFrame> = None;
    let (mut orders, told) = spill(source, TableId::Orders, Spill::new(scratch, ranges)?, |spill, rows| {
        let ids = rows.select(["order_id", "customer_id"])?;
        let step = rows.height().div_ceil(SEEN).max(1);
        let some = ids.take(&IdxCa::from_vec("row".into(), (0..rows.height() as IdxSize).step_by(step).collect()))?;
        match &mut seen {
            Some(seen) => drop(seen.vstack_mut(&some)?),
            None => seen = Some(some),
        }
        let bounds = match &mut first {
            Some(bounds) => bounds,
            None => first.insert(Bounds::of(ids.column("order_id")?.str()?, ranges)),
        };
        spill.scatter(rows, "order_id", bounds)
    })?;
    let mut ends = seen.map_or_else(|| Ok(Ends::default()), |seen| Ends::of(&seen, ranges))?;
    if !orders.rows.balance("order_id", &ends.orders)? {
        ends.orders = first.unwrap_or_default();
    }
    Ok((orders, told, ends))
}

fn whole(source: &Source, id: TableId) -> Result<(TableId, Cleaned, Vec<String>)> {
    let (raw, warnings) = read_table(source, id)?;
    Ok((id, clean_table(id.table(), raw)?, warnings))
}

fn spill(
    source: &Source,
    id: TableId,
    mut rows: Spill,
    mut scatter: impl FnMut(&mut Spill, &DataFrame) -> Result<()>,
) -> Result<(Long, Warnings)> {
    let mut take = |mut block: DataFrame, lines: Vec<u32>| {
        block.with_column(UInt32Chunked::from_vec(LINE.into(), lines).into_column())?;
        scatter(&mut rows, &block)
    };
    let (mut raw, warnings) = read_blocks(source, id, &mut take)?;
    let empty = std::mem::take(&mut raw.frame);
    Ok((Long { account: Account::new(id.table(), raw), rows, empty }, Warnings::from([(id, warnings)])))
}
