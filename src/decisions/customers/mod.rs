//! SalesMart → Customers: who comes back, and whether an effort to bring more of them back is worth a trial. Part of `Findings`.
//!
//! A customer comes back with an order on a later day than that of the first: a second order of the same day is one purchase in two parts.
//! Orders are neither canceled nor unavailable. The first order is the first in the data.
//!
//! **The rule**, the same for all data: its thresholds are conventions, not fitted to any. Such an effort is worth acting on if there is a
//! rise of the later orders that
//!
//! - is at most a doubling ([`MOST_RISE`]), and does not need more customers to come back than there are;
//! - matters: it adds [`MATERIAL`] to all orders, the share at which auditors begin to call a difference material; later orders are counted
//!   at the lower end of their interval;
//! - can be seen: a trial with all new customers of a year, half of them addressed, shows it in four cases of five at one false alarm in
//!   ten, by the exact conditional test of `trial::statistics::binomial`.
//!
//! Later orders per new customer are a sum of monthly rates by age, each from all cohorts that were observed at that age, so that young
//! cohorts neither count as lost nor are left out. A model of single customers (BG/NBD: Fader, Hardie & Lee, Marketing Science 24, 2005)
//! is left out: it tells which customer is likely to order again, and nothing here addresses a single one. The sum over all customers,
//! which the rule needs, follows from the cohorts without its assumptions; [`Expected::held`] says how it did in the past.

#[cfg(test)]
mod tests;
mod triangle;

use serde::Serialize;

pub use self::triangle::Cohort;
use self::triangle::{HORIZON, Triangle, ratio, totals};
use crate::error::Result;
use crate::mart::SalesMart;
use crate::mart::period::Period;
use crate::statistics::normal::Z95;
use crate::trial::statistics::binomial::smallest_ratio;
use crate::trial::statistics::matched::Z80;

/// Part of all orders that a rise must add to matter (SEC Staff Accounting Bulletin 99: five per cent as the rule of thumb).
pub const MATERIAL: f64 = 0.05;
/// No effort is hoped to do more than to double the later orders.
pub const MOST_RISE: f64 = 1.0;
/// Complete months below which nothing is said: half a year after the first cohort.
pub const LEAST_MONTHS: usize = 7;
/// Months of new customers in the trial.
pub const TRIAL_MONTHS: usize = 12;
/// Months that the trial waits for them.
pub const WAIT: usize = 3;
/// Earlier months at which an expectation must have been put to the test before one is told.
const LEAST_PAST: usize = 3;
/// Customers who come back beyond which the test sees a rise of a few per cent, and more would only take time.
const ENOUGH: f64 = 10_000.0;
/// Logarithm of the chance that the upper end of a rate without orders leaves.
const NONE_SEEN: f64 = 2.995_732_273_553_991;

/// Customers, and the decision about them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Customers {
    /// Customers with an order.
    pub customers: i64,
    /// Those who ordered more than once, if only on one day.
    pub several_orders: i64,
    /// Those who came back on a later day.
    pub returned: i64,
    /// Orders of all of them.
    pub orders: i64,
    /// Orders on a later day than that of the customer's first.
    pub later_orders: i64,
    /// Prices of the items of all orders, centavos.
    pub price_centavos: i64,
    /// The same of later orders.
    pub later_price_centavos: i64,
    /// By month of the first order; complete months.
    pub cohorts: Vec<Cohort>,
    /// What the cohorts say of customers to come; `None` if the data are too young or nobody ordered in their complete months.
    pub repeat: Option<Repeat>,
}

/// Later orders, and what a trial could see of a rise of them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Repeat {
    /// Months after that of the first order over which later orders count.
    pub months: usize,
    /// Later orders per new customer in that time.
    pub rate: f64,
    /// Lower end of the 90 % interval of the rate.
    pub low: f64,
    /// Upper end of it.
    pub high: f64,
    /// The part of all orders that are later ones, if new customers keep coming: rate / (1 + rate).
    pub share: f64,
    /// Rise of the later orders that adds [`MATERIAL`] to all orders, at the lower end of the interval; `None` without any.
    pub needed: Option<f64>,
    /// New customers of a year, or of all complete months if they are fewer.
    pub trial_customers: i64,
    /// Share of them expected to come back within [`WAIT`] months.
    pub returned_share: f64,
    /// The smallest rise that the trial sees; `None` if it sees none.
    pub detectable: Option<f64>,
    /// Most rise that can be hoped for.
    pub most: f64,
    /// Later orders of these customers that the smallest visible rise would bring if all of them were addressed.
    pub gain_orders: f64,
    /// Their prices in centavos, before what it costs to bring them.
    pub gain_centavos: f64,
    /// Later orders expected in the next months; `None` if too few months tell how far such a number is off.
    pub expected: Option<Expected>,
    /// The decision.
    pub verdict: RepeatVerdict,
}

/// Later orders of the customers that the shop has, in the [`WAIT`] months after the last complete one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Expected {
    /// Mean.
    pub orders: f64,
    /// Lower end of the 80 % interval.
    pub low: f64,
    /// Upper end of it.
    pub high: f64,
    /// How many such intervals, made at earlier months, held what came.
    pub held: usize,
    /// How many were made.
    pub made: usize,
}

/// Whether an effort to bring customers back is worth acting on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RepeatVerdict {
    /// A rise that can be hoped for matters and can be seen.
    WorthATrial,
    /// Later orders are so few that even a doubling would not matter.
    TooFewOrders,
    /// A rise that can be hoped for would matter, but could not be seen.
    TooFewCustomers,
}

impl RepeatVerdict {
    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            RepeatVerdict::WorthATrial => "worth_a_trial",
            RepeatVerdict::TooFewOrders => "too_few_orders",
            RepeatVerdict::TooFewCustomers => "too_few_customers",
        }
    }
}

/// Counts the customers and applies the rule.
///
/// # Errors
/// The mart is incomplete.
pub(crate) fn customers(mart: &SalesMart, period: Period) -> Result<Customers> {
    let (triangle, totals) = (Triangle::of(mart, period)?, totals(mart)?);
    let of = |name: &str| totals.get(name).copied().unwrap_or(0);
    let price = ratio(of("later_price_centavos"), of("later_orders"));
    Ok(Customers {
        customers: of("customers"),
        several_orders: of("several_orders"),
        returned: of("returned"),
        orders: of("orders"),
        later_orders: of("later_orders"),
        price_centavos: of("price_centavos"),
        later_price_centavos: of("later_price_centavos"),
        cohorts: triangle.cohorts(),
        repeat: repeat(&triangle, price),
    })
}

/// Applies the rule. `price` is that of a later order.
fn repeat(triangle: &Triangle, price: f64) -> Option<Repeat> {
    let trial_customers = triangle.newest(TRIAL_MONTHS);
    if triangle.months() < LEAST_MONTHS || trial_customers == 0 {
        return None;
    }
    let months = HORIZON.min(triangle.months() - 1);
    let rates = triangle.rates();
    let (low, high) = match rates.sum {
        0.0 => (0.0, NONE_SEEN / rates.oldest.max(1) as f64),
        sum => {
            let factor = (Z95 * rates.error / sum).exp();
            (sum / factor, sum * factor)
        }
    };
    let of_all = |rate: f64| rate / (1.0 + rate);
    let needed = (low > 0.0).then(|| MATERIAL / of_all(low));
    let (returned, of) = triangle.returned_within(WAIT);
    let returned_share = ratio(returned, of);
    let expected_back = trial_customers as f64 * returned_share;
    // Below one customer there is nothing to multiply.
    let seen = (expected_back >= 1.0).then(|| smallest_ratio(expected_back.min(ENOUGH), 0.5)).flatten();
    let detectable = seen.map(|ratio| ratio - 1.0);
    let most = if returned_share > 0.0 { (1.0 / returned_share - 1.0).min(MOST_RISE) } else { MOST_RISE };
    let verdict = match (needed, detectable) {
        (Some(needed), _) if needed > MOST_RISE => RepeatVerdict::TooFewOrders,
        (None, _) => RepeatVerdict::TooFewOrders,
        (Some(needed), Some(detectable)) if needed.max(detectable) <= most => RepeatVerdict::WorthATrial,
        _ => RepeatVerdict::TooFewCustomers,
    };
    let gain_orders = detectable.unwrap_or(0.0) * rates.sum * trial_customers as f64;
    Some(Repeat {
        months,
        rate: rates.sum,
        low,
        high,
        share: of_all(rates.sum),
        needed,
        trial_customers,
        returned_share,
        detectable,
        most,
        gain_orders,
        gain_centavos: gain_orders * price,
        expected: expected(triangle),
        verdict,
    })
}

/// Later orders of the next months, and how such intervals did at earlier months. `None` before enough of those have passed.
fn expected(triangle: &Triangle) -> Option<Expected> {
    let mean = |triangle: &Triangle| triangle.expected(&triangle.rates(), WAIT);
    let came = |back: usize| triangle.earlier(back - WAIT).later_orders_of_earlier(WAIT) as f64;
    // Newest first: what was expected at earlier months, and what came.
    let past: Vec<(f64, f64)> = (WAIT..=triangle.months().saturating_sub(LEAST_MONTHS))
        .map(|back| (mean(&triangle.earlier(back)), came(back)))
        .collect();
    let orders = mean(triangle);
    let (low, high) = interval(orders, &past)?;
    // An earlier month knew of the months that had passed by then.
    let known = |at: usize| past.get(at + WAIT..).unwrap_or_default();
    let made = past.iter().enumerate().filter_map(|(at, (mean, came))| Some((interval(*mean, known(at))?, *came)));
    let (made, held) = made
        .fold((0, 0), |(made, held), ((low, high), came)| (made + 1, held + usize::from((low..=high).contains(&came))));
    Some(Expected { orders, low, high, held, made })
}

/// The 80 % interval around a mean, as wide as what came was off what was expected in the `past`: whole months go together, so that chance
/// of single orders alone would be too narrow. On the logarithm, with half an order more for those of which there are none.
fn interval(mean: f64, past: &[(f64, f64)]) -> Option<(f64, f64)> {
    let log = |orders: f64| (orders + 0.5).ln();
    let squares: f64 = past.iter().map(|(mean, came)| (log(*came) - log(*mean)).powi(2)).sum();
    let error = (squares / past.len() as f64).max(1.0 / (mean + 0.5)).sqrt();
    let end = |sign: f64| ((log(mean) + sign * Z80 * error).exp() - 0.5).max(0.0);
    (past.len() >= LEAST_PAST).then(|| (end(-1.0), end(1.0)))
}
