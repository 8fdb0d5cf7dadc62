//! Generated crate → library, or diagnostics. One call of rustc, with the arguments cargo would give.

use crate::error::{Error, Result};
use crate::toolchain::Toolchain;
use serde::Deserialize;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// A message of rustc.
#[derive(Clone, Debug, Deserialize)]
pub struct Diagnostic {
    /// The text without places.
    pub message: String,
    /// Such as `E0382`.
    pub code: Option<Code>,
    /// `error`, `warning`, …
    pub level: String,
    /// Places.
    pub spans: Vec<Span>,
    /// As rustc prints it, in colour.
    pub rendered: Option<String>,
}

/// The code of a message.
#[derive(Clone, Debug, Deserialize)]
pub struct Code {
    /// Such as `E0382`.
    pub code: String,
}

/// A place in the generated crate.
#[derive(Clone, Debug, Deserialize)]
pub struct Span {
    /// The file.
    pub file_name: String,
    /// The first line, from 1.
    pub line_start: usize,
    /// Whether the message is about this place.
    pub is_primary: bool,
    /// What is said about it.
    pub label: Option<String>,
}

impl Diagnostic {
    /// The code, or nothing.
    pub fn code(&self) -> &str {
        self.code.as_ref().map_or("", |code| code.code.as_str())
    }

    /// Whether it stops the build. The closing "aborting due to …" is not counted.
    pub fn is_error(&self) -> bool {
        self.level.starts_with("error") && !(self.spans.is_empty() && self.message.starts_with("aborting due to"))
    }
}

/// What a call of rustc gave.
#[derive(Debug)]
pub struct Build {
    /// The library, when it could be built.
    pub library: Option<PathBuf>,
    /// Errors and warnings.
    pub diagnostics: Vec<Diagnostic>,
    /// The whole call.
    pub time: Duration,
    /// The linker's part of it.
    pub link: Duration,
}

/// The rustc that runs, so that an interrupt can stop it.
#[derive(Debug, Default)]
pub struct Running(Mutex<(Option<u32>, bool)>);

impl Running {
    /// Stops the compiler. False when it does not run.
    pub fn stop(&self) -> bool {
        let mut state = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let Some(pid) = state.0 else { return false };
        state.1 = true;
        crate::child::signal_group(pid, rustix::process::Signal::KILL);
        true
    }
}

/// What is asked of rustc.
pub struct Job<'a> {
    /// Installed libraries and their compiler.
    pub toolchain: &'a Toolchain,
    /// Where source and library are written.
    pub directory: &'a Path,
    /// Names the files: `cell_7`.
    pub name: &'a str,
    /// The source.
    pub source: &'a str,
    /// `0` to `3`.
    pub opt_level: &'a str,
    /// More arguments, such as those of `:dep`.
    pub extra: &'a [String],
    /// Whether rustc shortens paths (`DataFrame`), as readers like, or not, as the next cell needs.
    pub short_paths: bool,
    /// Whether to stop before code is generated.
    pub check_only: bool,
}

/// Compiles a cell.
pub fn compile(job: &Job, running: &Running) -> Result<Build> {
    let start = Instant::now();
    let file = job.directory.join(format!("{}.rs", job.name));
    std::fs::write(&file, job.source).map_err(Error::io("write", &file))?;
    let library = job.directory.join(format!("{}.so", job.name));
    let mut command = Command::new(&job.toolchain.rustc);
    command.current_dir(job.directory).args([&format!("{}.rs", job.name), "--crate-name=cell", "--edition=2024"]);
    job.toolchain.link_arguments(&mut command);
    command
        .args(job.extra)
        .args([
            "--error-format=json",
            "--json=diagnostic-rendered-ansi",
            "-Cprefer-dynamic",
            "-Cdebuginfo=line-tables-only",
            "-Ccodegen-units=1",
        ])
        .arg(format!("-Copt-level={}", job.opt_level))
        .args(["-Ztime-passes", "-Ztime-passes-format=json"]);
    if job.check_only {
        command.args(["--crate-type=lib", "--emit=metadata", "-o"]).arg(job.directory.join("check.rmeta"));
    } else {
        command.args(["--crate-type=cdylib", "--emit=link", "-o"]).arg(&library);
    }
    if !job.short_paths {
        command.arg("-Ztrim-diagnostic-paths=no");
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).process_group(0);
    let mut child = command.spawn().map_err(Error::io("run", &job.toolchain.rustc))?;
    *running.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = (Some(child.id()), false);
    let mut output = Vec::new();
    let read = child.stderr.take().map_or(Ok(0), |mut stderr| stderr.read_to_end(&mut output));
    let stopped = {
        let mut state = running.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        state.0 = None;
        state.1
    };
    let status = child.wait().map_err(Error::io("run", &job.toolchain.rustc))?;
    if stopped {
        return Err(Error::Interrupted);
    }
    read.map_err(Error::io("read the output of", &job.toolchain.rustc))?;
    let output = String::from_utf8_lossy(&output);
    let diagnostics: Vec<Diagnostic> = output
        .lines()
        .filter(|line| line.starts_with('{'))
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    if !status.success() && !diagnostics.iter().any(Diagnostic::is_error) {
        return Err(Error::message(format!(
            "rustc failed ({status})\n{}",
            output.lines().filter(|line| !line.starts_with("time:")).collect::<Vec<_>>().join("\n")
        )));
    }
    Ok(Build {
        library: status.success().then_some(library),
        diagnostics,
        time: start.elapsed(),
        link: link_time(&output),
    })
}

fn link_time(output: &str) -> Duration {
    let pass = |line: &str| -> Option<f64> {
        let pass: serde_json::Value = serde_json::from_str(line.strip_prefix("time:")?.trim()).ok()?;
        (pass["pass"] == "link").then(|| pass["time"].as_f64()).flatten()
    };
    Duration::try_from_secs_f64(output.lines().filter_map(pass).sum()).unwrap_or_default()
}

/// The type rustc names in its warning about `drop(&variable)`.
pub fn named_type(diagnostic: &Diagnostic) -> Option<&str> {
    if diagnostic.code() != "dropping_references" {
        return None;
    }
    let label = diagnostic.spans.iter().find_map(|span| span.label.as_deref())?;
    label.split_once("`&")?.1.strip_suffix('`')
}

/// Whether a type can be written down in the next cell. Closures, `impl Trait` and `async` blocks cannot.
pub fn is_nameable(ty: &str) -> bool {
    !(ty.contains('{') || ty.contains("impl ") || ty.contains('…') || ty.contains("..."))
}
