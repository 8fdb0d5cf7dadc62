//! Expands a call of a macro that the notebook has defined, when it makes items: the session then knows what they are
//! called and can keep and replace them, like items that were written out.

use mbe::{DeclarativeMacro, MacroCallStyle};
use ra_ap_syntax::ast::{self, HasName};
use ra_ap_syntax::{AstNode, Edition, SyntaxKind, TextRange, TextSize};
use span::{EditionedFileId, FileId, ROOT_ERASED_FILE_AST_ID, Span, SpanAnchor, SyntaxContext};
use syntax_bridge::{TopEntryPoint, parse_to_token_tree, token_tree_to_syntax_node};

const EDITION: Edition = Edition::Edition2024;

/// Expands `call` by the definition `definition`. Returns the items on one line, or `None` if the call makes anything
/// else or cannot be expanded: rustc then says why.
pub(super) fn expand_to_items(definition: &ast::MacroRules, call: &ast::MacroCall) -> Option<String> {
    let rules = inside(&definition.token_tree()?);
    let arguments = inside(&call.token_tree()?);
    let rules = parse_to_token_tree(EDITION, anchor(0), SyntaxContext::root(EDITION), &rules)?;
    let tree = parse_to_token_tree(EDITION, anchor(1), SyntaxContext::root(EDITION), &arguments)?;
    let rules = DeclarativeMacro::parse_macro_rules(&rules, |_| EDITION);
    if rules.err().is_some() {
        return None;
    }
    let database = salsa::DatabaseImpl::default();
    let call_site = Span {
        range: TextRange::up_to(TextSize::of(arguments.as_str())),
        anchor: anchor(1),
        ctx: SyntaxContext::root(EDITION),
    };
    let expanded = rules.expand(&database, &tree, |_| (), MacroCallStyle::FnLike, call_site);
    if expanded.err.is_some() {
        return None;
    }
    let (items, _) = token_tree_to_syntax_node(&expanded.value.0, TopEntryPoint::MacroItems, &mut |_| EDITION);
    let node = items.syntax_node();
    let made = node.children().count();
    if made == 0 || !items.errors().is_empty() || !node.children().all(|child| ast::Item::can_cast(child.kind())) {
        return None;
    }
    let tokens = node.descendants_with_tokens().filter_map(|it| it.into_token());
    let words = tokens.filter(|token| !token.kind().is_trivia() || token.kind() == SyntaxKind::COMMENT);
    // `$crate` is this crate: only macros of the notebook are expanded here.
    Some(words.map(|token| token.text().replace("$crate", "crate")).collect::<Vec<_>>().join(" "))
}

fn anchor(file: u32) -> SpanAnchor {
    SpanAnchor { file_id: EditionedFileId::new(FileId::from_raw(file), EDITION), ast_id: ROOT_ERASED_FILE_AST_ID }
}

/// Returns the text between the delimiters of a token tree.
pub(super) fn inside(tree: &ast::TokenTree) -> String {
    let text = tree.syntax().text().to_string();
    text.get(1..text.len().saturating_sub(1)).unwrap_or_default().to_owned()
}

/// Returns the `macro_rules!` of a text by their names; the last one of a name counts.
pub(super) fn definitions(file: &ast::SourceFile) -> Vec<(String, ast::MacroRules)> {
    let all = file.syntax().descendants().filter_map(ast::MacroRules::cast);
    all.filter_map(|it| Some((it.name()?.text().to_string(), it))).collect()
}
