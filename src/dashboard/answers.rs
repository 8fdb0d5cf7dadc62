//! Decisions → texts of the page and rankings that its sliders recompute. Part of `dashboard`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::cube::{Categories, States};
use super::{Studio, plain};
use crate::decisions::region::StateChoice;
use crate::decisions::score::Scored;
use crate::decisions::winner::Candidate;
use crate::dossier::shop;
use crate::mart::month::Month;
use crate::models::Forecast;
use crate::results::Results;
use crate::trial::designs::ORDERS_PER_MONTH;

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
            let doubling = studio.results.trials.lift(1.0).map_or(0.0, |doubling| doubling.weeks.ceil());
            let [orders, weeks] = [ORDERS_PER_MONTH, doubling].map(|number| lang.count(number as i64));
            let values = [("forecast", reais(state.forecast)), ("orders", orders), ("weeks", weeks)];
            let reason =
                phrases.fill("decision_where_why", &values.each_ref().map(|(name, text)| (*name, text.as_str())));
            let key = states.position(&state.state).map(|i| format!("state:{i}"));
            answers.push(answer("decision_where", key, plain(&studio.words.state(&state.state)), reason));
        }
    } else {
        answers.push(answer("decision_sell", None, phrases.fill("unsettled", &[]), String::new()));
    }
    let payments = &studio.results.findings.payments_total;
    if !payments.covering.is_empty() && shop::has_payments(studio.results) {
        let methods: Vec<String> = payments.covering.iter().map(|m| studio.words.method(m)).collect();
        let reason = phrases.fill("decision_pay_why", &[("share", &lang.percent(payments.covered, 1))]);
        answers.push(answer("decision_pay", None, plain(&studio.words.list(&methods)), reason));
    }
    answers
}
