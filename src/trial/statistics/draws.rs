//! A seed → random numbers of the distributions that trials need. Used by `simulate`, `matched` and `roll`.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// The greatest mean of a Poisson variable that is drawn in one piece: e⁻³⁰ is far from the smallest number.
const PIECE: f64 = 30.0;

/// A stream of random numbers; the same for the same seed.
#[derive(Debug)]
pub(crate) struct Draws(ChaCha8Rng);

impl Draws {
    pub(crate) fn new(seed: u64) -> Draws {
        Draws(ChaCha8Rng::seed_from_u64(seed))
    }

    /// Uniform between 0 and 1, neither included.
    pub(crate) fn uniform(&mut self) -> f64 {
        ((self.0.next_u64() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    /// A whole number below `n`.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.uniform() * n as f64) as usize
    }

    /// Standard normal (Box & Muller 1958).
    pub(crate) fn normal(&mut self) -> f64 {
        let (u, v) = (self.uniform(), self.uniform());
        (-2.0 * u.ln()).sqrt() * (2.0 * std::f64::consts::PI * v).cos()
    }

    /// Poisson with this mean, as a sum of independent pieces (each by Knuth's product of uniforms).
    pub(crate) fn poisson(&mut self, mean: f64) -> u64 {
        let (mut left, mut count) = (mean, 0);
        while left > 0.0 {
            let floor = (-left.min(PIECE)).exp();
            let mut product = self.uniform();
            while product > floor {
                count += 1;
                product *= self.uniform();
            }
            left -= PIECE;
        }
        count
    }

    /// Gamma of this shape and rate 1 (Marsaglia & Tsang, ACM Transactions on Mathematical Software 26, 2000).
    pub(crate) fn gamma(&mut self, shape: f64) -> f64 {
        if shape < 1.0 {
            let boost = self.uniform().powf(1.0 / shape);
            return self.gamma(shape + 1.0) * boost;
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let v = (1.0 + c * x).powi(3);
            if v > 0.0 && self.uniform().ln() < 0.5 * x * x + d - d * v + d * v.ln() {
                return d * v;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_have_their_mean_and_variance() {
        const N: usize = 40_000;
        let mut draws = Draws::new(3);
        let mut check = |name: &str, draw: &mut dyn FnMut(&mut Draws) -> f64, mean: f64, variance: f64| {
            let values: Vec<f64> = (0..N).map(|_| draw(&mut draws)).collect();
            let m = values.iter().sum::<f64>() / N as f64;
            let v = values.iter().map(|x| (x - m).powi(2)).sum::<f64>() / N as f64;
            assert!((m - mean).abs() < 5.0 * (variance / N as f64).sqrt(), "{name}: mean {m}");
            assert!((v / variance - 1.0).abs() < 0.05, "{name}: variance {v}");
        };
        check("uniform", &mut |d| d.uniform(), 0.5, 1.0 / 12.0);
        check("normal", &mut |d| d.normal(), 0.0, 1.0);
        for mean in [0.3, 7.0, 95.0] {
            check("poisson", &mut |d| d.poisson(mean) as f64, mean, mean);
        }
        for shape in [0.4, 3.5, 60.0] {
            check("gamma", &mut |d| d.gamma(shape), shape, shape);
        }
        assert_eq!(draws.poisson(0.0), 0);
        assert!((0..1_000).all(|_| draws.below(3) < 3));
    }
}
