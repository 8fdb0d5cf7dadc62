//! Clean tables of one range of orders after the other → the mart: aggregates of the ranges are merged by key. Used by `mart` and `incremental`.

pub(super) mod codes;
mod query;
pub(super) mod size;
mod sum;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use polars::prelude::*;
use polars::series::IsSorted;

use self::codes::{DictionaryEncoding, KINDS, in_use};
use self::query::run;
use self::size::Size;
pub(crate) use self::sum::sum_by;
use self::sum::{OnDisk, RANGES, Sum, recode};
use super::law;
use super::long_table::LongTable;
use super::methods::Methods;
use super::queries::{LONG, QUERIES, Query, QueryRole};
use super::sales_mart::{SalesMart, missing};
use crate::error::Result;
use crate::parallel;
use crate::table::ids::TextMap;

/// The aggregates of the orders and customers seen so far.
pub(crate) struct PartialAggregates {
    /// The queries, for the payment methods of the data.
    queries: &'static [Query],
    tables: BTreeMap<&'static str, Sum>,
    numbered: [TextNumbers; KINDS.len()],
    size: Size,
    /// Where rows go that do not fit in memory; `None` if all of them stay there.
    scratch: Option<Scratch>,
}

/// A folder for temporary rows.
#[derive(Debug, Clone)]
pub(crate) struct Scratch {
    pub(crate) dir: PathBuf,
    /// Bytes that the aggregates may take in memory.
    pub(crate) memory: usize,
}

/// All aggregates, merged, with texts as numbers.
struct Merged {
    tables: BTreeMap<String, DataFrame>,
    /// The tables that did not fit in memory.
    on_disk: BTreeMap<&'static str, OnDisk>,
    texts: DictionaryEncoding,
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
            scratch: None,
        }
    }

    /// Moves rows that do not fit in memory to `scratch`.
    pub(crate) fn within(self, scratch: Scratch) -> PartialAggregates {
        PartialAggregates { scratch: Some(scratch), ..self }
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
        self.spill_excess()
    }

    /// Moves the largest tables to the disk until the rest fits in memory.
    fn spill_excess(&mut self) -> Result<()> {
        let Some(scratch) = &self.scratch else { return Ok(()) };
        let mut sizes: Vec<(usize, &str)> = self.tables.iter().map(|(name, sum)| (sum.bytes(), *name)).collect();
        let mut total: usize = sizes.iter().map(|(bytes, _)| bytes).sum();
        sizes.retain(|(_, name)| self.queries.iter().any(|query| query.name == *name && may_spill(query)));
        sizes.sort_unstable();
        while let Some((bytes, name)) = sizes.pop().filter(|_| total > scratch.memory) {
            self.tables.get_mut(name).map_or(Ok(()), |sum| sum.spill(&scratch.dir))?;
            total -= bytes;
        }
        Ok(())
    }

    /// Merges all aggregates, runs the last queries and checks the laws.
    ///
    /// # Errors
    /// A query fails, no range was added, or [`law::check`] fails.
    pub(crate) fn finish(self) -> Result<SalesMart> {
        let queries = self.queries;
        let Merged { mut tables, mut on_disk, texts } = self.merged()?;
        tables.append(&mut last_queries(queries, &tables, &on_disk, &texts)?);
        tables.retain(|name, _| QUERIES.iter().any(|query| query.stored && query.name == name));
        let texts = Arc::new(texts);
        let mut long = BTreeMap::new();
        for name in LONG {
            let table = match on_disk.remove(name) {
                Some(OnDisk { ranges, empty }) => LongTable::spilled(ranges, empty, &texts),
                None => LongTable::encoded(tables.remove(name).ok_or_else(|| missing(name))?, &texts),
            };
            long.insert(name, table);
        }
        law::check(&tables, &long)?;
        parallel::map(tables.values_mut(), |frame| texts.decode(frame))?;
        SalesMart::with(tables, long)
    }

    /// Merges the aggregates, without the last queries.
    ///
    /// # Errors
    /// polars fails.
    pub(crate) fn parts(self) -> Result<BTreeMap<String, DataFrame>> {
        let Merged { mut tables, texts, .. } = self.merged()?;
        parallel::map(tables.values_mut(), |frame| texts.decode(frame))?;
        Ok(tables)
    }

    fn merged(mut self) -> Result<Merged> {
        let (texts, ranks): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.numbered).into_iter().map(TextNumbers::sorted).unzip();
        // All or none: the last queries read several of them, range by range.
        let scratch = self.scratch.filter(|_| self.tables.values().any(Sum::is_spilled));
        let (mut tables, mut on_disk) = (BTreeMap::new(), BTreeMap::new());
        // One table at a time: merging takes as much memory again as the table.
        for (name, sum) in self.tables {
            let query = self.queries.iter().find(|query| query.name == name);
            let key = query.map(Query::key).unwrap_or_default();
            match scratch.as_ref().filter(|_| query.is_some_and(may_spill)) {
                Some(scratch) => drop(on_disk.insert(name, sum.finish_on_disk(&key, &ranks, &scratch.dir)?)),
                None => drop(tables.insert(name.to_string(), sum.finish(&key, &ranks)?)),
            }
        }
        Ok(Merged { tables, on_disk, texts: DictionaryEncoding(texts) })
    }
}

/// Whether the table of a query may wait on the disk: it is long, and only read in ranges of its first key column.
fn may_spill(query: &Query) -> bool {
    query.kind == QueryRole::Part || LONG.contains(&query.name)
}

/// Runs the last queries. If what they read is on the disk, runs them range by range: each of them groups by customer or by product, of
/// which all rows are in one range, so that its tables add up.
fn last_queries(
    queries: &'static [Query],
    tables: &BTreeMap<String, DataFrame>,
    on_disk: &BTreeMap<&'static str, OnDisk>,
    texts: &DictionaryEncoding,
) -> Result<BTreeMap<String, DataFrame>> {
    if on_disk.is_empty() {
        return run(queries, tables, texts, &[QueryRole::Last]);
    }
    let is_part = |name: &str| queries.iter().any(|query| query.name == name && query.kind == QueryRole::Part);
    let mut sums: BTreeMap<&str, Sum> = BTreeMap::new();
    for range in 0..RANGES {
        let parts = on_disk.iter().filter(|(name, _)| is_part(name));
        let parts = parts.map(|(name, table)| Ok((name.to_string(), table.rows(range)?))).collect::<Result<_>>()?;
        let mut results = run(queries, &parts, texts, &[QueryRole::Last])?;
        for query in queries {
            if let Some(frame) = results.remove(query.name) {
                sums.entry(query.name).or_default().add(query, frame)?;
            }
        }
    }
    let finish = |(name, sum): (&str, Sum)| {
        let key = queries.iter().find(|query| query.name == name).map(Query::key).unwrap_or_default();
        Ok((name.to_string(), sum.finish(&key, &[])?))
    };
    sums.into_iter().map(finish).collect()
}

/// A last query over tables whose texts stand for themselves.
///
/// # Errors
/// The query fails.
pub(super) fn last(query: &'static Query, tables: BTreeMap<String, DataFrame>) -> Result<DataFrame> {
    let mut results = run(std::slice::from_ref(query), &tables, &DictionaryEncoding::default(), &[QueryRole::Last])?;
    results.remove(query.name).ok_or_else(|| missing(query.name))
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
