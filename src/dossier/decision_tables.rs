//! Decisions and backtests → tables of the report. Part of `tables`.

use super::decisions::{effect, indicator_text, model_key, of, position, signed};
use super::edition::{NAME, NONE, Words, centavos, or_none};
use crate::decisions::region::{City, StateChoice};
use crate::decisions::score::Indicator;
use crate::decisions::winner::{Candidate, ProductFacts};
use crate::decisions::{BacktestReport, Decisions, Method};
use crate::models::linear::Coefficient;
use crate::models::metrics::Estimate;
use crate::models::{Backtest, Comparison, TotalsTest};
use crate::results::Results;

type Rows = Vec<Vec<String>>;

/// Number of listed states.
const STATES: usize = 12;

fn brl(reais: f64, words: &Words) -> String {
    words.brl(centavos(reais), 0)
}

/// A list of the decisions; empty without decisions.
fn of_decisions<T>(results: &Results, list: impl Fn(&Decisions) -> &[T]) -> &[T] {
    results.decisions.as_ref().map(list).unwrap_or_default()
}

pub(crate) fn short_list(results: &Results, words: &Words) -> Rows {
    let lang = words.lang;
    let Some(winner) = results.decisions.as_ref().ok().map(|d| &d.winner) else { return Vec::new() };
    let row = |c: &Candidate| {
        vec![
            words.category(&c.category),
            lang.decimal(c.place.score, 2),
            brl(c.forecast, words),
            format!("{} – {}", brl(c.interval80.0, words), brl(c.interval80.1, words)),
            or_none(winner.change(c), |g| signed(lang, g)),
            lang.percent(c.first, 0),
            lang.percent(c.top3, 0),
        ]
    };
    winner.short_list.iter().map(row).collect()
}

/// Indicators of the winner. Columns: value, deviation, weight, points, rank without the indicator.
pub(crate) fn indicators(results: &Results, words: &Words) -> Rows {
    let lang = words.lang;
    let row = |i: &Indicator| {
        vec![
            words.label(&format!("indicator_{}", i.name)),
            indicator_text(i, words),
            lang.decimal(i.deviation, 2),
            lang.percent(i.weight, 0),
            lang.decimal(i.points, 3),
            lang.count(i.rank_without as i64),
        ]
    };
    let indicators = of_decisions(results, |d| &d.winner.first().place.indicators).iter();
    indicators.filter(|i| results.audit.market.is_none() || i.value.is_some()).map(row).collect()
}

pub(crate) fn products(results: &Results, words: &Words) -> Rows {
    let lang = words.lang;
    // Ids of Olist are hashes; those of a shop are often names.
    let shown = if results.audit.market.is_some() { NAME } else { 12 };
    let row = |p: &ProductFacts| {
        vec![
            p.product_id.chars().take(shown).collect(),
            words.brl(p.recent_centavos, 0),
            words.brl(p.price_centavos, 2),
            lang.count(p.orders),
            or_none(p.review_mean, |r| lang.decimal(r, 2)),
            lang.count(p.sellers),
        ]
    };
    of_decisions(results, |d| &d.winner.products).iter().map(row).collect()
}

pub(crate) fn regions(results: &Results, words: &Words) -> Rows {
    let lang = words.lang;
    let row = |s: &StateChoice| {
        let percent = |name: &str| or_none(of(&s.place, name), |v| lang.percent(v, 1));
        let decimal = |value: Option<f64>, digits| or_none(value, |v| lang.decimal(v, digits));
        vec![
            words.state_with_code(&s.state),
            lang.decimal(s.place.score, 2),
            brl(s.forecast, words),
            brl(s.gain, words),
            decimal(s.penetration, 1),
            decimal(of(&s.place, "delivery"), 1),
            percent("late"),
            percent("freight"),
            decimal(of(&s.place, "review"), 2),
        ]
    };
    of_decisions(results, |d| &d.region.states).iter().take(STATES).map(row).collect()
}

pub(crate) fn cities(results: &Results, words: &Words) -> Rows {
    let lang = words.lang;
    let row = |c: &City| vec![capitalised(&c.city), lang.count(c.orders), words.brl(c.revenue_centavos, 0)];
    of_decisions(results, |d| &d.region.cities).iter().map(row).collect()
}

/// `sao paulo` → `Sao Paulo`: the data have no accents.
fn capitalised(name: &str) -> String {
    let word = |word: &str| match word {
        "de" | "do" | "da" | "dos" | "das" | "e" => word.to_string(),
        _ => {
            let mut letters = word.chars();
            letters.next().map(|c| c.to_uppercase().chain(letters).collect()).unwrap_or_default()
        }
    };
    name.split(' ').map(word).collect::<Vec<String>>().join(" ")
}

/// One row per payment method of the first category.
pub(crate) fn winner_payments(results: &Results, words: &Words) -> Rows {
    let lang = words.lang;
    let row = |m: &Method| {
        vec![
            words.method(&m.payment_type),
            lang.count(m.orders),
            lang.percent(m.share_orders, 1),
            format!("{} – {}", lang.percent(m.share_orders_low, 1), lang.percent(m.share_orders_high, 1)),
            lang.percent(m.share_value, 1),
            lang.decimal(m.installments_mean, 1),
        ]
    };
    of_decisions(results, |d| &d.payments.methods).iter().map(row).collect()
}

/// One row per model, for categories and then for states.
pub(crate) fn comparison(tests: Option<&Comparison>, words: &Words) -> Rows {
    let lang = words.lang;
    let Some(c) = tests else { return Vec::new() };
    let row = |(i, (t, d)): (usize, (&Backtest, &Estimate))| {
        let m = &t.metrics;
        let [difference, low, high] = [d.value, d.low, d.high].map(|value| lang.decimal(value, 3));
        vec![
            words.label(&model_key(t.model)),
            lang.decimal(m.wape, 3),
            lang.decimal(m.wape_complete, 3),
            signed(lang, m.bias),
            lang.decimal(m.mase, 2),
            lang.percent(m.coverage80, 0),
            lang.decimal(m.width80, 2),
            lang.decimal(m.growth, 2),
            if i == 0 { NONE.into() } else { format!("{difference} [{low} ; {high}]") },
        ]
    };
    c.tests.iter().zip(&c.differences).enumerate().map(row).collect()
}

/// Both ways to make intervals of sums, by group of categories.
pub(crate) fn totals(past: Option<&BacktestReport>, words: &Words) -> Rows {
    let lang = words.lang;
    let row = |t: &TotalsTest| {
        vec![
            words.label(&format!("interval_{}", t.method.name())),
            words.label(&format!("group_{}", t.group.name())),
            lang.count(t.n as i64),
            lang.percent(t.coverage80, 0),
            lang.decimal(t.width80, 2),
            lang.decimal(t.score80, 2),
        ]
    };
    past.into_iter().flat_map(|past| &past.totals).map(row).collect()
}

/// The methods by part of the protocol.
pub(crate) fn protocol(past: Option<&BacktestReport>, words: &Words) -> Rows {
    let lang = words.lang;
    let parts = past.and_then(|past| past.protocol.as_ref().ok()).into_iter().flat_map(|protocol| &protocol.parts);
    let rows = parts.flat_map(|part| part.scores.iter().map(move |score| (part, score)));
    rows.map(|(part, score)| {
        let difference = or_none(score.difference, |d| {
            let [value, low, high] = [d.value, d.low, d.high].map(|value| lang.decimal(value, 3));
            format!("{value} [{low} ; {high}]")
        });
        vec![
            words.label(&format!("part_{}", part.name.name())),
            words.label(&format!("method_{}", score.method)),
            lang.count(score.n as i64),
            lang.decimal(score.wape, 3),
            difference,
        ]
    })
    .collect()
}

/// One row per feature: coefficient and standard error at each horizon, and the effect of a higher value.
pub(crate) fn coefficients(results: &Results, words: &Words) -> Rows {
    let lang = words.lang;
    let all = of_decisions(results, |d| &d.outlook.categories.coefficients);
    let row = |c: &Coefficient| {
        let text = |o: &Coefficient| format!("{} ({})", lang.decimal(o.value, 2), lang.decimal(o.standard_error, 2));
        let of_step = |step: usize| all.iter().find(|o| o.step == step && o.feature == c.feature);
        let [first, second, third] = [1, 2, 3].map(|step| or_none(of_step(step), text));
        let label = words.label(&format!("feature_{}", position(c.feature)));
        vec![label, first, second, third, signed(lang, effect(c))]
    };
    all.iter().filter(|c| c.step == 1).map(row).collect()
}
