//! What an item says of other items: the names that its meaning rests on, and the part of its text that the layout of
//! other types can rest on. Next: `compile`'s versions.

use ra_ap_syntax::ast::{self, HasGenericParams, HasName};
use ra_ap_syntax::{AstNode, SyntaxKind, SyntaxNode, SyntaxToken, T, TextRange};
use std::collections::BTreeSet;

/// The names in an item, and its text without comments and spaces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// All names that the item mentions. Names of fields do not count: they mean nothing outside of a type.
    pub all: BTreeSet<String>,
    /// Those outside of bodies that no layout rests on.
    pub layout: BTreeSet<String>,
    /// The tokens of the item.
    pub text: String,
    /// Those outside of bodies that no layout rests on.
    pub layout_text: String,
    /// Macros and attributes of other crates that it calls: they may mention any name.
    pub foreign_macros: BTreeSet<String>,
    /// The words in the headers of `impl`s inside of it: in a module or a function.
    pub inner_impls: BTreeSet<String>,
    /// The names that the types of its statics rest on.
    pub statics: BTreeSet<String>,
    /// Whether it can change without its text, as `include_str!` does with a file.
    pub volatile: bool,
}

/// Macros that mention only what their arguments mention.
const KNOWN_MACROS: [&str; 36] = [
    "assert",
    "assert_eq",
    "assert_ne",
    "cfg",
    "compile_error",
    "concat",
    "dbg",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "df",
    "env",
    "eprint",
    "eprintln",
    "format",
    "format_args",
    "line",
    "matches",
    "option_env",
    "panic",
    "print",
    "println",
    "stringify",
    "thread_local",
    "todo",
    "unimplemented",
    "unreachable",
    "vec",
    "write",
    "writeln",
    "column",
    "file",
    "include",
    "include_bytes",
    "include_str",
    "module_path",
];
/// Names whose value depends on more than the text of the item: a file, or its place in the generated crate.
const VOLATILE: [&str; 7] = ["Location", "column", "file", "include", "include_bytes", "include_str", "module_path"];
/// Attributes that cannot change what an item is.
const KNOWN_ATTRIBUTES: [&str; 24] = [
    "allow",
    "automatically_derived",
    "cfg",
    "cold",
    "default",
    "deny",
    "deprecated",
    "derive",
    "doc",
    "expect",
    "export_name",
    "forbid",
    "global_allocator",
    "inline",
    "macro_export",
    "macro_use",
    "must_use",
    "no_mangle",
    "non_exhaustive",
    "repr",
    "rustfmt",
    "track_caller",
    "unsafe",
    "warn",
];

/// Reads the names of an item.
pub(super) fn names(item: &ast::Item) -> Names {
    let mut names = Names::default();
    let generics = own_generics(item);
    let bodies = bodies_without_layout(item);
    let in_body = |range: TextRange| bodies.iter().any(|body| body.contains_range(range));
    let mut add = |name: &str, range: TextRange| {
        let name = name.trim_start_matches("r#").to_owned();
        if !in_body(range) {
            names.layout.insert(name.clone());
        }
        names.all.insert(name);
    };
    let mut statics = Vec::new();
    let mut has_inner_items = false;
    for node in item.syntax().descendants() {
        if let Some(it) = ast::Static::cast(node.clone()) {
            statics.extend(it.ty().map(|ty| ty.syntax().text_range()));
        } else if node != *item.syntax() && ast::Item::can_cast(node.kind()) && !ast::MacroCall::can_cast(node.kind()) {
            has_inner_items = true;
        }
        if let Some(name) = ast::NameRef::cast(node.clone()) {
            if is_reference(&name) && !is_own_generic(&name, &generics) && !in_attribute(&node) {
                add(name.text(), node.text_range());
            }
        } else if let Some(attribute) = ast::Attr::cast(node.clone()) {
            let name = first_word(attribute.syntax());
            if !name.is_empty() && !KNOWN_ATTRIBUTES.contains(&name.as_str()) {
                names.foreign_macros.insert(name);
            }
        } else if let Some(tree) = ast::TokenTree::cast(node.clone()) {
            if in_attribute(&node) || tree.syntax().parent().is_some_and(|it| ast::TokenTree::can_cast(it.kind())) {
                continue;
            }
            for token in tokens(tree.syntax()) {
                if token.kind() == SyntaxKind::IDENT {
                    add(token.text(), token.text_range());
                    let calls = next(&token).is_some_and(|it| it.kind() == T![!]);
                    if calls && !KNOWN_MACROS.contains(&token.text()) {
                        names.foreign_macros.insert(token.text().to_owned());
                    }
                } else if token.kind() == SyntaxKind::STRING {
                    // A format string may name a constant: `format!("{N}")`.
                    for word in token.text().split(|c: char| !(c.is_alphanumeric() || c == '_')) {
                        if !word.is_empty() {
                            add(word, token.text_range());
                        }
                    }
                }
            }
        } else if let Some(call) = ast::MacroCall::cast(node) {
            let name = call
                .path()
                .and_then(|path| path.segment()?.name_ref())
                .map_or_else(String::new, |it| it.text().to_string());
            if !KNOWN_MACROS.contains(&name.as_str()) {
                names.foreign_macros.insert(name);
            }
        }
    }
    for token in tokens(item.syntax()) {
        names.text.push_str(token.text());
        names.text.push(' ');
        if !in_body(token.text_range()) {
            names.layout_text.push_str(token.text());
            names.layout_text.push(' ');
        }
    }
    if has_inner_items && !statics.is_empty() {
        names.statics = names.all.clone();
    } else {
        let name_refs = item.syntax().descendants().filter_map(ast::NameRef::cast);
        let of_types = name_refs.filter(|name| statics.iter().any(|ty| ty.contains_range(name.syntax().text_range())));
        names.statics = of_types.map(|name| name.text().trim_start_matches("r#").to_owned()).collect();
    }
    let inner = item.syntax().descendants().filter(|node| node != item.syntax()).filter_map(ast::Impl::cast);
    for it in inner {
        let end =
            it.assoc_item_list().map_or(it.syntax().text_range().end(), |list| list.syntax().text_range().start());
        let header = tokens(it.syntax()).filter(|token| token.text_range().end() <= end);
        names.inner_impls.extend(header.map(|token| token.text().to_owned()));
    }
    // The level of optimisation decides on this condition.
    if names.text.contains("debug_assertions") {
        names.layout.insert("debug_assertions".to_owned());
        names.all.insert("debug_assertions".to_owned());
    }
    names.volatile = VOLATILE.iter().any(|word| names.all.contains(*word) || names.text.contains(&format!("{word} !")));
    names
}

fn tokens(node: &SyntaxNode) -> impl Iterator<Item = SyntaxToken> {
    node.descendants_with_tokens().filter_map(|it| it.into_token()).filter(|token| !token.kind().is_trivia())
}

/// Returns the next token that is neither space nor comment.
pub(super) fn next(token: &SyntaxToken) -> Option<SyntaxToken> {
    std::iter::successors(token.next_token(), SyntaxToken::next_token).find(|token| !token.kind().is_trivia())
}

fn first_word(attribute: &SyntaxNode) -> String {
    tokens(attribute)
        .find(|it| it.kind() == SyntaxKind::IDENT || it.kind().is_keyword(ra_ap_syntax::Edition::Edition2024))
        .map_or_else(String::new, |it| it.text().to_owned())
}

fn in_attribute(node: &SyntaxNode) -> bool {
    node.ancestors().any(|node| ast::Attr::can_cast(node.kind()))
}

fn is_reference(name: &ast::NameRef) -> bool {
    let parent = name.syntax().parent().map(|parent| parent.kind());
    !matches!(parent, Some(SyntaxKind::FIELD_EXPR | SyntaxKind::RECORD_EXPR_FIELD | SyntaxKind::RECORD_PAT_FIELD))
}

/// Returns the type parameters of a type, trait or alias. They hide items of their names in the whole item.
fn own_generics(item: &ast::Item) -> BTreeSet<String> {
    let list = match item {
        ast::Item::Struct(it) => it.generic_param_list(),
        ast::Item::Enum(it) => it.generic_param_list(),
        ast::Item::Union(it) => it.generic_param_list(),
        ast::Item::TypeAlias(it) => it.generic_param_list(),
        ast::Item::Trait(it) => it.generic_param_list(),
        _ => None,
    };
    let params = list.into_iter().flat_map(|list| list.type_or_const_params());
    params
        .filter_map(|param| match param {
            ast::TypeOrConstParam::Type(it) => Some(it.name()?.text().to_string()),
            ast::TypeOrConstParam::Const(it) => Some(it.name()?.text().to_string()),
        })
        .collect()
}

/// Returns whether a name is a type parameter of its item. A path such as `super::T` is not.
fn is_own_generic(name: &ast::NameRef, generics: &BTreeSet<String>) -> bool {
    let path = name.syntax().ancestors().find_map(ast::Path::cast);
    generics.contains(name.text()) && path.is_some_and(|path| path.qualifier().is_none())
}

/// Returns the bodies of functions that no layout outside of them can rest on: of all but `const` and `async`
/// functions, those that return a type without a name, and those that hold an `impl`.
fn bodies_without_layout(item: &ast::Item) -> Vec<TextRange> {
    let functions: Vec<ast::Fn> = match item {
        ast::Item::Fn(it) => vec![it.clone()],
        ast::Item::Impl(it) => {
            it.assoc_item_list().into_iter().flat_map(|list| list.assoc_items()).filter_map(function).collect()
        }
        ast::Item::Trait(it) => {
            it.assoc_item_list().into_iter().flat_map(|list| list.assoc_items()).filter_map(function).collect()
        }
        _ => Vec::new(),
    };
    let is_plain = |function: &&ast::Fn| {
        let nameless = function
            .ret_type()
            .is_some_and(|ty| ty.syntax().descendants().any(|it| ast::ImplTraitType::can_cast(it.kind())));
        let has_impls = function.syntax().descendants().any(|it| ast::Impl::can_cast(it.kind()));
        function.const_token().is_none() && function.async_token().is_none() && !nameless && !has_impls
    };
    functions.iter().filter(is_plain).filter_map(|it| Some(it.body()?.syntax().text_range())).collect()
}

fn function(item: ast::AssocItem) -> Option<ast::Fn> {
    match item {
        ast::AssocItem::Fn(it) => Some(it),
        _ => None,
    }
}
