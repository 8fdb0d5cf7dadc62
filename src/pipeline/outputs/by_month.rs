//! Tables → one file per month of purchase (`pfe run --monthly`), so that a later run can leave most of them. Used by `persist`.

use polars::prelude::*;

use crate::clean::partition::by_month;
use crate::clean::{Audit, CleanTables};
use crate::error::Result;
use crate::mart::{LONG, SUPPLY_BY_DAY, SalesMart};
use crate::schema::TableId;
use crate::schema::contract::BY_MONTH;

/// Frames, each with the path of its file in the output folder, without extension.
type Files = Vec<(String, DataFrame)>;

/// The clean tables, the long ones partitioned by month.
pub(crate) fn clean(clean: &CleanTables) -> Result<Files> {
    let of_rows = by_month::of_tables(&BY_MONTH.into_iter().map(|id| (id, clean.table(id))).collect())?;
    let mut files = Vec::new();
    for (name, frame) in clean.iter() {
        match of_rows.iter().find(|(id, _)| id.name() == name) {
            Some((_, months)) => files.extend(by_month(&format!("clean/{name}"), frame, months)?),
            None => files.push((format!("clean/{name}"), frame.clone())),
        }
    }
    Ok(files)
}

/// The mart, its longest table partitioned by month.
pub(crate) fn mart(mart: &SalesMart) -> Result<Files> {
    let by_day = mart.table(SUPPLY_BY_DAY)?;
    let mut files = by_month(&format!("mart/{SUPPLY_BY_DAY}"), by_day, &by_month::of_days(by_day.column("day")?)?)?;
    for name in LONG.into_iter().filter(|name| *name != SUPPLY_BY_DAY) {
        files.push((format!("mart/{name}"), mart.table(name)?.clone()));
    }
    files.extend(mart.short().map(|(name, frame)| (format!("mart/{name}"), frame.clone())));
    Ok(files)
}

fn by_month(place: &str, frame: &DataFrame, of_rows: &Int32Chunked) -> Result<Files> {
    let apart = by_month::split(frame, of_rows)?.into_iter();
    Ok(apart.map(|(month, rows)| (format!("{place}/{month}"), rows)).collect())
}

/// Number of rows that refer to each value of the short tables; the next incremental run continues from these counts.
pub(crate) fn references(audit: &Audit) -> Result<Files> {
    let file = |(&(table, column), rows): (&(TableId, &str), &Vec<usize>)| {
        let rows: Int64Chunked = rows.iter().map(|rows| Some(*rows as i64)).collect();
        let frame = rows.with_name("rows".into()).into_series().into_frame();
        Ok((format!("references/{}.{column}", table.name()), frame))
    };
    audit.referring.iter().map(file).collect()
}
