//! Frame → single values, for relational databases and for hashes of rows. The opposite direction: `builder`.

use std::io::Write;

use polars::prelude::*;

use super::declared::{columns, name_of};
use crate::error::Result;
use crate::schema::contract::LogicalType;
use crate::schema::ddl::{Dialect, Stage};
use crate::schema::{format, result_tables};

/// What a column of a relational table holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SqlType {
    Text,
    Integer,
    /// Decimal reais in the database; integer centavos in the frame.
    Reais,
    Float,
    Timestamp,
    Date,
    Flag,
}

impl SqlType {
    /// The SQL type of a column of a result.
    pub(crate) fn sql(self, dialect: Dialect) -> &'static str {
        match (self, dialect) {
            (SqlType::Text, Dialect::Mysql) => "LONGTEXT",
            (SqlType::Text, _) => "TEXT",
            (SqlType::Integer, Dialect::Sqlite) => "INTEGER",
            (SqlType::Integer, _) => "BIGINT",
            (SqlType::Reais, _) => "DECIMAL(17, 2)",
            (SqlType::Float, Dialect::Sqlite) => "REAL",
            (SqlType::Float, _) => "DOUBLE PRECISION",
            (SqlType::Timestamp, Dialect::Mysql) => "DATETIME(6)",
            (SqlType::Timestamp, _) => "TIMESTAMP",
            (SqlType::Date, _) => "DATE",
            (SqlType::Flag, _) => "BOOLEAN",
        }
    }
}

/// A column of a relational table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) kind: SqlType,
}

/// A value on its way between a frame and a database.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Value<'a> {
    Null,
    Text(&'a str),
    Integer(i64),
    /// Centavos; the database keeps reais.
    Reais(i64),
    Float(f64),
    Flag(bool),
    /// Microseconds since 1970-01-01.
    Timestamp(i64),
    /// Days since 1970-01-01.
    Date(i32),
}

impl Value<'_> {
    /// Writes the value's text, as in files and databases; nothing for a null.
    pub(crate) fn write(self, out: &mut Vec<u8>) {
        match self {
            Value::Null => {}
            Value::Text(text) => out.extend_from_slice(text.as_bytes()),
            Value::Integer(number) => format::signed(out, number),
            Value::Reais(centavos) => format::reais(out, centavos),
            // The shortest text that reads back as the same number. Writing to memory cannot fail.
            Value::Float(number) => write!(out, "{number:?}").unwrap_or_default(),
            Value::Flag(flag) => out.push(if flag { b'1' } else { b'0' }),
            Value::Timestamp(micros) => format::timestamp(out, micros),
            Value::Date(days) => format::date(out, days),
        }
    }
}

/// Columns of a table of the contract or of a declared result table; `None` if its columns are free.
pub(crate) fn fields(schema: Stage, table: &str) -> Option<Vec<Field>> {
    if schema == Stage::Results {
        let sql_type = |kind| match kind {
            result_tables::ColumnType::Text => SqlType::Text,
            result_tables::ColumnType::Integer => SqlType::Integer,
            result_tables::ColumnType::Reais => SqlType::Reais,
            result_tables::ColumnType::Number => SqlType::Float,
            result_tables::ColumnType::Timestamp => SqlType::Timestamp,
            result_tables::ColumnType::Date => SqlType::Date,
        };
        let columns = result_tables::named(table)?.columns.iter();
        return Some(columns.map(|c| Field { name: c.name.into(), kind: sql_type(c.kind) }).collect());
    }
    let sql_type = |kind| match kind {
        LogicalType::Money if schema == Stage::Raw => SqlType::Reais,
        LogicalType::Integer(..) | LogicalType::Money => SqlType::Integer,
        LogicalType::Id | LogicalType::Text | LogicalType::Zip | LogicalType::State | LogicalType::Enumeration(_) => {
            SqlType::Text
        }
        LogicalType::Degrees => SqlType::Float,
        LogicalType::Timestamp => SqlType::Timestamp,
        LogicalType::Date => SqlType::Date,
        LogicalType::Flag => SqlType::Flag,
    };
    let columns = columns(schema, table)?;
    Some(columns.into_iter().map(|c| Field { name: name_of(schema, c).into(), kind: sql_type(c.kind) }).collect())
}

/// The only chunk of a column.
type Array<T> = <T as PolarsDataType>::Array;

/// Direct access to the values of a column with one chunk.
pub(crate) enum Cells<'a> {
    Text(&'a Array<StringType>),
    Integer(&'a Array<Int64Type>, fn(i64) -> Value<'static>),
    Days(&'a Array<Int32Type>),
    Float(&'a Array<Float64Type>),
    Flag(&'a Array<BooleanType>),
}

impl<'a> Cells<'a> {
    /// Cells of all columns of `frame`, which `rechunk_mut` must have given one chunk each.
    pub(crate) fn of(frame: &'a DataFrame, fields: &[Field]) -> Result<Vec<Cells<'a>>> {
        frame.columns().iter().zip(fields).map(|(column, field)| Cells::column(column, field)).collect()
    }

    fn column(column: &'a Column, field: &Field) -> Result<Cells<'a>> {
        let series = column.as_materialized_series();
        let array = series.chunks().first().map(|chunk| chunk.as_any());
        match field.kind {
            SqlType::Text => array.and_then(|a| a.downcast_ref()).map(Cells::Text),
            SqlType::Integer => array.and_then(|a| a.downcast_ref()).map(|a| Cells::Integer(a, Value::Integer)),
            SqlType::Reais => array.and_then(|a| a.downcast_ref()).map(|a| Cells::Integer(a, Value::Reais)),
            SqlType::Timestamp => array.and_then(|a| a.downcast_ref()).map(|a| Cells::Integer(a, Value::Timestamp)),
            SqlType::Date => array.and_then(|a| a.downcast_ref()).map(Cells::Days),
            SqlType::Float => array.and_then(|a| a.downcast_ref()).map(Cells::Float),
            SqlType::Flag => array.and_then(|a| a.downcast_ref()).map(Cells::Flag),
        }
        .ok_or_else(|| polars_err!(SchemaMismatch: "column `{}` is not {:?}", field.name, field.kind).into())
    }

    /// The value in a row.
    #[inline]
    pub(crate) fn get(&self, row: usize) -> Value<'a> {
        match self {
            Cells::Text(a) => a.get(row).map_or(Value::Null, Value::Text),
            Cells::Integer(a, kind) => a.get(row).map_or(Value::Null, kind),
            Cells::Days(a) => a.get(row).map_or(Value::Null, Value::Date),
            Cells::Float(a) => a.get(row).map_or(Value::Null, Value::Float),
            Cells::Flag(a) => a.get(row).map_or(Value::Null, Value::Flag),
        }
    }
}
