//! Size of the input, `--memory`, engine and earlier runs → the way that raw tables become clean ones, chosen once. Used by
//! `materialized` and `outputs::persist`.

use std::sync::Arc;

use super::{Cleaned, CleaningStrategy, Merged, in_memory, incremental, out_of_core, remote};
use crate::clean::partition::ranges::Shards;
use crate::error::{Error, Result};
use crate::pipeline::run::context::RunContext;

impl RunContext {
    /// The way in which this run cleans.
    ///
    /// # Errors
    /// The input cannot be found.
    pub(crate) fn strategy(&self) -> Result<Arc<CleaningStrategy>> {
        self.values.strategy.get(|| {
            if self.cleans_remotely() {
                if let Some(export) = self.source()?.exports().next() {
                    return Err(Error::input(format!("an engine cleans Olist's files, not {export:?}")).with_hint(
                        "leave `--engine-cleans` out: pfe reads and cleans the export, and the engine aggregates it",
                    ));
                }
                return Ok(CleaningStrategy::Remote);
            }
            let otherwise = match self.ranges()? {
                1 => CleaningStrategy::InMemory,
                ranges => CleaningStrategy::OutOfCore { ranges },
            };
            Ok(match incremental::previous(self) {
                Some(previous) => {
                    CleaningStrategy::Incremental { previous: Box::new(previous), otherwise: Box::new(otherwise) }
                }
                None => otherwise,
            })
        })
    }

    /// Number of ranges of orders that pass through memory. 1 for shuffled rows, which must stay together.
    fn ranges(&self) -> Result<usize> {
        match self.params.how.shuffle {
            Some(_) => Ok(1),
            None => Ok(Shards::ranges_within(self.params.how.memory, self.source()?.bytes()?)),
        }
    }

    /// What this run's cleaning has made.
    pub(crate) fn cleaned(&self) -> Result<Arc<Cleaned>> {
        let strategy = self.strategy()?;
        self.values.cleaned.get(|| {
            let mut cleaned = self.clean_by(&strategy)?;
            if let Some(market) = self.source()?.market()? {
                Arc::make_mut(&mut cleaned.audit).market = Some(market);
            }
            Ok(cleaned)
        })
    }

    fn clean_by(&self, strategy: &CleaningStrategy) -> Result<Cleaned> {
        match strategy {
            CleaningStrategy::InMemory => in_memory::clean(self),
            CleaningStrategy::OutOfCore { ranges } => out_of_core::clean(self, *ranges),
            CleaningStrategy::Remote => remote::clean(self),
            CleaningStrategy::Incremental { previous, otherwise } => match incremental::clean(self, previous)? {
                Some(cleaned) => Ok(cleaned),
                None => self.clean_by(otherwise),
            },
        }
    }

    /// Whether the tables of the step `clean`, made in an earlier run, are read back. If the input exceeds memory, it
    /// is processed out of core again instead.
    pub(crate) fn reads_back(&self) -> Result<bool> {
        Ok(self.reused("clean").is_some() && !matches!(*self.strategy()?, CleaningStrategy::OutOfCore { .. }))
    }

    /// What follows for later steps from new files that this run has merged.
    pub(crate) fn merged<T>(&self, take: impl FnOnce(&Merged) -> Result<T>) -> Result<Option<T>> {
        if self.reused("clean").is_some() {
            return Ok(None);
        }
        self.cleaned()?.merged.as_ref().map(take).transpose()
    }
}
