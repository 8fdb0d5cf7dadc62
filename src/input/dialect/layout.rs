//! Head of a file → the layout of its rows: encoding, delimiter, line ends. Used by `dialect`.

use std::borrow::Cow;

use super::encoding::Encoding;
use crate::input::columns;
use crate::schema::contract::Table;

/// Possible delimiters, the canonical one first.
pub(crate) const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// A first line `sep=;` tells Excel the delimiter.
pub(crate) const SEP: &str = "sep=";

/// The layout of the rows of a file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Layout {
    pub(super) encoding: Encoding,
    pub(super) delimiter: u8,
    /// Whether lines end with `\r` alone.
    pub(super) cr: bool,
    /// Whether there are spaces between delimiters and quotes.
    pub(super) spaced: bool,
    /// Whether a line before the header names the delimiter.
    pub(super) named: bool,
}

impl Layout {
    /// Detects the layout from the head of a file.
    pub(super) fn of(text: &str, encoding: Encoding, table: &Table) -> Layout {
        let first_end = text.find(['\r', '\n']).map(|end| &text[end..]);
        let cr = first_end.is_some_and(|end| end.starts_with('\r') && !end.starts_with("\r\n"));
        let text = text.trim_start_matches('\u{feff}');
        let mut lines = text.split(if cr { '\r' } else { '\n' }).map(|line| line.trim_end_matches('\r'));
        let mut header = lines.next().unwrap_or_default();
        let named = header.strip_prefix(SEP).and_then(|rest| rest.bytes().next().filter(|_| rest.len() == 1));
        if named.is_some() {
            header = lines.next().unwrap_or_default();
        }
        let columns = |delimiter: &u8| {
            let names = header.split(char::from(*delimiter)).map(|name| name.trim().trim_matches('"').trim());
            names.filter(|name| table.columns.iter().any(|column| columns::is(column, name))).count()
        };
        let most = DELIMITERS.iter().map(columns).max().unwrap_or(0);
        let found = DELIMITERS.into_iter().find(|delimiter| columns(delimiter) == most).unwrap_or(b',');
        let delimiter = named.filter(|named| DELIMITERS.contains(named)).unwrap_or(found);
        let is_spaced = |line: &str| {
            let after = line.match_indices(char::from(delimiter)).map(|(at, _)| &line[at + 1..]);
            after.into_iter().any(|rest| rest.starts_with(' ') && rest.trim_start_matches(' ').starts_with('"'))
        };
        // Who writes spaces after the delimiters of the header writes them before quotes, wherever the first quote is.
        let has_spaces = header.match_indices(char::from(delimiter)).any(|(at, _)| header[at + 1..].starts_with(' '));
        let spaced = has_spaces || is_spaced(header) || lines.next().is_some_and(is_spaced);
        Layout { encoding, delimiter, cr, spaced, named: named.is_some() }
    }

    pub(super) fn is_canonical(&self) -> bool {
        let Layout { encoding, delimiter, cr, spaced, named } = *self;
        encoding == Encoding::Utf8 && delimiter == b',' && !cr && !spaced && !named
    }

    /// Descriptions of what is not canonical.
    pub(super) fn described(&self) -> Vec<String> {
        let mut found = Vec::new();
        if self.encoding != Encoding::Utf8 {
            found.push(format!("it is written in {}", self.encoding.name()));
        }
        if self.delimiter != b',' {
            let delimiter: Cow<'_, str> = match self.delimiter {
                b'\t' => "tabs".into(),
                other => format!("`{}`", char::from(other)).into(),
            };
            found.push(format!("it is separated by {delimiter}"));
        }
        if self.cr {
            found.push("its lines end with `\\r`".into());
        }
        found
    }
}
