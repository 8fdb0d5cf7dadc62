//! Files, archives and stores → RawTables. Next: `clean`.
//!
//! `find` decides which files hold which table, [`source`] combines several places, [`mod@read`] types every row by the contract or
//! quarantines it with the reason.

mod absent;
pub(crate) mod built_in;
mod conversions;
pub(crate) mod dialect;
pub(crate) mod find;
mod json;
mod lines;
pub(crate) mod parts;
pub mod quarantine;
pub mod read;
pub mod source;
pub(crate) mod table_builder;
mod typed;
mod undated;

pub use read::{RawTables, read};
pub use source::Source;
