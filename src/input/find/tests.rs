//! Which files of a place hold which table, and the warnings about the others.

use std::io::Read;

use super::found::NOT_READ;
use super::*;
use crate::store::{Incoming, Stage, StoredFile, TakeFrame};

/// Runs the assignment on files with these names, in any order.
fn found(names: &[&str]) -> Found {
    let files = names.iter().map(|name| (name.to_string(), Place::Disk(name.into())));
    tables(files.collect(), "data").unwrap()
}

fn files(found: &Found, id: TableId) -> Vec<&str> {
    let file = found.files.iter().find(|file| file.table == id);
    file.map_or_else(Vec::new, |file| file.parts().iter().map(|part| part.name.as_str()).collect())
}

#[test]
fn a_table_has_all_its_files_in_every_group() {
    for group in ["", "csv/", "some folder/", "archive (1).zip/"] {
        let names = ["orders.csv", "orders_2018.csv", "order_items/b.parquet", "order_items/a.csv"];
        let names = names.map(|name| format!("{group}{name}"));
        let found = found(&names.each_ref().map(String::as_str));
        assert_eq!(files(&found, TableId::Orders), [&names[0], &names[1]]);
        assert_eq!(files(&found, TableId::OrderItems), [&names[3], &names[2]]);
        assert!(found.unread.is_empty() && found.candidates.is_empty());
    }
}

#[test]
fn what_is_not_read_is_named() {
    let found = found(&[
        "orders.csv",
        "orders_late.csv",
        "orders (1).csv",
        "orders_2.json",
        "csv/orders.csv",
        "json/orders.json",
        "backup/orders_2017.csv",
        "products/_SUCCESS",
        "products/1.csv",
        "products/notes.xlsx",
        "notes.csv",
        "ordesr.csv",
        "orders_2018.xlsx",
        "orders.csv.bak",
        "shop.db",
        "deep/er/photos.zip",
        "readme.csv",
        "notes.txt",
        "report.pdf",
        "truth.json",
    ]);
    assert_eq!(files(&found, TableId::Orders), ["orders.csv"]);
    let named: BTreeSet<&str> = found.unread.iter().filter_map(|(_, warning)| warning.split('`').nth(1)).collect();
    let expected = [
        "backup/orders_2017.csv",
        "csv/orders.csv",
        "deep/er/photos.zip",
        "json/orders.json",
        "notes.csv",
        "orders (1).csv",
        "orders.csv.bak",
        "orders_2.json",
        "orders_2018.xlsx",
        "orders_late.csv",
        "ordesr.csv",
        "products/notes.xlsx",
        "shop.db",
    ];
    assert_eq!(named.into_iter().collect::<Vec<_>>(), expected);
    assert!(found.unread.iter().all(|(_, warning)| warning.contains(NOT_READ)));
}

#[test]
fn an_archive_beside_its_files_is_told_once() {
    let found = found(&["orders.csv", "sellers.csv", "a.zip/orders.csv", "a.zip/sellers.csv", "a.zip/products.csv"]);
    assert_eq!(files(&found, TableId::Products), ["a.zip/products.csv"]);
    let [(_, warning)] = &found.unread[..] else { panic!("{:?}", found.unread) };
    assert_eq!(
        warning,
        "`a.zip` is not read: its tables `orders`, `sellers` are taken from `orders.csv`, `sellers.csv`"
    );
}

#[test]
fn names_that_may_be_meant_are_kept_for_the_message() {
    let found = found(&["order_reviews_translated.csv", "ordesr.csv"]);
    assert!(found.files.is_empty());
    let candidates: Vec<_> =
        found.candidates.iter().map(|candidate| (candidate.table, candidate.part.name.as_str())).collect();
    let expected = [(TableId::OrderReviews, "order_reviews_translated.csv"), (TableId::Orders, "ordesr.csv")];
    assert_eq!(candidates, expected.map(|(id, name)| (Some(id), name)));
}

#[test]
fn many_files_of_no_table_are_counted() {
    let names: Vec<String> = (10..60).map(|i| format!("sensor{i}.csv")).collect();
    let found = found(&names.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(found.unread.len(), 20);
    assert_eq!(found.unread[19].1, "`sensor29.csv` is not read: no table takes it, nor 30 further files");
}

#[test]
fn two_wholes_are_refused() {
    for other in ["olist_orders_dataset.csv", "ORDERS.csv.gz", "orders/part-1.csv", "orders.parquet/x.parquet"] {
        let files = ["orders.csv", other].map(|name| (name.to_string(), Place::Disk(name.into())));
        let error = tables(files.to_vec(), "data").unwrap_err();
        assert!(error.to_string().starts_with("two files say they are the whole of `orders`"), "{error}");
    }
}

#[derive(Debug)]
struct Object(&'static str);

impl StoredFile for Object {
    fn name(&self) -> &str {
        self.0
    }
    fn size(&self) -> u64 {
        0
    }
    fn open(&self) -> Box<dyn Read> {
        Box::new(std::io::empty())
    }
}

#[test]
fn stores_are_searched_as_folders_are() {
    struct Bucket;
    impl Store for Bucket {
        fn url(&self) -> &str {
            "s3://bucket"
        }
        fn read_blocks(&self, _: Stage, _: &str, _: &mut TakeFrame<'_>) -> Result<bool> {
            Ok(false)
        }
        fn rows(&self, _: Stage, _: &str) -> Result<Option<u64>> {
            Ok(None)
        }
        fn write_all(&self, _: &[Incoming], _: &(dyn Fn(&str, u64) + Sync)) -> Result<()> {
            Ok(())
        }
        fn files(&self) -> Result<Vec<Box<dyn StoredFile>>> {
            let names = ["csv/orders.csv", "csv/orders_2018.csv.gz", "csv/orders_late.csv", "csv/sellers/1.parquet"];
            Ok(names.map(|name| Box::new(Object(name)) as Box<dyn StoredFile>).into())
        }
    }
    let found = in_store(&Bucket).unwrap();
    assert_eq!(files(&found, TableId::Orders), ["csv/orders.csv", "csv/orders_2018.csv.gz"]);
    assert_eq!(files(&found, TableId::Sellers), ["csv/sellers/1.parquet"]);
    assert!(found.unread[0].1.starts_with("`csv/orders_late.csv` is not read"));
}
