//! Rows in any order → the one order of the table: rows sorted, exact duplicates removed; of several rows with one key,
//! one kept and the others named. Used by `clean`.

use std::cmp::Ordering;

use polars::prelude::*;
use rayon::prelude::*;

/// Which rows of a table stay, in sorted order, and which are removed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Canonical {
    /// Rows that stay, sorted by the key. Of rows with one key, the row with the fewest missing values stays, and of several the
    /// smallest, so that the order in the file does not matter and a damaged copy does not replace a sound row.
    pub(crate) kept: Vec<IdxSize>,
    /// Number of removed rows that equal a kept row in every column.
    pub(crate) duplicates: usize,
    /// Rows with the key of a kept row but other values.
    pub(crate) conflicts: Vec<IdxSize>,
}

/// Finds the canonical order of `frame`. Without a `key`, the whole row is the key.
pub(crate) fn canonical(frame: &DataFrame, key: &[&str]) -> PolarsResult<Canonical> {
    let mut names: Vec<&str> = key.to_vec();
    names.extend(frame.get_column_names().iter().map(|n| n.as_str()).filter(|n| !key.contains(n)));
    let series: Vec<Series> =
        names.iter().map(|n| Ok(frame.column(n)?.as_materialized_series().rechunk())).collect::<PolarsResult<_>>()?;
    let columns: Vec<Values<'_>> = series.iter().map(Values::of).collect::<PolarsResult<_>>()?;
    let (key, others) = columns.split_at(if key.is_empty() { columns.len() } else { key.len() });
    let rows = frame.height();
    Ok(match columns.as_slice() {
        // Where the prefix of the first column is its whole value, most comparisons end at the second column: use that as the prefix, too.
        [first, second, ..] if key.len() > 1 && first.is_short() && second.is_a_number() => {
            let prefix = |row| (u128::from(first.prefix(row)) << 64) | u128::from(second.prefix(row));
            sort_and_deduplicate((0..rows).map(prefix), &key[2..], key, others)
        }
        [first, ..] => sort_and_deduplicate((0..rows).map(|row| first.prefix(row)), key, key, others),
        [] => Canonical::default(),
    })
}

/// Sorts row numbers by prefix, then by `rest`, the columns of the key that the prefix does not hold; of rows with equal `key`, keeps the
/// first.
fn sort_and_deduplicate<P: Ord + Copy + Send>(
    prefixes: impl Iterator<Item = P>,
    rest: &[Values<'_>],
    key: &[Values<'_>],
    others: &[Values<'_>],
) -> Canonical {
    let mut rows: Vec<(P, IdxSize)> = prefixes.zip(0..).collect();
    let of_one_key =
        |a: IdxSize, b: IdxSize| missing(others, a).cmp(&missing(others, b)).then_with(|| compare(others, a, b));
    // Equal rows stay in file order: which lines are reported must not depend on how the rows are split.
    rows.par_sort_unstable_by(|a, b| {
        let by_key = a.0.cmp(&b.0).then_with(|| compare(rest, a.1, b.1));
        by_key.then_with(|| of_one_key(a.1, b.1)).then(a.1.cmp(&b.1))
    });

    let mut result = Canonical { kept: Vec::with_capacity(rows.len()), ..Default::default() };
    let mut previous: Option<(P, IdxSize)> = None;
    for (prefix, row) in rows {
        let same = |columns| previous.is_some_and(|p| p.0 == prefix && compare(columns, p.1, row).is_eq());
        if !same(key) {
            result.kept.push(row);
        } else if same(others) {
            result.duplicates += 1;
        } else {
            result.conflicts.push(row);
        }
        previous = Some((prefix, row));
    }
    result
}

/// Number of missing values in a row.
fn missing(columns: &[Values<'_>], row: IdxSize) -> usize {
    columns.iter().filter(|column| column.is_missing(row as usize)).count()
}

fn compare(columns: &[Values<'_>], a: IdxSize, b: IdxSize) -> Ordering {
    columns.iter().map(|c| c.compare(a as usize, b as usize)).find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
}

/// The array of a column that has one chunk.
type Array<T> = <T as PolarsDataType>::Array;

/// Direct access to the values of a column.
enum Values<'a> {
    Text(&'a Array<StringType>),
    Integer(&'a Array<Int64Type>),
    Float(&'a Array<Float64Type>),
}

impl<'a> Values<'a> {
    fn of(series: &'a Series) -> PolarsResult<Self> {
        let array = series.chunks().first().ok_or_else(|| polars_err!(NoData: "a column without a chunk"))?.as_any();
        let unknown = || polars_err!(InvalidOperation: "no order for column `{}`", series.name());
        match series.dtype() {
            DataType::String => array.downcast_ref().map(Values::Text),
            DataType::Int64 | DataType::Datetime(..) => array.downcast_ref().map(Values::Integer),
            DataType::Float64 => array.downcast_ref().map(Values::Float),
            _ => None,
        }
        .ok_or_else(unknown)
    }

    fn compare(&self, a: usize, b: usize) -> Ordering {
        match self {
            Values::Text(v) => v.get(a).cmp(&v.get(b)),
            Values::Integer(v) => v.get(a).cmp(&v.get(b)),
            Values::Float(v) => match (v.get(a), v.get(b)) {
                (Some(a), Some(b)) => a.total_cmp(&b),
                (a, b) => a.is_some().cmp(&b.is_some()),
            },
        }
    }

    fn is_missing(&self, row: usize) -> bool {
        match self {
            Values::Text(v) => v.get(row).is_none(),
            Values::Integer(v) => v.get(row).is_none(),
            Values::Float(v) => v.get(row).is_none(),
        }
    }

    /// Whether the prefix holds the whole value in every row: texts of one length of at most eight bytes.
    fn is_short(&self) -> bool {
        match self {
            Values::Text(v) => {
                let length = v.iter().next().flatten().map_or(9, str::len);
                length <= 8 && v.iter().all(|text| text.is_some_and(|text| text.len() == length))
            }
            _ => self.is_a_number(),
        }
    }

    /// Whether the prefix holds the whole value in every row: numbers without nulls.
    fn is_a_number(&self) -> bool {
        match self {
            Values::Text(_) => false,
            Values::Integer(v) => v.iter().all(|number| number.is_some()),
            Values::Float(v) => v.iter().all(|number| number.is_some()),
        }
    }

    /// A number that orders like the value, as far as eight bytes reach.
    fn prefix(&self, row: usize) -> u64 {
        const SIGN: u64 = 1 << 63;
        match self {
            Values::Text(v) => v.get(row).map_or(0, prefix),
            Values::Integer(v) => v.get(row).map_or(0, |number| number as u64 ^ SIGN),
            // The order of `f64::total_cmp`: flips all bits of a negative number, and the sign of any other.
            Values::Float(v) => v.get(row).map_or(0, |number| match number.to_bits() {
                bits if bits & SIGN == 0 => bits | SIGN,
                bits => !bits,
            }),
        }
    }
}

/// A number that orders like the text, as far as eight bytes reach.
pub(crate) fn prefix(text: &str) -> u64 {
    let mut bytes = [0; 8];
    let n = text.len().min(8);
    bytes[..n].copy_from_slice(&text.as_bytes()[..n]);
    u64::from_be_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_rows_with_one_key_the_most_complete_stays_and_of_several_the_smallest() {
        let frame = df!(
            "key" => ["a", "a", "a", "b", "b"],
            "city" => [Some("x"), Some("a"), Some("y"), Some("v"), Some("u")],
            "state" => [Some("SP"), None, Some("SP"), Some("RJ"), Some("RJ")],
        );
        let order = canonical(&frame.unwrap(), &["key"]).unwrap();
        assert_eq!((order.kept, order.conflicts), (vec![0, 4], vec![2, 1, 3]));
    }

    #[test]
    fn duplicates_go_and_conflicts_are_named() {
        let frame = df!("id" => ["b", "a", "b", "a", "c"], "x" => [2i64, 1, 2, 9, 3]).unwrap();
        let c = canonical(&frame, &["id"]).unwrap();
        assert_eq!((c.kept, c.conflicts), (vec![1, 0, 4], vec![3]));
        assert_eq!(c.duplicates, 1);
    }

    #[test]
    fn without_a_key_only_equal_rows_go() {
        let frame = df!("zip" => ["2", "1", "2", "2"], "lat" => [0.5, 0.5, 0.5, -0.5]).unwrap();
        let c = canonical(&frame, &[]).unwrap();
        assert_eq!((c.kept.len(), c.duplicates, c.conflicts.len()), (3, 1, 0));
        assert_eq!((c.kept[0], c.kept[1]), (1, 3));
    }

    #[test]
    fn a_short_text_and_a_number_sort_as_they_compare() {
        let numbers = [f64::NAN, 1.5, -1.5, 0.0, -0.0, f64::NEG_INFINITY, f64::INFINITY, -2.5, 1e-300, 2.5];
        let zips: Vec<String> = (0..40).map(|row| ["01", "00", "10"][row % 3].into()).collect();
        let lat: Vec<f64> = (0..40).map(|row| numbers[row * 7 % 10]).collect();
        let frame = df!("zip" => &zips, "lat" => &lat).unwrap();
        let c = canonical(&frame, &[]).unwrap();
        let mut expected: Vec<usize> = (0..40).collect();
        expected.sort_by(|&a, &b| zips[a].cmp(&zips[b]).then(lat[a].total_cmp(&lat[b])));
        expected.dedup_by(|b, a| zips[*a] == zips[*b] && lat[*a].to_bits() == lat[*b].to_bits());
        assert_eq!(c.kept, expected.iter().map(|&row| row as IdxSize).collect::<Vec<_>>());
        assert_eq!(c.duplicates, 40 - expected.len());
        // If `zip` alone is the key, rows that differ in the number are conflicts.
        let c = canonical(&frame, &["zip"]).unwrap();
        assert_eq!((c.kept.len(), c.conflicts.len()), (3, expected.len() - 3));
    }
}
