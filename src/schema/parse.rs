//! One field of text → one typed cell, by the logical type that the contract declares. Used by `input::rows`.

use super::contract::{Column, LogicalType, MAX_CENTAVOS, MAX_ID_LENGTH, STATES, is_state};
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
        LogicalType::Text => no_longer(text, column.max_length).map(Cell::Text),
        // No early exit, so that the loop vectorizes: sixteen digits at a time.
        LogicalType::Id => match text.len() == 32 && text.bytes().fold(true, |hex, b| hex & b.is_ascii_hexdigit()) {
            true => Ok(Cell::Text(text)),
            false if text.contains(char::is_control) => Err("an identifier with control characters".into()),
            false => no_longer(text, MAX_ID_LENGTH).map(Cell::OddId),
        },
        LogicalType::State => match is_state(text) {
            true => Ok(Cell::Text(text)),
            false => Err(not_one_of("the 27 state codes", text, STATES.iter().map(|state| state.0))),
        },
        LogicalType::Enumeration(words) => match words.contains(&text) {
            true => Ok(Cell::Text(text)),
            false => Err(not_one_of(&words.join(", "), text, words.iter().copied())),
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
                0..=MAX_CENTAVOS => Ok(cell),
                _ => Err(format!("more than {} reais", MAX_CENTAVOS / 100)),
            }
        }
        LogicalType::Degrees => match text.parse::<f64>() {
            // One zero: engines take `-0` for `0` when they look for duplicates.
            Ok(degrees) if degrees.is_finite() => Ok(Cell::Float(degrees + 0.0)),
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

/// The reason why `text` is refused, with the word that it may stand for: the same but for case, or one of four letters at most.
#[cold]
fn not_one_of(all: &str, text: &str, words: impl Iterator<Item = &'static str>) -> String {
    let text = text.to_lowercase();
    let near = words.filter(|word| word.len().abs_diff(text.len()) <= word.len() / 4).filter_map(|word| {
        let distance = strsim::osa_distance(&text, &word.to_lowercase());
        (distance <= word.len() / 4).then_some((distance, word))
    });
    let meant = near.min().map(|(_, word)| format!("; did you mean `{word}`?")).unwrap_or_default();
    format!("not one of {all}{meant}")
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
mod tests;
