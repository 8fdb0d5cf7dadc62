//! `pfe doctor`: whether this machine can do a run, before it begins.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use pfe::{Error, memory};

use super::super::terminal::{Outcome, print};

/// Free disk space that the run of a hundred thousand orders may need, bytes.
const SPACE: u64 = 300 << 20;
/// Memory that it may need, bytes.
const MEMORY: u64 = 1 << 30;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Output folder of the runs to come
    #[arg(long, value_name = "DIR", default_value = "out")]
    out: PathBuf,
}

pub fn run(args: &Args) -> Outcome {
    let mut text = String::new();
    let mut faults = Vec::new();
    let mut row = |what: &str, found: String, fault: Option<&str>| {
        let _ = writeln!(text, "{what:<12}{found}{}", fault.map(|fault| format!(": {fault}")).unwrap_or_default());
        faults.extend(fault.map(|_| what.to_owned()));
    };
    row("program", format!("pfe {}", env!("CARGO_PKG_VERSION")), None);
    row("processors", std::thread::available_parallelism().map_or(1, usize::from).to_string(), None);
    let little = |bytes: u64, least: u64, fault| (bytes < least).then_some(fault);
    match memory::limit() {
        Some(limit) => {
            row("memory", megabytes(limit), little(limit, MEMORY, "a run may need 1 GB; try `--memory 300`"))
        }
        None => row("memory", "no limit is known".into(), None),
    }
    let home = existing(&args.out);
    match fs4::available_space(home) {
        Ok(free) => {
            row("disk", format!("{} free in {}", megabytes(free), home.display()), little(free, SPACE, "too little"))
        }
        Err(e) => row("disk", format!("{}: {e}", home.display()), Some("cannot be told")),
    }
    match tempfile::tempfile_in(home) {
        Ok(_) => row("output", format!("{} can be written", home.display()), None),
        Err(e) => row("output", format!("{}: {e}", home.display()), Some("choose another `--out`")),
    }
    row("report", "HTML and PDF need no browser and no font: both are in the program".into(), None);
    row("notebooks", "`pfe-kernel doctor` tells whether the kernel has its toolchain".into(), None);
    print(&text)?;
    match faults.is_empty() {
        true => Ok(()),
        false => Err(Error::input(format!("not ready: {}", faults.join(", "))).into()),
    }
}

/// The folder itself, or the nearest above it that exists.
fn existing(folder: &Path) -> &Path {
    let nearest = folder.ancestors().find(|path| path.is_dir() && !path.as_os_str().is_empty());
    nearest.unwrap_or(Path::new("."))
}

fn megabytes(bytes: u64) -> String {
    format!("{} MB", bytes >> 20)
}
