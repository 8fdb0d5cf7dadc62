//! Orders and lines → what was paid back, and what is left after costs. Used by `tables`.

use std::collections::BTreeMap;

use super::categories::Categories;
use crate::market::facts::{Costs, Refunds};
use crate::market::lines::order::Lines;
use crate::schema::contract::{UNKNOWN, is_sold};
use crate::schema::format::decimal;

/// What was paid back of orders that still count as sold: revenue is before it.
pub(super) fn refunds(lines: &Lines, notes: &mut Vec<String>) -> Refunds {
    let mut refunds = Refunds::default();
    let mut minor = 0i64;
    for order in lines.orders.iter().filter(|order| order.refunded > 0 && is_sold(order.status.as_deref())) {
        refunds.orders += 1;
        minor = minor.saturating_add(order.refunded);
    }
    if refunds.orders > 0 {
        notes.push(format!(
            "{} orders were paid back in part, `{} {}` in all: they count as sold, and revenue is before this",
            refunds.orders,
            decimal(minor, lines.digits),
            lines.currency
        ));
    }
    refunds.hundredths = hundredths(minor, lines.digits);
    refunds
}

/// Prices and costs of what was sold, by category; empty if no line has a cost.
pub(super) fn costs(lines: &Lines, categories: &Categories) -> BTreeMap<String, Costs> {
    let mut costs: BTreeMap<String, Costs> = BTreeMap::new();
    for line in lines.lines.iter().filter(|line| is_sold(lines.orders[line.order].status.as_deref())) {
        let of = costs.entry(categories.name(&line.product).unwrap_or(UNKNOWN).to_string()).or_default();
        of.units += line.units;
        if let (Some(cost), Ok(total)) = (line.cost, &line.total) {
            of.units_with_cost += line.units;
            of.price_hundredths += hundredths(*total, lines.digits);
            of.cost_hundredths += hundredths(cost, lines.digits);
        }
    }
    costs.retain(|_, of| of.units > 0);
    if costs.values().all(|of| of.units_with_cost == 0) { BTreeMap::new() } else { costs }
}

/// Minor units as hundredths, which the contract counts.
fn hundredths(minor: i64, digits: u32) -> i64 {
    minor.saturating_mul(10i64.pow(2u32.saturating_sub(digits)))
}
