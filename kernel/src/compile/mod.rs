//! A parsed cell and what the session holds → a library. Next: `session` loads it into the cell process.
//!
//! ```text
//! Cell ─ items, statements ─▶ generate ─────────────────▶ Generated ─ rustc ─▶ library + types of new variables
//!                                 dependencies (:dep) ──────────────┘     └──▶ Diagnostics
//! ```
//!
//! [`generate`] makes the crate of one cell; [`generate_notebook`] makes one crate of a whole notebook, for `check` and
//! `export`.

mod dependencies;
mod diagnostic;
mod generate;
mod generated;
mod items;
mod notebook_crate;
mod rustc;
mod statements;

pub use dependencies::Dependencies;
pub use diagnostic::{Diagnostic, is_nameable, named_type};
pub use generate::{CellCrate, Variable, generate};
pub use generated::{Generated, Origin};
pub use items::{Items, mentions};
pub use notebook_crate::{NotebookCrate, generate_notebook};
pub use rustc::{BuildOutput, CompileJob, RunningCompiler, compile};
pub use statements::{SCAFFOLD, item_texts};
