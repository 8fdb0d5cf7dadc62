//! Payments → values of the placeholders. Used by `dossier::values` and `decisions`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::decisions::payments::habits::LEAST_DIFFERENCE;
use crate::decisions::payments::methods::canceled_alike;
use crate::decisions::{Coverage, Findings, Habit, Method, PaymentMethod, StatePayments};
use crate::dossier::edition::Words;
use crate::schema::contract::{NOT_DEFINED, UNKNOWN};

/// Shares are said to differ if chance explains the difference less often than this.
const UNLIKELY: f64 = 0.05;

pub(crate) fn payments(p: &StatePayments, words: &Words) -> Value {
    let method = |m: &Method| {
        json!({
            "name": words.method(&m.payment_type), "payments": m.payments, "orders": m.orders, "value": m.value_centavos,
            "share": m.share_orders, "low": m.share_orders_low, "high": m.share_orders_high,
            "share_value": m.share_value, "installments": m.installments_mean,
        })
    };
    let step = |c: &Coverage| {
        json!({
            "name": words.method(&c.payment_type), "code": c.payment_type, "gained": c.orders_gained,
            "share_gained": c.share_gained, "covered": c.covered,
        })
    };
    json!({
        "payments": p.payments, "orders": p.orders, "value": p.value_centavos,
        "methods": p.methods.iter().map(method).collect::<Vec<_>>(),
        "coverage": p.coverage.iter().map(step).collect::<Vec<_>>(),
    })
}

/// Number of states in which most orders use each method.
pub(crate) fn leaders(states: &[StatePayments], words: &Words) -> Value {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for method in states.iter().filter(|s| s.state != UNKNOWN).filter_map(|s| s.methods.first()) {
        *counts.entry(&method.payment_type).or_default() += 1;
    }
    let mut leaders: Vec<_> = counts.into_iter().collect();
    leaders.sort_by_key(|(name, n)| (std::cmp::Reverse(*n), *name));
    leaders.into_iter().map(|(name, n)| json!({ "name": words.method(name), "states": n })).collect()
}

/// What each method that a shop can offer brings, and how long it takes.
pub(crate) fn methods(findings: &Findings, words: &Words) -> Value {
    let method = |m: &PaymentMethod| {
        json!({
            "name": words.method(&m.payment_type), "code": m.payment_type, "orders": m.orders, "share": m.share,
            "share_value": m.share_value, "ticket": m.ticket_centavos, "instalments": m.instalments_mean,
            "delay_median": m.delay_median_hours, "delay_p90": m.delay_p90_hours, "canceled": m.canceled_share,
        })
    };
    findings.methods.iter().filter(|m| m.payment_type != NOT_DEFINED).map(method).collect()
}

/// In how many states the methods gain orders in the same order as in the whole, and the states where they do not.
pub(crate) fn order(findings: &Findings, words: &Words) -> Value {
    let known = || findings.payments.iter().filter(|s| s.state != UNKNOWN && !s.coverage.is_empty());
    let (same, other): (Vec<_>, Vec<_>) = known().partition(|s| s.covers_in_the_order_of(&findings.payments_total));
    let names: Vec<String> = other.iter().map(|s| words.state(&s.state)).collect();
    json!({ "states": known().count(), "same": same.len(), "others": other.len(), "other": words.list(&names) })
}

/// Canceled shares of the two methods that most orders use alone.
pub(crate) fn canceled(findings: &Findings, words: &Words) -> Option<Value> {
    let mut methods: Vec<&PaymentMethod> = findings.methods.iter().filter(|m| m.payment_type != NOT_DEFINED).collect();
    methods.sort_by_key(|m| (std::cmp::Reverse(m.alone), m.payment_type.as_str()));
    let [first, second, ..] = methods[..] else { return None };
    let p = canceled_alike(first, second);
    let method = |m: &PaymentMethod| json!({ "name": words.method(&m.payment_type), "share": m.canceled_share });
    (second.alone > 0 && first.canceled + second.canceled > 0)
        .then(|| json!({ "first": method(first), "second": method(second), "p": p, "differ": p < UNLIKELY }))
}

/// The method with most orders in instalments: their share, and that of their value.
pub(crate) fn instalments(findings: &Findings, words: &Words) -> Option<Value> {
    let paid = findings.methods.iter().filter_map(|m| Some((m, m.in_instalments?, m.value_in_instalments?)));
    let orders = |m: &PaymentMethod, share: f64| share * m.alone as f64;
    let most = paid.max_by(|a, b| orders(a.0, a.1).total_cmp(&orders(b.0, b.1)))?;
    let (method, share, value) = most;
    Some(
        json!({ "name": words.method(&method.payment_type), "code": method.payment_type, "share": share, "value": value }),
    )
}

/// The states' habits: how many cells are tested and named, how many of these keep their sign, and the named ones.
pub(crate) fn habits(findings: &Findings, words: &Words) -> Value {
    let named = findings.named_habits();
    let told = named.iter().filter_map(|habit| habit.same_sign);
    let habit = |h: &&Habit| {
        json!({
            "state": words.state(&h.state), "code": h.state, "method": words.method(&h.payment_type),
            "share": h.share, "rest": h.share_rest, "shrunk": h.shrunk_share, "q": h.q,
        })
    };
    json!({
        "cells": findings.habits.len(), "named": named.len(), "told": told.clone().count(), "same": told.filter(|same| *same).count(),
        "least": LEAST_DIFFERENCE, "list": named.iter().map(habit).collect::<Vec<_>>(),
    })
}
