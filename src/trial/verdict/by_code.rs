//! A trial with codes: what each arm brought, and Test & Roll on it.

use chrono::{Days, NaiveDate};

use super::{ArmResult, Decision, Estimate, NextPart, Reading, Verdict};
use crate::error::{Error, Result};
use crate::text::listed;
use crate::trial::order_file::Order;
use crate::trial::plan::{Arm, Codes, folded};
use crate::trial::statistics::roll::{HOPE, Posterior, Prior, best, chances_to_be_best};

/// Other codes that a message lists.
const LISTED: usize = 10;
/// An arm is tested once this part of its money is spent: cents that are rounded do not make it go on.
const PAID: f64 = 0.995;

pub(super) fn verdict(codes: &Codes, mut read: Reading<'_>) -> Result<Verdict> {
    let arm_of = |mark: &str| codes.arms.iter().position(|arm| folded(&arm.code) == folded(mark));
    let mut sums = vec![(0_usize, 0.0); codes.arms.len()];
    let mut others = std::collections::BTreeSet::new();
    let end = test_end(codes, &read);
    let counted: Vec<&&Order> = read.during.iter().filter(|order| end.is_none_or(|end| order.day <= end)).collect();
    if let Some(end) = end.filter(|_| counted.len() < read.during.len()) {
        read.notes.push(format!(
            "{} orders after the end of the test on {end} do not count: write `spent`, the money so far, into each arm of the plan",
            read.during.len() - counted.len()
        ));
    }
    for order in counted {
        match arm_of(&order.mark) {
            Some(arm) => sums[arm] = (sums[arm].0 + 1, sums[arm].1 + order.revenue),
            None => drop(others.insert(folded(&order.mark))),
        }
    }
    others.remove("");
    let orders: usize = sums.iter().map(|sum| sum.0).sum();
    if orders == 0 {
        let found = match others.is_empty() {
            true => "no order has a code: export the coupon of each order into the column `code`".into(),
            false => format!("codes found: {}", listed(others.iter().take(LISTED))),
        };
        return Err(Error::input(format!("no order of `{}` carries a code of the trial", read.name)).with_hint(found));
    }
    if !others.is_empty() {
        read.notes.push(format!("codes that are not of this trial: {}", listed(others.iter().take(LISTED))));
    }
    let silent = codes.arms.iter().zip(&sums).filter(|(_, sum)| sum.0 == 0).map(|(arm, _)| &arm.name);
    let silent: Vec<&String> = silent.collect();
    if !silent.is_empty() {
        read.notes
            .push(format!("no order came with the code of {}: see whether the checkout takes it", listed(silent)));
    }
    let spent = spent(codes, &read);
    let prior = Prior::of_cost(codes.cost_per_order, codes.log_sd);
    let known: Vec<Posterior> =
        sums.iter().zip(&spent).map(|((orders, _), spent)| prior.after(*orders as f64, *spent)).collect();
    let chances = chances_to_be_best(&known, read.plan.seed);
    let result = |i: usize| {
        let earned = |orders_per_unit: f64| codes.contribution * orders_per_unit;
        ArmResult {
            name: codes.arms[i].name.clone(),
            orders: sums[i].0,
            revenue: (sums[i].1 * 100.0).round() / 100.0,
            spent: spent[i],
            return_on_money: Estimate::of(
                earned(known[i].mean()),
                earned(known[i].quantile(0.1)),
                earned(known[i].quantile(0.9)),
            ),
            probability_best: chances[i],
        }
    };
    let is_tested = |(arm, spent): (&Arm, &f64)| *spent >= PAID * arm.test;
    let tested = codes.arms.iter().zip(&spent).all(is_tested);
    let top = best(&known.iter().map(Posterior::mean).collect::<Vec<_>>());
    let (decision, why, next) = decide(codes, &known, &chances, tested, top);
    let mut verdict = read.verdict(orders, decision, why);
    verdict.arms = (0..codes.arms.len()).map(result).collect();
    verdict.next_split = codes
        .arms
        .iter()
        .zip(next)
        .filter(|(_, share)| *share > 0.0)
        .map(|(arm, share)| NextPart { name: arm.name.clone(), share })
        .collect();
    verdict.money_left = Some((read.plan.budget - spent.iter().sum::<f64>()).max(0.0));
    Ok(verdict)
}

/// What to do, why, and the shares of the next money.
fn decide(
    codes: &Codes,
    known: &[Posterior],
    chances: &[f64],
    tested: bool,
    top: Option<usize>,
) -> (Decision, String, Vec<f64>) {
    let arms = codes.arms.len();
    let by_test = || {
        let sum: f64 = codes.arms.iter().map(|arm| arm.test).sum();
        codes.arms.iter().map(|arm| arm.test / sum).collect::<Vec<f64>>()
    };
    if !tested {
        let why = "the test is not paid yet: each arm gets its money before one is chosen";
        return (Decision::GoOn, why.into(), by_test());
    }
    let Some(top) = top else {
        return (Decision::GoOn, "too little to say: no arm stands alone at the top".into(), by_test());
    };
    let name = &codes.arms[top].name;
    let quantile = codes.contribution * known[top].quantile(HOPE);
    if !known[top].may_pay(codes.contribution) {
        let why = format!(
            "not even the best arm, `{name}`, pays: with a chance of 90 % it brings less than {quantile:.2} for each unit of money"
        );
        return (Decision::Stop, why, vec![0.0; arms]);
    }
    let why = format!(
        "the test is paid and `{name}` has the greatest mean: it is the best with a chance of {:.0} %, which is the best bet and no proof",
        100.0 * chances[top]
    );
    (Decision::Shift, why, (0..arms).map(|i| if i == top { 1.0 } else { 0.0 }).collect())
}

/// The last day of the test, where the plan does not say what was spent: what was spent after it, and on which arm, is not known.
fn test_end(codes: &Codes, read: &Reading<'_>) -> Option<NaiveDate> {
    let test: f64 = codes.arms.iter().map(|arm| arm.test).sum();
    let days = (test / read.plan.budget * 7.0 * f64::from(read.plan.weeks)).ceil();
    let is_by_calendar = codes.arms.iter().all(|arm| arm.spent.is_none());
    is_by_calendar.then(|| read.plan.start + Days::new((days as u64).max(1) - 1))
}

/// Money spent on each arm: as the plan says, or by its calendar, that of the test first and the same for each day.
fn spent(codes: &Codes, read: &Reading<'_>) -> Vec<f64> {
    let test: f64 = codes.arms.iter().map(|arm| arm.test).sum();
    let days = ((read.until - read.plan.start).num_days() + 1) as f64;
    let so_far = read.plan.budget * days / (7.0 * f64::from(read.plan.weeks));
    let planned = |arm: &Arm| arm.test * (so_far / test).min(1.0);
    codes.arms.iter().map(|arm| arm.spent.unwrap_or_else(|| planned(arm))).collect()
}
