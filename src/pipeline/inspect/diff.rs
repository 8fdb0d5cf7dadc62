//! Two finished runs → the differences between their tables. Used by `pfe report --diff`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::error::{Error, Result};
use crate::pipeline::outputs::manifest::{Manifest, listed};

/// Columns that identify a row; all others are compared.
const NAMES: [&str; 21] = [
    "category",
    "state",
    "payment_type",
    "product_id",
    "year",
    "month",
    "date",
    "by",
    "series",
    "period",
    "from",
    "to",
    "cutoffs",
    "model",
    "indicator",
    "choice",
    "city",
    "table",
    "step",
    "feature",
    "check",
];

/// Differences between two runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Diff {
    /// Differences of origin (program, parameters, inputs): name, old value, new value.
    pub origins: Vec<(String, String, String)>,
    /// Tables that differ.
    pub tables: Vec<TableDiff>,
    /// Number of equal tables.
    pub same: usize,
}

/// Differences within one table.
#[derive(Debug, Clone, PartialEq)]
pub struct TableDiff {
    /// Name of the table.
    pub name: String,
    /// Number of new rows.
    pub added: usize,
    /// Number of removed rows.
    pub removed: usize,
    /// Changed values, the greatest relative change first.
    pub changed: Vec<Change>,
}

/// A changed value.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Names that identify the row.
    pub row: String,
    /// Column.
    pub column: String,
    /// Value in the old run.
    pub old: String,
    /// Value in the new run.
    pub new: String,
}

impl Change {
    /// Relative change; `None` unless both values are numbers.
    pub fn relative(&self) -> Option<f64> {
        let (old, new): (f64, f64) = (self.old.parse().ok()?, self.new.parse().ok()?);
        (old != 0.0).then(|| (new - old) / old.abs())
    }

    /// Sort weight among the changes: values that are not numbers come first.
    fn weight(&self) -> f64 {
        self.relative().map_or(f64::INFINITY, f64::abs)
    }
}

/// Compares the tables of the runs in `old` and `new`.
///
/// # Errors
/// A folder holds no finished run, or a table cannot be read.
pub fn diff(old: &Path, new: &Path) -> Result<Diff> {
    let (old_run, new_run) = (Manifest::load(old)?.core, Manifest::load(new)?.core);
    let json = |parameters: &crate::results::Parameters| serde_json::to_value(parameters).unwrap_or_default();
    let (old_parameters, new_parameters) = (json(&old_run.parameters), json(&new_run.parameters));
    let mut origins = vec![("program".to_string(), old_run.code, new_run.code)];
    for (name, value) in new_parameters.as_object().into_iter().flatten() {
        origins.push((format!("parameter `{name}`"), old_parameters[name].to_string(), value.to_string()));
    }
    let inputs: BTreeSet<&str> = old_run.inputs.iter().chain(&new_run.inputs).map(|i| i.name.as_str()).collect();
    for name in inputs {
        let hash = |inputs: &[crate::input::identity::InputFile]| {
            inputs.iter().find(|i| i.name == name).map_or("none".into(), |i| i.blake3.chars().take(16).collect())
        };
        origins.push((format!("input `{name}`"), hash(&old_run.inputs), hash(&new_run.inputs)));
    }
    origins.retain(|(_, old, new)| old != new);
    let outputs = [&old_run.outputs, &new_run.outputs].into_iter().flatten().map(|file| file.path.as_str());
    let tables: BTreeSet<&str> = outputs.filter(|path| name_of(path).is_some()).collect();
    let mut result = Diff { origins, tables: Vec::new(), same: 0 };
    for path in tables {
        let table = compare(name_of(path).unwrap_or(path), &rows(old, path)?, &rows(new, path)?);
        if table.added + table.removed + table.changed.len() == 0 {
            result.same += 1;
        } else {
            result.tables.push(table);
        }
    }
    Ok(result)
}

/// Row names → column → value.
type Rows = BTreeMap<String, BTreeMap<String, String>>;

/// Name of the result table at `path`.
fn name_of(path: &str) -> Option<&str> {
    path.strip_prefix("tables/")?.strip_suffix(".csv")
}

/// Rows of a table; a missing table has no rows.
fn rows(run: &Path, path: &str) -> Result<Rows> {
    if run.join(path).symlink_metadata().is_err() {
        return Ok(Rows::new());
    }
    let path = listed(run, path)?;
    let error = |e: csv::Error| Error::input(format!("cannot read `{}`: {e}", path.display()));
    let mut reader = csv::Reader::from_path(&path).map_err(error)?;
    let header = reader.headers().map_err(error)?.clone();
    let mut rows = Rows::new();
    for record in reader.records() {
        let record = record.map_err(error)?;
        let (names, values): (Vec<_>, Vec<_>) =
            header.iter().zip(record.iter()).partition(|(column, _)| NAMES.contains(column));
        let name = names.iter().map(|(_, value)| *value).collect::<Vec<_>>().join(" ");
        rows.insert(name, values.into_iter().map(|(c, v)| (c.to_string(), v.to_string())).collect());
    }
    Ok(rows)
}

fn compare(name: &str, old: &Rows, new: &Rows) -> TableDiff {
    let mut changed = Vec::new();
    for (row, old_row) in old {
        let Some(new_row) = new.get(row) else { continue };
        for (column, value) in old_row {
            let new_value = new_row.get(column).map_or("", String::as_str);
            if new_value != value {
                let (row, column) = (row.clone(), column.clone());
                changed.push(Change { row, column, old: value.clone(), new: new_value.into() });
            }
        }
    }
    changed.sort_by(|a, b| b.weight().total_cmp(&a.weight()).then_with(|| a.row.cmp(&b.row)));
    let missing = |from: &Rows, of: &Rows| from.keys().filter(|row| !of.contains_key(*row)).count();
    TableDiff { name: name.into(), added: missing(new, old), removed: missing(old, new), changed }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_compared_by_their_names() {
        let row =
            |name: &str, value: &str| (name.to_string(), BTreeMap::from([("revenue".to_string(), value.to_string())]));
        let old = Rows::from([row("a", "10"), row("b", "100"), row("c", "1")]);
        let new = Rows::from([row("a", "11"), row("b", "50"), row("d", "1")]);
        let table = compare("x", &old, &new);
        assert_eq!((table.added, table.removed, table.changed.len()), (1, 1, 2));
        assert_eq!((table.changed[0].row.as_str(), table.changed[0].relative()), ("b", Some(-0.5)));
        assert_eq!(compare("x", &old, &old).changed, []);
    }
}
