//! Exports of other shops: generated data in their layouts give the mart of Olist's layout; persons never enter an output.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use polars::prelude::*;

use crate::workdir::{Workdir, assert_same, copy};

/// What a layout holds of the generated orders, beside their days, their units and prices.
struct Holds {
    market: &'static str,
    /// Categories of products; without them products stand for categories.
    category: bool,
    /// States; without them all of Brazil is one region.
    state: bool,
    freight: bool,
    /// Canceled orders; without them sales alone are listed.
    canceled: bool,
    payments: Payments,
}

/// What a layout holds of payments.
#[derive(PartialEq)]
enum Payments {
    None,
    /// The first method of an order, and no amount but that of the items.
    Method,
    /// The first method of an order, and what was paid in all.
    First,
    /// The methods of all payments, and what was paid in all.
    All,
}

const fn holds(
    market: &'static str,
    category: bool,
    state: bool,
    freight: bool,
    canceled: bool,
    payments: Payments,
) -> Holds {
    Holds { market, category, state, freight, canceled, payments }
}

/// Every built-in market. Times of day, promised days, reviews, sellers and cities are compared for none of them.
#[rustfmt::skip]
const LAYOUTS: [Holds; 14] = [
    //                          category state  freight canceled
    holds("amazon",             false,   true,  true,   true,    Payments::None),
    holds("amazon_sale_report", true,    true,  false,  true,    Payments::None),
    holds("ebay",               false,   true,  true,   false,   Payments::First),
    holds("etsy",               false,   true,  true,   true,    Payments::First),
    holds("mercado_libre",      false,   true,  true,   true,    Payments::None),
    holds("mercado_livre",      false,   true,  true,   true,    Payments::None),
    // Freight is a product of its own.
    holds("online_retail",      false,   false, false,  true,    Payments::None),
    // One amount per order, freight included, and no items.
    holds("prestashop",         false,   false, true,   true,    Payments::Method),
    holds("shopify",            true,    true,  true,   true,    Payments::All),
    holds("superstore",         true,    true,  false,  false,   Payments::None),
    holds("thelook",            true,    true,  false,  true,    Payments::None),
    holds("woocommerce",        true,    true,  true,   true,    Payments::First),
    holds("woocommerce_packed", false,   true,  true,   true,    Payments::First),
    holds("woocommerce_rest",   true,    true,  true,   true,    Payments::First),
];

const MART: [&str; 4] = ["--only", "clean", "--only", "mart"];
const SIZE: [&str; 4] = ["--orders", "1500", "--seed", "5"];

/// Rewrites a table of Olist's layout.
fn rewritten(work: &Workdir, place: &str, table: &str, rewrite: impl Fn(Vec<Row>) -> Vec<Row>) {
    let name = format!("{place}/olist_{table}_dataset.csv");
    let rows = rewrite(work.table(&name));
    let mut writer = csv::Writer::from_path(work.path(&name)).unwrap();
    writer.write_record(rows[0].keys()).unwrap();
    rows.iter().for_each(|row| writer.write_record(row.values()).unwrap());
    writer.flush().unwrap();
}

type Row = BTreeMap<String, String>;

fn cents(text: &str) -> i64 {
    (text.parse::<f64>().unwrap() * 100.0).round() as i64
}

/// Olist's layout without what others cannot hold: with `sales`, unsold orders; payments with a method that an order names before or, with
/// `first`, all but the first, which takes their values. Nobody can say that an order was not paid: it has a method that is not defined, and
/// the amount of its items.
fn reduced(work: &Workdir, place: &str, sales: bool, first: bool) {
    copy(&work.path("olist"), &work.path(place));
    let unsold = |row: &Row| ["canceled", "unavailable"].contains(&row["order_status"].as_str());
    let orders = work.table("olist/olist_orders_dataset.csv");
    let gone: BTreeSet<String> =
        orders.iter().filter(|row| sales && unsold(row)).map(|row| row["order_id"].clone()).collect();
    for table in ["orders", "order_items", "order_payments", "order_reviews"] {
        rewritten(work, place, table, |rows| rows.into_iter().filter(|row| !gone.contains(&row["order_id"])).collect());
    }
    let mut totals: BTreeMap<String, i64> = BTreeMap::new();
    for item in work.table("olist/olist_order_items_dataset.csv") {
        *totals.entry(item["order_id"].clone()).or_default() += cents(&item["price"]) + cents(&item["freight_value"]);
    }
    rewritten(work, place, "order_payments", |rows| {
        let paid: BTreeSet<String> = rows.iter().map(|row| row["order_id"].clone()).collect();
        let unpaid = orders.iter().map(|row| &row["order_id"]).filter(|id| !paid.contains(*id) && !gone.contains(*id));
        let undefined = unpaid.map(|id| {
            let value = totals.get(id).copied().unwrap_or(0) as f64 / 100.0;
            let cells = [id.as_str(), "1", "not_defined", "1", &value.to_string()];
            let names = ["order_id", "payment_sequential", "payment_type", "payment_installments", "payment_value"];
            names.into_iter().zip(cells).map(|(name, cell)| (name.to_string(), cell.to_string())).collect()
        });
        let mut all: Vec<Row> = undefined.collect();
        all.extend(rows);
        // An export names each method once.
        let merged =
            |row: &Row| (row["order_id"].clone(), if first { String::new() } else { row["payment_type"].clone() });
        let mut sums: BTreeMap<(String, String), i64> = BTreeMap::new();
        all.iter().for_each(|row| *sums.entry(merged(row)).or_default() += cents(&row["payment_value"]));
        all.sort_by_key(|row| row["payment_sequential"].parse::<u32>().unwrap());
        all.retain_mut(|row| match sums.remove(&merged(row)) {
            Some(sum) => {
                row.insert("payment_value".into(), (sum as f64 / 100.0).to_string());
                true
            }
            None => false,
        });
        all
    });
}

/// Sums of a mart table, as text.
fn mart(work: &Workdir, out: &str, table: &str, keep: Expr, by: &[&str], columns: &[&str]) -> Vec<String> {
    let file = fs::File::open(work.path(out).join(format!("mart/{table}.parquet"))).unwrap();
    let frame = ParquetReader::new(file).finish().unwrap();
    let keys: Vec<Expr> = by.iter().map(|name| col(*name)).collect();
    let summed: Vec<Expr> = columns.iter().map(|name| col(*name).sum()).collect();
    let frame = frame.lazy().filter(keep).group_by(keys).agg(summed).sort(by.to_vec(), SortMultipleOptions::default());
    let frame = frame.collect().unwrap();
    (0..frame.height()).map(|row| format!("{:?}", frame.get(row).unwrap())).collect()
}

/// Sums of the mart's `sales_by_day`.
fn sums(work: &Workdir, out: &str, by: &[&str], columns: &[&str]) -> Vec<String> {
    mart(work, out, "sales_by_day", lit(true), by, columns)
}

/// What the layout and Olist's layout both hold, from the mart of a run that goes no further.
fn held(work: &Workdir, layout: &Holds, out: &str) -> BTreeMap<&'static str, Vec<String>> {
    let out = &format!("{out}/.pfe-run");
    let with_state = |names: &[&'static str]| -> Vec<&'static str> {
        names.iter().copied().filter(|name| layout.state || *name != "state").collect()
    };
    let all =
        |table, by: &[&'static str], columns: &[&str]| mart(work, out, table, lit(true), &with_state(by), columns);
    let mut held = BTreeMap::new();
    let canceled = || col("status").eq(lit("canceled")).or(col("status").eq(lit("unavailable")));
    held.insert("orders", mart(work, out, "orders_by_day", canceled().not(), &["day"], &["orders"]));
    held.insert("canceled", mart(work, out, "orders_by_day", canceled(), &["day"], &["orders"]));
    held.insert("orders by state", all("orders_by_state_month", &["state", "month"], &["orders"]));
    if layout.category {
        let columns = ["orders", "sold_orders", "items", "price_centavos"];
        held.insert("sales", all("sales_by_day", &["category", "state", "day"], &columns));
    } else if layout.market != "prestashop" {
        let products = col("category").neq(lit("POSTAGE"));
        let columns = ["items", "price_centavos"];
        held.insert("sales", mart(work, out, "sales_by_day", products, &with_state(&["state", "day"]), &columns));
    }
    if layout.freight || layout.market == "online_retail" {
        // What stands once for an order has no category.
        let columns = ["revenue_centavos", "sold_revenue_centavos"];
        held.insert("revenue", all("sales_by_day", &["state", "day"], &columns));
    }
    if layout.payments != Payments::None {
        held.insert("payments", all("payments_by_month", &["state", "month", "payment_type"], &["payments"]));
        held.insert("methods", all("orders_by_methods", &["state", "month", "methods"], &["orders"]));
    }
    match layout.payments {
        Payments::First => {
            held.insert("paid", all("payments_by_month", &["state", "month", "payment_type"], &["value_centavos"]));
        }
        Payments::All => drop(held.insert("paid", all("payments_by_month", &["state", "month"], &["value_centavos"]))),
        Payments::None | Payments::Method => {}
    }
    held
}

#[test]
fn generated_orders_in_every_layout_give_the_same_mart() {
    let work = Workdir::new();
    work.ok(&[&["synth", "--out", "olist"], &SIZE[..]].concat());
    for (place, sales, first) in [("all", false, false), ("first", false, true), ("sales", true, true)] {
        reduced(&work, place, sales, first);
        work.ok(&[&["run", "--data", place, "--out", &format!("out-{place}"), "--quiet"], &MART[..]].concat());
    }
    let listed = work.ok(&["market", "list"]).stdout;
    assert_eq!(listed.lines().count(), 1 + LAYOUTS.len(), "every market is tested: {listed}");
    for layout in &LAYOUTS {
        let market = layout.market;
        assert!(listed.contains(&format!("{market} ")));
        work.ok(&[&["synth", "--market", market, "--out", market], &SIZE[..]].concat());
        let (found, named) = (format!("out-{market}"), format!("named-{market}"));
        work.ok(&[&["run", "--data", market, "--out", &found, "--quiet"], &MART[..]].concat());
        assert_eq!(work.json(&format!("{found}/.pfe-run/audit.json"))["market"]["name"], market, "it is recognized");
        let by_name = ["run", "--data", market, "--market", market, "--out", &named, "--quiet"];
        work.ok(&[&by_name, &MART[..]].concat());
        let reference = match (layout.canceled, &layout.payments) {
            (false, _) => "out-sales",
            (true, Payments::All) => "out-all",
            (true, _) => "out-first",
        };
        let [expected, found, named] = [reference, &found, &named].map(|out| held(&work, layout, out));
        assert!(expected["orders"].len() > 300 && expected["canceled"].is_empty() != layout.canceled);
        for (what, expected) in &expected {
            assert_eq!(*expected, found[what], "{market}: {what}");
            assert_eq!(found[what], named[what], "{market}: {what}");
        }
    }
}

#[test]
fn what_a_layout_cannot_hold_is_refused() {
    let work = Workdir::new();
    let synth = |market, more: &[&'static str]| [&["synth", "--market", market, "--out", "o"], more].concat();
    work.fails(&synth("nowhere", &[]), 2, &["no layout of a market `nowhere`", "shopify"]);
    work.fails(&synth("shopify", &["--defects", "0.1"]), 2, &["no defects for the layout of `shopify`"]);
    assert!(!work.path("o").exists());
    work.ok(&synth("shopify", &["--orders", "50"]));
    work.fails(&synth("shopify", &["--orders", "50"]), 2, &["orders_export_1.csv` is in the way"]);
    let truth = work.json("o/truth.json");
    assert!(truth["rows"]["orders"].as_u64().unwrap() >= 50 && truth["winner"]["category"].is_string());
}

#[test]
fn an_export_is_recognized_reported_repeated_and_holds_no_person() {
    let work = Workdir::new();
    work.ok(&["synth", "--market", "shopify", "--orders", "600", "--seed", "5", "--out", "export"]);
    let done = work.ok(&["run", "--data", "export", "--out", "out", "--lang", "en"]);
    assert!(done.stderr.contains("is read as an export of `shopify`"), "{}", done.stderr);
    let first = work.files("out");
    fs::remove_dir_all(work.path("out")).unwrap();
    work.ok(&["run", "--data", "export", "--out", "out", "--lang", "en", "--quiet"]);
    assert_same(&first, &work.files("out"));
    let orders = work.table("export/orders_export_1.csv");
    for (name, bytes) in &first {
        let text = String::from_utf8_lossy(bytes);
        for column in ["Name", "Email", "Shipping Name", "Shipping Street"] {
            let secret = &orders[0][column];
            assert!(secret.len() > 32 && !text.contains(secret.as_str()), "`{name}` holds `{secret}`");
        }
    }
    let audit = work.json("out/audit.json");
    assert_eq!(audit["market"]["name"], "shopify");
    assert_eq!(audit["market"]["currency"], "BRL");
}

#[test]
fn currencies_regions_and_amounts_of_a_small_shop() {
    let work = Workdir::new();
    let header = "Name,Email,Financial Status,Created at,Lineitem quantity,Lineitem name,Lineitem price,Currency,Shipping,Total,\
                  Shipping Province,Shipping Country,Payment Method,Cancelled at,Fulfillment Status,Paid at,Fulfilled at";
    let line = |n: usize, quantity: i64, price: &str, currency: &str| {
        format!(
            "#{n},p{n}@example.com,paid,2023-0{}-1{} 10:00:00 -0700,{quantity},Mug,{price},{currency},0,,CA,US,Visa,,,,",
            1 + n % 3,
            n % 9
        )
    };
    let mut text = format!("{header}\n");
    (0..40).for_each(|n| text += &format!("{}\n", line(n, 3, "1200", "JPY")));
    // Another currency, and a negative quantity that nothing explains.
    text += &format!("{}\n{}\n", line(40, 1, "10.00", "USD"), line(41, -2, "1200", "JPY"));
    work.write("jp/orders.csv", &text);
    let done = work.ok(&["run", "--data", "jp/orders.csv", "--out", "out", "--lang", "en"]);
    for words in [
        "in another currency than `JPY` are set aside: `USD (1)`",
        "1 lines are set aside, of `-2400 JPY`: a refund of an order that is not in the export",
    ] {
        assert!(done.stderr.contains(words), "{words}: {}", done.stderr);
    }
    // Forty orders of three mugs.
    assert_eq!(sums(&work, "out", &["state"], &["items", "price_centavos"]).len(), 1);
    assert!(
        sums(&work, "out", &["state"], &["items"])[0].contains("120"),
        "{:?}",
        sums(&work, "out", &["state"], &["items"])
    );
    let page = work.read("out/report.html");
    assert!(page.contains("¥144,000") && !page.contains("R$"), "amounts in yen, without decimals");
    assert!(work.read("out/dashboard.html").contains("US-CA"));
}

#[test]
fn overlapping_files_count_once_or_are_refused() {
    let work = Workdir::new();
    let header =
        "Order ID,Order Date,Ship Date,Customer ID,Product ID,Product Name,Sub-Category,Sales,Quantity,State,Country\n";
    let row = |n: usize, sales: &str| {
        format!(
            "O-{n},2017-0{}-10,2017-0{}-12,C-{n},P-1,Desk,Tables,{sales},1,Texas,United States\n",
            1 + n % 5,
            1 + n % 5
        )
    };
    let rows = |range: std::ops::Range<usize>| range.map(|n| row(n, "10.50")).collect::<String>();
    work.write("same/a.csv", format!("{header}{}", rows(0..20)));
    work.write("same/b.csv", format!("{header}{}", rows(15..30)));
    let done = work.ok(&["run", "--data", "same", "--out", "out"]);
    assert!(done.stderr.contains("5 orders are in several files with the same values"), "{}", done.stderr);
    assert!(sums(&work, "out", &["state"], &["items"])[0].contains("30"));
    work.write("other/a.csv", format!("{header}{}", rows(0..20)));
    work.write("other/b.csv", format!("{header}{}", row(3, "11.00")));
    work.fails(&["run", "--data", "other", "--out", "out2"], 2, &["different versions of an order", "updated_at"]);
}

#[test]
fn a_market_is_shown_proposed_checked_and_refused_with_its_line() {
    let work = Workdir::new();
    assert!(work.ok(&["market", "list"]).stdout.contains("mercado_livre"));
    work.write("known.toml", work.ok(&["market", "show", "shopify"]).stdout);
    work.fails(&["market", "show", "nowhere"], 2, &["there is no market `nowhere`", "shopify"]);
    // A French shop that no built-in market covers.
    let mut text = String::from(
        "N° commande;Date commande;Client;Pays;Produit;Catégorie;Quantité;Prix unitaire;Mode de paiement;Statut\n",
    );
    for n in 0..60 {
        let (month, status) = (1 + n % 6, if n % 10 == 0 { "Annulée" } else { "Livrée" });
        text += &format!(
            "F{n:04};{:02}/{month:02}/2022 10:30;C{};France;Bol {};Vaisselle;2;12,50;CB;{status}\n",
            13 + n % 15,
            n % 40,
            n % 7
        );
    }
    work.write("fr/ventes.csv", text);
    let proposed = work.ok(&["market", "init", "--data", "fr", "--name", "bols"]).stdout;
    let expected = [
        ("order_id", "N° commande"),
        ("purchased_at", "Date commande"),
        ("customer", "Client"),
        ("country", "Pays"),
        ("product_id", "Produit"),
        ("category", "Catégorie"),
        ("quantity", "Quantité"),
        ("unit_price", "Prix unitaire"),
        ("payment_method", "Mode de paiement"),
    ];
    for (field, column) in expected {
        assert!(proposed.contains(&format!("{field} = \"{column}\"\n")), "{field}: {proposed}");
    }
    assert!(proposed.contains("\"Annulée\" = \"canceled\""), "{proposed}");
    work.write("shop.toml", &proposed);
    let checked = work.ok(&["market", "check", "shop.toml", "--data", "fr"]).stdout;
    assert!(
        checked.contains("60 orders, 60 lines") && checked.contains("12,50") && checked.contains("12.50"),
        "{checked}"
    );
    work.ok(&["run", "--data", "fr", "--market", "shop.toml", "--out", "out", "--quiet"]);
    assert!(sums(&work, "out", &["category"], &["items", "price_centavos"])[0].contains("150000"));
    work.write("wrong.toml", proposed.replace("[fields]", "[fields]\ncolour = \"x\""));
    work.fails(&["run", "--data", "fr", "--market", "wrong.toml", "--out", "o"], 2, &["`wrong.toml`, line ", "colour"]);
    work.write("gone.toml", proposed.replace("unit_price = \"Prix unitaire\"", "unit_price = \"Prix\""));
    work.fails(
        &["run", "--data", "fr", "--market", "gone.toml", "--out", "o"],
        2,
        &["column `Prix` is missing", "Prix unitaire"],
    );
}
