//! Items before and after a cell → the version of each item. A version stands in the paths of an item's types: as long as
//! it stays, the compiler takes the types of two cells for the same, and values of one may be read as the other's.
//!
//! So an item gets a new version whenever the layout of one of its types may have changed: with its own text, or with
//! anything that its text names, however far away. Names are compared, not meanings: too much is dropped at worst. What a
//! cell only adds changes no version, unless it gives a name that an older item uses another meaning.

use super::items::{ActiveItem, Items, words};
use crate::parse::ItemKind;
use std::collections::BTreeSet;

/// Names that have changed their meaning.
#[derive(Default)]
struct Changed {
    /// The layout of types can rest on these.
    layout: BTreeSet<String>,
    /// Only code rests on these: the types inside of functions, not others.
    code: BTreeSet<String>,
}

/// What the items of before and after define, to look up the words of an `impl`'s header.
struct Definitions<'a>(Vec<&'a ActiveItem>);

impl Definitions<'_> {
    /// Returns the names of the notebook among `words`, and those that they are other names of.
    fn meant_by(&self, words: &BTreeSet<String>) -> BTreeSet<String> {
        let mut meant = BTreeSet::new();
        let mut open: Vec<String> = words.iter().cloned().collect();
        while let Some(word) = open.pop() {
            for item in self.0.iter().filter(|item| item.defines().contains(&word.as_str())) {
                let is_alias = matches!(item.kind, ItemKind::Use(_)) || item.names.text.contains("type ");
                if meant.insert(word.clone()) && is_alias {
                    open.extend(item.names.layout.iter().cloned());
                }
            }
        }
        meant
    }
}

impl Changed {
    fn is_empty(&self) -> bool {
        self.layout.is_empty()
    }

    /// Records that an item has gone or changed, or that it `came` where no other one was.
    fn record(&mut self, item: &ActiveItem, came: bool, definitions: &Definitions) {
        self.layout.extend(item.defines().into_iter().map(str::to_owned));
        self.layout.extend(definitions.meant_by(&item.names.inner_impls));
        let ItemKind::Impl { words, is_trait, has_layout, members, .. } = &item.kind else { return };
        let meant = definitions.meant_by(words);
        self.code.extend(meant.iter().chain(members).cloned());
        // No type rests on a trait's `impl` before there is one. But a constant of a type hides a trait's.
        if *has_layout && !(came && *is_trait) {
            self.layout.extend(meant);
            self.layout.extend(members.iter().cloned());
        }
    }

    fn reaches(&self, item: &ActiveItem, names: &BTreeSet<String>, macros: &BTreeSet<&str>) -> bool {
        let opaque = item.names.foreign_macros.iter().any(|name| !macros.contains(name.as_str()));
        item.names.volatile
            || !names.is_disjoint(&self.layout)
            || item.globs.iter().any(|glob| words(glob).any(|word| self.layout.contains(word)))
            || opaque && !self.is_empty()
    }
}

/// What an item means to the layout of types that rest on it: equal for two items that mean the same.
fn layout_key(item: &ActiveItem) -> String {
    let kind = match &item.kind {
        ItemKind::Type(_) => "type",
        ItemKind::Value(_) => "value",
        ItemKind::Macro(_) => "macro",
        ItemKind::Use(_) => return item.plain.clone(),
        _ => "other",
    };
    format!("{kind} {} {}", item.names.layout_text, item.globs.concat())
}

impl Items {
    /// Gives each item its version, when `self` follows `old`. `names` are those outside of the notebook that mean something
    /// else since then. `fresh` returns numbers that no version has.
    pub fn set_versions(&mut self, old: &Items, names: &BTreeSet<String>, mut fresh: impl FnMut() -> usize) {
        let is_same = self.0.len() == old.0.len() && self.iter().all(|item| item.version != 0 && !item.names.volatile);
        if is_same && names.is_empty() {
            return;
        }
        let definitions = Definitions(old.iter().chain(self.iter()).collect());
        let keys = |items: &Items| items.iter().map(layout_key).collect::<Vec<String>>();
        let (old_keys, new_keys) = (keys(old), keys(self));
        let known = |keys: &[String]| keys.iter().cloned().collect::<BTreeSet<String>>();
        let (in_old, in_new) = (known(&old_keys), known(&new_keys));
        let of_others = |items: &'_ Items, keys: &[String], others: &BTreeSet<String>| -> Vec<usize> {
            (0..items.0.len()).filter(|at| !others.contains(&keys[*at])).collect()
        };
        let gone = of_others(old, &old_keys, &in_new);
        let come = of_others(self, &new_keys, &in_old);
        let mut changed = Changed { layout: names.clone(), ..Changed::default() };
        for at in &gone {
            changed.record(&old.0[*at], false, &definitions);
        }
        for item in come.iter().map(|at| &self.0[*at]).filter(|item| item.glob().is_none()) {
            // An `impl` that replaces another one may give an associated item another value than the trait's own.
            let replaces = gone.iter().any(|other| is_impl_of_same(item, &old.0[*other], &definitions));
            changed.record(item, !replaces, &definitions);
        }
        // Run again as it was, an item is the same.
        let inherited: Vec<usize> = (0..self.0.len())
            .map(|at| match &self.0[at] {
                item if item.version != 0 => item.version,
                item => {
                    let same =
                        |other: &usize| old.0[*other].names.text == item.names.text && old_keys[*other] == new_keys[at];
                    (0..old.0.len()).find(same).map_or(0, |other| old.0[other].version)
                }
            })
            .collect();
        let all = old.iter().chain(self.iter());
        let macros: BTreeSet<&str> =
            all.filter(|item| matches!(item.kind, ItemKind::Macro(_))).flat_map(ActiveItem::defines).collect();
        // What rests on a changed name has changed itself.
        let mut seen = vec![false; self.0.len()];
        self.spread(&mut changed, &mut seen, &definitions, &macros, |_| true);
        let layout = changed.layout.clone();
        // An `async` function rests on the code of others too: its future holds what they leave open.
        changed.layout.append(&mut changed.code);
        let mut code = seen.clone();
        self.spread(&mut changed, &mut code, &definitions, &macros, |item| item.names.text.contains("async "));
        let renewed: Vec<bool> = (0..self.0.len())
            .map(|at| {
                let item = &self.0[at];
                inherited[at] == 0 || code[at] || is_code(item) && changed.reaches(item, &item.names.all, &macros)
            })
            .collect();
        for (at, item) in self.0.iter_mut().enumerate() {
            item.version = if renewed[at] { fresh() } else { inherited[at] };
            if seen[at] || renewed[at] && !item.names.statics.is_disjoint(&layout) {
                item.home = None;
            }
        }
    }
}

impl Items {
    /// Marks the items that `changed` reaches as seen, and adds their names to it, until it reaches no more of those that
    /// `wanted` admits.
    fn spread(
        &self,
        changed: &mut Changed,
        seen: &mut [bool],
        definitions: &Definitions,
        macros: &BTreeSet<&str>,
        wanted: impl Fn(&ActiveItem) -> bool,
    ) {
        let reaches = |changed: &Changed, item: &ActiveItem| changed.reaches(item, &item.names.layout, macros);
        while let Some((at, item)) =
            self.iter().enumerate().find(|(at, item)| !seen[*at] && wanted(item) && reaches(changed, item))
        {
            seen[at] = true;
            changed.record(item, false, definitions);
        }
    }
}

/// Whether two `impl`s are for the same type or trait of the notebook.
fn is_impl_of_same(a: &ActiveItem, b: &ActiveItem, definitions: &Definitions) -> bool {
    match (&a.kind, &b.kind) {
        (ItemKind::Impl { words, .. }, ItemKind::Impl { words: others, .. }) => {
            !definitions.meant_by(words).is_disjoint(&definitions.meant_by(others))
        }
        _ => false,
    }
}

/// Whether an item has bodies, whose types rest on more names than its signature does.
fn is_code(item: &ActiveItem) -> bool {
    item.names.all != item.names.layout
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::parse::Cell;

    /// Runs cells one after another. Returns the versions of the items named `name` after each of them.
    fn versions(cells: &[&str], name: &str) -> Vec<Option<usize>> {
        let (mut items, mut newest) = (Items::default(), 0);
        cells
            .iter()
            .enumerate()
            .map(|(number, source)| {
                let cell = Cell::parse(source);
                let mut next = items.without_replaced_by(&cell);
                next.add(&cell, number + 1);
                next.set_versions(&items, &BTreeSet::new(), || {
                    newest += 1;
                    newest
                });
                items = next;
                items.iter().find(|item| item.defines().contains(&name)).map(|item| item.version)
            })
            .collect()
    }

    #[test]
    fn what_is_added_changes_nothing() {
        let seen = versions(
            &[
                "struct P { x: Option<u8> }",
                "fn x() {}\nstruct Q(P);",
                "impl Iterator for P { type Item = u8; fn next(&mut self) -> Option<u8> { None } }",
                "// written again\nstruct P { x: Option<u8> }",
                "use std::fmt::*;",
            ],
            "P",
        );
        assert!(seen.iter().all(|version| *version == seen[0]), "{seen:?}");
    }

    #[test]
    fn what_a_type_rests_on_changes_it() {
        for (first, second) in [
            ("type A = u8; struct P(A);", "type A = u16;"),
            ("struct I(u8); struct P(Vec<I>);", "struct I(u16);"),
            ("const N: usize = 1; struct P([u8; N]);", "const N: usize = 2;"),
            ("const fn n() -> usize { 1 } struct P([u8; n()]);", "const fn n() -> usize { 2 }"),
            ("mod m { pub struct I(u8); } use m::I as J; struct P(J);", "mod m { pub struct I(u16); }"),
            ("mod m { pub struct I(u8); } use m::*; struct P(I);", "mod m { pub struct I(u16); }"),
            ("macro_rules! t { () => { u8 } } struct P(t!());", "macro_rules! t { () => { u16 } }"),
            ("struct P(String);", "struct String(u8);"),
            (
                "trait T { type O; } struct K; struct P(<K as T>::O); impl T for K { type O = u8; }",
                "impl T for K { type O = u16; }",
            ),
            (
                "struct K; type Q = K; struct P(<K as Iterator>::Item); impl Iterator for Q { type Item = u8; }",
                "impl Iterator for Q { type Item = u16; }",
            ),
        ] {
            let seen = versions(&[first, second], "P");
            assert!(seen[1].is_some() && seen[0] != seen[1], "{first} {second} {seen:?}");
        }
    }

    #[test]
    fn bodies_of_plain_functions_change_no_type() {
        let seen = versions(
            &[
                "struct P(u8); impl P { fn new() -> P { P(help()) } } fn help() -> u8 { 1 }",
                "fn help() -> u8 { 2 }",
                "impl P { fn new() -> P { P(2) } }",
            ],
            "P",
        );
        assert!(seen.iter().all(|version| *version == seen[0]), "{seen:?}");
    }
}
