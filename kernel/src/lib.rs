//! The Jupyter kernel of pfe ([`jupyter`]) and the headless runner of its notebooks ([`runner`]). Both use [`session`].
//!
//! ```text
//! cell → parts → crate → library → outputs
//!      cell/items  generate  compile   child        core: session
//! ```
//!
//! Each cell is compiled as a small crate. It links to one library with all dependencies (`kernel/runtime`), which
//! [`install`] builds once. One call of rustc builds the cell and also reports the types of its variables, so no cell
//! waits for cargo or for rust-analyzer.

#[path = "completion/completer.rs"]
pub mod analysis;
#[path = "completion/analyzer.rs"]
pub mod analyzer;
#[path = "parse/cell.rs"]
pub mod cell;
#[path = "session/cell_process.rs"]
pub mod child;
#[path = "session/commands.rs"]
mod commands;
#[path = "compile/rustc.rs"]
pub mod compile;
#[path = "compile/dependencies.rs"]
pub mod deps;
pub mod error;
#[path = "compile/generate.rs"]
pub mod generate;
#[path = "install/build.rs"]
pub mod install;
#[path = "compile/items.rs"]
pub mod items;
#[path = "jupyter/server.rs"]
pub mod jupyter;
#[path = "session/failure.rs"]
pub mod report;
#[path = "runner/run.rs"]
pub mod runner;
#[path = "session/state.rs"]
pub mod session;
#[path = "../../src/text.rs"]
pub mod text;
#[path = "session/timings.rs"]
pub mod timings;
#[path = "install/toolchain.rs"]
pub mod toolchain;

pub use error::{Error, Result};
pub use session::Session;
