//! Files of every format, damaged in every way: no row is lost without a message, nothing panics, memory stays bounded.

use std::fs;
use std::path::{Path, PathBuf};

use pfe::input::Source;
use pfe::input::read::read_tables;
use pfe::schema::TableId;
use polars::prelude::{CsvReadOptions, ParquetCompression, ParquetWriter, SerReader};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};

use super::layouts::packed;
use crate::workdir::{Workdir, copy};

/// A kind of damage to the bytes of a file.
#[derive(Debug, Clone)]
enum Damage {
    Flip(Index, u8),
    Cut(Index),
    Remove(Index, usize),
    Repeat(Index, usize),
    Swap(Index, Index, usize),
    Fill(Index, usize, u8),
}

impl Damage {
    fn apply(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        if bytes.is_empty() {
            return bytes;
        }
        let size = bytes.len();
        let range = |at: &Index, length: usize| at.index(size)..size.min(at.index(size) + length);
        match self {
            Damage::Flip(at, mask) => bytes[at.index(size)] ^= mask,
            Damage::Cut(at) => bytes.truncate(at.index(size)),
            Damage::Remove(at, length) => drop(bytes.drain(range(at, *length))),
            Damage::Repeat(at, length) => {
                let again = bytes[range(at, *length)].to_vec();
                let place = range(at, *length).end;
                drop(bytes.splice(place..place, again));
            }
            Damage::Swap(a, b, length) => {
                for (a, b) in range(a, *length).zip(range(b, *length)) {
                    bytes.swap(a, b);
                }
            }
            Damage::Fill(at, length, byte) => bytes[range(at, *length)].fill(*byte),
        }
        bytes
    }
}

fn damage() -> impl Strategy<Value = Vec<Damage>> {
    let at = any::<Index>;
    let one = prop_oneof![
        4 => (at(), 1u8..).prop_map(|(at, mask)| Damage::Flip(at, mask)),
        1 => at().prop_map(Damage::Cut),
        1 => (at(), 1usize..200).prop_map(|(at, n)| Damage::Remove(at, n)),
        1 => (at(), 1usize..200).prop_map(|(at, n)| Damage::Repeat(at, n)),
        1 => (at(), at(), 1usize..200).prop_map(|(a, b, n)| Damage::Swap(a, b, n)),
        1 => (at(), 1usize..20, any::<u8>()).prop_map(|(at, n, byte)| Damage::Fill(at, n, byte)),
    ];
    prop::collection::vec(one, 1..4)
}

/// A file to damage, how it is read, and the table to check.
struct Victim {
    file: PathBuf,
    data: PathBuf,
    table: TableId,
}

/// One file of each format, each in data that are otherwise intact.
fn victims(work: &Workdir) -> Vec<Victim> {
    work.ok(&["synth", "--orders", "200", "--seed", "5", "--out", "data"]);
    fs::remove_file(work.path("data/truth.json")).unwrap();
    let mut victims = Vec::new();
    let mut within = |folder: &str, without: &str, file: &str, table: TableId, bytes: Vec<u8>| {
        copy(&work.path("data"), &work.path(folder));
        fs::remove_file(work.path(folder).join(without)).unwrap();
        work.write(&format!("{folder}/{file}"), bytes);
        victims.push(Victim { file: work.path(folder).join(file), data: work.path(folder), table });
    };
    let items = "olist_order_items_dataset.csv";
    for (folder, compression) in [
        ("snappy", ParquetCompression::Snappy),
        ("zstd", ParquetCompression::Zstd(None)),
        ("plain", ParquetCompression::Uncompressed),
        ("gzip", ParquetCompression::Gzip(None)),
    ] {
        let options = CsvReadOptions::default().map_parse_options(|options| options.with_try_parse_dates(true));
        let read = options.try_into_reader_with_file_path(Some(work.path("data").join(items))).unwrap();
        let (mut frame, mut bytes) = (read.finish().unwrap(), Vec::new());
        let writer = ParquetWriter::new(&mut bytes).with_compression(compression).with_row_group_size(Some(25));
        writer.with_data_page_size(Some(200)).finish(&mut frame).unwrap();
        within(folder, items, "order_items.parquet", TableId::OrderItems, bytes);
    }
    let text = fs::read(work.path("data").join(items)).unwrap();
    for end in ["gz", "zst"] {
        let name = format!("order_items.csv.{end}");
        packed(&work.path(&name), &text);
        let bytes = fs::read(work.path(&name)).unwrap();
        within(end, items, &name, TableId::OrderItems, bytes);
    }
    within("csv", items, "order_items.csv", TableId::OrderItems, text);
    let documents: Vec<serde_json::Value> = work
        .table("data/olist_sellers_dataset.csv")
        .iter()
        .map(|row| {
            serde_json::json!({ "seller_id": row["seller_id"], "seller_address": {
                "seller_zip_code": row["seller_zip_code_prefix"].parse::<u32>().unwrap(),
                "seller_city": row["seller_city"], "seller_state": row["seller_state"] } })
        })
        .collect();
    let sellers = "olist_sellers_dataset.csv";
    let pretty = serde_json::to_vec_pretty(&documents).unwrap();
    within("array", sellers, "json/sellers.json", TableId::Sellers, pretty);
    let lines = documents.iter().map(|document| document.to_string() + "\n").collect::<String>();
    within("lines", sellers, "json/sellers.json", TableId::Sellers, lines.into());
    let mut zip = zip::ZipWriter::new(fs::File::create(work.path("archive.zip")).unwrap());
    for (name, bytes) in work.files("data") {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        std::io::Write::write_all(&mut zip, &bytes).unwrap();
    }
    zip.finish().unwrap();
    victims.push(Victim { file: work.path("archive.zip"), data: work.path("archive.zip"), table: TableId::OrderItems });
    for (to, file) in [("lake:lake", "lake/raw_data/order_items.parquet"), ("sqlite:shop.db", "shop.db")] {
        work.ok(&["load", "--from", "data", "--to", to, "--quiet"]);
        let data = if to.starts_with("lake") { work.path("lake") } else { sqlite(&work.path("shop.db")) };
        victims.push(Victim { file: work.path(file), data, table: TableId::OrderItems });
    }
    victims
}

fn sqlite(path: &Path) -> PathBuf {
    format!("sqlite:{}", path.display()).into()
}

fn nothing_is_lost(cases: u32) {
    let work = Workdir::new();
    for Victim { file, data, table } in victims(&work) {
        let whole = fs::read(&file).unwrap();
        let rows = |bytes: &[u8]| {
            fs::write(&file, bytes).unwrap();
            let raw = read_tables(&Source::open(&data)?, &[table])?;
            let read = &raw.tables[&table];
            assert_eq!(read.rows_in, read.frame.height() + read.quarantine.rows, "{}", file.display());
            Ok::<_, pfe::Error>(read.rows_in)
        };
        assert!(rows(&whole).unwrap() > 0, "{}", file.display());
        let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
        let tried = runner.run(&damage(), |damage| {
            let bytes = damage.iter().fold(whole.clone(), |bytes, damage| damage.apply(bytes));
            // Any error must be a sentence.
            match rows(&bytes) {
                Ok(_) => Ok(()),
                Err(error) => {
                    prop_assert!([1, 2].contains(&error.exit_code()), "{error}");
                    prop_assert!(!error.to_string().contains("dataframe operation failed"), "{error}");
                    Ok(())
                }
            }
        });
        tried.unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    }
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok());
    assert!(peak.is_none_or(|kilobytes: u64| kilobytes < 1 << 20), "{peak:?} kB");
}

#[test]
fn a_damaged_file_is_refused_or_accounted_for() {
    nothing_is_lost(50);
}

#[test]
#[ignore = "takes an hour: `cargo test --release --test e2e damaged -- --ignored`"]
fn a_million_damaged_files_are_refused_or_accounted_for() {
    nothing_is_lost(80_000);
}
