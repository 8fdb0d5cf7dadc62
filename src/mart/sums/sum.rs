//! Partial aggregates of one table → the table of all ranges, merged by key, in memory or on the disk. Used by `sums`.

use std::path::Path;

use polars::prelude::*;

use super::codes::{CUSTOMER, KINDS};
use crate::clean::partition::spill::Spill;
use crate::error::Result;
use crate::mart::queries::Query;
use crate::parallel;
use crate::table::parquet::{join_rows, stack};

/// Rows of a table that may stay unmerged; half of the merged rows if these are more, so that a row is hashed three times on average.
const MIN_UNMERGED: usize = 1 << 14;
/// Rows that are merged together; a longer table is split by key.
const MERGED_TOGETHER: usize = 1 << 20;
/// Ranges of the first key column in which a table on the disk is merged; a power of two.
pub(super) const RANGES: usize = 1 << 6;
/// Bits of the number that stands for a customer.
const CUSTOMER_BITS: u32 = 62;

/// The partial aggregates of one table.
#[derive(Default)]
pub(super) struct Sum {
    pieces: Vec<DataFrame>,
    /// Number of rows added since the last merge.
    unmerged: usize,
    /// Number of rows that may wait for the next merge.
    max_unmerged: usize,
    /// What did not fit in memory, in one range.
    spilled: Option<Spill>,
}

/// A merged table on the disk, in [`RANGES`] that follow each other in the order of the key.
pub(super) struct OnDisk {
    pub(super) ranges: Spill,
    /// The columns, without rows.
    pub(super) empty: DataFrame,
}

impl OnDisk {
    /// The rows of a range.
    pub(super) fn rows(&self, range: usize) -> Result<DataFrame> {
        Ok(self.ranges.rows(range)?.unwrap_or_else(|| self.empty.clone()))
    }
}

impl Sum {
    pub(super) fn add(&mut self, query: &Query, frame: DataFrame) -> Result<()> {
        self.unmerged += frame.height();
        self.pieces.push(frame);
        if self.unmerged > self.max_unmerged.max(MIN_UNMERGED) {
            self.pieces = add_up(stack(std::mem::take(&mut self.pieces))?, &query.key(), Ok)?;
            self.max_unmerged = self.pieces.iter().map(DataFrame::height).sum::<usize>() / 2;
            self.unmerged = 0;
        }
        Ok(())
    }

    /// Bytes of memory that it takes.
    pub(super) fn bytes(&self) -> usize {
        self.pieces.iter().map(DataFrame::estimated_size).sum()
    }

    /// Moves its rows to a temporary file in `dir`.
    pub(super) fn spill(&mut self, dir: &Path) -> Result<()> {
        let spilled = match &mut self.spilled {
            Some(spilled) => spilled,
            None => self.spilled.insert(Spill::new(dir, 1)?),
        };
        (self.unmerged, self.max_unmerged) = (0, 0);
        std::mem::take(&mut self.pieces).into_iter().try_for_each(|rows| spilled.append(0, rows))
    }

    pub(super) fn is_spilled(&self) -> bool {
        self.spilled.is_some()
    }

    /// [`finish`](Sum::finish) by way of `dir`, range by range; the key must not be empty.
    pub(super) fn finish_on_disk(mut self, key: &[&str], ranks: &[Vec<u32>], dir: &Path) -> Result<OnDisk> {
        self.spill(dir)?;
        let (mut split, mut empty) = (Spill::new(dir, RANGES)?, DataFrame::default());
        for rows in self.spilled.iter().flat_map(|spilled| spilled.pieces(0)) {
            let mut rows = rows?;
            recode_all(&mut rows, ranks)?;
            empty = rows.clear();
            split.scatter_to(&rows, range_of_rows(rows.column(key[0])?, ranks)?)?;
        }
        drop(self.spilled);
        let mut ranges = Spill::new(dir, RANGES)?;
        for range in split.filled() {
            if let Some(rows) = split.rows(range)? {
                ranges.append(range, sorted(sum_by(rows.lazy(), key)?, key)?)?;
            }
        }
        Ok(OnDisk { ranges, empty })
    }

    /// Merges by key, with the final numbers of texts, sorted.
    pub(super) fn finish(self, key: &[&str], ranks: &[Vec<u32>]) -> Result<DataFrame> {
        // What was merged before is unsorted.
        let in_order = self.pieces.len() < 2 && self.max_unmerged == 0 && ranks.iter().all(|ranks| ranks.is_sorted());
        let mut all = stack(self.pieces)?;
        recode_all(&mut all, ranks)?;
        if in_order {
            return Ok(all);
        }
        Ok(join_rows(stack(add_up(all, key, |part| sorted(part, key))?)?))
    }
}

fn sorted(rows: DataFrame, key: &[&str]) -> Result<DataFrame> {
    if key.is_empty() { Ok(rows) } else { Ok(rows.sort(key.to_vec(), SortMultipleOptions::default())?) }
}

/// The range of each row, by its number in the first key column: the rank of a text, or what stands for a customer. Ranges have about as
/// many ranks each. A missing value comes first, as polars sorts it.
fn range_of_rows(first: &Column, ranks: &[Vec<u32>]) -> Result<impl Iterator<Item = usize>> {
    let name = first.name().as_str();
    let texts = KINDS.iter().zip(ranks).find(|(columns, _)| columns.contains(&name)).map(|(_, ranks)| ranks.len());
    let size = texts.map_or(1 << CUSTOMER_BITS, |texts| texts.max(1) as u64);
    let range = move |number: Option<u64>| match number {
        Some(number) => (u128::from(number) * RANGES as u128 / u128::from(size)) as usize,
        None => 0,
    };
    Ok(first.cast(&DataType::UInt64)?.u64()?.iter().map(range).collect::<Vec<_>>().into_iter())
}

/// Sums the rows with equal keys. Returns ranges of the first key column; within a range, rows are unsorted until `end` processes them.
///
/// Only numbers that stand for texts are split into ranges, each small enough to be merged in little memory: other columns never have so
/// many values.
fn add_up(all: DataFrame, key: &[&str], end: impl Fn(DataFrame) -> Result<DataFrame> + Sync) -> Result<Vec<DataFrame>> {
    let ranges = all.height().div_ceil(MERGED_TOGETHER) as u64;
    let numbers = key.first().filter(|_| ranges > 1).and_then(|first| all.column(first).ok());
    let numbers = numbers.filter(|first| first.dtype() == &DataType::UInt32 || first.name() == CUSTOMER);
    let Some(numbers) = numbers else { return Ok(vec![end(sum_by(all.lazy(), key)?)?]) };
    let (kind, max) = (numbers.dtype().clone(), past_last(numbers)?);
    let bound = |range: u64| lit((u128::from(max) * u128::from(range) / u128::from(ranges)) as u64).cast(kind.clone());
    let within = |range: u64| col(key[0]).gt_eq(bound(range)).and(col(key[0]).lt(bound(range + 1)));
    parallel::map(0..ranges, |range| end(sum_by(all.clone().lazy().filter(within(range)), key)?))
}

/// One more than the largest number of a column of numbers that are not negative.
fn past_last(numbers: &Column) -> Result<u64> {
    Ok(numbers.cast(&DataType::UInt64)?.u64()?.max().map_or(1, |max| max + 1))
}

/// Sums the rows with equal keys; the result is unsorted.
pub(crate) fn sum_by(mut all: LazyFrame, key: &[&str]) -> Result<DataFrame> {
    let columns: Vec<PlSmallStr> = all.collect_schema()?.iter_names_cloned().collect();
    let added = columns.iter().filter(|name| !key.contains(&name.as_str())).map(|name| col(name.clone()));
    let summed = if key.is_empty() {
        // As in SQL, the sum of no values is null.
        let sum = |value: Expr| when(value.clone().count().gt(0)).then(value.sum()).otherwise(lit(NULL));
        all.select(added.map(sum).collect::<Vec<_>>())
    } else {
        let keys: Vec<Expr> = key.iter().map(|name| col(*name)).collect();
        all.group_by(keys).agg(added.map(Expr::sum).collect::<Vec<_>>())
    };
    Ok(summed.select(columns.into_iter().map(col).collect::<Vec<_>>()).collect()?)
}

/// Replaces the numbers of texts by their ranks.
fn recode_all(frame: &mut DataFrame, ranks: &[Vec<u32>]) -> Result<()> {
    KINDS.iter().zip(ranks).try_for_each(|(columns, ranks)| recode(frame, columns, ranks))
}

/// Replaces each number in some columns by `to[number]`.
pub(super) fn recode(frame: &mut DataFrame, columns: &[&str], to: &[u32]) -> Result<()> {
    for column in columns {
        if let Ok(numbers) = frame.column(column).and_then(|coded| coded.u32()) {
            let numbers = numbers.apply_values(|number| to[number as usize]).into_column();
            frame.with_column(numbers)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mart::queries::QUERIES;

    #[test]
    fn pieces_add_up_by_key() {
        let mut sum = Sum::default();
        let query = QUERIES.iter().find(|query| query.name == "delivery_days").unwrap();
        sum.add(query, df!("days" => [1i64, 2], "orders" => [10i64, 20]).unwrap()).unwrap();
        sum.add(query, df!("days" => [2i64, 3], "orders" => [5i64, 1]).unwrap()).unwrap();
        let total = sum.finish(&query.key(), &[]).unwrap();
        assert!(total.equals(&df!("days" => [1i64, 2, 3], "orders" => [10i64, 25, 1]).unwrap()));
    }

    #[test]
    fn what_was_merged_once_is_sorted_in_the_end() {
        let mut sum = Sum::default();
        let query = QUERIES.iter().find(|query| query.name == "delivery_days").unwrap();
        let days: Vec<i64> = (0..=MIN_UNMERGED as i64).rev().collect();
        sum.add(query, df!("days" => &days, "orders" => &days).unwrap()).unwrap();
        assert_eq!((sum.pieces.len(), sum.unmerged), (1, 0));
        let total = sum.finish(&query.key(), &[]).unwrap();
        assert!(total.column("days").unwrap().i64().unwrap().iter().flatten().is_sorted());
    }

    #[test]
    fn large_tables_are_added_up_in_parts() {
        let rows = MERGED_TOGETHER as u32 + 2;
        let numbers: Vec<u32> = (0..rows).map(|row| row % (rows - 1)).collect();
        let all = df!("category" => &numbers, "orders" => vec![1i64; numbers.len()]).unwrap();
        let parts = add_up(all.clone(), &["category"], Ok).unwrap();
        assert_eq!(
            parts.iter().map(DataFrame::height).collect::<Vec<_>>(),
            [MERGED_TOGETHER / 2, MERGED_TOGETHER / 2 + 1]
        );
        let halves = [all.slice(0, 9), all.slice(9, all.height())];
        let sum = Sum { pieces: halves.to_vec(), ..Sum::default() };
        let total = sum.finish(&["category"], &[]).unwrap();
        assert_eq!((total.height() as u32, total.column("orders").unwrap().i64().unwrap().get(0)), (rows - 1, Some(2)));
    }

    #[test]
    fn a_table_that_was_spilled_is_the_same_as_in_memory() {
        let query = QUERIES.iter().find(|query| query.name == "products_sold").unwrap();
        // Two hundred products, numbered as they were first seen; their ranks are another order.
        let ranks: Vec<u32> = (0..200u32).map(|number| (number * 77) % 200).collect();
        let all_ranks: Vec<Vec<u32>> =
            KINDS.iter().map(|columns| if columns[0] == "product_id" { ranks.clone() } else { vec![1, 0] }).collect();
        let piece = |from: u32| {
            let (products, categories): (Vec<u32>, Vec<u32>) =
                (0..300u32).map(|row| ((from + row * 7) % 200, row % 2)).unzip();
            let orders: Vec<i64> = (0..300).map(|row| row + i64::from(from)).collect();
            df!("product_id" => products, "category" => categories, "orders" => orders).unwrap()
        };
        let folder = tempfile::tempdir().unwrap();
        let (mut whole, mut spilled) = (Sum::default(), Sum::default());
        for from in [0, 50, 13] {
            whole.add(query, piece(from)).unwrap();
            spilled.add(query, piece(from)).unwrap();
            spilled.spill(folder.path()).unwrap();
            assert!(spilled.is_spilled() && spilled.bytes() == 0 && whole.bytes() > 0);
        }
        let expected = whole.finish(&query.key(), &all_ranks).unwrap();
        let on_disk = spilled.finish_on_disk(&query.key(), &all_ranks, folder.path()).unwrap();
        assert_eq!(on_disk.ranges.filled().len(), RANGES);
        let found = stack((0..RANGES).map(|range| on_disk.rows(range).unwrap())).unwrap();
        assert!(join_rows(found).equals(&expected));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn ranges_follow_the_order_of_the_first_key() {
        let of = |column: Column, ranks: &[Vec<u32>]| range_of_rows(&column, ranks).unwrap().collect::<Vec<_>>();
        let four: Vec<Vec<u32>> = KINDS.iter().map(|_| vec![0, 1, 2, 3]).collect();
        let categories = UInt32Chunked::from_slice_options("category".into(), &[Some(0), Some(3), None]).into_column();
        assert_eq!(of(categories, &four), [0, 48, 0]);
        let customers = Int64Chunked::from_slice(CUSTOMER.into(), &[0, (1 << 62) - 1, 1 << 61]).into_column();
        assert_eq!(of(customers, &four), [0, RANGES - 1, RANGES / 2]);
    }
}
