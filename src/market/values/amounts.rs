//! Text of an export → amounts in minor units. What is ambiguous in one value is settled by the whole column, or refused. Used by `lines`
//! and `propose`.

use crate::schema::numbers::ungrouped;
use crate::schema::read_options::DecimalMark;

/// An amount in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Amount {
    pub(crate) minor: i64,
    /// Whether digits below the smallest unit were rounded away, by more than the noise of floating point.
    pub(crate) rounded: bool,
}

/// How the amounts of a column may be read.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Marks {
    /// Values that only a decimal point fits, and only a decimal comma.
    point: usize,
    comma: usize,
    /// Values that both fit, with different amounts.
    ambiguous: usize,
}

impl Marks {
    pub(crate) fn add(&mut self, text: &str, digits: u32) {
        match plain_mark(text) {
            Some(Some(DecimalMark::Point)) => return self.point += 1,
            Some(Some(DecimalMark::Comma)) => return self.comma += 1,
            Some(None) => return,
            None => {}
        }
        match (amount(text, DecimalMark::Point, digits), amount(text, DecimalMark::Comma, digits)) {
            (Some(point), Some(comma)) if point != comma => self.ambiguous += 1,
            (Some(_), None) => self.point += 1,
            (None, Some(_)) => self.comma += 1,
            _ => {}
        }
    }

    /// The decimal mark of the column.
    ///
    /// # Errors
    /// Both marks occur, or no value settles which it is.
    pub(crate) fn decide(self, declared: Option<DecimalMark>) -> Result<DecimalMark, String> {
        match (self.point, self.comma, declared) {
            (_, _, Some(mark)) => Ok(mark),
            (1.., 1.., _) => Err("some amounts have a decimal point and some a decimal comma".into()),
            (_, 1.., _) => Ok(DecimalMark::Comma),
            (0, 0, _) if self.ambiguous > 0 => {
                Err("amounts such as `1.234` may have a decimal mark or thousands, and no value settles it".into())
            }
            _ => Ok(DecimalMark::Point),
        }
    }
}

/// The decimal mark of the plainest amounts, of which nearly all are: digits with at most one mark, which does not stand before three digits
/// and so separates no thousands. `Some(None)` without a mark, `None` for any other text.
fn plain_mark(text: &str) -> Option<Option<DecimalMark>> {
    let bytes = text.strip_prefix('-').unwrap_or(text).as_bytes();
    let at = bytes.iter().position(|b| !b.is_ascii_digit()).unwrap_or(bytes.len());
    let (whole, rest) = bytes.split_at(at);
    let (mark, decimals) = match rest {
        [] => return (!whole.is_empty()).then_some(None),
        [b'.', decimals @ ..] => (DecimalMark::Point, decimals),
        [b',', decimals @ ..] => (DecimalMark::Comma, decimals),
        _ => return None,
    };
    let settles = !whole.is_empty() && !matches!(decimals.len(), 0 | 3) && decimals.iter().all(u8::is_ascii_digit);
    settles.then_some(Some(mark))
}

/// A number of a workbook or of JSON, where a point always separates decimals, in a form that nobody takes for thousands.
pub(crate) fn unambiguous(mut number: String) -> String {
    if number.split_once('.').is_some_and(|(_, decimals)| decimals.len() == 3) {
        number.push('0');
    }
    number
}

/// An amount as tools write it: with a currency before or behind it, a sign, parentheses, groups of thousands. `None` if it is none.
pub(crate) fn amount(text: &str, mark: DecimalMark, digits: u32) -> Option<Amount> {
    let text = text.trim();
    // Two decimals behind a point are no thousands, whatever the mark of the column: workbooks hold numbers beside text.
    let mark = plain_mark(text).flatten().unwrap_or(mark);
    match plain(text, mark, digits) {
        Some(minor) => minor.map(|minor| Amount { minor, rounded: false }),
        None => decorated(text, mark, digits),
    }
}

/// The most frequent form, read without copies: digits, then perhaps a mark and decimals that are no group of thousands. The outer `None`
/// is for another form, the inner one for a text that is no amount.
fn plain(text: &str, mark: DecimalMark, digits: u32) -> Option<Option<i64>> {
    let (negative, number) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let at = number.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(number.len());
    let (whole, decimals) = (&number[..at], number.get(at + 1..).unwrap_or_default());
    if !(1..=15).contains(&whole.len()) || !decimals.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let separated = match number.as_bytes().get(at) {
        None => None,
        Some(_) if decimals.is_empty() => return None,
        Some(b'.') => Some(DecimalMark::Point),
        Some(b',') => Some(DecimalMark::Comma),
        Some(_) => return None,
    };
    if separated.is_some_and(|separated| separated != mark) {
        return if decimals.len() == 3 { None } else { Some(None) };
    }
    let missing = digits.checked_sub(u32::try_from(decimals.len()).ok()?)?;
    let decimals: i64 = if decimals.is_empty() { 0 } else { decimals.parse().ok()? };
    let minor = whole.parse::<i64>().ok()? * 10i64.pow(digits) + decimals * 10i64.pow(missing);
    Some(Some(if negative { -minor } else { minor }))
}

/// An amount in any form.
fn decorated(text: &str, mark: DecimalMark, digits: u32) -> Option<Amount> {
    let mut rest = text;
    let mut negative = false;
    if let Some(inner) = rest.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        (negative, rest) = (true, inner.trim());
    }
    // The number is what stands from the first digit to the last; beside it there is a sign and a currency.
    let is_digit = |c: char| c.is_ascii_digit();
    let (start, end) = (rest.find(is_digit)?, rest.rfind(is_digit)? + 1);
    let (before, after) = (rest[..start].trim(), rest[end..].trim());
    let (before, fraction_alone) = match before.strip_suffix(['.', ',']) {
        Some(sign) if !before.ends_with("R.") => (sign.trim(), Some(&before[before.len() - 1..])),
        _ => (before, None),
    };
    let mut currency = String::new();
    for side in [before, after] {
        for c in side.chars() {
            match c {
                '-' | '\u{2212}' if !negative => negative = true,
                '+' | ' ' | '\u{a0}' | '\u{202f}' => {}
                // A mark without decimals: `12.`.
                '.' | ',' if side == after && currency.is_empty() => {}
                c if c.is_alphabetic() || "$€£¥₹₩₽₺₴₫₱฿₦".contains(c) => currency.push(c),
                _ => return None,
            }
        }
    }
    if currency.chars().count() > 4 {
        return None;
    }
    let (decimal, thousands) = if mark == DecimalMark::Point { ('.', ',') } else { (',', '.') };
    let number = &rest[start..end];
    let (whole, decimals) = match fraction_alone {
        Some(sign) if sign.starts_with(decimal) => ("0", number),
        Some(_) => return None,
        None => number.split_once(decimal).unwrap_or((number, "")),
    };
    // Switzerland writes either apostrophe; Indian groups have two digits, but for the last.
    let whole = ungrouped(&whole.replace('\u{2019}', "'"), thousands, 2)?;
    if whole.len() > 15 || !decimals.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let kept = digits as usize;
    let padded = format!("{decimals:0<kept$}");
    let (cents, rest) = padded.split_at(kept);
    let mut minor: i64 = format!("{whole}{cents}").parse().ok()?;
    // Below the smallest unit: rounds half up; less than a ten-thousandth of it is noise.
    let up = rest.as_bytes().first().is_some_and(|digit| *digit >= b'5');
    minor += i64::from(up);
    let noise = rest.bytes().take(4).all(|b| b == b'0') || (rest.len() >= 4 && rest.bytes().take(4).all(|b| b == b'9'));
    Some(Amount { minor: if negative { -minor } else { minor }, rounded: !noise })
}

#[cfg(test)]
mod tests {
    use super::*;
    use DecimalMark::{Comma, Point};

    #[test]
    fn amounts_as_tools_write_them() {
        let cents = |text: &str, mark| amount(text, mark, 2).map(|amount| amount.minor);
        for (text, expected) in [
            ("47.24", 4_724),
            ("$25.00", 2_500),
            ("-5.5", -550),
            ("(5.00)", -500),
            ("1,234.56", 123_456),
            ("US$ 3", 300),
            ("12.00 USD", 1_200),
            ("€1", 100),
            (".5", 50),
            ("12.", 1_200),
            ("12,34,567.80", 123_456_780),
            ("0.0199999995529651", 2),
            ("1'234.50", 123_450),
            ("1\u{2019}234.50", 123_450),
        ] {
            assert_eq!(cents(text, Point), Some(expected), "{text}");
        }
        for (text, expected) in
            [("1.234,56", 123_456), ("R$12,00", 1_200), ("78,2", 7_820), ("-160,49", -16_049), ("12,00 €", 1_200)]
        {
            assert_eq!(cents(text, Comma), Some(expected), "{text}");
        }
        for text in ["", "abc", "1.2.3", "$1,2", "--5", "5 pieces", "Vendas 3", "1e5", "12:30", "0,123"] {
            assert_eq!(cents(text, Point), None, "{text}");
        }
        assert_eq!((cents("78.2", Comma), cents("1,2", Point)), (Some(7_820), Some(120)));
        assert_eq!([1.234, 12.5, 3.0].map(|n: f64| unambiguous(n.to_string())), ["1.2340", "12.5", "3"]);
        assert_eq!(amount("1,234", Point, 0), Some(Amount { minor: 1_234, rounded: false }));
        assert_eq!(amount("957.5775", Point, 2), Some(Amount { minor: 95_758, rounded: true }));
        assert!(!amount("0.0199999995529651", Point, 2).unwrap().rounded);
    }

    #[test]
    fn plain_amounts_are_read_as_any_other() {
        for text in [
            "0",
            "7",
            "-7",
            "47.24",
            "47,24",
            "-0.5",
            "1.234",
            "1,234",
            "12.",
            "1234567890123456",
            "1.2.3",
            "1 2",
            "0012.30",
        ] {
            for (mark, digits) in [(Point, 0), (Point, 2), (Comma, 2), (Comma, 3)] {
                let own = plain_mark(text).flatten().unwrap_or(mark);
                assert_eq!(amount(text, mark, digits), decorated(text, own, digits), "{text} {mark:?} {digits}");
            }
        }
    }

    #[test]
    fn the_column_settles_the_mark() {
        let marks = |texts: &[&str]| {
            let mut marks = Marks::default();
            texts.iter().for_each(|text| marks.add(text, 2));
            marks
        };
        assert_eq!(marks(&["12", "1.5"]).decide(None), Ok(Point));
        assert_eq!(marks(&["1.234", "78,2"]).decide(None), Ok(Comma));
        assert!(marks(&["1.5", "1,5"]).decide(None).is_err());
        assert!(marks(&["1.234"]).decide(None).is_err());
        assert_eq!(marks(&["12", "about 1.2", "-3,50"]).decide(None), Ok(Comma));
        assert_eq!(marks(&["1.234"]).decide(Some(Comma)), Ok(Comma));
    }
}
