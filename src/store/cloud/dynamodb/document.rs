//! Rows of customers and sellers ↔ nested documents: `{customer_id, customer_unique_id, customer_address:
//! {customer_zip_code, customer_city, customer_state}}`. Used by `dynamodb`.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use polars::prelude::*;

use super::Item;
use crate::schema::contract::{Column as Declared, DOCUMENTS, LogicalType, Table};
use crate::schema::ddl::Stage;
use crate::schema::parse::{Bounds, Cell, parse};

/// How a table's rows are nested.
#[derive(Debug)]
pub(super) struct Shape {
    table: &'static Table,
    /// Attribute that holds all columns except the ids.
    address: String,
}

impl Shape {
    /// `None` for tables that DynamoDB does not keep.
    pub(super) fn of(schema: Stage, table: &str) -> Option<Shape> {
        let id = DOCUMENTS.into_iter().find(|id| schema == Stage::Raw && id.name() == table)?;
        Some(Shape { table: id.table(), address: format!("{}_address", table.trim_end_matches('s')) })
    }

    /// The attribute that identifies a document.
    pub(super) fn key(&self) -> &'static str {
        self.table.key[0]
    }

    fn is_nested(column: &Declared) -> bool {
        column.kind != LogicalType::Id
    }

    /// Converts rows to documents, in their order. Identical rows give one document.
    ///
    /// # Errors
    /// Two different rows share a key, so that documents cannot hold both.
    pub(super) fn items(&self, frame: &DataFrame) -> Result<Vec<Item>, String> {
        let text = |c: &Declared| frame.column(c.source).and_then(|column| column.str()).map_err(|e| e.to_string());
        let columns: Vec<_> = self.table.columns.iter().map(|c| Ok((c, text(c)?))).collect::<Result<_, String>>()?;
        let keys = frame.column(self.key()).and_then(|c| c.str()).map_err(|e| e.to_string())?;
        let mut first: HashMap<&str, usize> = HashMap::with_capacity(frame.height());
        let mut items = Vec::with_capacity(frame.height());
        for (row, key) in keys.iter().enumerate() {
            let key = key.unwrap_or_default();
            if let Some(&same) = first.get(key) {
                match columns.iter().find(|(_, values)| values.get(same) != values.get(row)) {
                    None => continue,
                    Some((column, _)) => {
                        return Err(format!("`{}` {key} stands twice, with different `{}`", self.key(), column.source));
                    }
                }
            }
            first.insert(key, row);
            let (mut item, mut address) = (Item::new(), Item::new());
            for (column, values) in &columns {
                let Some(value) = values.get(row).map(String::from) else { continue };
                match column.kind {
                    // The original's documents hold zip codes as numbers, without leading zeros.
                    LogicalType::Zip => address.insert(short(column).into(), AttributeValue::N(number(&value))),
                    _ if Shape::is_nested(column) => address.insert(column.source.into(), AttributeValue::S(value)),
                    _ => item.insert(column.source.into(), AttributeValue::S(value)),
                };
            }
            item.insert(self.address.clone(), AttributeValue::M(address));
            items.push(item);
        }
        Ok(items)
    }

    /// Converts documents to rows of table `name`.
    ///
    /// # Errors
    /// A document breaks the contract; the message says which one and how.
    pub(super) fn frame(&self, items: &[Item], name: &str) -> Result<DataFrame, String> {
        let mut columns = Vec::with_capacity(self.table.columns.len());
        for declared in self.table.columns {
            let mut values = StringChunkedBuilder::new(declared.source.into(), items.len());
            for item in items {
                let wrong = |problem: String| format!("the document {} of `{name}` {problem}", self.identity(item));
                let holder = match (Shape::is_nested(declared), item.get(&self.address)) {
                    (false, _) => item,
                    (true, Some(AttributeValue::M(address))) => address,
                    (true, Some(_)) => return Err(wrong(format!("has a `{}` that is no document", self.address))),
                    (true, None) => return Err(wrong(format!("has no `{}`", self.address))),
                };
                let text = match holder.get(declared.source).or_else(|| holder.get(short(declared))) {
                    Some(AttributeValue::S(text) | AttributeValue::N(text)) => text,
                    Some(_) => return Err(wrong(format!("has a `{}` that is no text", short(declared)))),
                    None if declared.is_nullable() => {
                        values.append_null();
                        continue;
                    }
                    None => return Err(wrong(format!("has no `{}`", short(declared)))),
                };
                match parse(declared, text.as_bytes(), &Bounds::default()) {
                    Ok(Cell::Padded(zip)) => values.append_value(String::from_utf8_lossy(&zip)),
                    // Contract violations are quarantined later, where rows of every format are checked.
                    _ => values.append_value(text),
                }
            }
            columns.push(values.finish().into_column());
        }
        DataFrame::new(items.len(), columns).map_err(|e| e.to_string())
    }

    /// A document's key, for messages.
    fn identity(&self, item: &Item) -> String {
        match item.get(self.key()) {
            Some(AttributeValue::S(key) | AttributeValue::N(key)) => format!("`{key}`"),
            _ => format!("without a `{}`", self.key()),
        }
    }
}

/// Documents say `customer_zip_code` for `customer_zip_code_prefix`.
fn short(column: &Declared) -> &'static str {
    column.source.strip_suffix("_prefix").unwrap_or(column.source)
}

fn number(zip: &str) -> String {
    match zip.trim_start_matches('0') {
        "" => "0".into(),
        digits => digits.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

    fn sellers(ids: &[&str], cities: &[&str]) -> DataFrame {
        let zips = vec!["01151"; ids.len()];
        let states = vec!["SP"; ids.len()];
        df!("seller_id" => ids, "seller_zip_code_prefix" => zips, "seller_city" => cities, "seller_state" => states)
            .unwrap()
    }

    #[test]
    fn rows_become_the_original_documents_and_come_back() {
        let shape = Shape::of(Stage::Raw, "sellers").unwrap();
        let frame = sellers(&[A, B], &["sao paulo; \"x\"", "é🎈'"]);
        let items = shape.items(&frame).unwrap();
        let address = items[0]["seller_address"].as_m().unwrap();
        assert_eq!(address["seller_zip_code"], AttributeValue::N("1151".into()));
        assert_eq!(address["seller_state"], AttributeValue::S("SP".into()));
        assert_eq!(items[0]["seller_id"], AttributeValue::S(A.into()));
        assert!(shape.frame(&items, "t").unwrap().equals(&frame));
    }

    #[test]
    fn a_row_twice_is_one_document_but_two_rows_are_not() {
        let shape = Shape::of(Stage::Raw, "sellers").unwrap();
        assert_eq!(shape.items(&sellers(&[A, B, A], &["x", "y", "x"])).unwrap().len(), 2);
        let error = shape.items(&sellers(&[A, B, A], &["x", "y", "z"])).unwrap_err();
        assert!(error.contains(A) && error.contains("seller_city"), "{error}");
    }

    #[test]
    fn a_document_that_breaks_the_contract_is_named() {
        let shape = Shape::of(Stage::Raw, "sellers").unwrap();
        let good = shape.items(&sellers(&[A], &["x"])).unwrap();
        let broken = |change: &dyn Fn(&mut Item)| {
            let mut items = good.clone();
            change(&mut items[0]);
            shape.frame(&items, "pfe_sellers").unwrap_err()
        };
        let error = broken(&|item| drop(item.remove("seller_address")));
        assert_eq!(error, format!("the document `{A}` of `pfe_sellers` has no `seller_address`"));
        let error = broken(&|item| drop(item.insert("seller_address".into(), AttributeValue::Bool(true))));
        assert!(error.contains("no document"), "{error}");
        assert!(broken(&|item| drop(item.remove("seller_id"))).contains("without a `seller_id`"));
    }

    /// The contract is applied where rows of all formats meet it.
    #[test]
    fn values_that_are_missing_or_wrong_come_as_they_are() {
        let shape = Shape::of(Stage::Raw, "sellers").unwrap();
        let frame = df!("seller_id" => ["any text", B], "seller_zip_code_prefix" => [None, Some("x")],
            "seller_city" => [None, Some("x")], "seller_state" => [Some("ZZ"), None])
        .unwrap();
        assert!(shape.frame(&shape.items(&frame).unwrap(), "t").unwrap().equals_missing(&frame));
    }

    #[test]
    fn only_raw_customers_and_sellers_are_documents() {
        assert!(Shape::of(Stage::Raw, "customers").is_some());
        assert!(Shape::of(Stage::Cleaned, "customers").is_none() && Shape::of(Stage::Raw, "orders").is_none());
    }
}
