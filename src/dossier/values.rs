//! Results → values of the placeholders. Amounts in centavos, shares 0–1, months as `2018-07`. Used by `dossier`; next: `report`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::costs::{self, Cost};
use super::edition::{Words, centavos};
use super::payments::values as paid;
use super::shop;
use crate::clean::audit::{ChangeKind, Check, Nulls, Severity};
use crate::clean::checks::rules::is_of_form;
use crate::clean::coverage::GAP;
use crate::decisions::region::population;
use crate::decisions::{Facts, Findings, LEAST_SHARE, StateGrowth};
use crate::error::Result;
use crate::market::MarketFacts;
use crate::market::facts::Costs;
use crate::mart;
use crate::mart::month::Month;
use crate::mart::period::orders_by_day;
use crate::models::metrics::spearman;
use crate::models::reference::{FIRST_PREDICTED, HORIZON, Prediction};
use crate::results::Results;
use crate::schema::contract::{TABLES, UNKNOWN};

/// Size of a page of a DynamoDB scan, bytes.
const PAGE: f64 = 1_048_576.0;

pub(crate) fn values(results: &Results, words: &Words, costs: &[Cost]) -> Result<Value> {
    let findings = &results.findings;
    let period = findings.period;
    let category = |f: &Facts| facts(f, words.category(&f.name));
    let state = |f: &Facts| facts(f, words.state(&f.name));
    let mut categories: Vec<&Facts> = findings.categories.iter().collect();
    categories.sort_by_key(|f| (-f.revenue_centavos, f.name.as_str()));
    let mut states: Vec<&Facts> = findings.states.iter().collect();
    states.sort_by_key(|f| (-f.revenue_centavos, f.name.as_str()));
    let half = fewest_for_half(&states, findings.total.revenue_centavos);
    let back = |months: i32| period.last.plus(-months).max(period.first).to_string();
    let mut values = json!({
        "total": facts(&findings.total, words.state("BR")),
        "period": {
            "first": period.first.to_string(),
            "last": period.last.to_string(),
            "months": period.len(),
            "recent": back(2),
            "before": back(5),
            "before_last": back(3),
        },
        "categories": categories.iter().map(|f| category(f)).collect::<Vec<_>>(),
        "states": states.iter().map(|f| state(f)).collect::<Vec<_>>(),
        "states_for_half": half,
        "leading": findings.leading_category().map(category),
        "growth": growth(findings, words),
        "least_share": LEAST_SHARE,
        "slowest": extreme(findings, |f| f.delivery_days_mean).map(state),
        "latest": extreme(findings, |f| f.late_share).map(state),
        "fastest": extreme(findings, |f| f.delivery_days_mean.map(|d| -d)).map(state),
        "payments": paid::payments(&findings.payments_total, words),
        "payment_leaders": paid::leaders(&findings.payments, words),
        "payment_methods": paid::methods(findings, words),
        "payment_order": paid::order(findings, words),
        "canceled": paid::canceled(findings, words),
        "instalments": paid::instalments(findings, words),
        "habits": paid::habits(findings, words),
        "reviews": reviews(results)?,
        "audit": audit(results, words),
        "reference": reference(results, words)?,
        "mart_tables": mart::QUERIES.iter().filter(|s| s.stored).count(),
        "market": results.audit.market.as_ref().map(|market| of_market(results, market)),
        "generated": results.parameters.generated,
        "version": env!("CARGO_PKG_VERSION"),
        "fingerprint": results.fingerprint(),
        "map_credit": shop::credit(results, words),
        "map_kind": words.label(map_kind(results, words)),
        "misread": misread(results, words)?,
        "missing": missing(results)?,
        "costs": costs::values(costs, words),
        "population": population().values().sum::<i64>(),
        "penetration": penetration(findings, words),
        "demand": demand(findings),
        "first_categories": first_categories(results, words)?,
    });
    if let Value::Object(values) = &mut values {
        for (name, value) in shop::values(results, words) {
            match (values.get_mut(&name), value) {
                (Some(Value::Object(known)), Value::Object(more)) => known.extend(more),
                (_, value) => drop(values.insert(name, value)),
            }
        }
    }
    Ok(values)
}

/// Key of what shows values by region.
fn map_kind(results: &Results, words: &Words) -> &'static str {
    match shop::atlas(results, words) {
        _ if results.audit.market.is_none() => "map_kind",
        Some(_) => "map_kind_shapes",
        None => "map_kind_bars",
    }
}

/// The checks that mean something for the data: those of the form of Olist's ids are about Olist alone.
pub(crate) fn checks(results: &Results) -> impl Iterator<Item = &Check> {
    let of_market = results.audit.market.is_some();
    results.audit.quality.iter().filter(move |check| !of_market || !is_of_form(&check.check))
}

/// The columns with missing values; of an export, those that it has.
pub(crate) fn nulls(results: &Results) -> impl Iterator<Item = &Nulls> {
    let of_market = results.audit.market.is_some();
    results.audit.nulls.iter().filter(move |nulls| nulls.missing > 0 && (!of_market || nulls.missing < nulls.total))
}

pub(crate) fn facts(f: &Facts, name: String) -> Value {
    json!({
        "name": name, "code": f.name, "orders": f.orders, "items": f.items, "revenue": f.revenue_centavos,
        "price": f.price_centavos, "freight": f.freight_centavos, "review": f.review_mean, "late": f.late_share,
        "late_by_date": f.late_by_date_share, "days": f.delivery_days_mean, "canceled": f.canceled_share,
        "recent": f.recent_revenue_centavos, "growth": f.growth.as_ref().map(|g| g.rate),
        "at_least": f.growth.as_ref().map(|g| g.at_least), "gain": f.growth.as_ref().map(|g| g.gain_centavos),
    })
}

/// What the chapters say of another market: what was paid back, and what is left after costs, where its export knows it.
fn of_market(results: &Results, market: &MarketFacts) -> Value {
    let winner = results.decisions.as_ref().ok().map(|decisions| decisions.winner.first().category.as_str());
    let of_winner = winner.and_then(|name| market.costs.get(name)).and_then(Costs::margin);
    let margin = market.all_costs().and_then(|costs| {
        let known = costs.units_with_cost as f64 / costs.units.max(1) as f64;
        Some(json!({ "known": known, "all": costs.margin()?, "winner": of_winner }))
    });
    let refunds = Some(market.refunds).filter(|refunds| refunds.orders > 0);
    json!({
        "title": market.title,
        "in_brazil": market.is_in_brazil(),
        "refunds": refunds.map(|refunds| json!({ "orders": refunds.orders, "amount": refunds.hundredths })),
        "margin": margin,
    })
}

/// The state with the greatest known value. Ignores states with few orders, whose mean says nothing.
fn extreme(findings: &Findings, value: impl Fn(&Facts) -> Option<f64>) -> Option<&Facts> {
    let least = LEAST_SHARE * findings.total.orders as f64;
    let states = findings.known_states().filter(|f| f.orders as f64 >= least);
    states.filter_map(|f| Some((value(f)?, f))).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, f)| f)
}

/// Smallest number of states that together make half of the revenue.
fn fewest_for_half(states: &[&Facts], total: i64) -> Value {
    let states: Vec<&&Facts> = states.iter().filter(|f| f.is_known()).collect();
    let mut sum = 0;
    let mut count = 0;
    while let Some(f) = states.get(count).filter(|_| sum * 2 < total) {
        sum += f.revenue_centavos;
        count += 1;
    }
    json!({ "count": count, "share": sum as f64 / total.max(1) as f64 })
}

/// Growth of the states' shares: how many are tested, and those that are discoveries, with those that grow first.
fn growth(findings: &Findings, words: &Words) -> Value {
    let growing = findings.growing_states();
    let mut shrinking: Vec<&StateGrowth> =
        findings.growth.iter().filter(|state| state.is_named() && !state.is_growing()).collect();
    shrinking.sort_by(|a, b| b.orders_after.cmp(&a.orders_after).then_with(|| a.state.cmp(&b.state)));
    let state = |s: &&StateGrowth| {
        let change = s.change.as_ref();
        json!({
            "name": words.state(&s.state), "code": s.state, "growth": change.map(|c| c.growth), "low": change.map(|c| c.low),
            "high": change.map(|c| c.high), "q": change.map(|c| c.q),
        })
    };
    json!({
        "tested": findings.growth.iter().filter(|s| s.change.is_some()).count(),
        "growing": growing.iter().map(state).collect::<Vec<_>>(),
        "shrinking": shrinking.iter().map(state).collect::<Vec<_>>(),
        "after": findings.period.last.plus(-5).to_string(),
        "before": findings.period.last.plus(-11).to_string(),
        "before_last": findings.period.last.plus(-6).to_string(),
    })
}

/// Mean review scores of orders in time and late.
fn reviews(results: &Results) -> Result<Value> {
    let frame = results.mart.table("review_scores")?;
    let (mut sums, mut counts) = ([0i64; 2], [0i64; 2]);
    for row in 0..frame.height() {
        let number = |name: &str| -> Result<i64> { Ok(frame.column(name)?.i64()?.get(row).unwrap_or(0)) };
        let late = usize::from(number("late")? == 1);
        sums[late] += number("review_score")? * number("reviews")?;
        counts[late] += number("reviews")?;
    }
    let mean = |i: usize| (counts[i] > 0).then(|| sums[i] as f64 / counts[i] as f64);
    Ok(json!({ "in_time": mean(0), "late": mean(1), "count": counts[0] + counts[1] }))
}

fn audit(results: &Results, words: &Words) -> Value {
    let audit = &results.audit;
    let failed = |severity| checks(results).filter(|c| c.severity == severity && c.failed > 0).count();
    let changed = |kind| audit.changes.iter().filter(|c| c.change == kind).map(|c| c.count).sum::<usize>();
    let worst = nulls(results).filter(|n| n.total > 0).max_by_key(|n| n.missing * 1_000_000 / n.total);
    let outside = audit.steps.iter().find(|s| s.step == "locate").map_or(0, |s| s.quarantined);
    let amounts = TABLES.iter().map(|table| (table.name, audit.amount_of(table.name)));
    let amounts = amounts.filter(|(_, amount)| !amount.is_empty()).map(
        |(table, amount)| json!({ "table": words.table(table), "rows": amount.rows, "centavos": amount.centavos }),
    );
    let amounts: Vec<Value> = amounts.collect();
    json!({
        "tables": TABLES.len(), "columns": TABLES.iter().map(|t| t.columns.len()).sum::<usize>(),
        "rows_in": audit.rows_in(), "deduplicated": audit.deduplicated(), "quarantined": audit.quarantined() - outside,
        "values_aside": audit.quarantined_values(), "amounts": amounts,
        "kept": audit.steps.iter().filter(|s| s.step == "clean").map(|s| s.rows_out).sum::<usize>(), "outside": outside,
        "checks": checks(results).count(), "errors": failed(Severity::Error), "warnings": failed(Severity::Warning),
        "translated": changed(ChangeKind::Translated), "unknown": changed(ChangeKind::NamedUnknown),
        "untranslated": changed(ChangeKind::Untranslated), "padded": changed(ChangeKind::ZeroPadded),
        "renamed": changed(ChangeKind::Renamed), "bytes": audit.inputs.iter().map(|f| f.bytes).sum::<u64>(),
        "notes": audit.warnings.iter().map(|warning| words.note(warning)).collect::<Vec<_>>(),
        "nulls": nulls(results).map(|n| n.missing).sum::<usize>(),
        "emptiest": worst.map(|n| json!({
            "table": words.table(&n.table), "column": n.column, "share": n.missing as f64 / n.total as f64,
        })),
        "rows": audit.steps.iter().filter(|s| s.step == "clean").map(|s| (s.table.clone(), s.rows_out)).collect::<BTreeMap<_, _>>(),
    })
}

fn reference(results: &Results, words: &Words) -> Result<Value> {
    let reference = &results.reference;
    let predicted =
        |p: &Prediction| json!({ "name": words.category(&p.category), "code": p.category, "sales": centavos(p.sales) });
    let top: Vec<Value> = reference.top().into_iter().map(predicted).collect();
    let last = FIRST_PREDICTED.plus(HORIZON - 1);
    let at_end = || reference.predictions.iter().filter(|p| p.predicted && p.month == last);
    let mut credited: BTreeMap<&str, i64> = BTreeMap::new();
    for p in reference.predictions.iter().filter(|p| !p.predicted) {
        *credited.entry(&p.category).or_default() += centavos(p.sales);
    }
    let earned =
        |name: &str| results.findings.categories.iter().find(|f| f.name == name).map_or(0, |f| f.revenue_centavos);
    let credit = |f: &Facts| credited.get(f.name.as_str()).copied().unwrap_or(0);
    let moved: i64 = results.findings.categories.iter().map(|f| (credit(f) - f.revenue_centavos).abs()).sum();
    let most = credited.iter().filter(|(name, _)| earned(name) > 0).max_by(|a, b| {
        let excess = |(name, sum): &(&&str, &i64)| **sum as f64 / earned(name) as f64;
        excess(a).total_cmp(&excess(b))
    });
    let singular: Vec<String> =
        reference.lines.iter().filter(|l| l.singular).map(|l| words.category(&l.category)).collect();
    Ok(json!({
        "top": top, "first": FIRST_PREDICTED.to_string(), "last": last.to_string(), "months": HORIZON,
        "rows": reference.predictions.len(), "categories": reference.lines.len(),
        "credited": credited.values().sum::<i64>(), "moved": moved,
        "moved_share": moved as f64 / results.findings.total.revenue_centavos.max(1) as f64,
        "overrated": most.map(|(name, sum)| json!({
            "name": words.category(name), "credited": sum, "earned": earned(name),
            "excess": *sum as f64 / earned(name) as f64 - 1.0,
        })),
        // Training months after the last complete one.
        "past": reference.predictions.iter().filter(|p| !p.predicted && p.month > results.findings.period.last).count(),
        "negative": at_end().filter(|p| p.sales < 0.0).count(),
        "singular": words.list(&singular), "singular_count": singular.len(),
        "total_end": at_end().map(|p| centavos(p.sales)).sum::<i64>(),
    }))
}

/// What the original project read or counted wrongly, and the consequences.
fn misread(results: &Results, words: &Words) -> Result<Value> {
    let frame = results.mart.table("misread")?;
    let number = |name: &str| -> Result<i64> { Ok(frame.column(name)?.i64()?.get(0).unwrap_or(0)) };
    let page = results.mart.table("first_page")?;
    let on_page = |name: &str| -> Result<i64> { Ok(page.column(name)?.i64()?.get(0).unwrap_or(0)) };
    let (customers, bytes) = (on_page("customers")?, on_page("bytes")?);
    // Number of customers of mean size on one page, at most all of them.
    let read = if bytes > 0 { (customers as f64 * (PAGE / bytes as f64).min(1.0)).floor() as i64 } else { 0 };
    let (true_sum, multiplied) = (number("revenue_centavos")?, number("multiplied_centavos")?);
    let joined = number("joined_centavos")?;
    let over = |wrong: i64| (true_sum > 0).then(|| wrong as f64 / true_sum as f64 - 1.0);
    Ok(json!({
        "multiplied": multiplied, "multiplied_over": over(multiplied), "joined": joined, "joined_over": over(joined),
        "later_items": number("later_items")?, "customers": customers, "read": read,
        "read_share": (customers > 0).then(|| read as f64 / customers as f64),
        "unfinished": unfinished(results)?,
        "paid": paid_by_the_piece(results, words)?,
    }))
}

/// Categories by the payments of their orders, counted once per item: the wrong winner beside the right one. Delivered
/// orders only.
fn paid_by_the_piece(results: &Results, words: &Words) -> Result<Value> {
    let frame = results.mart.table("misread_by_category")?;
    let names = frame.column("category")?.str()?;
    let number = |name: &str, row: usize| -> Result<i64> { Ok(frame.column(name)?.i64()?.get(row).unwrap_or(0)) };
    let (mut joined, mut categories) = (0, Vec::new());
    for (row, name) in names.iter().enumerate() {
        joined += number("joined_centavos", row)?;
        let sums = [number("delivered_joined_centavos", row)?, number("delivered_revenue_centavos", row)?];
        categories.extend(name.filter(|name| *name != UNKNOWN).map(|name| (name, sums)));
    }
    let greatest = |column: usize| {
        let first = categories.iter().max_by_key(|(name, sums)| (sums[column], std::cmp::Reverse(*name)));
        let describe = |(name, [joined, revenue]): &(&str, [i64; 2])| json!({ "name": words.category(name), "code": name, "joined": joined, "revenue": revenue });
        first.filter(|(_, sums)| sums[0] > 0).map(describe)
    };
    Ok(json!({ "joined": joined, "wrong": greatest(0), "right": greatest(1) }))
}

/// Facts that refer to missing rows, by kind: their number and their amount.
fn missing(results: &Results) -> Result<Value> {
    let missing = results.mart.missing()?;
    Ok(json!({
        "facts": missing.iter().map(|m| m.count).sum::<i64>(),
        "gaps": results.audit.coverage().iter().filter(|coverage| coverage.is_gap()).count(),
        "gap": GAP,
    }))
}

/// The incomplete months after the last complete one; `None` if there are none.
fn unfinished(results: &Results) -> Result<Option<Value>> {
    let period = results.findings.period;
    let next = period.last.plus(1);
    let days = orders_by_day(&results.mart)?;
    let Some(last) = days.keys().next_back().map(|d| Month::of_day(*d)).filter(|m| *m >= next) else {
        return Ok(None);
    };
    let sum = |from: i32, to: i32| days.range(from..to).map(|(_, n)| *n).sum::<i64>();
    let months = |first: Month, count: i32| sum(first.first_day(), first.plus(count).first_day());
    let (recent, before) = (months(last.plus(-2), 3), months(last.plus(-5), 3));
    let (start, end) = (next.first_day(), next.plus(1).first_day());
    Ok(Some(json!({
        "month": next.to_string(), "orders": months(next, 1),
        // Orders per day: in its first half, and in its last week.
        "early": sum(start, start + 15) / 15, "late": sum(end - 7, end) / 7,
        "last": last.to_string(), "after": sum(end, last.plus(1).first_day()),
        "change": (before > 0).then(|| recent as f64 / before as f64 - 1.0),
    })))
}

/// The states with the most and the fewest orders per 100,000 inhabitants.
fn penetration(findings: &Findings, words: &Words) -> Option<Value> {
    let people = population();
    let rate = |f: &Facts| people.get(&f.name).map(|n| f.orders as f64 / *n as f64 * 100_000.0);
    let mut rates: Vec<(f64, &str)> =
        findings.states.iter().filter_map(|f| Some((rate(f)?, f.name.as_str()))).collect();
    rates.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(b.1)));
    let describe = |(value, state): &(f64, &str)| json!({ "name": words.state(state), "value": value });
    Some(json!({ "least": describe(rates.first()?), "most": describe(rates.last()?) }))
}

/// Rank correlations of orders per inhabitant with delivery days and with freight per order, over the states. `None` if one is unknown.
fn demand(findings: &Findings) -> Option<Value> {
    let people = population();
    let known = findings.known_states().filter(|f| f.orders > 0).filter_map(|f| {
        let demand = f.orders as f64 / *people.get(&f.name)? as f64;
        Some((demand, f.delivery_days_mean?, f.freight_centavos as f64 / f.orders as f64))
    });
    let known: Vec<(f64, f64, f64)> = known.collect();
    let of = |value: fn(&(f64, f64, f64)) -> f64| known.iter().map(value).collect::<Vec<f64>>();
    let demand = of(|state| state.0);
    let (delivery, freight) = (spearman(&demand, &of(|state| state.1))?, spearman(&demand, &of(|state| state.2))?);
    Some(
        json!({ "states": known.len(), "delivery": delivery, "freight": freight, "falls": delivery < 0.0 && freight < 0.0 }),
    )
}

/// Number of states in which the country's best-selling category is first, and number of states.
fn first_categories(results: &Results, words: &Words) -> Result<Option<Value>> {
    let frame = results.mart.table("sales_by_day")?;
    let mut sums: BTreeMap<&str, BTreeMap<&str, i64>> = BTreeMap::new();
    let names = frame.column("state")?.str()?.iter().zip(frame.column("category")?.str()?.iter());
    for ((state, category), centavos) in names.zip(frame.column("revenue_centavos")?.i64()?.iter()) {
        if let (Some(state), Some(category), Some(centavos)) = (state.filter(|s| *s != UNKNOWN), category, centavos) {
            *sums.entry(state).or_default().entry(category).or_insert(0) += centavos;
        }
    }
    let categories = results.findings.categories.iter().filter(|f| f.is_known());
    let Some(first) = categories.max_by_key(|f| (f.revenue_centavos, std::cmp::Reverse(f.name.as_str()))) else {
        return Ok(None);
    };
    let leads = |revenue: &&BTreeMap<&str, i64>| {
        revenue.iter().max_by_key(|(name, sum)| (**sum, std::cmp::Reverse(**name))).map(|(name, _)| *name)
            == Some(first.name.as_str())
    };
    let led = sums.values().filter(leads).count();
    Ok(Some(json!({ "name": words.category(&first.name), "led": led, "states": sums.len() })))
}
