//! Columns of a frame → figure, with texts of its own. Next: `charts`.

use crate::charts::{self, About, Svg};
use crate::report::Lang;
use crate::{Error, Result};
use polars::prelude::{Column, DataFrame, DataType};

/// The column of a frame that names or places what is drawn.
#[derive(Debug, Clone, Copy)]
pub struct X<'a> {
    column: &'a str,
    first: usize,
}

/// A column of a frame that is drawn: its values, and how to write them.
#[derive(Debug, Clone, Copy)]
pub struct Y<'a> {
    column: &'a str,
    percent: bool,
    unit: &'a str,
    lang: Lang,
}

impl<'a> From<&'a str> for X<'a> {
    fn from(column: &'a str) -> Self {
        x(column)
    }
}

impl<'a> From<&'a str> for Y<'a> {
    fn from(column: &'a str) -> Self {
        y(column)
    }
}

/// Takes a column for the names or places of a figure. Not in the prelude: `x` is what many variables are called.
pub fn x(column: &str) -> X<'_> {
    X { column, first: MOST_BARS }
}

/// Takes a column for the values of a figure.
pub fn y(column: &str) -> Y<'_> {
    Y { column, percent: false, unit: "", lang: Lang::Fr }
}

/// Most bars of a figure, if the notebook does not say how many.
const MOST_BARS: usize = 30;

impl X<'_> {
    /// Draws only the rows with the `count` greatest values.
    #[must_use]
    pub fn first(self, count: usize) -> Self {
        X { first: count, ..self }
    }
}

impl<'a> Y<'a> {
    /// Writes shares as percentages.
    #[must_use]
    pub fn percent(self) -> Self {
        Y { percent: true, ..self }
    }

    /// Names the unit of the values.
    #[must_use]
    pub fn unit(self, unit: &'a str) -> Self {
        Y { unit, ..self }
    }

    /// Writes numbers and texts in another language than French.
    #[must_use]
    pub fn lang(self, lang: Lang) -> Self {
        Y { lang, ..self }
    }

    fn title(&self) -> String {
        if self.unit.is_empty() { self.column.to_owned() } else { format!("{} ({})", self.column, self.unit) }
    }

    /// Writes a value: a large one in thousands or millions, a whole one without decimals.
    fn write(&self, value: f64) -> String {
        match value.abs() {
            _ if self.percent => self.lang.percent(value, 1),
            1e4.. => self.lang.short(value),
            _ if value.fract() == 0.0 => self.lang.count(value as i64),
            _ => self.lang.decimal(value, 2),
        }
    }
}

fn column<'a>(frame: &'a DataFrame, name: &str) -> Result<&'a Column> {
    frame.column(name).map_err(|_| {
        let all: Vec<&str> = frame.get_column_names().into_iter().map(|name| name.as_str()).collect();
        Error::input(format!("the frame has no column `{name}`")).with_hint(format!("its columns: {}", all.join(", ")))
    })
}

/// Returns the values of a column as numbers, missing ones as NaN.
fn numbers(frame: &DataFrame, name: &str) -> Result<Vec<f64>> {
    let column = column(frame, name)?;
    let wrong = || {
        Error::input(format!("column `{name}` holds no numbers but {}", column.dtype()))
            .with_hint("choose a column of numbers, or cast it")
    };
    if !(column.dtype().is_primitive_numeric() || column.dtype().is_bool() || column.dtype().is_decimal()) {
        return Err(wrong());
    }
    let values = column.cast(&DataType::Float64).map_err(|_| wrong())?;
    let values = values.f64().map_err(|_| wrong())?.iter();
    Ok(values.map(|value| value.unwrap_or(f64::NAN)).collect())
}

/// Returns the values of a column as texts.
fn names(frame: &DataFrame, name: &str) -> Result<Vec<String>> {
    let column = column(frame, name)?;
    let series = column.as_materialized_series();
    Ok(series
        .iter()
        .map(|value| if value.is_null() { "?".to_owned() } else { value.str_value().into_owned() })
        .collect())
}

/// What a figure shows, in words, for readers who cannot see it.
fn described(y: &Y, x: &X, labels: &[String], values: &[f64]) -> String {
    let pairs = || labels.iter().zip(values).filter(|(_, value)| value.is_finite());
    let least = pairs().min_by(|a, b| a.1.total_cmp(b.1));
    let most = pairs().max_by(|a, b| a.1.total_cmp(b.1));
    let (Some(least), Some(most)) = (least, most) else { return String::new() };
    let (title, by, count) = (y.title(), x.column, pairs().count());
    let [least, most] = [least, most].map(|(label, value)| (label, y.write(*value)));
    match y.lang {
        Lang::Fr => {
            format!("{title} selon {by}, {count} valeurs : de {} ({}) à {} ({}).", least.1, least.0, most.1, most.0)
        }
        Lang::En => {
            format!("{title} by {by}, {count} values: from {} ({}) to {} ({}).", least.1, least.0, most.1, most.0)
        }
        Lang::Pt => {
            format!("{title} por {by}, {count} valores: de {} ({}) a {} ({}).", least.1, least.0, most.1, most.0)
        }
    }
}

fn about<'a>(title: &'a str, desc: &'a str, lang: Lang) -> About<'a> {
    let french = About::new(title, desc);
    match lang {
        Lang::Fr => french,
        Lang::En => About { no_data: "No data", ..french },
        Lang::Pt => About { no_data: "Sem dados", ..french },
    }
}

/// Draws a bar for each row of a frame, the greatest value on top; keeps the order of rows whose names are numbers or
/// dates.
///
/// # Errors
/// [`Error::Input`] if a column is missing, or if that of the values holds no numbers.
pub fn bars<'a>(frame: &DataFrame, x: impl Into<X<'a>>, y: impl Into<Y<'a>>) -> Result<Svg> {
    let (x, y) = (x.into(), y.into());
    let (labels, values) = (names(frame, x.column)?, numbers(frame, y.column)?);
    let keep_order = !matches!(column(frame, x.column)?.dtype(), DataType::String | DataType::Boolean);
    let mut rows: Vec<charts::Bar> = labels
        .iter()
        .zip(&values)
        .filter(|(_, value)| value.is_finite())
        .map(|(label, value)| charts::Bar { label, value: *value, ..Default::default() })
        .collect();
    if !keep_order {
        rows.sort_by(|a, b| b.value.total_cmp(&a.value));
    }
    rows.truncate(x.first);
    let (title, desc) = (y.title(), described(&y, &x, &labels, &values));
    let format = |value: f64| y.write(value);
    Ok(charts::bars(&about(&title, &desc, y.lang), &charts::Bars { bars: &rows, format: &format, keep_order }))
}

/// Draws a line for each of the columns of values, along the rows of a frame.
///
/// # Errors
/// [`Error::Input`] if a column is missing or holds no numbers, or if there is no column of values.
pub fn lines<'a>(
    frame: &DataFrame,
    x: impl Into<X<'a>>,
    ys: impl IntoIterator<Item = impl Into<Y<'a>>>,
) -> Result<Svg> {
    let (x, ys) = (x.into(), ys.into_iter().map(Into::into).collect::<Vec<Y>>());
    let first = *ys.first().ok_or_else(|| Error::input("a figure of lines needs a column of values"))?;
    let labels = names(frame, x.column)?;
    let values = ys.iter().map(|y| numbers(frame, y.column)).collect::<Result<Vec<_>>>()?;
    let ticks: Vec<charts::Tick> = labels.iter().map(|label| charts::Tick { label, group: "" }).collect();
    let series: Vec<charts::Series> =
        ys.iter().zip(&values).map(|(y, values)| charts::Series { label: y.column, values, forecast: None }).collect();
    let descs: Vec<String> = ys.iter().zip(&values).map(|(y, values)| described(y, &x, &labels, values)).collect();
    let title = ys.iter().map(Y::title).collect::<Vec<_>>().join(", ");
    let format = |value: f64| first.write(value);
    let lines =
        charts::Lines { ticks: &ticks, series: &series, unit: first.unit, format: &format, ..Default::default() };
    Ok(charts::lines(&about(&title, &descs.join(" "), first.lang), &lines))
}

/// Draws a point for each row of a frame, at the numbers of two columns.
///
/// # Errors
/// [`Error::Input`] if a column is missing or holds no numbers.
pub fn scatter<'a>(frame: &DataFrame, x: impl Into<X<'a>>, y: impl Into<Y<'a>>) -> Result<Svg> {
    let (x, y) = (x.into(), y.into());
    let (across, up) = (numbers(frame, x.column)?, numbers(frame, y.column)?);
    let points: Vec<charts::Dotted> =
        across.iter().zip(&up).map(|(x, y)| charts::Dotted { x: *x, y: *y, ..Default::default() }).collect();
    let places: Vec<String> = across.iter().map(|value| y.write(*value)).collect();
    let (title, desc) = (y.title(), described(&y, &x, &places, &up));
    let (format, plain) = (|value: f64| y.write(value), |value: f64| Y { percent: false, ..y }.write(value));
    let data = charts::Scatter {
        points: &points,
        x: charts::Axis { title: x.column, format: &plain, ..Default::default() },
        y: charts::Axis { title: &title, format: &format, ..Default::default() },
        groups: &[],
    };
    Ok(charts::scatter(&about(&title, &desc, y.lang), &data))
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::df;

    fn frame() -> DataFrame {
        df!(
            "category" => ["b", "a", "c", "d"],
            "month" => [1, 2, 3, 4],
            "revenue" => [Some(1_234_567.0), Some(2.0), None, Some(0.5)],
            "share" => [0.25, 0.5, 0.125, 0.125],
        )
        .unwrap()
    }

    fn markup(drawn: Result<Svg>) -> String {
        drawn.unwrap().as_str().to_owned()
    }

    #[test]
    fn a_frame_becomes_a_figure() {
        let svg = markup(bars(&frame(), x("category"), y("revenue").unit("BRL")));
        assert!(svg.contains("revenue (BRL) selon category, 3 valeurs : de 0,50 (d) à 1,2\u{202f}M (b)."), "{svg}");
        assert!(svg.find(">b<") < svg.find(">a<") && !svg.contains(">c<"));
        let svg = markup(bars(&frame(), x("category").first(1), y("share").percent().lang(Lang::En)));
        assert!(svg.contains(">50.0%<") && !svg.contains(">b<"), "{svg}");
        // Months keep their order.
        let svg = markup(bars(&frame(), x("month"), y("share")));
        assert!(svg.find(">1<") < svg.find(">2<") && svg.find(">2<") < svg.find(">4<"));
        let svg = markup(lines(&frame(), x("month"), [y("revenue"), y("share")]));
        assert!(svg.contains(">revenue<") && svg.contains(">share<"));
        assert!(markup(lines(&frame(), "month", ["share"])).contains("4 valeurs"));
        assert!(markup(scatter(&frame(), "share", "revenue")).contains("3 valeurs"));
    }

    #[test]
    fn what_cannot_be_drawn_is_named() {
        let told = |drawn: Result<Svg>| {
            let error = drawn.unwrap_err();
            format!("{error} {}", error.hint().unwrap_or_default())
        };
        let absent = told(bars(&frame(), x("category"), y("revenu")));
        assert!(
            absent.contains("no column `revenu`") && absent.contains("category, month, revenue, share"),
            "{absent}"
        );
        assert!(told(lines(&frame(), "month", ["category"])).contains("holds no numbers but str"));
        assert!(told(lines(&frame(), "month", [""; 0])).contains("needs a column"));
        assert!(markup(bars(&frame().clear(), x("category"), y("revenue"))).contains("Pas de données"));
    }
}
