//! Cell + session → source of one small crate, with the origin of each line. Next: `rustc`.

use super::generated::{Generated, Origin};
use super::items::{ActiveItem, Items, mentions, words};
use super::reach::reached;
use super::statements::{blank, item_ranges, push_item, push_statements};
use crate::parse::{Cell, Edit, ItemKind};
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
    /// The number of the build, which names what this crate alone has.
    pub build: usize,
    /// The active items, with those of the cell.
    pub items: &'a Items,
    /// Variables of earlier cells.
    pub variables: &'a BTreeMap<String, Variable>,
    /// Variables of earlier cells that the cell moves. They are not put back.
    pub moved: &'a BTreeSet<String>,
    /// New variables that cannot be stored.
    pub not_persisted: &'a BTreeSet<String>,
    /// Whether to compile all items, and not only those that the cell can reach.
    pub all: bool,
    /// Whether the last expression has a value to show.
    pub shows: bool,
    /// Whether `?` meets errors that borrow.
    pub borrowing: bool,
    /// Whether to insert checks for interrupts. Without them, diagnostics quote the cell as the user wrote it.
    pub checked: bool,
}

/// Turns off lints that help in a crate but not in a cell.
pub(super) const HEADER: &str = "#![allow(unused, nonstandard_style, static_mut_refs, private_interfaces, private_bounds, improper_ctypes, improper_ctypes_definitions)]";
/// What each generated crate imports.
pub(super) const PRELUDE: &str = "#[allow(unused_imports)] use ::pfe_bundle::prelude::*;";

/// Returns the variables of earlier cells that the cell mentions.
fn taken<'a>(cell: &Cell, variables: &'a BTreeMap<String, Variable>) -> Vec<(&'a String, &'a Variable)> {
    let statements = blank(&cell.source, &[], &item_ranges(cell));
    variables.iter().filter(|(name, _)| mentions(&statements, name)).collect()
}

/// Generates the crate of a cell.
pub fn generate(cell_crate: &CellCrate) -> Generated {
    let CellCrate { number, cell, build, items, variables, moved, not_persisted, all, shows, borrowing, checked } =
        *cell_crate;
    let mut out = Generated::default();
    out.push(HEADER, Origin::Scaffold);
    for range in &cell.attributes {
        let line = cell.source[..range.start].matches('\n').count();
        out.push_cell(&cell.source[range.clone()], number, line);
    }
    out.push(PRELUDE, Origin::Scaffold);
    let taken = taken(cell, variables);
    let types: String = taken.iter().map(|(_, variable)| format!("{} ", variable.ty)).collect();
    let own_items = items.iter().filter(|item| item.cell == number).map(|item| item.plain.as_str());
    let text = own_items.fold(format!("{} {types}", cell.source), |text, item| text + " " + item);
    let reached = reached(items, &text);
    let emitted: Vec<(usize, &ActiveItem)> = items.iter().enumerate().filter(|(at, _)| all || reached[*at]).collect();
    out.repeats = cell.repeats || emitted.iter().any(|(_, item)| item.repeats);
    // A macro counts from where it stands: all come first.
    for (at, item) in emitted.iter().filter(|(_, item)| !item.has_module() && item.glob().is_none()) {
        out.begin_item(*at);
        push_item(&mut out, item, checked, build);
        out.end_item();
    }
    let named: BTreeSet<&str> = emitted
        .iter()
        .filter(|(_, it)| !matches!(it.kind, ItemKind::Macro(_)))
        .flat_map(|(_, it)| it.defines())
        .collect();
    for (at, item) in emitted.iter().filter(|(_, item)| item.has_module()) {
        let own = item.defines();
        let imports = imports(&item.globs, words(&item.plain).filter(|word| !own.contains(word)), &named);
        out.push(&format!("mod {MODULE}{} {{ {imports}", item.version), Origin::Scaffold);
        out.begin_item(*at);
        push_item(&mut out, item, checked, build);
        out.end_item();
        let names = own.iter().filter(|name| **name != "_");
        let exports: String = names.map(|name| format!(" pub(crate) use {MODULE}{}::{name};", item.version)).collect();
        out.push(&format!("}}{exports}"), Origin::Scaffold);
    }
    let edits: &[Edit] = if checked { &cell.edits } else { &[] };
    let statements = blank(&cell.source, &[], &item_ranges(cell));
    let globs: Vec<String> = items.globs().map(str::to_owned).collect();
    let imports = imports(&globs, words(&statements), &named);
    // The types inside of a cell's own code are of this build alone.
    out.push(&format!("mod pfe_run_{build} {{ {imports}"), Origin::Scaffold);
    out.push("#[unsafe(no_mangle)] pub fn pfe_cell_run(pfe_store: &mut ::pfe_runtime::Store) {", Origin::Scaffold);
    for (name, variable) in &taken {
        let local = local(name);
        out.push(
            &format!("let pfe_has_{local} = pfe_store.has::<{}>({name:?});", variable.ty),
            Origin::Take((*name).clone()),
        );
    }
    for (name, _) in &taken {
        out.push(&format!("if !pfe_has_{} {{ return; }}", local(name)), Origin::Scaffold);
    }
    for (name, variable) in &taken {
        let mutable = if variable.mutable { "mut " } else { "" };
        out.push(
            &format!("let {mutable}{name} = pfe_store.take::<{}>({name:?});", variable.ty),
            Origin::Take((*name).clone()),
        );
    }
    let (open, close) = if cell.awaits { ("::pfe_runtime::block_on(async {", "})") } else { ("", "") };
    let error = if borrowing { "::pfe_runtime::PlainError" } else { "::pfe_runtime::CellError" };
    out.push(
        &format!("let pfe_outcome = ::pfe_runtime::run(|| -> ::std::result::Result<(), {error}> {{"),
        Origin::Scaffold,
    );
    if cell.awaits {
        out.push(open, Origin::Scaffold);
    }
    push_statements(&mut out, cell, edits, number, shows);
    for (name, _) in cell.bindings.iter().filter(|(name, _)| !not_persisted.contains(name)) {
        out.push(&format!("#[warn(dropping_references)] ::std::mem::drop(&{name});"), Origin::Name(name.clone()));
        out.push(&format!("pfe_store.put({name:?}, {name});"), Origin::Put(name.clone()));
    }
    out.push(&format!("::std::result::Result::<(), {error}>::Ok(())"), Origin::Scaffold);
    out.push(&format!("{close}}});"), Origin::Scaffold);
    for (name, _) in taken.iter().filter(|(name, _)| !moved.contains(*name)) {
        out.push(&format!("pfe_store.put_back({name:?}, {name});"), Origin::PutBack((*name).clone()));
    }
    out.push("pfe_store.finish(pfe_outcome);", Origin::Scaffold);
    out.push("} }", Origin::Scaffold);
    out
}

/// Begins the name of the module of an item; the item's version ends it.
pub const MODULE: &str = "pfe_";

/// Returns a type as the user may write it: without the modules of items and of the crate that imports come from.
pub fn shown_type(ty: &str) -> String {
    let ty = ty.replace("pfe_bundle::prelude::", "").replace("pfe_bundle::", "");
    let mut parts = ty.split(MODULE);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
        match rest.strip_prefix("::").filter(|_| rest.len() < part.len()) {
            Some(rest) => out.push_str(rest),
            None => out = out + MODULE + part,
        }
    }
    out
}

/// Returns the imports of a module: all of the root, what it sees through `globs`, and by name what both may have.
fn imports<'a>(globs: &[String], mentioned: impl Iterator<Item = &'a str>, named: &BTreeSet<&str>) -> String {
    let mut imports = "use super::*;".to_owned();
    if !globs.is_empty() {
        let own: BTreeSet<&str> = mentioned.filter(|word| named.contains(word)).collect();
        imports.extend(own.iter().map(|name| format!(" use super::{name};")));
        imports.extend(globs.iter().map(|glob| format!(" {glob}")));
    }
    imports
}

/// Returns a variable's name as a part of another name.
fn local(name: &str) -> &str {
    name.trim_start_matches("r#")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::statements::{SHOW, SHOWN};
    use super::*;

    fn cell_crate(source: &str, variables: &[(&str, &str)]) -> Generated {
        let cell = Cell::parse(source);
        let mut items = Items::default();
        items.add(&cell, 7);
        let variables = variables
            .iter()
            .map(|(name, ty)| ((*name).to_owned(), Variable { ty: (*ty).to_owned(), mutable: false }))
            .collect();
        let none = BTreeSet::new();
        generate(&CellCrate {
            number: 7,
            cell: &cell,
            build: 1,
            items: &items,
            variables: &variables,
            moved: &none,
            not_persisted: &none,
            all: false,
            shows: true,
            borrowing: false,
            checked: true,
        })
    }

    #[test]
    fn types_are_shown_as_a_cell_names_them() {
        assert_eq!(shown_type("Vec<pfe_bundle::prelude::DataFrame>"), "Vec<DataFrame>");
        assert_eq!(shown_type("pfe_bundle::polars::frame::DataFrame"), "polars::frame::DataFrame");
        assert_eq!(shown_type("(pfe_12::P, pfe_core::Q)"), "(P, pfe_core::Q)");
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
