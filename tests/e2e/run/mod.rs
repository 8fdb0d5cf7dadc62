//! Runs: what they write, repeat, survive and bound.

mod determinism;
mod folder;
mod job;
mod kill;
mod memory;
mod monthly;
mod real;
mod repeat;
mod stores;
