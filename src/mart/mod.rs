//! CleanTables → SalesMart, by portable SQL. Next: `models`.
//!
//! One file per table under `sql/`, in the dialect that polars, Spark and DuckDB share. Amounts are integer centavos, so
//! that every engine gives the same bits. Items and payments never meet in one join: an order with several payments
//! would count its items several times.

pub(crate) mod codes;
pub mod lint;
pub mod month;
pub mod period;

use std::collections::BTreeMap;

use polars::prelude::*;
use polars::sql::SQLContext;
use rayon::prelude::*;

use self::codes::Codes;
use crate::data::CleanTables;
use crate::error::{Error, Result};

/// A table of the mart.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// Its name.
    pub name: &'static str,
    /// The query that makes it; the comment at its top says what it holds.
    pub sql: &'static str,
    /// Whether it is kept; the others only serve later steps.
    pub stored: bool,
}

macro_rules! step {
    ($name:literal, $stored:literal) => {
        Step { name: $name, sql: include_str!(concat!("sql/", $name, ".sql")), stored: $stored }
    };
}

/// The steps; those that are not stored come first, since the others read them.
pub static STEPS: [Step; 28] = [
    step!("items_sold", false),
    step!("orders_served", false),
    step!("orders_paid", false),
    step!("sales_by_day", true),
    step!("sales_by_month", true),
    step!("supply_by_day", true),
    step!("orders_by_state_month", true),
    step!("orders_by_day", true),
    step!("orders_by_methods", true),
    step!("sales_by_methods", true),
    step!("sales_by_city", true),
    step!("orders_by_city", true),
    step!("payments", true),
    step!("payments_by_state", true),
    step!("payments_by_category", true),
    step!("payments_by_month", true),
    step!("payments_by_category_month", true),
    step!("payment_sets", true),
    step!("payment_sets_by_category", true),
    step!("service_by_category", true),
    step!("service_by_state", true),
    step!("products", true),
    step!("sellers", true),
    step!("review_scores", true),
    step!("delivery_days", true),
    step!("reference_sales", true),
    step!("misread", true),
    step!("first_page", true),
];

/// The small tables on which models, findings and the report stand. Whole numbers are `i64`, days and months `Date`.
#[derive(Debug, Clone, Default)]
pub struct SalesMart {
    tables: BTreeMap<String, DataFrame>,
}

impl SalesMart {
    /// The mart made of `tables`, by the names of [`STEPS`].
    ///
    /// # Errors
    /// A stored table is missing.
    pub fn new(tables: BTreeMap<String, DataFrame>) -> Result<SalesMart> {
        match STEPS.iter().find(|s| s.stored && !tables.contains_key(s.name)) {
            Some(step) => Err(Error::input(format!("the mart has no table `{}`", step.name))),
            None => Ok(SalesMart { tables }),
        }
    }

    /// A table by the name of its step.
    ///
    /// # Errors
    /// There is no such table.
    pub fn table(&self, name: &str) -> Result<&DataFrame> {
        self.tables.get(name).ok_or_else(|| Error::input(format!("the mart has no table `{name}`")))
    }

    /// All tables, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &DataFrame)> {
        self.tables.iter().map(|(name, frame)| (name.as_str(), frame))
    }
}

/// Runs the SQL files on polars.
///
/// # Errors
/// A query fails: the fault of a file, not of the data.
pub fn mart(clean: &CleanTables) -> Result<SalesMart> {
    mart_of(clean.iter().map(|(name, frame)| (name.to_string(), frame.clone().lazy())).collect())
}

/// The same from clean tables wherever they are: of Parquet files that are scanned only the columns in use are read.
///
/// # Errors
/// As [`mart`], or a file cannot be read.
pub fn mart_of(tables: BTreeMap<String, LazyFrame>) -> Result<SalesMart> {
    let mut tables = codes::in_use(tables)?;
    let (coded, by_text): (Vec<Step>, Vec<Step>) = STEPS.iter().copied().partition(codes::suffice);
    let (stored, helpers): (Vec<Step>, Vec<Step>) = coded.into_iter().partition(|step| step.stored);
    let mut made = run(&tables, &by_text)?;
    let codes = Codes::encode(&mut tables)?;
    tables.append(&mut run(&tables, &helpers)?);
    for (name, mut frame) in run(&tables, &stored)? {
        codes.decode(&mut frame)?;
        made.insert(name, frame);
    }
    SalesMart::new(made)
}

/// Runs independent steps side by side.
fn run(tables: &BTreeMap<String, DataFrame>, steps: &[Step]) -> Result<BTreeMap<String, DataFrame>> {
    let run = |step: &Step| -> Result<(String, DataFrame)> {
        // A context per step: a clone would share the names that other queries give to their subqueries.
        let mut sql = SQLContext::new();
        for (name, frame) in tables {
            sql.register(name, frame.clone().lazy());
        }
        let mut frame = sql.execute(step.sql)?.collect()?;
        // Engines count in different widths.
        for column in frame.clone().columns() {
            if column.dtype().is_integer() && !codes::are_in(column.name()) {
                frame.with_column(column.cast(&DataType::Int64)?)?;
            }
        }
        Ok((step.name.to_string(), frame))
    };
    steps.par_iter().with_max_len(1).map(run).collect()
}
