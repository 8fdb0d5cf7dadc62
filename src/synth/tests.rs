//! Tests: the generated files have the properties that the generator promises.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

type Records = Vec<csv::StringRecord>;

fn read(folder: &Path, table: TableId) -> Records {
    let path = folder.join(table.table().file);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_path(path).unwrap();
    let names: Vec<String> =
        reader.headers().unwrap().iter().map(|n| n.trim_start_matches('\u{feff}').into()).collect();
    assert!(names.iter().eq(table.table().columns.iter().map(|c| c.source)), "{table:?}: {names:?}");
    reader.records().map(|r| r.unwrap()).collect()
}

/// Generated data in a folder of their own, for the tests of all modules.
pub(crate) fn generated(orders: u64, seed: u64, defects: f64) -> (tempfile::TempDir, Truth) {
    let folder = tempfile::tempdir().unwrap();
    let truth = generate(&SynthParams { orders, seed, defects, ..Default::default() }, folder.path()).unwrap();
    (folder, truth)
}

fn column(records: &Records, at: usize) -> BTreeSet<&str> {
    records.iter().map(|r| &r[at]).collect()
}

/// Converts reais to centavos without float.
fn centavos(value: &str) -> i64 {
    let (reais, rest) = value.split_once('.').unwrap();
    reais.parse::<i64>().unwrap() * 100 + format!("{rest:0<2}").parse::<i64>().unwrap()
}

#[test]
fn bytes_do_not_depend_on_threads_but_on_the_seed() {
    let with = |threads, seed, calibration| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let params = SynthParams { orders: 5_000, seed, defects: 0.02, calibration };
        let truth = pool.install(|| generate(&params, folder.path()).unwrap());
        let planted = truth.calibration.map_or(0, |truth| truth.entrants.values().map(|of| of.entrants).sum());
        assert_eq!(planted, if calibration { 250 } else { 0 });
        let mut files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|f| f.unwrap().path()).collect();
        files.sort();
        assert_eq!(files.len(), 11, "{files:?}");
        files.iter().map(|f| std::fs::read(f).unwrap()).collect::<Vec<_>>()
    };
    let one = with(1, 3, false);
    assert!(one == with(3, 3, false));
    assert!(one != with(1, 4, false));
    assert!(with(1, 3, true) == with(3, 3, true));
}

#[test]
fn clean_data_hold_together() {
    let (folder, truth) = generated(3_000, 5, 0.0);
    let tables: Vec<Records> = contract::TABLES.iter().map(|t| read(folder.path(), t.id)).collect();
    assert!(truth.defects.is_empty());
    for (table, records) in contract::TABLES.iter().zip(&tables) {
        assert_eq!(records.len() as u64, truth.rows[table.name], "{}", table.name);
        assert!(records.iter().all(|r| r.len() == table.columns.len()), "{}", table.name);
        let at = |name: &str| table.columns.iter().position(|c| c.name == name).unwrap();
        let keys: BTreeSet<Vec<&str>> = records.iter().map(|r| table.key.iter().map(|k| &r[at(k)]).collect()).collect();
        assert!(table.key.is_empty() || keys.len() == records.len(), "{} has its key twice", table.name);
        for (i, column) in table.columns.iter().enumerate() {
            assert!(
                column.null.is_some() || records.iter().all(|r| !r[i].is_empty()),
                "{}.{}",
                table.name,
                column.name
            );
        }
        for key in table.foreign_keys.iter().filter(|key| key.strict) {
            let to = key.table.table().columns.iter().position(|c| c.name == key.references).unwrap();
            let known = column(&tables[key.table as usize], to);
            assert!(records.iter().all(|r| known.contains(&r[at(key.column)])), "{}.{}", table.name, key.column);
        }
    }
    assert_eq!(truth.rows["orders"], 3_000);
    assert_eq!(truth.rows["customers"], 3_000);
    assert_eq!(truth.rows["geolocation"], 3_000 * 738_332 / 99_441);
    assert!((3_250..3_550).contains(&truth.rows["order_items"]));

    // Payments equal the items' total except for a few orders; orders without items have no total.
    let mut totals: BTreeMap<&str, i64> = BTreeMap::new();
    for item in &tables[TableId::OrderItems as usize] {
        *totals.entry(&item[0]).or_default() += centavos(&item[5]) + centavos(&item[6]);
    }
    let mut paid: BTreeMap<&str, i64> = BTreeMap::new();
    for payment in &tables[TableId::OrderPayments as usize] {
        *paid.entry(&payment[0]).or_default() += centavos(&payment[4]);
    }
    let unequal = totals.iter().filter(|(order, total)| paid.get(*order) != Some(total)).count();
    assert!((1..40).contains(&unequal), "{unequal}");
    assert!((5..60).contains(&(3_000 - totals.len())), "{} orders have items", totals.len());
    assert!(paid.len() >= 2_999);

    // The dates of an order fit its status and are in order.
    for order in &tables[TableId::Orders as usize] {
        assert!(&order[2] != "unavailable" || order[6].is_empty());
        assert!(
            order[6].is_empty() || (order[3] < order[5] || order[5].is_empty()) && order[5] < order[6],
            "{order:?}"
        );
        assert!(order[7].ends_with(" 00:00:00"));
    }
    let reviews = &tables[TableId::OrderReviews as usize];
    for mark in [",", "\"", "\n"] {
        assert!(reviews.iter().any(|r| r[4].contains(mark)), "no message holds {mark:?}");
    }
    assert!(tables[TableId::Geolocation as usize].iter().any(|r| r[0].starts_with('0')));
}

#[test]
fn defects_are_counted_exactly() {
    let (folder, truth) = generated(3_000, 11, 0.06);
    let stated = |table: TableId, kind: &str| truth.defects[table.name()].get(kind).copied().unwrap_or(0);
    use TableId::*;
    for table in [Customers, Geolocation, OrderItems, OrderPayments, OrderReviews, Orders, Products, Sellers] {
        let records = read(folder.path(), table);
        assert_eq!(records.len() as u64, truth.rows[table.name()], "{table:?}");
        let columns = table.table().columns;
        let at = |source: &str| columns.iter().position(|c| c.source == source).unwrap();
        let found = |test: &dyn Fn(&csv::StringRecord) -> bool| {
            records.iter().filter(|r| r.len() == columns.len() && test(r)).count() as u64
        };
        let count = |source: &str, value: &str| found(&|r| &r[at(source)] == value);
        let check = |kind: &str, found: u64| assert_eq!(found, stated(table, kind), "{table:?} {kind}");

        let distinct: BTreeSet<Vec<&str>> = records.iter().map(|r| r.iter().collect()).collect();
        check("duplicate", (records.len() - distinct.len()) as u64);
        check("field_count", records.iter().filter(|r| r.len() != columns.len()).count() as u64);
        for column in columns {
            match column.kind {
                contract::LogicalType::Zip if table != Geolocation || stated(table, "zip_without_zero") > 0 => {
                    check("zip_without_zero", found(&|r| r[at(column.source)].len() == 4));
                }
                contract::LogicalType::State => check("unknown_state", count(column.source, "XX")),
                _ => {}
            }
        }
        let required: Vec<usize> = (0..columns.len()).filter(|&i| columns[i].null.is_none()).collect();
        check("missing_required", found(&|r| required.iter().any(|&i| r[i].is_empty())));
        check("unparsable_date", found(&|r| r.iter().any(|v| v.starts_with("2018-02-30"))));
        match table {
            Geolocation => {
                check("unparsable_number", count("geolocation_lng", "n/d"));
                check("outside_brazil", count("geolocation_lat", "48.8566"));
            }
            OrderItems => {
                check("unparsable_price", count("price", "n/d"));
                check("negative_price", found(&|r| r[at("price")].starts_with('-')));
            }
            OrderPayments => check("unknown_payment_type", count("payment_type", "cheque")),
            OrderReviews => check("unparsable_score", count("review_score", "cinco")),
            Orders => {
                check("unknown_status", count("order_status", "lost"));
                check("delivered_before_purchase", found(&|r| r[6].starts_with("2015")));
            }
            Products => check("untranslated_category", count("product_category_name", "categoria_sem_traducao")),
            Sellers => check("crlf_file", 1),
            _ => {}
        }
        if table != Geolocation && table != Sellers {
            assert!(stated(table, "key_conflict") > 0, "{table:?} has no key conflict");
        }
    }
    // The order of an orphan is in no row of the orders, including spoiled rows.
    let orders = read(folder.path(), Orders);
    let known = column(&orders, 0);
    for (table, at) in [(OrderItems, 0), (OrderPayments, 0), (OrderReviews, 1)] {
        let records = read(folder.path(), table);
        let orphans = records.iter().filter(|r| !known.contains(&r[at])).count() as u64;
        assert_eq!(orphans, stated(table, "orphan_order"), "{table:?}");
    }
    let sellers = std::fs::read(folder.path().join(Sellers.table().file)).unwrap();
    assert!(sellers.ends_with(b"\r\n"));
}

#[test]
fn planted_answers_can_be_found() {
    let (folder, truth) = generated(20_000, 2, 0.0);
    let translation: BTreeMap<String, String> =
        read(folder.path(), TableId::Categories).iter().map(|r| (r[0].into(), r[1].into())).collect();
    assert_eq!(translation[&truth.winner.category_source], truth.winner.category);
    let category: BTreeMap<String, String> =
        read(folder.path(), TableId::Products).iter().map(|r| (r[0].into(), r[1].into())).collect();
    let orders = read(folder.path(), TableId::Orders);
    let month: BTreeMap<&str, &str> = orders.iter().map(|r| (&r[0], &r[3][..7])).collect();

    // Revenue by category over half a year, and over the half year before.
    let mut revenue: BTreeMap<&str, [i64; 2]> = BTreeMap::new();
    let items = read(folder.path(), TableId::OrderItems);
    for item in &items {
        let half = match month[&item[0]] {
            early if ("2017-08"..="2018-01").contains(&early) => 0,
            late if ("2018-02"..="2018-07").contains(&late) => 1,
            _ => continue,
        };
        revenue.entry(&category[&item[2]]).or_default()[half] += centavos(&item[5]) + centavos(&item[6]);
    }
    let mut ranked: Vec<(&str, [i64; 2])> = revenue.into_iter().collect();
    ranked.sort_by_key(|(_, [_, late])| -late);
    assert_eq!(ranked[0].0, truth.winner.category_source);
    ranked.truncate(15);
    let fastest = ranked.iter().max_by_key(|(_, [early, late])| late * 1_000 / early).unwrap();
    assert_eq!(fastest.0, truth.winner.category_source);

    // The planted state has a growing share of orders. In the habit's state, the planted method leads with the stated share.
    let customers = read(folder.path(), TableId::Customers);
    let state: BTreeMap<&str, &str> = customers.iter().map(|r| (&r[0], &r[4])).collect();
    let share = |from: &str, to: &str| {
        let in_time: Vec<_> = orders.iter().filter(|r| (from..=to).contains(&&r[3][..7])).collect();
        in_time.iter().filter(|r| state[&r[1]] == truth.target_state.state).count() as f64 / in_time.len() as f64
    };
    assert!(share("2018-02", "2018-07") > 1.4 * share("2017-08", "2018-01"));

    let by_order: BTreeMap<&str, &str> = orders.iter().map(|r| (&r[0], state[&r[1]])).collect();
    let payments = read(folder.path(), TableId::OrderPayments);
    let first = payments.iter().filter(|r| &r[1] == "1" && by_order[&r[0]] == truth.payment_habit.state);
    let methods: Vec<&str> = first.map(|r| &r[2]).collect();
    let habit = methods.iter().filter(|m| **m == truth.payment_habit.method).count() as f64 / methods.len() as f64;
    assert!((habit - truth.payment_habit.share).abs() < 0.08, "{habit} of {}", methods.len());
    assert!(truth.payment_habit.share > 0.5);
}

#[test]
fn truth_can_be_read_back_and_is_sorted() {
    let (folder, truth) = generated(50, 1, 0.5);
    let text = std::fs::read_to_string(folder.path().join(TRUTH_FILE)).unwrap();
    assert_eq!(serde_json::from_str::<Truth>(&text).unwrap(), truth);
    let keys: Vec<&str> = text.lines().filter(|l| l.starts_with("  \"")).collect();
    assert!(keys.is_sorted(), "{keys:?}");
}

#[test]
fn a_single_order_and_defects_everywhere_are_fine() {
    for (orders, defects) in [(1, 0.0), (2, 1.0), (100, 1.0)] {
        let (_, truth) = generated(orders, 1, defects);
        assert!(truth.rows["orders"] >= orders);
    }
}

#[test]
fn bad_parameters_and_folders_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let attempt = |orders, defects| {
        generate(&SynthParams { orders, seed: 1, defects, ..Default::default() }, folder.path()).unwrap_err()
    };
    for error in [attempt(0, 0.0), attempt(1, -0.1), attempt(1, 1.1), attempt(1, f64::NAN)] {
        assert_eq!(error.exit_code(), 2, "{error}");
        assert!(error.hint().is_some());
    }
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = generate(&SynthParams { orders: 1, ..Default::default() }, &file.join("out")).unwrap_err();
    assert!(matches!(error, Error::Io { .. }), "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing half-written");
}
