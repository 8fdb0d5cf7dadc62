//! Scale → axis: light horizontal rules, values at the left, and tick labels that do not overlap. Used by the charts.

use plotters_backend::DrawingBackend;

use super::scale::Scale;
use super::style::WIDTH;
use super::{Canvas, Drawn, NOTE, RULE};
use crate::charts::Format;

/// Width of the labels of a vertical axis, with the gap to the plot.
pub(crate) fn room(scale: &Scale, format: Format) -> f64 {
    scale.ticks.iter().map(|&t| NOTE.width(&format(t))).fold(0.0, f64::max).min(0.2 * WIDTH) + 8.0
}

/// Draws the horizontal rules from `left` to `right`.
pub(crate) fn rules<DB: DrawingBackend>(c: &Canvas<DB>, scale: &Scale, left: f64, right: f64) -> Drawn<DB> {
    scale.ticks.iter().map(|&t| scale.at(t)).try_for_each(|y| c.line(&[(left, y), (right, y)], RULE))
}

/// Draws the values of the rules, right-aligned at `left`.
pub(crate) fn values<DB: DrawingBackend>(c: &Canvas<DB>, scale: &Scale, format: Format, left: f64) -> Drawn<DB> {
    scale
        .ticks
        .iter()
        .try_for_each(|&t| c.text(&NOTE.fit(&format(t), left - 8.0), (left - 8.0, scale.at(t)), NOTE.end()))
}

/// Draws labels centred on their positions, from left to right. Leaves out labels that would overlap the previous one or
/// leave the page.
pub(crate) fn labels<DB: DrawingBackend>(
    c: &Canvas<DB>,
    ticks: impl Iterator<Item = (f64, String)>,
    y: f64,
) -> Drawn<DB> {
    let mut free = 0.0;
    for (x, text) in ticks {
        let text = NOTE.fit(&text, 120.0);
        let half = NOTE.width(&text) / 2.0;
        if x - half >= free && x + half <= WIDTH {
            c.text(&text, (x, y), NOTE.middle())?;
            free = x + half + 8.0;
        }
    }
    Ok(())
}
