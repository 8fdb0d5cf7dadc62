//! Decisions → the page's answers, the chances of newcomers, and rankings that its sliders recompute. Part of `dashboard`.

use serde_json::{Value, json};

use super::cube::{Categories, States};
use super::{Studio, plain};
use crate::decisions::StateGrowth;
use crate::decisions::entry::chances;
use crate::decisions::profit::costs;
use crate::decisions::region::StateChoice;
use crate::decisions::score::Scored;
use crate::decisions::winner::Candidate;
use crate::dossier::shop;
use crate::mart::month::Month;
use crate::models::Forecast;
use crate::models::entrants::{CategoryChances, LISTED, REVENUES};
use crate::results::Results;

/// Categories of the short list that the headline names.
const NAMED: usize = 3;

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

/// What a newcomer may earn in each category, so that the page can count with the reader's margin; null if the data do not tell.
pub(crate) fn entrants(studio: &Studio<'_>, categories: &Categories) -> Value {
    let (Ok(chances), profit) = (chances(&studio.results.entry), &studio.results.profit) else { return Value::Null };
    let candidate = |c: &CategoryChances| {
        let margin = profit.categories.iter().find(|kept| kept.category == c.category).map(|kept| kept.margin);
        json!({
            "key": c.category, "label": studio.category(&c.category), "value": categories.own_position(&c.category), "n": c.n,
            "typical": c.typical, "low80": c.interval80.0, "high80": c.interval80.1, "orders": c.orders, "first": c.first,
            "top3": c.top3, "reach": c.reach, "margin": margin.map(|margin| margin.value),
            "assumed": margin.is_none_or(|margin| margin.is_assumed()),
        })
    };
    let shared = &profit.costs;
    json!({
        "amounts": REVENUES, "commission": shared.commission.value,
        "costs_assumed": shared.commission.is_assumed() || shared.fee_per_order.is_assumed(), "margin": costs::MARGIN, "listed": LISTED,
        "per_order": shared.fee_per_order.value + shared.returns_per_order.value,
        "candidates": chances.categories.iter().map(candidate).collect::<Vec<_>>(),
    })
}

/// One of the three answers: the question, what answers it, each part with the value on which a click filters, and the reason.
fn answer(studio: &Studio<'_>, label: &str, parts: Vec<(String, Option<String>)>, reason: String) -> Value {
    let part = |(what, key): (String, Option<String>)| json!({ "what": what, "key": key.unwrap_or_default() });
    let parts: Vec<Value> = parts.into_iter().map(part).collect();
    json!({ "label": studio.phrases.fill(label, &[]), "parts": parts, "why": reason })
}

/// The answers to the three questions, as far as the data tell.
pub(crate) fn answers(studio: &Studio<'_>, categories: &Categories) -> Vec<Value> {
    let (lang, phrases, results) = (studio.lang(), studio.phrases, studio.results);
    let reais = |value: f64| studio.words.brl((value * 100.0).round() as i64, 0);
    let key = |category: &str| categories.own_position(category).map(|i| format!("category:{i}"));
    let named = |category: &str| (studio.category(category), key(category));
    let chances = chances(&results.entry).ok();
    let mut answers = Vec::new();
    let list: Vec<&CategoryChances> = chances.into_iter().flat_map(|c| c.short_list()).take(NAMED).collect();
    answers.push(match (list.first(), &results.decisions) {
        (Some(first), _) => {
            let (low, high) = (reais(first.interval80.0), reais(first.interval80.1));
            let values = [
                ("typical", reais(first.typical)),
                ("lo", low),
                ("hi", high),
                ("name", studio.category(&first.category)),
            ];
            let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let parts = list.iter().map(|c| named(&c.category)).collect();
            answer(studio, "decision_sell", parts, phrases.fill("decision_sell_why", &values))
        }
        (None, _) if chances.is_some() => {
            answer(studio, "decision_sell", vec![(phrases.fill("decision_sell_alike", &[]), None)], String::new())
        }
        (None, Ok(decisions)) => {
            let first = decisions.winner.first();
            let why = phrases.fill("decision_sell_market", &[("forecast", &reais(first.forecast))]);
            answer(studio, "decision_sell", vec![named(&first.category)], why)
        }
        (None, Err(_)) => answer(studio, "decision_sell", vec![(phrases.fill("unsettled", &[]), None)], String::new()),
    });
    if let Some(state) = results.profit.states.first().filter(|_| shop::has_regions(results)) {
        let (cost, name) =
            (studio.words.brl((state.break_even * 100.0).round() as i64, 2), studio.words.state(&state.name));
        let why = phrases.fill(
            if state.assumed { "decision_where_assumed" } else { "decision_where_why" },
            &[("cost", &cost), ("name", &plain(&name))],
        );
        answers.push(answer(studio, "decision_where", vec![(phrases.fill("decision_where_trial", &[]), None)], why));
    }
    let coverage = &results.findings.payments_total.coverage;
    if !coverage.is_empty() && shop::has_payments(results) {
        let methods: Vec<String> = coverage.iter().map(|c| studio.words.method(&c.payment_type)).collect();
        let shares: Vec<String> = coverage.iter().map(|c| lang.percent(c.covered, 1)).collect();
        let reason = phrases.fill("decision_pay_why", &[("shares", &shares.join(", "))]);
        answers.push(answer(studio, "decision_pay", vec![(plain(&methods.join(", ")), None)], reason));
    }
    answers
}
