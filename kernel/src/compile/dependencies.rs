//! Builds the crates that `:dep` requests and returns the rustc arguments to use them. The first build of a crate is
//! slow: cargo downloads and compiles it.

use crate::error::{Error, Result};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

/// The crates that a notebook requested with `:dep`.
#[derive(Clone, Debug, Default)]
pub struct Dependencies {
    requested: BTreeMap<String, String>,
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
        let mut manifest = String::from(
            "[package]\nname = \"pfe-deps\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n[lib]\npath = \"src/lib.rs\"\n\n[dependencies]\n",
        );
        for (name, requested) in &self.requested {
            manifest.push_str(&format!("{name} = {requested}\n"));
        }
        let write = |path: &Path, text: &str| std::fs::write(path, text).map_err(Error::io("write", path));
        write(&project.join("Cargo.toml"), &manifest)?;
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
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            let Ok(message) = serde_json::from_str::<serde_json::Value>(line) else { continue };
            let Some(package) = message["package_id"].as_str().map(package_name) else { continue };
            let is_library = message["target"]["kind"]
                .as_array()
                .is_some_and(|kinds| kinds.iter().any(|kind| kind == "lib" || kind == "rlib" || kind == "proc-macro"));
            if message["reason"] != "compiler-artifact" || !is_library {
                continue;
            }
            let Some((name, _)) = self
                .requested
                .iter()
                .find(|(name, requested)| **name == package || requested.contains(&format!("package = \"{package}\"")))
            else {
                continue;
            };
            let file = message["filenames"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|file| file.as_str())
                .find(|file| file.ends_with(".rlib") || file.ends_with(".so"));
            if let Some(file) = file {
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

fn parse(request: &str) -> Result<(String, String)> {
    let wrong = || {
        Error::message(format!("`:dep {request}` is not a dependency"))
            .hint("write `:dep rand = \"0.9\"`, `:dep rand` or `:dep ./path/to/crate`")
    };
    let request = request.trim();
    if request.starts_with(['.', '/']) {
        let path = std::fs::canonicalize(request).map_err(Error::io("read", request))?;
        let manifest =
            std::fs::read_to_string(path.join("Cargo.toml")).map_err(Error::io("read", path.join("Cargo.toml")))?;
        let name = manifest
            .lines()
            .find_map(|line| line.trim().strip_prefix("name")?.trim().strip_prefix('='))
            .ok_or_else(wrong)?;
        return Ok((
            name.trim().trim_matches('"').to_owned(),
            format!("{{ path = {:?} }}", path.display().to_string()),
        ));
    }
    let (name, requested) =
        request.split_once('=').map_or((request, "\"*\""), |(name, requested)| (name.trim(), requested.trim()));
    let is_name =
        !name.is_empty() && name.chars().all(|character| character.is_alphanumeric() || "-_".contains(character));
    if is_name && !requested.contains('\n') { Ok((name.to_owned(), requested.to_owned())) } else { Err(wrong()) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read() {
        assert_eq!(parse("rand").unwrap(), ("rand".into(), "\"*\"".into()));
        assert_eq!(parse("rand = { version = \"0.9\" }").unwrap().1, "{ version = \"0.9\" }");
        assert!(parse("a b").is_err() && parse("= 1").is_err());
        assert_eq!(package_name("registry+https://x/y#rand@0.9.0"), "rand");
        assert_eq!(package_name("path+file:///a/own#0.1.0"), "own");
    }
}
