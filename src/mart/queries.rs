//! The queries of the mart, declared: one SQL file per table, and how tables of ranges of orders add up. The one place to add a table.

use std::collections::BTreeSet;

use polars::prelude::*;

use crate::error::Result;

/// A query, which makes one table of the mart.
#[derive(Debug, Clone, Copy)]
pub struct Query {
    /// Name of the query and of its table.
    pub name: &'static str,
    /// Its SQL; the comment at the top of the file describes the table.
    pub sql: &'static str,
    /// What its rows are made of.
    pub kind: QueryRole,
    /// Whether the table is part of the mart; other tables only serve later queries.
    pub stored: bool,
}

/// Role of a query: how its table is computed from ranges of orders, so that the whole need not fit in memory.
///
/// Tables of ranges that add up are merged by key, the columns of the query's ORDER BY; all other columns are summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueryRole {
    /// All orders, including those of which only facts are left. Read by the later queries.
    Base,
    /// Rows of orders or items, which only serve later queries.
    Rows,
    /// Orders with the sums of those rows, which only serve later queries.
    Orders,
    /// Sums over orders that only serve the last queries.
    Part,
    /// Sums over orders.
    Sums,
    /// Sums over customers, including those without orders.
    Customers,
    /// Computed from the sums over all orders.
    Last,
}

impl QueryRole {
    /// Whether the tables of ranges add up to that of the whole.
    pub fn adds_up(self) -> bool {
        !matches!(self, QueryRole::Base | QueryRole::Rows | QueryRole::Orders)
    }
}

macro_rules! query {
    ($name:literal, $kind:ident) => {
        Query {
            name: $name,
            sql: include_str!(concat!("sql/", $name, ".sql")),
            kind: QueryRole::$kind,
            stored: !matches!(
                QueryRole::$kind,
                QueryRole::Base | QueryRole::Rows | QueryRole::Orders | QueryRole::Part
            ),
        }
    };
}

/// The queries, each after those that it reads; queries that are not stored come first.
pub static QUERIES: [Query; 41] = [
    query!("orders_known", Base),
    query!("items_sold", Rows),
    query!("orders_served", Rows),
    query!("orders_paid", Rows),
    query!("orders_sold", Orders),
    query!("categories_sold", Orders),
    query!("sellers_sold", Orders),
    query!("products_sold", Part),
    query!("products_sellers", Part),
    query!("customers_sold", Part),
    query!("sales_by_day", Sums),
    query!("sales_by_month", Sums),
    query!("supply_by_day", Sums),
    query!("orders_by_state_month", Sums),
    query!("orders_by_day", Sums),
    query!("orders_by_postcode_day", Sums),
    query!("orders_by_methods", Sums),
    query!("sales_by_methods", Sums),
    query!("sales_by_city", Sums),
    query!("orders_by_city", Sums),
    query!("payments", Sums),
    query!("payments_by_state", Sums),
    query!("payments_by_category", Sums),
    query!("payments_by_month", Sums),
    query!("payments_by_category_month", Sums),
    query!("payment_sets", Sums),
    query!("payment_sets_by_category", Sums),
    query!("payment_delays", Sums),
    query!("service_by_category", Sums),
    query!("service_by_state", Sums),
    query!("sellers", Sums),
    query!("sellers_by_day", Sums),
    query!("review_scores", Sums),
    query!("delivery_days", Sums),
    query!("reference_sales", Sums),
    query!("misread", Sums),
    query!("misread_by_category", Sums),
    query!("totals", Sums),
    query!("first_page", Customers),
    query!("products", Last),
    query!("customer_cohorts", Last),
];

/// Name of the longest table. Each row belongs to one day; it is partitioned by month where the clean tables are.
pub const SUPPLY_BY_DAY: &str = "supply_by_day";
/// Name of the table of what each seller sold.
pub const SELLERS_BY_DAY: &str = "sellers_by_day";
/// The tables about as long as the orders, which need not be in memory.
pub(crate) const LONG: [&str; 2] = [SELLERS_BY_DAY, SUPPLY_BY_DAY];

impl Query {
    /// The columns by which its rows are sorted, which identify a row (its grain); empty for a table of one row.
    pub fn key(&self) -> Vec<&'static str> {
        let order = self.sql.rsplit_once("ORDER BY").map(|(_, columns)| columns);
        order.into_iter().flat_map(|columns| columns.split(',')).map(|column| column.trim().trim_matches('`')).collect()
    }
}

/// Every word of the statements, without comments: includes the names of all tables and columns that they read.
pub(crate) fn words<'a>(queries: impl Iterator<Item = &'a Query>) -> BTreeSet<&'static str> {
    let code = queries.flat_map(|query| query.sql.lines()).filter(|line| !line.starts_with("--"));
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
