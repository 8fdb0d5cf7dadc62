//! ForecastSet → Region: where to advertise a category. Ranks states, plans the first test of a budget, and lists cities of the best state.
//!
//! States are ranked by the additional revenue expected there and by the quality of service.
//!
//! Most states sell too little of one category for a forecast of their own. Therefore the category's forecast is spread
//! over the states. A state's part is its own revenue in the category over the last three 30-day periods, shrunk towards
//! its part of all categories with the weight of `PRIOR_ORDERS` orders. Each part then grows as the state's forecast over
//! all categories.
//!
//! The orders do not tell what a real of advertising earns, so that no division of a budget follows from them. The first states get
//! equal parts for a test, as much as [`test_per_arm`] says; the rest is kept until the test is read (`pfe trial`).

use std::collections::BTreeMap;

use serde::Serialize;

use super::facts;
use super::score::{Criterion, Scored, Weights, score};
use super::winner::{freight_share, recent};
use crate::error::{Error, Result};
use crate::mart::SalesMart;
use crate::mart::period::Period;
use crate::models::metrics::ratio;
use crate::models::{DateRange, ForecastSet, Panel};
use crate::schema::contract::UNKNOWN;
use crate::text::listed;
use crate::trial::shop::test_per_arm;

/// Prior weight of all categories in the estimate of a category's part in a state, orders.
const PRIOR_ORDERS: f64 = 200.0;
/// Number of states that are tested.
pub const ADVERTISED: usize = 5;
/// Number of cities listed.
const CITIES: usize = 10;
/// Share of all orders of the last three periods that a state needs to be a candidate: a campaign there must pay.
pub(crate) const ENOUGH_SHARE: f64 = 0.01;
/// Orders are counted per this many inhabitants.
const INHABITANTS: f64 = 100_000.0;

/// Where to advertise.
#[derive(Debug, Clone, Serialize)]
pub struct Region {
    /// The category; `None` for all categories.
    pub category: Option<String>,
    /// The states with enough orders to be candidates, best first.
    pub states: Vec<StateChoice>,
    /// What is left of the given budget until the test is read, centavos; 0 if none was given.
    pub kept_centavos: i64,
    /// Cities of the best state by revenue, descending; all categories, whole period of the data.
    pub cities: Vec<City>,
}

/// A candidate state.
#[derive(Debug, Clone, Serialize)]
pub struct StateChoice {
    /// Code of the state.
    pub state: String,
    /// Rank and score, with the indicators behind them.
    pub place: Scored,
    /// Expected revenue of the category over the next three 30-day periods, BRL.
    pub forecast: f64,
    /// Revenue of the category over the last three 30-day periods, BRL, shrunk as described in the module.
    pub before: f64,
    /// Expected revenue beyond the growth of the market, BRL.
    pub gain: f64,
    /// Orders of all categories per 100,000 inhabitants, whole period of the data.
    pub penetration: Option<f64>,
    /// Share of the money of the first test, 0–1: the same for each state that is tested.
    pub budget_share: f64,
    /// Money of its test, centavos; 0 if no budget was given.
    pub budget_centavos: i64,
}

/// Sales of a city.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct City {
    /// Name in lower case without accents.
    pub city: String,
    /// Number of orders, without canceled and unavailable ones.
    pub orders: i64,
    /// Price and freight, centavos.
    pub revenue_centavos: i64,
}

/// Ranks the states for a category, or for all categories, and plans the first test of `budget_centavos` in the best five.
///
/// # Errors
/// There is no such category, the mart is incomplete, or the budget is not above 0.
pub fn region(
    mart: &SalesMart,
    outlook: &ForecastSet,
    category: Option<&str>,
    budget_centavos: Option<i64>,
    weights: &Weights,
) -> Result<Region> {
    check_budget(budget_centavos)?;
    let expected = expected(mart, outlook, category)?;
    let total = expected.iter().fold((0.0, 0.0), |sum, e| (sum.0 + e.forecast, sum.1 + e.before));
    let market = if total.1 > 0.0 { total.0 / total.1 } else { 1.0 };
    let facts = facts::by_state(mart, Period::of(mart)?)?;
    let population = population();
    let fact = |e: &Expected| facts.iter().find(|f| f.name == e.state);
    let penetration = |e: &Expected| {
        let orders = fact(e)?.orders as f64;
        population.get(&e.state).map(|people| orders / *people as f64 * INHABITANTS)
    };
    let gain = |e: &Expected| e.forecast - e.before * market;
    let criteria = [
        Criterion::of(&expected, "gain", true, |e| Some(gain(e))),
        Criterion::of(&expected, "revenue", true, |e| (e.forecast > 0.0).then(|| e.forecast.ln())),
        Criterion::of(&expected, "penetration", false, penetration),
        Criterion::of(&expected, "delivery", false, |e| fact(e)?.delivery_days_mean),
        Criterion::of(&expected, "late", false, |e| fact(e)?.late_by_date_share),
        Criterion::of(&expected, "freight", false, |e| freight_share(fact(e)?)),
        Criterion::of(&expected, "review", true, |e| fact(e)?.review_mean),
    ];
    let scored = score(&criteria, &weights.state)?;
    let (tested, test) = first_test(budget_centavos.unwrap_or(0), scored.len());
    let choice = |(i, place): (usize, Scored)| {
        let e = &expected[place.candidate];
        StateChoice {
            state: e.state.clone(),
            forecast: e.forecast,
            before: e.before,
            gain: gain(e),
            penetration: penetration(e),
            budget_share: if i < tested { 1.0 / tested as f64 } else { 0.0 },
            budget_centavos: if i < tested { test } else { 0 },
            place,
        }
    };
    let states: Vec<StateChoice> = scored.into_iter().enumerate().map(choice).collect();
    let cities = match states.first() {
        Some(first) => cities(mart, &first.state)?,
        None => Vec::new(),
    };
    let kept_centavos = budget_centavos.unwrap_or(0) - tested as i64 * test;
    Ok(Region { category: category.map(String::from), states, kept_centavos, cities })
}

pub(crate) fn check_budget(centavos: Option<i64>) -> Result<()> {
    match centavos {
        Some(budget) if budget <= 0 => {
            Err(Error::input("the budget is not above 0 BRL").with_hint("leave it out to rank the states alone"))
        }
        _ => Ok(()),
    }
}

/// Past and expected revenue of a state, BRL.
struct Expected {
    state: String,
    forecast: f64,
    before: f64,
}

fn expected(mart: &SalesMart, outlook: &ForecastSet, category: Option<&str>) -> Result<Vec<Expected>> {
    let (panel, history) = (&outlook.states.panel, &outlook.states.history);
    let recent = recent(history);
    let mut states: BTreeMap<String, Expected> = BTreeMap::new();
    let orders: Vec<(&str, i64)> = panel.names().enumerate().map(|(i, n)| (n, panel.orders(i, recent))).collect();
    let least = ENOUGH_SHARE * orders.iter().map(|s| s.1).sum::<i64>() as f64;
    let candidates = orders.iter().filter(|s| s.1 as f64 >= least && s.1 > 0 && s.0 != UNKNOWN);
    let candidates: Vec<&str> = candidates.map(|s| s.0).collect();
    let totals = outlook.states.totals.iter().enumerate();
    for (i, total) in totals.filter(|(_, total)| candidates.contains(&total.series.as_str())) {
        let (state, before) = (total.series.clone(), history.revenue(i, recent));
        states.insert(state.clone(), Expected { state, forecast: total.forecast, before });
    }
    let Some(category) = category else { return Ok(states.into_values().collect()) };

    let panel = &outlook.categories.panel;
    if !panel.names().any(|name| name == category) {
        return Err(unknown(category, panel));
    }
    let in_all_states = outlook.categories.totals.iter().find(|total| total.series == category);
    let forecast = in_all_states.map_or(0.0, |total| total.forecast);
    let revenue_by_state = revenue_by_state(mart, category, recent)?;
    let bought: f64 = revenue_by_state.values().sum();
    let prior = PRIOR_ORDERS * history.ticket;
    let sums = states.values().fold((0.0, 0.0), |sum, s| (sum.0 + s.forecast, sum.1 + s.before));
    let mut total = 0.0;
    for (name, state) in &mut states {
        let part = revenue_by_state.get(name).copied().unwrap_or(0.0) + prior * ratio(state.before, sums.1);
        let growth = if state.before > 0.0 { state.forecast / state.before } else { 1.0 };
        (state.before, state.forecast) = (bought * ratio(part, bought + prior), part * growth);
        total += state.forecast;
    }
    // States too small to be candidates take their part of the forecast too.
    let small_states = 1.0 - ratio(states.values().map(|s| s.before).sum(), bought).min(1.0);
    states.values_mut().for_each(|s| s.forecast *= forecast * (1.0 - small_states) / total.max(f64::MIN_POSITIVE));
    Ok(states.into_values().collect())
}

fn unknown(category: &str, panel: &Panel) -> Error {
    let start: String = category.chars().take(3).collect();
    let similar = listed(panel.names().filter(|n| n.contains(&start)).take(8));
    let hint = if similar.is_empty() {
        "categories are named in English, as in `by_category.csv` of a run".to_string()
    } else {
        format!("did you mean {similar}?")
    };
    Error::input(format!("there is no category `{category}`")).with_hint(hint)
}

/// Revenue of the category by state over `span`, BRL.
fn revenue_by_state(mart: &SalesMart, category: &str, span: DateRange) -> Result<BTreeMap<String, f64>> {
    let frame = mart.table("sales_by_day")?;
    let (names, states) = (frame.column("category")?.str()?, frame.column("state")?.str()?);
    let days = frame.column("day")?.date()?.physical();
    let revenue = frame.column("sold_revenue_centavos")?.i64()?;
    let mut revenue_by_state: BTreeMap<String, f64> = BTreeMap::new();
    for row in 0..frame.height() {
        let (Some(name), Some(state), Some(day)) = (names.get(row), states.get(row), days.get(row)) else { continue };
        if name == category && (span.from..=span.to).contains(&day) {
            *revenue_by_state.entry(state.into()).or_default() += revenue.get(row).unwrap_or(0).max(0) as f64 / 100.0;
        }
    }
    Ok(revenue_by_state)
}

/// Inhabitants by state.
pub fn population() -> BTreeMap<String, i64> {
    // The file is embedded in the program; a test parses it.
    toml::from_str(include_str!("population.toml")).unwrap_or_default()
}

/// How many states are tested, and the money of each test. One state alone is compared with nothing.
fn first_test(budget_centavos: i64, states: usize) -> (usize, i64) {
    match states.min(ADVERTISED) {
        0 | 1 => (0, 0),
        tested => (tested, (test_per_arm(budget_centavos as f64 / 100.0, tested) * 100.0).floor() as i64),
    }
}

fn cities(mart: &SalesMart, state: &str) -> Result<Vec<City>> {
    let frame = mart.table("orders_by_city")?;
    let (states, names) = (frame.column("state")?.str()?, frame.column("city")?.str()?);
    let (orders, revenue) = (frame.column("orders")?.i64()?, frame.column("revenue_centavos")?.i64()?);
    let mut cities: Vec<City> = (0..frame.height())
        .filter(|row| states.get(*row) == Some(state))
        .map(|row| City {
            city: names.get(row).unwrap_or_default().into(),
            orders: orders.get(row).unwrap_or(0),
            revenue_centavos: revenue.get(row).unwrap_or(0),
        })
        .collect();
    cities.sort_by(|a, b| b.revenue_centavos.cmp(&a.revenue_centavos).then(a.city.cmp(&b.city)));
    cities.truncate(CITIES);
    Ok(cities)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::contract::STATES;

    #[test]
    fn every_state_has_inhabitants() {
        let population = population();
        assert!(STATES.iter().all(|s| population.contains_key(s.0)));
        assert_eq!(population.values().sum::<i64>(), 208_494_900);
    }

    /// 2,600 BRL in five states: 120.99 each, as Test & Roll says.
    #[test]
    fn a_budget_is_tested_in_equal_parts_and_the_rest_is_kept() {
        assert_eq!(first_test(260_000, 9), (5, 12_098));
        assert_eq!((first_test(0, 9), first_test(260_000, 1), first_test(260_000, 0)), ((5, 0), (0, 0), (0, 0)));
        let (tested, test) = first_test(1, 2);
        assert!(tested as i64 * test <= 1);
    }
}
