//! A number as people and tools write it → the number in contract form: `R$ 1.234,56` → `1234.56`, `41.02000000000001` → `41.02`. Used by
//! `input::dialect` and `parse`.

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
        // Three digits may be thousands; more are decimals, which the contract then rounds or refuses.
        _ => !whole.is_empty() && all_digits(whole) && decimals.len() != 3 && all_digits(decimals),
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
    let (digits, exponent) = scientific(digits);
    let (whole, decimals) = digits.split_once(decimal).unwrap_or((digits, ""));
    if let Some(exponent) = exponent {
        // No tool groups the digits of a number with an exponent, so that its mark is that of decimals.
        let fits = !whole.is_empty() && is_exponent(exponent);
        let (whole, decimals) = (only_digits(whole)?, only_digits(decimals)?);
        return fits.then(|| format!("{sign}{whole}.{decimals}e{exponent}"));
    }
    let whole =
        if matches!(kind, LogicalType::Degrees) { only_digits(whole)?.into() } else { ungrouped(whole, thousands, 3)? };
    let decimals = only_digits(decimals)?;
    let kept = match kind {
        LogicalType::Degrees => decimals,
        LogicalType::Integer(..) => Some("").filter(|_| decimals.bytes().all(|b| b == b'0'))?,
        // More than two decimals still make a number; the contract then refuses it.
        _ => decimals.trim_end_matches('0'),
    };
    let point = if kept.is_empty() { "" } else { "." };
    (!whole.is_empty()).then(|| format!("{sign}{whole}{point}{kept}"))
}

/// Splits off sign and currency: the sign, and the rest.
fn signed(kind: LogicalType, text: &str) -> (&'static str, &str) {
    let mut rest = text.trim();
    let mut sign = None;
    let mut unsigned = |text: &mut &str| {
        for (mark, kept) in [('-', "-"), ('+', "")] {
            if let Some(digits) = text.strip_prefix(mark).filter(|_| sign.is_none()) {
                (sign, *text) = (Some(kept), digits.trim_start());
            }
        }
    };
    unsigned(&mut rest);
    if kind == LogicalType::Money {
        for currency in ["R$", "BRL", "$"] {
            rest = rest.strip_prefix(currency).or_else(|| rest.strip_suffix(currency)).unwrap_or(rest).trim();
        }
        unsigned(&mut rest);
    }
    (sign.unwrap_or_default(), rest)
}

/// Splits off an exponent: `1.5e+02`.
fn scientific(text: &str) -> (&str, Option<&str>) {
    text.split_once(['e', 'E']).map_or((text, None), |(digits, exponent)| (digits, Some(exponent)))
}

fn is_exponent(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    (1..=2).contains(&digits.len()) && only_digits(digits).is_some()
}

/// A number in the unit of its column: centavos, or a whole number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rounded {
    pub(crate) value: i64,
    /// Whether the text is this number to the last digit.
    pub(crate) exact: bool,
}

/// The amount in centavos or the whole number that a text in any notation is, or from which it differs by less than 10⁻⁶: so little is the
/// noise of floating point (`41.02000000000001`). `None` for a number that lies between two, and for no number.
pub(crate) fn rounded(kind: LogicalType, text: &str) -> Option<Rounded> {
    /// Decimals of the noise.
    const NOISE: u32 = 6;
    /// Digits that are read. Further ones only decide whether the number is exact.
    const DIGITS: usize = 30;
    let places = if kind == LogicalType::Money { 2 } else { 0 };
    let (sign, digits) = signed(kind, text);
    let (digits, exponent) = scientific(digits);
    let exponent: i32 = match exponent {
        Some(exponent) => exponent.parse().ok().filter(|_| is_exponent(exponent))?,
        None => 0,
    };
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() || whole.len() > 15 {
        return None;
    }
    let (whole, decimals) = (only_digits(whole)?, only_digits(decimals)?.trim_end_matches('0'));
    let kept = &decimals[..decimals.len().min(DIGITS - whole.len())];
    let number: i128 = format!("{whole}{kept}").parse().ok()?;
    // `number` counts units of 10 to the power of `-scale` of the requested unit.
    let scale = kept.len() as i32 - exponent - places;
    let power = |exponent: i32| 10i128.checked_pow(exponent.unsigned_abs());
    let (value, rest, unit) = match scale <= 0 {
        true => (number.checked_mul(power(scale)?)?, 0, 1),
        // Below the smallest unit by more than an i128 holds, there is only noise around zero.
        false => power(scale).map_or((0, number, i128::MAX), |unit| (number / unit, number % unit, unit)),
    };
    let (value, distance) = if rest > unit / 2 { (value + 1, unit - rest) } else { (value, rest) };
    let noise = 10i128.pow(NOISE - places.unsigned_abs());
    let value = i64::try_from(if sign == "-" { -value } else { value }).ok()?;
    let exact = distance == 0 && kept.len() == decimals.len();
    // `unit / noise` rounds down, where the distance would have to be smaller still.
    (distance == 0 || distance < unit / noise).then_some(Rounded { value, exact })
}

fn only_digits(text: &str) -> Option<&str> {
    text.bytes().all(|b| b.is_ascii_digit()).then_some(text)
}

/// Removes the separator between groups of digits: `mark`, a space or an apostrophe, but the same one throughout. The last group has three
/// digits, those before it `least` to three (Indian groups have two), the first one to three.
pub(crate) fn ungrouped(text: &str, mark: char, least: usize) -> Option<String> {
    let Some(between) = text.chars().find(|c| !c.is_ascii_digit()) else { return Some(text.into()) };
    if between != mark && !matches!(between, ' ' | '\u{a0}' | '\u{202f}' | '\'') {
        return None;
    }
    let groups: Vec<&str> = text.split(between).collect();
    let (first, others) = groups.split_first()?;
    let grouped = (1..=3).contains(&first.len())
        && !first.starts_with('0')
        && others.iter().all(|group| (least..=3).contains(&group.len()))
        && others.last().is_some_and(|group| group.len() == 3);
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
        assert_eq!(read("+$155.90"), [None, some("155.9")]);
        assert_eq!(read("$ 1.234,50"), [some("1234.5"), None]);
        // An exponent proves that a mark separates decimals.
        assert_eq!(read("1.559e+02"), [None, some("1.559e+02")]);
        assert_eq!(read("-1,559000E+02"), [some("-1.559000e+02"), None]);
        for none in [
            "", "R$", "1.23.4", "1,2,3", "12.34,56", "a", "1..234", ",5", "--1", "+-1", "1'23", "US$ 5", "1e", "1e+",
            "1e999",
        ] {
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
        assert!(is_plain(LogicalType::Money, "41.02000000000001") && is_plain(LogicalType::Money, "+155.9"));
        let marked = ["1.230", "58,90", "R$ 5", "", "1,000", "1.5e+02"];
        assert!(marked.iter().all(|text| !is_plain(LogicalType::Money, text)));
        assert!(is_plain(WHOLE, "225.0") && !is_plain(WHOLE, "1.000") && !is_plain(WHOLE, "1.5"));
        assert!(is_plain(LogicalType::Degrees, "-23.545") && !is_plain(LogicalType::Degrees, "-23,5"));
    }

    #[test]
    fn what_floating_point_adds_is_taken_off() {
        let read = |kind: LogicalType, text: &str| rounded(kind, text).map(|n| (n.value, n.exact));
        let money = |text: &str| read(LogicalType::Money, text);
        for (text, centavos, exact) in [
            ("41.02000000000001", 4102, false),
            ("10.300000000000011", 1030, false),
            ("41.019999999999996", 4102, false),
            ("1.559000e+02", 15_590, true),
            ("1559e-1", 15_590, true),
            ("+155.9", 15_590, true),
            ("$155.90", 15_590, true),
            ("-1e-17", 0, false),
            ("-0.0", 0, true),
            ("-5.00", -500, true),
            ("1e-99", 0, false),
            // The exact value of a double: more digits than are looked at.
            ("41.02000000000001023181539494544267654418945312500001", 4102, false),
        ] {
            assert_eq!(money(text), Some((centavos, exact)), "{text}");
        }
        // The last is a number of single precision in double precision, which is off by more.
        for between in [
            "1.234",
            "58.905",
            "58.900001",
            "58.899999",
            "41.0200010000001",
            "1.5595e+01",
            "0.005",
            "1e-3",
            "58.900001525878906",
        ] {
            assert_eq!(money(between), None, "{between}");
        }
        assert_eq!((money("58.9000009"), money("58.8999991")), (Some((5890, false)), Some((5890, false))));
        for none in ["", ".", ".5", "1,5", "NaN", "inf", "9999999999999999", "1e99", "e5", "1.5.0"] {
            assert_eq!(money(none), None, "{none}");
        }
        assert_eq!(read(WHOLE, "2.25e+02"), Some((225, true)));
        assert_eq!(read(WHOLE, "224.99999999999997"), Some((225, false)));
        assert_eq!((read(WHOLE, "224.5"), read(WHOLE, "$225")), (None, None));
    }
}
