//! Declarations → a data contract of the Open Data Contract Standard 3.1: clean tables, mart, result tables. Behind `pfe export contract`.
//!
//! Follows <https://bitol-io.github.io/open-data-contract-standard/v3.1.0/>.

use serde_json::{Map, Value, json};

use super::objects::{Group, Object, Property, all};
use super::yaml::yaml;
use crate::clean::checks::rules::{PAID, TRANSLATED, rules_of};
use crate::error::Result;
use crate::schema::contract::{ForeignKey, LogicalType, MAX_CENTAVOS, MAX_ID_LENGTH, STATES, TIME_ZONE, TableId};
use crate::schema::ddl::{Dialect, Stage};
use crate::store::rows::SqlType;

/// Version of the standard.
const API_VERSION: &str = "v3.1.0";
/// Identity of the contract, the same in all versions of the program.
const ID: &str = "pfe-orders";
/// Keys that come first, in this order.
const FIRST: [&str; 14] = [
    "apiVersion",
    "kind",
    "id",
    "name",
    "version",
    "status",
    "type",
    "metric",
    "physicalName",
    "logicalType",
    "physicalType",
    "description",
    "property",
    "value",
];

/// The contract as YAML; `dialect` decides the physical types.
///
/// # Errors
/// [`crate::Error::Internal`]: a query of the mart gives a column that no store can hold.
pub fn odcs(dialect: Dialect) -> Result<String> {
    Ok(yaml(&contract(dialect)?, &FIRST))
}

fn contract(dialect: Dialect) -> Result<Value> {
    let schema: Vec<Value> = all(dialect)?.iter().map(|object| schema_object(object, dialect)).collect();
    Ok(json!({
        "apiVersion": API_VERSION,
        "kind": "DataContract",
        "id": ID,
        "name": "pfe",
        "version": env!("CARGO_PKG_VERSION"),
        "status": "active",
        "description": {
            "purpose": "Orders of a marketplace: clean tables, the sales mart made of them, and the results of a run",
            "usage": "Clean tables and results as `pfe run --store` writes them into a store; the mart as Parquet files of the output folder",
            "limitations": "Values are those of Olist's orders: another market has its own states and payment methods. \
                Tables that belong together are written together.",
        },
        "schema": schema,
    }))
}

fn schema_object(object: &Object, dialect: Dialect) -> Value {
    let mut value = Map::from_iter([
        ("name".to_string(), json!(object.full_name())),
        ("businessName".into(), json!(object.name)),
        ("logicalType".into(), json!("object")),
        ("physicalName".into(), json!(physical_name(object, dialect))),
        ("physicalType".into(), json!(if object.group == Group::Mart { "file" } else { "table" })),
        ("description".into(), json!(object.about)),
        ("properties".into(), object.columns.iter().map(|column| property(object, column, dialect)).collect()),
    ]);
    let quality = quality(object);
    if !quality.is_empty() {
        value.insert("quality".into(), quality.into());
    }
    value.into()
}

/// Where the table is: in a store, or for the mart in the output folder.
fn physical_name(object: &Object, dialect: Dialect) -> String {
    match (object.group, dialect) {
        (Group::Mart, _) => format!("mart/{}.parquet", object.name),
        (_, Dialect::Sqlite) => object.full_name(),
        (group, _) => format!("{}.{}", group.name(), object.name),
    }
}

fn property(object: &Object, column: &Property, dialect: Dialect) -> Value {
    let mut value = Map::from_iter([
        ("name".to_string(), json!(column.name)),
        ("logicalType".into(), json!(logical_type(column.kind))),
        ("physicalType".into(), json!(column.sql_type)),
        ("required".into(), json!(column.required)),
    ]);
    if !column.about.is_empty() {
        value.insert("description".into(), json!(column.about));
    }
    if let Some(position) = object.key.iter().position(|key| *key == column.name) {
        value.insert("primaryKey".into(), json!(true));
        value.insert("primaryKeyPosition".into(), json!(position + 1));
        if object.key.len() == 1 {
            value.insert("unique".into(), json!(true));
        }
    }
    let keys = object.table.map_or(&[][..], |table| table.foreign_keys);
    let relationships: Vec<Value> = keys.iter().filter(|key| key.column == column.name).map(relationship).collect();
    if !relationships.is_empty() {
        value.insert("relationships".into(), relationships.into());
    }
    if let Some(personal) = column.personal() {
        value.insert("classification".into(), json!("confidential"));
        value.insert("tags".into(), json!(["personal_data", personal.tag()]));
    }
    let mut custom = Vec::new();
    if let Some(unit) = column.unit() {
        custom.push(json!({ "property": "unit", "value": unit }));
    }
    if let Some(reason) = column.column.and_then(|column| column.null) {
        custom.push(json!({ "property": "nullReason", "value": reason }));
    }
    if !custom.is_empty() {
        value.insert("customProperties".into(), custom.into());
    }
    if let Some(kind) = column.column.map(|column| column.kind) {
        if let Some(options) = options(column, kind) {
            value.insert("logicalTypeOptions".into(), options);
        }
        if let Some(rule) = allowed(&column.name, kind, dialect) {
            value.insert("quality".into(), json!([rule]));
        }
    }
    value.into()
}

fn logical_type(kind: SqlType) -> &'static str {
    match kind {
        SqlType::Text => "string",
        SqlType::Integer => "integer",
        SqlType::Reais | SqlType::Float => "number",
        SqlType::Timestamp => "timestamp",
        SqlType::Date => "date",
        SqlType::Flag => "boolean",
    }
}

/// Form and bounds of the values.
fn options(column: &Property, kind: LogicalType) -> Option<Value> {
    Some(match kind {
        LogicalType::Id => json!({ "minLength": 1, "maxLength": MAX_ID_LENGTH }),
        LogicalType::Text => json!({ "maxLength": column.column?.max_length }),
        LogicalType::Zip => json!({ "pattern": "^[0-9]{5}$" }),
        LogicalType::Timestamp => json!({ "timezone": false, "defaultTimezone": TIME_ZONE.name() }),
        _ => {
            let (low, high) = bounds(kind)?;
            let mut options = Map::new();
            low.map(|low| options.insert("minimum".into(), json!(low)));
            high.map(|high| options.insert("maximum".into(), json!(high)));
            Value::from(options)
        }
    })
}

/// Least and greatest whole number, where there are such.
fn bounds(kind: LogicalType) -> Option<(Option<i64>, Option<i64>)> {
    let (low, high) = match kind {
        LogicalType::Integer(low, high) => (low, high),
        LogicalType::Money => (0, MAX_CENTAVOS),
        _ => return None,
    };
    let bounds = (Some(low).filter(|low| *low > i64::MIN), Some(high).filter(|high| *high < i64::MAX));
    (bounds != (None, None)).then_some(bounds)
}

/// The rule that values are those of a list, or lie within bounds.
fn allowed(name: &str, kind: LogicalType, dialect: Dialect) -> Option<Value> {
    let listed = |words: Vec<&str>| {
        json!({
            "type": "library",
            "metric": "invalidValues",
            "name": format!("{name} is one of a list"),
            "dimension": "conformity",
            "severity": "error",
            "arguments": { "validValues": words },
            "mustBe": 0,
        })
    };
    match kind {
        LogicalType::Enumeration(words) => Some(listed(words.to_vec())),
        LogicalType::State => Some(listed(STATES.iter().map(|state| state.0).collect())),
        _ => {
            let (low, high) = bounds(kind)?;
            let quoted = dialect.quote(name);
            let below = low.map(|low| format!("{quoted} < {low}"));
            let above = high.map(|high| format!("{quoted} > {high}"));
            let fails: Vec<String> = below.into_iter().chain(above).collect();
            let query = format!("SELECT COUNT(*) FROM {{object}} WHERE {}", fails.join(" OR "));
            Some(sql(&format!("{name} lies within its bounds"), "conformity", "error", &query))
        }
    }
}

/// A rule that no row may break; `query` counts those that do.
fn sql(name: &str, dimension: &str, severity: &str, query: &str) -> Value {
    json!({
        "type": "sql",
        "name": name,
        "dimension": dimension,
        "severity": severity,
        "unit": "rows",
        "query": query,
        "mustBe": 0,
    })
}

/// A reference to a key; `enforced` where stores declare it as a foreign key.
fn relationship(key: &ForeignKey) -> Value {
    json!({
        "type": "foreignKey",
        "to": format!("{}_{}.{}", Stage::Cleaned.name(), key.table.name(), key.references),
        "customProperties": [{ "property": "enforced", "value": key.strict }],
    })
}

/// The rules of a table: its key, and the checks that each run makes.
fn quality(object: &Object) -> Vec<Value> {
    let mut rules = Vec::new();
    if !object.key.is_empty() {
        rules.push(json!({
            "type": "library",
            "metric": "duplicateValues",
            "name": "the key identifies a row",
            "dimension": "uniqueness",
            "severity": "error",
            "unit": "rows",
            "arguments": { "properties": object.key },
            "mustBe": 0,
        }));
    }
    let Some(table) = object.table else { return rules };
    rules.extend(rules_of(table).map(|rule| {
        let query = format!("SELECT COUNT(*) FROM {{object}} WHERE {}", rule.fails);
        sql(rule.check, "consistency", rule.severity.name(), &query)
    }));
    // These compare two tables.
    let compared = [(TableId::OrderPayments, PAID), (TableId::Products, TRANSLATED)];
    rules.extend(compared.iter().filter(|(id, _)| *id == table.id).map(|(_, check)| {
        json!({ "type": "text", "name": check, "description": check, "dimension": "consistency", "severity": "warning" })
    }));
    rules
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::contract::TABLES;

    fn object(contract: &Value, name: &str) -> Value {
        let objects = contract["schema"].as_array().unwrap();
        objects.iter().find(|object| object["name"] == name).unwrap_or_else(|| panic!("{name}")).clone()
    }

    fn column(object: &Value, name: &str) -> Value {
        let columns = object["properties"].as_array().unwrap();
        columns.iter().find(|column| column["name"] == name).unwrap_or_else(|| panic!("{name}")).clone()
    }

    #[test]
    fn a_clean_table_has_its_types_keys_references_and_rules() {
        let contract = contract(Dialect::Postgres).unwrap();
        let items = object(&contract, "cleaned_data_order_items");
        assert_eq!(items["physicalName"], "cleaned_data.order_items");
        let order = column(&items, "order_id");
        assert_eq!((&order["logicalType"], &order["physicalType"]), (&json!("string"), &json!("VARCHAR(64)")));
        assert_eq!((&order["primaryKeyPosition"], &order["required"]), (&json!(1), &json!(true)));
        assert_eq!(order["relationships"][0]["to"], "cleaned_data_orders.order_id");
        assert!(order["unique"].is_null() && column(&items, "seller_id")["classification"] == "confidential");
        let price = column(&items, "price_centavos");
        assert_eq!(price["customProperties"][0], json!({ "property": "unit", "value": "centavos" }));
        assert_eq!(price["logicalTypeOptions"], json!({ "minimum": 0, "maximum": MAX_CENTAVOS }));
        assert_eq!(
            price["quality"][0]["query"],
            "SELECT COUNT(*) FROM {object} WHERE \"price_centavos\" < 0 OR \"price_centavos\" > 1000000000"
        );
        assert_eq!(items["quality"][0]["arguments"]["properties"], json!(["order_id", "order_item_id"]));
        let rule = &items["quality"][1];
        assert_eq!((&rule["name"], &rule["severity"]), (&json!("the price is above zero"), &json!("warning")));
        let orders = object(&contract, "cleaned_data_orders");
        let status = column(&orders, "order_status");
        assert!(status["quality"][0]["arguments"]["validValues"].as_array().unwrap().contains(&json!("delivered")));
        assert!(column(&orders, "delivery_seconds")["logicalTypeOptions"].is_null());
    }

    #[test]
    fn physical_types_and_names_are_those_of_the_dialect() {
        let of = |dialect| object(&contract(dialect).unwrap(), "cleaned_data_orders");
        let kind = |orders: &Value| column(orders, "order_purchase_timestamp")["physicalType"].clone();
        assert_eq!(
            [Dialect::Mysql, Dialect::Postgres, Dialect::Sqlite].map(|d| kind(&of(d))),
            ["DATETIME(6)", "TIMESTAMP", "TEXT"]
        );
        assert_eq!(of(Dialect::Sqlite)["physicalName"], "cleaned_data_orders");
    }

    #[test]
    fn mart_and_results_are_described() {
        let contract = contract(Dialect::Postgres).unwrap();
        let sales = object(&contract, "mart_sales_by_day");
        assert!(sales["description"].as_str().unwrap().starts_with("Category × state × day. Orders add up"));
        assert_eq!(column(&sales, "day")["primaryKeyPosition"], 3);
        let winner = object(&contract, "results_by_state");
        assert!(winner["description"].as_str().unwrap().contains("`findings`"));
        assert_eq!(column(&winner, "state")["logicalType"], "string");
    }

    /// Every relationship leads to a column of the contract.
    #[test]
    fn references_lead_to_columns() {
        let contract = contract(Dialect::Postgres).unwrap();
        let mut seen = 0;
        for object_ in contract["schema"].as_array().unwrap() {
            for property in object_["properties"].as_array().unwrap() {
                for relationship in property["relationships"].as_array().into_iter().flatten() {
                    let (table, name) = relationship["to"].as_str().unwrap().split_once('.').unwrap();
                    column(&object(&contract, table), name);
                    seen += 1;
                }
            }
        }
        assert_eq!(seen, TABLES.iter().map(|table| table.foreign_keys.len()).sum::<usize>());
    }
}
