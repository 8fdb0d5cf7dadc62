//! Values by state → figure: a map, and a grid of equal tiles on which small states are as large as the others.

pub(crate) mod brazil;

use plotters_backend::DrawingBackend;

use self::brazil::{OUTLINES, SIZE, TILES};
use super::canvas::scale::{class_of, drawable, limits};
use super::canvas::style::{ALERT, FG, Ink, PAGE, SMALL, VOID, WIDTH, on_scale, scale};
use super::canvas::svg::Svg;
use super::canvas::{Canvas, Drawn, LABEL, NOTE, Point, Stroke};
use super::{About, Format, figure, plain};

/// Values by state.
#[derive(Clone, Copy)]
pub struct StateMap<'a> {
    /// Values by state code, in any order; other states have no value.
    pub values: &'a [(&'a str, f64)],
    /// Formats class limits and tile values; must be short: `5,9 M`.
    pub format: Format<'a>,
    /// Title of the colour key.
    pub title: &'a str,
    /// Name of states without a value in the key.
    pub missing: &'a str,
    /// States with an outline, such as the target.
    pub highlight: &'a [&'a str],
    /// Whether to write the codes on the map where they fit.
    pub labels: bool,
    /// Whether to draw the tile grid beside the map.
    pub tiles: bool,
}

impl Default for StateMap<'_> {
    fn default() -> Self {
        StateMap {
            values: &[],
            format: &plain,
            title: "",
            missing: "sans donnée",
            highlight: &[],
            labels: true,
            tiles: true,
        }
    }
}

/// Draws the map of [`StateMap`], with the tiles beside it if requested.
pub fn brazil_map(about: &About, data: &StateMap) -> Svg {
    let paint = Paint::of(data);
    let width = if data.tiles { 336.0 } else { 460.0 };
    let height = paint.any().then_some(width * SIZE.1 / SIZE.0 + 6.0);
    figure(about, height, |c| {
        let left = if data.tiles { 0.0 } else { (WIDTH - width) / 2.0 };
        map(c, data, &paint, left, width)?;
        key(c, data, &paint, (if data.tiles { 0.0 } else { 24.0 }, c.height() - 4.0))?;
        if data.tiles { tiles(c, data, &paint, (WIDTH - 7.0 * 41.0, 14.0), 41.0) } else { Ok(()) }
    })
}

/// Draws only the tiles of [`StateMap`].
pub fn tile_grid(about: &About, data: &StateMap) -> Svg {
    let paint = Paint::of(data);
    let tile = 52.0;
    figure(about, paint.any().then_some(8.0 * tile + 4.0), |c| {
        key(c, data, &paint, (0.0, c.height() - 4.0))?;
        tiles(c, data, &paint, (WIDTH - 7.0 * tile - 60.0, 2.0), tile)
    })
}

/// Values with their classes.
struct Paint<'a> {
    values: Vec<(&'a str, f64)>,
    limits: Vec<f64>,
}

impl<'a> Paint<'a> {
    fn of(data: &StateMap<'a>) -> Self {
        let on_grid = |code: &str| TILES.iter().any(|t| t.0 == code);
        let values: Vec<_> = data.values.iter().copied().filter(|v| drawable(v.1) && on_grid(v.0)).collect();
        let limits = limits(&values.iter().map(|v| v.1).collect::<Vec<_>>());
        Paint { values, limits }
    }

    fn any(&self) -> bool {
        !self.values.is_empty()
    }

    fn value(&self, code: &str) -> Option<f64> {
        self.values.iter().find(|v| v.0 == code).map(|v| v.1)
    }

    fn classes(&self) -> usize {
        self.limits.len() + 1
    }

    /// Colours of a state and of the text on it.
    fn inks(&self, code: &str) -> (Ink, Ink) {
        self.value(code).map_or((VOID, FG), |v| {
            let class = class_of(v, &self.limits);
            (scale(class, self.classes()), on_scale(class, self.classes()))
        })
    }
}

fn map<DB: DrawingBackend>(c: &Canvas<DB>, data: &StateMap, paint: &Paint, left: f64, width: f64) -> Drawn<DB> {
    let k = width / SIZE.0;
    let place = |&(x, y): &Point| (left + x * k, 3.0 + y * k);
    let closed = |ring: &Vec<Point>| ring.iter().chain(ring.first()).map(place).collect::<Vec<_>>();
    for outline in OUTLINES.iter() {
        for ring in &outline.rings {
            c.polygon(&ring.iter().map(place).collect::<Vec<_>>(), paint.inks(outline.code).0, 1.0)?;
            c.line(&closed(ring), Stroke::new(PAGE, 0.8))?;
        }
    }
    for outline in OUTLINES.iter().filter(|o| data.highlight.contains(&o.code)) {
        for ring in &outline.rings {
            c.line(&closed(ring), Stroke::new(ALERT, 2.0))?;
        }
    }
    for outline in OUTLINES.iter().filter(|_| data.labels) {
        let letter = LABEL.size(SMALL).ink(paint.inks(outline.code).1).bold(data.highlight.contains(&outline.code));
        let (x, y) = outline.middle();
        let (w, h) = ((letter.width(outline.code) / 2.0 + 1.0) / k, 5.5 / k);
        if [(x - w, y - h), (x + w, y - h), (x - w, y + h), (x + w, y + h)].iter().all(|&p| outline.encloses(p)) {
            c.text(outline.code, place(&(x, y)), letter.middle())?;
        }
    }
    Ok(())
}

fn tiles<DB: DrawingBackend>(c: &Canvas<DB>, data: &StateMap, paint: &Paint, at: Point, size: f64) -> Drawn<DB> {
    let corner = |col: u8, row: u8| (at.0 + size * f64::from(col), at.1 + size * f64::from(row));
    let side = size - 2.0;
    let mut order = TILES;
    order.sort_by_key(|t| data.highlight.contains(&t.0));
    for (code, col, row) in order {
        let (x, y) = corner(col, row);
        let (ink, on) = paint.inks(code);
        if data.highlight.contains(&code) {
            c.framed((x, y), (side, side), ink, Stroke::new(ALERT, 2.0))?;
        } else {
            c.rect((x, y), (side, side), ink)?;
        }
        let value = paint.value(code).map(data.format).unwrap_or_default();
        let note = NOTE.ink(on).middle();
        let shown = !value.is_empty() && note.width(&value) <= side - 2.0;
        let middle = (x + side / 2.0, y + side / 2.0);
        let lift = if shown { 7.5 } else { 0.0 };
        c.text(code, (middle.0, middle.1 - lift), LABEL.ink(on).bold(true).middle())?;
        if shown {
            c.text(&value, (middle.0, middle.1 + lift), note)?;
        }
    }
    Ok(())
}

/// Draws the classes from high to low, with the lowest at `bottom`.
fn key<DB: DrawingBackend>(c: &Canvas<DB>, data: &StateMap, paint: &Paint, (x, bottom): Point) -> Drawn<DB> {
    let name = |class: usize| {
        let text = |i: usize| paint.limits.get(i).map(|&limit| (data.format)(limit));
        match (class.checked_sub(1).and_then(text), text(class)) {
            (Some(low), Some(high)) => format!("{low} – {high}"),
            (Some(low), None) => format!("≥ {low}"),
            (None, Some(high)) => format!("< {high}"),
            (None, None) => paint.values.first().map(|v| (data.format)(v.1)).unwrap_or_default(),
        }
    };
    let mut entries: Vec<(Ink, String)> =
        (0..paint.classes()).rev().map(|k| (scale(k, paint.classes()), name(k))).collect();
    if paint.values.len() < TILES.len() {
        entries.push((VOID, data.missing.to_string()));
    }
    let pitch = 16.0;
    let top = bottom - pitch * entries.len() as f64;
    let lines = super::canvas::text::wrap(data.title, SMALL, true, 130.0, 3);
    for (i, line) in lines.iter().enumerate() {
        c.text(line, (x, top - 8.0 - 14.0 * (lines.len() - 1 - i) as f64), NOTE.bold(true))?;
    }
    for (i, (ink, name)) in entries.iter().enumerate() {
        let y = top + pitch * (i as f64 + 0.5);
        c.rect((x, y - 6.0), (18.0, 12.0), *ink)?;
        c.text(&NOTE.fit(name, 120.0), (x + 24.0, y), NOTE)?;
    }
    Ok(())
}
