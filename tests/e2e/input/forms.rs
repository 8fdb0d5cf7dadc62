//! Files as other tools write them: read correctly, or refused with a hint; nothing is quarantined silently.

use std::io::Write;

use serde_json::Value;

use crate::workdir::{SMALL_ORDERS, Workdir, assert_same};

const CUSTOMERS: &str = "data/olist_customers_dataset.csv";
const ITEMS: &str = "data/olist_order_items_dataset.csv";
const ORDERS: &str = "data/olist_orders_dataset.csv";
const PRODUCTS: &str = "data/olist_products_dataset.csv";
const TABLES: [&str; 10] = [
    CUSTOMERS,
    "data/olist_geolocation_dataset.csv",
    ITEMS,
    "data/olist_order_payments_dataset.csv",
    "data/olist_order_reviews_dataset.csv",
    ORDERS,
    PRODUCTS,
    "data/olist_sellers_dataset.csv",
    "data/product_category_name_translation.csv",
    "data/states_name.csv",
];

/// The audit, by `pfe audit --json`.
pub(super) fn audit(work: &Workdir, args: &[&str]) -> Value {
    serde_json::from_str(&work.ok(&[&["audit", "--data", "data", "--json"], args].concat()).stdout).unwrap()
}

/// Rows in and out, by table and step.
pub(super) fn steps(audit: &Value) -> &Value {
    &audit["steps"]
}

pub(super) fn warnings(audit: &Value) -> String {
    audit["warnings"].to_string()
}

/// Quarantined values, by column.
pub(super) fn values(audit: &Value) -> Vec<(String, u64)> {
    let values = audit["values"].as_array().cloned().unwrap_or_default();
    values.iter().map(|v| (v["column"].as_str().unwrap().into(), v["count"].as_u64().unwrap())).collect()
}

/// Rewrites the fields of a file, with another delimiter.
pub(super) fn rewrite(work: &Workdir, name: &str, delimiter: u8, field: impl Fn(&str, &str) -> String) {
    let bytes = std::fs::read(work.path(name)).unwrap();
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    let header = reader.headers().unwrap().clone();
    let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
    writer.write_record(&header).unwrap();
    for record in reader.records() {
        let record = record.unwrap();
        writer.write_record(header.iter().zip(&record).map(|(name, value)| field(name, value))).unwrap();
    }
    work.write(name, writer.into_inner().unwrap());
}

/// Sets the value of one column in one row.
pub(super) fn set(work: &Workdir, name: &str, column: &str, row: usize, value: &str) {
    let count = std::cell::Cell::new(0);
    rewrite(work, name, b',', |header, old| {
        let here = header == column && count.replace(count.get() + usize::from(header == column)) == row;
        if here { value.into() } else { old.into() }
    });
}

/// `2018-08-15 10:10:18` → `15/08/2018 10:10:18`.
pub(super) fn day_first(value: &str) -> String {
    match value.get(..10).filter(|date| date.as_bytes()[4] == b'-') {
        Some(date) => format!("{}/{}/{}{}", &date[8..], &date[5..7], &date[..4], &value[10..]),
        None => value.into(),
    }
}

pub(super) fn is_date(column: &str) -> bool {
    column.ends_with("_date") || column.ends_with("_timestamp") || column == "order_approved_at"
}

pub(super) fn is_money(column: &str) -> bool {
    ["price", "freight_value", "payment_value"].contains(&column)
}

/// Saves the data like a Portuguese spreadsheet: semicolons, decimal commas, day-first dates, Windows-1252 or UTF-16.
fn as_spreadsheet(work: &Workdir) {
    for (i, name) in TABLES.iter().enumerate() {
        rewrite(work, name, b';', |column, value| match () {
            () if is_date(column) => day_first(value),
            () if is_money(column) => format!("R$ {}", value.replace('.', ",")),
            () if column.starts_with("geolocation_l") => value.replace('.', ","),
            () => value.into(),
        });
        let text = work.read(name);
        let narrow: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
        match narrow.filter(|_| i % 2 == 0) {
            Some(bytes) => work.write(name, bytes),
            None => {
                let units = "\u{feff}".encode_utf16().chain(text.encode_utf16());
                work.write(name, units.flat_map(u16::to_le_bytes).collect::<Vec<u8>>());
            }
        }
    }
}

#[test]
fn a_shop_from_a_spreadsheet_is_the_same_shop() {
    let work = Workdir::with_data();
    work.ok(&["run", "--data", "data", "--out", "before", "--quiet"]);
    as_spreadsheet(&work);
    let done = work.ok(&["run", "--data", "data", "--out", "after"]);
    for words in [
        "`olist_orders_dataset.csv`: it is written in UTF-16LE",
        "separated by `;`",
        "as day/month/year",
        "with a decimal comma",
    ] {
        assert!(done.stderr.contains(words), "{words}: {done}");
    }
    for folder in ["clean", "mart"] {
        assert_same(&work.files(&format!("before/{folder}")), &work.files(&format!("after/{folder}")));
    }
    let said = work.json("after/audit.json")["warnings"].to_string();
    assert!(said.contains("`order_purchase_timestamp`") && said.contains("`price`"), "{said}");
    // The options of a run also apply to its proof, and to an archive of the same files.
    work.ok(&["verify", "--rerun", "--data", "data", "--out", "after"]);
    let mut zip = zip::ZipWriter::new(std::fs::File::create(work.path("shop.zip")).unwrap());
    for name in TABLES {
        zip.start_file(name.trim_start_matches("data/"), zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(&std::fs::read(work.path(name)).unwrap()).unwrap();
    }
    zip.finish().unwrap();
    let zipped: Value = serde_json::from_str(&work.ok(&["audit", "--data", "shop.zip", "--json"]).stdout).unwrap();
    assert_eq!(steps(&zipped), steps(&audit(&work, &[])));
}

#[test]
fn dates_of_which_a_column_tells_nothing_are_asked_for() {
    let work = Workdir::with_data();
    // Dates whose day is at most 12, so that day and month could be swapped.
    let ambiguous = |value: &str| {
        let day: u32 = value[8..10].parse().unwrap();
        format!("{:02}/{}/{}{}", day % 12 + 1, &value[5..7], &value[..4], &value[10..])
    };
    rewrite(&work, ORDERS, b',', |column, value| match column == "order_purchase_timestamp" {
        true => ambiguous(value),
        false => value.into(),
    });
    let words =
        ["`order_purchase_timestamp` of `olist_orders_dataset.csv`", "fits both", "hint: say which: `--dates dmy`"];
    work.fails(&["audit", "--data", "data"], 2, &words);
    for (order, said) in [("dmy", "as day/month/year"), ("mdy", "as month/day/year")] {
        let told = warnings(&audit(&work, &["--dates", order]));
        assert!(told.contains(&format!("dates of `order_purchase_timestamp` are read {said}")), "{told}");
    }
}

/// Options on how values are written are parameters of the run.
#[test]
fn other_years_are_another_run() {
    let work = Workdir::with_data();
    work.ok(&["run", "--data", "data", "--years", "2001-2100", "--quiet"]);
    let again = work.ok(&["run", "--data", "data", "--years", "2001-2100"]);
    assert!(again.stdout.starts_with("nothing has changed"), "{again}");
    let why = work.ok(&["why", "clean", "--data", "data"]);
    assert!(why.stdout.contains("`reading.years.first` changed"), "{why}");
    work.ok(&["verify", "--rerun", "--data", "data"]);
}

/// Time zones and fractions of seconds are read without an option.
#[test]
fn instants_with_an_offset_become_local_time_and_are_told() {
    let work = Workdir::with_data();
    let before = audit(&work, &[]);
    let utc = |value: &str| value.replacen(' ', "T", 1) + ".250Z";
    rewrite(&work, ORDERS, b',', |column, value| match column {
        "order_purchase_timestamp" => utc(value),
        "order_estimated_delivery_date" => value[..10].into(),
        _ => value.into(),
    });
    let after = audit(&work, &[]);
    assert_eq!(steps(&before), steps(&after));
    let told =
        format!("{SMALL_ORDERS} values of `order_purchase_timestamp` in `olist_orders_dataset.csv` had an offset");
    assert!(warnings(&after).contains(&told) && warnings(&after).contains("America/Sao_Paulo"), "{after}");
    assert_eq!(warnings(&after).matches("offset").count(), 1);
}

/// Each file of a table is read in its own format.
#[test]
fn parts_of_a_table_may_be_written_in_several_ways() {
    let work = Workdir::with_data();
    let before = audit(&work, &[]);
    let text = work.read(ORDERS);
    let (header, rows) = text.split_once('\n').unwrap();
    let lines: Vec<&str> = rows.lines().collect();
    let (first, second) = lines.split_at(lines.len() / 2);
    std::fs::remove_file(work.path(ORDERS)).unwrap();
    work.write("data/orders_1.csv", format!("{header}\n{}\n", first.join("\n")));
    work.write("data/orders_2.csv", format!("{header}\n{}\n", second.join("\n")));
    rewrite(
        &work,
        "data/orders_2.csv",
        b'\t',
        |column, value| if is_date(column) { day_first(value) } else { value.into() },
    );
    let after = audit(&work, &[]);
    assert_eq!(steps(&before), steps(&after));
    assert!(warnings(&after).contains("`orders_2.csv`: it is separated by tabs; dates of"), "{after}");
}

/// A data frame saved with its index.
#[test]
fn an_index_column_is_left_out() {
    for name in ["", "Unnamed: 0", "index"] {
        let work = Workdir::with_data();
        work.edit(CUSTOMERS, |text| {
            let lines = text.lines().enumerate();
            lines
                .map(|(i, line)| if i == 0 { format!("{name},{line}\n") } else { format!("{},{line}\n", i - 1) })
                .collect()
        });
        let told = warnings(&audit(&work, &[]));
        assert!(told.contains("the index column of `olist_customers_dataset.csv` was left out"), "{told}");
    }
}

/// A bad weight, city, state or date that no result depends on is quarantined alone; its row stays.
#[test]
fn a_bad_value_does_not_take_its_row_away() {
    let work = Workdir::with_data();
    let before = audit(&work, &[]);
    set(&work, PRODUCTS, "product_weight_g", 3, "1.5");
    set(&work, PRODUCTS, "product_category_name", 5, &"x".repeat(10_000));
    set(&work, CUSTOMERS, "customer_state", 7, "Bahia");
    set(&work, ORDERS, "order_estimated_delivery_date", 9, "soon");
    set(&work, ORDERS, "order_approved_at", 11, "9999-12-31 00:00:00");
    let after = audit(&work, &[]);
    assert_eq!(steps(&before), steps(&after));
    let columns = [
        "customer_state",
        "order_approved_at",
        "order_estimated_delivery_date",
        "product_category_name",
        "product_weight_g",
    ];
    assert_eq!(values(&after), columns.map(|column| (column.to_string(), 1)));
    assert!(
        warnings(&after).contains("1 value of `product_weight_g` in `products` is set aside, its row stays"),
        "{after}"
    );
    set(&work, CUSTOMERS, "customer_state", 7, "BA");
    let done = work.ok(&["run", "--data", "data"]);
    assert!(done.stderr.contains("in line 5 of `olist_products_dataset.csv`: not a whole number"), "{done}");
    let aside = work.table("out/quarantine/products.csv");
    let long = aside.iter().find(|row| row["column"] == "product_category_name").unwrap();
    assert_eq!((long["set_aside"].as_str(), long["reason"].as_str()), ("value", "longer than 100 characters"));
    assert!(long["value"].chars().count() == 201 && work.read("out/quarantine/products.csv").len() < 10_000);
    assert!(work.read("out/report.html").contains("value") && work.path("out/dashboard.html").exists());
}

/// A bad value without which a row cannot be counted takes the row along.
#[test]
fn a_bad_fact_sets_aside_its_row() {
    let work = Workdir::with_data();
    set(&work, ITEMS, "price", 3, "999999999999999.99");
    set(&work, ORDERS, "order_purchase_timestamp", 4, "9999-12-31 00:00:00");
    set(&work, ORDERS, "order_purchase_timestamp", 5, "0001-01-01 00:00:00");
    // The last plausible day stretches the calendar by eighty years, and nothing breaks.
    set(&work, ORDERS, "order_purchase_timestamp", 6, "2100-12-31 23:59:59");
    let done = work.ok(&["run", "--data", "data"]);
    assert!(done.stderr.contains("2 rows of `orders` set aside"), "{done}");
    assert!(
        done.stderr.contains("1 row of `order_items` set aside") && done.stderr.contains("more than 10000000 reais"),
        "{done}"
    );
    let orders = work.table("out/quarantine/orders.csv");
    assert!(orders.iter().all(|row| row["set_aside"] == "row" && row["reason"] == "not in the years 2000 to 2100"));
    let narrow = audit(&work, &["--years", "2010-2030"]);
    assert!(narrow["steps"].to_string().contains("\"quarantined\":3"), "{narrow}");
    work.fails(&["audit", "--data", "data", "--years", "1-9999"], 2, &["--years", "the last year"]);
}

/// Any text is a valid key; a check reports that many do not look like Olist's.
#[test]
fn ids_may_be_any_text() {
    let work = Workdir::with_data();
    let before = audit(&work, &[]);
    for name in TABLES {
        rewrite(&work, name, b',', |column, value| match column.ends_with("_id") && column != "order_item_id" {
            true => format!("Nº {}", &value[..value.len().min(24)]),
            false => value.into(),
        });
    }
    let after = audit(&work, &[]);
    assert_eq!(steps(&before), steps(&after));
    let checks = after["quality"].as_array().unwrap();
    let check =
        checks.iter().find(|c| c["check"] == "`order_id` has 32 hexadecimal digits" && c["table"] == "orders").unwrap();
    assert_eq!((&check["severity"], &check["failed"]), (&"warning".into(), &SMALL_ORDERS.into()));
    assert!(!before["quality"].to_string().contains("hexadecimal"), "{before}");
    set(&work, ORDERS, "order_id", 3, &"x".repeat(65));
    let done = work.ok(&["audit", "--data", "data"]);
    assert!(done.stdout.contains("longer than 64 characters"), "{done}");
    // With memory for only a part of it, the same.
    work.ok(&["run", "--data", "data", "--out", "whole", "--quiet"]);
    work.ok(&["run", "--data", "data", "--out", "ranges", "--memory", "4", "--quiet"]);
    assert_same(&work.files("whole/mart"), &work.files("ranges/mart"));
}

#[test]
fn a_quote_that_is_never_closed_is_named() {
    let work = Workdir::with_data();
    let name = "data/olist_order_reviews_dataset.csv";
    let header = work.read(name).lines().next().unwrap().to_string();
    let reviews = |rows: usize| -> String {
        let row = |i| {
            let comment = if i == 8 { "\"nice" } else { "nice" };
            format!("r{i},o{i},5,,{comment},2018-01-01 00:00:00,2018-01-02 00:00:00\n")
        };
        format!("{header}\n") + &(0..rows).map(row).collect::<String>()
    };
    work.write(name, reviews(50_000));
    work.fails(&["audit", "--data", "data"], 2, &["the record that begins on line 10 is longer than 1 MB", "a quote"]);
    work.write(name, reviews(50));
    work.fails(&["audit", "--data", "data"], 2, &["a quote that opens in the record of line 10 is not closed"]);
}

#[test]
fn a_file_without_a_readable_row_is_refused_at_once() {
    let work = Workdir::with_data();
    let customers: String = (0..30_000).map(|i| format!("c{i},,01001,sao paulo,SP\n")).collect();
    work.write(
        CUSTOMERS,
        "customer_id,customer_unique_id,customer_zip_code_prefix,customer_city,customer_state\n".to_string()
            + &customers,
    );
    work.fails(
        &["audit", "--data", "data"],
        2,
        &["10000 of the 10000 rows", "column `customer_unique_id`", "a value is required"],
    );
    let customers: String = (0..30_000).map(|i| format!("c{i},u,01001,sao paulo,Bahia\n")).collect();
    work.write(
        CUSTOMERS,
        "customer_id,customer_unique_id,customer_zip_code_prefix,customer_city,customer_state\n".to_string()
            + &customers,
    );
    work.fails(&["audit", "--data", "data"], 2, &["10000 of the 10000 rows", "column `customer_state`, value `Bahia`"]);
}
