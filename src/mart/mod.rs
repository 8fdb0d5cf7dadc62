//! CleanTables → SalesMart, by portable SQL. Next: `models`.
//!
//! One file per table under `sql/`, in the dialect that polars, Spark and DuckDB share. Amounts are integer centavos, so that every engine
//! gives the same bits. Items and payments are never joined: an order with several payments would count its items several times. No fact
//! is lost through a dimension: an unknown attribute becomes `unknown` ([`law`]).

pub(crate) mod by_day;
pub(crate) mod codes;
pub mod incremental;
pub mod law;
pub mod missing;
pub mod month;
pub mod period;
mod size;
mod sums;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use polars::prelude::*;
use polars::sql::SQLContext;

use self::by_day::ByDay;
use self::codes::DictionaryEncoding;
use self::sums::PartialAggregates;
use crate::clean::partition::ranges::{Shards, TakeRows, load_in_shards};
use crate::clean::{Audit, CleanTables};
use crate::error::{Error, Result};
use crate::input::Source;
use crate::memory;
use crate::parallel::{self, lock};
use crate::schema::TableId;

/// A step that makes one table of the mart.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// Name of the step and of its table.
    pub name: &'static str,
    /// Its query; the comment at the top of the file describes the table.
    pub sql: &'static str,
    /// Its role: what its rows are made of.
    pub kind: StepRole,
    /// Whether the table is part of the mart; other tables only serve later steps.
    pub stored: bool,
}

/// Role of a step: how its table is computed from ranges of orders, so that the whole need not fit in memory.
///
/// Tables of ranges that add up are merged by key, the columns of the query's ORDER BY; all other columns are summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepRole {
    /// All orders, including those of which only facts are left. Read by the later steps.
    Base,
    /// Rows of orders or items, which only serve later steps.
    Rows,
    /// Orders with the sums of those rows, which only serve later steps.
    Orders,
    /// Sums over orders that only serve the last steps.
    Part,
    /// Sums over orders.
    Sums,
    /// Sums over customers, including those without orders.
    Customers,
    /// Computed from the sums over all orders.
    Last,
}

impl StepRole {
    /// Whether the tables of ranges add up to that of the whole.
    pub fn adds_up(self) -> bool {
        !matches!(self, StepRole::Base | StepRole::Rows | StepRole::Orders)
    }
}

macro_rules! step {
    ($name:literal, $kind:ident) => {
        Step {
            name: $name,
            sql: include_str!(concat!("sql/", $name, ".sql")),
            kind: StepRole::$kind,
            stored: !matches!(StepRole::$kind, StepRole::Base | StepRole::Rows | StepRole::Orders | StepRole::Part),
        }
    };
}

/// The steps, each after those that it reads; steps that are not stored come first.
pub static STEPS: [Step; 35] = [
    step!("orders_known", Base),
    step!("items_sold", Rows),
    step!("orders_served", Rows),
    step!("orders_paid", Rows),
    step!("orders_sold", Orders),
    step!("categories_sold", Orders),
    step!("products_sold", Part),
    step!("products_sellers", Part),
    step!("sales_by_day", Sums),
    step!("sales_by_month", Sums),
    step!("supply_by_day", Sums),
    step!("orders_by_state_month", Sums),
    step!("orders_by_day", Sums),
    step!("orders_by_methods", Sums),
    step!("sales_by_methods", Sums),
    step!("sales_by_city", Sums),
    step!("orders_by_city", Sums),
    step!("payments", Sums),
    step!("payments_by_state", Sums),
    step!("payments_by_category", Sums),
    step!("payments_by_month", Sums),
    step!("payments_by_category_month", Sums),
    step!("payment_sets", Sums),
    step!("payment_sets_by_category", Sums),
    step!("service_by_category", Sums),
    step!("service_by_state", Sums),
    step!("sellers", Sums),
    step!("review_scores", Sums),
    step!("delivery_days", Sums),
    step!("reference_sales", Sums),
    step!("misread", Sums),
    step!("misread_by_category", Sums),
    step!("totals", Sums),
    step!("first_page", Customers),
    step!("products", Last),
];

/// Name of the longest table. Each row belongs to one day; it is partitioned by month where the clean tables are.
pub const BY_DAY: &str = "supply_by_day";

impl Step {
    /// The columns by which its rows are sorted, which identify a row (its grain); empty for a table of one row.
    pub fn key(&self) -> Vec<&'static str> {
        let order = self.sql.rsplit_once("ORDER BY").map(|(_, columns)| columns);
        order.into_iter().flat_map(|columns| columns.split(',')).map(str::trim).collect()
    }
}

/// The aggregated tables, read by models, findings and the report. Whole numbers are `i64`, days and months `Date`, amounts centavos.
#[derive(Debug, Clone)]
pub struct SalesMart {
    /// All tables except the longest.
    tables: BTreeMap<String, DataFrame>,
    by_day: ByDay,
}

impl SalesMart {
    /// The mart of `tables`, by the names of [`STEPS`].
    ///
    /// # Errors
    /// [`Error::Input`]: a stored table is missing.
    pub fn new(mut tables: BTreeMap<String, DataFrame>) -> Result<SalesMart> {
        let by_day = tables.remove(BY_DAY).ok_or_else(|| missing(BY_DAY))?;
        SalesMart::with(tables, ByDay::here(by_day))
    }

    /// The mart of `tables`, which lack [`BY_DAY`], and of the rows of that table.
    ///
    /// # Errors
    /// As [`SalesMart::new`].
    pub(crate) fn with(tables: BTreeMap<String, DataFrame>, by_day: ByDay) -> Result<SalesMart> {
        let stored = STEPS.iter().filter(|step| step.stored && step.name != BY_DAY);
        match stored.map(|step| step.name).find(|name| !tables.contains_key(*name)) {
            Some(name) => Err(missing(name)),
            None => Ok(SalesMart { tables, by_day }),
        }
    }

    /// Replaces the tables and months in `files`, and adds new months; see [`incremental`].
    fn with_files(&self, files: &incremental::Files) -> Result<SalesMart> {
        let month = |(name, rows): (&String, &DataFrame)| {
            let month = name.strip_prefix(BY_DAY)?.strip_prefix('/')?;
            Some((month.to_string(), rows.clone()))
        };
        let mut tables = self.tables.clone();
        tables.extend(
            files.iter().filter(|file| month(*file).is_none()).map(|(name, rows)| (name.clone(), rows.clone())),
        );
        SalesMart::with(tables, self.by_day.with(files.iter().filter_map(month)))
    }

    /// A table by the name of its step.
    ///
    /// # Errors
    /// There is no such table, or the files that hold it cannot be read.
    pub fn table(&self, name: &str) -> Result<&DataFrame> {
        if name == BY_DAY {
            return self.by_day.whole();
        }
        self.tables.get(name).ok_or_else(|| missing(name))
    }

    /// The rows of [`BY_DAY`], which need not be in memory.
    pub(crate) fn by_day(&self) -> &ByDay {
        &self.by_day
    }

    /// All tables, by name.
    ///
    /// # Errors
    /// The files that hold [`BY_DAY`] cannot be read.
    pub fn iter(&self) -> Result<impl Iterator<Item = (&str, &DataFrame)>> {
        let mut tables: BTreeMap<&str, &DataFrame> =
            self.tables.iter().map(|(name, frame)| (name.as_str(), frame)).collect();
        tables.insert(BY_DAY, self.by_day.whole()?);
        Ok(tables.into_iter())
    }
}

fn missing(table: &str) -> Error {
    Error::input(format!("the mart has no table `{table}`"))
}

/// Computes the mart with polars.
///
/// # Errors
/// A query fails, which is a fault of its file, not of the data; or the amounts are too large for sums of 64 bits.
pub fn mart(clean: &CleanTables) -> Result<SalesMart> {
    mart_of(clean.iter().map(|(name, frame)| (name.to_string(), frame.clone().lazy())).collect())
}

/// [`mart`] of clean tables in memory or in files. Of scanned Parquet files, reads only the columns that the queries use.
///
/// # Errors
/// As [`mart`], or a file cannot be read.
pub fn mart_of(tables: BTreeMap<String, LazyFrame>) -> Result<SalesMart> {
    let mut sums = PartialAggregates::default();
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
        self.0.finish()
    }
}

/// Reads, cleans and aggregates out of core, with the same result as [`load`](crate::clean::load) and [`mart`]. Passes the rows of the
/// clean tables to `rows`, in their order and from another thread. Must not be called from a rayon worker, like [`load_in_shards`].
///
/// # Errors
/// As those; the scratch folder cannot be written; `rows` fails.
pub fn mart_in_shards(source: &Source, how: &Shards, rows: &TakeRows<'_>) -> Result<(Unfinished, Audit)> {
    let sums = Mutex::new(PartialAggregates::default());
    let take = |name: &str, frame: &DataFrame, months: Option<&Int32Chunked>| {
        if name == TableId::Customers.name() {
            lock(&sums).customers(BTreeMap::from([(name.to_string(), frame.clone().lazy())]))?;
        }
        rows(name, frame, months)
    };
    let orders = |tables: BTreeMap<String, DataFrame>| {
        lock(&sums).orders(tables.into_iter().map(|(name, frame)| (name, frame.lazy())).collect())
    };
    let audit = load_in_shards(source, how, &take, &orders)?;
    Ok((Unfinished(sums.into_inner().unwrap_or_else(PoisonError::into_inner)), audit))
}

/// Every word of the statements, without comments: includes the names of all tables and columns that they read.
pub(crate) fn words<'a>(steps: impl Iterator<Item = &'a Step>) -> BTreeSet<&'static str> {
    let code = steps.flat_map(|step| step.sql.lines()).filter(|line| !line.starts_with("--"));
    code.flat_map(|line| line.split(|c: char| !(c.is_alphanumeric() || c == '_'))).collect()
}

/// Sorts the rows by key if the key has nulls: engines differ in whether nulls come first or last. Otherwise the query has sorted them.
pub(crate) fn in_order(frame: DataFrame, key: &[&str]) -> Result<DataFrame> {
    let missing = |name: &&str| frame.column(name).is_ok_and(|column| column.null_count() > 0);
    if key.iter().any(missing) {
        return Ok(frame.sort(key.to_vec(), SortMultipleOptions::default())?);
    }
    Ok(frame)
}

/// Runs the steps of some roles in parallel; they must not read each other. `codes` is the encoding of the texts in `tables`.
fn run(
    tables: &BTreeMap<String, DataFrame>,
    codes: &DictionaryEncoding,
    kinds: &[StepRole],
) -> Result<BTreeMap<String, DataFrame>> {
    let run = |step: &Step| -> Result<(String, DataFrame)> {
        // A new context per step: a clone would share the names of subqueries.
        let mut sql = SQLContext::new();
        for (name, frame) in tables {
            sql.register(name, frame.clone().lazy());
        }
        let mut frame = sql.execute(&codes.in_sql(step.sql))?.collect()?;
        // Engines count in different widths.
        for column in frame.clone().columns() {
            if column.dtype().is_integer() && !codes::are_in(column.name()) {
                frame.with_column(column.cast(&DataType::Int64)?)?;
            }
        }
        let frame = if step.kind.adds_up() { in_order(frame, &step.key())? } else { frame };
        Ok((step.name.to_string(), frame))
    };
    let steps: Vec<&Step> = STEPS.iter().filter(|step| kinds.contains(&step.kind)).collect();
    Ok(parallel::map(steps, run)?.into_iter().collect())
}
