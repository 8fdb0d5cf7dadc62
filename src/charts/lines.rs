//! Monthly series → figure: lines labelled at their ends, marked months, and forecasts with intervals.

use plotters_backend::DrawingBackend;

use super::canvas::scale::{Scale, drawable, spread};
use super::canvas::style::{AXIS, FG, Ink, MUTED, SOFT, WIDTH, series};
use super::canvas::svg::Svg;
use super::canvas::{BASE, Canvas, Drawn, LABEL, Letter, NOTE, Point, Stroke, axis};
use super::{About, Format, figure, plain};

/// A tick of the time axis: `janv.` of group `2017`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tick<'a> {
    /// Label below the axis, shown if there is room.
    pub label: &'a str,
    /// Group, shown once below its first label; may be empty.
    pub group: &'a str,
}

/// An interval of a forecast.
#[derive(Debug, Clone, Copy, Default)]
pub struct Band<'a> {
    /// Label, such as `95 %`.
    pub label: &'a str,
    /// Lower bounds, one per forecast value.
    pub low: &'a [f64],
    /// Upper bounds, one per forecast value.
    pub high: &'a [f64],
}

/// Forecast of a series, drawn dashed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Forecast<'a> {
    /// Tick of the first value.
    pub from: usize,
    /// One value per tick.
    pub values: &'a [f64],
    /// Intervals, widest first.
    pub bands: &'a [Band<'a>],
}

/// A line.
#[derive(Debug, Clone, Copy, Default)]
pub struct Series<'a> {
    /// Name, shown at the end of the line.
    pub label: &'a str,
    /// One value per tick from the first on; a value that is not finite leaves a gap.
    pub values: &'a [f64],
    /// Continuation of the line.
    pub forecast: Option<Forecast<'a>>,
}

/// A range of unusual ticks, such as an incomplete month.
#[derive(Debug, Clone, Copy, Default)]
pub struct Span<'a> {
    /// First tick.
    pub from: usize,
    /// Last tick.
    pub to: usize,
    /// The reason, in words.
    pub label: &'a str,
}

/// An event.
#[derive(Debug, Clone, Copy, Default)]
pub struct Event<'a> {
    /// Tick of the event.
    pub at: usize,
    /// The event, in words.
    pub label: &'a str,
}

/// A line chart over time, with a value axis from zero.
#[derive(Clone, Copy)]
pub struct Lines<'a> {
    /// Ticks of the time axis.
    pub ticks: &'a [Tick<'a>],
    /// The lines, most important first: the first is the last to lose its label.
    pub series: &'a [Series<'a>],
    /// Shaded ranges.
    pub spans: &'a [Span<'a>],
    /// Events, drawn as vertical lines.
    pub events: &'a [Event<'a>],
    /// Formats the ticks of the value axis.
    pub format: Format<'a>,
    /// Title of the value axis, above it.
    pub unit: &'a str,
    /// Words for the solid and the dashed part of a line with a forecast.
    pub words: (&'a str, &'a str),
}

impl Default for Lines<'_> {
    fn default() -> Self {
        Lines {
            ticks: &[],
            series: &[],
            spans: &[],
            events: &[],
            format: &plain,
            unit: "",
            words: ("observé", "prévision"),
        }
    }
}

/// Draws [`Lines`].
pub fn lines(about: &About, data: &Lines) -> Svg {
    let any = !data.ticks.is_empty()
        && data.series.iter().any(|s| s.values.iter().take(data.ticks.len()).any(|&v| drawable(v)));
    figure(about, any.then_some(HEIGHT), |c| draw(c, data))
}

const HEIGHT: f64 = 340.0;
const BOTTOM: f64 = HEIGHT - 40.0;
const NAME_ROOM: f64 = 140.0;

/// Axes of one figure.
struct Plot {
    y: Scale,
    left: f64,
    right: f64,
    steps: usize,
}

impl Plot {
    fn step(&self) -> f64 {
        (self.right - self.left) / self.steps.max(1) as f64
    }
    fn x(&self, i: usize) -> f64 {
        self.left + (i as f64 + 0.5) * self.step()
    }
    fn at(&self, i: usize, v: f64) -> Point {
        (self.x(i), self.y.at(v))
    }
}

fn draw<DB: DrawingBackend>(c: &Canvas<DB>, data: &Lines) -> Drawn<DB> {
    let n = data.ticks.len();
    let forecasts = || data.series.iter().filter_map(|s| s.forecast.as_ref());
    let observed = data.series.iter().flat_map(|s| s.values.iter().take(n));
    let bounds =
        forecasts().flat_map(|f| f.values.iter().chain(f.bands.iter().flat_map(|b| b.low.iter().chain(b.high))));
    let values: Vec<f64> = observed.chain(bounds).copied().collect();
    let head = if data.unit.is_empty() && forecasts().next().is_none() { 8.0 } else { 26.0 };
    let Some(rough) = Scale::from_zero(values.iter().copied(), 5, (0.0, 1.0)) else {
        return Ok(());
    };
    let left = axis::room(&rough, data.format);
    let names = data.series.iter().map(|s| LABEL.width(s.label)).fold(0.0, f64::max).min(NAME_ROOM);
    let right = WIDTH - if names > 0.0 { names + 18.0 } else { 6.0 };
    let mut plot = Plot { y: rough, left, right, steps: n };
    let notes = place_notes(data, &plot);
    let top = head + notes.iter().map(|n| n.row + 1).max().unwrap_or(0) as f64 * 16.0;
    let Some(y) = Scale::from_zero(values, 5, (BOTTOM, top)) else {
        return Ok(());
    };
    plot.y = y;

    for span in data.spans.iter().filter(|s| s.from < n && s.from <= s.to) {
        let (from, to) = (plot.x(span.from) - plot.step() / 2.0, plot.x(span.to.min(n - 1)) + plot.step() / 2.0);
        c.rect((from, top), (to - from, BOTTOM - top), SOFT)?;
    }
    axis::rules(c, &plot.y, left, right)?;
    c.line(&[(left, plot.y.at(0.0)), (right, plot.y.at(0.0))], BASE)?;
    for event in data.events.iter().filter(|e| e.at < n) {
        c.line(&[(plot.x(event.at), top - 2.0), (plot.x(event.at), BOTTOM)], Stroke::new(AXIS, 1.0).dashed())?;
    }
    axis::values(c, &plot.y, data.format, left)?;
    c.text(&NOTE.fit(data.unit, 0.45 * WIDTH), (0.0, 9.0), NOTE)?;
    time_axis(c, data, &plot)?;
    for note in &notes {
        c.text(&note.text, (note.x, head + 16.0 * note.row as f64 + 6.0), NOTE.middle())?;
    }
    // Drawn in reverse order, so that the first series is on top.
    for (i, s) in data.series.iter().enumerate().rev() {
        draw_forecast(c, &plot, s, series(i))?;
        draw_observed(c, &plot, s, i)?;
    }
    end_names(c, data, &plot, top)?;
    let bands = forecasts().map(|f| f.bands).max_by_key(|b| b.len());
    bands.map_or(Ok(()), |bands| key(c, data, bands))
}

fn draw_observed<DB: DrawingBackend>(c: &Canvas<DB>, plot: &Plot, s: &Series, i: usize) -> Drawn<DB> {
    let ink = series(i);
    let seen = s.values.iter().take(plot.steps).enumerate();
    let points: Vec<Option<Point>> = seen.map(|(k, &v)| drawable(v).then(|| plot.at(k, v))).collect();
    for run in points.split(Option::is_none) {
        let run: Vec<Point> = run.iter().copied().flatten().collect();
        match run.as_slice() {
            [] => {}
            [alone] => c.disc(*alone, 2.2, ink, 1.0)?,
            run => c.line(run, Stroke::new(ink, if i == 0 { 2.4 } else { 1.8 }))?,
        }
    }
    Ok(())
}

/// The last observed value, followed by all forecast values.
fn continuation(s: &Series, f: &Forecast, pick: impl Fn(usize) -> f64, steps: usize) -> Vec<(usize, f64)> {
    let last = f.from.checked_sub(1).and_then(|k| s.values.get(k).map(|&v| (k, v)));
    let next = (0..f.values.len()).map(|k| (f.from + k, pick(k)));
    last.into_iter().chain(next).filter(|&(k, v)| k < steps && drawable(v)).collect()
}

fn draw_forecast<DB: DrawingBackend>(c: &Canvas<DB>, plot: &Plot, s: &Series, ink: Ink) -> Drawn<DB> {
    let Some(f) = &s.forecast else { return Ok(()) };
    let bound = |of: &[f64], k: usize| of.get(k).copied().unwrap_or(f64::NAN);
    for band in f.bands {
        let low = continuation(s, f, |k| bound(band.low, k), plot.steps);
        let high = continuation(s, f, |k| bound(band.high, k), plot.steps);
        let ring: Vec<Point> = low.iter().chain(high.iter().rev()).map(|&(k, v)| plot.at(k, v)).collect();
        if ring.len() > 2 {
            c.polygon(&ring, ink, BAND_ALPHA)?;
        }
    }
    let middle: Vec<Point> =
        continuation(s, f, |k| f.values[k], plot.steps).into_iter().map(|(k, v)| plot.at(k, v)).collect();
    if middle.len() > 1 { c.line(&middle, Stroke::new(ink, 1.8).dashed()) } else { Ok(()) }
}

const BAND_ALPHA: f64 = 0.18;

/// Draws the month names that do not overlap, and each group once.
fn time_axis<DB: DrawingBackend>(c: &Canvas<DB>, data: &Lines, plot: &Plot) -> Drawn<DB> {
    let widest = data.ticks.iter().map(|t| NOTE.width(t.label)).fold(1.0, f64::max).min(120.0);
    let per_label = (widest + 8.0) / plot.step();
    let every = [1, 2, 3, 4, 6, 12].into_iter().find(|&k| k as f64 >= per_label);
    let every = every.unwrap_or(per_label.ceil().max(1.0) as usize);
    // Counted from the start of the first whole group, so that every year shows the same months.
    let group_start = (1..plot.steps).find(|&i| data.ticks[i].group != data.ticks[i - 1].group).unwrap_or(0);
    let mut group_free = f64::NEG_INFINITY;
    for (i, tick) in data.ticks.iter().enumerate() {
        let x = plot.x(i);
        if i % every == group_start % every {
            c.line(&[(x, BOTTOM), (x, BOTTOM + 4.0)], BASE)?;
            let label = NOTE.fit(tick.label, 120.0);
            let half = NOTE.width(&label) / 2.0;
            c.text(&label, (x.min(WIDTH - half), BOTTOM + 13.0), NOTE.middle())?;
        }
        if (i == 0 || tick.group != data.ticks[i - 1].group) && !tick.group.is_empty() {
            let from = x - plot.step() / 2.0;
            if i > 0 {
                c.line(&[(from, BOTTOM + 22.0), (from, BOTTOM + 38.0)], BASE)?;
            }
            let end = (i..plot.steps).find(|&k| data.ticks[k].group != tick.group).unwrap_or(plot.steps);
            let middle = (from + plot.x(end - 1) + plot.step() / 2.0) / 2.0;
            let letter = NOTE.bold(true).middle();
            let half = letter.width(tick.group) / 2.0;
            let middle = middle.max(half);
            if middle - half > group_free && middle + half < WIDTH {
                c.text(tick.group, (middle, BOTTOM + 30.0), letter)?;
                group_free = middle + half + 6.0;
            }
        }
    }
    Ok(())
}

struct Note {
    text: String,
    x: f64,
    row: usize,
}

/// Places the texts of spans and events, in as many rows as needed to keep them apart.
fn place_notes(data: &Lines, plot: &Plot) -> Vec<Note> {
    let n = plot.steps;
    let spans = data.spans.iter().filter(|s| s.from < n && s.from <= s.to);
    let spans = spans.map(|s| ((plot.x(s.from) + plot.x(s.to.min(n - 1))) / 2.0, s.label));
    let events = data.events.iter().filter(|e| e.at < n).map(|e| (plot.x(e.at), e.label));
    let mut wanted: Vec<(f64, &str)> = spans.chain(events).filter(|(_, label)| !label.is_empty()).collect();
    wanted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut free: Vec<f64> = Vec::new();
    let mut notes = Vec::new();
    for (x, label) in wanted {
        let text = NOTE.fit(label, WIDTH / 2.0).into_owned();
        let half = NOTE.width(&text) / 2.0;
        let x = x.clamp(half, WIDTH - half);
        let row = free.iter().position(|&f| f <= x - half).unwrap_or(free.len());
        let end = x + half + 10.0;
        if row < free.len() {
            free[row] = end
        } else {
            free.push(end)
        }
        notes.push(Note { text, x, row });
    }
    notes
}

/// Draws names beside the last values, moved apart until they do not overlap.
fn end_names<DB: DrawingBackend>(c: &Canvas<DB>, data: &Lines, plot: &Plot, top: f64) -> Drawn<DB> {
    let pitch = 15.0;
    let room = ((BOTTOM - top) / pitch) as usize;
    let mut ends: Vec<(usize, Point)> = Vec::new();
    for (i, s) in data.series.iter().enumerate() {
        let forecast = s.forecast.map(|f| continuation(s, &f, |k| f.values[k], plot.steps)).unwrap_or_default();
        let observed = || s.values.iter().copied().enumerate().take(plot.steps).rfind(|&(_, v)| drawable(v));
        if let Some((k, v)) = forecast.last().copied().or_else(observed) {
            ends.push((i, plot.at(k, v)));
        }
    }
    for &(i, at) in ends.iter().rev() {
        if data.series.len() > 1 {
            c.mark(at, i, series(i))?;
        }
    }
    ends.retain(|&(i, _)| !data.series[i].label.is_empty());
    ends.truncate(room.max(1));
    ends.sort_by(|a, b| a.1.1.total_cmp(&b.1.1).then(a.0.cmp(&b.0)));
    let ys = spread(&ends.iter().map(|e| e.1.1).collect::<Vec<_>>(), pitch, (top, BOTTOM));
    for (&(i, (x, y)), &label_y) in ends.iter().zip(&ys) {
        let name_x = plot.right + 12.0;
        if name_x - x > 24.0 || (label_y - y).abs() > 4.0 {
            c.line(&[(x + 5.0, y), (name_x - 2.0, label_y)], Stroke::new(series(i), 0.8))?;
        }
        let letter: Letter = LABEL.bold(i == 0).ink(if i < 7 { FG } else { MUTED });
        c.text(&letter.fit(data.series[i].label, NAME_ROOM), (name_x, label_y), letter)?;
    }
    Ok(())
}

/// Draws the key of solid, dashed and shaded parts, top right.
fn key<DB: DrawingBackend>(c: &Canvas<DB>, data: &Lines, bands: &[Band]) -> Drawn<DB> {
    let ink = series(0);
    let mut x = WIDTH;
    for (depth, band) in bands.iter().enumerate().rev() {
        let label = NOTE.fit(band.label, 60.0);
        x -= NOTE.width(&label);
        c.text(&label, (x, 9.0), NOTE)?;
        x -= 24.0;
        let swatch = [(x, 4.0), (x + 18.0, 4.0), (x + 18.0, 14.0), (x, 14.0)];
        for _ in 0..=depth {
            c.polygon(&swatch, ink, BAND_ALPHA)?;
        }
        x -= 14.0;
    }
    for (name, stroke) in [(data.words.1, Stroke::new(ink, 1.8).dashed()), (data.words.0, Stroke::new(ink, 2.4))] {
        let name = NOTE.fit(name, 90.0);
        x -= NOTE.width(&name);
        c.text(&name, (x, 9.0), NOTE)?;
        x -= 24.0;
        c.line(&[(x, 9.0), (x + 18.0, 9.0)], stroke)?;
        x -= 14.0;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_that_would_touch_take_another_row() {
        let ticks = [Tick::default(); 20];
        let events = [Event { at: 10, label: "Black Friday" }, Event { at: 11, label: "grève des camionneurs" }];
        let data = Lines { ticks: &ticks, events: &events, ..Default::default() };
        let y = Scale::from_zero([1.0], 2, (0.0, 1.0)).unwrap();
        let notes = place_notes(&data, &Plot { y, left: 0.0, right: WIDTH, steps: 20 });
        assert_eq!(notes.iter().map(|n| n.row).collect::<Vec<_>>(), [0, 1]);
    }
}
