//! Result tables, declared once (names, columns, types, meaning) → headers of `tables/*.csv` and SQL types of stores. Used by `pipeline`
//! and `store`. Values are checked against their column, so that the columns of a table are the same in every run.

use polars::prelude::*;

use crate::error::{Error, Result};

/// A table as text: header, then rows.
pub type TextTable = Vec<Vec<String>>;

/// Type of a column of a result table, and how the CSV file writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    /// Any text.
    Text,
    /// A whole number.
    Integer,
    /// BRL with two decimals; a decimal type in databases.
    Reais,
    /// A floating-point number with all its digits. A number that is not finite is undefined: null in stores.
    Number,
    /// `YYYY-MM-DD HH:MM:SS`.
    Timestamp,
    /// `YYYY-MM-DD`.
    Date,
}

/// A column of a result table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResultColumn {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub kind: ColumnType,
    /// Whether a value may be missing: the CSV field is then empty.
    pub may_lack: bool,
    /// Meaning, with the unit.
    pub doc: &'static str,
}

/// A result table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResultTable {
    /// Its name in stores, and the name of its file without the extension.
    pub name: &'static str,
    /// Its columns, in their order.
    pub columns: &'static [ResultColumn],
}

macro_rules! tables {
    (@lack none) => { true };
    (@lack) => { false };
    ($($table:literal: $($name:literal $kind:ident $(($lack:ident))? $doc:literal),+;)+) => {
        /// All result tables.
        pub const RESULT_TABLES: &[ResultTable] = &[$(ResultTable {
            name: $table,
            columns: &[$(ResultColumn {
                name: $name,
                kind: ColumnType::$kind,
                may_lack: tables!(@lack $($lack)?),
                doc: $doc,
            }),+],
        }),+];
    };
}

tables! {
    "price_predictions":
        "category" Text "category in English",
        "sales" Number "revenue, BRL; exact where it was seen, all digits where it is predicted",
        "year" Integer "year of the month",
        "month" Integer "month, 1 to 12",
        "date" Timestamp "first day of the month";
    "price_predictions_top_category":
        "category" Text "category in English",
        "sales" Number "revenue, BRL; exact where it was seen, all digits where it is predicted",
        "year" Integer "year of the month",
        "month" Integer "month, 1 to 12",
        "date" Timestamp "first day of the month";
    "payments_by_state":
        "state" Text "state of the customer",
        "payment_type" Text "method",
        "payments" Integer "payments",
        "orders" Integer "orders with such a payment",
        "value" Reais "sum of the payments, BRL",
        "share_payments" Number "share of the payments of the state, 0 to 1",
        "share_value" Number "share of their value, 0 to 1";
    "by_state":
        "state" Text "state of the customer",
        "orders" Integer "orders",
        "items" Integer "items sold",
        "revenue" Reais "prices of the items, BRL",
        "review_mean" Number (none) "mean review score, 1 to 5",
        "late_share" Number (none) "share of delivered orders that came late, 0 to 1",
        "delivery_days_mean" Number (none) "mean days from purchase to delivery",
        "canceled_share" Number (none) "share of orders canceled, 0 to 1";
    "by_category":
        "category" Text "category in English",
        "orders" Integer "orders with such an item",
        "items" Integer "items sold",
        "revenue" Reais "prices of the items, BRL",
        "review_mean" Number (none) "mean review score, 1 to 5",
        "late_share" Number (none) "share of delivered orders that came late, 0 to 1",
        "delivery_days_mean" Number (none) "mean days from purchase to delivery",
        "canceled_share" Number (none) "share of orders canceled, 0 to 1";
    "monthly_revenue":
        "category" Text "category in English",
        "year" Integer (none) "year of purchase",
        "month" Integer (none) "month of purchase, 1 to 12",
        "orders" Integer "orders",
        "items" Integer "items sold",
        "revenue" Reais "prices of the items, BRL";
    "monthly_revenue_by_state":
        "state" Text "state of the customer",
        "year" Integer (none) "year of purchase",
        "month" Integer (none) "month of purchase, 1 to 12",
        "orders" Integer "orders",
        "items" Integer "items sold",
        "revenue" Reais "prices of the items, BRL";
    "top_products":
        "product_id" Text "product",
        "category" Text "category in English",
        "items" Integer "items sold",
        "orders" Integer "orders with the product",
        "revenue" Reais "prices of the items, BRL";
    "audit":
        "table" Text "table",
        "step" Text "read or clean",
        "rows_in" Integer "rows that came in",
        "rows_out" Integer "rows that were kept",
        "deduplicated" Integer "rows removed as duplicates",
        "quarantined" Integer "rows set aside";
    "quality":
        "table" Text "table",
        "check" Text "what is checked",
        "severity" Text "how much a failure matters",
        "failed" Integer "rows that fail",
        "total" Integer "rows looked at";
    "winner":
        "rank" Integer "place, 1 is the best",
        "category" Text "category in English",
        "score" Number "sum of the points of its indicators",
        "forecast" Reais "revenue expected in the 90 days after the cutoff, BRL",
        "lo80" Reais "lower end of the 80 % interval, BRL",
        "hi80" Reais "upper end of the 80 % interval, BRL",
        "before" Reais "revenue of the 90 days before the cutoff, BRL",
        "first" Number "share of the draws in which it is first",
        "top3" Number "share of the draws in which it is among the first three",
        "first_other_weights" Number "share of other weights under which it is first",
        "top3_other_weights" Number "share of other weights under which it is among the first three";
    "winner_indicators":
        "category" Text "category in English",
        "indicator" Text "indicator",
        "value" Number (none) "its value; none where the data do not tell",
        "deviation" Number "deviations from the median of the candidates",
        "weight" Number "its weight",
        "points" Number "deviation times weight",
        "rank_without" Integer "place without this indicator";
    "winner_products":
        "product_id" Text "product of the winning category",
        "recent_revenue" Reais "revenue of the last 90 days, BRL",
        "revenue" Reais "revenue, BRL",
        "orders" Integer "orders",
        "price_mean" Reais "mean price, BRL",
        "review_mean" Number (none) "mean review score, 1 to 5",
        "sellers" Integer "sellers that offer it";
    "winner_payments":
        "payment_type" Text "method",
        "payments" Integer "payments",
        "orders" Integer "orders with such a payment",
        "value" Reais "sum of the payments, BRL",
        "share_payments" Number "share of the payments, 0 to 1",
        "share_payments_low" Number "lower end of its 95 % interval",
        "share_payments_high" Number "upper end of its 95 % interval",
        "share_value" Number "share of their value, 0 to 1",
        "installments_mean" Number "mean number of instalments",
        "needed" Integer "1 if it is among the methods to offer, 0 otherwise";
    "regions":
        "rank" Integer "place, 1 is the best",
        "state" Text "state",
        "score" Number "sum of the points of its indicators",
        "forecast" Reais "revenue expected in the 90 days after the cutoff, BRL",
        "before" Reais "revenue of the 90 days before the cutoff, BRL",
        "gain" Reais "forecast less before, BRL",
        "orders_per_100000" Number (none) "orders per 100,000 inhabitants";
    "region_indicators":
        "state" Text "state",
        "indicator" Text "indicator",
        "value" Number (none) "its value; none where the data do not tell",
        "deviation" Number "deviations from the median of the candidates",
        "weight" Number "its weight",
        "points" Number "deviation times weight",
        "rank_without" Integer "place without this indicator";
    "allocation":
        "state" Text "state",
        "share" Number "share of the budget, 0 to 1",
        "budget" Reais "its part of the budget, BRL";
    "cities":
        "state" Text "state that comes first",
        "city" Text "city",
        "orders" Integer "orders",
        "revenue" Reais "revenue, BRL";
    "forecasts":
        "by" Text "category or state",
        "series" Text "which one",
        "period" Text "month, or 30d for thirty days",
        "cutoff" Date "last day that the forecast knows",
        "from" Date "first day of the period",
        "to" Date "last day of the period",
        "forecast" Reais "revenue expected, BRL",
        "lo80" Reais "lower end of the 80 % interval, BRL",
        "hi80" Reais "upper end of the 80 % interval, BRL",
        "lo95" Reais "lower end of the 95 % interval, BRL",
        "hi95" Reais "upper end of the 95 % interval, BRL";
    "coefficients":
        "by" Text "category or state",
        "step" Integer "periods ahead",
        "feature" Text "feature of the model",
        "value" Number "coefficient",
        "standard_error" Number "its standard error",
        "lambda" Number "strength of the ridge";
    "backtest":
        "by" Text "category or state",
        "cutoffs" Text "monthly or weekly",
        "model" Text "model",
        "wape" Number "weighted absolute percentage error",
        "wape_complete" Number "the same where history is complete",
        "wape_given_total" Number "the same if the total were known",
        "bias" Number "mean error over revenue",
        "mase" Number "mean absolute scaled error",
        "coverage80" Number "share of values within the 80 % interval",
        "coverage95" Number "share of values within the 95 % interval",
        "width80" Number "mean width of the 80 % interval over revenue",
        "growth" Number "rank correlation of predicted and actual growth",
        "relative_growth" Number "the same of growth relative to the market",
        "ours_minus_this" Number "error of our model less that of this one",
        "ours_minus_this_low" Number "lower end of its 90 % interval",
        "ours_minus_this_high" Number "upper end of its 90 % interval";
    "regret":
        "choice" Text "way to choose",
        "revenue" Reais "revenue of the choices, BRL",
        "revenue_low" Reais "lower end of its interval, BRL",
        "revenue_high" Reais "upper end of its interval, BRL",
        "gain" Reais "change of revenue, BRL",
        "gain_low" Reais "lower end of its interval, BRL",
        "gain_high" Reais "upper end of its interval, BRL",
        "growth" Number "relative change",
        "growth_low" Number "lower end of its interval",
        "growth_high" Number "upper end of its interval",
        "regret" Reais "what the best choice would have brought more, BRL",
        "regret_low" Reais "lower end of its interval, BRL",
        "regret_high" Reais "upper end of its interval, BRL";
}

/// The declared header of a result table, as its first row.
pub(crate) fn header(table: &str) -> TextTable {
    let columns = named(table).map_or(&[][..], |table| table.columns);
    vec![columns.iter().map(|column| column.name.to_string()).collect()]
}

/// The table of this name.
pub fn named(name: &str) -> Option<&'static ResultTable> {
    RESULT_TABLES.iter().find(|table| table.name == name)
}

impl ResultTable {
    /// Parses the rows of the CSV file, header excluded, into a frame: one column per declared column, with its type. Amounts are BRL.
    ///
    /// # Errors
    /// [`Error::Internal`]: a value does not fit its column, or is missing where the column is not nullable.
    pub fn frame(&self, rows: &[Vec<String>]) -> Result<DataFrame> {
        let columns = self.columns.iter().enumerate().map(|(i, column)| self.column(i, column, rows));
        Ok(DataFrame::new(rows.len(), columns.collect::<Result<_>>()?)?)
    }

    fn column(&self, i: usize, column: &ResultColumn, rows: &[Vec<String>]) -> Result<Column> {
        let error = |row: usize, text: &str| {
            let ResultColumn { name, kind, .. } = column;
            Error::Report {
                what: format!("table `{}`", self.name),
                message: format!("row {}, column `{name}`: `{text}` is no {kind:?}", row + 1),
            }
        };
        let text = |row: usize| match rows[row].get(i).map(String::as_str) {
            Some("") if column.kind != ColumnType::Text && column.may_lack => Ok(None),
            Some(text) => Ok(Some(text)),
            None => Err(error(row, "nothing")),
        };
        let rows_of_column = 0..rows.len();
        let name = column.name.into();
        Ok(match column.kind {
            ColumnType::Text => {
                let values: StringChunked =
                    rows_of_column.map(&text).collect::<Result<Vec<_>>>()?.into_iter().collect();
                values.with_name(name).into_series().into_column()
            }
            ColumnType::Integer => {
                let value = |row| text(row)?.map(|t| t.parse::<i64>().map_err(|_| error(row, t))).transpose();
                let values: Int64Chunked = rows_of_column.map(value).collect::<Result<Vec<_>>>()?.into_iter().collect();
                values.with_name(name).into_series().into_column()
            }
            ColumnType::Reais | ColumnType::Number => {
                let value = |row| text(row)?.map(|t| t.parse::<f64>().map_err(|_| error(row, t))).transpose();
                let values = rows_of_column.map(value).collect::<Result<Vec<_>>>()?;
                let values: Float64Chunked =
                    values.into_iter().map(|number| number.filter(|n| n.is_finite())).collect();
                values.with_name(name).into_series().into_column()
            }
            ColumnType::Timestamp => {
                let parse = |t: &str| chrono::NaiveDateTime::parse_from_str(t, "%Y-%m-%d %H:%M:%S");
                let value = |row| text(row)?.map(|t| parse(t).map_err(|_| error(row, t))).transpose();
                let values = rows_of_column.map(value).collect::<Result<Vec<_>>>()?;
                let values: Int64Chunked = values.iter().map(|t| t.map(|t| t.and_utc().timestamp_micros())).collect();
                values.with_name(name).into_datetime(TimeUnit::Microseconds, None).into_series().into_column()
            }
            ColumnType::Date => {
                let value =
                    |row| text(row)?.map(|t| t.parse::<chrono::NaiveDate>().map_err(|_| error(row, t))).transpose();
                let values = rows_of_column.map(value).collect::<Result<Vec<_>>>()?;
                let values: Int32Chunked = values.iter().map(|date| date.map(|date| date.to_epoch_days())).collect();
                values.with_name(name).into_date().into_series().into_column()
            }
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn rows(rows: &[&[&str]]) -> Vec<Vec<String>> {
        rows.iter().map(|row| row.iter().map(|cell| cell.to_string()).collect()).collect()
    }

    /// The type of a column comes from its declaration, not from the values of this run.
    #[test]
    fn types_are_declared_and_not_guessed() {
        let table = named("by_state").unwrap();
        let types = |cells: &[&[&str]]| table.frame(&rows(cells)).unwrap().dtypes();
        let usual = types(&[&["SP", "1", "2", "3.50", "4.1", "0.1", "10.2", "0"]]);
        let expected = [DataType::String, DataType::Int64, DataType::Int64, DataType::Float64];
        assert_eq!(usual[..4], expected);
        for other in [&["07", "1", "2", "3.00", "", "", "", ""], &["1", "1", "2", "3", "4", "NaN", "inf", "0"]] {
            assert_eq!(types(&[other]), usual);
        }
        assert_eq!(types(&[]), usual);
        let frame = table.frame(&rows(&[&["", "1", "2", "3", "NaN", "", "1", "1"]])).unwrap();
        assert_eq!(
            (frame.column("state").unwrap().null_count(), frame.column("review_mean").unwrap().null_count()),
            (0, 1)
        );
    }

    #[test]
    fn what_is_not_declared_is_refused() {
        let table = named("allocation").unwrap();
        for bad in [&["SP", "x", "1"][..], &["SP", "", "1"], &["SP", "1"]] {
            let error = table.frame(&rows(&[bad])).unwrap_err().to_string();
            assert!(error.contains("table `allocation`") && error.contains("row 1, column"), "{error}");
        }
        let forecasts = named("forecasts").unwrap().columns;
        assert!(forecasts.iter().filter(|column| column.kind == ColumnType::Date).count() == 3);
    }
}
