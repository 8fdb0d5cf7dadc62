//! Matrix → figure: a table of values as colours, with the values in the cells if they fit.

use plotters_backend::DrawingBackend;

use super::canvas::scale::{class_of, drawable, limits};
use super::canvas::style::{SMALL, VOID, WIDTH, on_scale, scale};
use super::canvas::svg::Svg;
use super::canvas::{Canvas, Drawn, LABEL, NOTE, Point};
use super::{About, Format, figure, plain};

/// A matrix of values: rows × columns.
#[derive(Clone, Copy)]
pub struct Heatmap<'a> {
    /// Row names, top to bottom.
    pub rows: &'a [&'a str],
    /// Column names, left to right.
    pub columns: &'a [&'a str],
    /// Values row by row; one that is not finite is an empty cell.
    pub values: &'a [f64],
    /// Formats the cells and the class limits.
    pub format: Format<'a>,
    /// Title of the colour key.
    pub title: &'a str,
    /// Name of empty cells in the key.
    pub missing: &'a str,
}

impl Default for Heatmap<'_> {
    fn default() -> Self {
        Heatmap { rows: &[], columns: &[], values: &[], format: &plain, title: "", missing: "sans donnée" }
    }
}

struct Layout {
    left: f64,
    top: f64,
    cell: Point,
    upright: bool,
    values: bool,
}

/// Draws [`Heatmap`].
pub fn heatmap(about: &About, data: &Heatmap) -> Svg {
    let shaped = data.values.len() == data.rows.len() * data.columns.len();
    let any = shaped && data.values.iter().any(|&v| drawable(v));
    let layout = any.then(|| layout(data));
    let height = layout.as_ref().map(|l| l.top + l.cell.1 * data.rows.len() as f64 + 52.0);
    figure(about, height, |c| layout.map_or(Ok(()), |l| draw(c, data, &l)))
}

fn layout(data: &Heatmap) -> Layout {
    let left = data.rows.iter().map(|r| LABEL.width(r)).fold(0.0, f64::max).min(0.3 * WIDTH) + 8.0;
    let widest = data.columns.iter().map(|n| NOTE.width(n)).fold(0.0, f64::max);
    // If there are few columns, they are as wide as their names.
    let wide = (widest + 10.0).clamp(72.0, 150.0);
    let cell =
        (((WIDTH - left) / data.columns.len() as f64).min(wide), (900.0 / data.rows.len() as f64).clamp(15.0, 24.0));
    let upright = widest + 4.0 > cell.0;
    let top = if upright { widest.min(130.0) + 9.0 } else { 20.0 };
    let letters = data.values.iter().filter(|v| drawable(**v)).map(|&v| NOTE.width(&(data.format)(v)));
    let values = letters.fold(0.0, f64::max) + 4.0 <= cell.0;
    Layout { left, top, cell, upright, values }
}

fn draw<DB: DrawingBackend>(c: &Canvas<DB>, data: &Heatmap, l: &Layout) -> Drawn<DB> {
    let limits = limits(data.values);
    let classes = limits.len() + 1;
    let corner = |i: usize| {
        let (row, column) = (i / data.columns.len(), i % data.columns.len());
        (l.left + l.cell.0 * column as f64, l.top + l.cell.1 * row as f64)
    };
    let gap = 1.0;
    let size = (l.cell.0 - gap, l.cell.1 - gap);
    // Class by class, so that each class is a single path.
    for class in 0..classes {
        for (i, _) in data.values.iter().enumerate().filter(|(_, v)| drawable(**v) && class_of(**v, &limits) == class) {
            c.rect(corner(i), size, scale(class, classes))?;
        }
    }
    for (i, _) in data.values.iter().enumerate().filter(|(_, v)| !drawable(**v)) {
        c.rect(corner(i), size, VOID)?;
    }
    for (i, &v) in data.values.iter().enumerate().filter(|(_, v)| l.values && drawable(**v)) {
        let (x, y) = corner(i);
        let letter = NOTE.ink(on_scale(class_of(v, &limits), classes)).middle();
        c.text(&(data.format)(v), (x + size.0 / 2.0, y + size.1 / 2.0), letter)?;
    }
    let row_letter = if l.cell.1 < 18.0 { LABEL.size(SMALL) } else { LABEL };
    for (i, row) in data.rows.iter().enumerate() {
        let y = l.top + l.cell.1 * i as f64 + size.1 / 2.0;
        c.text(&row_letter.fit(row, l.left - 8.0), (l.left - 8.0, y), row_letter.end())?;
    }
    // If columns are narrower than the height of a letter, only some names are shown.
    let every = (13.0 / l.cell.0).ceil().max(1.0) as usize;
    for (i, column) in data.columns.iter().enumerate() {
        let x = l.left + l.cell.0 * i as f64 + size.0 / 2.0;
        if !l.upright {
            c.text(column, (x, l.top - 10.0), NOTE.middle())?;
        } else if i % every == 0 {
            c.text(&NOTE.fit(column, l.top - 8.0), (x, l.top - 5.0), NOTE.upward())?;
        }
    }
    let bottom = l.top + l.cell.1 * data.rows.len() as f64;
    colour_key(c, data, &limits, (l.left, bottom + 16.0))
}

/// Draws the classes in a row, with the limit between two classes below their border.
fn colour_key<DB: DrawingBackend>(c: &Canvas<DB>, data: &Heatmap, limits: &[f64], (x, y): Point) -> Drawn<DB> {
    let names: Vec<String> = limits.iter().map(|&limit| (data.format)(limit)).collect();
    let classes = limits.len() + 1;
    let title = NOTE.fit(data.title, (WIDTH - x) / 2.0);
    let from = x + if title.is_empty() { 0.0 } else { NOTE.width(&title) + 10.0 };
    let widest = names.iter().map(|n| NOTE.width(n)).fold(0.0, f64::max) + 8.0;
    let wide = widest.clamp(24.0, 60.0).min((WIDTH - from) / classes as f64);
    c.text(&title, (x, y), NOTE)?;
    for class in 0..classes {
        c.rect((from + wide * class as f64, y - 6.0), (wide - 1.0, 12.0), scale(class, classes))?;
    }
    let end = from + wide * classes as f64 + 14.0;
    let missing = NOTE.fit(data.missing, (WIDTH - end - 23.0).max(0.0));
    if data.values.iter().any(|v| !drawable(*v)) && end + 40.0 < WIDTH {
        c.rect((end, y - 6.0), (18.0, 12.0), VOID)?;
        c.text(&missing, (end + 23.0, y), NOTE)?;
    }
    for (i, name) in names.iter().enumerate() {
        c.text(&NOTE.fit(name, wide - 4.0), (from + wide * (i + 1) as f64 - 0.5, y + 17.0), NOTE.middle())?;
    }
    Ok(())
}
