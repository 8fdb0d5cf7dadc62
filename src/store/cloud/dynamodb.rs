//! `dynamodb://prefix`: customers and sellers as nested documents, as the original project kept them. One of the stores.
//!
//! Each load writes a table of its own, `prefix_customers_g2_…`. Then it switches one item of `prefix_tables`, which
//! names the table that holds the customers. A reader therefore sees the old rows or the new ones, never a mixture. An
//! aborted load leaves only a table that the next load removes (`records`: only tables that pfe's loads have recorded).
//! Without that item, pfe reads the table `prefix_customers`.

mod document;
mod records;

use std::collections::HashMap;
use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, PutRequest, ScalarAttributeType,
    TableStatus, WriteRequest,
};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::aws;
use crate::error::{Error, Result};
use crate::schema::ddl::Stage;
use crate::store::declared::{by_contract, checked_name};
use crate::store::interface::{Incoming, Store, TakeFrame};
use crate::store::retry::Backoff;
use crate::store::url::StoreUrl;
use document::Shape;
use records::Current;

/// Most items in one batch, a limit of the service.
const BATCH: usize = 25;
/// Batches sent concurrently.
const IN_FLIGHT: usize = 8;
/// Segments of a table scanned concurrently.
const SEGMENTS: i32 = 4;
/// Longest time until a new table is active.
const CREATION: Duration = Duration::from_secs(120);

/// An item: attributes by name.
type Item = HashMap<String, AttributeValue>;
/// Takes the table's name and some of its items.
type TakeItems<'a> = dyn FnMut(&str, Vec<Item>) -> Result<()> + 'a;

/// One answer to a scan.
struct Page {
    segment: i32,
    items: Vec<Item>,
    /// Start key of the next page; `None` after the last.
    after: Option<Item>,
}

/// The tables under one prefix.
#[derive(Debug, Clone)]
pub(crate) struct Dynamodb {
    url: Arc<str>,
    prefix: String,
    client: Client,
}

impl Dynamodb {
    pub(crate) fn open(url: &StoreUrl) -> Result<Dynamodb> {
        url.only_options(&["region"])?;
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"_-.".contains(&b);
        let named = (1..=100).contains(&url.host.len()) && url.host.bytes().all(plain);
        if !named || url.port.is_some() || !url.path.is_empty() {
            return Err(Error::input(format!("`{}` names no prefix of tables", url.masked())).with_hint(
                "write `dynamodb://prefix`, of letters, digits, `_`, `-` and `.`; another server's address goes into \
                 AWS_ENDPOINT_URL",
            ));
        }
        Ok(Dynamodb::with(url, &aws::configure(url, "DYNAMODB")?))
    }

    fn with(url: &StoreUrl, config: &SdkConfig) -> Dynamodb {
        Dynamodb { url: url.masked().into(), prefix: url.host.clone(), client: Client::new(config) }
    }

    fn name(&self, table: &str) -> String {
        format!("{}_{table}", self.prefix)
    }

    /// Passes the name and items of the current table to `take`. Returns `false` if there is no such table.
    async fn find(&self, table: &str, take: &mut TakeItems<'_>) -> Result<bool> {
        let mut missing_before = None;
        loop {
            let current = self.current(table).await?.map(|current| current.name);
            let name = current.clone().unwrap_or_else(|| self.name(table));
            if self.scan(&name, take).await? {
                return Ok(true);
            }
            // A load that ended meanwhile has removed the table: look up the current one once more.
            match current {
                None => return Ok(false),
                same if same == missing_before => return Err(self.is_gone(&name)),
                other => missing_before = other,
            }
        }
    }

    fn is_gone(&self, name: &str) -> Error {
        Error::store(&*self.url, format!("the table `{name}` is gone")).with_hint("load the table again")
    }

    /// Passes all items of a table to `take`, page by page. Returns `false` if there is no such table.
    async fn scan(&self, name: &str, take: &mut TakeItems<'_>) -> Result<bool> {
        let (mut pages, mut has_passed_items) = (JoinSet::new(), false);
        let page = |segment, after| self.clone().page(name.to_string(), segment, after);
        for segment in 0..SEGMENTS {
            pages.spawn(page(segment, None));
        }
        while let Some(answer) = pages.join_next().await {
            let answer = answer.map_err(|e| Error::store(&*self.url, format!("reading broke off: {e}")))?;
            match answer? {
                Some(Page { segment, items, after }) => {
                    // Fetch the next page while `take` works on this one.
                    if after.is_some() {
                        pages.spawn(page(segment, after));
                    }
                    take(name, items)?;
                    has_passed_items = true;
                }
                // Items that were passed on cannot be taken back.
                None if has_passed_items => return Err(self.is_gone(name)),
                None => return Ok(false),
            }
        }
        Ok(true)
    }

    /// Reads one page of a segment; `None` if there is no such table. A page holds at most 1 MB, so only an answer without a
    /// last key is the last page.
    async fn page(self, name: String, segment: i32, after: Option<Item>) -> Result<Option<Page>> {
        let request = self.client.scan().table_name(&name).consistent_read(true);
        let page = request.segment(segment).total_segments(SEGMENTS).set_exclusive_start_key(after).send().await;
        match page {
            Ok(page) => Ok(Some(Page {
                segment,
                items: page.items.unwrap_or_default(),
                after: page.last_evaluated_key.filter(|key| !key.is_empty()),
            })),
            Err(e) if is_missing(&e) => Ok(None),
            Err(e) => Err(self.failed("read", &name, &e)),
        }
    }

    /// Approximate number of items in the current table; `None` if there is none.
    async fn count(&self, table: &str) -> Result<Option<u64>> {
        if let Some(current) = self.current(table).await? {
            return Ok(Some(current.items));
        }
        let name = self.name(table);
        match self.client.describe_table().table_name(&name).send().await {
            Ok(answer) => Ok(Some(answer.table.and_then(|t| t.item_count).map_or(0, i64::unsigned_abs))),
            Err(e) if is_missing(&e) => Ok(None),
            Err(e) => Err(self.failed("read", &name, &e)),
        }
    }

    /// Creates a table with the text key `key` and waits until it is active. An existing table is fine.
    async fn create(&self, name: &str, key: &str) -> Result<()> {
        let malformed = |e: aws_sdk_dynamodb::error::BuildError| Error::store(&*self.url, e.to_string());
        let attribute = AttributeDefinition::builder().attribute_name(key).attribute_type(ScalarAttributeType::S);
        let hash = KeySchemaElement::builder().attribute_name(key).key_type(KeyType::Hash);
        let request = self.client.create_table().table_name(name).billing_mode(BillingMode::PayPerRequest);
        let request = request
            .attribute_definitions(attribute.build().map_err(malformed)?)
            .key_schema(hash.build().map_err(malformed)?);
        match request.send().await {
            Ok(_) => {}
            // An earlier attempt, whose answer was lost, has created it: names of loads are unique.
            Err(e) if e.code() == Some("ResourceInUseException") => {}
            Err(e) => return Err(self.failed("create", name, &e)),
        }
        let (pause, started) = (Backoff::default().first, std::time::Instant::now());
        while started.elapsed() < CREATION {
            let table = self.client.describe_table().table_name(name).send().await;
            let table = table.map_err(|e| self.failed("create", name, &e))?.table;
            if table.and_then(|t| t.table_status) == Some(TableStatus::Active) {
                return Ok(());
            }
            sleep(pause).await;
        }
        Err(Error::store(&*self.url, format!("the table `{name}` is not ready after {} s", CREATION.as_secs())))
    }

    /// Puts all items, several batches concurrently.
    async fn put_all(
        &self,
        name: &str,
        items: impl Iterator<Item = Item>,
        progress: &(dyn Fn(u64) + Sync),
    ) -> Result<()> {
        let (mut batches, mut written) = (JoinSet::new(), 0);
        let mut items = items.peekable();
        loop {
            while batches.len() < IN_FLIGHT && items.peek().is_some() {
                let (store, name) = (self.clone(), name.to_string());
                let batch: Vec<Item> = items.by_ref().take(BATCH).collect();
                batches.spawn(async move {
                    let n = batch.len() as u64;
                    store.put(&name, batch).await.map(|()| n)
                });
            }
            let Some(batch) = batches.join_next().await else { return Ok(()) };
            written += batch.map_err(|e| Error::store(&*self.url, format!("writing broke off: {e}")))??;
            progress(written);
        }
    }

    /// Puts one batch. Retries items that the service refused for lack of capacity, with growing waits. The count of
    /// attempts restarts whenever the service accepts some items.
    async fn put(&self, name: &str, batch: Vec<Item>) -> Result<()> {
        let put = |item| PutRequest::builder().set_item(Some(item)).build();
        let requests: Result<Vec<_>, _> =
            batch.into_iter().map(|item| put(item).map(|p| WriteRequest::builder().put_request(p).build())).collect();
        let mut remaining = requests.map_err(|e| Error::store(&*self.url, e.to_string()))?;
        let (backoff, mut refused) = (Backoff::default(), 0);
        loop {
            let sent = remaining.len();
            let answer = self.client.batch_write_item().request_items(name, remaining).send().await;
            let answer = answer.map_err(|e| self.failed("write", name, &e))?;
            remaining = answer.unprocessed_items.unwrap_or_default().remove(name).unwrap_or_default();
            if remaining.is_empty() {
                return Ok(());
            }
            refused = if remaining.len() < sent { 1 } else { refused + 1 };
            if refused >= backoff.attempts {
                let message = format!("{} items of `{name}` were not taken", remaining.len());
                return Err(Error::store(&*self.url, message)
                    .after(refused)
                    .with_hint("the service asks to slow down: try later, or raise its capacity"));
            }
            sleep(backoff.wait(refused)).await;
        }
    }

    async fn replace(&self, table: &str, key: &str, items: Vec<Item>, progress: &(dyn Fn(u64) + Sync)) -> Result<()> {
        let previous = self.current(table).await?;
        let generation = previous.as_ref().map_or(0, |c| c.generation) + 1;
        // Two concurrent loads write two tables; the second to end finds that the switch has moved on, and fails.
        let name = generated_name(&self.name(table), generation, aws::unique());
        let new = Current { name: name.clone(), generation, items: items.len() as u64 };
        let written = async {
            self.create(&self.name("tables"), "table").await?;
            self.record(table, &name, generation).await?;
            self.create(&name, key).await?;
            self.put_all(&name, items.into_iter(), progress).await?;
            self.switch(table, previous.as_ref(), &new).await
        };
        if let Err(error) = written.await {
            match self.current(table).await {
                // The switch was made; only its answer was lost.
                Ok(Some(current)) if current.name == name => {}
                // Nobody reads the rows written so far. Report the first error even if their removal fails.
                Ok(_) => {
                    let _ = self.remove(&name).await;
                    return Err(error);
                }
                // The table may be the current one. If it is not, the next load removes it.
                Err(_) => return Err(error),
            }
        }
        self.sweep(table, previous.as_ref(), &name, generation).await.map_err(|error| match error {
            Error::Store { store, message, hint } => {
                let message = format!("`{table}` is loaded, but earlier tables remain until the next load: {message}");
                Error::Store { store, message, hint }
            }
            other => other,
        })
    }

    fn failed<E, R>(&self, action: &str, name: &str, error: &SdkError<E, R>) -> Error
    where
        E: ProvideErrorMetadata + StdError + 'static,
        R: std::fmt::Debug + 'static,
    {
        let reason = match (error.code(), error.message()) {
            (Some(code), Some(message)) => format!("{code}: {message}"),
            (Some(code), None) => code.to_string(),
            _ => aws::innermost(error),
        };
        let failed = Error::store(&*self.url, format!("cannot {action} `{name}`: {reason}"));
        match error.code().map_or(Some(aws::UNREACHABLE), aws::advice) {
            Some(hint) => failed.with_hint(hint),
            None => failed,
        }
    }
}

/// Name of the table that a load writes; `unique` differs between loads.
fn generated_name(table: &str, generation: u64, unique: u64) -> String {
    format!("{table}_g{generation}_{unique:016x}")
}

fn is_missing<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> bool {
    error.code() == Some("ResourceNotFoundException")
}

impl Store for Dynamodb {
    fn url(&self) -> &str {
        &self.url
    }

    fn holds(&self, schema: Stage, table: &str) -> bool {
        Shape::of(schema, table).is_some()
    }

    fn read_blocks(&self, schema: Stage, table: &str, take: &mut TakeFrame<'_>) -> Result<bool> {
        let Some(shape) = Shape::of(schema, checked_name(table)?) else { return Ok(false) };
        aws::wait(self.find(table, &mut |name, items| {
            let frame = shape.frame(&items, name).map_err(|message| {
                Error::input(format!("{}: {message}", self.url)).with_hint("mend the document, or load the table again")
            })?;
            take(by_contract(schema, table, frame, name)?)
        }))?
    }

    fn rows(&self, schema: Stage, table: &str) -> Result<Option<u64>> {
        match self.holds(schema, checked_name(table)?) {
            true => aws::wait(self.count(table))?,
            false => Ok(None),
        }
    }

    /// Writes the tables one after the other: each has its own switch.
    fn write_all(&self, tables: &[Incoming], progress: &(dyn Fn(&str, u64) + Sync)) -> Result<()> {
        let mut ready = Vec::new();
        for Incoming { schema, name, frame, .. } in tables {
            let Some(shape) = Shape::of(*schema, checked_name(name)?) else {
                return Err(Error::input(format!(
                    "DynamoDB holds raw customers and sellers, not `{}.{name}`",
                    schema.name()
                ))
                .with_hint("choose another store for it"));
            };
            let frame = by_contract(*schema, name, frame.clone(), name)?;
            let items = shape.items(&frame).map_err(|message| Error::input(format!("{name}: {message}")))?;
            ready.push((name, shape.key(), items));
        }
        for (name, key, items) in ready {
            aws::wait(self.replace(name, key, items, &|rows| progress(name, rows)))??;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
