//! Indicators → Scored: ranks candidates by a weighted sum of indicators and shows the effect of each. Used by `winner` and `region`.

pub mod stability;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::table::quantiles::median;
use crate::text::listed;

/// Deviations are clipped to this many robust standard deviations, so that one outlier cannot decide.
const CLIP: f64 = 3.0;
/// Factor from the median absolute deviation to the standard deviation of a normal distribution.
const MAD: f64 = 1.4826;
/// Tolerance when checking that weights sum to 1.
const ROUNDING: f64 = 1e-6;

/// Weight of each indicator, by its name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weights {
    /// Weights of the indicators of a category.
    pub category: BTreeMap<String, f64>,
    /// Weights of the indicators of a state.
    pub state: BTreeMap<String, f64>,
}

impl Default for Weights {
    fn default() -> Self {
        // The file is embedded in the program; a test parses it.
        Weights::parse(include_str!("../weights.toml"))
            .unwrap_or(Weights { category: BTreeMap::new(), state: BTreeMap::new() })
    }
}

impl Weights {
    /// Reads a parameter file in the form of `src/decisions/weights.toml`.
    ///
    /// # Errors
    /// The text is not such a file, or the weights of a table do not sum to 1.
    pub fn parse(text: &str) -> Result<Weights> {
        let weights: Weights =
            toml::from_str(text).map_err(|e| Error::input(format!("cannot read the weights: {e}")))?;
        for (table, weights) in [("category", &weights.category), ("state", &weights.state)] {
            if let Some((name, weight)) = weights.iter().find(|(_, w)| !(0.0..=1.0).contains(*w)) {
                return Err(Error::input(format!("weight `{table}.{name}` is {weight}, not a share from 0 to 1")));
            }
            let sum: f64 = weights.values().sum();
            if (sum - 1.0).abs() > ROUNDING {
                return Err(Error::input(format!("the weights of `{table}` add up to {sum:.3}, not to 1"))
                    .with_hint(format!("divide each of them by {sum:.3}")));
            }
        }
        Ok(weights)
    }
}

/// One indicator of all candidates.
#[derive(Debug, Clone)]
pub struct Criterion {
    /// Name among the weights.
    pub name: &'static str,
    /// Whether a greater value is better.
    pub more_is_better: bool,
    /// Value per candidate. A missing value gets the deviation 0, as the median does.
    pub values: Vec<Option<f64>>,
}

impl Criterion {
    pub(crate) fn of<T>(
        candidates: &[T],
        name: &'static str,
        more_is_better: bool,
        value: impl Fn(&T) -> Option<f64>,
    ) -> Criterion {
        Criterion { name, more_is_better, values: candidates.iter().map(value).collect() }
    }

    /// Deviation of each candidate from the median.
    fn deviations(&self) -> Vec<f64> {
        let scale = Scale::of(self);
        self.values.iter().map(|value| scale.deviation(*value)).collect()
    }

    /// Its weight; 0 if it has none.
    fn weight(&self, weights: &BTreeMap<String, f64>) -> f64 {
        weights.get(self.name).copied().unwrap_or(0.0)
    }
}

/// One indicator of one candidate.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Indicator {
    /// Name among the weights.
    pub name: &'static str,
    /// Value in its own unit.
    pub value: Option<f64>,
    /// Robust standard deviations by which the candidate is better than the median.
    pub deviation: f64,
    /// Weight of the indicator.
    pub weight: f64,
    /// Contribution to the score: weight × deviation.
    pub points: f64,
    /// Rank of the candidate without this indicator.
    pub rank_without: usize,
}

/// Rank of one candidate.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scored {
    /// Index among the candidates.
    #[serde(skip)]
    pub candidate: usize,
    /// Rank; 1 is the best.
    pub rank: usize,
    /// Score: sum of the points.
    pub score: f64,
    /// The indicators behind the score.
    pub indicators: Vec<Indicator>,
}

/// Median and spread of an indicator, which turn values into deviations.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scale {
    median: f64,
    unit: f64,
    sign: f64,
}

impl Scale {
    pub(crate) fn of(criterion: &Criterion) -> Scale {
        let mut values: Vec<f64> = criterion.values.iter().flatten().copied().collect();
        let middle = median(&mut values);
        let mut distances: Vec<f64> = values.iter().map(|v| (v - middle).abs()).collect();
        let spread = MAD * median(&mut distances);
        // If more than half of the candidates are equal, the mean distance is the unit instead.
        let mean = distances.iter().sum::<f64>() / distances.len().max(1) as f64;
        let unit = if spread > 0.0 { spread } else { mean };
        Scale { median: middle, unit, sign: if criterion.more_is_better { 1.0 } else { -1.0 } }
    }

    pub(crate) fn deviation(self, value: Option<f64>) -> f64 {
        let Some(value) = value.filter(|_| self.unit > 0.0) else { return 0.0 };
        self.sign * ((value - self.median) / self.unit).clamp(-CLIP, CLIP)
    }
}

/// Ranks the candidates, best first. Indicators without a weight do not count.
///
/// # Errors
/// A weight has no indicator.
pub fn score(criteria: &[Criterion], weights: &BTreeMap<String, f64>) -> Result<Vec<Scored>> {
    if let Some(name) = weights.keys().find(|name| criteria.iter().all(|c| c.name != *name)) {
        return Err(Error::input(format!("there is no indicator `{name}` to weigh"))
            .with_hint(format!("the indicators are {}", listed(criteria.iter().map(|c| c.name)))));
    }
    let candidates = criteria.first().map_or(0, |c| c.values.len());
    let weight = |c: &Criterion| c.weight(weights);
    let deviations: Vec<Vec<f64>> = criteria.iter().map(Criterion::deviations).collect();
    let total = |i: usize, without: Option<usize>| -> f64 {
        let counted = (0..criteria.len()).filter(|k| Some(*k) != without);
        counted.map(|k| weight(&criteria[k]) * deviations[k][i]).sum()
    };
    let ranks = |without: Option<usize>| {
        let mut order: Vec<usize> = (0..candidates).collect();
        order.sort_by(|a, b| total(*b, without).total_cmp(&total(*a, without)).then(a.cmp(b)));
        let mut ranks = vec![0; candidates];
        order.iter().enumerate().for_each(|(rank, i)| ranks[*i] = rank + 1);
        ranks
    };
    let all = ranks(None);
    let without: Vec<Vec<usize>> = (0..criteria.len()).map(|k| ranks(Some(k))).collect();
    let indicator = |i: usize, k: usize| Indicator {
        name: criteria[k].name,
        value: criteria[k].values[i],
        deviation: deviations[k][i],
        weight: weight(&criteria[k]),
        points: weight(&criteria[k]) * deviations[k][i],
        rank_without: without[k][i],
    };
    let scored = (0..candidates).map(|i| {
        let indicators = (0..criteria.len()).map(|k| indicator(i, k)).collect();
        Scored { candidate: i, rank: all[i], score: total(i, None), indicators }
    });
    let mut scored: Vec<Scored> = scored.collect();
    scored.sort_by_key(|s| s.rank);
    Ok(scored)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn criterion(name: &'static str, more_is_better: bool, values: &[f64]) -> Criterion {
        Criterion { name, more_is_better, values: values.iter().map(|v| Some(*v)).collect() }
    }

    #[test]
    fn the_sum_decides_and_what_each_part_does_is_told() {
        let criteria = [criterion("revenue", true, &[1.0, 2.0, 3.0]), criterion("late", false, &[0.1, 0.2, 0.9])];
        let weights = BTreeMap::from([("revenue".to_string(), 0.5), ("late".to_string(), 0.5)]);
        let scored = score(&criteria, &weights).unwrap();
        // Deviations: revenue ∓1/1.4826; late +1/1.4826, 0, −3 (clipped).
        assert_eq!(scored.iter().map(|s| s.candidate).collect::<Vec<_>>(), [0, 1, 2]);
        assert!((scored[0].score).abs() < 1e-12 && scored[1].score == 0.0);
        assert_eq!(scored[2].indicators[1].deviation, -3.0);
        assert_eq!(scored[2].indicators[1].rank_without, 1);
        let unknown = BTreeMap::from([("luck".to_string(), 1.0)]);
        assert_eq!(score(&criteria, &unknown).unwrap_err().exit_code(), 2);
    }

    #[test]
    fn weights_must_add_up() {
        assert_eq!(Weights::default().category.len(), 9);
        let error = Weights::parse("[category]\na = 0.5\n[state]\nb = 1.0").unwrap_err();
        assert!(error.to_string().contains("add up to 0.500") && error.hint().is_some());
        assert!(Weights::parse("[category]\na = -1.0\nb = 2.0\n[state]\nb = 1.0").is_err());
        assert!(Weights::parse("nonsense").is_err());
    }

    #[test]
    fn equal_and_unknown_values_count_as_middling() {
        let scale = Scale::of(&criterion("x", true, &[2.0, 2.0, 2.0]));
        assert_eq!((scale.deviation(Some(2.0)), scale.deviation(None)), (0.0, 0.0));
        assert_eq!(Scale::of(&criterion("x", true, &[])).deviation(Some(1.0)), 0.0);
    }
}
