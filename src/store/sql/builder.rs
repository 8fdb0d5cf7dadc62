//! Single values from a relational database → frame. The opposite direction: `rows`.

use polars::prelude::*;

use crate::error::{Error, Result};
use crate::schema::parse;
use crate::store::interface::TakeFrame;
use crate::store::rows::{Field, SqlType, Value};

/// Most rows in one block.
const ROWS: usize = 1 << 16;
/// Most bytes of text in one block.
const BYTES: usize = 16 << 20;

/// Casts a frame of results to the few types that every database has, and returns its columns and the cast frame.
///
/// # Errors
/// A column holds lists, structs or binary data.
pub(crate) fn fields_of(frame: &DataFrame) -> Result<(Vec<Field>, DataFrame)> {
    let mut fields = Vec::new();
    let mut columns = Vec::new();
    for column in frame.columns() {
        let (kind, dtype) = match column.dtype() {
            DataType::String => (SqlType::Text, DataType::String),
            DataType::Boolean => (SqlType::Flag, DataType::Boolean),
            DataType::Float32 | DataType::Float64 => (SqlType::Float, DataType::Float64),
            DataType::Date => (SqlType::Date, DataType::Date),
            DataType::Datetime(..) => (SqlType::Timestamp, DataType::Datetime(TimeUnit::Microseconds, None)),
            dtype if dtype.is_integer() => (SqlType::Integer, DataType::Int64),
            other => {
                let message = format!("column `{}` holds {other}, which no table of a database can", column.name());
                return Err(Error::input(message));
            }
        };
        fields.push(Field { name: column.name().to_string(), kind });
        columns.push(column.strict_cast(&dtype)?);
    }
    Ok((fields, DataFrame::new(frame.height(), columns)?))
}

/// Collects the rows that a database returns one by one, and passes them on in blocks.
pub(crate) struct Blocks<'t> {
    fields: Vec<Field>,
    builders: Vec<Builder>,
    /// Rows, and bytes of text, in the current block.
    rows: usize,
    bytes: usize,
    /// Rows in earlier blocks.
    rows_before: usize,
    take: &'t mut TakeFrame<'t>,
}

impl<'t> Blocks<'t> {
    pub(crate) fn new(fields: Vec<Field>, take: &'t mut TakeFrame<'t>) -> Blocks<'t> {
        Blocks { builders: Builder::for_fields(&fields), fields, rows: 0, bytes: 0, rows_before: 0, take }
    }

    pub(crate) fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// Adds the value of one column of the next row.
    ///
    /// # Errors
    /// The column cannot hold the value; the message names row and column.
    pub(crate) fn push(&mut self, column: usize, value: Result<Value<'_>, &str>) -> Result<(), String> {
        let row = self.rows_before + self.rows + 1;
        if let Ok(Value::Text(text)) = value {
            self.bytes += text.len();
        }
        value
            .map_err(|problem| format!("column `{}`: {problem}", self.fields[column].name))
            .and_then(|value| self.builders[column].push(value))
            .map_err(|problem| format!("row {row}, {problem}"))
    }

    /// Ends the row; passes the block on if it is full.
    ///
    /// # Errors
    /// `take` fails.
    pub(crate) fn end_row(&mut self) -> Result<()> {
        self.rows += 1;
        if self.rows >= ROWS || self.bytes >= BYTES { self.hand_on() } else { Ok(()) }
    }

    fn hand_on(&mut self) -> Result<()> {
        let builders = std::mem::replace(&mut self.builders, Builder::for_fields(&self.fields));
        let frame = Builder::finish(builders, self.rows)?;
        self.rows_before += self.rows;
        (self.rows, self.bytes) = (0, 0);
        (self.take)(frame)
    }

    /// Passes on the last block. A table without rows yields one empty frame, so that its columns are known.
    ///
    /// # Errors
    /// `take` fails.
    pub(crate) fn finish(mut self) -> Result<()> {
        if self.rows > 0 || self.rows_before == 0 { self.hand_on() } else { Ok(()) }
    }
}

/// Collects the values of one column.
struct Builder {
    field: Field,
    values: Values,
}

enum Values {
    Text(StringChunkedBuilder),
    Integer(PrimitiveChunkedBuilder<Int64Type>),
    Days(PrimitiveChunkedBuilder<Int32Type>),
    Float(PrimitiveChunkedBuilder<Float64Type>),
    Flag(BooleanChunkedBuilder),
}

impl Builder {
    fn for_fields(fields: &[Field]) -> Vec<Builder> {
        let values = |f: &Field| match f.kind {
            SqlType::Text => Values::Text(StringChunkedBuilder::new(f.name.as_str().into(), 0)),
            SqlType::Integer | SqlType::Reais | SqlType::Timestamp => {
                Values::Integer(PrimitiveChunkedBuilder::new(f.name.as_str().into(), 0))
            }
            SqlType::Date => Values::Days(PrimitiveChunkedBuilder::new(f.name.as_str().into(), 0)),
            SqlType::Float => Values::Float(PrimitiveChunkedBuilder::new(f.name.as_str().into(), 0)),
            SqlType::Flag => Values::Flag(BooleanChunkedBuilder::new(f.name.as_str().into(), 0)),
        };
        fields.iter().map(|f| Builder { field: f.clone(), values: values(f) }).collect()
    }

    /// Accepts a value in any form that the database returns: foreign tables may hold amounts as floating-point numbers, or
    /// numbers as text.
    ///
    /// # Errors
    /// The column cannot hold the value; the message names the column.
    fn push(&mut self, value: Value<'_>) -> Result<(), String> {
        let wrong = |problem: &str| Err(format!("column `{}`: {problem}", self.field.name));
        match &mut self.values {
            Values::Text(b) => match value {
                Value::Null => b.append_null(),
                Value::Text(text) => b.append_value(text),
                Value::Integer(number) => b.append_value(number.to_string()),
                _ => return wrong("a text is expected"),
            },
            Values::Integer(b) => match integer(self.field.kind, value) {
                Ok(number) => b.append_option(number),
                Err(problem) => return wrong(&problem),
            },
            Values::Days(b) => match value {
                Value::Null => b.append_null(),
                Value::Date(days) => b.append_value(days),
                Value::Text(text) => match parse::date(text) {
                    Some(days) => b.append_value(days),
                    None => return wrong(&format!("`{text}` is no date `YYYY-MM-DD`")),
                },
                _ => return wrong("a date is expected"),
            },
            Values::Float(b) => match value {
                Value::Null => b.append_null(),
                Value::Float(number) => b.append_value(number),
                Value::Integer(number) => b.append_value(number as f64),
                Value::Text(text) => match text.parse() {
                    Ok(number) => b.append_value(number),
                    Err(_) => return wrong(&format!("`{text}` is no number")),
                },
                _ => return wrong("a number is expected"),
            },
            Values::Flag(b) => match value {
                Value::Null => b.append_null(),
                Value::Flag(flag) => b.append_value(flag),
                Value::Integer(0) | Value::Text("f" | "0") => b.append_value(false),
                Value::Integer(1) | Value::Text("t" | "1") => b.append_value(true),
                _ => return wrong("true or false is expected"),
            },
        }
        Ok(())
    }

    /// Builds the frame from all columns.
    fn finish(builders: Vec<Builder>, rows: usize) -> Result<DataFrame> {
        let column = |b: Builder| -> PolarsResult<Column> {
            let series = match b.values {
                Values::Text(b) => b.finish().into_series(),
                Values::Integer(v) if b.field.kind == SqlType::Timestamp => {
                    v.finish().into_series().cast(&DataType::Datetime(TimeUnit::Microseconds, None))?
                }
                Values::Integer(b) => b.finish().into_series(),
                Values::Days(b) => b.finish().into_series().cast(&DataType::Date)?,
                Values::Float(b) => b.finish().into_series(),
                Values::Flag(b) => b.finish().into_series(),
            };
            Ok(series.into_column())
        };
        Ok(DataFrame::new(rows, builders.into_iter().map(column).collect::<PolarsResult<_>>()?)?)
    }
}

/// Converts a value to an integer: the number itself, centavos or microseconds.
fn integer(kind: SqlType, value: Value<'_>) -> Result<Option<i64>, String> {
    let integral = |number: f64| (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64);
    let not_a = |problem: &str| Err(format!("{value:?} is no {problem}"));
    match (kind, value) {
        (_, Value::Null) => Ok(None),
        (SqlType::Integer, Value::Integer(number)) => Ok(Some(number)),
        (SqlType::Integer, Value::Float(number)) if integral(number).is_some() => Ok(integral(number)),
        (SqlType::Integer, Value::Text(text)) if text.parse::<i64>().is_ok() => Ok(text.parse().ok()),
        (SqlType::Integer, _) => not_a("whole number"),
        (SqlType::Reais, Value::Reais(centavos)) => Ok(Some(centavos)),
        (SqlType::Reais, Value::Text(text)) => parse::centavos(text).map(Some),
        // The shortest text of a floating-point number is the decimal amount that it was made from.
        (SqlType::Reais, Value::Float(reais)) => parse::centavos(&reais.to_string()).map(Some),
        (SqlType::Reais, Value::Integer(reais)) if reais.checked_mul(100).is_some() => Ok(Some(reais * 100)),
        (SqlType::Reais, _) => not_a("amount in reais"),
        (_, Value::Timestamp(micros)) => Ok(Some(micros)),
        (_, Value::Text(text)) => match parse::timestamp_micros(text) {
            Some(micros) => Ok(Some(micros)),
            None => not_a("date `YYYY-MM-DD HH:MM:SS`"),
        },
        _ => not_a("date and time"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::rows::Cells;

    fn built(kind: SqlType, values: &[Value<'_>]) -> Result<Column, String> {
        let mut builders = Builder::for_fields(&[Field { name: "x".into(), kind }]);
        for value in values {
            builders[0].push(*value)?;
        }
        Ok(Builder::finish(builders, values.len()).unwrap().columns()[0].clone())
    }

    #[test]
    fn amounts_are_exact_in_every_form() {
        let column = built(
            SqlType::Reais,
            &[Value::Text("58.90"), Value::Float(58.9), Value::Float(0.29), Value::Integer(3), Value::Null],
        );
        let expected: [Option<i64>; 5] = [Some(5890), Some(5890), Some(29), Some(300), None];
        assert_eq!(column.unwrap().i64().unwrap().to_vec(), expected);
        for wrong in [Value::Text("abc"), Value::Float(1.234), Value::Float(f64::NAN), Value::Flag(true)] {
            assert!(built(SqlType::Reais, &[wrong]).unwrap_err().starts_with("column `x`: "));
        }
    }

    #[test]
    fn every_cell_comes_back() {
        let frame = df!(
            "text" => [Some("a'\t\n\\;\0é🎈"), None], "integer" => [Some(i64::MIN), None], "float" => [Some(-0.0), None],
            "flag" => [Some(true), None], "small" => [Some(7u32), None],
        )
        .unwrap();
        let (fields, mut frame) = fields_of(&frame).unwrap();
        frame.rechunk_mut();
        let cells = Cells::of(&frame, &fields).unwrap();
        let mut builders = Builder::for_fields(&fields);
        for row in 0..2 {
            for (cell, builder) in cells.iter().zip(&mut builders) {
                builder.push(cell.get(row)).unwrap();
            }
        }
        assert!(Builder::finish(builders, 2).unwrap().equals_missing(&frame));
    }

    #[test]
    fn blocks_follow_each_other_and_a_table_without_rows_has_columns() {
        let fields = [Field { name: "n".into(), kind: SqlType::Text }];
        let heights = |rows: usize, text: &str| {
            let mut heights = Vec::new();
            let mut take = |frame: DataFrame| {
                heights.push(frame.height());
                Ok(())
            };
            let mut blocks = Blocks::new(fields.to_vec(), &mut take);
            for _ in 0..rows {
                blocks.push(0, Ok(Value::Text(text))).unwrap();
                blocks.end_row().unwrap();
            }
            let error = blocks.push(0, Err("no text")).unwrap_err();
            assert_eq!(error, format!("row {}, column `n`: no text", rows + 1));
            blocks.finish().unwrap();
            heights
        };
        assert_eq!(heights(0, ""), [0]);
        assert_eq!(heights(2 * ROWS + 1, ""), [ROWS, ROWS, 1]);
        // Blocks of long texts hold fewer rows.
        assert_eq!(heights(5, &"x".repeat(BYTES / 2)), [2, 2, 1]);
    }

    #[test]
    fn what_no_database_holds_is_refused() {
        let list = Series::new("list".into(), [Series::new("".into(), [1i64])]);
        assert!(fields_of(&DataFrame::new(1, vec![list.into_column()]).unwrap()).is_err());
    }
}
