//! SalesMart → Entrants: what new sellers earned in their first 90 days, by the category that they entered with. Next: `decisions::entry`.
//!
//! An entrant is a seller whose first sale lies in a span of days after which its 90 days are known. A seller that never sold is not in
//! the data: everything here is given a first sale. Revenue is the price of the items, without freight, of orders that are neither
//! canceled nor unavailable.

pub mod milestones;
pub mod pooling;
pub(crate) mod sellers;
#[cfg(test)]
mod tests;

use serde::Serialize;

pub use self::milestones::Milestone;
use self::milestones::milestones;
use self::pooling::{Pooled, Posterior, fit, places};
pub use self::sellers::{MILESTONE_DAYS, REVENUE_DAYS};
pub(crate) use self::sellers::{Seller, Sellers, Span};
use super::span::DateRange;
use crate::error::{Result, TooLittle};
use crate::mart::SalesMart;
use crate::table::quantiles::{median, quantiles};

/// Revenues whose chances are told, BRL.
pub const REVENUES: [f64; 3] = [500.0, 1_000.0, 3_000.0];
/// A category is on the short list if its probability to be among the first three is at least this.
pub const LISTED: f64 = 0.1;
/// Quantile 90 % of the standard normal distribution: half the width of an 80 % interval.
const NORMAL90: f64 = 1.281_551_565_544_600_5;

/// What new sellers earned.
#[derive(Debug, Clone, Serialize)]
pub struct Entrants {
    /// Days of their first sales.
    pub entered: DateRange,
    /// Facts on all entrants.
    pub summary: Summary,
    /// Orders in the first 28 days → what followed.
    pub milestones: Vec<Milestone>,
    /// Chances by category, or what the data lack to tell them.
    pub chances: Result<Chances, TooLittle>,
    /// All sellers.
    #[serde(skip)]
    pub(crate) sellers: Sellers,
}

/// Facts on all entrants. Revenue in BRL over their first 90 days.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// Number of entrants.
    pub entrants: usize,
    /// Number of those whose category is known.
    pub with_category: usize,
    /// Mean revenue.
    pub revenue_mean: f64,
    /// Quartiles of revenue.
    pub revenue_quartiles: [f64; 3],
    /// Mean number of orders.
    pub orders_mean: f64,
    /// Median number of orders.
    pub orders_median: f64,
    /// Share with a single order, 0–1.
    pub one_order: f64,
    /// Share that reached each of [`REVENUES`], 0–1.
    pub reached: [f64; 3],
}

/// Chances of one more entrant, by category.
#[derive(Debug, Clone, Serialize)]
pub struct Chances {
    /// The model.
    pub pooled: Pooled,
    /// Categories with at least [`pooling::LEAST`] entrants, the greatest typical revenue first.
    pub categories: Vec<CategoryChances>,
}

/// Chances of one more entrant in a category. Revenue in BRL over its first 90 days.
#[derive(Debug, Clone, Serialize)]
pub struct CategoryChances {
    /// English category.
    pub category: String,
    /// Number of entrants.
    pub n: usize,
    /// Median revenue of these.
    pub median: f64,
    /// Mean revenue of these.
    pub mean: f64,
    /// Typical revenue: that of the posterior mean of ln(1 + revenue).
    pub typical: f64,
    /// 80 % interval of the typical revenue.
    pub interval80: (f64, f64),
    /// Typical number of orders, in the same way: that of the posterior mean of its logarithm.
    pub orders: f64,
    /// What is known of the mean of ln(1 + revenue).
    #[serde(skip)]
    pub(crate) posterior: Posterior,
    /// Probability that its typical revenue is the greatest, 0–1.
    pub first: f64,
    /// Probability that it is among the three greatest, 0–1.
    pub top3: f64,
    /// Probability that one more entrant reaches each of [`REVENUES`], 0–1.
    pub reach: [f64; 3],
}

/// Describes the entrants.
///
/// # Errors
/// [`TooLittle::Entrants`] if there is none. Otherwise: the mart is incomplete, or no order has a day.
pub fn entrants(mart: &SalesMart) -> Result<Entrants> {
    let sellers = Sellers::of(mart)?;
    let entered: Vec<&Seller> = sellers.entered().collect();
    if entered.is_empty() {
        return Err(TooLittle::Entrants.into());
    }
    Ok(Entrants {
        entered: sellers.entered,
        summary: Summary::of(&entered),
        milestones: milestones(entered.iter().copied().filter(|seller| seller.category.is_some())),
        chances: chances(&sellers).ok_or(TooLittle::Entrants),
        sellers,
    })
}

/// Number of sellers in the data: of a shop of its own, one.
///
/// # Errors
/// The mart is incomplete.
pub fn sellers(mart: &SalesMart) -> Result<usize> {
    Ok(mart.table("sellers")?.column("seller_id")?.n_unique()?)
}

impl Chances {
    /// The categories that may well be among the first three. Never a certain winner: see `top3`.
    pub fn short_list(&self) -> impl Iterator<Item = &CategoryChances> {
        self.categories.iter().filter(|category| category.top3 >= LISTED)
    }
}

impl Summary {
    /// There must be an entrant.
    fn of(entered: &[&Seller]) -> Summary {
        let n = entered.len() as f64;
        let share = |is: &dyn Fn(&Seller) -> bool| entered.iter().filter(|seller| is(seller)).count() as f64 / n;
        let mut revenue: Vec<f64> = entered.iter().map(|seller| seller.revenue(Span::Days90)).collect();
        let mut orders: Vec<f64> = entered.iter().map(|seller| seller.orders(Span::Days90) as f64).collect();
        Summary {
            entrants: entered.len(),
            with_category: entered.iter().filter(|seller| seller.category.is_some()).count(),
            revenue_mean: revenue.iter().sum::<f64>() / n,
            revenue_quartiles: quantiles(&mut revenue, [0.25, 0.5, 0.75]),
            orders_mean: orders.iter().sum::<f64>() / n,
            orders_median: median(&mut orders),
            one_order: share(&|seller| seller.orders(Span::Days90) == 1),
            reached: REVENUES.map(|brl| share(&|seller| seller.revenue(Span::Days90) >= brl)),
        }
    }
}

/// `None` if fewer than two categories have enough entrants, or all entrants earned the same.
fn chances(sellers: &Sellers) -> Option<Chances> {
    let known = || sellers.entered().filter_map(|seller| Some((seller.category?, seller)));
    let fitted = fit(sellers.categories.len(), known().map(|(c, seller)| (c, seller.log_revenue(Span::Days90))))?;
    let mut revenue: Vec<Vec<f64>> = vec![Vec::new(); sellers.categories.len()];
    known().for_each(|(category, seller)| revenue[category].push(seller.revenue(Span::Days90)));
    let orders = typical_orders(sellers);
    let places = places(fitted.ranked.len(), |i, draws| draws.mean(&fitted.ranked[i].1));
    let categories = fitted.ranked.iter().zip(places).map(|((category, posterior), [first, top3])| {
        let revenue = &mut revenue[*category];
        let half = NORMAL90 * posterior.variance.sqrt();
        CategoryChances {
            category: sellers.categories[*category].clone(),
            n: revenue.len(),
            mean: revenue.iter().sum::<f64>() / revenue.len() as f64,
            median: median(revenue),
            typical: posterior.mean.exp_m1(),
            interval80: ((posterior.mean - half).exp_m1(), (posterior.mean + half).exp_m1()),
            orders: orders[*category],
            posterior: *posterior,
            first,
            top3,
            reach: REVENUES.map(|brl| fitted.pooled.exceeds(posterior, brl.ln_1p())),
        }
    });
    Some(Chances { categories: categories.collect(), pooled: fitted.pooled })
}

/// Typical number of orders of 90 days, by category; where nothing varies, the geometric mean of its entrants. 0 without any.
fn typical_orders(sellers: &Sellers) -> Vec<f64> {
    let logs = || sellers.entered().filter_map(|seller| Some((seller.category?, seller.orders(Span::Days90))));
    let logs = || logs().map(|(category, orders)| (category, (orders as f64).max(1.0).ln()));
    let mut sums = vec![(0.0, 0.0); sellers.categories.len()];
    logs().for_each(|(category, log)| sums[category] = (sums[category].0 + 1.0, sums[category].1 + log));
    let mut orders: Vec<f64> = sums.into_iter().map(|(n, sum)| if n > 0.0 { f64::exp(sum / n) } else { 0.0 }).collect();
    for (category, posterior) in fit(sellers.categories.len(), logs()).into_iter().flat_map(|fitted| fitted.ranked) {
        orders[category] = posterior.mean.exp();
    }
    orders
}
