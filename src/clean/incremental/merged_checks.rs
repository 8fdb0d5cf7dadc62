//! Checks of all rows in the previous run + checks of the affected rows before and after the delta → checks of all rows now. Used by
//! `delta`.

use super::{DeltaResult, full_reload};
use crate::clean::audit::{Audit, Check};
use crate::clean::checks::outcome::SAMPLES;
use crate::clean::checks::quality::Quality;
use crate::clean::checks::references::{Measured, Reference, child_to_parent, parent_to_child, references};
use crate::error::Result;
use crate::schema::contract::{ForeignKey, LogicalType, Table};

/// Whether the check derives from the cleaning steps or from foreign keys, not from single rows.
pub(crate) fn is_derived(check: &Check) -> bool {
    let of_reference = |(table, key): (&Table, &ForeignKey)| {
        (check.table == table.name && check.check == child_to_parent(key))
            || (check.table == key.table.name() && check.check == parent_to_child(table, key))
    };
    check.check.starts_with("the key `") || references().any(of_reference)
}

impl Quality {
    /// Updates a check: subtracts `old`, its result on the affected rows before the delta, and adds `new`, its result after it.
    ///
    /// `find_first` finds the first failing rows of the whole table, if they cannot be derived.
    pub(crate) fn update(
        &mut self,
        table: &Table,
        old: Option<Check>,
        new: Check,
        find_first: impl FnOnce() -> Result<Vec<String>>,
    ) -> DeltaResult<()> {
        let Some(previous) =
            self.checks.iter_mut().find(|previous| previous.table == new.table && previous.check == new.check)
        else {
            return full_reload(format!("the last run lacks this check: {}", new.check));
        };
        let zero = Check { failed: 0, total: 0, samples: Vec::new(), ..new.clone() };
        *previous =
            updated(previous, &old.unwrap_or(zero), &new, |sample| sort_position(table, sample), || Ok(find_first()?))?;
        Ok(())
    }
}

/// The updated check. Its samples are the first failures by `sort_position`; `search` finds them if they cannot be derived.
fn updated<K: Ord>(
    previous: &Check,
    old: &Check,
    new: &Check,
    sort_position: impl Fn(&str) -> K,
    search: impl FnOnce() -> DeltaResult<Vec<String>>,
) -> DeltaResult<Check> {
    let failed = (previous.failed + new.failed) - old.failed;
    let total = (previous.total + new.total) - old.total;
    let mut samples = previous.samples.clone();
    for sample in &old.samples {
        samples.iter().position(|other| other == sample).map(|at| samples.remove(at));
    }
    samples.extend(new.samples.iter().cloned());
    samples.sort_by_key(|sample| sort_position(sample));
    samples.dedup();
    // The list was full: failures that were not listed may come before new ones that sort after its last entry.
    if previous.samples.len() == SAMPLES && previous.failed > SAMPLES {
        let last = previous.samples.iter().map(|sample| sort_position(sample)).max();
        samples.retain(|sample| last.as_ref().is_some_and(|last| sort_position(sample) <= *last));
        if samples.len() < SAMPLES {
            samples = search()?;
        }
    }
    samples.truncate(SAMPLES);
    Ok(Check { failed, total, samples, ..previous.clone() })
}

/// A part of a key, in its sort order.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Number(u64),
    Text(String),
}

/// The position of the row with this key in the sort order of its table.
fn sort_position(table: &Table, sample: &str) -> Vec<Part> {
    let part = |(index, text): (usize, &str)| {
        let column = table.key.get(index).and_then(|name| table.column(name));
        match (column.map(|column| column.kind), text.parse()) {
            (Some(LogicalType::Integer(..)), Ok(number)) => Part::Number(number),
            _ => Part::Text(text.into()),
        }
    };
    sample.split(" + ").enumerate().map(part).collect()
}

impl Measured {
    /// The results for a foreign key in the audit of the previous run; `None` if it lacks them.
    pub(crate) fn of_previous_run(audit: &Audit, table: &Table, key: &ForeignKey) -> Option<Measured> {
        let check =
            |table: &str, text: &str| audit.quality.iter().find(|c| c.table == table && c.check == text).cloned();
        let (child_to_parent, parent_to_child) =
            (check(table.name, &child_to_parent(key))?, check(key.table.name(), &parent_to_child(table, key))?);
        let relation = audit.relations.iter().find(|r| r.from.0 == table.name && r.from.1 == key.column)?;
        let per_parent = (parent_to_child.total > 0).then_some(relation.per_parent);
        Some(Measured {
            child_to_parent,
            parent_to_child,
            per_parent,
            referring: audit.referring.get(&(table.id, key.column)).cloned(),
            differs_in_case: false,
        })
    }

    /// Updates the results of a foreign key: subtracts `old`, measured on the affected rows before the delta, and adds `new`, measured
    /// after it. `find_first` finds the first failures of one of the checks, if they cannot be derived.
    pub(crate) fn update(
        self,
        old: &Measured,
        new: &Measured,
        find_first: impl Fn(fn(Measured) -> Check) -> DeltaResult<Vec<String>>,
    ) -> DeltaResult<Measured> {
        let text = |value: &str| value.to_string();
        let child_to_parent = updated(&self.child_to_parent, &old.child_to_parent, &new.child_to_parent, text, || {
            find_first(|measured| measured.child_to_parent)
        })?;
        let parent_to_child = updated(&self.parent_to_child, &old.parent_to_child, &new.parent_to_child, text, || {
            find_first(|measured| measured.parent_to_child)
        })?;
        let reload =
            || full_reload(format!("the least number of rows per value is not known: {}", self.parent_to_child.check));
        let per_parent = match (self.per_parent, old.per_parent, new.per_parent) {
            (previous, _, None) => previous,
            (None, _, new) => new,
            (Some(previous), old, Some(new)) => {
                if old.is_some_and(|old| old.0 < previous.0 || old.1 > previous.1) {
                    return reload();
                }
                let least = match old {
                    _ if parent_to_child.failed > 0 => 0,
                    _ if new.0 <= previous.0 && previous.0 > 0 => new.0,
                    Some(old) if old.0 == previous.0 => return reload(),
                    _ if previous.0 == 0 => return reload(),
                    _ => previous.0,
                };
                Some((least, previous.1.max(new.1)))
            }
        };
        Ok(Measured { child_to_parent, parent_to_child, per_parent, referring: self.referring, differs_in_case: false })
    }
}

impl Reference<'_> {
    /// Continues from the previous run's counts; returns false if they are for another number of values.
    pub(crate) fn continue_from(&mut self, measured: Measured) -> bool {
        let Some(referring) = measured.referring.filter(|previous| previous.len() == self.referring.len()) else {
            return false;
        };
        self.referring = referring;
        (self.total, self.orphans) = (measured.child_to_parent.total, measured.child_to_parent.failed);
        self.samples = measured.child_to_parent.samples.into_iter().collect();
        true
    }
}

#[cfg(test)]
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
        let items = |sample: &str| sort_position(TableId::OrderItems.table(), sample);
        let zero = check(0, &[]);
        let updated =
            |previous: &Check, old: &Check, new: &Check| updated(previous, old, new, items, || full_reload("searched"));
        let base = check(9, &["b + 2", "b + 10", "d + 1", "e + 1", "f + 1"]);
        let all = updated(&base, &zero, &check(2, &["b + 3", "g + 1"])).unwrap();
        assert_eq!((all.failed, all.total), (11, 100));
        assert_eq!(all.samples, ["b + 2", "b + 3", "b + 10", "d + 1", "e + 1"]);
        // One of five listed failures is resolved, and the sixth was never listed.
        assert!(updated(&base, &check(1, &["d + 1"]), &zero).is_err());
        let four = check(4, &["b + 2", "b + 10", "d + 1", "e + 1"]);
        assert_eq!(updated(&four, &check(1, &["d + 1"]), &zero).unwrap().samples.len(), 3);
        assert_eq!(updated(&four, &zero, &check(1, &["g + 1"])).unwrap().samples.len(), 5);
    }
}
