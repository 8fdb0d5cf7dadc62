//! Source of a cell → commands, items, bindings and last expression. Next: `compile`.

use super::commands::split_commands;
use super::edit::{Edit, HEAD};
use super::item::{Item, ItemKind, item, item_kind};
use super::loops::repeats;
use super::names::Names;
use super::rewrite::rewrite;
use ra_ap_syntax::ast::{self, HasName};
use ra_ap_syntax::{AstNode, Edition, SourceFile, SyntaxKind, SyntaxNode, SyntaxToken, TextRange, TextSize};
use std::ops::Range;
use std::path::Path;

/// A parsed cell. Ranges are byte ranges of [`Cell::source`].
#[derive(Debug, Default)]
pub struct Cell {
    /// The source of the cell. Lines with commands are empty, so that the other lines keep their numbers.
    pub source: String,
    /// Commands, without their leading colon. The line `:dep rand = "0.9"` is one.
    pub commands: Vec<String>,
    /// Functions, types, imports and other items. Later cells can use them.
    pub items: Vec<Item>,
    /// Ranges of the `#![…]` attributes, which apply to the whole crate.
    pub attributes: Vec<Range<usize>>,
    /// Names of the variables that top-level `let`s define, and whether each is `mut`.
    pub bindings: Vec<(String, bool)>,
    /// Range of the last expression, if the cell ends with one.
    pub tail: Option<Range<usize>>,
    /// Whether the cell uses `.await` outside of `async` blocks, `async` functions and closures.
    pub awaits: bool,
    /// Edits that let an interrupt stop the cell.
    pub edits: Vec<Edit>,
    /// Whether the statements outside of items hold a loop or a chain of iterators.
    pub repeats: bool,
}

/// Text inserted at the head of loops and functions, and after statements of the cell that call something: a check for
/// interrupts.
const CHECK: &str = " ::pfe_runtime::check();";

impl Cell {
    /// Parses a cell as it stands, for a program of all cells. Never fails: rustc reports syntax errors, with better
    /// messages.
    pub fn parse(source: &str) -> Cell {
        let (source, commands) = split_commands(source);
        Cell::parse_rust(source, commands)
    }

    /// Parses a cell of a session with the `macro_rules!` of earlier cells, in the folder of the notebook.
    pub fn parse_in_session(source: &str, macros: &[&str], folder: &Path) -> Cell {
        let source = source.trim_start_matches('\u{feff}').replace("\r\n", "\n");
        let (source, commands) = split_commands(&source);
        Cell::parse_rust(rewrite(&source, macros, folder), commands)
    }

    fn parse_rust(source: String, commands: Vec<String>) -> Cell {
        let mut cell = Cell { commands, ..Cell::default() };
        let file = SourceFile::parse(&format!("{HEAD}{source}\n}}"), Edition::Edition2024);
        let body =
            file.tree().syntax().children().find_map(ast::Fn::cast).and_then(|function| function.body()?.stmt_list());
        cell.source = source;
        let Some(body) = body else { return cell };
        for comment in body.syntax().children_with_tokens().filter(|it| it.kind() == SyntaxKind::COMMENT) {
            // Inner docs of a cell document nothing: a comment, of the same length.
            let at = cell.bytes(comment.text_range()).start;
            if cell.source[at..].starts_with("//!") || cell.source[at..].starts_with("/*!") {
                cell.source.replace_range(at + 2..at + 3, " ");
            }
        }
        for node in body.syntax().children() {
            cell.part(&node);
        }
        for node in body.syntax().descendants() {
            cell.instrument(&node);
        }
        cell.edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
        cell
    }

    fn bytes(&self, range: TextRange) -> Range<usize> {
        let at = |offset: TextSize| usize::from(offset).saturating_sub(HEAD.len()).min(self.source.len());
        at(range.start())..at(range.end())
    }

    fn part(&mut self, node: &SyntaxNode) {
        let range = self.bytes(node.text_range());
        if let Some(attribute) = ast::Attr::cast(node.clone()) {
            if attribute.excl_token().is_some() {
                self.attributes.push(range);
            }
        } else if let Some(statement) = ast::LetStmt::cast(node.clone()) {
            for pattern in
                statement.pat().iter().flat_map(|pat| pat.syntax().descendants()).filter_map(ast::IdentPat::cast)
            {
                let Some(name) = pattern.name().map(|name| name.text().to_string()) else { continue };
                // An upper-case name without `mut` is a constant or an enum variant, not a new variable, unless it is all
                // of the pattern.
                let is_all = statement.pat().is_some_and(|all| all.syntax() == pattern.syntax());
                let is_plain = pattern.mut_token().is_none() && pattern.pat().is_none();
                if name.starts_with(char::is_uppercase) && is_plain && !is_all {
                    continue;
                }
                self.bindings.retain(|(known, _)| *known != name);
                self.bindings.push((name, pattern.mut_token().is_some()));
            }
        } else if let Some(node) = ast::Item::cast(node.clone()) {
            self.items.push(item(&node, item_kind(&node), range, HEAD.len()));
        } else if is_thread_local(node) {
            self.items.push(Item {
                range,
                kind: ItemKind::Other,
                names: Names::default(),
                hidden: Vec::new(),
                statics: Vec::new(),
                repeats: false,
            });
        } else if ast::Expr::can_cast(node.kind()) {
            self.tail = Some(range);
        }
        self.repeats |= !ast::Item::can_cast(node.kind()) && repeats(node);
        // After a call that an interrupt has broken off, nothing more shall happen.
        if matches!(node.kind(), SyntaxKind::LET_STMT | SyntaxKind::EXPR_STMT)
            && node.descendants().any(|it| is_call(&it))
        {
            let end = self.bytes(node.text_range()).end;
            self.edits.push(Edit::inline(end..end, CHECK));
        }
    }

    fn instrument(&mut self, node: &SyntaxNode) {
        if let Some(path) = ast::PathExpr::cast(node.clone()) {
            let text = path.syntax().text().to_string();
            let own = match text.as_str() {
                "std::thread::sleep" | "thread::sleep" => Some("::pfe_runtime::sleep"),
                // What notebooks for evcxr ask with reads standard input, which cells do not have.
                "evcxr_input::get_string" => Some("::pfe_runtime::channel::input"),
                "evcxr_input::get_password" => Some("::pfe_runtime::channel::password"),
                _ => None,
            };
            if let Some(own) = own {
                let range = self.bytes(node.text_range());
                self.edits.push(Edit::inline(range, own));
            }
        }
        let awaits = ast::AwaitExpr::can_cast(node.kind()) || ast::MacroCall::cast(node.clone()).is_some_and(awaits);
        self.awaits |= awaits
            && !node.ancestors().skip(1).any(|node| {
                ast::ClosureExpr::can_cast(node.kind())
                    || ast::BlockExpr::cast(node.clone()).is_some_and(|block| block.async_token().is_some())
                    || ast::Fn::cast(node).is_some_and(|function| function.async_token().is_some())
            });
        let body = match node.kind() {
            SyntaxKind::LOOP_EXPR | SyntaxKind::WHILE_EXPR | SyntaxKind::FOR_EXPR => {
                node.children().filter_map(ast::BlockExpr::cast).last()
            }
            SyntaxKind::FN => ast::Fn::cast(node.clone())
                .filter(|function| function.abi().is_none())
                .and_then(|function| function.body()),
            _ => None,
        };
        let Some(at) = body.and_then(|body| first_statement(body.stmt_list()?.l_curly_token()?)) else { return };
        if !node.ancestors().any(|node| is_constant(&node)) {
            let at = self.bytes(TextRange::empty(at)).start;
            self.edits.push(Edit::inline(at..at, CHECK));
        }
    }
}

fn is_call(node: &SyntaxNode) -> bool {
    matches!(node.kind(), SyntaxKind::CALL_EXPR | SyntaxKind::METHOD_CALL_EXPR | SyntaxKind::AWAIT_EXPR)
}

/// Returns whether the compiler evaluates this node. Checks for interrupts must not be inserted there.
fn is_constant(node: &SyntaxNode) -> bool {
    matches!(node.kind(), SyntaxKind::CONST | SyntaxKind::STATIC | SyntaxKind::CONST_ARG | SyntaxKind::ARRAY_TYPE)
        || ast::Fn::cast(node.clone()).is_some_and(|function| function.const_token().is_some())
        || ast::BlockExpr::cast(node.clone()).is_some_and(|block| block.const_token().is_some())
}

/// Returns where a body's own code begins: after its brace, inner attributes and inner docs.
fn first_statement(brace: SyntaxToken) -> Option<TextSize> {
    let mut at = brace.text_range().end();
    let mut after = brace.next_sibling_or_token();
    while let Some(element) = after {
        let text = element.to_string();
        match element.kind() {
            SyntaxKind::WHITESPACE => {}
            // A check in the line of a line comment would be part of it.
            SyntaxKind::COMMENT if text.starts_with("//!") => at = element.text_range().end() + TextSize::of('\n'),
            SyntaxKind::COMMENT if text.starts_with("/*!") => at = element.text_range().end(),
            SyntaxKind::COMMENT => {}
            SyntaxKind::ATTR if text.starts_with("#!") => at = element.text_range().end(),
            _ => break,
        }
        after = element.next_sibling_or_token();
    }
    Some(at)
}

fn is_thread_local(node: &SyntaxNode) -> bool {
    node.text().to_string().trim_start_matches("std::").starts_with("thread_local!")
}

/// Whether a macro call awaits: its name says so, or `.await` stands among its tokens, outside of `async` blocks. rustc alone knows what
/// a macro expands to.
fn awaits(call: ast::MacroCall) -> bool {
    let name = call.path().and_then(|path| path.segment()?.name_ref());
    if name.is_some_and(|name| matches!(name.text(), "join" | "try_join" | "select")) {
        return true;
    }
    let tokens = call.token_tree().into_iter().flat_map(|tree| tree.syntax().descendants_with_tokens());
    let words = tokens.filter_map(|token| Some(token.into_token()?.text().to_owned()));
    let words: Vec<String> = words.take_while(|word| word != "async").collect();
    words.windows(2).any(|pair| pair == [".", "await"])
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_cut_into_parts() {
        let cell = Cell::parse(
            ":timing\nuse std::fmt::{self, Display as D};\nstruct P { x: i32 }\nlet (mut a, Some(b)) = f() else { panic!() };\na.x // last\n",
        );
        assert_eq!(cell.commands, ["timing"]);
        assert_eq!(cell.items.len(), 2);
        assert_eq!(
            cell.items[0].kind,
            ItemKind::Use(vec![
                ("use std::fmt;".into(), Some("fmt".into())),
                ("use std::fmt::Display as D;".into(), Some("D".into())),
            ])
        );
        assert_eq!(cell.bindings, [("a".to_owned(), true), ("b".to_owned(), false)]);
        assert_eq!(&cell.source[cell.tail.clone().unwrap()], "a.x");
    }

    #[test]
    fn a_statement_with_semicolon_is_no_result() {
        assert_eq!(Cell::parse("1 + 1;").tail, None);
        assert_eq!(Cell::parse("1 + 1").tail, Some(0..5));
    }

    #[test]
    fn loops_and_functions_get_a_check_but_constants_do_not() {
        let count = |source: &str| Cell::parse(source).edits.len();
        assert_eq!(count("loop { for i in 0..3 {} }"), 2);
        assert_eq!(count("const fn f() -> u8 { let mut i = 0; while i < 3 { i += 1 } i }"), 0);
        assert_eq!(count("fn f() {} std::thread::sleep(d);"), 3);
    }

    #[test]
    fn checks_come_after_inner_attributes_and_docs() {
        let cell = Cell::parse("fn f() {\n #![allow(unused)]\n //! Doc.\n  loop {}\n}");
        assert_eq!(&cell.source[cell.edits[0].range.start..][..6], "  loop");
        assert_eq!(cell.edits.len(), 2);
    }

    #[test]
    fn inner_docs_of_a_cell_are_comments() {
        assert_eq!(
            Cell::parse("#![allow(unused)]\n//! Notes.\n/*! More. */\nlet a = 1;").source.matches('!').count(),
            1
        );
        assert!(Cell::parse("fn f() {\n //! Doc.\n}").source.contains("//!"));
    }

    #[test]
    fn awaits_are_seen_outside_of_async_blocks_only() {
        assert!(Cell::parse("f().await").awaits);
        assert!(!Cell::parse("let f = async { g().await };").awaits);
        for cell in [
            "tokio::join!(f(), g());",
            "let x = futures::try_join! { f() };",
            "println!(\"{}\", f().await)",
            "{ assert_eq!(f(1).await?, 2); }",
        ] {
            assert!(Cell::parse(cell).awaits, "{cell}");
        }
        for cell in [
            "vec![1]",
            "let f = async { tokio::join!(g(), h()) };",
            "println!(\"{}\", run(async { f().await }))",
            "x.join(1)",
        ] {
            assert!(!Cell::parse(cell).awaits, "{cell}");
        }
    }
}
