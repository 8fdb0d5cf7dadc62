//! SalesMart → PaymentMethod: what each payment method brings, how long it takes and how many of its orders are canceled. Part of
//! `Findings`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{StatePayments, share};
use crate::error::Result;
use crate::mart::{Methods, SalesMart};
use crate::statistics::hypergeometric::same_share;

/// A payment method over all orders. Delay, canceled share and instalments are those of orders that use no other method.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PaymentMethod {
    /// Name in the data.
    pub payment_type: String,
    /// Orders with such a payment.
    pub orders: i64,
    /// Their share of all paid orders, 0–1.
    pub share: f64,
    /// Its share of the value of all payments, 0–1.
    pub share_value: f64,
    /// What it pays of such an order on average, centavos.
    pub ticket_centavos: i64,
    /// Mean number of instalments of its payments; `None` if the data know of no instalments.
    pub instalments_mean: Option<f64>,
    /// Orders that use no other method.
    pub alone: i64,
    /// Median hours from the purchase to the approval of the payment; `None` if none is known.
    pub delay_median_hours: Option<f64>,
    /// Hours within which nine payments in ten are approved; `None` if none is known.
    pub delay_p90_hours: Option<f64>,
    /// Orders canceled.
    pub canceled: i64,
    /// Their share, 0–1; `None` if no order uses it alone.
    pub canceled_share: Option<f64>,
    /// Share of the orders paid in instalments, 0–1; `None` if the data know of no instalments.
    pub in_instalments: Option<f64>,
    /// The same of their value.
    pub value_in_instalments: Option<f64>,
}

/// Orders of one method alone.
#[derive(Default)]
struct Alone {
    orders: i64,
    canceled: i64,
    value: i64,
    /// Orders and centavos in instalments.
    in_instalments: (i64, i64),
    /// Start of a range of seconds until the approval → orders.
    delays: BTreeMap<i64, i64>,
}

/// The methods of `total`, the payments of all states, in its order.
///
/// # Errors
/// The mart is incomplete.
pub(crate) fn describe(mart: &SalesMart, total: &StatePayments) -> Result<Vec<PaymentMethod>> {
    let names = Methods::of_sets(mart.table("payment_sets")?);
    let mut alone: BTreeMap<&str, Alone> = BTreeMap::new();
    let frame = mart.table("payment_delays")?;
    let columns = ["methods", "in_instalments", "approval_seconds", "orders", "canceled", "value_centavos"];
    let [sets, instalments, seconds, orders, canceled, value] =
        columns.map(|name| frame.column(name).and_then(|c| c.i64()));
    let (sets, instalments, seconds) = (sets?, instalments?, seconds?);
    let (orders, canceled, value) = (orders?, canceled?, value?);
    for row in 0..frame.height() {
        let set = sets.get(row).unwrap_or(0);
        let Some(name) = names.names().get(set.trailing_zeros() as usize).filter(|_| set.count_ones() == 1) else {
            continue;
        };
        let number = |column: &polars::prelude::Int64Chunked| column.get(row).unwrap_or(0);
        let method = alone.entry(name).or_default();
        method.orders += number(orders);
        method.canceled += number(canceled);
        method.value += number(value);
        if number(instalments) == 1 {
            method.in_instalments.0 += number(orders);
            method.in_instalments.1 += number(value);
        }
        if let Some(start) = seconds.get(row) {
            *method.delays.entry(start).or_default() += number(orders);
        }
    }
    // Where an export does not tell the instalments, all payments have one.
    let has_instalments = total.methods.iter().any(|method| method.installments_mean > 1.0);
    let none = Alone::default();
    let method = |m: &super::Method| {
        let alone = alone.get(m.payment_type.as_str()).unwrap_or(&none);
        let known = |part: i64, whole: i64| (whole > 0).then(|| share(part, whole));
        let with_instalments = |part: i64, whole: i64| known(part, whole).filter(|_| has_instalments);
        PaymentMethod {
            payment_type: m.payment_type.clone(),
            orders: m.orders,
            share: m.share_orders,
            share_value: m.share_value,
            ticket_centavos: share(m.value_centavos, m.orders).round() as i64,
            instalments_mean: has_instalments.then_some(m.installments_mean),
            alone: alone.orders,
            delay_median_hours: hours(&alone.delays, 0.5),
            delay_p90_hours: hours(&alone.delays, 0.9),
            canceled: alone.canceled,
            canceled_share: known(alone.canceled, alone.orders),
            in_instalments: with_instalments(alone.in_instalments.0, alone.orders),
            value_in_instalments: with_instalments(alone.in_instalments.1, alone.value),
        }
    };
    Ok(total.methods.iter().map(method).collect())
}

/// The chance, if both have the same share of canceled orders, of shares at least as different: Fisher's exact test.
pub fn canceled_alike(a: &PaymentMethod, b: &PaymentMethod) -> f64 {
    same_share((a.canceled, a.alone), (b.canceled, b.alone))
}

/// Length of the range of seconds that starts here; see `sql/payment_delays.sql`.
pub(super) fn range(start: i64) -> i64 {
    match start {
        ..3_600 => 60,
        3_600..86_400 => 600,
        _ => 3_600,
    }
}

/// The quantile at `level`, hours, as if the orders of a range were spread evenly over it.
pub(super) fn hours(delays: &BTreeMap<i64, i64>, level: f64) -> Option<f64> {
    let orders: i64 = delays.values().sum();
    let rank = level * (orders - 1) as f64;
    let mut before = 0;
    for (start, count) in delays {
        if rank < (before + count) as f64 {
            let part = (rank - before as f64 + 0.5) / *count as f64;
            return Some((*start as f64 + part.min(1.0) * range(*start) as f64) / 3_600.0);
        }
        before += count;
    }
    None
}
