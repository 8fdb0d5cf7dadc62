//! What new sellers may earn and keep → values for placeholders. Part of `values`.

pub(crate) mod tables;

use serde_json::{Map, Value, json};

use self::tables::milestone_name;
use super::edition::{Words, centavos};
use crate::decisions::entry::{Check, ENTRANTS, EntryBacktest, RuleResult, chances};
use crate::decisions::profit::{BreakEven, CategoryProfit, Cost, SHRINK_ORDERS, costs};
use crate::decisions::{Entry, Profit};
use crate::error::{Result, TooLittle};
use crate::models::entrants::pooling::LEAST;
use crate::models::entrants::{
    CategoryChances, Chances, LISTED, MILESTONE_DAYS, Milestone, REVENUE_DAYS, REVENUES, sellers,
};
use crate::models::span::date;
use crate::results::Results;

/// States with more orders than this are compared in words; break-even costs of smaller ones are mostly drawn towards the mean.
const LARGE: i64 = 500;

/// Values of `entry` (facts), `choice` (chances by category), `choice_past` (backtest) and `profit`. What the data do not tell is null, and
/// `choice_lack` or `choice_past_lack` gives the reason.
pub(crate) fn values(results: &Results, words: &Words) -> Result<Map<String, Value>> {
    let entry = results.entry.as_ref();
    let chances = chances(&results.entry);
    let past = entry.map_err(|lack| *lack).and_then(|entry| entry.backtest.as_ref().map_err(|lack| *lack));
    let label = |lack: TooLittle| words.label(lack.key());
    let best_seller = results.findings.best_seller().map(
        |facts| json!({ "name": words.category(&facts.name), "code": facts.name, "revenue": facts.revenue_centavos }),
    );
    Ok(Map::from_iter([
        ("entry".to_string(), json!(entry.ok().map(|entry| facts(entry, words)))),
        ("choice".to_string(), json!(chances.ok().map(|chances| choice(chances, words)))),
        ("choice_lack".to_string(), json!(chances.err().map(label))),
        ("choice_past".to_string(), json!(past.ok().map(|past| tested(past, words)))),
        ("choice_past_lack".to_string(), json!(past.err().map(label))),
        ("profit".to_string(), profit(&results.profit, words)),
        ("sellers".to_string(), json!(sellers(&results.mart)?)),
        ("best_seller".to_string(), json!(best_seller)),
    ]))
}

fn facts(entry: &Entry, words: &Words) -> Value {
    let (entrants, facts) = (&entry.entrants, &entry.entrants.summary);
    let [q25, median, q75] = facts.revenue_quartiles.map(centavos);
    // Of fewer, a median says little.
    let named = |i: usize| entrants.milestones.get(i).filter(|m| m.n >= LEAST).and_then(|m| milestone(m, words));
    json!({
        "entrants": facts.entrants, "with_category": facts.with_category,
        "from": date(entrants.entered.from).to_string(), "to": date(entrants.entered.to).to_string(),
        "days": REVENUE_DAYS, "first_days": MILESTONE_DAYS,
        "mean": centavos(facts.revenue_mean), "median": median, "q25": q25, "q75": q75,
        "orders_mean": facts.orders_mean, "orders_median": facts.orders_median, "one_order": facts.one_order,
        "reached": reached(facts.reached),
        "one": named(0), "few": named(1), "some": named(2), "many": named(3),
        "milestones": entrants.milestones.iter().filter_map(|m| milestone(m, words)).collect::<Vec<_>>(),
    })
}

/// Amounts with the share or the probability to reach them.
fn reached(shares: [f64; 3]) -> Vec<Value> {
    REVENUES.iter().zip(shares).map(|(amount, share)| json!({ "amount": centavos(*amount), "share": share })).collect()
}

fn milestone(m: &Milestone, words: &Words) -> Option<Value> {
    let rest = m.rest.as_ref()?;
    let [q25, median, q75] = rest.quartiles.map(centavos);
    let name = milestone_name(m, words);
    Some(json!({ "name": name, "n": m.n, "nothing": rest.nothing, "q25": q25, "median": median, "q75": q75 }))
}

fn choice(chances: &Chances, words: &Words) -> Value {
    let list: Vec<Value> = chances.short_list().map(|c| category(c, words)).collect();
    let pooled = &chances.pooled;
    json!({
        "candidates": chances.categories.len(), "least": LEAST, "listed": LISTED,
        "typical": centavos(pooled.mean.exp_m1()),
        "between": pooled.between / (pooled.between + pooled.within),
        "list": list, "leader": list.first(), "second": list.get(1),
    })
}

fn category(c: &CategoryChances, words: &Words) -> Value {
    json!({
        "name": words.category(&c.category), "code": c.category, "n": c.n, "median": centavos(c.median),
        "typical": centavos(c.typical), "low": centavos(c.interval80.0), "high": centavos(c.interval80.1),
        "orders": c.orders, "first": c.first, "top3": c.top3, "reach": reached(c.reach),
    })
}

fn tested(past: &EntryBacktest, words: &Words) -> Value {
    let found = |check: Check, rule: &str, top: usize| {
        past.results.iter().find(|r| (r.check, r.rule, r.top) == (check, rule, top)).map(result)
    };
    let all = |check: Check, rule: &str| json!({ "one": found(check, rule, 1), "three": found(check, rule, 3), "five": found(check, rule, 5) });
    json!({
        "cutoffs": past.cutoffs.len(), "leader": words.category(&past.leader),
        "first": past.cutoffs.first().map(|day| date(*day).to_string()),
        "last": past.cutoffs.last().map(|day| date(*day).to_string()),
        "ours": all(Check::Past, ENTRANTS), "largest": all(Check::Past, "largest category"),
        "score": all(Check::Past, "score"), "fastest": all(Check::Past, "fastest growth last quarter"),
        "best": all(Check::Past, "best possible"),
        "without": all(Check::WithoutLeader, ENTRANTS), "locked": all(Check::Locked, ENTRANTS),
        "rank": past.rank_correlation.map(|rank| json!({ "n": rank.n, "value": rank.value, "p": rank.p })),
    })
}

fn result(r: &RuleResult) -> Value {
    json!({
        "n": r.entrants, "ratio": r.ratio, "low": r.interval90.map(|i| i.0), "high": r.interval90.map(|i| i.1),
        "shuffled": r.shuffled.map(|s| json!({ "mean": s.mean, "high": s.high95, "p": s.p })),
    })
}

fn profit(profit: &Profit, words: &Words) -> Value {
    let cost = |cost: Cost| json!({ "value": cost.value, "assumed": cost.is_assumed() });
    let amount = |cost: Cost| json!({ "value": centavos(cost.value), "assumed": cost.is_assumed() });
    let category = |c: &CategoryProfit| {
        json!({
            "name": words.category(&c.category), "code": c.category, "margin": c.margin.value, "assumed": c.margin.is_assumed(),
            "contribution": centavos(c.contribution), "low": centavos(c.interval80.0), "high": centavos(c.interval80.1),
            "first": c.first, "top3": c.top3, "loss": c.loss, "orders": c.orders, "tipping": c.tipping_margin,
        })
    };
    let costs = &profit.costs;
    let large: Vec<&BreakEven> = profit.states.iter().filter(|state| state.orders > LARGE).collect();
    let state = |b: &BreakEven| {
        json!({
            "name": words.state(&b.name), "code": b.name, "orders": b.orders, "break_even": centavos(b.break_even),
            "margin": b.margin, "assumed": b.assumed,
        })
    };
    let by = |a: &&&BreakEven, b: &&&BreakEven| a.break_even.total_cmp(&b.break_even);
    json!({
        "commission": cost(costs.commission), "fee": amount(costs.fee_per_order),
        "payment_fee": cost(costs.payment_fee), "shipping": cost(costs.shipping_borne), "returns": amount(costs.returns_per_order),
        "assumes": profit.assumes_margins(), "unknown": costs::MARGIN, "unknown_low": costs::MARGINS.0, "unknown_high": costs::MARGINS.1,
        "stays_first_to": profit.stays_first_to(),
        "leader": profit.categories.first().map(category), "second": profit.categories.get(1).map(category),
        "states": profit.states.len(), "large": LARGE, "shrink": SHRINK_ORDERS as i64,
        "first_state": profit.states.first().map(state),
        "lowest_state": large.iter().min_by(by).map(|b| state(b)),
        "highest_state": large.iter().max_by(by).map(|b| state(b)),
    })
}
