//! Decisions → figures: forecasts with intervals, coefficients, states and budget.

use super::{MonthAxis, Named, Studio};
use crate::charts::{Band, Bar, Forecast, Lines, Series, lines};
use crate::decisions::region::population;
use crate::decisions::{Decisions, Facts};
use crate::dossier::decisions::position;
use crate::error::Result;
use crate::mart::month::Month;
use crate::models::linear::Coefficient;
use crate::models::{DateRange, View};
use crate::report::lang::Lang;

pub(crate) fn draw(studio: &mut Studio<'_>) -> Result<()> {
    let results = studio.results;
    let decisions = results.decisions.as_ref().ok();
    let winner = decisions.map(|d| (&d.outlook.categories, d.winner.first().category.as_str()));
    let state = decisions.and_then(|d| Some((&d.outlook.states, d.region.states.first()?.state.as_str())));
    fan(studio, "fan_winner", winner)?;
    fan(studio, "fan_state", state)?;
    coefficients(studio, decisions)?;
    region_forecast(studio, decisions)?;
    penetration(studio)
}

/// Monthly revenue of a series and its forecast with both intervals.
fn fan(studio: &mut Studio<'_>, id: &str, series: Option<(&View, &str)>) -> Result<()> {
    let source = "tables/forecasts.csv";
    let found = series.and_then(|(view, name)| Some((view, name, view.panel.names().position(|n| n == name)?)));
    let Some((view, name, index)) = found else {
        return studio.figure(id, source, |about| lines(about, &Lines::default()));
    };
    let forecasts: Vec<_> = view.months.iter().filter(|f| f.series == name).collect();
    let period = studio.results.findings.period;
    let end = forecasts.last().map_or(period.last, |f| Month::of_day(f.span.from));
    let axis = MonthAxis::new(studio.lang(), period.first, end.max(period.last));
    let known: Vec<f64> = period
        .months()
        .map(|m| view.panel.revenue(index, DateRange { from: m.first_day(), to: m.plus(1).first_day() - 1 }))
        .collect();
    let pick =
        |value: fn(&crate::models::Forecast) -> f64| -> Vec<f64> { forecasts.iter().map(|f| value(f)).collect() };
    let (low95, high95, low80, high80) = (pick(|f| f.lo95), pick(|f| f.hi95), pick(|f| f.lo80), pick(|f| f.hi80));
    let values = pick(|f| f.forecast);
    let lang = studio.lang();
    let labels = [lang.percent(0.95, 0), lang.percent(0.8, 0)];
    let bands = [
        Band { label: &labels[0], low: &low95, high: &high95 },
        Band { label: &labels[1], low: &low80, high: &high80 },
    ];
    let forecast = (!values.is_empty()).then_some(Forecast { from: known.len(), values: &values, bands: &bands });
    let series = [Series { label: "", values: &known, forecast }];
    let format = move |v: f64| lang.short(v);
    let (unit, observed, expected) = (studio.label("monthly_revenue"), studio.label("seen"), studio.label("forecast"));
    let ticks = axis.ticks();
    let data = Lines {
        ticks: &ticks,
        series: &series,
        format: &format,
        unit: &unit,
        words: (&observed, &expected),
        ..Default::default()
    };
    studio.figure(id, source, |about| lines(about, &data))
}

/// Coefficients of the first period, with intervals of ± two standard errors.
fn coefficients(studio: &mut Studio<'_>, decisions: Option<&Decisions>) -> Result<()> {
    let all = decisions.map(|d| d.outlook.categories.coefficients.as_slice()).unwrap_or_default();
    let dot = |c: &Coefficient| {
        let reach = 1.96 * c.standard_error;
        let (interval, highlight) = (Some((c.value - reach, c.value + reach)), c.value.abs() > reach && reach > 0.0);
        let label = studio.label(&format!("feature_{}", position(c.feature)));
        (label, Bar { value: c.value, interval, highlight, ..Bar::default() })
    };
    let dots: Vec<Named> = all.iter().filter(|c| c.step == 1).map(dot).collect();
    let (zero, format) = (studio.label("no_effect"), |lang: Lang, v| lang.decimal(v, 2));
    studio.dots("coefficients", "tables/coefficients.csv", &dots, "coefficient_axis", (0.0, &zero), format)
}

/// Expected revenue of the winner in each candidate state; states with a budget are outlined.
fn region_forecast(studio: &mut Studio<'_>, decisions: Option<&Decisions>) -> Result<()> {
    let states = decisions.map(|d| d.region.states.as_slice()).unwrap_or_default();
    let values: Vec<(&str, f64)> = states.iter().map(|s| (s.state.as_str(), s.forecast)).collect();
    let chosen: Vec<&str> = states.iter().filter(|s| s.budget_share > 0.0).map(|s| s.state.as_str()).collect();
    let keys = ["expected_revenue", "too_small"];
    studio.map("region_forecast", "tables/regions.csv", &values, &chosen, keys, Lang::short)
}

/// Orders per 100,000 inhabitants by state, all categories.
fn penetration(studio: &mut Studio<'_>) -> Result<()> {
    let people = population();
    let rate = |f: &Facts| Some(f.orders as f64 / *people.get(&f.name)? as f64 * 100_000.0);
    let states = studio.results.findings.states.iter();
    let values: Vec<(&str, f64)> = states.filter_map(|f| Some((f.name.as_str(), rate(f)?))).collect();
    let keys = ["penetration", "no_data"];
    studio.map("penetration", "tables/by_state.csv", &values, &[], keys, |lang, v| lang.decimal(v, 0))
}
