//! A parsed cell and what the session holds → a library. Next: `session` loads it into the cell process.
//!
//! ```text
//! Cell ─ items (versions), statements ─▶ generate (reach) ─▶ Generated ─ rustc ─▶ library + types of new variables
//!                                 dependencies (:dep) ──────────────────────┘     └──▶ Diagnostics
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
mod reach;
mod rustc;
mod statements;
mod versions;

pub use dependencies::{Dependencies, DependencyJob, wrap_rustc};
pub use diagnostic::{Diagnostic, is_nameable, named_type};
pub use generate::{CellCrate, MODULE, Variable, generate, shown_type};
pub use generated::{Generated, Origin};
pub use items::Items;
pub use notebook_crate::{NotebookCrate, generate_notebook};
pub use rustc::{BuildOutput, CompileJob, OptLevel, RunningCompiler, compile};
pub use statements::{PUBLIC, SCAFFOLD};
