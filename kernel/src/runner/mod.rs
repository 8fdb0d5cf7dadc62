//! Notebook → notebook with outputs, without Jupyter: the second front on the same core.

mod check;
mod export;
mod notebook;
mod outputs;
mod parameters;
mod print;
mod verify;

pub use check::check;
pub use export::export;
pub use notebook::Notebook;
pub use print::print;
pub use verify::{Difference, verify};

use crate::error::Result;
use crate::report::Failure;
use crate::session::Session;
use crate::timings::Timings;
use outputs::Outputs;
use serde_json::json;
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

/// How to run a notebook.
#[derive(Clone, Debug, Default)]
pub struct RunParams {
    /// Values for the cell tagged `parameters`, as written on the command line.
    pub parameters: Vec<(String, String)>,
    /// A cell that runs longer is stopped.
    pub timeout: Option<Duration>,
    /// Whether to write how long each cell took into its metadata. Off, two runs give the same bytes.
    pub timings: bool,
}

/// A cell that failed.
#[derive(Clone, Debug)]
pub struct FailedCell {
    /// Its number, counted as Jupyter counts: code cells from 1.
    pub number: usize,
    /// Its text.
    pub source: String,
    /// Why.
    pub failure: Failure,
}

/// What a run tells while it goes on.
pub struct Progress<'a> {
    /// The cell, from 1.
    pub number: usize,
    /// How many there are.
    pub total: usize,
    /// Its text.
    pub source: &'a str,
    /// How long it took.
    pub timings: Timings,
    /// Whether it failed.
    pub failed: bool,
}

/// Runs all cells of a notebook, in the folder it lies in, until one fails. Outputs so far are in the notebook either
/// way.
pub fn run(
    notebook: &mut Notebook,
    folder: &Path,
    params: &RunParams,
    progress: &mut dyn FnMut(Progress),
) -> Result<Option<FailedCell>> {
    parameters::inject(notebook, &params.parameters)?;
    notebook.clear_outputs();
    let mut session = Session::start_in(folder)?;
    let cells = notebook.code_cells();
    let mut outputs = Outputs::default();
    for (position, index) in cells.iter().enumerate() {
        let number = position + 1;
        let source = notebook.source(*index);
        outputs.begin(*index);
        let stopper = session.stopper();
        let (finished, watch) = mpsc::channel::<()>();
        let watchdog = params.timeout.map(|limit| {
            std::thread::spawn(move || {
                let late = watch.recv_timeout(limit) == Err(mpsc::RecvTimeoutError::Timeout);
                if late {
                    stopper.interrupt();
                }
                late
            })
        });
        let (result, timings) = session.execute(number, &source, &mut outputs);
        drop(finished);
        let late = watchdog.is_some_and(|watchdog| watchdog.join().unwrap_or(false));
        let result = result.map_err(|failure| match (late, params.timeout) {
            (true, Some(limit)) => Failure::new(
                "timeout",
                &format!("the cell ran longer than {} s", limit.as_secs_f64()),
                &failure.traceback,
            ),
            _ => failure,
        });
        if let Err(failure) = &result {
            outputs.error(failure);
        }
        for (cell, outputs) in outputs.changed() {
            notebook.set_outputs(cell, outputs);
        }
        notebook.set_count(*index, number);
        if params.timings {
            notebook.set_metadata(*index, "pfe", json!({ "timings": timings.to_json() }));
        }
        progress(Progress { number, total: cells.len(), source: &source, timings, failed: result.is_err() });
        if let Err(failure) = result
            && !notebook.has_tag(*index, "raises-exception")
        {
            return Ok(Some(FailedCell { number, source, failure }));
        }
    }
    Ok(None)
}
