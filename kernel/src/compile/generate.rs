//! Cell + session → source of one small crate, with the origin of each line. Next: `rustc`.

use super::generated::{Generated, Origin};
use super::items::{Items, mentions};
use super::statements::{blank, complement, item_ranges, push_statements};
use crate::parse::{Cell, Edit};
use std::collections::{BTreeMap, BTreeSet};

/// A variable of the session.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Variable {
    /// Its type, as rustc prints it.
    pub ty: String,
    /// Whether it was declared `mut`.
    pub mutable: bool,
}

/// Input of [`generate`]: a cell and what the session holds.
pub struct CellCrate<'a> {
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
    pub not_persisted: &'a BTreeSet<String>,
    /// Whether to insert checks for interrupts. Without them, diagnostics quote the cell as the user wrote it.
    pub checked: bool,
}

/// Turns off lints that help in a crate but not in a cell.
pub(super) const HEADER: &str = "#![allow(unused, nonstandard_style, static_mut_refs)]";
/// What each generated crate imports.
pub(super) const PRELUDE: &str = "#[allow(unused_imports)] use ::pfe_runtime::prelude::*;";

/// Returns the variables of earlier cells that the cell mentions.
fn taken<'a>(cell: &Cell, variables: &'a BTreeMap<String, Variable>) -> Vec<(&'a String, &'a Variable)> {
    let statements = blank(&cell.source, &[], &item_ranges(cell));
    variables.iter().filter(|(name, _)| mentions(&statements, name)).collect()
}

/// Generates the crate of a cell.
pub fn generate(cell_crate: &CellCrate) -> Generated {
    let CellCrate { number, cell, items, variables, moved, not_persisted, checked } = *cell_crate;
    let mut out = Generated::default();
    out.push(HEADER, Origin::Scaffold);
    for range in &cell.attributes {
        let line = cell.source[..range.start].matches('\n').count();
        out.push_cell(&cell.source[range.clone()], number, line);
    }
    out.push(PRELUDE, Origin::Scaffold);
    for item in items.iter() {
        out.push_cell(if checked { &item.checked } else { &item.plain }, item.cell, item.line);
    }
    let edits: &[Edit] = if checked { &cell.edits } else { &[] };
    let item_ranges = item_ranges(cell);
    let statement_ranges = complement(&item_ranges, cell.source.len());
    if !cell.items.is_empty() {
        out.push_cell(&blank(&cell.source, edits, &statement_ranges), number, 0);
    }
    out.push("#[unsafe(no_mangle)] pub fn pfe_cell_run(pfe_store: &mut ::pfe_runtime::Store) {", Origin::Scaffold);
    let taken = taken(cell, variables);
    for (name, variable) in &taken {
        out.push(
            &format!("let pfe_has_{name} = pfe_store.has::<{}>({name:?});", variable.ty),
            Origin::Take((*name).clone()),
        );
    }
    for (name, _) in &taken {
        out.push(&format!("if !pfe_has_{name} {{ return; }}"), Origin::Scaffold);
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
        Origin::Scaffold,
    );
    if cell.awaits {
        out.push(open, Origin::Scaffold);
    }
    push_statements(&mut out, cell, edits, number);
    for (name, _) in cell.bindings.iter().filter(|(name, _)| !not_persisted.contains(name)) {
        out.push(&format!("#[warn(dropping_references)] ::std::mem::drop(&{name});"), Origin::Name(name.clone()));
        out.push(&format!("pfe_store.put({name:?}, {name});"), Origin::Put(name.clone()));
    }
    out.push("::std::result::Result::<(), ::pfe_runtime::CellError>::Ok(())", Origin::Scaffold);
    out.push(&format!("{close}}});"), Origin::Scaffold);
    for (name, _) in taken.iter().filter(|(name, _)| !moved.contains(*name)) {
        out.push(&format!("pfe_store.put_back({name:?}, {name});"), Origin::PutBack((*name).clone()));
    }
    out.push("pfe_store.finish(pfe_outcome);", Origin::Scaffold);
    out.push("}", Origin::Scaffold);
    out
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::statements::{SHOW, SHOWN};
    use super::*;

    fn cell_crate(source: &str, variables: &[(&str, &str)]) -> Generated {
        let variables = variables
            .iter()
            .map(|(name, ty)| ((*name).to_owned(), Variable { ty: (*ty).to_owned(), mutable: false }))
            .collect();
        let none = BTreeSet::new();
        generate(&CellCrate {
            number: 7,
            cell: &Cell::parse(source),
            items: &Items::default(),
            variables: &variables,
            moved: &none,
            not_persisted: &none,
            checked: true,
        })
    }

    #[test]
    fn lines_of_the_cell_are_found_again() {
        let generated = cell_crate("fn f() -> i32 { 1 }\nlet x = 2;\nx + f()", &[]);
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
        let generated = cell_crate("let x = 1; x // the end", &[]);
        assert!(
            generated.source.contains(&format!("let x = 1;             \n{SHOW}\n           x           \n{SHOWN}\n")),
            "{}",
            generated.source
        );
    }

    #[test]
    fn only_mentioned_variables_are_taken() {
        let generated = cell_crate("println!(\"{a}\");", &[("a", "u8"), ("b", "u8")]);
        assert!(generated.source.contains("take::<u8>(\"a\")") && !generated.source.contains("\"b\""));
    }

    #[test]
    fn checks_go_into_loops_of_statements_and_items_once() {
        let generated = cell_crate("fn f() { loop {} }\nfor i in 0..3 { f() }", &[]);
        assert_eq!(generated.source.matches("pfe_runtime::check()").count(), 3, "{}", generated.source);
    }
}
