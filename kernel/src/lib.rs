//! The Jupyter kernel of pfe and the headless runner of its notebooks.
//!
//! ```text
//! cell → Cell → crate → library → outputs → front end, notebook
//!       parse/     compile/      session/   jupyter/, runner/
//! ```
//!
//! Each cell is compiled as a small crate. It links to one library with all crates that cells can use, which
//! [`install`] builds once of a manifest. One call of rustc builds the cell and also reports the types of its variables, so no cell
//! waits for cargo or for rust-analyzer.
//!
//! The modules stand in layers. Each imports only modules above it in this table; a test holds that.
//!
//! | module | holds |
//! | --- | --- |
//! | [`error`] | errors of the kernel itself |
//! | [`text`] | text from notebooks, made safe to show |
//! | `process` | signals to the programs that the kernel starts |
//! | `folders` | folders that this program makes: marked, and only those are ever removed |
//! | [`install`] | the libraries and programs on this machine: built, described, checked, removed |
//! | `parse` | source of a cell → its parts |
//! | `compile` | parts → crate → library, by one call of rustc |
//! | [`completion`] | completion and inspection, by rust-analyzer in a process of its own |
//! | `session` | runs cells one after another, keeps variables and items |
//! | [`runner`] | notebooks without Jupyter: run, check, verify, export, print |
//! | [`jupyter`] | the messaging protocol |

mod compile;
pub mod completion;
pub mod error;
mod folders;
pub mod install;
pub mod jupyter;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod layers;
mod parse;
mod process;
pub mod runner;
mod session;
#[path = "../../src/text.rs"]
pub mod text;

pub use compile::wrap_rustc;
pub use error::{Error, Result};
