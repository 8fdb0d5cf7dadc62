//! Quarantine must not lose amounts: console and report say what quarantined rows amount to.

use std::collections::BTreeMap;

use crate::workdir::{Done, Workdir};

/// Sum of an amount column, centavos.
fn centavos(work: &Workdir, table: &str, column: &str) -> i64 {
    work.table(&format!("{table}.csv")).iter().map(|row| exact(&row[column])).sum()
}

/// Text of an amount, such as `58.9`, in centavos.
fn exact(amount: &str) -> i64 {
    let (reais, decimals) = amount.split_once('.').unwrap_or((amount, ""));
    format!("{reais}{decimals:0<2}").parse().unwrap()
}

/// Rows of a raw file.
fn raw(work: &Workdir, table: &str) -> Vec<BTreeMap<String, String>> {
    work.table(&format!("data/olist_{table}_dataset.csv"))
}

/// Adds a field to the row that starts with `id`, so that the row cannot be read.
fn spoil(work: &Workdir, table: &str, id: &str) {
    work.edit(&format!("data/olist_{table}_dataset.csv"), |text| {
        let line = |line: &str| {
            let spoilt = line.trim_start_matches('"').starts_with(id);
            if spoilt { format!("{line},extra\n") } else { format!("{line}\n") }
        };
        text.lines().map(line).collect()
    });
}

const SUMS: [(&str, &str); 5] = [
    ("by_category", "revenue"),
    ("by_state", "revenue"),
    ("monthly_revenue", "revenue"),
    ("monthly_revenue_by_state", "revenue"),
    ("payments_by_state", "value"),
];

#[test]
fn rows_that_are_set_aside_take_no_amount_with_them() {
    let work = Workdir::with_data();
    let paid: i64 = centavos(&work, "data/olist_order_payments_dataset", "payment_value");
    let due: i64 =
        ["price", "freight_value"].map(|c| centavos(&work, "data/olist_order_items_dataset", c)).iter().sum();
    let (items, orders) = (raw(&work, "order_items"), raw(&work, "orders"));
    let mut sold: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
    for item in &items {
        let sum = sold.entry(&item["product_id"]).or_default();
        let amount: i64 = ["price", "freight_value"].map(|c| exact(&item[c])).iter().sum();
        *sum = (sum.0 + 1, sum.1 + amount);
    }
    let (product, (count, amount)) = sold.iter().max_by_key(|(_, sums)| sums.0).unwrap();
    let held = |place: usize| items.iter().map(|item| &item["order_id"]).nth(place).unwrap();
    let (order, other) = (held(5), held(50));
    assert!(order != other);
    let customer = &orders.iter().find(|row| &row["order_id"] == other).unwrap()["customer_id"];
    spoil(&work, "products", product);
    spoil(&work, "orders", order);
    spoil(&work, "customers", customer);
    spoil(&work, "sellers", &items[100]["seller_id"]);

    let done = work.ok(&["run", "--data", "data", "--lang", "en"]);
    for (table, column) in SUMS {
        let sum = centavos(&work, &format!("out/tables/{table}"), column);
        assert_eq!(sum, if column == "value" { paid } else { due }, "{table}");
    }
    let reais = format!("{:.0}", (*amount as f64 / 100.0).round());
    let said = done.stderr.replace(',', "");
    let product = format!("1 row of `products` set aside: its {count} items {reais} BRL count as category unknown");
    for words in [
        &product,
        "1 row of `orders` set aside: its ",
        "count as state unknown and have no day",
        "1 row of `customers` set aside: its ",
        " BRL count as state unknown; see ",
        "1 row of `sellers` set aside: its ",
        "`order_items` fails the check \"`product_id` is in `products`\": ",
    ] {
        assert!(said.contains(words), "`{words}` is not in:\n{done}");
    }
    let unknown = |table: &str, name: &str| {
        work.table(&format!("out/tables/{table}.csv")).iter().any(|row| row[name] == "unknown")
    };
    assert!(unknown("by_state", "state") && unknown("by_category", "category"));
    assert!(!unknown("regions", "state") && !unknown("winner", "category") && !unknown("cities", "state"));
    let report = work.read("out/report.html");
    assert!(report.contains("What refers to rows that are not there") && report.contains("unknown state"));
    assert!(work.read("out/dashboard.html").contains("their day is not known"));
}

/// A gap is reported from 2 % on, here reviews for only a tenth of the orders. A failed check is reported too, here an
/// order received before it was placed.
#[test]
fn gaps_and_errors_are_told_on_the_console() {
    let work = Workdir::with_data();
    let clean = work.ok(&["run", "--data", "data"]);
    assert!(!clean.stderr.contains("have no row in") && !clean.stderr.contains("fails the check"), "{clean}");
    work.edit("data/olist_order_reviews_dataset.csv", |text| {
        let kept = text.lines().enumerate().filter(|(line, _)| line % 10 == 0);
        kept.map(|(_, line)| format!("{line}\n")).collect()
    });
    let row = raw(&work, "orders").into_iter().find(|row| row["order_status"] == "delivered").unwrap();
    let received = &row["order_delivered_customer_date"];
    work.edit("data/olist_orders_dataset.csv", |text| text.replacen(received, "2001-01-01 00:00:00", 1));
    let done = work.ok(&["run", "--data", "data"]);
    assert!(done.stderr.contains("have no row in `order_reviews` ("), "{done}");
    assert!(
        done.stderr.contains("`orders` fails the check \"delivered after the purchase\": 1 of 3,000 (0.0 %)"),
        "{done}"
    );
    assert!(work.read("out/report.html").contains("incomplet"));
}

/// A row of a table of facts takes its own amount away: console, audit and report say how much.
#[test]
fn facts_that_are_set_aside_are_told_with_their_amount() {
    let work = Workdir::with_data();
    // Line 4 gets an unknown type, line 31 an amount that is none; line 61 comes again with another amount.
    let first = raw(&work, "order_payments").remove(2);
    work.edit("data/olist_order_payments_dataset.csv", |text| {
        let line = |(number, line): (usize, &str)| {
            let start = line.rsplit_once(',').unwrap().0;
            match number {
                4 => format!("{}\n", line.replace(&first["payment_type"], "pix")),
                31 => format!("{start},none\n"),
                61 => format!("{line}\n{start},9000000.00\n"),
                _ => format!("{line}\n"),
            }
        };
        (1..).zip(text.lines()).map(line).collect()
    });
    let done = work.ok(&["run", "--data", "data", "--lang", "en"]);
    let lost = exact(&first["payment_value"]) + 900_000_000;
    let said = done.stderr.replace(',', "");
    let expected = format!(
        "3 rows of `order_payments` set aside {:.0} BRL that no total counts (and 1 row of an unknown amount)",
        (lost as f64 / 100.0).round()
    );
    assert!(said.contains(&expected), "`{expected}` is not in:\n{done}");
    let audit = work.json("out/audit.json");
    let amounts: i64 =
        audit["steps"].as_array().unwrap().iter().filter_map(|step| step["amount"]["centavos"].as_i64()).sum();
    assert_eq!(amounts, lost);
    assert!(work.read("out/report.html").contains("which no total counts"));
    let aside = work.table("out/quarantine/order_payments.csv");
    assert!(aside.iter().any(|row| row["record"].ends_with(",9000000.00")), "{aside:?}");
    let json = work.ok(&["run", "--data", "data", "--lang", "en", "--json", "--quiet"]);
    assert!(json.stdout.contains("that no total counts"), "{json}");
}

/// Of two rows with one key the one that was not damaged stays.
#[test]
fn a_damaged_copy_of_a_row_does_not_replace_it() {
    let work = Workdir::with_data();
    work.ok(&["run", "--data", "data"]);
    let states = work.table("out/tables/by_state.csv");
    work.edit("data/olist_customers_dataset.csv", |text| {
        let damaged = text.lines().skip(1).step_by(7).map(|line| {
            let (start, _) = line.rsplit_once(',').unwrap();
            let (start, _) = start.rsplit_once(',').unwrap();
            format!("{start},aaa,ZZ\n")
        });
        text.clone() + &damaged.collect::<String>()
    });
    work.ok(&["run", "--data", "data", "--out", "again"]);
    assert_eq!(work.table("again/tables/by_state.csv"), states);
}

/// Rows are not lost in silence where a run does not reach its end, nor where tables are only loaded.
#[test]
fn quarantined_rows_are_told_by_every_command_that_cleans() {
    let work = Workdir::with_data();
    work.edit("data/olist_order_items_dataset.csv", |text| text + "Total,,,,,1234.00,99.00\n");
    let told = "1 row of `order_items` set aside, 1,234 BRL that no total counts; the first is line ";
    let lines = |done: &Done| done.stderr.matches(told).count();
    for args in [
        &["run", "--data", "data", "--only", "clean"][..],
        &["load", "--from", "data", "--to", "lake:lake", "--schema", "cleaned"],
    ] {
        let done = work.ok(args);
        assert_eq!(lines(&done), 1, "{done}");
    }
    // The step that does not clean says nothing of it.
    let done = work.ok(&["run", "--data", "data", "--only", "mart"]);
    assert_eq!(lines(&done), 0, "{done}");
    let done = work.ok(&["run", "--data", "data", "--only", "clean", "--quiet", "--out", "quiet"]);
    assert_eq!(done.stderr, "");
    // A later step fails: the page is no template.
    work.ok(&["report", "--init-templates", "mine"]);
    work.edit("mine/templates/report.html", |text| text.replace("<body>", "<body>{{ nothing.at.all }}"));
    let done = work.pfe(&["run", "--data", "data", "--templates", "mine", "--out", "failed"]);
    assert_ne!(done.code, Some(0), "{done}");
    assert_eq!(lines(&done), 1, "{done}");
}
