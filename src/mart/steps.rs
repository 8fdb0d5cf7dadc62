//! The steps of the mart, declared: one SQL file per table, and how tables of ranges of orders add up. The one place to add a table.

use std::collections::BTreeSet;

use polars::prelude::*;

use crate::error::Result;

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
    /// All orders, including orders that exist only as the `order_id` of items, payments or reviews. Read by the later
    /// steps.
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
pub const SUPPLY_BY_DAY: &str = "supply_by_day";

impl Step {
    /// The columns by which its rows are sorted, which identify a row (its grain); empty for a table of one row.
    pub fn key(&self) -> Vec<&'static str> {
        let order = self.sql.rsplit_once("ORDER BY").map(|(_, columns)| columns);
        order.into_iter().flat_map(|columns| columns.split(',')).map(str::trim).collect()
    }
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
