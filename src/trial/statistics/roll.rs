//! Several places to advertise, a budget, orders by coupon code → how long to test, what the orders say of each place, where the next
//! money goes: Test & Roll. Used by `design`, `read` and `simulate`.
//!
//! An arm brings θ orders per unit of money; θ varies between arms as a gamma variable of shape a and rate b (prior), orders are Poisson.
//! Then s² = a/b is the variance of the orders of one unit of money and σ² = a/b² that of θ, so that r = s²/σ² = b: the money after which
//! the orders weigh as much as the prior. After y orders for x, θ is gamma of shape a + y and rate b + x.

use super::draws::Draws;
use crate::statistics::special::gamma_quantile;

/// Draws by which the chance to be the best arm is counted: its error is half a point.
const DRAWS: usize = 10_000;
/// Level of the quantile that must pay for an arm to go on.
pub const HOPE: f64 = 0.9;

/// What is assumed of arms before any order: a gamma distribution of orders per unit of money.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Prior {
    pub shape: f64,
    /// Money.
    pub rate: f64,
}

impl Prior {
    /// The gamma distribution with the mean and variance of the log-normal one with this median cost of an order and this standard
    /// deviation of its logarithm.
    pub(crate) fn of_cost(median_cost: f64, log_sd: f64) -> Prior {
        let shape = 1.0 / (log_sd * log_sd).exp_m1();
        let mean = (log_sd * log_sd / 2.0).exp() / median_cost;
        Prior { shape, rate: shape / mean }
    }

    /// Money that each of `arms` gets while all are tested, of `budget` for all (Feit & Berman, arXiv:1811.00457, for K arms):
    /// −¾r + √(9r²/16 + rN/(2K)). Never more than an equal share.
    pub(crate) fn test_per_arm(&self, budget: f64, arms: usize) -> f64 {
        let (r, k) = (self.rate, arms as f64);
        (-0.75 * r + (9.0 * r * r / 16.0 + r * budget / (2.0 * k)).sqrt()).min(budget / k)
    }

    /// What is known of an arm after `orders` for `spent`.
    pub(crate) fn after(&self, orders: f64, spent: f64) -> Posterior {
        Posterior { shape: self.shape + orders, rate: self.rate + spent }
    }
}

/// What is known of an arm: a gamma distribution of orders per unit of money.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Posterior {
    pub shape: f64,
    pub rate: f64,
}

impl Posterior {
    /// Orders per unit of money, expected.
    pub(crate) fn mean(&self) -> f64 {
        self.shape / self.rate
    }

    /// Orders per unit of money that are not exceeded with this chance.
    pub(crate) fn quantile(&self, level: f64) -> f64 {
        gamma_quantile(self.shape, level) / self.rate
    }

    /// Whether the arm may still pay: its 90 % quantile times the contribution of an order is at least the money.
    pub(crate) fn may_pay(&self, contribution: f64) -> bool {
        contribution * self.quantile(HOPE) >= 1.0
    }
}

/// The arm with the greatest mean; `None` if several share it.
pub(crate) fn best(means: &[f64]) -> Option<usize> {
    let greatest = means.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut at_top = means.iter().enumerate().filter(|(_, mean)| **mean >= greatest);
    let first = at_top.next().map(|(i, _)| i);
    if at_top.next().is_some() { None } else { first }
}

/// Chance of each arm to be the best.
pub(crate) fn chances_to_be_best(arms: &[Posterior], seed: u64) -> Vec<f64> {
    let mut draws = Draws::new(seed);
    let mut first = vec![0_usize; arms.len()];
    for _ in 0..DRAWS {
        let drawn: Vec<f64> = arms.iter().map(|arm| draws.gamma(arm.shape) / arm.rate).collect();
        if let Some(best) = best(&drawn) {
            first[best] += 1;
        }
    }
    first.into_iter().map(|n| n as f64 / DRAWS as f64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 60 BRL an order, log-sd 0.5: r = 186 BRL; 2,600 BRL in five arms: 121 BRL each.
    #[test]
    fn the_test_is_as_long_as_the_formula_says() {
        let prior = Prior::of_cost(60.0, 0.5);
        assert!((prior.rate - 186.43).abs() < 0.01 && (prior.shape - 3.521).abs() < 0.001, "{prior:?}");
        assert!((prior.test_per_arm(2_600.0, 5) - 120.99).abs() < 0.01);
        // Two arms: √(N/4·r + (¾r)²) − ¾r, equation 10 of the paper.
        let two = (2_600.0 / 4.0 * prior.rate + (0.75 * prior.rate).powi(2)).sqrt() - 0.75 * prior.rate;
        assert!((prior.test_per_arm(2_600.0, 2) - two).abs() < 1e-9);
        assert!(prior.test_per_arm(1.0, 4) <= 0.25);
    }

    #[test]
    fn orders_move_what_is_known() {
        let prior = Prior { shape: 2.0, rate: 100.0 };
        let after = prior.after(8.0, 100.0);
        assert_eq!(after.mean(), 0.05);
        assert!(after.quantile(0.1) < 0.05 && 0.05 < after.quantile(0.9));
        // Ten orders in shape, 200 in rate: the 90 % quantile is 14.206/200.
        assert!((after.quantile(0.9) - 14.206 / 200.0).abs() < 1e-5, "{}", after.quantile(0.9));
        assert!(after.may_pay(14.08) && !after.may_pay(14.07));
        let arms = [prior.after(8.0, 100.0), prior.after(2.0, 100.0), prior.after(2.0, 100.0)];
        let chances = chances_to_be_best(&arms, 1);
        assert!(chances[0] > 0.8 && (chances[1] - chances[2]).abs() < 0.02, "{chances:?}");
        assert_eq!(chances, chances_to_be_best(&arms, 1));
        assert_eq!(best(&[1.0, 3.0, 2.0]), Some(1));
        assert_eq!(best(&[3.0, 3.0, 2.0]), None);
    }
}
