//! Workbooks and JSON.

use std::io::Write;

use super::{assert_notes, shop_without_payments};
use crate::workdir::Workdir;

/// Writes a workbook of one sheet; each cell is XML, to which its place is added.
fn workbook(work: &Workdir, name: &str, rows: &[&[&str]]) {
    const TYPES: &str = r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>"#;
    const RELS: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
    const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let related = |kind: &str, target: &str| {
        format!(
            r#"<Relationships xmlns="{RELS}"><Relationship Id="rId1" Type="{OFFICE}/{kind}" Target="{target}"/></Relationships>"#
        )
    };
    let mut sheet = String::new();
    for (row, cells) in rows.iter().enumerate() {
        sheet += &format!(r#"<row r="{}">"#, row + 1);
        for (column, cell) in cells.iter().enumerate() {
            let place = format!("{}{}", char::from(b'A' + column as u8), row + 1);
            sheet += &cell.replacen("<c", &format!(r#"<c r="{place}""#), 1);
        }
        sheet += "</row>";
    }
    let parts = [
        ("[Content_Types].xml", TYPES.to_string()),
        ("_rels/.rels", related("officeDocument", "xl/workbook.xml")),
        (
            "xl/workbook.xml",
            format!(
                r#"<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets><sheet name="Orders" sheetId="1" r:id="rId1"/></sheets></workbook>"#
            ),
        ),
        ("xl/_rels/workbook.xml.rels", related("worksheet", "worksheets/sheet1.xml")),
        (
            "xl/worksheets/sheet1.xml",
            format!(r#"<worksheet xmlns="{MAIN}"><sheetData>{sheet}</sheetData></worksheet>"#),
        ),
    ];
    work.write(name, "");
    let mut zip = zip::ZipWriter::new(std::fs::File::create(work.path(name)).unwrap());
    for (part, text) in parts {
        zip.start_file(part, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
}

fn text(text: &str) -> String {
    format!(r#"<c t="inlineStr"><is><t>{text}</t></is></c>"#)
}

fn number(number: &str) -> String {
    format!("<c><v>{number}</v></c>")
}

fn formula(formula: &str, value: &str) -> String {
    format!("<c><f>{formula}</f>{value}</c>")
}

#[test]
fn numbers_of_a_workbook_stand_beside_text_and_formulas_have_values() {
    let work = Workdir::new();
    work.write("shop.toml", format!("numbers = \"comma\"\n{}", shop_without_payments()));
    let header = ["order", "day", "sku", "qty", "price"].map(text);
    let row = |cells: [String; 5]| cells;
    let lines = [
        row([text("1"), text("2023-01-05"), text("Mug"), number("2"), text("1.234,56")]),
        row([text("2"), text("2023-01-06"), text("Mug"), number("1"), number("78.2")]),
        row([number("3"), text("2023-01-07"), text("Mug"), number("1"), number("1.125")]),
        row([text("4"), text("2023-01-08"), text("Mug"), number("1"), formula("E3*2", "<v>156.4</v>")]),
    ];
    let all: Vec<Vec<&str>> =
        std::iter::once(&header).chain(&lines).map(|row| row.iter().map(String::as_str).collect()).collect();
    let rows: Vec<&[&str]> = all.iter().map(Vec::as_slice).collect();
    workbook(&work, "shop/orders.xlsx", &rows);
    let done = work.ok(&["market", "check", "shop.toml", "--data", "shop", "--json"]);
    let read: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    let prices = read["fields"].as_array().unwrap().iter().find(|field| field["field"] == "unit_price").unwrap();
    let prices: Vec<&str> = prices["samples"].as_array().unwrap().iter().filter_map(|pair| pair[1].as_str()).collect();
    assert_eq!(prices, ["1234.56", "78.20", "1.13", "156.40"]);
    assert_notes(&read, &["1 amounts were rounded to the smallest unit of `USD`"]);
    // A program wrote the formula, and no spreadsheet has computed it.
    let lines = [
        row([text("1"), text("2023-01-05"), text("Mug"), number("2"), formula("D2*2", "")]),
        row([text("2"), text("2023-01-06"), text("Mug"), number("1"), formula("D3*2", "")]),
    ];
    let all: Vec<Vec<&str>> =
        std::iter::once(&header).chain(&lines).map(|row| row.iter().map(String::as_str).collect()).collect();
    let rows: Vec<&[&str]> = all.iter().map(Vec::as_slice).collect();
    workbook(&work, "none/orders.xlsx", &rows);
    let done = work.pfe(&["market", "check", "shop.toml", "--data", "none"]);
    assert!(done.code == Some(2) && done.stderr.contains("never computed"), "{done}");
}

#[test]
fn formulas_that_protect_text_are_its_text() {
    let work = Workdir::new();
    work.write("shop.toml", shop_without_payments());
    work.write(
        "a.csv",
        "order,day,sku,qty,price\n=\"001\",2023-01-05,=\"0042\",1,10.00\n001,2023-01-05,=1+1,1,10.00\n",
    );
    let done = work.ok(&["market", "check", "shop.toml", "--data", "a.csv", "--json"]);
    let read: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!((&read["orders"], &read["lines"]), (&1.into(), &2.into()));
    let products = read["fields"].as_array().unwrap().iter().find(|field| field["field"] == "product_id").unwrap();
    assert_eq!(products["samples"][0][1], "0042");
    assert_eq!(products["samples"][1][1], "=1+1");
}

#[test]
fn the_json_of_an_interface_is_read_by_its_items() {
    let work = Workdir::new();
    let item = |name: &str, quantity: u32, total: &str| serde_json::json!({ "id": 1, "name": name, "quantity": quantity, "total": total, "price": 12.345 });
    let order = |id: u32, status: &str, items: Vec<serde_json::Value>| {
        serde_json::json!({
            "id": id, "status": status, "currency": "EUR", "date_created": "2024-05-03T10:11:12", "total": "32.50",
            "shipping_total": "2.50", "payment_method_title": "PayPal",
            "billing": { "email": format!("p{id}@example.com"), "country": "FR", "state": "" },
            "shipping": { "country": "FR", "state": "" }, "line_items": items, "refunds": [],
        })
    };
    let orders = [
        order(1, "completed", vec![item("Bowl", 2, "20.00"), item("Cup", 1, "10.00")]),
        order(2, "cancelled", vec![item("Bowl", 1, "10.00")]),
    ];
    work.write("orders.json", serde_json::Value::from(orders.to_vec()).to_string());
    let done = work.ok(&["market", "check", "woocommerce_rest", "--data", "orders.json", "--json"]);
    let read: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!((&read["orders"], &read["lines"], &read["currency"]), (&2.into(), &3.into(), &"EUR".into()));
    let field =
        |name: &str| read["fields"].as_array().unwrap().iter().find(|field| field["field"] == name).unwrap().clone();
    assert_eq!(field("product_id")["samples"], serde_json::json!([["Bowl", "Bowl"], ["Cup", "Cup"]]));
    assert_eq!(field("status")["samples"], serde_json::json!([["delivered", "delivered"], ["canceled", "canceled"]]));
    assert!(!done.stdout.contains("example.com"), "{done}");
}
