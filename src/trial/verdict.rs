//! Plan + orders of a trial → Verdict: the effect with its interval, whether to stop, go on or shift, and where the next money goes.
//!
//! | decision | codes | parts and regions |
//! | --- | --- | --- |
//! | go on | the test is not paid yet, or no arm stands alone at the top | the trial has not ended, or the interval of the return holds 1 |
//! | shift | all on the arm with the greatest mean | advertise the other regions too: the return is above 1 |
//! | stop | not even the 90 % quantile of the best arm pays | the return is below 1 |
//!
//! Trials of parts and of regions are read once, at their end: whoever looks each week and stops at the first good one finds effects
//! that are not there.

mod by_code;
mod by_region;

use chrono::NaiveDate;
use serde::Serialize;

use super::order_file::{self, Order, OrderFile};
use super::plan::{Plan, Way, day};
use crate::error::{Error, Result};

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Spend no more.
    Stop,
    /// Go on as planned.
    GoOn,
    /// Spend elsewhere: see [`Verdict::next_split`].
    Shift,
}

/// A value with its 80 % interval: each end excludes 10 %. `None` where it is infinite or not known.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    /// The estimate.
    pub value: Option<f64>,
    /// Lower end.
    pub low80: Option<f64>,
    /// Upper end.
    pub high80: Option<f64>,
}

impl Estimate {
    fn of(value: f64, low: f64, high: f64) -> Estimate {
        let finite = |v: f64| v.is_finite().then_some(v);
        Estimate { value: finite(value), low80: finite(low), high80: finite(high) }
    }
}

/// What the orders say of an arm.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ArmResult {
    /// Its name.
    pub name: String,
    /// Orders with its code.
    pub orders: usize,
    /// Revenue of these orders.
    pub revenue: f64,
    /// Money spent on it.
    pub spent: f64,
    /// Contribution for each unit of money, with what was assumed before: 1 pays.
    pub return_on_money: Estimate,
    /// Chance to be the best arm.
    pub probability_best: f64,
}

/// A part of the next money.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NextPart {
    /// Arm or region.
    pub name: String,
    /// Share of the next money, 0 to 1.
    pub share: f64,
}

/// What the orders of a trial say.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verdict {
    /// Last day that counts.
    #[serde(serialize_with = "day::serialize")]
    pub until: NaiveDate,
    /// Last day of the trial.
    #[serde(serialize_with = "day::serialize")]
    pub last_day: NaiveDate,
    /// Whether the orders reach the last day.
    pub ended: bool,
    /// Orders of the trial that count.
    pub orders: usize,
    /// What to do.
    pub decision: Decision,
    /// Why, in words.
    pub why: String,
    /// The relative effect of the advertising: on the orders of the advertised part, or on the revenue of the advertised regions. `None`
    /// before the end, where the orders say too little, and for codes.
    pub effect: Option<Estimate>,
    /// Contribution for each unit of money: 1 pays.
    pub return_on_money: Option<Estimate>,
    /// Chance of such an effect, or a greater one, without advertising: exact for parts.
    pub p_value: Option<f64>,
    /// The arms of a trial with codes, in the order of the plan.
    pub arms: Vec<ArmResult>,
    /// How to divide the next money; empty if there is none.
    pub next_split: Vec<NextPart>,
    /// Money of the budget that is left; `None` where the plan spends all at once.
    pub money_left: Option<f64>,
    /// What else the reader should know of the orders.
    pub notes: Vec<String>,
}

/// Reads the orders of a trial. `name` stands for their file in messages; `until` is the last day up to which they are complete, that of
/// the last order if it is not given.
///
/// # Errors
/// [`Error::Input`]: the file is no list of orders in the currency of the trial, no order falls into the trial, or none belongs to it.
pub fn read(plan: &Plan, orders: &str, name: &str, until: Option<NaiveDate>) -> Result<Verdict> {
    let way = plan
        .way()
        .ok_or_else(|| Error::input("the plan has not exactly one of `[codes]`, `[parts]` and `[regions]`"))?;
    let mark = if matches!(way, Way::Codes(_)) { "code" } else { "region" };
    let OrderFile { orders, repeated } = order_file::read(orders, mark, &plan.currency, name)?;
    let days = orders.iter().map(|order| order.day);
    let (first, last) = (days.clone().min().unwrap_or(plan.start), days.max().unwrap_or(plan.start));
    let until = until.unwrap_or(last).min(plan.last_day());
    let during: Vec<&Order> = orders.iter().filter(|order| (plan.start..=until).contains(&order.day)).collect();
    if until < plan.start || during.is_empty() {
        return Err(Error::input(format!(
            "no order of `{name}` falls into the trial, from {} to {}",
            plan.start,
            plan.last_day()
        ))
        .with_hint(format!("its orders are from {first} to {last}")));
    }
    let mut notes = Vec::new();
    if repeated > 0 {
        notes.push(format!("{repeated} lines repeat an order and do not count"));
    }
    let after = orders.iter().filter(|order| order.day > until).count();
    if after > 0 {
        notes.push(format!("{after} orders after {until} do not count"));
    }
    let read = Reading { plan, name, until, during: &during, all: &orders, notes };
    match way {
        Way::Codes(codes) => by_code::verdict(codes, read),
        Way::Parts(parts) => by_region::of_parts(parts, read),
        Way::Regions(regions) => by_region::of_pairs(regions, read),
    }
}

/// A trial that is being read.
struct Reading<'a> {
    plan: &'a Plan,
    /// Of the file of orders.
    name: &'a str,
    until: NaiveDate,
    /// Orders within the trial.
    during: &'a [&'a Order],
    all: &'a [Order],
    notes: Vec<String>,
}

impl Reading<'_> {
    fn ended(&self) -> bool {
        self.until >= self.plan.last_day()
    }

    /// A verdict with nothing but a decision.
    fn verdict(&self, orders: usize, decision: Decision, why: String) -> Verdict {
        Verdict {
            until: self.until,
            last_day: self.plan.last_day(),
            ended: self.ended(),
            orders,
            decision,
            why,
            effect: None,
            return_on_money: None,
            p_value: None,
            arms: Vec::new(),
            next_split: Vec::new(),
            money_left: None,
            notes: self.notes.clone(),
        }
    }

    /// Why nothing is said before the end.
    fn too_early(&self) -> String {
        format!(
            "the orders reach {}, the trial {}: read it then. Whoever reads early and stops at a good week finds effects that are not there",
            self.until,
            self.plan.last_day()
        )
    }
}
