//! Facts → figures on service: reviews, delivery times, late deliveries.

use super::{Studio, greatest, reais, strs};
use crate::charts::{Axis, Dotted, Histogram, Mark, Row, Scatter, Stacked, histogram, scatter, stacked_bars};
use crate::error::Result;

/// Number of categories named on the scatter plot.
const NAMED: usize = 8;
/// Longer deliveries are counted in the last bar, days.
const MAX_NAME_LENGTH: usize = 60;
/// Width of a bar, days.
const BIN: usize = 2;

pub(crate) fn draw(studio: &mut Studio<'_>) -> Result<()> {
    reviews_by_category(studio)?;
    scores(studio)?;
    delivery(studio)?;
    late_states(studio)
}

fn reviews_by_category(studio: &mut Studio<'_>) -> Result<()> {
    let findings = &studio.results.findings;
    let named = greatest(&findings.categories, NAMED, |f| reais(f.revenue_centavos));
    let labels: Vec<String> = findings.categories.iter().map(|f| studio.words.category(&f.name)).collect();
    let points = findings.categories.iter().zip(&labels).filter_map(|(f, label)| {
        let named = named.iter().any(|n| n.name == f.name);
        Some(Dotted { label, x: reais(f.revenue_centavos), y: f.review_mean?, size: 0.0, group: 0, named })
    });
    let points: Vec<Dotted<'_>> = points.collect();
    let lang = studio.lang();
    let (x_format, y_format) = (move |v: f64| lang.short(v), move |v: f64| lang.decimal(v, 1));
    let (x_title, y_title) = (studio.label("revenue_log"), studio.label("review_mean"));
    let mean = findings.total.review_mean;
    let mean_label = mean.map(|m| format!("{} {}", studio.label("mean"), lang.decimal(m, 2))).unwrap_or_default();
    let data = Scatter {
        points: &points,
        x: Axis { title: &x_title, format: &x_format, log: true, reference: None },
        y: Axis { title: &y_title, format: &y_format, log: false, reference: mean.map(|m| (m, mean_label.as_str())) },
        groups: &[],
    };
    studio.figure("reviews", "tables/by_category.csv", |about| scatter(about, &data))
}

/// Review scores of orders received in time and late.
fn scores(studio: &mut Studio<'_>) -> Result<()> {
    let frame = studio.results.mart.table("review_scores")?;
    let mut counts = [[0.0; 5]; 2];
    for row in 0..frame.height() {
        let number = |name: &str| -> Result<i64> { Ok(frame.column(name)?.i64()?.get(row).unwrap_or(0)) };
        if let Some(score) = usize::try_from(number("review_score")? - 1).ok().filter(|s| *s < 5) {
            counts[usize::from(number("late")? == 1)][score] += number("reviews")? as f64;
        }
    }
    let segments: Vec<String> = (1..=5).map(|n| format!("{} {n}", studio.label("score"))).collect();
    let labels = ["in_time", "late"].map(|key| studio.label(key));
    let lang = studio.lang();
    let notes = counts.map(|c| format!("n = {}", lang.count(c.iter().sum::<f64>() as i64)));
    let rows: Vec<Row<'_>> = labels
        .iter()
        .zip(&counts)
        .zip(&notes)
        .filter(|((_, values), _)| values.iter().sum::<f64>() > 0.0)
        .map(|((label, values), note)| Row { label, values, note })
        .collect();
    let format = move |v: f64| lang.percent(v, 0);
    let data = Stacked { segments: &strs(&segments), rows: &rows, format: &format, keep_order: true };
    studio.figure("scores", "mart/review_scores.parquet", |about| stacked_bars(about, &data))
}

fn delivery(studio: &mut Studio<'_>) -> Result<()> {
    let frame = studio.results.mart.table("delivery_days")?;
    let mut counts = vec![0.0; MAX_NAME_LENGTH / BIN];
    for (days, orders) in frame.column("days")?.i64()?.iter().zip(frame.column("orders")?.i64()?.iter()) {
        if let (Some(days), Some(orders)) = (days, orders) {
            let bin = usize::try_from(days).unwrap_or(0) / BIN;
            counts[bin.min(MAX_NAME_LENGTH / BIN - 1)] += orders as f64;
        }
    }
    if counts.iter().sum::<f64>() == 0.0 {
        counts.clear();
    }
    let edges: Vec<f64> = (0..=counts.len()).map(|i| (i * BIN) as f64).collect();
    let lang = studio.lang();
    let mean = studio.results.findings.total.delivery_days_mean;
    let label = mean.map(|m| format!("{} {}", studio.label("mean"), lang.decimal(m, 1))).unwrap_or_default();
    let marks: Vec<Mark<'_>> = mean.map(|at| Mark { at, label: &label }).into_iter().collect();
    let format = move |v: f64| lang.count(v as i64);
    let (x_title, y_title) = (studio.label("delivery_days"), studio.label("orders"));
    let data = Histogram {
        edges: &edges,
        counts: &counts,
        marks: &marks,
        x_format: &format,
        y_format: &format,
        x_title: &x_title,
        y_title: &y_title,
    };
    studio.figure("delivery", "mart/delivery_days.parquet", |about| histogram(about, &data))
}

fn late_states(studio: &mut Studio<'_>) -> Result<()> {
    let states = &studio.results.findings.states;
    let values: Vec<(&str, f64)> = states.iter().filter_map(|f| Some((f.name.as_str(), f.late_share?))).collect();
    let keys = ["late_share", "no_data"];
    studio.map("late_states", "tables/by_state.csv", &values, &[], keys, |lang, v| lang.percent(v, 0))
}
