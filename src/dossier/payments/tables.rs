//! Payments and growth of the states → tables of the report. Part of `tables`.

use crate::decisions::{Coverage, Findings, Habit, PaymentMethod, StateGrowth};
use crate::dossier::decisions::signed;
use crate::dossier::edition::{Words, or_none};

type Rows = Vec<Vec<String>>;

/// A rate of false discoveries. The least that three digits can tell stands for those below it.
fn rate(q: f64, words: &Words) -> String {
    let least = 0.001;
    if q < least { format!("< {}", words.lang.decimal(least, 3)) } else { words.lang.decimal(q, 3) }
}

/// One row per payment method.
pub(crate) fn methods(findings: &Findings, words: &Words) -> Rows {
    let lang = words.lang;
    let row = |m: &PaymentMethod| {
        vec![
            words.method(&m.payment_type),
            lang.count(m.orders),
            lang.percent(m.share, 1),
            lang.percent(m.share_value, 1),
            words.brl(m.ticket_centavos, 2),
            or_none(m.instalments_mean, |mean| lang.decimal(mean, 1)),
            or_none(m.delay_median_hours, |hours| lang.decimal(hours, 1)),
            or_none(m.delay_p90_hours, |hours| lang.decimal(hours, 1)),
            or_none(m.canceled_share, |share| lang.percent(share, 1)),
        ]
    };
    findings.methods.iter().map(row).collect()
}

/// One row per method, in the order in which each makes the most further orders possible. A fee per method belongs beside the delay: both
/// are what the method costs.
pub(crate) fn coverage(findings: &Findings, words: &Words) -> Rows {
    let lang = words.lang;
    let delay = |c: &Coverage| {
        let method = findings.methods.iter().find(|m| m.payment_type == c.payment_type);
        or_none(method.and_then(|m| m.delay_median_hours), |hours| lang.decimal(hours, 1))
    };
    let row = |c: &Coverage| {
        vec![
            words.method(&c.payment_type),
            lang.count(c.orders_gained),
            lang.percent(c.share_gained, 1),
            lang.percent(c.covered, 1),
            delay(c),
        ]
    };
    findings.payments_total.coverage.iter().map(row).collect()
}

/// One row per habit that is a discovery.
pub(crate) fn habits(findings: &Findings, words: &Words) -> Rows {
    let lang = words.lang;
    let sign = |h: &Habit| or_none(h.same_sign, |same| words.label(if same { "yes" } else { "no" }));
    let row = |h: &Habit| {
        let shares = [h.share, h.share_rest, h.shrunk_share].map(|share| lang.percent(share, 1));
        let mut row = vec![words.state_with_code(&h.state), words.method(&h.payment_type), lang.count(h.orders)];
        row.extend(shares);
        row.extend([rate(h.q, words), sign(h)]);
        row
    };
    findings.named_habits().into_iter().map(row).collect()
}

/// One row per state, most orders first.
pub(crate) fn growth(findings: &Findings, words: &Words) -> Rows {
    let lang = words.lang;
    let mut states: Vec<&StateGrowth> = findings.growth.iter().collect();
    states.sort_by(|a, b| b.orders_after.cmp(&a.orders_after).then_with(|| a.state.cmp(&b.state)));
    let row = |s: &StateGrowth| {
        let change = s.change.as_ref();
        vec![
            words.state_with_code(&s.state),
            lang.count(s.orders_before),
            lang.count(s.orders_after),
            or_none(change.map(|c| c.growth), |growth| signed(lang, growth)),
            or_none(change, |c| format!("{} – {}", signed(lang, c.low), signed(lang, c.high))),
            or_none(change.map(|c| c.q), |q| rate(q, words)),
        ]
    };
    states.into_iter().map(row).collect()
}
