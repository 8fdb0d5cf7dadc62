//! The same data in every supported layout give the same tables.

use std::io::Write;
use std::path::Path;

use polars::io::utils::compression::CompressedWriter;
use polars::io::utils::file::{Writable, WritableTrait};
use polars::prelude::*;

use super::variants::{CUSTOMERS, ITEMS, PRODUCTS, REVIEWS, SELLERS, halves, same};
use crate::workdir::{Workdir, assert_same, copy};

fn tables(work: &Workdir, data: &str) -> std::collections::BTreeMap<String, Vec<u8>> {
    work.ok(&["run", "--data", data, "--quiet"]);
    work.files("out/tables")
}

#[test]
fn kaggles_zip() {
    let work = Workdir::with_data();
    let expected = tables(&work, "data");
    let mut zip = ::zip::ZipWriter::new(std::fs::File::create(work.path("archive.zip")).unwrap());
    for (name, bytes) in work.files("data") {
        // Kaggle's download lacks the state names.
        if name.ends_with(".csv") && name != "states_name.csv" {
            zip.start_file(name, ::zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(&bytes).unwrap();
        }
    }
    zip.finish().unwrap();
    assert_same(&expected, &tables(&work, "archive.zip"));
}

/// Writes a file, compressed as its extension says.
pub fn packed(path: &Path, bytes: &[u8]) {
    let file = Writable::Local(std::fs::File::create(path).unwrap());
    let mut writer = match path.extension().is_some_and(|end| end == "gz") {
        true => CompressedWriter::gzip(file, None),
        false => CompressedWriter::zstd(file, None).unwrap(),
    };
    writer.write_all(bytes).unwrap();
    writer.close().unwrap();
}

/// gzip, zstd, Parquet, several files per table, and a folder of files. A file that only has such an extension is refused.
#[test]
fn compressed_files_parquet_and_many_files_per_table() {
    let work = Workdir::with_data();
    let expected = tables(&work, "data");
    std::fs::create_dir_all(work.path("lake/order_reviews")).unwrap();
    let packed = |name: &str, bytes: &[u8]| packed(&work.path(name), bytes);
    for (name, bytes) in work.files("data") {
        match name.as_str() {
            "olist_orders_dataset.csv" => {
                let text = String::from_utf8(bytes).unwrap();
                let (header, rows) = text.split_once('\n').unwrap();
                let middle = rows.len() / 2 + rows[rows.len() / 2..].find('\n').unwrap();
                packed("lake/orders_2017.csv.gz", format!("{header}\n{}", &rows[..middle]).as_bytes());
                packed("lake/orders_2018.csv.zst", format!("{header}\n{}", &rows[middle + 1..]).as_bytes());
            }
            "olist_order_items_dataset.csv" => {
                let read =
                    CsvReadOptions::default().try_into_reader_with_file_path(Some(work.path("data").join(&name)));
                let mut items = read.unwrap().finish().unwrap();
                let file = std::fs::File::create(work.path("lake/order_items.parquet")).unwrap();
                ParquetWriter::new(file).finish(&mut items).unwrap();
            }
            "olist_order_reviews_dataset.csv" => work.write("lake/order_reviews/part-1.csv", bytes),
            "truth.json" => {}
            _ => packed(&format!("lake/{name}.gz"), &bytes),
        }
    }
    assert_same(&expected, &tables(&work, "lake"));
    let refused = |name: &str, bytes: &[u8], word: &str| {
        let before = std::fs::read(work.path(name)).unwrap();
        work.write(name, bytes);
        work.fails(&["run", "--data", "lake"], 2, &[name.rsplit_once('/').unwrap().1, word]);
        work.write(name, before);
    };
    let half = std::fs::read(work.path("lake/orders_2017.csv.gz")).unwrap();
    refused("lake/orders_2017.csv.gz", &half[..half.len() / 2], "cannot read");
    refused("lake/orders_2018.csv.zst", b"order_id,customer_id\n", "neither gzip nor zstd");
    refused("lake/order_items.parquet", b"PAR1", "cannot read");
    work.write("lake/orders_2019.csv", "order_id,other\nx,y\n");
    work.fails(
        &["run", "--data", "lake"],
        2,
        &["columns `customer_id`, `order_status`", "are missing from `orders_2019.csv`"],
    );
}

/// Parquet files of one table with columns in another order and of other types; one beside CSV.
#[test]
fn parquet_files_of_a_table_need_not_be_alike() {
    let work = Workdir::with_data();
    let expected = tables(&work, "data");
    copy(&work.path("data"), &work.path("mixed"));
    let frame = |table: &str| {
        let path = work.path("data").join(format!("olist_{table}_dataset.csv"));
        std::fs::remove_file(work.path("mixed").join(path.file_name().unwrap())).unwrap();
        let options = CsvReadOptions::default().with_infer_schema_length(None);
        options.try_into_reader_with_file_path(Some(path)).unwrap().finish().unwrap()
    };
    let write = |name: &str, mut frame: DataFrame| {
        let file = std::fs::File::create(work.path("mixed").join(name)).unwrap();
        ParquetWriter::new(file).finish(&mut frame).unwrap();
    };
    let items = frame("order_items");
    let half = items.height() / 2;
    let names: Vec<String> = items.get_column_names().iter().rev().map(|name| name.to_string()).collect();
    let mut first = items.slice(0, half).select(names).unwrap();
    let mut second = items.slice(half as i64, items.height());
    for (column, dtype) in [("order_item_id", DataType::String), ("price", DataType::String)] {
        first.with_column(first.column(column).unwrap().cast(&dtype).unwrap()).unwrap();
    }
    for (column, dtype) in [("order_item_id", DataType::Int32), ("freight_value", DataType::Decimal(10, 2))] {
        second.with_column(second.column(column).unwrap().cast(&dtype).unwrap()).unwrap();
    }
    write("order_items_1.parquet", first);
    let note = Column::new("note".into(), vec!["x"; second.height()]);
    write("order_items_2.parquet", second.hstack(&[note]).unwrap());
    let orders = frame("orders");
    write("orders_2.parquet", orders.slice(100, orders.height()));
    let mut text = Vec::new();
    CsvWriter::new(&mut text).finish(&mut orders.slice(0, 100)).unwrap();
    work.write("mixed/orders_1.csv", text);
    let done = work.ok(&["run", "--data", "mixed"]);
    assert!(done.stderr.contains("unknown column `note` of `order_items_1.parquet + 1 more` was left out"), "{done}");
    assert_same(&expected, &work.files("out/tables"));

    let float = second.column("price").unwrap().f64().unwrap().clone();
    let wrong: Float64Chunked =
        float.iter().enumerate().map(|(n, v)| if n == 5 { Some(58.900001) } else { v }).collect();
    second.with_column(wrong.with_name("price".into()).into_column()).unwrap();
    write("order_items_2.parquet", second.clone());
    let done = work.ok(&["run", "--data", "mixed"]);
    let line = format!("line {}: more than two decimals", half + 6);
    assert!(done.stderr.contains("1 row of `order_items` set aside") && done.stderr.contains(&line), "{done}");
    write("order_items_2.parquet", second.drop("price").unwrap());
    work.fails(&["run", "--data", "mixed"], 2, &["column `price` is missing from `order_items_2.parquet`"]);
    let nested = second.column("price").unwrap().as_materialized_series().implode().unwrap().into_column();
    write("order_items_2.parquet", second.head(Some(1)).with_column(nested).unwrap().clone());
    work.fails(&["run", "--data", "mixed"], 2, &["column `price` of `order_items_2.parquet` holds lists"]);
}

/// The same table under a second name, compressed or as a folder of files: it must not count twice.
#[test]
fn a_table_that_is_there_twice() {
    let work = Workdir::with_data();
    let orders = work.read("data/olist_orders_dataset.csv");
    for other in ["orders.csv", "olist_orders_dataset.csv.gz", "orders/part-1.csv"] {
        let name = format!("data/{other}");
        work.write(&name, &orders);
        let outer = format!("`{}`", other.split('/').next().unwrap());
        let words =
            ["two files say they are the whole of `orders`: ", "`olist_orders_dataset.csv`", &outer, "hint: remove"];
        work.fails(&["run", "--data", "data"], 2, &words);
        std::fs::remove_file(work.path(&name)).unwrap();
    }
    // A folder without files is no table.
    work.ok(&["run", "--data", "data", "--quiet"]);
}

#[test]
fn the_cloud_layout_with_nested_documents() {
    let work = Workdir::with_data();
    let expected = tables(&work, "data");
    for (name, bytes) in work.files("data") {
        let short = name.trim_start_matches("olist_").replace("_dataset", "");
        match short.as_str() {
            "customers.csv" | "sellers.csv" => {
                let person = short.trim_end_matches("s.csv");
                let rows = work.table(&format!("data/{name}"));
                let documents: Vec<_> = rows.iter().map(|row| document(person, row)).collect();
                work.write(&format!("cloud/json/{person}s.json"), serde_json::to_string_pretty(&documents).unwrap());
            }
            "truth.json" => {}
            _ => work.write(&format!("cloud/csv/{short}"), bytes),
        }
    }
    assert_same(&expected, &tables(&work, "cloud"));
}

/// A document as the original project stores it: nested address, and the zip prefix as a number without leading zeros.
fn document(person: &str, row: &std::collections::BTreeMap<String, String>) -> serde_json::Value {
    let mut document = serde_json::Map::new();
    let mut address = serde_json::Map::new();
    for (column, value) in row {
        match column.as_str() {
            c if c.ends_with("zip_code_prefix") => {
                address.insert(format!("{person}_zip_code"), value.parse::<u32>().unwrap().into());
            }
            c if c.ends_with("city") || c.ends_with("state") => {
                address.insert(c.into(), value.clone().into());
            }
            c => {
                document.insert(c.into(), value.clone().into());
            }
        }
    }
    document.insert(format!("{person}_address"), address.into());
    document.into()
}

#[test]
fn other_ways_to_write_the_same_csv() {
    let work = Workdir::with_data();
    let expected = tables(&work, "data");
    let orders = "data/olist_orders_dataset.csv";
    // A byte-order mark and CRLF.
    work.edit(orders, |csv| format!("\u{feff}{}", csv.replace('\n', "\r\n")));
    // All fields quoted, columns in reverse order, one more column.
    let name = "data/olist_order_items_dataset.csv";
    let mut reader = csv::Reader::from_path(work.path(name)).unwrap();
    let mut header: Vec<String> = reader.headers().unwrap().iter().rev().map(String::from).collect();
    header.push("note".into());
    let mut writer = csv::WriterBuilder::new().quote_style(csv::QuoteStyle::Always).from_writer(Vec::new());
    writer.write_record(&header).unwrap();
    for record in reader.records() {
        let record = record.unwrap();
        writer.write_record(record.iter().rev().chain(["a \"note\",\nin two lines"])).unwrap();
    }
    work.write(name, writer.into_inner().unwrap());
    // Zip prefixes without leading zeros, as spreadsheets save them.
    work.edit("data/olist_sellers_dataset.csv", |csv| {
        csv.lines().map(|l| l.replace(",\"0", ",\"").replace(",\"0", ",\"") + "\n").collect()
    });
    let done = work.ok(&["run", "--data", "data"]);
    assert!(done.stderr.contains("unknown column `note` of `olist_order_items_dataset.csv` was left out"), "{done}");
    assert_same(&expected, &work.files("out/tables"));
}

/// Files that were joined with `cat`: the header stands between the rows, also after a byte order mark and in another dialect.
#[test]
fn a_header_between_the_rows_is_no_row() {
    for (mark, delimiter) in [("", ','), ("\u{feff}", ','), ("", ';')] {
        let work = Workdir::with_data();
        for name in [CUSTOMERS, ITEMS, PRODUCTS, SELLERS] {
            work.edit(&format!("data/{name}"), |text| {
                let [first, second] = halves(&text);
                // No field of these tables contains a comma.
                format!("{first}{mark}{second}").replace(',', &delimiter.to_string())
            });
        }
        let told = ["customers", "order_items", "products", "sellers"].map(|table| {
            let amount = if table == "order_items" { ": the amount cannot be read" } else { "" };
            format!("1 row of `{table}` set aside{amount}; the first is line ")
        });
        let words = told.iter().map(String::as_str).chain(["the header once more, not a row"]);
        same(&work, "data", &words.collect::<Vec<_>>());
    }
}

/// Spaces after delimiters, with the first quote far below the header.
#[test]
fn spaces_after_every_delimiter() {
    let work = Workdir::with_data();
    let mut reader = csv::Reader::from_path(work.path("data").join(REVIEWS)).unwrap();
    let quoted = |field: &str| match field.contains([',', '"', '\n']) {
        true => format!("\"{}\"", field.replace('"', "\"\"")),
        false => field.to_string(),
    };
    let line = |record: &csv::StringRecord| record.iter().map(quoted).collect::<Vec<_>>().join(", ") + "\n";
    let mut text = line(reader.headers().unwrap());
    let rows: Vec<csv::StringRecord> = reader.records().map(|record| record.unwrap()).collect();
    // Rows without a quote come first.
    let (plain, with_quotes): (Vec<_>, Vec<_>) = rows.iter().map(line).partition(|line| !line.contains('"'));
    assert!(plain.len() > 100 && with_quotes.len() > 100);
    text.extend(plain.into_iter().chain(with_quotes));
    work.write(&format!("data/{REVIEWS}"), text);
    same(&work, "data", &[]);
}
