//! Texts, most of them ids of 32 hexadecimal digits → numbers, and a map keyed by them. Used by `interner` and `mart`.
//!
//! A text is stored apart from the map, its number inside it: a lookup takes one memory access instead of three.

use std::borrow::Borrow;
use std::hash::Hash;

use polars::prelude::{InitHashMaps, PlHashMap};
use rayon::prelude::*;

/// The number that 32 hexadecimal digits write, upper half first. Numbers order like their texts.
type Id = [u64; 2];

/// The number of a text, if it is 32 hexadecimal digits in lower case.
fn id(text: &str) -> Option<Id> {
    let digits: &[u8; 32] = text.as_bytes().try_into().ok()?;
    // No early exit, so that the loop vectorizes.
    let (mut halves, mut mismatches) = ([0; 2], 0);
    for (place, eight) in digits.as_chunks().0.iter().enumerate() {
        let (value, others) = value(u64::from_be_bytes(*eight));
        halves[place / 2] = halves[place / 2] << 32 | value;
        mismatches |= others;
    }
    (mismatches == 0).then_some(halves)
}

/// The value of eight digits, combined in parallel to pairs, fours and the whole; the second number is 0 if all are digits.
fn value(digits: u64) -> (u64, u64) {
    const ONES: u64 = 0x0101_0101_0101_0101;
    // Letters have a bit that decimal digits lack, and start at ten.
    let values = (digits & (0x0f * ONES)) + 9 * ((digits >> 6) & ONES);
    let letters = ((values + 6 * ONES) >> 4) & ONES;
    let encoded = values + u64::from(b'0') * ONES + u64::from(b'a' - b'9' - 1) * letters;
    let mismatches = (values & (0xf0 * ONES)) | (encoded ^ digits);
    let pairs = (values | values >> 4) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs | pairs >> 8) & 0x0000_ffff_0000_ffff;
    ((fours | fours >> 16) & 0xffff_ffff, mismatches)
}

/// A map from texts to `T`.
pub(crate) struct TextMap<T> {
    ids: PlHashMap<Id, u32>,
    others: PlHashMap<T, u32>,
}

impl<T> Default for TextMap<T> {
    fn default() -> Self {
        TextMap { ids: PlHashMap::new(), others: PlHashMap::new() }
    }
}

impl<'a> TextMap<&'a str> {
    /// Maps distinct texts to their positions in the slice.
    pub(crate) fn of(texts: &[&'a str]) -> Self {
        let mut map = TextMap::default();
        map.ids.reserve(texts.len());
        texts.iter().zip(0..).for_each(|(text, place)| map.insert(text, place));
        map
    }
}

impl<T: Borrow<str> + Eq + Hash> TextMap<T> {
    pub(crate) fn len(&self) -> usize {
        self.ids.len() + self.others.len()
    }

    pub(crate) fn get(&self, text: &str) -> Option<u32> {
        id(text).map_or_else(|| self.others.get(text), |id| self.ids.get(&id)).copied()
    }

    pub(crate) fn insert<'a>(&mut self, text: &'a str, number: u32)
    where
        T: From<&'a str>,
    {
        match id(text) {
            Some(id) => self.ids.insert(id, number),
            None => self.others.insert(text.into(), number),
        };
    }

    /// The number of a text; a new text gets the next number.
    pub(crate) fn number<'a>(&mut self, text: &'a str) -> u32
    where
        T: From<&'a str>,
    {
        let next = self.len() as u32;
        match id(text) {
            Some(id) => *self.ids.entry(id).or_insert(next),
            None => *self.others.entry(text.into()).or_insert(next),
        }
    }

    /// All texts with their numbers, sorted by text.
    pub(crate) fn sorted(self) -> Vec<(String, u32)> {
        let mut ids: Vec<(Id, u32)> = self.ids.into_iter().collect();
        ids.par_sort_unstable();
        let write = |([upper, lower], number): (Id, u32)| (format!("{upper:016x}{lower:016x}"), number);
        let mut texts: Vec<(String, u32)> = ids.into_iter().map(write).collect();
        texts.extend(self.others.into_iter().map(|(text, number)| (text.borrow().to_string(), number)));
        // At most two sorted runs, which the sort merges.
        texts.sort();
        texts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_read_as_they_are_written() {
        let text = "00fedcba98765432100123456789abcd";
        assert_eq!(id(text), Some([0x00fe_dcba_9876_5432, 0x1001_2345_6789_abcd]));
        for other in ["", "00fedcba98765432100123456789abc", "00fedcba98765432100123456789abcde"] {
            assert_eq!(id(other), None, "{other}");
        }
        for other in (0..=127).map(char::from).filter(|other| !matches!(other, '0'..='9' | 'a'..='f')) {
            assert_eq!(id(&text.replace('9', &other.to_string())), None, "{other}");
        }
        assert_eq!(id(&text.replace("98", "é")), None);
    }

    #[test]
    fn ids_and_other_texts_are_told_apart_and_sorted_together() {
        let texts = ["f".repeat(32), "F".repeat(32), "0".repeat(32), "sao paulo".into(), String::new()];
        let map = TextMap::of(&texts.each_ref().map(String::as_str));
        assert_eq!((map.len(), map.get(&"0".repeat(32)), map.get(""), map.get("0")), (5, Some(2), Some(4), None));
        let mut expected: Vec<(String, u32)> = texts.iter().cloned().zip(0..).collect();
        expected.sort();
        assert_eq!(map.sorted(), expected);
    }
}
