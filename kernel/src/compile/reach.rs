//! Items and a cell → the items that the cell can reach. Only these are compiled with it, so that the time a cell takes
//! does not grow with what the notebook has defined.

use super::items::{ActiveItem, Items, words};
use crate::parse::ItemKind;
use std::collections::BTreeSet;

/// Returns, for each item, whether a cell that contains `text` can reach it. Too many are better than too few: names are
/// compared as words, wherever they stand.
pub(super) fn reached(items: &Items, text: &str) -> Vec<bool> {
    let own: BTreeSet<&str> = items.iter().filter(|it| it.has_module()).flat_map(|it| it.defines()).collect();
    let mut known: BTreeSet<&str> = words(text).collect();
    known.extend(items.globs().flat_map(words));
    let mut reached = vec![false; items.iter().count()];
    loop {
        let mut more = false;
        for (at, item) in items.iter().enumerate() {
            if !reached[at] && is_reached(item, &known, &own) {
                reached[at] = true;
                more = true;
                known.extend(words(&item.plain));
                known.extend(item.globs.iter().flat_map(|glob| words(glob)));
            }
        }
        if !more {
            return reached;
        }
    }
}

fn is_reached(item: &ActiveItem, known: &BTreeSet<&str>, own: &BTreeSet<&str>) -> bool {
    match &item.kind {
        // A trait is reached by a call of its methods, a module by a call of what it holds.
        ItemKind::Type(name) => known.contains(name.as_str()) || methods(&item.plain).any(|it| known.contains(it)),
        ItemKind::Impl { words, .. } => {
            words.iter().any(|word| own.contains(word.as_str()) && known.contains(word.as_str()))
        }
        ItemKind::Use(leaves) => {
            let path = leaves.first().map_or("", |leaf| leaf.0.as_str());
            let of_session = words(path).any(|word| own.contains(word));
            !of_session
                || words(path).any(|word| own.contains(word) && known.contains(word))
                || item.defines().iter().any(|name| known.contains(name))
        }
        ItemKind::ExternCrate(_) | ItemKind::Other => true,
        ItemKind::Macro(name) => known.contains(name.as_str()),
        ItemKind::Value(name) => name == "_" || known.contains(name.as_str()),
        ItemKind::Foreign(names) => names.iter().any(|name| known.contains(name.as_str())),
    }
}

/// Returns the words after `fn` in a text.
fn methods(text: &str) -> impl Iterator<Item = &str> {
    words(text).zip(words(text).skip(1)).filter(|(word, _)| *word == "fn").map(|(_, name)| name)
}
