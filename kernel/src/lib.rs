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

pub mod analysis;
pub mod analyzer;
pub mod cell;
pub mod child;
mod commands;
pub mod compile;
pub mod deps;
pub mod error;
pub mod generate;
pub mod install;
pub mod items;
pub mod jupyter;
pub mod report;
pub mod runner;
pub mod session;
#[path = "../../src/text.rs"]
pub mod text;
pub mod timings;
pub mod toolchain;

pub use error::{Error, Result};
pub use session::Session;
