//! Tests of `sqlite`.

use polars::df;

use super::*;
use crate::schema::ddl::Stage;
use crate::store::interface::Store;
use crate::store::open::open;

fn store(folder: &tempfile::TempDir) -> Box<dyn Store> {
    open(&format!("sqlite:{}", folder.path().join("a b?.db").display())).unwrap()
}

#[test]
fn not_a_number_becomes_no_null_in_silence() {
    let folder = tempfile::tempdir().unwrap();
    let frame = df!("x" => [1.0, f64::NAN]).unwrap();
    let error = store(&folder).write(Stage::Results, "t", &frame, &|_| ()).unwrap_err();
    assert!(error.to_string().contains("row 2 of `t`, column `x`"), "{error}");
    let infinite = df!("x" => [f64::INFINITY, -0.0]).unwrap();
    store(&folder).write(Stage::Results, "t", &infinite, &|_| ()).unwrap();
    assert!(store(&folder).read(Stage::Results, "t").unwrap().unwrap().equals(&infinite));
}

#[test]
fn a_full_database_keeps_the_old_table() {
    let folder = tempfile::tempdir().unwrap();
    let url = StoreUrl::parse(&format!("sqlite:{}", folder.path().join("x.db").display())).unwrap();
    let mut store = Sqlite::new(&url);
    let small = df!("x" => [1i64]).unwrap();
    let big = df!("x" => (0..100_000i64).collect::<Vec<_>>()).unwrap();
    store.write(Stage::Results, "t", &small, &|_| ()).unwrap();
    store.max_pages = Some(20);
    let error = store.write(Stage::Results, "t", &big, &|_| ()).unwrap_err();
    assert!(error.hint().unwrap().contains("free some space"), "{error}");
    assert!(store.read(Stage::Results, "t").unwrap().unwrap().equals(&small));
    store.max_pages = None;
    store.write(Stage::Results, "t", &big, &|_| ()).unwrap();
    assert!(store.read(Stage::Results, "t").unwrap().unwrap().equals(&big));
}

/// A failure in the last table leaves all tables unchanged.
#[test]
fn tables_are_swapped_together() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let table = |name: &str, frame: polars::prelude::DataFrame| Incoming {
        schema: Stage::Results,
        name: name.into(),
        frame,
        file: None,
    };
    let old = df!("x" => [1.0]).unwrap();
    store.write_all(&[table("a", old.clone()), table("b", old.clone())], &|_, _| ()).unwrap();
    let [new, bad] = [2.0, f64::NAN].map(|x| df!("x" => [x]).unwrap());
    assert!(store.write_all(&[table("a", new), table("b", bad)], &|_, _| ()).is_err());
    for name in ["a", "b"] {
        assert!(store.read(Stage::Results, name).unwrap().unwrap().equals(&old), "{name}");
    }
}

#[test]
fn a_table_that_no_load_has_made_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let frame = df!("x" => [1i64]).unwrap();
    let connection = Connection::open(folder.path().join("a b?.db")).unwrap();
    connection.execute_batch("CREATE TABLE results_t (x INTEGER); INSERT INTO results_t VALUES (7)").unwrap();
    let error = store.write(Stage::Results, "t", &frame, &|_| ()).unwrap_err();
    assert!(error.to_string().contains("no load of pfe has made it"), "{error}");
    // A table without rows, as after `pfe ddl`, is replaced: nothing is lost.
    connection.execute_batch("DELETE FROM results_t").unwrap();
    store.write(Stage::Results, "t", &frame, &|_| ()).unwrap();
    store.write(Stage::Results, "t", &frame, &|_| ()).unwrap();
}

#[test]
fn tables_that_others_made_come_as_text() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("olist.sqlite");
    let made = Connection::open(&path).unwrap();
    made.execute_batch(
        "CREATE TABLE \"Olist_Orders_Dataset\" (\"index\" INTEGER, order_id TEXT, \"a \"\"b\"\"\" REAL, c BLOB);
         INSERT INTO Olist_Orders_Dataset VALUES (0, 'x, \"y\"', 58.9, NULL), (1, '', 225.0, x'ff');
         CREATE TABLE raw_data_sellers (seller_id TEXT);
         CREATE VIEW customers AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT * FROM n;
         CREATE VIEW items AS SELECT order_id FROM \"Olist_Orders_Dataset\" ORDER BY c;",
    )
    .unwrap();
    let files = open(&format!("sqlite:{}", path.display())).unwrap().files().unwrap();
    let [orders, customers, items] = &files[..] else { panic!("{files:?}") };
    assert!(orders.is_table() && orders.name() == "Olist_Orders_Dataset");
    // A view is a table, but for one that never ends.
    let mut text = String::new();
    std::io::Read::read_to_string(&mut *items.open(), &mut text).unwrap();
    assert_eq!(text, "order_id\n\"x, \"\"y\"\"\"\n\"\"\n");
    assert!(items.reads("olist_orders_dataset") && !items.reads("Olist") && !orders.reads("order_id"));
    let error = std::io::copy(&mut *customers.open(), &mut std::io::sink()).unwrap_err().to_string();
    assert!(error.contains("`customers` of `sqlite:") && error.contains("gives more than"), "{error}");
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut *orders.open(), &mut bytes).unwrap();
    let expected = b"index,order_id,\"a \"\"b\"\"\",c\n0,\"x, \"\"y\"\"\",58.9,\n1,,225.0,\xff\n";
    assert_eq!(String::from_utf8_lossy(&bytes), String::from_utf8_lossy(expected));
    let mut head = Vec::new();
    std::io::Read::read_to_end(&mut *orders.first(5), &mut head).unwrap();
    assert_eq!(head, b"index");
}

#[test]
fn a_file_that_is_cut_off_is_the_users_to_copy_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.db");
    let made = Connection::open(&path).unwrap();
    made.execute_batch("CREATE TABLE orders (order_id TEXT)").unwrap();
    made.execute_batch(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 2000)
         INSERT INTO orders SELECT printf('%032d', i) FROM n",
    )
    .unwrap();
    drop(made);
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let store = open(&format!("sqlite:{}", path.display())).unwrap();
    let read = |store: &dyn Store| {
        let file = store.files()?.remove(0);
        std::io::copy(&mut *file.open(), &mut std::io::sink()).map_err(|e| e.downcast::<Error>().unwrap())
    };
    let error = read(&*store).unwrap_err();
    assert!(error.to_string().contains("is damaged or cut off"), "{error}");
    assert!(error.exit_code() == 2 && error.hint().unwrap().contains("copy it"));
}

#[test]
fn another_file_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    std::fs::write(&path, "no database, but more than sixteen bytes").unwrap();
    let store = open(&format!("sqlite:{}", path.display())).unwrap();
    let error = store.write(Stage::Results, "t", &df!("x" => [1i64]).unwrap(), &|_| ()).unwrap_err();
    assert!(error.to_string().contains("is no SQLite file"), "{error}");
    assert!(std::fs::read_to_string(&path).unwrap().starts_with("no database"));
}
