//! Steps → their values: computed when the step runs, read back from its files on a cache hit. Used by `schedule`, `outputs::persist`.
//!
//! Only the threads of steps ask for values, never workers of rayon: a worker that waits for a value could steal the very
//! work that makes it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::context::RunContext;
use super::incremental::Updated;
use super::out_of_core::OutOfCore;
use super::remote::RemoteCleaning;
use super::shuffle;
use crate::clean::{Audit, CleanTables};
use crate::decisions;
use crate::decisions::{Decided, Findings};
use crate::error::Result;
use crate::input::identify::identify_all;
use crate::input::read::read_tables;
use crate::input::{RawTables, Source};
use crate::mart::{self, SalesMart};
use crate::models::SupplyIndicators;
use crate::models::reference::{self, Reference};
use crate::parallel::{self, lock};
use crate::pipeline::Input;
use crate::pipeline::outputs::load;
use crate::pipeline::outputs::load::places;
use crate::pipeline::outputs::manifest::DATA;
use crate::pipeline::outputs::staging::Staging;
use crate::pipeline::outputs::{attachments, file_stamp};
use crate::report::Document;
use crate::results::Results;
use crate::schema::TableId;
use crate::schema::contract::TABLES;
use crate::synth;
use crate::{clean, dossier};

/// A value that is made once, by the first caller.
pub(crate) struct OnceValue<T>(Mutex<Option<Arc<T>>>);

impl<T> Default for OnceValue<T> {
    fn default() -> Self {
        OnceValue(Mutex::default())
    }
}

impl<T> OnceValue<T> {
    pub(crate) fn get(&self, make: impl FnOnce() -> Result<T>) -> Result<Arc<T>> {
        let mut slot = lock(&self.0);
        if let Some(value) = &*slot {
            return Ok(Arc::clone(value));
        }
        let value = Arc::new(make()?);
        *slot = Some(Arc::clone(&value));
        Ok(value)
    }

    /// The value, if it has been made.
    fn made(&self) -> Option<Arc<T>> {
        lock(&self.0).clone()
    }
}

/// The values that the steps of one run have made so far.
#[derive(Default)]
pub(crate) struct Materialized {
    source: OnceValue<Source>,
    /// Cleaning takes each raw table out, so that its memory is free before the next one is cleaned.
    raw: Mutex<BTreeMap<TableId, RawTables>>,
    pub(crate) ranges: OnceValue<usize>,
    pub(crate) incremental: OnceValue<Option<Updated>>,
    pub(crate) out_of_core: OnceValue<OutOfCore>,
    pub(crate) remote: OnceValue<RemoteCleaning>,
    clean: OnceValue<(CleanTables, Audit)>,
    audit: OnceValue<Audit>,
    mart: OnceValue<SalesMart>,
    shares: OnceValue<SupplyIndicators>,
    reference: OnceValue<Reference>,
    findings: OnceValue<Findings>,
    decided: OnceValue<Decided>,
    results: OnceValue<Results>,
    document: OnceValue<Document>,
}

impl RunContext {
    pub(crate) fn source(&self) -> Result<Arc<Source>> {
        self.values.source.get(|| match &self.params.input {
            Input::Places(places) => {
                let source = Source::open_all(places)?.with(self.params.reading);
                if self.params.how.strict { source.strict() } else { Ok(source) }
            }
            Input::Generated(_) => {
                let files = self.reused("generate");
                let any = files.and_then(|files| Some(self.find(files.first()?)));
                let kept = any.and_then(|file| Some(file.parent()?.to_path_buf()));
                Ok(Source::open(kept.map_or_else(|| self.staged_data(), Ok)?)?.with(self.params.reading))
            }
        })
    }

    /// What is not read of a table, if the source is open: a warning of the run, and therefore a part of its keys.
    pub(crate) fn unread(&self, id: TableId) -> Vec<String> {
        self.values.source.made().map_or_else(Vec::new, |source| source.unread(id).cloned().collect())
    }

    /// Generates the data.
    pub(crate) fn generate(&self) -> Result<()> {
        if let Input::Generated(params) = &self.params.input {
            synth::generate(params, &self.staging()?.empty(DATA)?)?;
        }
        Ok(())
    }

    /// Identifies the input files without reading their rows.
    pub(crate) fn identify(&self) -> Result<()> {
        let stamps = &self.known.stamps;
        let found = match self.cleans_remotely() {
            true => self.identify_remotely()?,
            false => identify_all(&*self.source()?, &|name, path| stamps.hash(&file_stamp::input(name), path))?,
        };
        lock(&self.inputs).extend(found);
        Ok(())
    }

    /// Reads a table; returns its number of rows. Input larger than memory is left to cleaning.
    pub(crate) fn read(&self, id: TableId) -> Result<Option<u64>> {
        if self.cleans_remotely() || self.incremental()?.is_some() || self.ranges()? > 1 {
            return Ok(None);
        }
        let read = read_tables(&*self.source()?, &[id])?;
        let rows = read.tables.values().map(|table| table.rows_in as u64).sum();
        lock(&self.values.raw).insert(id, read);
        Ok(Some(rows))
    }

    fn raw(&self) -> Result<RawTables> {
        let source = self.source()?;
        let mut read = std::mem::take(&mut *lock(&self.values.raw));
        let missing: Vec<TableId> = TABLES.iter().map(|t| t.id).filter(|id| !read.contains_key(id)).collect();
        read.extend(parallel::map(missing, |id| Ok((id, read_tables(&source, &[id])?)))?);
        let mut raw = RawTables { tables: BTreeMap::new(), warnings: Vec::new() };
        for part in read.into_values() {
            raw.tables.extend(part.tables);
            raw.warnings.extend(part.warnings);
        }
        self.identified(raw.tables.values().map(|table| table.file.clone()));
        match self.params.how.shuffle {
            Some(seed) => shuffle::raw(raw, seed),
            None => Ok(raw),
        }
    }

    pub(crate) fn clean(&self) -> Result<Arc<(CleanTables, Audit)>> {
        self.values.clean.get(|| match self.reused("clean") {
            Some(files) => {
                Ok((CleanTables::new(load::frames(&self.placed(&files))?)?, load::audit(&self.placed(&files))?))
            }
            None => clean::clean(self.raw()?),
        })
    }

    pub(crate) fn audit(&self) -> Result<Arc<Audit>> {
        self.values.audit.get(|| match self.reused("clean") {
            Some(files) => load::audit(&self.placed(&files)),
            None if self.cleans_remotely() => Ok(self.remote()?.audit.clone()),
            None => match (self.incremental()?.as_ref(), self.out_of_core()?) {
                (Some(updated), _) => Ok(updated.audit.clone()),
                (None, Some(out_of_core)) => Ok(out_of_core.audit.clone()),
                (None, None) => Ok(self.clean()?.1.clone()),
            },
        })
    }

    pub(crate) fn mart(&self) -> Result<Arc<SalesMart>> {
        self.values.mart.get(|| {
            if let Some(files) = self.reused("mart") {
                return load::mart(&self.placed(&files));
            }
            if self.params.how.engine.is_remote() && self.params.how.shuffle.is_none() {
                return self.remote_mart();
            }
            if let Some(updated) = self.incremental()?.as_ref() {
                return Ok(updated.mart.clone());
            }
            if let Some(mart) = self.out_of_core()?.and_then(|out_of_core| out_of_core.mart.clone()) {
                return Ok(mart);
            }
            let made = self.clean()?;
            match self.params.how.shuffle {
                None => mart::mart(&made.0),
                Some(seed) => mart::mart(&shuffle::clean(&made.0, seed)?),
            }
        })
    }

    /// The mart, made by a remote engine from the files that cleaning left.
    fn remote_mart(&self) -> Result<SalesMart> {
        let how = &self.params.how;
        self.staging.as_ref().map_or(Ok(()), Staging::sync)?;
        let files = self.ended().remove("clean").map(|(ended, _)| ended.outputs).unwrap_or_default();
        let places = places(&self.placed(&files), how.engine_store.as_deref())?;
        how.engine.mart(&places, &how.cancel, &|statement| self.report_progress("mart", statement))
    }

    pub(crate) fn shares(&self) -> Result<Arc<SupplyIndicators>> {
        self.values.shares.get(|| match self.reused("supply") {
            Some(files) => load::shares(&self.placed(&files)),
            None => self
                .incremental()?
                .as_ref()
                .as_ref()
                .map_or_else(|| SupplyIndicators::of(&*self.mart()?), Updated::shares),
        })
    }

    pub(crate) fn reference(&self) -> Result<Arc<Reference>> {
        self.values.reference.get(|| reference::reference(&*self.mart()?))
    }

    pub(crate) fn findings(&self) -> Result<Arc<Findings>> {
        self.values.findings.get(|| decisions::findings(&*self.mart()?))
    }

    pub(crate) fn decided(&self) -> Result<Arc<Decided>> {
        self.values
            .decided
            .get(|| decisions::decide_if_enough(&*self.mart()?, &*self.shares()?, &self.parameters.decisions))
    }

    /// All results that the report shows. What no step has computed is computed now, in parallel.
    pub(crate) fn results(&self) -> Result<Arc<Results>> {
        self.values.results.get(|| {
            let mart = self.mart()?;
            let ((reference, findings), decided) =
                parallel::both(|| parallel::both(|| self.reference(), || self.findings()), || self.decided());
            let decided = decided?;
            Ok(Results {
                parameters: self.parameters.clone(),
                audit: self.audit()?.as_ref().clone(),
                mart: mart.as_ref().clone(),
                reference: reference?.as_ref().clone(),
                findings: findings?.as_ref().clone(),
                decisions: decided.0.clone(),
                past: decided.1.clone(),
            })
        })
    }

    pub(crate) fn document(&self) -> Result<Arc<Document>> {
        self.values.document.get(|| {
            let results = self.results()?;
            let compose = || dossier::dossier_with(&results, &self.params.templates);
            let (document, downloads) = rayon::join(compose, || attachments::all(&results));
            let mut document = document?;
            document.downloads = downloads?;
            Ok(document)
        })
    }
}
