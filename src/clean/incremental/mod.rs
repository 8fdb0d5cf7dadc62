//! Merges newly arrived files into the previous run's clean tables, or says why everything must be read again.

pub mod delta;
mod membership;
mod merged_checks;
pub mod previous_run;

use crate::error::Error;

/// Why the delta was not merged.
#[derive(Debug)]
pub enum DeltaError {
    /// The result might differ from that of reading everything, for this reason.
    FullReload(String),
    /// An error occurred.
    Failed(Error),
}

/// Result of an operation that may demand a full reload.
pub type DeltaResult<T> = Result<T, DeltaError>;

impl<E: Into<Error>> From<E> for DeltaError {
    fn from(error: E) -> DeltaError {
        DeltaError::Failed(error.into())
    }
}

/// Demands a full reload, with the reason.
pub(crate) fn full_reload<T>(reason: impl Into<String>) -> DeltaResult<T> {
    Err(DeltaError::FullReload(reason.into()))
}
