//! What is found at a place: files of tables, files that are not read and why, and data that may be meant for a missing table.

use crate::input::file::part::{FilePart, Place};
use crate::input::file::source_file::SourceFile;
use crate::schema::contract::TableId;
use crate::schema::file_names::Data;

/// The content of a place.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The files of each table that the place holds.
    pub(crate) files: Vec<SourceFile>,
    /// Files that hold data and are not read, each with the reason, and the table whose warnings report it.
    pub(crate) unread: Vec<(TableId, String)>,
    /// The same files, and tables of a database, that may be meant for a table that the place lacks.
    pub(crate) candidates: Vec<Candidate>,
}

/// A file and its path within the place.
pub(super) type Listed = (String, Place);

/// Follows the file name in every warning about a file that is not read.
pub(crate) const NOT_READ: &str = "` is not read: ";

pub(crate) fn unread(name: &str, reason: &str) -> String {
    format!("`{name}{NOT_READ}{reason}")
}

/// Data that no table takes, and that may be meant for a missing table.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    /// The table whose name it resembles, if the place lacks it.
    pub(crate) table: Option<TableId>,
    pub(crate) kind: Data,
    pub(crate) part: FilePart,
    /// Whether it has the columns of `table`, as far as they can be read.
    pub(crate) fits: bool,
}
