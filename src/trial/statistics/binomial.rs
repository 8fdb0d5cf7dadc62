//! Orders of an advertised part of the country against those of the rest: the exact conditional test, its power, and the orders that it
//! needs. Used by `design` and `read`.
//!
//! Given the sum of both parts, the orders of the advertised part are binomial (Przyborowski & Wilenski, Biometrika 31, 1940): with the
//! share f of the orders without advertising and the ratio ρ of the orders with it to those without, of n orders in all a part
//! ρf/(ρf + 1 − f) is expected there. The sum is Poisson; power and false alarms are means over it, not approximations.

use std::cmp::Ordering;

use crate::statistics::hypergeometric::Hypergeometric;
use crate::statistics::special::{incomplete_beta, ln_gamma, smallest, smallest_to};

/// Chance of an alarm without an effect, at most.
pub const ALPHA: f64 = 0.1;
/// Chance to see the effect that is there.
pub const POWER: f64 = 0.8;
/// Standard deviations of the sum of the orders that are looked at: what is beyond weighs less than 10⁻⁹.
const WINDOW: f64 = 6.5;
/// No ratio above this is asked for: a shop that sells a thousand times as much needs no test.
const GREATEST_RATIO: f64 = 1_000.0;

/// P(X ≥ k) of a binomial variable.
pub(crate) fn at_least(k: u64, n: u64, p: f64) -> f64 {
    match k {
        0 => 1.0,
        k if k > n => 0.0,
        k => incomplete_beta(k as f64, (n - k + 1) as f64, p),
    }
}

/// The share of the orders that is expected in the advertised part.
fn expected_share(share: f64, ratio: f64) -> f64 {
    ratio * share / (ratio * share + 1.0 - share)
}

/// Chance of an alarm if `orders` are expected without advertising, in both parts, and advertising multiplies those of the advertised
/// part, which has this `share`, by `ratio`. With a ratio of 1, the rate of false alarms.
pub(crate) fn alarm_rate(orders: f64, share: f64, ratio: f64) -> f64 {
    let mean = orders * (ratio * share + 1.0 - share);
    let reach = WINDOW * mean.sqrt() + WINDOW * WINDOW;
    let (low, high) = ((mean - reach).max(0.0) as u64, (mean + reach) as u64);
    let start = critical(low, share);
    let mut without = Tail::new(start, low, share);
    let mut with = Tail::new(start, low, expected_share(share, ratio));
    let mut rate = 0.0;
    for n in low..=high {
        // With one order more, the critical number stays or grows by one.
        if without.value > ALPHA {
            without.raise();
            with.raise();
        }
        let weight = (n as f64 * mean.ln() - mean - ln_gamma(n as f64 + 1.0)).exp();
        rate += weight * with.value;
        without.lengthen();
        with.lengthen();
    }
    rate
}

/// P(X ≥ k) of a binomial variable, from one k and n to the next: thousands of them are needed, and each follows from its neighbour.
struct Tail {
    k: u64,
    n: u64,
    p: f64,
    value: f64,
}

impl Tail {
    fn new(k: u64, n: u64, p: f64) -> Tail {
        Tail { k, n, p, value: at_least(k, n, p) }
    }

    /// k → k + 1.
    fn raise(&mut self) {
        self.value -= self.exactly(self.k);
        self.k += 1;
    }

    /// n → n + 1: one order more makes k of k − 1. No critical number is 0.
    fn lengthen(&mut self) {
        self.value += self.p * self.exactly(self.k - 1);
        self.n += 1;
    }

    /// P(X = k).
    fn exactly(&self, k: u64) -> f64 {
        if k > self.n {
            return 0.0;
        }
        let (n, k) = (self.n as f64, k as f64);
        let ways = ln_gamma(n + 1.0) - ln_gamma(k + 1.0) - ln_gamma(n - k + 1.0);
        (ways + k * self.p.ln() + (n - k) * (1.0 - self.p).ln()).exp()
    }
}

/// The smallest number of orders in the advertised part that is an alarm, of `n` orders.
fn critical(n: u64, share: f64) -> u64 {
    let (mut low, mut high) = (0, n + 1);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if at_least(middle, n, share) <= ALPHA { high = middle } else { low = middle }
    }
    high
}

/// Orders without advertising, of both parts, at which [`POWER`] is reached for a ratio above 1. Not a whole number: an expectation.
pub(crate) fn orders_needed(share: f64, ratio: f64) -> f64 {
    let seen = |orders: f64| alarm_rate(orders, share, ratio) >= POWER;
    let mut high = 1.0;
    while !seen(high) {
        high *= 2.0;
    }
    smallest_to(0.001, high / 2.0, high, seen)
}

/// The smallest ratio that is seen with [`POWER`] among this many orders; `None` if there is none up to a thousand.
pub(crate) fn smallest_ratio(orders: f64, share: f64) -> Option<f64> {
    let seen = |ratio: f64| alarm_rate(orders, share, ratio) >= POWER;
    seen(GREATEST_RATIO).then(|| {
        let mut high = 2.0;
        while !seen(high) {
            high *= 2.0;
        }
        smallest_to(0.0005, if high > 2.0 { high / 2.0 } else { 1.0 }, high, seen)
    })
}

/// What the orders of both parts say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Evidence {
    /// Chance of so many orders in the advertised part, or more, without an effect.
    pub p_value: f64,
    /// Orders with advertising over those without; infinite if the other part has none.
    pub ratio: f64,
    /// Exact 80 % interval of the ratio: each end excludes 10 %.
    pub low: f64,
    pub high: f64,
}

/// The test where the share of the advertised part is known. `None` without any order.
pub(crate) fn with_share(treated: u64, control: u64, share: f64) -> Option<Evidence> {
    let n = treated + control;
    if n == 0 {
        return None;
    }
    let odds = |p: f64| p / (1.0 - p) * (1.0 - share) / share;
    // Clopper & Pearson, Biometrika 26, 1934.
    let low = if treated == 0 { 0.0 } else { odds(smallest(0.0, 1.0, |p| at_least(treated, n, p) >= ALPHA)) };
    let high = match control {
        0 => f64::INFINITY,
        _ => odds(smallest(0.0, 1.0, |p| 1.0 - at_least(treated + 1, n, p) <= ALPHA)),
    };
    let ratio = treated as f64 / control as f64 * (1.0 - share) / share;
    Some(Evidence { p_value: at_least(treated, n, share), ratio, low, high })
}

/// The test where the share is known only from as many orders before: Fisher's, given all sums, with half of the chance of the very table
/// (mid-p; Lancaster, Journal of the American Statistical Association 56, 1961), since the exact one is far too careful with so few
/// orders. `None` if the orders before are all in one part, or there are none during the trial: then nothing follows.
pub(crate) fn with_orders_before(during: (u64, u64), before: (u64, u64)) -> Option<Evidence> {
    let ((t1, c1), (t0, c0)) = (during, before);
    let table = table(during, before)?;
    // No odds that a shop could see are greater.
    let most = 1e6;
    let low = if t1 == table.low { 0.0 } else { smallest(0.0, most, |ratio| table.mid_p(t1, ratio) >= ALPHA) };
    let high = match t1 == table.high {
        true => f64::INFINITY,
        false => smallest(0.0, most, |ratio| table.mid_p(t1, ratio) >= 1.0 - ALPHA),
    };
    let ratio = t1 as f64 / c1 as f64 / (t0 as f64 / c0 as f64);
    Some(Evidence { p_value: table.mid_p(t1, 1.0), ratio, low, high })
}

fn table((t1, c1): (u64, u64), (t0, c0): (u64, u64)) -> Option<OddsTable> {
    (t0 > 0 && c0 > 0 && t1 + c1 > 0).then(|| OddsTable::new(Hypergeometric::new(t1 + c1, t0 + c0, t1 + t0)))
}

/// Orders of the advertised part during the trial, given all sums: the non-central hypergeometric distribution.
struct OddsTable {
    low: u64,
    high: u64,
    /// ln of the chance without an effect, up to a constant, from `low` on.
    chances: Vec<f64>,
}

impl OddsTable {
    fn new(equal_odds: Hypergeometric) -> OddsTable {
        let (low, high) = (equal_odds.low(), equal_odds.high());
        let next = |sum: &mut f64, x: u64| {
            *sum += equal_odds.ratio(x).ln();
            Some(*sum)
        };
        OddsTable { low, high, chances: std::iter::once(0.0).chain((low..high).scan(0.0, next)).collect() }
    }

    /// P(X > k) + ½ P(X = k) where the odds are multiplied by `ratio`.
    fn mid_p(&self, k: u64, ratio: f64) -> f64 {
        let weights =
            || (self.low..).zip(&self.chances).map(|(x, chance)| (x, chance + (x - self.low) as f64 * ratio.ln()));
        let greatest = weights().map(|(_, w)| w).fold(f64::NEG_INFINITY, f64::max);
        let (mut above, mut all) = (0.0, 0.0);
        for (x, weight) in weights() {
            let weight = (weight - greatest).exp();
            all += weight;
            above += match x.cmp(&k) {
                Ordering::Less => 0.0,
                Ordering::Equal => weight / 2.0,
                Ordering::Greater => weight,
            };
        }
        above / all
    }
}

#[cfg(test)]
mod tests {
    use super::super::draws::Draws;
    use super::*;

    /// The figures of the plan: orders of both halves, and of one state with 12 %.
    #[test]
    fn the_orders_needed_are_known() {
        for (ratio, expected) in [(1.2, 519.0), (1.3, 247.0), (1.5, 97.0), (2.0, 31.0), (3.0, 11.0)] {
            let orders = orders_needed(0.5, ratio).ceil();
            assert!((orders / expected - 1.0).abs() < 0.02, "×{ratio}: {orders}, not {expected}");
        }
        let one_state = orders_needed(0.12, 1.2) / orders_needed(0.5, 1.2);
        assert!((one_state - 2.35).abs() < 0.05, "{one_state}");
        // There and back.
        let ratio = smallest_ratio(orders_needed(0.5, 1.5), 0.5).unwrap();
        assert!((ratio - 1.5).abs() < 0.002, "{ratio}");
        assert_eq!(smallest_ratio(0.01, 0.5), None);
    }

    /// 2,000 simulated trials have the power and the false alarms that the design states, within two points.
    #[test]
    fn power_and_false_alarms_are_as_stated() {
        let mut draws = Draws::new(1);
        for (share, effect) in [(0.5, 2.0), (0.5, 1.3), (0.12, 1.5)] {
            let orders = orders_needed(share, effect);
            for ratio in [1.0, effect] {
                let stated = alarm_rate(orders, share, ratio);
                let mut alarm = || {
                    let treated = draws.poisson(orders * share * ratio);
                    let control = draws.poisson(orders * (1.0 - share));
                    with_share(treated, control, share).is_some_and(|evidence| evidence.p_value <= ALPHA)
                };
                let seen = (0..2_000).filter(|_| alarm()).count() as f64 / 2_000.0;
                assert!((seen - stated).abs() < 0.02, "share {share}, ×{ratio}: {seen}, not {stated}");
            }
            assert!(alarm_rate(orders, share, 1.0) <= ALPHA);
        }
    }

    /// With twice the orders, and as many before, an unknown split leaves a power of 75 to 80 %: 2,000 trials each.
    #[test]
    fn an_unknown_split_takes_twice_the_orders() {
        let mut draws = Draws::new(8);
        for effect in [1.5, 2.0, 3.0] {
            let half = orders_needed(0.5, effect).ceil();
            let mut alarms = |ratio: f64| {
                let mut alarm = || {
                    let during = (draws.poisson(half * ratio), draws.poisson(half));
                    let table = table(during, (draws.poisson(half), draws.poisson(half)));
                    table.is_some_and(|table| table.mid_p(during.0, 1.0) <= ALPHA)
                };
                (0..2_000).filter(|_| alarm()).count() as f64 / 2_000.0
            };
            let (false_alarms, power) = (alarms(1.0), alarms(effect));
            assert!((false_alarms - ALPHA).abs() < 0.02, "×{effect}: {false_alarms}");
            assert!((0.73..0.82).contains(&power), "×{effect}: {power}");
        }
    }

    #[test]
    fn tails_follow_from_their_neighbours() {
        let mut tail = Tail::new(3, 2, 0.3);
        for n in 3..400 {
            tail.lengthen();
            if n % 3 == 0 {
                tail.raise();
            }
            assert!((tail.value - at_least(tail.k, tail.n, 0.3)).abs() < 1e-12, "{n}");
        }
    }

    /// Small enough to check by hand, and by any table of Fisher's test.
    #[test]
    fn tests_of_few_orders() {
        // Four orders, all in the advertised half: 1/16.
        let all = with_share(4, 0, 0.5).unwrap();
        assert!((all.p_value - 1.0 / 16.0).abs() < 1e-12 && all.ratio.is_infinite() && all.high.is_infinite());
        // The lower end p of the interval: p⁴ = 0.1.
        let p = 0.1_f64.powf(0.25);
        assert!((all.low - p / (1.0 - p)).abs() < 1e-9, "{all:?}");
        let none = with_share(0, 4, 0.5).unwrap();
        assert!(none.p_value == 1.0 && none.ratio == 0.0 && none.low == 0.0 && none.high < 1.0);
        assert_eq!(with_share(0, 0, 0.5), None);
        // Fisher's tea: 3 of 4 right in 16 of 70 ways, 4 of 4 in one.
        let tea = with_orders_before((3, 1), (1, 3)).unwrap();
        assert!((tea.p_value - 9.0 / 70.0).abs() < 1e-12, "{tea:?}");
        assert!(tea.low < tea.ratio && tea.ratio < tea.high && tea.ratio == 9.0);
        assert_eq!(with_orders_before((3, 1), (0, 3)), None);
        assert_eq!(with_orders_before((0, 0), (5, 3)), None);
    }
}
