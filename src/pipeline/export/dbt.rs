//! Declarations → properties of a dbt project: clean tables as sources with tests, tables of the mart as models. Behind
//! `pfe export contract`.
//!
//! Tests have their arguments under `arguments`, as dbt 1.10.5 and later read them.

use serde_json::{Map, Value, json};

use super::objects::{Object, Property, cleaned, mart};
use super::yaml::yaml;
use crate::error::Result;
use crate::schema::contract::{ForeignKey, LogicalType, STATES};
use crate::schema::ddl::{Dialect, Stage};

/// Keys that come first, in this order.
const FIRST: [&str; 6] = ["version", "sources", "name", "schema", "description", "data_type"];

/// The properties file as YAML; `dialect` decides the types.
///
/// # Errors
/// [`crate::Error::Internal`]: a query of the mart gives a column that no store can hold.
pub fn dbt(dialect: Dialect) -> Result<String> {
    Ok(yaml(&properties(dialect)?, &FIRST))
}

fn properties(dialect: Dialect) -> Result<Value> {
    let tables: Vec<Value> = cleaned(dialect).iter().map(|object| table(object, Some(dialect))).collect();
    let models: Vec<Value> = mart(dialect)?.iter().map(|object| table(object, None)).collect();
    let schema = Stage::Cleaned.name();
    let about = "Clean tables of a marketplace's orders, as `pfe run --store` writes them";
    Ok(json!({
        "version": 2,
        "sources": [{ "name": schema, "schema": schema, "description": about, "tables": tables }],
        "models": models,
    }))
}

/// A table; of a source, in the store of `dialect`.
fn table(object: &Object, source: Option<Dialect>) -> Value {
    let mut value = Map::from_iter([
        ("name".to_string(), json!(object.name)),
        ("description".into(), json!(object.about)),
        ("columns".into(), object.columns.iter().map(|c| column(object, c)).collect()),
    ]);
    if source == Some(Dialect::Sqlite) {
        value.insert("identifier".into(), json!(object.full_name()));
    }
    if object.key.len() > 1 {
        // dbt has no test of several columns, but takes any expression for a column.
        let key = object.key.join(", '|', ");
        let name = format!("{}_key_is_unique", object.full_name());
        let arguments = json!({ "column_name": format!("concat({key})") });
        value.insert("data_tests".into(), json!([{ "unique": { "name": name, "arguments": arguments } }]));
    }
    value.into()
}

fn column(object: &Object, column: &Property) -> Value {
    let mut value =
        Map::from_iter([("name".to_string(), json!(column.name)), ("data_type".into(), json!(column.sql_type))]);
    if !column.about.is_empty() {
        value.insert("description".into(), json!(column.about));
    }
    let mut tests = Vec::new();
    if column.required {
        tests.push(json!("not_null"));
    }
    if object.key == [column.name.as_str()] {
        tests.push(json!("unique"));
    }
    let accepted = |values: Vec<&str>| json!({ "accepted_values": { "arguments": { "values": values } } });
    match column.column.map(|column| column.kind) {
        Some(LogicalType::Enumeration(words)) => tests.push(accepted(words.to_vec())),
        Some(LogicalType::State) => tests.push(accepted(STATES.iter().map(|state| state.0).collect())),
        _ => {}
    }
    let keys = object.table.map_or(&[][..], |table| table.foreign_keys);
    tests.extend(keys.iter().filter(|key| key.column == column.name).map(relationship));
    if !tests.is_empty() {
        value.insert("data_tests".into(), tests.into());
    }
    let (unit, personal) = (column.unit(), column.personal());
    let mut meta = Map::new();
    unit.map(|unit| meta.insert("unit".into(), json!(unit)));
    personal.map(|personal| meta.insert("personal_data".into(), json!(personal.tag())));
    if !meta.is_empty() {
        value.insert("config".into(), json!({ "meta": meta }));
    }
    value.into()
}

/// A reference; one that some rows break warns.
fn relationship(key: &ForeignKey) -> Value {
    let to = format!("source('{}', '{}')", Stage::Cleaned.name(), key.table.name());
    let mut test = json!({ "arguments": { "to": to, "field": key.references } });
    if !key.strict {
        test["config"] = json!({ "severity": "warn" });
    }
    json!({ "relationships": test })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(list: &Value, name: &str) -> Value {
        list.as_array().unwrap().iter().find(|entry| entry["name"] == name).unwrap_or_else(|| panic!("{name}")).clone()
    }

    #[test]
    fn sources_have_the_tests_that_the_contract_declares() {
        let properties = properties(Dialect::Postgres).unwrap();
        let tables = &properties["sources"][0]["tables"];
        let orders = named(tables, "orders");
        let id = named(&orders["columns"], "order_id");
        assert_eq!(id["data_tests"], json!(["not_null", "unique"]));
        assert!(orders["data_tests"].is_null() && orders["identifier"].is_null());
        let customer = named(&orders["columns"], "customer_id");
        let arguments = json!({ "to": "source('cleaned_data', 'customers')", "field": "customer_id" });
        assert_eq!(customer["data_tests"][1], json!({ "relationships": { "arguments": arguments } }));
        assert_eq!(customer["config"]["meta"]["personal_data"], "pseudonym");
        let items = named(tables, "order_items");
        assert_eq!(
            items["data_tests"][0]["unique"]["arguments"]["column_name"],
            "concat(order_id, '|', order_item_id)"
        );
        let payments = named(tables, "order_payments");
        let method = named(&payments["columns"], "payment_type");
        assert_eq!(method["data_tests"][1]["accepted_values"]["arguments"]["values"][0], "boleto");
        let zip = named(&named(tables, "customers")["columns"], "customer_zip_code_prefix");
        assert_eq!(zip["data_tests"][0]["relationships"]["config"]["severity"], "warn");
        assert!(named(&orders["columns"], "order_approved_at")["data_tests"].is_null());
    }

    #[test]
    fn models_are_the_tables_of_the_mart() {
        let properties = properties(Dialect::Sqlite).unwrap();
        let sales = named(&properties["models"], "sales_by_month");
        assert!(sales["description"].as_str().unwrap().starts_with("Category × state × month"));
        assert_eq!(named(&sales["columns"], "category")["data_tests"], json!(["not_null"]));
        let key = &sales["data_tests"][0]["unique"];
        assert_eq!(key["arguments"]["column_name"], "concat(category, '|', state, '|', month)");
        assert_eq!(named(&properties["sources"][0]["tables"], "orders")["identifier"], "cleaned_data_orders");
    }
}
