//! Orders → how they are paid: rows of the payments file. Used by `orders`.

use crate::synth::rng::{Alias, Keyed, Source};
use crate::synth::shape::{INSTALMENTS, INSTALMENTS_BY_VALUE, ORIGINAL_ORDERS, STATES, STATUSES};
use crate::synth::world::{Order, World};
use crate::synth::write::Rows;

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
    /// Weights of the methods by state, including the planted habit.
    pub fn new(world: &World) -> Self {
        let planted = &world.market.planted;
        let methods = STATES.iter().enumerate().map(|(state, shape)| {
            let [boleto, voucher, debit] = shape.payments;
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
            Alias::new(weights)
        });
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

    /// Writes the payments of an order.
    pub fn write(&self, order: &Order, method: &'static str, source: &mut impl Source, rows: &mut Rows) {
        if order.number % ORIGINAL_ORDERS == self.unpaid {
            return;
        }
        let mut payments = Sequence { order, rows, number: 0 };
        if order.total.is_none() && STATUSES[order.status] == "canceled" && source.chance(UNDEFINED) {
            payments.add("not_defined", 1, 0);
            return;
        }
        let mut left = order.total.unwrap_or_else(|| source.lognormal(10_500, 800));
        if source.chance(MISMATCHED) {
            left += source.lognormal(590, 1_200).max(2);
        }
        match method {
            "credit_card" => {
                let part = 10 + source.below(81);
                let first = (left * part / 100).max(1);
                match source.below(1_000_000) {
                    0..WITH_VOUCHER => {
                        self.card(first, source, &mut payments);
                        vouchers(left - first, source, &mut payments);
                    }
                    draw if draw < WITH_VOUCHER + WITH_SECOND_CARD => {
                        self.card(first, source, &mut payments);
                        self.card(left - first, source, &mut payments);
                    }
                    _ => self.card(left, source, &mut payments),
                }
            }
            "voucher" => vouchers(left, source, &mut payments),
            _ => payments.add(method, 1, left),
        }
    }

    fn card(&self, value: u64, source: &mut impl Source, payments: &mut Sequence) {
        let band = INSTALMENTS_BY_VALUE.partition_point(|(limit, _)| *limit <= value);
        let instalments = INSTALMENTS[self.instalments[band].pick(source)];
        // The original has two payments in zero instalments.
        payments.add("credit_card", if source.chance(26) { 0 } else { instalments }, value);
    }
}

/// Adds vouchers for this value, one or sometimes several.
fn vouchers(value: u64, source: &mut impl Source, payments: &mut Sequence) {
    let mut left = value;
    while left > 200 && payments.number < 25 && source.below(100) < 27 {
        let part = (left * (15 + source.below(70)) / 100).max(1);
        payments.add("voucher", 1, part);
        left -= part;
    }
    payments.add("voucher", 1, left);
}

/// Writes the payments of one order, numbered.
struct Sequence<'a> {
    order: &'a Order,
    rows: &'a mut Rows,
    number: u64,
}

impl Sequence<'_> {
    fn add(&mut self, method: &str, instalments: u64, value: u64) {
        self.number += 1;
        self.rows.id(&self.order.id);
        self.rows.integer(self.number);
        self.rows.text(method);
        self.rows.integer(instalments);
        self.rows.money(value);
        self.rows.end();
    }
}
