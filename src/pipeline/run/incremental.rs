//! Previous run + new files → this run's tables, without reading the rest again. Used by `materialized` and `outputs::persist`.

use std::collections::BTreeMap;
use std::sync::Arc;

use polars::prelude::DataFrame;

use super::context::RunContext;
use super::plan::Ended;
use crate::clean::Audit;
use crate::clean::incremental::delta;
use crate::clean::incremental::previous_run::PreviousRun;
use crate::clean::incremental::{DeltaError, DeltaResult};
use crate::error::Result;
use crate::input::identity::InputFile;
use crate::mart::{self, SalesMart};
use crate::models::SupplyIndicators;
use crate::parallel::{self, lock};
use crate::pipeline::graph::Step;
use crate::pipeline::outputs::load;
use crate::pipeline::outputs::manifest::OutputFile;
use crate::pipeline::outputs::persist::write_parquet;
use crate::pipeline::outputs::staging::Staging;
use crate::pipeline::{Input, Select};
use crate::schema::contract::TABLES;

/// The previous run's tables after new files were merged.
pub(crate) struct Updated {
    pub(crate) clean: Files,
    pub(crate) audit: Audit,
    pub(crate) mart: SalesMart,
    pub(crate) mart_files: Files,
    /// The supply indicators of the previous run, if they still exist.
    shares: Option<SupplyIndicators>,
    /// First day on which the indicators may have changed; `None` if they have not.
    since: Option<i32>,
}

impl Updated {
    /// The supply indicators after the merge.
    ///
    /// # Errors
    /// Rows of the mart cannot be read.
    pub(crate) fn shares(&self) -> Result<SupplyIndicators> {
        match (&self.shares, self.since) {
            (Some(shares), Some(day)) => shares.extend(&self.mart, day),
            (Some(shares), None) => Ok(shares.clone()),
            (None, _) => SupplyIndicators::of(&self.mart),
        }
    }
}

/// The Parquet files of a step.
pub(crate) struct Files {
    /// Files of the previous run that stay.
    unchanged: Vec<OutputFile>,
    /// Changed tables, by the paths of their files without extension.
    changed: Vec<(String, DataFrame)>,
}

impl Files {
    /// Files of a folder, with the `changed` tables replaced. A table without rows is left out.
    fn new(known: &[OutputFile], folder: &str, changed: BTreeMap<String, DataFrame>) -> Files {
        let stays = |file: &&OutputFile| name(&file.path, folder).is_some_and(|name| !changed.contains_key(&name));
        let unchanged = known.iter().filter(stays).cloned().collect();
        let filled = changed.into_iter().filter(|(_, rows)| rows.height() > 0);
        Files { unchanged, changed: filled.map(|(name, rows)| (format!("{folder}/{name}"), rows)).collect() }
    }

    /// Stages the changed tables; returns all files, unchanged ones included.
    pub(crate) fn stage(&self, staging: &Staging) -> Result<Vec<OutputFile>> {
        let mut all = self.unchanged.clone();
        all.extend(write_parquet(staging, &self.changed)?);
        Ok(all)
    }
}

impl RunContext {
    /// The previous run with new files merged. `None` unless that run was by month, by the same program, and all its files
    /// still exist.
    pub(crate) fn incremental(&self) -> Result<Arc<Option<Updated>>> {
        self.values.incremental.get(|| {
            let Some(last) = self.last() else { return Ok(None) };
            match self.merge_new_files(&last) {
                Ok((updated, rows)) => {
                    self.set_incremental_note(format!("{rows} new rows were merged into the last run's tables"));
                    Ok(Some(updated))
                }
                Err(DeltaError::FullReload(why)) => {
                    self.set_incremental_note(format!("everything was read again: {why}"));
                    Ok(None)
                }
                Err(DeltaError::Failed(error)) => Err(error),
            }
        })
    }

    /// Whether this run tries to be incremental.
    pub(crate) fn may_be_incremental(&self) -> bool {
        self.last().is_some()
    }

    /// What the previous run left, if only its input may have changed since.
    fn last(&self) -> Option<Last> {
        let how = &self.params.how;
        let own = matches!(self.params.input, Input::Places(_)) && lock(&self.inputs).len() == TABLES.len();
        let anew = !own || how.engine.is_remote() || how.shuffle.is_some() || how.select != Select::All;
        if anew || !self.params.monthly || self.reused("clean").is_some() {
            return None;
        }
        let clean = self.left(Step::named("clean")?, None)?;
        let mart = self.left(Step::named("mart")?, Some(&clean))?;
        let shares = self.left(Step::named("supply")?, Some(&mart));
        Some(Last { clean, mart, shares })
    }

    /// What the previous run left of a step, if program, parameters and the output of the step `before` are the same.
    fn left(&self, step: &Step, before: Option<&Ended>) -> Option<Ended> {
        let ended = self.known.cached(step)?;
        let same = |name: &&String| !name.starts_with("input ") && !name.starts_with("file ");
        let (now, _) = self.parts(step);
        let [then, now] =
            [&ended.record.parts, &now].map(|p| p.iter().filter(|(name, _)| same(name)).collect::<Vec<_>>());
        let mut read = before.iter().flat_map(|before| &before.outputs).filter(|file| step.looks_at(&file.path));
        let made_of = |file: &OutputFile| ended.record.parts.get(&format!("file {}", file.path)) == Some(&file.blake3);
        (then == now && read.all(made_of)).then(|| ended.clone())
    }

    fn merge_new_files(&self, last: &Last) -> DeltaResult<(Updated, usize)> {
        let placed = self.placed(&last.clean.outputs);
        let tables = placed.iter().filter_map(|(path, place)| Some((name(path, "clean")?, place.clone())));
        let before =
            PreviousRun { clean: tables.collect(), audit: load::audit(&placed)?, memory: self.params.how.memory };
        let inputs: Vec<InputFile> = lock(&self.inputs).values().cloned().collect();
        let (source, files) = (self.source()?, self.placed(&last.mart.outputs));
        let (changed, base) = parallel::both(|| delta::read_delta(&before, &source, &inputs), || load::mart(&files));
        let ((delta, orders), base) = (changed?, base?);
        let rows = delta.rows();
        let (clean, mart) = parallel::both(
            || delta.apply(inputs),
            || mart::incremental::apply_delta(&base, &orders, |products| before.sellers(products)),
        );
        let (clean, mart) = (clean?, mart?);
        let shares = last.shares.as_ref().map(|shares| load::shares(&self.placed(&shares.outputs))).transpose()?;
        let made = Updated {
            clean: Files::new(&last.clean.outputs, "clean", clean.files),
            audit: clean.audit,
            mart: mart.mart,
            mart_files: Files::new(&last.mart.outputs, "mart", mart.files),
            shares,
            since: mart.since,
        };
        Ok((made, rows))
    }
}

/// Output of the previous run's steps that can be updated.
struct Last {
    clean: Ended,
    mart: Ended,
    /// `None` if the run did not get that far.
    shares: Option<Ended>,
}

/// Name of a table's file, without folder and extension.
fn name(path: &str, folder: &str) -> Option<String> {
    Some(path.strip_prefix(folder)?.strip_prefix('/')?.strip_suffix(".parquet")?.to_string())
}
