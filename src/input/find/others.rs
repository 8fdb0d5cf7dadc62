//! Files that hold data and that no table takes → their warnings, and what may be meant for a missing table. Used by `find`.

use std::collections::BTreeMap;

use super::found::{Candidate, Found, unread};
use crate::input::file::part::FilePart;
use crate::input::file::source_file::SourceFile;
use crate::schema::contract::TableId;
use crate::schema::file_names::{self, Data, NameMatch, match_name};

/// Most files of no table that are named one by one.
const NAMED: usize = 20;

/// Why rows in a format that pfe reads are not read.
pub(super) const NO_NAME: &str = "no table has such a name";

/// Reports the files that hold data and that no table takes: as warnings, and as candidates for missing tables.
pub(super) fn report(
    unmatched: Vec<((String, Data), FilePart)>,
    chosen: &BTreeMap<TableId, SourceFile>,
    found: &mut Found,
) {
    let unmatched: Vec<_> =
        unmatched.into_iter().filter(|(_, part)| !file_names::may_be_prose(&part.name) || is_table(part)).collect();
    for (i, ((stem, kind), part)) in unmatched.iter().enumerate() {
        let resembled = match_name(stem).map(NameMatch::table);
        let reason = match kind {
            Data::Rows => NO_NAME,
            Data::Workbook => "it is a workbook, and pfe reads CSV, JSON and Parquet",
            Data::Database => "a database is a place of its own for `--data`",
            Data::Archive => "of archives, pfe reads zip files at the top of a folder",
            Data::Foreign => "pfe reads CSV, JSON and Parquet",
            Data::Backup => "its name says that it is an older copy",
            Data::Unfinished => "its name says that it is not complete",
        };
        let remaining = unmatched.len() - i;
        let warning = match i + 1 == NAMED && remaining > 1 {
            true => unread(&part.name, &format!("no table takes it, nor {} further files", remaining - 1)),
            false => unread(&part.name, reason),
        };
        if i < NAMED {
            found.unread.push((resembled.unwrap_or(TableId::Orders), warning));
        }
        let table = resembled.filter(|id| !chosen.contains_key(id));
        found.candidates.push(Candidate { table, kind: *kind, part: part.clone(), fits: false });
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
