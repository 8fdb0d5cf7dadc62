//! Stores on real servers, started by `tests/servers.sh`: what is written is read back bit by bit, whatever happens.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod cloud;
mod failures;
mod proxy;
mod roundtrip;
mod runs;
mod servers;
#[path = "../e2e/workdir.rs"]
#[allow(dead_code)]
mod workdir;
