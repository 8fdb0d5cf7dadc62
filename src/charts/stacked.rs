//! Parts of wholes → figure: sorted stacked bars with values in the segments and the names of the segments on top.

use plotters_backend::DrawingBackend;

use super::bars::Pitch;
use super::canvas::scale::drawable;
use super::canvas::style::{SMALL, WIDTH, on_series, series};
use super::canvas::svg::Svg;
use super::canvas::{Canvas, Drawn, LABEL, Letter, NOTE, Point};
use super::{About, Format, figure, plain};

/// One row: a whole and its parts.
#[derive(Debug, Clone, Copy, Default)]
pub struct Row<'a> {
    /// Name.
    pub label: &'a str,
    /// One value per segment, in the order of [`Stacked::segments`]; drawn as a share of their sum.
    pub values: &'a [f64],
    /// Note at the right end, such as the number of orders.
    pub note: &'a str,
}

/// Stacked bars, the greatest share of the first segment on top.
#[derive(Clone, Copy)]
pub struct Stacked<'a> {
    /// Names of the segments, left to right.
    pub segments: &'a [&'a str],
    /// The rows in any order.
    pub rows: &'a [Row<'a>],
    /// Formats a share, 0–1.
    pub format: Format<'a>,
    /// Keeps the given order.
    pub keep_order: bool,
}

impl Default for Stacked<'_> {
    fn default() -> Self {
        Stacked { segments: &[], rows: &[], format: &plain, keep_order: false }
    }
}

struct Shares<'a> {
    row: Row<'a>,
    shares: Vec<f64>,
}

/// Draws [`Stacked`].
pub fn stacked_bars(about: &About, data: &Stacked) -> Svg {
    let rows = shares(data);
    let (keys, top) = legend(data.segments);
    let height = (!rows.is_empty()).then(|| top + Pitch::of(rows.len()).height(rows.len()) + 4.0);
    figure(about, height, |c| {
        draw_legend(c, data.segments, &keys)?;
        draw(c, data, &rows, top)
    })
}

fn shares<'a>(data: &Stacked<'a>) -> Vec<Shares<'a>> {
    let mut rows: Vec<Shares> = Vec::new();
    for row in data.rows {
        let parts: Vec<f64> = row.values.iter().map(|&v| if drawable(v) { v.max(0.0) } else { 0.0 }).collect();
        let whole: f64 = parts.iter().sum();
        if whole > 0.0 {
            rows.push(Shares { row: *row, shares: parts.iter().map(|p| p / whole).collect() });
        }
    }
    if !data.keep_order {
        rows.sort_by(|a, b| {
            let pairs = b.shares.iter().zip(&a.shares).map(|(b, a)| b.total_cmp(a));
            pairs.fold(std::cmp::Ordering::Equal, |o, next| o.then(next)).then_with(|| a.row.label.cmp(b.row.label))
        });
    }
    rows
}

const SWATCH: f64 = 11.0;

/// Positions of the names in the legend, and the height of the legend.
pub(crate) fn legend(names: &[&str]) -> (Vec<Point>, f64) {
    let (mut x, mut y) = (0.0, 10.0);
    let mut at = Vec::with_capacity(names.len());
    for name in names {
        let width = SWATCH + 5.0 + LABEL.width(name).min(0.4 * WIDTH);
        if x > 0.0 && x + width > WIDTH {
            (x, y) = (0.0, y + 20.0);
        }
        at.push((x, y));
        x += width + 18.0;
    }
    (at, y + 18.0)
}

/// Draws names, each with a patch in the colour of its series.
pub(crate) fn draw_legend<DB: DrawingBackend>(c: &Canvas<DB>, names: &[&str], at: &[Point]) -> Drawn<DB> {
    for (i, (name, &(x, y))) in names.iter().zip(at).enumerate() {
        c.rect((x, y - SWATCH / 2.0), (SWATCH, SWATCH), series(i))?;
        c.text(&LABEL.fit(name, 0.4 * WIDTH), (x + SWATCH + 5.0, y), LABEL)?;
    }
    Ok(())
}

fn draw<DB: DrawingBackend>(c: &Canvas<DB>, data: &Stacked, rows: &[Shares], top: f64) -> Drawn<DB> {
    let pitch = Pitch::of(rows.len());
    let label = LABEL.size(pitch.font);
    let room = 0.3 * WIDTH;
    let left = rows.iter().map(|r| label.width(r.row.label)).fold(0.0, f64::max).min(room) + 8.0;
    let notes = rows.iter().map(|r| NOTE.width(r.row.note)).fold(0.0, f64::max).min(0.2 * WIDTH);
    let right = WIDTH - if notes > 0.0 { notes + 8.0 } else { 0.0 };
    let y = |i| top + pitch.middle(i);
    let edges = |row: &Shares| -> Vec<f64> {
        let mut sum = 0.0;
        let ends = row.shares.iter().map(|s| {
            sum += s;
            left + sum.min(1.0) * (right - left)
        });
        std::iter::once(left).chain(ends).collect()
    };
    for segment in 0..data.segments.len() {
        for (i, row) in rows.iter().enumerate() {
            if let Some(&[from, to]) = edges(row).get(segment..segment + 2)
                && to > from
            {
                // A gap in the page's colour separates neighbours when printed without colour.
                let gap = if segment > 0 && to - from > 1.5 { 0.8 } else { 0.0 };
                c.rect((from + gap, y(i) - pitch.bar / 2.0), (to - from - gap, pitch.bar), series(segment))?;
            }
        }
    }
    for (i, row) in rows.iter().enumerate() {
        c.text(&label.fit(row.row.label, room), (left - 8.0, y(i)), label.end())?;
        if !row.row.note.is_empty() {
            c.text(&NOTE.fit(row.row.note, notes), (WIDTH, y(i)), NOTE.end())?;
        }
        let edges = edges(row);
        for (segment, &share) in row.shares.iter().enumerate().take(data.segments.len()) {
            let (from, to) = (edges[segment], edges[segment + 1]);
            let value = (data.format)(share);
            let letter: Letter = LABEL.size(SMALL.min(pitch.font)).ink(on_series(segment)).middle();
            if letter.width(&value) + 8.0 <= to - from {
                c.text(&value, ((from + to) / 2.0, y(i)), letter)?;
            }
        }
    }
    Ok(())
}
