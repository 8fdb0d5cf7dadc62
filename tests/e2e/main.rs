//! End-to-end tests through the binary, as a user calls it.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod input;
mod report;
mod run;
mod workdir;
