//! Reference → figures: the reference model's predictions against actual sales.

use std::collections::BTreeMap;

use super::{MonthAxis, Named, Studio};
use crate::charts::{Bar, Forecast, Lines, Series, lines};
use crate::error::Result;
use crate::mart::month::Month;
use crate::models::reference::{FIRST_PREDICTED, HORIZON, Prediction};
use crate::report::lang::Lang;

pub(crate) fn draw(studio: &mut Studio<'_>) -> Result<()> {
    line(studio)?;
    top(studio)
}

/// Its first category: training months and predictions.
fn line(studio: &mut Studio<'_>) -> Result<()> {
    let reference = &studio.results.reference;
    let first = reference.top().first().map(|p| p.category.clone()).unwrap_or_default();
    let rows: Vec<&Prediction> = reference.predictions.iter().filter(|p| p.category == first).collect();
    let trained: BTreeMap<Month, f64> = rows.iter().filter(|p| !p.predicted).map(|p| (p.month, p.sales)).collect();
    let start = trained.keys().next().copied().unwrap_or(FIRST_PREDICTED).min(FIRST_PREDICTED);
    let axis = MonthAxis::new(studio.lang(), start, FIRST_PREDICTED.plus(HORIZON - 1));
    let from = axis.position(FIRST_PREDICTED).unwrap_or(0);
    let values: Vec<f64> = axis.months[..from].iter().map(|m| trained.get(m).copied().unwrap_or(f64::NAN)).collect();
    let predicted: Vec<f64> = rows.iter().filter(|p| p.predicted).map(|p| p.sales).collect();
    let label = studio.words.category(&first);
    let series =
        [Series { label: &label, values: &values, forecast: Some(Forecast { from, values: &predicted, bands: &[] }) }];
    let lang = studio.lang();
    let format = move |v: f64| lang.short(v);
    let (unit, trained, predicted) =
        (studio.label("reference_sales"), studio.label("observed"), studio.label("predicted"));
    let ticks = axis.ticks();
    let series: &[Series<'_>] = if rows.is_empty() { &[] } else { &series };
    let data = Lines {
        ticks: &ticks,
        series,
        format: &format,
        unit: &unit,
        words: (&trained, &predicted),
        ..Default::default()
    };
    studio.figure("reference_line", "tables/price_predictions.csv", |about| lines(about, &data))
}

fn top(studio: &mut Studio<'_>) -> Result<()> {
    let top = studio.results.reference.top();
    let bar = |(i, p): (usize, &Prediction)| {
        (studio.words.category(&p.category), Bar { value: p.sales, highlight: i == 0, ..Bar::default() })
    };
    let bars: Vec<Named> = top.into_iter().enumerate().map(bar).collect();
    studio.bars("reference_top", "tables/price_predictions_top_category.csv", &bars, false, Lang::short)
}
