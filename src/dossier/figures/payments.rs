//! Payments → figures: methods by state, the method that varies most, instalments.

use std::collections::BTreeMap;

use super::Studio;
use crate::charts::{Bar, Bars, Dot, Dots, Row, Stacked, bars, dots, stacked_bars};
use crate::error::Result;

/// Larger numbers of instalments are counted together.
const MAX_INSTALMENTS: i64 = 12;

pub(crate) fn draw(studio: &mut Studio<'_>) -> Result<()> {
    mix(studio)?;
    habit(studio)?;
    instalments(studio)
}

fn mix(studio: &mut Studio<'_>) -> Result<()> {
    let findings = &studio.results.findings;
    let lang = studio.lang();
    let methods: Vec<&str> = findings.payments_total.methods.iter().map(|m| m.payment_type.as_str()).collect();
    let names: Vec<String> = methods.iter().map(|m| studio.words.method(m)).collect();
    let segments: Vec<&str> = names.iter().map(String::as_str).collect();
    let shares: Vec<(String, Vec<f64>, String)> = findings
        .payments
        .iter()
        .map(|s| {
            let shares = methods.iter().map(|m| s.share(m)).collect();
            (studio.words.state_code(&s.state), shares, format!("n = {}", lang.count(s.payments)))
        })
        .collect();
    let rows: Vec<Row<'_>> = shares.iter().map(|(label, values, note)| Row { label, values, note }).collect();
    let format = move |v: f64| lang.percent(v, 0);
    let data = Stacked { segments: &segments, rows: &rows, format: &format, keep_order: false };
    studio.figure("payments", "tables/payments_by_state.csv", |about| stacked_bars(about, &data))
}

/// The unusual payment method, in every state with its interval.
fn habit(studio: &mut Studio<'_>) -> Result<()> {
    let findings = &studio.results.findings;
    let habit = findings.unusual_payment();
    let lang = studio.lang();
    let (method, state) = habit.as_ref().map_or(("", ""), |h| (h.method.as_str(), h.state.as_str()));
    let labels: Vec<String> = findings.payments.iter().map(|s| studio.words.state_code(&s.state)).collect();
    let data: Vec<Dot<'_>> = findings
        .payments
        .iter()
        .zip(&labels)
        .filter_map(|(s, label)| {
            let m = s.methods.iter().find(|m| m.payment_type == method)?;
            let interval = Some((m.share_payments_low, m.share_payments_high));
            Some(Dot { label, value: m.share_payments, interval, highlight: s.state == state })
        })
        .collect();
    let overall = findings.payments_total.share(method);
    let reference = format!("{} {}", studio.words.state("BR"), lang.percent(overall, 1));
    let format = move |v: f64| lang.percent(v, 0);
    let axis = studio.label("share_interval");
    let data = Dots { dots: &data, format: &format, reference: Some((overall, &reference)), axis: &axis };
    studio.figure("habit", "tables/payments_by_state.csv", |about| dots(about, &data))
}

/// Number of card payments, by number of instalments.
fn instalments(studio: &mut Studio<'_>) -> Result<()> {
    let frame = studio.results.mart.table("payments")?;
    let mut counts: BTreeMap<i64, i64> = BTreeMap::new();
    let methods = frame.column("payment_type")?.str()?.iter();
    let numbers = frame.column("installments")?.i64()?.iter().zip(frame.column("payments")?.i64()?.iter());
    for (method, (number, payments)) in methods.zip(numbers) {
        if let (Some("credit_card"), Some(number), Some(payments)) = (method, number, payments) {
            *counts.entry(number.min(MAX_INSTALMENTS)).or_insert(0) += payments;
        }
    }
    let total: i64 = counts.values().sum();
    let more = studio.label("or_more");
    let labels: Vec<String> =
        counts.keys().map(|n| if *n == MAX_INSTALMENTS { format!("{n} {more}") } else { format!("{n}") }).collect();
    let data: Vec<Bar<'_>> = counts
        .values()
        .zip(&labels)
        .map(|(n, label)| Bar { label, value: *n as f64 / total as f64, ..Default::default() })
        .collect();
    let lang = studio.lang();
    let format = move |v: f64| lang.percent(v, 1);
    studio.figure("instalments", "mart/payments.parquet", |about| {
        bars(about, &Bars { bars: &data, format: &format, keep_order: true })
    })
}
