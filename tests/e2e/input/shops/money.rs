//! Currencies, payment methods, refunds and costs, through whole runs.

use std::fs::File;

use polars::prelude::*;

use super::SHOP;
use crate::workdir::Workdir;

/// The sum of a column of a table of the mart.
fn sum(work: &Workdir, table: &str, column: &str) -> i64 {
    let file = File::open(work.path(&format!("out/mart/{table}.parquet"))).unwrap();
    let frame = ParquetReader::new(file).finish().unwrap();
    frame.column(column).unwrap().i64().unwrap().iter().flatten().sum()
}

/// Forty orders over three months, by four of them in turn: method, refund.
fn orders(currency: &str, price: &str, cost: &str) -> String {
    let paid = ["PayPal", "Cash on Delivery", "Gift Card + PayPal", "paypal"];
    let mut csv = String::from("order,day,sku,kind,qty,price,money,cost,paid,back\n");
    for n in 0..40 {
        let (method, back) = (paid[n % 4], if n == 1 { price } else { "" });
        csv += &format!("A{n},2023-0{}-1{},Mug,Mugs,2,{price},{currency},{cost},{method},{back}\n", 1 + n % 3, n % 9);
    }
    csv
}

#[test]
fn payment_methods_of_any_shop_refunds_and_margins() {
    let work = Workdir::new();
    work.write("shop.toml", SHOP);
    work.write("shop/orders.csv", orders("USD", "10.00", "6.00"));
    let done = work.ok(&["run", "--data", "shop", "--market", "shop.toml", "--out", "out", "--lang", "en"]);
    assert!(done.stderr.contains("1 orders were paid back in part, `10.00 USD` in all"), "{}", done.stderr);
    // Sets of methods: 20 orders with PayPal alone, 10 in cash, 10 with a gift card and PayPal.
    let file = File::open(work.path("out/mart/payment_sets.parquet")).unwrap();
    let sets = ParquetReader::new(file).finish().unwrap();
    let names: Vec<&str> = sets.get_column_names().iter().map(|name| name.as_str()).collect();
    assert_eq!(names, ["state", "by_cash_on_delivery", "by_gift_card", "by_paypal", "orders"]);
    let column = |name: &str| sets.column(name).unwrap().i64().unwrap().iter().flatten().collect::<Vec<_>>();
    let rows: Vec<[i64; 4]> = column("by_cash_on_delivery")
        .into_iter()
        .zip(column("by_gift_card"))
        .zip(column("by_paypal").into_iter().zip(column("orders")))
        .map(|((cash, card), (paypal, orders))| [cash, card, paypal, orders])
        .collect();
    assert_eq!(rows, [[0, 0, 1, 20], [0, 1, 1, 10], [1, 0, 0, 10]]);
    // All three are needed: each order counts once, under the set that it was paid with.
    let audit = work.json("out/audit.json");
    assert_eq!(
        audit["market"]["methods"][0],
        serde_json::json!({ "word": "cash_on_delivery", "name": "Cash on Delivery" })
    );
    assert_eq!(audit["market"]["refunds"], serde_json::json!({ "orders": 1, "hundredths": 1000 }));
    let costs = serde_json::json!({ "units": 80, "units_with_cost": 80, "price_hundredths": 80_000, "cost_hundredths": 48_000 });
    assert_eq!(audit["market"]["costs"]["Mugs"], costs);
    let states = work.table("out/tables/payments_by_state.csv");
    let mut methods: Vec<&str> = states.iter().map(|row| row["payment_type"].as_str()).collect();
    methods.sort_unstable();
    methods.dedup();
    assert_eq!(methods, ["cash_on_delivery", "gift_card", "paypal"]);
    let page = work.read("out/report.html");
    assert!(
        page.contains("The costs of advertising") && page.contains("paid back in part"),
        "costs and refunds are told"
    );
    let dashboard = work.read("out/dashboard.html");
    assert!(dashboard.contains("[\"cash_on_delivery\",\"gift_card\",\"paypal\"]"), "the filter has the shop's methods");
}

#[test]
fn other_currencies_are_converted_by_the_rates_of_the_user() {
    let work = Workdir::new();
    work.write("shop.toml", SHOP);
    let other = "B1,2023-01-15,Mug,Mugs,2,10.00,EUR,6.00,PayPal,\nB2,2023-02-15,Mug,Mugs,1,1000,JPY,,PayPal,\n\
                 B3,2023-03-15,Mug,Mugs,1,3.141,KWD,,PayPal,\nB4,2023-03-20,Mug,Mugs,1,5.00,GBP,,PayPal,\n\
                 B5,2023-03-15,Mug,Mugs,1,5.00,EUR,,PayPal,\n";
    work.write("shop/orders.csv", format!("{}{other}", orders("USD", "10.00", "6.00")));
    work.write("rates.csv", "currency,date,rate\nEUR,2023-01-13,1.0855\nJPY,2023-02,0.0075\nKWD,2023-03,3.26\n");
    let run =
        ["run", "--data", "shop", "--market", "shop.toml", "--out", "out", "--lang", "en", "--rates", "rates.csv"];
    let done = work.ok(&run);
    for words in [
        "orders in another currency became `USD` by the rates of the user: `EUR (1), JPY (1), KWD (1)`",
        "orders without a rate of their day are set aside: `EUR (1)`",
        "orders in another currency than `USD` are set aside: `GBP (1)`",
    ] {
        assert!(done.stderr.contains(words), "{words}: {}", done.stderr);
    }
    // 40 × 20.00 dollars; 2 × 10.86 for the euros, 7.50 for the yen, 10.24 for the dinars.
    assert_eq!(sum(&work, "sales_by_day", "price_centavos"), 80_000 + 2 * 1_086 + 750 + 1_024);
    // Other rates: other amounts, though the export is the same.
    work.edit("rates.csv", |text| text.replace("0.0075", "0.0080"));
    work.ok(&run);
    assert_eq!(sum(&work, "sales_by_day", "price_centavos"), 80_000 + 2 * 1_086 + 800 + 1_024);
    work.write("rates.csv", "currency,date,rate\nEUR,13/01/2023,1.0855\n");
    work.fails(&run, 2, &["`rates.csv`, line 2: `13/01/2023` is neither a day nor a month"]);
}
