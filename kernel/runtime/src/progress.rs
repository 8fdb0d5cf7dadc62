//! Progress bar for a long step of a cell.

use crate::channel::{Display, display};
use crate::interrupt::check;
use crate::show::{Bundle, Show, escape};
use std::time::{Duration, Instant};

/// A progress bar: `let mut bar = Progress::new("backtest", 36); bar.step();`
pub struct Progress {
    label: String,
    total: u64,
    done: u64,
    shown: Option<(Display, Instant)>,
}

impl Progress {
    /// Creates an empty bar of `total` steps. It appears at its first step.
    pub fn new(label: impl Into<String>, total: u64) -> Self {
        Progress { label: label.into(), total, done: 0, shown: None }
    }

    /// Advances the bar by one step.
    pub fn step(&mut self) {
        self.set(self.done + 1);
    }

    /// Sets the bar to `done` steps. Redraws it at most ten times a second, and at the end.
    pub fn set(&mut self, done: u64) {
        check();
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
        let label_html = escape(label);
        Bundle::text(format!("{label}: {done} / {total}")).html(format!(
            "<label>{label_html} <progress value=\"{done}\" max=\"{total}\"></progress> {done} / {total}</label>"
        ))
    }
}
