//! Stores in relational databases, and what they share: the table to be written, its statements, and the rule for replacing an existing table.

mod builder;
#[cfg(feature = "mysql")]
pub(super) mod mysql;
#[cfg(feature = "postgres")]
pub(super) mod postgres;
#[cfg(feature = "sqlite")]
pub(super) mod sqlite;
#[cfg(any(feature = "mysql", feature = "postgres"))]
mod text;
#[cfg(any(feature = "mysql", feature = "postgres"))]
mod tls;

use polars::prelude::{DataFrame, Int64Chunked, IntoColumn, IntoSeries};

use self::builder::fields_of;
use super::declared::{by_contract, checked_name};
use super::interface::{Incoming, MADE};
use super::rows::{Field, SqlType, fields};
use crate::error::{Error, Result};
use crate::schema::ddl::{Constraints, Definition, Dialect, Stage, create_table};
use crate::text::listed;

/// A table to be written into a relational store.
pub(crate) struct SqlTable {
    dialect: Dialect,
    pub(crate) schema: Stage,
    pub(crate) name: String,
    /// Its rows: one chunk, columns in the order of the fields.
    pub(crate) frame: DataFrame,
    pub(crate) fields: Vec<Field>,
    /// `None` for result tables, which have neither keys nor indexes.
    definition: Option<Definition>,
}

impl SqlTable {
    /// Prepares several tables.
    ///
    /// # Errors
    /// As [`SqlTable::of`].
    pub(crate) fn all(dialect: Dialect, tables: &[Incoming]) -> Result<Vec<SqlTable>> {
        tables.iter().map(|table| SqlTable::of(dialect, table.schema, &table.name, &table.frame)).collect()
    }

    /// Prepares the table that `frame` will become.
    ///
    /// # Errors
    /// The name is invalid, or the frame does not match the table.
    pub(crate) fn of(dialect: Dialect, schema: Stage, name: &str, frame: &DataFrame) -> Result<SqlTable> {
        let name = checked_name(name)?;
        let frame = by_contract(schema, name, frame.clone(), name)?;
        let (fields, mut frame) = match fields(schema, name) {
            Some(fields) if schema == Stage::Results => (fields.clone(), as_declared(&frame, &fields)?),
            Some(fields) => (fields, frame),
            None => fields_of(&frame)?,
        };
        if fields.is_empty() {
            return Err(Error::input(format!("`{name}` has no column")));
        }
        frame.rechunk_mut();
        Ok(SqlTable { dialect, schema, name: name.into(), frame, fields, definition: dialect.definition(schema, name) })
    }

    /// The statements that create it as `target`, with our mark.
    pub(crate) fn create(&self, target: &str, constraints: Constraints) -> String {
        let create = self.create_plain(target, constraints);
        match self.dialect {
            Dialect::Mysql => format!("{create} COMMENT = '{MADE}'"),
            Dialect::Postgres => format!("{create};\nCOMMENT ON TABLE {target} IS '{MADE}'"),
            // SQLite keeps the text of the statement, comment included.
            Dialect::Sqlite => create.replacen('(', &format!("( /* {MADE} */"), 1),
        }
    }

    fn create_plain(&self, target: &str, constraints: Constraints) -> String {
        match &self.definition {
            Some(definition) => definition.create(self.dialect, target, constraints),
            None => {
                let column = |f: &Field| format!("{} {}", self.dialect.quote(&f.name), f.kind.sql(self.dialect));
                create_table(self.dialect, target, &self.fields.iter().map(column).collect::<Vec<_>>())
            }
        }
    }

    /// The clause of its primary key.
    #[cfg(feature = "postgres")]
    pub(crate) fn key(&self) -> Option<String> {
        self.definition.as_ref().and_then(|d| d.key(self.dialect))
    }

    /// The statements that create its indexes on `target`.
    pub(crate) fn indexes(&self, target: &str) -> Vec<String> {
        self.definition.as_ref().map_or_else(Vec::new, |d| d.indexes(self.dialect, target))
    }

    /// Its columns, quoted, for a statement.
    pub(crate) fn columns(&self) -> String {
        quoted(self.dialect, &self.fields)
    }

    /// Checks that an existing table with the columns `existing` may be replaced. It may if it has the same columns and either a load
    /// made it or it has no row. Otherwise it is the user's.
    ///
    /// # Errors
    /// It is the user's.
    pub(crate) fn may_replace<E: From<Error>>(
        &self,
        existing: &[(String, String)],
        shown: &str,
        is_ours_or_empty: impl FnOnce() -> Result<bool, E>,
    ) -> Result<(), E> {
        let same =
            existing.len() == self.fields.len() && self.fields.iter().all(|f| existing.iter().any(|t| t.0 == f.name));
        let refused = match same {
            _ if existing.is_empty() => return Ok(()),
            false => format!("{shown} exists with other columns: {}", listed(existing.iter().map(|t| &t.0))),
            true if is_ours_or_empty()? => return Ok(()),
            true => format!("{shown} exists, and no load of pfe has made it"),
        };
        Err(Error::input(refused)
            .with_hint(
                "rename or drop that table first: pfe replaces only tables that it has made, with its own columns",
            )
            .into())
    }

    /// The statement that returns 1 if a table has no row, else 0.
    pub(crate) fn is_empty(target: &str) -> String {
        format!("SELECT CASE WHEN EXISTS (SELECT 1 FROM {target}) THEN 0 ELSE 1 END")
    }
}

/// A result table's frame in its declared types: amounts become centavos, which the database gets as decimals.
fn as_declared(frame: &DataFrame, fields: &[Field]) -> Result<DataFrame> {
    let column = |field: &Field| -> Result<_> {
        let column = frame.column(&field.name)?;
        Ok(match field.kind {
            SqlType::Reais => {
                let centavos: Int64Chunked =
                    column.f64()?.iter().map(|reais| reais.map(|r| (r * 100.0).round() as i64)).collect();
                centavos.with_name(field.name.as_str().into()).into_series().into_column()
            }
            _ => column.clone(),
        })
    };
    Ok(DataFrame::new(frame.height(), fields.iter().map(column).collect::<Result<_>>()?)?)
}

/// The columns to read from an existing table; `existing` pairs names with declared types.
///
/// # Errors
/// A column of the contract is missing.
pub(crate) fn fields_to_read(
    schema: Stage,
    name: &str,
    existing: &[(String, String)],
    shown: &str,
) -> Result<Vec<Field>> {
    // Read results as they are, whoever wrote them.
    let Some(fields) = fields(schema, name).filter(|_| schema != Stage::Results) else {
        let field = |(name, declared): &(String, String)| Field { name: name.clone(), kind: held_of(declared) };
        return Ok(existing.iter().map(field).collect());
    };
    match fields.iter().find(|f| existing.iter().all(|t| t.0 != f.name)) {
        None => Ok(fields),
        Some(missing) => Err(Error::input(format!("column `{}` is missing from {shown}", missing.name))
            .with_hint(format!("columns found: {}", listed(existing.iter().map(|t| &t.0))))),
    }
}

/// Quoted columns for a statement.
pub(crate) fn quoted(dialect: Dialect, fields: &[Field]) -> String {
    fields.iter().map(|f| dialect.quote(&f.name)).collect::<Vec<_>>().join(", ")
}

/// What a column of this SQL type holds: the inverse of [`SqlType::sql`], which also knows the databases' own names.
fn held_of(declared: &str) -> SqlType {
    let declared = declared.to_lowercase();
    let is = |words: &[&str]| words.iter().any(|word| declared.starts_with(word));
    match () {
        () if is(&["tinyint", "bool"]) => SqlType::Flag,
        () if is(&["int", "bigint", "smallint", "mediumint"]) => SqlType::Integer,
        () if is(&["double", "real", "float", "decimal", "numeric"]) => SqlType::Float,
        () if is(&["timestamp", "datetime"]) => SqlType::Timestamp,
        () if is(&["date"]) => SqlType::Date,
        () => SqlType::Text,
    }
}

#[cfg(test)]
mod tests {
    use polars::df;

    use super::*;

    #[test]
    fn types_of_results_are_found_again() {
        for dialect in [Dialect::Mysql, Dialect::Postgres, Dialect::Sqlite] {
            for kind in
                [SqlType::Text, SqlType::Integer, SqlType::Float, SqlType::Timestamp, SqlType::Date, SqlType::Flag]
            {
                assert_eq!(held_of(kind.sql(dialect)), kind, "{dialect:?}");
            }
        }
    }

    #[test]
    fn hostile_names_of_columns_stay_names() {
        let frame = df!("a`b\"; DROP TABLE x; --" => [1i64]).unwrap();
        let create =
            |dialect| SqlTable::of(dialect, Stage::Results, "t", &frame).unwrap().create("t", Constraints::All);
        assert!(create(Dialect::Mysql).contains("`a``b\"; DROP TABLE x; --` BIGINT"));
        assert!(create(Dialect::Postgres).contains("\"a`b\"\"; DROP TABLE x; --\" BIGINT"));
    }

    #[test]
    fn only_a_table_of_the_same_columns_is_replaced() {
        let table =
            SqlTable::of(Dialect::Sqlite, Stage::Results, "t", &df!("a" => [1i64], "b" => [2i64]).unwrap()).unwrap();
        let existing = |names: &[&str]| names.iter().map(|n| (n.to_string(), "TEXT".to_string())).collect::<Vec<_>>();
        let may = |names: &[&str], ours: bool| table.may_replace::<Error>(&existing(names), "`t`", || Ok(ours));
        assert!(may(&["b", "a"], true).is_ok() && may(&[], false).is_ok());
        assert!(may(&["b", "a"], false).unwrap_err().to_string().contains("no load of pfe has made it"));
        for other in [&["a"][..], &["a", "c"], &["a", "b", "c"]] {
            let error = may(other, true).unwrap_err();
            assert!(error.to_string().starts_with("`t` exists with other columns: `a`"), "{error}");
        }
    }
}
