//! The previous run's mart + the affected orders before and after a delta → the mart of all orders. Beside `sums`; next: `models`.

use std::collections::BTreeMap;

use polars::prelude::*;

use super::law;
use super::queries::{QUERIES, Query, QueryRole, SUPPLY_BY_DAY};
use super::sales_mart::SalesMart;
use super::sums::size::MAX_SUM;
use super::sums::{self, PartialAggregates, sum_by};
use crate::clean::incremental::delta::Orders;
use crate::clean::incremental::{DeltaResult, full_reload};
use crate::clean::partition::by_month;
use crate::error::Result;
use crate::parallel;
use crate::schema::TableId;
use crate::table::merge::{find, merge};

/// The tables of the last queries.
const PRODUCTS: &str = "products";
const COHORTS: &str = "customer_cohorts";
/// What the cohorts are made of.
const CUSTOMERS_SOLD: &str = "customers_sold";
/// Their key.
const CUSTOMER_DAY: [&str; 3] = ["customer_unique_id", "day", "month"];
/// Columns that count the entities of a row. A row whose count falls to 0 is removed.
const COUNTS: [&str; 3] = ["orders", "payments", "reviews"];

/// The tables of the mart by file name; [`SUPPLY_BY_DAY`] by month, such as `supply_by_day/2018-08`.
pub type Files = BTreeMap<String, DataFrame>;

/// The mart after the delta.
pub struct UpdatedMart {
    /// The whole mart.
    pub mart: SalesMart,
    /// The files that changed.
    pub files: Files,
    /// Day of the earliest new or changed sale, in days since 1970-01-01; `None` if there is none.
    pub first_changed_day: Option<i32>,
}

/// Updates the mart `base` for the affected orders: subtracts their aggregates before the delta and adds those after it. Of the previous
/// run, `sellers` returns who has sold some products (columns `product_id`, `seller_id`), in any order, repeated or not, and `orders_of`
/// the clean tables of all orders of some customers.
///
/// # Errors
/// [`DeltaError::FullReload`](crate::clean::incremental::DeltaError::FullReload): the mart does not suffice to compute what to subtract.
/// [`DeltaError::Failed`](crate::clean::incremental::DeltaError::Failed): a query, `sellers` or `orders_of` fails.
pub fn apply_delta(
    base: &SalesMart,
    orders: &Orders,
    sellers: impl Fn(&Column) -> Result<DataFrame> + Sync,
    orders_of: impl Fn(&DataFrame) -> Result<Files> + Sync,
) -> DeltaResult<UpdatedMart> {
    let (old, new) = parallel::both(|| parts(&orders.old, None), || parts(&orders.new, Some(&orders.customers)));
    let (old, new) = (old?, new?);
    let update = |query: &'static Query| -> DeltaResult<Vec<(String, DataFrame)>> {
        let (of_orders, key) = match query.name {
            PRODUCTS => ("products_sold", vec!["product_id", "category"]),
            COHORTS => (CUSTOMERS_SOLD, CUSTOMER_DAY.to_vec()),
            name => (name, query.key()),
        };
        let Some(new_part) = new.get(of_orders) else { return Ok(Vec::new()) };
        let old = old.get(of_orders);
        let change = change(&key, old, new_part)?;
        if query.name == PRODUCTS {
            let previous_sellers = sellers(change.column("product_id")?)?;
            let products = products(base.table(query.name)?, &change, previous_sellers, &new["products_sellers"])?;
            return Ok(vec![(query.name.into(), products)]);
        }
        if query.name == COHORTS {
            let before = parts(&orders_of(&orders.new[TableId::Customers.name()])?, None)?;
            let change = cohorts(query, before.get(CUSTOMERS_SOLD), &change)?;
            return Ok(vec![(query.name.into(), sum(query, base.table(query.name)?, &change)?)]);
        }
        if query.kind == QueryRole::Last {
            return full_reload(format!("`{}` cannot be updated", query.name));
        }
        refuse_removal(query, old, new_part)?;
        if query.name != SUPPLY_BY_DAY {
            return Ok(vec![(query.name.into(), sum(query, base.table(query.name)?, &change)?)]);
        }
        let months = by_month::split(&change, &by_month::of_days(change.column("day")?)?)?;
        let update = |(month, change): (String, DataFrame)| {
            let table = base.long(SUPPLY_BY_DAY)?.month(&month)?.unwrap_or_else(|| change.clear());
            Ok((format!("{SUPPLY_BY_DAY}/{month}"), sum(query, &table, &change)?))
        };
        months.into_iter().map(update).collect()
    };
    // Reversed: the last query has the longest table.
    let queries = QUERIES.iter().rev().filter(|query| query.stored);
    let updated = parallel::map(queries, |query| Ok(update(query)))?;
    let files: Files = updated.into_iter().collect::<DeltaResult<Vec<_>>>()?.into_iter().flatten().collect();
    let first_changed_day = first_change(old.get(SUPPLY_BY_DAY), new.get(SUPPLY_BY_DAY))?;
    let mart = base.with_files(&files)?;
    // The months of the longest table that have not changed are not read.
    let mut long = mart.long.clone();
    long.remove(SUPPLY_BY_DAY);
    law::check(&mart.tables, &long)?;
    Ok(UpdatedMart { mart, files, first_changed_day })
}

/// Day of the earliest new or changed sale.
fn first_change(old: Option<&DataFrame>, new: Option<&DataFrame>) -> Result<Option<i32>> {
    let Some(new) = new else { return Ok(None) };
    let new = match old {
        Some(old) => anti_join(new, old, new.get_column_names_owned())?,
        None => new.clone(),
    };
    Ok(new.column("day")?.date()?.physical().min())
}

/// The rows whose values in the columns `on` do not occur in `excluded`.
fn anti_join(
    rows: &DataFrame,
    excluded: &DataFrame,
    on: impl IntoIterator<Item = impl Into<PlSmallStr>>,
) -> Result<DataFrame> {
    let on: Vec<Expr> = on.into_iter().map(col).collect();
    // Parts of a key may be null, such as the day of an unknown order.
    let args = JoinArgs { nulls_equal: true, ..JoinArgs::new(JoinType::Anti) };
    let rest = rows.clone().lazy().join(excluded.clone().lazy(), on.clone(), on, args);
    Ok(rest.collect()?)
}

/// Aggregates of some orders and customers; empty if there are no orders.
fn parts(tables: &BTreeMap<String, DataFrame>, customers: Option<&DataFrame>) -> Result<Files> {
    let lazy = |(name, frame): (&String, &DataFrame)| (name.clone(), frame.clone().lazy());
    let mut sums = PartialAggregates::default();
    if let Some(customers) = customers.filter(|customers| customers.height() > 0) {
        sums.customers(BTreeMap::from([("customers".into(), customers.clone().lazy())]))?;
    }
    if tables.values().any(|frame| frame.height() > 0) {
        sums.orders(tables.iter().map(lazy).collect())?;
    }
    sums.parts()
}

/// The difference by key: aggregates after the delta minus those before.
fn change(key: &[&str], old: Option<&DataFrame>, new: &DataFrame) -> Result<DataFrame> {
    let mut all = new.clone();
    if let Some(old) = old {
        let sign = |name: &PlSmallStr| match key.contains(&name.as_str()) {
            true => col(name.clone()),
            // A table of one row has null sums if there are no orders.
            false => (lit(0) - col(name.clone()).fill_null(lit(0))).alias(name.clone()),
        };
        let columns: Vec<Expr> = old.get_column_names().into_iter().map(sign).collect();
        all.vstack_mut(&old.clone().lazy().select(columns).collect()?)?;
    }
    let sums = sum_by(all.lazy(), key)?;
    // Sorted, so that lookups in the mart are faster.
    if key.is_empty() { Ok(sums) } else { Ok(sums.sort(key.to_vec(), SortMultipleOptions::default())?) }
}

/// Demands a full reload if a key disappears from a table without a count column: a row of zeros there may stand for free goods.
fn refuse_removal(query: &Query, old: Option<&DataFrame>, new: &DataFrame) -> DeltaResult<()> {
    let (key, counts) = (query.key(), counts(new).is_some());
    let Some(old) = old.filter(|_| !counts && !key.is_empty()) else { return Ok(()) };
    match anti_join(old, new, key)?.height() {
        0 => Ok(()),
        _ => full_reload(format!("rows of `{}` may have to be removed", query.name)),
    }
}

/// The column that counts the entities of a row.
fn counts(rows: &DataFrame) -> Option<&'static str> {
    COUNTS.into_iter().find(|count| rows.column(count).is_ok())
}

/// Applies a change to the table `table`; removes rows whose count falls to 0.
fn sum(query: &Query, table: &DataFrame, change: &DataFrame) -> DeltaResult<DataFrame> {
    let key = query.key();
    refuse_overflow(query, table, change)?;
    if key.is_empty() {
        let mut all = table.clone();
        all.vstack_mut(change)?;
        return Ok(sum_by(all.lazy(), &[])?);
    }
    let total = total(table, change, &key)?;
    let (changed, removed) = split_off(&total, counts(change).map_or(lit(false), |count| col(count).eq(lit(0))))?;
    Ok(merge(table, &changed, &removed, &key)?)
}

/// Demands a full reload if sums might overflow; the reload reports which are too large.
fn refuse_overflow(query: &Query, table: &DataFrame, change: &DataFrame) -> DeltaResult<()> {
    let key = query.key();
    let size = |frame: &DataFrame, column: &Column| -> Result<f64> {
        let numbers = frame.column(column.name())?.i64()?;
        Ok(numbers.iter().flatten().map(|number| (number as f64).abs()).sum())
    };
    for column in change.columns().iter().filter(|column| !key.contains(&column.name().as_str())) {
        if size(table, column)? + size(change, column)? >= MAX_SUM {
            return full_reload(format!("`{}.{}` may become too large", query.name, column.name()));
        }
    }
    Ok(())
}

/// The changed rows of `table`, with the change applied.
fn total(table: &DataFrame, change: &DataFrame, key: &[&str]) -> Result<DataFrame> {
    let hits = find(table, change, key)?.into_iter().filter_map(|place| Some(place.ok()? as IdxSize)).collect();
    let mut all = table.take(&IdxCa::from_vec("row".into(), hits))?;
    all.vstack_mut(change)?;
    sum_by(all.lazy(), key)
}

/// The change of the cohorts, given all orders of the affected customers before the delta, and the change of these.
fn cohorts(query: &'static Query, before: Option<&DataFrame>, change: &DataFrame) -> Result<DataFrame> {
    let before = before.cloned().unwrap_or_else(|| change.clear());
    let all =
        sum_by(before.vstack(change)?.lazy(), &CUSTOMER_DAY)?.lazy().filter(col("orders").neq(lit(0))).collect()?;
    let [before, after] = [before, all].map(|sold| sums::last(query, BTreeMap::from([(CUSTOMERS_SOLD.into(), sold)])));
    self::change(&query.key(), Some(&before?), &after?)
}

fn split_off(rows: &DataFrame, removed: Expr) -> Result<(DataFrame, DataFrame)> {
    let take = |predicate: Expr| rows.clone().lazy().filter(predicate).collect();
    Ok((take(removed.clone().not())?, take(removed)?))
}

/// Updates the products, and counts their sellers, previous and new ones.
fn products(
    table: &DataFrame,
    change: &DataFrame,
    mut sellers: DataFrame,
    new_sellers: &DataFrame,
) -> Result<DataFrame> {
    let (key, pair) = (["product_id", "category"], ["product_id", "seller_id"]);
    let sold = table.drop("sellers")?;
    let total = total(&sold, &change.select(sold.get_column_names_owned())?, &key)?;
    sellers.vstack_mut(&new_sellers.select(pair)?)?;
    let sellers = sellers.lazy().unique(None, UniqueKeepStrategy::Any).group_by([col("product_id")]);
    let sellers = sellers.agg([len().cast(DataType::Int64).alias("sellers")]);
    let (changed, removed) = split_off(&total, col("orders").eq(lit(0)))?;
    let columns: Vec<Expr> = table.get_column_names_owned().into_iter().map(col).collect();
    let on = [col("product_id")];
    let changed =
        changed.lazy().join(sellers, on.clone(), on, JoinArgs::new(JoinType::Inner)).select(columns).collect()?;
    merge(table, &changed, &removed, &key)
}
