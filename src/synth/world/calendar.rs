//! SynthParams → Calendar: when orders are placed, with growth, weekdays, hours and Black Friday. Next: `market`.

use chrono::{Datelike, NaiveDate, NaiveDateTime, TimeDelta};

use crate::synth::rng::{Alias, Keyed, Source};
use crate::synth::shape::{HOURS, MONTHS, WEEKDAYS};

/// Seconds in a day.
pub const DAY: i64 = 86_400;

/// Number of days for which a date can be written: from 2016-09-01, four years.
const DAYS: usize = 1_460;
/// Weekday of day 0, Monday being 0: 2016-09-01 was a Thursday.
const FIRST_WEEKDAY: usize = 3;

/// The number of orders per day, and how days are written. Day 0 is 2016-09-01; times are seconds from its midnight.
#[derive(Debug)]
pub struct Calendar {
    dates: Vec<[u8; 10]>,
    months: Vec<usize>,
    first_order: Vec<u64>,
    hours: Alias,
}

impl Calendar {
    /// Distributes `orders` over the days of [`MONTHS`] in proportion to the original.
    pub fn new(orders: u64, noise: Keyed) -> Self {
        let mut dates = Vec::with_capacity(DAYS);
        let mut weights = Vec::new();
        let mut months = Vec::new();
        let days = day_zero().iter_days();
        for (index, date) in days.take(DAYS).enumerate() {
            dates.push(date.to_string().as_bytes().try_into().unwrap_or_default());
            let (year, month, day) = (date.year().into(), date.month(), date.day());
            if let Some(at) = MONTHS.iter().position(|m| (m.0, m.1) == (year, month)) {
                months.push(at);
                weights.push(if (MONTHS[at].2..=MONTHS[at].3).contains(&day) {
                    let weekday = WEEKDAYS[(index + FIRST_WEEKDAY) % 7];
                    // Between 92 % and 108 % of the usual.
                    let luck = 92 + noise.draws(index as u64).below(17);
                    u128::from(weekday * event(year, month, day) * luck)
                } else {
                    0
                });
            }
        }

        // Distributes a month's orders over its days; cumulative rounding keeps the total exact.
        let of_month = |at: usize| months.iter().zip(&weights).filter(|(m, _)| **m == at).map(|(_, w)| w).sum::<u128>();
        let totals: Vec<u128> = (0..MONTHS.len()).map(of_month).collect();
        const UNIT: u128 = 1 << 32;
        let shares: Vec<u128> =
            months.iter().zip(&weights).map(|(&m, w)| u128::from(MONTHS[m].4) * UNIT * w / totals[m].max(1)).collect();
        let all: u128 = shares.iter().sum();
        let mut first_order = vec![0];
        let mut placed = 0;
        for share in shares {
            placed += share;
            first_order.push(((placed * u128::from(orders) + all / 2) / all) as u64);
        }
        Calendar { dates, months, first_order, hours: Alias::new(HOURS) }
    }

    /// Days on which orders may be placed.
    pub fn days(&self) -> std::ops::Range<usize> {
        0..self.months.len()
    }

    /// The day of an order and its position within the day; orders are numbered by day.
    pub fn day_of(&self, order: u64) -> (usize, u64) {
        let day = self.first_order.partition_point(|&first| first <= order) - 1;
        (day, order - self.first_order[day])
    }

    /// Number of orders on a day.
    pub fn orders_on(&self, day: usize) -> u64 {
        self.first_order[day + 1] - self.first_order[day]
    }

    /// The month of a day, as an index into [`MONTHS`].
    pub fn month_of(&self, day: usize) -> usize {
        self.months[day]
    }

    /// A random time of day, seconds.
    pub fn time_of_day(&self, source: &mut impl Source) -> i64 {
        (self.hours.pick(source) as u64 * 3600 + source.below(3600)) as i64
    }

    /// The instant that is this many seconds from the midnight of day 0.
    pub fn instant(seconds: i64) -> NaiveDateTime {
        NaiveDateTime::from(day_zero()) + TimeDelta::seconds(seconds)
    }

    /// The date of a day as `YYYY-MM-DD`.
    pub fn date(&self, day: i64) -> &[u8; 10] {
        &self.dates[day.clamp(0, DAYS as i64 - 1) as usize]
    }
}

fn day_zero() -> NaiveDate {
    NaiveDate::from_ymd_opt(2016, 9, 1).unwrap_or_default()
}

/// Orders of a day in percent of the usual: differs from 100 around Black Friday, and in late August 2018, when the data fade out.
fn event(year: i64, month: u32, day: u32) -> u64 {
    match (year, month, day) {
        (2017, 11, 24..=30) => [580, 330, 245, 180, 165, 150, 130][day as usize - 24],
        (2018, 8, 21..=31) => [90, 70, 53, 40, 36, 34, 23, 15, 5, 2, 1][day as usize - 21],
        _ => 100,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_has_a_day_and_months_keep_their_share() {
        let orders = 100_000;
        let calendar = Calendar::new(orders, Keyed::new(1, 1));
        assert_eq!(calendar.days().map(|d| calendar.orders_on(d)).sum::<u64>(), orders);
        let on =
            |date: &[u8; 10]| calendar.days().find(|&d| calendar.date(d as i64) == date).map(|d| calendar.orders_on(d));
        assert!(on(b"2017-11-24").is_some_and(|n| n > 900));
        assert!(on(b"2018-08-30").is_some_and(|n| n < 10));
        assert_eq!(on(b"2016-11-15"), Some(0));
        assert_eq!(on(b"2017-01-04"), Some(0));
        let (day, position) = calendar.day_of(orders - 1);
        assert_eq!((calendar.month_of(day), position + 1), (25, calendar.orders_on(day)));
        assert_eq!(calendar.date(0), b"2016-09-01");
        assert_eq!(calendar.date(545), b"2018-02-28");
    }
}
