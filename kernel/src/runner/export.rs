//! Notebook → a plain Rust program of the same cells, which needs `pfe` and nothing of the kernel.

use super::notebook::Notebook;
use crate::cell::Cell;
use crate::generate::{Target, generate_all};

/// The program. What cells show, it prints.
pub fn export(notebook: &Notebook) -> String {
    let cells: Vec<Cell> =
        notebook.code_cells().into_iter().map(|index| Cell::parse(&notebook.source(index))).collect();
    generate_all(&cells, Target::Program).source
}
