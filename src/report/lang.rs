//! Values → text in French, English or Portuguese: number and date formats, and the fixed words of the report.

mod words;

pub use self::words::Words;
use self::words::{ENGLISH, FRENCH, MONTHS, PORTUGUESE};

/// Narrow no-break space: in French for digit groups and before `%`, `R$` and high punctuation.
const NARROW: char = '\u{202f}';
/// No-break space.
const NO_BREAK: char = '\u{a0}';

/// Language of the report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// French, the default language.
    #[default]
    Fr,
    /// English.
    En,
    /// Portuguese, as in Brazil.
    Pt,
}

/// A currency, by its ISO 4217 code. The default is the real, that of Olist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Currency {
    code: [u8; 3],
    /// Decimals that are shown at most.
    digits: usize,
}

impl Default for Currency {
    fn default() -> Self {
        Currency { code: *b"BRL", digits: 2 }
    }
}

impl Currency {
    /// The currency with this code, and decimals of its smallest unit; the default for a text that is no code.
    pub fn new(code: &str, digits: u32) -> Currency {
        let digits = (digits as usize).min(2);
        code.as_bytes().try_into().map_or_else(|_| Currency::default(), |code| Currency { code, digits })
    }

    /// Decimals that are shown at most.
    pub fn digits(&self) -> usize {
        self.digits
    }

    /// Its sign, or its code if it has none of its own.
    pub fn symbol(&self) -> &str {
        match &self.code {
            b"BRL" => "R$",
            b"USD" => "$",
            b"EUR" => "€",
            b"GBP" => "£",
            b"JPY" => "¥",
            b"INR" => "₹",
            b"KRW" => "₩",
            b"MXN" => "MX$",
            b"CAD" => "CA$",
            b"AUD" => "A$",
            code => std::str::from_utf8(code).unwrap_or_default(),
        }
    }
}

impl Lang {
    /// All languages. The texts of each are complete.
    pub const ALL: [Lang; 3] = [Lang::Fr, Lang::En, Lang::Pt];

    /// Its code on the command line and in names of folders, ISO 639.
    pub fn code(self) -> &'static str {
        match self {
            Lang::Fr => "fr",
            Lang::En => "en",
            Lang::Pt => "pt",
        }
    }

    /// Its BCP 47 tag, for browsers and screen readers.
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Lang::Pt => "pt-BR",
            other => other.code(),
        }
    }

    /// Text for omitted lines: `… 1 200 lines left out …`.
    pub(crate) fn left_out(self, count: usize, what: &str) -> String {
        format!("… {} {what} …", self.count(count as i64))
    }

    /// Fixed words of the report.
    pub fn words(self) -> &'static Words {
        match self {
            Lang::Fr => &FRENCH,
            Lang::En => &ENGLISH,
            Lang::Pt => &PORTUGUESE,
        }
    }

    /// An integer with grouped digits.
    pub fn count(self, value: i64) -> String {
        self.number(value < 0, &value.unsigned_abs().to_string(), "")
    }

    /// A number with a fixed number of decimals.
    pub fn decimal(self, value: f64, digits: usize) -> String {
        let text = format!("{:.digits$}", value.abs());
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        let negative = value < 0.0 && text.bytes().any(|digit| (b'1'..=b'9').contains(&digit));
        self.number(negative, whole, fraction)
    }

    /// Short form of an amount: `5,9 M`, `12 k`, `850`.
    pub fn short(self, value: f64) -> String {
        let (scaled, unit) = match value.abs() {
            v if v >= 1e6 => (value / 1e6, "\u{202f}M"),
            v if v >= 1e3 => (value / 1e3, "\u{202f}k"),
            _ => (value, ""),
        };
        let digits = usize::from(scaled.abs() < 9.95 && !unit.is_empty());
        format!("{}{unit}", self.decimal(scaled, digits))
    }

    /// Centavos as BRL: `15 843 553,24 R$`, `R$ 15,843,553.24`. With `digits` below 2, rounds half away from zero.
    pub fn brl(self, centavos: i64, digits: usize) -> String {
        self.amount(centavos, digits, Currency::default())
    }

    /// Hundredths of a currency, as [`Lang::brl`]; without decimals if the currency has none.
    pub fn amount(self, hundredths: i64, digits: usize, currency: Currency) -> String {
        let (centavos, digits) = (hundredths, digits.min(currency.digits));
        let unit = 10_u64.pow(2 - digits.min(2) as u32);
        let rounded = (centavos.unsigned_abs() + unit / 2) / unit;
        let scale = 100 / unit;
        let fraction =
            if digits == 0 { String::new() } else { format!("{:0width$}", rounded % scale, width = digits.min(2)) };
        let number = self.number(false, &(rounded / scale).to_string(), &fraction);
        let sign = if centavos < 0 && rounded > 0 { "−" } else { "" };
        match self {
            Lang::Fr => format!("{sign}{number}{NARROW}{}", currency.symbol()),
            // `R$ 5` and `CHF 5`, but `$5`.
            Lang::En | Lang::Pt if currency.symbol().starts_with(char::is_alphabetic) => {
                format!("{sign}{}{NO_BREAK}{number}", currency.symbol())
            }
            Lang::En | Lang::Pt => format!("{sign}{}{number}", currency.symbol()),
        }
    }

    /// A share (0–1) as a percentage.
    pub fn percent(self, share: f64, digits: usize) -> String {
        let number = self.decimal(share * 100.0, digits);
        match self {
            Lang::Fr => format!("{number}{NARROW}%"),
            Lang::En | Lang::Pt => format!("{number}%"),
        }
    }

    /// `2018-08…` → `août 2018`; `None` if the text is not a month.
    pub fn month(self, iso: &str) -> Option<String> {
        let (year, month, _) = parts(iso)?;
        Some(format!("{}{}{year}", self.month_name(month)?, self.of()))
    }

    /// `2018-08-01…` → `1er août 2018`; `None` if the text is not a day.
    pub fn date(self, iso: &str) -> Option<String> {
        let (year, month, day) = parts(iso)?;
        let day = day.filter(|day| (1..=31).contains(day))?;
        let ordinal = match (self, day) {
            (Lang::Fr, 1) => "er",
            (Lang::Pt, 1) => "º",
            _ => "",
        };
        Some(format!("{day}{ordinal}{of}{}{of}{year}", self.month_name(month)?, of = self.of()))
    }

    /// What stands between the parts of a date.
    fn of(self) -> &'static str {
        if self == Lang::Pt { "\u{a0}de\u{a0}" } else { "\u{a0}" }
    }

    fn month_name(self, month: usize) -> Option<&'static str> {
        MONTHS[self as usize].get(month.checked_sub(1)?).copied()
    }

    /// Joins sign, grouped whole part and decimals.
    fn number(self, negative: bool, whole: &str, fraction: &str) -> String {
        let (group, point) = match self {
            Lang::Fr => (NARROW, ','),
            Lang::En => (',', '.'),
            Lang::Pt => ('.', ','),
        };
        let mut text = String::from(if negative { "−" } else { "" });
        for (i, digit) in whole.chars().enumerate() {
            if i > 0 && (whole.len() - i).is_multiple_of(3) {
                text.push(group);
            }
            text.push(digit);
        }
        if !fraction.is_empty() {
            text.push(point);
            text.push_str(fraction);
        }
        text
    }
}

/// Year, month and day of `YYYY-MM`, `YYYY-MM-DD` or `YYYY-MM-DD HH:MM:SS`.
pub(crate) fn parts(iso: &str) -> Option<(i32, usize, Option<u8>)> {
    let mut fields = iso.split([' ', 'T']).next()?.splitn(3, '-');
    let (year, month) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    let day = match fields.next() {
        Some(day) => Some(day.parse().ok()?),
        None => None,
    };
    Some((year, month, day))
}

#[cfg(test)]
mod tests {
    use super::Lang::{En, Fr, Pt};

    #[test]
    fn money_in_all_languages() {
        assert_eq!(Fr.brl(1_584_355_324, 2), "15\u{202f}843\u{202f}553,24\u{202f}R$");
        assert_eq!(En.brl(1_584_355_324, 2), "R$\u{a0}15,843,553.24");
        assert_eq!(Pt.brl(-1_584_355_324, 2), "−R$\u{a0}15.843.553,24");
        assert_eq!(Fr.brl(5, 2), "0,05\u{202f}R$");
        assert_eq!(En.brl(-123_450, 0), "−R$\u{a0}1,235");
        assert_eq!(En.brl(-40, 0), "R$\u{a0}0");
        assert_eq!(En.brl(i64::MIN, 1), "−R$\u{a0}92,233,720,368,547,758.1");
    }

    #[test]
    fn numbers_in_all_languages() {
        assert_eq!(Fr.count(999), "999");
        assert_eq!(Fr.count(-99_441), "−99\u{202f}441");
        assert_eq!(En.count(1_000_000), "1,000,000");
        assert_eq!(Fr.decimal(-1234.567, 1), "−1\u{202f}234,6");
        assert_eq!(En.decimal(-0.001, 2), "0.00");
        assert_eq!(
            [5_940_000.0, -12_345.0, 9_960.0, 850.4].map(|v| Fr.short(v)),
            ["5,9\u{202f}M", "−12\u{202f}k", "10\u{202f}k", "850"]
        );
        assert_eq!(Fr.percent(0.0677, 2), "6,77\u{202f}%");
        assert_eq!(En.percent(0.5, 0), "50%");
        assert_eq!((Pt.percent(0.0677, 2), Pt.count(-99_441)), ("6,77%".into(), "−99.441".into()));
    }

    #[test]
    fn months_and_dates() {
        assert_eq!(Fr.month("2018-08").unwrap(), "août\u{a0}2018");
        assert_eq!(En.month("2018-08-21 00:00:00").unwrap(), "August\u{a0}2018");
        assert_eq!(Fr.date("2018-08-01").unwrap(), "1er\u{a0}août\u{a0}2018");
        assert_eq!(En.date("2018-08-21T10:00:00").unwrap(), "21\u{a0}August\u{a0}2018");
        assert_eq!(Pt.date("2018-08-01").unwrap(), "1º\u{a0}de\u{a0}agosto\u{a0}de\u{a0}2018");
        assert_eq!(Pt.month("2018-03").unwrap(), "março\u{a0}de\u{a0}2018");
        for bad in ["", "2018", "2018-13", "2018-00-01", "août"] {
            assert_eq!(Fr.month(bad), None, "{bad}");
        }
        assert_eq!(Fr.date("2018-08"), None);
    }
}
