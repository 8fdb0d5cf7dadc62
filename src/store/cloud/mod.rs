//! Stores of AWS: S3 and DynamoDB. Opened by `open`.

mod aws;
#[cfg(feature = "dynamodb")]
pub(super) mod dynamodb;
#[cfg(test)]
mod proxy;
#[cfg(feature = "s3")]
pub(super) mod s3;
