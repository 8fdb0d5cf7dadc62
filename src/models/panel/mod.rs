//! SalesMart → Panel: daily revenue and orders of every category or state → History: what was known at a cutoff. Next: `forecast`.
//!
//! Models never see a [`Panel`], only a [`History`]. [`Panel::until`] makes it from the rows up to the cutoff, so that
//! later rows cannot leak.

pub mod shares;
pub mod supply;

use std::collections::BTreeMap;

use self::shares::SupplyIndicators;
use self::supply::Supply;
use super::span::{By, DateRange, STALE_DAYS, date};
use crate::error::{Error, Result, TooLittle};
use crate::mart::SalesMart;
use crate::mart::month::Month;
use crate::mart::period::Period;
use crate::table::quantiles::median;

/// A day is usual if its orders are at least this share of the median of the four weeks before.
const USUAL: f64 = 0.1;
/// If more expected orders than this are missing, it is no chance (e⁻¹⁴ ≈ 10⁻⁶): the data end early.
const MISSED: f64 = 14.0;
/// A day is exceptional if its orders exceed the median m of the four weeks before by 75 % and by 3√m …
const EXCEPTIONAL: f64 = 1.75;
/// … after the first weeks of the shop, in which every day exceeds the weeks before.
const SETTLED_DAYS: usize = 56;
const WEEKS: usize = 28;

/// Daily values of one category or state, without canceled and unavailable orders.
#[derive(Debug, Clone, Default)]
pub(crate) struct Series {
    pub name: String,
    /// Price and freight per day, centavos. A negative sum counts as 0.
    pub revenue: Vec<i64>,
    pub orders: Vec<i64>,
    pub supply: Supply,
}

/// Daily values of all series, over all data.
#[derive(Debug, Clone)]
pub struct Panel {
    /// Grain of the series.
    pub by: By,
    /// Day of the first row, counted from 1970-01-01.
    pub first: i32,
    /// Day of the last row.
    pub last: i32,
    series: Vec<Series>,
}

impl Panel {
    /// Builds the panel from the mart.
    ///
    /// # Errors
    /// The mart is incomplete or holds no sale.
    pub fn of(mart: &SalesMart, by: By) -> Result<Panel> {
        Panel::with(mart, by, &SupplyIndicators::of(mart)?)
    }

    /// The same, with supply indicators already computed from the mart.
    ///
    /// # Errors
    /// As [`Panel::of`].
    pub(crate) fn with(mart: &SalesMart, by: By, shares: &SupplyIndicators) -> Result<Panel> {
        let frame = mart.table("sales_by_day")?;
        let (names, days) = (frame.column(by.column())?.str()?, frame.column("day")?.date()?.physical());
        let (orders, revenue) = (frame.column("sold_orders")?.i64()?, frame.column("sold_revenue_centavos")?.i64()?);
        let mut rows = Vec::with_capacity(frame.height());
        for (((name, day), orders), revenue) in names.iter().zip(days.iter()).zip(orders.iter()).zip(revenue.iter()) {
            let (Some(name), Some(day), Some(orders), Some(revenue)) = (name, day, orders, revenue) else { continue };
            // A day with only canceled orders is a day without sales.
            if orders > 0 {
                rows.push((name, day, orders, revenue));
            }
        }
        let mut panel = Panel::from_rows(by, &rows)?;
        let days = panel.first..panel.last + STALE_DAYS + 1;
        panel.series.iter_mut().for_each(|series| series.supply = shares.supply(by, &series.name, days.clone()));
        Ok(panel)
    }

    /// A panel without sellers and products, from rows of (name, day, orders, centavos).
    pub(crate) fn from_rows(by: By, rows: &[(&str, i32, i64, i64)]) -> Result<Panel> {
        let days = rows.iter().map(|r| r.1);
        let (Some(first), Some(last)) = (days.clone().min(), days.max()) else {
            return Err(TooLittle::Sales.into());
        };
        let length = (last - first + 1) as usize;
        let mut series: BTreeMap<&str, Series> = BTreeMap::new();
        for &(name, day, orders, centavos) in rows {
            let series = series.entry(name).or_insert_with(|| Series {
                name: name.into(),
                revenue: vec![0; length],
                orders: vec![0; length],
                supply: Supply::default(),
            });
            series.revenue[(day - first) as usize] += centavos;
            series.orders[(day - first) as usize] += orders;
        }
        let mut series: Vec<Series> = series.into_values().collect();
        series.iter_mut().flat_map(|s| &mut s.revenue).for_each(|r| *r = (*r).max(0));
        Ok(Panel { by, first, last, series })
    }

    /// Names of the series, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.series.iter().map(|s| s.name.as_str())
    }

    /// Revenue of a series in `span`, BRL.
    pub fn revenue(&self, series: usize, span: DateRange) -> f64 {
        let index = |day: i32| (day - self.first).clamp(0, self.last - self.first + 1) as usize;
        let days = index(span.from)..index(span.to + 1);
        self.series[series].revenue[days].iter().sum::<i64>() as f64 / 100.0
    }

    /// What was known at the end of the day `cutoff`. Leaves out series that had not sold by then.
    ///
    /// # Errors
    /// There are no rows up to the cutoff, or they end more than 62 days before it.
    pub fn until(&self, cutoff: i32) -> Result<History> {
        let (start, end) = self.known(cutoff)?;
        let days = (start - self.first) as usize..(end - self.first + 1) as usize;
        let cut = |s: &Series| Series {
            name: s.name.clone(),
            revenue: take(&s.revenue, &days),
            orders: take(&s.orders, &days),
            supply: s.supply.cut(days.start as i32..days.end as i32),
        };
        let sells = |s: &&Series| take(&s.orders, &days).iter().any(|n| *n > 0);
        let known: Vec<&Series> = self.series.iter().filter(sells).collect();
        let early = known.iter().map(|s| take(&s.revenue, &(0..days.start))).collect();
        Ok(History::new(self.by, cutoff, end, start, known.into_iter().map(cut).collect(), early))
    }

    /// First and last day of what was known at the end of the day `cutoff`.
    ///
    /// # Errors
    /// As [`Panel::until`].
    pub(super) fn known(&self, cutoff: i32) -> Result<(i32, i32)> {
        if cutoff < self.first {
            return Err(Error::input(format!("there is no sale up to {}", date(cutoff)))
                .with_hint(format!("the first sale of the data is on {}", date(self.first))));
        }
        let orders = self.orders_until(cutoff);
        // Days before a gap or a thin start are no history to learn from.
        let start = period(&orders, self.first).map_or(self.first, |p| p.first.first_day().max(self.first));
        let end = end(&orders, self.first);
        let last = orders.iter().rposition(|n| *n > 0).map_or(self.first, |d| self.first + d as i32);
        if cutoff - end.min(last) > STALE_DAYS {
            return Err(Error::input(format!("orders stop on {}, long before {}", date(end.min(last)), date(cutoff)))
                .with_hint("choose a cutoff nearer to the end of the data"));
        }
        Ok((start.min(end), end))
    }

    /// The last usual day of the data.
    pub fn end(&self) -> i32 {
        end(&self.orders_until(self.last), self.first)
    }

    /// The day of decision: the last day of the last complete month, or the last usual day if no month is complete. If the
    /// data fade out during a last month, that month would look like a slump.
    pub fn decision_day(&self) -> i32 {
        self.period().map_or(self.end(), |p| p.last.plus(1).first_day() - 1)
    }

    /// The complete months; `None` if there is none.
    pub fn period(&self) -> Option<Period> {
        period(&self.orders_until(self.last), self.first)
    }

    /// Orders of all series by day, up to `last`.
    fn orders_until(&self, last: i32) -> Vec<i64> {
        let mut orders = vec![0; (last - self.first + 1) as usize];
        for series in &self.series {
            orders.iter_mut().zip(&series.orders).for_each(|(sum, n)| *sum += n);
        }
        orders
    }

    /// Orders of a series in `span`.
    pub fn orders(&self, series: usize, span: DateRange) -> i64 {
        let index = |day: i32| (day - self.first).clamp(0, self.last - self.first + 1) as usize;
        self.series[series].orders[index(span.from)..index(span.to + 1)].iter().sum()
    }
}

fn period(orders: &[i64], first: i32) -> Option<Period> {
    Period::find(&(first..).zip(orders).filter(|(_, n)| **n > 0).map(|(day, n)| (day, *n)).collect())
}

/// Values of a series on `days`; 0 after the end of the series.
fn take(values: &[i64], days: &std::ops::Range<usize>) -> Vec<i64> {
    days.clone().map(|d| values.get(d).copied().unwrap_or(0)).collect()
}

/// The last usual day. It is the last day of the data unless more orders are missing after the usual day than chance
/// explains.
fn end(orders: &[i64], first: i32) -> i32 {
    let last = first + orders.len() as i32 - 1;
    let usual = |day: &usize| {
        orders[*day] > 0 && orders[*day] as f64 >= USUAL * median_of(&orders[day.saturating_sub(WEEKS)..*day])
    };
    let Some(day) = (0..orders.len()).rev().find(usual) else { return last };
    let before = &orders[day.saturating_sub(WEEKS - 1)..=day];
    let expected = before.iter().sum::<i64>() as f64 / before.len() as f64 * (orders.len() - 1 - day) as f64;
    if expected > MISSED { first + day as i32 } else { last }
}

fn median_of(orders: &[i64]) -> f64 {
    median(&mut orders.iter().map(|n| *n as f64).collect::<Vec<_>>())
}

/// What was known at a cutoff.
#[derive(Debug, Clone)]
pub struct History {
    /// Grain of the series.
    pub by: By,
    /// The day at whose end forecasts are made.
    pub cutoff: i32,
    /// The last day that counts: the cutoff, or the last usual day if the data end earlier.
    pub end: i32,
    /// The first day that counts.
    pub start: i32,
    /// Whether each day from `start` on had exceptionally many orders, like Black Friday.
    pub exceptional: Vec<bool>,
    /// Mean value of an order, BRL; 0 if there is no revenue.
    pub ticket: f64,
    pub(crate) series: Vec<Series>,
    /// Cumulative revenue before each day, centavos, by series.
    earned: Vec<Vec<i64>>,
    /// Revenue of the thin start before `start`, centavos by day, by series.
    early: Vec<Vec<i64>>,
}

impl History {
    fn new(by: By, cutoff: i32, end: i32, start: i32, series: Vec<Series>, early: Vec<Vec<i64>>) -> History {
        let length = (end - start + 1) as usize;
        let orders: Vec<i64> = (0..length).map(|d| series.iter().map(|s| s.orders[d]).sum()).collect();
        let exceptional = (0..length).map(|d| {
            let m = if d < SETTLED_DAYS { f64::INFINITY } else { median_of(&orders[d - WEEKS..d]) };
            orders[d] as f64 > EXCEPTIONAL * m + 3.0 * m.sqrt()
        });
        let earned = series.iter().map(|s| {
            let mut sum = 0;
            let later = s.revenue.iter().map(|r| {
                sum += r;
                sum
            });
            std::iter::once(0).chain(later).collect()
        });
        let (exceptional, earned) = (exceptional.collect(), earned.collect::<Vec<Vec<i64>>>());
        let centavos: i64 = earned.iter().filter_map(|e| e.last()).sum();
        let ticket = centavos as f64 / 100.0 / orders.iter().sum::<i64>().max(1) as f64;
        History { by, cutoff, end, start, exceptional, ticket, series, earned, early }
    }

    /// Names of the series, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.series.iter().map(|s| s.name.as_str())
    }

    /// Number of series.
    pub fn len(&self) -> usize {
        self.series.len()
    }

    /// Whether there is no series.
    pub fn is_empty(&self) -> bool {
        self.series.is_empty()
    }

    /// Number of days that count.
    pub fn days(&self) -> usize {
        self.exceptional.len()
    }

    /// Revenue of a series on the known days of `span`, BRL.
    pub fn revenue(&self, series: usize, span: DateRange) -> f64 {
        let index = |day: i32| (day - self.start).clamp(0, self.days() as i32) as usize;
        let earned = &self.earned[series];
        (earned[index(span.to + 1)] - earned[index(span.from).min(index(span.to + 1))]) as f64 / 100.0
    }

    /// Months up to the end in which a series sold, thin start included, with its revenue in BRL.
    pub(crate) fn months(&self, series: usize) -> Vec<(Month, f64)> {
        let (early, earned) = (&self.early[series], &self.earned[series]);
        let first = self.start - early.len() as i32;
        // Revenue before a day, centavos; the thin start is kept apart.
        let started = |day: i32| early[..(day - first).clamp(0, early.len() as i32) as usize].iter().sum::<i64>();
        let later = |day: i32| earned[(day - self.start).clamp(0, self.days() as i32) as usize];
        let months = Month::of_day(first).through(Month::of_day(self.end)).map(|month| {
            let (from, next) = (month.first_day(), month.plus(1).first_day());
            (month, started(next) - started(from) + later(next) - later(from))
        });
        months.filter(|(_, centavos)| *centavos > 0).map(|(month, centavos)| (month, centavos as f64 / 100.0)).collect()
    }

    /// Seller HHI and share of inactive products at the end, by series.
    pub fn supply(&self) -> impl Iterator<Item = (f64, f64)> {
        let last = |values: &[f64]| values.last().copied().unwrap_or(0.0);
        self.series.iter().map(move |s| (last(&s.supply.seller_hhi), last(&s.supply.inactive_share)))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    fn rows(days: std::ops::Range<i32>, orders: i64) -> Vec<(&'static str, i32, i64, i64)> {
        days.map(|d| ("a", d, orders, orders * 1_000)).collect()
    }

    #[test]
    fn data_that_stop_are_noticed_and_quiet_shops_are_not() {
        let panel = Panel::from_rows(By::Category, &rows(0..100, 20)).unwrap();
        assert_eq!((panel.until(99).unwrap().end, panel.until(110).unwrap().end), (99, 99));
        assert!(panel.until(200).is_err() && panel.until(-1).is_err());
        let mut few_orders = rows(0..100, 20);
        few_orders.extend(rows(100..104, 1));
        assert_eq!(Panel::from_rows(By::Category, &few_orders).unwrap().end(), 99);
        let weekly: Vec<_> = (0..100).step_by(7).map(|d| ("a", d, 1, 500)).collect();
        assert_eq!(Panel::from_rows(By::Category, &weekly).unwrap().until(102).unwrap().end, 102);
    }

    #[test]
    fn exceptional_days_are_told_by_the_days_before_them() {
        let mut rows = rows(0..100, 20);
        rows[80].2 = 90;
        let history = Panel::from_rows(By::Category, &rows).unwrap().until(99).unwrap();
        assert_eq!(history.exceptional.iter().filter(|e| **e).count(), 1);
        assert!(history.exceptional[80 - history.start as usize]);
    }

    #[test]
    fn sums_are_clipped_to_the_known_days() {
        let history = Panel::from_rows(By::State, &rows(10..70, 2)).unwrap().until(60).unwrap();
        let all = DateRange { from: -50, to: 500 };
        assert_eq!(history.revenue(0, all), 20.0 * f64::from(60 - history.start + 1));
        assert_eq!(history.revenue(0, DateRange { from: 90, to: 120 }), 0.0);
        assert_eq!(history.ticket, 10.0);
    }

    #[test]
    fn series_of_the_future_are_unknown() {
        let mut rows = rows(0..60, 2);
        rows.push(("b", 70, 1, 100));
        let panel = Panel::from_rows(By::Category, &rows).unwrap();
        assert_eq!(panel.names().count(), 2);
        assert_eq!(panel.until(69).unwrap().len(), 1);
        assert_eq!(panel.until(70).unwrap().len(), 2);
    }
}
