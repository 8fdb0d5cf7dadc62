//! SalesMart → Facts: revenue, growth, reviews and lateness by category and by state. Part of `Findings`.

use std::collections::BTreeMap;

use polars::prelude::*;
use serde::Serialize;

use crate::error::Result;
use crate::mart::SalesMart;
use crate::mart::month::Month;
use crate::mart::period::Period;
use crate::schema::contract::UNKNOWN;
use crate::statistics::normal::Z95;

/// Months per period when revenue growth is measured: a quarter against the quarter before.
const QUARTER: i32 = 3;

/// Facts on a category, a state or the whole marketplace. Includes all order statuses unless stated.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Facts {
    /// English category, or code of the state.
    pub name: String,
    /// Orders with an item of the category, or all orders of the state's customers.
    pub orders: i64,
    /// Number of items.
    pub items: i64,
    /// Price and freight of all items, centavos.
    pub revenue_centavos: i64,
    /// Price of all items, centavos.
    pub price_centavos: i64,
    /// Freight of all items, centavos.
    pub freight_centavos: i64,
    /// Mean review score of those orders, 1–5.
    pub review_mean: Option<f64>,
    /// Share of the delivered orders received after the promised timestamp (a midnight), 0–1.
    pub late_share: Option<f64>,
    /// Share of the delivered orders received on a day after the promised day, 0–1.
    pub late_by_date_share: Option<f64>,
    /// Mean days from purchase to delivery, over delivered orders.
    pub delivery_days_mean: Option<f64>,
    /// Share of the orders that were canceled, 0–1.
    pub canceled_share: Option<f64>,
    /// Revenue of the last three complete months, centavos.
    pub recent_revenue_centavos: i64,
    /// Growth of those months over the three before; `None` without six complete months or without sales.
    pub growth: Option<Growth>,
}

/// Revenue growth from one quarter to the next.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Growth {
    /// Recent revenue divided by previous revenue, minus one.
    pub rate: f64,
    /// Lower bound of the rate, exceeded with 95 % certainty if orders arrive at random (Poisson) and their mean value is
    /// constant.
    pub at_least: f64,
    /// Upper bound of the rate, with the same certainty.
    pub at_most: f64,
    /// Change of revenue, centavos.
    pub gain_centavos: i64,
}

impl Facts {
    /// Whether these facts are about something that can be chosen: everything except [`UNKNOWN`].
    pub fn is_known(&self) -> bool {
        self.name != UNKNOWN
    }
}

/// Month → (orders, revenue in centavos).
type Months = BTreeMap<Month, (i64, i64)>;

pub(crate) fn by_category(mart: &SalesMart, period: Period) -> Result<Vec<Facts>> {
    facts(mart.table("service_by_category")?, "category", &months(mart, "sales_by_month", "category")?, period)
}

pub(crate) fn by_state(mart: &SalesMart, period: Period) -> Result<Vec<Facts>> {
    facts(mart.table("service_by_state")?, "state", &months(mart, "orders_by_state_month", "state")?, period)
}

/// Facts on the whole marketplace, summed over the states: an order belongs to one state.
pub(crate) fn total(mart: &SalesMart, period: Period) -> Result<Facts> {
    let frame = mart.table("service_by_state")?.clone().lazy();
    let frame =
        frame.with_column(lit("BR").alias("state")).group_by([col("state")]).agg([all().as_expr().sum()]).collect()?;
    let mut all = Months::new();
    for (month, numbers) in months(mart, "orders_by_state_month", "state")?.into_values().flatten() {
        let sum = all.entry(month).or_default();
        *sum = (sum.0 + numbers.0, sum.1 + numbers.1);
    }
    let mut facts = facts(&frame, "state", &BTreeMap::from([("BR".to_string(), all)]), period)?;
    facts.pop().ok_or_else(|| crate::Error::input("there is no order in the mart"))
}

fn months(mart: &SalesMart, table: &str, name: &str) -> Result<BTreeMap<String, Months>> {
    let frame = mart.table(table)?;
    let (names, days) = (frame.column(name)?.str()?, frame.column("month")?.date()?.physical());
    let (orders, revenue) = (frame.column("orders")?.i64()?, frame.column("revenue_centavos")?.i64()?);
    let mut all: BTreeMap<String, Months> = BTreeMap::new();
    for row in 0..frame.height() {
        let (Some(name), Some(day)) = (names.get(row), days.get(row)) else { continue };
        let sum = all.entry(name.into()).or_default().entry(Month::of_day(day)).or_default();
        *sum = (sum.0 + orders.get(row).unwrap_or(0), sum.1 + revenue.get(row).unwrap_or(0));
    }
    Ok(all)
}

fn facts(frame: &DataFrame, name: &str, months: &BTreeMap<String, Months>, period: Period) -> Result<Vec<Facts>> {
    let names = frame.column(name)?.str()?;
    let mut facts = Vec::with_capacity(frame.height());
    for row in 0..frame.height() {
        let number = |column: &str| -> Result<i64> { Ok(frame.column(column)?.i64()?.get(row).unwrap_or(0)) };
        let share = |part: &str, whole: &str| -> Result<Option<f64>> { Ok(ratio(number(part)?, number(whole)?)) };
        let name = names.get(row).unwrap_or_default();
        let none = Months::new();
        let months = months.get(name).unwrap_or(&none);
        let recent = sum(months, period.last.plus(1 - QUARTER).max(period.first), period.last);
        facts.push(Facts {
            name: name.into(),
            orders: number("orders")?,
            items: number("items")?,
            revenue_centavos: number("revenue_centavos")?,
            price_centavos: number("price_centavos")?,
            freight_centavos: number("freight_centavos")?,
            review_mean: share("review_score_sum", "reviews")?,
            late_share: share("late", "delivered")?,
            late_by_date_share: share("late_by_date", "delivered")?,
            delivery_days_mean: share("delivery_seconds", "delivered")?.map(|seconds| seconds / 86_400.0),
            canceled_share: share("canceled", "orders")?,
            recent_revenue_centavos: recent.1,
            growth: (period.len() as i32 >= 2 * QUARTER)
                .then(|| growth(recent, sum(months, period.last.plus(1 - 2 * QUARTER), period.last.plus(-QUARTER))))
                .flatten(),
        });
    }
    Ok(facts)
}

/// Orders and revenue of the months from `first` to `last`.
fn sum(months: &Months, first: Month, last: Month) -> (i64, i64) {
    months.range(first..=last).fold((0, 0), |sum, (_, n)| (sum.0 + n.0, sum.1 + n.1))
}

fn growth(recent: (i64, i64), previous: (i64, i64)) -> Option<Growth> {
    let ratio = ratio(recent.1, previous.1).filter(|_| recent.0 > 0 && previous.0 > 0)?;
    let (at_least, at_most) = bounds(ratio, [recent.0, previous.0]);
    Some(Growth { rate: ratio - 1.0, at_least, at_most, gain_centavos: recent.1 - previous.1 })
}

/// Bounds of the rate behind a factor that these counts determine. The variance of the logarithm of a Poisson count n is
/// about 1/n.
fn bounds(factor: f64, counts: [i64; 2]) -> (f64, f64) {
    let deviation = counts.map(|n| 1.0 / n as f64).iter().sum::<f64>().sqrt();
    (factor * (-Z95 * deviation).exp() - 1.0, factor * (Z95 * deviation).exp() - 1.0)
}

fn ratio(part: i64, whole: i64) -> Option<f64> {
    (whole != 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_orders_prove_little_growth() {
        let few = growth((6, 600), (3, 300)).unwrap();
        let many = growth((6000, 600_000), (3000, 300_000)).unwrap();
        assert_eq!((few.rate, many.rate), (1.0, 1.0));
        assert!(few.at_least < 0.0 && many.at_least > 0.9);
        assert_eq!(growth((1, 100), (0, 0)), None);
    }

    #[test]
    fn both_ends_of_a_span_of_months_count_and_nothing_after_it() {
        let month = |n| Month { year: 2018, month: 1 }.plus(n);
        let months: Months = (0..5).map(|n| (month(n), (1, 10i64.pow(n as u32)))).collect();
        assert_eq!(sum(&months, month(1), month(3)), (3, 1110));
        assert_eq!(sum(&months, month(2), month(2)), (1, 100));
    }
}
