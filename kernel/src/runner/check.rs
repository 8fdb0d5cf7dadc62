//! Checks all cells of a notebook with the compiler, without running any.

use super::notebook::Notebook;
use crate::compile::{CompileJob, NotebookCrate, OptLevel, RunningCompiler, compile, generate_notebook};
use crate::error::{Error, Result};
use crate::install::Toolchain;
use crate::parse::Cell;
use crate::session::Failure;
use std::collections::BTreeMap;

/// Checks all cells as one crate. Returns `None` if they compile.
pub fn check(notebook: &Notebook) -> Result<Option<Failure>> {
    let toolchain = Toolchain::load()?;
    let directory = tempfile::tempdir().map_err(Error::io("create a folder in", std::env::temp_dir()))?;
    let cells: Vec<Cell> =
        notebook.code_cells().into_iter().map(|index| Cell::parse(&notebook.source(index))).collect();
    let generated = generate_notebook(&cells, NotebookCrate::Check);
    let job = CompileJob {
        toolchain: &toolchain,
        directory: directory.path(),
        name: "cell_0",
        source: &generated.source,
        opt_level: &OptLevel::Auto,
        repeats: false,
        extra: &[],
        short_paths: true,
        check_only: true,
    };
    let built = compile(&job, &RunningCompiler::default())?;
    Ok(built.library.is_none().then(|| Failure::of_compiler(&built.diagnostics, &generated, &BTreeMap::new())))
}
