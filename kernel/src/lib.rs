//! The Jupyter kernel of pfe, and the headless runner of its notebooks: two fronts on one core.
//!
//! ```text
//! cell → parts → crate → library → outputs
//!      cell/items  generate  compile   child        core: session
//! ```
//!
//! A cell becomes a small crate that links to one library with everything in it (`kernel/cell`), built once by
//! [`install`]. One call of rustc both builds the cell and names the types of its variables, so no cell waits for
//! cargo or for type inference in another program.

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
