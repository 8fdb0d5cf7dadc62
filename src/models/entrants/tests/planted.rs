//! Tests: sellers whose categories' chances were planted by distributions that the model does not assume. Intervals hold the planted means
//! as often as they say, and categories are among the first three as often as they are said to be.
//!
//! Planted: means of categories by Student's t with four degrees of freedom, numbers of sellers log-normal, logarithms of revenue within a
//! category a mixture that is skewed. Distributions and seeds were written down before the model was fitted to any of them; sellers are
//! handed to the model as logarithms, since the generator of orders plants no entrants.

use super::{LEAST, fit, places};
use crate::models::entrants::NORMAL90;
use crate::trial::statistics::draws::Draws;

const CATEGORIES: usize = 40;
/// Share of sellers that hardly sell, and what they and the others sell, as mean and standard deviation of the logarithm. Together, the
/// mean is that of the category.
const POOR: f64 = 0.3;
const SOLD: [(f64, f64); 2] = [(-1.4, 0.8), (0.6, 1.1)];

/// What the model said of the candidates of one seed, and what was planted.
#[derive(Default)]
struct Told {
    /// Candidates, and those whose interval held the planted mean.
    intervals: [u32; 2],
    /// Chances to be among the first three, and whether so planted.
    top3: Vec<(f64, bool)>,
}

fn told(seed: u64) -> Told {
    let mut draws = Draws::new(seed);
    let mut planted = Vec::new();
    let mut sellers = Vec::new();
    for category in 0..CATEGORIES {
        let student = draws.normal() / (draws.gamma(2.0) / 2.0).sqrt();
        let mean = 6.2 + 0.5 / f64::sqrt(2.0) * student;
        let n = (40f64.ln() + draws.normal()).exp().ceil().max(2.0) as usize;
        planted.push((mean, n));
        sellers.extend((0..n).map(|_| {
            let (shift, spread) = if draws.uniform() < POOR { SOLD[0] } else { SOLD[1] };
            (category, mean + shift + spread * draws.normal())
        }));
    }
    let fitted = fit(CATEGORIES, sellers.into_iter()).unwrap();
    let mut best: Vec<usize> = (0..CATEGORIES).filter(|category| planted[*category].1 >= LEAST).collect();
    best.sort_by(|a, b| planted[*b].0.total_cmp(&planted[*a].0));
    let mut told = Told::default();
    let places = places(fitted.ranked.len(), |i, draws| draws.mean(&fitted.ranked[i].1));
    for ((category, posterior), [_, top3]) in fitted.ranked.iter().zip(places) {
        let miss = (planted[*category].0 - posterior.mean).abs();
        told.intervals[0] += 1;
        told.intervals[1] += u32::from(miss <= NORMAL90 * posterior.variance.sqrt());
        told.top3.push((top3, best[..3].contains(category)));
    }
    told
}

/// Share of the intervals that held, and of the categories said to be among the first three with a chance from `low` to `high`: their
/// mean chance, the share that were, their number.
fn over(seeds: std::ops::RangeInclusive<u64>, [low, high]: [f64; 2]) -> (f64, [f64; 3]) {
    let all: Vec<Told> = seeds.map(told).collect();
    let [n, held] = [0, 1].map(|i| all.iter().map(|told| told.intervals[i]).sum::<u32>());
    let said: Vec<(f64, bool)> =
        all.iter().flat_map(|told| &told.top3).filter(|(chance, _)| (low..high).contains(chance)).copied().collect();
    let count = said.len() as f64;
    let mean = said.iter().map(|(chance, _)| chance).sum::<f64>() / count;
    let were = said.iter().filter(|(_, is)| *is).count() as f64 / count;
    (f64::from(held) / f64::from(n), [mean, were, count])
}

/// A few seeds, within what their number allows.
#[test]
fn planted_chances_are_told() {
    let (coverage, [mean, were, count]) = over(1..=12, [0.1, 0.5]);
    assert!((coverage - 0.8).abs() < 0.06, "{coverage}");
    assert!(count >= 30.0 && (mean - were).abs() < 0.2, "{mean} {were} of {count}");
}

/// 200 seeds: 80 % intervals, and 30 % that are 30 ± 8 %.
#[test]
#[ignore = "takes a minute without optimisation"]
fn planted_chances_are_told_on_200_seeds() {
    let (coverage, [mean, were, count]) = over(1..=200, [0.2, 0.4]);
    assert!((coverage - 0.8).abs() < 0.03, "{coverage}");
    assert!(count >= 200.0 && (mean - were).abs() < 0.08, "{mean} {were} of {count}");
    let (_, [mean, were, count]) = over(1..=200, [0.6, 1.01]);
    assert!(count >= 200.0 && (mean - were).abs() < 0.08, "{mean} {were} of {count}");
}
