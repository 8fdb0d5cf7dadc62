//! Source of a cell → its items and its statements apart, each text on the lines where the cell has it.

use super::generated::{Generated, Origin};
use super::items::ActiveItem;
use crate::parse::{Cell, Edit};
use std::ops::Range;

/// Appends the statements of a cell. Puts the code that shows the last expression on separate lines: diagnostics then
/// quote the user's text at its own columns.
///
/// A last expression that never has a value, as an endless loop in a block, is not shown: `shows` is false.
pub(super) fn push_statements(out: &mut Generated, cell: &Cell, edits: &[Edit], number: usize, shows: bool) {
    let items = item_ranges(cell);
    let Some(tail) = cell.tail.as_ref().filter(|_| shows) else {
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
pub const SCAFFOLD: [&str; 1] = ["::pfe_runtime::"];

pub(super) const SHOW: &str = "match /* ::pfe_runtime:: */ &(";
pub(super) const SHOWN: &str = ") { pfe_value => { use ::pfe_runtime::EvcxrDisplay as _; ::pfe_runtime::channel::result(::pfe_runtime::shown(pfe_value.evcxr_display(), || (&&&::pfe_runtime::Tag(pfe_value)).bundle())); } }";

/// Appends an item of a cell, with what is missing for it to be seen from other modules. With `checked`, it has checks
/// for interrupts. `build` is the number of the build: its library holds the statics that no earlier one has.
pub(super) fn push_item(out: &mut Generated, item: &ActiveItem, checked: bool, build: usize) {
    let mut edits: Vec<Edit> = if checked { item.checks.clone() } else { Vec::new() };
    if item.has_module() {
        edits.extend(item.hidden.iter().map(|at| Edit { range: *at..*at, text: PUBLIC.into(), own_line: true }));
    }
    for (number, place) in item.statics.iter().enumerate() {
        let (build, version) = item.home.unwrap_or((build, item.version));
        let symbol = format!("pfe_static_{build}_{version}_{number}");
        edits.extend(if item.home.is_some() { place.refers_to(&symbol) } else { place.defined_as(&symbol) });
    }
    // An attribute comes before the visibility of the same item, and its keyword after it.
    edits.sort_by_key(|edit| (edit.range.start, edit.range.end, edit.own_line));
    let (mut at, mut line, mut column) = (0, item.line, item.column);
    let mut text = " ".repeat(column);
    for edit in &edits {
        if edit.range.start < at {
            continue;
        }
        let before = &item.plain[at..edit.range.start];
        text.push_str(before);
        column = match before.rsplit_once('\n') {
            Some((_, last)) => last.chars().count(),
            None => column + before.chars().count(),
        };
        if edit.own_line {
            out.push_cell(&text, item.cell, line);
            out.push(&edit.text, Origin::Scaffold);
            line += text.matches('\n').count();
            text = " ".repeat(column);
        } else {
            text.push_str(&edit.text);
            // The lines of what is replaced stay.
            text.push_str(&"\n".repeat(item.plain[edit.range.clone()].matches('\n').count()));
        }
        at = edit.range.end;
    }
    text.push_str(&item.plain[at..]);
    out.push_cell(&text, item.cell, line);
}

/// Makes an item in a module of its own as visible as at the root.
pub const PUBLIC: &str = "pub(crate)";

pub(super) fn item_ranges(cell: &Cell) -> Vec<Range<usize>> {
    let mut ranges: Vec<_> =
        cell.items.iter().map(|item| item.range.clone()).chain(cell.attributes.iter().cloned()).collect();
    ranges.sort_by_key(|range| range.start);
    ranges
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
            out.push_str(&edit.text);
            skip_to = skip_to.max(edit.range.end);
        }
        if at < skip_to {
            continue;
        }
        out.push(if character != '\n' && hidden(at) { ' ' } else { character });
    }
    for edit in edits {
        out.push_str(&edit.text);
    }
    out
}
