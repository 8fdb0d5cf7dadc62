//! Tables → the same rows in another order, to prove that results do not depend on it. Used by `pfe run --prove`.

use polars::prelude::*;

use crate::clean::CleanTables;
use crate::error::Result;
use crate::input::RawTables;

/// Raw tables with their rows shuffled, line numbers included.
pub(crate) fn raw(mut raw: RawTables, seed: u64) -> Result<RawTables> {
    for table in raw.tables.values_mut() {
        let order = order(table.frame.height(), seed);
        table.lines = order.iter().map(|&row| table.lines[row as usize]).collect();
        table.frame = table.frame.take(&IdxCa::from_vec("row".into(), order))?;
    }
    Ok(raw)
}

/// Clean tables with their rows shuffled.
pub(crate) fn clean(tables: &CleanTables, seed: u64) -> Result<CleanTables> {
    let shuffled = |(name, frame): (&str, &DataFrame)| {
        Ok((name.to_string(), frame.take(&IdxCa::from_vec("row".into(), order(frame.height(), seed)))?))
    };
    CleanTables::new(tables.iter().map(shuffled).collect::<Result<_>>()?)
}

/// A permutation (Fisher–Yates) determined by the seed.
fn order(rows: usize, seed: u64) -> Vec<IdxSize> {
    let mut order: Vec<IdxSize> = (0..rows as IdxSize).collect();
    let mut state = seed;
    for i in (1..rows).rev() {
        // Splitmix64 (Steele, Lea and Flood 2014).
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        order.swap(i, ((z ^ (z >> 31)) % (i as u64 + 1)) as usize);
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_stays_and_hardly_any_keeps_its_place() {
        let shuffled = order(1_000, 7);
        assert!((0..1_000).filter(|&i| shuffled[i] as usize == i).count() < 20);
        let mut sorted = shuffled.clone();
        sorted.sort_unstable();
        assert!(sorted.iter().enumerate().all(|(i, row)| i == *row as usize));
        assert_ne!(order(1_000, 8), shuffled);
        assert!(order(0, 7).is_empty());
    }
}
