//! `pfe completions` and `pfe man`: what a shell and `man` know of the command line, from its declaration.

use std::fs;
use std::path::PathBuf;

use clap::Command;
use clap_complete::Shell;
use pfe::Error;

use super::super::terminal::{Outcome, print};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder of the pages, such as `~/.local/share/man/man1`
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// The script that completes the commands in a shell.
pub fn completions(shell: Shell, mut command: Command) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "pfe", &mut script);
    print(&String::from_utf8_lossy(&script))
}

/// One page per command: `pfe.1`, `pfe-run.1`, …
pub fn pages(args: &Args, command: Command) -> Outcome {
    fs::create_dir_all(&args.out).map_err(Error::io("create", &args.out))?;
    clap_mangen::generate_to(command.disable_help_subcommand(true), &args.out)
        .map_err(Error::io("write into", &args.out))?;
    print(&format!("man {}\n", args.out.join("pfe.1").display()))
}
