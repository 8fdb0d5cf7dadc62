//! Credentials as the AWS configuration finds them → as `object_store` takes them. Used by `s3`.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use object_store::CredentialProvider;
use object_store::aws::AwsCredential;

use crate::parallel::lock;

/// Credentials that expire within this time are renewed.
const MARGIN: Duration = Duration::from_secs(300);

/// Credentials for `object_store`, cached until they expire.
#[derive(Debug)]
pub(super) struct Credentials {
    provider: SharedCredentialsProvider,
    cached: Mutex<Option<(Arc<AwsCredential>, Option<SystemTime>)>>,
}

impl Credentials {
    pub(super) fn new(provider: SharedCredentialsProvider) -> Credentials {
        Credentials { provider, cached: Mutex::default() }
    }
}

impl CredentialProvider for Credentials {
    type Credential = AwsCredential;

    fn get_credential<'a, 'f>(
        &'a self,
    ) -> Pin<Box<dyn Future<Output = object_store::Result<Arc<AwsCredential>>> + Send + 'f>>
    where
        'a: 'f,
        Self: 'f,
    {
        Box::pin(async {
            let cached = lock(&self.cached).clone();
            if let Some((credential, end)) = cached
                && end.is_none_or(|end| end > SystemTime::now() + MARGIN)
            {
                return Ok(credential);
            }
            let found = self.provider.provide_credentials().await;
            let found = found.map_err(|e| object_store::Error::Generic { store: "S3", source: Box::new(e) })?;
            let credential = Arc::new(AwsCredential {
                key_id: found.access_key_id().into(),
                secret_key: found.secret_access_key().into(),
                token: found.session_token().map(String::from),
            });
            let cached = Some((credential.clone(), found.expiry()));
            *lock(&self.cached) = cached;
            Ok(credential)
        })
    }
}
