//! A number as people write it → the number in contract form: `R$ 1.234,56` → `1234.56`. Used by `input::dialect`.

use super::contract::LogicalType;
use super::read_options::DecimalMark;

/// Whether a number is already in contract form: digits, and optionally a point and decimals that are not a group of thousands.
pub(crate) fn is_plain(kind: LogicalType, text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    match kind {
        LogicalType::Degrees => text.parse::<f64>().is_ok(),
        LogicalType::Integer(..) => {
            !whole.is_empty() && all_digits(whole) && decimals.len() < 3 && decimals.bytes().all(|b| b == b'0')
        }
        _ => !whole.is_empty() && all_digits(whole) && decimals.len() < 3 && all_digits(decimals),
    }
}

/// Converts a number to contract form, with `mark` as its decimal mark; `None` if it cannot be read that way. Three digits after a
/// mark may be thousands or decimals: then both readings fit, and other values or the user decide.
pub(crate) fn plain(kind: LogicalType, text: &str, mark: DecimalMark) -> Option<String> {
    if kind == LogicalType::Degrees && mark == DecimalMark::Point {
        return text.parse::<f64>().is_ok().then(|| text.into());
    }
    let (decimal, thousands) = match mark {
        DecimalMark::Comma => (',', '.'),
        DecimalMark::Point => ('.', ','),
    };
    let (sign, digits) = signed(kind, text);
    let (whole, decimals) = match digits.split_once(decimal) {
        Some((whole, decimals)) => (whole, decimals),
        None => (digits, ""),
    };
    let whole =
        if matches!(kind, LogicalType::Degrees) { only_digits(whole)?.into() } else { ungrouped(whole, thousands)? };
    let decimals = only_digits(decimals)?;
    let kept = match kind {
        LogicalType::Degrees => decimals,
        LogicalType::Integer(..) => Some("").filter(|_| decimals.bytes().all(|b| b == b'0'))?,
        // More than two decimals are a number all the same, which the contract then refuses.
        _ => decimals.trim_end_matches('0'),
    };
    let point = if kept.is_empty() { "" } else { "." };
    (!whole.is_empty()).then(|| format!("{sign}{whole}{point}{kept}"))
}

/// Splits off sign and currency: the sign, and the rest.
fn signed(kind: LogicalType, text: &str) -> (&'static str, &str) {
    let mut rest = text.trim();
    let mut sign = "";
    let mut unsigned = |text: &mut &str| {
        if let Some(digits) = text.strip_prefix('-').filter(|_| sign.is_empty()) {
            (sign, *text) = ("-", digits.trim_start());
        }
    };
    unsigned(&mut rest);
    if kind == LogicalType::Money {
        for currency in ["R$", "BRL"] {
            rest = rest.strip_prefix(currency).or_else(|| rest.strip_suffix(currency)).unwrap_or(rest).trim();
        }
        unsigned(&mut rest);
    }
    (sign, rest)
}

fn only_digits(text: &str) -> Option<&str> {
    text.bytes().all(|b| b.is_ascii_digit()).then_some(text)
}

/// Removes the separator between groups of three digits: `mark`, a space or an apostrophe, but the same one throughout.
fn ungrouped(text: &str, mark: char) -> Option<String> {
    let Some(between) = text.chars().find(|c| !c.is_ascii_digit()) else { return Some(text.into()) };
    if between != mark && !matches!(between, ' ' | '\u{a0}' | '\u{202f}' | '\'') {
        return None;
    }
    let groups: Vec<&str> = text.split(between).collect();
    let (first, others) = groups.split_first()?;
    let grouped =
        (1..=3).contains(&first.len()) && !first.starts_with('0') && others.iter().all(|group| group.len() == 3);
    let digits = groups.concat();
    (grouped && only_digits(&digits).is_some()).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::DecimalMark::{Comma, Point};
    use super::*;

    const WHOLE: LogicalType = LogicalType::Integer(0, 1_000_000);

    #[test]
    fn amounts_are_read_with_either_mark() {
        let read = |text: &str| [Comma, Point].map(|mark| plain(LogicalType::Money, text, mark));
        let some = |text: &str| Some(text.to_string());
        assert_eq!(read("R$ 1.234,56"), [some("1234.56"), None]);
        assert_eq!(read("R$\u{a0}1.234,56"), [some("1234.56"), None]);
        assert_eq!(read("1,234.56"), [None, some("1234.56")]);
        assert_eq!(read("1 234,50"), [some("1234.5"), None]);
        assert_eq!(read("12,34"), [some("12.34"), None]);
        // Thousands or three decimals, of which the contract knows none: not for this function to say.
        assert_eq!(read("1.234"), [some("1234"), some("1.234")]);
        assert_eq!(read("1,234"), [some("1.234"), some("1234")]);
        // No thousands: a group of four digits, or one that begins with a zero.
        assert_eq!(read("1234.565"), [None, some("1234.565")]);
        assert_eq!(read("0.505"), [None, some("0.505")]);
        assert_eq!(read("1.2345"), [None, some("1.2345")]);
        assert_eq!(read("1.230"), [some("1230"), some("1.23")]);
        assert_eq!(read("1234"), [some("1234"), some("1234")]);
        assert_eq!(read("-R$ 5,00"), [some("-5"), None]);
        assert_eq!(read("1.234.567,8"), [some("1234567.8"), None]);
        for none in ["", "R$", "1.23.4", "1,2,3", "12.34,56", "a", "1..234", ",5", "--1", "1'23"] {
            assert_eq!(read(none), [None, None], "{none}");
        }
    }

    #[test]
    fn whole_numbers_and_degrees_have_their_own_rules() {
        assert_eq!(plain(WHOLE, "1.234", Comma).as_deref(), Some("1234"));
        assert_eq!(plain(WHOLE, "1.234", Point), None);
        assert_eq!(plain(WHOLE, "225,0", Comma).as_deref(), Some("225"));
        assert_eq!(plain(WHOLE, "225,5", Comma), None);
        assert_eq!(plain(WHOLE, "R$ 5", Comma), None);
        assert_eq!(plain(LogicalType::Degrees, "-23,5456", Comma).as_deref(), Some("-23.5456"));
        assert_eq!(plain(LogicalType::Degrees, "-23.545", Comma), None);
    }

    #[test]
    fn what_is_plain_needs_no_second_look() {
        assert!(["58.9", "58.90", "1000", "-1"].iter().all(|text| is_plain(LogicalType::Money, text)));
        assert!(["1.230", "58,90", "R$ 5", "", "1,000"].iter().all(|text| !is_plain(LogicalType::Money, text)));
        assert!(is_plain(WHOLE, "225.0") && !is_plain(WHOLE, "1.000") && !is_plain(WHOLE, "1.5"));
        assert!(is_plain(LogicalType::Degrees, "-23.545") && !is_plain(LogicalType::Degrees, "-23,5"));
    }
}
