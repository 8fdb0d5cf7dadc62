//! Rows of any format → a typed table, by the contract. Used by `read`.

mod column_builder;
pub mod conversions;
pub(crate) mod csv;
mod header;
pub(crate) mod json;
pub(crate) mod table_builder;
pub(crate) mod typed;
