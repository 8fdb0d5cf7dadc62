//! Code and cursor → completions or documentation, while cells run.
//!
//! ```text
//! Context of the session + code ─ completer ─▶ columns ─▶ Matches
//!                                         └──▶ session_names ─▶ Matches
//!                                         └──▶ pipe (protocol) ─▶ analyzer: rust-analyzer, in a process of its own
//! ```
//!
//! rust-analyzer needs time and a gigabyte of memory to load the sources of all crates. The helper therefore starts
//! after the first cell has run. Until it is ready, completion offers the names of the session only. The columns of its DataFrames it always
//! knows. No cell waits for
//! it: the types of variables come from rustc (`compile`).

pub mod analyzer;
mod columns;
mod completer;
mod protocol;
mod session_names;

pub use completer::Completer;
pub use protocol::Context;
