//! A few texts + a long column → which rows hold one of the texts. A Bloom filter skips most rows by a few bytes. Used by
//! `previous_run`.

use polars::prelude::*;

use crate::error::Result;
use crate::table::ids::TextMap;

/// Filter bits per text. Of the texts that are not in the set, one in this many passes the filter.
const BITS: usize = 64;

/// A set of texts behind a Bloom filter.
pub(crate) struct BloomFilteredSet {
    texts: TextMap<String>,
    /// The bits of the filter, a power of two of them; a bit is set where a text hashes to.
    filter: Vec<u64>,
}

impl BloomFilteredSet {
    /// The set of the texts in some columns.
    ///
    /// # Errors
    /// A column is missing, or not text.
    pub(crate) fn of<'a>(columns: impl IntoIterator<Item = (&'a DataFrame, &'a str)>) -> Result<BloomFilteredSet> {
        let columns = columns.into_iter().map(|(frame, column)| Ok(frame.column(column)?.str()?));
        let columns: Vec<&StringChunked> = columns.collect::<Result<_>>()?;
        let rows: usize = columns.iter().map(|column| column.len()).sum();
        let bits = (rows * BITS).next_power_of_two().max(BITS);
        let mut set = BloomFilteredSet { texts: TextMap::default(), filter: vec![0; bits / BITS] };
        for text in columns.into_iter().flat_map(|column| column.iter().flatten()) {
            let (word, bit) = set.bit_of(text);
            set.filter[word] |= bit;
            set.texts.number(text);
        }
        Ok(set)
    }

    /// Marks the rows of a column whose text is in the set.
    ///
    /// # Errors
    /// The column is missing, or not text.
    pub(crate) fn among(&self, frame: &DataFrame, column: &str) -> Result<BooleanChunked> {
        Ok(frame.column(column)?.str()?.iter().map(|text| text.is_some_and(|text| self.contains(text))).collect())
    }

    fn contains(&self, text: &str) -> bool {
        let (word, bit) = self.bit_of(text);
        self.filter[word] & bit != 0 && self.texts.get(text).is_some()
    }

    /// Word and bit of a text, hashed from its last bytes: in numbered texts these are the ones that differ.
    fn bit_of(&self, text: &str) -> (usize, u64) {
        let last = text.as_bytes().last_chunk().map_or(0, |last| u64::from_le_bytes(*last));
        let hash = (last.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize;
        (hash / BITS % self.filter.len(), 1 << (hash % BITS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_are_found_among_many() {
        let id = |n: u64| format!("{:032x}", n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let texts =
            df!("id" => [Some(id(3)), None, Some("é".into()), Some(String::new())], "no" => [1, 2, 3, 4]).unwrap();
        let others = df!("other" => [id(700), id(3), "order-000123".into()]).unwrap();
        let set = BloomFilteredSet::of([(&texts, "id"), (&others, "other")]).unwrap();
        let mut all: Vec<Option<String>> = (0..1_000).map(|n| Some(id(n))).collect();
        all.extend([None, Some("é".into()), Some("e".into()), Some(String::new()), Some("order-000124".into())]);
        let among = set.among(&df!("x" => &all).unwrap(), "x").unwrap();
        let found: Vec<usize> =
            among.iter().enumerate().filter(|(_, is)| *is == Some(true)).map(|(row, _)| row).collect();
        assert_eq!(found, [3, 700, 1_001, 1_003]);
        assert!(set.among(&texts, "no").is_err() && BloomFilteredSet::of([(&texts, "none")]).is_err());
        assert!(!BloomFilteredSet::of([]).unwrap().among(&texts, "id").unwrap().any());
    }
}
