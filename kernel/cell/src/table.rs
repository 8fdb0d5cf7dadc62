//! DataFrame → HTML table, and its plain text twin.

use crate::show::{Bundle, Show, escape};
use polars::prelude::*;
use std::fmt::Write;

/// Tables up to this height are shown whole.
const WHOLE: usize = 20;
const HEAD: usize = 10;
const TAIL: usize = 5;
const COLUMNS: usize = 40;

impl Show for DataFrame {
    fn show(&self) -> Bundle {
        let shape = format!("{} × {}", count(self.height(), "row"), count(self.width(), "column"));
        Bundle::text(self.to_string()).html(html(self, &shape))
    }
}

impl Show for LazyFrame {
    /// The first rows only: how many there are is not known without running the whole plan.
    fn show(&self) -> Bundle {
        match self.clone().limit(HEAD as IdxSize).collect() {
            Ok(frame) => {
                let shape = format!(
                    "first {} of a LazyFrame, {}",
                    count(frame.height(), "row"),
                    count(frame.width(), "column")
                );
                Bundle::text(format!("{shape}\n{frame}")).html(html(&frame, &shape))
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

fn count(number: usize, what: &str) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{grouped} {what}{}", if number == 1 { "" } else { "s" })
}

/// Colours come from the page, so that the table reads in light and in dark.
const STYLE: &str = "<style>.pfe-table{border-collapse:collapse;font-size:.9em}\
.pfe-table caption{caption-side:bottom;text-align:left;white-space:nowrap;opacity:.7;padding:.3em 0}\
.pfe-table th,.pfe-table td{padding:.2em .6em;text-align:left!important;border-bottom:1px solid rgba(128,128,128,.3)}\
.pfe-table .n{text-align:right!important;font-variant-numeric:tabular-nums}\
.pfe-table small{display:block;font-weight:400;opacity:.7}.pfe-table i{opacity:.5}</style>";

fn html(frame: &DataFrame, shape: &str) -> String {
    let height = frame.height();
    let columns = &frame.columns()[..frame.width().min(COLUMNS)];
    let class = |column: &Column| {
        if column.dtype().is_primitive_numeric() || column.dtype().is_decimal() { " class=\"n\"" } else { "" }
    };
    let mut out = format!("{STYLE}<table class=\"pfe-table\"><caption>{shape}");
    if columns.len() < frame.width() {
        let _ = write!(out, ", the first {} shown", count(columns.len(), "column"));
    }
    out.push_str("</caption><thead><tr>");
    for column in columns {
        let _ = write!(
            out,
            "<th{}>{}<small>{}</small></th>",
            class(column),
            escape(column.name()),
            escape(&column.dtype().to_string())
        );
    }
    out.push_str("</tr></thead><tbody>");
    let row = |out: &mut String, index: usize| {
        out.push_str("<tr>");
        for column in columns {
            let value = match column.get(index) {
                Ok(AnyValue::Null) | Err(_) => "<i>null</i>".to_owned(),
                Ok(value) => escape(&value.str_value()),
            };
            let _ = write!(out, "<td{}>{value}</td>", class(column));
        }
        out.push_str("</tr>");
    };
    let head = if height > WHOLE { HEAD } else { height };
    (0..head).for_each(|index| row(&mut out, index));
    if height > WHOLE {
        let _ = write!(out, "<tr><td colspan=\"{}\">⋮</td></tr>", columns.len());
        (height - TAIL..height).for_each(|index| row(&mut out, index));
    }
    out.push_str("</tbody></table>");
    out
}
