//! DataFrame → MIME bundle: plain text, an HTML table, and the table format that `pfe notebook` prints.

use crate::show::{Bundle, Show, escape};
#[cfg(feature = "pfe")]
use pfe::report::{TABLE_MIME, Table, TableColumn};
use polars::prelude::*;
use std::fmt::Write;

/// Shows tables of up to this many rows completely; taller ones as `HEAD` and `TAIL` rows.
const SHOWN_IN_FULL: usize = 20;
const HEAD: usize = 10;
const TAIL: usize = 5;
const COLUMNS: usize = 40;

/// Returns the columns of a variable that is a DataFrame. Those of a LazyFrame may need files to be read.
pub(crate) fn columns(value: &dyn std::any::Any) -> Option<Vec<&str>> {
    let names = value.downcast_ref::<DataFrame>()?.get_column_names();
    Some(names.into_iter().map(|name| name.as_str()).collect())
}

impl Show for DataFrame {
    fn show(&self) -> Bundle {
        let shape = format!("{} × {}", count(self.height(), "row"), count(self.width(), "column"));
        bundle(self.to_string(), self, &shape)
    }
}

impl Show for LazyFrame {
    /// Shows only the first rows: counting all rows would run the whole query.
    fn show(&self) -> Bundle {
        match self.clone().limit(HEAD as IdxSize).collect() {
            Ok(frame) => {
                let shape = format!(
                    "first {} of a LazyFrame, {}",
                    count(frame.height(), "row"),
                    count(frame.width(), "column")
                );
                bundle(format!("{shape}\n{frame}"), &frame, &shape)
            }
            Err(error) => Bundle::text(format!("LazyFrame that cannot be collected: {error}")),
        }
    }
}

impl Show for Column {
    fn show(&self) -> Bundle {
        self.clone().into_frame().show()
    }
}

impl Show for Series {
    fn show(&self) -> Bundle {
        self.clone().into_frame().show()
    }
}

fn bundle(text: String, frame: &DataFrame, shape: &str) -> Bundle {
    let shown = Shown::of(frame, shape);
    let bundle = Bundle::text(text).html(shown.html());
    #[cfg(feature = "pfe")]
    if let Ok(table) = serde_json::to_value(shown.table()) {
        return bundle.with(TABLE_MIME, table);
    }
    bundle
}

fn count(number: usize, noun: &str) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{grouped} {noun}{}", if number == 1 { "" } else { "s" })
}

/// Sets no colours except a translucent border, so that the table suits light and dark themes.
const STYLE: &str = "<style>.pfe-table{border-collapse:collapse;font-size:.9em}\
.pfe-table caption{caption-side:bottom;text-align:left;white-space:nowrap;opacity:.7;padding:.3em 0}\
.pfe-table th,.pfe-table td{padding:.2em .6em;text-align:left!important;border-bottom:1px solid rgba(128,128,128,.3)}\
.pfe-table .n{text-align:right!important;font-variant-numeric:tabular-nums}\
.pfe-table small{display:block;font-weight:400;opacity:.7}.pfe-table i{opacity:.5}</style>";

/// The rows and columns of a frame that are shown.
struct Shown<'a> {
    columns: &'a [Column],
    /// The text of each value, `None` for null. A row that is `None` stands for the rows left out.
    rows: Vec<Option<Vec<Option<String>>>>,
    caption: String,
}

impl<'a> Shown<'a> {
    fn of(frame: &'a DataFrame, shape: &str) -> Shown<'a> {
        let height = frame.height();
        let columns = &frame.columns()[..frame.width().min(COLUMNS)];
        let mut caption = shape.to_owned();
        if columns.len() < frame.width() {
            let _ = write!(caption, ", the first {} shown", count(columns.len(), "column"));
        }
        let cell = |column: &Column, index| match column.get(index) {
            Ok(AnyValue::Null) | Err(_) => None,
            Ok(AnyValue::Float64(value)) => Some(decimal(value)),
            Ok(AnyValue::Float32(value)) => Some(decimal(value.into())),
            Ok(value) => Some(value.str_value().into_owned()),
        };
        let row = |index: usize| Some(columns.iter().map(|column| cell(column, index)).collect());
        let rows = if height > SHOWN_IN_FULL {
            (0..HEAD).map(row).chain([None]).chain((height - TAIL..height).map(row)).collect()
        } else {
            (0..height).map(row).collect()
        };
        Shown { columns, rows, caption }
    }

    fn html(&self) -> String {
        let class = |column: &Column| if is_numeric(column) { " class=\"n\"" } else { "" };
        let mut out = format!("{STYLE}<table class=\"pfe-table\"><caption>{}</caption><thead><tr>", self.caption);
        for column in self.columns {
            let (name, dtype) = (escape(column.name()), escape(&column.dtype().to_string()));
            let _ = write!(out, "<th{}>{name}<small>{dtype}</small></th>", class(column));
        }
        out.push_str("</tr></thead><tbody>");
        for row in &self.rows {
            out.push_str("<tr>");
            match row {
                None => {
                    let _ = write!(out, "<td colspan=\"{}\">⋮</td>", self.columns.len());
                }
                Some(cells) => {
                    for (column, cell) in self.columns.iter().zip(cells) {
                        let value = cell.as_deref().map_or_else(|| "<i>null</i>".to_owned(), escape);
                        let _ = write!(out, "<td{}>{value}</td>", class(column));
                    }
                }
            }
            out.push_str("</tr>");
        }
        out.push_str("</tbody></table>");
        out
    }

    /// Converts to the table format that `pfe notebook` prints.
    #[cfg(feature = "pfe")]
    fn table(self) -> Table {
        let column = |column: &Column| TableColumn { header: column.name().to_string(), numeric: is_numeric(column) };
        let cells = |row: Vec<Option<String>>| row.into_iter().map(|cell| cell.unwrap_or_else(|| "null".to_owned()));
        Table {
            columns: self.columns.iter().map(column).collect(),
            rows: self
                .rows
                .into_iter()
                .map(|row| row.map_or_else(|| vec!["…".to_owned()], |row| cells(row).collect()))
                .collect(),
            title: self.caption,
            source: String::new(),
        }
    }
}

/// Formats a number with at most six decimals. Uses an exponent only for very small and very large numbers.
fn decimal(value: f64) -> String {
    if value != 0.0 && !(1e-4..1e15).contains(&value.abs()) {
        return format!("{value:?}");
    }
    let text = format!("{value:.6}");
    let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
    let decimals = decimals.trim_end_matches('0');
    format!("{whole}.{}", if decimals.is_empty() { "0" } else { decimals })
}

fn is_numeric(column: &Column) -> bool {
    column.dtype().is_primitive_numeric() || column.dtype().is_decimal()
}
