//! Decisions and backtests → values for placeholders. Part of `values`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::edition::{NAME, Words, centavos};
use super::payments::values::payments;
use crate::decisions::region::{ADVERTISED, StateChoice};
use crate::decisions::score::{Indicator, Scored};
use crate::decisions::winner::{Candidate, ENOUGH_ORDERS, Winner};
use crate::decisions::{BacktestReport, Decisions};
use crate::models::linear::Coefficient;
use crate::models::metrics::{Estimate, GROWTH_ORDERS, ratio};
use crate::models::protocol::{Part, Protocol};
use crate::models::span::date;
use crate::models::totals::LARGEST;
use crate::models::{Backtest, Comparison, Forecast, TotalsTest, View};
use crate::report::lang::Lang;
use crate::results::Results;
use crate::table::quantiles::upper_median;
use crate::text::shortened;

/// An indicator with fewer points than this is not named as a reason.
const MIN_POINTS: f64 = 0.02;
/// Horizon of the decisions, days.
const MAX_DAYS_AHEAD: i32 = 90;

/// Values of decisions and backtests. Without decisions, `decisions` is null and `lack` gives the reason.
pub(crate) fn values(results: &Results, words: &Words) -> Value {
    let (decisions, past) = (results.decisions.as_ref(), results.past.as_ref());
    json!({
        "decisions": decisions.ok().map(|d| decided(d, results, words)),
        "lack": decisions.err().map(|lack| words.label(lack.key())),
        "past": past.ok().map(|p| tested(p, words)),
        "past_lack": past.err().map(|lack| words.label(lack.key())),
        "enough_orders": ENOUGH_ORDERS,
        "weights": {
            "category": weights(&results.parameters.decisions.weights.category, words),
            "state": weights(&results.parameters.decisions.weights.state, words),
        },
    })
}

fn weights(weights: &BTreeMap<String, f64>, words: &Words) -> Vec<Value> {
    let value =
        |(name, weight): (&str, f64)| json!({ "name": words.label(&format!("indicator_{name}")), "weight": weight });
    greatest_first(weights).into_iter().map(value).collect()
}

pub(crate) fn greatest_first(weights: &BTreeMap<String, f64>) -> Vec<(&str, f64)> {
    let mut weights: Vec<(&str, f64)> = weights.iter().map(|(name, weight)| (name.as_str(), *weight)).collect();
    weights.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
    weights
}

fn decided(d: &Decisions, results: &Results, words: &Words) -> Value {
    let short_list: Vec<Value> = d.winner.short_list.iter().map(|c| candidate(&d.winner, c, words)).collect();
    let first = d.winner.first();
    let facts = results.findings.categories.iter().find(|f| f.name == first.category);
    let mut payments = payments(&d.payments, words);
    payments["name"] = json!(words.category(&first.category));
    json!({
        "cutoff": date(d.outlook.cutoff).to_string(),
        "until": date(d.outlook.cutoff + MAX_DAYS_AHEAD).to_string(),
        "days": MAX_DAYS_AHEAD,
        "candidates": d.winner.candidates,
        "winner": short_list.first(),
        "short_list": short_list,
        "facts": facts.map(|f| super::values::facts(f, words.category(&f.name))),
        "products": d.winner.products.len(),
        "best_product": d.winner.products.first().map(|p| json!({
            "id": p.product_id, "recent": p.recent_centavos, "price": p.price_centavos, "review": p.review_mean,
            "orders": p.orders, "sellers": p.sellers,
            "share": ratio(p.recent_centavos as f64 / 100.0, first.before),
        })),
        "months": months(&d.outlook.categories.months, &first.category),
        "region": region(d, results, words),
        "payments": payments,
        "model": model(&d.outlook.categories, words),
        "state_model": { "weeks": d.outlook.states.weeks },
    })
}

fn candidate(winner: &Winner, c: &Candidate, words: &Words) -> Value {
    json!({
        "name": words.category(&c.category), "code": c.category, "rank": c.place.rank, "score": c.place.score,
        "forecast": centavos(c.forecast), "low": centavos(c.interval80.0), "high": centavos(c.interval80.1),
        "before": centavos(c.before), "growth": winner.change(c),
        "first": c.first, "top3": c.top3, "first_other": c.first_other_weights, "top3_other": c.top3_other_weights,
    })
}

fn indicator(i: &Indicator, words: &Words) -> Value {
    json!({
        "name": words.label(&format!("indicator_{}", i.name)), "value": indicator_text(i, words), "points": i.points,
        "deviation": i.deviation, "weight": i.weight, "rank_without": i.rank_without,
    })
}

/// An indicator's value, formatted in its unit.
pub(crate) fn indicator_text(i: &Indicator, words: &Words) -> String {
    let lang = words.lang;
    let Some(value) = i.value else { return "–".into() };
    match i.name {
        // The score uses logarithms; the reader gets the original amounts.
        "revenue" => words.brl(centavos(value.exp()), 0),
        "growth" => signed(lang, value.exp() - 1.0),
        "gain" => words.brl(centavos(value), 0),
        "late" | "canceled" | "freight" | "inactive" => lang.percent(value, 1),
        "penetration" | "delivery" => lang.decimal(value, 1),
        _ => lang.decimal(value, 2),
    }
}

/// A change as a signed percentage.
pub(crate) fn signed(lang: Lang, change: f64) -> String {
    let text = lang.percent(change, 1);
    if change > 0.0 { format!("+{text}") } else { text }
}

/// Value of the indicator called `name`.
pub(crate) fn of(place: &Scored, name: &str) -> Option<f64> {
    place.indicators.iter().find(|i| i.name == name).and_then(|i| i.value)
}

fn months(forecasts: &[Forecast], series: &str) -> Vec<Value> {
    let month = |f: &Forecast| {
        json!({
            "month": date(f.span.from).to_string(), "forecast": centavos(f.forecast), "low": centavos(f.lo80),
            "high": centavos(f.hi80), "low95": centavos(f.lo95), "high95": centavos(f.hi95),
        })
    };
    forecasts.iter().filter(|f| f.series == series).map(month).collect()
}

fn region(d: &Decisions, results: &Results, words: &Words) -> Value {
    let state = |s: &StateChoice| {
        json!({
            "name": words.state(&s.state), "code": s.state, "score": s.place.score, "forecast": centavos(s.forecast),
            "before": centavos(s.before), "gain": centavos(s.gain), "penetration": s.penetration,
            "late": of(&s.place, "late"),
            "days": of(&s.place, "delivery"), "freight": of(&s.place, "freight"), "review": of(&s.place, "review"),
            "growth": (s.before > 0.0).then(|| s.forecast / s.before - 1.0),
        })
    };
    let states: Vec<Value> = d.region.states.iter().map(state).collect();
    let tested: Vec<&StateChoice> = d.region.states.iter().filter(|s| s.budget_share > 0.0).collect();
    let advertised: Vec<String> = tested.iter().map(|s| words.state(&s.state)).collect();
    let first = d.region.states.first();
    json!({
        "target": states.first(), "second": states.get(1), "states": states, "advertised": words.list(&advertised),
        "advertised_count": advertised.len(), "most_advertised": ADVERTISED,
        "budget": results.parameters.decisions.budget_centavos,
        "test": tested.first().map(|s| s.budget_centavos), "kept": d.region.kept_centavos,
        "cities": d.region.cities.iter().map(|c| json!({
            "name": shortened(&c.city, NAME), "orders": c.orders, "revenue": c.revenue_centavos,
        })).collect::<Vec<_>>(),
        "reasons": first.map(|s| strongest(&s.place, words)),
    })
}

/// Indicators in favour of a candidate, strongest first.
fn strongest(place: &Scored, words: &Words) -> Vec<Value> {
    let mut chosen: Vec<&Indicator> = place.indicators.iter().filter(|i| i.points > MIN_POINTS).collect();
    chosen.sort_by(|a, b| b.points.total_cmp(&a.points));
    chosen.into_iter().map(|i| indicator(i, words)).collect()
}

fn model(view: &View, words: &Words) -> Value {
    let first: Vec<&Coefficient> = view.coefficients.iter().filter(|c| c.step == 1).collect();
    let clear = |c: &&&Coefficient| c.value.abs() > 2.0 * c.standard_error && c.standard_error > 0.0;
    let describe = |c: &&Coefficient| {
        json!({
            "name": words.label(&format!("feature_{}", position(c.feature))), "value": c.value,
            "error": c.standard_error, "effect": effect(c),
        })
    };
    json!({
        "weeks": view.weeks,
        "features": first.iter().map(describe).collect::<Vec<_>>(),
        "clear": first.iter().filter(clear).map(describe).collect::<Vec<_>>(),
        "lambda": first.first().map(|c| c.lambda),
        "series": view.history.len(),
        "exceptional": view.history.exceptional.iter().filter(|e| **e).count(),
        "first": date(view.history.start).to_string(),
        "ticket": centavos(view.history.ticket),
    })
}

/// Index of a feature in [`FEATURES`](crate::models::linear::FEATURES), by which its label is keyed.
pub(crate) fn position(feature: &str) -> usize {
    crate::models::linear::FEATURES.iter().position(|f| *f == feature).unwrap_or(0)
}

/// Relative change of a category's expected share if a feature is 10 % or 10 points higher. The first three features are
/// logarithms, the others shares.
pub(crate) fn effect(c: &Coefficient) -> f64 {
    let more = if position(c.feature) < 3 { 1.1f64.ln() } else { 0.1 };
    (c.value * more).exp() - 1.0
}

fn tested(past: &BacktestReport, words: &Words) -> Value {
    json!({
        "categories": comparison(&past.categories, words),
        "states": comparison(&past.states, words),
        "weekly": comparison(&past.weekly, words),
        "growth_orders": GROWTH_ORDERS,
        "totals": totals(&past.totals),
        "protocol": past.protocol.as_ref().ok().map(|protocol| protocol_of(protocol, words)),
        "protocol_lack": past.protocol.as_ref().err().map(|lack| words.label(lack.key())),
        "cutoffs": past.weekly.params.cutoffs.len(),
        "residuals": residuals(&past.categories.tests[0]),
    })
}

/// Intervals of sums by method and group of categories.
fn totals(tests: &[TotalsTest]) -> Value {
    let mut values = json!({ "largest": LARGEST });
    for t in tests {
        values[t.method.name()][t.group.name()] = json!({ "coverage80": t.coverage80, "score80": t.score80 });
    }
    values
}

/// The protocol: when it was frozen, and by part the deployed model against the baseline and the methods that certainly beat it.
fn protocol_of(protocol: &Protocol, words: &Words) -> Value {
    let part = |part: &Part| {
        let proven: Vec<String> = part.proven().map(|s| words.label(&format!("method_{}", s.method))).collect();
        let score = |method: &str| {
            part.score(method).map(|s| {
                json!({
                    "code": s.method, "wape": s.wape, "difference": s.difference.map(|d| d.value),
                    "low": s.difference.map(|d| d.low), "high": s.difference.map(|d| d.high),
                })
            })
        };
        let value = json!({
            "first": part.months[0].to_string(), "last": part.months[1].to_string(),
            "cutoffs_first": part.cutoffs[0].to_string(), "cutoffs_last": part.cutoffs[1].to_string(),
            "linear": score("linear"), "naive": score("naive"), "ensemble": score("ensemble"),
            "proven": words.list(&proven), "proven_count": proven.len(), "methods": part.scores.len(),
        });
        (part.name.name().to_string(), value)
    };
    let mut values: serde_json::Map<String, Value> = protocol.parts.iter().map(part).collect();
    values.insert("frozen".into(), json!(protocol.frozen));
    values.insert("horizon".into(), json!(protocol.horizon));
    Value::Object(values)
}

/// Median relative error of the one-month forecasts, for the smaller and the larger half of the forecasts.
fn residuals(test: &Backtest) -> Option<Value> {
    let next_month = test.outcomes.iter().filter(|o| o.step == 1 && o.forecast > 0.0);
    let mut errors: Vec<(f64, f64)> = next_month.map(|o| (o.forecast, (o.actual / o.forecast - 1.0).abs())).collect();
    errors.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let (small, large) = errors.split_at(errors.len() / 2);
    let median = |half: &[(f64, f64)]| upper_median(&mut half.iter().map(|v| v.1).collect::<Vec<_>>());
    (!small.is_empty()).then(|| json!({ "small": median(small), "large": median(large) }))
}

fn comparison(c: &Comparison, words: &Words) -> Value {
    let model = |(t, d): (&Backtest, &Estimate)| {
        let m = &t.metrics;
        json!({
            "name": words.label(&model_key(t.model)), "code": t.model, "wape": m.wape, "complete": m.wape_complete,
            "given_total": m.wape_given_total, "bias": m.bias, "mase": m.mase, "coverage80": m.coverage80,
            "coverage95": m.coverage95, "width80": m.width80, "growth": m.growth, "relative_growth": m.relative_growth, "difference": d.value,
            "low": d.low, "high": d.high,
        })
    };
    let models: Vec<Value> = c.tests.iter().zip(&c.differences).map(model).collect();
    let of = |name: &str| c.tests.iter().position(|t| t.model == name).and_then(|i| models.get(i));
    let (ours, naive) = (&c.tests[0].metrics, c.tests.iter().find(|t| t.model == "last value"));
    json!({
        "cutoffs": c.params.cutoffs.len(), "first": c.params.cutoffs.first().map(|d| date(*d).to_string()),
        "last": c.params.cutoffs.last().map(|d| date(*d).to_string()), "horizon": c.params.horizon,
        "ours": models.first(), "naive": of("last value"), "original": of("year and month"), "models": models,
        // Our WAPE divided by that of repeating the last period; then the same with the true total given to both.
        "ratio": naive.map(|t| ratio(ours.wape, t.metrics.wape)),
        "ratio_given_total": naive.map(|t| ratio(ours.wape_given_total, t.metrics.wape_given_total)),
    })
}

/// `last value` → `model_last_value`.
pub(crate) fn model_key(name: &str) -> String {
    format!("model_{}", name.replace(' ', "_"))
}
