//! Entrants → Milestones: what the orders of the first 28 days tell about days 29 to 90. Used by `entrants`.

use serde::Serialize;

use super::sellers::{Seller, Span};
use crate::table::quantiles::quantiles;

/// Least and greatest number of orders of a milestone, with its name.
const MILESTONES: [(&str, i64, i64); 5] =
    [("1", 1, 1), ("2-3", 2, 3), ("4-9", 4, 9), ("10-29", 10, 29), ("30+", 30, i64::MAX)];

/// Entrants by their orders of the first 28 days.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Milestone {
    /// Number of orders: `1`, `2-3`, `4-9`, `10-29` or `30+`.
    pub orders_28: &'static str,
    /// Number of entrants.
    pub n: usize,
    /// What they did next; `None` without entrants.
    pub rest: Option<Rest>,
}

/// What entrants sold on days 29 to 90.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rest {
    /// Share that sold nothing more, 0–1.
    pub nothing: f64,
    /// Quartiles of their revenue on those days, BRL.
    pub quartiles: [f64; 3],
}

/// Groups the entrants.
pub(super) fn milestones<'a>(entrants: impl Iterator<Item = &'a Seller> + Clone) -> Vec<Milestone> {
    let milestone = |(orders_28, least, most): (&'static str, i64, i64)| {
        let reached = entrants.clone().filter(|seller| (least..=most).contains(&seller.orders(Span::Days28)));
        let more = |seller: &Seller| seller.orders(Span::Days90) - seller.orders(Span::Days28);
        let nothing = reached.clone().filter(|seller| more(seller) == 0).count();
        let mut rest: Vec<f64> =
            reached.map(|seller| seller.revenue(Span::Days90) - seller.revenue(Span::Days28)).collect();
        let n = rest.len();
        let after = |rest: &mut [f64]| Rest {
            nothing: nothing as f64 / n as f64,
            quartiles: quantiles(rest, [0.25, 0.5, 0.75]),
        };
        Milestone { orders_28, n, rest: (n > 0).then(|| after(&mut rest)) }
    };
    MILESTONES.into_iter().map(milestone).collect()
}
