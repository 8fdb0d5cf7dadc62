//! Foreign keys, measured in both directions: rows without a parent, values without a child. Part of the checks.

use std::collections::BTreeSet;

use polars::prelude::*;

use super::outcome::{SAMPLES, add, outcome};
use crate::clean::audit::Check;
use crate::clean::audit::Severity::{Error as Wrong, Info, Warning};
use crate::error::{Error, Result};
use crate::schema::contract::{BY_MONTH, ForeignKey, TABLES, Table, TableId};
use crate::table::interner::Interner;

/// Every foreign key of the contract, with its table.
pub(crate) fn references() -> impl Iterator<Item = (&'static Table, &'static ForeignKey)> {
    TABLES.iter().flat_map(|t| t.foreign_keys.iter().map(move |key| (t, key)))
}

/// A foreign key: its table and column.
pub(crate) type Key = (TableId, &'static str);

/// References fail as a whole where at least this share of the rows, in percent, has no partner; fewer rows than the second prove nothing.
const DISCONNECTED_PERCENT: usize = 99;

const MIN_REFERENCES: usize = 20;

/// Name of the child → parent check: each reference finds its row.
pub(crate) fn child_to_parent(key: &ForeignKey) -> String {
    format!("`{}` is in `{}`", key.column, key.table.name())
}

/// Name of the parent → child check: each value is referenced by rows of `from`.
pub(crate) fn parent_to_child(from: &Table, key: &ForeignKey) -> String {
    format!("`{}` is used by `{}.{}`", key.references, from.name, key.column)
}

/// Measures a foreign key in both directions.
pub(crate) struct Reference<'a> {
    table: &'static Table,
    key: &'static ForeignKey,
    /// The values of the referenced column.
    values: Interner<'a>,
    /// Number of referencing rows, per value.
    pub(crate) referring: Vec<usize>,
    /// Number of rows that reference something, and of orphans among them; the first missing values in alphabetical order, which unlike the
    /// first rows can be merged from those of parts.
    pub(crate) total: usize,
    pub(crate) orphans: usize,
    pub(crate) samples: BTreeSet<String>,
}

impl<'a> Reference<'a> {
    /// `target` is the referenced table.
    pub(crate) fn new(table: &'static Table, key: &'static ForeignKey, target: &'a DataFrame) -> Result<Reference<'a>> {
        let values = Interner::of(target.column(key.references)?.str()?.iter().flatten());
        let referring = vec![0; values.texts().len()];
        Ok(Reference { table, key, values, referring, total: 0, orphans: 0, samples: BTreeSet::new() })
    }

    /// Counts the rows of `referring`. Returns the position of each row's value among the distinct values; where these are a key, that is
    /// the row in `target`.
    pub(crate) fn add(&mut self, referring: &DataFrame) -> Result<IdxCa> {
        let children = referring.column(self.key.column)?.str()?;
        self.total += children.len() - children.null_count();
        let positions = self.values.find(children);
        for (child, position) in children.iter().zip(&positions) {
            match (child, position) {
                (_, Some(position)) => self.referring[*position as usize] += 1,
                (Some(child), None) => {
                    self.orphans += 1;
                    let first =
                        self.samples.len() < SAMPLES || self.samples.last().is_some_and(|last| child < last.as_str());
                    if first && self.samples.insert(child.into()) && self.samples.len() > SAMPLES {
                        self.samples.pop_last();
                    }
                }
                (None, None) => {}
            }
        }
        Ok(positions.into_iter().collect())
    }

    /// Results in both directions: referencing rows without a parent, and values without a child.
    pub(crate) fn measured(self) -> Measured {
        let values = self.values.texts();
        let unused = || values.iter().zip(&self.referring).filter(|(_, n)| **n == 0).map(|(value, _)| *value);
        let counted = Counted {
            total: self.total,
            orphans: self.orphans,
            samples: self.samples.into_iter().collect(),
            values: values.len(),
            unused: unused().count(),
            first_unused: unused().take(SAMPLES).map(String::from).collect(),
            per_parent: self.referring.iter().min().copied().zip(self.referring.iter().max().copied()),
        };
        let mut measured = Measured::new(self.table, self.key, counted);
        let differs_in_case =
            |sample: &String| self.values.texts().iter().any(|value| value.eq_ignore_ascii_case(sample));
        measured.differs_in_case =
            measured.is_disconnected() && measured.child_to_parent.samples.iter().any(differs_in_case);
        measured.referring = (!BY_MONTH.contains(&self.key.table)).then_some(self.referring);
        measured
    }
}

/// Counts of a foreign key in both directions.
pub(crate) struct Counted {
    /// Rows that reference something, those among them without a parent, and the first missing values.
    pub(crate) total: usize,
    pub(crate) orphans: usize,
    pub(crate) samples: Vec<String>,
    /// Referenced values, those among them without a child, and the first of these.
    pub(crate) values: usize,
    pub(crate) unused: usize,
    pub(crate) first_unused: Vec<String>,
    /// Least and greatest number of children per value; `None` if there are no values.
    pub(crate) per_parent: Option<(usize, usize)>,
}

/// Results of a foreign key on some rows.
pub(crate) struct Measured {
    pub(crate) child_to_parent: Check,
    pub(crate) parent_to_child: Check,
    /// Least and greatest number of children per value; `None` if there are no values.
    pub(crate) per_parent: Option<(usize, usize)>,
    /// Number of children per value, for a short parent table.
    pub(crate) referring: Option<Vec<usize>>,
    /// Whether nearly all references lead nowhere, but the first missing values are there in another case.
    pub(crate) differs_in_case: bool,
}

impl Measured {
    pub(crate) fn new(from: &Table, key: &ForeignKey, counted: Counted) -> Measured {
        let Counted { total, orphans, samples, values, unused, first_unused, per_parent } = counted;
        let severity = if key.strict { Wrong } else { Warning };
        Measured {
            child_to_parent: outcome(from, child_to_parent(key), severity, (orphans, total), samples),
            parent_to_child: outcome(
                key.table.table(),
                parent_to_child(from, key),
                Info,
                (unused, values),
                first_unused,
            ),
            per_parent,
            referring: None,
            differs_in_case: false,
        }
    }

    /// Whether (almost) all references lead nowhere.
    fn is_disconnected(&self) -> bool {
        let Check { failed, total, .. } = self.child_to_parent;
        total >= MIN_REFERENCES && failed * 100 >= total * DISCONNECTED_PERCENT
    }

    /// # Errors
    /// (Almost) all references lead nowhere: these are not the rows of the same data.
    pub(super) fn refuse_disconnected(&self, table: &Table, key: &ForeignKey) -> Result<()> {
        if !self.is_disconnected() {
            return Ok(());
        }
        let Check { failed, total, samples, .. } = &self.child_to_parent;
        let (column, parent) = (key.column, key.table.name());
        let example = |samples: &[String]| samples.first().map_or(String::new(), |id| format!(", such as `{id}`"));
        let existing_ids = match self.parent_to_child.samples.first() {
            Some(id) => format!("; `{parent}` holds ids such as `{id}`"),
            None => String::new(),
        };
        let message = format!(
            "{failed} of the {total} rows of `{}` have an `{column}` that is not in `{parent}`{}{existing_ids}",
            table.name,
            example(samples)
        );
        // The ids of a range of orders are all in one case, so that a difference of case shows in their form alone.
        let hint = match (case(samples), case(&self.parent_to_child.samples)) {
            (Some(child), Some(other)) if child != other => format!(
                "`{column}` is in {child} case in `{}` and in {other} case in `{parent}`: write it alike in both",
                table.name
            ),
            _ if self.differs_in_case => {
                format!("the same ids are there in another case: write `{column}` alike in all files")
            }
            _ => "the files are not of the same data, or the ids of one of them were changed".into(),
        };
        Err(Error::input(message).with_hint(hint))
    }

    /// Clears the parent → child results, which are valid only if all children were counted.
    pub(crate) fn only_child_to_parent(mut self) -> Measured {
        (self.parent_to_child.failed, self.parent_to_child.total, self.per_parent) = (0, 0, None);
        self.parent_to_child.samples.clear();
        self
    }

    /// Clears the child → parent results, which are valid only if all parents were known.
    pub(crate) fn only_parent_to_child(mut self) -> Measured {
        (self.child_to_parent.failed, self.child_to_parent.total) = (0, 0);
        self.child_to_parent.samples.clear();
        self
    }

    pub(super) fn add(&mut self, later: Measured) {
        self.child_to_parent.failed += later.child_to_parent.failed;
        self.child_to_parent.total += later.child_to_parent.total;
        let samples: BTreeSet<String> =
            self.child_to_parent.samples.drain(..).chain(later.child_to_parent.samples).collect();
        self.child_to_parent.samples.extend(samples.into_iter().take(SAMPLES));
        self.differs_in_case |= later.differs_in_case;
        add(&mut self.parent_to_child, later.parent_to_child);
        self.per_parent = match (self.per_parent, later.per_parent) {
            (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
            (a, b) => a.or(b),
        };
    }
}

/// The case of the letters in ids, if all of them share one.
fn case(ids: &[String]) -> Option<&'static str> {
    let all = |is: fn(&char) -> bool| {
        let letters = |id: &String| id.chars().filter(|c| c.is_alphabetic()).all(|c| is(&c));
        ids.iter().any(|id| id.contains(char::is_alphabetic)) && ids.iter().all(letters)
    };
    match (all(|c| c.is_uppercase()), all(|c| c.is_lowercase())) {
        (true, false) => Some("upper"),
        (false, true) => Some("lower"),
        _ => None,
    }
}
