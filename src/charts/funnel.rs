//! Cleaning steps → figure: how many rows each step kept and removed.

use plotters_backend::DrawingBackend;

use super::canvas::scale::drawable;
use super::canvas::style::{ALERT, ON_DEEP, ON_PALE, QUIET, WIDTH, series};
use super::canvas::svg::Svg;
use super::canvas::{Canvas, Drawn, LABEL};
use super::{About, Format, figure, plain};

/// One step.
#[derive(Debug, Clone, Copy, Default)]
pub struct Stage<'a> {
    /// Name.
    pub label: &'a str,
    /// Number of rows after this step.
    pub kept: f64,
    /// Number of rows that it removed.
    pub removed: f64,
}

/// The steps, first to last.
#[derive(Clone, Copy)]
pub struct Funnel<'a> {
    /// The steps in order.
    pub stages: &'a [Stage<'a>],
    /// Formats the counts.
    pub format: Format<'a>,
}

impl Default for Funnel<'_> {
    fn default() -> Self {
        Funnel { stages: &[], format: &plain }
    }
}

const PITCH: f64 = 34.0;
const COUNT_ROOM: f64 = 100.0;

/// Draws [`Funnel`].
pub fn funnel(about: &About, data: &Funnel) -> Svg {
    let stages: Vec<_> =
        data.stages.iter().copied().filter(|s| drawable(s.kept) && drawable(s.removed) && s.kept >= 0.0).collect();
    let height = stages.len() as f64 * PITCH + 8.0;
    figure(about, (!stages.is_empty()).then_some(height), |c| draw(c, data, &stages))
}

fn draw<DB: DrawingBackend>(c: &Canvas<DB>, data: &Funnel, stages: &[Stage]) -> Drawn<DB> {
    let room = 0.34 * WIDTH;
    let left = stages.iter().map(|s| LABEL.width(s.label)).fold(0.0, f64::max).min(room) + 10.0;
    let lost = |s: &Stage| LABEL.fit(&format!("−{}", (data.format)(s.removed)), COUNT_ROOM).into_owned();
    let removed: Vec<String> = stages.iter().map(|s| if s.removed > 0.0 { lost(s) } else { String::new() }).collect();
    let loss_room = removed.iter().map(|r| LABEL.width(r)).fold(0.0, f64::max);
    let kept: Vec<String> =
        stages.iter().map(|s| LABEL.bold(true).fit(&(data.format)(s.kept), COUNT_ROOM).into_owned()).collect();
    let kept_room = kept.iter().map(|k| LABEL.bold(true).width(k)).fold(0.0, f64::max) + 14.0;
    let most = stages.iter().map(|s| s.kept + s.removed.max(0.0)).fold(f64::MIN_POSITIVE, f64::max);
    let widest = WIDTH - loss_room - 10.0 - left;
    // If a count does not fit inside its bar, it stands behind the bar, and all bars leave room for it.
    let tight = stages.iter().any(|s| s.kept / most * widest < kept_room);
    let widest = if tight { widest - kept_room } else { widest };
    let width = |v: f64| v / most * widest;
    let y = |i: usize| 4.0 + PITCH * (i as f64 + 0.5);
    let bar = 22.0;
    for (i, s) in stages.iter().enumerate() {
        c.rect((left, y(i) - bar / 2.0), (width(s.kept), bar), if i + 1 == stages.len() { series(0) } else { QUIET })?;
    }
    for (i, s) in stages.iter().enumerate().filter(|(_, s)| s.removed > 0.0) {
        // Even a loss too small to see is drawn, as a hairline.
        c.rect((left + width(s.kept), y(i) - bar / 2.0), (width(s.removed).max(0.8), bar), ALERT)?;
    }
    for (i, s) in stages.iter().enumerate() {
        c.text(&LABEL.fit(s.label, room), (left - 10.0, y(i)), LABEL.end())?;
        let last = i + 1 == stages.len();
        let inside = LABEL.bold(true).ink(if last { ON_DEEP } else { ON_PALE });
        if width(s.kept) >= kept_room {
            c.text(&kept[i], (left + 7.0, y(i)), inside)?;
        } else {
            c.text(&kept[i], (left + width(s.kept + s.removed.max(0.0)) + 6.0, y(i)), LABEL.bold(true))?;
        }
        c.text(&removed[i], (WIDTH, y(i)), LABEL.ink(ALERT).end())?;
    }
    Ok(())
}
