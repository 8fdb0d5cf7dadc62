//! Checks all cells of a notebook with the compiler, without running any.

use super::notebook::Notebook;
use crate::compile::{
    CompileJob, Dependencies, DependencyJob, NotebookCrate, OptLevel, RunningCompiler, compile, generate_notebook,
};
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
    let running = RunningCompiler::default();
    let mut deps = Dependencies::default();
    if deps.is_edited(&toolchain) {
        deps = deps.reload(&mut DependencyJob {
            toolchain: &toolchain,
            folder: directory.path(),
            directory: directory.path(),
            running: &running,
            progress: &mut |_| {},
        })?;
    }
    let job = CompileJob {
        toolchain: &toolchain,
        directory: directory.path(),
        name: "cell_0",
        source: &generated.source,
        opt_level: &OptLevel::Auto,
        repeats: false,
        extra: deps.arguments(),
        short_paths: true,
        check_only: true,
    };
    let built = compile(&job, &running)?;
    Ok(built.library.is_none().then(|| Failure::of_compiler(&built.diagnostics, &generated, &BTreeMap::new())))
}
