//! Text of an export → instants. What is ambiguous in one value is settled by the whole column, or refused. Used by `lines` and `propose`.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeZone};
use chrono_tz::Tz;

use super::months::month;
use crate::schema::read_options::DateOrder;

/// The parts of a date as it is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Written {
    /// Day, month and year in their order; a name of a month is a number with `named`.
    parts: [u32; 3],
    /// Position of the month, if it is written as a name.
    named: Option<usize>,
    /// Whether the first part has four digits: year, month, day.
    year_first: bool,
    /// What separates the parts: forms that differ by it are settled apart.
    separator: char,
    time: NaiveTime,
    offset: Option<FixedOffset>,
}

/// How the dates of a column may be read, for each separator.
#[derive(Debug, Default, Clone)]
pub(crate) struct Orders(Vec<(char, usize, usize, usize, String)>);

impl Orders {
    pub(crate) fn add(&mut self, text: &str) {
        let Some(written) = written(text).filter(|written| !written.year_first && written.named.is_none()) else {
            return;
        };
        let [first, second, _] = written.parts;
        let at = self.0.iter().position(|entry| entry.0 == written.separator);
        let at = at.unwrap_or_else(|| {
            self.0.push((written.separator, 0, 0, 0, text.into()));
            self.0.len() - 1
        });
        let entry = &mut self.0[at];
        match (first > 12, second > 12) {
            (true, false) => entry.1 += 1,
            (false, true) => entry.2 += 1,
            (false, false) if first != second => entry.3 += 1,
            _ => {}
        }
    }

    /// The order of the dates with each separator.
    ///
    /// # Errors
    /// Both orders occur with one separator, or no value settles which it is.
    pub(crate) fn decide(&self, declared: Option<DateOrder>) -> Result<Vec<(char, DateOrder)>, String> {
        let decide = |(separator, dmy, mdy, ambiguous, example): &(char, usize, usize, usize, String)| {
            let order = match (dmy, mdy, declared) {
                (1.., 1.., _) => Err("some dates start with the day and some with the month".into()),
                (1.., 0, _) => Ok(DateOrder::Dmy),
                (0, 1.., _) => Ok(DateOrder::Mdy),
                (_, _, Some(order)) => Ok(order),
                _ if *ambiguous == 0 => Ok(DateOrder::Dmy),
                _ => Err(format!(
                    "dates such as `{example}` may start with the day or the month, and no value settles it"
                )),
            };
            order.map(|order| (*separator, order))
        };
        self.0.iter().map(decide).collect()
    }
}

/// An instant as text in the contract's form, in local time of `zone`; without a zone, the clock time as it is written. Says whether it
/// was converted.
pub(crate) fn instant(text: &str, orders: &[(char, DateOrder)], zone: Option<Tz>) -> Option<(NaiveDateTime, bool)> {
    let written = written(text)?;
    let [a, b, c] = written.parts;
    let order = orders
        .iter()
        .find(|(separator, _)| *separator == written.separator)
        .map_or(DateOrder::Dmy, |(_, order)| *order);
    let (day, month, year) = match (written.year_first, written.named, order) {
        (true, ..) => (c, b, a),
        (_, Some(0), _) | (_, None, DateOrder::Mdy) => (b, a, c),
        _ => (a, b, c),
    };
    let year = match year {
        0..70 => 2000 + year,
        70..100 => 1900 + year,
        _ => year,
    };
    let local = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?.and_time(written.time);
    match (written.offset, zone) {
        (Some(offset), Some(zone)) => {
            let instant: DateTime<FixedOffset> = offset.from_local_datetime(&local).single()?;
            Some((instant.with_timezone(&zone).naive_local(), true))
        }
        _ => Some((local, false)),
    }
}

/// Takes a date apart: `2023-11-04 12:19:55 -0700`, `12/26/21`, `Mar-24-26`, `24 de março de 2026 22:36 hs.`
pub(crate) fn written(text: &str) -> Option<Written> {
    let text = text.trim();
    if let Some(written) = iso(text) {
        return Some(written);
    }
    let split = date_end(text)?;
    let (date, rest) = text.split_at(split);
    let (time, offset) = clock(rest)?;
    let words: Vec<&str> = date.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let words: Vec<&str> = words.into_iter().filter(|word| !matches!(*word, "de" | "of" | "del")).collect();
    let [first, second, third] = words.as_slice() else { return None };
    let mut named = None;
    let mut part = |at: usize, word: &str| match word.parse::<u32>() {
        Ok(number) if word.len() <= 4 => Some(number),
        _ => {
            named = Some(at);
            month(word)
        }
    };
    let parts = [part(0, first)?, part(1, second)?, part(2, third)?];
    let separator = date.chars().find(|c| !c.is_alphanumeric())?;
    Some(Written { parts, named, year_first: first.len() == 4 && named != Some(0), separator, time, offset })
}

/// The most frequent form, read without copies: `2023-11-04 12:19:55`, with or without an offset. `None` is for another form.
fn iso(text: &str) -> Option<Written> {
    let number = |digits: &[u8]| {
        let add = |sum: u32, digit: &u8| digit.is_ascii_digit().then(|| 10 * sum + u32::from(digit - b'0'));
        digits.iter().try_fold(0, add)
    };
    let bytes = text.as_bytes();
    let [a, b, c, d, b'-', e, f, b'-', g, h, b' ' | b'T', i, j, b':', k, l, b':', m, n, offset @ ..] = bytes else {
        return None;
    };
    let offset = match offset {
        [] => None,
        [b'Z'] => Some(0),
        [b' ', sign @ (b'+' | b'-'), i, j, k, l]
        | [sign @ (b'+' | b'-'), i, j, k, l]
        | [sign @ (b'+' | b'-'), i, j, b':', k, l] => {
            let seconds = (number(&[*i, *j])? * 60 + number(&[*k, *l])?) * 60;
            Some(i32::try_from(seconds).ok()? * if *sign == b'-' { -1 } else { 1 })
        }
        _ => return None,
    };
    Some(Written {
        parts: [number(&[*a, *b, *c, *d])?, number(&[*e, *f])?, number(&[*g, *h])?],
        named: None,
        year_first: true,
        separator: '-',
        time: NaiveTime::from_hms_opt(number(&[*i, *j])?, number(&[*k, *l])?, number(&[*m, *n])?)?,
        offset: offset.map(FixedOffset::east_opt).map_or(Some(None), |offset| offset.map(Some))?,
    })
}

/// Where the date ends and the time begins: behind the third part.
fn date_end(text: &str) -> Option<usize> {
    let (mut parts, mut inside) = (0, false);
    let mut word = String::new();
    for (at, c) in text.char_indices() {
        if c.is_alphanumeric() && !(c == 'T' && parts == 2 && word.chars().all(|c| c.is_ascii_digit())) {
            inside = true;
            word.push(c);
            continue;
        }
        if inside {
            inside = false;
            parts += usize::from(!matches!(word.as_str(), "de" | "of" | "del"));
            word.clear();
            if parts == 3 {
                return Some(at);
            }
        }
    }
    (inside && parts == 2).then_some(text.len())
}

/// The time of day and the offset from UTC in what follows a date.
fn clock(text: &str) -> Option<(NaiveTime, Option<FixedOffset>)> {
    let mut rest = text.trim_start_matches(['T', ' ', ',', '|']).trim();
    for suffix in ["hs.", "hs", "h"] {
        rest = rest.strip_suffix(suffix).unwrap_or(rest).trim_end();
    }
    let mut offset = None;
    let utc = ["Z", "UTC", "GMT"].iter().find_map(|mark| rest.strip_suffix(mark));
    if let Some(before) = utc {
        (rest, offset) = (before.trim_end(), FixedOffset::east_opt(0));
    } else if let Some(at) = rest.rfind(['+', '-']).filter(|at| rest[..*at].contains(':')) {
        let digits: String = rest[at + 1..].chars().filter(|c| *c != ':').collect();
        let (hours, minutes) = (
            digits.get(..2)?.parse::<i32>().ok()?,
            digits.get(2..).filter(|m| !m.is_empty()).map_or(Ok(0), str::parse::<i32>).ok()?,
        );
        let seconds = (hours * 60 + minutes) * 60;
        offset = Some(FixedOffset::east_opt(if rest.as_bytes()[at] == b'-' { -seconds } else { seconds })?);
        rest = rest[..at].trim_end();
    }
    if rest.is_empty() {
        return Some((NaiveTime::MIN, offset));
    }
    let lower = rest.to_ascii_lowercase();
    let (digits, half) = match (lower.strip_suffix("am"), lower.strip_suffix("pm")) {
        (Some(digits), _) => (digits.trim_end(), Some(0)),
        (_, Some(digits)) => (digits.trim_end(), Some(12)),
        _ => (lower.as_str(), None),
    };
    let mut parts = digits.split(':');
    let mut hour: u32 = parts.next()?.trim().parse().ok()?;
    let minute: u32 = parts.next()?.parse().ok()?;
    let seconds = parts.next().unwrap_or("0");
    let (second, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
    if parts.next().is_some() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    if let Some(half) = half {
        hour = (1..=12).contains(&hour).then_some(hour % 12 + half)?;
    }
    let micros: u32 = format!("{:0<6}", &fraction[..fraction.len().min(6)]).parse().ok()?;
    Some((NaiveTime::from_hms_micro_opt(hour, minute, second.parse().ok()?, micros)?, offset))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_as_tools_write_them() {
        let read = |text: &str, order| {
            let orders: Vec<(char, DateOrder)> = ['/', '-', ' ', '.'].iter().map(|c| (*c, order)).collect();
            instant(text, &orders, None).map(|(instant, _)| instant.to_string())
        };
        for (text, expected) in [
            ("2023-11-04 12:19:55 -0700", "2023-11-04 12:19:55"),
            ("2026-03-24T22:36:10+00:00", "2026-03-24 22:36:10"),
            ("2024-06-23 23:41:55.000000 UTC", "2024-06-23 23:41:55"),
            ("12/26/21", "2021-12-26 00:00:00"),
            ("5/31/2016 0:37", "2016-05-31 00:37:00"),
            ("8/15/2018 10:10 PM", "2018-08-15 22:10:00"),
            ("04-30-22", "2022-04-30 00:00:00"),
            ("Mar-24-26", "2026-03-24 00:00:00"),
            ("24 de março de 2026 22:36 hs.", "2026-03-24 22:36:00"),
            ("1 mai 2020", "2020-05-01 00:00:00"),
            ("March 3, 2020", "2020-03-03 00:00:00"),
        ] {
            assert_eq!(read(text, DateOrder::Mdy).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(read("15/08/2018", DateOrder::Dmy).as_deref(), Some("2018-08-15 00:00:00"));
        for text in ["", "abc", "25 de março", "2018", "12/2018", "2018-13-01", "25 de março | 10:00", "1.50", "#1229"]
        {
            assert_eq!(read(text, DateOrder::Dmy), None, "{text}");
        }
        let zone = Some(chrono_tz::America::Sao_Paulo);
        let (local, converted) = instant("2026-03-25T01:05:00+00:00", &[], zone).unwrap();
        assert_eq!((local.to_string().as_str(), converted), ("2026-03-24 22:05:00", true));
    }

    #[test]
    fn the_column_settles_the_order_for_each_separator() {
        let decide = |texts: &[&str], declared| {
            let mut orders = Orders::default();
            texts.iter().for_each(|text| orders.add(text));
            orders.decide(declared)
        };
        assert_eq!(decide(&["03/04/2018", "13/04/2018"], None), Ok(vec![('/', DateOrder::Dmy)]));
        assert_eq!(decide(&["10/25/2016", "13-06-2014"], None), Ok(vec![('/', DateOrder::Mdy), ('-', DateOrder::Dmy)]));
        assert!(decide(&["03/04/2018"], None).is_err());
        assert!(decide(&["13/04/2018", "04/13/2018"], Some(DateOrder::Dmy)).is_err());
        assert_eq!(decide(&["03/04/2018"], Some(DateOrder::Mdy)), Ok(vec![('/', DateOrder::Mdy)]));
        assert_eq!(decide(&["2018-03-04"], None), Ok(vec![]));
    }
}
