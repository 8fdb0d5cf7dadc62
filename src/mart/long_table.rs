//! Files or frames → the rows of a long table of the mart, read piece by piece on demand. Used by `mart`, `models` and `pipeline`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Seek;
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};

use chrono::NaiveDate;
use polars::prelude::*;

use super::month::Month;
use super::sums::codes::DictionaryEncoding;
use crate::clean::partition::spill::Spill;
use crate::error::{Error, Result};
use crate::parallel::{self, lock};
use crate::table::parquet::{ROW_GROUP, read_columns, stack};

/// A table about as long as the orders, in pieces: one per month, or pieces of any days in the order of the rows.
#[derive(Debug, Clone)]
pub(crate) struct LongTable {
    /// Pieces by file name, such as `2018-08`; another name stands for rows of any day.
    pieces: BTreeMap<String, Rows>,
    /// All rows, loaded on first use.
    whole: OnceLock<DataFrame>,
}

#[derive(Debug, Clone)]
enum Rows {
    Memory(DataFrame),
    /// Texts as numbers: a third of the memory.
    Encoded(DataFrame, Arc<DictionaryEncoding>),
    /// An open file: its content stays the same even if the path is moved or replaced.
    File(Arc<Mutex<File>>),
    /// A range of temporary rows, with texts as numbers.
    Spilled(Arc<Spill>, usize, Arc<DictionaryEncoding>),
}

impl Rows {
    fn read(&self, columns: Option<&[&str]>) -> Result<DataFrame> {
        self.decoded(self.held(columns)?)
    }

    /// The rows as they are held; all columns with `None`.
    fn held(&self, columns: Option<&[&str]>) -> Result<DataFrame> {
        match (self, columns) {
            (Rows::Memory(rows) | Rows::Encoded(rows, _), None) => Ok(rows.clone()),
            (Rows::Memory(rows) | Rows::Encoded(rows, _), Some(columns)) => Ok(rows.select(columns.iter().copied())?),
            (Rows::File(file), columns) => {
                let mut file = lock(file);
                file.rewind().map_err(Error::io("read", "the mart"))?;
                read_columns(file.try_clone().map_err(Error::io("read", "the mart"))?, columns)
            }
            (Rows::Spilled(spill, range, _), columns) => {
                let rows = spill.rows(*range)?.unwrap_or_default();
                columns.map_or(Ok(rows.clone()), |columns| Ok(rows.select(columns.iter().copied())?))
            }
        }
    }

    /// Held rows with their texts.
    fn decoded(&self, mut rows: DataFrame) -> Result<DataFrame> {
        if let Rows::Encoded(_, texts) | Rows::Spilled(_, _, texts) = self {
            texts.decode(&mut rows)?;
        }
        Ok(rows)
    }
}

impl LongTable {
    pub(super) fn in_memory(rows: DataFrame) -> LongTable {
        LongTable::of([(String::new(), Rows::Memory(rows))])
    }

    /// Rows whose texts are numbers of `texts`; each part is decoded when it is read.
    pub(super) fn encoded(rows: DataFrame, texts: &Arc<DictionaryEncoding>) -> LongTable {
        // Many parts, so that not all of them are decoded at once.
        let parts = (0..rows.height().max(1)).step_by(ROW_GROUP);
        let part = |from: usize| {
            let part = rows.slice(from as i64, ROW_GROUP);
            (format!("{from:012}"), Rows::Encoded(part, Arc::clone(texts)))
        };
        LongTable::of(parts.map(part))
    }

    /// [`encoded`](LongTable::encoded) rows in the ranges of a temporary file; `empty` has their columns.
    pub(super) fn spilled(ranges: Spill, empty: DataFrame, texts: &Arc<DictionaryEncoding>) -> LongTable {
        let (filled, ranges) = (ranges.filled(), Arc::new(ranges));
        if filled.is_empty() {
            return LongTable::encoded(empty, texts);
        }
        let part = |range| (format!("{range:012}"), Rows::Spilled(Arc::clone(&ranges), range, Arc::clone(texts)));
        LongTable::of(filled.into_iter().map(part))
    }

    fn of(pieces: impl IntoIterator<Item = (String, Rows)>) -> LongTable {
        LongTable { pieces: pieces.into_iter().collect(), whole: OnceLock::new() }
    }

    /// Calls `take` for each piece, in order, with some columns; all with `None`.
    ///
    /// # Errors
    /// A file cannot be read, or `take` fails.
    pub(crate) fn pieces(&self, columns: Option<&[&str]>, mut take: impl FnMut(DataFrame) -> Result<()>) -> Result<()> {
        self.pieces.values().try_for_each(|rows| take(rows.read(columns)?))
    }

    /// The sum of a column of whole numbers.
    ///
    /// # Errors
    /// A file cannot be read, or there is no such column.
    pub(super) fn sum(&self, column: &str) -> Result<i128> {
        let sums = parallel::map(self.pieces.values(), |rows| {
            let rows = rows.held(Some(&[column]))?;
            Ok(rows.column(column)?.i64()?.iter().flatten().map(i128::from).sum::<i128>())
        })?;
        Ok(sums.into_iter().sum())
    }

    /// Opens files, named by their months; the empty name stands for rows of any day.
    ///
    /// # Errors
    /// A file cannot be opened.
    pub(crate) fn open<'a>(files: impl IntoIterator<Item = (String, &'a Path)>) -> Result<LongTable> {
        let open_file = |(name, path): (String, &'a Path)| {
            let file = File::open(path).map_err(Error::io("read", path))?;
            Ok((name, Rows::File(Arc::new(Mutex::new(file)))))
        };
        Ok(LongTable::of(files.into_iter().map(open_file).collect::<Result<Vec<_>>>()?))
    }

    /// Replaces or adds months.
    pub(super) fn with(&self, months: impl IntoIterator<Item = (String, DataFrame)>) -> LongTable {
        let mut pieces = self.pieces.clone();
        pieces.extend(months.into_iter().map(|(name, rows)| (name, Rows::Memory(rows))));
        LongTable::of(pieces)
    }

    /// The rows of a month; `None` if there are none.
    pub(super) fn month(&self, name: &str) -> Result<Option<DataFrame>> {
        self.pieces.get(name).map(|rows| rows.read(None)).transpose()
    }

    /// All rows.
    pub(super) fn whole(&self) -> Result<&DataFrame> {
        let only_piece = self.pieces.values().next().filter(|_| self.pieces.len() == 1);
        if let Some(Rows::Memory(rows)) = only_piece {
            return Ok(rows);
        }
        if let Some(rows) = self.whole.get() {
            return Ok(rows);
        }
        let all = stack(parallel::map(self.pieces.values(), |rows| rows.read(None))?)?;
        Ok(self.whole.get_or_init(|| all))
    }

    /// Calls `take`, in parallel, for each piece with rows of `days`; passes some columns of only those rows.
    ///
    /// # Errors
    /// A file cannot be read, or `take` fails.
    pub(crate) fn each<T: Send>(
        &self,
        days: RangeInclusive<i32>,
        columns: &[&str],
        take: impl Fn(DataFrame) -> Result<T> + Sync,
    ) -> Result<Vec<T>> {
        let overlaps = |range: &RangeInclusive<i32>| range.start() <= days.end() && days.start() <= range.end();
        let pieces = self.pieces.iter().map(|(name, rows)| (days_of(name), rows)).filter(|(range, _)| overlaps(range));
        parallel::map(pieces, |(range, rows)| {
            if days.contains(range.start()) && days.contains(range.end()) {
                return take(rows.read(Some(columns))?);
            }
            let other_columns = columns.iter().filter(|column| **column != "day");
            let all = rows.held(Some(&["day"].into_iter().chain(other_columns.copied()).collect::<Vec<_>>()))?;
            let of_rows = all.column("day")?.date()?.physical().iter();
            let mask: BooleanChunked = of_rows.map(|day| day.is_some_and(|day| days.contains(&day))).collect();
            // Only what is left needs its texts.
            take(rows.decoded(all.filter(&mask)?.select(columns.iter().copied())?)?)
        })
    }

    /// Some columns of the rows of `days`.
    ///
    /// # Errors
    /// A file cannot be read.
    pub(crate) fn rows(&self, days: RangeInclusive<i32>, columns: &[&str]) -> Result<DataFrame> {
        let pieces = self.each(days, columns, Ok)?;
        match self.pieces.values().next().filter(|_| pieces.is_empty()) {
            Some(any) => Ok(any.read(Some(columns))?.clear()),
            None => stack(pieces),
        }
    }
}

/// The days that a file of this name can hold.
fn days_of(name: &str) -> RangeInclusive<i32> {
    let first = NaiveDate::parse_from_str(&format!("{name}-01"), "%Y-%m-%d");
    first.map_or(i32::MIN..=i32::MAX, |first| {
        let month = Month::of_day(first.to_epoch_days());
        month.first_day()..=month.plus(1).first_day() - 1
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::parquet::write_frame;

    fn rows(days: &[i32]) -> DataFrame {
        let n: Vec<i64> = days.iter().map(|day| i64::from(*day)).collect();
        let days = Int32Chunked::from_slice("day".into(), days).into_date().into_column();
        df!("n" => n).unwrap().hstack(&[days]).unwrap()
    }

    fn numbers(frame: &DataFrame) -> Vec<i64> {
        frame.column("n").unwrap().i64().unwrap().iter().flatten().collect()
    }

    #[test]
    fn days_are_found_in_files_and_in_memory() {
        let folder = tempfile::tempdir().unwrap();
        // Days of January and February 1970.
        let write = |name: &str, days: &[i32]| {
            let path = folder.path().join(name);
            let beside = path.with_extension("new");
            write_frame(&rows(days), File::create(&beside).unwrap()).unwrap();
            std::fs::rename(&beside, &path).unwrap();
            path
        };
        let (january, february, all) =
            (write("1", &[0, 5, 30]), write("2", &[31, 40]), write("3", &[0, 5, 30, 31, 40]));
        let months = [("1970-01", &january), ("1970-02", &february)].map(|(name, path)| (name.to_string(), &**path));
        let months = LongTable::open(months).unwrap();
        // Open files must not notice that their paths are replaced or removed.
        write("1", &[7]);
        std::fs::remove_file(february).unwrap();
        let whole = LongTable::open([(String::new(), &*all)]).unwrap();
        for by_day in [&months, &whole, &LongTable::in_memory(rows(&[0, 5, 30, 31, 40]))] {
            let some = |days| numbers(&by_day.rows(days, &["n"]).unwrap());
            assert_eq!(
                (some(5..=31), some(0..=30), some(i32::MIN..=i32::MAX)),
                (vec![5, 30, 31], vec![0, 5, 30], vec![0, 5, 30, 31, 40])
            );
            assert_eq!((some(60..=90), numbers(by_day.whole().unwrap()).len()), (vec![], 5));
        }
        let later = months.with([("1970-02".to_string(), rows(&[33])), ("1970-03".to_string(), rows(&[60]))]);
        assert_eq!(numbers(later.whole().unwrap()), [0, 5, 30, 33, 60]);
        assert_eq!(later.month("1970-03").unwrap().map(|rows| rows.height()), Some(1));
        assert!(later.month("1970-04").unwrap().is_none());
    }
}
