//! SalesMart → StatePayments: how customers pay, by state. Part of `Findings`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::wilson::wilson;
use crate::error::Result;
use crate::mart::{Methods, SalesMart};

/// Share of a state's orders that the recommended methods must be able to pay in full.
const COVERAGE: f64 = 0.95;

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
    /// The methods, by number of payments, descending.
    pub methods: Vec<Method>,
    /// The smallest set of methods with which 95 % of the orders could be paid as they were. Among sets of equal size, the
    /// one that covers the most orders.
    pub covering: Vec<String>,
    /// Share of the orders that the set covers, 0–1.
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
    /// Lower end of the 95 % Wilson interval of that share.
    pub share_payments_low: f64,
    /// Upper end of the 95 % Wilson interval of that share.
    pub share_payments_high: f64,
    /// Share of the value of the payments, 0–1.
    pub share_value: f64,
    /// Mean number of instalments per payment.
    pub installments_mean: f64,
}

impl StatePayments {
    /// Share of the payments made with `payment_type`; 0 if there are none.
    pub fn share(&self, payment_type: &str) -> f64 {
        self.methods.iter().find(|m| m.payment_type == payment_type).map_or(0.0, |m| m.share_payments)
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
    let share = |part: i64, whole: i64| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
    let method = |(name, &[n, orders, value_centavos, installments]): (&String, &[i64; 4])| {
        let (share_payments_low, share_payments_high) = wilson(n, payments);
        Method {
            payment_type: name.clone(),
            payments: n,
            orders,
            value_centavos,
            share_payments: share(n, payments),
            share_payments_low,
            share_payments_high,
            share_value: share(value_centavos, value),
            installments_mean: share(installments, n),
        }
    };
    let mut methods: Vec<Method> = counts.iter().map(method).collect();
    methods.sort_by(|a, b| b.payments.cmp(&a.payments).then_with(|| a.payment_type.cmp(&b.payment_type)));
    let orders: i64 = sets.values().sum();
    let (chosen, covered) = smallest_cover(sets, known.names().len());
    let covering = known.names().iter().enumerate().filter(|(bit, _)| chosen & (1 << bit) != 0);
    StatePayments {
        state: state.into(),
        payments,
        orders,
        value_centavos: value,
        methods,
        covering: covering.map(|(_, name)| name.clone()).collect(),
        covered: share(covered, orders),
    }
}

/// The smallest set of methods that pays [`COVERAGE`] of the orders in full, and the number of orders it pays.
fn smallest_cover(sets: &Sets, methods: usize) -> (u32, i64) {
    let total: i64 = sets.values().sum();
    let covered = |chosen: u32| sets.iter().filter(|(set, _)| *set & !chosen == 0).map(|(_, n)| n).sum::<i64>();
    (0u32..1 << methods)
        .map(|chosen| (chosen, covered(chosen)))
        .filter(|(_, n)| *n as f64 >= COVERAGE * total as f64)
        .min_by_key(|(chosen, n)| (chosen.count_ones(), -n, *chosen))
        .unwrap_or((0, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_paid_in_two_ways_needs_both() {
        let methods = Methods::default();
        let bit = |method| 1 << methods.names().iter().position(|m| m == method).unwrap_or(31);
        let (boleto, card, voucher) = (bit("boleto"), bit("credit_card"), bit("voucher"));
        let sets = Sets::from([(card, 70), (boleto, 20), (card | voucher, 10)]);
        assert_eq!(smallest_cover(&sets, 5), (boleto | card | voucher, 100));
        let sets = Sets::from([(card, 75), (boleto, 21), (card | voucher, 4)]);
        assert_eq!(smallest_cover(&sets, 5), (boleto | card, 96));
        assert_eq!(smallest_cover(&Sets::new(), 5), (0, 0));
    }
}
