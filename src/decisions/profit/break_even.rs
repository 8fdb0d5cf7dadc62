//! SalesMart and costs → BreakEven: what an order of a shop of its own may cost in advertising before it loses money. Used by `profit`.
//!
//! Per order: margin × price − payment fee × (price and freight) − freight that the shop bears − returns. Over the last twelve complete
//! months, canceled and unavailable orders left out, drawn towards the mean of all as if [`SHRINK_ORDERS`] more orders were average.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::costs::{Cost, Costs};
use crate::error::Result;
use crate::mart::SalesMart;
use crate::mart::month::Month;
use crate::mart::period::Period;
use crate::schema::contract::UNKNOWN;

/// Average orders that are added to those of a state or a category.
pub const SHRINK_ORDERS: f64 = 50.0;
/// Months that count.
const MONTHS: i32 = 12;

/// What an order may cost in advertising in one state or category. Amounts in the currency of the data.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BreakEven {
    /// Code of the state, or English category.
    pub name: String,
    /// Number of orders.
    pub orders: i64,
    /// Mean price of the items of an order.
    pub price: f64,
    /// Mean freight of an order.
    pub freight: f64,
    /// Acquisition cost of an order at which nothing is left.
    pub break_even: f64,
    /// Mean margin of what was sold there, by its price.
    pub margin: f64,
    /// Whether a margin behind it is assumed.
    pub assumed: bool,
}

/// Prices and freights of the items sold, minor units.
type Amounts = (i64, i64);

/// What was sold in the months that count.
pub(super) struct Sold {
    /// By state and category.
    amounts: BTreeMap<(String, String), Amounts>,
    /// Orders by state.
    state_orders: BTreeMap<String, i64>,
    /// Orders that hold an item of a category, by category.
    category_orders: BTreeMap<String, i64>,
    /// All categories of the data.
    categories: BTreeSet<String>,
}

impl Sold {
    pub(super) fn categories(&self) -> impl Iterator<Item = &str> {
        self.categories.iter().map(String::as_str)
    }

    pub(super) fn has_category(&self, name: &str) -> bool {
        self.categories.contains(name)
    }
}

/// Reads what was sold.
pub(super) fn sold(mart: &SalesMart) -> Result<Sold> {
    let period = Period::of(mart)?;
    let first = period.last.plus(1 - MONTHS).max(period.first);
    let counts = |day: Option<i32>| day.map(Month::of_day).is_some_and(|month| first <= month && month <= period.last);
    let mut sold = Sold {
        amounts: BTreeMap::new(),
        state_orders: BTreeMap::new(),
        category_orders: BTreeMap::new(),
        categories: BTreeSet::new(),
    };
    let frame = mart.table("sales_by_month")?;
    let (categories, states) = (frame.column("category")?.str()?, frame.column("state")?.str()?);
    let months = frame.column("month")?.date()?.physical();
    let number = |name: &str| -> Result<_> { Ok(frame.column(name)?.i64()?) };
    let (orders, prices, freights) =
        (number("sold_orders")?, number("sold_price_centavos")?, number("sold_freight_centavos")?);
    for row in 0..frame.height() {
        let (Some(category), Some(state)) = (categories.get(row), states.get(row)) else { continue };
        if !sold.categories.contains(category) {
            sold.categories.insert(category.into());
        }
        if counts(months.get(row)) {
            let sum = sold.amounts.entry((state.into(), category.into())).or_default();
            *sum = (sum.0 + prices.get(row).unwrap_or(0), sum.1 + freights.get(row).unwrap_or(0));
            *sold.category_orders.entry(category.into()).or_default() += orders.get(row).unwrap_or(0);
        }
    }
    let frame = mart.table("orders_by_state_month")?;
    let (states, months) = (frame.column("state")?.str()?, frame.column("month")?.date()?.physical());
    let orders = frame.column("sold_orders")?.i64()?;
    for ((state, month), orders) in states.iter().zip(months.iter()).zip(orders.iter()) {
        if let (Some(state), true) = (state, counts(month)) {
            *sold.state_orders.entry(state.into()).or_default() += orders.unwrap_or(0);
        }
    }
    Ok(sold)
}

/// What was paid by each method, minor units.
pub(super) fn paid(mart: &SalesMart) -> Result<BTreeMap<String, i64>> {
    let frame = mart.table("payments_by_state")?;
    let (methods, values) = (frame.column("payment_type")?.str()?, frame.column("value_centavos")?.i64()?);
    let mut paid = BTreeMap::new();
    for (method, value) in methods.iter().zip(values.iter()) {
        *paid.entry(method.unwrap_or_default().to_string()).or_default() += value.unwrap_or(0);
    }
    Ok(paid)
}

/// Prices, freights and contributions of several categories.
#[derive(Default, Clone, Copy)]
struct Sum {
    price: f64,
    freight: f64,
    /// Price less purchase cost.
    earned: f64,
    left: f64,
    assumed: bool,
}

/// By state and by category, most orders first.
pub(super) fn break_even(
    sold: &Sold,
    costs: &Costs,
    margin: &dyn Fn(&str) -> Cost,
) -> (Vec<BreakEven>, Vec<BreakEven>) {
    let (mut states, mut categories) = (BTreeMap::<&str, Sum>::new(), BTreeMap::<&str, Sum>::new());
    for ((state, category), (price, freight)) in &sold.amounts {
        let (price, freight) = (*price as f64 / 100.0, *freight as f64 / 100.0);
        let margin = margin(category);
        let payment = costs.payment_fee.value * (price + freight);
        let left = margin.value * price - payment - costs.shipping_borne.value * freight;
        let sums = [states.entry(state.as_str()).or_default(), categories.entry(category.as_str()).or_default()];
        for sum in sums {
            *sum = Sum {
                price: sum.price + price,
                freight: sum.freight + freight,
                earned: sum.earned + margin.value * price,
                left: sum.left + left,
                assumed: sum.assumed || margin.is_assumed(),
            };
        }
    }
    (rows(&states, &sold.state_orders, costs), rows(&categories, &sold.category_orders, costs))
}

fn rows(sums: &BTreeMap<&str, Sum>, orders: &BTreeMap<String, i64>, costs: &Costs) -> Vec<BreakEven> {
    let of = |name: &str| orders.get(name).copied().unwrap_or(0);
    let all: i64 = sums.keys().map(|name| of(name)).sum();
    let mean = sums.values().map(|sum| sum.left).sum::<f64>() / all.max(1) as f64;
    let known = sums.iter().map(|(name, sum)| (*name, of(name), sum));
    let row = |(name, orders, sum): (&str, i64, &Sum)| {
        let n = orders as f64;
        BreakEven {
            name: name.into(),
            orders,
            price: sum.price / n,
            freight: sum.freight / n,
            break_even: (sum.left + SHRINK_ORDERS * mean) / (n + SHRINK_ORDERS) - costs.returns_per_order.value,
            margin: if sum.price > 0.0 { sum.earned / sum.price } else { 0.0 },
            assumed: sum.assumed,
        }
    };
    let mut rows: Vec<BreakEven> = known.filter(|(name, orders, _)| *name != UNKNOWN && *orders > 0).map(row).collect();
    rows.sort_by(|a, b| b.orders.cmp(&a.orders).then_with(|| a.name.cmp(&b.name)));
    rows
}
