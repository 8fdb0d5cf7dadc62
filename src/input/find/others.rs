//! Files that hold data and that no table takes → their warnings, and what may be meant for a missing table. Used by `find`.

use std::collections::BTreeMap;

use super::found::{Found, Near, unread};
use crate::input::file::part::FilePart;
use crate::input::file::source_file::SourceFile;
use crate::schema::contract::TableId;
use crate::schema::file_names::{self, Data, Says, says};

/// Most files of no table that are named one by one.
const NAMED: usize = 20;

/// Why rows in a format that pfe reads are not read.
pub(super) const NO_NAME: &str = "no table has such a name";

/// Names the files that hold data and that no table takes.
pub(super) fn told(others: Vec<((String, Data), FilePart)>, taken: &BTreeMap<TableId, SourceFile>, found: &mut Found) {
    let others: Vec<_> =
        others.into_iter().filter(|(_, part)| !file_names::may_be_prose(&part.name) || is_table(part)).collect();
    for (i, ((stem, kind), part)) in others.iter().enumerate() {
        let said = says(stem).map(Says::table);
        let reason = match kind {
            Data::Rows => NO_NAME,
            Data::Workbook => "it is a workbook, and pfe reads CSV, JSON and Parquet",
            Data::Database => "a database is a place of its own for `--data`",
            Data::Archive => "of archives, pfe reads zip files at the top of a folder",
            Data::Foreign => "pfe reads CSV, JSON and Parquet",
            Data::Backup => "its name says that it is an older copy",
            Data::Unfinished => "its name says that it is not complete",
        };
        let rest = others.len() - i;
        let told = match i + 1 == NAMED && rest > 1 {
            true => unread(&part.name, &format!("no table takes it, nor {} further files", rest - 1)),
            false => unread(&part.name, reason),
        };
        if i < NAMED {
            found.unread.push((said.unwrap_or(TableId::Orders), told));
        }
        let table = said.filter(|id| !taken.contains_key(id));
        found.near.push(Near { table, kind: *kind, part: part.clone(), fits: false });
    }
}

/// Whether the head of a text has rows: its first two lines have the same number of a delimiter.
fn is_table(part: &FilePart) -> bool {
    let head = part.head().unwrap_or_default();
    let mut lines = head.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    let (Some(first), Some(second)) = (lines.next(), lines.next()) else { return false };
    let count = |line: &[u8], mark: u8| line.iter().filter(|byte| **byte == mark).count();
    [b',', b';', b'\t', b'|'].iter().any(|mark| count(first, *mark) > 0 && count(first, *mark) == count(second, *mark))
}
