//! The canonical tables, declared once: columns, types, keys, references, bounds. From this follow reading, cleaning, checks, SQL types, the
//! data dictionary and the generator. Also declared here: the tables of results, and how values are written as text.

pub mod contract;
pub(crate) mod dates;
pub mod ddl;
pub(crate) mod file_names;
pub(crate) mod format;
pub(crate) mod numbers;
pub(crate) mod parse;
pub mod read_options;
pub mod result_tables;

pub use contract::TableId;
pub use read_options::Reading;
