//! Backtest → Strategies: what choosing a category would have earned at every past cutoff, with the data of that day. Next: `dossier`.
//!
//! Only indicators known at the cutoff count: forecast revenue and growth, in the ratio of their weights. Reviews, delivery
//! and cancellations are known only as of today and are left out.

use std::collections::BTreeMap;

use serde::Serialize;

use super::score::{Criterion, Scored, Weights, score};
use crate::error::{Result, TooLittle};
use crate::models::metrics::{Estimate, bootstrap};
use crate::models::{Backtest, Frequency, Panel};
use crate::schema::contract::UNKNOWN;

/// Orders per period that a category needs to be chosen.
const ENOUGH_ORDERS: f64 = 10.0;

/// A strategy to choose a category, and its results. Intervals are 90 %.
#[derive(Debug, Clone, Serialize)]
pub struct Strategy {
    /// How the category is chosen.
    pub name: &'static str,
    /// Revenue of the next three 30-day periods minus that of the last three, mean over the cutoffs, BRL.
    pub gain: Estimate,
    /// Revenue of the next three periods, mean over the cutoffs, BRL.
    pub revenue: Estimate,
    /// Growth of the next three periods over the last three, mean over the cutoffs.
    pub growth: Estimate,
    /// Revenue change of the best possible choice minus that of this one, mean over the cutoffs, BRL.
    pub regret: Estimate,
    /// Chosen categories with the number of cutoffs, most frequent first.
    pub choices: Vec<(String, usize)>,
}

/// A category at a cutoff: past and forecast revenue, and the actual revenue that followed, BRL.
struct Choice {
    series: usize,
    forecast: f64,
    actual: f64,
    before: f64,
    earlier: f64,
}

/// Compares our strategy with simple ones at the cutoffs of `past`, a backtest of our model on categories with periods of
/// 30 days.
///
/// Intervals are 90 %, from a bootstrap over cutoffs. Neighbouring cutoffs share most of their periods, so the intervals
/// are too narrow.
///
/// # Errors
/// [`TooLittle::PastOrders`] if no category sold enough to be chosen.
pub fn regret(panel: &Panel, past: &Backtest, weights: &Weights) -> Result<Vec<Strategy>> {
    let names: Vec<&str> = panel.names().collect();
    let mut cutoffs: BTreeMap<i32, BTreeMap<usize, Choice>> = BTreeMap::new();
    for o in &past.outcomes {
        if o.orders < ENOUGH_ORDERS || o.before <= 0.0 || names[o.series] == UNKNOWN {
            continue;
        }
        let earlier = (0..3).map(|back| panel.revenue(o.series, Frequency::Days30.span(o.cutoff, -3 - back))).sum();
        let option = cutoffs.entry(o.cutoff).or_default().entry(o.series).or_insert(Choice {
            series: o.series,
            forecast: 0.0,
            actual: 0.0,
            before: o.before,
            earlier,
        });
        option.forecast += o.forecast;
        option.actual += o.actual;
    }
    let cutoffs: Vec<Vec<Choice>> = cutoffs.into_values().map(|c| c.into_values().collect()).collect();
    if cutoffs.is_empty() {
        return Err(TooLittle::PastOrders.into());
    }
    let growth = |after: f64, before: f64| if before > 0.0 { after / before } else { 0.0 };
    let best = |value: &dyn Fn(&Choice) -> f64| -> Vec<usize> {
        let argmax = |options: &Vec<Choice>| {
            (0..options.len()).max_by(|a, b| value(&options[*a]).total_cmp(&value(&options[*b])).then(b.cmp(a)))
        };
        cutoffs.iter().filter_map(argmax).collect()
    };
    let possible = best(&|o| o.actual - o.before);
    let strategies = [
        ("ours", ours(&cutoffs, weights)?),
        ("largest forecast gain", best(&|o| o.forecast - o.before)),
        ("largest category", best(&|o| o.before)),
        ("fastest growth last quarter", best(&|o| growth(o.before, o.earlier))),
        ("best possible", possible.clone()),
    ];
    let picked =
        |choice: &[usize]| -> Vec<&Choice> { cutoffs.iter().zip(choice).map(|(options, i)| &options[*i]).collect() };
    let ideal = picked(&possible);
    let strategy = |(name, choice): (&'static str, Vec<usize>)| {
        let chosen = picked(&choice);
        let mean = |value: &dyn Fn(usize) -> f64| {
            bootstrap(chosen.len(), |drawn| drawn.iter().map(|i| value(*i)).sum::<f64>() / drawn.len().max(1) as f64)
        };
        let gain = |o: &Choice| o.actual - o.before;
        let mut choices: BTreeMap<&str, usize> = BTreeMap::new();
        chosen.iter().for_each(|o| *choices.entry(names[o.series]).or_insert(0) += 1);
        let mut choices: Vec<(String, usize)> = choices.into_iter().map(|(n, c)| (n.to_string(), c)).collect();
        choices.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        Strategy {
            name,
            gain: mean(&|i| gain(chosen[i])),
            revenue: mean(&|i| chosen[i].actual),
            growth: mean(&|i| growth(chosen[i].actual, chosen[i].before) - 1.0),
            regret: mean(&|i| gain(ideal[i]) - gain(chosen[i])),
            choices,
        }
    };
    Ok(strategies.into_iter().map(strategy).collect())
}

/// At each cutoff, the category that the winner's score would choose from revenue and growth alone.
fn ours(cutoffs: &[Vec<Choice>], weights: &Weights) -> Result<Vec<usize>> {
    let choose = |options: &Vec<Choice>| {
        let known: Vec<(f64, f64)> = options.iter().map(|o| (o.forecast, o.before)).collect();
        Ok(by_revenue_and_growth(&known, weights)?.first().map_or(0, |s| s.candidate))
    };
    cutoffs.iter().map(choose).collect()
}

/// Ranks categories by the winner's score from revenue and growth alone, given their forecast and past revenue.
pub(super) fn by_revenue_and_growth(categories: &[(f64, f64)], weights: &Weights) -> Result<Vec<Scored>> {
    let usable_weights: BTreeMap<String, f64> = weights
        .category
        .iter()
        .filter(|(k, _)| ["revenue", "growth"].contains(&k.as_str()))
        .map(|(k, w)| (k.clone(), *w))
        .collect();
    let criterion = |name, value: &dyn Fn(f64, f64) -> f64| Criterion {
        name,
        more_is_better: true,
        values: categories.iter().map(|c| Some(value(c.0, c.1)).filter(|v| v.is_finite())).collect(),
    };
    let criteria =
        [criterion("revenue", &|after, _| after.ln()), criterion("growth", &|after, before| (after / before).ln())];
    score(&criteria, &usable_weights)
}
