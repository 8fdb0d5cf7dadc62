//! Payments → figures: methods by state, habits of states, instalments.

use std::collections::BTreeMap;

use super::{Named, Studio, strs};
use crate::charts::{Bar, Row, Stacked, stacked_bars};
use crate::decisions::{Habit, StatePayments};
use crate::error::Result;
use crate::report::lang::Lang;

/// Larger numbers of instalments are counted together.
const MAX_INSTALMENTS: i64 = 12;

pub(crate) fn draw(studio: &mut Studio<'_>) -> Result<()> {
    mix(studio)?;
    habits(studio)?;
    instalments(studio)
}

fn mix(studio: &mut Studio<'_>) -> Result<()> {
    let findings = &studio.results.findings;
    let lang = studio.lang();
    let methods: Vec<&str> = findings.payments_total.methods.iter().map(|m| m.payment_type.as_str()).collect();
    let names: Vec<String> = methods.iter().map(|m| studio.words.method(m)).collect();
    let shares = |s: &StatePayments| {
        let shares: Vec<f64> = methods.iter().map(|m| s.share(m)).collect();
        (studio.words.state_code(&s.state), shares, format!("n = {}", lang.count(s.orders)))
    };
    let shares: Vec<_> = findings.payments.iter().map(shares).collect();
    let rows: Vec<Row<'_>> = shares.iter().map(|(label, values, note)| Row { label, values, note }).collect();
    let format = move |v: f64| lang.percent(v, 0);
    let data = Stacked { segments: &strs(&names), rows: &rows, format: &format, keep_order: false };
    studio.figure("payments", "tables/payments_by_state.csv", |about| stacked_bars(about, &data))
}

/// Habits that are discoveries: how far the state's share, drawn towards that of all, is from that of the other states.
fn habits(studio: &mut Studio<'_>) -> Result<()> {
    let named = studio.results.findings.named_habits();
    let dot = |h: &&Habit| {
        let label = format!("{}, {}", studio.words.state_code(&h.state), studio.words.method(&h.payment_type));
        (label, Bar { value: h.shrunk_share - h.share_rest, ..Bar::default() })
    };
    let dots: Vec<Named> = named.iter().map(dot).collect();
    let others = studio.label("others");
    let format = |lang: Lang, v| lang.percent(v, 1);
    studio.dots("habits", "tables/payment_habits.csv", &dots, "habit_axis", (0.0, &others), format)
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
    let bar = |(number, payments): (i64, i64)| {
        let label = if number == MAX_INSTALMENTS { format!("{number} {more}") } else { number.to_string() };
        (label, Bar { value: payments as f64 / total as f64, ..Bar::default() })
    };
    let bars: Vec<Named> = counts.into_iter().map(bar).collect();
    studio.bars("instalments", "mart/payments.parquet", &bars, true, |lang, v| lang.percent(v, 1))
}
