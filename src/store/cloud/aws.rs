//! Shared by the AWS stores: credentials, region, endpoint, timeouts, retries, and the clients' runtime. Used by `s3` and
//! `dynamodb`.

use std::future::Future;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_config::ecs::EcsCredentialsProvider;
use aws_config::environment::{EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider};
use aws_config::meta::credentials::CredentialsProviderChain;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::{ProfileFileCredentialsProvider, ProfileFileRegionProvider};
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::ProvideCredentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_http_client::{Builder, tls};
use tokio::runtime::Runtime;

use crate::error::{Error, Result};
use crate::store::retry::Backoff;
use crate::store::url::StoreUrl;

/// Longest time to connect.
pub(crate) const CONNECT: Duration = Duration::from_secs(5);
/// Longest time of one attempt of one request.
pub(crate) const ATTEMPT: Duration = Duration::from_secs(60);
/// Longest wait between two attempts.
pub(crate) const MAX_WAIT: Duration = Duration::from_secs(10);

/// Region when none is named but an endpoint is: custom endpoints ignore it.
const REGION_OF_AN_ENDPOINT: &str = "us-east-1";

/// Waits for a future on the runtime that all AWS clients share. Do not call it from within a runtime.
pub(crate) fn wait<F: Future>(future: F) -> Result<F::Output> {
    static RUNTIME: OnceLock<std::io::Result<Runtime>> = OnceLock::new();
    let runtime = RUNTIME.get_or_init(|| {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).thread_name("pfe-aws").enable_all().build()
    });
    match runtime {
        Ok(runtime) => Ok(runtime.block_on(future)),
        Err(e) => Err(Error::store("AWS", format!("threads could not be started: {e}"))),
    }
}

/// Builds the AWS configuration from the URL and the environment, and checks that credentials exist.
///
/// Credentials come from the environment (a container's role included) or the AWS profile, never from the URL, because
/// shells and process lists would show them.
///
/// # Errors
/// The URL holds credentials, there are no credentials, or there is no region.
pub(crate) fn configure(url: &StoreUrl, service: &str) -> Result<SdkConfig> {
    if url.user.is_some() || url.password.is_some() {
        return Err(Error::input(format!("`{}` holds credentials", url.masked())).with_hint(CREDENTIALS));
    }
    wait(async {
        let base = ProviderConfig::empty().with_http_client(Builder::new().tls_provider(TLS).build_https());
        let base = base.with_behavior_version(Some(BehaviorVersion::latest()));
        let named = url.option("region").map(|name| Region::new(name.to_string()));
        let profile = ProfileFileRegionProvider::builder().configure(&base).build();
        let region = RegionProviderChain::first_try(named)
            .or_else(EnvironmentVariableRegionProvider::new())
            .or_else(profile)
            .region()
            .await;
        let endpoint = endpoint(service);
        let region = match (region, &endpoint) {
            (Some(region), _) => region,
            (None, Some(_)) => Region::from_static(REGION_OF_AN_ENDPOINT),
            (None, None) => {
                return Err(Error::input(format!("no AWS region is set for `{}`", url.masked()))
                    .with_hint("set AWS_REGION, or end the URL with `?region=eu-west-3`"));
            }
        };
        let base = base.with_region(Some(region.clone()));
        let credentials =
            CredentialsProviderChain::first_try("Environment", EnvironmentVariableCredentialsProvider::new())
                .or_else("Profile", ProfileFileCredentialsProvider::builder().configure(&base).build())
                .or_else("EcsContainer", EcsCredentialsProvider::builder().configure(&base).build());
        credentials.provide_credentials().await.map_err(|e| without_credentials(url, &e))?;
        Ok(config(region, endpoint, credentials).await)
    })?
}

/// Certificates are verified against those that the machine trusts.
const TLS: tls::Provider = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);

async fn config(region: Region, endpoint: Option<String>, credentials: impl ProvideCredentials + 'static) -> SdkConfig {
    let backoff = Backoff::default();
    let retry = RetryConfig::standard()
        .with_max_attempts(backoff.attempts)
        .with_initial_backoff(backoff.first)
        .with_max_backoff(MAX_WAIT);
    let timeouts = TimeoutConfig::builder().connect_timeout(CONNECT).operation_attempt_timeout(ATTEMPT).build();
    let config = aws_config::defaults(BehaviorVersion::latest())
        .http_client(Builder::new().tls_provider(TLS).build_https())
        .region(region)
        .credentials_provider(credentials)
        .retry_config(retry)
        .timeout_config(timeouts);
    match endpoint {
        Some(endpoint) => config.endpoint_url(endpoint).load().await,
        None => config.load().await,
    }
}

/// Hint for missing or refused credentials.
pub(crate) const CREDENTIALS: &str =
    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE; URLs hold no credentials";

/// Hint for a service that did not answer.
pub(crate) const UNREACHABLE: &str = "check the network, AWS_REGION and AWS_ENDPOINT_URL";

/// Custom endpoint of a service from the environment; `None` for AWS itself.
fn endpoint(service: &str) -> Option<String> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    variable(&format!("AWS_ENDPOINT_URL_{service}")).or_else(|| variable("AWS_ENDPOINT_URL"))
}

fn without_credentials(url: &StoreUrl, error: &CredentialsError) -> Error {
    let message = match error {
        CredentialsError::CredentialsNotLoaded(_) => format!("no AWS credentials for `{}`", url.masked()),
        error => format!("AWS credentials for `{}` cannot be had: {}", url.masked(), innermost(error)),
    };
    Error::input(message).with_hint(CREDENTIALS)
}

/// The root cause of an error, which is what a user can act on.
pub(crate) fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// A number that differs between loads.
pub(crate) fn unique() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_nanos() as u64);
    now ^ (u64::from(std::process::id()) << 40)
}

/// Hint for an AWS error code.
pub(crate) fn advice(code: &str) -> Option<&'static str> {
    const REFUSED: [&str; 6] =
        ["AccessDenied", "Signature", "InvalidAccessKey", "UnrecognizedClient", "Token", "Credential"];
    let contains_any = |words: &[&str]| words.iter().any(|word| code.contains(word));
    match () {
        () if contains_any(&["NoSuchBucket"]) => Some("check the bucket's name, AWS_REGION and AWS_ENDPOINT_URL"),
        () if contains_any(&REFUSED) => Some("check the credentials and what their policy allows"),
        () if contains_any(&["Throttl", "ThroughputExceeded", "SlowDown", "LimitExceeded"]) => {
            Some("the service asks to slow down: try later, or raise its capacity")
        }
        () => None,
    }
}

/// Configuration for tests: their own server, and credentials that it does not check.
#[cfg(test)]
pub(crate) fn for_tests(endpoint: &str) -> SdkConfig {
    let credentials = aws_credential_types::Credentials::new("test", "topsecret", None, None, "tests");
    let built = config(Region::from_static(REGION_OF_AN_ENDPOINT), Some(endpoint.into()), credentials);
    wait(built).unwrap_or_else(|e| panic!("{e}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_in_a_url_are_refused_and_not_shown() {
        let url = StoreUrl::parse("s3://AKIAEXAMPLE:topsecret@bucket/prefix").unwrap();
        let error = configure(&url, "S3").unwrap_err();
        assert!(!format!("{error:?}").contains("topsecret"), "{error}");
        assert!(error.hint().unwrap().contains("AWS_ACCESS_KEY_ID"));
    }

    #[test]
    fn codes_of_aws_come_with_advice() {
        assert!(advice("InvalidAccessKeyId").unwrap().contains("credentials"));
        assert!(advice("ProvisionedThroughputExceededException").unwrap().contains("capacity"));
        assert_eq!(advice("ValidationException"), None);
    }
}
