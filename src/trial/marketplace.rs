//! A marketplace's sales by region → the effects that trials of regions can see, the money that takes, and the plan. Next: `plan`.

use chrono::NaiveDate;
use serde::Serialize;

use super::plan::{Plan, Regions, folded};
use super::sales::{RegionKind, RegionSales};
use super::statistics::draws::Draws;
use super::statistics::matched::{Assignment, LEAST_STARTS, Placebo, Side, WEEKS_BEFORE, assign, pairs, placebo, sums};
use crate::error::{Error, Result};
use crate::models::span::date;
use crate::text::listed;

/// Regions that a message lists.
const LISTED: usize = 40;

/// What a marketplace knows and assumes.
#[derive(Debug, Clone, PartialEq)]
pub struct MarketplaceParams {
    /// ISO 4217 code of all amounts.
    pub currency: String,
    /// Money for advertising.
    pub budget: f64,
    /// Weeks of the trial.
    pub weeks: u32,
    /// Regions that take part; all if it is empty. One alone is advertised, the others of its kind are compared.
    pub arms: Vec<String>,
    /// Part of the revenue that is left before advertising is paid, assumed.
    pub margin: f64,
    /// Seed of the assignments.
    pub seed: u64,
}

/// What a design depends on beside the sales.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Setting {
    /// Weeks of the trial.
    pub weeks: u32,
    /// Part of the revenue that is left before advertising is paid, assumed.
    pub margin: f64,
    /// Seed of the assignments.
    pub seed: u64,
}

/// What trials of a marketplace's regions can see.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MarketplaceDesign {
    /// ISO 4217 code of all amounts.
    pub currency: String,
    /// Money for advertising.
    pub budget: f64,
    /// Part of the revenue that is left before advertising is paid, assumed.
    pub margin: f64,
    /// Whole weeks of data.
    pub weeks_of_data: usize,
    /// The designs, each with the return that the budget must bring.
    pub designs: Vec<BudgetedDesign>,
    /// Index of the design that the plan follows: that of the arms, otherwise, of those by pairs, that which needs the smallest return.
    pub chosen: usize,
}

/// A design with a budget.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BudgetedDesign {
    /// The design.
    #[serde(flatten)]
    pub regions: RegionDesign,
    /// Revenue that each unit of the budget must bring to be seen.
    pub required_return: f64,
}

/// A design, and what it can see: false alarms 10 % one-sided, power 80 %.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RegionDesign {
    /// What is advertised, in words.
    pub design: String,
    /// What the regions are.
    pub by: RegionKind,
    /// The region of the kind that is left out because it has no like.
    #[serde(skip)]
    pub without: Option<String>,
    /// Regions that take part.
    pub regions: usize,
    /// Weeks of the trial.
    pub weeks: u32,
    /// Trials without advertising in the past: starts.
    pub starts: usize,
    /// The smallest relative effect on orders that is seen.
    pub detectable_orders: f64,
    /// The same on revenue (prices of the items).
    pub detectable_revenue: f64,
    /// Revenue of the advertised regions in as many weeks without advertising.
    pub advertised_revenue: f64,
    /// Money that such an effect pays back, and no less: a trial with less sees only advertising that earns more than it costs.
    pub break_even_budget: f64,
    #[serde(skip)]
    sales: RegionSales,
    #[serde(skip)]
    assignment: Assignment,
    #[serde(skip)]
    spread: [f64; 2],
}

impl MarketplaceDesign {
    /// Designs trials on the sales of a marketplace by region.
    ///
    /// # Errors
    /// [`Error::Input`]: an arm is no region, or the data are too short or too few.
    pub fn of(sales: &[RegionSales], params: &MarketplaceParams) -> Result<MarketplaceDesign> {
        let weeks_of_data = sales.iter().map(RegionSales::weeks).max().unwrap_or(0);
        let needed = weeks_needed(params.weeks);
        if weeks_of_data < needed {
            return Err(Error::input(format!(
                "the data fill {weeks_of_data} whole weeks; a trial of {} weeks takes {needed} to plan: {WEEKS_BEFORE} before it, \
                 and {LEAST_STARTS} starts in the past",
                params.weeks
            ))
            .with_hint("plan fewer weeks with `--weeks`, or without data with `--orders-per-month`"));
        }
        let setting = Setting { weeks: params.weeks, margin: params.margin, seed: params.seed };
        let mut designs = Vec::new();
        if params.arms.is_empty() {
            designs.extend(paired(sales, setting));
            if let Some(states) = sales.iter().find(|sales| sales.kind == RegionKind::State) {
                let one = |i: usize| {
                    design(format!("{} alone", states.names[i]), states.clone(), Assignment::One(i), setting)
                };
                designs.extend((0..states.names.len()).filter_map(one));
            }
        } else {
            designs.extend(of_arms(sales, &params.arms, setting)?);
        }
        let budgeted = |regions: RegionDesign| {
            let required_return = regions.detectable_revenue * regions.advertised_revenue / params.budget;
            BudgetedDesign { regions, required_return }
        };
        let designs: Vec<BudgetedDesign> = designs.into_iter().map(budgeted).collect();
        let by_pairs =
            designs.iter().enumerate().filter(|(_, d)| d.regions.assignment == Assignment::Pairs || designs.len() == 1);
        let chosen = by_pairs.min_by(|a, b| a.1.required_return.total_cmp(&b.1.required_return)).map(|(i, _)| i);
        let chosen = chosen.ok_or_else(|| {
            Error::input("no two regions have sales in every half-year of the data: regions cannot be compared")
                .with_hint("name other regions with `--arms`, or plan without data with `--orders-per-month`")
        })?;
        let MarketplaceParams { currency, budget, margin, .. } = params.clone();
        Ok(MarketplaceDesign { currency, budget, margin, weeks_of_data, designs, chosen })
    }

    /// The design that the plan follows.
    pub fn design(&self) -> &RegionDesign {
        &self.designs[self.chosen].regions
    }

    /// Whether advertising that just pays would be seen.
    pub fn sees_what_pays(&self) -> bool {
        self.budget >= self.design().break_even_budget
    }

    /// What to do, in a sentence.
    pub fn advice(&self) -> String {
        let BudgetedDesign { regions, required_return } = &self.designs[self.chosen];
        let RegionDesign { design, break_even_budget, weeks, .. } = regions;
        let (currency, pays) = (&self.currency, 1.0 / self.margin);
        let least = format!(
            "a trial of {design} over {weeks} weeks sees advertising from {required_return:.1} {currency} of revenue for each {currency} on"
        );
        match self.sees_what_pays() {
            true => format!("{least}; it pays from {pays:.1} on, so that a result either way can be seen"),
            false => format!(
                "do not test this by region with {:.0} {currency}: {least}, and it pays from {pays:.1} on. It takes {:.0} {currency} to \
                 see that; a smaller budget learns more from coupon codes (`--orders-per-month`)",
                self.budget, break_even_budget
            ),
        }
    }

    /// The plan of the chosen design; it starts on the Monday after the data if no day is given.
    pub fn plan(&self, params: &MarketplaceParams, start: Option<NaiveDate>) -> Plan {
        let RegionDesign { sales, assignment, spread, by, weeks, .. } = self.design();
        let length = sales.weeks();
        let before = length - WEEKS_BEFORE..length;
        let sides = sides(sales, *assignment, &mut Draws::new(params.seed));
        let of = |side: Side| {
            let names = sales.names.iter().zip(&sides).filter(|(_, s)| **s == side);
            names.map(|(name, _)| name.clone()).collect()
        };
        let sum = |measure: usize| <[f64; 2]>::from(sums(&sales.measures[measure], &sides, before.clone()));
        let regions = Regions {
            by: *by,
            margin: params.margin,
            treated: of(Side::Treated),
            control: of(Side::Control),
            revenue_before: sum(0).map(|sum| (sum * 100.0).round() / 100.0),
            orders_before: sum(1),
            revenue_spread: spread[0],
            orders_spread: spread[1],
        };
        Plan {
            currency: params.currency.clone(),
            budget: params.budget,
            start: start.unwrap_or_else(|| date(sales.end)),
            weeks: *weeks,
            seed: params.seed,
            codes: None,
            parts: None,
            regions: Some(regions),
        }
    }
}

/// The sides of a trial that follows the data.
fn sides(sales: &RegionSales, assignment: Assignment, draws: &mut Draws) -> Vec<Side> {
    let regions = sales.names.len();
    let last: Vec<f64> = (0..regions).map(|i| sales.last(i, WEEKS_BEFORE)[0]).collect();
    match assignment {
        Assignment::Pairs => assign(regions, &pairs(&last), draws),
        Assignment::One(one) => (0..regions).map(|i| if i == one { Side::Treated } else { Side::Control }).collect(),
    }
}

/// Whole weeks of data that a trial of so many weeks takes to plan.
fn weeks_needed(weeks: u32) -> usize {
    WEEKS_BEFORE + weeks as usize + LEAST_STARTS - 1
}

/// Designs that advertise in one region of each pair, for each kind of region; of states also without the largest.
pub(crate) fn paired(sales: &[RegionSales], setting: Setting) -> Vec<RegionDesign> {
    let of = |sales: &RegionSales| {
        let all = design(sales.kind.plural().into(), sales.clone(), Assignment::Pairs, setting);
        let without = (sales.kind == RegionKind::State).then(|| without_the_largest(sales, setting)).flatten();
        all.into_iter().chain(without)
    };
    sales.iter().flat_map(of).collect()
}

/// One design; `None` if its regions say too little.
fn design(name: String, sales: RegionSales, assignment: Assignment, setting: Setting) -> Option<RegionDesign> {
    let weeks = setting.weeks as usize;
    let placebo = placebo(&sales.measures, weeks, assignment, setting.seed)?;
    let Placebo { starts, rms } = placebo;
    let [detectable_revenue, detectable_orders] = placebo.detectable();
    let last = |i: usize| sales.last(i, weeks)[0];
    let paired = || {
        let before: Vec<f64> = (0..sales.names.len()).map(|i| sales.last(i, WEEKS_BEFORE)[0]).collect();
        pairs(&before).iter().map(|(a, b)| (last(*a) + last(*b)) / 2.0).sum::<f64>()
    };
    let (regions, advertised_revenue) = match assignment {
        Assignment::Pairs => (sales.names.len() / 2 * 2, paired()),
        Assignment::One(region) => (sales.names.len(), last(region)),
    };
    (advertised_revenue > 0.0).then_some(RegionDesign {
        design: name,
        by: sales.kind,
        without: None,
        regions,
        weeks: setting.weeks,
        starts,
        detectable_orders,
        detectable_revenue,
        advertised_revenue,
        break_even_budget: setting.margin * detectable_revenue * advertised_revenue,
        sales,
        assignment,
        spread: rms,
    })
}

/// The states except that with the most sales: it has no like, and makes pairs unequal.
fn without_the_largest(states: &RegionSales, setting: Setting) -> Option<RegionDesign> {
    let sales = |i: &usize| states.last(*i, WEEKS_BEFORE)[0];
    let largest = (0..states.names.len()).max_by(|a, b| sales(a).total_cmp(&sales(b)))?;
    let largest = &states.names[largest];
    let name = format!("{} without {largest}", states.kind.plural());
    let rest = design(name, states.only(|name| name != largest), Assignment::Pairs, setting)?;
    Some(RegionDesign { without: Some(largest.clone()), ..rest })
}

/// The design of the regions that the reader names.
fn of_arms(known: &[RegionSales], arms: &[String], setting: Setting) -> Result<Option<RegionDesign>> {
    let is_named = |name: &str| arms.iter().any(|arm| folded(arm) == folded(name));
    let unknown = |sales: &RegionSales| -> Vec<String> {
        let arms = arms.iter().filter(|arm| !sales.names.iter().any(|name| folded(name) == folded(arm)));
        arms.cloned().collect()
    };
    let Some(sales) = known.iter().find(|sales| unknown(sales).is_empty()) else {
        let states = known.iter().find(|sales| sales.kind == RegionKind::State).or(known.first());
        let missing = states.map(&unknown).unwrap_or_default();
        let names =
            states.map(|sales| sales.names.iter().take(LISTED).cloned().collect::<Vec<_>>()).unwrap_or_default();
        return Err(Error::input(format!("{} is no region of the data", listed(missing)))
            .with_hint(format!("regions: {}", names.join(", "))));
    };
    let named = sales.only(is_named);
    Ok(match named.names.as_slice() {
        [one] => {
            let region = sales.names.iter().position(|name| name == one).unwrap_or(0);
            design(format!("{one} alone"), sales.clone(), Assignment::One(region), setting)
        }
        _ => design(named.names.join(", "), named, Assignment::Pairs, setting),
    })
}
