//! Runs: what they write, repeat, survive and bound.

mod determinism;
mod folder;
mod guide;
mod job;
mod kill;
mod memory;
mod monthly;
mod newcomer;
mod real;
mod repeat;
mod stores;
