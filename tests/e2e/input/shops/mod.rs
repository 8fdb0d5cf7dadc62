//! Exports of shops: bad input, money, workbooks and JSON, and layouts that nobody has described.

mod bad_input;
mod formats;
mod money;
mod strangers;

use crate::workdir::Workdir;

/// A description with every field that these tests write; all but the first five columns may be absent.
const SHOP: &str = r#"name = "shop"
title = "Shop"
currency = "USD"
regions = "single"
lines = "orders"

[files.orders]
headers = ["order", "day", "sku", "qty", "price"]

[fields]
order_id = "order"
purchased_at = "day"
product_id = "sku"
quantity = "qty"
unit_price = "price"
customer = { first = ["who"] }
category = { first = ["kind"] }
currency = { first = ["money"] }
line_discount = { first = ["off"] }
unit_cost = { first = ["cost"] }
order_freight = { first = ["freight"] }
order_total = { first = ["total"] }
refunded = { first = ["back"] }
payment_method = { column = "paid", split = " + " }
updated_at = { first = ["changed"] }
"#;

/// [`SHOP`] without a field whose column the export must have.
fn shop_without_payments() -> String {
    SHOP.lines().filter(|line| !line.starts_with("payment_method")).map(|line| format!("{line}\n")).collect()
}

/// What `pfe market check` says of an export of [`SHOP`].
fn checked(work: &Workdir, csv: &str) -> serde_json::Value {
    work.write("shop.toml", shop_without_payments());
    work.write("shop/orders.csv", csv);
    let done = work.ok(&["market", "check", "shop.toml", "--data", "shop", "--json"]);
    serde_json::from_str(&done.stdout).unwrap()
}

/// Checks that the notes of a dry run hold these sentences.
fn assert_notes(checked: &serde_json::Value, sentences: &[&str]) {
    let notes: Vec<&str> = checked["notes"].as_array().unwrap().iter().filter_map(|note| note.as_str()).collect();
    for sentence in sentences {
        assert!(notes.iter().any(|note| note.contains(sentence)), "`{sentence}` is not among {notes:#?}");
    }
}
