//! Sorted table + rows → sorted table: each row takes the place of the row with its key, or else its place in the order
//! of the key. Used by `clean::incremental` and `mart`.

use std::cmp::Ordering;

use polars::prelude::*;

use crate::error::Result;

/// The key columns of a frame: texts, whole numbers, days or instants.
struct Keys(Vec<Values>);

enum Values {
    Text(StringChunked),
    Integer(Int64Chunked),
}

impl Keys {
    fn of(frame: &DataFrame, key: &[&str]) -> Result<Keys> {
        let values = |name: &&str| {
            let column = frame.column(name)?.as_materialized_series().rechunk();
            Ok(match column.dtype() {
                DataType::String => Values::Text(column.str()?.clone()),
                _ => Values::Integer(column.to_physical_repr().cast(&DataType::Int64)?.i64()?.clone()),
            })
        };
        Ok(Keys(key.iter().map(values).collect::<Result<_>>()?))
    }

    fn compare(&self, row: usize, others: &Keys, other: usize) -> Ordering {
        let compare = |(a, b): (&Values, &Values)| match (a, b) {
            (Values::Text(a), Values::Text(b)) => a.get(row).cmp(&b.get(other)),
            (Values::Integer(a), Values::Integer(b)) => a.get(row).cmp(&b.get(other)),
            _ => unreachable!("the columns of a key have one type"),
        };
        self.0.iter().zip(&others.0).map(compare).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    }
}

/// For each of `rows`, its position in `base`, which is sorted by the key: `Ok(row)` with the same key, `Err(row)` before which it belongs.
///
/// # Errors
/// A column is missing.
pub(crate) fn find(base: &DataFrame, rows: &DataFrame, key: &[&str]) -> Result<Vec<Result<usize, usize>>> {
    let (keys, sought) = (Keys::of(base, key)?, Keys::of(rows, key)?);
    let mut last = 0;
    let place = |row: usize| {
        let before = |at: usize| keys.compare(at, &sought, row).is_lt();
        // Galloping search: rows mostly come in order, so that the next position is not far behind the last.
        let (mut from, mut step) = (if last > 0 && before(last - 1) { last } else { 0 }, 1);
        while from + step <= base.height() && before(from + step - 1) {
            (from, step) = (from + step, 2 * step);
        }
        let mut to = base.height().min(from + step - 1);
        while from < to {
            let middle = from.midpoint(to);
            if before(middle) { from = middle + 1 } else { to = middle }
        }
        last = from;
        if from < base.height() && keys.compare(from, &sought, row).is_eq() { Ok(from) } else { Err(from) }
    };
    Ok((0..rows.height()).map(place).collect())
}

/// Merges `rows` into the sorted `base` and removes the rows with the keys of `removed`. A row whose key exists replaces the old row.
///
/// # Errors
/// The columns differ.
pub(crate) fn merge(base: &DataFrame, rows: &DataFrame, removed: &DataFrame, key: &[&str]) -> Result<DataFrame> {
    let rows = rows.sort(key.to_vec(), SortMultipleOptions::default())?;
    let mut removed = find(base, removed, key)?.into_iter().flatten().collect::<Vec<usize>>();
    removed.sort_unstable();
    let mut order: Vec<IdxSize> = Vec::with_capacity(base.height() + rows.height());
    let (mut next, mut removed) = (0, removed.into_iter().peekable());
    // Copies ranges, not rows: in a long table few rows change.
    let mut base_until = |order: &mut Vec<IdxSize>, end: usize, then: usize| {
        while let Some(row) = removed.next_if(|row| *row < end) {
            order.extend(next.min(row) as IdxSize..row as IdxSize);
            next = row + 1;
        }
        order.extend(next.min(end) as IdxSize..end as IdxSize);
        next = then;
    };
    for (row, place) in find(base, &rows, key)?.into_iter().enumerate() {
        match place {
            Ok(at) => base_until(&mut order, at, at + 1),
            Err(at) => base_until(&mut order, at, at),
        }
        order.push((base.height() + row) as IdxSize);
    }
    base_until(&mut order, base.height(), base.height());
    let mut all = base.clone();
    all.vstack_mut(&rows)?;
    all.rechunk_mut();
    Ok(all.take(&IdxCa::from_vec("row".into(), order))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_take_their_places() {
        let table = |ids: &[&str], days: &[i64], n: &[i64]| df!("id" => ids, "day" => days, "n" => n).unwrap();
        let base = table(&["a", "a", "c"], &[1, 3, 1], &[10, 20, 30]);
        let rows = table(&["d", "a", "c", "a"], &[0, 2, 1, 0], &[1, 2, 3, 4]);
        let removed = table(&["a", "z"], &[3, 0], &[0, 0]);
        let merged = merge(&base, &rows, &removed, &["id", "day"]).unwrap();
        assert!(merged.equals(&table(&["a", "a", "a", "c", "d"], &[0, 1, 2, 1, 0], &[4, 10, 2, 3, 1])), "{merged}");
        assert_eq!(find(&base, &rows, &["id", "day"]).unwrap(), [Err(3), Err(1), Ok(2), Err(0)]);
        let many: Vec<i64> = (0..100).map(|n| n * n).collect();
        let many = table(&["x"; 100], &many, &many);
        for sought in [-1, 0, 1, 2_500, 2_501, 9_801, 9_802] {
            // Both in one ascending run and from an arbitrary position.
            let rows = table(&["x"; 3], &[sought, 5_000, sought], &[0; 3]);
            let place =
                many.column("day").unwrap().i64().unwrap().iter().flatten().collect::<Vec<_>>().binary_search(&sought);
            assert_eq!(find(&many, &rows, &["id", "day"]).unwrap(), [place, Err(71), place]);
        }
        assert!(merge(&base.clear(), &base, &removed.clear(), &["id", "day"]).unwrap().equals(&base));
    }
}
