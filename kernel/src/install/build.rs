//! `install`, `uninstall` and `doctor`: build, remove and check the libraries for cells and the kernelspec.

use crate::error::{Error, Result};
use crate::toolchain::{INSTALL, Toolchain, fingerprint, home, version_of};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Crates that cells can use without `:dep`.
const EXTERNS: [&str; 7] = ["pfe_runtime", "pfe", "polars", "linfa", "linfa_linear", "ndarray", "plotters"];
/// Name of the kernelspec.
pub const NAME: &str = "pfe";

/// Where to install the kernelspec. Same options as `jupyter kernelspec install`.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// `--prefix FOLDER`.
    pub prefix: Option<PathBuf>,
    /// `--sys-prefix`: the Python environment in use.
    pub sys_prefix: bool,
}

impl Place {
    fn folder(&self) -> Result<PathBuf> {
        let share = match (&self.prefix, self.sys_prefix) {
            (Some(prefix), _) => prefix.join("share/jupyter"),
            (None, true) => python_prefix()?.join("share/jupyter"),
            (None, false) => match std::env::var_os("JUPYTER_DATA_DIR") {
                Some(folder) => PathBuf::from(folder),
                None => PathBuf::from(
                    std::env::var_os("HOME")
                        .ok_or_else(|| Error::message("no home folder is known").hint("give `--prefix FOLDER`"))?,
                )
                .join(".local/share/jupyter"),
            },
        };
        Ok(share.join("kernels").join(NAME))
    }
}

fn python_prefix() -> Result<PathBuf> {
    let output = Command::new("python3")
        .args(["-c", "import sys; print(sys.prefix)"])
        .output()
        .map_err(Error::io("run", "python3"))?;
    Ok(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()))
}

/// Returns the folder of the project that this program was built from.
pub fn project() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_path_buf()
}

/// Builds the libraries and writes the kernelspec. Returns the kernelspec's folder. cargo reports progress on stderr.
pub fn install(project: &Path, place: &Place) -> Result<PathBuf> {
    let project = std::fs::canonicalize(project).map_err(Error::io("read", project))?;
    let rustc = tool(&project, "rustc")?;
    let printer = build_printer(&project, &rustc)?;
    let files = build(&project, &rustc)?;
    let mut toolchain = Toolchain {
        version: version_of(&rustc)?,
        sysroot: sysroot(&rustc)?,
        fingerprint: fingerprint(&project)?,
        directory: PathBuf::new(),
        externs: externs(&files)?,
        rustc,
        project,
    };
    let home = home()?;
    std::fs::create_dir_all(&home).map_err(Error::io("create", &home))?;
    let part =
        tempfile::Builder::new().prefix("part-").tempdir_in(&home).map_err(Error::io("create a folder in", &home))?;
    for file in &files {
        let to = part.path().join(file.file_name().unwrap_or_default());
        // Copies `pfe_runtime` instead of linking it: the next build overwrites the file, which kernels may be using.
        let own = file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("libpfe_runtime."));
        if own || std::fs::hard_link(file, &to).is_err() {
            std::fs::copy(file, &to).map_err(Error::io("copy", file))?;
        }
    }
    toolchain.directory = part.path().to_path_buf();
    build_runner(&toolchain)?;
    std::fs::copy(&printer, toolchain.printer()).map_err(Error::io("copy", &printer))?;
    let key =
        blake3::hash(format!("{}{}", toolchain.version, toolchain.fingerprint).as_bytes()).to_hex()[..16].to_owned();
    let directory = free_name(&home, &key);
    let part = part.keep();
    std::fs::rename(&part, &directory).map_err(Error::io("write", &directory))?;
    toolchain.directory = directory;
    let program = toolchain.directory.join("pfe-kernel");
    let own = std::env::current_exe().map_err(Error::io("find", "pfe-kernel"))?;
    std::fs::copy(&own, &program).map_err(Error::io("copy", &own))?;
    let before = Toolchain::load().ok().map(|toolchain| toolchain.directory);
    toolchain.save()?;
    remove_older(&home, &[Some(toolchain.directory.clone()), before]);
    let folder = place.folder()?;
    std::fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
    let spec = json!({
        "argv": [program, "jupyter", "{connection_file}"],
        "display_name": "Rust (pfe)",
        "language": "rust",
        "interrupt_mode": "message",
        "metadata": { "debugger": false },
    });
    let file = folder.join("kernel.json");
    let text = serde_json::to_string_pretty(&spec).map_err(|error| Error::message(error.to_string()))?;
    std::fs::write(&file, text + "\n").map_err(Error::io("write", &file))?;
    Ok(folder)
}

/// Removes the kernelspec and everything that `install` built. Returns the removed folders.
pub fn uninstall(place: &Place) -> Result<Vec<PathBuf>> {
    let mut removed = Vec::new();
    for folder in [place.folder()?, home()?] {
        if folder.exists() {
            std::fs::remove_dir_all(&folder).map_err(Error::io("remove", &folder))?;
            removed.push(folder);
        }
    }
    Ok(removed)
}

/// Checks the requirements of the kernel. Each line is `(ok, requirement, what to do if it is missing)`.
pub fn doctor(place: &Place) -> Vec<(bool, String, Option<String>)> {
    let mut lines = Vec::new();
    let mut line = |good: bool, what: String, todo: &str| lines.push((good, what, (!good).then(|| todo.to_owned())));
    match Toolchain::load() {
        Err(error) => line(false, error.to_string().lines().next().unwrap_or_default().to_owned(), INSTALL),
        Ok(toolchain) => {
            let rustc = toolchain.version.lines().next().unwrap_or_default().to_owned();
            line(true, format!("libraries built by {rustc} in `{}`", toolchain.directory.display()), "");
            match toolchain.stale() {
                Some(reason) => line(false, reason, INSTALL),
                None => line(true, "compiler and crate are those of the install".to_owned(), ""),
            }
            let source = toolchain.sysroot.join("../../src/rust/library").exists();
            line(
                source,
                "rust-src, for completion of the standard library".to_owned(),
                "run `rustup component add rust-src`",
            );
        }
    }
    let linker = Command::new("cc").arg("--version").output().is_ok();
    line(linker, "a C compiler, which links cells".to_owned(), "install `gcc` or `clang`");
    match place.folder().map(|folder| folder.join("kernel.json")) {
        Ok(file) => {
            let program = std::fs::read_to_string(&file)
                .ok()
                .and_then(|text| serde_json::from_str::<Value>(&text).ok())
                .and_then(|spec| Some(PathBuf::from(spec["argv"][0].as_str()?)));
            match program {
                None => line(false, format!("no kernelspec at `{}`", file.display()), INSTALL),
                Some(program) => line(program.is_file(), format!("kernelspec at `{}`", file.display()), INSTALL),
            }
        }
        Err(error) => line(false, error.to_string(), "give `--prefix FOLDER`"),
    }
    lines
}

/// Returns the path of a tool behind rustup's proxy, so that no cell pays for the proxy's start.
fn tool(project: &Path, name: &str) -> Result<PathBuf> {
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

fn sysroot(rustc: &Path) -> Result<PathBuf> {
    let output = Command::new(rustc).args(["--print", "target-libdir"]).output().map_err(Error::io("run", rustc))?;
    Ok(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()))
}

const WRAPPER: &str = "PFE_KERNEL_WRAPS_RUSTC";

/// Acts as rustc if cargo calls this program as its wrapper, as [`install`] asks. Returns the exit code, or `None` if
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
fn build(project: &Path, rustc: &Path) -> Result<Vec<PathBuf>> {
    let arguments = ["rustc", "--release", "--locked", "-p", "pfe-runtime", "--lib", JSON, "--", "-Cprefer-dynamic"];
    let own = std::env::current_exe().map_err(Error::io("find", "pfe-kernel"))?;
    // Makes cargo call this program as the rustc wrapper for the crates of the project: see `wrap_rustc`.
    let artifacts =
        cargo(project, rustc, &arguments, &[("RUSTC_WORKSPACE_WRAPPER", own.as_os_str()), (WRAPPER, "1".as_ref())])?;
    let names = artifacts.iter().flat_map(|artifact| artifact["filenames"].as_array().into_iter().flatten());
    // Crates linked into the library need only their metadata (`.rmeta`). The library and procedural macros are `.so`.
    let wanted = names.filter_map(Value::as_str).filter(|name| name.ends_with(".rmeta") || name.ends_with(".so"));
    Ok(wanted.map(PathBuf::from).collect::<BTreeSet<_>>().into_iter().collect())
}

/// Builds the program that prints notebooks. Returns its path.
fn build_printer(project: &Path, rustc: &Path) -> Result<PathBuf> {
    let artifacts = cargo(project, rustc, &["build", "--release", "--locked", "-p", "pfe", "--bin", "pfe", JSON], &[])?;
    let program = artifacts.iter().filter_map(|artifact| artifact["executable"].as_str()).next_back();
    program.map(PathBuf::from).ok_or_else(|| Error::message("cargo built no `pfe`"))
}

const JSON: &str = "--message-format=json-render-diagnostics";

/// Runs cargo and returns its `compiler-artifact` messages. cargo reports progress on stderr.
fn cargo(project: &Path, rustc: &Path, arguments: &[&str], environment: &[(&str, &OsStr)]) -> Result<Vec<Value>> {
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
        for line in BufReader::new(stdout).lines() {
            let line = line.map_err(Error::io("read the output of", &cargo))?;
            let message = serde_json::from_str::<Value>(&line).unwrap_or_default();
            if message["reason"] == "compiler-artifact" {
                artifacts.push(message);
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

fn externs(files: &[PathBuf]) -> Result<Vec<(String, String)>> {
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

fn build_runner(toolchain: &Toolchain) -> Result<()> {
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
        .arg(toolchain.runner())
        .arg(&source)
        .output()
        .map_err(Error::io("run", &toolchain.rustc))?;
    if output.status.success() {
        Ok(())
    } else {
        Err(Error::message(format!("cannot build `pfe-runtime`\n{}", String::from_utf8_lossy(&output.stderr))))
    }
}

/// Returns a folder name that is not in use: a running kernel may use the existing folder.
fn free_name(home: &Path, key: &str) -> PathBuf {
    let mut name = home.join(key);
    let mut number = 1;
    while name.exists() {
        number += 1;
        name = home.join(format!("{key}-{number}"));
    }
    name
}

/// Removes installations, except those in `keep`: the new one and the one before it, which running kernels may use.
fn remove_older(home: &Path, keep: &[Option<PathBuf>]) {
    for entry in std::fs::read_dir(home).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.join("pfe-runtime").exists() && !keep.contains(&Some(path.clone())) {
            let _ = std::fs::remove_dir_all(path);
        }
    }
}
