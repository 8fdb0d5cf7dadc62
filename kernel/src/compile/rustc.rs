//! Generated crate → library, or diagnostics. Calls rustc with the arguments that cargo would pass. Next: `child`.

use crate::error::{Error, Result};
use crate::toolchain::Toolchain;
use serde::Deserialize;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// A diagnostic of rustc, from its JSON output.
#[derive(Clone, Debug, Deserialize)]
pub struct Diagnostic {
    /// The message, without its spans.
    pub message: String,
    /// Its error code or lint name.
    pub code: Option<Code>,
    /// `error`, `warning`, …
    pub level: String,
    /// The spans it refers to.
    pub spans: Vec<Span>,
    /// The whole diagnostic as rustc prints it, in colour.
    pub rendered: Option<String>,
}

/// The code of a diagnostic.
#[derive(Clone, Debug, Deserialize)]
pub struct Code {
    /// An error code such as `E0382`, or a lint name.
    pub code: String,
}

/// A span of the generated crate.
#[derive(Clone, Debug, Deserialize)]
pub struct Span {
    /// The file.
    pub file_name: String,
    /// The first line, from 1.
    pub line_start: usize,
    /// Whether the diagnostic is mainly about this span.
    pub is_primary: bool,
    /// The text rustc prints beside the span.
    pub label: Option<String>,
}

impl Diagnostic {
    /// Returns the code, or an empty string.
    pub fn code(&self) -> &str {
        self.code.as_ref().map_or("", |code| code.code.as_str())
    }

    /// Returns whether this is an error. The closing summary, "aborting due to …", does not count.
    pub fn is_error(&self) -> bool {
        self.level.starts_with("error") && !(self.spans.is_empty() && self.message.starts_with("aborting due to"))
    }
}

/// Result of a call of rustc.
#[derive(Debug)]
pub struct Build {
    /// The library, if the build succeeded.
    pub library: Option<PathBuf>,
    /// Errors and warnings.
    pub diagnostics: Vec<Diagnostic>,
    /// Duration of the whole call.
    pub time: Duration,
    /// The part of `time` spent in the linker.
    pub link: Duration,
}

/// The running rustc process, if any, so that an interrupt can stop it: its id, and whether it was stopped.
#[derive(Debug, Default)]
pub struct Running(Mutex<(Option<u32>, bool)>);

impl Running {
    /// Kills the compiler. Returns false if it is not running.
    pub fn stop(&self) -> bool {
        let mut state = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let Some(pid) = state.0 else { return false };
        state.1 = true;
        crate::child::signal_group(pid, rustix::process::Signal::KILL);
        true
    }
}

/// Input of [`compile`].
pub struct Job<'a> {
    /// The installed libraries and their compiler.
    pub toolchain: &'a Toolchain,
    /// Folder for the source and the library.
    pub directory: &'a Path,
    /// Base name of both files, such as `cell_7`.
    pub name: &'a str,
    /// The source of the crate.
    pub source: &'a str,
    /// Optimisation level, `0` to `3`.
    pub opt_level: &'a str,
    /// Additional arguments, such as those of `:dep`.
    pub extra: &'a [String],
    /// Whether rustc shortens paths in its messages: users read short ones (`DataFrame`), generated code needs full
    /// ones.
    pub short_paths: bool,
    /// Whether to only check the crate, without generating code.
    pub check_only: bool,
}

/// Compiles a crate. Returns [`Error::Interrupted`] if [`Running::stop`] killed rustc.
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

/// Extracts the type that rustc names in its warning about `drop(&variable)`.
pub fn named_type(diagnostic: &Diagnostic) -> Option<&str> {
    if diagnostic.code() != "dropping_references" {
        return None;
    }
    let label = diagnostic.spans.iter().find_map(|span| span.label.as_deref())?;
    label.split_once("`&")?.1.strip_suffix('`')
}

/// Returns whether source code can name the type. Closures, `impl Trait` and `async` blocks have no nameable type.
pub fn is_nameable(ty: &str) -> bool {
    !(ty.contains('{') || ty.contains("impl ") || ty.contains('…') || ty.contains("..."))
}
