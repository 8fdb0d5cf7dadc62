//! Decisions → the page's answers, the chances of newcomers, and rankings that its sliders recompute. Part of `dashboard`.

use std::array::from_fn;

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
use crate::models::View;
use crate::models::entrants::{CategoryChances, LISTED, REVENUES};
use crate::results::Results;

/// Categories of the short list that the headline names.
const NAMED: usize = 3;

/// A forecast, then ends of its 80 % and 95 % intervals, BRL.
type Levels = [f64; 5];
/// Places of these ends among the quantiles of errors.
const ENDS: [usize; 4] = [1, 2, 0, 3];

/// Forecasts of the next calendar months, by position of category and state: for each month the forecast and the ends of its intervals, whole
/// BRL; `null` for positions without a forecast, and for ends that nobody can tell. `market` has the distance of these ends for the whole
/// market, as a part of its forecast; `null` if the past is too short to tell.
pub(crate) fn forecasts(results: &Results, categories: &Categories, states: &States) -> Value {
    let Ok(decisions) = &results.decisions else {
        return json!({ "months": [], "category": [], "state": [], "market": { "category": null, "state": null } });
    };
    let (by_category, by_state) = (&decisions.outlook.categories, &decisions.outlook.states);
    let mut spans: Vec<_> = by_category.months.iter().map(|f| f.span).collect();
    spans.sort_unstable();
    spans.dedup();
    json!({
        "months": spans.iter().map(|s| Month::of_day(s.from).to_string()).collect::<Vec<_>>(),
        "category": series(by_category, categories.len(), spans.len(), |name| categories.position(name)),
        "state": series(by_state, states.len(), spans.len(), |code| states.position(code)),
        "market": { "category": market(by_category), "state": market(by_state) },
    })
}

/// Distances of the market's ends by month, as a part of its forecast.
fn market(view: &View) -> Option<Vec<[f64; 4]>> {
    Some(view.market_errors.as_ref()?.iter().map(|errors| ENDS.map(|k| errors[k].exp_m1().abs())).collect())
}

/// Puts together the series on one position.
fn series(
    view: &View,
    size: usize,
    steps: usize,
    position: impl Fn(&str) -> Option<usize>,
) -> Vec<Option<Vec<[Option<i64>; 5]>>> {
    let mut at_position: Vec<Vec<Vec<Levels>>> = vec![Vec::new(); size];
    for f in &view.months {
        let (Some(at), Some(step)) = (position(&f.series), f.step.checked_sub(1)) else { continue };
        let months = &mut at_position[at];
        months.resize(steps, Vec::new());
        if let Some(month) = months.get_mut(step) {
            month.push([f.forecast, f.lo80, f.hi80, f.lo95, f.hi95]);
        }
    }
    let market = market(view);
    let together = |months: Vec<Vec<Levels>>| {
        let month = |(step, month): (usize, &Vec<Levels>)| {
            together(month, market.as_ref().and_then(|market| market.get(step))).map(|v| v.map(|v| v.round() as i64))
        };
        (!months.is_empty()).then(|| months.iter().enumerate().map(month).collect())
    };
    at_position.into_iter().map(together).collect()
}

/// The sum of several series: they share the market's error, what is beyond it is their own and independent. `series.js` does the same for a
/// selection.
fn together(series: &[Levels], market: Option<&[f64; 4]>) -> [Option<f64>; 5] {
    if let [one] = series {
        return one.map(Some);
    }
    let forecast: f64 = series.iter().map(|levels| levels[0]).sum();
    from_fn(|k| {
        let Some(end) = k.checked_sub(1) else { return Some(forecast) };
        let shared = market?[end];
        let own = |levels: &Levels| ((levels[k] - levels[0]).powi(2) - (shared * levels[0]).powi(2)).max(0.0);
        let distance = ((shared * forecast).powi(2) + series.iter().map(own).sum::<f64>()).sqrt();
        Some(if end % 2 == 0 { (forecast - distance).max(0.0) } else { forecast + distance })
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A selection, and what `series.js` must also make of it (`figures.test.mjs`).
    #[derive(serde::Deserialize)]
    struct Selection {
        series: Vec<Levels>,
        market: Option<[f64; 4]>,
        sum: [Option<f64>; 5],
    }

    /// In the first, own distances beyond the market's tenth are √(5² − 1²) and, of one that errs less than the market, none.
    #[test]
    fn series_share_the_error_of_the_market() {
        let selections: Vec<Selection> =
            serde_json::from_str(include_str!("../../tests/browser/unit/together.json")).unwrap();
        assert!(selections.len() > 4);
        for Selection { series, market, sum } in &selections {
            let found = together(series, market.as_ref());
            let near = |(found, sum): (&Option<f64>, &Option<f64>)| match (found, sum) {
                (Some(found), Some(sum)) => (found - sum).abs() < 1e-9,
                _ => found == sum,
            };
            assert!(found.iter().zip(sum).all(near), "{found:?}, not {sum:?}");
        }
    }
}
