//! Ranges of orders → the mart: what the steps make of each adds up. Used by `mart`.

use std::collections::BTreeMap;

use polars::prelude::*;
use rayon::prelude::*;

use super::codes::{Codes, KINDS, in_use};
use super::{Kind, STEPS, SalesMart, Step, run};
use crate::error::Result;

/// Rows of a table that may wait to be added up, and more where the sum has more: adding up early would hash the same rows again.
const MOST_WAITING: usize = 1 << 20;

/// The mart of the orders and customers that have been seen so far.
#[derive(Default)]
pub(super) struct Sums {
    tables: BTreeMap<&'static str, Sum>,
    known: [Known; KINDS.len()],
}

impl Sums {
    /// Adds the clean table of a range of customers.
    ///
    /// # Errors
    /// A query fails.
    pub(super) fn customers(&mut self, tables: BTreeMap<String, LazyFrame>) -> Result<()> {
        let made = run(&in_use(tables, &[Kind::Customers])?, &[Kind::Customers])?;
        self.add(made)
    }

    /// Adds the clean tables of a range of orders.
    ///
    /// # Errors
    /// A query fails, or a table cannot be read.
    pub(super) fn orders(&mut self, tables: BTreeMap<String, LazyFrame>) -> Result<()> {
        let mut tables = in_use(tables, &[Kind::Rows, Kind::Part, Kind::Sums])?;
        let codes = Codes::encode(&mut tables)?;
        tables.append(&mut run(&tables, &[Kind::Rows])?);
        let mut made = run(&tables, &[Kind::Part, Kind::Sums])?;
        drop(tables);
        for ((columns, texts), known) in KINDS.iter().zip(&codes.0).zip(&mut self.known) {
            // Of ids that no table of the mart holds, such as those of orders, nothing is remembered.
            if made.values().any(|frame| columns.iter().any(|column| frame.column(column).is_ok())) {
                let places = known.add(texts);
                made.values_mut().try_for_each(|frame| recode(frame, columns, &places))?;
            }
        }
        self.add(made)
    }

    fn add(&mut self, mut made: BTreeMap<String, DataFrame>) -> Result<()> {
        for step in &STEPS {
            if let Some(frame) = made.remove(step.name) {
                self.tables.entry(step.name).or_default().add(step, frame)?;
            }
        }
        Ok(())
    }

    /// # Errors
    /// A query fails, or no range was added.
    pub(super) fn finish(mut self) -> Result<SalesMart> {
        let (texts, ranks): (Vec<_>, Vec<_>) = std::mem::take(&mut self.known).into_iter().map(Known::sorted).unzip();
        let codes = Codes(texts);
        let sum = |(name, sum): (&'static str, Sum)| -> Result<_> {
            let step = STEPS.iter().find(|step| step.name == name);
            let key = step.map(Step::key).unwrap_or_default();
            let sorted = sum.pieces.len() < 2 && ranks.iter().all(|ranks| ranks.is_sorted());
            let mut frame = sum.total(&key)?;
            for (columns, ranks) in KINDS.iter().zip(&ranks) {
                recode(&mut frame, columns, ranks)?;
            }
            if !sorted && !key.is_empty() {
                frame = frame.sort(key, SortMultipleOptions::default())?;
            }
            Ok((name.to_string(), frame))
        };
        let mut tables: BTreeMap<String, DataFrame> = self.tables.into_par_iter().map(sum).collect::<Result<_>>()?;
        tables.append(&mut run(&tables, &[Kind::Last])?);
        tables.retain(|name, _| STEPS.iter().any(|step| step.stored && step.name == name));
        tables.values_mut().try_for_each(|frame| codes.decode(frame))?;
        SalesMart::new(tables)
    }
}

/// A table of the mart that is being added up.
#[derive(Default)]
struct Sum {
    pieces: Vec<DataFrame>,
    /// Rows of the pieces that came after the first.
    waiting: usize,
}

impl Sum {
    fn add(&mut self, step: &Step, frame: DataFrame) -> Result<()> {
        if !self.pieces.is_empty() {
            self.waiting += frame.height();
        }
        self.pieces.push(frame);
        if self.waiting > MOST_WAITING.max(self.pieces[0].height()) {
            let total = std::mem::take(self).total(&step.key())?;
            self.pieces.push(total);
        }
        Ok(())
    }

    /// The rows of equal keys added up; in any order where there are several pieces.
    fn total(mut self, key: &[&str]) -> Result<DataFrame> {
        let mut all = self.pieces.pop().unwrap_or_default();
        if self.pieces.is_empty() {
            return Ok(all);
        }
        for piece in self.pieces {
            all.vstack_mut(&piece)?;
        }
        let columns: Vec<PlSmallStr> = all.get_column_names_owned();
        let added = columns.iter().filter(|name| !key.contains(&name.as_str())).map(|name| col(name.clone()));
        let all = all.lazy();
        let summed = match key {
            // As in SQL, the sum of nothing is missing.
            [] => all.select(
                added
                    .map(|value| when(value.clone().count().gt(0)).then(value.sum()).otherwise(lit(NULL)))
                    .collect::<Vec<_>>(),
            ),
            key => all
                .group_by(key.iter().map(|name| col(*name)).collect::<Vec<_>>())
                .agg(added.map(Expr::sum).collect::<Vec<_>>()),
        };
        Ok(summed.select(columns.into_iter().map(col).collect::<Vec<_>>()).collect()?)
    }
}

/// Texts of one kind and a number for each, in the order in which they were seen.
#[derive(Default)]
struct Known(PlHashMap<PlSmallStr, u32>);

impl Known {
    /// The number of each text.
    fn add(&mut self, texts: &StringChunked) -> Vec<u32> {
        let number = |text: &str| {
            let next = self.0.len() as u32;
            match self.0.get(text) {
                Some(&known) => known,
                None => *self.0.entry(text.into()).or_insert(next),
            }
        };
        texts.iter().flatten().map(number).collect()
    }

    /// The texts, sorted, and the place of each number among them.
    fn sorted(self) -> (StringChunked, Vec<u32>) {
        let mut texts: Vec<(PlSmallStr, u32)> = self.0.into_iter().collect();
        texts.par_sort_unstable();
        let mut ranks = vec![0; texts.len()];
        (0..).zip(&texts).for_each(|(rank, (_, number))| ranks[*number as usize] = rank);
        (texts.iter().map(|(text, _)| Some(text.as_str())).collect(), ranks)
    }
}

/// Replaces the numbers of some columns by others.
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
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_sum_has_a_key_and_numbers_beside_it() {
        for step in STEPS.iter().filter(|step| step.kind != Kind::Rows) {
            let one_row = step.sql.starts_with("-- One row");
            assert_eq!(step.key().is_empty(), one_row, "{}", step.name);
            // What is not added up is the last steps' to compute.
            assert!(step.kind == Kind::Last || !step.sql.contains("MAX(n."), "{}", step.name);
        }
    }

    #[test]
    fn pieces_add_up_by_key() {
        let mut sum = Sum::default();
        let step = STEPS.iter().find(|step| step.name == "delivery_days").unwrap();
        sum.add(step, df!("days" => [1i64, 2], "orders" => [10i64, 20]).unwrap()).unwrap();
        sum.add(step, df!("days" => [2i64, 3], "orders" => [5i64, 1]).unwrap()).unwrap();
        let total = sum.total(&step.key()).unwrap().sort(["days"], SortMultipleOptions::default()).unwrap();
        assert!(total.equals(&df!("days" => [1i64, 2, 3], "orders" => [10i64, 25, 1]).unwrap()));
    }

    #[test]
    fn numbers_follow_the_texts_once_all_are_known() {
        let mut known = Known::default();
        let texts = |texts: &[&str]| StringChunked::from_slice("x".into(), texts);
        assert_eq!(known.add(&texts(&["b", "d"])), [0, 1]);
        assert_eq!(known.add(&texts(&["a", "d"])), [2, 1]);
        let (sorted, ranks) = known.sorted();
        assert_eq!(sorted.iter().flatten().collect::<Vec<_>>(), ["a", "b", "d"]);
        assert_eq!(ranks, [1, 2, 0]);
    }
}
