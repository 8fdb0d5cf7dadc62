//! SalesMart → Triangle: by month of the first order, customers, those who came back, and their later orders month by month. Part of
//! `decisions::customers`.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::error::Result;
use crate::mart::SalesMart;
use crate::mart::month::Month;
use crate::mart::period::Period;

/// Months after that of the first order by whose end a cohort is asked who came back.
const WITHIN: [usize; 5] = [1, 2, 3, 6, 12];
/// Months after which all later ages count as one: their cohorts are few.
pub(super) const HORIZON: usize = 12;

/// Customers whose first order was in the same month.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cohort {
    /// Month of the first order.
    pub month: Month,
    /// Number of customers.
    pub customers: i64,
    /// Customers who came back by the end of 1, 2, 3, 6 and 12 months after it; `None` where the data end before.
    pub returned: [Option<i64>; WITHIN.len()],
}

/// Complete months only. The age of a cell is its month less that of the first order.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Triangle {
    /// First month → its customers and cells by age.
    rows: Vec<(Month, i64, Vec<Cell>)>,
}

/// What the customers of a cohort did in a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Cell {
    /// Customers who came back for the first time.
    pub(super) returned: i64,
    /// Orders on a later day than that of the customer's first.
    pub(super) later_orders: i64,
}

/// Later orders per customer, by age; the last entry is for all ages from there on.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rates {
    pub(super) by_age: Vec<f64>,
    /// Sum of the rates up to [`HORIZON`], and its standard error.
    pub(super) sum: f64,
    pub(super) error: f64,
    /// Customers observed at the greatest age of the sum.
    pub(super) oldest: i64,
}

impl Triangle {
    pub(super) fn of(mart: &SalesMart, period: Period) -> Result<Triangle> {
        let frame = mart.table("customer_cohorts")?;
        let month = |name: &str| -> Result<Vec<Option<Month>>> {
            Ok(frame.column(name)?.date()?.physical().iter().map(|day| day.map(Month::of_day)).collect())
        };
        let number = |name: &str| -> Result<Vec<i64>> {
            Ok(frame.column(name)?.i64()?.iter().map(|n| n.unwrap_or(0)).collect())
        };
        let (firsts, months) = (month("first_month")?, month("month")?);
        let (customers, returned, later) = (number("customers")?, number("returned")?, number("later_orders")?);
        let all: Vec<Month> = period.months().collect();
        let place = |month: Option<Month>| all.iter().position(|m| Some(*m) == month);
        let mut rows: Vec<(Month, i64, Vec<Cell>)> =
            all.iter().enumerate().map(|(at, m)| (*m, 0, vec![Cell::default(); all.len() - at])).collect();
        for row in 0..frame.height() {
            if let (Some(first), Some(at)) = (place(firsts[row]), place(months[row])) {
                rows[first].1 += customers[row];
                if let Some(cell) = at.checked_sub(first).and_then(|age| rows[first].2.get_mut(age)) {
                    *cell = Cell { returned: returned[row], later_orders: later[row] };
                }
            }
        }
        Ok(Triangle { rows })
    }

    /// The triangle of these cohorts: customers, and cells by age, one fewer from one cohort to the next.
    #[cfg(test)]
    pub(super) fn of_cells(first: Month, cohorts: &[(i64, Vec<Cell>)]) -> Triangle {
        let rows = (0..).zip(cohorts).map(|(at, (customers, cells))| (first.plus(at), *customers, cells.clone()));
        Triangle { rows: rows.collect() }
    }

    pub(super) fn months(&self) -> usize {
        self.rows.len()
    }

    /// As it was `months` earlier.
    pub(super) fn earlier(&self, months: usize) -> Triangle {
        let kept = self.rows.len().saturating_sub(months);
        let cut = |(month, customers, cells): &(Month, i64, Vec<Cell>)| {
            (*month, *customers, cells[..cells.len() - months].to_vec())
        };
        Triangle { rows: self.rows[..kept].iter().map(cut).collect() }
    }

    pub(super) fn cohorts(&self) -> Vec<Cohort> {
        let cohort = |(month, customers, cells): &(Month, i64, Vec<Cell>)| {
            let until = |age: usize| Some(cells.get(..=age)?.iter().map(|cell| cell.returned).sum());
            Cohort { month: *month, customers: *customers, returned: WITHIN.map(until) }
        };
        self.rows.iter().filter(|(_, customers, _)| *customers > 0).map(cohort).collect()
    }

    /// Customers of the last `months` cohorts.
    pub(super) fn newest(&self, months: usize) -> i64 {
        self.rows.iter().rev().take(months).map(|(_, customers, _)| customers).sum()
    }

    /// Later orders of the last `months` months, of customers who first ordered before them.
    pub(super) fn later_orders_of_earlier(&self, months: usize) -> i64 {
        let kept = self.rows.len().saturating_sub(months);
        let last = |(_, _, cells): &(Month, i64, Vec<Cell>)| {
            cells.iter().rev().take(months).map(|cell| cell.later_orders).sum::<i64>()
        };
        self.rows[..kept].iter().map(last).sum()
    }

    /// Later orders per customer and month of age: all cohorts that were observed at an age count.
    pub(super) fn rates(&self) -> Rates {
        let horizon = HORIZON.min(self.rows.len().saturating_sub(1));
        let mut orders = vec![0i64; horizon + 2];
        let mut exposed = vec![0i64; horizon + 2];
        for (_, customers, cells) in &self.rows {
            for (age, cell) in cells.iter().enumerate() {
                orders[age.min(horizon + 1)] += cell.later_orders;
                exposed[age.min(horizon + 1)] += customers;
            }
        }
        let mut by_age: Vec<f64> = orders.iter().zip(&exposed).map(|(n, of)| ratio(*n, *of)).collect();
        if exposed[horizon + 1] == 0 {
            by_age[horizon + 1] = by_age[horizon];
        }
        // Of chance alone (Poisson), or of cohorts that differ, whichever varies more: a customer's months go together.
        let poisson: f64 =
            (0..=horizon).filter(|age| exposed[*age] > 0).map(|age| by_age[age] / exposed[age] as f64).sum();
        let influence = |(_, customers, cells): &(Month, i64, Vec<Cell>)| -> f64 {
            let of_age = |(age, cell): (usize, &Cell)| match exposed[age] {
                0 => 0.0,
                exposed => (cell.later_orders as f64 - *customers as f64 * by_age[age]) / exposed as f64,
            };
            cells.iter().take(horizon + 1).enumerate().map(of_age).sum()
        };
        let cohorts = self.rows.len() as f64;
        let between: f64 = self.rows.iter().map(|row| influence(row).powi(2)).sum::<f64>() * cohorts / (cohorts - 1.0);
        let sum = by_age[..=horizon].iter().sum();
        Rates { sum, error: poisson.max(between).sqrt(), oldest: exposed[horizon], by_age }
    }

    /// Later orders expected in the `months` after the data, of the customers that the shop has.
    pub(super) fn expected(&self, rates: &Rates, months: usize) -> f64 {
        let last = rates.by_age.len() - 1;
        let of_cohort = |(_, customers, cells): &(Month, i64, Vec<Cell>)| {
            let ages = cells.len()..cells.len() + months;
            *customers as f64 * ages.map(|age| rates.by_age[age.min(last)]).sum::<f64>()
        };
        self.rows.iter().map(of_cohort).sum()
    }

    /// Customers who came back by the end of `months` after that of their first order, and all of those cohorts.
    pub(super) fn returned_within(&self, months: usize) -> (i64, i64) {
        let seen = self.rows.iter().filter_map(|(_, customers, cells)| Some((customers, cells.get(..=months)?)));
        seen.fold((0, 0), |(returned, all), (customers, cells)| {
            (returned + cells.iter().map(|cell| cell.returned).sum::<i64>(), all + customers)
        })
    }
}

/// A share; 0 of none.
pub(super) fn ratio(part: i64, whole: i64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// Sums of the columns of all months of the mart, complete or not.
pub(super) fn totals(mart: &SalesMart) -> Result<BTreeMap<&'static str, i64>> {
    const COLUMNS: [&str; 7] =
        ["customers", "several_orders", "returned", "orders", "later_orders", "price_centavos", "later_price_centavos"];
    let frame = mart.table("customer_cohorts")?;
    COLUMNS.into_iter().map(|name| Ok((name, frame.column(name)?.i64()?.iter().flatten().sum()))).collect()
}
