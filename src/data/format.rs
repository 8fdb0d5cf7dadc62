//! One typed cell → its text in a file: the inverse of `parse`. Used by `read` for tables of stores, and by the stores.

use chrono::{DateTime, Datelike, NaiveDate, Timelike};

/// Centavos as reais: 5890 → `58.90`.
pub(crate) fn reais(out: &mut Vec<u8>, centavos: i64) {
    if centavos < 0 {
        out.push(b'-');
    }
    let centavos = centavos.unsigned_abs();
    integer(out, centavos / 100);
    out.push(b'.');
    padded(out, centavos % 100, 2);
}

/// Microseconds since 1970-01-01 as `YYYY-MM-DD HH:MM:SS`, with six decimals where the second is not whole.
pub(crate) fn timestamp(out: &mut Vec<u8>, micros: i64) {
    let Some(time) = DateTime::from_timestamp_micros(micros) else { return };
    date_of(out, time.date_naive());
    for (separator, number) in [(b' ', time.hour()), (b':', time.minute()), (b':', time.second())] {
        out.push(separator);
        padded(out, number.into(), 2);
    }
    match micros.rem_euclid(1_000_000) {
        0 => {}
        rest => {
            out.push(b'.');
            padded(out, rest.unsigned_abs(), 6);
        }
    }
}

/// Days since 1970-01-01 as `YYYY-MM-DD`.
pub(crate) fn date(out: &mut Vec<u8>, days: i32) {
    if let Some(date) = NaiveDate::from_epoch_days(days) {
        date_of(out, date);
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
    padded(out, u64::try_from(date.year()).unwrap_or(0), 4);
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

    fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn cells_are_written_as_files_have_them() {
        let amounts = [5890, 5, 0, -5, i64::MAX];
        let expected = ["58.90", "0.05", "0.00", "-0.05", "92233720368547758.07"];
        assert_eq!(amounts.map(|c| text(|o| reais(o, c))), expected);
        let times = [86_401_000_000, -1, 1_500_000];
        let expected = ["1970-01-02 00:00:01", "1969-12-31 23:59:59.999999", "1970-01-01 00:00:01.500000"];
        assert_eq!(times.map(|t| text(|o| timestamp(o, t))), expected);
        assert_eq!([0, -1, 17_000].map(|d| text(|o| date(o, d))), ["1970-01-01", "1969-12-31", "2016-07-18"]);
        assert_eq!([0, -7, i64::MIN].map(|n| text(|o| signed(o, n))), ["0", "-7", "-9223372036854775808"]);
    }
}
