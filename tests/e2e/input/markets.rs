//! Exports of other shops: generated Olist data, rewritten in their layouts, give the same mart; persons never enter an output.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use polars::prelude::*;

use crate::workdir::{Workdir, assert_same};

type Row = BTreeMap<String, String>;

/// An order of Olist's data with what belongs to it.
struct Order {
    row: Row,
    customer: Row,
    items: Vec<Row>,
    payments: Vec<Row>,
}

/// Amount in cents.
fn cents(text: &str) -> i64 {
    (text.parse::<f64>().unwrap() * 100.0).round() as i64
}

fn amount(cents: i64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

impl Order {
    fn freight(&self) -> i64 {
        self.items.iter().map(|item| cents(&item["freight_value"])).sum()
    }

    fn paid(&self) -> i64 {
        self.payments.iter().map(|payment| cents(&payment["payment_value"])).sum()
    }

    fn methods(&self) -> Vec<&str> {
        self.payments.iter().map(|payment| payment["payment_type"].as_str()).collect()
    }

    fn is_sold(&self) -> bool {
        !["canceled", "unavailable"].contains(&self.row["order_status"].as_str())
    }
}

fn grouped(rows: Vec<Row>, by: &str) -> BTreeMap<String, Vec<Row>> {
    let mut groups: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    rows.into_iter().for_each(|row| groups.entry(row[by].clone()).or_default().push(row));
    groups
}

/// Generates Olist's tables; returns the orders, and category by product.
fn generated(work: &Workdir, orders: &str) -> (Vec<Order>, BTreeMap<String, String>) {
    work.ok(&["synth", "--orders", orders, "--seed", "5", "--out", "data"]);
    let read = |name: &str| work.table(&format!("data/olist_{name}_dataset.csv"));
    let mut items = grouped(read("order_items"), "order_id");
    let mut payments = grouped(read("order_payments"), "order_id");
    let customers = grouped(read("customers"), "customer_id");
    let names: BTreeMap<String, String> = work
        .table("data/product_category_name_translation.csv")
        .into_iter()
        .map(|row| (row["product_category_name"].clone(), row["product_category_name_english"].clone()))
        .collect();
    let category = |row: &Row| names.get(&row["product_category_name"]).cloned().unwrap_or_default();
    let products = read("products").iter().map(|row| (row["product_id"].clone(), category(row))).collect();
    let order = |row: Row| {
        let id = row["order_id"].clone();
        Order {
            customer: customers[&row["customer_id"]][0].clone(),
            items: items.remove(&id).unwrap_or_default(),
            payments: payments.remove(&id).unwrap_or_default(),
            row,
        }
    };
    (read("orders").into_iter().map(order).collect(), products)
}

/// Shopify's layout: values of an order on its first line, the products in a file of their own.
fn shopify(to: &Path, orders: &[Order], products: &BTreeMap<String, String>) {
    fs::create_dir_all(to).unwrap();
    let mut text = String::from(
        "Name,Email,Financial Status,Paid at,Fulfillment Status,Currency,Shipping,Total,Created at,Lineitem quantity,\
         Lineitem name,Lineitem price,Lineitem sku,Shipping Name,Shipping Province,Shipping Country,Cancelled at,\
         Payment Method,Vendor\n",
    );
    for order in orders {
        let (row, customer) = (&order.row, &order.customer);
        let mut first = true;
        let no_item = Row::new();
        let lines: Vec<&Row> = if order.items.is_empty() { vec![&no_item] } else { order.items.iter().collect() };
        for item in lines {
            let get = |name: &str| item.get(name).cloned().unwrap_or_default();
            let id = &row["order_id"];
            let of_order = |value: String| if first { value } else { String::new() };
            let canceled = if order.is_sold() { "" } else { &row["order_purchase_timestamp"] };
            let fields = [
                format!("#{id}"),
                format!("{}@example.com", customer["customer_unique_id"]),
                of_order("paid".into()),
                String::new(),
                String::new(),
                of_order("BRL".into()),
                of_order(amount(order.freight())),
                of_order(amount(order.paid())),
                format!("{} -0300", row["order_purchase_timestamp"]),
                "1".into(),
                get("product_id"),
                get("price"),
                get("product_id"),
                format!("Person of {}", customer["customer_unique_id"]),
                of_order(customer["customer_state"].clone()),
                of_order("BR".into()),
                of_order(canceled.to_string()),
                of_order(order.methods().join(" + ")),
                get("seller_id"),
            ];
            writeln!(text, "{}", fields.join(",")).unwrap();
            first = false;
        }
    }
    fs::write(to.join("orders_export_1.csv"), text).unwrap();
    let mut text = String::from("Handle,Title,Type,Variant SKU\n");
    for (product, category) in products {
        writeln!(text, "{product},{product},{category},{product}").unwrap();
    }
    fs::write(to.join("products_export_1.csv"), text).unwrap();
}

/// WooCommerce's layout: one line per item, on which the values of the order are repeated.
fn woocommerce(to: &Path, orders: &[Order], products: &BTreeMap<String, String>) {
    fs::create_dir_all(to).unwrap();
    let mut text = String::from(
        "Order Number;Order Status;Order Date;Email (Billing);State Code (Billing);Country Code (Billing);Name;Category;\
         Quantity;Item Cost;Order Shipping Amount;Order Total Amount;Payment Method Title\n",
    );
    for order in orders.iter().filter(|order| !order.items.is_empty()) {
        for item in &order.items {
            let fields = [
                order.row["order_id"].clone(),
                if order.is_sold() { "Completed" } else { "Cancelled" }.into(),
                order.row["order_purchase_timestamp"].clone(),
                format!("{}@example.com", order.customer["customer_unique_id"]),
                order.customer["customer_state"].clone(),
                "BR".into(),
                item["product_id"].clone(),
                products[&item["product_id"]].clone(),
                "1".into(),
                item["price"].replace('.', ","),
                amount(order.freight()).replace('.', ","),
                amount(order.paid()).replace('.', ","),
                order.methods().first().copied().unwrap_or_default().into(),
            ];
            writeln!(text, "{}", fields.join(";")).unwrap();
        }
    }
    fs::write(to.join("orders.csv"), text).unwrap();
}

/// Columns of the mart's `sales_by_day`, summed by some others, as text.
fn sums(work: &Workdir, out: &str, by: &[&str], columns: &[&str]) -> Vec<String> {
    let file = fs::File::open(work.path(out).join("mart/sales_by_day.parquet")).unwrap();
    let frame = ParquetReader::new(file).finish().unwrap();
    let keys: Vec<Expr> = by.iter().map(|name| col(*name)).collect();
    let summed: Vec<Expr> = columns.iter().map(|name| col(*name).sum()).collect();
    let frame = frame.lazy().group_by(keys).agg(summed).sort(by.to_vec(), SortMultipleOptions::default());
    let frame = frame.collect().unwrap();
    (0..frame.height()).map(|row| format!("{:?}", frame.get(row).unwrap())).collect()
}

#[test]
fn generated_orders_in_other_layouts_give_the_same_mart() {
    let work = Workdir::new();
    let (orders, products) = generated(&work, "1500");
    shopify(&work.path("shopify"), &orders, &products);
    woocommerce(&work.path("woocommerce"), &orders, &products);
    for place in ["data", "shopify", "woocommerce"] {
        work.ok(&["run", "--data", place, "--out", &format!("out-{place}"), "--quiet"]);
    }
    for place in ["out-shopify", "out-woocommerce"] {
        // Units and prices by category, state and day; freight stands once for an order, so that its share of a category is not known.
        let exact = |out: &str| sums(&work, out, &["category", "state", "day"], &["items", "price_centavos"]);
        assert_eq!(exact("out-data"), exact(place), "{place}");
        let revenue = |out: &str| sums(&work, out, &["state", "day"], &["revenue_centavos"]);
        assert_eq!(revenue("out-data"), revenue(place), "{place}");
    }
    let sold = |out: &str| sums(&work, out, &["category", "state", "day"], &["sold_orders"]);
    assert_eq!(sold("out-data"), sold("out-shopify"));
}

#[test]
fn an_export_is_recognized_reported_repeated_and_holds_no_person() {
    let work = Workdir::new();
    let (orders, products) = generated(&work, "600");
    shopify(&work.path("export"), &orders, &products);
    let done = work.ok(&["run", "--data", "export", "--out", "out", "--lang", "en"]);
    assert!(done.stderr.contains("is read as an export of `shopify`"), "{}", done.stderr);
    let first = work.files("out");
    fs::remove_dir_all(work.path("out")).unwrap();
    work.ok(&["run", "--data", "export", "--out", "out", "--lang", "en", "--quiet"]);
    assert_same(&first, &work.files("out"));
    let person = &orders[0].customer["customer_unique_id"];
    for (name, bytes) in &first {
        let text = String::from_utf8_lossy(bytes);
        for secret in [&format!("{person}@example.com"), &format!("Person of {person}"), &orders[0].row["order_id"]] {
            assert!(!text.contains(secret.as_str()), "`{name}` holds `{secret}`");
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
        "in another currency than JPY are set aside: 1 in USD",
        "1 lines are set aside, -2400 JPY: a negative quantity",
    ] {
        assert!(done.stderr.contains(words), "{words}: {}", done.stderr);
    }
    // Forty orders of three mugs; a canceled or emptied order counts without items.
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
