//! The ways from raw to clean tables, and what each of them leaves. `strategy` chooses one and runs it.

mod in_memory;
pub(super) mod incremental;
mod out_of_core;
mod remote;
mod strategy;

use std::fmt;
use std::sync::Arc;

use polars::prelude::DataFrame;

use super::plan::FinishedStep;
use crate::clean::{Audit, CleanTables};
use crate::error::Result;
use crate::mart::SalesMart;
use crate::models::SupplyIndicators;
use crate::pipeline::outputs::manifest::OutputFile;
use crate::pipeline::outputs::staging::Staging;

/// A way from raw to clean tables. All of them give the same tables.
pub(crate) enum CleaningStrategy {
    /// All tables are read into memory.
    InMemory,
    /// The input exceeds memory: it passes through temporary files, in this number of ranges of orders.
    OutOfCore { ranges: usize },
    /// New files are merged into the tables of the previous run. If they cannot be, `otherwise` reads everything.
    Incremental { previous: Box<PreviousSteps>, otherwise: Box<CleaningStrategy> },
    /// The engine reads and cleans.
    Remote,
}

impl fmt::Display for CleaningStrategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CleaningStrategy::InMemory => f.write_str("cleaned in memory"),
            CleaningStrategy::OutOfCore { ranges } => {
                write!(f, "cleaned out of core, in {ranges} ranges of orders")
            }
            CleaningStrategy::Incremental { otherwise, .. } => {
                write!(f, "new files are merged into the last run's tables if they can be, else {otherwise}")
            }
            CleaningStrategy::Remote => f.write_str("cleaned by the engine"),
        }
    }
}

/// Output of the previous run's steps that can be updated.
pub(crate) struct PreviousSteps {
    pub(crate) clean: FinishedStep,
    pub(crate) mart: FinishedStep,
    /// `None` if the run did not get that far.
    pub(crate) supply: Option<FinishedStep>,
}

/// What cleaning has made.
pub(crate) struct Cleaned {
    pub(crate) audit: Arc<Audit>,
    /// The clean tables, if they are in memory.
    pub(crate) tables: Option<Arc<CleanTables>>,
    /// The files of the clean tables; `None` if they are still to be written from memory.
    pub(crate) files: Option<TableFiles>,
    /// The mart, if it came out of the same pass.
    pub(crate) mart: Option<SalesMart>,
    /// Results of a merge for the steps after cleaning.
    pub(crate) merged: Option<Merged>,
}

/// Results of merging new files that the steps after cleaning use.
pub(crate) struct Merged {
    pub(crate) mart_files: TableFiles,
    /// The supply indicators of the previous run, if they still exist.
    pub(crate) supply: Option<SupplyIndicators>,
    /// First day on which the indicators may have changed; `None` if they have not.
    pub(crate) first_changed_day: Option<i32>,
}

impl Merged {
    /// The supply indicators after the merge.
    ///
    /// # Errors
    /// Rows of the mart cannot be read.
    pub(crate) fn supply(&self, mart: &SalesMart) -> Result<SupplyIndicators> {
        match (&self.supply, self.first_changed_day) {
            (Some(supply), Some(day)) => supply.extend(mart, day),
            (Some(supply), None) => Ok(supply.clone()),
            (None, _) => SupplyIndicators::of(mart),
        }
    }
}

/// The Parquet files of a step.
pub(crate) struct TableFiles {
    /// Files that need not be written: staged ones, or those of the previous run.
    pub(crate) existing: Vec<OutputFile>,
    /// Tables to write, by the paths of their files without extension.
    pub(crate) changed: Vec<(String, DataFrame)>,
}

impl TableFiles {
    /// Files of which none has to be written.
    pub(crate) fn existing(files: Vec<OutputFile>) -> TableFiles {
        TableFiles { existing: files, changed: Vec::new() }
    }

    /// Stages the changed tables; returns all files.
    pub(crate) fn stage(&self, staging: &Staging) -> Result<Vec<OutputFile>> {
        let mut all = self.existing.clone();
        all.extend(staging.write_tables(&self.changed)?);
        Ok(all)
    }
}
