//! The rows of an export as text: columns by name, with the file and line of each row. Made by `input::export`; used by `lines`.

use std::collections::{BTreeMap, HashMap};

use polars::prelude::*;

use super::description::Fill;
use super::values::present;
use crate::error::{Error, Result};

/// Rows of one or several files of an export with the same columns, as text.
#[derive(Debug, Clone, Default)]
pub struct Sheet {
    /// Names of the files.
    pub files: Vec<String>,
    /// For each row, its file and its line, from 1.
    pub origins: Vec<(u16, u32)>,
    /// All headers of the files, for messages; not all of their columns are read.
    pub headers: Vec<String>,
    /// Columns under the names that the description gives them.
    columns: BTreeMap<String, StringChunked>,
}

impl Sheet {
    /// An empty sheet with these columns.
    pub fn new(files: Vec<String>, origins: Vec<(u16, u32)>, columns: BTreeMap<String, StringChunked>) -> Sheet {
        let headers = columns.keys().cloned().collect();
        Sheet { files, origins, headers, columns }
    }

    /// Number of rows.
    pub fn height(&self) -> usize {
        self.origins.len()
    }

    /// The column of this name, without case and surrounding spaces.
    pub fn column(&self, name: &str) -> Option<&StringChunked> {
        let found = || self.columns.iter().find(|(known, _)| names_header(name, &header_key(known)));
        self.columns.get(name).or_else(|| found().map(|(_, column)| column))
    }

    /// The names of the columns.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.keys().map(String::as_str)
    }

    /// Adds a column.
    pub fn insert(&mut self, name: &str, column: StringChunked) {
        self.columns.insert(name.into(), column);
    }

    /// The rows at these positions, in this order.
    ///
    /// # Errors
    /// polars fails.
    pub fn take(&self, rows: &[IdxSize]) -> Result<Sheet> {
        let positions = IdxCa::from_vec("row".into(), rows.to_vec());
        let columns = self.columns.iter().map(|(name, column)| Ok((name.clone(), column.take(&positions)?)));
        Ok(Sheet {
            files: self.files.clone(),
            headers: self.headers.clone(),
            origins: rows.iter().map(|row| self.origins[*row as usize]).collect(),
            columns: columns.collect::<Result<_>>()?,
        })
    }

    /// Joins the columns of `other` under the names `prefix.column`: for each row the first row of `other` whose `right` equals `left`.
    ///
    /// # Errors
    /// A column is missing, or polars fails.
    pub fn join(&mut self, other: &Sheet, prefix: &str, left: &str, right: &str) -> Result<()> {
        let missing = |name: &str| Error::input(format!("the column `{name}`, by which files are joined, is missing"));
        let keys = other.column(right).ok_or_else(|| missing(right))?;
        let mut first: HashMap<&str, IdxSize> = HashMap::new();
        for (row, key) in keys.iter().enumerate() {
            if let Some(key) = key.map(str::trim).filter(|key| !key.is_empty()) {
                first.entry(key).or_insert(row as IdxSize);
            }
        }
        let found = |key: Option<&str>| key.and_then(|key| first.get(key.trim()).copied());
        let positions: IdxCa = self.column(left).ok_or_else(|| missing(left))?.iter().map(found).collect();
        let joined =
            other.columns.iter().map(|(name, column)| Ok((format!("{prefix}.{name}"), column.take(&positions)?)));
        let joined: Vec<(String, StringChunked)> = joined.collect::<Result<_>>()?;
        self.columns.extend(joined);
        Ok(())
    }

    /// Repeats the first value of each group of rows in all of its rows.
    pub fn fill(&mut self, how: &Fill) {
        let Some(by) = self.column(&how.by).cloned() else { return };
        for name in &how.columns {
            let Some(column) = self.column(name) else { continue };
            let mut group: (Option<&str>, Option<&str>) = (None, None);
            let filled = by.iter().zip(column.iter()).map(|(key, value)| {
                if key != group.0 {
                    group = (key, None);
                }
                group.1 = group.1.or(present(value));
                group.1
            });
            let filled: StringChunked = filled.collect();
            self.columns.insert(name.clone(), filled);
        }
    }

    /// Whether a row has no value in any of the columns.
    pub fn is_blank(&self, row: usize) -> bool {
        self.columns.values().all(|column| present(column.get(row)).is_none())
    }

    /// File and line of a row, for messages.
    pub fn place(&self, row: usize) -> String {
        let (file, line) = self.origins[row];
        format!("`{}`, line {line}", self.files.get(usize::from(file)).map_or("", String::as_str))
    }
}

/// A header as headers are compared: without case, surrounding spaces, quotes and a byte-order mark.
pub fn header_key(name: &str) -> String {
    name.trim_start_matches('\u{feff}').trim_matches(|c: char| c.is_whitespace() || c == '"').to_lowercase()
}

/// Whether a name of a description stands for the header with this key: `a|b` is one of two, `a*` any that starts so.
pub fn names_header(name: &str, key: &str) -> bool {
    name.split('|').any(|name| match name.strip_suffix('*') {
        Some(start) => key.starts_with(&header_key(start)),
        None => header_key(name) == key,
    })
}

/// Names of columns in the order of a file; the second of two equal names is called `name#2`.
pub fn distinct(headers: &[String]) -> Vec<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut name = |header: &String| {
        let count = seen.entry(header_key(header)).or_default();
        *count += 1;
        let header = header.trim_start_matches('\u{feff}').trim();
        if *count == 1 { header.to_string() } else { format!("{header}#{count}") }
    };
    headers.iter().map(&mut name).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(crate) mod tests {
    use super::*;

    /// A sheet of one file.
    pub(crate) fn sheet(headers: &[&str], rows: &[&[&str]]) -> Sheet {
        let column = |at: usize| rows.iter().map(|row| Some(row[at]).filter(|text| !text.is_empty())).collect();
        let columns = headers.iter().enumerate().map(|(at, name)| (name.to_string(), column(at))).collect();
        let origins = (0..rows.len()).map(|row| (0, row as u32 + 2)).collect();
        Sheet::new(vec!["orders.csv".into()], origins, columns)
    }

    #[test]
    fn the_second_of_two_equal_names_has_a_number() {
        let names = distinct(&["\u{feff}Estado ".into(), "b".into(), "estado".into()]);
        assert_eq!(names, ["Estado", "b", "estado#2"]);
    }

    #[test]
    fn a_join_takes_the_first_row_of_a_key() {
        let mut lines = sheet(&["sku"], &[&["a"], &["b"], &[""], &["c"]]);
        let products = sheet(&["id", "type"], &[&["b", "B"], &["a", "A"], &["a", "A2"]]);
        lines.join(&products, "products", "SKU", "id").unwrap();
        let types: Vec<Option<&str>> = lines.column("products.type").unwrap().iter().collect();
        assert_eq!(types, [Some("A"), Some("B"), None, None]);
        assert!(lines.join(&products, "products", "sku", "code").is_err());
    }
}
