//! Whether this run can be incremental; if so, calls `clean::incremental` and `mart::incremental`, which merge the new
//! files into the previous run's tables. One of the strategies of `strategy`.

use std::collections::BTreeMap;
use std::sync::Arc;

use polars::prelude::{Column, DataFrame};

use super::{Cleaned, Merged, PreviousSteps, TableFiles};
use crate::clean::incremental::previous_run::PreviousRun;
use crate::clean::incremental::{DeltaError, DeltaResult, delta};
use crate::error::Result;
use crate::graph::Step;
use crate::input::identity::InputFile;
use crate::mart;
use crate::parallel::{self, lock};
use crate::pipeline::outputs::load;
use crate::pipeline::outputs::manifest::OutputFile;
use crate::pipeline::params::{Input, Select};
use crate::pipeline::run::context::RunContext;
use crate::pipeline::run::plan::FinishedStep;
use crate::schema::contract::TABLES;

/// The previous run with new files merged; `None` if everything must be read again.
pub(super) fn clean(run: &RunContext, previous: &PreviousSteps) -> Result<Option<Cleaned>> {
    match merge_new_files(run, previous) {
        Ok((cleaned, rows)) => {
            run.set_incremental_note(format!("{rows} new rows were merged into the last run's tables"));
            Ok(Some(cleaned))
        }
        Err(DeltaError::FullReload(why)) => {
            run.set_incremental_note(format!("everything was read again: {why}"));
            Ok(None)
        }
        Err(DeltaError::Failed(error)) => Err(error),
    }
}

/// What the previous run left. `None` unless that run was by month and by the same program, all its files still exist, and only its
/// input may have changed since.
pub(crate) fn previous(run: &RunContext) -> Option<PreviousSteps> {
    let how = &run.params.how;
    let has_own_data = matches!(run.params.input, Input::Places(_)) && lock(&run.inputs).len() == TABLES.len();
    let must_read_all = !has_own_data || how.engine.is_remote() || how.shuffle.is_some() || how.select != Select::All;
    if must_read_all || !run.params.monthly || run.reused("clean").is_some() {
        return None;
    }
    let clean = reusable(run, Step::named("clean")?, None)?;
    let mart = reusable(run, Step::named("mart")?, Some(&clean))?;
    let supply = reusable(run, Step::named("supply")?, Some(&mart));
    Some(PreviousSteps { clean, mart, supply })
}

/// What the previous run left of a step, if program, parameters and the output of the step `upstream` are the same.
fn reusable(run: &RunContext, step: &Step, upstream: Option<&FinishedStep>) -> Option<FinishedStep> {
    let finished = run.earlier_runs.cached(step)?;
    let same = |name: &&String| !name.starts_with("input ") && !name.starts_with("file ");
    let (parts, _) = run.parts(step);
    let [old, new] =
        [&finished.record.parts, &parts].map(|p| p.iter().filter(|(name, _)| same(name)).collect::<Vec<_>>());
    let mut read = upstream.iter().flat_map(|upstream| &upstream.outputs).filter(|file| step.looks_at(&file.path));
    let made_of = |file: &OutputFile| finished.record.parts.get(&format!("file {}", file.path)) == Some(&file.blake3);
    (old == new && read.all(made_of)).then(|| finished.clone())
}

fn merge_new_files(run: &RunContext, previous: &PreviousSteps) -> DeltaResult<(Cleaned, usize)> {
    let placed = run.placed(&previous.clean.outputs);
    let tables = placed.iter().filter_map(|(path, place)| Some((name(path, "clean")?, place.clone())));
    let previous_run =
        PreviousRun { clean: tables.collect(), audit: load::audit(&placed)?, memory: run.params.how.memory };
    let inputs: Vec<InputFile> = lock(&run.inputs).values().cloned().collect();
    let (source, files) = (run.source()?, run.placed(&previous.mart.outputs));
    let (changed, base) = parallel::both(|| delta::read_delta(&previous_run, &source, &inputs), || load::mart(&files));
    let ((delta, orders), base) = (changed?, base?);
    let rows = delta.rows();
    let (clean, mart) = parallel::both(
        || delta.apply(inputs),
        || {
            let sellers = |products: &Column| previous_run.sellers(products);
            mart::incremental::apply_delta(&base, &orders, sellers, |customers| previous_run.orders_of(customers))
        },
    );
    let (clean, mart) = (clean?, mart?);
    let supply = previous.supply.as_ref().map(|supply| load::supply(&run.placed(&supply.outputs))).transpose()?;
    let merged = Merged {
        mart_files: files_of(&previous.mart.outputs, "mart", mart.files),
        supply,
        first_changed_day: mart.first_changed_day,
    };
    let cleaned = Cleaned {
        audit: Arc::new(clean.audit),
        tables: None,
        files: Some(files_of(&previous.clean.outputs, "clean", clean.files)),
        mart: Some(mart.mart),
        merged: Some(merged),
    };
    Ok((cleaned, rows))
}

/// Files of a folder, with the `changed` tables replaced. A table without rows is left out.
fn files_of(previous_files: &[OutputFile], folder: &str, changed: BTreeMap<String, DataFrame>) -> TableFiles {
    let is_unchanged = |file: &&OutputFile| name(&file.path, folder).is_some_and(|name| !changed.contains_key(&name));
    let existing = previous_files.iter().filter(is_unchanged).cloned().collect();
    let filled = changed.into_iter().filter(|(_, rows)| rows.height() > 0);
    TableFiles { existing, changed: filled.map(|(name, rows)| (format!("{folder}/{name}"), rows)).collect() }
}

/// Name of a table's file, without folder and extension.
fn name(path: &str, folder: &str) -> Option<String> {
    Some(path.strip_prefix(folder)?.strip_prefix('/')?.strip_suffix(".parquet")?.to_string())
}
