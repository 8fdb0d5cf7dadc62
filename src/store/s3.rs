//! `s3://bucket/prefix`, on AWS or any compatible server: Parquet like the local lake's, results as CSV, and raw files
//! (`csv/*.csv`, `json/*.json`, or Kaggle's names), which `input::find` finds like those of a folder. One of the stores.

mod credentials;

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Cursor, Read, Seek};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_config::SdkConfig;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, BackoffConfig, ClientOptions, GetOptions, GetRange, MultipartUpload, ObjectMeta,
    ObjectStore, ObjectStoreExt, PutMultipartOptions, PutOptions, RetryConfig,
};
use polars::prelude::*;
use tokio::task::{JoinHandle, JoinSet};

use super::{
    Incoming, MADE, Stage, Store, StoreUrl, StoredFile, TakeFrame, aws, checked_name, columns, parquet, retry,
};
use crate::error::{Error, Result};
use crate::parallel;
use crate::schema::file_names::{MOST_FILES, is_worth_listing};
use credentials::Credentials;

/// Bytes per part of an upload and per request of a download. Smaller objects are sent in one piece.
const PART: usize = 8 << 20;
/// Parts sent concurrently.
const IN_FLIGHT: usize = 4;
/// Objects transferred concurrently.
const AT_ONCE: usize = 4;
/// Approximate upper bound of bytes of text per byte of Parquet. The footer has the exact number of rows, but is only
/// read with them.
const UNPACKED: u64 = 4;

/// A bucket, or a prefix in one.
#[derive(Debug, Clone)]
pub(super) struct S3 {
    url: String,
    bucket: String,
    prefix: Path,
    client: Arc<AmazonS3>,
}

impl S3 {
    pub(super) fn open(url: &StoreUrl) -> Result<S3> {
        url.only_options(&["region"])?;
        if url.host.is_empty() || url.port.is_some() {
            return Err(Error::input(format!("`{}` names no bucket", url.masked()))
                .with_hint("write `s3://bucket/prefix`; another server's address goes into AWS_ENDPOINT_URL"));
        }
        let prefix = Path::parse(&url.path).map_err(|_| {
            Error::input(format!("the prefix of `{}` leads nowhere", url.masked()))
                .with_hint("`.`, `..` and empty names are not allowed in it")
        })?;
        S3::with(url, prefix, &aws::configure(url, "S3")?)
    }

    fn with(url: &StoreUrl, prefix: Path, config: &SdkConfig) -> Result<S3> {
        let client = client(url, config).map_err(|e| Error::store(url.masked(), aws::innermost(&e)))?;
        Ok(S3 { url: url.masked().into(), bucket: url.host.clone(), prefix, client: Arc::new(client) })
    }

    /// The key of `name` below the prefix.
    fn key(&self, name: &str) -> Path {
        name.split('/').filter(|part| !part.is_empty()).fold(self.prefix.clone(), |key, part| key.join(part))
    }

    fn key_of(&self, schema: Stage, table: &str) -> Result<Path> {
        let extension = if schema == Stage::Results { "csv" } else { "parquet" };
        Ok(self.key(&format!("{}/{}.{extension}", schema.name(), checked_name(table)?)))
    }

    /// Metadata of an object; `None` if there is none.
    fn head(&self, key: &Path) -> Result<Option<ObjectMeta>> {
        match aws::wait(self.client.head(key))? {
            // HEAD does not tell a missing bucket from a missing object; a listing does.
            Err(object_store::Error::NotFound { .. }) => aws::wait(self.client.list_with_delimiter(Some(key)))?
                .map(|_| None)
                .map_err(|e| self.failed("read", key, &e)),
            meta => meta.map(Some).map_err(|e| self.failed("read", key, &e)),
        }
    }

    /// Downloads an object into an unnamed temporary file. A Parquet reader starts at the end of the file, and the object
    /// may exceed memory.
    fn fetch(&self, meta: ObjectMeta) -> Result<File> {
        let mut file = tempfile::tempfile().map_err(Error::io("write", std::env::temp_dir()))?;
        io::copy(&mut Download::new(self.clone(), meta), &mut file).map_err(unwrapped(&self.url))?;
        Ok(file)
    }

    /// Refuses to replace an object that no load has put.
    fn may_replace(&self, key: &Path) -> Result<()> {
        let head = GetOptions { head: true, ..Default::default() };
        match aws::wait(self.client.get_opts(key, head))? {
            Ok(there) if there.attributes.get(&mark()).map(|value| &**value) == Some(MADE) => Ok(()),
            Ok(_) => Err(Error::input(format!(
                "`s3://{}/{key}` is in the way: no load of pfe has put it there",
                self.bucket
            ))
            .with_hint("move it away, or choose another prefix")),
            // If the bucket is missing, the next request reports it.
            Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(e) => Err(self.failed("read", key, &e)),
        }
    }

    /// Puts an object with our mark in place of the previous one. Readers see the old or the new object, never a part.
    fn put(&self, key: &Path, bytes: Vec<u8>, sent: &dyn Fn(usize)) -> Result<()> {
        let attributes = Attributes::from_iter([(mark(), MADE)]);
        let put = async {
            if bytes.len() <= PART {
                let options = PutOptions { attributes, ..Default::default() };
                return self.client.put_opts(key, bytes.into(), options).await.map(|_| ());
            }
            let options = PutMultipartOptions { attributes, ..Default::default() };
            let mut upload = self.client.put_multipart_opts(key, options).await?;
            let done = match upload_parts(&mut *upload, &bytes, sent).await {
                Ok(()) => upload.complete().await.map(|_| ()),
                failed => failed,
            };
            if done.is_err() {
                // Parts of an unfinished upload are invisible but cost money. Report the first error even if their removal fails.
                let _ = upload.abort().await;
            }
            done
        };
        aws::wait(put)?.map_err(|e| self.failed("write", key, &e))
    }

    fn failed(&self, action: &str, key: &Path, error: &object_store::Error) -> Error {
        let text = error.to_string();
        let tag = |name: &str| Some(text.split_once(&format!("<{name}>"))?.1.split_once('<')?.0.to_string());
        let code = tag("Code").unwrap_or_else(|| match error {
            object_store::Error::PermissionDenied { .. } | object_store::Error::Unauthenticated { .. } => {
                "AccessDenied".into()
            }
            _ => String::new(),
        });
        let message = match (error, code.as_str()) {
            (_, "NoSuchBucket") => format!("there is no bucket `{}`", self.bucket),
            (object_store::Error::Precondition { .. }, _) => format!("`{key}` changed while it was read"),
            (_, "") => format!("cannot {action} `{key}`: {}", aws::innermost(error)),
            (_, code) => {
                let why = tag("Message").map_or_else(|| code.to_string(), |message| format!("{code}: {message}"));
                format!("cannot {action} `{key}`: {why}")
            }
        };
        let error = Error::store(&self.url, message);
        let hint = if code.is_empty() { Some(aws::UNREACHABLE) } else { aws::advice(&code) };
        match hint {
            Some(hint) => error.with_hint(hint),
            None => error,
        }
    }
}

fn client(url: &StoreUrl, config: &SdkConfig) -> object_store::Result<AmazonS3> {
    let backoff = retry::Backoff::default();
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(&url.host)
        .with_retry(RetryConfig {
            backoff: BackoffConfig { init_backoff: backoff.first, max_backoff: aws::LONGEST_WAIT, base: 2.0 },
            max_retries: backoff.attempts as usize - 1,
            retry_timeout: aws::ATTEMPT,
        })
        .with_client_options(ClientOptions::new().with_connect_timeout(aws::CONNECT).with_timeout(aws::ATTEMPT));
    if let Some(region) = config.region() {
        builder = builder.with_region(region.as_ref());
    }
    if let Some(endpoint) = config.endpoint_url() {
        // Unencrypted only if the user's endpoint says `http://`.
        builder = builder.with_endpoint(endpoint).with_allow_http(endpoint.starts_with("http://"));
    }
    if let Some(provider) = config.credentials_provider() {
        builder = builder.with_credentials(Arc::new(Credentials::new(provider)));
    }
    builder.build()
}

impl Store for S3 {
    fn url(&self) -> &str {
        &self.url
    }

    fn read_blocks(&self, schema: Stage, table: &str, take: &mut TakeFrame<'_>) -> Result<bool> {
        let key = self.key_of(schema, table)?;
        let Some(meta) = self.head(&key)? else { return Ok(false) };
        let mut file = self.fetch(meta)?;
        match schema {
            Stage::Results => {
                file.rewind().map_err(Error::io("read", std::env::temp_dir()))?;
                let options = CsvReadOptions::default().with_infer_schema_length(None);
                take(options.into_reader_with_file_handle(file).finish()?)?;
            }
            _ => parquet::decode(schema, table, file, &format!("s3://{}/{key}", self.bucket), take)?,
        }
        Ok(true)
    }

    fn rows(&self, schema: Stage, table: &str) -> Result<Option<u64>> {
        let meta = self.head(&self.key_of(schema, table)?)?;
        let width = columns(schema, table).map_or(1, |columns| columns.iter().map(|c| c.kind.typical_width()).sum());
        Ok(meta.map(|meta| meta.size.saturating_mul(UNPACKED) / width.max(1)))
    }

    fn write_all(&self, tables: &[Incoming], progress: &(dyn Fn(&str, u64) + Sync)) -> Result<()> {
        let keys: Vec<Path> =
            tables.iter().map(|table| self.key_of(table.schema, &table.name)).collect::<Result<_>>()?;
        parallel::map_on(AT_ONCE, &keys, |key| self.may_replace(key))?;
        // One object is replaced at once. Of several, all are uploaded before the first is replaced.
        let aside = match tables {
            [_] => None,
            _ => Some(self.key(&format!(".pfe-new-{:016x}", unique()))),
        };
        let place = |key: &Path| match &aside {
            None => key.clone(),
            Some(aside) => {
                key.prefix_match(&self.prefix).into_iter().flatten().fold(aside.clone(), |key, part| key.join(part))
            }
        };
        let put = |(table, key): (&Incoming, &Path)| -> Result<()> {
            let bytes = encode(table)?;
            let (rows, size) = (table.frame.height() as u64, bytes.len().max(1) as u64);
            self.put(&place(key), bytes, &|sent| progress(&table.name, rows * sent as u64 / size))?;
            progress(&table.name, rows);
            Ok(())
        };
        let written = parallel::map_on(AT_ONCE, tables.iter().zip(&keys), put);
        if aside.is_none() {
            return written.map(drop);
        }
        let switch =
            |key: &Path| aws::wait(self.client.copy(&place(key), key))?.map_err(|e| self.failed("write", key, &e));
        let switched = written.and_then(|_| parallel::map_on(AT_ONCE, &keys, switch));
        // Nobody reads the staged objects. Report the first error even if their removal fails.
        let _ = parallel::map_on(AT_ONCE, &keys, |key| aws::wait(self.client.delete(&place(key))).map(drop));
        switched.map(drop)
    }

    fn place(&self, schema: Stage, table: &str) -> Result<Option<String>> {
        // Spark's scheme for S3; Sail takes it, too.
        Ok(Some(format!("s3a://{}/{}", self.bucket, self.key_of(schema, table)?)))
    }

    fn files(&self) -> Result<Vec<Box<dyn StoredFile>>> {
        let mut files: Vec<Box<dyn StoredFile>> = Vec::new();
        let mut folders = VecDeque::from([String::new()]);
        while let Some(folder) = folders.pop_front().filter(|_| files.len() < MOST_FILES) {
            let key = self.key(&folder);
            let listed = aws::wait(self.client.list_with_delimiter(Some(&key)))?;
            let listed = listed.map_err(|e| self.failed("list", &key, &e))?;
            let below = |name: &str| [&folder, name].join("/").trim_start_matches('/').to_string();
            let inner = listed.common_prefixes.iter().filter_map(|inner| Some(below(inner.filename()?)));
            folders.extend(inner.filter(|inner| is_worth_listing(inner)));
            files.extend(listed.objects.into_iter().filter_map(|meta| {
                let name = below(meta.location.filename()?);
                Some(Box::new(Object { store: self.clone(), meta, name }) as Box<dyn StoredFile>)
            }));
        }
        Ok(files)
    }
}

/// The bytes of a table's object. A run's results keep the bytes of the run's files.
fn encode(table: &Incoming) -> Result<Vec<u8>> {
    if let Some(file) = &table.file {
        return Ok(file.clone());
    }
    let mut bytes = Vec::new();
    match table.schema {
        Stage::Results => CsvWriter::new(&mut bytes).finish(&mut table.frame.clone())?,
        schema => parquet::encode(schema, &table.name, &table.frame, &mut bytes)?,
    }
    Ok(bytes)
}

/// The metadata key of the mark.
fn mark() -> Attribute {
    Attribute::Metadata("pfe".into())
}

/// A number that differs between loads.
fn unique() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_nanos() as u64);
    now ^ (u64::from(std::process::id()) << 40)
}

/// An object that holds a raw file.
#[derive(Debug)]
struct Object {
    store: S3,
    meta: ObjectMeta,
    name: String,
}

impl StoredFile for Object {
    fn name(&self) -> &str {
        &self.name
    }

    fn size(&self) -> u64 {
        self.meta.size
    }

    fn place(&self) -> Option<String> {
        // Spark's scheme, as for tables.
        Some(format!("s3a://{}/{}", self.store.bucket, self.meta.location))
    }

    fn first(&self, bytes: u64) -> Box<dyn Read> {
        let meta = ObjectMeta { size: self.meta.size.min(bytes), ..self.meta.clone() };
        Box::new(Download::new(self.store.clone(), meta))
    }

    fn open(&self) -> Box<dyn Read> {
        Box::new(Download::new(self.store.clone(), self.meta.clone()))
    }
}

/// Sends the parts of an object, several concurrently.
async fn upload_parts(
    upload: &mut dyn MultipartUpload,
    bytes: &[u8],
    sent: &dyn Fn(usize),
) -> object_store::Result<()> {
    let (mut parts, mut done) = (JoinSet::new(), 0);
    for part in bytes.chunks(PART) {
        if parts.len() >= IN_FLIGHT
            && let Some(part) = parts.join_next().await
        {
            part??;
            done += PART;
            sent(done);
        }
        parts.spawn(upload.put_part(part.to_vec().into()));
    }
    while let Some(part) = parts.join_next().await {
        part??;
    }
    Ok(())
}

/// Reads an object part by part; fetches the next part while the reader works on this one.
struct Download {
    store: S3,
    meta: ObjectMeta,
    part: Cursor<Vec<u8>>,
    /// Bytes requested so far.
    asked: u64,
    next: Option<JoinHandle<object_store::Result<Vec<u8>>>>,
}

impl Download {
    fn new(store: S3, meta: ObjectMeta) -> Download {
        Download { store, meta, part: Cursor::default(), asked: 0, next: None }
    }

    /// Requests the next part, if there is one.
    fn ask(&mut self) {
        if self.asked >= self.meta.size {
            return;
        }
        let end = self.meta.size.min(self.asked + PART as u64);
        // If another object replaces this one meanwhile, fail instead of mixing the two.
        let options = GetOptions {
            range: Some(GetRange::Bounded(self.asked..end)),
            if_match: self.meta.e_tag.clone(),
            ..Default::default()
        };
        self.asked = end;
        let (client, key) = (self.store.client.clone(), self.meta.location.clone());
        self.next = Some(tokio::spawn(async move { Ok(client.get_opts(&key, options).await?.bytes().await?.into()) }));
    }
}

impl Read for Download {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.part.read(buffer)?;
        if n > 0 || buffer.is_empty() {
            return Ok(n);
        }
        let part = aws::wait(async {
            if self.next.is_none() {
                self.ask();
            }
            let Some(part) = self.next.take() else { return Ok(Vec::new()) };
            let part = part.await.map_err(object_store::Error::from)?;
            self.ask();
            part
        });
        match part {
            Ok(Ok(part)) => self.part = Cursor::new(part),
            Ok(Err(e)) => return Err(io::Error::other(self.store.failed("read", &self.meta.location, &e))),
            Err(e) => return Err(io::Error::other(e)),
        }
        self.part.read(buffer)
    }
}

/// Takes our error out of the `std::io` error that carries it.
fn unwrapped(url: &str) -> impl Fn(io::Error) -> Error {
    move |e| match e.downcast::<Error>() {
        Ok(error) => error,
        Err(e) => Error::store(url, e.to_string()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
