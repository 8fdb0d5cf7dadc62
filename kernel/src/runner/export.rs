//! Notebook → a plain Rust program with the same cells. The program depends on the crates of the bundle, but not on the
//! kernel.

use super::notebook::Notebook;
use crate::compile::{NotebookCrate, generate_notebook};
use crate::install::{PFE_PRELUDE, Toolchain};
use crate::parse::Cell;

/// Returns the source of the program. It prints the outputs of the cells as text.
pub fn export(notebook: &Notebook) -> String {
    let cells: Vec<Cell> =
        notebook.code_cells().into_iter().map(|index| Cell::parse(&notebook.source(index))).collect();
    // Without an installation, the notebook is taken for one of the project.
    let toolchain = Toolchain::load().ok();
    let prelude = toolchain.as_ref().and_then(Toolchain::prelude).unwrap_or_else(|| PFE_PRELUDE.to_owned());
    let program = generate_notebook(&cells, NotebookCrate::Program { prelude: &prelude }).source;
    match toolchain.and_then(|it| it.rests_on()) {
        Some(crates) => format!("// This program {crates}.\n{program}"),
        None => program,
    }
}
