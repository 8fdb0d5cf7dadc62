//! Weekly sales by region → pairs of regions, one of each pair advertised at random; the effect that such a trial can see, from trials
//! without advertising in the past. Used by `design` and `read`.
//!
//! The effect is ln(T₁/C₁) − ln(T₀/C₀): sums of the advertised and the other regions, during the trial and in the 26 weeks before it.

use super::draws::Draws;

/// Weeks before a trial with which its weeks are compared, and by which regions are paired.
pub const WEEKS_BEFORE: usize = 26;
/// Random assignments for each start of a trial in the past: with so many, the least effect that is seen varies by a hundredth of itself
/// from seed to seed.
const ASSIGNMENTS: usize = 100;
/// Starts in the past below which their spread says little.
pub const LEAST_STARTS: usize = 8;
/// z(90 %) + z(80 %): false alarms of 10 % one-sided, power of 80 %.
const ALPHA_AND_POWER: f64 = 1.281_552 + 0.841_621;
/// z(90 %): an 80 % interval ends here.
pub const Z80: f64 = 1.281_552;

/// Sums by week of one measure, by region: `values[region][week]`.
pub(crate) type Weekly = Vec<Vec<f64>>;

/// Which side of a trial a region is on; regions on neither stay out of the sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Treated,
    Control,
    Out,
}

/// Who is advertised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Assignment {
    /// One region of each pair, at random.
    Pairs,
    /// This region; all others are compared.
    One(usize),
}

/// Regions by falling sales, two and two. Regions without sales stay out; of an odd number, so does the smallest.
pub(crate) fn pairs(sales: &[f64]) -> Vec<(usize, usize)> {
    let mut order: Vec<usize> = (0..sales.len()).filter(|i| sales[*i] > 0.0).collect();
    order.sort_by(|a, b| sales[*b].total_cmp(&sales[*a]).then(a.cmp(b)));
    order.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect()
}

/// Throws a coin for a pair: who is advertised, who is not.
fn toss((a, b): (usize, usize), draws: &mut Draws) -> (usize, usize) {
    if draws.uniform() < 0.5 { (a, b) } else { (b, a) }
}

/// Throws a coin for each pair.
pub(crate) fn assign(regions: usize, pairs: &[(usize, usize)], draws: &mut Draws) -> Vec<Side> {
    let mut sides = vec![Side::Out; regions];
    for pair in pairs {
        let (treated, control) = toss(*pair, draws);
        (sides[treated], sides[control]) = (Side::Treated, Side::Control);
    }
    sides
}

/// Sums of both sides over these weeks: advertised, not advertised.
pub(crate) fn sums(weekly: &Weekly, sides: &[Side], weeks: std::ops::Range<usize>) -> (f64, f64) {
    let of = |side: Side| {
        let regions = weekly.iter().zip(sides).filter(|(_, s)| **s == side);
        regions.map(|(region, _)| region[weeks.clone()].iter().sum::<f64>()).sum()
    };
    (of(Side::Treated), of(Side::Control))
}

/// ln(T₁/C₁) − ln(T₀/C₀); `None` if a sum is not above 0.
pub(crate) fn log_effect(during: (f64, f64), before: (f64, f64)) -> Option<f64> {
    let all = [during.0, during.1, before.0, before.1];
    all.iter().all(|sum| *sum > 0.0).then(|| (during.0 / during.1).ln() - (before.0 / before.1).ln())
}

/// Spread of the effects that trials without advertising would have shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Placebo {
    /// Number of starts in the past.
    pub starts: usize,
    /// Root of the mean square of the effects, by measure.
    pub rms: [f64; 2],
}

impl Placebo {
    /// The smallest relative effect that is seen with a power of 80 %, by measure.
    pub(crate) fn detectable(&self) -> [f64; 2] {
        self.rms.map(|rms| (ALPHA_AND_POWER * rms).exp_m1())
    }
}

/// Sums of a trial by measure, before and during it: advertised, not advertised.
#[derive(Clone, Copy, Default)]
struct Trial([[(f64, f64); 2]; 2]);

impl Trial {
    fn with(self, halves: &[Vec<[f64; 2]>; 2], (treated, control): (usize, usize)) -> Trial {
        self.treated(halves, treated).control(halves, control)
    }

    fn treated(mut self, halves: &[Vec<[f64; 2]>; 2], region: usize) -> Trial {
        (0..2).for_each(|m| (0..2).for_each(|half| self.0[m][half].0 += halves[m][region][half]));
        self
    }

    fn control(mut self, halves: &[Vec<[f64; 2]>; 2], region: usize) -> Trial {
        (0..2).for_each(|m| (0..2).for_each(|half| self.0[m][half].1 += halves[m][region][half]));
        self
    }

    fn log_effect(&self, measure: usize) -> Option<f64> {
        let [before, during] = self.0[measure];
        log_effect(during, before)
    }
}

/// All effects that trials of this length without advertising would have shown on `measures`, by start: 26 weeks before, then the trial.
/// Regions are paired by the first measure.
fn placebo_effects(measures: &[Weekly; 2], weeks: usize, assignment: Assignment, seed: u64) -> Vec<[Vec<f64>; 2]> {
    let regions = measures[0].len();
    let length = measures[0].first().map_or(0, Vec::len);
    let mut draws = Draws::new(seed);
    let start = |start: usize| {
        // Each region's sums before and during the trial: the assignments only add them up.
        let sums_of = |region: &Vec<f64>| {
            [start - WEEKS_BEFORE..start, start..start + weeks].map(|weeks| region[weeks].iter().sum::<f64>())
        };
        let halves = [0, 1].map(|i| measures[i].iter().map(sums_of).collect::<Vec<[f64; 2]>>());
        let trials: Vec<Trial> = match assignment {
            Assignment::Pairs => {
                let pairs = pairs(&halves[0].iter().map(|region| region[0]).collect::<Vec<_>>());
                let mut trial =
                    || pairs.iter().fold(Trial::default(), |sums, pair| sums.with(&halves, toss(*pair, &mut draws)));
                (0..ASSIGNMENTS).map(|_| trial()).collect()
            }
            Assignment::One(one) => {
                let others = (0..regions).filter(|i| *i != one);
                vec![others.fold(Trial::default().treated(&halves, one), |sums, other| sums.control(&halves, other))]
            }
        };
        [0, 1].map(|measure| trials.iter().filter_map(|trial| trial.log_effect(measure)).collect())
    };
    (WEEKS_BEFORE..(length + 1).saturating_sub(weeks).max(WEEKS_BEFORE)).map(start).collect()
}

/// The spread of [`placebo_effects`]; `None` if there are fewer than [`LEAST_STARTS`] starts, or sums of 0.
pub(crate) fn placebo(measures: &[Weekly; 2], weeks: usize, assignment: Assignment, seed: u64) -> Option<Placebo> {
    let effects = placebo_effects(measures, weeks, assignment, seed);
    let rms = [0, 1].map(|i| {
        let all = || effects.iter().flat_map(|start| &start[i]);
        (all().map(|effect| effect * effect).sum::<f64>() / all().count() as f64).sqrt()
    });
    let is_known = effects.len() >= LEAST_STARTS && rms.iter().all(|rms| rms.is_finite() && *rms > 0.0);
    is_known.then_some(Placebo { starts: effects.len(), rms })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_of_like_sales_are_paired() {
        let pairs = pairs(&[5.0, 100.0, 0.0, 6.0, 90.0, 1.0]);
        assert_eq!(pairs, [(1, 4), (3, 0)]);
        let sides = assign(6, &pairs, &mut Draws::new(1));
        let treated: Vec<bool> =
            pairs.iter().map(|p| (sides[p.0] == Side::Treated) != (sides[p.1] == Side::Treated)).collect();
        assert!(treated.iter().all(|one| *one) && sides[2] == Side::Out && sides[5] == Side::Out, "{sides:?}");
    }

    #[test]
    fn effects_are_ratios_of_ratios() {
        let effect = log_effect((120.0, 50.0), (200.0, 100.0)).unwrap();
        assert!((effect.exp() - 1.2).abs() < 1e-12);
        assert_eq!(log_effect((0.0, 50.0), (200.0, 100.0)), None);
        let weekly: Weekly = vec![vec![1.0, 2.0, 3.0], vec![10.0, 20.0, 30.0], vec![7.0; 3]];
        assert_eq!(sums(&weekly, &[Side::Treated, Side::Control, Side::Out], 1..3), (5.0, 50.0));
    }

    /// A market of 20 regions whose weeks vary by more than chance.
    fn market(draws: &mut Draws, weeks: usize) -> Weekly {
        let mut region = |i: usize| {
            let size = 50.0 / (1.0 + i as f64 / 4.0);
            let mut week = || {
                let mean = size * (0.1 * draws.normal()).exp();
                draws.poisson(mean) as f64
            };
            (0..weeks).map(|_| week()).collect()
        };
        (0..20).map(&mut region).collect()
    }

    /// 2,000 simulated trials have the power and the false alarms that the design states, within two points: the threshold is 1.2816
    /// times the spread of trials without advertising.
    #[test]
    fn power_and_false_alarms_are_as_stated() {
        let (mut draws, weeks) = (Draws::new(5), 8);
        let past = market(&mut draws, 800);
        let placebo = placebo(&[past.clone(), past], weeks, Assignment::Pairs, 1).unwrap();
        let (rms, detectable) = (placebo.rms[0], placebo.detectable()[0]);
        assert!(placebo.starts == 800 - WEEKS_BEFORE - weeks + 1 && (0.03..0.12).contains(&detectable), "{placebo:?}");
        let mut alarms = |lift: f64| {
            let mut alarm = || {
                let mut trial = market(&mut draws, WEEKS_BEFORE + weeks);
                let sales: Vec<f64> = trial.iter().map(|region| region[..WEEKS_BEFORE].iter().sum()).collect();
                let sides = assign(trial.len(), &pairs(&sales), &mut draws);
                for (region, _) in trial.iter_mut().zip(&sides).filter(|(_, side)| **side == Side::Treated) {
                    region[WEEKS_BEFORE..].iter_mut().for_each(|orders| *orders *= 1.0 + lift);
                }
                let (before, during) = (0..WEEKS_BEFORE, WEEKS_BEFORE..WEEKS_BEFORE + weeks);
                log_effect(sums(&trial, &sides, during), sums(&trial, &sides, before)).unwrap() > Z80 * rms
            };
            (0..2_000).filter(|_| alarm()).count() as f64 / 2_000.0
        };
        let (false_alarms, power) = (alarms(0.0), alarms(detectable));
        assert!((false_alarms - 0.1).abs() < 0.02, "false alarms {false_alarms}");
        assert!((power - 0.8).abs() < 0.02, "power {power}");
    }

    #[test]
    fn too_short_a_past_says_nothing() {
        let weekly: Weekly = vec![vec![5.0; WEEKS_BEFORE + 8]; 4];
        assert_eq!(placebo(&[weekly.clone(), weekly], 8, Assignment::Pairs, 1), None);
        assert_eq!(placebo(&[Vec::new(), Vec::new()], 8, Assignment::Pairs, 1), None);
    }
}
