//! All cells of a notebook → source of one crate, to be checked or to be a program. Next: `rustc`.

use super::generate::{HEADER, PRELUDE};
use super::generated::{Generated, Origin};
use super::items::Items;
use super::statements::{blank, item_ranges, push_statements};
use crate::parse::{Cell, Edit};

/// Purpose of the crate that [`generate_notebook`] generates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotebookCrate<'a> {
    /// To be checked by the compiler (`pfe-kernel check`).
    Check,
    /// To be a standalone program (`pfe-kernel export`).
    Program {
        /// What the cells import.
        prelude: &'a str,
    },
}

/// Generates one crate from all cells. If several cells define an item, the crate contains the last definition.
pub fn generate_notebook(cells: &[Cell], crate_kind: NotebookCrate) -> Generated {
    let mut out = Generated::default();
    let program = crate_kind != NotebookCrate::Check;
    match crate_kind {
        NotebookCrate::Check => push_lines(&mut out, &format!("{HEADER}\n{PRELUDE}")),
        NotebookCrate::Program { prelude } => {
            // Its documentation is that of another file.
            let lines = prelude.lines().filter(|line| !line.starts_with("//!") && !line.trim().is_empty());
            let prelude: String = lines.map(|line| format!("{line}\n")).collect();
            push_lines(&mut out, &format!("#![allow(unused)]\nuse notebook::*;\n{prelude}"));
        }
    }
    let mut items = Items::default();
    for (position, cell) in cells.iter().enumerate() {
        items = items.without_replaced_by(cell);
        items.add(cell, position + 1);
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
                [Edit::inline(tail.start..tail.start, PRINT), Edit::inline(tail.end..tail.end, PRINTED)]
            });
            let text = blank(&cell.source, &edits.collect::<Vec<_>>(), &item_ranges(cell));
            for line in text.lines().filter(|line| !line.trim().is_empty()) {
                push_lines(&mut out, line);
            }
        } else {
            push_statements(&mut out, cell, &[], position + 1, true);
        }
    }
    let error = if program { "notebook::CellError" } else { "::pfe_runtime::CellError" };
    push_lines(&mut out, &format!("    ::std::result::Result::<(), {error}>::Ok(())"));
    push_lines(&mut out, close);
    if program {
        // Its first line is for readers of this folder.
        let (_, notebook) = include_str!("notebook_program.rs").split_once('\n').unwrap_or_default();
        push_lines(&mut out, notebook);
    }
    out
}

const PRINT: &str = "println!(\"{}\", (&&Tag(&(";
const PRINTED: &str = "))).text());";

fn push_lines(out: &mut Generated, text: &str) {
    for line in text.split('\n') {
        out.push(line, Origin::Scaffold);
    }
}
