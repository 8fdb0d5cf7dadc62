//! The files of one table, and how their rows are written. Found by `find`, chosen by `source`.

use std::path::Path;

use super::part::FilePart;
use crate::error::Result;
use crate::schema::contract::TableId;

/// How the rows of a file are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// Comma-separated values with a header, or anything read as such: compressed, Parquet, several files.
    Csv,
    /// An array of nested documents.
    Json,
}

/// The files of one table.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// The table that they hold.
    pub table: TableId,
    /// Name for messages, relative to the source.
    pub name: String,
    /// How their rows are written.
    pub format: Format,
    pub(crate) files: Vec<FilePart>,
    /// Number of leading files to skip, because the previous run has read them.
    pub(crate) already_read: usize,
}

impl SourceFile {
    /// The files of one table, at least one.
    pub(crate) fn new(table: TableId, format: Format, files: Vec<FilePart>) -> SourceFile {
        let more = if files.len() > 1 { format!(" + {} more", files.len() - 1) } else { String::new() };
        let first = files.first().map_or("", |file| file.name.as_str());
        SourceFile { table, name: format!("{first}{more}"), format, files, already_read: 0 }
    }

    /// The files to read.
    pub(crate) fn parts(&self) -> &[FilePart] {
        &self.files[self.already_read..]
    }

    /// Its file, if there is only one, and that is uncompressed.
    pub(crate) fn single(&self) -> Option<&FilePart> {
        match &self.files[..] {
            [file] if file.is_plain() => Some(file),
            _ => None,
        }
    }

    /// Estimated size of the text to read, bytes.
    pub(crate) fn size(&self) -> Result<u64> {
        self.parts().iter().map(|part| part.text(self.table.table())).sum()
    }

    /// Its files on the disk, each with its name; none in an archive or a store.
    pub(crate) fn files(&self) -> Vec<(&str, &Path)> {
        self.files.iter().filter_map(|part| Some((part.name.as_str(), part.path()?))).collect()
    }
}
