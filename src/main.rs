//! The `pfe` binary: the flow of the library from the command line.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod cli;

use std::process::ExitCode;

#[global_allocator]
static MEMORY: pfe::memory::Telling = pfe::memory::Telling;

fn main() -> ExitCode {
    pfe::memory::few_heaps();
    pfe::memory::tell_refused_threads();
    cli::main()
}
