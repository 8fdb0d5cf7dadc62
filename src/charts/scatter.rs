//! Two measures → figure: a scatter plot of points, or of bubbles if they have a size, with names for some.

use plotters_backend::DrawingBackend;

use super::canvas::scale::{Scale, drawable};
use super::canvas::style::{AXIS, PAGE, SMALL, WIDTH, series};
use super::canvas::svg::Svg;
use super::canvas::{BASE, Canvas, Drawn, LABEL, NOTE, Point, Stroke, axis};
use super::stacked::{draw_legend, legend};
use super::{About, Format, figure, plain};

/// One axis.
#[derive(Clone, Copy)]
pub struct Axis<'a> {
    /// Title of the axis.
    pub title: &'a str,
    /// Formats its ticks.
    pub format: Format<'a>,
    /// Whether the axis is logarithmic; values at or below 0 are then left out.
    pub log: bool,
    /// A reference value that divides the plot, such as the mean, and its name.
    pub reference: Option<(f64, &'a str)>,
}

impl Default for Axis<'_> {
    fn default() -> Self {
        Axis { title: "", format: &plain, log: false, reference: None }
    }
}

impl Axis<'_> {
    fn draws(&self, v: f64) -> bool {
        drawable(v) && (!self.log || v > 0.0)
    }

    fn scale(&self, values: impl Iterator<Item = f64>, span: (f64, f64)) -> Option<Scale> {
        let values = values.chain(self.reference.map(|r| r.0));
        if self.log { Scale::log(values, span) } else { Scale::over(values, 6, span) }
    }
}

/// One point.
#[derive(Debug, Clone, Copy, Default)]
pub struct Dotted<'a> {
    /// Name.
    pub label: &'a str,
    /// Value on the horizontal axis.
    pub x: f64,
    /// Value on the vertical axis.
    pub y: f64,
    /// Area of the bubble in any unit; 0 for points of one size.
    pub size: f64,
    /// Index into [`Scatter::groups`]; defines the colour.
    pub group: usize,
    /// Whether to write its name, if there is room.
    pub named: bool,
}

/// A scatter plot.
#[derive(Clone, Copy, Default)]
pub struct Scatter<'a> {
    /// The points in any order.
    pub points: &'a [Dotted<'a>],
    /// The horizontal axis.
    pub x: Axis<'a>,
    /// The vertical axis.
    pub y: Axis<'a>,
    /// Names of the groups; may be empty.
    pub groups: &'a [&'a str],
}

const HEIGHT: f64 = 400.0;
/// Maximum number of rows of names above a point, and below it.
const ROWS: u32 = 12;
const BOTTOM: f64 = HEIGHT - 46.0;

struct Bubble<'a> {
    of: Dotted<'a>,
    at: Point,
    radius: f64,
}

/// Draws [`Scatter`].
pub fn scatter(about: &About, data: &Scatter) -> Svg {
    let points: Vec<_> = data.points.iter().copied().filter(|p| data.x.draws(p.x) && data.y.draws(p.y)).collect();
    figure(about, (!points.is_empty()).then_some(HEIGHT), |c| draw(c, data, &points))
}

fn draw<DB: DrawingBackend>(c: &Canvas<DB>, data: &Scatter, points: &[Dotted]) -> Drawn<DB> {
    let (keys, key_height) = if data.groups.is_empty() { (Vec::new(), 0.0) } else { legend(data.groups) };
    let top = key_height + 28.0;
    let Some(y) = data.y.scale(points.iter().map(|p| p.y), (BOTTOM, top)) else {
        return Ok(());
    };
    let left = axis::room(&y, data.y.format);
    let y_name = data.y.reference.map(|r| NOTE.fit(r.1, 110.0)).unwrap_or_default();
    let right = WIDTH - if y_name.is_empty() { 16.0 } else { NOTE.width(&y_name) + 6.0 };
    let Some(x) = data.x.scale(points.iter().map(|p| p.x), (left + 6.0, right)) else {
        return Ok(());
    };

    draw_legend(c, data.groups, &keys)?;
    axis::rules(c, &y, left, right)?;
    c.line(&[(left, BOTTOM), (right, BOTTOM)], BASE)?;
    for &tick in &x.ticks {
        c.line(&[(x.at(tick), BOTTOM), (x.at(tick), BOTTOM + 4.0)], BASE)?;
    }
    axis::values(c, &y, data.y.format, left)?;
    axis::labels(c, x.ticks.iter().map(|&t| (x.at(t), (data.x.format)(t))), BOTTOM + 14.0)?;
    c.text(&NOTE.fit(data.y.title, WIDTH), (0.0, key_height + 9.0), NOTE)?;
    c.text(&NOTE.fit(data.x.title, right - left), ((left + right) / 2.0, BOTTOM + 35.0), NOTE.middle())?;

    let greatest = points.iter().map(|p| p.size).filter(|&s| drawable(s)).fold(0.0, f64::max);
    let radius = |size: f64| {
        if greatest > 0.0 && drawable(size) { (18.0 * (size.max(0.0) / greatest).sqrt()).max(2.5) } else { 4.0 }
    };
    let mut bubbles: Vec<Bubble> =
        points.iter().map(|&of| Bubble { of, at: (x.at(of.x), y.at(of.y)), radius: radius(of.size) }).collect();
    // Large bubbles are drawn first, below small ones. The order is total, so that it does not depend on that of the input.
    bubbles.sort_by(|a, b| {
        b.radius.total_cmp(&a.radius).then(a.of.x.total_cmp(&b.of.x)).then_with(|| a.of.label.cmp(b.of.label))
    });
    let mut taken = references(c, data, (&x, &y), (left, right, top))?;
    for b in &bubbles {
        let ink = series(if data.groups.is_empty() { 0 } else { b.of.group });
        c.disc(b.at, b.radius, ink, 0.55)?;
        c.circle(b.at, b.radius, Stroke::new(PAGE, 0.8))?;
    }
    names(c, &bubbles, &mut taken, (left, top - 8.0, WIDTH, BOTTOM))
}

/// A rectangle: left, top, right, bottom.
type Area = (f64, f64, f64, f64);

fn overlap(a: Area, b: Area) -> bool {
    a.0 < b.2 && b.0 < a.2 && a.1 < b.3 && b.1 < a.3
}

fn touches(a: Area, b: &Bubble) -> bool {
    let nearest = (b.at.0.clamp(a.0, a.2), b.at.1.clamp(a.1, a.3));
    (nearest.0 - b.at.0).hypot(nearest.1 - b.at.1) < b.radius
}

/// Draws the reference lines with their names; returns the rectangles of the names.
fn references<DB: DrawingBackend>(
    c: &Canvas<DB>,
    data: &Scatter,
    (x, y): (&Scale, &Scale),
    (left, right, top): (f64, f64, f64),
) -> Result<Vec<Area>, plotters::drawing::DrawingAreaErrorKind<DB::ErrorType>> {
    let mut taken = Vec::new();
    let stroke = Stroke::new(AXIS, 1.0).dashed();
    if let Some((value, name)) = data.x.reference.filter(|r| data.x.draws(r.0)) {
        let at = x.at(value);
        c.line(&[(at, top - 6.0), (at, BOTTOM)], stroke)?;
        let name = NOTE.fit(name, WIDTH / 2.0);
        let half = NOTE.width(&name) / 2.0;
        let middle = at.clamp(left + half, right - half);
        c.text(&name, (middle, top - 13.0), NOTE.middle())?;
        taken.push((middle - half, top - 20.0, middle + half, top - 6.0));
    }
    if let Some((value, name)) = data.y.reference.filter(|r| data.y.draws(r.0)) {
        let at = y.at(value);
        c.line(&[(left, at), (right, at)], stroke)?;
        c.text(&NOTE.fit(name, WIDTH - right), (WIDTH, at), NOTE.end())?;
        taken.push((right, at - 8.0, WIDTH, at + 8.0));
    }
    Ok(taken)
}

/// Rectangle of a name, and the vertical line (a rectangle without width) to a point that is not beside it.
type Spot = (Area, Option<Area>);

/// Candidate places for a name of this size: around its point, then ever higher above and lower below it, on either side of
/// a vertical line.
fn spots(b: &Bubble, (w, h): (f64, f64)) -> Vec<Spot> {
    let ((x, y), r) = (b.at, b.radius + 3.0);
    let d = r * 0.72;
    let around = [
        (x + r, y - h / 2.0),
        (x - r - w, y - h / 2.0),
        (x - w / 2.0, y - r - h),
        (x - w / 2.0, y + r),
        (x + d, y - d - h / 2.0),
        (x + d, y + d - h / 2.0),
        (x - d - w, y - d - h / 2.0),
        (x - d - w, y + d - h / 2.0),
    ];
    let area = |(left, top)| (left, top, left + w, top + h);
    let away = |left: f64, row: u32| {
        let gap = b.radius + 8.0 + f64::from(row) * h;
        let (above, below) = (area((left, y - gap - h)), area((left, y + gap)));
        [(above, Some((x, above.3, x, y - b.radius))), (below, Some((x, y + b.radius, x, below.1)))]
    };
    let far = [x - w, x].into_iter().flat_map(|left| (0..ROWS).flat_map(move |row| away(left, row)));
    around.map(|corner| (area(corner), None)).into_iter().chain(far).collect()
}

/// Draws names where they overlap no other point. The lines to them must not cross a name, and avoid other points if
/// possible. Works from left to right, so that names to the left of their lines rise like stairs.
fn names<DB: DrawingBackend>(c: &Canvas<DB>, bubbles: &[Bubble], taken: &mut Vec<Area>, within: Area) -> Drawn<DB> {
    let letter = LABEL.size(SMALL);
    let mut lines: Vec<Area> = Vec::new();
    let mut named: Vec<(usize, &Bubble)> = bubbles.iter().enumerate().filter(|(_, b)| b.of.named).collect();
    named.sort_by(|(_, a), (_, b)| a.at.0.total_cmp(&b.at.0));
    for (i, b) in named {
        let text = letter.fit(b.of.label, 0.35 * WIDTH);
        let others = || bubbles.iter().enumerate().filter(|(k, _)| *k != i).map(|(_, other)| other);
        let free = |(area, line): &Spot| {
            let inside = area.0 >= within.0 && area.1 >= within.1 && area.2 <= within.2 && area.3 <= within.3;
            let name = |&name: &Area| !overlap(*area, name) && !line.is_some_and(|line| overlap(line, name));
            let other = |&other: &Area| !overlap(other, *area);
            let point = |other: &Bubble| !touches(*area, other);
            inside && taken.iter().all(name) && lines.iter().all(other) && others().all(point)
        };
        let clear = |(_, line): &&Spot| !line.is_some_and(|line| others().any(|other| touches(line, other)));
        let spots: Vec<Spot> = spots(b, (letter.width(&text), 13.0)).into_iter().filter(free).collect();
        let Some(&(area, line)) = spots.iter().find(clear).or(spots.first()) else { continue };
        if let Some(line) = line {
            c.line(&[(line.0, line.1), (line.2, line.3)], Stroke::new(AXIS, 0.8))?;
            lines.push(line);
        }
        c.text(&text, (area.0, (area.1 + area.3) / 2.0), letter)?;
        taken.push(area);
    }
    Ok(())
}
