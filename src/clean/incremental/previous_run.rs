//! The previous run's clean tables and audit → the rows that a delta affects. Used by `delta`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use polars::prelude::*;

use super::membership::BloomFilteredSet;
use super::{DeltaResult, full_reload};
use crate::clean::audit::{Audit, Check};
use crate::clean::checks::outcome::SAMPLES;
use crate::clean::checks::references::Measured;
use crate::clean::partition::by_month::label;
use crate::error::{Error, Result};
use crate::parallel;
use crate::schema::contract::BY_MONTH;
use crate::schema::contract::{ForeignKey, TABLES, Table, TableId};
use crate::table::parquet::{join_rows, read_frame, read_head, read_some, stack};

/// Rows of each file that are searched first for failing orders.
const FIRST: usize = if cfg!(test) { 8 } else { 1 << 12 };

/// Estimated bytes of memory per byte of a Parquet file.
const UNPACKED: u64 = 3;

/// Clean tables, or some of their rows, by file name.
pub(crate) type Files = BTreeMap<String, DataFrame>;

/// The clean tables of some orders.
pub(crate) type Tables = BTreeMap<TableId, DataFrame>;

/// The previous run: its clean tables and audit.
pub struct PreviousRun {
    /// Files of the clean tables by name; a file of one month is named `orders/2018-08`.
    pub clean: BTreeMap<String, PathBuf>,
    /// Its audit, including the counts of references.
    pub audit: Audit,
    /// Memory that the affected months may take, bytes.
    pub memory: u64,
}

impl PreviousRun {
    pub(crate) fn read(&self, table: TableId, month: &str) -> Result<DataFrame> {
        let file = self.clean.get(&format!("{}/{month}", table.name()));
        file.map_or_else(|| Ok(empty(table.table())), |file| read_frame(file))
    }

    /// The clean tables of the orders that `rows` affect, and the files that they are in, by name.
    pub(crate) fn read_affected(&self, rows: &Tables) -> DeltaResult<(Tables, Files)> {
        let of_orders: Vec<_> =
            rows.iter().filter(|(id, _)| **id != TableId::Customers).map(|(_, frame)| (frame, "order_id")).collect();
        let of_customers = [TableId::Customers, TableId::Orders].map(|id| (&rows[&id], "customer_id"));
        let (orders, customers) =
            (BloomFilteredSet::of(of_orders.iter().copied())?, BloomFilteredSet::of(of_customers)?);
        let months: Vec<&str> = self.clean.keys().filter_map(|name| name.strip_prefix("orders/")).collect();
        let affected = parallel::map(months, |month| {
            let ids = read_some(&self.clean[&format!("orders/{month}")], &["order_id", "customer_id"])?;
            let affected = orders.among(&ids, "order_id")?.any() || customers.among(&ids, "customer_id")?.any();
            Ok(affected.then(|| month.to_string()))
        })?;
        let months: Vec<String> = affected.into_iter().flatten().chain([label(None)]).collect();
        let open = || BY_MONTH.into_iter().flat_map(|id| months.iter().map(move |month| (id, month)));
        let files = open().filter_map(|(id, month)| self.clean.get(&format!("{}/{month}", id.name())));
        let bytes: u64 = files.filter_map(|file| Some(file.metadata().ok()?.len())).sum();
        if bytes.saturating_mul(UNPACKED) > self.memory {
            return full_reload(format!(
                "new rows change orders of {} months, which do not fit into memory",
                months.len() - 1
            ));
        }
        let files =
            parallel::map(open(), |(id, month)| Ok((id, format!("{}/{month}", id.name()), self.read(id, month)?)))?;

        let select = |table: TableId, sets: &[(&str, &BloomFilteredSet)]| -> Result<DataFrame> {
            let mut found = empty(table.table());
            for (_, _, frame) in files.iter().filter(|(id, ..)| *id == table) {
                let masks = sets.iter().map(|(column, texts)| texts.among(frame, column));
                let mask = masks.reduce(|a, b| Ok(a? | b?)).unwrap_or_else(|| Ok(BooleanChunked::default()))?;
                found.vstack_mut(&frame.filter(&mask)?)?;
            }
            Ok(join_rows(found.sort(table.table().key.to_vec(), SortMultipleOptions::default())?))
        };
        let affected_orders = select(TableId::Orders, &[("order_id", &orders), ("customer_id", &customers)])?;
        let orders = BloomFilteredSet::of(of_orders.into_iter().chain([(&affected_orders, "order_id")]))?;
        let customers = BloomFilteredSet::of(of_customers.into_iter().chain([(&affected_orders, "customer_id")]))?;
        let mut old = Tables::new();
        for id in BY_MONTH {
            let rows = match id {
                TableId::Orders => affected_orders.clone(),
                TableId::Customers => select(id, &[("customer_id", &customers)])?,
                _ => select(id, &[("order_id", &orders)])?,
            };
            old.insert(id, rows);
        }
        let found = BloomFilteredSet::of([(&old[&TableId::Customers], "customer_id")])?;
        if !found.among(&affected_orders, "customer_id")?.all() {
            return full_reload(
                "a new row belongs to an order whose customer is missing or ordered first in another month",
            );
        }
        Ok((old, files.into_iter().map(|(_, name, frame)| (name, frame)).collect()))
    }

    /// The sellers of some products: columns `product_id` and `seller_id`, one row per item sold.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn sellers(&self, products: &Column) -> Result<DataFrame> {
        let products = products.clone().into_frame();
        let products = BloomFilteredSet::of([(&products, "product_id")])?;
        let months = self.clean.iter().filter(|(name, _)| name.starts_with("order_items/"));
        let found = parallel::map(months, |(_, file)| {
            let items = read_some(file, &["product_id", "seller_id"])?;
            Ok(items.filter(&products.among(&items, "product_id")?)?)
        })?;
        let no_items = empty(TableId::OrderItems.table()).select(["product_id", "seller_id"])?;
        stack([no_items].into_iter().chain(found))
    }

    /// All orders of some customers, the persons, with customers and items; no rows of the other tables of orders.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn orders_of(&self, customers: &DataFrame) -> Result<Files> {
        let person = "customer_unique_id";
        let persons = BloomFilteredSet::of([(customers, person)])?;
        let read = |id: TableId, column: &'static str, texts: &BloomFilteredSet| -> Result<DataFrame> {
            let start = format!("{}/", id.name());
            let months = self.clean.iter().filter(|(name, _)| name.starts_with(&start));
            let found = parallel::map(months, |(_, file)| {
                let keys = read_some(file, &[column])?;
                let mask = texts.among(&keys, column)?;
                // Most months are read no further.
                Ok(if mask.any() { Some(read_frame(file)?.filter(&mask)?) } else { None })
            })?;
            let found = stack([empty(id.table())].into_iter().chain(found.into_iter().flatten()))?;
            Ok(join_rows(found.sort(id.table().key.to_vec(), SortMultipleOptions::default())?))
        };
        let customers = read(TableId::Customers, person, &persons)?;
        let orders = read(TableId::Orders, "customer_id", &BloomFilteredSet::of([(&customers, "customer_id")])?)?;
        let items = read(TableId::OrderItems, "order_id", &BloomFilteredSet::of([(&orders, "order_id")])?)?;
        let none = TABLES.iter().map(|table| (table.name.to_string(), empty(table)));
        let rows = [(TableId::Customers, customers), (TableId::Orders, orders), (TableId::OrderItems, items)];
        Ok(none.chain(rows.map(|(id, frame)| (id.name().to_string(), frame))).collect())
    }

    /// The rows of a short table that these items reference. `columns` selects its columns; the first is the key.
    pub(crate) fn of_items(&self, table: TableId, columns: &[&str], items: &DataFrame) -> Result<DataFrame> {
        let rows = self.short(table, columns)?;
        let sold = BloomFilteredSet::of([(items, columns[0])])?;
        Ok(rows.filter(&sold.among(&rows, columns[0])?)?)
    }

    /// Some columns of a table that is not partitioned by month.
    pub(crate) fn short(&self, table: TableId, columns: &[&str]) -> Result<DataFrame> {
        let file = self.clean.get(table.name());
        read_some(file.ok_or_else(|| Error::input(format!("there is no clean table `{}`", table.name())))?, columns)
    }

    /// The keys of the first orders that fail `check`. Reads the tables from the `changed` files, and from the previous run's files
    /// otherwise. `check` gets all rows of `tables` up to some order.
    pub(crate) fn first(
        &self,
        tables: &[TableId],
        changed: &Files,
        check: impl Fn(&[DataFrame]) -> Result<Check>,
    ) -> Result<Vec<String>> {
        // Files are sorted by order, so the first failures are near the head of some file.
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
                    // A shorter head is the whole file: no rows follow.
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

    /// The previous run's results for a foreign key.
    pub(crate) fn measured(&self, table: &Table, key: &ForeignKey) -> DeltaResult<Measured> {
        Measured::of_previous_run(&self.audit, table, key)
            .map_or_else(|| full_reload("the audit of the last run lacks checks"), Ok)
    }
}

/// The clean table, without rows.
pub(crate) fn empty(table: &Table) -> DataFrame {
    let fields = table.clean_columns().map(|column| Field::new(column.name.into(), column.kind.dtype()));
    DataFrame::empty_with_schema(&fields.collect())
}
