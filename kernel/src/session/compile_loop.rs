//! Cell + session → library. First drops the variables whose type the cell redefines. Calls rustc once; calls it again
//! if its errors show that a variable is moved or cannot be kept, and once more so that the errors that remain quote the
//! user's text. Next: `cell_process`.

use super::failure::Failure;
use super::state::Session;
use super::timings::Timings;
use crate::compile::{
    BuildOutput, CellCrate, CompileJob, Diagnostic, Generated, Items, Origin, Variable, compile, generate, is_nameable,
    item_texts, mentions, named_type,
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
    /// Variables that are dropped because the cell redefines their type.
    pub lost: BTreeSet<String>,
}

/// Why the next attempt treats a variable differently: an error of rustc in the generated code around the cell.
enum RetryReason {
    /// The cell moves a variable of an earlier one.
    Moved(String),
    /// The cell moves a variable that it defines itself.
    MovedNew(String),
    /// A new variable borrows, so the store cannot hold it.
    Borrows(String),
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
            RetryReason::MovedNew(name) | RetryReason::Borrows(name) => !not_persisted.contains_key(name),
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
            Origin::Put(name) | Origin::Name(name) if error.code() == "E0382" => {
                Some(RetryReason::MovedNew(name.clone()))
            }
            Origin::Put(name) | Origin::Name(name) => Some(RetryReason::Borrows(name.clone())),
            Origin::Take(name) if only_takes => Some(RetryReason::Unwritable(name.clone())),
            _ => None,
        })
        .collect()
}

impl Session {
    /// Compiles a cell. Compiles it again, differently, while errors show that a variable is moved or cannot be kept.
    pub(super) fn compile(
        &mut self,
        number: usize,
        cell: &Cell,
        timings: &mut Timings,
    ) -> Result<Result<Compiled, Failure>> {
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
        let mut not_persisted = BTreeMap::new();
        self.builds += 1;
        timings.parse += start.elapsed();
        loop {
            let names: BTreeSet<String> = not_persisted.keys().cloned().collect();
            let generate = |checked: bool| {
                generate(&CellCrate {
                    number,
                    cell,
                    items: &kept,
                    variables: &variables,
                    moved: &moved,
                    not_persisted: &names,
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
                self.origins.insert(self.builds, generated.without_source());
                return Ok(Ok(Compiled { library, items, new, moved, not_persisted, lost }));
            }
            let errors: Vec<&Diagnostic> =
                built.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).collect();
            let retry_reasons: Vec<RetryReason> =
                errors.iter().flat_map(|error| retry_reasons(error, &generated)).collect();
            if retry_reasons.iter().all(|reason| !reason.is_new(&moved, &not_persisted, &variables)) {
                // Compiles again without checks and with short paths, so that diagnostics quote the user's text.
                let plain = generate(false);
                let built_plain = self.build(&plain, true, timings)?;
                let diagnostics =
                    if built_plain.library.is_none() { built_plain.diagnostics } else { built.diagnostics };
                let _ = std::fs::remove_file(self.directory.path().join(format!("cell_{}.so", self.builds)));
                return Ok(Err(Failure::of_compiler(&diagnostics, &plain, &self.lost_because)));
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
