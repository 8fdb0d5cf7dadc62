//! What an item of a cell defines: its name and namespace, so that a later cell can replace it.

use ra_ap_syntax::AstNode;
use ra_ap_syntax::ast::{self, HasName, HasVisibility};
use std::collections::BTreeSet;
use std::ops::Range;

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

pub(super) fn item_kind(item: &ast::Item) -> ItemKind {
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
