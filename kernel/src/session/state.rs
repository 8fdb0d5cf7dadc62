//! The state of a notebook: what its cells have left, and the process they run in. Next: `execute`.

use super::cell_process::{CellProcess, FAREWELL};
use super::events::Watcher;
use super::failure::Failure;
use super::interrupter::Interrupter;
use crate::compile::{Dependencies, Diagnostic, Generated, Items, OptLevel, RunningCompiler, Variable, shown_type};
use crate::completion::Context;
use crate::error::{Error, Result};
use crate::folders;
use crate::install::Toolchain;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// Interrupts a session from another thread: the compiler or the running cell.
#[derive(Clone)]
pub struct Stopper {
    pub(super) compiler: Arc<RunningCompiler>,
    pub(super) cell: Interrupter,
    directory: std::path::PathBuf,
}

impl Stopper {
    /// Interrupts the cell: the compiler, the running code, or what comes between. Does nothing if there is none.
    pub fn interrupt(&self) {
        self.compiler.stop();
        self.cell.interrupt();
    }

    /// Ends the session: has its variables dropped, kills its processes and removes its temporary folder.
    pub fn shut_down(&self) {
        self.compiler.stop();
        self.cell.end_process(FAREWELL);
        self.cell.kill();
        // Tries again: the processes just killed may still write a last file.
        for _ in 0..50 {
            let _ = std::fs::remove_dir_all(&self.directory);
            if !self.directory.exists() {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// The state of a notebook.
pub struct Session {
    pub(super) toolchain: Toolchain,
    pub(super) directory: tempfile::TempDir,
    /// Working directory of the cells.
    pub(super) working_directory: std::path::PathBuf,
    pub(super) cell_process: CellProcess,
    pub(super) stopper: Stopper,
    pub(super) items: Items,
    pub(super) variables: BTreeMap<String, Variable>,
    /// Columns of the DataFrames among the variables, as the last cell left them.
    pub(super) columns: BTreeMap<String, Vec<String>>,
    /// Names of lost variables, each with a note for the compile error that mentions it.
    pub(super) lost_because: BTreeMap<String, String>,
    /// Variables whose type cannot be named; the cell process drops them before the next cell.
    pub(super) forget: Vec<String>,
    pub(super) deps: Dependencies,
    pub(super) opt_level: OptLevel,
    pub(super) timing: bool,
    /// Number of calls of [`Session::execute`] so far.
    pub(super) runs: usize,
    /// Number of cells built so far. Part of their file names.
    pub(super) builds: usize,
    /// The newest version of an item.
    pub(super) versions: usize,
    /// Names outside of the notebook that mean something else since the last cell: crates that `:dep` has built from other
    /// sources, conditions that `:opt` decides on.
    pub(super) changed_names: BTreeSet<String>,
    /// Origins of the lines of each build, to locate panics in functions of earlier cells.
    pub(super) origins: BTreeMap<usize, Generated>,
    pub(super) warned: bool,
    /// What the compiler said of the last cell that did not compile.
    pub(super) last_errors: Vec<Diagnostic>,
}

impl Session {
    /// Starts a session in the current folder, on the current installation.
    pub fn start() -> Result<Session> {
        Session::start_in(std::path::Path::new("."))
    }

    /// Starts a session whose cells run in `folder`. Removes temporary folders of dead kernels first.
    pub fn start_in(folder: &std::path::Path) -> Result<Session> {
        let toolchain = Toolchain::load()?;
        folders::remove_orphaned(&std::env::temp_dir());
        let directory = folders::new_temporary()?;
        let working_directory = std::fs::canonicalize(folder).map_err(Error::io("open", folder))?;
        let cell_process = CellProcess::start(&toolchain, &working_directory)?;
        Ok(Session {
            cell_process,
            working_directory,
            stopper: Stopper {
                compiler: Arc::default(),
                cell: Interrupter::default(),
                directory: directory.path().to_path_buf(),
            },
            directory,
            items: Items::default(),
            variables: BTreeMap::new(),
            columns: BTreeMap::new(),
            lost_because: BTreeMap::new(),
            forget: Vec::new(),
            deps: Dependencies::default(),
            opt_level: OptLevel::default(),
            timing: false,
            runs: 0,
            builds: 0,
            versions: 0,
            changed_names: BTreeSet::new(),
            origins: BTreeMap::new(),
            warned: false,
            last_errors: Vec::new(),
            toolchain,
        })
    }

    /// Returns a handle that interrupts this session from another thread.
    pub fn stopper(&self) -> Stopper {
        self.stopper.clone()
    }

    /// Returns the state that completion and inspection need.
    pub fn context(&self) -> Context {
        let items = self.items.iter().map(|item| item.plain.as_str()).collect::<Vec<_>>().join("\n");
        let shown = |it: &Variable| Variable { ty: shown_type(&it.ty), ..it.clone() };
        Context {
            items,
            variables: self.variables.iter().map(|(name, it)| (name.clone(), shown(it))).collect(),
            columns: self.columns.clone(),
            bundle: self.toolchain.bundle(),
            folder: self.directory.path().to_path_buf(),
        }
    }

    /// Returns whether to show how long each step of a cell took, as `:timing` asks.
    pub fn shows_timings(&self) -> bool {
        self.timing
    }

    /// Starts a new cell process after the old one has died. Items survive, variables do not.
    pub(super) fn restart(&mut self, why: &str) -> Result<Failure> {
        self.cell_process = CellProcess::start(&self.toolchain, &self.working_directory)?;
        self.items.unsettle();
        self.columns.clear();
        let lost: Vec<String> = std::mem::take(&mut self.variables).into_keys().collect();
        for name in &lost {
            self.lost_because.insert(name.clone(), format!("`{name}` was lost when the process of the cells ended"));
        }
        Ok(Failure::of_death(why, &lost))
    }

    /// Returns the number of the last run: that of its outputs that come later.
    pub fn run(&self) -> usize {
        self.runs
    }

    /// Forwards what threads of earlier cells have put out since the last call.
    pub fn idle(&mut self, watcher: &mut dyn Watcher) {
        self.cell_process.idle(watcher);
    }

    /// Ends the session: the variables are dropped.
    pub fn end(mut self, watcher: &mut dyn Watcher) {
        self.cell_process.end(watcher);
    }

    /// Drops variables, items and dependencies, as `:clear` asks.
    pub(super) fn clear(&mut self, watcher: &mut dyn Watcher) -> Result<()> {
        self.cell_process.end(watcher);
        self.cell_process = CellProcess::start(&self.toolchain, &self.working_directory)?;
        self.variables.clear();
        self.columns.clear();
        self.lost_because.clear();
        self.items = Items::default();
        self.deps = self.deps.unrequested(&self.toolchain);
        Ok(())
    }
}
