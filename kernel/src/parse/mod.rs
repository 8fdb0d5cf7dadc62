//! Source of a cell → its parts. Next: `compile`.
//!
//! ```text
//! source ─ commands ─▶ commands + Rust ─ cell, item ─▶ Cell (items, bindings, last expression)
//!                                      ─ completeness ─▶ Completeness
//! ```

mod cell;
pub mod commands;
mod completeness;
mod item;

pub use cell::{Cell, Edit};
pub use completeness::{Completeness, completeness};
pub use item::ItemKind;
