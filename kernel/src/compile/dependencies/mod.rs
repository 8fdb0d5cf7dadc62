//! Builds the crates that `:dep` requests and those that the kernel watches, and returns the rustc arguments to use them.
//!
//! ```text
//! text ─ request ─▶ a crate of the kernel, or Request ─ build (cache, cargo) ─▶ arguments ─ probe ─▶ Dependencies
//!                                      watched crates ──┘
//! ```

mod build;
mod request;

pub use build::wrap_rustc;

use super::rustc::{CompileJob, OptLevel, RunningCompiler, compile};
use crate::error::{Error, Result};
use crate::install::{Stamp, Toolchain, stamp};
use build::{Builder, Built};
use request::Request;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The crates that cells can use beside the installed library: those that a notebook requested with `:dep`, and the
/// watched ones of the kernel.
#[derive(Clone, Debug, Default)]
pub struct Dependencies {
    requested: BTreeMap<String, Request>,
    built: Built,
    watched: Built,
    /// Arguments for both.
    arguments: Vec<String>,
    /// The crates whose types are others since the last build.
    rebuilt: BTreeSet<String>,
    /// How the sources stood before the last build. `None` before the first one.
    seen: Option<Stamp>,
}

/// Where a `:dep` happens.
pub struct DependencyJob<'a> {
    /// The installed libraries and their compiler.
    pub toolchain: &'a Toolchain,
    /// The folder of the notebook: paths start there.
    pub folder: &'a Path,
    /// Folder for temporary files.
    pub directory: &'a Path,
    /// What an interrupt stops.
    pub running: &'a RunningCompiler,
    /// Called with cargo's progress, line by line.
    pub progress: &'a mut dyn FnMut(&str),
}

impl Dependencies {
    /// Returns the rustc arguments that make the crates available.
    pub fn arguments(&self) -> &[String] {
        &self.arguments
    }

    /// Returns what was built: `rand 0.9.2`, …
    pub fn versions(&self) -> &[String] {
        &self.built.versions
    }

    /// Returns the crates whose types are others than before.
    pub fn rebuilt(&self) -> &BTreeSet<String> {
        &self.rebuilt
    }

    /// Returns whether there are crates of this machine, which may be edited.
    pub fn has_local(&self) -> bool {
        !(self.built.local.is_empty() && self.watched.local.is_empty())
    }

    /// Returns whether something has to be built: a watched crate that is not there, or a crate of this machine whose
    /// files are others than before the last build.
    pub fn is_edited(&self, toolchain: &Toolchain) -> bool {
        match &self.seen {
            None => !toolchain.watched.is_empty(),
            Some(seen) => self.stamp(toolchain) != *seen,
        }
    }

    /// Takes the files as they are for built, so that an edit that does not compile is tried once.
    pub fn pass_over_edits(&mut self, toolchain: &Toolchain) {
        self.seen = Some(self.stamp(toolchain));
    }

    /// Returns these without what a notebook has requested.
    pub fn unrequested(&self, toolchain: &Toolchain) -> Dependencies {
        let watched = self.watched.clone();
        let mut next = Dependencies { arguments: watched.arguments.clone(), watched, ..Dependencies::default() };
        next.seen = self.seen.as_ref().map(|_| next.stamp(toolchain));
        next
    }

    fn stamp(&self, toolchain: &Toolchain) -> Stamp {
        let mut sources = [self.watched.sources.clone(), self.built.sources.clone()].concat();
        if self.watched.sources.is_empty() {
            // They have not been built yet, and may not compile.
            sources.extend(toolchain.watched_folders());
        }
        stamp(&sources)
    }

    /// Adds a crate, or takes it from the kernel. `request` is `name`, `name = "1"`, `name = { … }` or a path. Returns the new
    /// dependencies and what to say of them. If it fails, nothing changes.
    pub fn add(&self, request: &str, job: &mut DependencyJob) -> Result<(Dependencies, String)> {
        let request = Request::parse(request, job.folder)?;
        if let Some(said) = request.bundled(&[&job.toolchain.externs[..], &job.toolchain.watched[..]].concat())? {
            return Ok((self.clone(), said));
        }
        let package = request.package().to_owned();
        let mut next = self.clone();
        next.requested.insert(request.name.clone(), request);
        next.build(job)?;
        let said = next.built.versions.iter().find(|it| it.split(' ').next() == Some(&package));
        let said =
            said.ok_or_else(|| Error::message(format!("`{package}` has no library that cells could use")))?.clone();
        Ok((next, said))
    }

    /// Builds again what has been edited. If it fails, nothing changes.
    pub fn reload(&self, job: &mut DependencyJob) -> Result<Dependencies> {
        let mut next = self.clone();
        next.build(job)?;
        Ok(next)
    }

    fn build(&mut self, job: &mut DependencyJob) -> Result<()> {
        let DependencyJob { toolchain, running, .. } = *job;
        let before = self.stamp(toolchain);
        let mut builder = Builder { toolchain, running, progress: &mut *job.progress };
        let watched = if toolchain.watched.is_empty() { Built::default() } else { builder.build_watched()? };
        let built = if self.requested.is_empty() { Built::default() } else { builder.build(&self.requested)? };
        self.rebuilt = watched.others_than(&self.watched);
        self.rebuilt.extend(built.others_than(&self.built));
        self.arguments = [&watched.arguments[..], &built.arguments[..]].concat();
        (self.watched, self.built) = (watched, built);
        // Of what was there before, the time before the build counts: what is saved in the meantime is built next.
        let after = self.stamp(toolchain);
        let is_earlier = |file: &Path| before.iter().find(|it| it.0 == file).cloned();
        self.seen = Some(after.into_iter().map(|it| is_earlier(&it.0).unwrap_or(it)).collect());
        // The watched crates rest on the kernel's own, and have been linked with them.
        if self.requested.is_empty() { Ok(()) } else { self.probe(job) }
    }

    /// Compiles an empty cell that names the crates: what cannot stand beside the kernel's crates must not reach a session,
    /// where every later cell would fail.
    fn probe(&self, job: &DependencyJob) -> Result<()> {
        let externs = self.arguments.iter().filter_map(|it| it.split_once('=')).filter(|(_, it)| it.starts_with('/'));
        let names = externs
            .map(|(name, _)| name)
            .filter(|name| !name.contains(':') && *name != "dependency" && *name != "native");
        let source: String = names.map(|name| format!("use ::{name} as _;\n")).collect();
        let probe = CompileJob {
            toolchain: job.toolchain,
            directory: job.directory,
            name: "probe",
            source: &format!("#![allow(unused)]\nuse ::pfe_bundle as _;\n{source}"),
            opt_level: &OptLevel::Auto,
            repeats: false,
            extra: &self.arguments,
            short_paths: true,
            check_only: true,
        };
        let output = compile(&probe, job.running)?;
        match output.diagnostics.iter().find(|it| it.is_error()).filter(|_| output.library.is_none()) {
            Some(error) => {
                Err(Error::message(format!("the crate cannot stand beside those of the kernel: {}", error.message))
                    .hint("make a kernel of your own with `pfe-kernel install --manifest`"))
            }
            None => Ok(()),
        }
    }
}
