//! Orders → how they are paid. Used by `orders`.

use std::collections::BTreeMap;

use crate::synth::rng::{Alias, Keyed, Source};
use crate::synth::shape::{INSTALMENTS, INSTALMENTS_BY_VALUE, ORIGINAL_ORDERS, STATES, STATUSES};
use crate::synth::world::market::rounded;
use crate::synth::world::{Order, Payment, World};

/// Methods, in the order of the weights below.
const METHODS: [&str; 4] = ["credit_card", "boleto", "voucher", "debit_card"];

/// Orders paid by card that also use vouchers, and those that use a second card; per million of the orders paid by card.
const WITH_VOUCHER: u64 = 29_300;
const WITH_SECOND_CARD: u64 = 3_750;
/// Orders whose payments differ from the items' total, per million.
const MISMATCHED: u64 = 3_050;
/// Canceled orders without items that have an undefined payment, per million.
const UNDEFINED: u64 = 18_300;

/// Samplers of payments.
#[derive(Debug)]
pub struct Payments {
    methods: Vec<Alias>,
    instalments: Vec<Alias>,
    /// The original has one order without any payment. Here these are the orders with this number modulo the original's number of orders.
    unpaid: u64,
}

impl Payments {
    /// Samplers of the planned shares.
    pub fn new(world: &World) -> Self {
        let methods = (0..STATES.len()).map(|state| Alias::new(weights(world, state)));
        Payments {
            methods: methods.collect(),
            instalments: INSTALMENTS_BY_VALUE.iter().map(|(_, weights)| Alias::new(*weights)).collect(),
            unpaid: Keyed::new(world.params.seed, 401).at(0) % world.params.orders.min(ORIGINAL_ORDERS),
        }
    }

    /// The main payment method of an order from this state.
    pub fn method(&self, state: usize, source: &mut impl Source) -> &'static str {
        METHODS[self.methods[state].pick(source)]
    }

    /// Adds the payments of an order.
    pub fn add(&self, order: &mut Order, method: &'static str, source: &mut impl Source) {
        if order.number % ORIGINAL_ORDERS == self.unpaid {
            return;
        }
        let total = order.total();
        let payments = &mut order.payments;
        if total.is_none() && STATUSES[order.status] == "canceled" && source.chance(UNDEFINED) {
            payments.push(Payment { method: "not_defined", instalments: 1, value: 0 });
            return;
        }
        let mut left = total.unwrap_or_else(|| source.lognormal(10_500, 800));
        if source.chance(MISMATCHED) {
            left += source.lognormal(590, 1_200).max(2);
        }
        match method {
            "credit_card" => {
                let part = 10 + source.below(81);
                let first = (left * part / 100).max(1);
                match source.below(1_000_000) {
                    0..WITH_VOUCHER => {
                        self.card(first, source, payments);
                        vouchers(left - first, source, payments);
                    }
                    draw if draw < WITH_VOUCHER + WITH_SECOND_CARD => {
                        self.card(first, source, payments);
                        self.card(left - first, source, payments);
                    }
                    _ => self.card(left, source, payments),
                }
            }
            "voucher" => vouchers(left, source, payments),
            _ => payments.push(Payment { method, instalments: 1, value: left }),
        }
    }

    fn card(&self, value: u64, source: &mut impl Source, payments: &mut Vec<Payment>) {
        let band = INSTALMENTS_BY_VALUE.partition_point(|(limit, _)| *limit <= value);
        let instalments = INSTALMENTS[self.instalments[band].pick(source)];
        // The original has two payments in zero instalments.
        let instalments = if source.chance(26) { 0 } else { instalments };
        payments.push(Payment { method: "credit_card", instalments, value });
    }
}

/// Weights of the methods in a state, including the planted habit.
fn weights(world: &World, state: usize) -> [u64; 4] {
    let planted = &world.market.planted;
    let calibrated = world.calibration.as_ref().map(|calibration| calibration.payments[state]);
    let [boleto, voucher, debit] = calibrated.unwrap_or(STATES[state].payments);
    // The weights count payments, not orders: an order paid by voucher has several, and most vouchers supplement a card.
    let (boleto, voucher, debit) = (boleto * 1_045, voucher * 300, debit * 1_045);
    let mut weights = [1_000_000 - boleto - voucher - debit, boleto, voucher, debit];
    if state == planted.habit_state {
        let habit = METHODS.iter().position(|m| *m == planted.habit_method).unwrap_or(0);
        weights[habit] = 0;
        let others: u64 = weights.iter().sum();
        weights = weights.map(|w| w * (1_000 - planted.habit_share));
        weights[habit] = others * planted.habit_share;
    }
    weights
}

/// Share of a state's orders that use each method; some orders by card use vouchers too.
pub fn planned(world: &World, state: usize) -> BTreeMap<String, f64> {
    let weights = weights(world, state).map(|weight| weight as f64);
    let total: f64 = weights.iter().sum();
    let [card, boleto, voucher, debit] = weights.map(|weight| weight / total);
    let shares = [card, boleto, voucher + card * WITH_VOUCHER as f64 / 1e6, debit];
    METHODS.iter().zip(shares).map(|(method, share)| (method.to_string(), rounded(share))).collect()
}

/// Adds vouchers for this value, one or sometimes several.
fn vouchers(value: u64, source: &mut impl Source, payments: &mut Vec<Payment>) {
    let mut left = value;
    while left > 200 && payments.len() < 25 && source.below(100) < 27 {
        let part = (left * (15 + source.below(70)) / 100).max(1);
        payments.push(Payment { method: "voucher", instalments: 1, value: part });
        left -= part;
    }
    payments.push(Payment { method: "voucher", instalments: 1, value: left });
}
