//! Bars → figure: horizontal sorted bars, each with its value and optionally an interval.

use plotters_backend::DrawingBackend;

use super::canvas::scale::{Scale, drawable};
use super::canvas::style::{FG, FONT_SIZE, QUIET, SMALL, WIDTH, series};
use super::canvas::svg::Svg;
use super::canvas::{BASE, Canvas, Drawn, LABEL, Stroke};
use super::{About, Format, figure, plain};

/// One bar.
#[derive(Debug, Clone, Copy, Default)]
pub struct Bar<'a> {
    /// Name.
    pub label: &'a str,
    /// Length.
    pub value: f64,
    /// Lower and upper bound, drawn over the end of the bar.
    pub interval: Option<(f64, f64)>,
    /// Emphasised; the others are drawn in a quiet colour.
    pub highlight: bool,
}

/// A bar chart, greatest value on top.
#[derive(Clone, Copy)]
pub struct Bars<'a> {
    /// The bars in any order.
    pub bars: &'a [Bar<'a>],
    /// Formats the values.
    pub format: Format<'a>,
    /// Keeps the given order, for labels that have an order of their own.
    pub keep_order: bool,
}

impl Default for Bars<'_> {
    fn default() -> Self {
        Bars { bars: &[], format: &plain, keep_order: false }
    }
}

/// Draws [`Bars`].
pub fn bars(about: &About, data: &Bars) -> Svg {
    let rows = rows(data.bars, data.keep_order);
    figure(about, (!rows.is_empty()).then(|| Pitch::of(rows.len()).height(rows.len()) + 8.0), |c| draw(c, data, &rows))
}

/// Spacing of rows: wide for few rows, narrow enough for sixty rows on a page, and never so narrow that letters overlap.
#[derive(Clone, Copy)]
pub(crate) struct Pitch {
    /// Distance from row to row.
    pub row: f64,
    /// Thickness of a bar.
    pub bar: f64,
    /// Font size of the label.
    pub font: f64,
}

impl Pitch {
    pub(crate) fn of(rows: usize) -> Pitch {
        let row = (560.0 / rows as f64).clamp(15.0, 26.0);
        Pitch { row, bar: (row * 0.68).round(), font: if row < 18.0 { SMALL } else { FONT_SIZE } }
    }

    pub(crate) fn height(self, rows: usize) -> f64 {
        self.row * rows as f64
    }

    /// Vertical middle of row `i`.
    pub(crate) fn middle(self, i: usize) -> f64 {
        self.row * (i as f64 + 0.5)
    }
}

/// The rows that can be drawn, the greatest value first unless they keep their order.
pub(crate) fn rows<'a>(bars: &[Bar<'a>], keep_order: bool) -> Vec<Bar<'a>> {
    let mut rows: Vec<_> = bars.iter().copied().filter(|b| drawable(b.value)).collect();
    for row in &mut rows {
        row.interval = row.interval.filter(|(low, high)| drawable(*low) && drawable(*high));
    }
    if !keep_order {
        rows.sort_by(|a, b| b.value.total_cmp(&a.value).then_with(|| a.label.cmp(b.label)));
    }
    rows
}

fn draw<DB: DrawingBackend>(c: &Canvas<DB>, data: &Bars, rows: &[Bar]) -> Drawn<DB> {
    let pitch = Pitch::of(rows.len());
    let label = LABEL.size(pitch.font);
    let values: Vec<String> = rows.iter().map(|r| (data.format)(r.value)).collect();
    let room = 0.36 * WIDTH;
    let left = rows.iter().map(|r| label.bold(r.highlight).width(r.label)).fold(0.0, f64::max).min(room) + 8.0;
    let value_room = values.iter().map(|v| label.bold(true).width(v)).fold(0.0, f64::max).min(0.3 * WIDTH) + 8.0;
    let negative = rows.iter().any(|r| r.value < 0.0);
    let span = (left + if negative { value_room } else { 0.0 }, WIDTH - value_room);
    let ends = rows.iter().flat_map(|r| {
        let (low, high) = r.interval.unwrap_or((r.value, r.value));
        [r.value, low, high]
    });
    // More intervals than ticks are drawn, so that the upper bound is close to the longest bar and the bars fill the width.
    let Some(scale) = Scale::from_zero(ends, 40, span) else {
        return Ok(());
    };
    let zero = scale.at(0.0);
    let any_highlight = rows.iter().any(|r| r.highlight);
    let y = |i| 4.0 + pitch.middle(i);
    for quiet in [true, false] {
        let ink = if quiet { QUIET } else { series(0) };
        for (i, row) in rows.iter().enumerate().filter(|(_, r)| (any_highlight && !r.highlight) == quiet) {
            let end = scale.at(row.value);
            c.rect((zero.min(end), y(i) - pitch.bar / 2.0), ((end - zero).abs(), pitch.bar), ink)?;
        }
    }
    for (i, row) in rows.iter().enumerate() {
        if let Some((low, high)) = row.interval {
            let (low, high, cap) = (scale.at(low), scale.at(high), pitch.bar / 4.0);
            let cap = |x: f64| [(x, y(i) - cap), (x, y(i) + cap)];
            c.rimmed(&[cap(low), cap(high), [(low, y(i)), (high, y(i))]], Stroke::new(FG, 1.3))?;
        }
    }
    c.line(&[(zero, 2.0), (zero, c.height() - 2.0)], BASE)?;
    for (i, (row, value)) in rows.iter().zip(&values).enumerate() {
        let label = label.bold(row.highlight);
        c.text(&label.fit(row.label, room), (left - 8.0, y(i)), label.end())?;
        // The widest value fills the room: rounding must not cut it.
        let value = label.fit(value, value_room);
        let (low, high) = row.interval.unwrap_or((row.value, row.value));
        if row.value < 0.0 {
            c.text(&value, (scale.at(low.min(row.value)) - 6.0, y(i)), label.end())?;
        } else {
            c.text(&value, (scale.at(high.max(row.value)) + 6.0, y(i)), label)?;
        }
    }
    Ok(())
}
