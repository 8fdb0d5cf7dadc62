//! Tests: processing one range of orders at a time gives the same rows, audit, quarantine and mart as processing everything at once.

mod damage;
mod sellers;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use polars::prelude::*;
use proptest::prelude::*;

use super::sales_mart::SalesMart;
use super::{mart, mart_in_shards};
use crate::Result;
use crate::clean::partition::ranges::Shards;
use crate::clean::{Audit, load};
use crate::input::Source;
use crate::synth::generated;
use crate::table::parquet::{Appender, PerTable, write_frame};
use crate::table::row_hash::hash_rows;

/// Row hashes by table, the bytes of the clean files, the audit, the quarantine.
struct Outcome {
    mart: BTreeMap<String, String>,
    clean: BTreeMap<String, String>,
    audit: serde_json::Value,
    quarantine: String,
}

fn outcome(mart: &SalesMart, clean: BTreeMap<String, Vec<u8>>, audit: &Audit) -> Outcome {
    Outcome {
        mart: mart.iter().unwrap().map(|(name, frame)| (name.to_string(), hash_rows(frame).unwrap())).collect(),
        clean: clean.into_iter().map(|(name, bytes)| (name, blake3::hash(&bytes).to_string())).collect(),
        audit: serde_json::to_value(audit).unwrap(),
        quarantine: format!("{:#?}", audit.quarantine),
    }
}

fn whole(data: &Path) -> Result<Outcome> {
    let (tables, audit) = load(&Source::open(data)?)?;
    let file = |frame: &DataFrame| {
        let mut bytes = Vec::new();
        write_frame(frame, &mut bytes).map(|()| bytes)
    };
    let clean = tables.iter().map(|(name, frame)| Ok((name.to_string(), file(frame)?))).collect::<Result<_>>()?;
    Ok(outcome(&mart(&tables)?, clean, &audit))
}

/// A file in memory that can be read after its writer is closed.
#[derive(Clone, Default)]
struct Bytes(std::sync::Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Bytes {
    fn write(&mut self, buffer: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(buffer);
        Ok(buffer.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn in_shards(data: &Path, ranges: usize) -> Result<Outcome> {
    let scratch = tempfile::tempdir().unwrap();
    let bytes: Mutex<BTreeMap<String, Bytes>> = Mutex::default();
    let files = PerTable::new(|name: &str, schema: &Schema| {
        Appender::new(bytes.lock().unwrap().entry(name.into()).or_default().clone(), schema)
    });
    // With an even number of ranges, the aggregates wait on the disk.
    let memory = if ranges.is_multiple_of(2) { 0 } else { u64::MAX };
    let how = Shards { ranges, scratch: scratch.path().into(), memory };
    let result = mart_in_shards(&Source::open(data)?, &how, &|name, rows, _| {
        files.with(name, rows.schema(), |file| file.append(rows))
    });
    assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 0, "something is left on the disk");
    let (sums, audit) = result?;
    let mart = sums.finish()?;
    files.into_tables().into_iter().try_for_each(|(_, file)| file.finish())?;
    let clean = bytes.into_inner().unwrap().into_iter();
    Ok(outcome(
        &mart,
        clean.map(|(name, bytes)| (name, std::mem::take(&mut *bytes.0.lock().unwrap()))).collect(),
        &audit,
    ))
}

fn assert_same(data: &Path, ranges: usize) {
    match (whole(data), in_shards(data, ranges)) {
        (Ok(whole), Ok(shards)) => {
            for (of_whole, of_shards) in [(&whole.mart, &shards.mart), (&whole.clean, &shards.clean)] {
                assert_eq!(of_whole.len(), of_shards.len());
                for (name, hash) in of_whole {
                    assert_eq!(Some(hash), of_shards.get(name), "`{name}` in {ranges} ranges");
                }
            }
            assert_eq!(whole.quarantine, shards.quarantine);
            assert_eq!(whole.audit, shards.audit);
        }
        (Err(whole), Err(shards)) => assert_eq!(whole.to_string(), shards.to_string()),
        (whole, shards) => panic!("{:?} but {:?}", whole.map(|_| ()), shards.map(|_| ())),
    }
}

/// Rewrites every row of a file except the header.
fn rewrite(data: &Path, file: &str, change: impl Fn(&str) -> String) {
    let path: PathBuf = data.join(file);
    let text = fs::read_to_string(&path).unwrap();
    let (header, rows) = text.split_once('\n').unwrap();
    fs::write(path, format!("{header}\n{}", change(rows))).unwrap();
}

#[test]
fn ranges_add_up_to_the_whole() {
    let (data, _) = generated(3_000, 5, 0.05);
    for ranges in [1, 3, 16] {
        assert_same(data.path(), ranges);
    }
}

#[test]
fn real_data_in_ranges_add_up_to_the_whole() {
    if let Some(data) = std::env::var_os("PFE_DATA") {
        assert_same(Path::new(&data), 5);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn ranges_add_up_whatever_the_defects(seed in 0u64..1_000, defects in 0.0..0.3, ranges in 1usize..20) {
        assert_same(generated(150, seed, defects).0.path(), ranges);
    }
}

/// Ids in capitals, ids with a common prefix, and ids that also occur in another table.
#[test]
fn ids_of_odd_shapes_are_cut_as_well() {
    let (data, _) = generated(800, 9, 0.02);
    for file in ["orders", "order_items", "order_payments", "order_reviews", "customers"] {
        rewrite(data.path(), &format!("olist_{file}_dataset.csv"), |rows| {
            let line = |(i, line): (usize, &str)| match i % 3 {
                0 => line.to_uppercase(),
                _ => line.replacen(|c: char| c.is_ascii_hexdigit(), "0", 9),
            };
            rows.lines().enumerate().map(line).collect::<Vec<_>>().join("\n")
        });
    }
    assert_same(data.path(), 7);
}

/// The first orders do not predict the ids of the others.
#[test]
fn ids_that_rise_through_the_file_are_cut_as_well() {
    let (data, _) = generated(2_000, 6, 0.02);
    for file in ["orders", "order_items", "customers"] {
        rewrite(data.path(), &format!("olist_{file}_dataset.csv"), |rows| {
            let mut lines: Vec<&str> = rows.lines().collect();
            lines.sort_unstable();
            lines.join("\n")
        });
    }
    assert_same(data.path(), 6);
}

/// A customer with orders in several ranges, and a customer without orders.
#[test]
fn shared_and_idle_customers_count_once() {
    let (data, _) = generated(600, 2, 0.0);
    let orders = fs::read_to_string(data.path().join("olist_orders_dataset.csv")).unwrap();
    let shared = orders.lines().nth(1).unwrap().split(',').nth(1).unwrap().to_string();
    rewrite(data.path(), "olist_orders_dataset.csv", |rows| {
        let line = |(i, line): (usize, &str)| {
            let mut fields: Vec<&str> = line.split(',').collect();
            if i % 4 == 0 {
                fields[1] = &shared;
            }
            fields.join(",")
        };
        rows.lines().enumerate().map(line).collect::<Vec<_>>().join("\n")
    });
    assert_same(data.path(), 5);
}

/// Fewer orders than ranges, and tables without rows.
#[test]
fn ranges_without_a_row_are_no_trouble() {
    let (data, _) = generated(60, 1, 0.0);
    for file in ["orders", "order_items", "order_payments"] {
        let keep = if file == "orders" { 3 } else { 0 };
        rewrite(data.path(), &format!("olist_{file}_dataset.csv"), |rows| {
            rows.lines().take(keep).map(|line| format!("{line}\n")).collect()
        });
    }
    assert_same(data.path(), 8);
    rewrite(data.path(), "olist_orders_dataset.csv", |_| String::new());
    assert_same(data.path(), 8);
}

/// A truncated file is refused as in memory, and a missing scratch folder is named.
#[test]
fn what_fails_says_so_and_leaves_nothing() {
    let (data, _) = generated(600, 4, 0.0);
    let path = data.path().join("olist_order_items_dataset.csv");
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() - 20]).unwrap();
    assert_same(data.path(), 4);
    fs::write(&path, bytes).unwrap();
    let how = Shards { ranges: 2, scratch: data.path().join("nowhere"), memory: u64::MAX };
    let error = mart_in_shards(&Source::open(data.path()).unwrap(), &how, &|_, _, _| Ok(())).err().unwrap();
    assert!(error.to_string().contains("nowhere"), "{error}");
}

#[test]
fn the_number_of_ranges_follows_the_memory() {
    let gigabyte = 1 << 30;
    let ranges =
        [gigabyte / 8, gigabyte, 11 * gigabyte, u64::MAX].map(|bytes| Shards::ranges_within(4 * gigabyte, bytes));
    assert_eq!(ranges, [1, 6, 66, 256]);
}
