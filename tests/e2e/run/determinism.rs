//! Equal input gives equal bytes: in a second run, with other thread counts, with shuffled rows.

use crate::workdir::{Workdir, assert_same};

#[test]
fn runs_repeat_bit_for_bit_with_any_number_of_threads() {
    let work = Workdir::with_data();
    work.ok(&["run", "--data", "data", "--out", "first", "--quiet"]);
    let first = work.files("first");
    for threads in ["1", "2", "8"] {
        let env = [("RAYON_NUM_THREADS", threads), ("POLARS_MAX_THREADS", threads)];
        let done = work.pfe_with(&["run", "--data", "data", "--out", threads, "--quiet"], &env);
        assert_eq!(done.code, Some(0), "{done}");
        assert_same(&first, &work.files(threads));
    }
}

#[test]
fn the_order_of_rows_does_not_matter() {
    let work = Workdir::new();
    work.ok(&["synth", "--orders", "3000", "--seed", "5", "--defects", "0.02", "--out", "data"]);
    work.ok(&["run", "--data", "data", "--out", "sorted", "--quiet"]);
    for table in ["orders", "order_items", "order_payments", "customers", "products", "geolocation"] {
        work.edit(&format!("data/olist_{table}_dataset.csv"), reversed);
    }
    work.ok(&["run", "--data", "data", "--out", "reversed", "--quiet"]);
    for folder in ["clean", "mart", "tables"] {
        assert_same(&work.files(&format!("sorted/{folder}")), &work.files(&format!("reversed/{folder}")));
    }
}

/// Out of core gives the same bytes. A lost mart is made again without the clean tables.
#[test]
fn memory_changes_no_byte() {
    let work = Workdir::new();
    work.ok(&["synth", "--orders", "3000", "--seed", "5", "--defects", "0.02", "--out", "data"]);
    work.ok(&["run", "--data", "data", "--out", "whole", "--quiet"]);
    let bounded = ["run", "--data", "data", "--out", "bounded", "--quiet", "--memory", "10"];
    work.ok(&bounded);
    let whole = work.files("whole");
    assert_same(&whole, &work.files("bounded"));
    std::fs::remove_file(work.path("bounded/mart/products.parquet")).unwrap();
    work.ok(&bounded);
    assert_same(&whole, &work.files("bounded"));
    work.edit("data/olist_order_items_dataset.csv", |csv| csv[..csv.len() - 20].to_string());
    work.fails(&bounded, 2, &["`olist_order_items_dataset.csv` is cut off"]);
    assert_same(&whole, &work.files("bounded"));
}

/// The header, then the rows in reverse. No field of these tables contains a line break.
fn reversed(csv: String) -> String {
    let mut lines: Vec<&str> = csv.lines().collect();
    lines[1..].reverse();
    lines.join("\n") + "\n"
}
