//! SalesMart → StatePayments: how customers pay, by state, and how many orders each further method makes possible. Part of `Findings`.
//!
//! The unit is the order: it uses a method if any of its payments does. `methods` describes the methods, `habits` the states.

pub mod habits;
pub mod methods;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::error::Result;
use crate::mart::{Methods, SalesMart};
use crate::schema::contract::NOT_DEFINED;
use crate::statistics::wilson::wilson;
pub use habits::Habit;
pub use methods::PaymentMethod;

/// Payment methods of a state, of a category or of the whole marketplace.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StatePayments {
    /// Code of the state, or name of the category; `BR` for the whole marketplace.
    pub state: String,
    /// Number of payments.
    pub payments: i64,
    /// Number of orders with a payment.
    pub orders: i64,
    /// Value of the payments, centavos.
    pub value_centavos: i64,
    /// The methods, by number of orders, descending.
    pub methods: Vec<Method>,
    /// The methods in the order in which each makes the most further orders possible.
    pub coverage: Vec<Coverage>,
}

/// A method, added to those before it. What it costs is not in the data: its fee stands beside this gain, see [`PaymentMethod`] for its
/// delay.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Coverage {
    /// The method.
    pub payment_type: String,
    /// Orders that can be paid as they were with it and those before it, and not without it.
    pub orders_gained: i64,
    /// Their share of all paid orders, 0–1.
    pub share_gained: f64,
    /// Share of the orders that can be paid as they were with it and those before it.
    pub covered: f64,
}

/// A payment method.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Method {
    /// Name in the data.
    pub payment_type: String,
    /// Number of payments with it.
    pub payments: i64,
    /// Number of orders paid with it, at least in part.
    pub orders: i64,
    /// Value of its payments, centavos.
    pub value_centavos: i64,
    /// Share of the number of payments, 0–1.
    pub share_payments: f64,
    /// Share of the paid orders that use it, 0–1. An order may use several.
    pub share_orders: f64,
    /// Lower end of the 95 % Wilson interval of that share.
    pub share_orders_low: f64,
    /// Upper end of the 95 % Wilson interval of that share.
    pub share_orders_high: f64,
    /// Share of the value of the payments, 0–1.
    pub share_value: f64,
    /// Mean number of instalments per payment.
    pub installments_mean: f64,
}

impl StatePayments {
    /// Share of the orders that use `payment_type`; 0 if there are none.
    pub fn share(&self, payment_type: &str) -> f64 {
        self.methods.iter().find(|m| m.payment_type == payment_type).map_or(0.0, |m| m.share_orders)
    }

    /// Whether each further method gains as many orders here or fewer as the one before it, in the order of `other`, of which some may be
    /// missing here.
    pub fn covers_in_the_order_of(&self, other: &StatePayments) -> bool {
        let here = |name: &str| self.coverage.iter().any(|c| c.payment_type == name);
        let theirs = other.coverage.iter().map(|c| c.payment_type.as_str()).filter(|name| here(name));
        theirs.eq(self.coverage.iter().map(|c| c.payment_type.as_str()))
    }
}

/// Method → payments, orders, centavos, instalments.
type Counts = BTreeMap<String, [i64; 4]>;
/// Set of methods → orders paid with exactly that set; bit `i` stands for the method at position `i` of [`Methods`].
type Sets = BTreeMap<u32, i64>;

pub(crate) fn by_state(mart: &SalesMart) -> Result<Vec<StatePayments>> {
    let (counts, (methods, sets)) = (counts(mart)?, sets(mart, "payment_sets", "state")?);
    let none = Sets::new();
    let of_state =
        |(state, counts): (&String, &Counts)| summarise(state, counts, &methods, sets.get(state).unwrap_or(&none));
    Ok(counts.iter().map(of_state).collect())
}

pub(crate) fn total(mart: &SalesMart) -> Result<StatePayments> {
    let (mut all, mut all_sets) = (Counts::new(), Sets::new());
    for (method, numbers) in counts(mart)?.into_values().flatten() {
        let sum = all.entry(method).or_default();
        (0..4).for_each(|i| sum[i] += numbers[i]);
    }
    let (methods, sets) = sets(mart, "payment_sets", "state")?;
    for (set, orders) in sets.into_values().flatten() {
        *all_sets.entry(set).or_insert(0) += orders;
    }
    Ok(summarise("BR", &all, &methods, &all_sets))
}

/// How orders with an item of `category` were paid. The field `state` holds the category.
///
/// # Errors
/// The mart is incomplete.
pub fn of_category(mart: &SalesMart, category: &str) -> Result<StatePayments> {
    let frame = mart.table("payments_by_category")?;
    let (names, methods) = (frame.column("category")?.str()?, frame.column("payment_type")?.str()?);
    let mut counts = Counts::new();
    for row in (0..frame.height()).filter(|row| names.get(*row) == Some(category)) {
        let mut numbers = [0; 4];
        for (number, column) in numbers.iter_mut().zip(["payments", "orders", "value_centavos", "installments"]) {
            *number = frame.column(column)?.i64()?.get(row).unwrap_or(0);
        }
        counts.insert(methods.get(row).unwrap_or_default().into(), numbers);
    }
    let (methods, sets) = sets(mart, "payment_sets_by_category", "category")?;
    Ok(summarise(category, &counts, &methods, sets.get(category).unwrap_or(&Sets::new())))
}

fn counts(mart: &SalesMart) -> Result<BTreeMap<String, Counts>> {
    let mut states: BTreeMap<String, Counts> = BTreeMap::new();
    for (table, columns) in
        [("payments_by_state", ["payments", "orders", "value_centavos"].as_slice()), ("payments", &["installments"])]
    {
        let frame = mart.table(table)?;
        let (state, method) = (frame.column("state")?.str()?, frame.column("payment_type")?.str()?);
        for row in 0..frame.height() {
            let key = (state.get(row).unwrap_or_default(), method.get(row).unwrap_or_default());
            let numbers = states.entry(key.0.into()).or_default().entry(key.1.into()).or_default();
            for (i, column) in columns.iter().enumerate() {
                let value = frame.column(column)?.i64()?.get(row).unwrap_or(0);
                match *column {
                    "installments" => numbers[3] += value * frame.column("payments")?.i64()?.get(row).unwrap_or(0),
                    _ => numbers[i] += value,
                }
            }
        }
    }
    Ok(states)
}

/// The methods, and orders per set of them, by state or category, from the table that holds them.
fn sets(mart: &SalesMart, table: &str, by: &str) -> Result<(Methods, BTreeMap<String, Sets>)> {
    let frame = mart.table(table)?;
    let methods = Methods::of_sets(frame);
    let mut states: BTreeMap<String, Sets> = BTreeMap::new();
    for row in 0..frame.height() {
        let mut set = 0;
        for (bit, method) in methods.names().iter().enumerate() {
            set |= u32::from(frame.column(&Methods::column(method))?.i64()?.get(row) == Some(1)) << bit;
        }
        let state = frame.column(by)?.str()?.get(row).unwrap_or_default();
        *states.entry(state.into()).or_default().entry(set).or_insert(0) +=
            frame.column("orders")?.i64()?.get(row).unwrap_or(0);
    }
    Ok((methods, states))
}

fn summarise(state: &str, counts: &Counts, known: &Methods, sets: &Sets) -> StatePayments {
    let (payments, value): (i64, i64) = counts.values().fold((0, 0), |sum, n| (sum.0 + n[0], sum.1 + n[2]));
    let all_orders: i64 = sets.values().sum();
    let method = |(name, &[n, orders, value_centavos, installments]): (&String, &[i64; 4])| {
        let (share_orders_low, share_orders_high) = wilson(orders, all_orders);
        Method {
            payment_type: name.clone(),
            payments: n,
            orders,
            value_centavos,
            share_payments: share(n, payments),
            share_orders: share(orders, all_orders),
            share_orders_low,
            share_orders_high,
            share_value: share(value_centavos, value),
            installments_mean: share(installments, n),
        }
    };
    let mut methods: Vec<Method> = counts.iter().map(method).collect();
    methods.sort_by(|a, b| b.orders.cmp(&a.orders).then_with(|| a.payment_type.cmp(&b.payment_type)));
    StatePayments {
        state: state.into(),
        payments,
        orders: all_orders,
        value_centavos: value,
        methods,
        coverage: coverage(known.names(), sets),
    }
}

fn share(part: i64, whole: i64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// The methods in the order in which each makes the most further orders possible; among equals, the one that more orders use. No shop can
/// offer [`NOT_DEFINED`].
fn coverage(names: &[String], sets: &Sets) -> Vec<Coverage> {
    let total: i64 = sets.values().sum();
    let count = |holds: &dyn Fn(u32) -> bool| sets.iter().filter(|(set, _)| holds(**set)).map(|(_, n)| n).sum::<i64>();
    let used = |bit: &usize| count(&|set| set & (1 << bit) != 0);
    let mut left: Vec<usize> = (0..names.len()).filter(|bit| names[*bit] != NOT_DEFINED && used(bit) > 0).collect();
    let (mut chosen, mut covered) = (0u32, 0);
    let mut curve = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let payable = |bit: &usize| count(&|set| set & !(chosen | 1 << bit) == 0);
        let gains = left.iter().enumerate().map(|(at, bit)| (payable(bit), used(bit), std::cmp::Reverse(*bit), at));
        let Some((now, _, _, at)) = gains.max() else { break };
        let bit = left.remove(at);
        curve.push(Coverage {
            payment_type: names[bit].clone(),
            orders_gained: now - covered,
            share_gained: share(now - covered, total),
            covered: share(now, total),
        });
        (chosen, covered) = (chosen | 1 << bit, now);
    }
    curve
}
