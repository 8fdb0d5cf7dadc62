//! Result tables, declared once (names, columns, types, meaning) → headers of `tables/*.csv` and SQL types of stores. Used by `pipeline`
//! and `store`. Values are checked against their column, so that the columns of a table are the same in every run.

mod declaration;
mod declared;

use polars::prelude::*;

pub use self::declaration::{ColumnType, ResultColumn, ResultTable};
pub use self::declared::RESULT_TABLES;
use crate::error::{Error, Result};

/// A table as text: header, then rows.
pub type TextTable = Vec<Vec<String>>;

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
