//! End to end, through the binary, as a user calls it.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod decide;
mod determinism;
mod forms;
mod input;
mod kill;
mod layouts;
mod monthly;
mod real;
mod rendering;
mod repeat;
mod report;
mod run;
mod workdir;
