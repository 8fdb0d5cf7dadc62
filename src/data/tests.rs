//! Laws of reading and cleaning, on generated data with damage of all kinds.

use std::fs;
use std::path::Path;

use proptest::prelude::*;

use super::contract::TABLES;
use super::{Audit, CleanTables, Source, clean, load, read};
use crate::Result;
use crate::synth::{SynthParams, generate};

fn generated(orders: u64, seed: u64, defects: f64) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    generate(&SynthParams { orders, seed, defects }, dir.path()).unwrap();
    dir
}

fn cleaned(data: &Path) -> Result<(CleanTables, Audit)> {
    clean(read(&Source::open(data)?)?)
}

/// Rows in = rows kept + duplicates + quarantined, in every step; what one step keeps the next one gets; every row set
/// aside is listed.
fn assert_nothing_lost(clean: &CleanTables, audit: &Audit) {
    for step in &audit.steps {
        assert_eq!(step.rows_in, step.rows_out + step.deduplicated + step.quarantined, "{step:?}");
    }
    for table in &TABLES {
        let step = |name: &str| audit.steps.iter().find(|s| s.table == table.name && s.step == name).unwrap();
        assert_eq!(step("read").rows_out, step("clean").rows_in);
        assert_eq!(step("clean").rows_out, clean.table(table.id).height());
    }
    let listed: usize = audit.quarantine.iter().map(|(_, rows)| rows.len()).sum();
    assert_eq!(listed, audit.quarantined());
}

fn assert_refused_or_accounted_for(data: &Path) {
    match cleaned(data) {
        Ok((clean, audit)) => assert_nothing_lost(&clean, &audit),
        Err(error) => assert_eq!(error.exit_code(), 2, "{error}"),
    }
}

#[test]
fn loading_is_reading_and_cleaning() {
    let data = generated(2_000, 3, 0.05);
    let (tables, audit) = cleaned(data.path()).unwrap();
    let (loaded, told) = load(&Source::open(data.path()).unwrap()).unwrap();
    assert_eq!(serde_json::to_value(audit).unwrap(), serde_json::to_value(told).unwrap());
    for ((name, a), (_, b)) in tables.iter().zip(loaded.iter()) {
        assert!(a.equals_missing(b), "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// A file of few rows may be refused whole, when most of them are damaged.
    #[test]
    fn no_row_is_lost_whatever_the_defects(seed in 0u64..1_000, defects in 0.0..0.3) {
        assert_refused_or_accounted_for(generated(120, seed, defects).path());
    }

    /// Overwritten, inserted and cut bytes anywhere: an error for the user or a complete account, never a panic.
    #[test]
    fn damaged_files_are_refused_or_accounted_for(
        table in 0usize..TABLES.len(),
        damage in prop::collection::vec((0.0..1.0, prop::collection::vec(any::<u8>(), 0..4), 0usize..4), 1..6),
    ) {
        let dir = generated(60, 1, 0.0);
        let path = dir.path().join(TABLES[table].file);
        let mut bytes = fs::read(&path).unwrap();
        for (place, inserted, removed) in damage {
            let at = (place * bytes.len() as f64) as usize;
            let end = (at + removed).min(bytes.len());
            bytes.splice(at..end, inserted);
        }
        fs::write(&path, bytes).unwrap();
        assert_refused_or_accounted_for(dir.path());
    }

    #[test]
    fn damaged_documents_are_refused_or_accounted_for(
        place in 0.0..1.0,
        inserted in prop::collection::vec(any::<u8>(), 0..4),
    ) {
        let dir = generated(60, 1, 0.0);
        fs::remove_file(dir.path().join("olist_sellers_dataset.csv")).unwrap();
        let id = "0123456789abcdef0123456789abcdef";
        let mut json = format!(
            "[\n {{\"seller_id\": \"{id}\", \"seller_address\": {{\"seller_zip_code\": 1151, \"seller_city\": \"são paulo\", \"seller_state\": \"SP\"}}}}\n]"
        )
        .into_bytes();
        let at = (place * json.len() as f64) as usize;
        json.splice(at..at, inserted);
        fs::write(dir.path().join("sellers.json"), json).unwrap();
        assert_refused_or_accounted_for(dir.path());
    }
}

/// Lines are counted as an editor does, whatever ends them.
#[test]
fn lines_are_those_of_the_file() {
    for end in ["\n", "\r\n"] {
        let dir = generated(60, 1, 0.0);
        let path = dir.path().join("states_name.csv");
        let damaged = fs::read_to_string(&path).unwrap().replace("BA,", "??,");
        fs::write(&path, damaged.replace('\n', end)).unwrap();
        let (_, audit) = cleaned(dir.path()).unwrap();
        assert_eq!(audit.quarantine[0].1[0].line, Some(6));
    }
}

/// What the generator says it damaged is what reading sets aside.
#[test]
fn planted_defects_are_counted() {
    let dir = tempfile::tempdir().unwrap();
    let truth = generate(&SynthParams { orders: 5_000, seed: 3, defects: 0.01 }, dir.path()).unwrap();
    let (_, audit) = cleaned(dir.path()).unwrap();
    let planted = |kinds: &[&str]| -> u64 {
        truth.defects.values().flat_map(|table| kinds.iter().filter_map(|k| table.get(*k))).sum()
    };
    let duplicates: usize = audit.steps.iter().map(|s| s.deduplicated).sum();
    assert_eq!(duplicates as u64, planted(&["duplicate"]));
    let read: usize = audit.steps.iter().filter(|s| s.step == "read").map(|s| s.quarantined).sum();
    let unreadable = [
        "field_count",
        "missing_required",
        "unknown_state",
        "unparsable_price",
        "unparsable_date",
        "unparsable_score",
        "unparsable_number",
        "negative_price",
        "unknown_payment_type",
        "unknown_status",
    ];
    assert_eq!(read as u64, planted(&unreadable));
    let padded = audit.changes.iter().filter(|c| c.change == super::audit::ChangeKind::ZeroPadded);
    assert_eq!(padded.map(|c| c.count as u64).sum::<u64>(), planted(&["zip_without_zero"]));
}
