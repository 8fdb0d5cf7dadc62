//! Source of a cell → its items and its statements apart, each text on the lines where the cell has it.

use super::generated::{Generated, Origin};
use crate::parse::{Cell, Edit};
use std::ops::Range;

/// Appends the statements of a cell. Puts the code that shows the last expression on separate lines: diagnostics then
/// quote the user's text at its own columns.
pub(super) fn push_statements(out: &mut Generated, cell: &Cell, edits: &[Edit], number: usize) {
    let items = item_ranges(cell);
    let Some(tail) = &cell.tail else {
        out.push_cell(&blank(&cell.source, edits, &items), number, 0);
        out.push(";", Origin::Scaffold);
        return;
    };
    let line_of = |at: usize| cell.source[..at].matches('\n').count();
    let part = |out: &mut Generated, shown: Range<usize>, lines: std::ops::RangeInclusive<usize>| {
        let mut hidden = items.clone();
        hidden.extend([0..shown.start, shown.end..cell.source.len()]);
        let text = blank(&cell.source, edits, &hidden);
        let kept: Vec<&str> = text.split('\n').skip(*lines.start()).take(lines.end() + 1 - lines.start()).collect();
        out.push_cell(&kept.join("\n"), number, *lines.start());
    };
    part(out, 0..tail.start, 0..=line_of(tail.start));
    out.push(SHOW, Origin::Scaffold);
    part(out, tail.clone(), line_of(tail.start)..=line_of(tail.end));
    out.push(SHOWN, Origin::Scaffold);
}

/// Substrings of generated lines. Diagnostics that quote such lines are shown without them.
pub const SCAFFOLD: [&str; 2] = ["::pfe_runtime::", ")).bundle());"];

pub(super) const SHOW: &str = "::pfe_runtime::channel::result((&&&::pfe_runtime::Tag(&(";
pub(super) const SHOWN: &str = "))).bundle());";

/// Returns the source of an item, plain and with checks for interrupts.
pub fn item_texts(cell: &Cell, range: Range<usize>) -> (String, String) {
    let plain = cell.source[range.clone()].to_owned();
    let inside: Vec<Edit> = cell
        .edits
        .iter()
        .filter(|edit| range.start <= edit.range.start && edit.range.end <= range.end)
        .cloned()
        .collect();
    let mut checked = String::new();
    let mut at = range.start;
    for edit in inside {
        checked.push_str(&cell.source[at..edit.range.start]);
        checked.push_str(edit.text);
        at = edit.range.end;
    }
    checked.push_str(&cell.source[at..range.end]);
    (plain, checked)
}

pub(super) fn item_ranges(cell: &Cell) -> Vec<Range<usize>> {
    let mut ranges: Vec<_> =
        cell.items.iter().map(|item| item.range.clone()).chain(cell.attributes.iter().cloned()).collect();
    ranges.sort_by_key(|range| range.start);
    ranges
}

pub(super) fn complement(ranges: &[Range<usize>], end: usize) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut at = 0;
    for range in ranges {
        out.push(at..range.start);
        at = range.end;
    }
    out.push(at..end);
    out
}

/// Applies `edits` to the source and replaces `blanked` ranges by spaces. The rest stays on its lines.
pub(super) fn blank(source: &str, edits: &[Edit], blanked: &[Range<usize>]) -> String {
    let hidden = |at: usize| blanked.iter().any(|range| range.contains(&at));
    let mut out = String::with_capacity(source.len() + 64);
    let mut edits = edits.iter().filter(|edit| edit.range.is_empty() || !hidden(edit.range.start)).peekable();
    let mut skip_to = 0;
    for (at, character) in source.char_indices() {
        while let Some(edit) = edits.next_if(|edit| edit.range.start <= at) {
            if edit.range.is_empty() && hidden(at) {
                continue;
            }
            out.push_str(edit.text);
            skip_to = skip_to.max(edit.range.end);
        }
        if at < skip_to {
            continue;
        }
        out.push(if character != '\n' && hidden(at) { ' ' } else { character });
    }
    for edit in edits {
        out.push_str(edit.text);
    }
    out
}
