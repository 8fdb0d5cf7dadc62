//! Values by state → figure: a map, and a grid of equal tiles on which small states are as large as the others.

pub(crate) mod atlas;
pub(crate) mod outline;
pub(crate) mod shapes;

use plotters_backend::DrawingBackend;

use self::atlas::{COLUMNS, OF_BRAZIL};

pub use self::atlas::Atlas;
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
    /// Shapes and tiles: by default those of Brazil.
    pub atlas: &'a Atlas,
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
            atlas: &OF_BRAZIL,
        }
    }
}

/// Size of a tile beside a map.
const TILE: f64 = 41.0;
/// Tallest map.
const TALLEST: f64 = 430.0;

/// Draws the map of [`StateMap`], with the tiles beside it if requested.
pub fn region_map(about: &About, data: &StateMap) -> Svg {
    let paint = Paint::of(data);
    let (atlas, size) = (data.atlas, data.atlas.shapes.size);
    let room = if data.tiles { 336.0 } else { 460.0 };
    let width = if atlas.key_on_map { room } else { room * (TALLEST / (room * size.1 / size.0)).min(1.0) };
    let map_height = width * size.1 / size.0 + 6.0;
    // Where the map has no free corner, the key stands below it.
    let left_height = if atlas.key_on_map { map_height } else { map_height + 12.0 + key_height(data, &paint) };
    let tiles_height = if data.tiles { 14.0 + TILE * atlas.rows() as f64 } else { 0.0 };
    let height = if atlas.key_on_map { map_height } else { left_height.max(tiles_height) };
    figure(about, paint.any().then_some(height), |c| {
        let left = if data.tiles { (room - width) / 2.0 } else { (WIDTH - width) / 2.0 };
        map(c, data, &paint, left, width)?;
        let bottom = if atlas.key_on_map { c.height() } else { left_height };
        key(c, data, &paint, (if data.tiles { 0.0 } else { 24.0 }, bottom - 4.0))?;
        if data.tiles { tiles(c, data, &paint, (WIDTH - COLUMNS as f64 * TILE, 14.0), TILE) } else { Ok(()) }
    })
}

/// Draws only the tiles of [`StateMap`].
pub fn tile_grid(about: &About, data: &StateMap) -> Svg {
    let paint = Paint::of(data);
    let tile = 52.0;
    figure(about, paint.any().then_some(data.atlas.rows() as f64 * tile + 4.0), |c| {
        key(c, data, &paint, (0.0, c.height() - 4.0))?;
        tiles(c, data, &paint, (WIDTH - COLUMNS as f64 * tile - 60.0, 2.0), tile)
    })
}

/// Values with their classes.
struct Paint<'a> {
    values: Vec<(&'a str, f64)>,
    limits: Vec<f64>,
}

impl<'a> Paint<'a> {
    fn of(data: &StateMap<'a>) -> Self {
        let known = |code: &str| data.atlas.grid.iter().any(|tile| tile.code == code);
        let values: Vec<_> = data.values.iter().copied().filter(|v| drawable(v.1) && known(v.0)).collect();
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
    let k = width / data.atlas.shapes.size.0;
    let place = |&(x, y): &Point| (left + x * k, 3.0 + y * k);
    let closed = |ring: &Vec<Point>| ring.iter().chain(ring.first()).map(place).collect::<Vec<_>>();
    for outline in &data.atlas.shapes.outlines {
        for ring in &outline.rings {
            c.polygon(&ring.iter().map(place).collect::<Vec<_>>(), paint.inks(&outline.code).0, 1.0)?;
            c.line(&closed(ring), Stroke::new(PAGE, 0.8))?;
        }
    }
    for outline in data.atlas.shapes.outlines.iter().filter(|o| data.highlight.contains(&o.code.as_str())) {
        for ring in &outline.rings {
            c.line(&closed(ring), Stroke::new(ALERT, 2.0))?;
        }
    }
    for outline in data.atlas.shapes.outlines.iter().filter(|_| data.labels) {
        let (code, label) = (outline.code.as_str(), data.atlas.label(&outline.code));
        let letter = LABEL.size(SMALL).ink(paint.inks(code).1).bold(data.highlight.contains(&code));
        let (x, y) = outline.middle();
        let (w, h) = ((letter.width(label) / 2.0 + 1.0) / k, 5.5 / k);
        if [(x - w, y - h), (x + w, y - h), (x - w, y + h), (x + w, y + h)]
            .iter()
            .all(|&p| !label.is_empty() && outline.encloses(p))
        {
            c.text(label, place(&(x, y)), letter.middle())?;
        }
    }
    Ok(())
}

fn tiles<DB: DrawingBackend>(c: &Canvas<DB>, data: &StateMap, paint: &Paint, at: Point, size: f64) -> Drawn<DB> {
    let side = size - 2.0;
    let mut order: Vec<_> = data.atlas.grid.iter().collect();
    order.sort_by_key(|tile| data.highlight.contains(&tile.code.as_str()));
    for tile in order {
        let (x, y) = (at.0 + size * tile.column as f64, at.1 + size * tile.row as f64);
        let code = tile.code.as_str();
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
        c.text(&tile.label, (middle.0, middle.1 - lift), LABEL.ink(on).bold(true).middle())?;
        if shown {
            c.text(&value, (middle.0, middle.1 + lift), note)?;
        }
    }
    Ok(())
}

/// Distance of the classes in the key.
const PITCH: f64 = 16.0;

fn title_lines(data: &StateMap) -> Vec<String> {
    super::canvas::text::wrap(data.title, SMALL, true, 130.0, 3)
}

fn key_height(data: &StateMap, paint: &Paint) -> f64 {
    PITCH * (paint.classes() + usize::from(paint.values.len() < data.atlas.grid.len())) as f64
        + 14.0 * title_lines(data).len() as f64
        + 8.0
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
    if paint.values.len() < data.atlas.grid.len() {
        entries.push((VOID, data.missing.to_string()));
    }
    let top = bottom - PITCH * entries.len() as f64;
    let lines = title_lines(data);
    for (i, line) in lines.iter().enumerate() {
        c.text(line, (x, top - 8.0 - 14.0 * (lines.len() - 1 - i) as f64), NOTE.bold(true))?;
    }
    for (i, (ink, name)) in entries.iter().enumerate() {
        let y = top + PITCH * (i as f64 + 0.5);
        c.rect((x, y - 6.0), (18.0, 12.0), *ink)?;
        c.text(&NOTE.fit(name, 120.0), (x + 24.0, y), NOTE)?;
    }
    Ok(())
}
