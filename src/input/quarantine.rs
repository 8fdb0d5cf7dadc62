//! Rows and values that break the contract → Quarantine, which counts all of them and lists most. Filled by `table_builder` and `clean`;
//! part of the Audit.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::schema::contract::Scope;
use crate::schema::dates;
use crate::schema::parse::NOT_A_DATE;

/// Most characters of a field that are kept.
pub(crate) const MAX_FIELD_LENGTH: usize = 1_000;
/// Most characters of a record that are kept.
const MAX_RECORD_LENGTH: usize = 10_000;
/// Most characters of a value that are kept.
const MAX_VALUE_LENGTH: usize = 200;
/// Most bytes listed per table; the rest is only counted. Up to half of a table may be quarantined, however long it is.
const MAX_LISTED: usize = 32 << 20;
/// After this many rows, reading stops if all of them failed.
const EARLY_CHECK: usize = 10_000;

/// A quarantined row or value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantined {
    /// The file that it is from.
    pub file: String,
    /// The line on which it starts, from 1; `None` from a remote engine, which does not report lines.
    pub line: Option<u64>,
    /// Whether the row is quarantined, or the value alone.
    #[serde(rename = "set_aside")]
    pub scope: Scope,
    /// The first column that breaks the contract, by its source name.
    pub column: String,
    /// The value, shortened if it is long.
    pub value: String,
    /// The rule that it breaks.
    pub reason: String,
    /// The whole row as CSV; long fields are shortened.
    pub record: String,
}

impl Quarantined {
    pub(crate) fn new(
        file: String,
        line: Option<u64>,
        scope: Scope,
        (column, value): (&str, &str),
        reason: String,
        record: &str,
    ) -> Quarantined {
        let (column, value) = (column.into(), shortened(value, MAX_VALUE_LENGTH).into_owned());
        Quarantined {
            file,
            line,
            scope,
            column,
            value,
            reason,
            record: shortened(record, MAX_RECORD_LENGTH).into_owned(),
        }
    }

    /// Its position in words: the line, or the row itself.
    pub fn place(&self) -> String {
        self.line.map_or_else(|| format!("`{}`", self.record), |line| format!("line {line}"))
    }

    fn bytes(&self) -> usize {
        size_of::<Quarantined>() + self.file.len() + self.value.len() + self.reason.len() + self.record.len()
    }
}

/// The start of a text that has more than `max_length` characters.
pub(crate) fn shortened(text: &str, max_length: usize) -> Cow<'_, str> {
    match text.char_indices().nth(max_length) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}

/// The quarantined rows and values of one table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Quarantine {
    /// The first of them, up to a limit.
    pub listed: Vec<Quarantined>,
    /// Number of quarantined rows.
    pub rows: usize,
    /// Number of values that were quarantined while their rows stay, by the source name of their column.
    pub values: BTreeMap<String, usize>,
    /// What the quarantined rows amount to.
    pub amount: Amount,
    bytes: usize,
}

/// Sum over quarantined rows of the column that [`Table::amount`](crate::schema::contract::Table::amount) names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amount {
    /// The sum, centavos.
    pub centavos: i64,
    /// Number of rows in it. In the other rows the amount itself breaks the contract.
    pub rows: usize,
}

impl Amount {
    /// Adds a row's amount in centavos, if it is known.
    pub(crate) fn add(&mut self, centavos: Option<i64>) {
        self.centavos += centavos.unwrap_or_default();
        self.rows += usize::from(centavos.is_some());
    }

    /// Adds the amount of other rows.
    pub(crate) fn append(&mut self, other: Amount) {
        self.centavos += other.centavos;
        self.rows += other.rows;
    }

    /// Whether no row is in it.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }
}

impl Quarantine {
    pub(crate) fn add(&mut self, item: Quarantined) {
        match item.scope {
            Scope::Row => self.rows += 1,
            Scope::Value => match self.values.get_mut(&item.column) {
                Some(count) => *count += 1,
                None => drop(self.values.insert(item.column.clone(), 1)),
            },
        }
        if self.has_room() {
            self.bytes += item.bytes();
            self.listed.push(item);
        }
    }

    /// Appends the quarantine of later rows.
    pub(crate) fn append(&mut self, later: Quarantine) {
        let Quarantine { listed, rows, values, amount, .. } = later;
        self.amount.append(amount);
        let counts = (self.rows + rows, self.values.clone());
        listed.into_iter().for_each(|item| self.add(item));
        (self.rows, self.values) = counts;
        values.into_iter().for_each(|(column, count)| *self.values.entry(column).or_default() += count);
    }

    /// Adds rows that are counted but not listed.
    pub(crate) fn count_rows(&mut self, rows: usize) {
        self.rows += rows;
    }

    /// Whether the list has not reached its limit.
    pub(crate) fn has_room(&self) -> bool {
        self.bytes < MAX_LISTED
    }

    /// Whether nothing was quarantined.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of quarantined rows and values.
    pub fn len(&self) -> usize {
        self.rows + self.values.values().sum::<usize>()
    }

    /// Called while reading, after each quarantined row or value.
    ///
    /// # Errors
    /// Many rows have been read, and all of them break the contract, or all values of a column do.
    pub(crate) fn refuse_all_broken(&self, file: &str, rows: usize) -> Result<()> {
        if rows == EARLY_CHECK { self.refuse(file, rows, |broken| broken == rows) } else { Ok(()) }
    }

    /// Called at the end of a table.
    ///
    /// # Errors
    /// Most rows break the contract, or most values of a column.
    pub(crate) fn refuse_mostly_broken(&self, file: &str, rows: usize) -> Result<()> {
        self.refuse(file, rows, |broken| broken * 2 > rows)
    }

    fn refuse(&self, file: &str, rows: usize, too_many: impl Fn(usize) -> bool) -> Result<()> {
        let of_rows = || self.listed.iter().find(|item| item.scope == Scope::Row);
        if too_many(self.rows) {
            return Err(mostly_broken(file, rows, self.rows, of_rows()));
        }
        match self.values.iter().find(|(_, count)| too_many(**count)) {
            Some((column, count)) => {
                let first = self.listed.iter().find(|item| item.scope == Scope::Value && item.column == *column);
                Err(mostly_broken(file, rows, *count, first))
            }
            None => Ok(()),
        }
    }

    /// The warnings about a table's quarantine.
    pub(crate) fn warnings(&self, table: &str) -> Vec<String> {
        let mut warnings: Vec<String> = Vec::new();
        for (column, count) in &self.values {
            let is_it = |item: &&Quarantined| item.scope == Scope::Value && item.column == *column;
            let first = self.listed.iter().find(is_it);
            let first = first.map_or(String::new(), |item| {
                format!("; the first is `{}` in {} of `{}`: {}", item.value, item.place(), item.file, item.reason)
            });
            let (values, rows, are) =
                if *count == 1 { ("value", "its row stays", "is") } else { ("values", "their rows stay", "are") };
            warnings.push(format!("{count} {values} of `{column}` in `{table}` {are} set aside, {rows}{first}"));
        }
        if self.listed.len() < self.len() {
            let rest = self.len() - self.listed.len();
            warnings.push(format!(
                "{rest} more rows and values of `{table}` are set aside, which are counted and not listed"
            ));
        }
        warnings
    }
}

/// The error that most rows of a file break the contract.
pub(crate) fn mostly_broken(file: &str, rows: usize, broken: usize, first: Option<&Quarantined>) -> Error {
    let example = first.map_or(String::new(), |first| {
        let Quarantined { column, value, reason, .. } = first;
        format!("; the first is {}, column `{column}`, value `{value}`: {reason}", first.place())
    });
    let hint = match first.filter(|first| first.reason == NOT_A_DATE) {
        Some(first) => not_dates(&first.value),
        None => "the file does not have Olist's format".into(),
    };
    Error::input(format!("{broken} of the {rows} rows of `{file}` {BREAK}{example}")).with_hint(hint)
}

/// In the message that most rows of a file break the contract.
pub(crate) const BREAK: &str = "break the contract";

/// What to do with dates such as `value`.
pub(crate) fn not_dates(value: &str) -> String {
    let looks = dates::looks(value).map_or(String::new(), |looks| format!("`{value}` {looks}; "));
    format!("{looks}pfe reads dates such as {}: write them so", dates::READABLE)
}

/// The fields as a line of CSV, without line break.
pub(crate) fn as_csv<T: AsRef<str>>(fields: impl Iterator<Item = T>) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Writing to memory cannot fail.
    let _ = writer.write_record(fields.map(|field| shortened(field.as_ref(), MAX_FIELD_LENGTH).into_owned()));
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8_lossy(&bytes).trim_end_matches('\n').to_string()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn item(scope: Scope, value: &str) -> Quarantined {
        Quarantined::new("f".into(), Some(2), scope, ("c", value), "wrong".into(), value)
    }

    #[test]
    fn what_is_long_is_shortened() {
        assert_eq!((shortened("äbc", 3), shortened("äbc", 2)), ("äbc".into(), "äb…".into()));
        let long = item(Scope::Row, &"ä".repeat(100_000));
        assert_eq!((long.value.chars().count(), long.record.chars().count()), (201, 10_001));
    }

    #[test]
    fn what_is_listed_is_bounded_and_the_rest_counted() {
        let mut quarantine = Quarantine::default();
        let row = item(Scope::Row, &"x".repeat(20_000));
        (0..10_000).for_each(|_| quarantine.add(row.clone()));
        assert!(quarantine.listed.len() < 4_000 && quarantine.rows == 10_000, "{}", quarantine.listed.len());
        assert!(quarantine.warnings("t")[0].contains("more rows and values of `t` are set aside"));
    }

    #[test]
    fn a_file_without_a_readable_row_or_column_is_refused_early() {
        for scope in [Scope::Row, Scope::Value] {
            let mut quarantine = Quarantine::default();
            (0..EARLY_CHECK).for_each(|_| quarantine.add(item(scope, "x")));
            assert!(quarantine.refuse_all_broken("f", EARLY_CHECK - 1).is_ok());
            let error = quarantine.refuse_all_broken("f", EARLY_CHECK).unwrap_err().to_string();
            assert!(
                error.starts_with("10000 of the 10000 rows of `f` break the contract; the first is line 2, column `c`")
            );
            assert!(quarantine.refuse_mostly_broken("f", 2 * EARLY_CHECK).is_ok());
            assert!(quarantine.refuse_mostly_broken("f", 2 * EARLY_CHECK - 1).is_err());
        }
    }
}
