//! Decisions → texts of the page and rankings that its sliders recompute. Part of `dashboard`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::cube::{Categories, States};
use super::{Studio, plain};
use crate::decisions::StateGrowth;
use crate::decisions::region::StateChoice;
use crate::decisions::score::Scored;
use crate::decisions::winner::Candidate;
use crate::dossier::shop;
use crate::mart::month::Month;
use crate::models::Forecast;
use crate::results::Results;

/// Forecasts of the next calendar months, by position of category and state. For each month: forecast, then ends of the 80
/// % and 95 % intervals, whole BRL; `null` for positions without a forecast.
pub(crate) fn forecasts(results: &Results, categories: &Categories, states: &States) -> Value {
    let Ok(decisions) = &results.decisions else {
        return json!({ "months": [], "category": [], "state": [] });
    };
    let (by_category, by_state) = (&decisions.outlook.categories.months, &decisions.outlook.states.months);
    let mut spans: Vec<_> = by_category.iter().map(|f| f.span).collect();
    spans.sort_unstable();
    spans.dedup();
    let steps = spans.len();
    json!({
        "months": spans.iter().map(|s| Month::of_day(s.from).to_string()).collect::<Vec<_>>(),
        "category": series(by_category, categories.len(), steps, |name| categories.position(name)),
        "state": series(by_state, states.len(), steps, |code| states.position(code)),
    })
}

/// Adds up the series on one position, forecasts and ends of intervals alike.
fn series(
    forecasts: &[Forecast],
    size: usize,
    steps: usize,
    position: impl Fn(&str) -> Option<usize>,
) -> Vec<Option<Vec<[i64; 5]>>> {
    let mut sums: Vec<Option<Vec<[f64; 5]>>> = vec![None; size];
    for f in forecasts {
        let Some(at) = position(&f.series) else { continue };
        let months = sums[at].get_or_insert_with(|| vec![[0.0; 5]; steps]);
        let Some(month) = months.get_mut(f.step.saturating_sub(1)) else { continue };
        for (sum, value) in month.iter_mut().zip([f.forecast, f.lo80, f.hi80, f.lo95, f.hi95]) {
            *sum += value;
        }
    }
    let whole = |months: Vec<[f64; 5]>| months.into_iter().map(|m| m.map(|v| v.round() as i64)).collect();
    sums.into_iter().map(|s| s.map(whole)).collect()
}

/// Candidates with their deviations, so that the page can weight them again as `decisions::score` does.
pub(crate) fn rankings(studio: &Studio<'_>, categories: &Categories, states: &States) -> Value {
    let Ok(decisions) = &studio.results.decisions else {
        return json!({ "category": null, "state": null });
    };
    let category = |c: &Candidate| {
        candidate(
            &c.place,
            json!({
                "value": categories.own_position(&c.category), "label": studio.category(&c.category), "key": c.category,
                "forecast": c.forecast, "before": c.before, "lo80": c.interval80.0, "hi80": c.interval80.1,
            }),
        )
    };
    let state = |s: &StateChoice| {
        candidate(
            &s.place,
            json!({
                "value": states.position(&s.state), "label": plain(&studio.words.state(&s.state)), "key": s.state,
                "forecast": s.forecast, "before": s.before,
            }),
        )
    };
    let ranking = |first: Option<&Scored>, candidates: Vec<Value>| {
        let indicators = first.map_or(&[][..], |place| &place.indicators).iter();
        let indicators: Vec<Value> = indicators.map(|i| json!({ "name": i.name, "weight": i.weight })).collect();
        json!({ "indicators": indicators, "candidates": candidates })
    };
    let (ranked, states) = (&decisions.winner.ranked, &decisions.region.states);
    json!({
        "category": ranking(ranked.first().map(|c| &c.place), ranked.iter().map(category).collect()),
        "state": ranking(states.first().map(|s| &s.place), states.iter().map(state).collect()),
    })
}

fn candidate(place: &Scored, mut about: Value) -> Value {
    about["order"] = json!(place.candidate);
    about["deviations"] = place.indicators.iter().map(|i| i.deviation).collect();
    about
}

/// Growth of the states' shares; nothing where orders went to one region.
pub(crate) fn growth(results: &Results, states: &States) -> Value {
    let growth = results.findings.growth.iter().filter(|_| shop::has_regions(results));
    let state = |s: &StateGrowth| {
        let change = s.change.as_ref();
        Some(json!({
            "state": states.position(&s.state)?, "orders_before": s.orders_before, "orders_after": s.orders_after,
            "growth": change.map(|c| c.growth), "low": change.map(|c| c.low), "high": change.map(|c| c.high),
            "q": change.map(|c| c.q), "named": s.is_named(),
        }))
    };
    growth.filter_map(state).collect()
}

/// Texts of the three decisions: what is decided, the answer, and the reason.
pub(crate) fn decisions(
    studio: &Studio<'_>,
    categories: &Categories,
    states: &States,
) -> Vec<BTreeMap<&'static str, String>> {
    let (lang, phrases) = (studio.lang(), studio.phrases);
    let reais = |value: f64| studio.words.brl((value * 100.0).round() as i64, 0);
    // `key` is the value on which a click filters.
    let answer = |label: &str, key: Option<String>, headline: String, reason: String| {
        let key = key.unwrap_or_default();
        BTreeMap::from([("label", phrases.fill(label, &[])), ("key", key), ("what", headline), ("why", reason)])
    };
    let mut answers = Vec::new();
    if let Ok(decisions) = &studio.results.decisions {
        let first = decisions.winner.first();
        let (forecast, lo, hi) = (reais(first.forecast), reais(first.interval80.0), reais(first.interval80.1));
        let reason = phrases.fill("decision_sell_why", &[("forecast", &forecast), ("lo", &lo), ("hi", &hi)]);
        let key = categories.own_position(&first.category).map(|i| format!("category:{i}"));
        answers.push(answer("decision_sell", key, studio.category(&first.category), reason));
        if let Some(state) = decisions.region.states.first().filter(|_| shop::has_regions(studio.results)) {
            let reason = phrases.fill("decision_where_why", &[("forecast", &reais(state.forecast))]);
            let key = states.position(&state.state).map(|i| format!("state:{i}"));
            answers.push(answer("decision_where", key, plain(&studio.words.state(&state.state)), reason));
        }
    } else {
        answers.push(answer("decision_sell", None, phrases.fill("unsettled", &[]), String::new()));
    }
    let coverage = &studio.results.findings.payments_total.coverage;
    if !coverage.is_empty() && shop::has_payments(studio.results) {
        let methods: Vec<String> = coverage.iter().map(|c| studio.words.method(&c.payment_type)).collect();
        let shares: Vec<String> = coverage.iter().map(|c| lang.percent(c.covered, 1)).collect();
        let reason = phrases.fill("decision_pay_why", &[("shares", &shares.join(", "))]);
        answers.push(answer("decision_pay", None, plain(&methods.join(", ")), reason));
    }
    answers
}
