//! Holds the items of all cells so far. Decides which of them a later cell sees and which a redefinition replaces.
//! [`Items::changed`] says which names changed; `session::compile_loop` drops the variables whose types mention them.

use crate::parse::{Cell, ItemKind};
use std::collections::BTreeSet;

/// An active item: no later cell has replaced it.
#[derive(Clone, Debug)]
pub struct ActiveItem {
    /// The number of the cell that defines it.
    pub cell: usize,
    /// Its first line in that cell, from 0.
    pub line: usize,
    /// Its source as the user wrote it.
    pub plain: String,
    /// Its source with checks for interrupts.
    pub checked: String,
    /// What it defines.
    pub kind: ItemKind,
}

impl ActiveItem {
    fn type_name(&self) -> Option<&str> {
        match &self.kind {
            ItemKind::Type(name) => Some(name),
            _ => None,
        }
    }

    /// Returns the names through which the layout of a type may depend on this item.
    fn layout_names(&self) -> Vec<&str> {
        match &self.kind {
            ItemKind::Type(name) | ItemKind::Macro(name) | ItemKind::Value { name, constant: true } => vec![name],
            ItemKind::Use(leaves) => leaves.iter().filter_map(|(_, name)| name.as_deref()).collect(),
            _ => Vec::new(),
        }
    }
}

/// The active items, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Items(Vec<ActiveItem>);

/// Rust's namespaces. An item replaces only items of its own namespace: `fn x` does not replace `struct x`.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Namespace {
    Type,
    Value,
    Macro,
}

fn namespace(kind: &ItemKind) -> Option<(Namespace, &str)> {
    match kind {
        ItemKind::Type(name) => Some((Namespace::Type, name)),
        ItemKind::Value { name, .. } => Some((Namespace::Value, name)),
        ItemKind::Macro(name) => Some((Namespace::Macro, name)),
        _ => None,
    }
}

impl Items {
    /// Iterates over the active items, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &ActiveItem> {
        self.0.iter()
    }

    /// Returns the items that stay active once `cell` has defined its own.
    pub fn without_replaced_by(&self, cell: &Cell) -> Items {
        let mut kept = self.0.clone();
        for item in &cell.items {
            match &item.kind {
                ItemKind::Impl { header, is_trait, members, .. } => kept.retain(|old| match &old.kind {
                    ItemKind::Impl { header: other, members: others, .. } => {
                        header != other || !(*is_trait || others.is_empty() || !members.is_disjoint(others))
                    }
                    _ => true,
                }),
                ItemKind::Use(leaves) => {
                    for (path, name) in leaves {
                        kept.retain(|old| old.plain != *path);
                        if let Some(name) = name {
                            drop_name(&mut kept, name);
                        }
                    }
                }
                ItemKind::Other => {}
                kind => {
                    if let Some((_, name)) = namespace(kind) {
                        // Also removes the `impl`s in the cell of the old type: they may not fit the new one.
                        let homes: BTreeSet<usize> =
                            kept.iter().filter(|old| old.type_name() == Some(name)).map(|old| old.cell).collect();
                        if matches!(kind, ItemKind::Type(_)) {
                            kept.retain(|old| !matches!(&old.kind, ItemKind::Impl { of, .. } if of == name && homes.contains(&old.cell)));
                        }
                        kept.retain(|old| namespace(&old.kind) != namespace(kind));
                        drop_name_of_use(&mut kept, name);
                    }
                }
            }
        }
        Items(kept)
    }

    /// Adds the items of a cell that compiled. `text` returns the source of an item, plain and with checks.
    pub fn add(&mut self, cell: &Cell, number: usize, text: impl Fn(std::ops::Range<usize>) -> (String, String)) {
        for item in &cell.items {
            let line = cell.source[..item.range.start].matches('\n').count();
            let (plain, checked) = text(item.range.clone());
            if let ItemKind::Use(leaves) = &item.kind {
                // Adds one item per imported path, so that a later cell can replace a single name.
                for leaf in leaves {
                    let kind = ItemKind::Use(vec![leaf.clone()]);
                    self.0.push(ActiveItem {
                        cell: number,
                        line,
                        plain: leaf.0.clone(),
                        checked: leaf.0.clone(),
                        kind,
                    });
                }
            } else {
                self.0.push(ActiveItem { cell: number, line, plain, checked, kind: item.kind.clone() });
            }
        }
    }

    /// Returns the names whose meaning differs between `self` and `next`, and the names of all types that mention them.
    ///
    /// Every cell is compiled as the same crate, so both versions of a type share one `TypeId`. Variables of these
    /// types must therefore not reach code that was compiled for the other version.
    pub fn changed(&self, next: &Items) -> BTreeSet<String> {
        let texts = |items: &Items, name: &str| -> Vec<String> {
            items.0.iter().filter(|item| item.layout_names().contains(&name)).map(|item| item.plain.clone()).collect()
        };
        let names: BTreeSet<&str> = self.0.iter().chain(&next.0).flat_map(ActiveItem::layout_names).collect();
        let mut changed: BTreeSet<String> =
            names.into_iter().filter(|name| texts(self, name) != texts(next, name)).map(str::to_owned).collect();
        // The names that `use module::*` imports are unknown: if the module changes, treats every name as changed.
        let is_glob = |item: &&ActiveItem| matches!(&item.kind, ItemKind::Use(leaves) if leaves.iter().any(|leaf| leaf.1.is_none()));
        if self.0.iter().filter(is_glob).any(|item| changed.iter().any(|name| mentions(&item.plain, name))) {
            changed.extend(self.0.iter().flat_map(ActiveItem::layout_names).map(str::to_owned));
        }
        loop {
            let more: Vec<String> = self
                .0
                .iter()
                .filter(|item| changed.iter().any(|name| mentions(&item.plain, name)))
                .flat_map(ActiveItem::layout_names)
                .filter(|name| !changed.contains(*name))
                .map(str::to_owned)
                .collect();
            if more.is_empty() {
                return changed;
            }
            changed.extend(more);
        }
    }
}

fn drop_name(kept: &mut Vec<ActiveItem>, name: &str) {
    kept.retain(|old| namespace(&old.kind).is_none_or(|(_, other)| other != name));
    drop_name_of_use(kept, name);
}

fn drop_name_of_use(kept: &mut Vec<ActiveItem>, name: &str) {
    kept.retain(|old| !matches!(&old.kind, ItemKind::Use(leaves) if leaves.iter().any(|(_, other)| other.as_deref() == Some(name))));
}

/// Returns whether `text` contains `name` as a whole word. Words in strings count: `"{df}"` uses `df`.
pub fn mentions(text: &str, name: &str) -> bool {
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    text.match_indices(name)
        .any(|(at, _)| !text[..at].ends_with(is_word) && !text[at + name.len()..].starts_with(is_word))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn session(cells: &[&str]) -> Items {
        let mut items = Items::default();
        for (number, source) in cells.iter().enumerate() {
            let cell = Cell::parse(source);
            items = items.without_replaced_by(&cell);
            items
                .add(&cell, number + 1, |range| (cell.source[range.clone()].to_owned(), cell.source[range].to_owned()));
        }
        items
    }

    fn texts(items: &Items) -> Vec<&str> {
        items.iter().map(|item| item.plain.as_str()).collect()
    }

    #[test]
    fn a_redefined_type_takes_along_the_impls_beside_it() {
        let items = session(&["struct P; impl P { fn a() {} }", "impl P { fn b() {} }", "struct P(u8);"]);
        assert_eq!(texts(&items), ["impl P { fn b() {} }", "struct P(u8);"]);
    }

    #[test]
    fn one_name_of_an_import_can_be_replaced() {
        let items = session(&["use a::{b, c};", "use d::b;", "fn c() {}"]);
        assert_eq!(texts(&items), ["use d::b;", "fn c() {}"]);
    }

    #[test]
    fn a_change_reaches_every_type_that_mentions_it() {
        let old = session(&["struct A(u8); struct B(A); type C = Vec<B>; struct D;"]);
        let cell = Cell::parse("struct A(u64);");
        let mut next = old.without_replaced_by(&cell);
        next.add(&cell, 2, |range| (cell.source[range.clone()].to_owned(), String::new()));
        assert_eq!(old.changed(&next).into_iter().collect::<Vec<_>>(), ["A", "B", "C"]);
    }

    #[test]
    fn words_are_whole() {
        assert!(mentions("f(df)", "df") && mentions("\"{df}\"", "df"));
        assert!(!mentions("dff + xdf", "df"));
    }
}
