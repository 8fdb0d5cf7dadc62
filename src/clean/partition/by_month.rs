//! Rows of the long tables → partitions by month of purchase, so that later data leave most files unchanged. Used by `ranges`,
//! `clean::incremental`, `mart` and `pipeline`.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use polars::prelude::*;

use crate::error::Result;
use crate::schema::contract::{BY_MONTH, TableId};
use crate::table::interner::Interner;

/// Name of the partition for rows without an order.
const NONE: &str = "none";

/// Name of the file of a month, such as `2018-08`; `month` is its first day, in days since 1970-01-01.
pub fn label(month: Option<i32>) -> String {
    let first = month.and_then(NaiveDate::from_epoch_days);
    first.map_or_else(|| NONE.into(), |first| first.format("%Y-%m").to_string())
}

/// The month of each value in a column of days or months.
///
/// # Errors
/// The column is not of dates.
pub fn of_days(days: &Column) -> Result<Int32Chunked> {
    let days = days.to_physical_repr();
    Ok(days.i32()?.iter().map(|day| day.map(first_of_month)).collect())
}

/// The month of each row, for every table of [`BY_MONTH`]. A customer belongs to the month of its first order.
///
/// # Errors
/// [`Error::Polars`](crate::Error::Polars): a column is missing.
///
/// # Panics
/// A table is missing.
pub fn of_tables(tables: &BTreeMap<TableId, &DataFrame>) -> Result<BTreeMap<TableId, Int32Chunked>> {
    let (orders, customers) = (tables[&TableId::Orders], tables[&TableId::Customers]);
    let order_months = orders.column("purchase_month")?.to_physical_repr().i32()?.clone();
    let mut first: Vec<Option<i32>> = vec![None; customers.height()];
    let customer_rows = find(customers, "customer_id", orders)?;
    for (row, month) in customer_rows.into_iter().zip(order_months.iter()) {
        if let Some(row) = row {
            keep_earlier(&mut first[row as usize], month);
        }
    }
    let mut months = BTreeMap::from([(TableId::Customers, first.into_iter().collect())]);
    for id in BY_MONTH.into_iter().filter(|id| ![TableId::Orders, TableId::Customers].contains(id)) {
        let order: IdxCa = find(orders, "order_id", tables[&id])?.into_iter().collect();
        months.insert(id, order_months.take(&order)?);
    }
    months.insert(TableId::Orders, order_months);
    Ok(months)
}

/// Keeps the earlier month.
pub(crate) fn keep_earlier(first: &mut Option<i32>, month: Option<i32>) {
    *first = first.iter().copied().chain(month).min();
}

/// For each of `rows`, the row of `of` with the same `key`.
fn find(of: &DataFrame, key: &str, rows: &DataFrame) -> Result<Vec<Option<u32>>> {
    Ok(Interner::of(of.column(key)?.str()?.iter().flatten()).find(rows.column(key)?.str()?))
}

/// First day of the month of `day`, both in days since 1970-01-01.
pub(crate) fn first_of_month(day: i32) -> i32 {
    use chrono::Datelike;
    let date = NaiveDate::from_epoch_days(day).unwrap_or_default();
    day - date.day0() as i32
}

/// Splits a frame by month: the rows of each month in their order, by the name of its file.
///
/// # Errors
/// polars fails.
pub fn split(frame: &DataFrame, months: &Int32Chunked) -> Result<BTreeMap<String, DataFrame>> {
    let mut rows: BTreeMap<Option<i32>, Vec<IdxSize>> = BTreeMap::new();
    for (row, month) in (0..).zip(months.iter()) {
        rows.entry(month).or_default().push(row);
    }
    let take = |(month, rows): (Option<i32>, Vec<IdxSize>)| {
        Ok((label(month), copied(frame.take(&IdxCa::from_vec("row".into(), rows))?)?))
    };
    rows.into_iter().map(take).collect()
}

/// Copies the texts, which otherwise would keep the buffer of the whole original frame in memory.
fn copied(mut frame: DataFrame) -> Result<DataFrame> {
    for column in frame.clone().columns().iter().filter(|column| column.dtype().is_string()) {
        let texts = column.str()?;
        let mut copy = StringChunkedBuilder::new(column.name().clone(), texts.len());
        texts.iter().for_each(|text| copy.append_option(text));
        frame.with_column(copy.finish().into_column())?;
    }
    Ok(frame)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(y: i32, m: u32, d: u32) -> i32 {
        NaiveDate::from_ymd_opt(y, m, d).unwrap().to_epoch_days()
    }

    #[test]
    fn months_begin_on_the_first() {
        assert_eq!(first_of_month(day(2018, 2, 28)), day(2018, 2, 1));
        assert_eq!(first_of_month(day(1969, 12, 31)), day(1969, 12, 1));
    }

    #[test]
    fn rows_stay_in_order_within_their_month() {
        let frame = df!("x" => ["a", "b", "c", "d"]).unwrap();
        let days = [Some(day(2018, 8, 3)), None, Some(day(2018, 7, 31)), Some(day(2018, 8, 1))];
        let days: Int32Chunked = days.into_iter().collect();
        let months = split(&frame, &of_days(&days.into_column()).unwrap()).unwrap();
        let rows: Vec<(&str, Vec<&str>)> = months
            .iter()
            .map(|(month, rows)| (month.as_str(), rows.column("x").unwrap().str().unwrap().iter().flatten().collect()))
            .collect();
        assert_eq!(rows, [("2018-07", vec!["c"]), ("2018-08", vec!["a", "d"]), ("none", vec!["b"])]);
    }
}
