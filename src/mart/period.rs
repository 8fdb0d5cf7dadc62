//! SalesMart → Period, its run of complete months, found in the data. Next: `models`.

use std::collections::BTreeMap;

use super::month::Month;
use super::sales_mart::SalesMart;
use crate::error::{Error, Result};
use crate::table::quantiles::upper_median;

/// A day is active if it has at least this share of its month's median orders.
const ACTIVE: f64 = 0.1;
/// A month is complete if at least this share of its days is active …
const FILLED: f64 = 0.8;
/// … and at least one of its last days, this many, is active: data that end on the 20th leave an incomplete month.
const TAIL_DAYS: i32 = 3;
/// A month after the end of the data has only stray orders: its daily median is less than this share of the usual …
const STRAY: f64 = 0.1;
/// … where the usual is the median, over this many months before it, of their nonzero daily medians.
const USUAL_OVER: i32 = 12;

/// The uninterrupted run of complete months that ends with the last complete month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Period {
    /// First complete month.
    pub first: Month,
    /// Last complete month.
    pub last: Month,
}

impl Period {
    /// Finds the complete months of `mart`. If none is complete, all months with orders count: little can be said of them, but a report
    /// can say that.
    ///
    /// # Errors
    /// [`Error::Input`]: no order has a day.
    pub fn of(mart: &SalesMart) -> Result<Period> {
        let orders = orders_by_day(mart)?;
        let month = |day: Option<(&i32, &i64)>| day.map(|(day, _)| Month::of_day(*day));
        let all = || Some(Period { first: month(orders.first_key_value())?, last: month(orders.last_key_value())? });
        Period::find(&orders).or_else(all).ok_or_else(|| {
            Error::input("no order of the data has a day")
                .with_hint("`pfe audit` lists what was quarantined, with the reason")
        })
    }

    /// Finds the complete months, given the number of orders by day (days since 1970-01-01); `None` if there are none. In a small shop,
    /// where most days have no order, the months between the first and the last are complete.
    pub fn find(orders: &BTreeMap<i32, i64>) -> Option<Period> {
        Period::dense(orders).or_else(|| {
            let (first, last) = (Month::of_day(*orders.keys().next()?), Month::of_day(*orders.keys().next_back()?));
            let between = Period { first: first.plus(1), last: last.plus(-1) };
            (between.first <= between.last).then_some(between)
        })
    }

    /// The months with orders on most of their days.
    fn dense(orders: &BTreeMap<i32, i64>) -> Option<Period> {
        let (first, last) = (Month::of_day(*orders.keys().next()?), Month::of_day(*orders.keys().next_back()?));
        let months = std::iter::successors(Some(last), |m| Some(m.plus(-1))).take_while(|m| *m >= first);
        let ended = |m: &Month| is_complete(*m, orders) && !is_stray(*m, first, orders);
        let mut complete = months.skip_while(|m| !ended(m)).take_while(|m| is_complete(*m, orders));
        let last = complete.next()?;
        Some(Period { first: complete.last().unwrap_or(last), last })
    }

    /// Its months, first to last.
    pub fn months(self) -> impl Iterator<Item = Month> {
        self.first.through(self.last)
    }

    /// Number of months.
    pub fn len(self) -> usize {
        self.months().count()
    }

    /// Always false: a period has at least one month.
    pub fn is_empty(self) -> bool {
        false
    }
}

/// Number of orders by day (days since 1970-01-01), all statuses.
///
/// # Errors
/// The mart is incomplete.
pub fn orders_by_day(mart: &SalesMart) -> Result<BTreeMap<i32, i64>> {
    let frame = mart.table("orders_by_day")?;
    let mut orders = BTreeMap::new();
    for (day, n) in frame.column("day")?.date()?.physical().iter().zip(frame.column("orders")?.i64()?.iter()) {
        if let (Some(day), Some(n)) = (day, n) {
            *orders.entry(day).or_insert(0) += n;
        }
    }
    Ok(orders)
}

fn of_days(month: Month, orders: &BTreeMap<i32, i64>) -> Vec<f64> {
    let first = month.first_day();
    (first..first + month.days()).map(|d| orders.get(&d).map_or(0.0, |n| *n as f64)).collect()
}

/// Whether the month has only stray orders after the end of the data. In large data these may come on every day.
fn is_stray(month: Month, first: Month, orders: &BTreeMap<i32, i64>) -> bool {
    let before = (1..=USUAL_OVER).map(|n| month.plus(-n)).take_while(|m| *m >= first);
    let usual_day = |month: Month| upper_median(&mut of_days(month, orders));
    let mut usual: Vec<f64> = before.map(usual_day).filter(|n| *n > 0.0).collect();
    usual_day(month) < STRAY * upper_median(&mut usual)
}

fn is_complete(month: Month, orders: &BTreeMap<i32, i64>) -> bool {
    let days = of_days(month, orders);
    let usual = upper_median(&mut days.clone());
    let active = |n: &f64| *n > 0.0 && *n >= ACTIVE * usual;
    let filled = days.iter().filter(|n| active(n)).count();
    filled as f64 >= FILLED * f64::from(month.days()) && days.iter().rev().take(TAIL_DAYS as usize).any(active)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_that_start_late_count_and_months_that_stop_early_do_not() {
        let day = |year, month, day: i32| Month { year, month }.first_day() + day - 1;
        // From 5 January to 21 April, plus a few stray orders later and one year earlier.
        let mut orders: BTreeMap<i32, i64> = (day(2018, 1, 5)..=day(2018, 4, 21)).map(|d| (d, 100)).collect();
        orders.extend([(day(2018, 4, 25), 1), (day(2018, 5, 30), 1), (day(2017, 1, 1), 3)]);
        let period = Period::find(&orders).unwrap();
        assert_eq!((period.first.to_string(), period.last.to_string()), ("2018-01".into(), "2018-03".into()));
        assert_eq!(period.len(), 3);
        assert_eq!(Period::find(&BTreeMap::from([(0, 5)])), None);
        // With a hundred times the orders, stray ones come on every day.
        orders.values_mut().for_each(|n| *n *= 100);
        orders.extend((day(2018, 5, 1)..=day(2018, 6, 30)).map(|d| (d, 30)));
        assert_eq!(Period::find(&orders), Some(period));
        // A business that has shrunk to a seventh still continues.
        orders.extend((day(2018, 4, 1)..=day(2018, 5, 31)).map(|d| (d, 1_500)));
        assert_eq!(Period::find(&orders).unwrap().last.to_string(), "2018-05");
    }
}
