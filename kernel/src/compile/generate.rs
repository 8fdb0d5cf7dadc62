//! Cell + session → source of one small crate, with the origin of each line. Next: `compile`.

use crate::cell::{Cell, Edit};
use crate::items::{Items, mentions};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// A variable of the session.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Variable {
    /// Its type, as rustc prints it.
    pub ty: String,
    /// Whether it was declared `mut`.
    pub mutable: bool,
}

/// Where a generated line comes from, or what it is for.
#[allow(missing_docs)] // The names say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Line `line` (from 1) of a cell.
    Cell { cell: usize, line: usize },
    /// Takes a variable of an earlier cell from the store.
    Take(String),
    /// Makes rustc report the type of a new variable.
    Name(String),
    /// Stores a new variable.
    Put(String),
    /// Stores a taken variable again.
    PutBack(String),
    /// Any other generated line.
    Frame,
}

/// The source of a crate, with the origin of each line.
#[derive(Debug)]
pub struct Generated {
    /// Its source.
    pub source: String,
    origins: Vec<Origin>,
}

impl Generated {
    /// Returns the origin of line `line` (from 1).
    pub fn origin(&self, line: usize) -> &Origin {
        self.origins.get(line.wrapping_sub(1)).unwrap_or(&Origin::Frame)
    }

    /// Drops the source and keeps the origins, which later panic messages need.
    #[must_use]
    pub fn without_source(self) -> Generated {
        Generated { source: String::new(), ..self }
    }

    fn push(&mut self, line: &str, origin: Origin) {
        self.source.push_str(line);
        self.source.push('\n');
        self.origins.push(origin);
    }

    /// Appends text of a cell that starts at line `first` (from 0) of that cell.
    fn push_cell(&mut self, text: &str, cell: usize, first: usize) {
        for (offset, line) in text.split('\n').enumerate() {
            self.push(line, Origin::Cell { cell, line: first + offset + 1 });
        }
    }
}

/// Input of [`generate`]: a cell and what the session holds.
pub struct Plan<'a> {
    /// The number of the cell.
    pub number: usize,
    /// The parsed cell.
    pub cell: &'a Cell,
    /// Items of earlier cells that stay active.
    pub items: &'a Items,
    /// Variables of earlier cells.
    pub variables: &'a BTreeMap<String, Variable>,
    /// Variables of earlier cells that the cell moves. They are not put back.
    pub moved: &'a BTreeSet<String>,
    /// New variables that cannot be stored.
    pub unkept: &'a BTreeSet<String>,
    /// Whether to insert checks for interrupts. Without them, diagnostics quote the cell as the user wrote it.
    pub checked: bool,
}

/// Turns off lints that help in a crate but not in a cell.
const HEADER: &str = "#![allow(unused, nonstandard_style, static_mut_refs)]";
const PRELUDE: &str = "#[allow(unused_imports)] use ::pfe_runtime::prelude::*;";

/// Returns the variables of earlier cells that the cell mentions.
pub fn taken<'a>(cell: &Cell, variables: &'a BTreeMap<String, Variable>) -> Vec<(&'a String, &'a Variable)> {
    let statements = blank(&cell.source, &[], &item_ranges(cell));
    variables.iter().filter(|(name, _)| mentions(&statements, name)).collect()
}

/// Generates the crate of a cell.
pub fn generate(plan: &Plan) -> Generated {
    let Plan { number, cell, items, variables, moved, unkept, checked } = *plan;
    let mut out = Generated { source: String::new(), origins: Vec::new() };
    out.push(HEADER, Origin::Frame);
    for range in &cell.attributes {
        let line = cell.source[..range.start].matches('\n').count();
        out.push_cell(&cell.source[range.clone()], number, line);
    }
    out.push(PRELUDE, Origin::Frame);
    for item in items.iter() {
        out.push_cell(if checked { &item.checked } else { &item.plain }, item.cell, item.line);
    }
    let edits: &[Edit] = if checked { &cell.edits } else { &[] };
    let item_ranges = item_ranges(cell);
    let statement_ranges = complement(&item_ranges, cell.source.len());
    if !cell.items.is_empty() {
        out.push_cell(&blank(&cell.source, edits, &statement_ranges), number, 0);
    }
    out.push("#[unsafe(no_mangle)] pub fn pfe_cell_run(pfe_store: &mut ::pfe_runtime::Store) {", Origin::Frame);
    let taken = taken(cell, variables);
    for (name, variable) in &taken {
        out.push(
            &format!("let pfe_has_{name} = pfe_store.has::<{}>({name:?});", variable.ty),
            Origin::Take((*name).clone()),
        );
    }
    for (name, _) in &taken {
        out.push(&format!("if !pfe_has_{name} {{ return; }}"), Origin::Frame);
    }
    for (name, variable) in &taken {
        let mutable = if variable.mutable { "mut " } else { "" };
        out.push(
            &format!("let {mutable}{name} = pfe_store.take::<{}>({name:?});", variable.ty),
            Origin::Take((*name).clone()),
        );
    }
    let (open, close) = if cell.awaits { ("::pfe_runtime::block_on(async {", "})") } else { ("", "") };
    out.push(
        "let pfe_outcome = ::pfe_runtime::run(|| -> ::std::result::Result<(), ::pfe_runtime::CellError> {",
        Origin::Frame,
    );
    if cell.awaits {
        out.push(open, Origin::Frame);
    }
    push_statements(&mut out, cell, edits, number);
    for (name, _) in cell.bindings.iter().filter(|(name, _)| !unkept.contains(name)) {
        out.push(&format!("#[warn(dropping_references)] ::std::mem::drop(&{name});"), Origin::Name(name.clone()));
        out.push(&format!("pfe_store.put({name:?}, {name});"), Origin::Put(name.clone()));
    }
    out.push("::std::result::Result::<(), ::pfe_runtime::CellError>::Ok(())", Origin::Frame);
    out.push(&format!("{close}}});"), Origin::Frame);
    for (name, _) in taken.iter().filter(|(name, _)| !moved.contains(*name)) {
        out.push(&format!("pfe_store.put_back({name:?}, {name});"), Origin::PutBack((*name).clone()));
    }
    out.push("pfe_store.finish(pfe_outcome);", Origin::Frame);
    out.push("}", Origin::Frame);
    out
}

/// Purpose of the crate that [`generate_all`] generates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// To be checked by the compiler (`pfe-kernel check`).
    Check,
    /// To be a standalone program (`pfe-kernel export`).
    Program,
}

/// Generates one crate from all cells. If several cells define an item, the crate contains the last definition.
pub fn generate_all(cells: &[Cell], target: Target) -> Generated {
    let mut out = Generated { source: String::new(), origins: Vec::new() };
    let program = target == Target::Program;
    push_lines(&mut out, if program { "#![allow(unused)]\nuse notebook::*;\nuse pfe::prelude::*;\n" } else { HEADER });
    if !program {
        out.push(PRELUDE, Origin::Frame);
    }
    let mut items = Items::default();
    for (position, cell) in cells.iter().enumerate() {
        items = items.without_replaced_by(cell);
        items.add(cell, position + 1, |range| item_texts(cell, range));
    }
    for item in items.iter() {
        out.push_cell(&item.plain, item.cell, item.line);
    }
    let awaits = cells.iter().any(|cell| cell.awaits);
    let (open, close) = match (program, awaits) {
        (true, false) => ("\nfn main() {\n    notebook::run(|| {", "    });\n}\n"),
        (true, true) => ("\nfn main() {\n    notebook::run(|| notebook::block_on(async {", "    }));\n}\n"),
        (false, false) => (
            "pub fn pfe_cells() { let _ = ::pfe_runtime::run(|| -> ::std::result::Result<(), ::pfe_runtime::CellError> {",
            "}); }",
        ),
        (false, true) => {
            ("pub fn pfe_cells() { let _ = ::pfe_runtime::run(|| ::pfe_runtime::block_on(async {", "})); }")
        }
    };
    push_lines(&mut out, open);
    for (position, cell) in cells.iter().enumerate() {
        if program {
            push_lines(&mut out, &format!("    // Cell {}", position + 1));
        }
        if program {
            let edits = cell.tail.iter().flat_map(|tail| {
                [Edit { range: tail.start..tail.start, text: PRINT }, Edit { range: tail.end..tail.end, text: PRINTED }]
            });
            let text = blank(&cell.source, &edits.collect::<Vec<_>>(), &item_ranges(cell));
            for line in text.lines().filter(|line| !line.trim().is_empty()) {
                push_lines(&mut out, line);
            }
        } else {
            push_statements(&mut out, cell, &[], position + 1);
        }
    }
    let error = if program { "notebook::CellError" } else { "::pfe_runtime::CellError" };
    push_lines(&mut out, &format!("    ::std::result::Result::<(), {error}>::Ok(())"));
    push_lines(&mut out, close);
    if program {
        push_lines(&mut out, include_str!("notebook_program.rs"));
    }
    out
}

/// Appends the statements of a cell. Puts the code that shows the last expression on separate lines: diagnostics then
/// quote the user's text at its own columns.
fn push_statements(out: &mut Generated, cell: &Cell, edits: &[Edit], number: usize) {
    let items = item_ranges(cell);
    let Some(tail) = &cell.tail else {
        out.push_cell(&blank(&cell.source, edits, &items), number, 0);
        out.push(";", Origin::Frame);
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
    out.push(SHOW, Origin::Frame);
    part(out, tail.clone(), line_of(tail.start)..=line_of(tail.end));
    out.push(SHOWN, Origin::Frame);
}

fn push_lines(out: &mut Generated, text: &str) {
    for line in text.split('\n') {
        out.push(line, Origin::Frame);
    }
}

/// Substrings of generated lines. Diagnostics that quote such lines are shown without them.
pub const FRAME: [&str; 2] = ["::pfe_runtime::", ")).bundle());"];

const PRINT: &str = "println!(\"{}\", (&&Tag(&(";
const PRINTED: &str = "))).text());";
const SHOW: &str = "::pfe_runtime::channel::result((&&&::pfe_runtime::Tag(&(";
const SHOWN: &str = "))).bundle());";

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

fn item_ranges(cell: &Cell) -> Vec<Range<usize>> {
    let mut ranges: Vec<_> =
        cell.items.iter().map(|item| item.range.clone()).chain(cell.attributes.iter().cloned()).collect();
    ranges.sort_by_key(|range| range.start);
    ranges
}

fn complement(ranges: &[Range<usize>], end: usize) -> Vec<Range<usize>> {
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
fn blank(source: &str, edits: &[Edit], blanked: &[Range<usize>]) -> String {
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn plan(source: &str, variables: &[(&str, &str)]) -> Generated {
        let variables = variables
            .iter()
            .map(|(name, ty)| ((*name).to_owned(), Variable { ty: (*ty).to_owned(), mutable: false }))
            .collect();
        let none = BTreeSet::new();
        generate(&Plan {
            number: 7,
            cell: &Cell::parse(source),
            items: &Items::default(),
            variables: &variables,
            moved: &none,
            unkept: &none,
            checked: true,
        })
    }

    #[test]
    fn lines_of_the_cell_are_found_again() {
        let generated = plan("fn f() -> i32 { 1 }\nlet x = 2;\nx + f()", &[]);
        for (number, line) in generated.source.lines().enumerate() {
            for (text, expected) in [("fn f()", 1), ("let x = 2;", 2), ("x + f()", 3)] {
                if line.contains(text) {
                    assert_eq!(generated.origin(number + 1), &Origin::Cell { cell: 7, line: expected }, "{line}");
                }
            }
        }
    }

    #[test]
    fn the_last_expression_is_shown_and_its_line_left_alone() {
        let generated = plan("let x = 1; x // the end", &[]);
        assert!(
            generated.source.contains(&format!("let x = 1;             \n{SHOW}\n           x           \n{SHOWN}\n")),
            "{}",
            generated.source
        );
    }

    #[test]
    fn only_mentioned_variables_are_taken() {
        let generated = plan("println!(\"{a}\");", &[("a", "u8"), ("b", "u8")]);
        assert!(generated.source.contains("take::<u8>(\"a\")") && !generated.source.contains("\"b\""));
    }

    #[test]
    fn checks_go_into_loops_of_statements_and_items_once() {
        let generated = plan("fn f() { loop {} }\nfor i in 0..3 { f() }", &[]);
        assert_eq!(generated.source.matches("pfe_runtime::check()").count(), 3, "{}", generated.source);
    }
}
