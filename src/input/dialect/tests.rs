//! Files in every dialect, read as canonical ones.

use super::*;
use crate::schema::contract::TableId;
use crate::schema::read_options::{DateOrder, DecimalMark};

fn read_with(table: TableId, bytes: &[u8], reading: &Reading) -> Result<(String, String)> {
    let reread = |take: &mut dyn FnMut(&mut dyn Read) -> Result<()>| take(&mut &bytes[..]);
    let Canonical { mut bytes, found, .. } = canonical(table.table(), "f.csv", reading, Box::new(bytes), &reread)?;
    let mut text = String::new();
    bytes.read_to_string(&mut text).unwrap();
    Ok((text, warnings(&[("f.csv".into(), found)]).concat()))
}

fn read(table: TableId, text: &str) -> (String, String) {
    read_with(table, text.as_bytes(), &Reading::default()).unwrap()
}

const SELLERS: &str = "seller_id,seller_zip_code_prefix,seller_city,seller_state\n";

#[test]
fn canonical_bytes_pass_untouched() {
    for text in ["", "x", SELLERS, "\u{feff}\"seller_id\",\"seller_city\"\r\n\"a, b\",\"são \"\"x\"\"\"\r\n\r\n"] {
        assert_eq!(read(TableId::Sellers, text), (text.into(), String::new()));
    }
}

#[test]
fn delimiters_are_found_by_the_columns() {
    let rows = format!("{SELLERS}a,1,\"x;y\",SP\n");
    for (delimiter, name) in [(';', "`;`"), ('\t', "tabs"), ('|', "`|`")] {
        let written = rows.replace("x;y", "x;y|z").replace(',', &delimiter.to_string());
        let (text, found) = read(TableId::Sellers, &written);
        let expected = format!("{SELLERS}a,1,x;y|z,SP\n");
        assert_eq!(text, expected);
        assert_eq!(found, format!("`f.csv`: it is separated by {name}"));
    }
    let (text, _) = read(TableId::Sellers, "sep=;\nseller_id;seller_city\na;\"b,c\"\n");
    assert_eq!(text, "\nseller_id,seller_city\na,\"b,c\"\n");
    let (text, _) = read(TableId::Sellers, "\"seller_id\", \"seller_city\"\n\"a\" ,  \"b, \"\"c\"\"\"\nd, e\n");
    assert_eq!(text, "seller_id,seller_city\na,\"b, \"\"c\"\"\"\nd, e\n");
}

#[test]
fn encodings_are_found() {
    let text = format!("{SELLERS}a,1,são paulo,SP\nb,1,maceió,AL\nc,1,goiânia,GO\n");
    let utf16 = |big: bool| -> Vec<u8> {
        let bytes = |unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() };
        "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(bytes).collect()
    };
    let windows: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let unmarked = |big: bool| utf16(big)[2..].to_vec();
    for (bytes, name) in [
        (utf16(true), "UTF-16BE"),
        (utf16(false), "UTF-16LE"),
        (unmarked(true), "UTF-16BE"),
        (unmarked(false), "UTF-16LE"),
        (windows, "windows-1252"),
    ] {
        let found = read_with(TableId::Sellers, &bytes, &Reading::default()).unwrap();
        assert_eq!(found, (text.clone(), format!("`f.csv`: it is written in {name}")));
    }
    // One wrong byte among valid text is damage, not another encoding.
    let mut damaged = text.clone().into_bytes();
    let at = damaged.len() - 3;
    damaged[at] = 0xe3;
    let reread = |take: &mut dyn FnMut(&mut dyn Read) -> Result<()>| take(&mut &damaged[..]);
    let mut bytes = Vec::new();
    let table = TableId::Sellers.table();
    let read = canonical(table, "f", &Reading::default(), Box::new(&damaged[..]), &reread).unwrap();
    { read }.bytes.read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes, damaged);
}

#[test]
fn lines_may_end_with_a_carriage_return_and_keep_their_numbers() {
    let (text, found) = read(TableId::Sellers, "seller_id,seller_city\ra,\"b\rc\"\rd,e");
    assert_eq!(text, "seller_id,seller_city\na,\"b\nc\"\nd,e");
    assert_eq!(found, "`f.csv`: its lines end with `\\r`");
    let (text, _) = read(TableId::Sellers, "seller_id;seller_city\r\na;\"b\r\nc\"\r\nd;e\r\n");
    assert_eq!(text.lines().position(|line| line == "d,e"), Some(3), "{text}");
}

fn orders(dates: &[&str]) -> String {
    dates.iter().fold("order_id,order_purchase_timestamp\n".into(), |text, date| text + "a," + date + "\n")
}

#[test]
fn the_order_of_days_and_months_is_found_in_all_values() {
    let dates = |text: String| -> Vec<String> {
        text.lines().skip(1).map(|line| line.split_once(',').unwrap().1.into()).collect()
    };
    let (text, found) = read(TableId::Orders, &orders(&["03/04/2018 10:10", "", "x", "15/08/2018", "01/02/2018"]));
    assert_eq!(dates(text), ["2018-04-03 10:10", "", "x", "2018-08-15", "2018-02-01"]);
    assert_eq!(found, "`f.csv`: dates of `order_purchase_timestamp` are read as day/month/year");
    let (text, _) = read(TableId::Orders, &orders(&["03/04/2018", "8/15/2018 10:10 AM"]));
    assert_eq!(dates(text), ["2018-03-04", "2018-08-15 10:10 AM"]);
    // Dates that start with the year tell nothing about the others, however many there are.
    let iso = "2018-01-01 00:00:00";
    let (text, found) = read(TableId::Orders, &orders(&[iso, "03/04/2018", iso, "15/08/2018", iso]));
    assert_eq!(dates(text), [iso, "2018-04-03", iso, "2018-08-15", iso]);
    assert!(found.ends_with("`order_purchase_timestamp` are read as year-month-day and as day/month/year"), "{found}");
    // Both orders give the same date.
    assert_eq!(dates(read(TableId::Orders, &orders(&["04/04/2018"])).0), ["2018-04-04"]);
}

#[test]
fn what_can_be_read_in_two_ways_is_refused_until_the_user_says() {
    let text = orders(&["03/04/2018", "05/06/2018"]);
    let error = read_with(TableId::Orders, text.as_bytes(), &Reading::default()).unwrap_err();
    assert!(error.to_string().contains("`03/04/2018`") && error.hint().unwrap().contains("--dates dmy"), "{error}");
    let reading = Reading { dates: Some(DateOrder::Dmy), ..Reading::default() };
    assert!(read_with(TableId::Orders, text.as_bytes(), &reading).unwrap().0.contains("2018-04-03"));
    // One in a hundred that nothing explains is an odd value; more are a reason to ask.
    let among = |others: &[&str]| orders(&[others, &["2018-01-01 00:00:00"; 100]].concat());
    for others in [&["03/04/2018"][..], &["NaN", "NULL", "x"]] {
        assert_eq!(read(TableId::Orders, &among(others)), (among(others), String::new()));
    }
    let two = among(&["03/04/2018", "05/06/2018"]);
    assert!(read_with(TableId::Orders, two.as_bytes(), &Reading::default()).is_err());
    let text = orders(&["25/04/2018", "05/26/2018"]);
    assert!(read_with(TableId::Orders, text.as_bytes(), &Reading::default()).is_err());
    let items = "order_id,price\na,1.230\na,2.500\na,7\n";
    let error = read_with(TableId::OrderItems, items.as_bytes(), &Reading::default()).unwrap_err();
    assert!(error.to_string().contains("`1.230`") && error.hint().unwrap().contains("--numbers comma"), "{error}");
    for (mark, expected) in [(DecimalMark::Comma, "a,1230\na,2500\n"), (DecimalMark::Point, "a,1.23\na,2.5\n")] {
        let reading = Reading { numbers: Some(mark), ..Reading::default() };
        let (text, _) = read_with(TableId::OrderItems, items.as_bytes(), &reading).unwrap();
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn numbers_are_read_with_the_mark_that_fits_all() {
    let (text, found) = read(TableId::OrderItems, "order_id;price;freight_value\na;R$ 1.234,56;1.234\na;12,5;2.000\n");
    assert_eq!(text, "order_id,price,freight_value\na,1234.56,1234\na,12.5,2000\n");
    assert!(found.ends_with("numbers of `price`, `freight_value` are read with a decimal comma"), "{found}");
    let (text, found) = read(TableId::OrderItems, "order_id,price\na,\"1,234.56\"\na,12.50\n");
    assert_eq!(text, "order_id,price\na,1234.56\na,12.5\n");
    assert!(found.ends_with("numbers of `price` are read with a decimal point"), "{found}");
    // Three digits behind the mark: decimals where the mark of the file is known, refused where it is not.
    let prices = |values: &str| format!("order_id,price\n{}", values.replace(' ', "\n"));
    let point = Reading { numbers: Some(DecimalMark::Point), ..Reading::default() };
    for (values, reading) in
        [("a,155.905 a,1234.565", Reading::default()), ("a,155.905 a,1.234", point), ("a,0.505", point)]
    {
        let (text, _) = read_with(TableId::OrderItems, prices(values).as_bytes(), &reading).unwrap();
        assert_eq!(text, prices(values), "{values}");
    }
    assert!(read_with(TableId::OrderItems, prices("a,155.905 a,12").as_bytes(), &Reading::default()).is_err());
    let (text, _) = read(TableId::Geolocation, "geolocation_lat;geolocation_lng\n-23,5;-46,25\n");
    assert_eq!(text, "geolocation_lat,geolocation_lng\n-23.5,-46.25\n");
}

#[test]
fn dates_that_do_not_start_with_the_year_are_no_dates_of_that_form() {
    let orders = "order_id,order_purchase_timestamp\na,01/10/2017 10:10\n";
    let ymd = Reading { dates: Some(DateOrder::Ymd), ..Reading::default() };
    let error = read_with(TableId::Orders, orders.as_bytes(), &ymd).unwrap_err();
    assert!(error.to_string().contains("`01/10/2017 10:10` does not start with the year"), "{error}");
}

#[test]
fn headers_are_known_in_any_case() {
    let (text, _) = read(TableId::OrderItems, "ORDER_ID;Price;'freight value'\na;12,5;2,25\n");
    assert_eq!(text, "ORDER_ID,Price,'freight value'\na,12.5,2.25\n");
}
