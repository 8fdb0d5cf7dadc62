//! Notebook → executed notebook: runs its cells in a session, as the kernel does, and stores their outputs.

use super::notebook::Notebook;
use super::outputs::Outputs;
use super::parameters;
use crate::error::Result;
use crate::session::{Failure, Session, Timings};
use serde_json::json;
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

/// Settings of a run.
#[derive(Clone, Debug, Default)]
pub struct RunParams {
    /// Values for the cell tagged `parameters`, as written on the command line.
    pub parameters: Vec<(String, String)>,
    /// Longest time for one cell. A cell that exceeds it is interrupted.
    pub timeout: Option<Duration>,
    /// Whether a cell that fails does not end the run: teaching notebooks fail on purpose.
    pub allow_errors: bool,
    /// Whether to write the duration of each cell into its metadata. Without it, two runs give the same bytes.
    pub timings: bool,
}

/// A cell that failed.
#[derive(Clone, Debug)]
pub struct FailedCell {
    /// Its execution count: code cells are counted from 1.
    pub number: usize,
    /// Its source.
    pub source: String,
    /// Why it failed.
    pub failure: Failure,
}

/// Progress of a run, reported after each cell.
pub struct Progress<'a> {
    /// Number of the cell that ended, from 1.
    pub number: usize,
    /// Number of code cells.
    pub total: usize,
    /// Its source.
    pub source: &'a str,
    /// How long it took.
    pub timings: Timings,
    /// Whether it failed.
    pub failed: bool,
}

/// Runs the cells of a notebook in `folder` until one fails, and stores their outputs in the notebook. Returns the
/// failed cell, if any. A failure in a cell tagged `raises-exception` does not end the run.
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
    let mut failed = None;
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
            && !params.allow_errors
            && !notebook.has_tag(*index, "raises-exception")
        {
            failed = Some(FailedCell { number, source, failure });
            break;
        }
    }
    session.end(&mut outputs);
    for (cell, outputs) in outputs.changed() {
        notebook.set_outputs(cell, outputs);
    }
    Ok(failed)
}
