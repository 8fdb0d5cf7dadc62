//! User options → how ambiguous dates and numbers are read, and which years are plausible. Used by `input::source`, `input::dialect` and
//! `parse`.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The order of day, month and year in dates that do not start with the year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DateOrder {
    /// `15/08/2018`
    Dmy,
    /// `8/15/2018`
    Mdy,
    /// `2018-08-15`; always understood.
    Ymd,
}

/// The decimal mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DecimalMark {
    /// `1.234,56`
    Comma,
    /// `1,234.56`
    Point,
}

/// First and last plausible year of an instant, inclusive. Without a bound, one date in the year 9999 would stretch calendars by eight
/// thousand years.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Years {
    /// First year.
    pub first: u16,
    /// Last year.
    pub last: u16,
}

/// Highest number of years between the first and the last: calendars allocate an entry for every day.
const MAX_YEARS: u16 = 200;

impl Default for Years {
    fn default() -> Self {
        Years { first: 2000, last: 2100 }
    }
}

impl FromStr for Years {
    type Err = String;

    fn from_str(text: &str) -> Result<Years, String> {
        let year = |text: &str| text.trim().parse().ok().filter(|year| (1..=9999).contains(year));
        let years =
            text.split_once('-').and_then(|(first, last)| Some(Years { first: year(first)?, last: year(last)? }));
        match years {
            Some(years) if (0..MAX_YEARS).contains(&years.last.wrapping_sub(years.first)) => Ok(years),
            Some(_) => Err(format!("the last year comes up to {MAX_YEARS} years after the first")),
            None => Err("two years such as `2000-2100` are expected".into()),
        }
    }
}

/// How the user says that values are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// Plausible years; instants outside are quarantined.
    #[serde(default)]
    pub years: Years,
    /// Order of dates such as `03/04/2018`, for columns in which no value settles it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dates: Option<DateOrder>,
    /// Decimal mark of numbers such as `1.230`, for columns in which no value settles it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numbers: Option<DecimalMark>,
}

impl Reading {
    /// Whether the user set nothing.
    pub fn is_default(&self) -> bool {
        *self == Reading::default()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn years_are_a_bounded_range() {
        assert_eq!("1990-2030".parse(), Ok(Years { first: 1990, last: 2030 }));
        assert_eq!("2018-2018".parse(), Ok(Years { first: 2018, last: 2018 }));
        for wrong in ["", "2018", "2019-2018", "1-9999", "0-100", "a-b", "2000-99999"] {
            assert!(wrong.parse::<Years>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn nothing_said_is_nothing_written() {
        assert!(serde_json::from_str::<Reading>("{}").unwrap().is_default());
    }
}
