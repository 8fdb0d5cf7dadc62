//! One field of text → one typed cell, by the kind that the contract declares. Used by `read`.

use super::contract::{Column, Kind, is_state};

/// A parsed field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Cell<'a> {
    Null,
    Text(&'a str),
    /// A zip prefix that lost its leading zeros, restored.
    Padded([u8; 5]),
    /// Whole numbers, centavos, and microseconds since 1970 for timestamps.
    Integer(i64),
    Float(f64),
}

/// Parses `field` as `column` declares it. Surrounding spaces do not count; an empty field is a null.
///
/// # Errors
/// Why the field breaks the contract, in words for the quarantine table.
pub(crate) fn parse<'a>(column: &Column, field: &'a [u8]) -> Result<Cell<'a>, String> {
    let Ok(text) = std::str::from_utf8(field) else {
        return Err("not UTF-8".into());
    };
    let text = text.trim_ascii();
    if text.is_empty() {
        return match column.null {
            Some(_) => Ok(Cell::Null),
            None => Err("a value is required".into()),
        };
    }
    match column.kind {
        Kind::Text => Ok(Cell::Text(text)),
        // Without an early end, digits are looked at sixteen at a time.
        Kind::Id => match text.len() == 32 && text.bytes().fold(true, |hex, b| hex & b.is_ascii_hexdigit()) {
            true => Ok(Cell::Text(text)),
            false => Err("not an identifier of 32 hexadecimal digits".into()),
        },
        Kind::State => match is_state(text) {
            true => Ok(Cell::Text(text)),
            false => Err("not one of the 27 state codes".into()),
        },
        Kind::Word(words) => match words.contains(&text) {
            true => Ok(Cell::Text(text)),
            false => Err(format!("not one of {}", words.join(", "))),
        },
        Kind::Zip => zip(text),
        Kind::Integer(lo, hi) => {
            let value = integer(text).ok_or("not a whole number")?;
            match (lo..=hi).contains(&value) {
                true => Ok(Cell::Integer(value)),
                false => Err(format!("not between {lo} and {hi}")),
            }
        }
        Kind::Money => centavos(text).map(Cell::Integer),
        Kind::Degrees => match text.parse::<f64>() {
            Ok(degrees) if degrees.is_finite() => Ok(Cell::Float(degrees)),
            _ => Err("not a number of degrees".into()),
        },
        Kind::Timestamp => timestamp(text).map(Cell::Integer).ok_or_else(|| "not a date `YYYY-MM-DD HH:MM:SS`".into()),
        Kind::Date | Kind::Flag => Err("derived columns are not read".into()),
    }
}

fn zip(text: &str) -> Result<Cell<'_>, String> {
    let digits = text.as_bytes();
    if digits.len() > 5 || !digits.iter().all(u8::is_ascii_digit) {
        return Err("not a zip prefix of five digits".into());
    }
    if digits.len() == 5 {
        return Ok(Cell::Text(text));
    }
    let mut padded = *b"00000";
    padded[5 - digits.len()..].copy_from_slice(digits);
    Ok(Cell::Padded(padded))
}

/// Whole number; `225.0` counts as one, since tools that know no missing integers write it so.
fn integer(text: &str) -> Option<i64> {
    let whole = match text.split_once('.') {
        Some((whole, zeros)) if zeros.bytes().all(|b| b == b'0') => whole,
        Some(_) => return None,
        None => text,
    };
    whole.parse().ok()
}

/// `58.9` → 5890. Exact: the text is never turned into a float.
pub(crate) fn centavos(text: &str) -> Result<i64, String> {
    let (reais, cents) = text.split_once('.').unwrap_or((text, ""));
    if text.starts_with('-') {
        return Err("a negative amount".into());
    }
    // Fifteen digits keep any sum of amounts far from the limit of i64.
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

/// `2017-10-02 10:56:33` → microseconds since 1970-01-01, no time zone.
fn timestamp(text: &str) -> Option<i64> {
    let b = text.as_bytes();
    if b.len() != 19 || b[4] != b'-' || b[7] != b'-' || !matches!(b[10], b' ' | b'T') || b[13] != b':' || b[16] != b':'
    {
        return None;
    }
    let number = |range: std::ops::Range<usize>| {
        b[range].iter().try_fold(0u32, |n, d| d.is_ascii_digit().then(|| n * 10 + u32::from(d - b'0')))
    };
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    let date = chrono::NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
    let time = date.and_hms_opt(hour, minute, second)?;
    Some(time.and_utc().timestamp_micros())
}

/// A timestamp that may carry up to six decimals of a second, as databases write them.
pub(crate) fn timestamp_micros(text: &str) -> Option<i64> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if decimals.len() > 6 || !decimals.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let micros: i64 = format!("{decimals:0<6}").parse().ok()?;
    Some(timestamp(whole)? + micros)
}

/// `2017-10-02` → days since 1970-01-01.
pub(crate) fn date(text: &str) -> Option<i32> {
    let micros = timestamp(&format!("{text} 00:00:00"))?;
    i32::try_from(micros.div_euclid(86_400_000_000)).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::contract::TableId;
    use super::*;

    fn column(table: TableId, name: &str) -> &'static Column {
        table.table().column(name).unwrap()
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
        assert_eq!(timestamp("1970-01-02 00:00:01"), Some(86_401_000_000));
        for bad in
            ["2017-02-29 00:00:00", "2017-13-01 00:00:00", "2017-01-01", "2017-01-01 24:00:00", "2017-01-01 1:00:00 "]
        {
            assert_eq!(timestamp(bad), None, "{bad}");
        }
        assert_eq!(timestamp_micros("1970-01-02 00:00:01.5"), Some(86_401_500_000));
        assert_eq!(timestamp_micros("1970-01-02 00:00:01.1234567"), None);
        assert_eq!((date("1969-12-31"), date("1969-12-32"), date("")), (Some(-1), None, None));
    }

    #[test]
    fn zip_prefixes_get_their_zeros_back() {
        let zip = column(TableId::Customers, "customer_zip_code_prefix");
        assert_eq!(parse(zip, b"01151"), Ok(Cell::Text("01151")));
        assert_eq!(parse(zip, b"1151"), Ok(Cell::Padded(*b"01151")));
        assert!(parse(zip, b"123456").is_err() && parse(zip, b"12a").is_err() && parse(zip, b" ").is_err());
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
