//! Backtests → figures: errors of the models, residuals.

use super::{Named, Studio};
use crate::charts::{Axis, Bar, Dotted, Histogram, Mark, Scatter, histogram, scatter};
use crate::decisions::BacktestReport;
use crate::dossier::decisions::model_key;
use crate::error::Result;
use crate::models::Backtest;
use crate::models::metrics::Outcome;

/// Width of a column of the histogram; below, the outer edge of its last column. Natural logarithms.
const BIN: f64 = 0.2;
const WIDEST: f64 = 2.0;

pub(crate) fn draw(studio: &mut Studio<'_>) -> Result<()> {
    let results = studio.results;
    let past = results.past.as_ref().ok();
    errors(studio, past)?;
    residuals(studio, past)?;
    spread(studio, past)
}

fn errors(studio: &mut Studio<'_>, past: Option<&BacktestReport>) -> Result<()> {
    let tests = past.map(|p| p.categories.tests.as_slice()).unwrap_or_default();
    let bar = |(i, t): (usize, &Backtest)| {
        (studio.label(&model_key(t.model)), Bar { value: t.metrics.wape, highlight: i == 0, ..Bar::default() })
    };
    let bars: Vec<Named> = tests.iter().enumerate().map(bar).collect();
    studio.bars("backtest", "tables/backtest.csv", &bars, false, |lang, v| lang.percent(v, 1))
}

/// One-month forecasts, each with the logarithm of its relative error.
fn next_month(past: Option<&BacktestReport>) -> Vec<(&Outcome, f64)> {
    let outcomes = past.map(|p| p.categories.tests[0].outcomes.as_slice()).unwrap_or_default();
    let predicted = outcomes.iter().filter(|o| o.step == 1 && o.forecast > 0.0 && o.actual > 0.0);
    predicted.map(|o| (o, (o.actual / o.forecast).ln())).collect()
}

fn residuals(studio: &mut Studio<'_>, past: Option<&BacktestReport>) -> Result<()> {
    let point = |(o, residual): (&Outcome, f64)| Dotted { x: o.forecast, y: residual, ..Default::default() };
    let points: Vec<Dotted<'_>> = next_month(past).into_iter().map(point).collect();
    let lang = studio.lang();
    let (x_format, y_format) = (move |v: f64| lang.short(v), move |v: f64| lang.decimal(v, 1));
    let (x_title, y_title) = (studio.label("forecast_log"), studio.label("residual"));
    let exact = studio.label("exact");
    let data = Scatter {
        points: &points,
        x: Axis { title: &x_title, format: &x_format, log: true, reference: None },
        y: Axis { title: &y_title, format: &y_format, log: false, reference: Some((0.0, &exact)) },
        groups: &[],
    };
    studio.figure("residuals", "tables/backtest.csv", |about| scatter(about, &data))
}

fn spread(studio: &mut Studio<'_>, past: Option<&BacktestReport>) -> Result<()> {
    let residuals_of_month = next_month(past);
    let bins = (2.0 * WIDEST / BIN).round() as usize;
    let mut counts = vec![0.0; if residuals_of_month.is_empty() { 0 } else { bins }];
    for (_, residual) in &residuals_of_month {
        let bin = ((residual + WIDEST) / BIN).floor().clamp(0.0, bins as f64 - 1.0) as usize;
        counts[bin] += 1.0;
    }
    let edges: Vec<f64> = (0..=counts.len()).map(|i| -WIDEST + i as f64 * BIN).collect();
    let lang = studio.lang();
    let (x_format, y_format) = (move |v: f64| lang.decimal(v, 1), move |v: f64| lang.count(v as i64));
    let (x_title, y_title, exact) = (studio.label("residual"), studio.label("forecasts_count"), studio.label("exact"));
    let marks = [Mark { at: 0.0, label: &exact }];
    let data = Histogram {
        edges: &edges,
        counts: &counts,
        marks: &marks,
        x_format: &x_format,
        y_format: &y_format,
        x_title: &x_title,
        y_title: &y_title,
    };
    studio.figure("residual_spread", "tables/backtest.csv", |about| histogram(about, &data))
}
