//! Completes from the names of the session alone, while rust-analyzer is not ready.

use super::protocol::{Context, Match, Matches};
use crate::parse::{Cell, commands};
use ra_ap_syntax::{AstNode, Edition, SourceFile, SyntaxKind, SyntaxNode, ast};
use std::ops::Range;

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

fn word_before(code: &str, at: usize) -> Range<usize> {
    let before = &code[..at];
    before.trim_end_matches(is_word).len()..at
}

pub(super) fn word_around(code: &str, at: usize) -> Range<usize> {
    let rest = &code[at..];
    word_before(code, at).start..at + (rest.len() - rest.trim_start_matches(is_word).len())
}

/// Completes commands, keywords and names of the session.
pub(super) fn names(context: &Context, code: &str, at: usize) -> Matches {
    const KEYWORDS: [&str; 12] =
        ["else", "enum", "false", "for", "fn", "if", "let", "loop", "match", "struct", "true", "while"];
    let range = word_before(code, at);
    let prefix = &code[range.clone()];
    let own = Cell::parse(code).bindings;
    let variables =
        context.variables.keys().chain(own.iter().map(|(name, _)| name)).map(|name| (name.as_str(), "instance"));
    if let Some(command) = code[..at].lines().last().filter(|line| line.starts_with(':') && !line.contains(' ')) {
        let mut found: Vec<&str> = commands::names().filter(|name| name.starts_with(command)).collect();
        found.sort_unstable();
        let matches = found.into_iter().map(|name| Match { text: name.to_owned(), kind: "magic".to_owned() }).collect();
        return Matches { matches, range: at - command.len()..at };
    }
    let mut matches: Vec<Match> = variables
        .chain(KEYWORDS.map(|word| (word, "keyword")))
        .filter(|(name, _)| name.starts_with(prefix) && *name != prefix)
        .map(|(name, kind)| Match { text: name.to_owned(), kind: kind.to_owned() })
        .collect();
    matches.dedup();
    Matches { matches, range }
}

fn item(context: &Context, name: &str) -> Option<SyntaxNode> {
    let file = SourceFile::parse(&context.items, Edition::Edition2024).tree();
    let is_it = |item: &SyntaxNode| item.children().filter_map(ast::Name::cast).any(|it| it.text() == name);
    file.syntax().children().filter(is_it).last()
}

/// Returns the source of an item of the session.
pub(super) fn source(context: &Context, name: &str) -> Option<String> {
    Some(item(context, name)?.text().to_string())
}

/// Returns the documentation and signature of an item of the session.
pub(super) fn documentation(context: &Context, name: &str) -> Option<String> {
    let item = item(context, name)?;
    let comments = item.children_with_tokens().filter(|it| it.kind() == SyntaxKind::COMMENT).map(|it| it.to_string());
    let docs: Vec<String> = comments
        .filter_map(|text| {
            let text = text.strip_prefix("///").or_else(|| text.strip_prefix("/**")?.strip_suffix("*/"))?;
            Some(text.trim().to_owned())
        })
        .collect();
    let code = item.text().to_string();
    let code = code.lines().skip_while(|line| line.trim_start().starts_with(['/', '#'])).collect::<Vec<_>>().join("\n");
    let signature = if ast::Fn::can_cast(item.kind()) { code.split('{').next().unwrap_or_default() } else { &code };
    Some(format!("{}\n\n{}", signature.trim(), docs.join("\n")).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile::Variable;

    #[test]
    fn items_of_the_session_have_documentation() {
        let items = "/// Doubles.\n#[inline]\nfn dbl(x: i32) -> i32 { 2 * x }\nstruct P { x: u8 }".to_owned();
        let context = Context { items, ..Context::default() };
        assert_eq!(documentation(&context, "dbl").as_deref(), Some("fn dbl(x: i32) -> i32\n\nDoubles."));
        assert_eq!(documentation(&context, "P").as_deref(), Some("struct P { x: u8 }"));
        assert_eq!(documentation(&context, "Q"), None);
    }

    #[test]
    fn names_of_the_session_answer_at_once() {
        let mut context = Context::default();
        context.variables.insert("orders".into(), Variable { ty: "DataFrame".into(), mutable: false });
        let found = names(&context, "let x = ord", 11);
        assert_eq!(found.matches.iter().map(|it| it.text.as_str()).collect::<Vec<_>>(), ["orders"]);
        assert_eq!(found.range, 8..11);
        assert_eq!(names(&context, ":ti", 3).matches[0].text, ":timing");
        assert_eq!(word_around("a.bcd(", 3), 2..5);
    }
}
