//! What trials can see, of advertising and of customers who come back, and rules to divide a budget → values for placeholders, and rows of
//! tables. Part of `dossier`.

use serde_json::{Value, json};

use super::edition::{NONE, Words, centavos, or_none};
use crate::decisions::Decisions;
use crate::decisions::customers::{self, Cohort, Repeat};
use crate::error::Result;
use crate::results::Results;
use crate::trial::designs::{MARGIN, ORDERS_PER_MONTH, TrialDesigns};
use crate::trial::shop::LiftDesign;
use crate::trial::simulate::{self, Compared, Rule, RuleResult};
use crate::trial::{RegionDesign, RegionKind};

type Rows = Vec<Vec<String>>;

/// Cohorts that a table shows.
const COHORTS: usize = 24;

/// Values of the chapter on trials.
///
/// # Errors
/// The comparison of rules that the program holds is damaged.
pub(crate) fn values(results: &Results, words: &Words) -> Result<Value> {
    let trials = &results.trials;
    let rules = simulate::compared()?;
    let rule = |r: &RuleResult| {
        let value = json!({
            "linear": r.share_linear, "root": r.share_square_root, "profit": centavos(r.profit),
            "loss": centavos(-r.profit),
        });
        (key(r.rule), value)
    };
    let params = &rules.params;
    let compared = json!({
        "shops": params.shops, "weeks": params.weeks, "budget": centavos(params.budget),
        "cost": centavos(params.cost_per_order), "contribution": centavos(params.contribution), "arms": simulate::ARMS,
    });
    let mut compared = compared.as_object().cloned().unwrap_or_default();
    compared.extend(rules.rules.iter().map(rule));
    Ok(json!({
        "margin": MARGIN,
        "orders": ORDERS_PER_MONTH,
        "doubling": trials.lift(1.0).map(lift),
        "small": trials.shop.first().map(lift),
        "best": trials.best().map(|design| regions(design, words)),
        "coarsest": coarsest(trials).map(|design| regions(design, words)),
        "rules": compared,
    }))
}

/// Values of the section on customers who come back.
pub(crate) fn customers(results: &Results) -> Value {
    let c = &results.findings.customers;
    let whole = |number: f64| number.round() as i64;
    let share = |part: i64, whole: i64| (whole > 0).then(|| part as f64 / whole as f64);
    let repeat = |r: &Repeat| {
        let expected = r.expected.as_ref().map(|e| {
            json!({
                "orders": whole(e.orders), "low": whole(e.low), "high": whole(e.high), "held": e.held, "made": e.made,
            })
        });
        json!({
            "verdict": r.verdict, "months": r.months, "rate": r.rate, "low": r.low, "high": r.high, "share": r.share,
            "needed": r.needed, "customers": r.trial_customers, "returned": r.returned_share, "detectable": r.detectable,
            "most": r.most, "gain_orders": whole(r.gain_orders), "gain": whole(r.gain_centavos), "expected": expected,
        })
    };
    json!({
        "customers": c.customers, "several": share(c.several_orders, c.customers),
        "returned": share(c.returned, c.customers), "later": share(c.later_orders, c.orders),
        "later_revenue": share(c.later_price_centavos, c.price_centavos), "repeat": c.repeat.as_ref().map(repeat),
        "material": customers::MATERIAL, "most_rise": customers::MOST_RISE, "wait": customers::WAIT,
        "least_months": customers::LEAST_MONTHS,
    })
}

/// The newest cohorts of customers, and how many of them came back.
pub(crate) fn cohorts(results: &Results, words: &Words) -> Rows {
    let lang = words.lang;
    let row = |c: &Cohort| {
        let share = |n: Option<i64>| or_none(n, |n| lang.percent(n as f64 / c.customers as f64, 1));
        let month = c.month.to_string();
        [lang.month(&month).unwrap_or(month), lang.count(c.customers)]
            .into_iter()
            .chain(c.returned.map(share))
            .collect()
    };
    let cohorts = &results.findings.customers.cohorts;
    cohorts[cohorts.len().saturating_sub(COHORTS)..].iter().map(row).collect()
}

/// Name of a rule as a key.
fn key(rule: Rule) -> String {
    json!(rule).as_str().unwrap_or_default().into()
}

fn lift(design: &LiftDesign) -> Value {
    json!({ "lift": design.lift, "orders": design.orders, "weeks": design.weeks.ceil() })
}

fn regions(design: &RegionDesign, words: &Words) -> Value {
    json!({
        "name": name(design, words), "regions": design.regions, "weeks": design.weeks, "starts": design.starts,
        "orders": design.detectable_orders, "revenue": design.detectable_revenue,
        "break_even": centavos(design.break_even_budget),
    })
}

/// Of the designs of the same length as the best, that which sees least.
fn coarsest(trials: &TrialDesigns) -> Option<&RegionDesign> {
    let best = trials.best()?;
    let others = trials.marketplace.iter().filter(|d| d.weeks == best.weeks && d.design != best.design);
    others.max_by(|a, b| a.detectable_revenue.total_cmp(&b.detectable_revenue))
}

fn name(design: &RegionDesign, words: &Words) -> String {
    match (design.by, &design.without) {
        (RegionKind::Postcode, _) => words.label("trial_postcodes"),
        (RegionKind::State, None) => words.label("trial_states"),
        (RegionKind::State, Some(state)) => words.label("trial_states_without").replace("{}", &words.state(state)),
    }
}

/// Designs of the marketplace's regions.
pub(crate) fn of_regions(results: &Results, words: &Words) -> Rows {
    let lang = words.lang;
    let row = |d: &RegionDesign| {
        vec![
            name(d, words),
            lang.count(i64::from(d.weeks)),
            lang.count(d.regions as i64),
            lang.percent(d.detectable_orders, 1),
            lang.percent(d.detectable_revenue, 1),
            words.brl(centavos(d.advertised_revenue), 0),
            words.brl(centavos(d.break_even_budget), 0),
        ]
    };
    results.trials.marketplace.iter().map(row).collect()
}

/// What effects take to be seen in a small shop.
pub(crate) fn of_shop(results: &Results, words: &Words) -> Rows {
    let lang = words.lang;
    let row = |d: &LiftDesign| {
        vec![
            format!("+{}", lang.percent(d.lift, 0)),
            lang.count(d.orders as i64),
            lang.decimal(d.weeks, 1),
            lang.count(d.orders_unknown_split as i64),
            lang.percent(d.power, 0),
            lang.percent(d.false_alarms, 1),
        ]
    };
    results.trials.shop.iter().map(row).collect()
}

/// Rules to divide a budget, compared on simulated shops.
///
/// # Errors
/// As [`values`].
pub(crate) fn of_rules(words: &Words) -> Result<Rows> {
    let Compared { rules, .. } = simulate::compared()?;
    let lang = words.lang;
    let row = |r: &RuleResult| {
        vec![
            words.label(&format!("rule_{}", key(r.rule))),
            lang.percent(r.share_linear, 0),
            or_none(r.share_square_root, |share| lang.percent(share, 0)),
            words.brl(centavos(r.profit), 0),
            words.brl(centavos(r.spent), 0),
        ]
    };
    Ok(rules.iter().map(row).collect())
}

/// The first test of a budget, by state that is tested.
pub(crate) fn first_test(results: &Results, words: &Words) -> Rows {
    let tested = |d: &Decisions| {
        let states = d.region.states.iter().filter(|state| state.budget_share > 0.0);
        let given = results.parameters.decisions.budget_centavos.is_some();
        let money = |centavos: i64| if given { words.brl(centavos, 2) } else { NONE.into() };
        let row = |code: &str, centavos: i64| vec![words.state_with_code(code), money(centavos)];
        let mut rows: Rows = states.map(|state| row(&state.state, state.budget_centavos)).collect();
        if given && !rows.is_empty() {
            rows.push(vec![words.label("budget_kept"), words.brl(d.region.kept_centavos, 2)]);
        }
        rows
    };
    results.decisions.as_ref().map(tested).unwrap_or_default()
}
