//! SalesMart → Habit: how far each state's use of each method is from that of the other states. Part of `Findings`.
//!
//! All cells of states × methods are tested; a cell is named if it survives a false discovery rate of a tenth and differs by two points. The
//! greatest of many differences would always be one.

use std::collections::BTreeMap;

use serde::Serialize;

use super::share;
use crate::error::Result;
use crate::mart::month::Month;
use crate::mart::{Methods, SalesMart};
use crate::schema::contract::{NOT_DEFINED, UNKNOWN};
use crate::statistics::discoveries::{DISCOVERY, q_values};
use crate::statistics::hypergeometric::same_share;
use crate::statistics::shrinkage::shrunk;

/// A smaller difference of shares changes nothing of what a shop offers.
pub const LEAST_DIFFERENCE: f64 = 0.02;

/// How much a state uses a method.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Habit {
    /// Code of the state.
    pub state: String,
    /// Payment method.
    pub payment_type: String,
    /// Orders of the state with such a payment.
    pub orders: i64,
    /// Paid orders of the state.
    pub state_orders: i64,
    /// Share of these with such a payment, 0–1.
    pub share: f64,
    /// The same share of all other states.
    pub share_rest: f64,
    /// The share, drawn towards that of all states as far as chance explains their differences.
    pub shrunk_share: f64,
    /// Chance of such a difference if the state were like the others: Fisher's exact test, two-sided.
    pub p: f64,
    /// Smallest rate of false discoveries at which the cell is one (Benjamini & Hochberg).
    pub q: f64,
    /// Whether the difference is a discovery, and at least [`LEAST_DIFFERENCE`].
    pub named: bool,
    /// Whether the difference has one sign in the last two calendar years; `None` if one of them does not tell.
    pub same_sign: Option<bool>,
}

/// Paid orders of a state, and those that use each method.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Use {
    pub(super) orders: i64,
    pub(super) by_method: Vec<i64>,
}

impl Use {
    /// Adds orders paid with a set of methods; bit `i` stands for the method at position `i`.
    pub(super) fn add(&mut self, set: i64, orders: i64, methods: usize) {
        self.by_method.resize(methods, 0);
        self.orders += orders;
        for (bit, sum) in self.by_method.iter_mut().enumerate() {
            *sum += if set & (1 << bit) != 0 { orders } else { 0 };
        }
    }
}

/// The cells of all known states and all methods that a shop can offer and that an order uses; none if there are fewer than two states.
///
/// # Errors
/// The mart is incomplete.
pub(crate) fn habits(mart: &SalesMart) -> Result<Vec<Habit>> {
    let methods = Methods::of_sets(mart.table("payment_sets")?);
    let names = methods.names();
    let frame = mart.table("orders_by_methods")?;
    let (states, days) = (frame.column("state")?.str()?, frame.column("month")?.date()?.physical());
    let (sets, orders) = (frame.column("methods")?.i64()?, frame.column("orders")?.i64()?);
    let mut whole: BTreeMap<&str, Use> = BTreeMap::new();
    let mut years: BTreeMap<i32, BTreeMap<&str, Use>> = BTreeMap::new();
    for row in 0..frame.height() {
        let (state, set) = (states.get(row).unwrap_or(UNKNOWN), sets.get(row).unwrap_or(0));
        if state == UNKNOWN || set == 0 {
            continue;
        }
        let n = orders.get(row).unwrap_or(0);
        whole.entry(state).or_default().add(set, n, names.len());
        if let Some(day) = days.get(row) {
            years.entry(Month::of_day(day).year).or_default().entry(state).or_default().add(set, n, names.len());
        }
    }
    let mut cells = cells(names, &whole);
    let last: Vec<&BTreeMap<&str, Use>> = years.values().rev().take(2).collect();
    if let [one, other] = last[..] {
        let (all_one, all_other) = (sum(one), sum(other));
        for cell in &mut cells {
            let method = names.iter().position(|name| *name == cell.payment_type);
            let sign = |year: &BTreeMap<&str, Use>, all: &Use| {
                let (own, rest) = shares(year.get(cell.state.as_str())?, all, method?)?;
                (own != rest).then_some(own > rest)
            };
            cell.same_sign = sign(one, &all_one).zip(sign(other, &all_other)).map(|(a, b)| a == b);
        }
    }
    Ok(cells)
}

/// The cells without their signs, by state and method.
pub(super) fn cells(names: &[String], states: &BTreeMap<&str, Use>) -> Vec<Habit> {
    let all = sum(states);
    let used = |method: &usize| names[*method] != NOT_DEFINED && all.by_method.get(*method).is_some_and(|n| *n > 0);
    let methods: Vec<usize> = (0..names.len()).filter(used).collect();
    if states.len() < 2 {
        return Vec::new();
    }
    let shrunk: Vec<Vec<f64>> = methods.iter().map(|method| shrunk_shares(states, *method)).collect();
    let mut cells = Vec::with_capacity(states.len() * methods.len());
    for (row, (state, own)) in states.iter().enumerate() {
        for (column, &method) in methods.iter().enumerate() {
            let Some((share, share_rest)) = shares(own, &all, method) else { continue };
            let rest = (all.by_method[method] - own.by_method[method], all.orders - own.orders);
            cells.push(Habit {
                state: (*state).into(),
                payment_type: names[method].clone(),
                orders: own.by_method[method],
                state_orders: own.orders,
                share,
                share_rest,
                shrunk_share: shrunk[column][row],
                p: same_share((own.by_method[method], own.orders), rest),
                q: 1.0,
                named: false,
                same_sign: None,
            });
        }
    }
    let q = q_values(&cells.iter().map(|cell| cell.p).collect::<Vec<_>>());
    for (cell, q) in cells.iter_mut().zip(q) {
        cell.q = q;
        cell.named = q <= DISCOVERY && (cell.share - cell.share_rest).abs() >= LEAST_DIFFERENCE;
    }
    cells
}

fn sum(states: &BTreeMap<&str, Use>) -> Use {
    let mut all = Use::default();
    for state in states.values() {
        all.orders += state.orders;
        all.by_method.resize(state.by_method.len(), 0);
        all.by_method.iter_mut().zip(&state.by_method).for_each(|(sum, n)| *sum += n);
    }
    all
}

/// Shares of a method in a state and in all others; `None` if either has no orders.
fn shares(own: &Use, all: &Use, method: usize) -> Option<(f64, f64)> {
    let (orders, rest) = (own.orders, all.orders - own.orders);
    (orders > 0 && rest > 0)
        .then(|| (share(own.by_method[method], orders), share(all.by_method[method] - own.by_method[method], rest)))
}

/// Shares of a method in each state, drawn together on the logit. Half an order on each side keeps shares of 0 and 1 finite.
fn shrunk_shares(states: &BTreeMap<&str, Use>, method: usize) -> Vec<f64> {
    let logit = |state: &Use| {
        let with = state.by_method[method] as f64 + 0.5;
        let without = (state.orders - state.by_method[method]) as f64 + 0.5;
        ((with / without).ln(), 1.0 / with + 1.0 / without)
    };
    let shrunk = shrunk(&states.values().map(logit).collect::<Vec<_>>());
    shrunk.into_iter().map(|logit| 1.0 / (1.0 + (-logit).exp())).collect()
}
