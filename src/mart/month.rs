//! Day → calendar month, the grain of the mart in time. Used by `mart`, `models` and the report.

use std::fmt;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

/// A calendar month. Displays as `2018-07`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Month {
    /// Year.
    pub year: i32,
    /// 1 to 12.
    pub month: u32,
}

impl Month {
    /// The month that holds `day`, in days since 1970-01-01.
    pub fn of_day(day: i32) -> Month {
        let date = NaiveDate::from_epoch_days(day).unwrap_or_default();
        Month { year: date.year(), month: date.month() }
    }

    /// The month `count` months later.
    pub fn plus(self, count: i32) -> Month {
        let months = self.year * 12 + self.month as i32 - 1 + count;
        Month { year: months.div_euclid(12), month: months.rem_euclid(12) as u32 + 1 }
    }

    /// Its first day, in days since 1970-01-01.
    pub fn first_day(self) -> i32 {
        NaiveDate::from_ymd_opt(self.year, self.month, 1).unwrap_or_default().to_epoch_days()
    }

    /// The months from this one to `last`.
    pub fn through(self, last: Month) -> impl Iterator<Item = Month> {
        std::iter::successors(Some(self), |m| Some(m.plus(1))).take_while(move |m| *m <= last)
    }

    /// Number of its days.
    pub fn days(self) -> i32 {
        self.plus(1).first_day() - self.first_day()
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_follow_each_other() {
        let july = Month { year: 2018, month: 7 };
        assert_eq!(july.plus(6).to_string(), "2019-01");
        assert_eq!(july.plus(-7).to_string(), "2017-12");
        assert_eq!((Month::of_day(july.first_day()), Month::of_day(july.first_day() - 1)), (july, july.plus(-1)));
        assert_eq!(Month { year: 2016, month: 2 }.days(), 29);
    }
}
