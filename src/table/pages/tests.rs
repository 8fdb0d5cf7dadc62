//! Parquet files with columns of every type and pages of many sizes, and files that are damaged or declare false sizes.

use std::io::Write;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use polars::prelude::*;
use polars_parquet_format::thrift::protocol::TCompactOutputProtocol;
use polars_parquet_format::{FieldRepetitionType, SchemaElement};

use super::*;

/// Written by another library: 12-byte timestamps (INT96), the second with a fraction.
const INT96: &str = "UEFSMRUAFTwVPCwVBhUAFQYVBhwAAAACAAAAAwMAisXl0yMAAK2BJQCAPKz00yMAAK2BJQAVBBksNQAYBnNjaGVtYRUCABUGJQIYAXQAFgYZHBkc\
    JgAcFQYZJQYAGRgBdBUAFgYWYhZiJghJHBUAFQAVAgA8KQYZJgIEAAAAFmIWBiYIFmIAKCBwYXJxdWV0LWNwcC1hcnJvdyB2ZXJzaW9uIDI2LjAuMRkcHAAAAHoAAA\
    BQQVIx";
/// The last second of the year 9999, which is out of range for nanoseconds.
const YEAR_9999: &str = "UEFSMRUAFSQVJCwVAhUAFQYVBhwAAAACAAAAAgEANrRVlE4AACz+UQAVBBksNQAYBnNjaGVtYRUCABUGJQIYAXQAFgIZHBkcJgAcFQYZJQYAGR\
    gBdBUAFgIWShZKJghJHBUAFQAVAgA8KQYZJgACAAAAFkoWAiYIFkoAKCBwYXJxdWV0LWNwcC1hcnJvdyB2ZXJzaW9uIDI2LjAuMRkcHAAAAHoAAABQQVIx";
/// Integers of one and two bytes, which polars supports only in part: `n` and `m` unsigned, `i` signed.
const SMALL_NUMBERS: &str = "UEFSMRUAFSQVJCwVCBUAFQYVBhwAAAACAAAAAwcAAAAABQAAAP8AAAAVABUkFSQsFQgVABUGFQYcAAAAAgAAAAMHAAAAAAUAAAD//wAAFQAV\
    JBUkLBUIFQAVBhUGHAAAAAIAAAADB/////8FAAAAfwAAABUEGUw1ABgGc2NoZW1hFQYAFQIlAhgBbiUWTKwTCBIAAAAVAiUCGAFtJRhMrBMQEgAAABUCJQIYAWklHkys\
    EwgRAAAAFggZHBk8JgAcFQIZJQYAGRgBbhUAFggWShZKJghJHBUAFQAVAgA8KQYZJgIGAAAAJgAcFQIZJQYAGRgBbRUAFggWShZKJlJJHBUAFQAVAgA8KQYZJgIGAAAA\
    JgAcFQIZJQYAGRgBaRUAFggWShZKJpwBSRwVABUAFQIAPCkGGSYCBgAAABbeARYIJggW3gEAKCBwYXJxdWV0LWNwcC1hcnJvdyB2ZXJzaW9uIDI2LjAuMRk8HAAAHAAA\
    HAAAAAIBAABQQVIx";

fn file(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file
}

fn written(frame: &DataFrame, group: usize, page: usize, compression: ParquetCompression) -> Vec<u8> {
    let mut bytes = Vec::new();
    let writer = ParquetWriter::new(&mut bytes).with_compression(compression);
    writer.with_row_group_size(Some(group)).with_data_page_size(Some(page)).finish(&mut frame.clone()).unwrap();
    bytes
}

fn read_all(bytes: &[u8]) -> Result<DataFrame> {
    let pages = Pages::open(file(bytes), "x.parquet")?;
    let columns: Vec<usize> = (0..pages.names().len()).collect();
    let mut all: Option<DataFrame> = None;
    pages.read(&columns, &mut |rows| {
        assert!(rows.height() <= ROWS);
        match &mut all {
            Some(all) => drop(all.vstack_mut(&rows)?),
            None => all = Some(rows),
        }
        Ok(())
    })?;
    Ok(all.unwrap())
}

fn decoded(text: &str) -> Vec<u8> {
    BASE64_STANDARD.decode(text.split_whitespace().collect::<String>()).unwrap()
}

/// Columns of all types that polars writes and a cell can have.
fn frame(rows: usize) -> DataFrame {
    let n = || 0..rows as i64;
    let text = |n: i64| (n % 5 > 0).then(|| blake3::hash(&n.to_le_bytes()).to_hex()[..(n % 64) as usize].to_string());
    let frame = df!(
        "text" => n().map(text).collect::<Vec<_>>(),
        "word" => n().map(|n| ["delivered", "canceled"][n as usize % 2]).collect::<Vec<_>>(),
        "whole" => n().map(|n| (n % 7 > 0).then_some(n - 50)).collect::<Vec<_>>(),
        "float" => n().map(|n| n as f64 / 3.0).collect::<Vec<_>>(),
        "flag" => n().map(|n| n % 3 == 0).collect::<Vec<_>>(),
    )
    .unwrap();
    let whole = frame.column("whole").unwrap();
    let cast = |name: &str, dtype: &DataType| whole.cast(dtype).unwrap().with_name(name.into());
    let more = vec![
        cast("day", &DataType::Int32).cast(&DataType::Date).unwrap(),
        cast("ms", &DataType::Datetime(TimeUnit::Milliseconds, None)),
        cast("us", &DataType::Datetime(TimeUnit::Microseconds, None)),
        cast("ns", &DataType::Datetime(TimeUnit::Nanoseconds, None)),
        cast("utc", &DataType::Datetime(TimeUnit::Microseconds, Some(TimeZone::UTC))),
        cast("price", &DataType::Decimal(10, 2)),
        cast("single", &DataType::Float32),
        cast("int", &DataType::Int32),
        cast("positive", &DataType::Float64).cast(&DataType::UInt32).unwrap(),
    ];
    frame.hstack(&more).unwrap()
}

#[test]
fn every_type_comes_back_whatever_the_pages() {
    use ParquetCompression::*;
    let whole = frame(3_000);
    let mut expected = whole.clone();
    for name in ["text", "word"] {
        expected.with_column(whole.column(name).unwrap().cast(&DataType::Binary).unwrap()).unwrap();
    }
    let utc = DataType::Datetime(TimeUnit::Microseconds, Some(TimeZone::opt_try_new(Some("+00:00")).unwrap().unwrap()));
    for (group, page, compression) in [
        (3_000, 1 << 20, Uncompressed),
        (3_000, 256, Snappy),
        (1_000, 1_000, Zstd(None)),
        (700, 64, Gzip(None)),
        (1, 1 << 20, Uncompressed),
    ] {
        let read = read_all(&written(&whole, group, page, compression)).unwrap();
        assert!(matches!(read.column("utc").unwrap().dtype(), DataType::Datetime(TimeUnit::Microseconds, Some(_))));
        for column in expected.columns() {
            let read = read.column(column.name()).unwrap();
            let read = if read.dtype() == &utc { read.cast(column.dtype()).unwrap() } else { read.clone() };
            assert!(read.equals_missing(column), "{} of row groups of {group}", column.name());
        }
    }
}

#[test]
fn one_long_row_group_is_read_in_pieces() {
    let rows = 2 * ROWS + 10;
    let whole = df!("n" => (0..rows as i64).collect::<Vec<_>>()).unwrap();
    let bytes = written(&whole, rows, 4_096, ParquetCompression::Uncompressed);
    assert!(read_all(&bytes).unwrap().equals(&whole));
}

#[test]
fn columns_come_in_the_order_that_is_asked_for_and_a_table_without_rows_has_them() {
    let frame = df!("a" => [1i64], "b" => ["x"], "c" => [true]).unwrap();
    for frame in [frame.clone(), frame.clear()] {
        let pages = Pages::open(file(&written(&frame, 10, 1_000, ParquetCompression::Snappy)), "x").unwrap();
        assert_eq!(pages.names(), ["a", "b", "c"]);
        let mut frames = Vec::new();
        let mut take = |rows| {
            frames.push(rows);
            Ok(())
        };
        pages.read(&[2, 0], &mut take).unwrap();
        assert_eq!(frames.len(), 1);
        assert!(frames[0].equals(&frame.select(["c", "a"]).unwrap()));
    }
}

#[test]
fn what_other_libraries_write_is_read() {
    let texts = |bytes: &str| {
        let frame = read_all(&decoded(bytes)).unwrap();
        let column = frame.columns()[0].cast(&DataType::Datetime(TimeUnit::Microseconds, None)).unwrap();
        column.to_physical_repr().i64().unwrap().to_vec()
    };
    assert_eq!(texts(INT96), [Some(1_506_941_793_000_000), Some(1_506_941_793_250_000), None]);
    assert_eq!(texts(YEAR_9999), [Some(253_402_300_799_000_000)]);
    let numbers = read_all(&decoded(SMALL_NUMBERS)).unwrap();
    let expected = df!("n" => [Some(0), Some(5), Some(255), None], "m" => [Some(0), Some(5), Some(65_535), None],
        "i" => [Some(-1), Some(5), Some(127), None]);
    assert!(numbers.equals_missing(&expected.unwrap()), "{numbers}");
}

#[test]
fn columns_that_are_no_cells_are_named() {
    let list = Series::new("list".into(), [Series::new("".into(), [1i64])]);
    let nested = df!("x" => [1i64]).unwrap().into_struct("nested".into()).into_series();
    for (column, word) in [(list, "lists"), (nested, "nested documents")] {
        let name = column.name().to_string();
        let frame = DataFrame::new(1, vec![column.into_column()]).unwrap();
        let error = read_all(&written(&frame, 1, 1_000, ParquetCompression::Snappy)).unwrap_err();
        assert_eq!(error.to_string(), format!("column `{name}` of `x.parquet` holds {word}"));
    }
}

#[test]
fn bombs_are_refused_before_they_unpack() {
    let refused = |bytes: &[u8], word: &str| {
        assert!(bytes.len() < 1 << 20, "{}", bytes.len());
        let error = read_all(bytes).unwrap_err().to_string();
        assert!(error.contains(word) && error.contains("x.parquet"), "{error}");
    };
    // A small file of a much repeated value: many rows, or one long page.
    let rows = BooleanChunked::full("flag".into(), true, SMALL as usize + 1).into_series().into_column();
    let rows = DataFrame::new(SMALL as usize + 1, vec![rows]).unwrap();
    refused(&written(&rows, 1 << 30, 1 << 20, ParquetCompression::Zstd(None)), "unpacks to more than 200 times");
    let page = df!("text" => ["x".repeat(SMALL as usize + 1)]).unwrap();
    refused(&written(&page, 1, 1 << 20, ParquetCompression::Zstd(None)), "unpacks to more than 200 times");
}

/// A footer whose columns nest too deeply for recursion on the stack.
#[test]
fn columns_that_nest_without_end_are_refused() {
    let element = |children: Option<i32>| SchemaElement {
        type_: children.is_none().then_some(polars_parquet_format::Type::INT32),
        type_length: None,
        repetition_type: Some(FieldRepetitionType::OPTIONAL),
        name: "n".into(),
        num_children: children,
        converted_type: None,
        scale: None,
        precision: None,
        field_id: None,
        logical_type: None,
    };
    let mut schema = vec![element(Some(1)); 100_000];
    schema.push(element(None));
    let metadata = FileMetaData {
        version: 1,
        schema,
        num_rows: 0,
        row_groups: Vec::new(),
        key_value_metadata: None,
        created_by: None,
        column_orders: None,
        encryption_algorithm: None,
        footer_signing_key_metadata: None,
    };
    let mut bytes = MAGIC.to_vec();
    metadata.write_to_out_protocol(&mut TCompactOutputProtocol::new(&mut bytes)).unwrap();
    let length = bytes.len() as u32 - 4;
    bytes.extend(length.to_le_bytes());
    bytes.extend(MAGIC);
    let error = read_all(&bytes).unwrap_err().to_string();
    assert!(error.ends_with("nest more than 64 levels deep"), "{error}");
}

/// Changes every byte of a small file: the outcome is an error that names the file or the same number of rows, never a panic.
#[test]
fn a_changed_byte_is_an_error_or_another_value() {
    for compression in [ParquetCompression::Uncompressed, ParquetCompression::Snappy] {
        let frame = frame(6).select(["text", "whole", "utc", "price"]).unwrap();
        let bytes = written(&frame, 10, 64, compression);
        for (at, change) in (0..bytes.len()).map(|at| (at, [1u8, 0x80, 0xff][at % 3])) {
            let mut changed = bytes.clone();
            changed[at] ^= change;
            if let Err(error) = read_all(&changed) {
                let text = error.to_string();
                assert!(text.contains("`x.parquet`") && error.exit_code() == 2, "byte {at}: {text}");
            }
        }
        for end in (0..bytes.len()).step_by(7) {
            assert!(read_all(&bytes[..end]).is_err(), "cut at {end}");
        }
    }
}
