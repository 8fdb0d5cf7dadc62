//! CleanTables → SalesMart, by portable SQL. Next: `models`.
//!
//! One file per table under `sql/`, in the dialect that polars, Spark and DuckDB share. Amounts are integer centavos, so that every engine
//! gives the same bits. Items and payments are never joined: an order with several payments would count its items several times. No fact
//! is lost through a dimension: an unknown attribute becomes `unknown` ([`law`]).

pub mod incremental;
pub mod law;
pub(crate) mod long_table;
pub mod methods;
pub mod missing;
pub mod month;
pub mod period;
pub(crate) mod queries;
mod sales_mart;
mod sums;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use polars::prelude::*;

pub use self::methods::Methods;
pub(crate) use self::queries::LONG;
pub(crate) use self::queries::words;
pub use self::queries::{QUERIES, Query, QueryRole, SELLERS_BY_DAY, SUPPLY_BY_DAY};
pub use self::sales_mart::SalesMart;
use self::sums::{PartialAggregates, Scratch};
use crate::clean::partition::ranges::{Shards, TakeRows, load_in_shards};
use crate::clean::{Audit, CleanTables};
use crate::error::Result;
use crate::input::Source;
use crate::memory;
use crate::parallel::lock;
use crate::schema::TableId;

/// Partial aggregates may take a fourth of the memory budget; what exceeds it waits on the disk.
const SHARE_OF_MEMORY: u64 = 4;
/// A smaller memory budget, bytes, leaves no room for freed blocks that wait for the next allocation.
const TIGHT: u64 = 1 << 30;

/// Computes the mart with polars.
///
/// # Errors
/// A query fails, which is a fault of its file, not of the data; or the amounts are too large for sums of 64 bits.
pub fn mart(clean: &CleanTables) -> Result<SalesMart> {
    let methods = Methods::in_payments(clean.table(TableId::OrderPayments))?;
    mart_of(lazy(clean), &methods)
}

/// [`mart`] of a market whose payment methods are known.
///
/// # Errors
/// As [`mart`].
pub fn mart_with(clean: &CleanTables, methods: &Methods) -> Result<SalesMart> {
    mart_of(lazy(clean), methods)
}

fn lazy(clean: &CleanTables) -> BTreeMap<String, LazyFrame> {
    clean.iter().map(|(name, frame)| (name.to_string(), frame.clone().lazy())).collect()
}

/// [`mart_with`] of clean tables in memory or in files. Of scanned Parquet files, reads only the columns that the queries use.
///
/// # Errors
/// As [`mart`], or a file cannot be read.
pub fn mart_of(tables: BTreeMap<String, LazyFrame>, methods: &Methods) -> Result<SalesMart> {
    let mut sums = PartialAggregates::of(methods);
    sums.customers(tables.clone())?;
    sums.orders(tables)?;
    sums.finish()
}

/// Aggregates of all ranges of orders, not yet merged to the mart.
pub struct Unfinished(PartialAggregates);

impl Unfinished {
    /// Merges the aggregates.
    ///
    /// # Errors
    /// A query fails.
    pub fn finish(self) -> Result<SalesMart> {
        // The ranges are freed; merging needs as much memory again as the longest table.
        memory::give_back();
        let mart = self.0.finish();
        memory::give_back();
        mart
    }
}

/// Reads, cleans and aggregates out of core, with the same result as [`load`](crate::clean::load) and [`mart`]. Passes the rows of the
/// clean tables to `rows`, in their order and from another thread. Must not be called from a rayon worker, like [`load_in_shards`].
///
/// # Errors
/// As those; the scratch folder cannot be written; `rows` fails.
pub fn mart_in_shards(source: &Source, how: &Shards, rows: &TakeRows<'_>) -> Result<(Unfinished, Audit)> {
    let sums = PartialAggregates::of(&Methods::of(source.market()?.as_ref()));
    let memory = usize::try_from(how.memory / SHARE_OF_MEMORY).unwrap_or(usize::MAX);
    let sums = Mutex::new(sums.within(Scratch { dir: how.scratch.clone(), memory }));
    let take = |name: &str, frame: &DataFrame, months: Option<&Int32Chunked>| {
        if name == TableId::Customers.name() {
            lock(&sums).customers(BTreeMap::from([(name.to_string(), frame.clone().lazy())]))?;
        }
        rows(name, frame, months)
    };
    let is_tight = how.memory < TIGHT;
    if is_tight {
        memory::return_soon();
    }
    let orders = |tables: BTreeMap<String, DataFrame>| {
        lock(&sums).orders(tables.into_iter().map(|(name, frame)| (name, frame.lazy())).collect())?;
        if is_tight {
            memory::give_back();
        }
        Ok(())
    };
    let audit = load_in_shards(source, how, &take, &orders)?;
    Ok((Unfinished(sums.into_inner().unwrap_or_else(PoisonError::into_inner)), audit))
}
