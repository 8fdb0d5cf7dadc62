//! Values as other tools write them: missing ones, noise of floating point, dates in two forms. Each gives the clean tables of the data as
//! generated, from every format, and a note; or the data are refused.

use std::cell::Cell;
use std::fs;

use serde_json::Value;

use super::forms::{day_first, is_date, is_money, rewrite};
use super::variants::{
    ITEMS, ORDERS, PAYMENTS, PRODUCTS, REVIEWS, TRANSLATION, parquet, refused, removed, same, same_but,
};
use crate::workdir::Workdir;

const ZIPS: [&str; 3] = ["olist_customers_dataset.csv", "olist_geolocation_dataset.csv", "olist_sellers_dataset.csv"];

/// Rewrites the values of a file of the data.
fn written(work: &Workdir, name: &str, value: impl Fn(&str, &str) -> String) {
    rewrite(work, &format!("data/{name}"), b',', value);
}

/// Rewrites the values of the rows that `other` chooses by their number.
fn some_written(work: &Workdir, name: &str, other: impl Fn(usize) -> bool, value: impl Fn(&str, &str) -> String) {
    let columns = work.read(&format!("data/{name}")).lines().next().unwrap().split(',').count();
    let count = Cell::new(0);
    written(work, name, |column, old| {
        let row = count.replace(count.get() + 1) / columns;
        if other(row) { value(column, old) } else { old.into() }
    });
}

/// Puts a table into a file of another format in place of its CSV file.
fn moved_to(work: &Workdir, name: &str, format: &str) {
    let short = name.trim_start_matches("olist_").trim_end_matches("_dataset.csv").trim_end_matches(".csv");
    match format {
        "parquet" => work.write(&format!("data/{short}/part-0.parquet"), parquet(work, name)),
        "json" => {
            let rows = work.table(&format!("data/{name}"));
            work.write(&format!("data/{short}.json"), serde_json::to_string(&rows).unwrap());
        }
        other => panic!("{other}"),
    }
    removed(work, &[name]);
}

#[test]
fn marks_of_missing_values_are_missing_in_every_format() {
    for (mark, format) in [("NaN", "csv"), ("\\N", "csv"), ("NULL", "json"), ("None", "parquet")] {
        let work = Workdir::with_data();
        for name in [ORDERS, PRODUCTS, REVIEWS] {
            written(&work, name, |_, value| if value.is_empty() { mark.into() } else { value.into() });
            if format != "csv" {
                moved_to(&work, name, format);
            }
        }
        let missing = format!("are read as missing, such as `{mark}`");
        let columns = ["review_comment_message", "order_approved_at", "product_category_name", "product_photos_qty"];
        let words = columns.map(|column| format!("values of `{column}` in `"));
        let words: Vec<&str> = words.iter().map(String::as_str).chain([missing.as_str()]).collect();
        same_but(&work, &["data"], &[], &words);
    }
}

#[test]
fn a_mark_in_a_key_is_a_missing_key() {
    let work = Workdir::with_data();
    some_written(&work, ITEMS, |row| row < 3, |column, old| if column == "product_id" { "NULL" } else { old }.into());
    let done = work.ok(&["run", "--data", "data"]);
    assert!(done.stderr.contains("3 rows of `order_items` set aside"), "{done}");
    let aside = work.table("out/quarantine/order_items.csv");
    assert!(aside.iter().all(|row| row["value"] == "NULL" && row["reason"] == "a value is required"), "{aside:?}");
}

#[test]
fn the_noise_of_floating_point_is_taken_off() {
    let noise = |value: &str| {
        let (whole, cents) = value.split_once('.').unwrap_or((value, ""));
        format!("{whole}.{cents:0<2}00000000001")
    };
    for format in ["csv", "json", "parquet"] {
        let work = Workdir::with_data();
        for name in [ITEMS, PAYMENTS] {
            written(&work, name, |column, value| if is_money(column) { noise(value) } else { value.into() });
        }
        for name in ZIPS {
            let float = |column: &str, value: &str| match column.ends_with("zip_code_prefix") {
                true => format!("{}.0", value.trim_start_matches('0')),
                false => value.into(),
            };
            written(&work, name, float);
        }
        if format != "csv" {
            [ITEMS, PAYMENTS, ZIPS[0]].iter().for_each(|name| moved_to(&work, name, format));
        }
        let words = ["price", "freight_value", "payment_value"].map(|column| format!("values of `{column}` in `"));
        let words: Vec<&str> =
            words.iter().map(String::as_str).chain(["were rounded by less than a millionth"]).collect();
        same_but(&work, &["data"], &[], &words);
    }
    let work = Workdir::with_data();
    some_written(&work, ITEMS, |row| row < 5, |column, old| if column == "price" { "58.905" } else { old }.into());
    let audit = work.ok(&["audit", "--data", "data"]).stdout;
    assert!(audit.contains("more than two decimals"), "{audit}");
}

#[test]
fn numbers_have_exponents_signs_and_currencies() {
    let exponent = |value: &str| format!("{:e}", value.parse::<f64>().unwrap());
    for (format, number) in [
        ("csv", &exponent as &dyn Fn(&str) -> String),
        ("json", &exponent),
        ("csv", &|value| format!("+{value}")),
        ("csv", &|value| format!("${value}")),
        ("json", &|value| format!("R$ {value}")),
    ] {
        let work = Workdir::with_data();
        for name in [ITEMS, PAYMENTS] {
            written(&work, name, |column, value| if is_money(column) { number(value) } else { value.into() });
            if format != "csv" {
                moved_to(&work, name, format);
            }
        }
        let (clean, _) = super::variants::clean(&work, &["data"]);
        crate::workdir::assert_same(super::variants::generated(), &clean);
    }
}

/// Half of the rows, at the end or all over the file, have the day first; no column is read by its majority.
#[test]
fn dates_in_two_forms_are_both_read() {
    let both = "are read as year-month-day and as day/month/year";
    for (format, late) in [("csv", false), ("csv", true), ("json", true), ("parquet", true)] {
        let work = Workdir::with_data();
        for name in [ORDERS, ITEMS, REVIEWS] {
            let rows = work.read(&format!("data/{name}")).lines().count() - 1;
            let other = |row: usize| if late { row > rows / 2 } else { row.is_multiple_of(3) };
            let date = |column: &str, value: &str| if is_date(column) { day_first(value) } else { value.into() };
            some_written(&work, name, other, date);
            if format != "csv" {
                moved_to(&work, name, format);
            }
        }
        same(&work, "data", &[both, "`order_purchase_timestamp`", "`shipping_limit_date`", "`review_creation_date`"]);
        if (format, late) == ("csv", true) {
            // Out of core, blocks have gone before the first such date comes.
            work.ok(&["run", "--data", "data", "--strict", "--quiet"]);
            work.ok(&["run", "--data", "data", "--out", "ranges", "--memory", "4", "--quiet"]);
            crate::workdir::assert_same(&work.files("out/mart"), &work.files("ranges/mart"));
        }
    }
}

#[test]
fn many_dates_that_nothing_explains_are_asked_for_and_few_set_aside() {
    let work = Workdir::with_data();
    let swapped = |column: &str, value: &str| match column {
        "order_purchase_timestamp" => "03/04/2018 10:10:18".into(),
        _ => value.to_string(),
    };
    some_written(&work, ORDERS, |row| row == 2_500, swapped);
    let audit = work.ok(&["audit", "--data", "data"]).stdout;
    assert!(audit.contains("`03/04/2018 10:10:18`"), "{audit}");
    some_written(&work, ORDERS, |row| row > 2_500, swapped);
    let words =
        ["`order_purchase_timestamp` of `olist_orders_dataset.csv` may have day/month", "hint: say which: `--dates"];
    work.fails(&["audit", "--data", "data"], 2, &words);
    work.ok(&["audit", "--data", "data", "--dates", "dmy"]);
}

#[test]
fn items_or_payments_of_no_order_are_refused() {
    for (name, table) in [(ITEMS, "order_items"), (PAYMENTS, "order_payments")] {
        let upper = |column: &str, value: &str| match column {
            "order_id" => value.to_uppercase(),
            _ => value.into(),
        };
        let work = Workdir::with_data();
        written(&work, name, upper);
        let rows = work.table(&format!("data/{name}")).len();
        let told =
            format!("{rows} of the {rows} rows of `{table}` have an `order_id` that is not in `orders`, such as");
        let hint = format!("hint: `order_id` is in upper case in `{table}` and in lower case in `orders`");
        refused(&work, "data", &[&told, &hint]);
        work.fails(&["run", "--data", "data", "--memory", "4"], 2, &[&told, &hint]);
        // A tenth of the items is part of the data, not their failure.
        let work = Workdir::with_data();
        some_written(&work, name, |row| row % 10 > 0, upper);
        work.ok(&["audit", "--data", "data"]);
    }
    let work = Workdir::with_data();
    written(&work, ITEMS, |column, old| if column == "order_id" { format!("x{old}") } else { old.into() });
    refused(&work, "data", &["not in `orders`, such as `x", "hint: the files are not of the same data"]);
}

#[test]
fn a_file_of_few_names_switches_none_off() {
    let work = Workdir::with_data();
    // The two names that Olist's own file lacks are not filled in, so that they stay.
    let few = |names: usize| {
        move |text: String| -> String {
            let kept = |line: &str| line.contains("pc_gamer") || line.contains("portateis_cozinha_e");
            let lines = text.lines().enumerate().filter(|(number, line)| *number <= names || kept(line));
            lines.flat_map(|(_, line)| [line, "\n"]).collect()
        }
    };
    work.edit(&format!("data/{TRANSLATION}"), few(10));
    let told = "`product_category_name_translation.csv` lacks 61 names of Olist's categories: pfe takes its own";
    same(&work, "data", &[told]);
    work.edit(&format!("data/{TRANSLATION}"), few(0));
    same(&work, "data", &["lacks 71 names of Olist's categories"]);
    work.ok(&["load", "--from", "data", "--to", "lake:raw"]);
    same(&work, "lake:raw", &[]);
}

/// What a run tells, a load tells as well.
#[test]
fn a_load_tells_what_it_converts() {
    let work = Workdir::with_data();
    written(&work, ORDERS, |column, value| match column {
        "order_purchase_timestamp" => value.replacen(' ', "T", 1) + ".250Z",
        "order_approved_at" if !value.is_empty() => format!("{value}.987654"),
        _ => value.into(),
    });
    written(&work, PRODUCTS, |_, value| if value.is_empty() { "NaN".into() } else { value.into() });
    let loaded = work.ok(&["load", "--from", "data", "--to", "lake:raw"]);
    let audit = work.ok(&["audit", "--data", "data", "--json"]).stdout;
    let audit: Value = serde_json::from_str(&audit).unwrap();
    let told: Vec<&str> = audit["warnings"].as_array().unwrap().iter().map(|told| told.as_str().unwrap()).collect();
    for words in
        ["had an offset from UTC", "have fractions of a second, which no duration counts", "are read as missing"]
    {
        assert!(told.iter().any(|told| told.contains(words)), "{words}: {told:?}");
    }
    assert!(told.iter().all(|told| loaded.stderr.contains(told)), "{told:?} {loaded}");
    let quiet = work.ok(&["load", "--from", "data", "--to", "lake:again", "--quiet"]);
    assert!(quiet.stderr.is_empty(), "{quiet}");
    assert!(fs::exists(work.path("again")).unwrap());
}
