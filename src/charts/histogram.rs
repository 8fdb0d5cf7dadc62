//! Distribution → figure: adjacent columns over a value axis, with marks such as the median.

use plotters_backend::DrawingBackend;

use super::canvas::scale::{Scale, drawable};
use super::canvas::style::{ALERT, WIDTH, series};
use super::canvas::svg::Svg;
use super::canvas::{BASE, Canvas, Drawn, NOTE, Stroke, axis};
use super::{About, Format, figure, plain};

/// A value marked by a vertical line.
#[derive(Debug, Clone, Copy, Default)]
pub struct Mark<'a> {
    /// Position on the value axis.
    pub at: f64,
    /// Text: name and value.
    pub label: &'a str,
}

/// Counts of values between edges.
#[derive(Clone, Copy)]
pub struct Histogram<'a> {
    /// Edges, ascending; one more than there are counts.
    pub edges: &'a [f64],
    /// Number of values between each edge and the next.
    pub counts: &'a [f64],
    /// Marked values.
    pub marks: &'a [Mark<'a>],
    /// Formats the edges.
    pub x_format: Format<'a>,
    /// Formats the counts.
    pub y_format: Format<'a>,
    /// Title of the value axis.
    pub x_title: &'a str,
    /// Title of the axis of counts.
    pub y_title: &'a str,
}

impl Default for Histogram<'_> {
    fn default() -> Self {
        Histogram { edges: &[], counts: &[], marks: &[], x_format: &plain, y_format: &plain, x_title: "", y_title: "" }
    }
}

const HEIGHT: f64 = 320.0;
const BOTTOM: f64 = HEIGHT - 44.0;

/// Draws [`Histogram`].
pub fn histogram(about: &About, data: &Histogram) -> Svg {
    let valid = data.edges.len() == data.counts.len() + 1
        && data.edges.iter().all(|&e| drawable(e))
        && data.edges.windows(2).all(|e| e[0] < e[1])
        && data.counts.iter().any(|&n| drawable(n) && n > 0.0);
    figure(about, valid.then_some(HEIGHT), |c| draw(c, data))
}

fn draw<DB: DrawingBackend>(c: &Canvas<DB>, data: &Histogram) -> Drawn<DB> {
    let counts: Vec<f64> = data.counts.iter().map(|&n| if drawable(n) { n.max(0.0) } else { 0.0 }).collect();
    let head = 26.0;
    let marks: Vec<_> = data.marks.iter().filter(|m| drawable(m.at)).collect();
    let top = head + 16.0 * marks.len() as f64;
    let Some(y) = Scale::from_zero(counts.iter().copied(), 5, (BOTTOM, top)) else {
        return Ok(());
    };
    let left = axis::room(&y, data.y_format);
    let (first, last) = (data.edges[0], data.edges[data.edges.len() - 1]);
    let right = WIDTH - (NOTE.width(&(data.x_format)(last)) / 2.0).min(60.0) - 2.0;
    let x = |v: f64| left + (v.clamp(first, last) - first) / (last - first) * (right - left);
    axis::rules(c, &y, left, right)?;
    for (edge, &n) in data.edges.windows(2).zip(&counts) {
        let gap = if x(edge[1]) - x(edge[0]) > 4.0 { 1.0 } else { 0.0 };
        c.rect((x(edge[0]), y.at(n)), (x(edge[1]) - x(edge[0]) - gap, BOTTOM - y.at(n)), series(0))?;
    }
    c.line(&[(left, BOTTOM), (right, BOTTOM)], BASE)?;
    axis::values(c, &y, data.y_format, left)?;
    c.text(&NOTE.fit(data.y_title, WIDTH / 2.0), (0.0, 9.0), NOTE)?;
    c.text(&NOTE.fit(data.x_title, right - left), ((left + right) / 2.0, BOTTOM + 34.0), NOTE.middle())?;
    axis::labels(c, data.edges.iter().map(|&e| (x(e), (data.x_format)(e))), BOTTOM + 14.0)?;
    for (row, mark) in marks.iter().enumerate() {
        let at = x(mark.at);
        let label_y = head + 16.0 * row as f64;
        c.rimmed(&[[(at, label_y - 6.0), (at, BOTTOM)]], Stroke::new(ALERT, 1.5).dashed())?;
        let letter = NOTE.ink(ALERT);
        let text = letter.fit(mark.label, WIDTH / 2.0);
        if at + 5.0 + letter.width(&text) <= WIDTH {
            c.text(&text, (at + 5.0, label_y), letter)?;
        } else {
            c.text(&text, (at - 5.0, label_y), letter.end())?;
        }
    }
    Ok(())
}
