//! Progress of a long step, as a bar in the notebook.

use crate::channel::{Display, display};
use crate::show::{Bundle, Show};
use std::time::{Duration, Instant};

/// A bar that fills: `let mut bar = Progress::new("backtest", 36); bar.step();`
pub struct Progress {
    label: String,
    total: u64,
    done: u64,
    shown: Option<(Display, Instant)>,
}

impl Progress {
    /// An empty bar of `total` steps; it appears at its first step.
    pub fn new(label: impl Into<String>, total: u64) -> Self {
        Progress { label: label.into(), total, done: 0, shown: None }
    }

    /// One step more.
    pub fn step(&mut self) {
        self.set(self.done + 1);
    }

    /// Moves to `done` steps. Redrawn ten times a second at most, and at the end.
    pub fn set(&mut self, done: u64) {
        crate::check();
        self.done = done.min(self.total);
        match &mut self.shown {
            None => self.shown = Some((display(&*self), Instant::now())),
            Some((_, at)) if self.done < self.total && at.elapsed() < Duration::from_millis(100) => {}
            Some(_) => {
                if let Some((shown, at)) = self.shown.take() {
                    shown.update(self);
                    self.shown = Some((shown, at.max(Instant::now())));
                }
            }
        }
    }
}

impl Show for Progress {
    fn show(&self) -> Bundle {
        let Progress { label, total, done, .. } = self;
        let label_html = crate::show::escape(label);
        Bundle::text(format!("{label}: {done} / {total}")).html(format!(
            "<label>{label_html} <progress value=\"{done}\" max=\"{total}\"></progress> {done} / {total}</label>"
        ))
    }
}
