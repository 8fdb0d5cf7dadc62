//! Typed value → its text in a CSV file, the inverse of `parse`. Used by `input::typed` and by the stores.

use chrono::{DateTime, Datelike, NaiveDate, Timelike};

/// Centavos as text in reais: 5890 → `58.90`.
pub(crate) fn brl(centavos: i64) -> String {
    decimal(centavos, 2)
}

/// Minor units of a currency with `digits` decimals as text in its unit: of three, 5890 → `5.890`; of none, `5890`.
pub(crate) fn decimal(minor: i64, digits: u32) -> String {
    text(|out| fixed(out, minor, digits))
}

/// A number with all its digits; empty if there is none.
pub(crate) fn optional(value: Option<f64>) -> String {
    value.map_or(String::new(), |v| v.to_string())
}

/// What `write` writes, as text.
fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    write(&mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// Writes centavos in reais: 5890 → `58.90`.
pub(crate) fn reais(out: &mut Vec<u8>, centavos: i64) {
    fixed(out, centavos, 2);
}

#[inline]
fn fixed(out: &mut Vec<u8>, minor: i64, digits: u32) {
    if minor < 0 {
        out.push(b'-');
    }
    let (unit, minor) = (10u64.pow(digits), minor.unsigned_abs());
    integer(out, minor / unit);
    if digits > 0 {
        out.push(b'.');
        padded(out, minor % unit, digits as usize);
    }
}

/// Seconds since 1970-01-01 as `YYYY-MM-DD HH:MM:SS`.
pub(crate) fn seconds(since: i64) -> String {
    text(|out| instant(out, since, 0, false))
}

/// Microseconds since 1970-01-01 as `YYYY-MM-DD HH:MM:SS`, with six decimals where the second is not whole.
pub(crate) fn timestamp(out: &mut Vec<u8>, micros: i64) {
    instant(out, micros, 6, false);
}

/// Writes an instant as [`timestamp`] does: `since` counts from 1970-01-01 in units of 10^-`decimals` seconds, `utc` appends `Z`. An
/// instant outside the calendar is written as its plain number, which nobody mistakes for a date.
pub(crate) fn instant(out: &mut Vec<u8>, since: i64, decimals: u32, utc: bool) {
    let unit = 10i64.pow(decimals);
    let Some(time) = DateTime::from_timestamp(since.div_euclid(unit), 0) else { return signed(out, since) };
    date_of(out, time.date_naive());
    for (separator, number) in [(b' ', time.hour()), (b':', time.minute()), (b':', time.second())] {
        out.push(separator);
        padded(out, number.into(), 2);
    }
    match since.rem_euclid(unit) {
        0 => {}
        rest => {
            out.push(b'.');
            padded(out, rest.unsigned_abs(), decimals as usize);
        }
    }
    if utc {
        out.push(b'Z');
    }
}

/// Days since 1970-01-01 as `YYYY-MM-DD`.
pub(crate) fn date(out: &mut Vec<u8>, days: i32) {
    match NaiveDate::from_epoch_days(days) {
        Some(date) => date_of(out, date),
        None => signed(out, days.into()),
    }
}

/// A whole number.
pub(crate) fn signed(out: &mut Vec<u8>, number: i64) {
    if number < 0 {
        out.push(b'-');
    }
    integer(out, number.unsigned_abs());
}

fn date_of(out: &mut Vec<u8>, date: NaiveDate) {
    if date.year() < 0 {
        out.push(b'-');
    }
    let year = u64::from(date.year().unsigned_abs());
    // A year of five digits must not look like a year of four.
    if year < 10_000 {
        padded(out, year, 4)
    } else {
        integer(out, year)
    }
    out.push(b'-');
    padded(out, date.month().into(), 2);
    out.push(b'-');
    padded(out, date.day().into(), 2);
}

fn integer(out: &mut Vec<u8>, number: u64) {
    let width = number.checked_ilog10().unwrap_or(0) as usize + 1;
    padded(out, number, width);
}

fn padded(out: &mut Vec<u8>, mut number: u64, width: usize) {
    let start = out.len();
    out.resize(start + width, b'0');
    for digit in out[start..].iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_written_as_files_have_them() {
        let amounts = [5890, 5, 0, -5, i64::MAX];
        let expected = ["58.90", "0.05", "0.00", "-0.05", "92233720368547758.07"];
        assert_eq!(amounts.map(|c| text(|o| reais(o, c))), expected);
        assert_eq!([0, 2, 3].map(|digits| decimal(-5890, digits)), ["-5890", "-58.90", "-5.890"]);
        let times = [86_401_000_000, -1, 1_500_000];
        let expected = ["1970-01-02 00:00:01", "1969-12-31 23:59:59.999999", "1970-01-01 00:00:01.500000"];
        assert_eq!(times.map(|t| text(|o| timestamp(o, t))), expected);
        assert_eq!([0, -1, 17_000].map(|d| text(|o| date(o, d))), ["1970-01-01", "1969-12-31", "2016-07-18"]);
        assert_eq!([0, -7, i64::MIN].map(|n| text(|o| signed(o, n))), ["0", "-7", "-9223372036854775808"]);
    }
}
