//! Bytes of a CSV file in any dialect → canonical CSV: UTF-8, commas, dates that start with the year, plain numbers. Between `source` and
//! `read`.
//!
//! The dialect is detected from the file, applied and reported. Where two readings fit, the file is refused. pfe
//! examines the head of a file. If it is not canonical, pfe examines the whole file. If it is, the rest passes
//! unchanged: there, a number that `schema::parse` cannot read is quarantined, and the first date that does not start
//! with the year makes `table_builder` read all dates once more.

mod encoding;
mod forms;
mod layout;
pub(crate) mod lines;
mod rewritten;
mod rows;
pub(crate) mod stream;

use std::io::{Cursor, Read};

pub(crate) use self::encoding::{Encoding, decoded, utf16};
pub(crate) use self::forms::{Forms, Survey};
use self::layout::Layout;
pub(crate) use self::layout::{DELIMITERS, SEP};
use self::rewritten::Rewritten;
use self::rows::{NormalizedText, Records};
use self::stream::{Bytes, RereadBytes};
use crate::error::Result;
use crate::input::file::part::unreadable;
use crate::schema::contract::Table;
use crate::schema::read_options::Reading;

/// Bytes of the head of a file, from which its encoding is detected.
const HEAD: u64 = 1 << 20;
/// Bytes of the head in which dates and numbers are checked for canonical form. Few, because they are parsed twice.
const PARSED: usize = 1 << 16;
/// A file in canonical form.
pub(crate) struct Canonical<'a> {
    pub(crate) bytes: Bytes<'a>,
    /// Descriptions of what was not canonical.
    pub(crate) found: Vec<String>,
    /// Whether all dates were examined.
    pub(crate) surveyed: bool,
}

/// The canonical bytes of a file of `table`.
///
/// # Errors
/// The file cannot be read, or a column is ambiguous.
pub(crate) fn canonical<'a>(
    table: &'static Table,
    name: &str,
    reading: &Reading,
    mut bytes: Bytes<'a>,
    reread: &RereadBytes<'_>,
) -> Result<Canonical<'a>> {
    let failed = |e| unreadable(name, &e);
    let mut head = Vec::with_capacity(HEAD as usize);
    bytes.by_ref().take(HEAD).read_to_end(&mut head).map_err(failed)?;
    let is_whole_file = (head.len() as u64) < HEAD;
    let encoding = Encoding::of(&head, is_whole_file, reread)?;
    let start = &head[..head.len().min(PARSED)];
    let layout = Layout::of(&encoding.decode(start), encoding, table);
    let is_plain = layout.is_canonical() && forms::are_plain(table, start, is_whole_file && start.len() == head.len());
    let all: Bytes<'a> = Box::new(Cursor::new(head).chain(bytes));
    if is_plain {
        return Ok(Canonical { bytes: all, found: Vec::new(), surveyed: false });
    }
    let mut survey = Survey::default();
    reread(&mut |bytes| {
        survey = Survey::of(table, records(layout, Box::new(bytes))).map_err(failed)?;
        Ok(())
    })?;
    let forms = survey.decide(name, reading)?;
    let mut found = layout.described();
    found.extend(forms.described());
    let bytes = match layout.is_canonical() && forms.is_empty() {
        true => all,
        false => Box::new(Rewritten::new(records(layout, all), forms)),
    };
    Ok(Canonical { bytes, found, surveyed: true })
}

/// The warnings about files that were not canonical; files with the same description share one.
pub(crate) fn warnings(files: &[(String, Vec<String>)]) -> Vec<String> {
    let mut grouped: Vec<(&[String], &str, usize)> = Vec::new();
    for (file, found) in files.iter().filter(|(_, found)| !found.is_empty()) {
        match grouped.iter_mut().find(|(other, ..)| other == found) {
            Some((.., files)) => *files += 1,
            None => grouped.push((found, file, 1)),
        }
    }
    let sentence = |(found, file, files): (&[String], &str, usize)| {
        let more = if files > 1 { format!(" and {} more", files - 1) } else { String::new() };
        format!("`{file}`{more}: {}", found.join("; "))
    };
    grouped.into_iter().map(sentence).collect()
}

/// The records of a file, header first.
fn records<'a>(layout: Layout, bytes: Bytes<'a>) -> Records<'a> {
    Records::new(NormalizedText::new(decoded(bytes, layout.encoding), layout), layout.delimiter)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
