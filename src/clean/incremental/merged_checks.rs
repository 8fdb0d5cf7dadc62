//! Checks of all rows in the previous run + checks of the affected rows before and after the delta → checks of all rows now. Used by
//! `delta`.

use super::delta::{Grows, reload};
use crate::clean::audit::{Audit, Check};
use crate::clean::checks::{Measured, Quality, Reference, SAMPLES, back, forth, references};
use crate::error::Result;
use crate::schema::contract::{ForeignKey, LogicalType, Table};

/// Whether the check derives from the cleaning steps or from foreign keys, not from single rows.
pub(crate) fn follows(check: &Check) -> bool {
    let of_reference = |(table, key): (&Table, &ForeignKey)| {
        (check.table == table.name && check.check == forth(key))
            || (check.table == key.table.name() && check.check == back(table, key))
    };
    check.check.starts_with("the key `") || references().any(of_reference)
}

impl Quality {
    /// Updates a check: subtracts `then`, its result on the affected rows before the delta, and adds `now`, its result after it.
    ///
    /// `first` finds the first failing rows of the whole table, if they cannot be derived.
    pub(crate) fn grow(
        &mut self,
        table: &Table,
        then: Option<Check>,
        now: Check,
        first: impl FnOnce() -> Result<Vec<String>>,
    ) -> Grows<()> {
        let Some(known) = self.checks.iter_mut().find(|known| known.table == now.table && known.check == now.check)
        else {
            return reload(format!("the last run did not check this: {}", now.check));
        };
        let none = Check { failed: 0, total: 0, samples: Vec::new(), ..now.clone() };
        *known = grown(known, &then.unwrap_or(none), &now, |sample| place(table, sample), || Ok(first()?))?;
        Ok(())
    }
}

/// The updated check. Its samples are the first failures by `place`; `search` finds them if they cannot be derived.
fn grown<K: Ord>(
    known: &Check,
    then: &Check,
    now: &Check,
    place: impl Fn(&str) -> K,
    search: impl FnOnce() -> Grows<Vec<String>>,
) -> Grows<Check> {
    let failed = (known.failed + now.failed) - then.failed;
    let total = (known.total + now.total) - then.total;
    let mut samples = known.samples.clone();
    for sample in &then.samples {
        samples.iter().position(|known| known == sample).map(|at| samples.remove(at));
    }
    samples.extend(now.samples.iter().cloned());
    samples.sort_by_key(|sample| place(sample));
    samples.dedup();
    // The list was full: failures that were not listed may come before new ones that sort after its last entry.
    if known.samples.len() == SAMPLES && known.failed > SAMPLES {
        let last = known.samples.iter().map(|sample| place(sample)).max();
        samples.retain(|sample| last.as_ref().is_some_and(|last| place(sample) <= *last));
        if samples.len() < SAMPLES {
            samples = search()?;
        }
    }
    samples.truncate(SAMPLES);
    Ok(Check { failed, total, samples, ..known.clone() })
}

/// A part of a key, in its sort order.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Number(u64),
    Text(String),
}

/// The position of the row with this key in the sort order of its table.
fn place(table: &Table, sample: &str) -> Vec<Part> {
    let part = |(place, text): (usize, &str)| {
        let column = table.key.get(place).and_then(|name| table.column(name));
        match (column.map(|column| column.kind), text.parse()) {
            (Some(LogicalType::Integer(..)), Ok(number)) => Part::Number(number),
            _ => Part::Text(text.into()),
        }
    };
    sample.split(" + ").enumerate().map(part).collect()
}

impl Measured {
    /// The results for a foreign key in the audit of the previous run; `None` if it lacks them.
    pub(crate) fn told(audit: &Audit, table: &Table, key: &ForeignKey) -> Option<Measured> {
        let check =
            |table: &str, text: &str| audit.quality.iter().find(|c| c.table == table && c.check == text).cloned();
        let (forth, back) = (check(table.name, &forth(key))?, check(key.table.name(), &back(table, key))?);
        let relation = audit.relations.iter().find(|r| r.from.0 == table.name && r.from.1 == key.column)?;
        let per_parent = (back.total > 0).then_some(relation.per_parent);
        let referring = audit.referring.get(&(table.id, key.column)).cloned();
        Some(Measured { forth, back, per_parent, referring, folds: false })
    }

    /// Updates the results of a foreign key: subtracts `then`, measured on the affected rows before the delta, and adds `now`, measured
    /// after it. `first` finds the first failures of one of the checks, if they cannot be derived.
    pub(crate) fn grow(
        self,
        then: &Measured,
        now: &Measured,
        first: impl Fn(fn(Measured) -> Check) -> Grows<Vec<String>>,
    ) -> Grows<Measured> {
        let text = |value: &str| value.to_string();
        let forth = grown(&self.forth, &then.forth, &now.forth, text, || first(|measured| measured.forth))?;
        let back = grown(&self.back, &then.back, &now.back, text, || first(|measured| measured.back))?;
        let unsure = || reload(format!("the least number of rows is not known: {}", self.back.check));
        let per_parent = match (self.per_parent, then.per_parent, now.per_parent) {
            (known, _, None) => known,
            (None, _, now) => now,
            (Some(known), then, Some(now)) => {
                if then.is_some_and(|then| then.0 < known.0 || then.1 > known.1) {
                    return unsure();
                }
                let least = match then {
                    _ if back.failed > 0 => 0,
                    _ if now.0 <= known.0 && known.0 > 0 => now.0,
                    Some(then) if then.0 == known.0 => return unsure(),
                    _ if known.0 == 0 => return unsure(),
                    _ => known.0,
                };
                Some((least, known.1.max(now.1)))
            }
        };
        Ok(Measured { forth, back, per_parent, referring: self.referring, folds: false })
    }
}

impl Reference<'_> {
    /// Continues from the previous run's counts; returns false if they are for another number of values.
    pub(crate) fn go_on(&mut self, measured: Measured) -> bool {
        let Some(referring) = measured.referring.filter(|known| known.len() == self.referring.len()) else {
            return false;
        };
        self.referring = referring;
        (self.total, self.orphans) = (measured.forth.total, measured.forth.failed);
        self.samples = measured.forth.samples.into_iter().collect();
        true
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::clean::audit::Severity;
    use crate::schema::contract::TableId;

    fn check(failed: usize, samples: &[&str]) -> Check {
        let samples = samples.iter().map(|sample| sample.to_string()).collect();
        Check { table: "order_items".into(), check: "x".into(), severity: Severity::Info, failed, total: 100, samples }
    }

    #[test]
    fn samples_are_those_of_all_rows_or_none_are_told() {
        let items = |sample: &str| place(TableId::OrderItems.table(), sample);
        let none = check(0, &[]);
        let grown = |known: &Check, then: &Check, now: &Check| grown(known, then, now, items, || reload("searched"));
        let base = check(9, &["b + 2", "b + 10", "d + 1", "e + 1", "f + 1"]);
        let all = grown(&base, &none, &check(2, &["b + 3", "g + 1"])).unwrap();
        assert_eq!((all.failed, all.total), (11, 100));
        assert_eq!(all.samples, ["b + 2", "b + 3", "b + 10", "d + 1", "e + 1"]);
        // One of five listed failures is resolved, and the sixth was never listed.
        assert!(grown(&base, &check(1, &["d + 1"]), &none).is_err());
        let four = check(4, &["b + 2", "b + 10", "d + 1", "e + 1"]);
        assert_eq!(grown(&four, &check(1, &["d + 1"]), &none).unwrap().samples.len(), 3);
        assert_eq!(grown(&four, &none, &check(1, &["g + 1"])).unwrap().samples.len(), 5);
    }
}
