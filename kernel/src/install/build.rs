//! Builds with cargo what cells link to and the programs that run and print them. Next: `installation`.

use super::bundle::CRATE;
use super::toolchain::{Extern, Toolchain};
use crate::error::{Error, Result};
use cargo_metadata::{Artifact, Message};
use std::collections::BTreeSet;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Returns the path of a tool behind rustup's proxy, so that no cell pays for the proxy's start. It is the tool that
/// `folder` asks for, as by a file `rust-toolchain.toml`.
pub(super) fn tool(folder: &Path, name: &str) -> Result<PathBuf> {
    let found = match Command::new("rustup").args(["which", name]).current_dir(folder).output() {
        Ok(output) if output.status.success() => output.stdout,
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(Error::message(format!("rustup has no `{name}` for `{}`\n{}", folder.display(), said.trim()))
                .hint("install the toolchain with `rustup toolchain install`"));
        }
        Err(_) => {
            let find = format!("command -v {name}");
            Command::new("sh").args(["-c", &find]).output().map_err(Error::io("run", "sh"))?.stdout
        }
    };
    let found = String::from_utf8_lossy(&found).trim().to_owned();
    if found.is_empty() {
        return Err(Error::message(format!("`{name}` is not installed")).hint("install Rust from https://rustup.rs"));
    }
    Ok(PathBuf::from(found))
}

pub(super) fn sysroot(rustc: &Path) -> Result<PathBuf> {
    let output = Command::new(rustc).args(["--print", "target-libdir"]).output().map_err(Error::io("run", rustc))?;
    Ok(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()))
}

/// Builds the crate of a bundle in `folder`. Compiled crates go to `target`, for the next build. Sets the files of the
/// externs, and returns all files that rustc needs to compile a cell.
pub(super) fn build(folder: &Path, target: &Path, rustc: &Path, externs: &mut Vec<Extern>) -> Result<Vec<PathBuf>> {
    let arguments = ["rustc", "--release", "-p", CRATE, "--lib", JSON, "--", "-Cprefer-dynamic"];
    let artifacts = cargo(folder, Some(target), rustc, &arguments)?;
    // Crates linked into the library need only their metadata (`.rmeta`). The library and procedural macros are `.so`.
    let needed = |artifact: &Artifact| {
        let files = artifact.filenames.iter().filter(|file| matches!(file.extension(), Some("rmeta" | "so")));
        files.map(|file| PathBuf::from(file.as_str())).collect::<Vec<_>>()
    };
    let name_of = |file: &Path| file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    externs.push(Extern { name: CRATE.replace('-', "_"), package: CRATE.to_owned(), ..Extern::default() });
    for it in externs.iter_mut() {
        let own = |artifact: &&Artifact| {
            artifact.package_id.repr == it.id
                || it.package == CRATE && artifact.target.name.replace('-', "_") == it.name
        };
        let is_library = |artifact: &&Artifact| !artifact.target.is_custom_build() && !artifact.target.is_bin();
        let file = artifacts.iter().filter(own).filter(is_library).flat_map(needed).next();
        it.file =
            file.map(|file| name_of(&file)).ok_or_else(|| Error::message(format!("cargo built no `{}`", it.name)))?;
    }
    Ok(artifacts.iter().flat_map(needed).collect::<BTreeSet<_>>().into_iter().collect())
}

/// Builds the program that prints notebooks. Returns its path.
pub(super) fn build_printer(project: &Path, rustc: &Path) -> Result<PathBuf> {
    let artifacts =
        cargo(project, None, rustc, &["build", "--release", "--locked", "-p", "pfe", "--bin", "pfe", JSON])?;
    let program = artifacts.into_iter().filter_map(|artifact| artifact.executable).next_back();
    program.map(PathBuf::from).ok_or_else(|| Error::message("cargo built no `pfe`"))
}

const JSON: &str = "--message-format=json-render-diagnostics";

/// Runs cargo and returns what it built or found built. cargo reports progress on stderr.
fn cargo(folder: &Path, target: Option<&Path>, rustc: &Path, arguments: &[&str]) -> Result<Vec<Artifact>> {
    let cargo = rustc.with_file_name("cargo");
    let mut child = Command::new(&cargo)
        .current_dir(folder)
        .env("RUSTC", rustc)
        .envs(target.map(|target| ("CARGO_TARGET_DIR", target)))
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(Error::io("run", &cargo))?;
    let mut artifacts = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        for message in Message::parse_stream(BufReader::new(stdout)) {
            if let Message::CompilerArtifact(artifact) = message.map_err(Error::io("read the output of", &cargo))? {
                artifacts.push(artifact);
            }
        }
    }
    let status = child.wait().map_err(Error::io("run", &cargo))?;
    if status.success() {
        Ok(artifacts)
    } else {
        Err(Error::message("the crates could not be built; nothing is installed")
            .hint("cargo's messages above say why"))
    }
}

/// Builds the program that runs cells.
pub(super) fn build_runtime_program(toolchain: &Toolchain, project: &Path) -> Result<()> {
    let source = project.join("kernel/runtime/bin/pfe-runtime.rs");
    let mut command = Command::new(&toolchain.rustc);
    toolchain.link_arguments(&mut command);
    let output = command
        .args([
            "--edition=2024",
            "--crate-name=pfe_runtime_program",
            "--crate-type=bin",
            "-Cprefer-dynamic",
            "-Copt-level=1",
            "-o",
        ])
        .arg(toolchain.runtime_program())
        .arg(&source)
        .output()
        .map_err(Error::io("run", &toolchain.rustc))?;
    if output.status.success() {
        Ok(())
    } else {
        Err(Error::message(format!("cannot build `pfe-runtime`\n{}", String::from_utf8_lossy(&output.stderr))))
    }
}
