//! Estimates → figure: a dot plot with one value and its interval per row, on a common axis.

use plotters_backend::DrawingBackend;

use super::bars::{Bar, Pitch, rows};
use super::canvas::scale::{Scale, drawable};
use super::canvas::style::{ALERT, QUIET, WIDTH, series};
use super::canvas::svg::Svg;
use super::canvas::{Canvas, Drawn, LABEL, NOTE, RULE, Stroke, axis};
use super::{About, Format, figure, plain};

/// One row: an estimate with its interval, as at the end of a bar.
pub type Dot<'a> = Bar<'a>;

/// A dot plot, greatest value on top.
#[derive(Clone, Copy)]
pub struct Dots<'a> {
    /// The rows in any order.
    pub dots: &'a [Dot<'a>],
    /// Formats values and ticks.
    pub format: Format<'a>,
    /// A reference value, such as that of the country, and its name.
    pub reference: Option<(f64, &'a str)>,
    /// Title of the axis.
    pub axis: &'a str,
}

impl Default for Dots<'_> {
    fn default() -> Self {
        Dots { dots: &[], format: &plain, reference: None, axis: "" }
    }
}

/// Draws [`Dots`].
pub fn dots(about: &About, data: &Dots) -> Svg {
    let rows = rows(data.dots, false);
    let height = TOP + Pitch::of(rows.len().max(1)).height(rows.len()) + if data.axis.is_empty() { 24.0 } else { 42.0 };
    figure(about, (!rows.is_empty()).then_some(height), |c| draw(c, data, &rows))
}

const TOP: f64 = 22.0;

fn draw<DB: DrawingBackend>(c: &Canvas<DB>, data: &Dots, rows: &[Dot]) -> Drawn<DB> {
    let pitch = Pitch::of(rows.len());
    let label = LABEL.size(pitch.font);
    let room = 0.32 * WIDTH;
    let left = rows.iter().map(|r| label.bold(r.highlight).width(r.label)).fold(0.0, f64::max).min(room) + 14.0;
    let values: Vec<String> = rows.iter().map(|r| (data.format)(r.value)).collect();
    let right = WIDTH - values.iter().map(|v| label.bold(true).width(v)).fold(0.0, f64::max).min(0.25 * WIDTH) - 14.0;
    let ends = rows.iter().flat_map(|r| [Some(r.value), r.interval.map(|i| i.0), r.interval.map(|i| i.1)]);
    let reference = data.reference.filter(|r| drawable(r.0));
    let Some(scale) = Scale::over(ends.flatten().chain(reference.map(|r| r.0)), 6, (left, right)) else {
        return Ok(());
    };
    let bottom = TOP + pitch.height(rows.len());
    for &tick in &scale.ticks {
        c.line(&[(scale.at(tick), TOP), (scale.at(tick), bottom)], RULE)?;
    }
    axis::labels(c, scale.ticks.iter().map(|&t| (scale.at(t), (data.format)(t))), bottom + 12.0)?;
    c.text(&NOTE.fit(data.axis, right - left), ((left + right) / 2.0, bottom + 31.0), NOTE.middle())?;
    if let Some((value, name)) = reference {
        let x = scale.at(value);
        c.line(&[(x, TOP - 4.0), (x, bottom)], Stroke::new(ALERT, 1.2).dashed())?;
        let name = NOTE.fit(name, WIDTH - 20.0);
        let half = NOTE.width(&name) / 2.0;
        c.text(&name, (x.clamp(half, WIDTH - half), TOP - 13.0), NOTE.ink(ALERT).middle())?;
    }
    let any_highlight = rows.iter().any(|r| r.highlight);
    let y = |i| TOP + pitch.middle(i);
    for quiet in [true, false] {
        let ink = if quiet { QUIET } else { series(0) };
        let chosen = || rows.iter().enumerate().filter(|(_, r)| (any_highlight && !r.highlight) == quiet);
        for (i, row) in chosen() {
            if let Some((low, high)) = row.interval {
                c.line(&[(scale.at(low), y(i)), (scale.at(high), y(i))], Stroke::new(ink, 2.2))?;
            }
        }
        for (i, row) in chosen() {
            c.disc((scale.at(row.value), y(i)), 4.2, ink, 1.0)?;
        }
    }
    for (i, (row, value)) in rows.iter().zip(&values).enumerate() {
        let label = label.bold(row.highlight);
        c.text(&label.fit(row.label, room), (left - 14.0, y(i)), label.end())?;
        c.text(&label.fit(value, WIDTH - right - 12.0), (WIDTH, y(i)), label.end())?;
    }
    Ok(())
}
