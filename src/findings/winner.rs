//! SalesMart → the category to sell, and the products in it: what is expected of it, what speaks against it, how sure we are.

use std::collections::BTreeMap;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde::Serialize;

use super::facts::{self, Facts};
use super::score::{Criterion, Scale, Scored, Weights, score};
use crate::data::contract::UNKNOWN_CATEGORY;
use crate::error::{Error, Result};
use crate::mart::SalesMart;
use crate::mart::period::Period;
use crate::models::{self, By, Every, ForecastParams, History, Linear, Panel, Span};

/// Orders in the last three months that a category needs to be a candidate.
const ENOUGH_ORDERS: i64 = 30;
/// Length of the short list of categories, and of that of products.
pub const LISTED: usize = 10;
/// How often forecasts and weights are drawn.
const DRAWS: usize = 1_000;
const SEED: u64 = 2;
/// Other weights: each one times e^x, x uniform within ± this.
const OTHER_WEIGHTS: f64 = 0.7;
/// Periods of 30 days that are looked at, ahead and back.
const PERIODS: usize = 3;

/// The category to sell.
#[derive(Debug, Clone, Serialize)]
pub struct Winner {
    /// The day at whose end the forecast is made.
    pub cutoff: i32,
    /// The best first, [`LISTED`] at most.
    pub short_list: Vec<Candidate>,
    /// How many categories had enough orders to be candidates.
    pub candidates: usize,
    /// Products of the first, most revenue in the last three periods first.
    pub products: Vec<ProductFacts>,
}

/// A category on the short list.
#[derive(Debug, Clone, Serialize)]
pub struct Candidate {
    /// English name.
    pub category: String,
    /// Its place and what it comes from.
    pub place: Scored,
    /// Expected revenue of the next three 30-day periods, BRL.
    pub forecast: f64,
    /// 80 % interval; it takes the errors of the three periods for fully related, which is the cautious way.
    pub interval80: (f64, f64),
    /// Revenue of the last three periods, BRL.
    pub before: f64,
    /// Share of the draws of forecasts in which it comes first.
    pub first: f64,
    /// Share in which it is among the first three.
    pub top3: f64,
    /// Share of the draws of weights in which it comes first.
    pub first_other_weights: f64,
    /// Share of those in which it is among the first three.
    pub top3_other_weights: f64,
}

/// A product of the winning category.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ProductFacts {
    /// Its id.
    pub product_id: String,
    /// Price and freight over the last three periods, centavos.
    pub recent_centavos: i64,
    /// The same over all time.
    pub revenue_centavos: i64,
    /// Orders that hold it.
    pub orders: i64,
    /// Mean price of an item, centavos.
    pub price_centavos: i64,
    /// Mean review score of its orders.
    pub review_mean: Option<f64>,
    /// Sellers that offer it.
    pub sellers: i64,
}

/// A category's expected revenue, as quantiles.
struct Expected {
    name: String,
    forecast: f64,
    /// 2.5 %, 10 %, 90 % and 97.5 % quantiles.
    ends: [f64; 4],
    before: f64,
}

/// Chooses the category, as of the end of the last complete month.
///
/// # Errors
/// The mart is incomplete, the data are too short, or no category has enough orders.
pub fn winner(mart: &SalesMart, weights: &Weights) -> Result<Winner> {
    let panel = Panel::of(mart, By::Category)?;
    let history = panel.until(panel.decision_day())?;
    let recent = recent(&history);
    let enough: Vec<&str> = panel
        .names()
        .enumerate()
        .filter(|(i, name)| *name != UNKNOWN_CATEGORY && panel.orders(*i, recent) >= ENOUGH_ORDERS)
        .map(|(_, name)| name)
        .collect();
    let expected: Vec<Expected> =
        expected(&panel, &history)?.into_iter().filter(|e| enough.contains(&e.name.as_str())).collect();
    if expected.is_empty() {
        return Err(Error::input(format!("no category has {ENOUGH_ORDERS} orders in the last three months"))
            .with_hint("more orders are needed to choose a category"));
    }
    let criteria = criteria(mart, &history, &expected)?;
    let scored = score(&criteria, &weights.category)?;
    let stability = stability(&criteria, &expected, weights);
    let short_list: Vec<Candidate> = scored
        .into_iter()
        .take(LISTED)
        .map(|place| {
            let (e, [first, top3, first_other_weights, top3_other_weights]) =
                (&expected[place.candidate], stability[place.candidate]);
            Candidate {
                category: e.name.clone(),
                place,
                forecast: e.forecast,
                interval80: (e.ends[1], e.ends[2]),
                before: e.before,
                first,
                top3,
                first_other_weights,
                top3_other_weights,
            }
        })
        .collect();
    let products = products(mart, &short_list[0].category, recent)?;
    Ok(Winner { cutoff: history.cutoff, short_list, candidates: expected.len(), products })
}

/// The last three 30-day periods.
pub(super) fn recent(history: &History) -> Span {
    Span { from: Every::Days30.span(history.cutoff, 1 - PERIODS as i32).from, to: history.cutoff }
}

/// Three periods ahead and back, by name.
fn expected(panel: &Panel, history: &History) -> Result<Vec<Expected>> {
    let params = ForecastParams { horizon: PERIODS, every: Every::Days30 };
    let mut all: BTreeMap<String, Expected> = BTreeMap::new();
    for f in models::forecast(panel, &Linear::default(), history.cutoff, &params)? {
        let e = all.entry(f.series.clone()).or_insert(Expected {
            name: f.series,
            forecast: 0.0,
            ends: [0.0; 4],
            before: 0.0,
        });
        e.forecast += f.forecast;
        for (sum, end) in e.ends.iter_mut().zip([f.lo95, f.lo80, f.hi80, f.hi95]) {
            *sum += end;
        }
    }
    for (i, name) in history.names().enumerate() {
        if let Some(e) = all.get_mut(name) {
            e.before = history.revenue(i, recent(history));
        }
    }
    Ok(all.into_values().collect())
}

fn criteria(mart: &SalesMart, history: &History, expected: &[Expected]) -> Result<Vec<Criterion>> {
    let period = Period::of(mart)?;
    let facts: BTreeMap<String, Facts> =
        facts::by_category(mart, period)?.into_iter().map(|f| (f.name.clone(), f)).collect();
    let dispersion = price_dispersion(mart)?;
    let supply: BTreeMap<&str, (f64, f64)> = history.names().zip(history.supply()).collect();
    let criterion = |name, more_is_better, value: &dyn Fn(&Expected) -> Option<f64>| Criterion {
        name,
        more_is_better,
        values: expected.iter().map(value).collect(),
    };
    let fact = |e: &Expected| facts.get(&e.name);
    Ok(vec![
        criterion("revenue", true, &|e| log_revenue(e.forecast)),
        criterion("growth", true, &|e| log_growth(e.forecast, e.before)),
        criterion("review", true, &|e| fact(e)?.review_mean),
        criterion("late", false, &|e| fact(e)?.late_by_date_share),
        criterion("canceled", false, &|e| fact(e)?.canceled_share),
        criterion("freight", false, &|e| freight_share(fact(e)?)),
        criterion("concentration", false, &|e| supply.get(e.name.as_str()).map(|s| s.0)),
        criterion("dispersion", false, &|e| dispersion.get(&e.name).copied()),
        criterion("dead_stock", false, &|e| supply.get(e.name.as_str()).map(|s| s.1)),
    ])
}

fn log_revenue(forecast: f64) -> Option<f64> {
    (forecast > 0.0).then(|| forecast.ln())
}

fn log_growth(forecast: f64, before: f64) -> Option<f64> {
    (forecast > 0.0 && before > 0.0).then(|| (forecast / before).ln())
}

pub(super) fn freight_share(facts: &Facts) -> Option<f64> {
    (facts.revenue_centavos > 0).then(|| facts.freight_centavos as f64 / facts.revenue_centavos as f64)
}

/// Standard deviation of the logarithm of the products' mean prices, weighted by items, by category.
fn price_dispersion(mart: &SalesMart) -> Result<BTreeMap<String, f64>> {
    let frame = mart.table("products")?;
    let (names, items, prices) =
        (frame.column("category")?.str()?, frame.column("items")?.i64()?, frame.column("price_centavos")?.i64()?);
    let mut sums: BTreeMap<String, [f64; 3]> = BTreeMap::new();
    for ((name, items), price) in names.iter().zip(items.iter()).zip(prices.iter()) {
        let (Some(name), Some(items), Some(price)) = (name, items, price) else { continue };
        if items > 0 && price > 0 {
            let (n, log) = (items as f64, (price as f64 / items as f64).ln());
            let sum = sums.entry(name.into()).or_default();
            *sum = [sum[0] + n, sum[1] + n * log, sum[2] + n * log * log];
        }
    }
    Ok(sums.into_iter().map(|(name, [n, s, q])| (name, (q / n - (s / n) * (s / n)).max(0.0).sqrt())).collect())
}

/// How often each candidate is first and among the first three, over draws of the forecasts and over draws of weights.
fn stability(criteria: &[Criterion], expected: &[Expected], weights: &Weights) -> Vec<[f64; 4]> {
    let scales: Vec<Scale> = criteria.iter().map(Scale::of).collect();
    let weight: Vec<f64> = criteria.iter().map(|c| weights.category.get(c.name).copied().unwrap_or(0.0)).collect();
    let deviations: Vec<Vec<f64>> =
        criteria.iter().zip(&scales).map(|(c, s)| c.values.iter().map(|v| s.deviation(*v)).collect()).collect();
    let mut source = ChaCha8Rng::seed_from_u64(SEED);
    let mut uniform = || f64::from(source.next_u32()) / (f64::from(u32::MAX) + 1.0);
    let mut counts = vec![[0.0; 4]; expected.len()];
    let mut count = |scores: Vec<f64>, at: usize| {
        let mut order: Vec<usize> = (0..scores.len()).collect();
        order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]).then(a.cmp(b)));
        counts[order[0]][at] += 1.0 / DRAWS as f64;
        order.iter().take(3).for_each(|i| counts[*i][at + 1] += 1.0 / DRAWS as f64);
    };
    for _ in 0..DRAWS {
        let drawn = expected.iter().enumerate().map(|(i, e)| {
            let forecast = e.quantile(uniform());
            let changed = [log_revenue(forecast), log_growth(forecast, e.before)];
            (0..criteria.len())
                .map(|k| weight[k] * changed.get(k).map_or(deviations[k][i], |v| scales[k].deviation(*v)))
                .sum()
        });
        let scores = drawn.collect();
        count(scores, 0);
        let mut other: Vec<f64> = weight.iter().map(|w| w * (OTHER_WEIGHTS * (2.0 * uniform() - 1.0)).exp()).collect();
        let sum: f64 = other.iter().sum();
        other.iter_mut().for_each(|w| *w /= sum.max(f64::MIN_POSITIVE));
        count((0..expected.len()).map(|i| (0..other.len()).map(|k| other[k] * deviations[k][i]).sum()).collect(), 2);
    }
    counts
}

impl Expected {
    /// The quantile at `level`: straight between the known ones, the median being the forecast, and level beyond them.
    fn quantile(&self, level: f64) -> f64 {
        let levels = [0.025, 0.1, 0.5, 0.9, 0.975];
        let values = [self.ends[0], self.ends[1], self.forecast, self.ends[2], self.ends[3]];
        let above = levels.iter().position(|l| *l >= level);
        match above {
            Some(0) => values[0],
            Some(k) => {
                values[k - 1] + (values[k] - values[k - 1]) * (level - levels[k - 1]) / (levels[k] - levels[k - 1])
            }
            None => values[4],
        }
    }
}

fn products(mart: &SalesMart, category: &str, recent: Span) -> Result<Vec<ProductFacts>> {
    let frame = mart.table("supply_by_day")?;
    let (names, days) = (frame.column("category")?.str()?, frame.column("day")?.date()?.physical());
    let (ids, revenue) = (frame.column("product_id")?.str()?, frame.column("revenue_centavos")?.i64()?);
    let mut sold: BTreeMap<&str, i64> = BTreeMap::new();
    for row in 0..frame.height() {
        let (Some(name), Some(day), Some(id)) = (names.get(row), days.get(row), ids.get(row)) else { continue };
        if name == category && (recent.from..=recent.to).contains(&day) {
            *sold.entry(id).or_insert(0) += revenue.get(row).unwrap_or(0);
        }
    }
    let mut best: Vec<(&str, i64)> = sold.into_iter().collect();
    best.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    best.truncate(LISTED);
    let frame = mart.table("products")?;
    let (ids, names) = (frame.column("product_id")?.str()?, frame.column("category")?.str()?);
    let mut listed = Vec::new();
    for (id, recent_centavos) in best {
        let row = (0..frame.height()).find(|r| ids.get(*r) == Some(id) && names.get(*r) == Some(category));
        let Some(row) = row else { continue };
        let number = |column: &str| -> Result<i64> { Ok(frame.column(column)?.i64()?.get(row).unwrap_or(0)) };
        let (reviews, items) = (number("reviews")?, number("items")?);
        listed.push(ProductFacts {
            product_id: id.into(),
            recent_centavos,
            revenue_centavos: number("revenue_centavos")?,
            orders: number("orders")?,
            price_centavos: number("price_centavos")? / items.max(1),
            review_mean: (reviews > 0).then_some(number("review_score_sum")? as f64 / reviews as f64),
            sellers: number("sellers")?,
        });
    }
    Ok(listed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_a_forecast_run_through_its_intervals() {
        let e = Expected { name: "a".into(), forecast: 10.0, ends: [2.0, 5.0, 18.0, 30.0], before: 1.0 };
        assert_eq!([0.0, 0.1, 0.3, 0.5, 0.7, 0.99].map(|l| e.quantile(l)), [2.0, 5.0, 7.5, 10.0, 14.0, 30.0]);
    }
}
