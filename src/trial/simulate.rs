//! Rules to divide a budget, compared on simulated shops: orders as a share of what the best division would have brought, and what is
//! left after the advertising is paid. Used by the command line.
//!
//! Each shop has five states with the orders' shares of Olist's five largest, and advertising of its own return in each: the cost of an
//! order is log-normal. Where orders grow in proportion to the money (linear), all on the best state is best. Where they grow with its
//! root, so that money in proportion to the state's sales brings what the linear response would, θ²·share is the best division.

use serde::{Deserialize, Serialize};

use super::statistics::draws::Draws;
use super::statistics::roll::{Prior, best};
use crate::error::{Error, Result};

/// What [`simulate`] gives with its default settings; a test compares them. It depends on no data, so that no run simulates it again.
const COMPARED: &str = include_str!("rules.toml");

/// Orders of Olist's five largest states: SP, RJ, MG, RS, PR.
const STATES: [f64; ARMS] = [41_746.0, 12_852.0, 11_635.0, 5_466.0, 5_045.0];
/// Number of simulated states.
pub const ARMS: usize = 5;
/// Weeks of a month.
pub const WEEKS_PER_MONTH: f64 = 365.25 / 12.0 / 7.0;
/// Points at which the effect of an arm is looked at where orders carry no code.
const GRID: usize = 81;
/// Standard deviations of the logarithm that the grid covers on either side.
const GRID_REACH: f64 = 6.0;

type Arms = [f64; ARMS];

/// Rules compared, and on which shops.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Compared {
    /// The shops.
    pub params: SimulationParams,
    /// The rules.
    pub rules: Vec<RuleResult>,
}

/// The rules compared on the default shops.
///
/// # Errors
/// [`Error::Internal`]: the comparison that the program holds is damaged.
pub fn compared() -> Result<Compared> {
    toml::from_str(COMPARED).map_err(|error| Error::Internal(format!("rules.toml: {error}")))
}

/// What is simulated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SimulationParams {
    /// Number of shops.
    pub shops: usize,
    /// Weeks of advertising.
    pub weeks: usize,
    /// Money for all weeks.
    pub budget: f64,
    /// Median cost of an order.
    pub cost_per_order: f64,
    /// Standard deviation of its logarithm, between states.
    pub log_sd: f64,
    /// What an order brings before advertising is paid.
    pub contribution: f64,
    /// Orders without advertising: what orders without codes are lost in.
    pub orders_per_month: f64,
    /// Seed.
    pub seed: u64,
}

impl Default for SimulationParams {
    fn default() -> Self {
        SimulationParams {
            shops: 1_000,
            weeks: 26,
            budget: 2_600.0,
            cost_per_order: 60.0,
            log_sd: 0.5,
            contribution: 40.0,
            orders_per_month: 50.0,
            seed: 1,
        }
    }
}

/// What a rule brought, means over the shops.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RuleResult {
    /// The rule.
    pub rule: Rule,
    /// Expected orders over those of the best division, where orders grow in proportion to the money.
    pub share_linear: f64,
    /// Standard error of that share.
    pub share_linear_error: f64,
    /// The same where orders grow with the root of the money; `None` for rules that are compared for the linear response alone.
    #[serde(default)]
    pub share_square_root: Option<f64>,
    /// Contribution of the orders less the money, linear response.
    pub profit: f64,
    /// Standard error of the profit.
    pub profit_error: f64,
    /// Money spent, linear response.
    pub spent: f64,
}

/// A rule to divide the money of a week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The same for each state.
    Equal,
    /// In proportion to the root of the state's sales.
    SquareRootOfForecast,
    /// In proportion to the state's sales.
    Forecast,
    /// What a draw from the posterior says is best (Thompson, Biometrika 25, 1933).
    Thompson,
    /// The same for each state until the test is paid, then what the posterior's mean says is best.
    TestAndRoll,
    /// Test & Roll that ends once the best state's 90 % quantile does not pay.
    TestAndRollWithStop,
    /// Test & Roll on all orders of a state, without codes.
    TestAndRollWithoutCodes,
}

impl Rule {
    /// All rules.
    pub const ALL: [Rule; 7] = [
        Rule::Equal,
        Rule::SquareRootOfForecast,
        Rule::Forecast,
        Rule::Thompson,
        Rule::TestAndRoll,
        Rule::TestAndRollWithStop,
        Rule::TestAndRollWithoutCodes,
    ];

    /// Its name in words.
    pub fn name(self) -> &'static str {
        match self {
            Rule::Equal => "equal",
            Rule::SquareRootOfForecast => "√ of the forecast",
            Rule::Forecast => "∝ forecast",
            Rule::Thompson => "Thompson",
            Rule::TestAndRoll => "Test & Roll",
            Rule::TestAndRollWithStop => "Test & Roll with stop",
            Rule::TestAndRollWithoutCodes => "Test & Roll without codes",
        }
    }

    fn is_compared_for_roots(self) -> bool {
        !matches!(self, Rule::TestAndRollWithStop | Rule::TestAndRollWithoutCodes)
    }
}

/// How orders grow with money.
#[derive(Clone, Copy, PartialEq)]
enum Response {
    Linear,
    SquareRoot,
}

/// Simulates all rules on the same shops.
pub fn simulate(params: &SimulationParams) -> Vec<RuleResult> {
    let total: f64 = STATES.iter().sum();
    let world = World {
        params,
        shares: STATES.map(|orders| orders / total),
        prior: Prior::of_cost(params.cost_per_order, params.log_sd),
        weekly: params.budget / params.weeks as f64,
    };
    let mut draws = Draws::new(params.seed);
    let mut shop = || std::array::from_fn(|_| (params.log_sd * draws.normal()).exp() / params.cost_per_order);
    let shops: Vec<Arms> = (0..params.shops).map(|_| shop()).collect();
    Rule::ALL.iter().map(|rule| world.result(*rule, &shops)).collect()
}

struct World<'a> {
    params: &'a SimulationParams,
    shares: Arms,
    prior: Prior,
    /// Money of a week.
    weekly: f64,
}

impl World<'_> {
    fn result(&self, rule: Rule, shops: &[Arms]) -> RuleResult {
        // Each rule has a stream of its own, so that one more rule changes no other.
        let stream = |response| Draws::new(self.params.seed ^ ((rule as u64 + 1) << 32) ^ ((response as u64) << 48));
        let mut draws = stream(Response::Linear);
        let linear: Vec<Season> =
            shops.iter().map(|shop| self.season(rule, Response::Linear, shop, &mut draws)).collect();
        let profit: Vec<f64> = linear.iter().map(|s| self.params.contribution * s.orders - s.spent).collect();
        let shares = |seasons: &[Season]| seasons.iter().map(|s| s.orders / s.best).collect::<Vec<f64>>();
        let roots = rule.is_compared_for_roots().then(|| {
            let mut draws = stream(Response::SquareRoot);
            shops.iter().map(|shop| self.season(rule, Response::SquareRoot, shop, &mut draws)).collect::<Vec<_>>()
        });
        let (share_linear, share_linear_error) = mean_and_error(&shares(&linear));
        let (profit, profit_error) = mean_and_error(&profit);
        RuleResult {
            rule,
            share_linear,
            share_linear_error,
            share_square_root: roots.map(|roots| mean_and_error(&shares(&roots)).0),
            profit,
            profit_error,
            spent: mean_and_error(&linear.iter().map(|s| s.spent).collect::<Vec<_>>()).0,
        }
    }

    /// What a shop gets that follows the rule, week by week.
    fn season(&self, rule: Rule, response: Response, effects: &Arms, draws: &mut Draws) -> Season {
        let test = self.prior.test_per_arm(self.params.budget, ARMS) * ARMS as f64;
        let mut known = Known::new(self, rule == Rule::TestAndRollWithoutCodes);
        let (mut orders, mut spent) = (0.0, 0.0);
        for week in 0..self.params.weeks {
            let testing = (test - week as f64 * self.weekly).clamp(0.0, self.weekly);
            let estimates: Arms = match rule {
                Rule::Thompson => std::array::from_fn(|i| {
                    let arm = self.prior.after(known.orders[i], known.exposure[i]);
                    draws.gamma(arm.shape) / arm.rate
                }),
                _ => known.means(),
            };
            let rolled = self.best_division(response, &estimates);
            if rule == Rule::TestAndRollWithStop && testing == 0.0 && !known.may_pay(&estimates) {
                break;
            }
            let money: Arms = std::array::from_fn(|i| match rule {
                Rule::Equal => self.weekly / ARMS as f64,
                Rule::SquareRootOfForecast => {
                    self.weekly * self.shares[i].sqrt() / self.shares.iter().map(|s| s.sqrt()).sum::<f64>()
                }
                Rule::Forecast => self.weekly * self.shares[i],
                Rule::Thompson => self.weekly * rolled[i],
                _ => testing / ARMS as f64 + (self.weekly - testing) * rolled[i],
            });
            let exposure = self.exposure(response, &money);
            orders += exposure.iter().zip(effects).map(|(x, effect)| x * effect).sum::<f64>();
            spent += money.iter().sum::<f64>();
            known.learn(effects, &exposure, draws);
        }
        let exposure = self.exposure(response, &self.best_division(response, effects).map(|part| part * self.weekly));
        let best = exposure.iter().zip(effects).map(|(x, effect)| x * effect).sum::<f64>() * self.params.weeks as f64;
        Season { orders, best, spent }
    }

    /// What multiplies an arm's effect: the money, or its root, scaled so that both agree where the money follows the sales.
    fn exposure(&self, response: Response, money: &Arms) -> Arms {
        match response {
            Response::Linear => *money,
            Response::SquareRoot => std::array::from_fn(|i| (money[i] * self.shares[i] * self.weekly).sqrt()),
        }
    }

    /// The parts of the money that bring most if the arms have these effects.
    fn best_division(&self, response: Response, effects: &Arms) -> Arms {
        let values: Arms = match response {
            Response::Linear => match best(effects) {
                Some(best) => std::array::from_fn(|i| if i == best { 1.0 } else { 0.0 }),
                None => [1.0; ARMS],
            },
            Response::SquareRoot => std::array::from_fn(|i| effects[i] * effects[i] * self.shares[i]),
        };
        let sum: f64 = values.iter().sum();
        values.map(|value| value / sum)
    }
}

/// What a shop got: expected orders, those of the best division, money.
struct Season {
    orders: f64,
    best: f64,
    spent: f64,
}

/// What a shop has seen.
struct Known<'a> {
    world: &'a World<'a>,
    orders: Arms,
    exposure: Arms,
    /// Where orders carry no code: ln of the posterior density of each arm on [`World::grid`].
    totals: Option<[Vec<f64>; ARMS]>,
    grid: Vec<f64>,
}

impl<'a> Known<'a> {
    fn new(world: &'a World<'a>, without_codes: bool) -> Known<'a> {
        let Prior { shape, rate } = world.prior;
        let step = 2.0 * GRID_REACH * world.params.log_sd / (GRID - 1) as f64;
        let from = (shape / rate).ln() - GRID_REACH * world.params.log_sd;
        let grid: Vec<f64> = match without_codes {
            true => (0..GRID).map(|i| (from + i as f64 * step).exp()).collect(),
            false => Vec::new(),
        };
        let density = |effect: &f64| shape * effect.ln() - rate * effect;
        let prior: Vec<f64> = grid.iter().map(density).collect();
        let totals = without_codes.then(|| std::array::from_fn(|_| prior.clone()));
        Known { world, orders: [0.0; ARMS], exposure: [0.0; ARMS], totals, grid }
    }

    /// A week's orders.
    fn learn(&mut self, effects: &Arms, exposure: &Arms, draws: &mut Draws) {
        let Some(totals) = &mut self.totals else {
            let seen = self.orders.iter_mut().zip(&mut self.exposure);
            for ((orders, all), (effect, exposure)) in seen.zip(effects.iter().zip(exposure)) {
                *orders += draws.poisson(effect * exposure) as f64;
                *all += exposure;
            }
            return;
        };
        let usual = self.world.params.orders_per_month / WEEKS_PER_MONTH;
        for (i, total) in totals.iter_mut().enumerate() {
            let usual = usual * self.world.shares[i];
            let orders = draws.poisson(usual + effects[i] * exposure[i]) as f64;
            for (density, effect) in total.iter_mut().zip(&self.grid) {
                let mean = usual + effect * exposure[i];
                *density += orders * mean.ln() - mean;
            }
        }
    }

    fn means(&self) -> Arms {
        let prior = self.world.prior;
        match &self.totals {
            None => std::array::from_fn(|i| prior.after(self.orders[i], self.exposure[i]).mean()),
            Some(totals) => std::array::from_fn(|i| {
                let greatest = totals[i].iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let weights = totals[i].iter().map(|density| (density - greatest).exp());
                let (sum, all) = weights.zip(&self.grid).fold((0.0, 0.0), |(s, a), (w, x)| (s + w * x, a + w));
                sum / all
            }),
        }
    }

    /// Whether the arm with the greatest mean may still pay.
    fn may_pay(&self, means: &Arms) -> bool {
        let arm = best(means).unwrap_or(0);
        self.world.prior.after(self.orders[arm], self.exposure[arm]).may_pay(self.world.params.contribution)
    }
}

fn mean_and_error(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0);
    (mean, (variance / n).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The figures of the plan, within the error of the simulation.
    #[test]
    fn rules_bring_the_shares_that_are_known() {
        let results = simulate(&SimulationParams::default());
        for (rule, linear, root) in [
            (Rule::Equal, 0.63, Some(0.87)),
            (Rule::SquareRootOfForecast, 0.63, Some(0.92)),
            (Rule::Forecast, 0.63, Some(0.93)),
            (Rule::Thompson, 0.79, Some(0.93)),
            (Rule::TestAndRoll, 0.83, Some(0.95)),
            (Rule::TestAndRollWithoutCodes, 0.78, None),
        ] {
            let found = results.iter().find(|result| result.rule == rule).unwrap();
            assert!((found.share_linear - linear).abs() < 0.02, "{found:?}, not {linear}");
            let distance = |(a, b): (f64, f64)| (a - b).abs();
            assert!(
                found.share_square_root.zip(root).is_none_or(|both| distance(both) < 0.01),
                "{found:?}, not {root:?}"
            );
        }
        for (rule, profit) in [(Rule::Equal, -650.0), (Rule::TestAndRollWithStop, 190.0)] {
            let found = results.iter().find(|result| result.rule == rule).unwrap();
            assert!((found.profit - profit).abs() < 2.0 * found.profit_error, "{found:?}, not {profit}");
        }
    }

    /// `PFE_WRITE=1 cargo test --lib simulate` writes the file anew.
    #[test]
    fn what_the_report_compares_is_what_is_simulated() {
        let params = SimulationParams::default();
        let now = Compared { rules: simulate(&params), params };
        if std::env::var_os("PFE_WRITE").is_some() {
            let head = "# Rules to divide a budget, compared on simulated shops (`pfe trial simulate`): what `simulate` gives. A test compares both.\n";
            let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/trial/rules.toml");
            std::fs::write(path, format!("{head}{}", toml::to_string(&now).unwrap())).unwrap();
        }
        assert_eq!(compared().unwrap(), now);
    }

    #[test]
    fn the_same_seed_gives_the_same() {
        let params = SimulationParams { shops: 20, ..Default::default() };
        assert_eq!(simulate(&params), simulate(&params));
        assert_ne!(simulate(&params), simulate(&SimulationParams { seed: 2, ..params }));
    }
}
