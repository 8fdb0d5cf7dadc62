//! Requested crates → compiled ones, by cargo. They stay in the data folder for other sessions. Next: `rustc`.

use super::super::rustc::RunningCompiler;
use super::request::Request;
use crate::error::{Error, Result};
use crate::folders::MARK;
use crate::install::{DEPENDENCIES, Toolchain, data_folder, fingerprint, local, reachable, sources};
use cargo_metadata::{Artifact, Message, Metadata, Package, PackageId, TargetKind};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;
use toml::{Table, toml};

/// Crates that cargo has compiled, as they are kept.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Built {
    /// Arguments of rustc that make them available.
    pub arguments: Vec<String>,
    /// What was built, for the user: `rand 0.9.2`, …
    pub versions: Vec<String>,
    /// Names of the crates of this machine, each with a hash of its library.
    pub local: BTreeMap<String, String>,
    /// Their sources.
    pub sources: Vec<PathBuf>,
    /// Hash of the sources.
    pub identity: String,
}

const RESULT: &str = "built.json";

impl Built {
    /// Returns the crates from the cache, if nothing has changed since they were built.
    fn kept(folder: &Path) -> Option<Built> {
        let built: Built = serde_json::from_str(&std::fs::read_to_string(folder.join(RESULT)).ok()?).ok()?;
        let files = built.arguments.iter().filter_map(|it| it.split_once('=').map(|(_, file)| Path::new(file)));
        let there = files.filter(|file| file.is_absolute()).all(Path::exists);
        (there && identity(&built.sources).ok()? == built.identity).then_some(built)
    }

    /// Keeps the crates for other sessions.
    fn store(self, folder: &Path) -> Result<Built> {
        let text = serde_json::to_string(&self).map_err(|error| Error::message(error.to_string()))?;
        let result = folder.join(RESULT);
        std::fs::write(&result, text).map_err(Error::io("write", &result))?;
        Ok(self)
    }

    /// Returns the crates that have another library than `before`, or none any more.
    pub fn others_than(&self, before: &Built) -> BTreeSet<String> {
        let changed = before.local.iter().filter(|(name, library)| self.local.get(*name) != Some(library));
        changed.map(|(name, _)| name.clone()).collect()
    }
}

/// A crate whose dependencies cargo builds for cells.
struct Graph<'a> {
    folder: &'a Path,
    /// Where cargo compiles.
    target: PathBuf,
    /// Metadata that make these crates distinct from those of the same version inside the installed library: rustc does
    /// not link two copies with the same metadata. None for those that rest on the library's own.
    metadata: Option<&'static str>,
    /// The packages that cells name, each with its name there, if that is not the library's own.
    named: Vec<(String, Option<String>)>,
    /// Packages that are not built again: those of the installed library.
    frozen: Vec<String>,
}

/// Where the compiler and the cache are, and who stops them.
pub(super) struct Builder<'a> {
    pub toolchain: &'a Toolchain,
    pub running: &'a RunningCompiler,
    /// Called with cargo's progress, line by line.
    pub progress: &'a mut dyn FnMut(&str),
}

impl Builder<'_> {
    /// Builds requested crates, or takes them from the cache: it is kept by request and compiler, each with its lock.
    pub fn build(&mut self, requests: &BTreeMap<String, Request>) -> Result<Built> {
        let cache = data_folder()?.join(DEPENDENCIES);
        let mut manifest = toml! {
            [package]
            name = "pfe-dependencies"
            version = "0.0.0"
            edition = "2024"

            [workspace]
        };
        let dependencies = requests.values().map(|it| (it.name.clone(), it.dependency.clone()));
        manifest.insert("dependencies".to_owned(), Table::from_iter(dependencies).into());
        let manifest = manifest.to_string();
        let key = blake3::hash(format!("{}{manifest}", self.toolchain.version).as_bytes()).to_hex()[..16].to_owned();
        let folder = cache.join(&key);
        if let Some(built) = Built::kept(&folder) {
            return Ok(built);
        }
        let source = folder.join("src");
        std::fs::create_dir_all(&source).map_err(Error::io("create", &source))?;
        let write = |path: &Path, text: &str| std::fs::write(path, text).map_err(Error::io("write", path));
        write(&cache.join(MARK), "")?;
        write(&folder.join("Cargo.toml"), &manifest)?;
        write(&source.join("lib.rs"), "")?;
        // A crate that is renamed has this name, others that of their library.
        let name = |it: &Request| it.renamed().map(|_| it.name.replace('-', "_"));
        self.cargo(&Graph {
            folder: &folder,
            target: cache.join("target"),
            metadata: Some("pfe-dep"),
            named: requests.values().map(|it| (it.package().to_owned(), name(it))).collect(),
            frozen: Vec::new(),
        })?
        .store(&folder)
    }

    /// Builds the watched crates of the kernel, unless nothing has changed since they were built. They rest on the crates
    /// of the installed library: cargo finds these compiled, from the same graph.
    pub fn build_watched(&mut self) -> Result<Built> {
        let folder = self.toolchain.watched_crate();
        if let Some(built) = Built::kept(&folder) {
            return Ok(built);
        }
        let watched = self.toolchain.watched.iter();
        let mut built = self.cargo(&Graph {
            folder: &folder,
            target: self.toolchain.compiled.clone(),
            metadata: None,
            named: watched.map(|it| (it.package.clone(), Some(it.name.clone()))).collect(),
            frozen: self.toolchain.externs.iter().map(|it| it.id.clone()).collect(),
        })?;
        self.join(&folder.join(&built.identity), &mut built)?;
        remove_older(&folder);
        built.store(&folder)
    }

    /// Makes one library of the watched crates in `folder`, which cells load: linked into each cell, a crate would have its
    /// statics once per cell.
    fn join(&mut self, folder: &Path, built: &mut Built) -> Result<()> {
        let name = format!("pfe_watched_{}", built.identity);
        let source = folder.join("watched.rs");
        let watched = self.toolchain.watched.iter();
        let exports: String = watched.map(|it| format!("pub use ::{};\n", it.name)).collect();
        std::fs::write(&source, format!("use ::pfe_bundle as _;\n{exports}")).map_err(Error::io("write", &source))?;
        let mut command = Command::new(&self.toolchain.rustc);
        self.toolchain.link_arguments(&mut command);
        command
            .arg(&source)
            .args(["--edition=2024", "--crate-type=dylib", "-Cprefer-dynamic", "-Clink-arg=-Wl,-Bsymbolic"])
            .args(["--crate-name", &name, "--out-dir"])
            .arg(folder)
            .args(&built.arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .process_group(0);
        let child = command.spawn().map_err(Error::io("run", &self.toolchain.rustc))?;
        self.running.started(child.id());
        let output = child.wait_with_output();
        let stopped = self.running.ended();
        let output = output.map_err(Error::io("run", &self.toolchain.rustc))?;
        if stopped {
            return Err(Error::Interrupted);
        }
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(Error::message(format!(
                "the watched crates cannot be joined with those of the kernel\n{said}"
            ))
            .hint("`pfe-kernel install` builds them all again, as after a change of their dependencies"));
        }
        // No cell names it: `force` has it linked all the same.
        let library = folder.join(format!("lib{name}.so"));
        built.arguments.extend(["-Zunstable-options".to_owned(), "--extern".to_owned()]);
        built.arguments.push(format!("force:{name}={}", library.display()));
        built.arguments.push(format!("-Clink-arg=-Wl,-rpath,{}", folder.display()));
        Ok(())
    }

    /// Resolves the graph of a crate.
    fn resolve(&self, folder: &Path) -> Result<Metadata> {
        let rustc = &self.toolchain.rustc;
        cargo_metadata::MetadataCommand::new()
            .cargo_path(rustc.with_file_name("cargo"))
            .current_dir(folder)
            .env("RUSTC", rustc)
            .exec()
            .map_err(|error| Error::message(format!("cargo could not resolve the dependency\n{error}")))
    }

    fn cargo(&mut self, graph: &Graph) -> Result<Built> {
        let folder = graph.folder;
        let metadata = self.resolve(folder)?;
        let frozen = metadata.packages.iter().filter(|it| graph.frozen.contains(&it.id.repr)).map(|it| it.id.clone());
        let frozen = reachable(&metadata, frozen.collect());
        let local: Vec<&Package> = local(&metadata).filter(|it| !frozen.contains(&it.id)).collect();
        let mut sources = sources(local.iter().copied());
        // A build script may make code from any file of its package.
        let scripted =
            local.iter().filter(|it| it.targets.iter().any(|target| target.is_kind(TargetKind::CustomBuild)));
        sources.extend(scripted.filter_map(|it| it.manifest_path.parent().map(|it| it.as_std_path().to_owned())));
        let identity = identity(&sources)?;
        let folders = local.iter().filter_map(|it| it.manifest_path.parent().map(ToString::to_string));
        let wraps: Vec<String> = std::iter::once(identity.clone()).chain(folders).collect();
        let rustc = &self.toolchain.rustc;
        let cargo = rustc.with_file_name("cargo");
        let own = std::env::current_exe().map_err(Error::io("find", "pfe-kernel"))?;
        let mut command = Command::new(&cargo);
        command
            .args(["build", "--release", "--message-format=json-render-diagnostics"])
            .current_dir(folder)
            .env("RUSTC", rustc)
            .env("RUSTC_WRAPPER", own)
            .env(WRAPS, wraps.join("\n"))
            .env("CARGO_TARGET_DIR", &graph.target)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        if let Some(metadata) = graph.metadata {
            command.env("RUSTFLAGS", format!("-Cprefer-dynamic -Cmetadata={metadata}"));
        }
        let mut child = command.spawn().map_err(Error::io("run", &cargo))?;
        self.running.started(child.id());
        let stdout = child.stdout.take();
        let messages = std::thread::spawn(move || {
            let messages = stdout.into_iter().flat_map(|stdout| Message::parse_stream(BufReader::new(stdout)));
            messages.map_while(std::result::Result::ok).collect::<Vec<Message>>()
        });
        let mut said = Vec::new();
        for line in child.stderr.take().into_iter().flat_map(|it| BufReader::new(it).lines()).map_while(Result::ok) {
            (self.progress)(line.trim());
            said.push(line);
        }
        let messages = messages.join().unwrap_or_default();
        let stopped = self.running.ended();
        let status = child.wait().map_err(Error::io("run", &cargo))?;
        if stopped {
            return Err(Error::Interrupted);
        }
        if !status.success() {
            let is_noise = |line: &&String| {
                let line = line.trim_start();
                ["Compiling", "Updating", "Locking", "Downloading", "Downloaded", "Adding", "Blocking"]
                    .iter()
                    .any(|it| line.starts_with(it))
                    || line.contains("pfe-dependencies")
                    || line.contains("pfe-bundle")
            };
            let said: Vec<&str> = said.iter().filter(|line| !is_noise(line)).map(String::as_str).collect();
            return Err(Error::message(format!("cargo could not build the dependency\n{}", said.join("\n"))));
        }
        let kept = folder.join(if identity.is_empty() { "none" } else { &identity });
        let is_local = |id: &PackageId| local.iter().any(|it| it.id == *id);
        let mut built = built(&messages, &graph.target.join("release/deps"), &kept, &graph.named, is_local)?;
        (built.sources, built.identity) = (sources, identity);
        Ok(built)
    }
}

/// Reads what cargo has built. Keeps the libraries of this machine's crates in the folder `kept`: cargo removes its own
/// before it builds an edited crate, which may fail, and sessions still link to the earlier ones.
fn built(
    messages: &[Message],
    compiled: &Path,
    kept: &Path,
    named: &[(String, Option<String>)],
    is_local: impl Fn(&PackageId) -> bool,
) -> Result<Built> {
    let mut built = Built::default();
    for folder in [kept, compiled] {
        built.arguments.extend(["-L".to_owned(), format!("dependency={}", folder.display())]);
    }
    let is_library = |artifact: &Artifact| {
        [TargetKind::Lib, TargetKind::RLib, TargetKind::DyLib, TargetKind::ProcMacro]
            .into_iter()
            .any(|kind| artifact.target.is_kind(kind))
    };
    for message in messages {
        match message {
            Message::BuildScriptExecuted(script) => {
                for path in &script.linked_paths {
                    built.arguments.extend(["-L".to_owned(), path.to_string()]);
                }
            }
            Message::CompilerArtifact(artifact) if is_library(artifact) => {
                let (package, version) = package(&artifact.package_id.repr);
                let name = artifact.target.name.replace('-', "_");
                let file = artifact.filenames.iter().find(|file| matches!(file.extension(), Some("rlib" | "so")));
                let mut file = file.map(|file| file.clone().into_std_path_buf());
                if let Some(file) = file.as_mut().filter(|_| is_local(&artifact.package_id)) {
                    let bytes = std::fs::read(&*file).map_err(Error::io("read", &*file))?;
                    built.local.insert(name.clone(), blake3::hash(&bytes).to_hex()[..16].to_owned());
                    *file = keep(file, kept)?;
                }
                let of_package = named.iter().filter(|(it, _)| *it == package);
                for ((_, other), file) in of_package.flat_map(|it| Some((it, file.as_ref()?))) {
                    let name = other.as_ref().unwrap_or(&name);
                    built.versions.push(format!("{package} {version}"));
                    built.arguments.extend(["--extern".to_owned(), format!("{name}={}", file.display())]);
                }
            }
            _ => {}
        }
    }
    Ok(built)
}

/// Gives a file a second name in the folder `kept`, and returns it.
fn keep(file: &Path, kept: &Path) -> Result<PathBuf> {
    std::fs::create_dir_all(kept).map_err(Error::io("create", kept))?;
    let to = kept.join(file.file_name().unwrap_or_default());
    let _ = std::fs::remove_file(&to);
    if std::fs::hard_link(file, &to).is_err() {
        std::fs::copy(file, &to).map_err(Error::io("copy", file))?;
    }
    Ok(to)
}

/// Removes the libraries of earlier edits, except the newest ones: sessions that have missed the last edits may link to
/// them until their next cell.
fn remove_older(folder: &Path) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut kept: Vec<(SystemTime, PathBuf)> = entries
        .filter(|it| it.path().join("watched.rs").is_file())
        .filter_map(|it| Some((it.metadata().ok()?.modified().ok()?, it.path())))
        .collect();
    kept.sort();
    for (_, path) in kept.iter().rev().skip(KEPT_EDITS) {
        let _ = std::fs::remove_dir_all(path);
    }
}

const KEPT_EDITS: usize = 8;

/// Extracts name and version from a package id: `registry+https://…#rand@0.9.0` or `path+file:///…/own#0.1.0`.
fn package(id: &str) -> (String, String) {
    let (source, rest) = id.rsplit_once('#').unwrap_or(("", id));
    match rest.split_once('@') {
        Some((name, version)) => (name.to_owned(), version.to_owned()),
        None => (source.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned(), rest.to_owned()),
    }
}

/// Hashes sources. Empty if there are none.
fn identity(sources: &[PathBuf]) -> Result<String> {
    if sources.is_empty() { Ok(String::new()) } else { fingerprint(sources) }
}

/// Says that this program is rustc's wrapper: the identity of the packages of this machine, then their folders.
const WRAPS: &str = "PFE_KERNEL_WRAPS_RUSTC";

/// Acts as rustc if cargo calls this program as its wrapper. Returns the exit code, or `None` if it was not called so.
///
/// Gives the crates of this machine metadata of their sources: cargo's own do not hold them, and the types of an edited
/// crate must be other types. Crates of registries keep theirs, and are not built again.
pub fn wrap_rustc() -> Option<i32> {
    let wraps = std::env::var(WRAPS).ok()?;
    let mut arguments = std::env::args_os().skip(1);
    let mut command = Command::new(arguments.next()?);
    command.args(arguments);
    let mut lines = wraps.lines();
    let identity = lines.next().unwrap_or_default();
    if std::env::var("CARGO_MANIFEST_DIR").is_ok_and(|folder| lines.any(|local| local == folder)) {
        // The optimisation across the parts of one crate takes more than half of its time, and a cell waits for it.
        command.args([format!("-Cmetadata={identity}"), "-Clto=off".to_owned()]);
    }
    Some(command.status().ok()?.code().unwrap_or(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_have_names_and_versions() {
        let text = |id: &str| {
            let (name, version) = package(id);
            format!("{name} {version}")
        };
        assert_eq!(text("registry+https://x/y#rand@0.9.0"), "rand 0.9.0");
        assert_eq!(text("path+file:///a/own#0.1.0"), "own 0.1.0");
        assert_eq!(text("path+file:///a/folder#own@0.1.0"), "own 0.1.0");
    }
}
