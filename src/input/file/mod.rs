//! A file of a table, wherever it is stored, and the files that are one table. Used by `find`, `source` and `read`.

pub(crate) mod archive;
pub(crate) mod part;
pub(crate) mod source_file;
