//! Which table is current, and which tables are ours and may be removed: items of `prefix_tables` record both, and one
//! write switches the current table. Used by `dynamodb`.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::AttributeValue;

use super::{Dynamodb, Item, generated_name, is_missing};
use crate::error::{Error, Result};

/// Contents of the item in `prefix_tables`.
#[derive(Debug)]
pub(super) struct Current {
    /// The table that holds the rows.
    pub(super) name: String,
    /// Number of the load that wrote it.
    pub(super) generation: u64,
    /// Number of items that the load wrote.
    pub(super) items: u64,
}

impl Dynamodb {
    /// The current table for `table`; `None` if no load has finished.
    pub(super) async fn current(&self, table: &str) -> Result<Option<Current>> {
        let answer = self
            .client
            .get_item()
            .table_name(self.name("tables"))
            .key("table", AttributeValue::S(table.into()))
            .consistent_read(true)
            .send()
            .await;
        let item = match answer {
            Ok(answer) => answer.item,
            Err(e) if is_missing(&e) => None,
            Err(e) => return Err(self.failed("read", &self.name("tables"), &e)),
        };
        let Some(item) = item else { return Ok(None) };
        let name = item.get("holds").and_then(|v| v.as_s().ok());
        let number = |name: &str| item.get(name).and_then(|v| v.as_n().ok()?.parse().ok());
        match (name, number("generation")) {
            (Some(name), Some(generation)) => {
                Ok(Some(Current { name: name.clone(), generation, items: number("items").unwrap_or(0) }))
            }
            _ => Err(Error::store(&*self.url, format!("`{}` does not say where `{table}` is", self.name("tables")))
                .with_hint("load the table again after removing its item")),
        }
    }

    /// Makes `new` the current table, unless another load switched since `previous` was read.
    pub(super) async fn switch(&self, table: &str, previous: Option<&Current>, new: &Current) -> Result<()> {
        let request = self
            .client
            .put_item()
            .table_name(self.name("tables"))
            .item("table", AttributeValue::S(table.into()))
            .item("holds", AttributeValue::S(new.name.clone()))
            .item("generation", AttributeValue::N(new.generation.to_string()))
            .item("items", AttributeValue::N(new.items.to_string()));
        let request = match previous {
            None => request.condition_expression("attribute_not_exists(holds)"),
            Some(previous) => request
                .condition_expression("holds = :before")
                .expression_attribute_values(":before", AttributeValue::S(previous.name.clone())),
        };
        match request.send().await {
            Ok(_) => Ok(()),
            Err(e) if e.code() == Some("ConditionalCheckFailedException") => {
                // An earlier attempt may have succeeded although its answer was lost.
                match self.current(table).await? {
                    Some(current) if current.name == new.name => Ok(()),
                    _ => Err(Error::store(&*self.url, format!("another load of `{table}` ended meanwhile"))
                        .with_hint("its rows are kept; load again to replace them")),
                }
            }
            Err(e) => Err(self.failed("write", &self.name("tables"), &e)),
        }
    }

    /// Records, before a load creates a table, that it will: as an item of its own, whose key holds the name.
    pub(super) async fn record(&self, table: &str, name: &str, generation: u64) -> Result<()> {
        let records = self.name("tables");
        let request = self
            .client
            .put_item()
            .table_name(&records)
            .item("table", AttributeValue::S(record_key(name)))
            .item("of", AttributeValue::S(table.into()))
            .item("made", AttributeValue::S(name.into()))
            .item("generation", AttributeValue::N(generation.to_string()));
        request.send().await.map(drop).map_err(|e| self.failed("write", &records, &e))
    }

    /// Removes a table of a load, and its record.
    pub(super) async fn remove(&self, name: &str) -> Result<()> {
        match self.client.delete_table().table_name(name).send().await {
            Ok(_) => {}
            // It is being deleted already.
            Err(e) if is_missing(&e) || e.code() == Some("ResourceInUseException") => {}
            Err(e) => return Err(self.failed("remove", name, &e)),
        }
        let records = self.name("tables");
        let request = self.client.delete_item().table_name(&records).key("table", AttributeValue::S(record_key(name)));
        request.send().await.map(drop).map_err(|e| self.failed("write", &records, &e))
    }

    /// Removes the tables that loads up to this generation have made, except `keep`: the one with the previous rows,
    /// and those of aborted loads. A table without a record belongs to someone else, whatever its name.
    pub(super) async fn sweep(
        &self,
        table: &str,
        previous: Option<&Current>,
        keep: &str,
        generation: u64,
    ) -> Result<()> {
        let mut records: Vec<Item> = Vec::new();
        let mut take = |_: &str, items: Vec<Item>| {
            records.extend(items);
            Ok(())
        };
        self.scan(&self.name("tables"), &mut take).await?;
        let text = |record: &Item, key: &str| record.get(key).and_then(|value| value.as_s().ok()).cloned();
        let created =
            records.iter().filter(|record| text(record, "of").as_deref() == Some(table)).filter_map(|record| {
                let number: u64 = record.get("generation")?.as_n().ok()?.parse().ok()?;
                text(record, "made").filter(|_| number <= generation)
            });
        // Loads of earlier versions recorded nothing, but the item of `prefix_tables` names the table that one of them made.
        let unrecorded = previous.filter(|previous| previous.is_generated(&self.name(table)));
        let created: BTreeSet<String> = created.chain(unrecorded.map(|previous| previous.name.clone())).collect();
        for name in created.iter().filter(|name| *name != keep && name.starts_with(&self.name(table))) {
            self.remove(name).await?;
        }
        Ok(())
    }
}

impl Current {
    /// Whether the name has exactly the form that a load of this generation gives its table.
    fn is_generated(&self, table: &str) -> bool {
        let unique = self.name.rsplit('_').next().and_then(|digits| u64::from_str_radix(digits, 16).ok());
        unique.is_some_and(|unique| generated_name(table, self.generation, unique) == self.name)
    }
}

/// Key of a table's record; no table's own item has this key.
fn record_key(name: &str) -> String {
    format!("made {name}")
}
