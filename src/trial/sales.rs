//! SalesMart → sales by region and week, as a trial needs them: valid orders and the prices of their items. Next: `design`.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::statistics::matched::Weekly;
use crate::clean::Audit;
use crate::error::Result;
use crate::mart::SalesMart;
use crate::mart::period::Period;
use crate::schema::contract::UNKNOWN;
use crate::table::quantiles::median;

/// The first weeks of a shop, a start and not its trade, do not count.
const START_WEEKS: i32 = 4;
/// The data end with the last week that has at least this share …
const WHOLE: f64 = 0.75;
/// … of the median of this many weeks before it.
const USUAL_WEEKS: usize = 8;
/// Characters of a postcode that make a region.
pub(crate) const POSTCODE: usize = 2;
/// 1970-01-01 was a Thursday.
const MONDAY: i32 = 3;

/// What a region is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegionKind {
    /// The first two characters of the postcode.
    Postcode,
    /// A state, or whatever the market's regions are.
    State,
}

impl RegionKind {
    /// The word for several of them.
    pub fn plural(self) -> &'static str {
        match self {
            RegionKind::Postcode => "postcode regions",
            RegionKind::State => "states",
        }
    }
}

/// Sales by region and whole week, Monday to Sunday, of the weeks that the data fill.
#[derive(Debug, Clone, PartialEq)]
pub struct RegionSales {
    /// What the regions are.
    pub kind: RegionKind,
    /// The regions, sorted.
    pub names: Vec<String>,
    /// Prices of the items of valid orders, in the currency of the data, then their number; by region and week.
    pub(crate) measures: [Weekly; 2],
    /// The Monday after the last week, days since 1970-01-01.
    pub end: i32,
}

impl RegionSales {
    /// Number of weeks.
    pub fn weeks(&self) -> usize {
        self.measures[0].first().map_or(0, Vec::len)
    }

    /// Sums of a region over the last weeks, prices and orders.
    pub(crate) fn last(&self, region: usize, weeks: usize) -> [f64; 2] {
        let from = self.weeks().saturating_sub(weeks);
        [0, 1].map(|measure| self.measures[measure][region][from..].iter().sum())
    }

    /// The regions of these names alone.
    pub(crate) fn only(&self, keep: impl Fn(&str) -> bool) -> RegionSales {
        let kept: Vec<usize> = (0..self.names.len()).filter(|i| keep(&self.names[*i])).collect();
        RegionSales {
            kind: self.kind,
            names: kept.iter().map(|i| self.names[*i].clone()).collect(),
            measures: [0, 1].map(|measure| kept.iter().map(|i| self.measures[measure][*i].clone()).collect()),
            end: self.end,
        }
    }
}

/// Sales of a region on a day.
struct Day<'a> {
    postcode: &'a str,
    state: &'a str,
    day: i32,
    orders: i64,
    price_centavos: i64,
}

impl<'a> Day<'a> {
    fn region(&self, kind: RegionKind) -> &'a str {
        match kind {
            RegionKind::Postcode => self.postcode,
            RegionKind::State => self.state,
        }
    }
}

/// ISO 4217 code of the amounts of audited tables; Olist's are in reais.
pub fn currency(audit: &Audit) -> &str {
    audit.market.as_ref().map_or("BRL", |market| &market.currency)
}

/// Sales by postcode region and by state, in this order; a kind of region that the data do not name is left out. Empty if the data fill no
/// week after the first four.
///
/// # Errors
/// The mart is incomplete.
pub fn sales_by_region(mart: &SalesMart) -> Result<Vec<RegionSales>> {
    let days = days(mart)?;
    let mut orders: BTreeMap<i32, i64> = BTreeMap::new();
    days.iter().for_each(|day| *orders.entry(day.day).or_default() += day.orders);
    let Some(weeks) = whole_weeks(&orders) else { return Ok(Vec::new()) };
    let of = |kind: RegionKind| {
        let known = |name: &str| name != UNKNOWN && !name.is_empty();
        let names: BTreeSet<&str> = days.iter().map(|day| day.region(kind)).filter(|name| known(name)).collect();
        let names: Vec<String> = names.into_iter().map(String::from).collect();
        let length = (weeks.end - weeks.start) as usize;
        let mut measures = [vec![vec![0.0; length]; names.len()], vec![vec![0.0; length]; names.len()]];
        for day in days.iter().filter(|day| weeks.contains(&week(day.day))) {
            if let Ok(region) = names.binary_search_by(|known| known.as_str().cmp(day.region(kind))) {
                let week = (week(day.day) - weeks.start) as usize;
                measures[0][region][week] += day.price_centavos as f64 / 100.0;
                measures[1][region][week] += day.orders as f64;
            }
        }
        RegionSales { kind, names, measures, end: monday(weeks.end) }
    };
    let kinds = [of(RegionKind::Postcode), of(RegionKind::State)];
    Ok(kinds.into_iter().filter(|sales| !sales.names.is_empty()).collect())
}

/// Number of the week of a day, Monday to Sunday.
fn week(day: i32) -> i32 {
    (day + MONDAY).div_euclid(7)
}

/// First day of a week.
fn monday(week: i32) -> i32 {
    7 * week - MONDAY
}

/// The weeks that the data fill: from the fifth whole week of the first complete month on, to the last that does not fall off.
fn whole_weeks(orders: &BTreeMap<i32, i64>) -> Option<std::ops::Range<i32>> {
    let begin = Period::find(orders)?.first.first_day();
    let first = orders.range(begin..).next().map(|(day, _)| week(day + 6) + START_WEEKS)?;
    let mut end = week(orders.last_key_value()?.0 + 1);
    let sum = |week: i32| orders.range(monday(week)..monday(week + 1)).map(|(_, n)| *n as f64).sum::<f64>();
    let falls_off = |week: i32| {
        let mut usual: Vec<f64> = (first.max(week - USUAL_WEEKS as i32)..week).map(sum).collect();
        sum(week) < WHOLE * median(&mut usual)
    };
    while end > first && falls_off(end - 1) {
        end -= 1;
    }
    (end > first).then_some(first..end)
}

/// Valid orders and the prices of their items, by region and day.
fn days(mart: &SalesMart) -> Result<Vec<Day<'_>>> {
    let frame = mart.table("orders_by_postcode_day")?;
    let (postcode, state) = (frame.column("postcode")?.str()?, frame.column("state")?.str()?);
    let day = frame.column("day")?.date()?.physical();
    let (orders, price) = (frame.column("orders")?.i64()?, frame.column("price_centavos")?.i64()?);
    let row = |i: usize| {
        Some(Day {
            postcode: postcode.get(i)?,
            state: state.get(i)?,
            day: day.get(i)?,
            orders: orders.get(i)?,
            price_centavos: price.get(i)?,
        })
    };
    Ok((0..frame.height()).filter_map(row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mart::month::Month;

    #[test]
    fn weeks_begin_on_monday_and_end_before_the_data_fade_out() {
        let day = |year, month, day: i32| Month { year, month }.first_day() + day - 1;
        // 2018-08-20 was a Monday.
        assert_eq!(monday(week(day(2018, 8, 26))), day(2018, 8, 20));
        let mut orders: BTreeMap<i32, i64> = (day(2017, 1, 5)..=day(2018, 8, 21)).map(|d| (d, 30)).collect();
        orders.extend((day(2018, 8, 22)..=day(2018, 8, 29)).map(|d| (d, 9)));
        orders.extend([(day(2018, 10, 1), 2), (day(2016, 9, 4), 1)]);
        let weeks = whole_weeks(&orders).unwrap();
        // The first whole week begins on 2017-01-09.
        assert_eq!(monday(weeks.start), day(2017, 1, 9) + 7 * START_WEEKS);
        assert_eq!(monday(weeks.end), day(2018, 8, 20));
        let short: BTreeMap<i32, i64> = (day(2018, 1, 1)..=day(2018, 1, 28)).map(|d| (d, 30)).collect();
        assert_eq!(whole_weeks(&short), None);
    }
}
