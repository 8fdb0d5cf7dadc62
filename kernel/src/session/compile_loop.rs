//! Cell + session → library. First drops the variables whose type the cell redefines. Calls rustc once; calls it again
//! if its errors show that a variable is moved or cannot be kept, and once more so that the errors that remain quote the
//! user's text. Next: `cell_process`.

use super::failure::Failure;
use super::state::Session;
use super::timings::Timings;
use crate::compile::{
    BuildOutput, CellCrate, CompileJob, Diagnostic, Generated, Items, MODULE, Origin, Variable, compile, generate,
    is_nameable, named_type, shown_type,
};
use crate::error::Result;
use crate::parse::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

/// A compiled cell, and what it changes in the session.
pub(super) struct Compiled {
    pub library: std::path::PathBuf,
    pub items: Items,
    /// New variables, with the types that rustc reported.
    pub new: BTreeMap<String, Variable>,
    pub moved: BTreeSet<String>,
    /// New variables that cannot be kept, and why.
    pub not_persisted: BTreeMap<String, String>,
    /// Variables that are dropped because the cell redefines what their type rests on, and why.
    pub lost: BTreeMap<String, String>,
    /// Items that are dropped because they no longer compile, as messages name them.
    pub unfit: Vec<String>,
}

/// Result of compiling a cell with certain items.
enum Attempt {
    Compiled(Compiled),
    /// The items of earlier cells at these indexes do not fit, or are `replaced` by those of the cell.
    Unfit {
        indexes: BTreeSet<usize>,
        replaced: bool,
    },
    Failed(Failure),
}

/// Why the next attempt treats a variable differently: an error of rustc in the generated code around the cell.
enum RetryReason {
    /// The cell moves a variable of an earlier one.
    Moved(String),
    /// The cell moves a variable that it defines itself.
    MovedNew(String),
    /// A new variable borrows, so the store cannot hold it.
    Borrows(String),
    /// A new variable is not there: its `let` is not compiled.
    Absent(String),
    /// This cell cannot name the type of a variable of an earlier cell.
    Unwritable(String),
}

impl RetryReason {
    fn is_new(
        &self,
        moved: &BTreeSet<String>,
        not_persisted: &BTreeMap<String, String>,
        variables: &BTreeMap<String, Variable>,
    ) -> bool {
        match self {
            RetryReason::Moved(name) => !moved.contains(name),
            RetryReason::MovedNew(name) | RetryReason::Borrows(name) | RetryReason::Absent(name) => {
                !not_persisted.contains_key(name)
            }
            RetryReason::Unwritable(name) => variables.contains_key(name),
        }
    }
}

fn retry_reasons(error: &Diagnostic, generated: &Generated) -> Vec<RetryReason> {
    let mut origins: Vec<(bool, &Origin)> =
        error.spans.iter().map(|span| (span.is_primary, generated.origin(span.line_start))).collect();
    let only_takes = origins.iter().all(|(is_primary, origin)| !is_primary || matches!(origin, Origin::Take(_)));
    let keeps = |origin: &Origin| matches!(origin, Origin::Put(_) | Origin::Name(_) | Origin::PutBack(_));
    // If storing one variable conflicts with storing another, blames the variable of the secondary span: it holds the
    // borrow.
    if origins.iter().any(|(is_primary, origin)| !is_primary && keeps(origin)) {
        origins.retain(|(is_primary, _)| !is_primary);
    }
    origins
        .into_iter()
        .filter_map(|(_, origin)| match origin {
            Origin::PutBack(name) => Some(RetryReason::Moved(name.clone())),
            Origin::Put(name) | Origin::Name(name) if error.code() == "E0425" => {
                Some(RetryReason::Absent(name.clone()))
            }
            Origin::Put(name) | Origin::Name(name) if error.code() == "E0382" => {
                Some(RetryReason::MovedNew(name.clone()))
            }
            Origin::Put(name) | Origin::Name(name) => Some(RetryReason::Borrows(name.clone())),
            Origin::Take(name) if only_takes => Some(RetryReason::Unwritable(name.clone())),
            _ => None,
        })
        .collect()
}

/// Returns whether an error says that something must live forever, as what `?` converts must at first.
fn wants_static(error: &Diagnostic) -> bool {
    let labels = error.spans.iter().filter_map(|span| span.label.as_deref());
    let lifetime = matches!(error.code(), "E0310" | "E0505" | "E0506" | "E0515" | "E0521" | "E0597" | "E0716");
    lifetime && labels.chain([error.message.as_str()]).any(|text| text.contains("'static"))
}

/// Returns whether an error says that two items exclude each other: two `impl`s for the same type, or two methods.
fn excludes(error: &Diagnostic) -> bool {
    matches!(error.code(), "E0119" | "E0592" | "E0428" | "E0034")
}

/// Returns the items of earlier cells that an error blames: they do not fit what this cell defines. Of two that exclude
/// each other, the older one is to blame.
fn blamed(error: &Diagnostic, generated: &Generated, items: &Items, number: usize) -> Vec<usize> {
    let conflict = excludes(error);
    let spans = error.spans.iter().filter(|span| span.is_primary || conflict);
    let found = spans.filter_map(|span| generated.item(span.line_start));
    let of_cells = |at: &usize| items.iter().nth(*at).is_some_and(|item| item.cell != number);
    let found: BTreeSet<usize> = found.filter(of_cells).collect();
    if conflict { found.into_iter().take(1).collect() } else { found.into_iter().collect() }
}

impl Session {
    /// Parses a cell as a part of this session.
    pub(super) fn parse(&self, source: &str) -> Cell {
        Cell::parse_in_session(source, &self.items.macros(), &self.working_directory)
    }

    /// Compiles a cell. Compiles it again, differently, while errors show that a variable is moved or cannot be kept, or
    /// that an older item no longer fits.
    pub(super) fn compile(
        &mut self,
        number: usize,
        cell: &Cell,
        timings: &mut Timings,
    ) -> Result<Result<Compiled, Failure>> {
        let start = Instant::now();
        let mut items = self.items.without_replaced_by(cell);
        items.add(cell, number);
        let mut unfit = Vec::new();
        let changed_names = std::mem::take(&mut self.changed_names);
        self.builds += 1;
        timings.parse += start.elapsed();
        let failure = loop {
            match self.compile_with(number, cell, items.clone(), &changed_names, timings)? {
                Attempt::Compiled(mut compiled) => {
                    compiled.unfit = unfit;
                    return Ok(Ok(compiled));
                }
                Attempt::Unfit { indexes, replaced } => {
                    // From the last one, so that the others keep their indexes.
                    for index in indexes.into_iter().rev() {
                        let item = items.remove(index);
                        if !replaced {
                            unfit.push(item.called());
                        }
                    }
                }
                Attempt::Failed(failure) => break failure,
            }
        };
        self.changed_names = changed_names;
        Ok(Err(failure))
    }

    /// Compiles a cell with these items.
    fn compile_with(
        &mut self,
        number: usize,
        cell: &Cell,
        mut items: Items,
        changed_names: &BTreeSet<String>,
        timings: &mut Timings,
    ) -> Result<Attempt> {
        let versions = &mut self.versions;
        items.set_versions(&self.items, changed_names, || {
            *versions += 1;
            *versions
        });
        let lost = lost(&self.variables, &items, number);
        let mut variables: BTreeMap<_, _> = self
            .variables
            .iter()
            .filter(|(name, _)| !lost.contains_key(*name))
            .map(|(name, it)| (name.clone(), it.clone()))
            .collect();
        let mut moved = BTreeSet::new();
        let mut not_persisted = BTreeMap::new();
        let (mut all, mut shows, mut untyped) = (false, true, false);
        let (mut borrowing, mut has_borrowed) = (false, false);
        loop {
            let names: BTreeSet<String> = not_persisted.keys().cloned().collect();
            let generate = |checked: bool| {
                generate(&CellCrate {
                    number,
                    cell,
                    build: self.builds,
                    items: &items,
                    variables: &variables,
                    moved: &moved,
                    not_persisted: &names,
                    all,
                    shows,
                    borrowing,
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
                        not_persisted.insert(name.clone(), format!("`{name}` was not kept after cell {number}: its type cannot be written down\n= help: box it: `let {name}: Box<dyn Fn(_) -> _> = Box::new(…);`, or give it a type"));
                    }
                }
                let emitted: BTreeSet<usize> =
                    generated.items().filter_map(|at| items.iter().nth(at)).map(|item| item.version).collect();
                items.settle(self.builds, &emitted);
                self.origins.insert(self.builds, generated.without_source());
                let compiled = Compiled { library, items, new, moved, not_persisted, lost, unfit: Vec::new() };
                return Ok(Attempt::Compiled(compiled));
            }
            let errors: Vec<&Diagnostic> =
                built.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).collect();
            let retry_reasons: Vec<RetryReason> =
                errors.iter().flat_map(|error| retry_reasons(error, &generated)).collect();
            let is_never = |error: &&Diagnostic| error.message.contains("`!: ") || error.message.contains("`!`");
            // Nothing tells the type of an endless `async` block: like a value of type `!`, it is not shown. Other values must
            // have a type: then the errors are those of the first attempt.
            let is_untyped = errors.iter().any(|error| error.code() == "E0282");
            if shows && !untyped && (is_untyped || errors.iter().any(is_never)) {
                (shows, untyped) = (false, is_untyped);
                continue;
            }
            if untyped && !shows {
                shows = true;
                continue;
            }
            // Before anything is taken for moved: what must live forever cannot be put back either. Where `?` may borrow, it
            // is a new variable that must.
            let wants_static = errors.iter().any(|error| wants_static(error));
            let is_new = retry_reasons.iter().any(|reason| reason.is_new(&moved, &not_persisted, &variables));
            if wants_static && (!has_borrowed || borrowing && !is_new) {
                (borrowing, has_borrowed) = (!borrowing, true);
                continue;
            }
            if !all && !is_new && generated.items().count() < items.iter().filter(|item| item.glob().is_none()).count()
            {
                // What is missing may be an item that the cell reaches in a way that its words do not show.
                all = true;
                continue;
            }
            // The newest of two that exclude each other counts. Whether others fit shows only without the older one.
            let replaced =
                errors.iter().any(|error| excludes(error) && !blamed(error, &generated, &items, number).is_empty());
            let blaming = errors.iter().filter(|error| !replaced || excludes(error));
            let indexes: BTreeSet<usize> =
                blaming.flat_map(|error| blamed(error, &generated, &items, number)).collect();
            if !indexes.is_empty() {
                return Ok(Attempt::Unfit { indexes, replaced });
            }
            if !is_new {
                // Compiles again without checks and with short paths, so that diagnostics quote the user's text.
                let plain = generate(false);
                let built_plain = self.build(&plain, true, timings)?;
                let diagnostics =
                    if built_plain.library.is_none() { built_plain.diagnostics } else { built.diagnostics };
                let _ = std::fs::remove_file(self.directory.path().join(format!("cell_{}.so", self.builds)));
                self.last_errors = diagnostics.iter().filter(|it| it.is_error()).cloned().collect();
                let mut lost_because = self.lost_because.clone();
                lost_because.extend(lost);
                return Ok(Attempt::Failed(Failure::of_compiler(&diagnostics, &plain, &lost_because)));
            }
            for reason in retry_reasons {
                match reason {
                    RetryReason::Moved(name) => {
                        moved.insert(name);
                    }
                    RetryReason::MovedNew(name) => {
                        let why =
                            format!("`{name}` was moved by cell {number}: write `{name}.clone()` there to keep it");
                        not_persisted.insert(name, why);
                    }
                    RetryReason::Borrows(name) => {
                        let why = format!(
                            "`{name}` was not kept after cell {number}: it borrows from a variable of the cell\n= help: keep an owned value, such as `{name}.clone()` or `{name}.to_owned()`"
                        );
                        not_persisted.insert(name, why);
                    }
                    RetryReason::Absent(name) => {
                        not_persisted.insert(name.clone(), format!("`{name}` is not compiled in cell {number}"));
                    }
                    RetryReason::Unwritable(name) => {
                        let why = format!(
                            "`{name}` was dropped: its type cannot be written in another cell; give it a type where it is defined"
                        );
                        variables.remove(&name);
                        self.lost_because.insert(name, why);
                    }
                }
            }
        }
    }

    fn build(&self, generated: &Generated, short_paths: bool, timings: &mut Timings) -> Result<BuildOutput> {
        let name = format!("cell_{}", self.builds);
        let job = CompileJob {
            toolchain: &self.toolchain,
            directory: self.directory.path(),
            name: &name,
            source: &generated.source,
            opt_level: &self.opt_level,
            repeats: generated.repeats,
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

/// Returns the variables whose type has another version in `items`, and why they are lost.
fn lost(variables: &BTreeMap<String, Variable>, items: &Items, number: usize) -> BTreeMap<String, String> {
    let current: BTreeSet<String> = items.iter().map(|item| format!("{MODULE}{}::", item.version)).collect();
    let is_current = |part: &str| {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
        let digits = &part[..part.len() - rest.len()];
        digits.is_empty() || current.contains(&format!("{MODULE}{digits}::"))
    };
    let lost = variables.iter().filter(|(_, variable)| !variable.ty.split(MODULE).skip(1).all(is_current));
    lost.map(|(name, variable)| {
        let ty = shown_type(&variable.ty);
        (
            name.clone(),
            format!("`{name}` was dropped: its type `{ty}`, or a part of it, has been redefined in cell {number}"),
        )
    })
    .collect()
}
