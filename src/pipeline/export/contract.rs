//! Declarations of tables → data contract: Open Data Contract Standard 3.1, or sources of dbt. Used by `pfe export contract`.

use std::collections::BTreeMap;

use polars::prelude::{DataFrame, DataType, IntoLazy, Schema};
use serde_json::{Map, Value, json};

use super::yaml::to_yaml;
use crate::clean::checks::rules::{Rule, rules_of};
use crate::error::Result;
use crate::mart::{self, Methods, QUERIES, Query, SalesMart};
use crate::schema::contract::{Column, LogicalType, TABLES, Table, ZIP_LOCATION_COLUMNS, ZIP_LOCATIONS};
use crate::schema::ddl::{Dialect, Stage};
use crate::schema::result_tables::{ColumnType, RESULT_TABLES, ResultColumn, ResultTable};

/// Name of the schema of the mart's tables, which are files of a run.
const MART: &str = "mart";

/// The contract of the clean tables, the mart and the results, as a document of the Open Data Contract Standard 3.1; types as in a
/// database of this dialect.
///
/// # Errors
/// A query of the mart fails.
pub fn odcs(dialect: Dialect) -> Result<String> {
    let mut schema: Vec<Value> = TABLES.iter().map(|table| clean_table(table, dialect)).collect();
    schema.push(json!({
        "name": ZIP_LOCATIONS,
        "physicalName": physical(Stage::Cleaned.name(), ZIP_LOCATIONS),
        "physicalType": "table",
        "description": "where a zip code prefix is",
        "dataGranularityDescription": "zip_code_prefix",
        "tags": [Stage::Cleaned.name()],
        "properties": ZIP_LOCATION_COLUMNS.iter().map(|column| property(column, None, dialect)).collect::<Vec<_>>(),
    }));
    let mart = empty_mart()?;
    for query in stored() {
        schema.push(mart_table(query, mart.table(query.name)?));
    }
    schema.extend(RESULT_TABLES.iter().map(result_table));
    Ok(to_yaml(&json!({
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": "pfe",
        "name": "pfe",
        "version": env!("CARGO_PKG_VERSION"),
        "status": "active",
        "description": {
            "purpose": env!("CARGO_PKG_DESCRIPTION"),
            "usage": "Amounts of clean tables and of the mart are whole hundredths of one currency (centavos); results write decimals.",
            "limitations": "Orders say what was sold, not what would have been: no cost of purchase, no advertising, no unmet demand.",
        },
        "schema": schema,
    })))
}

/// The same tables as sources of dbt, with data tests.
///
/// # Errors
/// As [`odcs`].
pub fn dbt() -> Result<String> {
    let described = |name: &str, description: &str, columns: Vec<Value>| json!({ "name": name, "description": description, "columns": columns });
    let mut clean: Vec<Value> = TABLES.iter().map(tested).collect();
    let plain = |column: &Column| json!({ "name": column.name, "description": column.doc });
    clean.push(described(
        ZIP_LOCATIONS,
        "where a zip code prefix is",
        ZIP_LOCATION_COLUMNS.iter().map(plain).collect(),
    ));
    let made = empty_mart()?;
    let mut mart = Vec::new();
    for query in stored() {
        let columns =
            made.table(query.name)?.get_column_names().into_iter().map(|name| json!({ "name": name.as_str() }));
        mart.push(described(query.name, &comment(query), columns.collect()));
    }
    let column = |column: &ResultColumn| json!({ "name": column.name, "description": column.doc });
    let results =
        RESULT_TABLES.iter().map(|table| described(table.name, "", table.columns.iter().map(column).collect()));
    let source = |schema: &str, tables: Vec<Value>| json!({ "name": format!("pfe_{schema}"), "schema": schema, "tables": tables });
    Ok(to_yaml(&json!({
        "version": 2,
        "sources": [
            source(Stage::Cleaned.name(), clean),
            source(MART, mart),
            source(Stage::Results.name(), results.collect()),
        ],
    })))
}

fn stored() -> impl Iterator<Item = &'static Query> {
    QUERIES.iter().filter(|query| query.stored)
}

/// The mart of no orders: it has the columns of every other.
fn empty_mart() -> Result<SalesMart> {
    let empty = |table: &Table| {
        let columns = table.clean_columns().map(|column| (column.name.into(), column.kind.dtype()));
        (table.name.to_string(), DataFrame::empty_with_schema(&Schema::from_iter(columns)).lazy())
    };
    mart::mart_of(TABLES.iter().map(empty).collect::<BTreeMap<_, _>>(), &Methods::default())
}

fn physical(schema: &str, table: &str) -> String {
    format!("{schema}.{table}")
}

fn clean_table(table: &Table, dialect: Dialect) -> Value {
    let rule = |rule: &Rule| {
        json!({
            "name": rule.check,
            "type": "sql",
            "query": format!("SELECT COUNT(*) FROM {} WHERE {}", table.name, rule.fails),
            "mustBe": 0,
            "severity": rule.severity.name(),
        })
    };
    let mut object = json!({
        "name": table.name,
        "physicalName": physical(Stage::Cleaned.name(), table.name),
        "physicalType": "table",
        "description": table.doc,
        "dataGranularityDescription": if table.key.is_empty() { "no key".into() } else { table.key.join(", ") },
        "tags": [Stage::Cleaned.name()],
        "properties": table.clean_columns().map(|column| property(column, Some(table), dialect)).collect::<Vec<_>>(),
    });
    let rules: Vec<Value> = rules_of(table).map(rule).collect();
    if !rules.is_empty() {
        object["quality"] = rules.into();
    }
    object
}

fn property(column: &Column, table: Option<&Table>, dialect: Dialect) -> Value {
    let key = table.and_then(|table| table.key.iter().position(|key| *key == column.name));
    let mut property = json!({
        "name": column.name,
        "logicalType": logical(column.kind),
        "physicalType": dialect.type_of(Stage::Cleaned, column),
        "description": match column.null {
            Some(why) => format!("{}; missing where {why}", column.doc),
            None => column.doc.into(),
        },
        "required": !column.is_nullable(),
    });
    match column.kind {
        LogicalType::Integer(least, most) => {
            property["logicalTypeOptions"] = json!({ "minimum": least, "maximum": most });
        }
        LogicalType::Text => property["logicalTypeOptions"] = json!({ "maxLength": column.max_length }),
        LogicalType::Enumeration(words) => {
            property["quality"] =
                json!([{ "metric": "invalidValues", "arguments": { "validValues": words }, "mustBe": 0 }]);
        }
        _ => {}
    }
    if let (Some(position), Some(table)) = (key, table) {
        property["primaryKey"] = true.into();
        property["primaryKeyPosition"] = (position + 1).into();
        property["unique"] = (table.key.len() == 1).into();
    }
    let reference = table.and_then(|table| table.foreign_keys.iter().find(|key| key.column == column.name));
    if let Some(reference) = reference {
        let to = format!("{}.{}", reference.table.name(), reference.references);
        property["relationships"] = json!([{ "type": "foreignKey", "to": to }]);
    }
    if let Some(class) = classification(column) {
        property["classification"] = class.into();
    }
    property
}

/// What a column may tell of persons.
fn classification(column: &Column) -> Option<&'static str> {
    let name = column.name;
    match column.kind {
        LogicalType::Id if name.contains("customer") || name.contains("seller") => Some("pseudonymous"),
        LogicalType::Text if name.starts_with("review_comment") => Some("may hold personal data"),
        LogicalType::Zip | LogicalType::Degrees => Some("location"),
        LogicalType::Text if name.ends_with("_city") => Some("location"),
        _ => None,
    }
}

fn logical(kind: LogicalType) -> &'static str {
    match kind {
        LogicalType::Integer(..) | LogicalType::Money => "integer",
        LogicalType::Degrees => "number",
        LogicalType::Timestamp => "timestamp",
        LogicalType::Date => "date",
        LogicalType::Flag => "boolean",
        _ => "string",
    }
}

/// The comment at the top of a query's file: what a row is.
fn comment(query: &Query) -> String {
    let lines = query.sql.lines().map_while(|line| line.strip_prefix("--")).map(str::trim);
    lines.collect::<Vec<_>>().join(" ")
}

fn mart_table(query: &Query, frame: &DataFrame) -> Value {
    let key = query.key();
    let property = |(name, kind): (&str, &DataType)| {
        let mut property = Map::new();
        property.insert("name".into(), name.into());
        property.insert(
            "logicalType".into(),
            if kind.is_integer() {
                "integer"
            } else if kind.is_string() {
                "string"
            } else {
                "date"
            }
            .into(),
        );
        if let Some(position) = key.iter().position(|column| *column == name) {
            property.insert("primaryKey".into(), true.into());
            property.insert("primaryKeyPosition".into(), (position + 1).into());
        }
        Value::from(property)
    };
    let columns = frame.schema().iter().map(|(name, kind)| (name.as_str(), kind));
    json!({
        "name": format!("{MART}_{}", query.name),
        "physicalName": format!("{MART}/{}.parquet", query.name),
        "physicalType": "file",
        "description": comment(query),
        "dataGranularityDescription": if key.is_empty() { "one row".into() } else { key.join(", ") },
        "tags": [MART],
        "properties": columns.map(property).collect::<Vec<_>>(),
    })
}

fn result_table(table: &ResultTable) -> Value {
    let kind = |kind: ColumnType| match kind {
        ColumnType::Text => "string",
        ColumnType::Integer => "integer",
        ColumnType::Reais | ColumnType::Number => "number",
        ColumnType::Timestamp => "timestamp",
        ColumnType::Date => "date",
    };
    let property = |column: &ResultColumn| {
        json!({
            "name": column.name,
            "logicalType": kind(column.kind),
            "description": column.doc,
            "required": !column.may_lack,
        })
    };
    json!({
        "name": format!("{}_{}", Stage::Results.name(), table.name),
        "physicalName": format!("tables/{}.csv", table.name),
        "physicalType": "file",
        "tags": [Stage::Results.name()],
        "properties": table.columns.iter().map(property).collect::<Vec<_>>(),
    })
}

/// A clean table with dbt's data tests. Where the original data break a reference, its test only warns.
fn tested(table: &Table) -> Value {
    let column = |column: &Column| {
        let mut tests = Vec::new();
        if !column.is_nullable() {
            tests.push(json!("not_null"));
        }
        if table.key == [column.name] {
            tests.push(json!("unique"));
        }
        if let LogicalType::Enumeration(words) = column.kind {
            tests.push(json!({ "accepted_values": { "arguments": { "values": words } } }));
        }
        for key in table.foreign_keys.iter().filter(|key| key.column == column.name) {
            let to = format!("source('pfe_{}', '{}')", Stage::Cleaned.name(), key.table.name());
            tests.push(json!({
                "relationships": {
                    "arguments": { "to": to, "field": key.references },
                    "config": { "severity": if key.strict { "error" } else { "warn" } },
                }
            }));
        }
        let mut described = json!({ "name": column.name, "description": column.doc });
        if !tests.is_empty() {
            described["data_tests"] = tests.into();
        }
        described
    };
    json!({
        "name": table.name,
        "description": table.doc,
        "columns": table.clean_columns().map(column).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_and_column_is_in_the_contract() {
        let odcs = odcs(Dialect::Postgres).unwrap();
        for table in &TABLES {
            assert!(odcs.contains(&format!("name: \"{}\"\n", table.name)), "{}", table.name);
            for column in table.clean_columns() {
                assert!(odcs.contains(&format!("name: \"{}\"\n", column.name)), "{}", column.name);
            }
        }
        for query in stored() {
            assert!(odcs.contains(&format!("name: \"mart_{}\"\n", query.name)), "{}", query.name);
        }
        for table in RESULT_TABLES {
            assert!(odcs.contains(&format!("name: \"results_{}\"\n", table.name)), "{}", table.name);
        }
        assert!(odcs.contains("to: \"orders.order_id\"") && odcs.contains("physicalType: \"VARCHAR(64)\""));
        assert!(self::odcs(Dialect::Sqlite).unwrap().contains("physicalType: \"TEXT\""));
    }

    #[test]
    fn dbt_tests_keys_words_and_references() {
        let dbt = dbt().unwrap();
        for part in [
            "\"unique\"",
            "- \"not_null\"",
            "- \"boleto\"",
            "to: \"source('pfe_cleaned_data', 'orders')\"",
            "severity: \"warn\"",
            "schema: \"mart\"",
        ] {
            assert!(dbt.contains(part), "{part}");
        }
    }
}
