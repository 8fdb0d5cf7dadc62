//! Mart on real Spark Connect servers (Spark 4 and Sail): every SQL file and the whole run equal those of polars, bit by bit.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod cleans;
mod failures;
mod same;
mod scale;
mod server;
#[path = "../e2e/workdir.rs"]
#[allow(dead_code)]
mod workdir;
