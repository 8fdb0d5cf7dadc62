//! Runs a cell: its commands, then its code. Updates the state of the notebook by what the cell process reports.

use super::cell_process::Ended;
use super::compile_loop::Compiled;
use super::events::{ContentWatcher, Watcher, note};
use super::failure::Failure;
use super::state::Session;
use super::timings::Timings;
use crate::compile::Origin;
use crate::error::{Error, Result};
use crate::install::INSTALL;
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

impl Session {
    /// Runs a cell: its commands first, then its code. Messages call it cell `number`.
    pub fn execute(
        &mut self,
        number: usize,
        source: &str,
        watcher: &mut dyn Watcher,
    ) -> (Result<(), Failure>, Timings) {
        let mut timings = Timings::default();
        self.runs += 1;
        self.stopper.compiler.begin();
        let mut watcher = ContentWatcher::new(watcher);
        let result = self.execute_as(number, source, &mut watcher, &mut timings);
        watcher.finish();
        (result, timings)
    }

    /// Runs a cell that a command or a file of settings stands for, as a part of the cell that runs.
    pub(super) fn execute_within(&mut self, source: &str, watcher: &mut dyn Watcher) -> Result<(), Failure> {
        self.execute_as(0, source, watcher, &mut Timings::default())
    }

    fn execute_as(
        &mut self,
        number: usize,
        source: &str,
        watcher: &mut dyn Watcher,
        timings: &mut Timings,
    ) -> Result<(), Failure> {
        self.try_execute(number, source, watcher, timings).unwrap_or_else(|error| Err(Failure::of_kernel(&error)))
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
            self.run_config(watcher);
            if let Some(reason) = self.toolchain.stale() {
                note(watcher, &format!("warning: {reason}\nhint: {INSTALL}"));
            }
        }
        let start = Instant::now();
        let cell = self.parse(source);
        timings.parse = start.elapsed();
        if !cell.commands.iter().any(|it| it.starts_with("reload")) {
            self.follow_edits(watcher)?;
        }
        for command in &cell.commands {
            if let Err(failure) = self.command(command, watcher)? {
                return Ok(Err(failure));
            }
        }
        if source_is_empty(&cell.source) {
            return Ok(Ok(()));
        }
        if cell.attributes.iter().any(|range| cell.source[range.clone()].contains("feature")) {
            let message = "`#![feature]` may not be used on the stable release channel [E0554]";
            return Ok(Err(Failure::new(
                "compile error",
                message,
                &["unstable features need a nightly compiler".to_owned()],
            )));
        }
        // Compiles a second time if a variable has another type than the cell was compiled for.
        for _ in 0..2 {
            let compiled = match self.compile(number, &cell, timings)? {
                Ok(compiled) => compiled,
                Err(failure) => return Ok(Err(failure)),
            };
            if self.stopper.compiler.is_stopped() {
                let _ = std::fs::remove_file(&compiled.library);
                return Err(Error::Interrupted);
            }
            let mut forget = std::mem::take(&mut self.forget);
            forget.extend(compiled.lost.keys().cloned());
            for (name, why) in &compiled.lost {
                self.variables.remove(name);
                self.lost_because.insert(name.clone(), why.clone());
            }
            for item in &compiled.unfit {
                note(watcher, &format!("note: {item} was dropped: it does not fit what this cell defines"));
            }
            let is_stopped = || self.stopper.compiler.is_stopped();
            let ended = self.cell_process.run(
                self.runs,
                &compiled.library,
                &forget,
                (&self.stopper.cell, &is_stopped),
                watcher,
            );
            let _ = std::fs::remove_file(&compiled.library);
            match ended {
                Ended::Died(why) => return Ok(Err(self.restart(&why)?)),
                // The library could not be loaded: nothing has run, and nothing is where later cells would look for it.
                Ended::Done(done) if done["load"].is_null() => {
                    return Ok(Failure::of_cell(&done, |_| None).map_or(Ok(()), Err));
                }
                Ended::Done(done) => {
                    let retyped: Vec<&str> =
                        done["retyped"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
                    if !retyped.is_empty() {
                        for name in retyped {
                            self.variables.remove(name);
                            self.lost_because
                                .insert(name.to_owned(), format!("`{name}` was dropped: its type has changed"));
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
                self.lost_because.remove(&name);
                self.variables.insert(name, variable);
            }
        }
        for name in &compiled.moved {
            if !there.contains(name.as_str()) {
                self.lost_because.insert(
                    name.clone(),
                    format!("`{name}` was moved by cell {number}: write `{name}.clone()` there to keep it"),
                );
            }
        }
        let lost: Vec<String> = match done["left"].as_bool() {
            Some(true) => self.variables.keys().filter(|name| !there.contains(name.as_str())).cloned().collect(),
            _ => Vec::new(),
        };
        for name in &lost {
            let why =
                format!("`{name}` was lost when cell {number} was stopped: the cell had it and could not give it back");
            self.lost_because.insert(name.clone(), why);
        }
        self.lost_because.extend(compiled.not_persisted);
        self.variables.retain(|name, _| there.contains(name.as_str()));
        // Variables whose type cannot be named: the cell had stored them before rustc reported their type.
        self.forget =
            there.iter().filter(|name| !self.variables.contains_key(**name)).map(|name| (*name).to_owned()).collect();
        self.columns = serde_json::from_value(done["columns"].clone()).unwrap_or_default();
        let origins = &self.origins;
        let failure = Failure::of_cell(done, |place| {
            let (file, line) = place.rsplit_once(':')?;
            let build: usize = file.rsplit('/').next()?.strip_prefix("cell_")?.strip_suffix(".rs")?.parse().ok()?;
            let (generated, line) = (origins.get(&build)?, line.parse::<usize>().ok()?);
            // rustc may give a call in the last expression the generated line just above it.
            [line, line + 1].into_iter().find_map(|line| match generated.origin(line) {
                Origin::Cell { cell, line } => Some((*cell, *line)),
                _ => None,
            })
        });
        failure.map_or(Ok(()), |failure| Err(if lost.is_empty() { failure } else { failure.with_lost(&lost) }))
    }
}

fn seconds(value: &Value) -> Duration {
    Duration::try_from_secs_f64(value.as_f64().unwrap_or_default()).unwrap_or_default()
}

/// Returns whether the source contains only whitespace and line comments.
fn source_is_empty(source: &str) -> bool {
    source.lines().map(str::trim).all(|line| line.is_empty() || line.starts_with("//"))
}
