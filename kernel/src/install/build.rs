//! Builds with cargo what cells link to and the programs that run and print them. Next: `installation`.

use super::toolchain::Toolchain;
use crate::error::{Error, Result};
use cargo_metadata::{Artifact, Message};
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Crates that cells can use without `:dep`.
const EXTERNS: [&str; 8] = ["pfe_runtime", "pfe", "polars", "linfa", "linfa_linear", "ndarray", "plotters", "tokio"];

/// Returns the path of a tool behind rustup's proxy, so that no cell pays for the proxy's start.
pub(super) fn tool(project: &Path, name: &str) -> Result<PathBuf> {
    let output = Command::new("rustup").args(["which", name]).current_dir(project).output();
    let found = match output {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        _ => {
            let output = Command::new("sh")
                .args(["-c", &format!("command -v {name}")])
                .output()
                .map_err(Error::io("run", "sh"))?;
            String::from_utf8_lossy(&output.stdout).trim().to_owned()
        }
    };
    if found.is_empty() {
        return Err(Error::message(format!("`{name}` is not installed")).hint("install Rust from https://rustup.rs"));
    }
    Ok(PathBuf::from(found))
}

pub(super) fn sysroot(rustc: &Path) -> Result<PathBuf> {
    let output = Command::new(rustc).args(["--print", "target-libdir"]).output().map_err(Error::io("run", rustc))?;
    Ok(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()))
}

const WRAPPER: &str = "PFE_KERNEL_WRAPS_RUSTC";

/// Acts as rustc if cargo calls this program as its wrapper, as [`build`] asks. Returns the exit code, or `None` if
/// it was not called as a wrapper.
///
/// Compiles `pfe_runtime` with shared generics: cells then reuse its instances of generic functions, which more than
/// halves the compile time of a polars cell. The option is unstable and set for this crate alone: an environment
/// variable for all crates would make cargo build every crate again.
pub fn wrap_rustc() -> Option<i32> {
    std::env::var_os(WRAPPER)?;
    let mut arguments = std::env::args_os().skip(1);
    let mut command = Command::new(arguments.next()?);
    let arguments: Vec<_> = arguments.collect();
    if arguments.windows(2).any(|pair| pair[0] == "--crate-name" && pair[1] == "pfe_runtime") {
        // Without optimisation: an optimised library leaves out small functions, to be inlined where they are used. Its
        // own code does not need optimisation.
        command.env("RUSTC_BOOTSTRAP", "pfe_runtime").args(arguments).args(["-Zshare-generics=yes", "-Copt-level=0"]);
    } else {
        command.args(arguments);
    }
    Some(command.status().ok()?.code().unwrap_or(1))
}

/// Builds the library `pfe_runtime`. Returns the files that rustc needs to compile a cell.
pub(super) fn build(project: &Path, rustc: &Path) -> Result<Vec<PathBuf>> {
    let arguments = ["rustc", "--release", "--locked", "-p", "pfe-runtime", "--lib", JSON, "--", "-Cprefer-dynamic"];
    let own = std::env::current_exe().map_err(Error::io("find", "pfe-kernel"))?;
    // Makes cargo call this program as the rustc wrapper for the crates of the project: see `wrap_rustc`.
    let artifacts =
        cargo(project, rustc, &arguments, &[("RUSTC_WORKSPACE_WRAPPER", own.as_os_str()), (WRAPPER, "1".as_ref())])?;
    // Crates linked into the library need only their metadata (`.rmeta`). The library and procedural macros are `.so`.
    let files = artifacts.into_iter().flat_map(|artifact| artifact.filenames);
    let needed = files.filter(|file| matches!(file.extension(), Some("rmeta" | "so")));
    Ok(needed.map(PathBuf::from).collect::<BTreeSet<_>>().into_iter().collect())
}

/// Builds the program that prints notebooks. Returns its path.
pub(super) fn build_printer(project: &Path, rustc: &Path) -> Result<PathBuf> {
    let artifacts = cargo(project, rustc, &["build", "--release", "--locked", "-p", "pfe", "--bin", "pfe", JSON], &[])?;
    let program = artifacts.into_iter().filter_map(|artifact| artifact.executable).next_back();
    program.map(PathBuf::from).ok_or_else(|| Error::message("cargo built no `pfe`"))
}

const JSON: &str = "--message-format=json-render-diagnostics";

/// Runs cargo and returns what it built or found built. cargo reports progress on stderr.
fn cargo(project: &Path, rustc: &Path, arguments: &[&str], environment: &[(&str, &OsStr)]) -> Result<Vec<Artifact>> {
    let cargo = tool(project, "cargo")?;
    let mut child = Command::new(&cargo)
        .current_dir(project)
        .env("RUSTC", rustc)
        .envs(environment.iter().copied())
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
        Err(Error::message("the crates of the project could not be built").hint("cargo's messages above say why"))
    }
}

/// Finds the libraries of the crates that cells can use among the `files` that cargo built.
pub(super) fn externs(files: &[PathBuf]) -> Result<Vec<(String, String)>> {
    EXTERNS
        .iter()
        .map(|name| {
            let is_it = |file: &&String| file.starts_with(&format!("lib{name}-")) || **file == format!("lib{name}.so");
            let names: Vec<String> =
                files.iter().filter_map(|file| Some(file.file_name()?.to_string_lossy().into_owned())).collect();
            let file = names.iter().find(is_it).ok_or_else(|| Error::message(format!("cargo built no `{name}`")))?;
            Ok(((*name).to_owned(), file.clone()))
        })
        .collect()
}

/// Builds the program that runs cells.
pub(super) fn build_runtime_program(toolchain: &Toolchain) -> Result<()> {
    let source = toolchain.project.join("kernel/runtime/bin/pfe-runtime.rs");
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
