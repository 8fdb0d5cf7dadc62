//! Holds the items of all cells so far. Decides which of them a later cell sees and which a redefinition replaces.
//! [`Items::changed`] says which names changed; `session::compile_loop` drops the variables whose types mention them.

use crate::parse::{Cell, Edit, Item, ItemKind, Names, StaticPlace};
use std::collections::BTreeSet;
use std::ops::Range;

/// An active item: no later cell has replaced it.
#[derive(Clone, Debug)]
pub struct ActiveItem {
    /// The number of the cell that defines it.
    pub cell: usize,
    /// Its first line in that cell, from 0.
    pub line: usize,
    /// Its column in that line.
    pub column: usize,
    /// Its source as the user wrote it. All places below are bytes of it.
    pub plain: String,
    /// What it defines.
    pub kind: ItemKind,
    /// What it says of other items.
    pub names: Names,
    /// The `use …::*` that were active where it was defined. Later ones do not change what its names mean.
    pub globs: Vec<String>,
    /// Which version of the item this is, by a number that no other item has. The item keeps it as long as it and all that
    /// its types rest on stay as they are. It is part of the path of its types, so that a type of another version is
    /// another type to the compiler. 0 as long as it is not known.
    pub version: usize,
    /// The build whose library holds its statics, and the version that they had then.
    pub home: Option<(usize, usize)>,
    pub(super) checks: Vec<Edit>,
    pub(super) hidden: Vec<usize>,
    pub(super) statics: Vec<StaticPlace>,
    /// Whether it is worth optimising: see [`Item::repeats`].
    pub(super) repeats: bool,
}

impl ActiveItem {
    fn new(cell: &Cell, number: usize, item: &Item, globs: &[String]) -> ActiveItem {
        let start = item.range.start;
        let before = &cell.source[..start];
        let back = |range: &Range<usize>| range.start - start..range.end - start;
        let inside = cell.edits.iter().filter(|edit| start <= edit.range.start && edit.range.end <= item.range.end);
        ActiveItem {
            cell: number,
            line: before.matches('\n').count(),
            column: before.rsplit('\n').next().unwrap_or_default().chars().count(),
            plain: cell.source[item.range.clone()].to_owned(),
            kind: item.kind.clone(),
            names: item.names.clone(),
            globs: globs.to_vec(),
            version: 0,
            home: None,
            checks: inside.map(|edit| Edit { range: back(&edit.range), ..edit.clone() }).collect(),
            hidden: item.hidden.iter().map(|at| at - start).collect(),
            statics: item
                .statics
                .iter()
                .map(|it| StaticPlace {
                    whole: back(&it.whole),
                    keyword: back(&it.keyword),
                    value: back(&it.value),
                    mutable: it.mutable,
                })
                .collect(),
            repeats: item.repeats,
        }
    }

    /// Returns the path of a `use …::*`.
    pub fn glob(&self) -> Option<&str> {
        matches!(&self.kind, ItemKind::Use(leaves) if leaves.iter().any(|leaf| leaf.1.is_none())).then_some(&self.plain)
    }

    /// Returns the names that it defines for other items.
    pub fn defines(&self) -> Vec<&str> {
        match &self.kind {
            ItemKind::Type(name) | ItemKind::Macro(name) | ItemKind::Value(name) | ItemKind::ExternCrate(name) => {
                vec![name]
            }
            ItemKind::Foreign(names) => names.iter().map(String::as_str).collect(),
            ItemKind::Use(leaves) => leaves.iter().filter_map(|(_, name)| name.as_deref()).collect(),
            ItemKind::Impl { .. } | ItemKind::Other => Vec::new(),
        }
    }

    /// Returns whether it stands in a module of its own, named after its version. The others stand at the root.
    pub fn has_module(&self) -> bool {
        matches!(self.kind, ItemKind::Type(_) | ItemKind::Value(_) | ItemKind::Impl { .. } | ItemKind::Foreign(_))
    }

    /// Names the item in a message, such as "`impl Display for P` of cell 3".
    pub fn called(&self) -> String {
        let line =
            self.plain.lines().find(|line| !line.trim().is_empty() && !line.trim_start().starts_with(['/', '#']));
        let line = line.unwrap_or_default().split(['{', ';']).next().unwrap_or_default().trim();
        let line: String = line.chars().take(80).collect();
        format!("`{line}` of cell {}", self.cell)
    }

    fn type_name(&self) -> Option<&str> {
        match &self.kind {
            ItemKind::Type(name) => Some(name),
            _ => None,
        }
    }
}

/// The active items, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Items(pub(super) Vec<ActiveItem>);

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
        ItemKind::Value(name) => Some((Namespace::Value, name)),
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
                ItemKind::ExternCrate(name) => {
                    kept.retain(|old| !matches!(&old.kind, ItemKind::ExternCrate(other) if other == name));
                }
                ItemKind::Foreign(names) => {
                    kept.retain(|old| !matches!(&old.kind, ItemKind::Foreign(others) if others.iter().any(|it| names.contains(it))));
                    for name in names {
                        drop_name(&mut kept, name);
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

    /// Adds the items of a cell.
    pub fn add(&mut self, cell: &Cell, number: usize) {
        let own = cell.items.iter().filter_map(|item| match &item.kind {
            ItemKind::Use(leaves) => Some(leaves.iter().filter(|leaf| leaf.1.is_none()).map(|leaf| leaf.0.clone())),
            _ => None,
        });
        let globs: Vec<String> = self.globs().map(str::to_owned).chain(own.flatten()).collect();
        for item in &cell.items {
            let whole = ActiveItem::new(cell, number, item, &globs);
            if let ItemKind::Use(leaves) = &item.kind {
                // Adds one item per imported path, so that a later cell can replace a single name.
                for leaf in leaves {
                    let kind = ItemKind::Use(vec![leaf.clone()]);
                    self.0.push(ActiveItem { plain: leaf.0.clone(), kind, globs: Vec::new(), ..whole.clone() });
                }
            } else {
                self.0.push(whole);
            }
        }
    }

    /// Returns the active `use …::*`.
    pub fn globs(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(ActiveItem::glob)
    }

    /// Returns the active `macro_rules!`.
    pub fn macros(&self) -> Vec<&str> {
        self.0.iter().filter(|item| matches!(item.kind, ItemKind::Macro(_))).map(|item| item.plain.as_str()).collect()
    }

    /// Removes and returns the item at `index`.
    pub fn remove(&mut self, index: usize) -> ActiveItem {
        self.0.remove(index)
    }

    /// Records that the library of `build` holds the statics of the items that have none yet, if `emitted` has them.
    pub fn settle(&mut self, build: usize, emitted: &BTreeSet<usize>) {
        for item in &mut self.0 {
            if item.home.is_none() && emitted.contains(&item.version) {
                item.home = Some((build, item.version));
            }
        }
    }

    /// Forgets where statics are: the process that held them is gone.
    pub fn unsettle(&mut self) {
        for item in &mut self.0 {
            item.home = None;
        }
    }
}

fn drop_name(kept: &mut Vec<ActiveItem>, name: &str) {
    kept.retain(|old| namespace(&old.kind).is_none_or(|(_, other)| other != name));
    drop_name_of_use(kept, name);
}

/// Drops the imports and `extern` declarations of a name.
fn drop_name_of_use(kept: &mut Vec<ActiveItem>, name: &str) {
    kept.retain(|old| !matches!(&old.kind, ItemKind::Foreign(names) if names.iter().any(|other| other == name)));
    kept.retain(|old| !matches!(&old.kind, ItemKind::Use(leaves) if leaves.iter().any(|(_, other)| other.as_deref() == Some(name))));
}

/// Returns the words of a text. Words in strings count: `"{df}"` uses `df`.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| !(character.is_alphanumeric() || character == '_')).filter(|word| !word.is_empty())
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
            items.add(&cell, number + 1);
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
    fn words_are_whole() {
        assert!(mentions("f(df)", "df") && mentions("\"{df}\"", "df"));
        assert!(!mentions("dff + xdf", "df"));
    }
}
