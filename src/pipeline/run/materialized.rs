//! Steps → their values: computed when the step runs, read back from its files on a cache hit. Used by `schedule`, `outputs::persist`.
//!
//! Only the threads of steps ask for values, never workers of rayon: a worker that waits for a value could steal the very
//! work that makes it.

use std::sync::Arc;

use super::cleaning::CleaningStrategy;
use super::context::RunContext;
use super::shuffle;
use crate::clean::{Audit, CleanTables};
use crate::decisions::{self, Decided, Entry, Findings, Profit};
use crate::error::{Error, Result, TooLittle};
use crate::input::Source;
use crate::input::identify::identify_all;
use crate::input::read::read_tables;
use crate::mart::{self, Methods, SalesMart};
use crate::models::SupplyIndicators;
use crate::models::reference::{self, Reference};
use crate::parallel::{self, lock};
use crate::pipeline::outputs::load::{self, places};
use crate::pipeline::outputs::manifest::DATA;
use crate::pipeline::outputs::salt::salted;
use crate::pipeline::outputs::staging::Staging;
use crate::pipeline::outputs::{attachments, file_stamp};
use crate::pipeline::params::Input;
use crate::report::Document;
use crate::results::Results;
use crate::schema::TableId;
use crate::trial::{self, TrialDesigns};
use crate::{dossier, synth};

impl RunContext {
    pub(crate) fn source(&self) -> Result<Arc<Source>> {
        self.values.source.get(|| match &self.params.input {
            Input::Places(places) => {
                let source = Source::open_as(places, self.params.market.as_ref())?.with(self.params.reading);
                let source = salted(source, &self.params.out)?.converted_with(&self.params.rates);
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
        self.values.source.computed().map_or_else(Vec::new, |source| source.unread(id).cloned().collect())
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
        let stamps = &self.earlier_runs.stamps;
        let found = match self.cleans_remotely() {
            // As the engine reports them.
            true => {
                let how = &self.params.how;
                how.engine.identify(&*self.source()?, &how.cancel, &|table| self.report_progress("identify", table))?
            }
            false => identify_all(&*self.source()?, &|name, path| stamps.hash(&file_stamp::input(name), path))?,
        };
        lock(&self.inputs).extend(found);
        Ok(())
    }

    /// Reads a table; returns its number of rows. Where tables do not pass through memory as a whole, cleaning reads them.
    pub(crate) fn read(&self, id: TableId) -> Result<Option<u64>> {
        if !matches!(*self.strategy()?, CleaningStrategy::InMemory) {
            return Ok(None);
        }
        let read = read_tables(&*self.source()?, &[id])?;
        let rows = read.tables.values().map(|table| table.rows_in as u64).sum();
        lock(&self.values.raw).insert(id, read);
        Ok(Some(rows))
    }

    /// The clean tables.
    ///
    /// # Errors
    /// They are not in memory: nobody asks for them then.
    pub(crate) fn clean(&self) -> Result<Arc<CleanTables>> {
        self.values.clean.share(|| match self.reused("clean") {
            Some(files) => Ok(Arc::new(CleanTables::new(load::frames(&self.placed(&files))?)?)),
            None => {
                let tables = self.cleaned()?.tables.clone();
                tables.ok_or_else(|| Error::Internal("the clean tables are not in memory".into()))
            }
        })
    }

    pub(crate) fn audit(&self) -> Result<Arc<Audit>> {
        self.values.audit.share(|| match self.reused("clean") {
            Some(files) => load::audit(&self.placed(&files)).map(Arc::new),
            None => Ok(Arc::clone(&self.cleaned()?.audit)),
        })
    }

    pub(crate) fn mart(&self) -> Result<Arc<SalesMart>> {
        self.values.mart.get(|| {
            if let Some(files) = self.reused("mart") {
                return load::mart(&self.placed(&files));
            }
            let how = &self.params.how;
            if how.engine.is_remote() && how.shuffle.is_none() {
                return self.remote_mart();
            }
            let in_one_pass = if self.reads_back()? { None } else { self.cleaned()?.mart.clone() };
            match (in_one_pass, how.shuffle) {
                (Some(mart), _) => Ok(mart),
                (None, None) => mart::mart_with(&*self.clean()?, &self.methods()?),
                (None, Some(seed)) => mart::mart_with(&shuffle::clean(&*self.clean()?, seed)?, &self.methods()?),
            }
        })
    }

    /// The payment methods of the data.
    fn methods(&self) -> Result<Methods> {
        Ok(Methods::of(self.audit()?.market.as_ref()))
    }

    /// The mart, made by a remote engine from the files that cleaning left.
    fn remote_mart(&self) -> Result<SalesMart> {
        let how = &self.params.how;
        self.staging.as_ref().map_or(Ok(()), Staging::sync)?;
        let files = self.finished().remove("clean").map(|(finished, _)| finished.outputs).unwrap_or_default();
        let places = places(&self.placed(&files), how.engine_store.as_deref())?;
        how.engine.mart(&places, &self.methods()?, &how.cancel, &|statement| self.report_progress("mart", statement))
    }

    pub(crate) fn supply(&self) -> Result<Arc<SupplyIndicators>> {
        self.values.supply.get(|| {
            if let Some(files) = self.reused("supply") {
                return load::supply(&self.placed(&files));
            }
            let mart = self.mart()?;
            let merged = self.merged(|merged| merged.supply(&mart))?;
            merged.map_or_else(|| SupplyIndicators::of(&mart), Ok)
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
            .get(|| decisions::decide_if_enough(&*self.mart()?, &*self.supply()?, &self.parameters.decisions))
    }

    /// What new sellers may earn, or what the data lack to tell it.
    pub(crate) fn entry(&self) -> Result<Arc<Result<Entry, TooLittle>>> {
        self.values.entry.get(|| decisions::unless_too_little(decisions::entry(&*self.mart()?)))
    }

    /// What new sellers keep of it.
    pub(crate) fn profit(&self) -> Result<Arc<Profit>> {
        self.values.profit.get(|| {
            let (mart, entry, audit) = (self.mart()?, self.entry()?, self.audit()?);
            let costs = &self.parameters.decisions.costs;
            decisions::profit(&mart, entry.as_ref().as_ref().ok(), costs, audit.market.as_ref())
        })
    }

    /// What trials of advertising can see.
    pub(crate) fn trials(&self) -> Result<Arc<TrialDesigns>> {
        self.values.trials.get(|| trial::trial_designs(&*self.mart()?))
    }

    /// All results that the report shows. What no step has computed is computed now, in parallel.
    pub(crate) fn results(&self) -> Result<Arc<Results>> {
        self.values.results.get(|| {
            let mart = self.mart()?;
            let facts = || parallel::both(|| self.reference(), || self.findings());
            let learned = || parallel::both(|| self.profit(), || self.trials());
            let decided = || parallel::both(|| self.decided(), learned);
            let ((reference, findings), (decided, (profit, trials))) = parallel::both(facts, decided);
            let decided = decided?;
            Ok(Results {
                parameters: self.parameters.clone(),
                audit: self.audit()?.as_ref().clone(),
                mart: mart.as_ref().clone(),
                reference: reference?.as_ref().clone(),
                findings: findings?.as_ref().clone(),
                decisions: decided.0.clone(),
                past: decided.1.clone(),
                entry: self.entry()?.as_ref().clone(),
                profit: profit?.as_ref().clone(),
                trials: trials?.as_ref().clone(),
            })
        })
    }

    pub(crate) fn document(&self) -> Result<Arc<Document>> {
        self.values.document.get(|| {
            let results = self.results()?;
            let compose = || {
                let tables = || attachments::frames(&results);
                dossier::dossier_of(&results, &self.params.templates, &tables)
            };
            let (document, downloads) = rayon::join(compose, || attachments::all(&results));
            let mut document = document?;
            document.downloads = downloads?;
            Ok(document)
        })
    }
}
