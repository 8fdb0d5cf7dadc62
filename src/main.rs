//! The `pfe` binary: the flow of the library from the command line.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    pfe::memory::few_heaps();
    cli::main()
}
