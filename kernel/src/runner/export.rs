//! Notebook → a plain Rust program with the same cells. The program depends on `pfe`, but not on the kernel.

use super::notebook::Notebook;
use crate::compile::{NotebookCrate, generate_notebook};
use crate::parse::Cell;

/// Returns the source of the program. It prints the outputs of the cells as text.
pub fn export(notebook: &Notebook) -> String {
    let cells: Vec<Cell> =
        notebook.code_cells().into_iter().map(|index| Cell::parse(&notebook.source(index))).collect();
    generate_notebook(&cells, NotebookCrate::Program).source
}
