//! Rates of exchange that the user gives (a CSV file) → amounts of other currencies in that of the shop. Used by `lines`.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{Datelike, Days, Months, NaiveDate};
use serde::{Deserialize, Serialize};

use super::sheet::header_key;
use super::values::amounts::Amount;
use super::values::minor_digits;
use crate::error::{Error, Result};
use crate::regular;

/// Longest file, bytes.
const MAX_BYTES: u64 = 16 << 20;
/// Days after its own for which a rate still holds: markets close on weekends and holidays.
const HOLDS: u64 = 7;
/// Most digits of a rate.
const MAX_DIGITS: usize = 15;

/// By currency, then by day (`2024-05-31`) or month (`2024-05`): what one unit is worth in the currency of the shop, as decimal text.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rates(BTreeMap<String, BTreeMap<String, String>>);

/// A rate of one day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rate {
    /// Value of one unit, times 10 to the power of `decimals`.
    value: i128,
    decimals: u32,
    /// Decimals of the smallest unit of the other currency.
    pub(crate) digits: u32,
}

impl Rates {
    /// Reads a file with the columns `currency`, `date` or `month`, and `rate`: units of the shop's currency for one unit.
    ///
    /// # Errors
    /// [`Error::Input`]: it cannot be read, lacks a column, or a line is none; names the line.
    pub fn read(path: &Path) -> Result<Rates> {
        let text = regular::read_to_string(path, MAX_BYTES)?;
        Rates::parse(&text, &path.display().to_string())
    }

    fn parse(text: &str, name: &str) -> Result<Rates> {
        let form = "three columns are expected: `currency`, `date` (2024-05-31) or `month` (2024-05), and `rate`, the value of one \
                    unit in the shop's currency (0.92)";
        let wrong = |line: u64, what: &str| Error::input(format!("`{name}`, line {line}: {what}")).with_hint(form);
        let text = text.trim_start_matches('\u{feff}');
        let header = text.lines().next().unwrap_or_default();
        let delimiter = if header.contains(';') { b';' } else { b',' };
        let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(text.as_bytes());
        let headers: Vec<String> =
            reader.headers().map_err(|_| wrong(1, "it is no CSV"))?.iter().map(header_key).collect();
        let column = |names: &[&str]| {
            let found = headers.iter().position(|header| names.contains(&header.as_str()));
            found.ok_or_else(|| wrong(1, &format!("there is no column `{}`", names.join("` or `"))))
        };
        let (currency, day, rate) = (column(&["currency"])?, column(&["date", "month"])?, column(&["rate"])?);
        let mut rates = Rates::default();
        for record in reader.records() {
            let record =
                record.map_err(|error| wrong(error.position().map_or(0, csv::Position::line), "it is no CSV"))?;
            let line = record.position().map_or(0, csv::Position::line);
            let cell = |at: usize| record.get(at).unwrap_or_default().trim();
            let code = cell(currency);
            if code.len() != 3 || !code.bytes().all(|byte| byte.is_ascii_uppercase()) {
                return Err(wrong(line, &format!("`{code}` is no currency")));
            }
            let Some(last) = last_day(cell(day)) else {
                return Err(wrong(line, &format!("`{}` is neither a day nor a month", cell(day))));
            };
            let text = cell(rate).replace(',', ".");
            if parsed(&text, code).is_none() {
                return Err(wrong(line, &format!("`{}` is no rate", cell(rate))));
            }
            let key = if cell(day).len() == 7 { last.format("%Y-%m") } else { last.format("%Y-%m-%d") }.to_string();
            match rates.0.entry(code.into()).or_default().insert(key, text.clone()) {
                Some(other) if other != text => {
                    return Err(wrong(line, "another line has another rate for this currency and day"));
                }
                _ => {}
            }
        }
        Ok(rates)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether there is a rate of a currency.
    pub(crate) fn has(&self, currency: &str) -> bool {
        self.0.contains_key(currency)
    }

    /// The rate of a currency on a day: the last one at or before it, which holds through its month or, after its day, for a week.
    pub(crate) fn of(&self, currency: &str, day: NaiveDate) -> Option<Rate> {
        let (from, text) = self.0.get(currency)?.range(..=day.format("%Y-%m-%d").to_string()).next_back()?;
        let holds = last_day(from)?.checked_add_days(Days::new(HOLDS))?;
        (day <= holds).then(|| parsed(text, currency)).flatten()
    }
}

/// The last day for which a rate of a day or month stands; `None` if the text is neither.
fn last_day(text: &str) -> Option<NaiveDate> {
    if text.len() == 7 {
        let first = NaiveDate::parse_from_str(&format!("{text}-01"), "%Y-%m-%d").ok()?;
        return first.checked_add_months(Months::new(1))?.pred_opt();
    }
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    (1_000..10_000).contains(&day.year()).then_some(day)
}

fn parsed(text: &str, currency: &str) -> Option<Rate> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{whole}{decimals}");
    let plain = !whole.is_empty() && digits.len() <= MAX_DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
    let value: i128 = digits.parse().ok().filter(|value| plain && *value > 0)?;
    Some(Rate { value, decimals: decimals.len() as u32, digits: minor_digits(currency) })
}

impl Rate {
    /// An amount of the other currency in units of 10^-`digits` of the shop's: exact, then rounded half away from zero. `None` if it is
    /// beyond all bounds.
    pub(crate) fn convert(&self, amount: Amount, digits: u32) -> Option<Amount> {
        let scaled = i128::from(amount.minor).checked_mul(self.value)?.checked_mul(10i128.pow(digits))?;
        let unit = 10i128.pow(self.decimals + self.digits);
        let half = if scaled < 0 { -unit / 2 } else { unit / 2 };
        Some(Amount { minor: i64::try_from((scaled + half) / unit).ok()?, rounded: amount.rounded })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_rate_holds_on_its_day_through_its_month_and_over_weekends() {
        let text = "\u{feff}Currency;Date;Rate\nEUR;2024-05-31;1,0855\nEUR;2024-06-03;1.09\nJPY;2024-05;0.0064\n";
        let rates = Rates::parse(text, "r.csv").unwrap();
        let value = |currency: &str, on: &str| rates.of(currency, day(on)).map(|rate| rate.value);
        assert_eq!([value("EUR", "2024-05-31"), value("EUR", "2024-06-02")], [Some(10_855), Some(10_855)]);
        assert_eq!([value("EUR", "2024-06-03"), value("EUR", "2024-06-10")], [Some(109), Some(109)]);
        assert_eq!([value("EUR", "2024-06-11"), value("EUR", "2024-05-30")], [None, None]);
        assert_eq!([value("JPY", "2024-05-01"), value("JPY", "2024-05-31")], [Some(64), Some(64)]);
        assert_eq!([value("JPY", "2024-04-30"), value("JPY", "2024-07-01"), value("GBP", "2024-05-31")], [None; 3]);
        let again: Rates = serde_json::from_value(serde_json::to_value(&rates).unwrap()).unwrap();
        assert_eq!(again, rates);
    }

    #[test]
    fn amounts_are_converted_to_the_smallest_unit() {
        let rates = Rates::parse("currency,month,rate\nJPY,2024-05,0.0064\nKWD,2024-05,3.255\n", "r.csv").unwrap();
        let of = |currency: &str| rates.of(currency, day("2024-05-09")).unwrap();
        let minor = |currency: &str, minor: i64, digits: u32| {
            of(currency).convert(Amount { minor, rounded: false }, digits).map(|amount| amount.minor)
        };
        // 1,200 yen; 1.234 dinars, which are 4.01667 dollars; half a cent goes away from zero.
        assert_eq!([minor("JPY", 1_200, 2), minor("KWD", 1_234, 2)], [Some(768), Some(402)]);
        assert_eq!([minor("JPY", -1_200, 2), minor("KWD", -200, 1)], [Some(-768), Some(-7)]);
    }

    #[test]
    fn what_is_no_rate_is_refused_with_its_line() {
        for (text, problem) in [
            ("currency,rate\nEUR,1\n", "`r.csv`, line 1: there is no column `date` or `month`"),
            ("currency,date,rate\nEUR,2024-05-31,1\neuro,2024-05-31,1\n", "`r.csv`, line 3: `euro` is no currency"),
            ("currency,date,rate\nEUR,31/05/2024,1\n", "`r.csv`, line 2: `31/05/2024` is neither a day nor a month"),
            ("currency,date,rate\nEUR,2024-05-31,0\n", "`r.csv`, line 2: `0` is no rate"),
            (
                "currency,date,rate\nEUR,2024-05-31,1\nEUR,2024-05-31,2\n",
                "`r.csv`, line 3: another line has another rate",
            ),
        ] {
            let error = Rates::parse(text, "r.csv").unwrap_err();
            assert!(error.to_string().contains(problem), "{error}");
        }
    }
}
