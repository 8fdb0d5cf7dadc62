//! `pfe run --monthly`: an incremental run gives the same files as a run that reads everything.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use polars::prelude::{ParquetReader, SerReader, SortMultipleOptions};

use crate::workdir::{Workdir, assert_same, copy};

const RUN: [&str; 4] = ["run", "--data", "data", "--monthly"];

/// A CSV file: header and rows.
type Csv = (csv::StringRecord, Vec<csv::StringRecord>);

fn read(work: &Workdir, table: &str) -> Csv {
    let mut reader = csv::Reader::from_path(work.path(&file(table, ""))).unwrap();
    (reader.headers().unwrap().clone(), reader.records().map(|row| row.unwrap()).collect())
}

fn file(table: &str, part: &str) -> String {
    format!("data/olist_{table}_dataset{part}.csv")
}

fn write(work: &Workdir, table: &str, part: &str, header: &csv::StringRecord, rows: &[&csv::StringRecord]) {
    let mut writer = csv::Writer::from_path(work.path(&file(table, part))).unwrap();
    writer.write_record(header).unwrap();
    rows.iter().for_each(|row| writer.write_record(*row).unwrap());
    writer.flush().unwrap();
}

/// Rows of the small data, split by arrival: orders by day, and some rows that arrive later than their orders.
struct Arrivals {
    tables: BTreeMap<&'static str, Csv>,
    /// By table, the part in which each row arrives.
    parts: BTreeMap<&'static str, Vec<usize>>,
}

impl Arrivals {
    /// Part 0 holds everything up to the first of `days` (`YYYY-MM-DD`), part 1 up to the second, and so on.
    fn new(work: &Workdir, days: &[&str]) -> Arrivals {
        let names = ["orders", "customers", "order_items", "order_payments", "order_reviews"];
        let tables: BTreeMap<&str, Csv> = names.into_iter().map(|name| (name, read(work, name))).collect();
        let part_of_day = |day: &str| days.iter().filter(|from| **from <= day).count();
        let (mut of_order, mut of_customer) = (BTreeMap::new(), BTreeMap::new());
        for order in &tables["orders"].1 {
            let part = part_of_day(&order[3]);
            of_order.insert(order[0].to_string(), part);
            of_customer.insert(order[1].to_string(), part);
        }
        let mut parts = BTreeMap::new();
        for (name, (header, rows)) in &tables {
            let key = header
                .iter()
                .position(|column| column == if *name == "customers" { "customer_id" } else { "order_id" });
            let part = |(place, row): (usize, &csv::StringRecord)| {
                let id = &row[key.unwrap()];
                let part = if *name == "customers" { of_customer[id] } else { of_order[id] };
                // Reviews often arrive late, payments sometimes, items hardly ever.
                let late = match *name {
                    "order_reviews" => place % 9 == 0,
                    "order_payments" => place % 97 == 0,
                    "order_items" => place % 301 == 0,
                    _ => false,
                };
                // Some rows are exported before their order.
                let early = *name == "order_items" && place % 211 == 5;
                match (late, early) {
                    (true, _) => (part + 1 + place % 2).min(days.len()),
                    (false, true) => part.saturating_sub(1),
                    (false, false) => part,
                }
            };
            parts.insert(*name, rows.iter().enumerate().map(part).collect());
        }
        Arrivals { tables, parts }
    }

    /// Writes part 0 to the data folder, under the original file names.
    fn begin(&self, work: &Workdir) {
        self.come(work, 0, "");
    }

    /// Adds the files of a part.
    fn come(&self, work: &Workdir, part: usize, name: &str) {
        for (table, (header, rows)) in &self.tables {
            let come: Vec<_> =
                rows.iter().zip(&self.parts[table]).filter(|(_, p)| **p == part).map(|(row, _)| row).collect();
            if !come.is_empty() || part == 0 {
                write(work, table, name, header, &come);
            }
        }
    }
}

/// Why `clean` ran, from the log of the last run.
fn why(work: &Workdir, out: &str) -> String {
    let manifest = work.json(&format!("{out}/run.json"));
    let steps = manifest["volatile"]["steps"].as_array().unwrap();
    steps.iter().find(|step| step["step"] == "clean").unwrap()["why"].as_str().unwrap().into()
}

/// Memory in which the small data pass in a handful of ranges, and the real data: a hundred would take a minute.
const FEW_RANGES: &str = "20";
const FEW_RANGES_OF_REAL_DATA: &str = "700";

/// Runs in `out` and checks that the files equal those of a run elsewhere that reads everything, out of core.
fn assert_as_whole(work: &Workdir, megabytes: &str, told: &str) {
    work.ok(&[&RUN[..], &["--quiet"]].concat());
    assert!(why(work, "out").contains(told), "{}", why(work, "out"));
    let _ = fs::remove_dir_all(work.path("whole"));
    work.ok(&[&RUN[..], &["--quiet", "--memory", megabytes, "--out", "whole"]].concat());
    assert_same(&work.files("out"), &work.files("whole"));
}

#[test]
fn what_comes_is_added_as_if_everything_were_read() {
    let work = Workdir::with_data();
    work.ok(&["run", "--data", "data", "--quiet", "--out", "plain"]);
    let arrivals = Arrivals::new(&work, &["2018-06-11", "2018-07-30", "2018-08-20"]);
    arrivals.begin(&work);
    work.ok(&[&RUN[..], &["--quiet", "--memory", FEW_RANGES]].concat());
    let before = work.files("out");
    for part in 1..=3 {
        arrivals.come(&work, part, &format!("_{part}"));
        assert_as_whole(&work, FEW_RANGES, "new rows were merged into the last run's tables");
    }
    // Most files stay.
    let after = work.files("out");
    let stayed =
        before.iter().filter(|(name, bytes)| name.starts_with("clean/") && after.get(*name) == Some(bytes)).count();
    assert!(stayed > 60, "{stayed}");
    // The layout of rows changes no number.
    let plain = work.files("plain");
    for (name, bytes) in after.iter().filter(|(name, _)| name.starts_with("tables/") || name.starts_with("mart/")) {
        assert!(name.contains("supply_by_day/") || plain[name] == *bytes, "{name}");
    }
    let months: BTreeSet<&str> = after.keys().filter_map(|name| name.strip_prefix("clean/orders/")).collect();
    assert!(months.contains("2018-08.parquet") && !after.contains_key("clean/orders.parquet"), "{months:?}");
    work.ok(&["verify", "--out", "out", "--rerun", "--shuffle", "3", "--data", "data"]);
    work.ok(&["verify", "--out", "out", "--engine", "polars"]);
    let done = work.ok(&RUN);
    assert!(done.stdout.starts_with("nothing has changed"), "{done}");
}

/// The same on the real data, if available: with unknown zip codes, reviews of two orders, and orders without items.
#[test]
fn real_days_are_added_as_if_everything_were_read() {
    let Some(data) = std::env::var_os("PFE_DATA") else { return };
    let work = Workdir::new();
    copy(Path::new(&data), &work.path("data"));
    let arrivals = Arrivals::new(&work, &["2018-07-02", "2018-08-20"]);
    arrivals.begin(&work);
    work.ok(&[&RUN[..], &["--quiet"]].concat());
    for part in 1..=2 {
        arrivals.come(&work, part, &format!("_{part}"));
        assert_as_whole(&work, FEW_RANGES_OF_REAL_DATA, "new rows were merged into the last run's tables");
    }
}

#[test]
fn where_it_might_differ_everything_is_read_again() {
    let work = Workdir::with_data();
    let arrivals = Arrivals::new(&work, &["2018-08-06"]);
    arrivals.begin(&work);
    work.ok(&[&RUN[..], &["--quiet"]].concat());
    // An order arrives again, with another status.
    let (header, orders) = &arrivals.tables["orders"];
    let mut again: Vec<String> = orders[0].iter().map(String::from).collect();
    again[2] = "canceled".into();
    write(&work, "orders", "_1", header, &[&again.into()]);
    assert_as_whole(&work, FEW_RANGES, "everything was read again: a new row of `orders` repeats a key");
    // A row that cannot be read.
    let (header, reviews) = &arrivals.tables["order_reviews"];
    let mut wrong: Vec<String> = reviews[0].iter().map(String::from).collect();
    wrong[2] = "six".into();
    write(&work, "order_reviews", "_1", header, &[&wrong.into(), &reviews[0]]);
    assert_as_whole(&work, FEW_RANGES, "everything was read again: ");
    // A file that was read before is replaced.
    work.edit("data/olist_orders_dataset_1.csv", |text| text.replace("canceled", "approved"));
    assert_as_whole(&work, FEW_RANGES, "is not what it was");
    // New products may be those that an earlier order refers to.
    let products = work.read("data/olist_products_dataset.csv");
    let header = products.lines().next().unwrap();
    work.write(
        "data/olist_products_dataset_1.csv",
        format!("{header}\n{},perfumaria,40,287,1,225,16,10,14\n", "0".repeat(32)),
    );
    assert_as_whole(&work, FEW_RANGES, "rows have come to `products`");
    // The months concerned are larger than memory.
    arrivals.come(&work, 1, "_3");
    let limited = [&RUN[..], &["--quiet", "--memory", "1"]].concat();
    work.ok(&limited);
    assert!(why(&work, "out").contains("which do not fit into memory"), "{}", why(&work, "out"));
    // A file of the previous run is damaged.
    work.write("out/clean/orders/2018-01.parquet", "half");
    write(&work, "order_reviews", "_4", &arrivals.tables["order_reviews"].0, &[]);
    work.ok(&[&RUN[..], &["--quiet"]].concat());
    assert!(!why(&work, "out").contains("added"), "{}", why(&work, "out"));
    work.ok(&[&RUN[..], &["--quiet", "--out", "whole"]].concat());
    assert_same(&work.files("out"), &work.files("whole"));
}

/// A store gets monthly tables as whole tables.
#[test]
fn a_store_gets_whole_tables() {
    let work = Workdir::with_data();
    work.ok(&[&RUN[..], &["--quiet", "--store", "lake:months"]].concat());
    work.ok(&["run", "--data", "data", "--quiet", "--out", "plain", "--store", "lake:whole"]);
    for (table, key) in
        [("orders", &["order_id"][..]), ("order_items", &["order_id", "order_item_id"]), ("sellers", &["seller_id"])]
    {
        let [months, whole] = ["months", "whole"].map(|lake| {
            let file = fs::File::open(work.path(&format!("{lake}/cleaned_data/{table}.parquet"))).unwrap();
            let rows = ParquetReader::new(file).finish().unwrap();
            rows.sort(key.iter().copied(), SortMultipleOptions::default()).unwrap()
        });
        assert!(months.equals_missing(&whole), "{table}");
    }
}
