//! A notebook session: runs cells one after another and keeps their variables and items. Both the Jupyter kernel and
//! the headless runner use it. Next: `building`.

#[path = "compile_loop.rs"]
mod building;

use crate::analysis::Context;
use crate::cell::Cell;
use crate::child::{Child, Ended, Interrupter, Watcher};
use crate::compile::Running;
use crate::deps::Dependencies;
use crate::error::{Error, Result};
use crate::generate::{Generated, Origin, Variable};
use crate::items::Items;
use crate::report::{self, Failure};
use crate::timings::Timings;
use crate::toolchain::Toolchain;
use building::Compiled;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Interrupts a session from another thread: the compiler or the running cell.
#[derive(Clone)]
pub struct Stopper {
    compiler: Arc<Running>,
    cell: Interrupter,
    directory: std::path::PathBuf,
}

impl Stopper {
    /// Interrupts the compiler or the running cell. Returns false if neither is running.
    pub fn interrupt(&self) -> bool {
        self.compiler.stop() || self.cell.interrupt()
    }

    /// Ends the session: kills its processes and removes its temporary folder.
    pub fn shut_down(&self) {
        self.compiler.stop();
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
    toolchain: Toolchain,
    directory: tempfile::TempDir,
    /// Working directory of the cells.
    folder: std::path::PathBuf,
    child: Child,
    stopper: Stopper,
    pub(crate) items: Items,
    pub(crate) variables: BTreeMap<String, Variable>,
    /// Names of lost variables, each with a note for the compile error that mentions it.
    gone: BTreeMap<String, String>,
    /// Variables whose type cannot be named; the cell process drops them before the next cell.
    forget: Vec<String>,
    pub(crate) deps: Dependencies,
    pub(crate) opt_level: String,
    pub(crate) timing: bool,
    /// Number of cells built so far. Part of their file names.
    builds: usize,
    /// Origins of the lines of each build, to locate panics in functions of earlier cells.
    origins: BTreeMap<usize, Generated>,
    warned: bool,
}

impl Session {
    /// Starts a session in the current folder, on the current installation.
    pub fn start() -> Result<Session> {
        Session::start_in(std::path::Path::new("."))
    }

    /// Starts a session whose cells run in `folder`. Removes temporary folders of dead kernels first.
    pub fn start_in(folder: &std::path::Path) -> Result<Session> {
        let toolchain = Toolchain::load()?;
        sweep(&std::env::temp_dir());
        let directory = self::folder()?;
        let folder = std::fs::canonicalize(folder).map_err(Error::io("open", folder))?;
        let child = Child::start(&toolchain, &folder)?;
        Ok(Session {
            child,
            folder,
            stopper: Stopper {
                compiler: Arc::default(),
                cell: Interrupter::default(),
                directory: directory.path().to_path_buf(),
            },
            directory,
            items: Items::default(),
            variables: BTreeMap::new(),
            gone: BTreeMap::new(),
            forget: Vec::new(),
            deps: Dependencies::default(),
            opt_level: "0".to_owned(),
            timing: false,
            builds: 0,
            origins: BTreeMap::new(),
            warned: false,
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
        Context {
            items,
            variables: self.variables.clone(),
            project: self.toolchain.project.clone(),
            folder: self.directory.path().to_path_buf(),
        }
    }

    /// Returns the installation in use.
    pub fn toolchain(&self) -> &Toolchain {
        &self.toolchain
    }

    /// Runs a cell: its commands first, then its code. Messages call it cell `number`.
    pub fn execute(
        &mut self,
        number: usize,
        source: &str,
        watcher: &mut dyn Watcher,
    ) -> (Result<(), Failure>, Timings) {
        let mut timings = Timings::default();
        let result = self
            .try_execute(number, source, watcher, &mut timings)
            .unwrap_or_else(|error| Err(Failure::of_kernel(&error)));
        (result, timings)
    }

    fn try_execute(
        &mut self,
        number: usize,
        source: &str,
        watcher: &mut dyn Watcher,
        timings: &mut Timings,
    ) -> Result<Result<(), Failure>> {
        if !self.warned {
            self.warned = true;
            if let Some(reason) = self.toolchain.stale() {
                report::note(watcher, &format!("warning: {reason}\nhint: {}", crate::toolchain::INSTALL));
            }
        }
        let start = Instant::now();
        let cell = Cell::parse(source);
        timings.parse = start.elapsed();
        for command in &cell.commands {
            if let Err(failure) = self.command(command, watcher)? {
                return Ok(Err(failure));
            }
        }
        if source_is_empty(&cell.source) {
            return Ok(Ok(()));
        }
        // Compiles a second time if a variable has another type than the cell was compiled for.
        for _ in 0..2 {
            let compiled = match self.compile(number, &cell, timings)? {
                Ok(compiled) => compiled,
                Err(failure) => return Ok(Err(failure)),
            };
            let mut forget = std::mem::take(&mut self.forget);
            forget.extend(compiled.lost.iter().cloned());
            for name in &compiled.lost {
                self.variables.remove(name);
                self.gone.insert(
                    name.clone(),
                    format!("`{name}` was dropped: its type has been redefined in cell {number}"),
                );
            }
            let ended = self.child.run(&compiled.library, &forget, &self.stopper.cell, watcher);
            let _ = std::fs::remove_file(&compiled.library);
            match ended {
                Ended::Died(why) => return Ok(Err(self.restart(&why)?)),
                Ended::Done(done) => {
                    let retyped: Vec<&str> =
                        done["retyped"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
                    if !retyped.is_empty() {
                        for name in retyped {
                            self.variables.remove(name);
                            self.gone.insert(name.to_owned(), format!("`{name}` was dropped: its type has changed"));
                        }
                        continue;
                    }
                    timings.load += seconds(&done["load"]);
                    timings.run += seconds(&done["run"]);
                    return Ok(self.commit(number, compiled, &done));
                }
            }
        }
        Err(Error::message("the variables of this session changed while the cell was built").hint("run the cell again"))
    }

    /// Updates items and variables after a cell has run, and returns its failure, if any.
    fn commit(&mut self, number: usize, compiled: Compiled, done: &Value) -> Result<(), Failure> {
        self.items = compiled.items;
        let there: BTreeSet<&str> =
            done["variables"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        for (name, variable) in compiled.new {
            if there.contains(name.as_str()) {
                self.gone.remove(&name);
                self.variables.insert(name, variable);
            }
        }
        for name in &compiled.moved {
            if !there.contains(name.as_str()) {
                self.gone.insert(
                    name.clone(),
                    format!("`{name}` was moved by cell {number}: write `{name}.clone()` there to keep it"),
                );
            }
        }
        self.gone.extend(compiled.unkept);
        self.variables.retain(|name, _| there.contains(name.as_str()));
        // Variables whose type cannot be named: the cell had stored them before rustc reported their type.
        self.forget =
            there.iter().filter(|name| !self.variables.contains_key(**name)).map(|name| (*name).to_owned()).collect();
        let origins = &self.origins;
        Failure::of_cell(done, |place| {
            let (file, line) = place.rsplit_once(':')?;
            let build: usize = file.rsplit('/').next()?.strip_prefix("cell_")?.strip_suffix(".rs")?.parse().ok()?;
            let (generated, line) = (origins.get(&build)?, line.parse::<usize>().ok()?);
            // rustc may give a call in the last expression the generated line just above it.
            [line, line + 1].into_iter().find_map(|line| match generated.origin(line) {
                Origin::Cell { cell, line } => Some((*cell, *line)),
                _ => None,
            })
        })
        .map_or(Ok(()), Err)
    }

    /// Starts a new cell process after the old one has died. Items survive, variables do not.
    fn restart(&mut self, why: &str) -> Result<Failure> {
        self.child = Child::start(&self.toolchain, &self.folder)?;
        let lost: Vec<String> = std::mem::take(&mut self.variables).into_keys().collect();
        for name in &lost {
            self.gone.insert(name.clone(), format!("`{name}` was lost when the process of the cells ended"));
        }
        Ok(Failure::of_death(why, &lost))
    }

    /// Drops variables, items and dependencies, as `:clear` asks.
    pub(crate) fn clear(&mut self) -> Result<()> {
        self.child = Child::start(&self.toolchain, &self.folder)?;
        self.variables.clear();
        self.gone.clear();
        self.items = Items::default();
        self.deps = Dependencies::default();
        Ok(())
    }

    pub(crate) fn directory(&self) -> &std::path::Path {
        self.directory.path()
    }
}

fn seconds(value: &Value) -> Duration {
    Duration::try_from_secs_f64(value.as_f64().unwrap_or_default()).unwrap_or_default()
}

/// Returns whether the source contains only whitespace and line comments.
fn source_is_empty(source: &str) -> bool {
    source.lines().map(str::trim).all(|line| line.is_empty() || line.starts_with("//"))
}

/// Marker file in a temporary folder of a kernel. Only folders with this file may be removed.
const MARK: &str = ".pfe-kernel";

/// Creates a temporary folder for this process. Dropping the value removes the folder.
pub(crate) fn folder() -> Result<tempfile::TempDir> {
    let failed = || Error::io("create a folder in", std::env::temp_dir());
    let folder =
        tempfile::Builder::new().prefix(&format!("{PREFIX}{}-", std::process::id())).tempdir().map_err(failed())?;
    std::fs::write(folder.path().join(MARK), "").map_err(failed())?;
    Ok(folder)
}

/// Prefix of the names of these temporary folders; the process id follows.
const PREFIX: &str = "pfe-kernel-";

/// Removes temporary folders that killed kernels left behind.
fn sweep(temporary: &std::path::Path) {
    let me = rustix::process::geteuid().as_raw();
    for entry in std::fs::read_dir(temporary).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let pid = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.split('-').next()?.parse::<u32>().ok());
        let dead = pid.is_some_and(|pid| !std::path::Path::new(&format!("/proc/{pid}")).exists());
        // Must be a real folder, not a link, owned by this user, with a kernel's marker file.
        let is = |path: &std::path::Path, kind: fn(&std::fs::Metadata) -> bool| {
            path.symlink_metadata().is_ok_and(|meta| kind(&meta) && std::os::unix::fs::MetadataExt::uid(&meta) == me)
        };
        let ours =
            || is(&entry.path(), std::fs::Metadata::is_dir) && is(&entry.path().join(MARK), std::fs::Metadata::is_file);
        if dead && ours() {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn only_marked_folders_of_kernels_that_are_gone_are_removed() {
        let temporary = tempfile::tempdir().unwrap();
        // 4194999 exceeds the highest process id of Linux, 4194304.
        let folder = |name: &str, marked: bool| {
            let folder = temporary.path().join(format!("{PREFIX}{name}"));
            std::fs::create_dir(&folder).unwrap();
            std::fs::write(folder.join(if marked { MARK } else { "notes" }), "").unwrap();
            folder
        };
        let (gone, mine) = (folder("4194999-a", true), folder("4194999-b", false));
        let running = folder(&format!("{}-c", std::process::id()), true);
        let elsewhere = tempfile::tempdir().unwrap();
        std::fs::write(elsewhere.path().join(MARK), "").unwrap();
        let link = temporary.path().join(format!("{PREFIX}4194999-d"));
        std::os::unix::fs::symlink(elsewhere.path(), &link).unwrap();
        let file = temporary.path().join(format!("{PREFIX}4194999-e"));
        std::fs::write(&file, "").unwrap();
        sweep(temporary.path());
        assert!(!gone.exists());
        assert!(
            [&mine, &running, &link, &file].iter().all(|path| path.exists()) && elsewhere.path().join(MARK).exists()
        );
    }
}
