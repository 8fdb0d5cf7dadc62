//! The contract (tables, columns, types, keys, references, bounds), declared once → reading, cleaning, checks, SQL types, the data
//! dictionary and the generator, which derive from it. Next: `input`. Also here: the result tables, and values as text.

pub mod contract;
pub(crate) mod dates;
pub mod ddl;
pub(crate) mod file_names;
pub(crate) mod format;
pub(crate) mod missing;
pub(crate) mod numbers;
pub(crate) mod parse;
pub mod read_options;
pub mod result_tables;

pub use contract::TableId;
pub use read_options::Reading;
