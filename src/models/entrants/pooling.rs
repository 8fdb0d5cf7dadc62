//! Logarithms of the entrants' revenue → Pooled: the mean of each category, drawn towards the mean of all as far as chance explains their
//! distance. Used by `entrants` and `decisions::entry`.
//!
//! Morris, Parametric Empirical Bayes Inference, JASA 78 (1983). y = ln(1 + revenue); m and n: mean and number of a category's entrants;
//! σ²: pooled variance within categories; v = τ² + σ²/n. τ² minimises ½[Σ ln v + ln Σ 1/v + Σ (m − μ)²/v], the restricted likelihood, with
//! μ = Σ(m/v) / Σ(1/v). With B = τ²/v, the posterior mean of a category is μ + B(m − μ), its variance Bσ²/n + (1 − B)²/Σ(1/v).

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde::Serialize;

use crate::statistics::normal::upper_tail;

/// Entrants that a category needs to be a candidate. Smaller ones take part in the fit.
pub const LEAST: usize = 10;
/// Number of draws.
const DRAWS: usize = 20_000;
const SEED: u64 = 3;
/// Halvings of the interval in which τ² is searched.
const HALVINGS: usize = 50;

/// The fitted model, in logarithms.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Pooled {
    /// μ: mean of the categories.
    pub mean: f64,
    /// σ²: variance of entrants within a category.
    pub within: f64,
    /// τ²: variance between categories.
    pub between: f64,
    /// Σ 1/v.
    precision: f64,
}

/// Mean of a category, as far as the data tell it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Posterior {
    /// Its mean.
    pub mean: f64,
    /// Its variance.
    pub variance: f64,
}

/// The model and the candidates.
#[derive(Debug, Clone)]
pub(crate) struct Fitted {
    pub(crate) pooled: Pooled,
    /// Index and posterior of each category with at least [`LEAST`] entrants, the greatest mean first.
    pub(crate) ranked: Vec<(usize, Posterior)>,
}

/// Number and mean of a category's entrants.
struct Group {
    n: f64,
    mean: f64,
}

/// Fits the model to pairs of category, below `categories`, and logarithm. `None` if fewer than two categories are candidates, or nothing
/// varies within categories.
pub(crate) fn fit(categories: usize, entrants: impl Iterator<Item = (usize, f64)>) -> Option<Fitted> {
    let mut sums = vec![(0.0, 0.0, 0.0); categories];
    for (category, log) in entrants {
        let sum = &mut sums[category];
        *sum = (sum.0 + 1.0, sum.1 + log, sum.2 + log * log);
    }
    let filled = || sums.iter().zip(0..).filter(|((n, ..), _)| *n > 0.0);
    let groups: Vec<Group> = filled().map(|(&(n, sum, _), _)| Group { n, mean: sum / n }).collect();
    let (squares, n) = filled()
        .fold((0.0, 0.0), |total, (&(n, sum, squares), _)| (total.0 + (squares - sum * sum / n).max(0.0), total.1 + n));
    let freedom = n - groups.len() as f64;
    // What rounding leaves of equal values is no variance.
    let within = if freedom > 0.0 { squares / freedom } else { 0.0 };
    if within <= 1e-12 {
        return None;
    }
    let pooled = Pooled::of(&groups, within);
    let candidates = filled().zip(&groups).filter(|(_, group)| group.n >= LEAST as f64);
    let mut ranked: Vec<(usize, Posterior)> = candidates.map(|((_, i), group)| (i, pooled.posterior(group))).collect();
    ranked.sort_by(|a, b| b.1.mean.total_cmp(&a.1.mean).then(a.0.cmp(&b.0)));
    (ranked.len() > 1).then_some(Fitted { pooled, ranked })
}

impl Pooled {
    fn of(groups: &[Group], within: f64) -> Pooled {
        // The restricted likelihood falls as long as its derivative by τ², twice, is negative; it needs no logarithm.
        let falls = |between: f64| {
            let sums = Weighed::of(groups, within, between);
            sums.w - sums.ww / sums.w < sums.wwmm - 2.0 * sums.mean() * sums.wwm + sums.mean() * sums.mean() * sums.ww
        };
        let (mut low, mut high) = (0.0, 0.0);
        if falls(0.0) {
            high = within;
            while falls(high) && high < 1e6 * within {
                high *= 2.0;
            }
            for _ in 0..HALVINGS {
                let middle = (low + high) / 2.0;
                if falls(middle) { low = middle } else { high = middle }
            }
        }
        let sums = Weighed::of(groups, within, high);
        Pooled { mean: sums.mean(), within, between: high, precision: sums.w }
    }

    fn posterior(&self, group: &Group) -> Posterior {
        let noise = self.within / group.n;
        let trust = self.between / (self.between + noise);
        Posterior {
            mean: self.mean + trust * (group.mean - self.mean),
            variance: trust * noise + (1.0 - trust).powi(2) / self.precision,
        }
    }

    /// Probability that one more entrant exceeds `log`.
    pub fn exceeds(&self, category: &Posterior, log: f64) -> f64 {
        let deviation = (log - category.mean) / (category.variance + self.within).sqrt();
        upper_tail(deviation)
    }
}

/// Sums over categories, with weights w = 1/v.
#[derive(Default)]
struct Weighed {
    w: f64,
    wm: f64,
    ww: f64,
    wwm: f64,
    wwmm: f64,
}

impl Weighed {
    fn of(groups: &[Group], within: f64, between: f64) -> Weighed {
        groups.iter().fold(Weighed::default(), |sums, group| {
            let (w, m) = (1.0 / (between + within / group.n), group.mean);
            Weighed {
                w: sums.w + w,
                wm: sums.wm + w * m,
                ww: sums.ww + w * w,
                wwm: sums.wwm + w * w * m,
                wwmm: sums.wwmm + w * w * m * m,
            }
        })
    }

    fn mean(&self) -> f64 {
        self.wm / self.w
    }
}

/// For each of `n` candidates, the shares of the draws in which its value is the greatest and among the three greatest. `value` draws that
/// of a candidate.
pub(crate) fn places(n: usize, mut value: impl FnMut(usize, &mut Draws) -> f64) -> Vec<[f64; 2]> {
    let mut draws = Draws { source: ChaCha8Rng::seed_from_u64(SEED), spare: None };
    let mut counts = vec![[0u32; 2]; n];
    for _ in 0..DRAWS {
        let mut best = [(f64::NEG_INFINITY, usize::MAX); 3];
        for i in 0..n {
            let drawn = value(i, &mut draws);
            if drawn > best[2].0 {
                best[2] = (drawn, i);
                best.sort_by(|a, b| b.0.total_cmp(&a.0));
            }
        }
        if let Some(count) = counts.get_mut(best[0].1) {
            count[0] += 1;
        }
        for (_, i) in best {
            if let Some(count) = counts.get_mut(i) {
                count[1] += 1;
            }
        }
    }
    counts.into_iter().map(|count| count.map(|n| f64::from(n) / DRAWS as f64)).collect()
}

/// Random numbers. Those of `trial` make normal ones in another way (Box & Muller): the rules' frozen comparison rests on theirs, published
/// chances on these.
pub(crate) struct Draws {
    source: ChaCha8Rng,
    spare: Option<f64>,
}

impl Draws {
    /// Uniform between −1 and 1.
    fn symmetric(&mut self) -> f64 {
        self.source.next_u64() as i64 as f64 / (1u64 << 63) as f64
    }

    /// Uniform between two numbers.
    pub(crate) fn uniform(&mut self, (low, high): (f64, f64)) -> f64 {
        low + (high - low) * (1.0 + self.symmetric()) / 2.0
    }

    /// A category's mean.
    pub(crate) fn mean(&mut self, of: &Posterior) -> f64 {
        of.mean + of.variance.sqrt() * self.normal()
    }

    /// Standard normal, by Marsaglia's polar method.
    fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        loop {
            let (x, y) = (self.symmetric(), self.symmetric());
            let square = x * x + y * y;
            if square > 0.0 && square < 1.0 {
                let scale = (-2.0 * square.ln() / square).sqrt();
                self.spare = Some(y * scale);
                return x * scale;
            }
        }
    }
}
