//! Notebooks without Jupyter: run, check, verify, export and print them. Runs them in the same sessions as the kernel.
//!
//! ```text
//! file ─ notebook ─▶ parameters ─▶ run (outputs) ─▶ executed notebook ─ print ─▶ HTML, PDF
//!                └─▶ check, export                └─ verify ─▶ first difference
//! ```

mod check;
mod export;
mod notebook;
mod outputs;
mod parameters;
mod print;
mod run;
mod verify;

pub use check::check;
pub use export::export;
pub use notebook::Notebook;
pub use print::print;
pub use run::{FailedCell, Progress, RunParams, run};
pub use verify::{Difference, verify};
