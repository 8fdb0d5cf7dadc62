//! Typed columns → rows of a table, each value as the text that a CSV file would hold. Used by `read` for Parquet files and stores: one
//! rule for all formats, since the contract is checked on text alone.

use std::io::Write;

use polars::prelude::*;

use super::table_builder::{MAX_COLUMNS, TableBuilder};
use crate::error::{Error, Result};
use crate::schema::contract::{Column as Declared, LogicalType};
use crate::schema::format;

/// The array of a column that has one chunk.
type Array<T> = <T as PolarsDataType>::Array;

/// Direct access to the values of a column that has one chunk.
enum Cells<'a> {
    Text(&'a Array<StringType>),
    Bytes(&'a Array<BinaryType>),
    Integer(&'a Array<Int64Type>),
    /// Centavos, as in tables that pfe writes.
    Centavos(&'a Array<Int64Type>),
    Single(&'a Array<Float32Type>),
    Float(&'a Array<Float64Type>),
    Flag(&'a Array<BooleanType>),
    Days(&'a Array<Int32Type>),
    /// An instant since 1970: its decimals of a second, and whether it is in UTC.
    Instant(&'a Array<Int64Type>, u32, bool),
}

impl<'a> Cells<'a> {
    fn of(column: &'a Column, dtype: &DataType, centavos: bool) -> Result<Cells<'a>> {
        let chunks = column.as_materialized_series().chunks();
        let array = chunks.first().map(|chunk| chunk.as_any());
        let cells = match dtype {
            DataType::String => array.and_then(|a| a.downcast_ref()).map(Cells::Text),
            DataType::Binary => array.and_then(|a| a.downcast_ref()).map(Cells::Bytes),
            DataType::Int64 if centavos => array.and_then(|a| a.downcast_ref()).map(Cells::Centavos),
            DataType::Int64 => array.and_then(|a| a.downcast_ref()).map(Cells::Integer),
            DataType::Float32 => array.and_then(|a| a.downcast_ref()).map(Cells::Single),
            DataType::Float64 => array.and_then(|a| a.downcast_ref()).map(Cells::Float),
            DataType::Boolean => array.and_then(|a| a.downcast_ref()).map(Cells::Flag),
            DataType::Date => array.and_then(|a| a.downcast_ref()).map(Cells::Days),
            DataType::Datetime(unit, zone) => {
                let decimals = match unit {
                    TimeUnit::Milliseconds => 3,
                    TimeUnit::Microseconds => 6,
                    TimeUnit::Nanoseconds => 9,
                };
                array.and_then(|a| a.downcast_ref()).map(|a| Cells::Instant(a, decimals, zone.is_some()))
            }
            _ => None,
        };
        cells.ok_or_else(|| polars_err!(SchemaMismatch: "column `{}` holds {dtype}", column.name()).into())
    }

    /// Appends the text of a value to `out`; returns whether it is not null.
    #[inline]
    fn write(&self, row: usize, out: &mut Vec<u8>) -> bool {
        match self {
            Cells::Text(a) => a.get(row).map(|text| out.extend_from_slice(text.as_bytes())),
            Cells::Bytes(a) => a.get(row).map(|bytes| out.extend_from_slice(bytes)),
            Cells::Integer(a) => a.get(row).map(|number| format::signed(out, number)),
            Cells::Centavos(a) => a.get(row).map(|centavos| format::reais(out, centavos)),
            // The shortest text that parses to the same number; writing to memory cannot fail.
            Cells::Single(a) => a.get(row).map(|number| write!(out, "{number:?}").unwrap_or_default()),
            Cells::Float(a) => a.get(row).map(|number| write!(out, "{number:?}").unwrap_or_default()),
            Cells::Flag(a) => a.get(row).map(|flag| out.extend_from_slice(if flag { b"true" } else { b"false" })),
            Cells::Days(a) => a.get(row).map(|days| format::date(out, days)),
            Cells::Instant(a, decimals, utc) => a.get(row).map(|value| format::instant(out, value, *decimals, *utc)),
        }
        .is_some()
    }
}

/// Converts a column to one chunk of a type that [`Cells`] knows.
fn supported(column: &Column, origin: &str) -> Result<Column> {
    use DataType as D;
    let dtype = column.dtype();
    let to = match dtype {
        D::String | D::Binary | D::Int64 | D::Float32 | D::Float64 | D::Boolean | D::Date | D::Datetime(..) => None,
        D::Int8 | D::Int16 | D::Int32 | D::UInt32 => Some(D::Int64),
        D::UInt64 | D::Int128 | D::Decimal(..) | D::Categorical(..) | D::Enum(..) | D::Null => Some(D::String),
        other => {
            return Err(Error::input(format!("column `{}` of `{origin}` holds {other}", column.name()))
                .with_hint("write it as text, numbers, dates or decimals"));
        }
    };
    Ok(to.map_or_else(|| Ok(column.clone()), |to| column.strict_cast(&to))?.rechunk())
}

/// Typed rows on their way to a table; their columns are those of the contract, in its order.
pub(crate) struct TypedRows<'p> {
    /// Where the rows come from, for messages.
    origin: &'p str,
    /// Whether amounts are centavos, as in tables that pfe writes.
    centavos: bool,
    /// Most bytes of text; more is taken for a decompression bomb.
    max_bytes: u64,
    /// Number of rows so far.
    pub(crate) rows: u64,
    /// Bytes of text so far.
    pub(crate) bytes: u64,
    /// Hash of all rows independent of their order, if it is needed.
    pub(crate) hash: Option<UnorderedHash>,
    text: Vec<u8>,
}

impl<'p> TypedRows<'p> {
    /// Rows of a store, which has no order.
    pub(crate) fn of_store(origin: &'p str) -> TypedRows<'p> {
        let hash = Some(UnorderedHash::default());
        TypedRows { origin, centavos: true, max_bytes: u64::MAX, rows: 0, bytes: 0, hash, text: Vec::new() }
    }

    /// Rows of a file, after `rows_before` rows of other files of the table; `max_bytes` bounds their text, bytes.
    pub(crate) fn of_file(origin: &'p str, max_bytes: u64, rows_before: u64) -> TypedRows<'p> {
        TypedRows { origin, centavos: false, max_bytes, rows: rows_before, bytes: 0, hash: None, text: Vec::new() }
    }

    /// Passes rows to `builder`. The line of a row is its number.
    ///
    /// # Errors
    /// A column has a type that no cell can have, the text exceeds its limit, or `builder` fails.
    pub(crate) fn push(&mut self, frame: &DataFrame, builder: &mut TableBuilder<'_>) -> Result<()> {
        let columns: Vec<Column> =
            frame.columns().iter().map(|column| supported(column, self.origin)).collect::<Result<_>>()?;
        let is_money = |declared: &Declared| self.centavos && declared.kind == LogicalType::Money;
        let cells = columns.iter().zip(builder.table.columns);
        let cells: Vec<Cells<'_>> = cells
            .map(|(column, declared)| Cells::of(column, column.dtype(), is_money(declared)))
            .collect::<Result<_>>()?;
        let mut ends = [0; MAX_COLUMNS];
        let text = &mut self.text;
        for row in 0..frame.height() {
            text.clear();
            let mut hasher = self.hash.is_some().then(blake3::Hasher::new);
            for (cell, end) in cells.iter().zip(&mut ends) {
                let start = text.len();
                let not_null = cell.write(row, text);
                *end = text.len();
                if let Some(hasher) = &mut hasher {
                    // The length delimits fields, and distinguishes an empty text from a null.
                    let length = if not_null { (*end - start) as u64 } else { u64::MAX };
                    hasher.update(&length.to_le_bytes()).update(&text[start..]);
                }
            }
            if let (Some(hash), Some(hasher)) = (&mut self.hash, hasher) {
                hash.add(&hasher.finalize());
            }
            self.rows += 1;
            self.bytes += text.len() as u64;
            if self.bytes > self.max_bytes {
                return Err(Error::input(format!(
                    "the rows of `{}` are far more text than its size allows",
                    self.origin
                ))
                .with_hint("it is damaged or made to fill memory; get it again from where it comes from"));
            }
            let bytes = |i: usize| &text[if i == 0 { 0 } else { ends[i - 1] }..ends[i]];
            let field = |i: usize| std::str::from_utf8(bytes(i)).map_err(|_| bytes(i));
            builder.push(self.rows, field, || (0..cells.len()).map(bytes).collect())?;
            builder.weigh(text.len())?;
        }
        Ok(())
    }
}

/// A hash of rows that does not depend on their order: the sum of the row hashes, and their number.
#[derive(Default)]
pub(crate) struct UnorderedHash {
    /// Sum modulo 2²⁵⁶, lowest word first.
    sum: [u64; 4],
    rows: u64,
}

impl UnorderedHash {
    fn add(&mut self, hash: &blake3::Hash) {
        let mut carry = false;
        for (sum, bytes) in self.sum.iter_mut().zip(hash.as_bytes().chunks_exact(8)) {
            let part = u64::from_le_bytes(bytes.try_into().unwrap_or_default());
            let (added, overflowed) = sum.overflowing_add(part);
            let (added, carried) = added.overflowing_add(u64::from(carry));
            (*sum, carry) = (added, overflowed || carried);
        }
        self.rows += 1;
    }

    /// The hash, hexadecimal.
    pub(crate) fn finish(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.rows.to_le_bytes());
        for part in self.sum {
            hasher.update(&part.to_le_bytes());
        }
        hasher.finalize().to_hex().to_string()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::input::identity::InputFile;
    use crate::schema::contract::TableId;

    fn texts(column: &Column) -> Vec<Option<String>> {
        let supported = supported(column, "x").unwrap();
        let cells = Cells::of(&supported, supported.dtype(), false).unwrap();
        let text = |row| {
            let mut out = Vec::new();
            cells.write(row, &mut out).then(|| String::from_utf8_lossy(&out).into_owned())
        };
        (0..column.len()).map(text).collect()
    }

    fn instants(values: &[i64], unit: TimeUnit, zone: Option<&str>) -> Vec<String> {
        let zone = zone.map(|zone| TimeZone::opt_try_new(Some(zone)).unwrap().unwrap());
        let column = Column::new("t".into(), values).cast(&DataType::Datetime(unit, zone)).unwrap();
        texts(&column).into_iter().flatten().collect()
    }

    #[test]
    fn times_keep_their_fractions_and_their_zone() {
        let second = 1_506_941_793;
        let naive = instants(&[second * 1_000, second * 1_000 + 250], TimeUnit::Milliseconds, None);
        assert_eq!(naive, ["2017-10-02 10:56:33", "2017-10-02 10:56:33.250"]);
        let zoned = instants(&[second * 1_000_000, second * 1_000_000 + 1], TimeUnit::Microseconds, Some("UTC"));
        assert_eq!(zoned, ["2017-10-02 10:56:33Z", "2017-10-02 10:56:33.000001Z"]);
        let fine = instants(&[second * 1_000_000_000 + 1], TimeUnit::Nanoseconds, Some("America/Sao_Paulo"));
        assert_eq!(fine, ["2017-10-02 10:56:33.000000001Z"]);
        // Years of five digits or below 1 are not dates; values beyond all calendars stay numbers.
        let far = instants(&[317_103_811_200_000, -62_200_000_000_000, i64::MAX], TimeUnit::Milliseconds, None);
        assert_eq!(far, ["12018-08-15 00:00:00", "-0002-12-17 14:13:20", "9223372036854775807"]);
    }

    #[test]
    fn numbers_are_told_to_the_digit() {
        let floats = Column::new("f".into(), [58.9, 58.900_001, 100.0, f64::NAN, f64::INFINITY]);
        assert_eq!(
            texts(&floats).into_iter().flatten().collect::<Vec<_>>(),
            ["58.9", "58.900001", "100.0", "NaN", "inf"]
        );
        let single = Column::new("f".into(), [58.9f32]);
        assert_eq!(texts(&single), [Some("58.9".into())]);
        let decimal = Column::new("d".into(), ["58.90", "-0.05"]).cast(&DataType::Decimal(10, 2)).unwrap();
        assert_eq!(texts(&decimal), [Some("58.90".into()), Some("-0.05".into())]);
        let whole = Column::new("n".into(), [Some(u64::MAX), None]);
        assert_eq!(texts(&whole), [Some("18446744073709551615".into()), None]);
        let flags = Column::new("b".into(), [true, false]);
        assert_eq!(texts(&flags), [Some("true".into()), Some("false".into())]);
        let days = Column::new("d".into(), [17_441i32, 3_670_183]).cast(&DataType::Date).unwrap();
        assert_eq!(texts(&days), [Some("2017-10-02".into()), Some("12018-08-15".into())]);
        let bytes = Column::new("x".into(), [&b"s\xe3o"[..]]);
        assert_eq!(texts(&bytes), [Some("s\u{fffd}o".into())]);
        let words =
            Column::new("w".into(), ["a", "b", "a"]).cast(&DataType::from_categories(Categories::global())).unwrap();
        assert_eq!(texts(&words), [Some("a".into()), Some("b".into()), Some("a".into())]);
    }

    #[test]
    fn typed_rows_meet_the_contract_as_text() {
        let ids = ["a", "b", "c"].map(|digit| digit.repeat(32));
        let frame = df!("seller_id" => &ids[..], "seller_zip_code_prefix" => [Some(1151i64), None, Some(99_999)],
            "seller_city" => ["x", "y", "z"], "seller_state" => ["SP", "SP", "XX"])
        .unwrap();
        let read = |max_bytes: u64| {
            let mut builder = TableBuilder::new(TableId::Sellers.table(), "sellers.parquet", 0, None);
            let mut rows = TypedRows::of_file("sellers.parquet", max_bytes, 10);
            rows.push(&frame, &mut builder)?;
            rows.push(&frame.slice(0, 1), &mut builder)?;
            builder.finish(InputFile::single("sellers.parquet", rows.bytes, String::new()), true)
        };
        let table = read(1 << 10).unwrap();
        assert_eq!((table.rows_in, table.padded_zips, &table.lines[..]), (4, 2, &[11, 12, 13, 14][..]));
        assert_eq!(table.frame.column("seller_zip_code_prefix").unwrap().str().unwrap().get(0), Some("01151"));
        let quarantined: Vec<_> =
            table.quarantine.listed.iter().map(|row| (row.line, &*row.column, &*row.value)).collect();
        assert_eq!(quarantined, [(Some(12), "seller_zip_code_prefix", ""), (Some(13), "seller_state", "XX")]);
        let error = read(100).unwrap_err().to_string();
        assert!(error.starts_with("the rows of `sellers.parquet` are far more text"), "{error}");
    }

    #[test]
    fn lists_are_no_cells() {
        let list = Series::new("list".into(), [Series::new("".into(), [1i64])]).into_column();
        let error = supported(&list, "x.parquet").unwrap_err().to_string();
        assert!(error.starts_with("column `list` of `x.parquet` holds list"), "{error}");
    }

    #[test]
    fn the_order_of_rows_does_not_count_but_each_of_them_does() {
        let hash = |rows: &[&str]| {
            let mut all = UnorderedHash::default();
            rows.iter().for_each(|row| all.add(&blake3::hash(row.as_bytes())));
            all.finish()
        };
        assert_eq!(hash(&["a", "b", "c"]), hash(&["c", "a", "b"]));
        for other in [&["a", "b"][..], &["a", "b", "c", "c"], &["a", "b", "d"], &["a", "a", "c"], &[]] {
            assert_ne!(hash(&["a", "b", "c"]), hash(other));
        }
        // A repeated row must count: with XOR, two equal rows would cancel out.
        assert_ne!(hash(&["a", "a", "c", "c"]), hash(&["b", "b", "d", "d"]));
    }
}
