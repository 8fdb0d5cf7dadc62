//! `--memory` bounds the memory of a run for any input: the limit, plus 300 MB for program, threads and libraries.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use polars::prelude::{CsvReadOptions, ParquetCompression, ParquetWriter, SerReader};

use crate::workdir::{Workdir, copy};

/// Memory allowed beyond the limit, kB.
const BESIDE: u64 = 300 << 10;

/// Runs `pfe` with a limit of `megabytes`; returns its peak memory, kB.
fn peak(work: &Workdir, data: &str, megabytes: u64, more: &[&str]) -> u64 {
    let limit = megabytes.to_string();
    let mut command = Command::new(env!("CARGO_BIN_EXE_pfe"));
    command.args(["run", "--data", data, "--out", "out", "--quiet", "--memory", &limit]).args(more);
    command.current_dir(work.path("")).stdout(Stdio::null()).stderr(Stdio::piped());
    let _ = fs::remove_dir_all(work.path("out"));
    let mut child = command.spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    loop {
        // The system records the maximum, but only while the process exists.
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or(peak);
        if let Some(ended) = child.try_wait().unwrap() {
            let told = std::io::read_to_string(child.stderr.take().unwrap()).unwrap();
            assert!(ended.success(), "{data}: {told}");
            return peak;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Data with `rows` long reviews, each a kilobyte that does not compress.
fn long_reviews(work: &Workdir, rows: u64) {
    work.ok(&["synth", "--orders", "500", "--seed", "9", "--out", "data"]);
    fs::remove_file(work.path("data/truth.json")).unwrap();
    let hex = |n: u64| blake3::hash(&n.to_le_bytes()).to_hex().to_string();
    let comment = |n: u64| (0..16).map(|part| hex(1_000_000_000 + 16 * n + part)).collect::<String>();
    let mut text = String::from("review_id,order_id,review_score,review_comment_title,review_comment_message,");
    text += "review_creation_date,review_answer_timestamp\n";
    for n in 0..rows {
        let (id, order) = (hex(n), hex(rows + n / 2));
        let when = "2017-10-02 00:00:00,2017-10-03 10:56:33";
        text += &format!("{},{},5,,{},{when}\n", &id[..32], &order[..32], comment(n));
    }
    work.write("data/olist_order_reviews_dataset.csv", text);
}

/// A quarter of a gigabyte with a limit of ten megabytes: read at once, it would exceed the limit and the allowance.
#[test]
#[cfg(target_os = "linux")]
fn no_kind_of_input_is_read_whole() {
    let work = Workdir::new();
    let rows = 160_000;
    long_reviews(&work, rows);
    let reviews = "olist_order_reviews_dataset.csv";
    let read = || {
        let options = CsvReadOptions::default().map_parse_options(|options| options.with_try_parse_dates(true));
        options.try_into_reader_with_file_path(Some(work.path("data").join(reviews))).unwrap().finish().unwrap()
    };
    let without = |folder: &str| {
        copy(&work.path("data"), &work.path(folder));
        fs::remove_file(work.path(folder).join(reviews)).unwrap();
    };
    without("parquet");
    let file = fs::File::create(work.path("parquet/order_reviews.parquet")).unwrap();
    // A single row group, as some libraries write.
    let writer = ParquetWriter::new(file).with_compression(ParquetCompression::Uncompressed);
    writer.with_row_group_size(Some(rows as usize)).finish(&mut read()).unwrap();
    without("json");
    let mut documents = String::new();
    for row in work.table(&format!("data/{reviews}")) {
        documents += &serde_json::to_string(&row).unwrap();
        documents.push('\n');
    }
    work.write("json/json/order_reviews.json", documents);
    work.ok(&["load", "--from", "data", "--to", "lake:lake", "--quiet"]);
    work.ok(&["load", "--from", "data", "--to", "sqlite:shop.db", "--quiet"]);
    let mut peaks = Vec::new();
    for data in ["data", "parquet", "json", "lake", "sqlite:shop.db"] {
        peaks.push((data, peak(&work, data, 10, &["--only", "clean"]) >> 10));
    }
    eprintln!("peak memory, MB: {peaks:?}");
    for (data, megabytes) in peaks {
        assert!(megabytes << 10 <= (10 << 10) + BESIDE, "`{data}` took {megabytes} MB");
    }
}
