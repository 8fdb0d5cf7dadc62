//! A small shop's budget and orders → what it can learn by parts of the country, what by coupon codes, and the plan. Next: `plan`.

use chrono::NaiveDate;
use serde::Serialize;

use super::plan::{Arm, Codes, Parts, Plan, codes, folded};
use super::simulate::WEEKS_PER_MONTH;
use super::statistics::binomial::{alarm_rate, orders_needed, smallest_ratio};
use super::statistics::roll::Prior;
use crate::error::{Error, Result};

/// Relative effects that the design tells of.
const LIFTS: [f64; 5] = [0.2, 0.3, 0.5, 1.0, 2.0];
/// Where the split is not known beforehand, twice the orders are needed, and as many before: the ratio of the parts before the trial
/// varies as much as that during it. For effects above a half it takes somewhat more: the power is 75 to 80 %.
pub const UNKNOWN_SPLIT: f64 = 2.0;
/// What an order by advertising costs, median of places, unless the reader says so.
pub const COST_PER_ORDER: f64 = 60.0;
/// Standard deviation of the logarithm of that cost between places, unless the reader says so.
pub const LOG_SD: f64 = 0.5;
/// What an order leaves before advertising is paid, unless the reader says so.
pub const CONTRIBUTION: f64 = 40.0;
/// A shop with more orders a month is no small one.
pub const MOST_ORDERS: f64 = 10_000.0;

/// What a small shop knows and assumes.
#[derive(Debug, Clone, PartialEq)]
pub struct ShopParams {
    /// ISO 4217 code of all amounts.
    pub currency: String,
    /// Money for advertising.
    pub budget: f64,
    /// Orders a month without advertising.
    pub orders_per_month: f64,
    /// Weeks of the trial.
    pub weeks: u32,
    /// Places or campaigns; may be empty.
    pub arms: Vec<String>,
    /// Share of the orders in the advertised part, if it is known.
    pub share: Option<f64>,
    /// What an order leaves before advertising is paid.
    pub contribution: f64,
    /// Median cost of an order, assumed.
    pub cost_per_order: f64,
    /// Standard deviation of its logarithm between arms, assumed.
    pub log_sd: f64,
    /// Seed of the codes.
    pub seed: u64,
}

/// What a small shop can learn.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ShopDesign {
    /// ISO 4217 code of all amounts.
    pub currency: String,
    /// Money for advertising.
    pub budget: f64,
    /// Orders a month without advertising.
    pub orders_per_month: f64,
    /// Weeks of the trial.
    pub weeks: u32,
    /// Share of the orders in the advertised part; a half if none was given.
    pub share: f64,
    /// What each effect needs to be seen by comparing parts of the country.
    pub lifts: Vec<LiftDesign>,
    /// The smallest relative effect that is seen within the weeks with a power of 80 %; `None` above a thousandfold.
    pub detectable: Option<f64>,
    /// The relative effect that the budget has on the advertised part, if an order costs what is assumed.
    pub expected: f64,
    /// The test by coupon codes; `None` with fewer than two arms.
    pub codes: Option<CodesDesign>,
}

/// What it takes to see an effect.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LiftDesign {
    /// The relative effect: 1 is a doubling.
    pub lift: f64,
    /// Orders without the effect, of both parts, during the trial.
    pub orders: f64,
    /// Weeks in which the shop has them.
    pub weeks: f64,
    /// Chance to see the effect, exact.
    pub power: f64,
    /// Chance of an alarm without an effect, exact.
    pub false_alarms: f64,
    /// Orders during the trial if the split is not known beforehand; it needs as many before. The power is then 75 to 80 %, false alarms
    /// 10 %.
    pub orders_unknown_split: f64,
}

/// A test by coupon codes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CodesDesign {
    /// The arms, each with its code.
    pub arms: Vec<(String, String)>,
    /// Money for the test of each arm (Feit & Berman).
    pub test_per_arm: f64,
    /// Weeks after which all arms are tested.
    pub test_weeks: f64,
    /// Orders that the test of an arm brings if an order costs what is assumed.
    pub orders_per_arm: f64,
}

impl ShopDesign {
    /// Designs the trial.
    ///
    /// # Errors
    /// [`Error::Input`]: an arm comes twice.
    pub fn of(params: &ShopParams) -> Result<ShopDesign> {
        let share = params.share.unwrap_or(0.5);
        let weekly = params.orders_per_month / WEEKS_PER_MONTH;
        let orders = weekly * f64::from(params.weeks);
        let comparable = if params.share.is_some() { orders } else { orders / UNKNOWN_SPLIT };
        let prior = Prior::of_cost(params.cost_per_order, params.log_sd);
        let expected_orders = prior.after(0.0, 0.0).mean() * params.budget;
        Ok(ShopDesign {
            currency: params.currency.clone(),
            budget: params.budget,
            orders_per_month: params.orders_per_month,
            weeks: params.weeks,
            share,
            lifts: lifts(share, params.orders_per_month),
            detectable: smallest_ratio(comparable, share).map(|ratio| ratio - 1.0),
            expected: expected_orders / (orders * share),
            codes: codes_design(params, prior)?,
        })
    }

    /// Whether parts of the country can be compared: the budget's effect is as large as what is seen within the weeks.
    pub fn is_seen_by_parts(&self) -> bool {
        self.detectable.is_some_and(|detectable| self.expected >= detectable)
    }

    /// What to do, in a sentence.
    pub fn advice(&self) -> String {
        // Digits where they tell something.
        let percent = |lift: f64| format!("+{:.*} %", if lift < 0.095 { 1 } else { 0 }, 100.0 * lift);
        let in_time = weeks(f64::from(self.weeks));
        let effect = format!(
            "{:.0} {} bring about {} there if an order costs what is assumed",
            self.budget,
            self.currency,
            percent(self.expected)
        );
        let detectable = self.detectable.map_or_else(|| "nothing".into(), percent);
        let least = format!("in {in_time} {detectable} is the least that is seen");
        if self.is_seen_by_parts() {
            return format!("a comparison by state can see it: {effect}, and {least}");
        }
        let time = |lift: f64| self.lifts.iter().find(|l| l.lift == lift).map_or(0.0, |l| l.weeks);
        let (small, doubling) = (time(LIFTS[0]), time(1.0));
        let orders = match small > f64::from(self.weeks) {
            true => format!(
                "with {:.0} orders a month only a doubling shows in {}, and {} takes {}; ",
                self.orders_per_month,
                weeks(doubling),
                percent(LIFTS[0]),
                weeks(small)
            ),
            false => String::new(),
        };
        format!(
            "do not test this by state: {orders}{effect}, and {least}. Use coupon codes: they tell whose order it is"
        )
    }

    /// The plan of a trial by codes.
    ///
    /// # Errors
    /// [`Error::Input`]: there are fewer than two arms.
    pub fn plan_by_codes(&self, params: &ShopParams, start: NaiveDate) -> Result<Plan> {
        let codes = self.codes.as_ref().ok_or_else(|| {
            Error::input("a plan with coupon codes needs at least two arms")
                .with_hint("name them with `--arms`, such as `--arms SP,MG`, or compare parts with `--by region`")
        })?;
        let arm = |(name, code): &(String, String)| Arm {
            name: name.clone(),
            code: code.clone(),
            // Cents: no one spends less.
            test: (codes.test_per_arm * 100.0).round().max(1.0) / 100.0,
            spent: None,
        };
        let arms = codes.arms.iter().map(arm).collect();
        let ShopParams { contribution, cost_per_order, log_sd, .. } = *params;
        Ok(Plan { codes: Some(Codes { contribution, cost_per_order, log_sd, arms }), ..bare_plan(params, start) })
    }

    /// The plan of a trial by parts of the country: the arms are advertised, all other regions are compared.
    ///
    /// # Errors
    /// [`Error::Input`]: there is no arm.
    pub fn plan_by_parts(&self, params: &ShopParams, start: NaiveDate) -> Result<Plan> {
        if params.arms.is_empty() {
            return Err(Error::input("a plan by region needs the regions to advertise")
                .with_hint("name them with `--arms`, such as `--arms SP`"));
        }
        let parts = Parts { contribution: params.contribution, treated: params.arms.clone(), share: params.share };
        Ok(Plan { parts: Some(parts), ..bare_plan(params, start) })
    }
}

/// What each of [`LIFTS`] needs to be seen, where the advertised part has this share of the orders.
pub(crate) fn lifts(share: f64, orders_per_month: f64) -> Vec<LiftDesign> {
    let lift = |lift: f64| {
        let orders = orders_needed(share, 1.0 + lift);
        LiftDesign {
            lift,
            orders: orders.ceil(),
            weeks: orders / (orders_per_month / WEEKS_PER_MONTH),
            power: alarm_rate(orders, share, 1.0 + lift),
            false_alarms: alarm_rate(orders, share, 1.0),
            orders_unknown_split: (UNKNOWN_SPLIT * orders).ceil(),
        }
    };
    LIFTS.map(lift).to_vec()
}

/// Whole weeks in words: `three weeks`.
fn weeks(number: f64) -> String {
    const WORDS: [&str; 12] =
        ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
    match number.ceil() as usize {
        0 | 1 => "one week".into(),
        n => WORDS.get(n - 1).map_or_else(|| format!("{n} weeks"), |word| format!("{word} weeks")),
    }
}

/// Money for the test of each of `arms`, of `budget` for all, where costs of an order are those that are assumed (Test & Roll).
pub fn test_per_arm(budget: f64, arms: usize) -> f64 {
    Prior::of_cost(COST_PER_ORDER, LOG_SD).test_per_arm(budget, arms)
}

fn bare_plan(params: &ShopParams, start: NaiveDate) -> Plan {
    let ShopParams { currency, budget, weeks, seed, .. } = params.clone();
    Plan { currency, budget, start, weeks, seed, codes: None, parts: None, regions: None }
}

fn codes_design(params: &ShopParams, prior: Prior) -> Result<Option<CodesDesign>> {
    let arms = &params.arms;
    let twice = (1..arms.len()).find(|i| arms[..*i].iter().any(|arm| folded(arm) == folded(&arms[*i])));
    if let Some(i) = twice {
        return Err(Error::input(format!("arm `{}` comes twice", arms[i])).with_hint("name each arm once"));
    }
    if arms.len() < 2 {
        return Ok(None);
    }
    let test_per_arm = prior.test_per_arm(params.budget, arms.len());
    Ok(Some(CodesDesign {
        arms: arms.iter().cloned().zip(codes(arms, params.seed)).collect(),
        test_per_arm,
        test_weeks: test_per_arm * arms.len() as f64 / (params.budget / f64::from(params.weeks)),
        orders_per_arm: test_per_arm * prior.after(0.0, 0.0).mean(),
    }))
}

#[cfg(test)]
mod tests {
    use super::super::statistics::binomial::{ALPHA, POWER};
    use super::*;

    pub(crate) fn params() -> ShopParams {
        ShopParams {
            currency: "BRL".into(),
            budget: 2_600.0,
            orders_per_month: 50.0,
            weeks: 26,
            arms: Vec::new(),
            share: None,
            contribution: 40.0,
            cost_per_order: 60.0,
            log_sd: 0.5,
            seed: 1,
        }
    }

    /// The weeks that the plan expects at 50 orders a month.
    #[test]
    fn fifty_orders_a_month_show_little() {
        let design = ShopDesign::of(&params()).unwrap();
        for (lift, (weeks, orders)) in
            design.lifts.iter().zip([(45.0, 519.0), (21.0, 247.0), (8.0, 97.0), (2.6, 31.0), (0.9, 11.0)])
        {
            assert!((lift.weeks / weeks - 1.0).abs() < 0.06, "{lift:?}, not {weeks} weeks");
            assert!((lift.orders / orders - 1.0).abs() < 0.02, "{lift:?}, not {orders} orders");
            assert!(lift.power >= POWER - 1e-9 && lift.power < POWER + 0.01 && lift.false_alarms <= ALPHA, "{lift:?}");
        }
        let poor = ShopDesign::of(&ShopParams { budget: 100.0, weeks: 3, ..params() }).unwrap();
        assert!(!poor.is_seen_by_parts(), "{poor:?}");
        assert!(poor.advice().starts_with(
            "do not test this by state: with 50 orders a month only a doubling shows in three weeks, and +20 % takes 45 weeks"
        ), "{}", poor.advice());
        let known = ShopDesign::of(&ShopParams { share: Some(0.5), ..params() }).unwrap();
        assert!(known.detectable < design.detectable);
    }

    #[test]
    fn arms_get_codes_that_differ() {
        let arms = ["SP", "sp2", "Minas Gerais", "São"].map(String::from).to_vec();
        let design = ShopDesign::of(&ShopParams { arms: arms.clone(), ..params() }).unwrap();
        let codes = design.codes.unwrap();
        assert!(codes.arms[2].1.starts_with("MINASGER-") && codes.arms[0].1.len() == 7, "{codes:?}");
        assert!(codes.test_per_arm < 650.0 && codes.test_weeks < 26.0);
        let twice = ShopParams { arms: vec!["SP".into(), "sp ".into()], ..params() };
        assert!(ShopDesign::of(&twice).unwrap_err().to_string().contains("comes twice"));
        assert!(ShopDesign::of(&params()).unwrap().codes.is_none());
    }
}
