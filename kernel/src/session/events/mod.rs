//! Outputs of a running cell, and who receives them: `jupyter` publishes them, `runner` stores them.

mod content;

pub use content::ContentWatcher;
use serde_json::Value;

/// An output of a running cell.
#[allow(missing_docs)] // Fields are those of the Jupyter messages.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Printed text, in chunks as they arrive.
    Stream { stderr: bool, text: String },
    /// The value of the last expression.
    Result { data: Value },
    /// `display(value)`.
    Display { data: Value, id: String },
    /// `update_display(id, value)`.
    Update { data: Value, id: String },
    /// `clear_output(wait)`.
    Clear { wait: bool },
    /// Text for the pager of the front end.
    Page { text: String },
}

/// Receives the outputs of cells and answers the running cell's requests for input.
pub trait Watcher {
    /// Called for each output of the running cell.
    fn event(&mut self, event: Event);
    /// Called for an output of an earlier cell, by its run: a thread of it is still at work.
    fn late(&mut self, run: usize, event: Event);
    /// Called when the cell asks for a line of text. Returns `None` if nobody can answer.
    fn input(&mut self, prompt: &str, password: bool) -> Option<String>;
}

/// Prints a message of the kernel on the cell's stderr.
pub fn note(watcher: &mut dyn Watcher, text: &str) {
    watcher.event(Event::Stream { stderr: true, text: format!("{text}\n") });
}
