//! The grain of series, and their forecast periods after a cutoff: calendar months, or 30 days at a time. Used by `forecast` and `backtest`.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::mart::month::Month;

/// Days in a period that is not a calendar month.
pub const DAYS: i32 = 30;
/// Data that end more than this many days before the cutoff say nothing about what follows it.
pub(super) const STALE_DAYS: i32 = 62;

/// Grain of the series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// By category of the items.
    Category,
    /// By state of the customers.
    State,
}

impl By {
    /// Name of the column in the mart.
    pub fn column(self) -> &'static str {
        match self {
            By::Category => "category",
            By::State => "state",
        }
    }
}

/// Length of a forecast period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Frequency {
    /// Calendar months; the cutoff must end a month.
    Month,
    /// 30 days; any cutoff.
    Days30,
}

/// A range of days, both ends included, counted from 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DateRange {
    /// First day.
    pub from: i32,
    /// Last day.
    pub to: i32,
}

impl DateRange {
    /// Number of days.
    pub fn days(self) -> i32 {
        self.to - self.from + 1
    }
}

impl Frequency {
    /// The `step`-th period after the day `cutoff`: 1 is the next one, 0 the one that ends with the cutoff.
    pub fn span(self, cutoff: i32, step: i32) -> DateRange {
        match self {
            Frequency::Month => {
                let month = Month::of_day(cutoff).plus(step);
                DateRange { from: month.first_day(), to: month.plus(1).first_day() - 1 }
            }
            Frequency::Days30 => DateRange { from: cutoff + DAYS * (step - 1) + 1, to: cutoff + DAYS * step },
        }
    }

    /// Mean length of a period, days.
    pub fn days(self) -> f64 {
        match self {
            Frequency::Month => 365.25 / 12.0,
            Frequency::Days30 => f64::from(DAYS),
        }
    }

    /// Checks that periods can begin after `cutoff`.
    ///
    /// # Errors
    /// Calendar months do not begin after it.
    pub fn check(self, cutoff: i32) -> Result<()> {
        let month = Month::of_day(cutoff);
        if self == Frequency::Month && month.plus(1).first_day() != cutoff + 1 {
            let end = |month: Month| date(month.plus(1).first_day() - 1);
            return Err(Error::input(format!("{} is not the last day of a month", date(cutoff))).with_hint(format!(
                "use {} or {}, or periods of {DAYS} days, which follow any day",
                end(month.plus(-1)),
                end(month)
            )));
        }
        Ok(())
    }
}

/// The date of a day counted from 1970-01-01.
pub fn date(day: i32) -> NaiveDate {
    NaiveDate::from_epoch_days(day).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> i32 {
        text.parse::<NaiveDate>().unwrap().to_epoch_days()
    }

    #[test]
    fn periods_follow_the_cutoff() {
        let cutoff = day("2017-12-31");
        let text = |every: Frequency, step| {
            let span = every.span(cutoff, step);
            format!("{} {} {}", date(span.from), date(span.to), span.days())
        };
        assert_eq!(text(Frequency::Month, 2), "2018-02-01 2018-02-28 28");
        assert_eq!(text(Frequency::Month, 0), "2017-12-01 2017-12-31 31");
        assert_eq!(text(Frequency::Days30, 1), "2018-01-01 2018-01-30 30");
        assert_eq!(text(Frequency::Days30, 0), "2017-12-02 2017-12-31 30");
        assert!(Frequency::Month.check(cutoff).is_ok() && Frequency::Days30.check(cutoff + 3).is_ok());
        let error = Frequency::Month.check(cutoff + 3).unwrap_err();
        assert!(error.hint().unwrap().starts_with("use 2017-12-31 or 2018-01-31"), "{error}");
    }
}
