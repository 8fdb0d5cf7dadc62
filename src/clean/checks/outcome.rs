//! The result of a check: rows that fail, rows in all, and the first failures by name. Used by `rules`, `references`, `quality`.

use polars::prelude::*;

use crate::clean::audit::{Check, Severity};
use crate::error::Result;
use crate::schema::contract::Table;

/// Most failing rows that a check names.
pub(crate) const SAMPLES: usize = 5;

/// The result of a check; `failing` has the key columns of the failing rows.
pub(super) fn result(
    table: &Table,
    check: String,
    severity: Severity,
    failing: &DataFrame,
    total: usize,
) -> Result<Check> {
    Ok(outcome(table, check, severity, (failing.height(), total), samples(failing)?))
}

/// The first rows, each as text.
pub(crate) fn samples(rows: &DataFrame) -> Result<Vec<String>> {
    let sample = |row: usize| -> Result<String> {
        let values = rows.columns().iter().map(|c| Ok(c.get(row)?.str_value().into_owned()));
        Ok(values.collect::<Result<Vec<_>>>()?.join(" + "))
    };
    (0..rows.height().min(SAMPLES)).map(sample).collect()
}

/// The result of a check from its counts, failed and total, and its samples.
pub(crate) fn outcome(
    table: &Table,
    check: String,
    severity: Severity,
    (failed, total): (usize, usize),
    samples: Vec<String>,
) -> Check {
    Check { table: table.name.into(), check, severity, failed, total, samples }
}

/// Merges the result of the same check on later rows.
pub(super) fn add(check: &mut Check, later: Check) {
    check.failed += later.failed;
    check.total += later.total;
    check.samples.extend(later.samples);
    check.samples.truncate(SAMPLES);
}
