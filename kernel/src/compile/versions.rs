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
