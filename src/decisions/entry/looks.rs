//! Sellers + cutoff → Look: the candidates as each rule orders them, and what their later entrants earned. Used by `backtest`.

use super::rules;
use crate::error::Result;
use crate::models::DateRange;
use crate::models::entrants::pooling::fit;
use crate::models::entrants::{Seller, Sellers, Span};

/// How many categories are chosen.
pub(super) const TOPS: [usize; 3] = [1, 3, 5];

/// An entrant with a known category.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entrant {
    pub(super) first_day: i32,
    pub(super) category: usize,
    /// Logarithm of 1 + revenue of 30 and of 90 days.
    logs: [f64; 2],
}

impl Entrant {
    pub(super) fn of(seller: &Seller) -> Option<Entrant> {
        let logs = [Span::Days30, Span::Days90].map(|span| seller.log_revenue(span));
        Some(Entrant { first_day: seller.first_day, category: seller.category?, logs })
    }
}

/// A cutoff and what is looked at after it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    /// The last day that is known.
    pub(super) cutoff: i32,
    /// Days of the first sales of those who enter later.
    pub(super) enter: DateRange,
    /// Over which days their revenue counts.
    pub(super) over: Span,
}

/// What a newcomer could have known at a cutoff, and what those who entered later earned.
pub(super) struct Look {
    /// For each rule the candidates, the preferred first, as indices in the order of the model.
    pub(super) orders: Vec<Vec<usize>>,
    /// Later entrants of the candidates: index of the entrant, of its candidate, and logarithm of its revenue.
    pub(super) outcomes: Vec<(usize, usize, f64)>,
    /// Posterior mean of each candidate.
    pub(super) means: Vec<f64>,
}

/// Whose entrants count, and with which category.
pub(super) struct Sample<'a> {
    pub(super) sellers: &'a Sellers,
    /// Entrants whose 90 days are known, then later ones.
    pub(super) entrants: &'a [Entrant],
    /// A category that is left out.
    pub(super) without: Option<usize>,
}

impl Sample<'_> {
    /// Looks back on a cutoff; `categories` holds the category of each entrant. With `rules`, orders the candidates by all rules, otherwise
    /// by the model alone. `None` if fewer than two categories are candidates, or nobody entered later.
    ///
    /// # Errors
    /// As [`rules::orders`].
    pub(super) fn look(&self, plan: &Plan, categories: &[usize], with_rules: bool) -> Result<Option<Look>> {
        let used = || {
            let all = self.entrants.iter().zip(categories).enumerate();
            all.filter(|(_, (_, category))| Some(**category) != self.without)
        };
        let known = |entrant: &Entrant| {
            entrant.first_day >= self.sellers.entered.from && entrant.first_day + Span::Days90.days() <= plan.cutoff
        };
        let learned = used().filter(|(_, (entrant, _))| known(entrant)).map(|(_, (e, c))| (*c, e.logs[1]));
        let Some(fitted) = fit(self.sellers.categories.len(), learned) else { return Ok(None) };
        let mut place = vec![None; self.sellers.categories.len()];
        fitted.ranked.iter().zip(0..).for_each(|((category, _), rank)| place[*category] = Some(rank));
        let later = used().filter(|(_, (entrant, _))| (plan.enter.from..=plan.enter.to).contains(&entrant.first_day));
        let log = |entrant: &Entrant| entrant.logs[usize::from(plan.over == Span::Days90)];
        let outcomes: Vec<(usize, usize, f64)> =
            later.filter_map(|(i, (entrant, category))| Some((i, place[*category]?, log(entrant)))).collect();
        if outcomes.is_empty() {
            return Ok(None);
        }
        let candidates: Vec<usize> = fitted.ranked.iter().map(|(category, _)| *category).collect();
        let means = fitted.ranked.iter().map(|(_, posterior)| posterior.mean).collect();
        let mut look = Look { orders: vec![(0..candidates.len()).collect()], outcomes, means };
        if with_rules {
            let earned: Vec<Option<f64>> =
                look.sums(|_| 1.0).into_iter().map(|(n, sum)| (n > 0.0).then(|| sum / n)).collect();
            look.orders = rules::orders(self.sellers, &candidates, plan.cutoff, &earned)?;
        }
        Ok(Some(look))
    }
}

impl Look {
    /// Weights and weighted sums of the logarithms, by candidate.
    fn sums(&self, weight: impl Fn(usize) -> f64) -> Vec<(f64, f64)> {
        let mut sums = vec![(0.0, 0.0); self.means.len()];
        for (entrant, candidate, log) in &self.outcomes {
            let (sum, weight) = (&mut sums[*candidate], weight(*entrant));
            *sum = (sum.0 + weight, sum.1 + weight * log);
        }
        sums
    }
}

/// For each order and each of [`TOPS`]: the ratio of the entrants' geometric mean revenue in the first categories to that in all
/// candidates, as the geometric mean over the looks in which somebody entered the former; `None` without such a look. `orders` picks the
/// orders of a look, as many of each; `weight` says how often an entrant counts.
pub(super) fn ratios<'a>(
    looks: &'a [Look],
    orders: impl Fn(&'a Look, usize) -> &'a [Vec<usize>],
    weight: impl Fn(usize) -> f64,
) -> Vec<[Option<f64>; TOPS.len()]> {
    let mut logs: Vec<[(f64, f64); TOPS.len()]> = Vec::new();
    for (i, look) in looks.iter().enumerate() {
        let sums = look.sums(&weight);
        let add = |total: (f64, f64), sum: &(f64, f64)| (total.0 + sum.0, total.1 + sum.1);
        let (n, all) = sums.iter().fold((0.0, 0.0), add);
        let orders = orders(look, i);
        logs.resize(orders.len(), [(0.0, 0.0); TOPS.len()]);
        for (order, logs) in orders.iter().zip(&mut logs) {
            for (top, log) in TOPS.iter().zip(logs) {
                let (chosen, sum) = order.iter().take(*top).map(|i| &sums[*i]).fold((0.0, 0.0), add);
                if chosen > 0.0 {
                    *log = (log.0 + 1.0, log.1 + sum / chosen - all / n);
                }
            }
        }
    }
    logs.into_iter().map(|logs| logs.map(|(n, sum)| (n > 0.0).then(|| (sum / n).exp()))).collect()
}
