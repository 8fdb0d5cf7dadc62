//! `pfe load` and `pfe run` between files and stores, through the binary.

use super::servers::{execute, places};
use super::workdir::{Workdir, assert_same};

#[test]
fn a_run_on_a_store_says_what_a_run_on_the_files_does() {
    for place in places() {
        let work = Workdir::with_data();
        work.ok(&["run", "--data", "data", "--out", "files", "--quiet"]);
        for _ in 0..2 {
            let done = work.ok(&["load", "--from", "data", "--to", &place.url]);
            assert!(done.stdout.contains("order_items") && done.stdout.contains("rows/s"), "{done}");
        }
        let done = work.ok(&["run", "--data", &place.url, "--store", &place.url, "--out", "out"]);
        assert!(done.stdout.contains("stored in"), "{done}");
        for folder in ["clean", "mart"] {
            assert_same(&work.files(&format!("files/{folder}")), &work.files(&format!("out/{folder}")));
        }
        // Only the table that says what was read where differs.
        let (mut files, mut store) = (work.files("files/tables"), work.files("out/tables"));
        files.remove("audit.csv");
        store.remove("audit.csv");
        assert_same(&files, &store);
        let winner = &work.table("out/tables/winner.csv")[0]["category"];
        assert_eq!(
            &execute(&place, "SELECT category FROM {results.winner} WHERE rank = 1")[0],
            winner,
            "{}",
            place.kind
        );
        let orders = execute(&place, "SELECT CAST(COUNT(*) AS CHAR(9)) FROM {cleaned_data.orders}");
        assert_eq!(orders[0].trim(), super::workdir::SMALL_ORDERS.to_string());
        // No file of a run contains a secret.
        for (name, bytes) in work.files("out") {
            let text = String::from_utf8_lossy(&bytes);
            assert!(!text.contains("a%20b%40") && !text.contains("a b@:/"), "{}: {name}", place.kind);
        }
    }
}

#[test]
fn tables_go_from_store_to_store() {
    let work = Workdir::with_data();
    work.ok(&["load", "--from", "data", "--to", "lake:lake", "--quiet"]);
    work.ok(&["load", "--from", "data", "--to", "lake:lake", "--schema", "cleaned", "--quiet"]);
    assert!(
        work.path("lake/raw_data/orders.parquet").exists()
            && work.path("lake/cleaned_data/zip_locations.parquet").exists()
    );
    for place in places() {
        work.ok(&["load", "--from", "lake", "--to", &place.url, "--quiet"]);
        work.ok(&["load", "--from", "lake", "--to", &place.url, "--schema", "cleaned", "--table", "orders", "--quiet"]);
        // Databases keep no order, but cleaning sorts.
        let (back, again) = (format!("back-{}", place.kind), format!("again-{}", place.kind));
        work.ok(&["load", "--from", &place.url, "--to", &back, "--quiet"]);
        work.ok(&["load", "--from", &back, "--to", &again, "--schema", "cleaned", "--quiet"]);
        assert_same(&work.files("lake/cleaned_data"), &work.files(&format!("{again}/cleaned_data")));
        let done =
            work.ok(&["load", "--from", &place.url, "--to", "lake:some", "--schema", "cleaned", "--table", "orders"]);
        assert!(done.stdout.contains("orders") && !done.stdout.contains("sellers"), "{done}");
        work.fails(
            &["load", "--from", &place.url, "--to", "lake:some", "--schema", "cleaned"],
            2,
            &["no source holds"],
        );
    }
    // A folder that is a lake needs no scheme.
    work.ok(&["run", "--data", "lake", "--quiet"]);
}

/// Tables are replaced in parallel while foreign keys between them are dropped and created again. Once, a catalogue that
/// omitted what another load was altering showed in one of ten loads.
#[test]
fn cleaned_tables_are_replaced_again_and_again() {
    let work = Workdir::with_data();
    work.ok(&["load", "--from", "data", "--to", "lake:lake", "--schema", "cleaned", "--quiet"]);
    for place in places() {
        for _ in 0..40 {
            work.ok(&["load", "--from", "lake", "--to", &place.url, "--schema", "cleaned", "--quiet"]);
        }
    }
}
