//! Decisions and their backtests → `tables/*.csv`. Without a decision, the tables hold only their header. Used by
//! `persist` and `csv_of_results`.
//!
//! Units: amounts in BRL with two decimals, shares 0–1; missing values are empty.

use crate::decisions::score::Scored;
use crate::decisions::{BacktestReport, Decisions};
use crate::models::span::date;
use crate::models::{Comparison, Forecast};
use crate::schema::format::{brl, optional};
use crate::schema::result_tables::{TextTable, header};

/// The tables by file name, without extension.
pub(crate) fn all(decisions: Option<&Decisions>, past: Option<&BacktestReport>) -> Vec<(&'static str, TextTable)> {
    vec![
        ("winner", winner(decisions)),
        ("winner_indicators", indicators("winner_indicators", decisions.map(category_places))),
        ("winner_products", products(decisions)),
        ("winner_payments", payments(decisions)),
        ("regions", regions(decisions)),
        ("region_indicators", indicators("region_indicators", decisions.map(state_places))),
        ("allocation", allocation(decisions)),
        ("cities", cities(decisions)),
        ("forecasts", forecasts(decisions)),
        ("coefficients", coefficients(decisions)),
        ("backtest", backtest(past)),
        ("regret", regret(past)),
    ]
}

/// BRL of the models as text with two decimals.
fn reais(value: f64) -> String {
    format!("{value:.2}")
}

fn winner(decisions: Option<&Decisions>) -> TextTable {
    let mut table = header("winner");
    table.extend(decisions.into_iter().flat_map(|d| &d.winner.short_list).map(|c| {
        vec![
            c.place.rank.to_string(),
            c.category.clone(),
            c.place.score.to_string(),
            reais(c.forecast),
            reais(c.interval80.0),
            reais(c.interval80.1),
            reais(c.before),
            c.first.to_string(),
            c.top3.to_string(),
            c.first_other_weights.to_string(),
            c.top3_other_weights.to_string(),
        ]
    }));
    table
}

type Places<'a> = Vec<(&'a str, &'a Scored)>;

fn category_places(d: &Decisions) -> Places<'_> {
    d.winner.short_list.iter().map(|c| (c.category.as_str(), &c.place)).collect()
}

fn state_places(d: &Decisions) -> Places<'_> {
    d.region.states.iter().map(|s| (s.state.as_str(), &s.place)).collect()
}

fn indicators(name: &str, places: Option<Places<'_>>) -> TextTable {
    let mut table = header(name);
    for (name, place) in places.into_iter().flatten() {
        table.extend(place.indicators.iter().map(|i| {
            vec![
                name.to_string(),
                i.name.to_string(),
                optional(i.value),
                i.deviation.to_string(),
                i.weight.to_string(),
                i.points.to_string(),
                i.rank_without.to_string(),
            ]
        }));
    }
    table
}

fn products(decisions: Option<&Decisions>) -> TextTable {
    let mut table = header("winner_products");
    table.extend(decisions.into_iter().flat_map(|d| &d.winner.products).map(|p| {
        vec![
            p.product_id.clone(),
            brl(p.recent_centavos),
            brl(p.revenue_centavos),
            p.orders.to_string(),
            brl(p.price_centavos),
            optional(p.review_mean),
            p.sellers.to_string(),
        ]
    }));
    table
}

fn payments(decisions: Option<&Decisions>) -> TextTable {
    let mut table = header("winner_payments");
    for paid in decisions.iter().map(|d| &d.payments) {
        table.extend(paid.methods.iter().map(|m| {
            vec![
                m.payment_type.clone(),
                m.payments.to_string(),
                m.orders.to_string(),
                brl(m.value_centavos),
                m.share_payments.to_string(),
                m.share_payments_low.to_string(),
                m.share_payments_high.to_string(),
                m.share_value.to_string(),
                m.installments_mean.to_string(),
                u8::from(paid.covering.contains(&m.payment_type)).to_string(),
            ]
        }));
    }
    table
}

fn regions(decisions: Option<&Decisions>) -> TextTable {
    let mut table = header("regions");
    table.extend(decisions.into_iter().flat_map(|d| &d.region.states).map(|s| {
        vec![
            s.place.rank.to_string(),
            s.state.clone(),
            s.place.score.to_string(),
            reais(s.forecast),
            reais(s.before),
            reais(s.gain),
            optional(s.penetration),
        ]
    }));
    table
}

fn allocation(decisions: Option<&Decisions>) -> TextTable {
    let mut table = header("allocation");
    let states = decisions.into_iter().flat_map(|d| &d.region.states).filter(|s| s.budget_share > 0.0);
    table.extend(states.map(|s| vec![s.state.clone(), s.budget_share.to_string(), brl(s.budget_centavos)]));
    table
}

fn cities(decisions: Option<&Decisions>) -> TextTable {
    let mut table = header("cities");
    for region in decisions.iter().map(|d| &d.region) {
        let state = region.states.first().map(|s| s.state.clone()).unwrap_or_default();
        table.extend(
            region
                .cities
                .iter()
                .map(|c| vec![state.clone(), c.city.clone(), c.orders.to_string(), brl(c.revenue_centavos)]),
        );
    }
    table
}

/// Forecasts; column values `month` for calendar months, `30d` for periods of 30 days.
fn forecasts(decisions: Option<&Decisions>) -> TextTable {
    let mut table = header("forecasts");
    let Some(d) = decisions else { return table };
    let cutoff = date(d.outlook.cutoff).to_string();
    let mut add = |by: &str, period: &str, forecasts: &[Forecast]| {
        table.extend(forecasts.iter().map(|f| {
            let days = [date(f.span.from), date(f.span.to)].map(|d| d.to_string());
            let amounts = [f.forecast, f.lo80, f.hi80, f.lo95, f.hi95].map(reais);
            let names = [by, &f.series, period, &cutoff].map(String::from);
            names.into_iter().chain(days).chain(amounts).collect()
        }));
    };
    for (by, view) in [("category", &d.outlook.categories), ("state", &d.outlook.states)] {
        add(by, "month", &view.months);
        add(by, "30d", &view.periods);
    }
    table
}

fn coefficients(decisions: Option<&Decisions>) -> TextTable {
    let mut table = header("coefficients");
    let views = decisions
        .into_iter()
        .flat_map(|d| [("category", &d.outlook.categories.coefficients), ("state", &d.outlook.states.coefficients)]);
    for (by, coefficients) in views {
        table.extend(coefficients.iter().map(|c| {
            let numbers = [c.value, c.standard_error, c.lambda].map(|v| v.to_string());
            [by.to_string(), c.step.to_string(), c.feature.to_string()].into_iter().chain(numbers).collect()
        }));
    }
    table
}

fn backtest(past: Option<&BacktestReport>) -> TextTable {
    let mut table = header("backtest");
    let mut add = |by: &str, cutoffs: &str, c: &Comparison| {
        table.extend(c.tests.iter().zip(&c.differences).map(|(t, d)| {
            let m = &t.metrics;
            let numbers = [
                m.wape,
                m.wape_complete,
                m.wape_given_total,
                m.bias,
                m.mase,
                m.coverage80,
                m.coverage95,
                m.width80,
                m.growth,
                m.relative_growth,
                d.value,
                d.low,
                d.high,
            ];
            [by, cutoffs, t.model].map(String::from).into_iter().chain(numbers.map(|v| v.to_string())).collect()
        }));
    };
    if let Some(past) = past {
        add("category", "monthly", &past.categories);
        add("category", "weekly", &past.weekly);
        add("state", "monthly", &past.states);
    }
    table
}

fn regret(past: Option<&BacktestReport>) -> TextTable {
    let mut table = header("regret");
    table.extend(past.into_iter().flat_map(|p| &p.strategies).map(|s| {
        let mut row = vec![s.name.to_string()];
        for (e, money) in [(s.revenue, true), (s.gain, true), (s.growth, false), (s.regret, true)] {
            let write = |v: f64| if money { reais(v) } else { v.to_string() };
            row.extend([e.value, e.low, e.high].map(write));
        }
        row
    }));
    table
}
