//! Jupyter's messaging protocol 5.4 over ZeroMQ, on top of a session.
//!
//! ```text
//! sockets ─ wire ─▶ server ─▶ executor ─▶ session ─▶ outputs ─▶ IOPub
//!                        ├──▶ shell ─▶ completion, history
//!                        └──▶ control ─▶ stopper of the session
//! ```
//!
//! Each socket has its own task. One thread runs the cells in the order of their requests. Completion and inspection
//! use other threads, so that they answer while a cell runs.

mod control;
mod executor;
mod history;
mod kernel;
mod server;
mod shell;
mod wire;

pub use server::serve;
