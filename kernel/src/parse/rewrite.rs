//! Source of a cell → the same source without what only works in one place of one crate: macros that make items are
//! written out, `line!()` is the line of the cell, and `include_str!` reads beside the notebook. Lines keep their numbers.

use super::edit::HEAD;
use super::expand::{definitions, expand_to_items, inside};
use super::names::next;
use ra_ap_syntax::ast::{self, HasVisibility};
use ra_ap_syntax::{AstNode, Edition, SourceFile, SyntaxKind, SyntaxNode, SyntaxToken, T};
use std::ops::Range;
use std::path::Path;

/// Macros that make items may make calls of such macros; more rounds than this mean that they never end.
const MAX_ROUNDS: usize = 16;

/// Rewrites the source of a cell. `macros` are the `macro_rules!` of earlier cells, `folder` is the notebook's.
pub fn rewrite(source: &str, macros: &[&str], folder: &Path) -> String {
    let mut source = source.to_owned();
    for round in 0..MAX_ROUNDS {
        let file = SourceFile::parse(&format!("{HEAD}{source}\n}}"), Edition::Edition2024).tree();
        let mut edits = Vec::new();
        if round == 0 {
            for token in file.syntax().descendants_with_tokens().filter_map(|it| it.into_token()) {
                edits.extend(place_of(&token, &source, folder));
            }
        }
        let earlier = SourceFile::parse(&macros.join("\n"), Edition::Edition2024).tree();
        let known = [definitions(&earlier), definitions(&file)].concat();
        for call in file.syntax().descendants().filter_map(ast::MacroCall::cast) {
            // A call in a static is what this function has written for `thread_local!`.
            let is_fixed = |it: SyntaxNode| ast::MacroRules::can_cast(it.kind()) || ast::Static::can_cast(it.kind());
            if call.syntax().ancestors().any(is_fixed) {
                continue;
            }
            let name = call.path().map_or_else(String::new, |path| path.syntax().text().to_string());
            let items = match name.rsplit("::").next().unwrap_or_default().trim() {
                "thread_local" => thread_locals(&call),
                "lazy_static" => lazy_statics(&call),
                name if is_top_level(call.syntax()) => known
                    .iter()
                    .rfind(|(known, _)| known == name)
                    .and_then(|(_, definition)| expand_to_items(definition, &call)),
                _ => None,
            };
            let Some(items) = items else { continue };
            let range = statement(call.syntax());
            let lines = |text: &str| text.matches('\n').count();
            let missing = lines(&source[range.clone()]).saturating_sub(lines(&items));
            edits.push((range, items + &"\n".repeat(missing)));
        }
        if edits.is_empty() {
            break;
        }
        edits.sort_by_key(|(range, _)| range.start);
        let mut end = source.len();
        for (range, text) in edits.into_iter().rev() {
            // An edit inside of another one is done in the next round, if at all.
            if range.end <= end {
                end = range.start;
                source.replace_range(range, &text);
            }
        }
    }
    source
}

/// Returns the range of a call in the source of the cell, with its semicolon.
fn statement(call: &SyntaxNode) -> Range<usize> {
    let outer = call.ancestors().skip(1).take_while(|it| it.text_range().start() == call.text_range().start());
    let statement = outer.filter(|it| ast::ExprStmt::can_cast(it.kind())).last();
    let range = statement.as_ref().unwrap_or(call).text_range();
    usize::from(range.start()) - HEAD.len()..usize::from(range.end()) - HEAD.len()
}

fn is_top_level(call: &SyntaxNode) -> bool {
    call.ancestors().filter(|it| ast::BlockExpr::can_cast(it.kind())).count() == 1
        && !call.ancestors().any(|it| ast::LetStmt::can_cast(it.kind()) || ast::ArgList::can_cast(it.kind()))
}

/// Returns the statics inside of a call as items, each with its attributes and visibility.
fn inner_statics(text: &str) -> Option<Vec<ast::Static>> {
    let text = if text.trim_end().ends_with(';') { text.to_owned() } else { format!("{text};") };
    let parsed = SourceFile::parse(&text, Edition::Edition2024);
    let children: Vec<SyntaxNode> = parsed.tree().syntax().children().collect();
    let statics: Vec<ast::Static> = children.iter().cloned().filter_map(ast::Static::cast).collect();
    (parsed.errors().is_empty() && statics.len() == children.len() && !statics.is_empty()).then_some(statics)
}

/// `thread_local! { static N: T = init; }` becomes a static key, which later cells can refer to.
fn thread_locals(call: &ast::MacroCall) -> Option<String> {
    let statics = inner_statics(&inside(&call.token_tree()?))?;
    let key = |it: &ast::Static| {
        let (name, ty, value) = parts(it)?;
        let visibility = it.visibility().map_or_else(String::new, |it| it.syntax().text().to_string());
        Some(format!(
            "{visibility} static {name}: ::std::thread::LocalKey<{ty}> = {{ ::std::thread_local! {{ static {name}: {ty} = {value}; }} {name} }};"
        ))
    };
    statics.iter().map(key).collect::<Option<Vec<_>>>().map(|keys| keys.join(" "))
}

/// `lazy_static! { static ref N: T = init; }` becomes a `LazyLock`, which does the same without a crate.
fn lazy_statics(call: &ast::MacroCall) -> Option<String> {
    let text = inside(&call.token_tree()?);
    let statics = inner_statics(&text.replace("static ref ", "static "))?;
    let lazy = |it: &ast::Static| {
        let (name, ty, value) = parts(it)?;
        let visibility = it.visibility().map_or_else(String::new, |it| it.syntax().text().to_string());
        Some(format!(
            "{visibility} static {name}: ::std::sync::LazyLock<{ty}> = ::std::sync::LazyLock::new(|| {value});"
        ))
    };
    statics.iter().map(lazy).collect::<Option<Vec<_>>>().map(|all| all.join(" "))
}

fn parts(it: &ast::Static) -> Option<(String, String, String)> {
    let name = ast::HasName::name(it)?.text().to_string();
    let text = it.syntax().text().to_string();
    let from = usize::from(it.eq_token()?.text_range().end() - it.syntax().text_range().start());
    Some((name, it.ty()?.syntax().text().to_string(), text[from..].trim().trim_end_matches(';').to_owned()))
}

/// Returns the edit that makes a macro mean the place in the notebook, if `token` is the name of such a macro.
fn place_of(token: &SyntaxToken, source: &str, folder: &Path) -> Option<(Range<usize>, String)> {
    if token.kind() != SyntaxKind::IDENT || next(token)?.kind() != T![!] {
        return None;
    }
    let open = next(&next(token)?)?;
    let argument = next(&open)?;
    if token.parent_ancestors().any(|it| ast::MacroRules::can_cast(it.kind())) {
        return None;
    }
    let at = |token: &SyntaxToken| {
        let range = token.text_range();
        usize::from(range.start()).saturating_sub(HEAD.len())..usize::from(range.end()).saturating_sub(HEAD.len())
    };
    match token.text() {
        "line" if argument.kind() == T![')'] => {
            let line = source[..at(token).start].matches('\n').count() + 1;
            Some((at(token).start..at(&argument).end, format!("{line}u32")))
        }
        "include_str" | "include_bytes" | "include" if argument.kind() == SyntaxKind::STRING => {
            let path = argument.text().trim_matches('"');
            if path.contains('\\') || !Path::new(path).is_relative() {
                return None;
            }
            let path = folder.join(path);
            let quoted = format!("{:?}", path.display().to_string());
            // The cell may write the file itself: it is then read when the cell runs.
            let close =
                next(&argument).filter(|it| it.kind() == T![')'] && token.text() == "include_str" && !path.exists());
            Some(match close {
                Some(close) => (
                    at(token).start..at(&close).end,
                    format!(
                        "{{ let path = {quoted}; &*::std::string::String::leak(::std::fs::read_to_string(path).unwrap_or_else(|error| panic!(\"cannot read `{{path}}`: {{error}}\"))) }}"
                    ),
                ),
                None => (at(&argument), quoted),
            })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(source: &str) -> String {
        let unit = "macro_rules! unit { ($n:ident, $v:expr) => { #[derive(Debug)] struct $n; impl $n { fn value() -> i32 { $v } } }; }";
        rewrite(source, &[unit], Path::new("/book"))
    }

    #[test]
    fn macros_that_make_items_are_written_out() {
        assert_eq!(
            rewritten("unit!(Metre,\n100);\nMetre::value()"),
            "# [ derive ( Debug ) ] struct Metre ; impl Metre { fn value ( ) -> i32 { 100 } }\n\nMetre::value()"
        );
    }

    #[test]
    fn other_macros_stay() {
        for source in
            ["println!(\"x\")", "macro_rules! two { ($e:expr) => { $e + $e } }\ntwo!(4)", "let x = unit!(A, 1);"]
        {
            assert_eq!(rewritten(source), source);
        }
    }

    #[test]
    fn places_are_those_of_the_notebook() {
        assert_eq!(rewritten("\nf(line!(), include_bytes!(\"a.txt\"))"), "\nf(2u32, include_bytes!(\"/book/a.txt\"))");
        assert!(rewritten("include_str!(\"none.txt\")").contains("read_to_string(path)"));
        assert_eq!(rewritten("include_str!(\"/a.txt\")"), "include_str!(\"/a.txt\")");
    }
}
