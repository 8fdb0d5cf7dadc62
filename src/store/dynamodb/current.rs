//! Which table holds the rows: one item of `prefix_tables` says so, and is switched in one write. Used by `dynamodb`.

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::AttributeValue;

use super::{Dynamodb, is_missing};
use crate::error::{Error, Result};

/// What the item of `prefix_tables` says.
#[derive(Debug)]
pub(super) struct Current {
    /// The table that holds the rows.
    pub(super) name: String,
    /// Number of the load that wrote it.
    pub(super) generation: u64,
    /// How many items it wrote.
    pub(super) items: u64,
}

impl Dynamodb {
    /// Where the rows of `table` are; `None` if no load has ended.
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

    /// Says that `now` holds the table, unless another load said something since `before`.
    pub(super) async fn switch(&self, table: &str, before: Option<&Current>, now: &Current) -> Result<()> {
        let request = self
            .client
            .put_item()
            .table_name(self.name("tables"))
            .item("table", AttributeValue::S(table.into()))
            .item("holds", AttributeValue::S(now.name.clone()))
            .item("generation", AttributeValue::N(now.generation.to_string()))
            .item("items", AttributeValue::N(now.items.to_string()));
        let request = match before {
            None => request.condition_expression("attribute_not_exists(holds)"),
            Some(before) => request
                .condition_expression("holds = :before")
                .expression_attribute_values(":before", AttributeValue::S(before.name.clone())),
        };
        match request.send().await {
            Ok(_) => Ok(()),
            Err(e) if e.code() == Some("ConditionalCheckFailedException") => {
                // The answer to an attempt that did succeed may have been lost on its way.
                match self.current(table).await? {
                    Some(current) if current.name == now.name => Ok(()),
                    _ => Err(Error::store(&*self.url, format!("another load of `{table}` ended meanwhile"))
                        .with_hint("its rows are kept; load again to replace them")),
                }
            }
            Err(e) => Err(self.failed("write", &self.name("tables"), &e)),
        }
    }

    /// Removes what loads up to this generation left: the rows before, and remains of loads that broke off.
    pub(super) async fn sweep(&self, table: &str, keep: &str, generation: u64) -> Result<()> {
        let start = format!("{}_g", self.name(table));
        // Tables are listed by name, and an account may have thousands of others.
        let mut after = start.clone();
        loop {
            let page = self.client.list_tables().exclusive_start_table_name(after).send().await;
            let page = page.map_err(|e| self.failed("list", &start, &e))?;
            for name in page.table_names.unwrap_or_default() {
                let Some(rest) = name.strip_prefix(&start) else { return Ok(()) };
                let number = rest.split_once('_').and_then(|(number, _)| number.parse::<u64>().ok());
                if name == keep || number.is_none_or(|n| n > generation) {
                    continue;
                }
                match self.client.delete_table().table_name(&name).send().await {
                    Ok(_) => {}
                    // Already on its way out.
                    Err(e) if is_missing(&e) || e.code() == Some("ResourceInUseException") => {}
                    Err(e) => return Err(self.failed("remove", &name, &e)),
                }
            }
            match page.last_evaluated_table_name {
                Some(name) => after = name,
                None => return Ok(()),
            }
        }
    }
}
