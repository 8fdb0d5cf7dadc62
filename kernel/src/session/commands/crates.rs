//! `:dep`, `:reload`, and what a cell does when crates of this machine have been edited. Next: `compile`'s dependencies.

use super::Done;
use crate::compile::{Dependencies, DependencyJob};
use crate::error::{Error, Result};
use crate::session::events::{Event, Watcher, note};
use crate::session::state::Session;
use serde_json::json;

impl Session {
    /// Adds a crate, and says which version it has.
    pub(super) fn dep(&mut self, request: &str, watcher: &mut dyn Watcher) -> Done {
        self.with_dependencies(watcher, |deps, job| deps.add(request, job))?;
        Ok(Ok(()))
    }

    /// Builds edited crates again, as `:reload` asks.
    pub(super) fn reload(&mut self, watcher: &mut dyn Watcher) -> Done {
        if let Some(why) = self.toolchain.stale() {
            note(watcher, &format!("note: {why}; only `pfe-kernel install` builds the crates of the kernel again"));
        }
        if !self.deps.has_local() && !self.deps.is_edited(&self.toolchain) {
            note(
                watcher,
                "no crate of this machine is in use: add one with `:dep ./path/to/crate`, or name it under `watch` in the manifest of the kernel",
            );
            return Ok(Ok(()));
        }
        self.with_dependencies(watcher, |deps, job| Ok((deps.reload(job)?, "reloaded".to_owned())))?;
        if !self.tell_rebuilt(watcher) {
            note(watcher, "nothing has changed");
        }
        Ok(Ok(()))
    }

    /// Builds crates of this machine again if their files have changed since the last cell. A crate that does not compile
    /// fails the cell, once: the next ones have the crate as it was.
    pub(in crate::session) fn follow_edits(&mut self, watcher: &mut dyn Watcher) -> Result<()> {
        if !self.deps.is_edited(&self.toolchain) {
            return Ok(());
        }
        // Shows no progress: the outputs of a notebook must not depend on what an earlier session has built.
        self.change_dependencies(&mut |_| {}, |deps, job| Ok((deps.reload(job)?, String::new())))?;
        self.tell_rebuilt(watcher);
        Ok(())
    }

    /// Drops the variables whose types have been built again, and says so. Returns whether there is such a crate.
    fn tell_rebuilt(&mut self, watcher: &mut dyn Watcher) -> bool {
        let rebuilt: Vec<String> = self.deps.rebuilt().iter().map(|name| format!("`{name}`")).collect();
        if rebuilt.is_empty() {
            return false;
        }
        let has_part = |ty: &str| {
            let mut paths = ty.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
            paths.any(|path| path.split_once("::").is_some_and(|(first, _)| self.deps.rebuilt().contains(first)))
        };
        let lost: Vec<String> =
            self.variables.iter().filter(|(_, it)| has_part(&it.ty)).map(|(name, _)| name.clone()).collect();
        for name in &lost {
            self.variables.remove(name);
            self.forget.push(name.clone());
            self.lost_because.insert(name.clone(), format!("`{name}` was dropped: its type has been built again"));
        }
        let lost: Vec<String> = lost.iter().map(|name| format!("`{name}`")).collect();
        let lost = if lost.is_empty() {
            "all variables are kept".to_owned()
        } else {
            format!("dropped with their types: {}", lost.join(", "))
        };
        note(watcher, &format!("built again: {}; {lost}", rebuilt.join(", ")));
        true
    }

    /// Changes the dependencies, unless that fails. Shows cargo's progress in one place, and in the end what `change` says:
    /// the same whether crates were built or came from the cache.
    fn with_dependencies(
        &mut self,
        watcher: &mut dyn Watcher,
        change: impl FnOnce(&Dependencies, &mut DependencyJob) -> Result<(Dependencies, String)>,
    ) -> Result<()> {
        self.builds += 1;
        let id = format!("pfe-build-{}-{}", std::process::id(), self.builds);
        let mut shown = false;
        let mut show = |line: &str| {
            let data = json!({ "text/plain": line });
            let id = id.clone();
            watcher.event(if shown { Event::Update { data, id } } else { Event::Display { data, id } });
            shown = true;
        };
        let said = self.change_dependencies(&mut show, change)?;
        show(&said);
        Ok(())
    }

    fn change_dependencies(
        &mut self,
        progress: &mut dyn FnMut(&str),
        change: impl FnOnce(&Dependencies, &mut DependencyJob) -> Result<(Dependencies, String)>,
    ) -> Result<String> {
        let mut job = DependencyJob {
            toolchain: &self.toolchain,
            folder: &self.working_directory,
            directory: self.directory.path(),
            running: &self.stopper.compiler,
            progress,
        };
        match change(&self.deps, &mut job) {
            Ok((deps, said)) => {
                self.deps = deps;
                self.changed_names.extend(self.deps.rebuilt().iter().cloned());
                Ok(said)
            }
            Err(Error::Interrupted) => Err(Error::Interrupted),
            Err(error) => {
                self.deps.pass_over_edits(&self.toolchain);
                Err(error)
            }
        }
    }
}
