//! Tests of `file_names`.

use super::*;

fn of(file_name: &str) -> Option<NameMatch> {
    match_name(&stem(file_name)?.0)
}

#[test]
fn folders_of_tables_are_worth_listing() {
    for worth in ["", "csv", "raw_data", "a/b/c", "a/b/c/orders", "csv/orders", "raw_data/orders.parquet"] {
        assert!(is_worth_listing(worth), "{worth}");
    }
    for not in ["a/b/c/d", "a/b/c/orders/x", ".pfe-new-1", "a/.b", "raw_data/x", "raw_data/orders/x"] {
        assert!(!is_worth_listing(not), "{not}");
    }
}

#[test]
fn what_an_engine_writes_to_a_lake_is_no_raw_file() {
    for raw in
        ["orders.csv", "results", "raw_data/orders.csv", "in/raw_data/orders/1.parquet", "cleaned_data/orders.csv"]
    {
        assert!(may_be_raw(raw), "{raw}");
    }
    for not in ["raw_data/orders.parquet", "cleaned_data/orders/1.parquet", "results/winner.csv", "raw_data/x/1.csv"] {
        assert!(!may_be_raw(not), "{not}");
    }
}

#[test]
fn file_names_of_all_layouts_are_recognised() {
    for table in &TABLES {
        assert_eq!(of(table.file), Some(NameMatch::Table(table.id)));
        for alias in table.aliases {
            assert_eq!(of(&format!("{alias}.csv")), Some(NameMatch::Table(table.id)));
        }
    }
    for name in ["Orders.CSV", "orders_dataset.csv", "Olist-Orders-Dataset.csv.GZ", "orders.parquet", "ORDERS.tsv"] {
        assert_eq!(of(name), Some(NameMatch::Table(TableId::Orders)), "{name}");
    }
    assert_eq!(of("Order_Items.CSV"), Some(NameMatch::Table(TableId::OrderItems)));
    assert_eq!(stem("customers.json"), Some(("customers".into(), Rows::Json)));
    assert_eq!(stem("orders.JSONL"), Some(("orders".into(), Rows::Json)));
    assert_eq!(["README.md", "notes.csv", "truth.json", "readme.txt", "orders.parquet.gz"].map(of), [None; 5]);
}

#[test]
fn data_that_no_table_takes_are_told_from_documents() {
    for (name, stem, kind) in [
        ("pedidos_2018.csv", "pedidos_2018", Data::Rows),
        ("Pedidos.jsonl.gz", "pedidos", Data::Rows),
        ("orders_2018.xlsx", "orders_2018", Data::Workbook),
        ("shop.sqlite", "shop", Data::Database),
        ("all.tar.gz", "all", Data::Archive),
        ("orders.parquet.gz", "orders", Data::Foreign),
        ("orders.dat", "orders", Data::Foreign),
        ("orders", "orders", Data::Foreign),
        ("orders.bak", "orders", Data::Backup),
        ("orders_2018.csv~", "orders_2018", Data::Backup),
        ("x.zip.crdownload", "x", Data::Unfinished),
        ("orders.csv.part", "orders", Data::Unfinished),
    ] {
        assert_eq!(data(name), Some((stem.into(), kind)), "{name}");
    }
    for name in [
        "README",
        "readme.csv",
        "LICENSE.txt",
        "notes.md",
        "orders.png",
        "orders.pdf",
        "orders.sql",
        "notes.dat",
        "x.tmp",
        "run.json",
        "truth.json",
        ".orders.csv",
        "_SUCCESS",
        "~$orders.xlsx",
        "orders.csv.sha256",
    ] {
        assert_eq!(data(name), None, "{name}");
    }
    assert!(may_be_prose("notes.TXT") && may_be_prose("x.txt.gz") && !may_be_prose("x.csv"));
}

#[test]
fn a_new_name_keeps_what_the_old_one_tells_of_the_format() {
    let orders = TableId::Orders.table();
    for (name, expected) in [
        ("ordesr.csv", "olist_orders_dataset.csv"),
        ("orders_x.CSV.gz", "olist_orders_dataset.CSV.gz"),
        ("orders_x.parquet", "olist_orders_dataset.parquet"),
        ("orders_x", "olist_orders_dataset.csv"),
    ] {
        assert_eq!(suggested_name(orders, name), expected);
    }
}

#[test]
fn parts_end_with_a_number_and_nothing_else() {
    for part in
        ["orders_2018-01.csv.gz", "orders-0001.csv", "orders_2.parquet", "orders_part2.csv", "orders.part-0001.csv"]
    {
        assert_eq!(of(part), Some(NameMatch::Part(TableId::Orders)), "{part}");
    }
    assert_eq!(of("olist_orders_dataset (1).csv"), Some(NameMatch::Copy(TableId::Orders)));
    for like in ["orders_late.csv", "orders_old.csv", "orders - Copy.csv", "my orders.csv"] {
        assert_eq!(of(like), Some(NameMatch::Similar(TableId::Orders)), "{like}");
    }
}

#[test]
fn names_that_are_nearly_right_are_known() {
    let reviews = of("olist_order_reviews_dataset_translated.csv.gz");
    assert_eq!(reviews, Some(NameMatch::Similar(TableId::OrderReviews)));
    assert_eq!(of("ordesr.csv"), Some(NameMatch::Misspelled(TableId::Orders)));
    assert_eq!(of("customer.csv"), Some(NameMatch::Misspelled(TableId::Customers)));
    assert_eq!(of("olist_geolocations_dataset.csv"), Some(NameMatch::Misspelled(TableId::Geolocation)));
    assert_eq!(of("united_states.csv"), None);
}
