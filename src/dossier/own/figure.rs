//! Rows of a user's query → figure. Used by `query`.

use polars::prelude::*;
use serde::Deserialize;

use super::cells::{HUNDREDTHS, is_amount, text_of};
use crate::charts::{self, About, Bar, Bars, Dots, Funnel, Lines, Scatter, Series, Stage, Svg, Tick};
use crate::error::{Error, Result};
use crate::report::{Currency, Lang};
use crate::text::listed;

/// Most marks of a figure of rows; more would not be legible.
const MARKS: usize = 60;
/// Most lines of a figure.
const LINES: usize = 8;

/// A figure of the rows.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Declared {
    kind: Kind,
    /// Column of names, or of the numbers across of a scatter plot.
    x: String,
    /// Column of values; of lines, one or several.
    y: Columns,
    /// Columns of the ends of intervals.
    low: Option<String>,
    high: Option<String>,
    /// Alternative text, with placeholders: what the figure shows, in words.
    pub(super) alt: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Bars,
    Funnel,
    Intervals,
    Lines,
    Scatter,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Columns {
    One(String),
    Several(Vec<String>),
}

impl Columns {
    fn names(&self) -> &[String] {
        match self {
            Columns::One(name) => std::slice::from_ref(name),
            Columns::Several(names) => names,
        }
    }
}

impl Declared {
    /// Draws the rows; a value that is missing or not finite is left out. Values of columns of hundredths are amounts.
    ///
    /// # Errors
    /// [`Error::Input`]: a column is missing, holds no numbers, or there are too many marks.
    pub(super) fn draw(
        &self,
        path: &str,
        rows: &DataFrame,
        about: &About<'_>,
        (lang, currency): (Lang, Currency),
    ) -> Result<Svg> {
        let ys = self.y.names();
        let is_lines = self.kind == Kind::Lines;
        if ys.is_empty() || ys.len() > if is_lines { LINES } else { 1 } {
            let most = if is_lines { LINES } else { 1 };
            return Err(Error::input(format!(
                "`{path}`: `y` names {} columns; a figure of this kind takes 1 to {most}",
                ys.len()
            )));
        }
        if rows.height() > MARKS && !matches!(self.kind, Kind::Lines | Kind::Scatter) {
            return Err(Error::input(format!(
                "`{path}` has {} rows; a figure of this kind shows {MARKS}",
                rows.height()
            ))
            .with_hint("end the query with `ORDER BY … LIMIT 20`"));
        }
        let format = |value: f64| match (is_amount(&ys[0]), lang) {
            (false, _) => short(lang, value),
            (true, Lang::Fr) => format!("{}\u{a0}{}", short(lang, value), currency.symbol()),
            (true, _) => format!("{}\u{a0}{}", currency.symbol(), short(lang, value)),
        };
        let labels = texts(path, rows, &self.x)?;
        let values = numbers(path, rows, &ys[0])?;
        Ok(match self.kind {
            Kind::Bars => {
                let marks: Vec<Bar> = bars(&labels, &values, None);
                charts::bars(about, &Bars { bars: &marks, format: &format, keep_order: true })
            }
            Kind::Intervals => {
                let (Some(low), Some(high)) = (&self.low, &self.high) else {
                    return Err(Error::input(format!(
                        "`{path}`: a figure of intervals names columns `low` and `high`"
                    )));
                };
                let (low, high) = (numbers(path, rows, low)?, numbers(path, rows, high)?);
                let marks = bars(&labels, &values, Some((&low, &high)));
                charts::dots(about, &Dots { dots: &marks, format: &format, ..Default::default() })
            }
            Kind::Funnel => {
                let mut before = f64::NAN;
                let stage = |(label, value): (&'_ String, &f64)| {
                    let removed = if before > *value { before - value } else { 0.0 };
                    before = *value;
                    (label.clone(), *value, removed)
                };
                let finite = labels.iter().zip(&values).filter(|(_, value)| value.is_finite());
                let stages: Vec<(String, f64, f64)> = finite.map(stage).collect();
                let stages: Vec<Stage> = stages
                    .iter()
                    .map(|(label, kept, removed)| Stage { label, kept: *kept, removed: *removed })
                    .collect();
                charts::funnel(about, &Funnel { stages: &stages, format: &format })
            }
            Kind::Lines => {
                let all = ys.iter().map(|y| numbers(path, rows, y)).collect::<Result<Vec<_>>>()?;
                let ticks: Vec<Tick> = labels.iter().map(|label| Tick { label, group: "" }).collect();
                let names = ys.iter().map(|y| if ys.len() > 1 { called(y) } else { "" });
                let names: Vec<&str> = names.collect();
                let series: Vec<Series> =
                    names.iter().zip(&all).map(|(label, values)| Series { label, values, forecast: None }).collect();
                charts::lines(
                    about,
                    &Lines {
                        ticks: &ticks,
                        series: &series,
                        unit: called(&ys[0]),
                        format: &format,
                        ..Default::default()
                    },
                )
            }
            Kind::Scatter => {
                let across = numbers(path, rows, &self.x)?;
                let points: Vec<charts::Dotted> = across
                    .iter()
                    .zip(&values)
                    .map(|(x, y)| charts::Dotted { x: *x, y: *y, ..Default::default() })
                    .collect();
                let plain = |value: f64| short(lang, value);
                let data = Scatter {
                    points: &points,
                    x: charts::Axis { title: &self.x, format: &plain, ..Default::default() },
                    y: charts::Axis { title: called(&ys[0]), format: &format, ..Default::default() },
                    groups: &[],
                };
                charts::scatter(about, &data)
            }
        })
    }
}

/// A column as a figure names it: amounts are written in whole units.
fn called(column: &str) -> &str {
    column.strip_suffix(HUNDREDTHS).unwrap_or(column)
}

/// A number in short form, with decimals where it is small.
fn short(lang: Lang, value: f64) -> String {
    match value.abs() {
        size if size >= 1_000.0 || value == value.round() => lang.short(value),
        size if size >= 10.0 => lang.decimal(value, 1),
        _ => lang.decimal(value, 2),
    }
}

fn bars<'a>(labels: &'a [String], values: &[f64], ends: Option<(&[f64], &[f64])>) -> Vec<Bar<'a>> {
    let mark = |(i, (label, value)): (usize, (&'a String, &f64))| {
        let interval =
            ends.map(|(low, high)| (low[i], high[i])).filter(|(low, high)| low.is_finite() && high.is_finite());
        value.is_finite().then_some(Bar { label, value: *value, interval, ..Bar::default() })
    };
    labels.iter().zip(values).enumerate().filter_map(mark).collect()
}

fn column<'a>(path: &str, rows: &'a DataFrame, name: &str) -> Result<&'a Column> {
    rows.column(name).map_err(|_| {
        Error::input(format!("`{path}`: the query has no column `{name}`"))
            .with_hint(format!("it has {}", listed(rows.get_column_names_owned().iter().map(ToString::to_string))))
    })
}

fn texts(path: &str, rows: &DataFrame, name: &str) -> Result<Vec<String>> {
    let column = column(path, rows, name)?;
    (0..rows.height()).map(|row| Ok(text_of(&column.get(row)?))).collect()
}

/// The values of a column; of hundredths, whole units.
fn numbers(path: &str, rows: &DataFrame, name: &str) -> Result<Vec<f64>> {
    let column = column(path, rows, name)?;
    if !column.dtype().is_primitive_numeric() {
        return Err(Error::input(format!("`{path}`: the column `{name}` holds no numbers")));
    }
    let unit = if is_amount(name) { 100.0 } else { 1.0 };
    let values = column.cast(&DataType::Float64)?;
    Ok(values.f64()?.iter().map(|value| value.map_or(f64::NAN, |value| value / unit)).collect())
}
