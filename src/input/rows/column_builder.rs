//! Typed cells → a column. Used by `table_builder`.

use polars::prelude::*;

use crate::error::Result;
use crate::schema::contract::{Column as Declared, Table};
use crate::schema::parse::Cell;

pub(super) enum ColumnBuilder {
    Text(StringChunkedBuilder),
    Integer(PrimitiveChunkedBuilder<Int64Type>),
    Float(PrimitiveChunkedBuilder<Float64Type>),
}

impl ColumnBuilder {
    pub(super) fn new(column: &Declared, rows: usize) -> ColumnBuilder {
        let name = column.source.into();
        match column.kind.dtype() {
            DataType::String => ColumnBuilder::Text(StringChunkedBuilder::new(name, rows)),
            DataType::Float64 => ColumnBuilder::Float(PrimitiveChunkedBuilder::new(name, rows)),
            _ => ColumnBuilder::Integer(PrimitiveChunkedBuilder::new(name, rows)),
        }
    }

    pub(super) fn push(&mut self, cell: &Cell<'_>) {
        match (self, cell) {
            (ColumnBuilder::Text(b), Cell::Text(text) | Cell::OddId(text)) => b.append_value(text),
            (ColumnBuilder::Text(b), Cell::Padded(zip)) => b.append_value(std::str::from_utf8(zip).unwrap_or_default()),
            (ColumnBuilder::Integer(b), Cell::Integer(value)) => b.append_value(*value),
            (ColumnBuilder::Integer(b), Cell::Rounded(value) | Cell::Fraction(value) | Cell::Converted(value)) => {
                b.append_value(*value);
            }
            (ColumnBuilder::Float(b), Cell::Float(value)) => b.append_value(*value),
            (ColumnBuilder::Text(b), _) => b.append_null(),
            (ColumnBuilder::Integer(b), _) => b.append_null(),
            (ColumnBuilder::Float(b), _) => b.append_null(),
        }
    }

    fn finish(self, dtype: &DataType) -> PolarsResult<Column> {
        let series = match self {
            ColumnBuilder::Text(b) => b.finish().into_series(),
            ColumnBuilder::Integer(b) => b.finish().into_series().cast(dtype)?,
            ColumnBuilder::Float(b) => b.finish().into_series(),
        };
        Ok(series.into_column())
    }
}

pub(super) fn frame_of(table: &Table, columns: Vec<ColumnBuilder>, rows: usize) -> Result<DataFrame> {
    let columns = columns.into_iter().zip(table.columns).map(|(builder, c)| builder.finish(&c.kind.dtype()));
    Ok(DataFrame::new(rows, columns.collect::<PolarsResult<_>>()?)?)
}
