//! Clean tables of one range of orders after the other → the mart: aggregates of the ranges are merged by key. Used by `mart` and `incremental`.

pub(super) mod codes;
mod query;
pub(super) mod size;

use std::collections::BTreeMap;

use polars::prelude::*;
use polars::series::IsSorted;

use self::codes::{CUSTOMER, DictionaryEncoding, KINDS, in_use};
use self::query::run;
use self::size::Size;
use super::law;
use super::methods::Methods;
use super::queries::{QUERIES, Query, QueryRole, SUPPLY_BY_DAY};
use super::sales_mart::{SalesMart, missing};
use super::supply_by_day::ByDay;
use crate::error::Result;
use crate::parallel;
use crate::table::ids::TextMap;
use crate::table::parquet::{join_rows, stack};

/// Rows of a table that may stay unmerged; half of the merged rows if these are more, so that a row is hashed three times on average.
const MIN_UNMERGED: usize = 1 << 14;
/// Rows that are merged together; a longer table is split by key.
const MERGED_TOGETHER: usize = 1 << 20;

/// The aggregates of the orders and customers seen so far.
pub(crate) struct PartialAggregates {
    /// The queries, for the payment methods of the data.
    queries: &'static [Query],
    tables: BTreeMap<&'static str, Sum>,
    numbered: [TextNumbers; KINDS.len()],
    size: Size,
}

impl Default for PartialAggregates {
    /// For Olist's payment methods.
    fn default() -> Self {
        PartialAggregates::of(&Methods::default())
    }
}

impl PartialAggregates {
    /// Nothing yet, of data with these payment methods.
    pub(crate) fn of(methods: &Methods) -> PartialAggregates {
        PartialAggregates {
            queries: methods.queries(),
            tables: BTreeMap::new(),
            numbered: Default::default(),
            size: Size::default(),
        }
    }

    /// Aggregates the customers of a range.
    ///
    /// # Errors
    /// A query fails.
    pub(crate) fn customers(&mut self, tables: BTreeMap<String, LazyFrame>) -> Result<()> {
        let tables = in_use(tables, &[QueryRole::Customers])?;
        let results = run(self.queries, &tables, &DictionaryEncoding::default(), &[QueryRole::Customers])?;
        self.add(results)
    }

    /// Aggregates the clean tables of a range of orders.
    ///
    /// # Errors
    /// A query fails, a table cannot be read, or the amounts are too large to be added up.
    pub(crate) fn orders(&mut self, tables: BTreeMap<String, LazyFrame>) -> Result<()> {
        let mut tables =
            in_use(tables, &[QueryRole::Base, QueryRole::Rows, QueryRole::Orders, QueryRole::Part, QueryRole::Sums])?;
        self.size.add(&tables)?;
        let codes = DictionaryEncoding::encode(&mut tables)?;
        tables.values_mut().try_for_each(tell_sorted)?;
        for kind in [QueryRole::Base, QueryRole::Rows, QueryRole::Orders] {
            let mut results = run(self.queries, &tables, &codes, &[kind])?;
            results.values_mut().try_for_each(tell_sorted)?;
            tables.append(&mut results);
        }
        let mut results = run(self.queries, &tables, &codes, &[QueryRole::Part, QueryRole::Sums])?;
        drop(tables);
        for ((columns, texts), numbered) in KINDS.iter().zip(&codes.0).zip(&mut self.numbered) {
            // Skips ids that no table of the mart holds, such as those of orders.
            if results.values().any(|frame| columns.iter().any(|column| frame.column(column).is_ok())) {
                let numbers = numbered.add(texts);
                results.values_mut().try_for_each(|frame| recode(frame, columns, &numbers))?;
            }
        }
        self.add(results)
    }

    fn add(&mut self, mut results: BTreeMap<String, DataFrame>) -> Result<()> {
        for query in self.queries {
            if let Some(frame) = results.remove(query.name) {
                self.tables.entry(query.name).or_default().add(query, frame)?;
            }
        }
        Ok(())
    }

    /// Merges all aggregates, runs the last queries and checks the laws.
    ///
    /// # Errors
    /// A query fails, no range was added, or [`law::check`] fails.
    pub(crate) fn finish(self) -> Result<SalesMart> {
        let queries = self.queries;
        let (mut tables, codes) = self.merged()?;
        tables.append(&mut run(queries, &tables, &codes, &[QueryRole::Last])?);
        tables.retain(|name, _| QUERIES.iter().any(|query| query.stored && query.name == name));
        law::check(&tables)?;
        let by_day = tables.remove(SUPPLY_BY_DAY).ok_or_else(|| missing(SUPPLY_BY_DAY))?;
        parallel::map(tables.values_mut(), |frame| codes.decode(frame))?;
        SalesMart::with(tables, ByDay::encoded(by_day, codes))
    }

    /// Merges the aggregates, without the last queries.
    ///
    /// # Errors
    /// polars fails.
    pub(crate) fn parts(self) -> Result<BTreeMap<String, DataFrame>> {
        let (mut tables, codes) = self.merged()?;
        parallel::map(tables.values_mut(), |frame| codes.decode(frame))?;
        Ok(tables)
    }

    fn merged(mut self) -> Result<(BTreeMap<String, DataFrame>, DictionaryEncoding)> {
        let (texts, ranks): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.numbered).into_iter().map(TextNumbers::sorted).unzip();
        let mut tables = BTreeMap::new();
        // One table at a time: merging takes as much memory again as the table.
        for (name, sum) in self.tables {
            let key = self.queries.iter().find(|query| query.name == name).map(Query::key).unwrap_or_default();
            tables.insert(name.to_string(), sum.finish(&key, &ranks)?);
        }
        Ok((tables, DictionaryEncoding(texts)))
    }
}

/// A last query over tables whose texts stand for themselves.
///
/// # Errors
/// The query fails.
pub(super) fn last(query: &'static Query, tables: BTreeMap<String, DataFrame>) -> Result<DataFrame> {
    let mut results = run(std::slice::from_ref(query), &tables, &DictionaryEncoding::default(), &[QueryRole::Last])?;
    results.remove(query.name).ok_or_else(|| missing(query.name))
}

/// The partial aggregates of one table.
#[derive(Default)]
struct Sum {
    pieces: Vec<DataFrame>,
    /// Number of rows added since the last merge.
    unmerged: usize,
    /// Number of rows that may wait for the next merge.
    max_unmerged: usize,
}

impl Sum {
    fn add(&mut self, query: &Query, frame: DataFrame) -> Result<()> {
        self.unmerged += frame.height();
        self.pieces.push(frame);
        if self.unmerged > self.max_unmerged.max(MIN_UNMERGED) {
            self.pieces = add_up(stack(std::mem::take(&mut self.pieces))?, &query.key(), Ok)?;
            self.max_unmerged = self.pieces.iter().map(DataFrame::height).sum::<usize>() / 2;
            self.unmerged = 0;
        }
        Ok(())
    }

    /// Merges by key, with the final numbers of texts, sorted.
    fn finish(self, key: &[&str], ranks: &[Vec<u32>]) -> Result<DataFrame> {
        // What was merged before is unsorted.
        let in_order = self.pieces.len() < 2 && self.max_unmerged == 0 && ranks.iter().all(|ranks| ranks.is_sorted());
        let mut all = stack(self.pieces)?;
        for (columns, ranks) in KINDS.iter().zip(ranks) {
            recode(&mut all, columns, ranks)?;
        }
        if in_order {
            return Ok(all);
        }
        let sort = |part: DataFrame| match key {
            [] => Ok(part),
            _ => Ok(part.sort(key.to_vec(), SortMultipleOptions::default())?),
        };
        Ok(join_rows(stack(add_up(all, key, sort)?)?))
    }
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

/// Texts of one kind, numbered in the order of their first occurrence.
#[derive(Default)]
struct TextNumbers(TextMap<PlSmallStr>);

impl TextNumbers {
    /// The number of each text; new texts get the next numbers.
    fn add(&mut self, texts: &StringChunked) -> Vec<u32> {
        texts.iter().flatten().map(|text| self.0.number(text)).collect()
    }

    /// The sorted texts, and the rank of each number among them.
    fn sorted(self) -> (StringChunked, Vec<u32>) {
        let texts = self.0.sorted();
        let mut ranks = vec![0; texts.len()];
        (0..).zip(&texts).for_each(|(rank, (_, number))| ranks[*number as usize] = rank);
        (texts.iter().map(|(text, _)| Some(text.as_str())).collect(), ranks)
    }
}

/// Sets polars' sorted flag on `order_id` if it is sorted, as in tables that come by order: grouping then needs no hashing.
fn tell_sorted(frame: &mut DataFrame) -> Result<()> {
    let Ok(orders) = frame.column("order_id").and_then(|orders| Ok(orders.u32()?.clone())) else { return Ok(()) };
    if orders.null_count() == 0 && orders.iter().is_sorted() {
        frame.with_column(orders.with_sorted_flag(IsSorted::Ascending).into_column())?;
    }
    Ok(())
}

/// Replaces each number in some columns by `to[number]`.
fn recode(frame: &mut DataFrame, columns: &[&str], to: &[u32]) -> Result<()> {
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

    #[test]
    fn every_sum_has_a_key_and_numbers_beside_it() {
        for query in QUERIES.iter().filter(|query| query.kind.adds_up()) {
            let one_row = query.sql.starts_with("-- One row");
            assert_eq!(query.key().is_empty(), one_row, "{}", query.name);
            // Values that do not add up must be left to the last queries.
            assert!(query.kind == QueryRole::Last || !query.sql.contains("MAX(n."), "{}", query.name);
        }
    }

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
    fn only_numbers_of_orders_that_are_sorted_are_told_so() {
        let sorted = |numbers: &[Option<u32>]| {
            let mut frame = df!("order_id" => numbers).unwrap();
            tell_sorted(&mut frame).unwrap();
            frame.column("order_id").unwrap().is_sorted_flag() == IsSorted::Ascending
        };
        assert!(sorted(&[Some(1), Some(1), Some(2)]));
        assert!(!sorted(&[Some(2), Some(1)]) && !sorted(&[None, Some(1)]));
    }

    #[test]
    fn numbers_follow_the_texts_once_all_are_known() {
        let mut numbered = TextNumbers::default();
        let texts = |texts: &[&str]| StringChunked::from_slice("x".into(), texts);
        assert_eq!(numbered.add(&texts(&["b", "d"])), [0, 1]);
        assert_eq!(numbered.add(&texts(&["a", "d"])), [2, 1]);
        let (sorted, ranks) = numbered.sorted();
        assert_eq!(sorted.iter().flatten().collect::<Vec<_>>(), ["a", "b", "d"]);
        assert_eq!(ranks, [1, 2, 0]);
    }
}
