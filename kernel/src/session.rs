//! The core under both fronts: cell after cell, with the variables and items between them.

use crate::analysis::Context;
use crate::cell::Cell;
use crate::child::{Child, Ended, Interrupter, Watcher};
use crate::compile::{Build, Diagnostic, Job, Running, compile, is_nameable, named_type};
use crate::deps::Dependencies;
use crate::error::{Error, Result};
use crate::generate::{Generated, Origin, Plan, Variable, generate, item_texts};
use crate::items::{Items, mentions};
use crate::report::{self, Failure};
use crate::toolchain::Toolchain;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long each step of a cell took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Timings {
    /// Cutting the cell and writing its crate.
    pub parse: Duration,
    /// rustc without its linker; types of new variables come out of it too.
    pub compile: Duration,
    /// The linker.
    pub link: Duration,
    /// Loading the library into the process of the cells.
    pub load: Duration,
    /// The cell itself.
    pub run: Duration,
    /// Calls of rustc: more than one when variables are moved.
    pub builds: u32,
}

impl Timings {
    /// All steps.
    pub fn total(&self) -> Duration {
        self.parse + self.compile + self.link + self.load + self.run
    }

    /// Seconds by step.
    pub fn to_json(&self) -> Value {
        let Timings { parse, compile, link, load, run, builds } = self;
        serde_json::json!({
            "parse": parse.as_secs_f64(), "compile": compile.as_secs_f64(), "link": link.as_secs_f64(),
            "load": load.as_secs_f64(), "run": run.as_secs_f64(), "builds": builds,
        })
    }
}

impl std::fmt::Display for Timings {
    fn fmt(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
        let ms = |duration: Duration| duration.as_secs_f64() * 1e3;
        let Timings { parse, compile, link, load, run, builds } = *self;
        write!(
            formatter,
            "parse {:.1} ms, compile {:.1} ms (types included; {builds} build{}), link {:.1} ms, load {:.1} ms, run {:.1} ms",
            ms(parse),
            ms(compile),
            if builds == 1 { "" } else { "s" },
            ms(link),
            ms(load),
            ms(run)
        )
    }
}

/// What can be interrupted: the compiler, and the cell that runs.
#[derive(Clone)]
pub struct Stopper {
    compiler: Arc<Running>,
    cell: Interrupter,
    directory: std::path::PathBuf,
}

impl Stopper {
    /// Stops the cell. False when nothing runs.
    pub fn interrupt(&self) -> bool {
        self.compiler.stop() || self.cell.interrupt()
    }

    /// Ends the session from another thread: nothing is left running, nothing is left in the temporary folder.
    pub fn shut_down(&self) {
        self.compiler.stop();
        self.cell.kill();
        // Processes that were just killed may still write a last file.
        for _ in 0..50 {
            let _ = std::fs::remove_dir_all(&self.directory);
            if !self.directory.exists() {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// A notebook's state.
pub struct Session {
    toolchain: Toolchain,
    directory: tempfile::TempDir,
    /// Where cells run.
    folder: std::path::PathBuf,
    child: Child,
    stopper: Stopper,
    pub(crate) items: Items,
    pub(crate) variables: BTreeMap<String, Variable>,
    /// Names that were variables, and why they no longer are.
    gone: BTreeMap<String, String>,
    /// Values in the process of the cells that no cell can reach.
    forget: Vec<String>,
    pub(crate) deps: Dependencies,
    pub(crate) opt_level: String,
    pub(crate) timing: bool,
    /// Cells built so far: names their files.
    builds: usize,
    /// Where the lines of each build come from, for panics in functions of earlier cells.
    origins: BTreeMap<usize, Generated>,
    warned: bool,
}

/// A cell that has been compiled.
struct Compiled {
    library: std::path::PathBuf,
    items: Items,
    /// New variables, with the types rustc named.
    new: BTreeMap<String, Variable>,
    moved: BTreeSet<String>,
    /// New variables that cannot be kept, and why.
    unkept: BTreeMap<String, String>,
    /// Variables that a redefined type makes unusable.
    lost: BTreeSet<String>,
}

/// What an error in the frame around a cell tells about a variable.
enum Lesson {
    /// The cell moves a variable of an earlier one.
    Moved(String),
    /// The cell moves a variable of its own.
    MovedNew(String),
    /// A new variable does not own what it holds.
    Borrows(String),
    /// The type of a variable of an earlier cell cannot be written in this one.
    Unwritable(String),
}

impl Lesson {
    fn is_new(
        &self,
        moved: &BTreeSet<String>,
        unkept: &BTreeMap<String, String>,
        variables: &BTreeMap<String, Variable>,
    ) -> bool {
        match self {
            Lesson::Moved(name) => !moved.contains(name),
            Lesson::MovedNew(name) | Lesson::Borrows(name) => !unkept.contains_key(name),
            Lesson::Unwritable(name) => variables.contains_key(name),
        }
    }
}

fn lessons(error: &Diagnostic, generated: &Generated) -> Vec<Lesson> {
    let mut origins: Vec<(bool, &Origin)> =
        error.spans.iter().map(|span| (span.is_primary, generated.origin(span.line_start))).collect();
    let only_takes = origins.iter().all(|(is_primary, origin)| !is_primary || matches!(origin, Origin::Take(_)));
    let keeps = |origin: &Origin| matches!(origin, Origin::Put(_) | Origin::Name(_) | Origin::PutBack(_));
    // Where keeping one variable conflicts with keeping another, it is the other that borrows.
    if origins.iter().any(|(is_primary, origin)| !is_primary && keeps(origin)) {
        origins.retain(|(is_primary, _)| !is_primary);
    }
    origins
        .into_iter()
        .filter_map(|(_, origin)| match origin {
            Origin::PutBack(name) => Some(Lesson::Moved(name.clone())),
            Origin::Put(name) | Origin::Name(name) if error.code() == "E0382" => Some(Lesson::MovedNew(name.clone())),
            Origin::Put(name) | Origin::Name(name) => Some(Lesson::Borrows(name.clone())),
            Origin::Take(name) if only_takes => Some(Lesson::Unwritable(name.clone())),
            _ => None,
        })
        .collect()
}

impl Session {
    /// Starts a session on the last installation.
    pub fn start() -> Result<Session> {
        Session::start_in(std::path::Path::new("."))
    }

    /// Starts a session whose cells run in `folder`.
    pub fn start_in(folder: &std::path::Path) -> Result<Session> {
        let toolchain = Toolchain::load()?;
        sweep();
        let directory = tempfile::Builder::new()
            .prefix(&format!("{PREFIX}{}-", std::process::id()))
            .tempdir()
            .map_err(Error::io("create a folder in", std::env::temp_dir()))?;
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

    /// Stops cells from another thread.
    pub fn stopper(&self) -> Stopper {
        self.stopper.clone()
    }

    /// What completion and inspection need to know.
    pub fn context(&self) -> Context {
        let items = self.items.iter().map(|item| item.plain.as_str()).collect::<Vec<_>>().join("\n");
        Context {
            items,
            variables: self.variables.clone(),
            project: self.toolchain.project.clone(),
            folder: self.directory.path().to_path_buf(),
        }
    }

    /// The installation in use.
    pub fn toolchain(&self) -> &Toolchain {
        &self.toolchain
    }

    /// Runs a cell. `number` names it in messages.
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
        // A second time when a variable turns out to have another type than the cell was compiled for.
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

    /// Takes over what the cell has done.
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
        // Values whose type could not be written down were kept before that was known.
        self.forget =
            there.iter().filter(|name| !self.variables.contains_key(**name)).map(|name| (*name).to_owned()).collect();
        let origins = &self.origins;
        Failure::of_cell(done, |place| {
            let (file, line) = place.rsplit_once(':')?;
            let build: usize = file.rsplit('/').next()?.strip_prefix("cell_")?.strip_suffix(".rs")?.parse().ok()?;
            let (generated, line) = (origins.get(&build)?, line.parse::<usize>().ok()?);
            // A call in the last expression may be given the line that opens the frame around it, just above.
            [line, line + 1].into_iter().find_map(|line| match generated.origin(line) {
                Origin::Cell { cell, line } => Some((*cell, *line)),
                _ => None,
            })
        })
        .map_or(Ok(()), Err)
    }

    /// Replaces the process of the cells after its death.
    fn restart(&mut self, why: &str) -> Result<Failure> {
        self.child = Child::start(&self.toolchain, &self.folder)?;
        let lost: Vec<String> = std::mem::take(&mut self.variables).into_keys().collect();
        for name in &lost {
            self.gone.insert(name.clone(), format!("`{name}` was lost when the process of the cells ended"));
        }
        Ok(Failure::of_death(why, &lost))
    }

    /// Forgets variables, items and dependencies.
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

    /// Compiles a cell, once unless it moves variables.
    fn compile(&mut self, number: usize, cell: &Cell, timings: &mut Timings) -> Result<Result<Compiled, Failure>> {
        let start = Instant::now();
        let kept = self.items.without_replaced_by(cell);
        let mut items = kept.clone();
        items.add(cell, number, |range| item_texts(cell, range));
        let changed = self.items.changed(&items);
        let is_lost = |variable: &Variable| changed.iter().any(|name| mentions(&variable.ty, name));
        let lost: BTreeSet<String> =
            self.variables.iter().filter(|(_, variable)| is_lost(variable)).map(|(name, _)| name.clone()).collect();
        let mut variables: BTreeMap<_, _> = self
            .variables
            .iter()
            .filter(|(name, _)| !lost.contains(*name))
            .map(|(name, it)| (name.clone(), it.clone()))
            .collect();
        let mut moved = BTreeSet::new();
        let mut unkept = BTreeMap::new();
        self.builds += 1;
        timings.parse += start.elapsed();
        loop {
            let names: BTreeSet<String> = unkept.keys().cloned().collect();
            let generate = |checked: bool| {
                generate(&Plan {
                    number,
                    cell,
                    items: &kept,
                    variables: &variables,
                    moved: &moved,
                    unkept: &names,
                    checked,
                })
            };
            let generated = generate(true);
            let built = self.build(&generated, false, timings)?;
            if let Some(library) = built.library {
                let mut new = BTreeMap::new();
                for diagnostic in &built.diagnostics {
                    let Some(ty) = named_type(diagnostic) else { continue };
                    let Some(Origin::Name(name)) =
                        diagnostic.spans.first().map(|span| generated.origin(span.line_start))
                    else {
                        continue;
                    };
                    let mutable = cell.bindings.iter().any(|(binding, mutable)| binding == name && *mutable);
                    if is_nameable(ty) {
                        new.insert(name.clone(), Variable { ty: ty.to_owned(), mutable });
                    } else {
                        unkept.insert(name.clone(), format!("`{name}` was not kept after cell {number}: its type cannot be written down\n= help: box it: `let {name}: Box<dyn Fn(_) -> _> = Box::new(…);`, or give it a type"));
                    }
                }
                self.origins.insert(self.builds, generated.without_source());
                return Ok(Ok(Compiled { library, items, new, moved, unkept, lost }));
            }
            let errors: Vec<&Diagnostic> =
                built.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).collect();
            let lessons: Vec<Lesson> = errors.iter().flat_map(|error| lessons(error, &generated)).collect();
            if lessons.iter().all(|lesson| !lesson.is_new(&moved, &unkept, &variables)) {
                // Again as the user wrote it, so that messages show that text and short names.
                let plain = generate(false);
                let built_plain = self.build(&plain, true, timings)?;
                let diagnostics =
                    if built_plain.library.is_none() { built_plain.diagnostics } else { built.diagnostics };
                let _ = std::fs::remove_file(self.directory.path().join(format!("cell_{}.so", self.builds)));
                return Ok(Err(Failure::of_compiler(&diagnostics, &plain, &self.gone)));
            }
            for lesson in lessons {
                match lesson {
                    Lesson::Moved(name) => {
                        moved.insert(name);
                    }
                    Lesson::MovedNew(name) => {
                        let why =
                            format!("`{name}` was moved by cell {number}: write `{name}.clone()` there to keep it");
                        unkept.insert(name, why);
                    }
                    Lesson::Borrows(name) => {
                        let why = format!(
                            "`{name}` was not kept after cell {number}: it borrows from a variable of the cell\n= help: keep an owned value, such as `{name}.clone()` or `{name}.to_owned()`"
                        );
                        unkept.insert(name, why);
                    }
                    Lesson::Unwritable(name) => {
                        let why = format!(
                            "`{name}` was dropped: its type cannot be written in another cell; give it a type where it is defined"
                        );
                        variables.remove(&name);
                        self.gone.insert(name, why);
                    }
                }
            }
        }
    }

    fn build(&self, generated: &Generated, short_paths: bool, timings: &mut Timings) -> Result<Build> {
        let name = format!("cell_{}", self.builds);
        let job = Job {
            toolchain: &self.toolchain,
            directory: self.directory.path(),
            name: &name,
            source: &generated.source,
            opt_level: &self.opt_level,
            extra: self.deps.arguments(),
            short_paths,
            check_only: false,
        };
        let built = compile(&job, &self.stopper.compiler);
        let _ = std::fs::remove_file(self.directory.path().join(format!("{name}.rs")));
        let built = built?;
        timings.builds += 1;
        timings.link += built.link;
        timings.compile += built.time.saturating_sub(built.link);
        Ok(built)
    }
}

fn seconds(value: &Value) -> Duration {
    Duration::try_from_secs_f64(value.as_f64().unwrap_or_default()).unwrap_or_default()
}

/// Nothing but space and line comments.
fn source_is_empty(source: &str) -> bool {
    source.lines().map(str::trim).all(|line| line.is_empty() || line.starts_with("//"))
}

const PREFIX: &str = "pfe-kernel-";

/// Removes folders of kernels that were killed before they could.
fn sweep() {
    for entry in std::fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let pid = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.split('-').next()?.parse::<u32>().ok());
        if pid.is_some_and(|pid| !std::path::Path::new(&format!("/proc/{pid}")).exists()) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}
