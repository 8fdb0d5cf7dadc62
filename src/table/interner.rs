//! Distinct texts → their positions. Sorted texts are found by a merge walk, others by a hash map. Used by `clean::checks` and `mart`.

use std::cmp::Ordering;

use polars::prelude::*;

use super::ids::TextMap;

/// Sample size for choosing between merge walk and hash lookup: a walk over texts that are not sorted would end early and have passed
/// most entries for nothing.
const LOOKED_AT: usize = 16;

/// If there are this many times more ascending entries than texts to look up, binary search is used: building a map would cost more.
const FEW: usize = 16;

/// Distinct texts, in the order in which they were added.
#[derive(Default)]
pub(crate) struct Interner<'a> {
    texts: Vec<&'a str>,
    /// Number of leading texts that are in ascending order.
    ascending: usize,
    /// Positions of the ascending texts; built when a lookup cannot walk along them.
    first: Option<TextMap<&'a str>>,
    /// Positions of the other texts.
    others: TextMap<&'a str>,
}

impl<'a> Interner<'a> {
    pub(crate) fn of(texts: impl IntoIterator<Item = &'a str>) -> Interner<'a> {
        let mut places = Interner::default();
        for text in texts {
            match places.texts.last().map(|last| (*last).cmp(text)) {
                Some(Ordering::Equal) => {}
                None | Some(Ordering::Less) if places.others.len() == 0 => {
                    places.texts.push(text);
                    places.ascending += 1;
                }
                _ => drop(places.known(&mut None, text, false).unwrap_or_else(|| places.append(text))),
            }
        }
        places
    }

    pub(crate) fn texts(&self) -> &[&'a str] {
        &self.texts
    }

    pub(crate) fn into_texts(self) -> Vec<&'a str> {
        self.texts
    }

    /// The position of each text; `None` where it is not present, or null.
    pub(crate) fn find(&mut self, texts: &StringChunked) -> Vec<Option<u32>> {
        self.look_for(texts, |_, _| None)
    }

    /// The position of each text; texts that are not present are appended.
    pub(crate) fn add(&mut self, texts: &'a StringChunked) -> UInt32Chunked {
        self.look_for(texts, |places, text| Some(places.append(text))).into_iter().collect()
    }

    fn look_for<'b>(
        &mut self,
        texts: &'b StringChunked,
        new: impl Fn(&mut Self, &'b str) -> Option<u32>,
    ) -> Vec<Option<u32>> {
        let first = || texts.iter().flatten().take(LOOKED_AT);
        let start = |first: &str| self.texts[..self.ascending].partition_point(|text| *text < first);
        let mut walk = if first().is_sorted() { first().next().map(start) } else { None };
        let few = self.first.is_none() && texts.len() * FEW < self.ascending;
        let mut last: Option<(&str, Option<u32>)> = None;
        let mut place = |text| {
            if let Some(place) = walk.as_mut().and_then(|at| self.pass(at, text)) {
                return Some(place);
            }
            // Equal texts often come in a row: about ten rows per zip prefix.
            let place = match last {
                Some((known, place)) if known == text => place,
                _ => self.known(&mut walk, text, few).or_else(|| new(self, text)),
            };
            last = Some((text, place));
            place
        };
        texts.iter().map(|text| text.and_then(&mut place)).collect()
    }

    fn append(&mut self, text: &'a str) -> u32 {
        let place = self.texts.len() as u32;
        self.texts.push(text);
        self.others.insert(text, place);
        place
    }

    /// Advances `at` to the first ascending text not below `text`; returns its position if it is equal.
    fn pass(&self, at: &mut usize, text: &str) -> Option<u32> {
        loop {
            match self.texts[..self.ascending].get(*at)?.cmp(&text) {
                Ordering::Less => *at += 1,
                Ordering::Equal => return Some(*at as u32),
                Ordering::Greater => return None,
            }
        }
    }

    /// Looks up a text that the walk did not meet. Ends the walk at the first text that is out of order.
    fn known(&mut self, walk: &mut Option<usize>, text: &str, few: bool) -> Option<u32> {
        let ascending = &self.texts[..self.ascending];
        let follows = |at: usize| at.checked_sub(1).is_none_or(|before| ascending[before] < text);
        if !walk.is_some_and(follows) {
            *walk = None;
            let place = match few {
                true => ascending.binary_search(&text).ok().map(|place| place as u32),
                false => self.first.get_or_insert_with(|| TextMap::of(ascending)).get(text),
            };
            if place.is_some() {
                return place;
            }
        }
        self.others.get(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts<const N: usize>(texts: [&str; N]) -> StringChunked {
        StringChunked::from_slice("x".into(), &texts)
    }

    #[test]
    fn places_do_not_depend_on_the_order_in_which_they_are_looked_for() {
        for known in [["a", "c", "c", "e"], ["c", "a", "e", "c"], ["e", "c", "a", "a"]] {
            let mut places = Interner::of(known);
            let mut distinct: Vec<&str> = Vec::new();
            known.iter().for_each(|text| {
                if !distinct.contains(text) {
                    distinct.push(text)
                }
            });
            assert_eq!(places.texts(), distinct);
            let at = |text: &str| distinct.iter().position(|known| *known == text).map(|at| at as u32);
            for sought in
                [["a", "b", "c", "e", "e", "f"], ["e", "a", "f", "c", "b", "a"], ["c", "c", "b", "a", "e", ""]]
            {
                assert_eq!(places.find(&texts(sought)), sought.map(at), "{sought:?} in {known:?}");
            }
        }
        let many: Vec<String> = (0..100).map(|text| format!("{text:02}")).collect();
        let mut places = Interner::of(many.iter().map(String::as_str));
        assert_eq!(places.find(&texts(["70", "x", "07"])), [Some(70), None, Some(7)]);
        assert!(Interner::of([]).find(&texts(["a"])) == [None] && Interner::of(["a"]).find(&texts([])).is_empty());
    }

    #[test]
    fn what_is_new_follows() {
        let (first, second) = (texts(["b", "d", "a", "e"]), texts(["e", "a", "b", "0"]));
        let mut places = Interner::of(["b", "d"]);
        let numbers = |column: UInt32Chunked| column.into_no_null_iter().collect::<Vec<_>>();
        assert_eq!(numbers(places.add(&first)), [0, 1, 2, 3]);
        assert_eq!(numbers(places.add(&second)), [3, 2, 0, 4]);
        assert_eq!(places.into_texts(), ["b", "d", "a", "e", "0"]);
    }
}
