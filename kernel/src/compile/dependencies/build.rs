//! Requested crates → compiled ones, by cargo. They stay in the data folder for other sessions. Next: `rustc`.

use super::super::rustc::RunningCompiler;
use super::request::Request;
use crate::error::{Error, Result};
use crate::folders::MARK;
use crate::install::{DEPENDENCIES, Toolchain, data_folder};
use cargo_metadata::{Artifact, Message, TargetKind};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use toml::{Table, toml};

/// Crates that cargo has compiled, as they are kept.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Built {
    /// Arguments of rustc that make them available.
    pub arguments: Vec<String>,
    /// What was built, for the user: `rand 0.9.2`, …
    pub versions: Vec<String>,
    /// Names of the crates of this machine.
    pub local: Vec<String>,
    /// Their folders.
    folders: Vec<PathBuf>,
    /// Hash of their sources.
    pub identity: String,
}

const RESULT: &str = "built.json";

impl Built {
    /// Returns the crates from the cache, if nothing has changed since they were built.
    fn kept(folder: &Path) -> Option<Built> {
        let built: Built = serde_json::from_str(&std::fs::read_to_string(folder.join(RESULT)).ok()?).ok()?;
        let files = built.arguments.iter().filter_map(|it| it.split_once('=').map(|(_, file)| Path::new(file)));
        let there = files.filter(|file| file.is_absolute()).all(Path::exists);
        (there && identity(&built.folders).ok()? == built.identity).then_some(built)
    }
}

/// Where the compiler and the cache are, and who stops them.
pub(super) struct Builder<'a> {
    pub toolchain: &'a Toolchain,
    pub running: &'a RunningCompiler,
    /// Called with cargo's progress, line by line.
    pub progress: &'a mut dyn FnMut(&str),
}

impl Builder<'_> {
    /// Builds crates, or takes them from the cache: it is kept by request and compiler, each with its lock.
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
        let is_local = requests.values().any(|it| it.path().is_some());
        let folders = if is_local { self.local_folders(&folder)? } else { Vec::new() };
        let identity = identity(&folders)?;
        let mut built = self.cargo(&folder, &cache.join("target"), &folders, &identity, requests)?;
        (built.folders, built.identity) = (folders, identity);
        let text = serde_json::to_string(&built).map_err(|error| Error::message(error.to_string()))?;
        write(&folder.join(RESULT), &text)?;
        Ok(built)
    }

    /// Returns the folders of the packages of this machine, wherever in the graph they are.
    fn local_folders(&self, folder: &Path) -> Result<Vec<PathBuf>> {
        let rustc = &self.toolchain.rustc;
        let metadata = cargo_metadata::MetadataCommand::new()
            .cargo_path(rustc.with_file_name("cargo"))
            .current_dir(folder)
            .env("RUSTC", rustc)
            .exec()
            .map_err(|error| Error::message(format!("cargo could not resolve the dependency\n{error}")))?;
        let local = metadata.packages.iter().filter(|it| it.source.is_none());
        let folders = local.filter_map(|it| it.manifest_path.parent().map(|it| it.as_std_path().to_path_buf()));
        Ok(folders.filter(|it| it != folder).collect())
    }

    fn cargo(
        &mut self,
        folder: &Path,
        target: &Path,
        local: &[PathBuf],
        identity: &str,
        requests: &BTreeMap<String, Request>,
    ) -> Result<Built> {
        let rustc = &self.toolchain.rustc;
        let cargo = rustc.with_file_name("cargo");
        let own = std::env::current_exe().map_err(Error::io("find", "pfe-kernel"))?;
        let wraps = [vec![identity.to_owned()], local.iter().map(|it| it.display().to_string()).collect()].concat();
        let mut child = Command::new(&cargo)
            .args(["build", "--release", "--message-format=json-render-diagnostics"])
            .current_dir(folder)
            .env("RUSTC", rustc)
            .env("RUSTC_WRAPPER", own)
            .env(WRAPS, wraps.join("\n"))
            // The extra metadata make these crates distinct from crates of the same version inside the installed library:
            // rustc does not link two copies with the same metadata.
            .env("RUSTFLAGS", "-Cprefer-dynamic -Cmetadata=pfe-dep")
            .env("CARGO_TARGET_DIR", target)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .map_err(Error::io("run", &cargo))?;
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
            };
            let said: Vec<&str> = said.iter().filter(|line| !is_noise(line)).map(String::as_str).collect();
            return Err(Error::message(format!("cargo could not build the dependency\n{}", said.join("\n"))));
        }
        let kept = folder.join(if identity.is_empty() { "none" } else { identity });
        built(&messages, &target.join("release/deps"), &kept, requests)
    }
}

/// Reads what cargo has built. Keeps the libraries of this machine's crates in the folder `kept`: cargo removes its own
/// before it builds an edited crate, which may fail, and sessions still link to the earlier ones.
fn built(messages: &[Message], compiled: &Path, kept: &Path, requests: &BTreeMap<String, Request>) -> Result<Built> {
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
                if artifact.package_id.repr.starts_with("path+") && package != "pfe-dependencies" {
                    built.local.push(name.clone());
                    if let Some(file) = &mut file {
                        *file = keep(file, kept)?;
                    }
                }
                let of_package = requests.values().filter(|it| it.package() == package);
                for (request, file) in of_package.flat_map(|it| Some((it, file.as_ref()?))) {
                    // A crate that is renamed has this name, others that of their library.
                    let name = request.renamed().map_or_else(|| name.clone(), |_| request.name.replace('-', "_"));
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

/// Extracts name and version from a package id: `registry+https://…#rand@0.9.0` or `path+file:///…/own#0.1.0`.
fn package(id: &str) -> (String, String) {
    let (source, rest) = id.rsplit_once('#').unwrap_or(("", id));
    match rest.split_once('@') {
        Some((name, version)) => (name.to_owned(), version.to_owned()),
        None => (source.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned(), rest.to_owned()),
    }
}

/// Hashes the sources of packages. Empty if there are none.
fn identity(folders: &[PathBuf]) -> Result<String> {
    if folders.is_empty() {
        return Ok(String::new());
    }
    let mut hasher = blake3::Hasher::new();
    for folder in folders {
        hash_sources(folder, &mut hasher)?;
    }
    Ok(hasher.finalize().to_hex()[..16].to_owned())
}

/// Hashes the files of a folder, without what cargo builds and what git keeps.
fn hash_sources(folder: &Path, hasher: &mut blake3::Hasher) -> Result<()> {
    let entries = std::fs::read_dir(folder).map_err(Error::io("read", folder))?.flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default();
        if path.is_dir() && !path.is_symlink() {
            if name != "target" && name != ".git" {
                hash_sources(&path, hasher)?;
            }
        } else if let Ok(bytes) = std::fs::read(&path) {
            hasher.update(name.as_encoded_bytes());
            hasher.update(&(bytes.len() as u64).to_le_bytes());
            hasher.update(&bytes);
        }
    }
    Ok(())
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
        command.arg(format!("-Cmetadata={identity}"));
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
