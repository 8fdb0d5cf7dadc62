//! One field of text → one typed cell, by the logical type that the contract declares. Used by `input::table_builder`.

use super::contract::{Column, LONGEST_ID, LogicalType, MOST_CENTAVOS, is_state};
use super::dates;
use super::dates::Instant;
use super::missing::null_mark;
use super::numbers;
use super::read_options::Years;

/// A parsed field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Cell<'a> {
    Null,
    /// One of [`NULL_MARKS`](super::missing::NULL_MARKS), read as a null.
    Marked(&'static str),
    Text(&'a str),
    /// An id that is not 32 hexadecimal digits.
    OddId(&'a str),
    /// A zip prefix whose lost leading zeros were restored.
    Padded([u8; 5]),
    /// Whole numbers, centavos, and microseconds since 1970 for timestamps.
    Integer(i64),
    /// A whole number or centavos, to which a number that differs by the noise of floating point was rounded.
    Rounded(i64),
    /// An instant with a fraction of a second, microseconds since 1970.
    Fraction(i64),
    /// An instant written with an offset from UTC, as microseconds since 1970 in local time.
    Converted(i64),
    Float(f64),
}

/// Bounds that the contract leaves to the user.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    years: Years,
    /// Plausible instants, microseconds since 1970: the first inclusive, the second exclusive.
    instants: (i64, i64),
}

impl Cell<'_> {
    /// The whole number, or the centavos, that it holds.
    pub(crate) fn integer(&self) -> Option<i64> {
        match self {
            Cell::Integer(value) | Cell::Rounded(value) => Some(*value),
            _ => None,
        }
    }
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds::of(Years::default())
    }
}

impl Bounds {
    pub(crate) fn of(years: Years) -> Bounds {
        let start = |year: u16| dates::canonical(&format!("{year:04}-01-01 00:00:00"));
        // The year 10000 has too many digits to parse; no instant that can be written lies after 9999.
        Bounds { years, instants: (start(years.first).unwrap_or(i64::MIN), start(years.last + 1).unwrap_or(i64::MAX)) }
    }

    fn hold(&self, micros: i64) -> Result<i64, String> {
        match self.instants.0 <= micros && micros < self.instants.1 {
            true => Ok(micros),
            false => Err(format!("not in the years {} to {}", self.years.first, self.years.last)),
        }
    }
}

/// Reason for quarantine of bytes that are not text.
pub(crate) const NOT_TEXT: &str = "not UTF-8";

/// Reason for quarantine of what is no date.
pub(crate) const NOT_A_DATE: &str = "not a date `YYYY-MM-DD HH:MM:SS`";

/// Parses `field` as `column` declares it. Surrounding spaces are ignored; an empty field and a mark such as `NaN` are a null.
///
/// # Errors
/// The reason why the field breaks the contract, in words for the quarantine table.
pub(crate) fn parse<'a>(column: &Column, field: &'a [u8], bounds: &Bounds) -> Result<Cell<'a>, String> {
    match std::str::from_utf8(field) {
        Ok(text) => parse_text(column, text, bounds),
        Err(_) => Err(NOT_TEXT.into()),
    }
}

/// [`parse`] for a field that is known to be text.
pub(crate) fn parse_text<'a>(column: &Column, text: &'a str, bounds: &Bounds) -> Result<Cell<'a>, String> {
    let text = text.trim_ascii();
    let mark = null_mark(text);
    if text.is_empty() || mark.is_some() {
        return match column.null {
            Some(_) => Ok(mark.map_or(Cell::Null, Cell::Marked)),
            None => Err("a value is required".into()),
        };
    }
    match column.kind {
        LogicalType::Text => no_longer(text, column.longest).map(Cell::Text),
        // No early exit, so that the loop vectorizes: sixteen digits at a time.
        LogicalType::Id => match text.len() == 32 && text.bytes().fold(true, |hex, b| hex & b.is_ascii_hexdigit()) {
            true => Ok(Cell::Text(text)),
            false if text.contains(char::is_control) => Err("an identifier with control characters".into()),
            false => no_longer(text, LONGEST_ID).map(Cell::OddId),
        },
        LogicalType::State => match is_state(text) {
            true => Ok(Cell::Text(text)),
            false => Err("not one of the 27 state codes".into()),
        },
        LogicalType::Enumeration(words) => match words.contains(&text) {
            true => Ok(Cell::Text(text)),
            false => Err(format!("not one of {}", words.join(", "))),
        },
        LogicalType::Zip => zip(text),
        LogicalType::Integer(lo, hi) => {
            let (value, cell) = match integer(text) {
                Some(value) => (value, Cell::Integer(value)),
                None => rounded(column.kind, text).ok_or("not a whole number")?,
            };
            match (lo..=hi).contains(&value) {
                true => Ok(cell),
                false => Err(format!("not between {lo} and {hi}")),
            }
        }
        LogicalType::Money => {
            let (value, cell) = match centavos(text) {
                Ok(value) => (value, Cell::Integer(value)),
                Err(reason) => rounded(column.kind, text).ok_or(reason)?,
            };
            match value {
                ..0 => Err(NEGATIVE.into()),
                0..=MOST_CENTAVOS => Ok(cell),
                _ => Err(format!("more than {} reais", MOST_CENTAVOS / 100)),
            }
        }
        LogicalType::Degrees => match text.parse::<f64>() {
            Ok(degrees) if degrees.is_finite() => Ok(Cell::Float(degrees)),
            _ => Err("not a number of degrees".into()),
        },
        LogicalType::Timestamp => match dates::canonical(text).map(Instant::Local).or_else(|| dates::iso(text)) {
            Some(Instant::Local(micros)) if micros % 1_000_000 != 0 => bounds.hold(micros).map(Cell::Fraction),
            Some(Instant::Local(micros)) => bounds.hold(micros).map(Cell::Integer),
            Some(Instant::Converted(micros)) => bounds.hold(micros).map(Cell::Converted),
            None => Err(NOT_A_DATE.into()),
        },
        LogicalType::Date | LogicalType::Flag => Err("derived columns are not read".into()),
    }
}

/// Returns the text if it has at most `most` characters.
fn no_longer(text: &str, most: usize) -> Result<&str, String> {
    match text.len() <= most || text.chars().count() <= most {
        true => Ok(text),
        false => Err(format!("longer than {most} characters")),
    }
}

fn zip(text: &str) -> Result<Cell<'_>, String> {
    let is_prefix = |text: &str| (1..=5).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    // Tools that take the digits for a number write them with a decimal: never three, which might be thousands.
    let shorter = || [".0", ",0", ".00", ",00"].into_iter().find_map(|zeros| text.strip_suffix(zeros));
    let prefix = Some(text).filter(|text| is_prefix(text)).or_else(|| shorter().filter(|text| is_prefix(text)));
    let text = prefix.ok_or("not a zip prefix of five digits")?;
    if text.len() == 5 {
        return Ok(Cell::Text(text));
    }
    let mut padded = *b"00000";
    padded[5 - text.len()..].copy_from_slice(text.as_bytes());
    Ok(Cell::Padded(padded))
}

/// A whole number. Accepts `225.0`: tools without nullable integers write it so.
fn integer(text: &str) -> Option<i64> {
    let whole = match text.split_once('.') {
        Some((whole, zeros)) if zeros.bytes().all(|b| b == b'0') => whole,
        Some(_) => return None,
        None => text,
    };
    whole.parse().ok()
}

/// A number in another notation, or with the noise of floating point; the cell says whether it was rounded.
#[cold]
fn rounded(kind: LogicalType, text: &str) -> Option<(i64, Cell<'static>)> {
    let number = numbers::rounded(kind, text)?;
    let cell = if number.exact { Cell::Integer(number.value) } else { Cell::Rounded(number.value) };
    Some((number.value, cell))
}

/// Reason for quarantine of an amount below zero.
const NEGATIVE: &str = "a negative amount";

/// `58.9` → 5890. Exact: the text is never turned into a float.
pub(crate) fn centavos(text: &str) -> Result<i64, String> {
    let (reais, cents) = text.split_once('.').unwrap_or((text, ""));
    if text.starts_with('-') {
        return Err(NEGATIVE.into());
    }
    // At most fifteen digits: sums of amounts stay far from the limit of i64.
    if reais.is_empty() || reais.len() > 15 || !reais.bytes().chain(cents.bytes()).all(|b| b.is_ascii_digit()) {
        return Err("not an amount in reais, such as 58.90".into());
    }
    let cents = match cents.trim_end_matches('0').as_bytes() {
        [] => 0,
        [a] => i64::from(a - b'0') * 10,
        [a, b] => i64::from(a - b'0') * 10 + i64::from(b - b'0'),
        _ => return Err("more than two decimals".into()),
    };
    let reais: i64 = reais.parse().map_err(|_| "not an amount in reais")?;
    Ok(reais * 100 + cents)
}

/// Microseconds since 1970 of a timestamp with up to six decimals of a second, as databases write them.
pub(crate) fn timestamp_micros(text: &str) -> Option<i64> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if decimals.len() > 6 || !decimals.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let micros: i64 = format!("{decimals:0<6}").parse().ok()?;
    Some(dates::canonical(whole)? + micros)
}

/// `2017-10-02` → days since 1970-01-01.
pub(crate) fn date(text: &str) -> Option<i32> {
    let micros = dates::canonical(&format!("{text} 00:00:00"))?;
    i32::try_from(micros.div_euclid(86_400_000_000)).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
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
        for year in [
            "9999-12-31",
            "0001-01-01 00:00:00",
            "1999-12-31 23:59:59",
            "2101-01-01 00:00:00",
            "2101-01-01T00:00:00-03:00",
        ] {
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
        assert_eq!(parse(price, b"10000000.00"), Ok(Cell::Integer(MOST_CENTAVOS)));
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
        assert_eq!(
            (parse(zip, b"1151.0"), parse(zip, b"7.0")),
            (Ok(Cell::Padded(*b"01151")), Ok(Cell::Padded(*b"00007")))
        );
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
}
