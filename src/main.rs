//! The `pfe` binary: the flow of the library from the command line.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod cli;

use std::process::ExitCode;

#[global_allocator]
static MEMORY: pfe::memory::ReportingAllocator = pfe::memory::ReportingAllocator;

fn main() -> ExitCode {
    pfe::memory::few_heaps();
    pfe::memory::report_refused_threads();
    cli::main()
}
