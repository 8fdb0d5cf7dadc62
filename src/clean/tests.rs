//! Laws of reading and cleaning, tested on generated data with every kind of defect.

use std::fs;
use std::io::Read;
use std::path::Path;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::{Audit, CleanTables, clean, load};
use crate::Result;
use crate::input::identity::InputFile;
use crate::input::quarantine::Quarantine;
use crate::input::raw_table::RawTable;
use crate::input::rows::csv::read_csv;
use crate::input::rows::table_builder::TableBuilder;
use crate::input::{Source, dialect, read};
use crate::schema::contract::{Scope, TABLES, Table, TableId};
use crate::schema::read_options::Reading;
use crate::synth::{SynthParams, generate};

fn generated(orders: u64, seed: u64, defects: f64) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    generate(&SynthParams { orders, seed, defects, ..Default::default() }, dir.path()).unwrap();
    dir
}

fn cleaned(data: &Path) -> Result<(CleanTables, Audit)> {
    clean(read(&Source::open(data)?)?)
}

/// In every step, rows in = rows kept + duplicates + quarantined; the rows that one step keeps enter the next; every quarantined row is
/// listed.
fn assert_nothing_lost(clean: &CleanTables, audit: &Audit) {
    for step in &audit.steps {
        assert_eq!(step.rows_in, step.rows_out + step.deduplicated + step.quarantined, "{step:?}");
    }
    for table in &TABLES {
        let step = |name: &str| audit.steps.iter().find(|s| s.table == table.name && s.step == name).unwrap();
        assert_eq!(step("read").rows_out, step("clean").rows_in);
        assert_eq!(step("clean").rows_out, clean.table(table.id).height());
    }
    let listed = |scope| audit.quarantine.iter().flat_map(|(_, all)| all).filter(|item| item.scope == scope).count();
    assert_eq!(listed(Scope::Row), audit.quarantined());
    assert_eq!(listed(Scope::Value), audit.quarantined_values());
}

fn assert_refused_or_accounted_for(data: &Path) {
    match cleaned(data) {
        Ok((clean, audit)) => assert_nothing_lost(&clean, &audit),
        Err(error) => assert_eq!(error.exit_code(), 2, "{error}"),
    }
}

/// Bytes that form valid UTF-8 across a field boundary are still invalid in each field.
#[test]
fn a_character_cut_in_two_fields_is_text_in_none() {
    let table = TableId::OrderReviews.table();
    let header: Vec<&str> = table.columns.iter().map(|column| column.source).collect();
    let id = "0".repeat(32);
    let mut bytes = format!("{}\n{id},{id},5,a", header.join(",")).into_bytes();
    bytes.extend(b"\xc3,\xa3b,2017-10-02 00:00:00,2017-10-03 10:56:33\n");
    bytes.extend(format!("{id},{id},5,\u{e3},b,2017-10-02 00:00:00,2017-10-03 10:56:33\n").as_bytes());
    let read = read_bytes(table, &bytes).unwrap();
    assert!(read.rows_in == 2 && !read.quarantine.listed.is_empty(), "{:?}", read.quarantine);
    assert_eq!(read.quarantine.listed[0].reason, "not UTF-8");
}

#[test]
fn loading_is_reading_and_cleaning() {
    let data = generated(2_000, 3, 0.05);
    let (tables, audit) = cleaned(data.path()).unwrap();
    let (loaded, audit_of_load) = load(&Source::open(data.path()).unwrap()).unwrap();
    assert_eq!(serde_json::to_value(audit).unwrap(), serde_json::to_value(audit_of_load).unwrap());
    for ((name, a), (_, b)) in tables.iter().zip(loaded.iter()) {
        assert!(a.equals_missing(b), "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// A small file may be refused as a whole, when most of its rows are damaged.
    #[test]
    fn no_row_is_lost_whatever_the_defects(seed in 0u64..1_000, defects in 0.0..0.3) {
        assert_refused_or_accounted_for(generated(120, seed, defects).path());
    }

    /// Bytes overwritten, inserted and cut anywhere lead to an error for the user or to a complete audit, never to a panic.
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

/// Lines are numbered as in an editor, whatever the line ends.
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

/// Reading quarantines exactly the defects that the generator reports.
#[test]
fn planted_defects_are_counted() {
    let dir = tempfile::tempdir().unwrap();
    let truth =
        generate(&SynthParams { orders: 5_000, seed: 3, defects: 0.01, ..Default::default() }, dir.path()).unwrap();
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
        "unparsable_price",
        "unparsable_score",
        "negative_price",
        "unknown_payment_type",
        "unknown_status",
    ];
    let numbers = |table: &str| truth.defects[table].get("unparsable_number").copied().unwrap_or(0);
    assert_eq!(read as u64, planted(&unreadable) + numbers("geolocation") + numbers("order_payments"));
    // An unknown state, a date that nothing counts by, and a weight are quarantined without their row.
    let quarantined_values = planted(&["unknown_state", "unparsable_date"]) + numbers("products");
    assert_eq!(audit.quarantined_values() as u64, quarantined_values);
    let weights = audit.values.iter().find(|v| v.column == "product_weight_g").map_or(0, |v| v.count);
    assert_eq!(weights as u64, numbers("products"));
    let padded = audit.changes.iter().filter(|c| c.change == super::audit::ChangeKind::ZeroPadded);
    assert_eq!(padded.map(|c| c.count as u64).sum::<u64>(), planted(&["zip_without_zero"]));
}

/// Reads a table that consists of these bytes.
fn read_bytes(table: &'static Table, bytes: &[u8]) -> Result<RawTable> {
    let reread = |take: &mut dyn FnMut(&mut dyn Read) -> Result<()>| take(&mut &bytes[..]);
    let rows = dialect::canonical(table, "f.csv", &Reading::default(), Box::new(bytes), &reread)?.bytes;
    let mut builder = TableBuilder::new(table, "f.csv", bytes.len() as u64, None);
    let (_, ended) = read_csv(rows, &mut builder)?;
    builder.finish(InputFile::single("f.csv", bytes.len() as u64, String::new()), ended)
}

/// Checks the law for rows and for values: each is counted where it went, and a quarantined value is null.
fn assert_law(table: &Table, read: Result<RawTable>) {
    let raw = match read {
        Ok(raw) => raw,
        Err(error) => return assert_eq!(error.exit_code(), 2, "{error}"),
    };
    let Quarantine { listed, rows, values, .. } = &raw.quarantine;
    assert_eq!(raw.rows_in, raw.frame.height() + rows);
    assert_eq!(raw.lines.len(), raw.frame.height());
    assert_eq!(listed.len(), rows + values.values().sum::<usize>());
    for column in table.columns {
        let (nulls, quarantined) = (raw.frame.column(column.source).unwrap().null_count(), values.get(column.source));
        match column.null {
            // The file may lack the whole column.
            None if nulls == raw.frame.height() && table.may_lack(column) => {}
            Some(_) => assert!(nulls >= quarantined.copied().unwrap_or(0)),
            None => assert_eq!(nulls, quarantined.copied().unwrap_or(0), "{}", column.source),
        }
        let lacks = table.may_lack(column) && nulls == raw.frame.height();
        assert!(column.is_nullable() || lacks || nulls == 0, "{}", column.source);
    }
}

/// How a table of [`TABLES`] is rewritten in another dialect, and damaged.
#[derive(Debug, Clone)]
struct Rewriting {
    table: usize,
    delimiter: u8,
    encoding: u8,
    line_end: csv::Terminator,
    reversed: bool,
    swapped: bool,
    damage: Vec<(f64, Vec<u8>, usize)>,
    cut: f64,
}

fn rewriting() -> impl Strategy<Value = Rewriting> {
    let form = (prop::sample::select(vec![b',', b';', b'\t', b'|']), 0u8..4, 0usize..3);
    let damage = prop::collection::vec((0.0..1.0, prop::collection::vec(any::<u8>(), 0..4), 0usize..6), 0..6);
    let cut = prop_oneof![Just(1.0), 0.0..1.0];
    (0..TABLES.len(), form, any::<[bool; 2]>(), damage, cut).prop_map(
        |(table, (delimiter, encoding, line_end), [reversed, swapped], damage, cut)| Rewriting {
            table,
            delimiter,
            encoding,
            line_end: [csv::Terminator::Any(b'\n'), csv::Terminator::CRLF, csv::Terminator::Any(b'\r')][line_end],
            reversed,
            swapped,
            damage,
            cut,
        },
    )
}

impl Rewriting {
    /// The same rows in this dialect.
    fn rewritten(&self, text: &str) -> Vec<u8> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
        let mut records: Vec<Vec<String>> =
            reader.records().map(|record| record.unwrap().iter().map(String::from).collect()).collect();
        if self.reversed {
            records[1..].reverse();
        }
        if self.swapped {
            records.iter_mut().for_each(|record| record.reverse());
        }
        let mut builder = csv::WriterBuilder::new();
        builder.delimiter(self.delimiter).terminator(self.line_end).flexible(true);
        let mut writer = builder.from_writer(Vec::new());
        records.iter().for_each(|record| writer.write_record(record).unwrap());
        let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
        // One or two such characters would be taken for damage.
        let some = text.chars().filter(|c| !c.is_ascii()).count() > 2;
        let narrow =
            || text.chars().map(|c| u8::try_from(u32::from(c)).ok().filter(|_| some)).collect::<Option<Vec<u8>>>();
        let units = || "\u{feff}".encode_utf16().chain(text.encode_utf16());
        match self.encoding {
            0 => narrow().unwrap_or_else(|| text.clone().into_bytes()),
            1 => units().flat_map(u16::to_le_bytes).collect(),
            2 => units().flat_map(u16::to_be_bytes).collect(),
            _ => text.into_bytes(),
        }
    }

    fn damaged(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        for (place, inserted, removed) in &self.damage {
            let at = (place * bytes.len() as f64) as usize;
            bytes.splice(at..(at + removed).min(bytes.len()), inserted.iter().copied());
        }
        bytes.truncate((self.cut * bytes.len() as f64) as usize);
        bytes
    }
}

/// A few rows of every table.
fn few_rows(defects: f64) -> Vec<String> {
    let dir = generated(40, 1, defects);
    let head = |table: &Table| {
        let file = fs::File::open(dir.path().join(table.file)).unwrap();
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(file);
        let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
        reader.records().take(40).for_each(|record| writer.write_record(&record.unwrap()).unwrap());
        String::from_utf8(writer.into_inner().unwrap()).unwrap()
    };
    TABLES.iter().map(head).collect()
}

fn many_forms(cases: u32) {
    let texts = few_rows(0.05);
    let mut runner = TestRunner::new(ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() });
    runner
        .run(&rewriting(), |form| {
            let (table, text) = (&TABLES[form.table], &texts[form.table]);
            assert_law(table, read_bytes(table, &form.damaged(form.rewritten(text))));
            Ok(())
        })
        .unwrap();
}

#[test]
fn files_in_any_form_and_damaged_are_refused_or_accounted_for() {
    many_forms(1_000);
}

#[test]
#[ignore = "a million inputs take minutes"]
fn a_million_files_in_any_form_and_damaged_are_refused_or_accounted_for() {
    many_forms(1_000_000);
}

/// The dialect of a file does not change its rows.
#[test]
fn rows_do_not_depend_on_the_form_of_their_file() {
    let texts = few_rows(0.0);
    let config = ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() };
    let form = rewriting().prop_map(|form| Rewriting { damage: Vec::new(), cut: 1.0, reversed: false, ..form });
    let summary = |raw: RawTable| (raw.frame, raw.rows_in, raw.quarantine.rows, raw.quarantine.values);
    TestRunner::new(config)
        .run(&form, |form| {
            let (table, text) = (&TABLES[form.table], &texts[form.table]);
            let original = summary(read_bytes(table, text.as_bytes()).unwrap());
            let read = summary(read_bytes(table, &form.rewritten(text)).unwrap());
            assert!(original.0.equals_missing(&read.0), "{form:?}: {:?} {:?}", original.0, read.0);
            assert_eq!((original.1, original.2, original.3), (read.1, read.2, read.3), "{form:?}");
            Ok(())
        })
        .unwrap();
}
