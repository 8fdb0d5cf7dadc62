//! The hypergeometric distribution and Fisher's exact test. Each chance follows from its neighbour, so that no test needs ln Γ. Used by
//! `decisions::payments` and `trial`.

/// A chance that is smaller than this part of the smallest one that counts changes no digit of a sum.
const NEGLIGIBLE: f64 = 1e-17;
/// Chances that differ by less are equal: R's `fisher.test` and scipy allow as much for rounding.
const EQUAL: f64 = 1.0 + 1e-7;

/// How many of a part come among those that are drawn from the part and the rest.
pub(crate) struct Hypergeometric {
    part: u64,
    rest: u64,
    drawn: u64,
}

impl Hypergeometric {
    /// `drawn` is at most `part + rest`.
    pub(crate) fn new(part: u64, rest: u64, drawn: u64) -> Hypergeometric {
        Hypergeometric { part, rest, drawn: drawn.min(part + rest) }
    }

    /// The fewest that can come.
    pub(crate) fn low(&self) -> u64 {
        self.drawn.saturating_sub(self.rest)
    }

    /// The most that can come.
    pub(crate) fn high(&self) -> u64 {
        self.drawn.min(self.part)
    }

    /// P(X = x + 1) / P(X = x), for x from `low` to below `high`.
    pub(crate) fn ratio(&self, x: u64) -> f64 {
        let ways = (self.part - x) as f64 * (self.drawn - x) as f64;
        ways / ((x + 1) as f64 * (self.rest + x + 1 - self.drawn) as f64)
    }

    /// Fisher's exact test, two-sided: the chance of all that are at most as likely as `x` (Fisher, Statistical Methods for Research
    /// Workers, 5th edition, 1934, section 21.02).
    pub(crate) fn two_sided(&self, x: u64) -> f64 {
        let (low, high) = (self.low(), self.high());
        let x = x.clamp(low, high);
        let mode = (self.part + 1) as f64 * (self.drawn + 1) as f64 / (self.part + self.rest + 2) as f64;
        let mode = (mode as u64).clamp(low, high);
        // Chances relative to that of the mode, which is the greatest or next to it.
        let down = |chance: f64, from: u64| chance / self.ratio(from - 1);
        let mut of_x = 1.0;
        for k in mode..x {
            of_x *= self.ratio(k);
        }
        for k in (x + 1..=mode).rev() {
            of_x = down(of_x, k);
        }
        let (mut all, mut as_rare) = (0.0, 0.0);
        let mut add = |chance: f64| {
            all += chance;
            as_rare += if chance <= of_x * EQUAL { chance } else { 0.0 };
            chance > NEGLIGIBLE * of_x
        };
        let mut chance = 1.0;
        for k in mode..=high {
            if !add(chance) {
                break;
            }
            chance *= if k < high { self.ratio(k) } else { 0.0 };
        }
        let mut chance = 1.0;
        for k in (low + 1..=mode).rev() {
            chance = down(chance, k);
            if !add(chance) {
                break;
            }
        }
        (as_rare / all).min(1.0)
    }
}

/// The chance, if both have the same share, of shares at least as different as `a` of `n` and `b` of `m`: Fisher's exact test, two-sided.
pub(crate) fn same_share((a, n): (i64, i64), (b, m): (i64, i64)) -> f64 {
    let [a, n, b, m] = [a, n, b, m].map(|count| count.max(0) as u64);
    Hypergeometric::new(n, m, a + b).two_sided(a)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::special::ln_gamma;

    #[test]
    fn published_tests_come_out() {
        // Fisher's tea (3 of 4 and 1 of 4): 34/70. Salsburg's cups, all right: 2/70.
        assert!((same_share((3, 4), (1, 4)) - 34.0 / 70.0).abs() < 1e-12);
        assert!((same_share((4, 4), (0, 4)) - 2.0 / 70.0).abs() < 1e-12);
        // Fisher's criminal twins, 1934: 2 of 17 against 10 of 13.
        assert!((same_share((2, 17), (10, 13)) - 0.000_536_724_119).abs() < 1e-12);
        // scipy.stats.fisher_exact.
        assert!((same_share((449, 2020), (19_335, 97_417)) / 8.814_817_816e-3 - 1.0).abs() < 1e-8);
    }

    #[test]
    fn nothing_follows_from_nothing() {
        for (a, b) in [((0, 0), (0, 0)), ((0, 0), (3, 5)), ((5, 5), (9, 9)), ((0, 5), (0, 9)), ((1, 1), (0, 0))] {
            assert_eq!(same_share(a, b), 1.0, "{a:?} {b:?}");
        }
    }

    /// The sum over all tables with ln Γ, the order of both groups, and both answers: all the same.
    #[test]
    fn the_walk_from_the_mode_is_the_sum_over_all_tables() {
        let choose = |n: i64, k: i64| [n + 1, k + 1, n - k + 1].map(|x| ln_gamma(x as f64));
        let ways = |n: i64, k: i64| {
            let [all, these, others] = choose(n, k);
            all - these - others
        };
        for (a, n, b, m) in [(0, 7, 3, 11), (5, 9, 2, 30), (40, 60, 90, 200), (3, 3, 40, 41), (130, 900, 2_100, 12_000)]
        {
            let drawn = a + b;
            let of = |k: i64| (ways(n, k) + ways(m, drawn - k) - ways(n + m, drawn)).exp();
            let tables = (drawn - m).max(0)..=n.min(drawn);
            let rare: f64 = tables.map(of).filter(|chance| *chance <= of(a) * EQUAL).sum();
            let p = same_share((a, n), (b, m));
            assert!((p - rare).abs() <= 1e-9 * rare, "{a} of {n}, {b} of {m}: {p}, not {rare}");
            for other in [same_share((b, m), (a, n)), same_share((n - a, n), (m - b, m))] {
                assert!((p - other).abs() <= 1e-12, "{a} of {n}, {b} of {m}: {p} and {other}");
            }
        }
    }

    #[test]
    fn shares_that_could_not_differ_more_have_a_chance_of_nearly_nothing() {
        let p = same_share((50_000, 50_000), (0, 50_000));
        assert!((0.0..1e-300).contains(&p), "{p}");
    }
}
