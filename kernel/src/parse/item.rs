//! What an item of a cell defines: its name and namespace, so that a later cell can replace it.

use super::loops::repeats;
use super::names::{Names, names};
use super::places::{StaticPlace, hidden, statics};
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
    /// What it says of other items.
    pub names: Names,
    /// Where `pub(crate)` is missing for it to be seen from another module: bytes of the cell.
    pub hidden: Vec<usize>,
    /// The statics in it, in bytes of the cell.
    pub statics: Vec<StaticPlace>,
    /// Whether it holds a loop or a chain of iterators.
    pub repeats: bool,
}

#[allow(missing_docs)] // The names say it.
/// What an item defines. Decides which older items a redefinition replaces.
#[derive(Clone, Debug, PartialEq)]
pub enum ItemKind {
    /// A struct, enum, union, type alias, trait or module.
    Type(String),
    /// A function, constant or static.
    Value(String),
    /// A `macro_rules!`.
    Macro(String),
    /// An `impl` block: its header without spaces, the words of the header, the name of its type, whether the layout of a
    /// type can rest on a member, and the names of its members.
    Impl {
        header: String,
        words: BTreeSet<String>,
        of: String,
        is_trait: bool,
        has_layout: bool,
        members: BTreeSet<String>,
    },
    /// A `use`: one statement per path of its tree, each with the name it imports (`None` for a glob).
    Use(Vec<(String, Option<String>)>),
    /// An `extern crate`, by the name that it gives to the crate.
    ExternCrate(String),
    /// An `extern` block: the names of what it declares.
    Foreign(Vec<String>),
    /// Anything else.
    Other,
}

/// Reads an item. Places in the source that was parsed are `offset` bytes after those in the cell.
pub(super) fn item(node: &ast::Item, kind: ItemKind, range: Range<usize>, offset: usize) -> Item {
    let back = |range: Range<usize>| range.start - offset..range.end - offset;
    let statics = statics(node.syntax()).into_iter().map(|it| StaticPlace {
        whole: back(it.whole),
        keyword: back(it.keyword),
        value: back(it.value),
        mutable: it.mutable,
    });
    Item {
        range,
        kind,
        names: names(node),
        hidden: hidden(node).into_iter().map(|at| at - offset).collect(),
        statics: statics.collect(),
        repeats: repeats(node.syntax()),
    }
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
        ast::Item::Fn(it) => ItemKind::Value(name(it)),
        ast::Item::Const(it) => ItemKind::Value(name(it)),
        ast::Item::Static(it) => ItemKind::Value(name(it)),
        ast::Item::MacroRules(it) => ItemKind::Macro(name(it)),
        ast::Item::Impl(it) => impl_kind(it),
        ast::Item::Use(it) => {
            let visibility = it.visibility().map_or(String::new(), |visibility| format!("{visibility} "));
            let mut leaves = Vec::new();
            if let Some(tree) = it.use_tree() {
                use_leaves(&tree, "", &mut leaves);
            }
            for (path, _) in &mut leaves {
                // The one that ends at an interrupt.
                if *path == "std::thread::sleep" {
                    "::pfe_runtime::sleep".clone_into(path);
                }
                *path = format!("{visibility}use {path};");
            }
            ItemKind::Use(leaves)
        }
        ast::Item::ExternCrate(it) => {
            let renamed = it.rename().and_then(|it| it.name()).map(|it| it.text().to_string());
            let own = it.name_ref().map_or_else(String::new, |it| it.text().to_string());
            ItemKind::ExternCrate(renamed.unwrap_or(own))
        }
        ast::Item::ExternBlock(it) => {
            let members = it.extern_item_list().into_iter().flat_map(|list| list.extern_items());
            ItemKind::Foreign(
                members
                    .filter_map(|member| match member {
                        ast::ExternItem::Fn(it) => Some(HasNameDyn::text(&it)),
                        ast::ExternItem::Static(it) => Some(HasNameDyn::text(&it)),
                        ast::ExternItem::TypeAlias(it) => Some(HasNameDyn::text(&it)),
                        ast::ExternItem::MacroCall(_) => None,
                    })
                    .collect(),
            )
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
    let header = &header[header.find("impl").unwrap_or(0)..];
    let words = header.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty());
    let words = words.map(str::to_owned).collect();
    let header = header.split_whitespace().collect();
    let of = it.self_ty().map_or(String::new(), |ty| {
        let text = ty.syntax().text().to_string();
        text.split(['<', ' ']).next().unwrap_or_default().rsplit("::").next().unwrap_or_default().to_owned()
    });
    let has_layout = it.assoc_item_list().into_iter().flat_map(|list| list.assoc_items()).any(|member| match member {
        ast::AssocItem::Fn(it) => it.const_token().is_some() || it.async_token().is_some(),
        _ => true,
    });
    let members =
        it.assoc_item_list().into_iter().flat_map(|list| list.assoc_items()).filter_map(|member| match member {
            ast::AssocItem::Fn(it) => Some(HasNameDyn::text(&it)),
            ast::AssocItem::Const(it) => Some(HasNameDyn::text(&it)),
            ast::AssocItem::TypeAlias(it) => Some(HasNameDyn::text(&it)),
            ast::AssocItem::MacroCall(_) => None,
        });
    ItemKind::Impl { header, words, of, is_trait: it.trait_().is_some(), has_layout, members: members.collect() }
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
