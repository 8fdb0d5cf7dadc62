//! Tests of `parse`.

use super::*;
use crate::schema::contract::TableId;

fn column(table: TableId, name: &str) -> &'static Column {
    table.table().column(name).unwrap()
}

fn parse<'a>(column: &Column, field: &'a [u8]) -> Result<Cell<'a>, String> {
    super::parse(column, field, &Bounds::default())
}

#[test]
fn money_is_exact() {
    let ok = |text| centavos(text).unwrap();
    assert_eq!((ok("58.9"), ok("0.29"), ok("1000"), ok("13.290")), (5890, 29, 100_000, 1329));
    for bad in ["", ".", ".5", "-1", "1.234", "1e3", "58,90", "NaN", "9999999999999999"] {
        assert!(centavos(bad).is_err(), "{bad}");
    }
}

#[test]
fn dates_are_checked() {
    assert_eq!(timestamp_micros("1970-01-02 00:00:01.5"), Some(86_401_500_000));
    assert_eq!(timestamp_micros("1970-01-02 00:00:01.1234567"), None);
    assert_eq!((date("1969-12-31"), date("1969-12-32"), date("")), (Some(-1), None, None));
}

#[test]
fn instants_have_plausible_years_and_one_time_zone() {
    let purchase = column(TableId::Orders, "order_purchase_timestamp");
    assert_eq!(parse(purchase, b"2018-08-15 10:10:18"), parse(purchase, b"2018-08-15T10:10:18"));
    assert!(matches!(parse(purchase, b"2018-08-15T10:10:18Z"), Ok(Cell::Converted(_))));
    assert!(matches!(parse(purchase, b"2018-08-15 10:10:18.5"), Ok(Cell::Fraction(_))));
    assert!(matches!(parse(purchase, b"2018-08-15 10:10:18.000"), Ok(Cell::Integer(_))));
    for year in
        ["9999-12-31", "0001-01-01 00:00:00", "1999-12-31 23:59:59", "2101-01-01 00:00:00", "2101-01-01T00:00:00-03:00"]
    {
        assert_eq!(parse(purchase, year.as_bytes()), Err("not in the years 2000 to 2100".into()), "{year}");
    }
    let bounds = Bounds::of(Years { first: 1990, last: 9999 });
    assert!(super::parse(purchase, b"9999-12-31 23:59:59", &bounds).is_ok());
    assert!(parse(purchase, b"2100-12-31 23:59:59").is_ok() && parse(purchase, b"2000-01-01").is_ok());
}

#[test]
fn any_short_text_is_an_id() {
    let id = column(TableId::Orders, "order_id");
    assert_eq!(parse(id, b"0123456789abcdef0123456789abcdef"), Ok(Cell::Text("0123456789abcdef0123456789abcdef")));
    assert_eq!(parse(id, b" A-17 "), Ok(Cell::OddId("A-17")));
    assert_eq!(parse(id, "é".repeat(64).as_bytes()), Ok(Cell::OddId("é".repeat(64).as_str())));
    assert_eq!(parse(id, "é".repeat(65).as_bytes()), Err("longer than 64 characters".into()));
    assert!(parse(id, b"ab").is_err() && parse(id, b" ").is_err());
}

#[test]
fn amounts_and_texts_are_bounded() {
    let price = column(TableId::OrderItems, "price_centavos");
    assert_eq!(parse(price, b"10000000.00"), Ok(Cell::Integer(MAX_CENTAVOS)));
    assert_eq!(parse(price, b"10000000.01"), Err("more than 10000000 reais".into()));
    let category = column(TableId::Products, "product_category_name");
    assert!(parse(category, "ã".repeat(100).as_bytes()).is_ok());
    assert_eq!(parse(category, "ã".repeat(101).as_bytes()), Err("longer than 100 characters".into()));
}

#[test]
fn marks_of_missing_values_are_nulls_in_every_column() {
    let read = |table, name, text: &'static str| parse(column(table, name), text.as_bytes());
    for (table, name) in [
        (TableId::Products, "product_category_name"),
        (TableId::Products, "product_weight_g"),
        (TableId::OrderReviews, "review_comment_message"),
        (TableId::Orders, "order_approved_at"),
    ] {
        assert_eq!(read(table, name, " NaN "), Ok(Cell::Marked("NaN")), "{name}");
        assert_eq!(read(table, name, ""), Ok(Cell::Null), "{name}");
    }
    for (table, name) in [
        (TableId::Orders, "order_id"),
        (TableId::Customers, "customer_city"),
        (TableId::OrderItems, "price_centavos"),
        (TableId::Geolocation, "geolocation_lat"),
    ] {
        assert_eq!(read(table, name, "NULL"), read(table, name, ""), "{name}");
        assert_eq!(read(table, name, "\\N"), Err("a value is required".into()), "{name}");
    }
}

#[test]
fn noise_is_rounded_and_real_decimals_are_refused() {
    let price = column(TableId::OrderItems, "price_centavos");
    assert_eq!(parse(price, b"41.02000000000001"), Ok(Cell::Rounded(4102)));
    let amounts = [&b"41.02000000000001"[..], b"41.02"].map(|text| parse(price, text).unwrap().integer());
    assert_eq!(amounts, [Some(4102), Some(4102)]);
    assert_eq!(parse(price, b"1.559000e+02"), Ok(Cell::Integer(15_590)));
    assert_eq!(parse(price, b"+R$ 155.90"), Ok(Cell::Integer(15_590)));
    assert_eq!(parse(price, b"155.905"), Err("more than two decimals".into()));
    for negative in ["-1", "-1e2", "-41.02000000000001"] {
        assert_eq!(parse(price, negative.as_bytes()), Err(NEGATIVE.into()), "{negative}");
    }
    assert_eq!(parse(price, b"1e9"), Err("more than 10000000 reais".into()));
    let weight = column(TableId::Products, "product_weight_g");
    assert_eq!(parse(weight, b"2.25e+02"), Ok(Cell::Integer(225)));
    assert_eq!(parse(weight, b"225.00000000000003"), Ok(Cell::Rounded(225)));
    assert_eq!(parse(weight, b"225.5"), Err("not a whole number".into()));
}

#[test]
fn zip_prefixes_get_their_zeros_back() {
    let zip = column(TableId::Customers, "customer_zip_code_prefix");
    assert_eq!(parse(zip, b"01151"), Ok(Cell::Text("01151")));
    assert_eq!(parse(zip, b"1151"), Ok(Cell::Padded(*b"01151")));
    for (number, digits) in [("98717.0", "98717"), ("98717,00", "98717")] {
        assert_eq!(parse(zip, number.as_bytes()), Ok(Cell::Text(digits)));
    }
    assert_eq!((parse(zip, b"1151.0"), parse(zip, b"7.0")), (Ok(Cell::Padded(*b"01151")), Ok(Cell::Padded(*b"00007"))));
    for bad in ["123456", "12a", " ", "1.000", "1.5", ".0", "123456.0"] {
        assert!(parse(zip, bad.as_bytes()).is_err(), "{bad}");
    }
}

#[test]
fn nulls_bounds_and_words() {
    assert_eq!(parse(column(TableId::Products, "product_weight_g"), b""), Ok(Cell::Null));
    assert_eq!(parse(column(TableId::Products, "product_weight_g"), b"225.0"), Ok(Cell::Integer(225)));
    assert!(parse(column(TableId::OrderReviews, "review_score"), b"6").is_err());
    assert!(parse(column(TableId::Orders, "order_status"), b"lost").is_err());
    assert!(parse(column(TableId::Customers, "customer_state"), b"XX").is_err());
    assert!(parse(column(TableId::Customers, "customer_city"), b"s\xe3o").is_err());
}

#[test]
fn a_word_that_is_meant_is_named() {
    let reason = |name: &str, table: TableId, text: &str| parse(column(table, name), text.as_bytes()).unwrap_err();
    for (text, meant) in [("cancelled", "canceled"), ("Delivered", "delivered"), ("Approved.", "approved")] {
        let reason = reason("order_status", TableId::Orders, text);
        assert!(reason.ends_with(&format!("; did you mean `{meant}`?")), "{reason}");
    }
    assert!(reason("customer_state", TableId::Customers, "sp").ends_with("27 state codes; did you mean `SP`?"));
    // Other words are meant by nothing near: of a state, both letters count.
    assert_eq!(reason("customer_state", TableId::Customers, "XX"), "not one of the 27 state codes");
    assert_eq!(reason("customer_state", TableId::Customers, "SX"), "not one of the 27 state codes");
    assert!(!reason("order_status", TableId::Orders, "lost").contains("mean"));
}
