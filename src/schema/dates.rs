//! Text → an instant in the marketplace's local time, in contract form. Used by `parse` and `input::dialect`.

use chrono::{DateTime, NaiveDate, NaiveTime};

use super::contract::TIME_ZONE;
use super::read_options::DateOrder;

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// An instant, microseconds since 1970-01-01 in local time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Instant {
    /// Written in local time.
    Local(i64),
    /// Written with an offset from UTC.
    Converted(i64),
}

/// Parses `2017-10-02 10:56:33`, the form of nearly all values, to microseconds since 1970.
pub(crate) fn canonical(text: &str) -> Option<i64> {
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
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
    let time = date.and_hms_opt(hour, minute, second)?;
    Some(time.and_utc().timestamp_micros())
}

/// Parses an instant whose date starts with the year. The time may be missing, lack seconds, have fractions, or end with `AM`, `PM`,
/// `Z` or an offset.
pub(crate) fn iso(text: &str) -> Option<Instant> {
    let ([year, month, day], rest) = date_part(text)?;
    if year.len() != 4 {
        return None;
    }
    instant(year, month, day, rest)
}

/// Rewrites an instant whose date starts with day and month in `order` so that it starts with the year; `None` if it does not fit.
pub(crate) fn reordered(text: &str, order: DateOrder) -> Option<String> {
    let ([first, second, year], rest) = date_part(text)?;
    let (month, day) = match order {
        DateOrder::Dmy => (second, first),
        DateOrder::Mdy => (first, second),
        DateOrder::Ymd => return None,
    };
    if year.len() != 4 {
        return None;
    }
    instant(year, month, day, rest)?;
    Some(format!("{year}-{month:0>2}-{day:0>2}{rest}"))
}

/// Whether a text is a date that starts with day or month.
pub(crate) fn has_other_form(text: &str) -> bool {
    [DateOrder::Dmy, DateOrder::Mdy].into_iter().any(|order| reordered(text, order).is_some())
}

/// Examples of the forms that are read, for messages.
pub(crate) const READABLE: &str =
    "`2017-09-26 12:55:15`, `2017-09-26T12:55:15Z`, `26/09/2017 12:55` and `09/26/2017 12:55 PM`";

/// Whether a text is an instant in one of the forms that are read.
pub(crate) fn is_readable(text: &str) -> bool {
    let reordered = |order| reordered(text, order).is_some();
    canonical(text).is_some() || iso(text).is_some() || reordered(DateOrder::Dmy) || reordered(DateOrder::Mdy)
}

/// What a text is that is meant as a date and is not read, in words after the text; `None` if it is not known.
pub(crate) fn looks(text: &str) -> Option<&'static str> {
    /// The first three letters of months in English, Portuguese and French.
    const MONTHS: [&str; 21] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec", "fev", "abr", "mai", "ago",
        "set", "out", "dez", "avr", "juil",
    ];
    let lower = text.trim().to_lowercase();
    let (whole, decimals) = lower.split_once(['.', ',']).unwrap_or((&lower, ""));
    if !whole.is_empty() && whole.bytes().chain(decimals.bytes()).all(|byte| byte.is_ascii_digit()) {
        return match whole.len() {
            5 => Some("is a spreadsheet's serial number of a day"),
            8 | 12 | 14 => Some("has nothing between year, month and day"),
            10 => Some("counts the seconds since 1970"),
            13 => Some("counts the milliseconds since 1970"),
            16 | 19 => Some("counts fractions of a second since 1970"),
            _ => None,
        };
    }
    let mut words = lower.split(|c: char| !c.is_alphabetic());
    if words.any(|word| MONTHS.iter().any(|month| word.starts_with(month))) {
        return Some("has the name of a month");
    }
    if ["a.m", "p.m", "a. m", "p. m"].iter().any(|half| lower.contains(half)) {
        return Some("has points in `AM` or `PM`");
    }
    let ([first, _, last], _) = date_part(&lower)?;
    (first.len() <= 2 && last.len() <= 2).then_some("has a year of two digits")
}

/// Splits off a date: three numbers with the same separator, and the rest.
fn date_part(text: &str) -> Option<([&str; 3], &str)> {
    let number = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let first = number(text);
    let mark = *text.as_bytes().get(first).filter(|mark| matches!(mark, b'-' | b'/' | b'.'))?;
    let (a, rest) = (&text[..first], &text[first + 1..]);
    let second = number(rest);
    let (b, rest) = (&rest[..second], rest[second..].strip_prefix(char::from(mark))?);
    let third = number(rest);
    let (c, rest) = rest.split_at(third);
    let short = |part: &str| (1..=4).contains(&part.len());
    (short(a) && (1..=2).contains(&b.len()) && short(c)).then_some(([a, b, c], rest))
}

fn instant(year: &str, month: &str, day: &str, rest: &str) -> Option<Instant> {
    let (year, month, day) = (year.parse().ok()?, month.parse().ok()?, day.parse().ok()?);
    let date = NaiveDate::from_ymd_opt(year, month, day)?;
    let (time, offset) = time_of(rest)?;
    let micros = i64::from(date.to_epoch_days()) * MICROS_PER_DAY + time;
    let Some(offset) = offset else { return Some(Instant::Local(micros)) };
    let utc = DateTime::from_timestamp_micros(micros - offset)?;
    Some(Instant::Converted(utc.with_timezone(&TIME_ZONE).naive_local().and_utc().timestamp_micros()))
}

/// Parses a time: microseconds since midnight, and the offset from UTC in microseconds, if any. An empty text is midnight.
fn time_of(text: &str) -> Option<(i64, Option<i64>)> {
    if text.is_empty() {
        return Some((0, None));
    }
    let clock = text.strip_prefix(['T', 't']).or_else(|| text.strip_prefix(' '))?.trim_start();
    let (hour, rest) = digits(clock, 1, 2)?;
    let (minute, rest) = digits(rest.strip_prefix(':')?, 2, 2)?;
    let (mut second, mut micros, mut rest) = (0, 0, rest);
    if let Some(seconds) = rest.strip_prefix(':') {
        (second, rest) = digits(seconds, 2, 2)?;
        if let Some(fraction) = rest.strip_prefix(['.', ',']) {
            let length = fraction.bytes().take_while(u8::is_ascii_digit).count();
            if length == 0 || length > 12 {
                return None;
            }
            // Digits beyond microseconds are cut off.
            micros = format!("{:0<6}", &fraction[..length.min(6)]).parse().ok()?;
            rest = &fraction[length..];
        }
    }
    let rest = rest.trim_start();
    let half = |text: &str, mark: &str| text.get(..2).is_some_and(|start| start.eq_ignore_ascii_case(mark));
    let (hour, rest) = match (half(rest, "am"), half(rest, "pm")) {
        (false, false) => (hour, rest),
        _ if !(1..=12).contains(&hour) => return None,
        (am, _) => (hour % 12 + if am { 0 } else { 12 }, rest[2..].trim_start()),
    };
    let time = NaiveTime::from_hms_micro_opt(hour, minute, second, micros)?;
    let since = time.signed_duration_since(NaiveTime::MIN).num_microseconds()?;
    Some((since, offset_of(rest)?))
}

/// `Z`, `UTC`, `+03:00`, `-0300`, `-03` or nothing.
fn offset_of(text: &str) -> Option<Option<i64>> {
    if text.is_empty() {
        return Some(None);
    }
    if ["Z", "UTC", "GMT"].iter().any(|utc| text.eq_ignore_ascii_case(utc)) {
        return Some(Some(0));
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let (hours, rest) = digits(text.strip_prefix(['+', '-'])?, 2, 2)?;
    let (minutes, rest) = match rest.strip_prefix(':').unwrap_or(rest) {
        "" if rest.is_empty() => (0, ""),
        minutes => digits(minutes, 2, 2)?,
    };
    let within = hours <= 14 && minutes < 60 && rest.is_empty();
    within.then(|| Some(sign * i64::from(hours * 60 + minutes) * 60_000_000))
}

/// Splits off a number of `least` to `most` digits, and the rest.
fn digits(text: &str, least: usize, most: usize) -> Option<(u32, &str)> {
    let length = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    let number = text.get(..length).filter(|_| length >= least)?.parse().ok()?;
    Some((number, &text[length..]))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn dates_that_are_not_read_are_known() {
        for (text, looks) in [
            ("26/09/17 12:55", "has a year of two digits"),
            ("17-9-26", "has a year of two digits"),
            ("26-Sep-2017 12:55", "has the name of a month"),
            ("26 de setembro de 2017", "has the name of a month"),
            ("1506430515", "counts the seconds since 1970"),
            ("1506430515000", "counts the milliseconds since 1970"),
            ("43004.538", "is a spreadsheet's serial number of a day"),
            ("20170926", "has nothing between year, month and day"),
            ("09/26/2017 12:55 p.m.", "has points in `AM` or `PM`"),
        ] {
            assert!(!is_readable(text), "{text}");
            assert_eq!(super::looks(text), Some(looks), "{text}");
        }
        assert_eq!(["yesterday", "", "12"].map(super::looks), [None; 3]);
        let examples: Vec<&str> = READABLE.split('`').skip(1).step_by(2).collect();
        assert!(examples.len() == 4 && examples.into_iter().all(is_readable));
    }

    fn described(instant: Option<Instant>) -> String {
        let text = |micros| {
            let mut out = Vec::new();
            crate::schema::format::timestamp(&mut out, micros);
            String::from_utf8(out).unwrap()
        };
        match instant {
            Some(Instant::Local(micros)) => text(micros),
            Some(Instant::Converted(micros)) => format!("converted {}", text(micros)),
            None => "none".into(),
        }
    }

    #[test]
    fn every_way_to_write_an_instant_is_one_instant() {
        for (written, expected) in [
            ("2018-08-15 10:10:18", "2018-08-15 10:10:18"),
            ("2018-08-15T10:10:18", "2018-08-15 10:10:18"),
            ("2018-08-15 10:10", "2018-08-15 10:10:00"),
            ("2018-08-15", "2018-08-15 00:00:00"),
            ("2018/8/5 9:05", "2018-08-05 09:05:00"),
            ("2018-08-15 10:10:18.5", "2018-08-15 10:10:18.500000"),
            ("2018-08-15 10:10:18.123456789", "2018-08-15 10:10:18.123456"),
            ("2018-08-15 12:10 AM", "2018-08-15 00:10:00"),
            ("2018-08-15 12:10pm", "2018-08-15 12:10:00"),
            // Offset three hours in winter; two in summer, which in 2018 was until 17 February and from 4 November.
            ("2018-08-15T10:10:18Z", "converted 2018-08-15 07:10:18"),
            ("2018-08-15T10:10:18.250+00:00", "converted 2018-08-15 07:10:18.250000"),
            ("2018-01-15 10:10:18 UTC", "converted 2018-01-15 08:10:18"),
            ("2018-08-15 10:10:18-03:00", "converted 2018-08-15 10:10:18"),
            ("2018-08-15 10:10:18-0300", "converted 2018-08-15 10:10:18"),
            ("2018-08-15 10:10:18+02", "converted 2018-08-15 05:10:18"),
            ("2018-01-01T00:30:00Z", "converted 2017-12-31 22:30:00"),
        ] {
            assert_eq!(described(iso(written)), expected, "{written}");
        }
        for none in [
            "",
            "2018",
            "2018-08",
            "2018-02-30",
            "2018-08-15 24:00",
            "2018-08-15 10",
            "2018-08-15 10:1",
            "2018-08-15x",
            "2018-08-15 10:10:18+99:00",
            "2018-08-15 10:10:18.",
            "2018-08-15 13:00 PM",
            "2018-08/15",
            "18-08-15",
            "15/08/2018",
            "2018-08-15 10:10 é",
            "2018-08-15 10:10:é",
            "99999-01-01",
        ] {
            assert_eq!(iso(none), None, "{none}");
        }
    }

    #[test]
    fn days_and_months_come_in_two_orders() {
        let order = |text, order| reordered(text, order).unwrap_or_else(|| "none".into());
        assert_eq!(order("15/08/2018 10:10", DateOrder::Dmy), "2018-08-15 10:10");
        assert_eq!(order("15-08-2018", DateOrder::Dmy), "2018-08-15");
        assert_eq!(order("5.8.2018", DateOrder::Dmy), "2018-08-05");
        assert_eq!(order("8/15/2018 10:10 AM", DateOrder::Mdy), "2018-08-15 10:10 AM");
        assert_eq!(order("15/08/2018", DateOrder::Mdy), "none");
        assert_eq!(order("31/02/2018", DateOrder::Dmy), "none");
        assert_eq!(order("15/08/18", DateOrder::Dmy), "none");
        assert_eq!(order("2018-08-15", DateOrder::Dmy), "none");
    }

    #[test]
    fn the_canonical_form_is_strict() {
        assert_eq!(canonical("1970-01-02 00:00:01"), Some(86_401_000_000));
        for bad in
            ["2017-02-29 00:00:00", "2017-13-01 00:00:00", "2017-01-01", "2017-01-01 24:00:00", "2017-01-01 1:00:00 "]
        {
            assert_eq!(canonical(bad), None, "{bad}");
        }
    }
}
