//! ForecastSet → Winner: the categories by their score on the whole market, the first one's products, and how stable its place is. Context
//! for a shop that sells already; what a newcomer earns is in `entry`. Next: `region`.

use std::collections::BTreeMap;

use polars::prelude::*;
use serde::Serialize;

use super::facts::{self, Facts};
use super::score::stability::{Expected, log_growth, log_revenue, stability};
use super::score::{Criterion, Scored, Weights, score};
use crate::error::{Result, TooLittle};
use crate::mart::period::Period;
use crate::mart::{SUPPLY_BY_DAY, SalesMart};
use crate::models::outlook::PERIODS;
use crate::models::{DateRange, ForecastSet, Frequency, History, Total};
use crate::schema::contract::UNKNOWN;

/// Orders in the last three periods that a category needs to be a candidate.
pub const ENOUGH_ORDERS: i64 = 30;
/// Maximum length of the lists of categories and of products.
pub const LISTED: usize = 10;

/// The market's categories by their score.
#[derive(Debug, Clone, Serialize)]
pub struct Winner {
    /// The day at whose end the forecast is made, counted from 1970-01-01.
    pub cutoff: i32,
    /// The best categories, best first; [`LISTED`] at most.
    pub short_list: Vec<Candidate>,
    /// All candidates, best first: other weights can rank them again.
    #[serde(skip)]
    pub ranked: Vec<Candidate>,
    /// Whether the data cover the three past periods that the forecast is compared with.
    pub comparable: bool,
    /// Number of categories with enough orders to be candidates.
    pub candidates: usize,
    /// Products of the first, by revenue of the last three periods, descending.
    pub products: Vec<ProductFacts>,
}

impl Winner {
    /// The first category; it always exists.
    pub fn first(&self) -> &Candidate {
        &self.short_list[0]
    }

    /// Expected change relative to the last three periods; `None` if the data do not cover these.
    pub fn change(&self, candidate: &Candidate) -> Option<f64> {
        (self.comparable && candidate.before > 0.0).then(|| candidate.forecast / candidate.before - 1.0)
    }
}

/// A candidate category.
#[derive(Debug, Clone, Serialize)]
pub struct Candidate {
    /// English category.
    pub category: String,
    /// Rank and score, with the indicators behind them.
    pub place: Scored,
    /// Expected revenue of the next three 30-day periods, BRL.
    pub forecast: f64,
    /// 80 % interval, BRL: see [`Total`].
    pub interval80: (f64, f64),
    /// Revenue of the last three periods, BRL.
    pub before: f64,
    /// Share of the draws of forecasts in which it is first, 0–1.
    pub first: f64,
    /// Share of the draws of forecasts in which it is among the first three, 0–1.
    pub top3: f64,
    /// Share of the draws of weights in which it is first, 0–1.
    pub first_other_weights: f64,
    /// Share of the draws of weights in which it is among the first three, 0–1.
    pub top3_other_weights: f64,
}

/// A product of the first category.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ProductFacts {
    /// Product id.
    pub product_id: String,
    /// Price and freight over the last three periods, centavos.
    pub recent_centavos: i64,
    /// Price and freight over the whole period of the data, centavos.
    pub revenue_centavos: i64,
    /// Number of orders with the product.
    pub orders: i64,
    /// Mean price of an item, centavos.
    pub price_centavos: i64,
    /// Mean review score of its orders, 1–5.
    pub review_mean: Option<f64>,
    /// Number of sellers that offer it.
    pub sellers: i64,
}

/// Ranks the categories as of the day of decision.
///
/// # Errors
/// [`TooLittle::Orders`] if no category has enough orders. Otherwise: the mart is incomplete, or a weight has no indicator.
pub fn winner(mart: &SalesMart, outlook: &ForecastSet, weights: &Weights) -> Result<Winner> {
    let (panel, history) = (&outlook.categories.panel, &outlook.categories.history);
    let recent = recent(history);
    let eligible: Vec<&str> = panel
        .names()
        .enumerate()
        .filter(|(i, name)| *name != UNKNOWN && panel.orders(*i, recent) >= ENOUGH_ORDERS)
        .map(|(_, name)| name)
        .collect();
    let mut expected = expected(&outlook.categories.totals, history);
    expected.retain(|e| eligible.contains(&e.name.as_str()));
    if expected.is_empty() {
        return Err(TooLittle::Orders.into());
    }
    let criteria = criteria(mart, history, &expected)?;
    let scored = score(&criteria, &weights.category)?;
    let stability = stability(&criteria, &expected, weights);
    let intervals: BTreeMap<&str, (f64, f64)> =
        outlook.categories.totals.iter().map(|t| (t.series.as_str(), t.interval80())).collect();
    let candidate = |place: Scored| {
        let e = &expected[place.candidate];
        let [first, top3, first_other_weights, top3_other_weights] = stability[place.candidate];
        Candidate {
            category: e.name.clone(),
            place,
            forecast: e.forecast,
            interval80: intervals[e.name.as_str()],
            before: e.before,
            first,
            top3,
            first_other_weights,
            top3_other_weights,
        }
    };
    let ranked: Vec<Candidate> = scored.into_iter().map(candidate).collect();
    let short_list: Vec<Candidate> = ranked.iter().take(LISTED).cloned().collect();
    let products = products(mart, &short_list[0].category, recent)?;
    let comparable = history.start <= recent.from;
    Ok(Winner { cutoff: history.cutoff, comparable, short_list, ranked, candidates: expected.len(), products })
}

/// The last three 30-day periods.
pub(crate) fn recent(history: &History) -> DateRange {
    DateRange { from: Frequency::Days30.span(history.cutoff, 1 - PERIODS as i32).from, to: history.cutoff }
}

/// Expected revenue of the next three periods and actual revenue of the last three, by category. Candidates are compared by their own
/// errors: those of the market move them all.
fn expected(totals: &[Total], history: &History) -> Vec<Expected> {
    let before = |i| history.revenue(i, recent(history));
    let one = |(i, t): (usize, &Total)| Expected {
        name: t.series.clone(),
        forecast: t.forecast,
        ends: t.own_ends,
        before: before(i),
    };
    totals.iter().enumerate().map(one).collect()
}

fn criteria(mart: &SalesMart, history: &History, expected: &[Expected]) -> Result<Vec<Criterion>> {
    let period = Period::of(mart)?;
    let facts = facts::by_category(mart, period)?;
    let dispersion = price_dispersion(mart)?;
    let supply: BTreeMap<&str, (f64, f64)> = history.names().zip(history.supply()).collect();
    let fact = |e: &Expected| facts.iter().find(|f| f.name == e.name);
    Ok(vec![
        Criterion::of(expected, "revenue", true, |e| log_revenue(e.forecast)),
        Criterion::of(expected, "growth", true, |e| log_growth(e.forecast, e.before)),
        Criterion::of(expected, "review", true, |e| fact(e)?.review_mean),
        Criterion::of(expected, "late", false, |e| fact(e)?.late_by_date_share),
        Criterion::of(expected, "canceled", false, |e| fact(e)?.canceled_share),
        Criterion::of(expected, "freight", false, |e| freight_share(fact(e)?)),
        Criterion::of(expected, "concentration", false, |e| supply.get(e.name.as_str()).map(|s| s.0)),
        Criterion::of(expected, "dispersion", false, |e| dispersion.get(&e.name).copied()),
        Criterion::of(expected, "inactive", false, |e| supply.get(e.name.as_str()).map(|s| s.1)),
    ])
}

pub(crate) fn freight_share(facts: &Facts) -> Option<f64> {
    (facts.revenue_centavos > 0).then(|| facts.freight_centavos as f64 / facts.revenue_centavos as f64)
}

/// Standard deviation of the logarithm of the products' mean prices, weighted by items, by category.
fn price_dispersion(mart: &SalesMart) -> Result<BTreeMap<String, f64>> {
    let frame = mart.table("products")?;
    let (names, items, prices) =
        (frame.column("category")?.str()?, frame.column("items")?.i64()?, frame.column("price_centavos")?.i64()?);
    let mut sums: PlHashMap<&str, [f64; 3]> = PlHashMap::new();
    for ((name, items), price) in names.iter().zip(items.iter()).zip(prices.iter()) {
        let (Some(name), Some(items), Some(price)) = (name, items, price) else { continue };
        if items > 0 && price > 0 {
            let (n, log) = (items as f64, (price as f64 / items as f64).ln());
            let sum = sums.entry(name).or_default();
            *sum = [sum[0] + n, sum[1] + n * log, sum[2] + n * log * log];
        }
    }
    Ok(sums.into_iter().map(|(name, [n, s, q])| (name.into(), (q / n - (s / n) * (s / n)).max(0.0).sqrt())).collect())
}

fn products(mart: &SalesMart, category: &str, recent: DateRange) -> Result<Vec<ProductFacts>> {
    let in_category = || col("category").eq(lit(category));
    let sold =
        mart.long(SUPPLY_BY_DAY)?.rows(recent.from..=recent.to, &["category", "product_id", "revenue_centavos"])?;
    let sold = sold.lazy().filter(in_category());
    let best_first = |products: LazyFrame| {
        let order = SortMultipleOptions::default().with_order_descending_multi([true, false]);
        products.sort(["recent_centavos", "product_id"], order)
    };
    let recent = sold.group_by([col("product_id")]).agg([col("revenue_centavos").sum().alias("recent_centavos")]);
    let products = mart.table("products")?.clone().lazy().filter(in_category());
    let id = || [col("product_id")];
    let best = best_first(recent).limit(LISTED as u32);
    let listed = best_first(best.join(products, id(), id(), JoinArgs::new(JoinType::Inner))).collect()?;
    let ids = listed.column("product_id")?.str()?;
    let facts = |(row, id): (usize, Option<&str>)| {
        let number = |column: &str| -> Result<i64> { Ok(listed.column(column)?.i64()?.get(row).unwrap_or(0)) };
        let (reviews, items) = (number("reviews")?, number("items")?);
        Ok(ProductFacts {
            product_id: id.unwrap_or_default().into(),
            recent_centavos: number("recent_centavos")?,
            revenue_centavos: number("revenue_centavos")?,
            orders: number("orders")?,
            price_centavos: number("price_centavos")? / items.max(1),
            review_mean: (reviews > 0).then_some(number("review_score_sum")? as f64 / reviews as f64),
            sellers: number("sellers")?,
        })
    };
    ids.iter().enumerate().map(facts).collect()
}
