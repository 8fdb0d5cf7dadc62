//! Source of a cell → its parts. Next: `compile`.
//!
//! ```text
//! source ─ commands ─▶ commands + Rust ─ rewrite (expand) ─▶ Rust ─ cell, item (names, places) ─▶ Cell
//!                                      ─ completeness ─▶ Completeness
//! ```

mod cell;
pub mod commands;
mod completeness;
mod edit;
mod expand;
mod item;
mod loops;
mod names;
mod places;
mod rewrite;

pub use cell::Cell;
pub use completeness::{Completeness, completeness};
pub use edit::Edit;
pub use item::{Item, ItemKind};
pub use names::Names;
pub use places::StaticPlace;
