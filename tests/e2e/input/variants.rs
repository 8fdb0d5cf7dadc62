//! Data as people have them: changed copies of the generated data, and what must come of them. Each variant gives the same clean tables, or
//! one message that says everything.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::sync::OnceLock;

use polars::io::utils::compression::CompressedWriter;
use polars::io::utils::file::{Writable, WritableTrait};
use polars::prelude::{CsvReadOptions, ParquetWriter, SerReader};

use crate::workdir::{Workdir, assert_same};

pub(super) const CUSTOMERS: &str = "olist_customers_dataset.csv";
pub(super) const GEOLOCATION: &str = "olist_geolocation_dataset.csv";
pub(super) const ITEMS: &str = "olist_order_items_dataset.csv";
pub(super) const ORDERS: &str = "olist_orders_dataset.csv";
pub(super) const PAYMENTS: &str = "olist_order_payments_dataset.csv";
pub(super) const PRODUCTS: &str = "olist_products_dataset.csv";
pub(super) const REVIEWS: &str = "olist_order_reviews_dataset.csv";
pub(super) const SELLERS: &str = "olist_sellers_dataset.csv";
pub(super) const TRANSLATION: &str = "product_category_name_translation.csv";

/// Clean tables made from a place, as files of a lake, and the messages about it.
pub(super) fn clean(work: &Workdir, from: &[&str]) -> (BTreeMap<String, Vec<u8>>, String) {
    let mut args = vec!["load", "--to", "lake:lake", "--schema", "cleaned"];
    args.extend(from.iter().flat_map(|place| ["--from", place]));
    let done = work.ok(&args);
    (work.files("lake"), done.stderr)
}

/// Clean tables of the data as generated.
pub(super) fn generated() -> &'static BTreeMap<String, Vec<u8>> {
    &generated_and_told().0
}

/// Clean tables of the data as generated, and the messages about them.
fn generated_and_told() -> &'static (BTreeMap<String, Vec<u8>>, String) {
    static CLEAN: OnceLock<(BTreeMap<String, Vec<u8>>, String)> = OnceLock::new();
    CLEAN.get_or_init(|| clean(&Workdir::with_data(), &["data"]))
}

/// A warning up to the line that it names: variants have other lines.
fn up_to_line(warning: &str) -> &str {
    warning.split("; the first is ").next().unwrap_or(warning)
}

/// The variant gives the same tables, except `but`, with `words` in the warnings. Without words, there must be no warning
/// but those about the data as generated.
pub(super) fn same_but(work: &Workdir, from: &[&str], but: &[&str], words: &[&str]) {
    let (tables, told) = clean(work, from);
    let others = |tables: &BTreeMap<String, Vec<u8>>| {
        let kept = |name: &str| !but.iter().any(|table| name.ends_with(&format!("/{table}.parquet")));
        tables.iter().filter(|(name, _)| kept(name)).map(|(name, bytes)| (name.clone(), bytes.clone())).collect()
    };
    assert_same(&others(generated()), &others(&tables));
    assert!(words.iter().all(|word| told.contains(word)), "{told}");
    let known: Vec<&str> = generated_and_told().1.lines().map(up_to_line).collect();
    let is_known = |warning: &str| known.contains(&up_to_line(warning));
    assert!(!words.is_empty() || told.lines().all(is_known), "{told}");
}

pub(super) fn same(work: &Workdir, from: &str, words: &[&str]) {
    same_but(work, &[from], &[], words);
}

/// One message with all these words, and an empty output folder.
pub(super) fn refused(work: &Workdir, place: &str, words: &[&str]) {
    work.fails(&["run", "--data", place], 2, words);
    assert!(!work.path("out").exists());
}

pub(super) fn moved(work: &Workdir, from: &str, to: &str) {
    let to = work.path(to);
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    fs::rename(work.path(from), to).unwrap();
}

pub(super) fn removed(work: &Workdir, names: &[&str]) {
    names.iter().for_each(|name| fs::remove_file(work.path("data").join(name)).unwrap());
}

/// Splits a text into two halves of similar length, each with the header.
pub(super) fn halves(text: &str) -> [String; 2] {
    let (header, rows) = text.split_once('\n').unwrap();
    // End of a row: no field of the tables that are split here contains a line break.
    let middle = rows.len() / 2 + rows[rows.len() / 2..].find('\n').unwrap() + 1;
    [&rows[..middle], &rows[middle..]].map(|rows| format!("{header}\n{rows}"))
}

pub(super) fn zipped(work: &Workdir, name: &str, entries: impl IntoIterator<Item = (String, Vec<u8>)>) {
    fs::create_dir_all(work.path(name).parent().unwrap()).unwrap();
    let mut zip = zip::ZipWriter::new(fs::File::create(work.path(name)).unwrap());
    for (entry, bytes) in entries {
        zip.start_file(entry, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(&bytes).unwrap();
    }
    zip.finish().unwrap();
}

pub(super) fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut writer = CompressedWriter::gzip(Writable::Local(file.reopen().unwrap()), None);
    writer.write_all(bytes).unwrap();
    writer.close().unwrap();
    fs::read(file.path()).unwrap()
}

/// A table as Parquet, with texts and numbers as pandas writes them.
pub(super) fn parquet(work: &Workdir, name: &str) -> Vec<u8> {
    let read = CsvReadOptions::default().try_into_reader_with_file_path(Some(work.path("data").join(name)));
    let mut bytes = Vec::new();
    ParquetWriter::new(&mut bytes).finish(&mut read.unwrap().finish().unwrap()).unwrap();
    bytes
}

/// Removes columns from a table.
pub(super) fn without_columns(work: &Workdir, name: &str, columns: &[&str]) {
    let mut reader = csv::Reader::from_path(work.path("data").join(name)).unwrap();
    let kept: Vec<bool> = reader.headers().unwrap().iter().map(|column| !columns.contains(&column)).collect();
    let mut writer = csv::Writer::from_writer(Vec::new());
    let keep = |record: &csv::StringRecord| {
        record.iter().zip(&kept).filter(|(_, kept)| **kept).map(|(field, _)| field.to_string()).collect::<Vec<_>>()
    };
    writer.write_record(keep(reader.headers().unwrap())).unwrap();
    for record in reader.records() {
        writer.write_record(keep(&record.unwrap())).unwrap();
    }
    work.write(&format!("data/{name}"), writer.into_inner().unwrap());
}
