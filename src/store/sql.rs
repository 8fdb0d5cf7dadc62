//! What the relational stores share: the table to be written, its statements, and the rule for one that is there already.

use polars::prelude::DataFrame;

use super::builder::fields_of;
use super::rows::{Field, Held, fields};
use super::{Schema, by_contract, checked_name};
use crate::data::ddl::{Constraints, Definition, Dialect, create_table};
use crate::error::{Error, Result};

/// A table of a relational store.
pub(super) struct SqlTable {
    dialect: Dialect,
    pub(super) fields: Vec<Field>,
    /// `None` for a table of results, which has neither keys nor indexes.
    definition: Option<Definition>,
}

impl SqlTable {
    /// The table that `frame` is to become, and the frame as it is written: one chunk, columns in the order of the fields.
    ///
    /// # Errors
    /// The name is none, or the frame is not the table's.
    pub(super) fn of(dialect: Dialect, schema: Schema, name: &str, frame: &DataFrame) -> Result<(SqlTable, DataFrame)> {
        let name = checked_name(name)?;
        let frame = by_contract(schema, name, frame.clone(), name)?;
        let (fields, mut frame) = match fields(schema, name) {
            Some(fields) => (fields, frame),
            None => fields_of(&frame)?,
        };
        if fields.is_empty() {
            return Err(Error::input(format!("`{name}` has no column")));
        }
        frame.rechunk_mut();
        Ok((SqlTable { dialect, fields, definition: dialect.definition(schema, name) }, frame))
    }

    /// The statement that creates it as `target`.
    pub(super) fn create(&self, target: &str, constraints: Constraints) -> String {
        match &self.definition {
            Some(definition) => definition.create(self.dialect, target, constraints),
            None => {
                let column = |f: &Field| format!("{} {}", self.dialect.quote(&f.name), type_of(self.dialect, f.held));
                create_table(self.dialect, target, &self.fields.iter().map(column).collect::<Vec<_>>())
            }
        }
    }

    /// The clause of its primary key.
    #[cfg(feature = "postgres")]
    pub(super) fn key(&self) -> Option<String> {
        self.definition.as_ref().and_then(|d| d.key(self.dialect))
    }

    /// The statements that create its indexes on `target`.
    pub(super) fn indexes(&self, target: &str) -> Vec<String> {
        self.definition.as_ref().map_or_else(Vec::new, |d| d.indexes(self.dialect, target))
    }

    /// Its columns for a statement.
    pub(super) fn columns(&self) -> String {
        quoted(self.dialect, &self.fields)
    }

    /// A table that is there may only be replaced if it has the same columns: it is somebody else's otherwise.
    ///
    /// # Errors
    /// It has others.
    pub(super) fn may_replace(&self, there: &[(String, String)], shown: &str) -> Result<()> {
        let same = there.len() == self.fields.len() && self.fields.iter().all(|f| there.iter().any(|t| t.0 == f.name));
        match same || there.is_empty() {
            true => Ok(()),
            false => Err(Error::input(format!("{shown} exists with other columns: {}", listed(there)))
                .with_hint("rename or drop that table first: pfe replaces only tables with its own columns")),
        }
    }
}

/// The columns to read from a table that is `there`, as pairs of name and declared type.
///
/// # Errors
/// A column of the contract is not among them.
pub(super) fn fields_to_read(
    schema: Schema,
    name: &str,
    there: &[(String, String)],
    shown: &str,
) -> Result<Vec<Field>> {
    let Some(fields) = fields(schema, name) else {
        let field = |(name, declared): &(String, String)| Field { name: name.clone(), held: held_of(declared) };
        return Ok(there.iter().map(field).collect());
    };
    match fields.iter().find(|f| there.iter().all(|t| t.0 != f.name)) {
        None => Ok(fields),
        Some(missing) => Err(Error::input(format!("column `{}` is missing from {shown}", missing.name))
            .with_hint(format!("columns found: {}", listed(there)))),
    }
}

/// Columns for a statement.
pub(super) fn quoted(dialect: Dialect, fields: &[Field]) -> String {
    fields.iter().map(|f| dialect.quote(&f.name)).collect::<Vec<_>>().join(", ")
}

fn listed(there: &[(String, String)]) -> String {
    there.iter().map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The type of a column of results.
fn type_of(dialect: Dialect, held: Held) -> &'static str {
    match (held, dialect) {
        (Held::Text, Dialect::Mysql) => "LONGTEXT",
        (Held::Text, _) => "TEXT",
        (Held::Integer, Dialect::Sqlite) => "INTEGER",
        (Held::Integer, _) => "BIGINT",
        (Held::Reais, _) => "DECIMAL(17, 2)",
        (Held::Float, Dialect::Sqlite) => "REAL",
        (Held::Float, _) => "DOUBLE PRECISION",
        (Held::Timestamp, Dialect::Mysql) => "DATETIME(6)",
        (Held::Timestamp, _) => "TIMESTAMP",
        (Held::Date, _) => "DATE",
        (Held::Flag, _) => "BOOLEAN",
    }
}

/// What a column of a declared type holds: the inverse of [`type_of`], and of what databases call it.
fn held_of(declared: &str) -> Held {
    let declared = declared.to_lowercase();
    let is = |words: &[&str]| words.iter().any(|word| declared.starts_with(word));
    match () {
        () if is(&["tinyint", "bool"]) => Held::Flag,
        () if is(&["int", "bigint", "smallint", "mediumint"]) => Held::Integer,
        () if is(&["double", "real", "float", "decimal", "numeric"]) => Held::Float,
        () if is(&["timestamp", "datetime"]) => Held::Timestamp,
        () if is(&["date"]) => Held::Date,
        () => Held::Text,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use polars::df;

    use super::*;

    #[test]
    fn types_of_results_are_found_again() {
        for dialect in [Dialect::Mysql, Dialect::Postgres, Dialect::Sqlite] {
            for held in [Held::Text, Held::Integer, Held::Float, Held::Timestamp, Held::Date, Held::Flag] {
                assert_eq!(held_of(type_of(dialect, held)), held, "{dialect:?}");
            }
        }
    }

    #[test]
    fn hostile_names_of_columns_stay_names() {
        let frame = df!("a`b\"; DROP TABLE x; --" => [1i64]).unwrap();
        let create =
            |dialect| SqlTable::of(dialect, Schema::Results, "t", &frame).unwrap().0.create("t", Constraints::All);
        assert!(create(Dialect::Mysql).contains("`a``b\"; DROP TABLE x; --` BIGINT"));
        assert!(create(Dialect::Postgres).contains("\"a`b\"\"; DROP TABLE x; --\" BIGINT"));
    }

    #[test]
    fn only_a_table_of_the_same_columns_is_replaced() {
        let (table, _) =
            SqlTable::of(Dialect::Sqlite, Schema::Results, "t", &df!("a" => [1i64], "b" => [2i64]).unwrap()).unwrap();
        let there = |names: &[&str]| names.iter().map(|n| (n.to_string(), "TEXT".to_string())).collect::<Vec<_>>();
        assert!(table.may_replace(&there(&["b", "a"]), "`t`").is_ok());
        for other in [&["a"][..], &["a", "c"], &["a", "b", "c"]] {
            let error = table.may_replace(&there(other), "`t`").unwrap_err();
            assert!(error.to_string().starts_with("`t` exists with other columns: `a`"), "{error}");
        }
    }
}
