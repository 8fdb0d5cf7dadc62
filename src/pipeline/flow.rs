//! The values that steps hand on: computed when their step runs, read back from its files when it need not.
//!
//! Values are only asked for by the threads of steps, never by workers of rayon: a worker that waits for one would steal
//! the very work that it waits for.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::SystemTime;

use super::bounded::Bounded;
use super::elsewhere::Elsewhere;
use super::graph::Step;
use super::grow::Grown;
use super::key::{MONTHLY, Parts, Record, own_parts};
use super::manifest::OutputFile;
use super::output::{DATA, Staging};
use super::plan::{Ended, Known};
use super::stamp::{self, Stamp, Stamps};
use super::stored::{self, places};
use super::{Input, RunParams, attachments, shuffle};
use crate::data::contract::TABLES;
use crate::data::read::{InputFile, identify_all, read_tables};
use crate::data::{self, Audit, CleanTables, RawTables, Source, TableId};
use crate::error::{Error, Result};
use crate::findings::{self, Decided, Findings};
use crate::mart::{self, SalesMart};
use crate::models::Shares;
use crate::models::reference::{self, Reference};
use crate::parallel::{self, join, lock};
use crate::report::{self, Document};
use crate::results::{Parameters, Results};
use crate::synth;

/// A value that is made once, by whoever asks first.
pub(super) struct Memo<T>(Mutex<Option<Arc<T>>>);

impl<T> Default for Memo<T> {
    fn default() -> Self {
        Memo(Mutex::default())
    }
}

impl<T> Memo<T> {
    pub(super) fn get(&self, make: impl FnOnce() -> Result<T>) -> Result<Arc<T>> {
        let mut slot = lock(&self.0);
        if let Some(value) = &*slot {
            return Ok(Arc::clone(value));
        }
        let value = Arc::new(make()?);
        *slot = Some(Arc::clone(&value));
        Ok(value)
    }
}

/// One run: what it starts from, what its steps have made.
pub(super) struct Flow {
    pub(super) params: RunParams,
    pub(super) parameters: Parameters,
    pub(super) known: Known,
    /// `None` when nothing may be written.
    pub(super) staging: Option<Staging>,
    /// Takes what a step says while it is at work.
    pub(super) says: Option<Sender<String>>,
    /// Identities of the input files, as far as they are known.
    pub(super) inputs: Mutex<BTreeMap<TableId, InputFile>>,
    /// What became of the last run's tables.
    grew: Mutex<Option<String>>,
    /// Steps that have ended, and whether in this run.
    ended: Mutex<BTreeMap<&'static str, (Ended, bool)>>,
    source: Memo<Source>,
    /// Taken by the cleaning, so that each is gone before the next one needs the memory.
    raw: Mutex<BTreeMap<TableId, RawTables>>,
    pub(super) ranges: Memo<usize>,
    pub(super) grown: Memo<Option<Grown>>,
    pub(super) bounded: Memo<Bounded>,
    pub(super) elsewhere: Memo<Elsewhere>,
    clean: Memo<(CleanTables, Audit)>,
    audit: Memo<Audit>,
    mart: Memo<SalesMart>,
    shares: Memo<Shares>,
    reference: Memo<Reference>,
    findings: Memo<Findings>,
    decided: Memo<Decided>,
    results: Memo<Results>,
    document: Memo<Document>,
}

impl Flow {
    pub(super) fn new(params: RunParams, staging: Option<Staging>) -> Flow {
        let generated = match &params.input {
            Input::Generated(synth) => Some(synth.clone()),
            Input::Places(_) => None,
        };
        let parameters = Parameters {
            lang: params.lang,
            generated,
            decisions: params.decisions.clone(),
            cover: params.cover.clone(),
            templates: params.templates.hashes(),
        };
        Flow {
            known: Known::of(&params.out),
            params,
            parameters,
            staging,
            says: None,
            inputs: Mutex::default(),
            ended: Mutex::default(),
            source: Memo::default(),
            raw: Mutex::default(),
            ranges: Memo::default(),
            grown: Memo::default(),
            bounded: Memo::default(),
            elsewhere: Memo::default(),
            grew: Mutex::default(),
            clean: Memo::default(),
            audit: Memo::default(),
            mart: Memo::default(),
            shares: Memo::default(),
            reference: Memo::default(),
            findings: Memo::default(),
            decided: Memo::default(),
            results: Memo::default(),
            document: Memo::default(),
        }
    }

    /// Whether the step has a place in this run.
    pub(super) fn applies(&self, step: &Step) -> bool {
        match step.id {
            "generate" => self.parameters.generated.is_some(),
            // Whoever built without Typst asked for no PDF; the command line says that there is none.
            "report-pdf" => cfg!(feature = "pdf"),
            _ => true,
        }
    }

    /// Program, parameters and inputs on which the step depends, and whether all of them are known yet.
    pub(super) fn parts(&self, step: &Step) -> (Parts, bool) {
        let (mut parts, mut complete) = (own_parts(step, &self.parameters), true);
        if self.params.monthly && ["clean", "mart"].contains(&step.id) {
            parts.insert(MONTHLY.into(), "true".into());
        }
        if let Some(table) = step.table() {
            match lock(&self.inputs).get(&table.id) {
                Some(file) => drop(parts.insert(format!("input {}", file.name), file.blake3.clone())),
                None => complete = false,
            }
        }
        for need in step.needs.iter().filter_map(|id| Step::named(id)).filter(|need| self.applies(need)) {
            if !need.keeps() {
                let (inherited, known) = self.parts(need);
                parts.extend(inherited);
                complete &= known;
            } else if let Some((ended, _)) = lock(&self.ended).get(need.id) {
                let read = ended.outputs.iter().filter(|file| step.looks_at(&file.path));
                parts.extend(read.map(|file| (format!("file {}", file.path), file.blake3.clone())));
            } else {
                complete = false;
            }
        }
        (parts, complete)
    }

    /// Takes what an earlier run made of the step for its own.
    pub(super) fn reuse(&self, step: &'static Step, ended: &Ended) {
        lock(&self.ended).insert(step.id, (ended.clone(), false));
    }

    /// The step has left these files. Its record is complete once those of the steps before it are.
    pub(super) fn settle(&self, step: &'static Step, outputs: Vec<OutputFile>) -> Result<()> {
        let record = Record::new(step, Parts::new());
        lock(&self.ended).insert(step.id, (Ended { record, outputs }, true));
        self.note()
    }

    /// Writes down the records that have become complete.
    fn note(&self) -> Result<()> {
        let open: Vec<&'static Step> = lock(&self.ended)
            .iter()
            .filter(|(_, (ended, _))| ended.record.parts.is_empty())
            .filter_map(|(id, _)| Step::named(id))
            .collect();
        for step in open {
            let (parts, complete) = self.parts(step);
            let mut all = lock(&self.ended);
            // Two steps may have ended at once.
            if let (true, Some((ended, _))) = (complete, all.get_mut(step.id))
                && ended.record.parts.is_empty()
            {
                ended.record = Record::new(step, parts);
                if let Some(staging) = &self.staging {
                    staging.note(step.id, ended)?;
                }
            }
        }
        Ok(())
    }

    /// What has ended so far: the record, the files, and whether it was in this run.
    pub(super) fn ended(&self) -> BTreeMap<&'static str, (Ended, bool)> {
        lock(&self.ended).clone()
    }

    /// The files of a step that was not run now, if it need not be.
    pub(super) fn reused(&self, id: &str) -> Option<Vec<OutputFile>> {
        lock(&self.ended).get(id).filter(|(_, now)| !now).map(|(ended, _)| ended.outputs.clone())
    }

    /// Where a file that a step has left stands at this moment.
    fn find(&self, file: &OutputFile) -> PathBuf {
        let staged = self.staging.as_ref().map(|staging| staging.path(&file.path));
        let known = self.known.place(file).filter(|place| place.exists());
        known.or(staged.filter(|place| place.exists())).unwrap_or_else(|| self.params.out.join(&file.path))
    }

    pub(super) fn source(&self) -> Result<Arc<Source>> {
        self.source.get(|| match &self.params.input {
            Input::Places(places) => Source::open_all(places),
            Input::Generated(_) => {
                let files = self.reused("generate");
                let any = files.and_then(|files| Some(self.find(files.first()?)));
                let kept = any.and_then(|file| Some(file.parent()?.to_path_buf()));
                Source::open(kept.map_or_else(|| self.staged_data(), Ok)?)
            }
        })
    }

    /// Makes the data up.
    pub(super) fn generate(&self) -> Result<()> {
        if let Input::Generated(params) = &self.params.input {
            synth::generate(params, &self.staged_data()?)?;
        }
        Ok(())
    }

    pub(super) fn staged_data(&self) -> Result<PathBuf> {
        Ok(self.staging()?.path(DATA))
    }

    pub(super) fn staging(&self) -> Result<&Staging> {
        self.staging.as_ref().ok_or_else(|| Error::input("nothing may be written here"))
    }

    /// Finds out what the input files are, without reading their rows.
    pub(super) fn identify(&self) -> Result<()> {
        let stamps = &self.known.stamps;
        let found = match self.cleans_elsewhere() {
            true => self.identify_elsewhere()?,
            false => identify_all(&*self.source()?, &|name, path| stamps.hash(&stamp::input(name), path))?,
        };
        lock(&self.inputs).extend(found);
        Ok(())
    }

    /// Reads a table; says how many rows it has. What is larger than memory is read by the cleaning.
    pub(super) fn read(&self, id: TableId) -> Result<Option<u64>> {
        if self.cleans_elsewhere() || self.grown()?.is_some() || self.ranges()? > 1 {
            return Ok(None);
        }
        let read = read_tables(&*self.source()?, &[id])?;
        let rows = read.tables.values().map(|table| table.rows_in as u64).sum();
        lock(&self.raw).insert(id, read);
        Ok(Some(rows))
    }

    /// The input files, in the order of the contract.
    pub(super) fn identified(&self, files: impl Iterator<Item = InputFile>) {
        lock(&self.inputs).extend(TABLES.iter().map(|table| table.id).zip(files));
    }

    fn raw(&self) -> Result<RawTables> {
        let source = self.source()?;
        let mut read = std::mem::take(&mut *lock(&self.raw));
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

    pub(super) fn clean(&self) -> Result<Arc<(CleanTables, Audit)>> {
        self.clean.get(|| match self.reused("clean") {
            Some(files) => {
                Ok((CleanTables::new(stored::frames(&self.placed(&files))?)?, stored::audit(&self.placed(&files))?))
            }
            None => data::clean(self.raw()?),
        })
    }

    pub(super) fn audit(&self) -> Result<Arc<Audit>> {
        self.audit.get(|| match self.reused("clean") {
            Some(files) => stored::audit(&self.placed(&files)),
            None if self.cleans_elsewhere() => Ok(self.elsewhere()?.audit.clone()),
            None => match (self.grown()?.as_ref(), self.bounded()?) {
                (Some(grown), _) => Ok(grown.audit.clone()),
                (None, Some(bounded)) => Ok(bounded.audit.clone()),
                (None, None) => Ok(self.clean()?.1.clone()),
            },
        })
    }

    pub(super) fn mart(&self) -> Result<Arc<SalesMart>> {
        self.mart.get(|| {
            if let Some(files) = self.reused("mart") {
                return stored::mart(&self.placed(&files));
            }
            if self.params.how.engine.is_remote() && self.params.how.shuffle.is_none() {
                return self.remote_mart();
            }
            if let Some(grown) = self.grown()?.as_ref() {
                return Ok(grown.mart.clone());
            }
            if let Some(mart) = self.bounded()?.and_then(|bounded| bounded.mart.clone()) {
                return Ok(mart);
            }
            let made = self.clean()?;
            match self.params.how.shuffle {
                None => mart::mart(&made.0),
                Some(seed) => mart::mart(&shuffle::clean(&made.0, seed)?),
            }
        })
    }

    /// The mart of an engine elsewhere, which reads the files that cleaning has left.
    fn remote_mart(&self) -> Result<SalesMart> {
        let how = &self.params.how;
        self.staging.as_ref().map_or(Ok(()), Staging::settle)?;
        let files = lock(&self.ended).get("clean").map(|(ended, _)| ended.outputs.clone()).unwrap_or_default();
        let places = places(&self.placed(&files), how.engine_store.as_deref())?;
        how.engine.mart(&places, &how.cancel, &|statement| self.say("mart", statement))
    }

    /// Says what a step is at.
    pub(super) fn say(&self, step: &str, what: &str) {
        if let Some(says) = &self.says {
            // Nobody listens any more once the run has ended.
            let _ = says.send(format!("{step}: {what}"));
        }
    }

    pub(super) fn shares(&self) -> Result<Arc<Shares>> {
        self.shares.get(|| match self.reused("supply") {
            Some(files) => stored::shares(&self.placed(&files)),
            None => self.grown()?.as_ref().as_ref().map_or_else(|| Shares::of(&*self.mart()?), Grown::shares),
        })
    }

    pub(super) fn reference(&self) -> Result<Arc<Reference>> {
        self.reference.get(|| reference::reference(&*self.mart()?))
    }

    pub(super) fn findings(&self) -> Result<Arc<Findings>> {
        self.findings.get(|| findings::findings(&*self.mart()?))
    }

    pub(super) fn decided(&self) -> Result<Arc<Decided>> {
        self.decided.get(|| findings::decide_if_enough(&*self.mart()?, &*self.shares()?, &self.parameters.decisions))
    }

    /// By what the next run will know files again that are not touched: the `inputs` that this one began to read at some time, and
    /// its `outputs`.
    pub(super) fn stamps(&self, inputs: &[InputFile], outputs: &[OutputFile], began: SystemTime) -> Result<Stamps> {
        let (mut stamps, known) = (Stamps::default(), &self.known.stamps);
        for file in outputs {
            let (staged, hash) = (self.staging()?.path(&file.path), &file.blake3);
            let stamp = match staged.exists() {
                true => Stamp::of(&staged, hash),
                // What stood there all the time may have been touched since it was looked at.
                false => known.get(&file.path, hash).or_else(|| Stamp::settled(&self.find(file), hash, began)),
            };
            stamps.insert(file.path.clone(), stamp);
        }
        // Where a report is made again, nobody says where the data are.
        let places = match &self.params.input {
            // What an engine knows of rows is no hash of a file.
            Input::Places(places) if !places.is_empty() && !self.cleans_elsewhere() => Some(self.source()?),
            _ => None,
        };
        let files: BTreeMap<&str, &Path> = places.iter().flat_map(|source| source.files()).collect();
        for (name, hash) in inputs.iter().flat_map(InputFile::files) {
            let settled = files.get(name).and_then(|path| Stamp::settled(path, hash, began));
            let name = stamp::input(name);
            let stamp = settled.or_else(|| known.get(&name, hash));
            stamps.insert(name, stamp);
        }
        Ok(stamps)
    }

    /// Everything that the report shows; what no step has computed is computed now, side by side.
    pub(super) fn results(&self) -> Result<Arc<Results>> {
        self.results.get(|| {
            let mart = self.mart()?;
            let (reference, findings, decided) = thread::scope(|scope| {
                let reference = scope.spawn(|| self.reference());
                let findings = scope.spawn(|| self.findings());
                let decided = self.decided();
                (join(reference), join(findings), decided)
            });
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

    pub(super) fn document(&self) -> Result<Arc<Document>> {
        self.document.get(|| {
            let results = self.results()?;
            let compose = || report::dossier_with(&results, &self.params.templates);
            let (document, downloads) = rayon::join(compose, || attachments::all(&results));
            let mut document = document?;
            document.downloads = downloads?;
            Ok(document)
        })
    }

    /// Notes what became of the last run's tables.
    pub(super) fn tell(&self, what: String) {
        *lock(&self.grew) = Some(what);
    }

    /// What became of the last run's tables, if they might have been added to.
    pub(super) fn told(&self) -> Option<String> {
        lock(&self.grew).clone()
    }

    /// The files of a step and where they stand.
    pub(super) fn placed<'a>(&self, files: &'a [OutputFile]) -> Vec<(&'a str, PathBuf)> {
        files.iter().map(|file| (file.path.as_str(), self.find(file))).collect()
    }
}
