//! End to end, through the binary, as a user calls it.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod decide;
mod determinism;
mod input;
mod layouts;
mod real;
mod report;
mod run;
mod workdir;
