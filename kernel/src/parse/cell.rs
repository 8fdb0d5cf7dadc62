//! Parses the source of a cell into commands, items, statements and last expression. Next: `generate`.

use ra_ap_syntax::ast::{self, HasName, HasVisibility};
use ra_ap_syntax::{AstNode, Edition, SourceFile, SyntaxKind, SyntaxNode, TextRange};
use std::collections::BTreeSet;
use std::ops::Range;

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
}

/// Replaces a range of the source by a text.
#[derive(Clone, Debug)]
pub struct Edit {
    /// The range to replace; empty for an insertion.
    pub range: Range<usize>,
    /// The new text.
    pub text: &'static str,
}

/// An item of a cell.
#[derive(Clone, Debug)]
pub struct Item {
    /// The range of its source.
    pub range: Range<usize>,
    /// What it defines.
    pub kind: ItemKind,
}

#[allow(missing_docs)] // The names say it.
/// What an item defines. Decides which older items a redefinition replaces.
#[derive(Clone, Debug, PartialEq)]
pub enum ItemKind {
    /// A struct, enum, union, type alias, trait or module.
    Type(String),
    /// A function, constant or static. `constant` is true if types may depend on its value.
    Value { name: String, constant: bool },
    /// A `macro_rules!`.
    Macro(String),
    /// An `impl` block: its header without spaces, the name of its type, and the names of its members.
    Impl { header: String, of: String, is_trait: bool, members: BTreeSet<String> },
    /// A `use`: one statement per path of its tree, each with the name it imports (`None` for a glob).
    Use(Vec<(String, Option<String>)>),
    /// Anything else, such as `extern crate`.
    Other,
}

const HEAD: &str = "fn f(){";
/// Text inserted at the head of loops and functions: a check for interrupts.
pub const CHECK: &str = " ::pfe_runtime::check();";

impl Cell {
    /// Parses a cell. Never fails: rustc reports syntax errors, with better messages.
    pub fn parse(source: &str) -> Cell {
        let (source, commands) = split_commands(source);
        let mut cell = Cell { commands, ..Cell::default() };
        let file = SourceFile::parse(&format!("{HEAD}{source}\n}}"), Edition::Edition2024);
        let body =
            file.tree().syntax().children().find_map(ast::Fn::cast).and_then(|function| function.body()?.stmt_list());
        cell.source = source;
        let Some(body) = body else { return cell };
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
        let at = |offset: ra_ap_syntax::TextSize| usize::from(offset).saturating_sub(HEAD.len()).min(self.source.len());
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
                // An upper-case name without `mut` is a constant or an enum variant, not a new variable.
                if name.starts_with(char::is_uppercase) && pattern.mut_token().is_none() && pattern.pat().is_none() {
                    continue;
                }
                self.bindings.retain(|(known, _)| *known != name);
                self.bindings.push((name, pattern.mut_token().is_some()));
            }
        } else if let Some(item) = ast::Item::cast(node.clone()) {
            self.items.push(Item { range, kind: item_kind(&item) });
        } else if is_thread_local(node) {
            self.items.push(Item { range, kind: ItemKind::Other });
        } else if ast::Expr::can_cast(node.kind()) {
            self.tail = Some(range);
        }
    }

    fn instrument(&mut self, node: &SyntaxNode) {
        if let Some(path) = ast::PathExpr::cast(node.clone()) {
            let text = path.syntax().text().to_string();
            if matches!(text.as_str(), "std::thread::sleep" | "thread::sleep") {
                let range = self.bytes(node.text_range());
                self.edits.push(Edit { range, text: "::pfe_runtime::sleep" });
            }
        }
        if let Some(expression) = ast::AwaitExpr::cast(node.clone()) {
            self.awaits |= !expression.syntax().ancestors().skip(1).any(|node| {
                ast::ClosureExpr::can_cast(node.kind())
                    || ast::BlockExpr::cast(node.clone()).is_some_and(|block| block.async_token().is_some())
                    || ast::Fn::cast(node).is_some_and(|function| function.async_token().is_some())
            });
        }
        let body = match node.kind() {
            SyntaxKind::LOOP_EXPR | SyntaxKind::WHILE_EXPR | SyntaxKind::FOR_EXPR => {
                node.children().filter_map(ast::BlockExpr::cast).last()
            }
            SyntaxKind::FN => ast::Fn::cast(node.clone())
                .filter(|function| function.abi().is_none())
                .and_then(|function| function.body()),
            _ => None,
        };
        let Some(brace) = body.and_then(|body| body.stmt_list()?.l_curly_token()) else { return };
        if !node.ancestors().any(|node| is_constant(&node)) {
            let at = self.bytes(brace.text_range()).end;
            self.edits.push(Edit { range: at..at, text: CHECK });
        }
    }
}

/// Returns whether the compiler evaluates this node. Checks for interrupts must not be inserted there.
fn is_constant(node: &SyntaxNode) -> bool {
    matches!(node.kind(), SyntaxKind::CONST | SyntaxKind::STATIC | SyntaxKind::CONST_ARG | SyntaxKind::ARRAY_TYPE)
        || ast::Fn::cast(node.clone()).is_some_and(|function| function.const_token().is_some())
        || ast::BlockExpr::cast(node.clone()).is_some_and(|block| block.const_token().is_some())
}

fn is_thread_local(node: &SyntaxNode) -> bool {
    node.text().to_string().starts_with("thread_local!")
}

fn split_commands(source: &str) -> (String, Vec<String>) {
    let mut commands = Vec::new();
    let lines: Vec<String> = source
        .split('\n')
        .map(|line| {
            if line.strip_prefix(':').is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_lowercase())) {
                commands.push(line[1..].trim().to_owned());
                String::new()
            } else {
                line.to_owned()
            }
        })
        .collect();
    (lines.join("\n"), commands)
}

fn item_kind(item: &ast::Item) -> ItemKind {
    let name = |node: &dyn HasNameDyn| node.text();
    match item {
        ast::Item::Struct(it) => ItemKind::Type(name(it)),
        ast::Item::Enum(it) => ItemKind::Type(name(it)),
        ast::Item::Union(it) => ItemKind::Type(name(it)),
        ast::Item::TypeAlias(it) => ItemKind::Type(name(it)),
        ast::Item::Trait(it) => ItemKind::Type(name(it)),
        ast::Item::Module(it) => ItemKind::Type(name(it)),
        ast::Item::Fn(it) => ItemKind::Value { name: name(it), constant: it.const_token().is_some() },
        ast::Item::Const(it) => ItemKind::Value { name: name(it), constant: true },
        ast::Item::Static(it) => ItemKind::Value { name: name(it), constant: true },
        ast::Item::MacroRules(it) => ItemKind::Macro(name(it)),
        ast::Item::Impl(it) => impl_kind(it),
        ast::Item::Use(it) => {
            let visibility = it.visibility().map_or(String::new(), |visibility| format!("{visibility} "));
            let mut leaves = Vec::new();
            if let Some(tree) = it.use_tree() {
                use_leaves(&tree, "", &mut leaves);
            }
            for (path, _) in &mut leaves {
                *path = format!("{visibility}use {path};");
            }
            ItemKind::Use(leaves)
        }
        _ => ItemKind::Other,
    }
}

/// Object-safe access to the name of an item.
trait HasNameDyn {
    fn text(&self) -> String;
}

impl<T: HasName> HasNameDyn for T {
    fn text(&self) -> String {
        self.name().map_or(String::new(), |name| name.text().to_string())
    }
}

fn impl_kind(it: &ast::Impl) -> ItemKind {
    let end = it.assoc_item_list().map_or(it.syntax().text_range().end(), |list| list.syntax().text_range().start());
    let text = it.syntax().text().to_string();
    let header = &text[..usize::from(end - it.syntax().text_range().start())];
    let header = header[header.find("impl").unwrap_or(0)..].split_whitespace().collect();
    let of = it.self_ty().map_or(String::new(), |ty| {
        let text = ty.syntax().text().to_string();
        text.split(['<', ' ']).next().unwrap_or_default().rsplit("::").next().unwrap_or_default().to_owned()
    });
    let members =
        it.assoc_item_list().into_iter().flat_map(|list| list.assoc_items()).filter_map(|member| match member {
            ast::AssocItem::Fn(it) => Some(HasNameDyn::text(&it)),
            ast::AssocItem::Const(it) => Some(HasNameDyn::text(&it)),
            ast::AssocItem::TypeAlias(it) => Some(HasNameDyn::text(&it)),
            ast::AssocItem::MacroCall(_) => None,
        });
    ItemKind::Impl { header, of, is_trait: it.trait_().is_some(), members: members.collect() }
}

fn use_leaves(tree: &ast::UseTree, prefix: &str, leaves: &mut Vec<(String, Option<String>)>) {
    let own: String =
        tree.path().map_or(String::new(), |path| path.syntax().text().to_string().split_whitespace().collect());
    let path = match (prefix.is_empty(), own.is_empty()) {
        (true, _) => own.clone(),
        (false, true) => prefix.to_owned(),
        (false, false) => format!("{prefix}::{own}"),
    };
    if let Some(list) = tree.use_tree_list() {
        for inner in list.use_trees() {
            use_leaves(&inner, &path, leaves);
        }
    } else if tree.star_token().is_some() {
        leaves.push((format!("{path}::*"), None));
    } else {
        // `a::b::{self}` imports `b`.
        let path = path.strip_suffix("::self").map_or(path.clone(), str::to_owned);
        let last = path.rsplit("::").next().unwrap_or_default().to_owned();
        match tree.rename() {
            Some(rename) => {
                let name = rename.name().map(|name| name.text().to_string());
                let shown = name.clone().unwrap_or_else(|| "_".to_owned());
                leaves.push((format!("{path} as {shown}"), Some(name.unwrap_or(path))));
            }
            None => leaves.push((path, Some(last))),
        }
    }
}

/// Answer to Jupyter's `is_complete_request`.
#[derive(Debug, PartialEq, Eq)]
pub enum Completeness {
    /// The cell can run.
    Complete,
    /// The cell needs more lines. The next one is indented by this number of spaces.
    Incomplete(usize),
    /// No further line can make it valid.
    Invalid,
}

/// Returns whether the source is complete: it closes all brackets, strings and comments, and does not end in the middle
/// of a statement.
pub fn completeness(source: &str) -> Completeness {
    use ra_ap_syntax::T;
    let (source, commands) = split_commands(source);
    let mut open = Vec::new();
    let file = SourceFile::parse(&format!("{HEAD}{source}"), Edition::Edition2024);
    let mut last = None;
    let tokens = file.syntax_node().descendants_with_tokens().filter_map(|element| element.into_token());
    for token in tokens.filter(|token| usize::from(token.text_range().start()) >= HEAD.len()) {
        let text = token.text();
        match token.kind() {
            T!['{'] | T!['('] | T!['['] => open.push(token.kind()),
            T!['}'] | T![')'] | T![']'] => {
                let opens = match token.kind() {
                    T!['}'] => T!['{'],
                    T![')'] => T!['('],
                    _ => T!['['],
                };
                if open.pop() != Some(opens) {
                    return Completeness::Invalid;
                }
            }
            SyntaxKind::STRING if !is_closed_string(text) => return Completeness::Incomplete(0),
            SyntaxKind::COMMENT if text.starts_with("/*") && !text.ends_with("*/") => {
                return Completeness::Incomplete(0);
            }
            SyntaxKind::ERROR if text.starts_with("r#") || text.starts_with('r') => return Completeness::Incomplete(0),
            _ => {}
        }
        if !token.kind().is_trivia() {
            last = Some(token.kind());
        }
    }
    let depth = open.len();
    let continues = last.is_some_and(|kind| {
        matches!(
            kind,
            T![=] | T![+] | T![-] | T![*] | T![/] | T![.] | T![,] | T![&&] | T![||] | T![->] | T![=>] | T![::]
        )
    });
    if depth > 0 || continues {
        return Completeness::Incomplete(4 * depth.max(1));
    }
    if source.trim().is_empty() && commands.is_empty() {
        return Completeness::Complete;
    }
    let whole = SourceFile::parse(&format!("{HEAD}{source}\n}}"), Edition::Edition2024);
    match whole.errors().first() {
        None => Completeness::Complete,
        // An error at the very end means an unfinished statement, such as `let x`.
        Some(error) if usize::from(error.range().end()) >= HEAD.len() + source.trim_end().len() => {
            Completeness::Incomplete(4)
        }
        Some(_) => Completeness::Invalid,
    }
}

fn is_closed_string(text: &str) -> bool {
    let body = text.trim_start_matches(['b', 'c']);
    let Some(inner) = body.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else { return false };
    let backslashes = inner.len() - inner.trim_end_matches('\\').len();
    backslashes.is_multiple_of(2)
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
        assert_eq!(count("fn f() {} std::thread::sleep(d);"), 2);
    }

    #[test]
    fn awaits_are_seen_outside_of_async_blocks_only() {
        assert!(Cell::parse("f().await").awaits);
        assert!(!Cell::parse("let f = async { g().await };").awaits);
    }

    #[test]
    fn completeness_follows_brackets_strings_and_cut_statements() {
        use Completeness::*;
        assert_eq!(completeness("let x = 1;"), Complete);
        assert_eq!(completeness("x + 1"), Complete);
        assert_eq!(completeness("fn f() {"), Incomplete(4));
        assert_eq!(completeness("if a { b(c, [1,"), Incomplete(12));
        assert_eq!(completeness("let x ="), Incomplete(4));
        assert_eq!(completeness("println!(\"a"), Incomplete(0));
        assert_eq!(completeness("x)"), Invalid);
        assert_eq!(completeness("let 1x = = 3;"), Invalid);
    }
}
