//! Decisions → figures: forecasts with intervals, points of the winner, stability of ranks, states and budget.

use super::{MonthAxis, Studio, reais, short};
use crate::charts::{
    Band, Bar, Bars, Dot, Dots, Forecast, Heatmap, Lines, Series, StateMap, bars, brazil_map, dots, heatmap, lines,
};
use crate::decisions::Decisions;
use crate::decisions::region::population;
use crate::dossier::decisions::position;
use crate::error::Result;
use crate::mart::month::Month;
use crate::models::{DateRange, View};

pub(crate) fn draw(studio: &mut Studio<'_>) -> Result<()> {
    let results = studio.results;
    let decisions = results.decisions.as_ref().ok();
    let winner = decisions.map(|d| (&d.outlook.categories, d.winner.first().category.as_str()));
    let second = decisions.and_then(|d| Some((&d.outlook.categories, d.winner.short_list.get(1)?.category.as_str())));
    let state = decisions.and_then(|d| Some((&d.outlook.states, d.region.states.first()?.state.as_str())));
    fan(studio, "fan_winner", winner)?;
    fan(studio, "fan_second", second)?;
    fan(studio, "fan_state", state)?;
    points(studio, decisions)?;
    stability(studio, decisions)?;
    coefficients(studio, decisions)?;
    region_forecast(studio, decisions)?;
    penetration(studio)?;
    allocation(studio, decisions)
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
    let format = move |v: f64| short(lang, v);
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

/// Points of each indicator in the winner's score.
fn points(studio: &mut Studio<'_>, decisions: Option<&Decisions>) -> Result<()> {
    let indicators = decisions.map(|d| d.winner.first().place.indicators.as_slice()).unwrap_or_default();
    let labels: Vec<String> = indicators.iter().map(|i| studio.label(&format!("indicator_{}", i.name))).collect();
    let data: Vec<Bar<'_>> = indicators
        .iter()
        .zip(&labels)
        .map(|(i, label)| Bar { label, value: i.points, highlight: i.points > 0.0, ..Default::default() })
        .collect();
    let lang = studio.lang();
    let format = move |v: f64| lang.decimal(v, 2);
    studio.figure("points", "tables/winner_indicators.csv", |about| {
        bars(about, &Bars { bars: &data, format: &format, keep_order: false })
    })
}

/// Shares of draws in which each candidate is first, and among the first three.
fn stability(studio: &mut Studio<'_>, decisions: Option<&Decisions>) -> Result<()> {
    let list = decisions.map(|d| d.winner.short_list.as_slice()).unwrap_or_default();
    let rows: Vec<String> = list.iter().map(|c| studio.words.category(&c.category)).collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let columns = ["first_forecasts", "top3_forecasts", "first_weights", "top3_weights"].map(|key| studio.label(key));
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    let values: Vec<f64> =
        list.iter().flat_map(|c| [c.first, c.top3, c.first_other_weights, c.top3_other_weights]).collect();
    let lang = studio.lang();
    let format = move |v: f64| lang.percent(v, 0);
    let (title, missing) = (studio.label("draws_share"), studio.label("no_data"));
    let data =
        Heatmap { rows: &rows, columns: &columns, values: &values, format: &format, title: &title, missing: &missing };
    studio.figure("stability", "tables/winner.csv", |about| heatmap(about, &data))
}

/// Coefficients of the first period, with intervals of ± two standard errors.
fn coefficients(studio: &mut Studio<'_>, decisions: Option<&Decisions>) -> Result<()> {
    let all = decisions.map(|d| d.outlook.categories.coefficients.as_slice()).unwrap_or_default();
    let first: Vec<_> = all.iter().filter(|c| c.step == 1).collect();
    let labels: Vec<String> = first.iter().map(|c| studio.label(&format!("feature_{}", position(c.feature)))).collect();
    let data: Vec<Dot<'_>> = first
        .iter()
        .zip(&labels)
        .map(|(c, label)| {
            let reach = 1.96 * c.standard_error;
            let interval = Some((c.value - reach, c.value + reach));
            Dot { label, value: c.value, interval, highlight: c.value.abs() > reach && reach > 0.0 }
        })
        .collect();
    let lang = studio.lang();
    let format = move |v: f64| lang.decimal(v, 2);
    let (axis, zero) = (studio.label("coefficient_axis"), studio.label("no_effect"));
    let data = Dots { dots: &data, format: &format, reference: Some((0.0, &zero)), axis: &axis };
    studio.figure("coefficients", "tables/coefficients.csv", |about| dots(about, &data))
}

/// Expected revenue of the winner in each candidate state; states with a budget are outlined.
fn region_forecast(studio: &mut Studio<'_>, decisions: Option<&Decisions>) -> Result<()> {
    let states = decisions.map(|d| d.region.states.as_slice()).unwrap_or_default();
    let values: Vec<(&str, f64)> = states.iter().map(|s| (s.state.as_str(), s.forecast)).collect();
    let chosen: Vec<&str> = states.iter().filter(|s| s.budget_share > 0.0).map(|s| s.state.as_str()).collect();
    let lang = studio.lang();
    let format = move |v: f64| short(lang, v);
    let (title, missing) = (studio.label("expected_revenue"), studio.label("too_small"));
    let data = StateMap {
        values: &values,
        format: &format,
        title: &title,
        missing: &missing,
        highlight: &chosen,
        ..Default::default()
    };
    studio.figure("region_forecast", "tables/regions.csv", |about| brazil_map(about, &data))
}

/// Orders per 100,000 inhabitants by state, all categories.
fn penetration(studio: &mut Studio<'_>) -> Result<()> {
    let people = population();
    let states = &studio.results.findings.states;
    let values: Vec<(&str, f64)> = states
        .iter()
        .filter_map(|f| Some((f.name.as_str(), f.orders as f64 / *people.get(&f.name)? as f64 * 100_000.0)))
        .collect();
    let lang = studio.lang();
    let format = move |v: f64| lang.decimal(v, 0);
    let (title, missing) = (studio.label("penetration"), studio.label("no_data"));
    let data = StateMap { values: &values, format: &format, title: &title, missing: &missing, ..Default::default() };
    studio.figure("penetration", "tables/by_state.csv", |about| brazil_map(about, &data))
}

/// Allocation of the budget to states, in BRL if a budget was given.
fn allocation(studio: &mut Studio<'_>, decisions: Option<&Decisions>) -> Result<()> {
    let states = decisions.map(|d| d.region.states.as_slice()).unwrap_or_default();
    let chosen: Vec<_> = states.iter().filter(|s| s.budget_share > 0.0).collect();
    let given = studio.results.parameters.decisions.budget_centavos.is_some();
    let labels: Vec<String> = chosen.iter().map(|s| studio.words.state(&s.state)).collect();
    let value = |s: &crate::decisions::region::StateChoice| match given {
        true => reais(s.budget_centavos),
        false => s.budget_share,
    };
    let data: Vec<Bar<'_>> = chosen
        .iter()
        .zip(&labels)
        .enumerate()
        .map(|(i, (s, label))| Bar { label, value: value(s), highlight: i == 0, ..Default::default() })
        .collect();
    let lang = studio.lang();
    let format = move |v: f64| if given { lang.brl((v * 100.0).round() as i64, 0) } else { lang.percent(v, 1) };
    studio.figure("allocation", "tables/allocation.csv", |about| {
        bars(about, &Bars { bars: &data, format: &format, keep_order: true })
    })
}
