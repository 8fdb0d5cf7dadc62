//! Builds the crates that `:dep` requests and returns the rustc arguments to use them. The first build of a crate is
//! slow: cargo downloads and compiles it.

use crate::error::{Error, Result};
use cargo_metadata::{Message, TargetKind};
use std::path::Path;
use std::process::{Command, Stdio};
use toml::{Table, Value, toml};

/// The crates that a notebook requested with `:dep`.
#[derive(Clone, Debug, Default)]
pub struct Dependencies {
    /// As in the `[dependencies]` of a manifest.
    requested: Table,
    arguments: Vec<String>,
}

impl Dependencies {
    /// Returns the rustc arguments that make the crates available.
    pub fn arguments(&self) -> &[String] {
        &self.arguments
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
        // The extra metadata makes these crates distinct from crates of the same version inside the installed library:
        // rustc does not link two copies with the same metadata.
        let mut command = Command::new(rustc.with_file_name("cargo"));
        command
            .args(["build", "--release", "--message-format=json"])
            .current_dir(&project)
            .env("RUSTC", rustc)
            .env("RUSTFLAGS", "-Cprefer-dynamic -Cmetadata=pfe-dep")
            .env("CARGO_TARGET_DIR", project.join("target"))
            .stdin(Stdio::null());
        let output = command.output().map_err(Error::io("run", rustc.with_file_name("cargo")))?;
        if !output.status.success() {
            let text = String::from_utf8_lossy(&output.stderr);
            let text: Vec<&str> = text
                .lines()
                .filter(|line| !line.contains("pfe-deps") && !line.trim_start().starts_with("Compiling"))
                .collect();
            return Err(Error::message(format!("cargo could not build the dependency\n{}", text.join("\n"))));
        }
        self.arguments = vec!["-L".to_owned(), format!("dependency={}", project.join("target/release/deps").display())];
        for message in Message::parse_stream(output.stdout.as_slice()) {
            let Ok(Message::CompilerArtifact(artifact)) = message else { continue };
            let is_library = |kind| artifact.target.is_kind(kind);
            if ![TargetKind::Lib, TargetKind::RLib, TargetKind::ProcMacro].into_iter().any(is_library) {
                continue;
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
        Ok(())
    }
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
