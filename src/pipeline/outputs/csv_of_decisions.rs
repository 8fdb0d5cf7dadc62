//! Decisions and their backtests → `tables/*.csv`. Without a decision, the tables hold only their header. Used by
//! `persist` and `csv_of_results`; `csv_of_entry` makes those of new sellers.
//!
//! Units: amounts in BRL with two decimals, shares 0–1; missing values are empty.

use crate::decisions::score::Scored;
use crate::decisions::{BacktestReport, Decisions};
use crate::models::metrics::{Estimate, Metrics};
use crate::models::span::date;
use crate::models::{Comparison, Forecast};
use crate::schema::format::{brl, optional};
use crate::schema::result_tables::{TextTable, header};

/// Rows of a table, without its header.
pub(super) type Rows = Vec<Vec<String>>;

/// A row of these values as text.
macro_rules! row {
    ($($value:expr),+ $(,)?) => { vec![$($value.to_string()),+] };
}
pub(super) use row;

/// The tables by file name, without extension.
pub(crate) fn all(decisions: Option<&Decisions>, past: Option<&BacktestReport>) -> Vec<(&'static str, TextTable)> {
    let tables = [
        ("winner", winner(decisions)),
        ("winner_indicators", indicators(decisions.map(category_places))),
        ("winner_products", products(decisions)),
        ("winner_payments", payments(decisions)),
        ("regions", regions(decisions)),
        ("region_indicators", indicators(decisions.map(state_places))),
        ("allocation", allocation(decisions)),
        ("cities", cities(decisions)),
        ("forecasts", forecasts(decisions)),
        ("coefficients", coefficients(decisions)),
        ("backtest", backtest(past)),
        ("forecast_totals", totals(past)),
        ("forecast_protocol", protocol(past)),
    ];
    tables.into_iter().map(with_header).collect()
}

/// A table with the header that its name declares.
pub(super) fn with_header((name, rows): (&'static str, Rows)) -> (&'static str, TextTable) {
    (name, header(name).into_iter().chain(rows).collect())
}

/// BRL of the models as text with two decimals.
pub(super) fn reais(value: f64) -> String {
    format!("{value:.2}")
}

fn winner(decisions: Option<&Decisions>) -> Rows {
    let candidates = decisions.into_iter().flat_map(|d| &d.winner.short_list);
    candidates
        .map(|c| {
            let amounts = [c.forecast, c.interval80.0, c.interval80.1, c.before].map(reais);
            let shares = [c.first, c.top3, c.first_other_weights, c.top3_other_weights].map(|share| share.to_string());
            row![c.place.rank, c.category, c.place.score].into_iter().chain(amounts).chain(shares).collect()
        })
        .collect()
}

type Places<'a> = Vec<(&'a str, &'a Scored)>;

fn category_places(d: &Decisions) -> Places<'_> {
    d.winner.short_list.iter().map(|c| (c.category.as_str(), &c.place)).collect()
}

fn state_places(d: &Decisions) -> Places<'_> {
    d.region.states.iter().map(|s| (s.state.as_str(), &s.place)).collect()
}

fn indicators(places: Option<Places<'_>>) -> Rows {
    let indicators = places.into_iter().flatten().flat_map(|(name, p)| p.indicators.iter().map(move |i| (name, i)));
    indicators
        .map(|(name, i)| row![name, i.name, optional(i.value), i.deviation, i.weight, i.points, i.rank_without])
        .collect()
}

fn products(decisions: Option<&Decisions>) -> Rows {
    let products = decisions.into_iter().flat_map(|d| &d.winner.products);
    products
        .map(|p| {
            let [recent, revenue, price] = [p.recent_centavos, p.revenue_centavos, p.price_centavos].map(brl);
            row![p.product_id, recent, revenue, p.orders, price, optional(p.review_mean), p.sellers]
        })
        .collect()
}

fn payments(decisions: Option<&Decisions>) -> Rows {
    let mut rows = Rows::new();
    for paid in decisions.iter().map(|d| &d.payments) {
        rows.extend(paid.methods.iter().map(|m| {
            let mut row = row![m.payment_type, m.payments, m.orders, brl(m.value_centavos)];
            row.extend(row![m.share_payments, m.share_orders, m.share_orders_low, m.share_orders_high]);
            row.extend(row![m.share_value, m.installments_mean]);
            row
        }));
    }
    rows
}

fn regions(decisions: Option<&Decisions>) -> Rows {
    let states = decisions.into_iter().flat_map(|d| &d.region.states);
    states
        .map(|s| {
            let [forecast, before, gain] = [s.forecast, s.before, s.gain].map(reais);
            row![s.place.rank, s.state, s.place.score, forecast, before, gain, optional(s.penetration)]
        })
        .collect()
}

fn allocation(decisions: Option<&Decisions>) -> Rows {
    let states = decisions.into_iter().flat_map(|d| &d.region.states).filter(|s| s.budget_share > 0.0);
    states.map(|s| row![s.state, s.budget_share, brl(s.budget_centavos)]).collect()
}

fn cities(decisions: Option<&Decisions>) -> Rows {
    let Some(region) = decisions.map(|d| &d.region) else { return Rows::new() };
    let state = region.states.first().map_or("", |s| &s.state);
    region.cities.iter().map(|c| row![state, c.city, c.orders, brl(c.revenue_centavos)]).collect()
}

/// Forecasts; column values `month` for calendar months, `30d` for periods of 30 days.
fn forecasts(decisions: Option<&Decisions>) -> Rows {
    let mut rows = Rows::new();
    let Some(d) = decisions else { return rows };
    let cutoff = date(d.outlook.cutoff);
    let mut add = |by: &str, period: &str, forecasts: &[Forecast]| {
        rows.extend(forecasts.iter().map(|f| {
            let amounts = [f.forecast, f.lo80, f.hi80, f.lo95, f.hi95].map(reais);
            let names = row![by, f.series, period, cutoff, date(f.span.from), date(f.span.to)];
            names.into_iter().chain(amounts).collect()
        }));
    };
    for (by, view) in [("category", &d.outlook.categories), ("state", &d.outlook.states)] {
        add(by, "month", &view.months);
        add(by, "30d", &view.periods);
    }
    rows
}

fn coefficients(decisions: Option<&Decisions>) -> Rows {
    let Some(outlook) = decisions.map(|d| &d.outlook) else { return Rows::new() };
    let views = [("category", &outlook.categories), ("state", &outlook.states)];
    let all = views.into_iter().flat_map(|(by, view)| view.coefficients.iter().map(move |c| (by, c)));
    all.map(|(by, c)| row![by, c.step, c.feature, c.value, c.standard_error, c.lambda]).collect()
}

fn backtest(past: Option<&BacktestReport>) -> Rows {
    let mut rows = Rows::new();
    let mut add = |by: &str, cutoffs: &str, c: &Comparison| {
        rows.extend(c.tests.iter().zip(&c.differences).map(|(t, d)| {
            let names = row![by, cutoffs, t.model];
            names.into_iter().chain(metrics(&t.metrics)).chain(row![d.value, d.low, d.high]).collect()
        }));
    };
    if let Some(past) = past {
        add("category", "monthly", &past.categories);
        add("category", "weekly", &past.weekly);
        add("state", "monthly", &past.states);
    }
    rows
}

/// Both ways to make intervals of sums, by group of series.
fn totals(past: Option<&BacktestReport>) -> Rows {
    let tests = past.map(|past| past.totals.as_slice()).unwrap_or_default();
    tests.iter().map(|t| row![t.method.name(), t.group.name(), t.n, t.coverage80, t.width80, t.score80]).collect()
}

/// The methods by part of the protocol.
fn protocol(past: Option<&BacktestReport>) -> Rows {
    let parts = past.and_then(|past| past.protocol.as_ref().ok()).into_iter().flat_map(|protocol| &protocol.parts);
    let rows = parts.flat_map(|part| part.scores.iter().map(move |score| (part, score)));
    rows.map(|(part, score)| {
        let mut row = row![part.name.name(), score.method, part.months[0], part.months[1], score.n, score.wape];
        let ends = [|d: Estimate| d.value, |d: Estimate| d.low, |d: Estimate| d.high];
        row.extend(ends.map(|end| optional(score.difference.map(end))));
        row
    })
    .collect()
}

fn metrics(m: &Metrics) -> Vec<String> {
    let mut row = row![m.wape, m.wape_complete, m.wape_given_total, m.bias, m.mase];
    row.extend(row![m.coverage80, m.coverage95, m.width80, m.growth, m.relative_growth]);
    row
}
