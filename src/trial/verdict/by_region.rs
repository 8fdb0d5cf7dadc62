//! Trials that compare regions: parts of the country by the number of orders, pairs of a marketplace by revenue.

use std::collections::BTreeMap;

use chrono::Days;

use super::{Decision, Estimate, NextPart, Reading, Verdict};
use crate::error::{Error, Result};
use crate::text::listed;
use crate::trial::order_file::Order;
use crate::trial::plan::{Parts, Regions, folded};
use crate::trial::sales::{POSTCODE, RegionKind};
use crate::trial::statistics::binomial::{Evidence, with_orders_before, with_share};
use crate::trial::statistics::matched::{Z80, log_effect};

/// Regions that a message lists.
const LISTED: usize = 40;

/// A small shop: the orders of the advertised part against those of the rest.
pub(super) fn of_parts(parts: &Parts, mut read: Reading<'_>) -> Result<Verdict> {
    let side = |order: &Order| {
        let region = folded(&order.mark);
        (!region.is_empty()).then(|| parts.treated.iter().any(|treated| folded(treated) == region))
    };
    let count = |orders: &mut dyn Iterator<Item = &Order>| {
        orders.filter_map(side).fold((0, 0), |(t, c), treated| if treated { (t + 1, c) } else { (t, c + 1) })
    };
    let during: (u64, u64) = count(&mut read.during.iter().copied());
    let orders = (during.0 + during.1) as usize;
    demand_regions(&parts.treated, read.all, &read, folded)?;
    let nowhere = read.during.len() - orders;
    if nowhere > 0 {
        read.notes.push(format!("{nowhere} orders have no region and do not count"));
    }
    if !read.ended() {
        return Ok(read.verdict(orders, Decision::GoOn, read.too_early()));
    }
    if let Some(lacking) = without_orders(during.0 as f64, during.1 as f64) {
        return Ok(read.verdict(orders, Decision::GoOn, lacking));
    }
    let evidence = match parts.share {
        Some(share) => with_share(during.0, during.1, share),
        None => {
            let from = read.plan.start - Days::new(7 * u64::from(read.plan.weeks));
            let earlier = |order: &&Order| (from..read.plan.start).contains(&order.day);
            let before = count(&mut read.all.iter().filter(earlier));
            if before.0 == 0 || before.1 == 0 {
                return Err(Error::input(format!(
                    "`{}` has no orders of both parts before the trial, which tell how they compare without advertising",
                    read.name
                ))
                .with_hint(format!("export the orders from {from} on, or write the advertised part's share of the orders as `share`")));
            }
            with_orders_before(during, before)
        }
    };
    let Some(Evidence { p_value, ratio, low, high }) = evidence else {
        return Ok(read.verdict(orders, Decision::GoOn, "too little to say".into()));
    };
    // Orders beyond those without advertising: all of T, less T/ρ.
    let earned = |ratio: f64| parts.contribution * during.0 as f64 * (1.0 - 1.0 / ratio) / read.plan.budget;
    let returned = Estimate::of(earned(ratio), earned(low), earned(high));
    let mut verdict = judged(&read, orders, returned);
    verdict.effect = Some(Estimate::of(ratio - 1.0, low - 1.0, high - 1.0));
    verdict.p_value = Some(p_value);
    let advertised = |name: &str| parts.treated.iter().any(|treated| folded(treated) == name);
    let mut counts: BTreeMap<String, f64> = BTreeMap::new();
    read.during.iter().filter(|o| side(o).is_some()).for_each(|o| *counts.entry(folded(&o.mark)).or_default() += 1.0);
    verdict.next_split = next_split(verdict.decision, counts, advertised);
    Ok(verdict)
}

/// A marketplace: the advertised regions of pairs against the others.
pub(super) fn of_pairs(regions: &Regions, mut read: Reading<'_>) -> Result<Verdict> {
    let name_of = |mark: &str| match regions.by {
        RegionKind::State => folded(mark),
        RegionKind::Postcode => folded(mark).chars().take(POSTCODE).collect(),
    };
    let all: Vec<String> = regions.treated.iter().chain(&regions.control).cloned().collect();
    demand_regions(&all, read.all, &read, name_of)?;
    let advertised = |name: &str| regions.treated.iter().any(|treated| folded(treated) == name);
    let (mut revenue, mut counts, mut orders): (BTreeMap<String, f64>, [f64; 2], usize) = Default::default();
    for order in read.during {
        let name = name_of(&order.mark);
        if all.iter().any(|region| folded(region) == name) {
            counts[usize::from(!advertised(&name))] += 1.0;
            *revenue.entry(name).or_default() += order.revenue;
            orders += 1;
        }
    }
    if read.during.len() > orders {
        read.notes.push(format!("{} orders of other regions do not count", read.during.len() - orders));
    }
    if !read.ended() {
        return Ok(read.verdict(orders, Decision::GoOn, read.too_early()));
    }
    let sum =
        |treated: bool| revenue.iter().filter(|(name, _)| advertised(name) == treated).map(|(_, sum)| sum).sum::<f64>();
    let (treated, control) = (sum(true), sum(false));
    let lacking = without_orders(treated, control);
    let effect = log_effect((treated, control), regions.revenue_before.into());
    let (Some(effect), None) = (effect, &lacking) else {
        return Ok(read.verdict(orders, Decision::GoOn, lacking.unwrap_or_else(|| "too little to say".into())));
    };
    let margin = Z80 * regions.revenue_spread;
    let ends = [effect, effect - margin, effect + margin];
    let earned = |effect: f64| regions.margin * treated * -(-effect).exp_m1() / read.plan.budget;
    let [value, low, high] = ends.map(earned);
    let mut verdict = judged(&read, orders, Estimate::of(value, low, high));
    let [value, low, high] = ends.map(f64::exp_m1);
    verdict.effect = Some(Estimate::of(value, low, high));
    if let Some(effect) = log_effect(counts.into(), regions.orders_before.into()) {
        let margin = Z80 * regions.orders_spread;
        let [value, low, high] = [effect, effect - margin, effect + margin].map(|end| 100.0 * end.exp_m1());
        verdict.notes.push(format!("effect on orders: {value:+.1} % (80 %: {low:+.1} to {high:+.1} %)"));
    }
    verdict.next_split = next_split(verdict.decision, revenue, advertised);
    Ok(verdict)
}

/// Each region of the plan must be one of the orders' regions, or a name was misspelt or the export is another.
fn demand_regions(
    planned: &[String],
    orders: &[Order],
    read: &Reading<'_>,
    name_of: impl Fn(&str) -> String,
) -> Result<()> {
    let found: std::collections::BTreeSet<String> =
        orders.iter().map(|order| name_of(&order.mark)).filter(|name| !name.is_empty()).collect();
    if planned.iter().any(|region| found.contains(&folded(region))) {
        return Ok(());
    }
    Err(Error::input(format!("no order of `{}` comes from a region of the trial", read.name)).with_hint(format!(
        "regions of the trial: {}; of the orders: {}",
        planned.iter().take(LISTED).cloned().collect::<Vec<_>>().join(", "),
        if found.is_empty() { "none".into() } else { listed(found.iter().take(LISTED)) }
    )))
}

/// Why a comparison says nothing, if a side has no orders.
fn without_orders(treated: f64, control: f64) -> Option<String> {
    let side = match (treated > 0.0, control > 0.0) {
        (true, true) => return None,
        (false, true) => "the advertised regions have",
        (true, false) => "the regions without advertising have",
        (false, false) => "neither side has",
    };
    Some(format!("too little to say: {side} no orders in the trial. See whether the export holds all regions"))
}

/// The decision on what each unit of money brought.
fn judged(read: &Reading<'_>, orders: usize, returned: Estimate) -> Verdict {
    let (decision, why) = match (returned.low80, returned.high80) {
        (Some(low), _) if low >= 1.0 => {
            (Decision::Shift, "the advertising pays even at the lower end: advertise the other regions too")
        }
        (_, Some(high)) if high < 1.0 => (Decision::Stop, "the advertising does not pay even at the upper end"),
        _ => (Decision::GoOn, "not settled: the interval holds both a loss and a gain. A further trial narrows it"),
    };
    let mut verdict = read.verdict(orders, decision, why.into());
    verdict.return_on_money = Some(returned);
    verdict
}

/// The next money in proportion to the sales of the regions that are to be advertised.
fn next_split(decision: Decision, sales: BTreeMap<String, f64>, advertised: impl Fn(&str) -> bool) -> Vec<NextPart> {
    let takes_part = |name: &str| match decision {
        Decision::Stop => false,
        Decision::GoOn => advertised(name),
        Decision::Shift => true,
    };
    let kept: Vec<(String, f64)> = sales.into_iter().filter(|(name, sum)| takes_part(name) && *sum > 0.0).collect();
    let all: f64 = kept.iter().map(|(_, sum)| sum).sum();
    kept.into_iter().map(|(name, sum)| NextPart { name, share: sum / all }).collect()
}
