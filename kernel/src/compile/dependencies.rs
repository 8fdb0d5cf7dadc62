//! Builds the crates that `:dep` requests and returns the rustc arguments to use them. The first build of a crate is
//! slow: cargo downloads and compiles it.

use crate::error::{Error, Result};
use cargo_metadata::{Message, TargetKind};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};
use toml::{Table, Value, toml};

/// The crates that a notebook requested with `:dep`.
#[derive(Clone, Debug, Default)]
pub struct Dependencies {
    /// As in the `[dependencies]` of a manifest.
    requested: Table,
    arguments: Vec<String>,
    /// What the sources of path crates and the lock hash to.
    identity: String,
    /// The crates whose types are others since the last build.
    rebuilt: BTreeSet<String>,
}

impl Dependencies {
    /// Returns the rustc arguments that make the crates available.
    pub fn arguments(&self) -> &[String] {
        &self.arguments
    }

    /// Returns the crates whose types are others than before the last [`Dependencies::add`].
    pub fn rebuilt(&self) -> BTreeSet<String> {
        self.rebuilt.clone()
    }

    /// Adds a crate and builds it. `request` is `name`, `name = "1"`, `name = { … }` or a path.
    pub fn add(&self, request: &str, rustc: &Path, directory: &Path) -> Result<Dependencies> {
        let mut next = self.clone();
        let (name, requested) = parse(request)?;
        next.requested.insert(name, requested);
        next.build(rustc, directory)?;
        Ok(next)
    }

    fn build(&mut self, rustc: &Path, directory: &Path) -> Result<()> {
        let project = directory.join("deps");
        let source = project.join("src");
        std::fs::create_dir_all(&source).map_err(Error::io("create", &source))?;
        let mut manifest = toml! {
            [package]
            name = "pfe-deps"
            version = "0.0.0"
            edition = "2024"

            [workspace]
        };
        manifest.insert("dependencies".to_owned(), self.requested.clone().into());
        let write = |path: &Path, text: &str| std::fs::write(path, text).map_err(Error::io("write", path));
        write(&project.join("Cargo.toml"), &manifest.to_string())?;
        write(&source.join("lib.rs"), "")?;
        let cargo = rustc.with_file_name("cargo");
        let identity = identity(&cargo, rustc, &project)?;
        // The extra metadata makes these crates distinct from crates of the same version inside the installed library:
        // rustc does not link two copies with the same metadata. It also makes the types of an edited crate other types.
        let mut command = Command::new(&cargo);
        command
            .args(["build", "--release", "--message-format=json"])
            .current_dir(&project)
            .env("RUSTC", rustc)
            .env("RUSTFLAGS", format!("-Cprefer-dynamic -Cmetadata=pfe-dep{identity}"))
            .env("CARGO_TARGET_DIR", project.join("target"))
            .stdin(Stdio::null());
        let output = command.output().map_err(Error::io("run", &cargo))?;
        if !output.status.success() {
            let text = String::from_utf8_lossy(&output.stderr);
            let text: Vec<&str> = text
                .lines()
                .filter(|line| !line.contains("pfe-deps") && !line.trim_start().starts_with("Compiling"))
                .collect();
            return Err(Error::message(format!("cargo could not build the dependency\n{}", text.join("\n"))));
        }
        self.rebuilt.clear();
        self.arguments = vec!["-L".to_owned(), format!("dependency={}", project.join("target/release/deps").display())];
        for message in Message::parse_stream(output.stdout.as_slice()) {
            let Ok(Message::CompilerArtifact(artifact)) = message else { continue };
            let is_library = |kind| artifact.target.is_kind(kind);
            if ![TargetKind::Lib, TargetKind::RLib, TargetKind::ProcMacro].into_iter().any(is_library) {
                continue;
            }
            if identity != self.identity {
                self.rebuilt.insert(artifact.target.name.replace('-', "_"));
            }
            let package = package_name(&artifact.package_id.repr);
            let name = self.requested.iter().find(|(name, requested)| {
                let renamed = requested.get("package").and_then(Value::as_str);
                **name == package || renamed == Some(&package)
            });
            let file = artifact.filenames.iter().find(|file| matches!(file.extension(), Some("rlib" | "so")));
            if let (Some((name, _)), Some(file)) = (name, file) {
                self.arguments.extend(["--extern".to_owned(), format!("{}={file}", name.replace('-', "_"))]);
            }
        }
        self.identity = identity;
        Ok(())
    }
}

/// Hashes the sources of the path crates among the dependencies: cargo's own metadata do not hold them. Empty if there are
/// none. All crates of a build get the same hash, since a type of one may hold a type of another.
fn identity(cargo: &Path, rustc: &Path, project: &Path) -> Result<String> {
    let metadata = cargo_metadata::MetadataCommand::new()
        .cargo_path(cargo)
        .current_dir(project)
        .env("RUSTC", rustc)
        .exec()
        .map_err(|error| Error::message(format!("cargo could not resolve the dependency\n{error}")))?;
    let mut hasher = blake3::Hasher::new();
    let mut any = false;
    for package in &metadata.packages {
        let folder = package.manifest_path.parent().map(|folder| folder.as_std_path());
        if let Some(folder) = folder.filter(|folder| package.source.is_none() && *folder != project) {
            any = true;
            hash_sources(folder, &mut hasher)?;
        }
    }
    Ok(if any { format!("-{}", &hasher.finalize().to_hex()[..16]) } else { String::new() })
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

/// Extracts the package name from a package id: `registry+https://…#rand@0.9.0` or `path+file:///…/own#0.1.0`.
fn package_name(id: &str) -> String {
    let (source, rest) = id.rsplit_once('#').unwrap_or(("", id));
    match rest.split_once('@') {
        Some((name, _)) => name.to_owned(),
        None => source.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned(),
    }
}

/// Returns the name of a requested crate and what the manifest says of it.
fn parse(request: &str) -> Result<(String, Value)> {
    let wrong = || {
        Error::message(format!("`:dep {request}` is not a dependency"))
            .hint("write `:dep rand = \"0.9\"`, `:dep rand` or `:dep ./path/to/crate`")
    };
    let request = request.trim();
    if request.starts_with(['.', '/']) {
        let path = std::fs::canonicalize(request).map_err(Error::io("read", request))?;
        let manifest = path.join("Cargo.toml");
        let text = std::fs::read_to_string(&manifest).map_err(Error::io("read", &manifest))?;
        let manifest: Table = text.parse().map_err(|_| wrong())?;
        let name = manifest.get("package").and_then(|package| package.get("name")?.as_str()).ok_or_else(wrong)?;
        return Ok((
            name.to_owned(),
            Table::from_iter([("path".to_owned(), path.display().to_string().into())]).into(),
        ));
    }
    let dependency: Table = if request.contains('=') { request.to_owned() } else { format!("{request} = \"*\"") }
        .parse()
        .map_err(|_| wrong())?;
    match dependency.into_iter().next() {
        Some((name, requested)) if !name.is_empty() => Ok((name, requested)),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read() {
        assert_eq!(parse("rand").unwrap(), ("rand".into(), "*".into()));
        assert_eq!(parse("rand = { version = \"0.9\" }").unwrap().1["version"].as_str(), Some("0.9"));
        for request in ["a b", "= 1", "", "rand = 0.9.1"] {
            assert!(parse(request).is_err(), "{request}");
        }
        assert_eq!(package_name("registry+https://x/y#rand@0.9.0"), "rand");
        assert_eq!(package_name("path+file:///a/own#0.1.0"), "own");
    }
}
