//! Results → figures: each chart is a function of plain data that returns one [`Svg`]. Next: `dossier`, which places them.
//!
//! All charts share one look. The caption carries the title, bars are sorted, labels stand next to what they name, the
//! caller formats the numbers, and [`canvas::style`] defines the colours. The drawing code is generic over plotters' backends; the
//! public functions draw on [`SvgBackend`]. A figure without data says so.

use plotters::prelude::IntoDrawingArea;

use self::canvas::backend::SvgBackend;
pub use self::canvas::svg::Svg;

mod bars;
pub mod canvas;
mod diagrams;
mod dots;
mod funnel;
mod heatmap;
mod histogram;
mod lines;
pub(crate) mod map;
mod scatter;
mod stacked;

#[cfg(test)]
mod tests;

pub use bars::{Bar, Bars, bars};
pub use diagrams::entities::{Cardinality, Entities, entity_diagram};
pub use diagrams::flow::{Flow, FlowStep, flow_diagram};
pub use dots::{Dot, Dots, dots};
pub use funnel::{Funnel, Stage, funnel};
pub use heatmap::{Heatmap, heatmap};
pub use histogram::{Histogram, Mark, histogram};
pub use lines::{Band, Event, Forecast, Lines, Series, Span, Tick, lines};
pub use map::{Atlas, StateMap, region_map, tile_grid};
pub use scatter::{Axis, Dotted, Scatter, scatter};
pub use stacked::{Row, Stacked, stacked_bars};

use canvas::style::{MUTED, WIDTH};
use canvas::{Canvas, Drawn, LABEL};

/// Texts of a figure for readers who cannot see it, and for a figure without data.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// Short title.
    pub title: &'a str,
    /// Alternative text: what the figure shows, in words.
    pub desc: &'a str,
    /// Message in place of an empty plot.
    pub no_data: &'a str,
}

impl<'a> About<'a> {
    /// Texts with the French message for missing data.
    pub fn new(title: &'a str, desc: &'a str) -> Self {
        About { title, desc, no_data: "Pas de données" }
    }
}

/// Formats a value.
pub type Format<'a> = &'a dyn Fn(f64) -> String;

/// The default formatter.
fn plain(v: f64) -> String {
    if v == 0.0 || (1e-4..1e15).contains(&v.abs()) { format!("{v}") } else { format!("{v:e}") }
}

/// Draws a figure of `WIDTH` × `height` user units; without a height, draws the message that there is no data.
fn figure(
    about: &About,
    height: Option<f64>,
    draw: impl FnOnce(&Canvas<SvgBackend<'_>>) -> Drawn<SvgBackend<'static>>,
) -> Svg {
    let height = height.map(f64::ceil);
    let size = (WIDTH as u32, height.unwrap_or(96.0) as u32);
    let mut out = String::with_capacity(8 * 1024);
    {
        let area = SvgBackend::open(&mut out, size, about.title, about.desc).into_drawing_area();
        let canvas = Canvas::new(&area, WIDTH);
        let message = |text: &str| canvas.text(text, (WIDTH / 2.0, canvas.height() / 2.0), LABEL.ink(MUTED).middle());
        let drawn = if height.is_some() { draw(&canvas) } else { message(about.no_data) };
        // The SVG backend cannot fail. An error of plotters is shown in the figure rather than lost.
        if let Err(error) = drawn.and_then(|()| area.present()) {
            let _ = message(&error.to_string());
        }
    }
    SvgBackend::close(&mut out);
    Svg::new(out)
}
