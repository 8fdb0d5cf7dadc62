//! Declarations of clean tables, mart and result tables → one form, from which the contracts of other tools are written. Next: `odcs`,
//! `dbt`, `openlineage`.

use std::collections::BTreeMap;

use polars::prelude::{DataFrame, DataType, IntoLazy, LazyFrame, Schema};

use crate::error::{Error, Result};
use crate::graph::STEPS;
use crate::mart::{self, Methods, QUERIES, Query};
use crate::schema::contract::{Column, LogicalType, TABLES, Table, TableId, ZIP_LOCATION_COLUMNS, ZIP_LOCATIONS};
use crate::schema::ddl::{Dialect, Stage};
use crate::schema::result_tables::{ColumnType, RESULT_TABLES, ResultColumn, ResultTable};
use crate::store::rows::{Field, SqlType, fields};

/// Where a table stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    /// Clean tables, in files and in stores.
    Cleaned,
    /// Tables of the mart, in files.
    Mart,
    /// Result tables, in files and in stores.
    Results,
}

impl Group {
    /// Its name: for tables in stores, that of their schema.
    pub(super) fn name(self) -> &'static str {
        match self {
            Group::Cleaned => Stage::Cleaned.name(),
            Group::Mart => "mart",
            Group::Results => Stage::Results.name(),
        }
    }
}

/// A table.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) group: Group,
    pub(super) name: &'static str,
    /// Meaning of a row.
    pub(super) about: String,
    /// Columns that identify a row; empty if there are none, or a single row.
    pub(super) key: Vec<&'static str>,
    pub(super) columns: Vec<Property>,
    /// Its declaration, if the contract has one.
    pub(super) table: Option<&'static Table>,
}

impl Object {
    /// Its name among the tables of all groups.
    pub(super) fn full_name(&self) -> String {
        format!("{}_{}", self.group.name(), self.name)
    }
}

/// A column.
#[derive(Debug)]
pub(super) struct Property {
    pub(super) name: String,
    pub(super) about: &'static str,
    pub(super) kind: SqlType,
    /// Its type in the dialect.
    pub(super) sql_type: &'static str,
    /// Whether every row has a value.
    pub(super) required: bool,
    /// Its declaration, if the contract has one.
    pub(super) column: Option<&'static Column>,
}

/// What a column tells of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Personal {
    /// An id that stands for a person or a seller.
    Pseudonym,
    /// Where a person or a seller lives.
    Place,
    /// Words of a person, which may name anybody.
    FreeText,
}

impl Personal {
    pub(super) fn tag(self) -> &'static str {
        match self {
            Personal::Pseudonym => "pseudonym",
            Personal::Place => "place",
            Personal::FreeText => "free_text",
        }
    }
}

impl Property {
    /// What it tells of a person: all columns of customers and sellers do, wherever they stand, and so do the words of a review.
    pub(super) fn personal(&self) -> Option<Personal> {
        let of_people = [TableId::Customers, TableId::Sellers].iter().find_map(|id| id.table().column(&self.name));
        match of_people {
            Some(Column { kind: LogicalType::Id, .. }) => Some(Personal::Pseudonym),
            Some(_) => Some(Personal::Place),
            None => self.name.starts_with("review_comment_").then_some(Personal::FreeText),
        }
    }

    /// The unit of its numbers.
    pub(super) fn unit(&self) -> Option<&'static str> {
        const SUFFIXES: [(&str, &str); 5] = [
            ("_centavos", "centavos"),
            ("_seconds", "seconds"),
            ("_hours", "hours"),
            ("_g", "grams"),
            ("_cm", "centimetres"),
        ];
        match self.kind {
            SqlType::Reais => Some("BRL"),
            SqlType::Float if self.column.is_some_and(|column| column.kind == LogicalType::Degrees) => {
                Some("decimal degrees")
            }
            SqlType::Integer | SqlType::Float => {
                SUFFIXES.iter().find(|(suffix, _)| self.name.ends_with(suffix)).map(|(_, unit)| *unit)
            }
            _ => None,
        }
    }
}

/// All tables: clean ones, the mart, results.
///
/// # Errors
/// [`Error::Internal`]: a query of the mart gives a column that no store can hold.
pub(super) fn all(dialect: Dialect) -> Result<Vec<Object>> {
    let mut objects = cleaned(dialect);
    objects.extend(mart(dialect)?);
    objects.extend(results(dialect));
    Ok(objects)
}

/// The clean tables.
pub(super) fn cleaned(dialect: Dialect) -> Vec<Object> {
    let object = |name: &'static str, about: &str, key: &[&'static str], table, columns: Vec<&'static Column>| {
        let kinds = fields(Stage::Cleaned, name).unwrap_or_default();
        let property = |(column, field): (&'static Column, Field)| Property {
            name: column.name.into(),
            about: column.doc,
            kind: field.kind,
            sql_type: dialect.type_of(Stage::Cleaned, column),
            required: !column.is_nullable(),
            column: Some(column),
        };
        let columns = columns.into_iter().zip(kinds).map(property).collect();
        Object { group: Group::Cleaned, name, about: about.into(), key: key.to_vec(), columns, table }
    };
    let tables = TABLES.iter().map(|t| object(t.name, t.doc, t.key, Some(t), t.clean_columns().collect()));
    let (located, columns) = ("one location per zip prefix", ZIP_LOCATION_COLUMNS.iter().collect());
    tables.chain([object(ZIP_LOCATIONS, located, &[ZIP_LOCATION_COLUMNS[0].name], None, columns)]).collect()
}

/// The tables of the mart. Their columns and types are those that the queries give on tables without rows.
pub(super) fn mart(dialect: Dialect) -> Result<Vec<Object>> {
    let empty = |columns: Vec<&Column>| -> LazyFrame {
        let schema: Schema = columns.into_iter().map(|c| (c.name.into(), c.kind.dtype())).collect();
        DataFrame::empty_with_schema(&schema).lazy()
    };
    let mut tables: BTreeMap<String, LazyFrame> =
        TABLES.iter().map(|t| (t.name.to_string(), empty(t.clean_columns().collect()))).collect();
    tables.insert(ZIP_LOCATIONS.into(), empty(ZIP_LOCATION_COLUMNS.iter().collect()));
    let mart = mart::mart_of(tables, &Methods::default())?;
    let object = |query: &Query| {
        let key = query.key();
        let frame = mart.table(query.name)?;
        let property = |column: &polars::prelude::Column| {
            let kind = match column.dtype() {
                DataType::String => SqlType::Text,
                DataType::Date => SqlType::Date,
                DataType::Int64 => SqlType::Integer,
                other => return Err(Error::Internal(format!("`{}` of the mart is {other}", column.name()))),
            };
            // `unknown` stands for a text that is missing. A number or a day may be null, as of an order whose own row is missing.
            let required = kind == SqlType::Text && key.contains(&column.name().as_str());
            let name = column.name().to_string();
            Ok(Property { name, about: "", kind, sql_type: kind.sql(dialect), required, column: None })
        };
        let columns = frame.columns().iter().map(property).collect::<Result<_>>()?;
        Ok(Object {
            group: Group::Mart,
            name: query.name,
            about: comment(query),
            key: key.clone(),
            columns,
            table: None,
        })
    };
    QUERIES.iter().filter(|query| query.stored).map(object).collect()
}

/// The comment at the top of a query: what a row of its table is.
fn comment(query: &Query) -> String {
    let lines = query.sql.lines().map_while(|line| line.strip_prefix("--"));
    lines.map(str::trim).collect::<Vec<_>>().join(" ")
}

/// The result tables.
pub(super) fn results(dialect: Dialect) -> Vec<Object> {
    let object = |table: &'static ResultTable| {
        let file = format!("tables/{}.csv", table.name);
        let step = STEPS.iter().find(|step| step.makes_file(&file));
        let about = step.map_or_else(String::new, |step| format!("result of the step `{}`: {}", step.id, step.about));
        let kinds = fields(Stage::Results, table.name).unwrap_or_default();
        let property = |(column, Field { kind, .. }): (&'static ResultColumn, Field)| {
            // A number that is not finite is null in stores.
            let required = !column.may_lack && column.kind != ColumnType::Number;
            let (name, about) = (column.name.into(), column.doc);
            Property { name, about, kind, sql_type: kind.sql(dialect), required, column: None }
        };
        let columns = table.columns.iter().zip(kinds).map(property).collect();
        Object { group: Group::Results, name: table.name, about, key: Vec::new(), columns, table: None }
    };
    RESULT_TABLES.iter().map(object).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_table_has_a_name_of_its_own_a_meaning_and_columns_that_hold_its_key() {
        let all = all(Dialect::Postgres).unwrap();
        let names: BTreeSet<String> = all.iter().map(Object::full_name).collect();
        let stored = QUERIES.iter().filter(|query| query.stored).count();
        assert_eq!((names.len(), all.len()), (all.len(), TABLES.len() + 1 + stored + RESULT_TABLES.len()));
        for object in &all {
            assert!(!object.about.is_empty() && !object.columns.is_empty(), "{object:?}");
            for key in &object.key {
                assert!(object.columns.iter().any(|column| column.name == *key), "{}.{key}", object.name);
            }
        }
    }

    #[test]
    fn what_tells_of_people_is_marked() {
        let all = all(Dialect::Postgres).unwrap();
        let personal = |table: &str| -> Vec<(&str, Option<Personal>)> {
            let object = all.iter().find(|object| object.full_name() == table).unwrap();
            object.columns.iter().map(|column| (column.name.as_str(), column.personal())).collect()
        };
        let sellers = personal("cleaned_data_sellers");
        assert!(sellers.contains(&("seller_id", Some(Personal::Pseudonym))));
        assert!(
            ["cleaned_data_sellers", "cleaned_data_customers"]
                .iter()
                .all(|t| personal(t).iter().all(|c| c.1.is_some()))
        );
        assert!(personal("mart_sellers").contains(&("seller_id", Some(Personal::Pseudonym))));
        assert!(personal("cleaned_data_order_reviews").contains(&("review_comment_title", Some(Personal::FreeText))));
        assert!(personal("cleaned_data_products").iter().all(|column| column.1.is_none()));
    }
}
