//! End-to-end tests through the binary, as a user calls it.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod amounts;
mod archives;
mod damaged;
mod decide;
mod determinism;
mod folder;
mod forms;
mod hostile;
mod input;
mod kill;
mod layouts;
mod memory;
mod monthly;
mod real;
mod rendering;
mod repeat;
mod report;
mod run;
mod stores;
mod values;
mod variants;
mod workdir;
