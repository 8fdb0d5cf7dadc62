//! A bucket, or a prefix in one: its client with its retries, and requests for single objects with their errors. Used by `s3` and `object`.

use std::sync::Arc;

use aws_config::SdkConfig;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, BackoffConfig, ClientOptions, GetOptions, MultipartUpload, ObjectMeta, ObjectStore,
    ObjectStoreExt, PutMultipartOptions, PutOptions, RetryConfig,
};
use tokio::task::JoinSet;

use super::credentials::Credentials;
use crate::error::{Error, Result};
use crate::schema::ddl::Stage;
use crate::store::cloud::aws;
use crate::store::declared::checked_name;
use crate::store::interface::MADE;
use crate::store::retry;
use crate::store::url::StoreUrl;

/// Bytes per part of an upload and per request of a download. Smaller objects are sent in one piece.
pub(super) const PART: usize = 8 << 20;

/// Parts sent concurrently.
const IN_FLIGHT: usize = 4;

/// A bucket, or a prefix in one.
#[derive(Debug, Clone)]
pub(crate) struct S3 {
    pub(super) url: String,
    pub(super) bucket: String,
    pub(super) prefix: Path,
    pub(super) client: Arc<AmazonS3>,
}

impl S3 {
    pub(crate) fn open(url: &StoreUrl) -> Result<S3> {
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

    pub(super) fn with(url: &StoreUrl, prefix: Path, config: &SdkConfig) -> Result<S3> {
        let client = client(url, config).map_err(|e| Error::store(url.masked(), aws::innermost(&e)))?;
        Ok(S3 { url: url.masked().into(), bucket: url.host.clone(), prefix, client: Arc::new(client) })
    }

    /// The key of `name` below the prefix.
    pub(super) fn key(&self, name: &str) -> Path {
        name.split('/').filter(|part| !part.is_empty()).fold(self.prefix.clone(), |key, part| key.join(part))
    }

    pub(super) fn key_of(&self, schema: Stage, table: &str) -> Result<Path> {
        let extension = if schema == Stage::Results { "csv" } else { "parquet" };
        Ok(self.key(&format!("{}/{}.{extension}", schema.name(), checked_name(table)?)))
    }

    /// Metadata of an object; `None` if there is none.
    pub(super) fn head(&self, key: &Path) -> Result<Option<ObjectMeta>> {
        match aws::wait(self.client.head(key))? {
            // HEAD does not tell a missing bucket from a missing object; a listing does.
            Err(object_store::Error::NotFound { .. }) => aws::wait(self.client.list_with_delimiter(Some(key)))?
                .map(|_| None)
                .map_err(|e| self.failed("read", key, &e)),
            meta => meta.map(Some).map_err(|e| self.failed("read", key, &e)),
        }
    }

    /// Refuses to replace an object that no load has put.
    pub(super) fn may_replace(&self, key: &Path) -> Result<()> {
        let head = GetOptions { head: true, ..Default::default() };
        match aws::wait(self.client.get_opts(key, head))? {
            Ok(existing) if existing.attributes.get(&mark()).map(|value| &**value) == Some(MADE) => Ok(()),
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
    pub(super) fn put(&self, key: &Path, bytes: Vec<u8>, sent: &dyn Fn(usize)) -> Result<()> {
        let attributes = Attributes::from_iter([(mark(), MADE)]);
        let put = async {
            if bytes.len() <= PART {
                let options = PutOptions { attributes, ..Default::default() };
                return self.client.put_opts(key, bytes.into(), options).await.map(|_| ());
            }
            let options = PutMultipartOptions { attributes, ..Default::default() };
            let mut upload = self.client.put_multipart_opts(key, options).await?;
            let uploaded = match upload_parts(&mut *upload, &bytes, sent).await {
                Ok(()) => upload.complete().await.map(|_| ()),
                failed => failed,
            };
            if uploaded.is_err() {
                // Parts of an unfinished upload are invisible but cost money. Report the first error even if their removal fails.
                let _ = upload.abort().await;
            }
            uploaded
        };
        aws::wait(put)?.map_err(|e| self.failed("write", key, &e))
    }

    pub(super) fn failed(&self, action: &str, key: &Path, error: &object_store::Error) -> Error {
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
                let reason = tag("Message").map_or_else(|| code.to_string(), |message| format!("{code}: {message}"));
                format!("cannot {action} `{key}`: {reason}")
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
            backoff: BackoffConfig { init_backoff: backoff.first, max_backoff: aws::MAX_WAIT, base: 2.0 },
            max_retries: backoff.attempts as usize - 1,
            // From the first request on: the last attempt may begin after the others have taken all their time.
            retry_timeout: aws::ATTEMPT * backoff.attempts,
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

/// The metadata key of the mark.
fn mark() -> Attribute {
    Attribute::Metadata("pfe".into())
}

/// Sends the parts of an object, several concurrently.
async fn upload_parts(
    upload: &mut dyn MultipartUpload,
    bytes: &[u8],
    sent: &dyn Fn(usize),
) -> object_store::Result<()> {
    let (mut parts, mut bytes_sent) = (JoinSet::new(), 0);
    for part in bytes.chunks(PART) {
        if parts.len() >= IN_FLIGHT
            && let Some(part) = parts.join_next().await
        {
            part??;
            bytes_sent += PART;
            sent(bytes_sent);
        }
        parts.spawn(upload.put_part(part.to_vec().into()));
    }
    while let Some(part) = parts.join_next().await {
        part??;
    }
    Ok(())
}
