//! Stores against real servers, which tests/servers.sh starts: what is written is read back to the bit, whatever happens.
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
