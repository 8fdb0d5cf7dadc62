//! Generated crate → library or diagnostics: calls rustc with the arguments that cargo would pass. Next: `session`.

use super::diagnostic::Diagnostic;
use crate::error::{Error, Result};
use crate::install::Toolchain;
use crate::process::signal_group;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Result of a call of rustc.
#[derive(Debug)]
pub struct BuildOutput {
    /// The library, if the build succeeded.
    pub library: Option<PathBuf>,
    /// Errors and warnings.
    pub diagnostics: Vec<Diagnostic>,
    /// Duration of the whole call.
    pub time: Duration,
    /// The part of `time` spent in the linker.
    pub link: Duration,
}

/// The running rustc process, if any, so that an interrupt can stop it: its id, and whether the cell was stopped.
#[derive(Debug, Default)]
pub struct RunningCompiler(Mutex<(Option<u32>, bool)>);

impl RunningCompiler {
    fn state(&self) -> std::sync::MutexGuard<'_, (Option<u32>, bool)> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Forgets earlier interrupts, for a new cell.
    pub fn begin(&self) {
        *self.state() = (None, false);
    }

    /// From now on an interrupt stops the process `pid` and those it starts; at once, if one has come for this cell.
    pub fn started(&self, pid: u32) {
        let mut state = self.state();
        state.0 = Some(pid);
        if state.1 {
            signal_group(pid, rustix::process::Signal::KILL);
        }
    }

    /// The process has ended. Returns whether it was stopped.
    pub fn ended(&self) -> bool {
        let mut state = self.state();
        state.0 = None;
        state.1
    }

    /// Stops the compiler: the running one, or the next one of this cell.
    pub fn stop(&self) {
        let mut state = self.state();
        state.1 = true;
        if let Some(pid) = state.0 {
            signal_group(pid, rustix::process::Signal::KILL);
        }
    }

    /// Returns whether the cell was stopped.
    pub fn is_stopped(&self) -> bool {
        self.state().1
    }
}

/// How much the compiler optimises cells, as `:opt` sets it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum OptLevel {
    /// 2 where something runs often, 0 elsewhere, with the checks of a debug build in both: overflow still panics, and
    /// `cfg!(debug_assertions)` does not change from cell to cell.
    #[default]
    Auto,
    /// `0` to `3`, with the checks that cargo's profiles have there.
    Fixed(String),
}

impl std::fmt::Display for OptLevel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            OptLevel::Auto => "auto",
            OptLevel::Fixed(level) => level,
        })
    }
}

impl OptLevel {
    /// Returns whether `debug_assertions` are on.
    pub fn has_debug_assertions(&self) -> bool {
        matches!(self, OptLevel::Auto) || *self == OptLevel::Fixed("0".to_owned())
    }

    fn arguments(&self, repeats: bool) -> Vec<String> {
        let level = match self {
            OptLevel::Auto if repeats => "2",
            OptLevel::Auto => "0",
            OptLevel::Fixed(level) => level,
        };
        let mut arguments = vec![format!("-Copt-level={level}")];
        if level != "0" {
            // rustc shares instances of generic functions up to level 1 only. Without them a polars cell takes seconds.
            arguments.push("-Zshare-generics=yes".to_owned());
            if self.has_debug_assertions() {
                // Not those of std's own unsafe code: each is a call of the library's instance, in the midst of a loop.
                arguments.extend(["-Cdebug-assertions=yes", "-Zub-checks=no"].map(str::to_owned));
            }
        }
        arguments
    }
}

/// Input of [`compile`].
pub struct CompileJob<'a> {
    /// The installed libraries and their compiler.
    pub toolchain: &'a Toolchain,
    /// Folder for the source and the library.
    pub directory: &'a Path,
    /// Base name of both files, such as `cell_7`.
    pub name: &'a str,
    /// The source of the crate.
    pub source: &'a str,
    /// How much the compiler optimises.
    pub opt_level: &'a OptLevel,
    /// Whether parts of the source run often: see [`OptLevel::Auto`].
    pub repeats: bool,
    /// Additional arguments, such as those of `:dep`.
    pub extra: &'a [String],
    /// Whether rustc shortens paths in its messages: users read short ones (`DataFrame`), generated code needs full
    /// ones.
    pub short_paths: bool,
    /// Whether to only check the crate, without generating code.
    pub check_only: bool,
}

/// Compiles a crate. Returns [`Error::Interrupted`] if [`RunningCompiler::stop`] killed rustc.
pub fn compile(job: &CompileJob, running: &RunningCompiler) -> Result<BuildOutput> {
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
            // Libraries of other cells may have symbols of the same names: this one's own come first.
            "-Clink-arg=-Wl,-Bsymbolic",
            "-Cdebuginfo=line-tables-only",
            "-Ccodegen-units=1",
        ])
        .args(job.opt_level.arguments(job.repeats))
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
    running.started(child.id());
    let mut output = Vec::new();
    let read = child.stderr.take().map_or(Ok(0), |mut stderr| stderr.read_to_end(&mut output));
    let stopped = running.ended();
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
    Ok(BuildOutput {
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
