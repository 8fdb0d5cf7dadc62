//! SalesMart → sales by state and category, and by month of each: what all profiles share. Used by `profiles::values`.

use std::collections::BTreeMap;

use super::Per;
use crate::error::Result;
use crate::mart::month::Month;
use crate::results::Results;
use crate::schema::contract::UNKNOWN;

/// Revenue by month, centavos.
pub(super) type Months = BTreeMap<Month, i64>;

/// Revenue in one state and one category.
pub(super) struct Cell {
    pub name: String,
    pub orders: i64,
    pub revenue_centavos: i64,
}

/// Sales of all states and categories.
pub(super) struct Sales {
    /// State and category → orders and revenue.
    cells: BTreeMap<(String, String), (i64, i64)>,
    states: BTreeMap<String, Months>,
    categories: BTreeMap<String, Months>,
    pub whole: Months,
}

impl Sales {
    pub(super) fn of(results: &Results) -> Result<Sales> {
        let mut sales = Sales {
            cells: BTreeMap::new(),
            states: BTreeMap::new(),
            categories: BTreeMap::new(),
            whole: Months::new(),
        };
        let frame = results.mart.table("sales_by_month")?;
        let (categories, states) = (frame.column("category")?.str()?, frame.column("state")?.str()?);
        let (orders, revenue) = (frame.column("orders")?.i64()?, frame.column("revenue_centavos")?.i64()?);
        let months = frame.column("month")?.date()?.physical();
        for row in 0..frame.height() {
            let (Some(category), Some(state)) = (categories.get(row), states.get(row)) else { continue };
            let revenue = revenue.get(row).unwrap_or(0);
            let sum = sales.cells.entry((state.into(), category.into())).or_default();
            *sum = (sum.0 + orders.get(row).unwrap_or(0), sum.1 + revenue);
            if let Some(day) = months.get(row) {
                *sales.categories.entry(category.into()).or_default().entry(Month::of_day(day)).or_default() += revenue;
            }
        }
        let frame = results.mart.table("orders_by_state_month")?;
        let (states, revenue) = (frame.column("state")?.str()?, frame.column("revenue_centavos")?.i64()?);
        let months = frame.column("month")?.date()?.physical();
        for row in 0..frame.height() {
            let (Some(state), Some(day)) = (states.get(row), months.get(row)) else { continue };
            let (month, revenue) = (Month::of_day(day), revenue.get(row).unwrap_or(0));
            *sales.states.entry(state.into()).or_default().entry(month).or_default() += revenue;
            *sales.whole.entry(month).or_default() += revenue;
        }
        Ok(sales)
    }

    /// Revenue by month of one part.
    pub(super) fn months(&self, per: Per, code: &str) -> Months {
        let all = match per {
            Per::State => &self.states,
            Per::Category => &self.categories,
        };
        all.get(code).cloned().unwrap_or_default()
    }

    /// The known categories of a state, or the known states of a category, the greatest revenue first.
    pub(super) fn mix(&self, per: Per, code: &str) -> Vec<Cell> {
        let cell = |((state, category), (orders, revenue)): (&(String, String), &(i64, i64))| {
            let (own, other) = match per {
                Per::State => (state, category),
                Per::Category => (category, state),
            };
            (own == code && other != UNKNOWN).then(|| Cell {
                name: other.clone(),
                orders: *orders,
                revenue_centavos: *revenue,
            })
        };
        let mut cells: Vec<Cell> = self.cells.iter().filter_map(cell).collect();
        cells.sort_by(|a, b| b.revenue_centavos.cmp(&a.revenue_centavos).then_with(|| a.name.cmp(&b.name)));
        cells
    }
}
