//! Entrants → EntryBacktest: what entrants earned in the categories that a rule would have chosen, beside all others. Used by `entry`.
//!
//! At the end of each past month, every rule orders the categories by what was known on that day. The next three months' entrants in its
//! first 1, 3 and 5 categories are compared with those in all candidates. All is done once more without the category that leads today, as
//! one lucky category proves no rule, and with categories shuffled among the entrants of a month. The last months were used for no choice:
//! their entrants are the locked check, over 30 days.

use std::collections::BTreeMap;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rayon::prelude::*;
use serde::Serialize;

use super::looks::{Entrant, Look, Plan, Sample, TOPS, ratios};
use super::rules::RULES;
use crate::error::{Result, TooLittle};
use crate::mart::month::Month;
use crate::models::DateRange;
use crate::models::entrants::{Entrants, Span};
use crate::models::metrics::{below, spearman};
use crate::statistics::normal::two_sided;

/// At the first cutoff, the entrants of this many days are known.
const LEARN_DAYS: i32 = 120;
/// Months in which those enter who are compared.
const MONTHS: i32 = 3;
/// Cutoffs that a backtest needs.
const LEAST_CUTOFFS: usize = 3;
/// Draws of sellers for intervals, shuffles of categories, random orders of the candidates at each cutoff.
const DRAWS: usize = 1_000;
const SHUFFLES: usize = 200;
const RANDOM: usize = 200;
const SEED: u64 = 4;

/// Results of all rules.
#[derive(Debug, Clone, Serialize)]
pub struct EntryBacktest {
    /// The category that leads today, left out in [`Check::WithoutLeader`].
    pub leader: String,
    /// Days at whose end a category was chosen.
    pub cutoffs: Vec<i32>,
    /// One entry per check, rule and number of categories chosen.
    pub results: Vec<RuleResult>,
    /// Whether the model orders single sellers of the locked check; `None` if there are none.
    pub rank_correlation: Option<RankCorrelation>,
}

/// Which entrants are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// Those of three months after each cutoff, over 90 days.
    Past,
    /// The same without the category that leads today.
    WithoutLeader,
    /// Those of the last months, over 30 days.
    Locked,
}

impl Check {
    /// Name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Check::Past => "past",
            Check::WithoutLeader => "without leader",
            Check::Locked => "locked",
        }
    }
}

/// What entrants earned in the categories chosen by a rule, beside all candidates.
#[derive(Debug, Clone, Serialize)]
pub struct RuleResult {
    /// Which entrants are compared.
    pub check: Check,
    /// How the categories are chosen; `random` is the geometric mean of random choices.
    pub rule: &'static str,
    /// How many categories are chosen.
    pub top: usize,
    /// Number of cutoffs.
    pub cutoffs: usize,
    /// Entrants of the chosen categories, over all cutoffs; for `random` those of all candidates.
    pub entrants: usize,
    /// Geometric mean revenue of these over that of all candidates' entrants, as the geometric mean over the cutoffs.
    pub ratio: f64,
    /// 90 % bootstrap interval over sellers; the categories stay chosen. None for `random`.
    pub interval90: Option<(f64, f64)>,
    /// The same with shuffled categories; for the model alone.
    pub shuffled: Option<Shuffled>,
}

/// Ratios with categories shuffled among the entrants of each month.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Shuffled {
    /// Geometric mean.
    pub mean: f64,
    /// 95 % quantile.
    pub high95: f64,
    /// Share of the shuffles, and of the real categories as one more, with at least the real ratio.
    pub p: f64,
}

/// Rank correlation of a category's posterior mean with the revenue of single sellers.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct RankCorrelation {
    /// Number of sellers.
    pub n: usize,
    /// Spearman's coefficient.
    pub value: f64,
    /// Probability of one at least as far from 0 by chance, by the normal distribution with variance 1/(n − 1).
    pub p: f64,
}

/// Tests the choice of a category on the past.
///
/// # Errors
/// [`TooLittle::PastEntrants`] if at fewer than three cutoffs two categories had enough entrants.
pub fn backtest(entrants: &Entrants) -> Result<EntryBacktest> {
    let leader = &entrants.chances.as_ref().map_err(|lack| *lack)?.categories[0].category;
    let sellers = &entrants.sellers;
    let span = sellers.entered;
    let mut all: Vec<Entrant> = sellers.entered().filter_map(Entrant::of).collect();
    let known = all.len();
    all.extend(sellers.all.iter().filter(|seller| seller.first_day > span.to).filter_map(Entrant::of));
    let month_end = |month: Month| month.plus(1).first_day() - 1;
    let last = Month::of_day(span.to).plus(-MONTHS);
    let past = |cutoff: i32| Plan {
        cutoff,
        enter: DateRange { from: cutoff + 1, to: month_end(Month::of_day(cutoff).plus(MONTHS)).min(span.to) },
        over: Span::Days90,
    };
    let months = Month::of_day(span.from).through(last).map(month_end);
    let plans: Vec<Plan> = months.filter(|day| day - Span::Days90.days() - LEARN_DAYS >= span.from).map(past).collect();
    let without = sellers.categories.iter().position(|category| category == leader);
    let (mut cutoffs, mut results) = (Vec::new(), Vec::new());
    for (check, without) in [(Check::Past, None), (Check::WithoutLeader, without)] {
        let sample = Sample { sellers, entrants: &all[..known], without };
        let (looks, days) = look_back(&sample, &plans)?;
        match check {
            Check::Past => cutoffs = days,
            _ if looks.len() < LEAST_CUTOFFS => continue,
            _ => {}
        }
        if looks.len() < LEAST_CUTOFFS {
            return Err(TooLittle::PastEntrants.into());
        }
        results.extend(compare(check, &looks, all.len(), Some((&sample, &plans)))?);
    }
    let cutoff = month_end(Month::of_day(span.to));
    let enter = DateRange { from: cutoff + 1, to: sellers.last_day + 1 - Span::Days30.days() };
    let sample = Sample { sellers, entrants: &all, without: None };
    let (locked, _) = look_back(&sample, &[Plan { cutoff, enter, over: Span::Days30 }])?;
    results.extend(compare(Check::Locked, &locked, all.len(), None)?);
    let rank_correlation = locked.first().and_then(rank_correlation);
    Ok(EntryBacktest { leader: leader.clone(), cutoffs, results, rank_correlation })
}

/// The looks that are possible, with their cutoffs.
fn look_back(sample: &Sample, plans: &[Plan]) -> Result<(Vec<Look>, Vec<i32>)> {
    let categories: Vec<usize> = sample.entrants.iter().map(|entrant| entrant.category).collect();
    let look = |plan: &Plan| Ok(sample.look(plan, &categories, true)?.map(|look| (look, plan.cutoff)));
    Ok(plans.iter().map(look).collect::<Result<Vec<_>>>()?.into_iter().flatten().unzip())
}

/// Results of all rules; with `shuffle`, the model's are also compared with those of shuffled categories.
fn compare(
    check: Check,
    looks: &[Look],
    entrants: usize,
    shuffle: Option<(&Sample, &[Plan])>,
) -> Result<Vec<RuleResult>> {
    let values = ratios(looks, |look, _| &look.orders, |_| 1.0);
    let intervals = intervals(looks, entrants);
    let shuffled = shuffle.map(|(sample, plans)| shuffles(sample, plans)).transpose()?;
    let mut results = Vec::new();
    for (rule, name) in RULES.iter().enumerate().take(values.len()) {
        for (i, top) in TOPS.into_iter().enumerate() {
            let Some(ratio) = values[rule][i] else { continue };
            let chosen = |look: &Look| {
                let categories = &look.orders[rule][..top.min(look.orders[rule].len())];
                look.outcomes.iter().filter(|(_, candidate, _)| categories.contains(candidate)).count()
            };
            results.push(RuleResult {
                check,
                rule: name,
                top,
                cutoffs: looks.len(),
                entrants: looks.iter().map(chosen).sum(),
                ratio,
                interval90: intervals[rule][i],
                shuffled: shuffled.as_ref().filter(|_| rule == 0).and_then(|all| Shuffled::of(all, i, ratio)),
            });
        }
    }
    results.extend(random(check, looks));
    Ok(results)
}

/// The mean of random choices.
fn random(check: Check, looks: &[Look]) -> Vec<RuleResult> {
    let mut source = ChaCha8Rng::seed_from_u64(SEED);
    let order = |look: &Look, source: &mut ChaCha8Rng| {
        let mut order: Vec<usize> = (0..look.means.len()).collect();
        shuffle(&mut order, source);
        order
    };
    let orders: Vec<Vec<Vec<usize>>> =
        looks.iter().map(|look| (0..RANDOM).map(|_| order(look, &mut source)).collect()).collect();
    let values = ratios(looks, |_, i| &orders[i], |_| 1.0);
    let result = |(i, top): (usize, usize)| {
        let logs: Vec<f64> = values.iter().filter_map(|value| Some(value[i]?.ln())).collect();
        Some(RuleResult {
            check,
            rule: "random",
            top,
            cutoffs: looks.len(),
            entrants: looks.iter().map(|look| look.outcomes.len()).sum(),
            ratio: mean(&logs)?.exp(),
            interval90: None,
            shuffled: None,
        })
    };
    TOPS.into_iter().enumerate().filter_map(result).collect()
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// 90 % bootstrap intervals by rule and number of categories. Draws sellers, each with all its cutoffs.
fn intervals(looks: &[Look], entrants: usize) -> Vec<[Option<(f64, f64)>; TOPS.len()]> {
    let mut drawn: Vec<usize> =
        looks.iter().flat_map(|look| look.outcomes.iter().map(|(seller, ..)| *seller)).collect();
    drawn.sort_unstable();
    drawn.dedup();
    let mut source = ChaCha8Rng::seed_from_u64(SEED);
    let mut times = vec![0.0; entrants];
    let draws: Vec<Vec<[Option<f64>; TOPS.len()]>> = (0..DRAWS)
        .map(|_| {
            times.fill(0.0);
            drawn.iter().for_each(|_| times[drawn[below(drawn.len(), &mut source)]] += 1.0);
            ratios(looks, |look, _| &look.orders, |seller| times[seller])
        })
        .collect();
    let interval = |rule: usize, top: usize| {
        let mut values: Vec<f64> = draws.iter().filter_map(|draw| draw.get(rule)?[top]).collect();
        values.sort_by(f64::total_cmp);
        let (first, last) = (values.get(values.len() / 20)?, values.get(values.len() - 1 - values.len() / 20)?);
        Some((*first, *last))
    };
    (0..RULES.len()).map(|rule| std::array::from_fn(|top| interval(rule, top))).collect()
}

/// The model's ratios with shuffled categories.
fn shuffles(sample: &Sample, plans: &[Plan]) -> Result<Vec<[Option<f64>; TOPS.len()]>> {
    let mut months: BTreeMap<Month, Vec<usize>> = BTreeMap::new();
    for (i, entrant) in sample.entrants.iter().enumerate().filter(|(_, e)| Some(e.category) != sample.without) {
        months.entry(Month::of_day(entrant.first_day)).or_default().push(i);
    }
    let shuffled = |number: u64| {
        let mut source = ChaCha8Rng::seed_from_u64(SEED + number);
        let mut categories: Vec<usize> = sample.entrants.iter().map(|entrant| entrant.category).collect();
        for members in months.values() {
            let mut order = members.clone();
            shuffle(&mut order, &mut source);
            members.iter().zip(order).for_each(|(to, from)| categories[*to] = sample.entrants[from].category);
        }
        let looks = plans.iter().map(|plan| sample.look(plan, &categories, false)).collect::<Result<Vec<_>>>()?;
        let looks: Vec<Look> = looks.into_iter().flatten().collect();
        Ok(ratios(&looks, |look, _| &look.orders, |_| 1.0).first().copied().unwrap_or_default())
    };
    (1..=SHUFFLES as u64).into_par_iter().map(shuffled).collect()
}

impl Shuffled {
    fn of(all: &[[Option<f64>; TOPS.len()]], top: usize, ratio: f64) -> Option<Shuffled> {
        let mut logs: Vec<f64> = all.iter().filter_map(|ratios| Some(ratios[top]?.ln())).collect();
        logs.sort_by(f64::total_cmp);
        let reached = logs.iter().filter(|log| **log >= ratio.ln()).count();
        Some(Shuffled {
            mean: mean(&logs)?.exp(),
            high95: logs[(logs.len() * 19 / 20).min(logs.len() - 1)].exp(),
            p: (1 + reached) as f64 / (1 + logs.len()) as f64,
        })
    }
}

fn rank_correlation(look: &Look) -> Option<RankCorrelation> {
    let (means, logs): (Vec<f64>, Vec<f64>) =
        look.outcomes.iter().map(|(_, candidate, log)| (look.means[*candidate], *log)).unzip();
    let (n, value) = (logs.len(), spearman(&means, &logs)?);
    Some(RankCorrelation { n, value, p: two_sided(value * (n as f64 - 1.0).sqrt()) })
}

fn shuffle(values: &mut [usize], source: &mut ChaCha8Rng) {
    for i in (1..values.len()).rev() {
        values.swap(i, below(i + 1, source));
    }
}
