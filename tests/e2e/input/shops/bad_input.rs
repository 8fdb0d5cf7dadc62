//! Exports that contradict themselves or hold what nobody expects: said, set aside or refused, and nothing is lost in silence.

use super::{assert_notes, checked, shop_without_payments};
use crate::workdir::Workdir;

#[test]
fn amounts_that_are_none_are_counted_and_told() {
    let work = Workdir::new();
    let mut csv = String::from("order,day,sku,qty,price,off,freight,total,back\n");
    for n in 0..40 {
        csv += &format!("A{n},2023-0{}-1{},Mug,2,10.00,0,1.50,21.50,\n", 1 + n % 3, n % 9);
    }
    csv += "B1,2023-03-05,Mug,1,10.00,abc,free,unknown,lots\nB2,2023-03-06,Mug,1,10.00,1.00,2.00,11.00,\n";
    let read = checked(&work, &csv);
    let sentences = [
        "1 values of `line_discount` are no amounts and count as zero",
        "1 values of `order_freight` are no amounts and count as zero",
        "1 values of `order_total` are no amounts and count as missing",
        "1 values of `refunded` are no amounts and count as missing",
    ];
    assert_notes(&read, &sentences);
    let done = work.ok(&["run", "--data", "shop", "--market", "shop.toml", "--out", "out", "--lang", "fr"]);
    let warnings = work.json("out/audit.json")["warnings"].to_string();
    for sentence in sentences {
        assert!(done.stderr.contains(sentence) && warnings.contains(sentence), "{sentence}: {}", done.stderr);
    }
    // The report tells it in its own language.
    let page = work.read("out/report.html").replace(['\u{a0}', '\u{202f}'], " ");
    for words in
        ["ne sont pas des montants et comptent pour zéro", "n'a pas de catégorie", "aucune colonne de cet export"]
    {
        assert!(page.contains(words) || page.contains(&words.replace('\'', "’")), "{words}");
    }
    assert!(!page.contains("count as zero") && !page.contains("no column of this export"), "a note is not translated");
}

#[test]
fn lines_of_two_customers_totals_and_rows_without_an_order() {
    let work = Workdir::new();
    let csv = "order,day,sku,qty,price,who,total\n\
               1,2023-01-05,Mug,2,10.00,a@example.com,20.00\n\
               1,2023-01-05,Cup,1,5.00,b@example.com,\n\
               2,2023-01-06,Mug,1,10.00,c@example.com,10.00\n\
               ,,,,,,\n\
               ,,2 orders,,35.00,,\n";
    let read = checked(&work, csv);
    assert_notes(
        &read,
        &[
            "1 orders have lines with different values of `customer`: the first counts",
            // 20.00 + 5.00 is not 20.00.
            "1 orders have a total that is not the sum of their lines, freight and discounts",
            "1 rows name no order and are not read, the first at `orders.csv`, line 6",
        ],
    );
    assert!(!read.to_string().contains("example.com"), "{read}");
    assert_eq!((&read["orders"], &read["lines"]), (&2.into(), &3.into()));
}

#[test]
fn negative_quantities_and_refunds_with_and_without_their_order() {
    let work = Workdir::new();
    let csv = "order,day,sku,qty,price\n\
               1,2023-01-05,Mug,2,10.00\n\
               1,2023-01-09,Mug,-1,10.00\n\
               2,2023-01-06,Cup,-1,5.00\n\
               3,2023-01-07,Cup,1,-7.50\n\
               4,2023-01-08,Cup,0,5.00\n\
               5,2023-01-08,Cup,3000000,5.00\n";
    let read = checked(&work, csv);
    assert_notes(
        &read,
        &[
            "1 lines are set aside, of `-10.00 USD`: they take back what was sold",
            "2 lines are set aside, of `-12.50 USD`: a refund of an order that is not in the export",
            "1 lines are set aside, of `0.00 USD`: a quantity of zero",
            "1 lines are set aside, of `15000000.00 USD`: a quantity above a million",
        ],
    );
    // Orders 2 and 3 only take back; 4 and 5 have no item left.
    assert_eq!((&read["orders"], &read["lines"]), (&3.into(), &1.into()));
}

#[test]
fn dates_and_numbers_that_fit_two_ways_are_asked_for() {
    let work = Workdir::new();
    work.write("shop.toml", shop_without_payments());
    work.write("a.csv", "order,day,sku,qty,price\n1,03/04/2023,Mug,1,10.00\n2,05/06/2023,Mug,1,12.00\n");
    let check = ["market", "check", "shop.toml", "--data", "a.csv"];
    work.fails(&check, 2, &["`purchased_at` (column `day`)", "may start with the day or the month", "--dates dmy"]);
    let done = work.ok(&[check.as_slice(), &["--dates", "mdy"]].concat());
    assert!(done.stdout.contains("2023-03-04"), "{done}");
    work.write("b.csv", "order,day,sku,qty,price\n1,2023-04-03,Mug,1,1.234\n");
    let check = ["market", "check", "shop.toml", "--data", "b.csv"];
    work.fails(
        &check,
        2,
        &["`unit_price` (column `price`)", "may have a decimal mark or thousands", "--numbers comma"],
    );
    work.write("c.csv", "order,day,sku,qty,price\n1,2023-04-03,Mug,1,\"1,50\"\n2,2023-04-03,Mug,1,1.50\n");
    let check = ["market", "check", "shop.toml", "--data", "c.csv"];
    work.fails(&check, 2, &["some amounts have a decimal point and some a decimal comma"]);
}

#[test]
fn of_overlapping_exports_the_newest_version_counts() {
    let work = Workdir::new();
    work.write("shop.toml", shop_without_payments());
    let header = "order,day,sku,qty,price,changed\n";
    work.write(
        "shop/a.csv",
        format!("{header}1,2023-01-05,Mug,1,10.00,2023-01-05\n2,2023-01-06,Mug,1,10.00,2023-01-06\n"),
    );
    work.write(
        "shop/b.csv",
        format!("{header}1,2023-01-05,Mug,3,10.00,2023-02-01\n2,2023-01-06,Mug,1,10.00,2023-01-06\n"),
    );
    let done = work.ok(&["market", "check", "shop.toml", "--data", "shop", "--json"]);
    let read: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    assert_notes(
        &read,
        &[
            "1 orders are in several files with different values: the newest version counts",
            "1 orders are in several files with the same values: each counts once",
        ],
    );
    assert_eq!((&read["orders"], &read["lines"]), (&2.into(), &2.into()));
}

#[test]
fn a_description_that_names_a_missing_column_is_refused_with_its_line() {
    let work = Workdir::new();
    work.write("shop.toml", format!("{}country = \"Land\"\n", shop_without_payments()));
    work.write("a.csv", "order,day,sku,qty,price\n1,2023-01-05,Mug,1,10.00\n");
    let line = 1 + work.read("shop.toml").lines().position(|line| line.starts_with("country")).unwrap();
    let place = format!("`shop.toml`, line {line}: `country`: column `Land` is missing from `a.csv`");
    let check = ["market", "check", "shop.toml", "--data", "a.csv"];
    work.fails(&check, 2, &[&place, "columns found: `order`", "first = [\"Land\"]"]);
    work.edit("shop.toml", |text| text.replace("country = \"Land\"", "country = { first = [\"Land\"], color = 1 }"));
    work.fails(&check, 2, &[&format!("`shop.toml`, line {line}")]);
}
