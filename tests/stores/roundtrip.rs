//! What is written is read back bit by bit; writing twice is the same as once.

use std::path::Path;

use pfe::clean::{CleanTables, clean};
use pfe::input::{Source, read};
use pfe::store::{self, Stage};
use pfe::synth::{SynthParams, generate};
use polars::prelude::*;

use super::servers::{Place, execute, place, place_with, places, server};

/// Texts that have broken programs. None contains NUL, which PostgreSQL cannot hold.
fn hostile() -> Vec<String> {
    let mut texts: Vec<String> =
        ["'", "\"", "`", "\\", "\\N", "\\.", ";", "'; DROP TABLE orders; --", "a\tb", "a\nb", "a\r\nb"]
            .into_iter()
            .chain([
                "%s",
                "${x}",
                "{{ x }}",
                "\u{1}\u{8}\u{b}\u{c}\u{1f}\u{7f}",
                "é",
                "ação",
                "🎈👩‍👩‍👧",
                "\u{202e}abc",
                "NULL",
                "x' OR '1'='1",
            ])
            .map(String::from)
            .collect();
    texts.push("🎈".repeat(300));
    texts.push("'\\\t".repeat(100));
    texts
}

fn equal_as_sets(a: &DataFrame, b: &DataFrame) {
    let sorted = |frame: &DataFrame| {
        let names: Vec<PlSmallStr> = frame.get_column_names().into_iter().cloned().collect();
        frame.sort(names, SortMultipleOptions::default()).unwrap()
    };
    let (a, b) = (sorted(a), sorted(b));
    assert_eq!(a.schema(), b.schema());
    assert!(a.equals_missing(&b), "{a}\n{b}");
}

fn write_twice_and_read(place: &Place, schema: Stage, table: &str, frame: &DataFrame) {
    let store = store::open(&place.url).unwrap();
    for _ in 0..2 {
        store.write(schema, table, frame, &|_| ()).unwrap_or_else(|e| panic!("{}: {e} {:?}", place.kind, e.hint()));
        equal_as_sets(&store.read(schema, table).unwrap().unwrap(), frame);
    }
}

#[test]
fn hostile_values_come_back() {
    let texts = hostile();
    let n = texts.len();
    let some = |i: usize| !i.is_multiple_of(3);
    let frame = df!(
        "text" => texts.iter().enumerate().map(|(i, t)| some(i).then_some(t.as_str())).collect::<Vec<_>>(),
        "a`\"';--\\ é" => &texts,
        "select" => (0..n as i64).map(|i| (i % 2 == 0).then_some(i64::MAX - i)).collect::<Vec<_>>(),
        "least" => vec![i64::MIN; n],
        "float" => (0..n).map(|i| some(i).then_some(0.1 * i as f64 - 0.3)).collect::<Vec<_>>(),
        "extreme" => (0..n).map(|i| [f64::MAX, f64::MIN_POSITIVE, 5e-324, -0.0, 1.0 / 3.0][i % 5]).collect::<Vec<_>>(),
        "flag" => (0..n).map(|i| some(i).then_some(i % 2 == 0)).collect::<Vec<_>>(),
    )
    .unwrap();
    let micros: Int64Chunked = (0..n as i64).map(|i| some(i as usize).then_some(i * 1_234_567_890_123)).collect();
    let days: Int32Chunked = (0..n as i32).map(|i| some(i as usize).then_some(i * 1000 - 5000)).collect();
    let times = micros.into_series().cast(&DataType::Datetime(TimeUnit::Microseconds, None)).unwrap();
    let dates = days.into_series().cast(&DataType::Date).unwrap();
    let mut frame = frame;
    frame.with_column(times.with_name("time".into()).into_column()).unwrap();
    frame.with_column(dates.with_name("date".into()).into_column()).unwrap();
    for place in places() {
        write_twice_and_read(&place, Stage::Results, "hostile", &frame);
    }
}

#[test]
fn hostile_texts_in_a_table_of_the_contract_come_back() {
    let texts = hostile();
    let n = texts.len();
    let id = |i: usize| format!("{i:032x}");
    let times: Int64Chunked = (0..n as i64).map(|i| Some(i * 86_399_000_000)).collect();
    let times = times.into_series().cast(&DataType::Datetime(TimeUnit::Microseconds, None)).unwrap();
    let frame = df!(
        "review_id" => (0..n).map(id).collect::<Vec<_>>(), "order_id" => (0..n).map(id).collect::<Vec<_>>(),
        "review_score" => vec![5i64; n], "review_comment_title" => &texts,
        "review_comment_message" => texts.iter().rev().map(|t| (t != "NULL").then_some(t)).map(|t| t.map(String::as_str)).collect::<Vec<_>>(),
        "review_creation_date" => times.clone(), "review_answer_timestamp" => times,
    )
    .unwrap();
    let names = df!("product_category_name" => &texts, "product_category_name_english" => &texts).unwrap();
    for place in places() {
        for schema in [Stage::Raw, Stage::Cleaned] {
            write_twice_and_read(&place, schema, "order_reviews", &frame);
            write_twice_and_read(&place, schema, "product_category_name_translation", &names);
        }
    }
}

#[test]
fn the_character_nul_is_kept_or_refused_in_words() {
    let frame = df!("text" => ["a\0b", "\0"]).unwrap();
    for place in places() {
        if place.kind != "postgres" {
            write_twice_and_read(&place, Stage::Results, "nul", &frame);
            continue;
        }
        let store = store::open(&place.url).unwrap();
        let before = df!("text" => ["x"]).unwrap();
        store.write(Stage::Results, "nul", &before, &|_| ()).unwrap();
        let error = store.write(Stage::Results, "nul", &frame, &|_| ()).unwrap_err();
        assert!(
            error.to_string().contains("row 1, column `text`: the database cannot hold the character NUL"),
            "{error}"
        );
        equal_as_sets(&store.read(Stage::Results, "nul").unwrap().unwrap(), &before);
    }
}

#[test]
fn what_mysql_would_cut_or_change_is_refused() {
    let Some(place) = place("mysql") else { return };
    let store = store::open(&place.url).unwrap();
    let long = "x".repeat(513);
    let names = df!("product_category_name" => [long.as_str()], "product_category_name_english" => ["x"]).unwrap();
    let error = store.write(Stage::Cleaned, "product_category_name_translation", &names, &|_| ()).unwrap_err();
    assert!(error.to_string().contains("Data truncated for column 'product_category_name'"), "{error}");
    assert!(store.read(Stage::Cleaned, "product_category_name_translation").unwrap().is_none());
    let error = store.write(Stage::Results, "t", &df!("x" => [f64::INFINITY]).unwrap(), &|_| ()).unwrap_err();
    assert!(error.to_string().contains("finite"), "{error}");
    // A duplicate key, which LOAD DATA LOCAL would drop silently.
    let twice = df!("product_category_name" => ["a", "a"], "product_category_name_english" => ["x", "y"]).unwrap();
    let error = store.write(Stage::Cleaned, "product_category_name_translation", &twice, &|_| ()).unwrap_err();
    assert!(error.to_string().contains("Duplicate entry"), "{error}");
    // Keys that differ in case, accents or a trailing space are different keys.
    let close = df!("product_category_name" => ["a", "A", "á", "ß", "ss"], "product_category_name_english" => ["x"; 5])
        .unwrap();
    write_twice_and_read(&place, Stage::Cleaned, "product_category_name_translation", &close);
}

#[test]
fn insert_loads_what_load_data_does() {
    let Some(ca) = server("PFE_TEST_CA") else { return };
    let Some(place) = place_with("mysql", None, &format!("?load=insert&ca={ca}")) else { return };
    let texts = hostile();
    let many: Vec<&str> = texts.iter().map(String::as_str).cycle().take(12_345).collect();
    let frame = df!("i" => (0..many.len() as i64).collect::<Vec<_>>(), "text" => many).unwrap();
    write_twice_and_read(&place, Stage::Results, "many", &frame);
}

fn cleaned(places: &[impl AsRef<Path>]) -> CleanTables {
    clean(read(&Source::open_all(places).unwrap()).unwrap()).unwrap().0
}

fn assert_same(a: &CleanTables, b: &CleanTables, what: &str) {
    for ((name, a), (_, b)) in a.iter().zip(b.iter()) {
        assert!(a.equals_missing(b), "{what}: {name}\n{a}\n{b}");
    }
}

fn raw_frames(data: &Path) -> Vec<(String, DataFrame)> {
    let raw = read(&Source::open(data).unwrap()).unwrap();
    raw.tables.into_iter().map(|(id, table)| (id.name().to_string(), table.frame)).collect()
}

/// Data of a test: generated, or the real ones if available.
fn data(folder: &Path, orders: u64) {
    generate(&SynthParams { orders, seed: 3, defects: 0.01, ..Default::default() }, folder).unwrap();
}

#[test]
fn cleaning_gives_the_same_bits_from_a_store() {
    let folder = tempfile::tempdir().unwrap();
    data(folder.path(), 2_000);
    let expected = cleaned(&[folder.path()]);
    let mut hashes = Vec::new();
    for place in places() {
        let store = store::open(&place.url).unwrap();
        for _ in 0..2 {
            store::load(&*store, Stage::Raw, raw_frames(folder.path()), &|_, _| ()).unwrap();
        }
        assert_same(&expected, &cleaned(&[&place.url]), place.kind);
        // The hash of the rows depends on neither the store nor its order.
        let raw = read(&Source::open(&place.url).unwrap()).unwrap();
        assert!(raw.tables.values().all(|t| !t.file.name.contains("@:/")), "no password in the names of inputs");
        hashes.push(raw.tables.values().map(|t| (t.file.blake3.clone(), t.file.bytes)).collect::<Vec<_>>());
        // Exact amounts in BRL, as in the original data.
        let sum = execute(
            &place,
            "SELECT CAST(CAST(SUM(price) * 100 AS DECIMAL(20, 0)) AS CHAR(20)) FROM {raw_data.order_items}",
        );
        let centavos: i64 = raw_frames(folder.path())
            .iter()
            .find(|t| t.0 == "order_items")
            .unwrap()
            .1
            .column("price")
            .unwrap()
            .i64()
            .unwrap()
            .sum()
            .unwrap();
        assert_eq!(sum[0].trim().parse::<f64>().unwrap().round() as i64, centavos, "{}", place.kind);
    }
    hashes.dedup();
    assert_eq!(hashes.len(), 1);
}

#[test]
fn real_data_through_every_store() {
    let Some(real) = std::env::var_os("PFE_DATA") else { return eprintln!("skipped: no real data here") };
    let expected = cleaned(&[&real]);
    for place in places() {
        let store = store::open(&place.url).unwrap();
        store::load(&*store, Stage::Raw, raw_frames(Path::new(&real)), &|_, _| ()).unwrap();
        assert_same(&expected, &cleaned(&[&place.url]), place.kind);
    }
}

#[test]
fn cleaned_tables_come_back_with_keys() {
    let folder = tempfile::tempdir().unwrap();
    data(folder.path(), 2_000);
    let expected = cleaned(&[folder.path()]);
    for place in places() {
        let store = store::open(&place.url).unwrap();
        let frames: Vec<_> = expected.iter().map(|(name, frame)| (name.to_string(), frame.clone())).collect();
        // In one order, then in the other: a table can be replaced while others refer to it.
        store::load(&*store, Stage::Cleaned, frames.clone(), &|_, _| ()).unwrap();
        for (name, frame) in frames.iter().rev() {
            store.write(Stage::Cleaned, name, frame, &|_| ()).unwrap();
        }
        for (name, frame) in &frames {
            equal_as_sets(&store.read(Stage::Cleaned, name).unwrap().unwrap(), frame);
        }
        let keys = match place.kind {
            "sqlite" => "SELECT CAST(COUNT(*) AS TEXT) FROM sqlite_master m, pragma_foreign_key_list(m.name) WHERE m.type = 'table'".into(),
            "mysql" => {
                let url = store::url::StoreUrl::parse(&place.url).unwrap();
                format!("SELECT CAST(COUNT(*) AS CHAR) FROM information_schema.referential_constraints WHERE constraint_schema = '{}_cleaned_data' AND referenced_table_name NOT LIKE '%pfe%'", url.path)
            }
            _ => "SELECT COUNT(*)::text FROM pg_constraint WHERE contype = 'f'".to_string(),
        };
        let strict: usize =
            pfe::schema::contract::TABLES.iter().map(|t| t.foreign_keys.iter().filter(|f| f.strict).count()).sum();
        assert_eq!(execute(&place, &keys), [strict.to_string()], "{}", place.kind);
        // The key is enforced: a second row of the same order is refused.
        let twice = std::panic::catch_unwind(|| {
            execute(&place, "INSERT INTO {cleaned_data.states_name} SELECT * FROM {cleaned_data.states_name}")
        });
        assert!(twice.is_err(), "{}", place.kind);
    }
}

#[test]
fn each_table_comes_from_the_first_place_that_holds_it() {
    let folder = tempfile::tempdir().unwrap();
    data(folder.path(), 500);
    let expected = cleaned(&[folder.path()]);
    let place = place("sqlite").unwrap();
    let store = store::open(&place.url).unwrap();
    let some =
        raw_frames(folder.path()).into_iter().filter(|(name, _)| name == "customers" || name == "sellers").collect();
    store::load(&*store, Stage::Raw, some, &|_, _| ()).unwrap();
    let error = read(&Source::open(&place.url).unwrap()).unwrap_err();
    assert!(error.to_string().contains("`orders`, `products` are missing from `sqlite:"), "{error}");
    for file in ["olist_customers_dataset.csv", "olist_sellers_dataset.csv"] {
        std::fs::remove_file(folder.path().join(file)).unwrap();
    }
    assert!(Source::open(folder.path()).is_err());
    assert_same(&expected, &cleaned(&[folder.path().to_str().unwrap(), &place.url]), "two places");
}

#[test]
fn rows_of_a_store_meet_the_contract_too() {
    let folder = tempfile::tempdir().unwrap();
    data(folder.path(), 500);
    for place in places() {
        let store = store::open(&place.url).unwrap();
        store::load(&*store, Stage::Raw, raw_frames(folder.path()), &|_, _| ()).unwrap();
        execute(
            &place,
            "UPDATE {raw_data.customers} SET customer_state = 'XX' WHERE customer_id = (SELECT * FROM (SELECT MIN(customer_id) FROM {raw_data.customers}) AS x)",
        );
        let raw = read(&Source::open(&place.url).unwrap()).unwrap();
        // Besides `XX`, quarantine holds the states that were quarantined before the load.
        let aside = &raw.tables[&pfe::schema::TableId::Customers].quarantine.listed;
        let reasons = aside.iter().filter(|item| item.reason == "not one of the 27 state codes");
        assert_eq!(reasons.map(|item| item.value.as_str()).collect::<Vec<_>>(), ["XX"], "{}", place.kind);
        assert!(aside.iter().all(|item| item.column == "customer_state"), "{}", place.kind);
    }
}
