//! The last run, and files that have come since → what this one leaves, without reading the rest again. Used by `flow` and `keep`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use polars::prelude::DataFrame;

use super::flow::Flow;
use super::graph::Step;
use super::keep::write_parquet;
use super::manifest::OutputFile;
use super::output::Staging;
use super::plan::Ended;
use super::stored;
use super::{Input, Select};
use crate::data::Audit;
use crate::data::before::Before;
use crate::data::contract::TABLES;
use crate::data::increment::{self, Grows, Stop};
use crate::data::parquet::read_frame;
use crate::error::Result;
use crate::mart::{self, SalesMart};
use crate::parallel::{self, lock};

/// What has become of the last run.
pub(super) struct Grown {
    pub(super) clean: Files,
    pub(super) audit: Audit,
    pub(super) mart: SalesMart,
    pub(super) mart_files: Files,
}

/// The Parquet files of a step.
pub(super) struct Files {
    /// Those of the last run that stay.
    stay: Vec<OutputFile>,
    /// Those that come, by their paths without extension.
    come: Vec<(String, DataFrame)>,
}

impl Files {
    /// Those of a folder with some `changed`; what has no row any more is left out.
    fn new(known: &[OutputFile], folder: &str, changed: BTreeMap<String, DataFrame>) -> Files {
        let stays = |file: &&OutputFile| name(&file.path, folder).is_some_and(|name| !changed.contains_key(&name));
        let stay = known.iter().filter(stays).cloned().collect();
        let filled = changed.into_iter().filter(|(_, rows)| rows.height() > 0);
        Files { stay, come: filled.map(|(name, rows)| (format!("{folder}/{name}"), rows)).collect() }
    }

    /// Stages those that come; all of them.
    pub(super) fn stage(&self, staging: &Staging) -> Result<Vec<OutputFile>> {
        let mut all = self.stay.clone();
        all.extend(write_parquet(staging, &self.come)?);
        Ok(all)
    }
}

impl Flow {
    /// What the last run has become, if it was one by month, made by the same program of files of which all are still there.
    pub(super) fn grown(&self) -> Result<Arc<Option<Grown>>> {
        self.grown.get(|| {
            let Some((clean, mart)) = self.last() else { return Ok(None) };
            match self.grow(&clean, &mart) {
                Ok((grown, rows)) => {
                    self.tell(format!("{rows} new rows were added to what the last run has left"));
                    Ok(Some(grown))
                }
                Err(Stop::Reload(why)) => {
                    self.tell(format!("everything was read again: {why}"));
                    Ok(None)
                }
                Err(Stop::Failed(error)) => Err(error),
            }
        })
    }

    /// What the last run has left of the clean tables and the mart, where only its input may have changed.
    fn last(&self) -> Option<(Ended, Ended)> {
        let how = &self.params.how;
        let own = matches!(self.params.input, Input::Places(_)) && lock(&self.inputs).len() == TABLES.len();
        let anew = !own || how.engine.is_remote() || how.shuffle.is_some() || how.select != Select::All;
        if anew || !self.params.monthly || self.reused("clean").is_some() {
            return None;
        }
        let [clean, mart] = ["clean", "mart"].map(|id| {
            let step = Step::named(id)?;
            let ended = self.known.any(step)?;
            let same = |name: &&String| !name.starts_with("input ") && !name.starts_with("file ");
            let (now, _) = self.parts(step);
            let [then, now] =
                [&ended.record.parts, &now].map(|p| p.iter().filter(|(name, _)| same(name)).collect::<Vec<_>>());
            (then == now).then(|| ended.clone())
        });
        let (clean, mart) = (clean?, mart?);
        let read = |file: &&OutputFile| file.path.starts_with("clean/");
        let made_of = |file: &OutputFile| mart.record.parts.get(&format!("file {}", file.path)) == Some(&file.blake3);
        clean.outputs.iter().filter(read).all(made_of).then_some((clean, mart))
    }

    fn grow(&self, clean: &Ended, mart: &Ended) -> Grows<(Grown, usize)> {
        let placed = self.placed(&clean.outputs);
        let tables = placed.iter().filter_map(|(path, place)| Some((name(path, "clean")?, place.clone())));
        let before = Before { clean: tables.collect(), audit: stored::audit(&placed)?, memory: self.params.how.memory };
        let inputs = lock(&self.inputs).values().cloned().collect();
        let (source, files) = (self.source()?, self.placed(&mart.outputs));
        let named = files.iter().filter_map(|(path, place)| Some((name(path, "mart")?, place)));
        let read = |(name, place): (String, &PathBuf)| Ok((name, read_frame(place)?));
        let (grown, base) = parallel::both(|| increment::grow(&before, &source, inputs), || parallel::map(named, read));
        let (grown, mut base) = (grown?, base?.into_iter().collect::<mart::grow::Files>());
        let changed = mart::grow::grow(&base, &grown, |products| before.sellers(products))?;
        base.extend(changed.clone());
        let made = Grown {
            clean: Files::new(&clean.outputs, "clean", grown.files),
            audit: grown.audit,
            mart: SalesMart::new(stored::joined(base)?)?,
            mart_files: Files::new(&mart.outputs, "mart", changed),
        };
        Ok((made, grown.rows))
    }
}

/// The name of a table's file, without folder and extension.
fn name(path: &str, folder: &str) -> Option<String> {
    Some(path.strip_prefix(folder)?.strip_prefix('/')?.strip_suffix(".parquet")?.to_string())
}
