//! The values that the steps of one run have made so far. `materialized` makes them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::cleaning::{Cleaned, CleaningStrategy};
use crate::clean::{Audit, CleanTables};
use crate::decisions::{Decided, Entry, Findings, Profit};
use crate::error::{Result, TooLittle};
use crate::input::{RawTables, Source};
use crate::mart::SalesMart;
use crate::models::SupplyIndicators;
use crate::models::reference::Reference;
use crate::parallel::lock;
use crate::report::Document;
use crate::results::Results;
use crate::schema::TableId;
use crate::trial::TrialDesigns;

/// A value that is made once, by the first caller.
pub(crate) struct OnceValue<T>(Mutex<Option<Arc<T>>>);

impl<T> Default for OnceValue<T> {
    fn default() -> Self {
        OnceValue(Mutex::default())
    }
}

impl<T> OnceValue<T> {
    pub(crate) fn get(&self, make: impl FnOnce() -> Result<T>) -> Result<Arc<T>> {
        self.share(|| make().map(Arc::new))
    }

    /// The same for a value that is shared already.
    pub(crate) fn share(&self, make: impl FnOnce() -> Result<Arc<T>>) -> Result<Arc<T>> {
        let mut slot = lock(&self.0);
        if let Some(value) = &*slot {
            return Ok(Arc::clone(value));
        }
        let value = make()?;
        *slot = Some(Arc::clone(&value));
        Ok(value)
    }

    /// The value, if it has been computed.
    pub(crate) fn computed(&self) -> Option<Arc<T>> {
        lock(&self.0).clone()
    }

    /// [`computed`](Self::computed) without waiting: `None` while the value is being computed, also by a task that was abandoned.
    pub(crate) fn computed_by_now(&self) -> Option<Arc<T>> {
        self.0.try_lock().ok()?.clone()
    }
}

/// The values of one run.
#[derive(Default)]
pub(crate) struct Values {
    pub(crate) source: OnceValue<Source>,
    /// Cleaning takes each raw table out, so that its memory is free before the next one is cleaned.
    pub(crate) raw: Mutex<BTreeMap<TableId, RawTables>>,
    pub(crate) strategy: OnceValue<CleaningStrategy>,
    pub(crate) cleaned: OnceValue<Cleaned>,
    pub(crate) clean: OnceValue<CleanTables>,
    pub(crate) audit: OnceValue<Audit>,
    pub(crate) mart: OnceValue<SalesMart>,
    pub(crate) supply: OnceValue<SupplyIndicators>,
    pub(crate) reference: OnceValue<Reference>,
    pub(crate) findings: OnceValue<Findings>,
    pub(crate) decided: OnceValue<Decided>,
    pub(crate) entry: OnceValue<Result<Entry, TooLittle>>,
    pub(crate) profit: OnceValue<Profit>,
    pub(crate) trials: OnceValue<TrialDesigns>,
    pub(crate) results: OnceValue<Results>,
    pub(crate) document: OnceValue<Document>,
}
