//! Files, archives and stores → RawTables. Next: `clean`.
//!
//! `export` reads the exports of other shops by their market, `find` decides which files hold which table, [`source`] combines several places, [`mod@read`] types every row by the contract or
//! quarantines it with the reason.

pub(crate) mod built_in;
pub(crate) mod columns;
pub(crate) mod dialect;
pub(crate) mod export;
pub(crate) mod file;
pub(crate) mod find;
pub mod identify;
pub mod identity;
pub mod quarantine;
pub mod raw_table;
pub mod read;
pub mod rows;
pub mod source;

pub use export::dry_run::{checked_export, proposed_market};
pub use raw_table::RawTables;
pub use read::read;
pub use source::Source;
