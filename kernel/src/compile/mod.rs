//! A parsed cell and what the session holds → a library. Next: `session` loads it into the cell process.
//!
//! ```text
//! Cell ─ items, statements ─▶ generate, notebook_crate ─▶ Generated ─ rustc ─▶ library + types of new variables
//!                                 dependencies (:dep) ──────────────┘     └──▶ Diagnostics
//! ```

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
pub use generate::{Plan, Variable, generate};
pub use generated::{Generated, Origin};
pub use items::{Items, mentions};
pub use notebook_crate::{Target, generate_all};
pub use rustc::{Build, Job, Running, compile};
pub use statements::{FRAME, item_texts};
