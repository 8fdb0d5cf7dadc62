//! Parameters and earlier runs → the state of one run: which steps have ended, where their files are, all parts of each
//! step's key. Values: `materialized`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::mpsc::Sender;
use std::time::SystemTime;

use super::key::{MONTHLY, PROFILES, Parts, Record, own_parts};
use super::plan::{EarlierRuns, FinishedStep};
use super::values::Values;
use crate::error::{Error, Result};
use crate::graph::Step;
use crate::input::identity::InputFile;
use crate::parallel::lock;
use crate::pipeline::outputs::file_stamp::{self, Stamp, Stamps};
use crate::pipeline::outputs::manifest::{DATA, OutputFile};
use crate::pipeline::outputs::staging::Staging;
use crate::pipeline::params::{Input, RunParams};
use crate::results::Parameters;
use crate::schema::TableId;
use crate::schema::contract::TABLES;

/// State of one run: its parameters, the steps that have ended, the values that they made.
pub(crate) struct RunContext {
    pub(crate) params: RunParams,
    pub(crate) parameters: Parameters,
    pub(crate) earlier_runs: EarlierRuns,
    /// `None` if nothing may be written.
    pub(crate) staging: Option<Staging>,
    /// Takes progress messages of running steps.
    pub(crate) progress: Option<Sender<String>>,
    /// Identities of the input files known so far.
    pub(crate) inputs: Mutex<BTreeMap<TableId, InputFile>>,
    /// Whether the run was incremental, or why not, in words.
    incremental_note: Mutex<Option<String>>,
    /// Steps that have ended, and whether in this run.
    finished: Mutex<BTreeMap<&'static str, (FinishedStep, bool)>>,
    pub(crate) values: Values,
}

impl RunContext {
    pub(crate) fn new(params: RunParams, staging: Option<Staging>) -> RunContext {
        let generated = match &params.input {
            Input::Generated(synth) => Some(synth.clone()),
            Input::Places(_) => None,
        };
        let parameters = Parameters {
            lang: params.lang,
            reading: params.reading,
            market: params.market.clone(),
            rates: params.rates.clone(),
            generated,
            decisions: params.decisions.clone(),
            cover: params.cover.clone(),
            templates: params.templates.hashes(),
        };
        RunContext {
            earlier_runs: EarlierRuns::of(&params.out),
            params,
            parameters,
            staging,
            progress: None,
            inputs: Mutex::default(),
            finished: Mutex::default(),
            incremental_note: Mutex::default(),
            values: Values::default(),
        }
    }

    /// Whether the remote engine cleans, so that raw rows do not pass through this process. Shuffled rows must pass.
    pub(crate) fn cleans_remotely(&self) -> bool {
        self.params.how.engine_cleans && self.params.how.shuffle.is_none()
    }

    /// Whether the step takes part in this run.
    pub(crate) fn applies(&self, step: &Step) -> bool {
        self.params.need(step)
    }

    /// Parts of the step's key (program, parameters, inputs), and whether all are known yet.
    pub(crate) fn parts(&self, step: &Step) -> (Parts, bool) {
        let (mut parts, mut complete) = (own_parts(step, &self.parameters), true);
        if self.params.monthly && ["clean", "mart"].contains(&step.id) {
            parts.insert(MONTHLY.into(), "true".into());
        }
        if let Some(files) = self.params.formats.profiles(step.id) {
            parts.insert(PROFILES.into(), serde_json::to_string(files).unwrap_or_default());
        }
        if let Some(table) = step.table() {
            parts
                .extend(self.unread(table.id).into_iter().map(|warning| (format!("warning {warning}"), "true".into())));
            match lock(&self.inputs).get(&table.id) {
                Some(file) => drop(parts.insert(format!("input {}", file.name), file.blake3.clone())),
                None => complete = false,
            }
        }
        for need in step.needs.iter().filter_map(|id| Step::named(id)).filter(|need| self.applies(need)) {
            if !need.has_outputs() {
                let (inherited, inherited_complete) = self.parts(need);
                parts.extend(inherited);
                complete &= inherited_complete;
            } else if let Some((finished, _)) = lock(&self.finished).get(need.id) {
                let read = finished.outputs.iter().filter(|file| step.looks_at(&file.path));
                parts.extend(read.map(|file| (format!("file {}", file.path), file.blake3.clone())));
            } else {
                complete = false;
            }
        }
        (parts, complete)
    }

    /// Takes over the outputs of an earlier run: a cache hit.
    pub(crate) fn reuse(&self, step: &'static Step, finished: &FinishedStep) {
        lock(&self.finished).insert(step.id, (finished.clone(), false));
    }

    /// Records the files of a step. Its record is complete once the records of the steps before it are.
    pub(crate) fn record_outputs(&self, step: &'static Step, outputs: Vec<OutputFile>) -> Result<()> {
        let record = Record::new(step, Parts::new());
        lock(&self.finished).insert(step.id, (FinishedStep { record, outputs }, true));
        self.write_records()
    }

    /// Writes the records that have become complete.
    fn write_records(&self) -> Result<()> {
        let open: Vec<&'static Step> = lock(&self.finished)
            .iter()
            .filter(|(_, (finished, _))| finished.record.parts.is_empty())
            .filter_map(|(id, _)| Step::named(id))
            .collect();
        for step in open {
            let (parts, complete) = self.parts(step);
            let mut all = lock(&self.finished);
            // Two steps may have ended at once.
            if let (true, Some((finished, _))) = (complete, all.get_mut(step.id))
                && finished.record.parts.is_empty()
            {
                finished.record = Record::new(step, parts);
                if let Some(staging) = &self.staging {
                    staging.note(step.id, finished)?;
                }
            }
        }
        Ok(())
    }

    /// The finished steps: record, files, and whether in this run.
    pub(crate) fn finished(&self) -> BTreeMap<&'static str, (FinishedStep, bool)> {
        lock(&self.finished).clone()
    }

    /// The files of a step that was reused.
    pub(crate) fn reused(&self, id: &str) -> Option<Vec<OutputFile>> {
        lock(&self.finished)
            .get(id)
            .filter(|(_, in_this_run)| !in_this_run)
            .map(|(finished, _)| finished.outputs.clone())
    }

    /// Current path of a file that a step has left.
    pub(crate) fn find(&self, file: &OutputFile) -> PathBuf {
        let staged = self.staging.as_ref().map(|staging| staging.path(&file.path));
        let found = self.earlier_runs.place(file).filter(|place| place.exists());
        found.or(staged.filter(|place| place.exists())).unwrap_or_else(|| self.params.out.join(&file.path))
    }

    pub(crate) fn staged_data(&self) -> Result<PathBuf> {
        Ok(self.staging()?.path(DATA))
    }

    pub(crate) fn staging(&self) -> Result<&Staging> {
        self.staging.as_ref().ok_or_else(|| Error::input("nothing may be written here"))
    }

    /// Sets the input files, in the order of the contract.
    pub(crate) fn identified(&self, files: impl Iterator<Item = InputFile>) {
        lock(&self.inputs).extend(TABLES.iter().map(|table| table.id).zip(files));
    }

    /// Reports the progress of a step.
    pub(crate) fn report_progress(&self, step: &str, stage: &str) {
        if let Some(progress_tx) = &self.progress {
            // After the end of the run, nobody receives.
            let _ = progress_tx.send(format!("{step}: {stage}"));
        }
    }

    /// Stamps that let the next run skip hashing unchanged files: those of `inputs`, which this run began to read at
    /// `began` or later, and of `outputs`.
    pub(crate) fn stamps(&self, inputs: &[InputFile], outputs: &[OutputFile], began: SystemTime) -> Result<Stamps> {
        let (mut stamps, earlier) = (Stamps::default(), &self.earlier_runs.stamps);
        for file in outputs {
            let (staged, hash) = (self.staging()?.path(&file.path), &file.blake3);
            let stamp = match staged.exists() {
                true => Stamp::of(&staged, hash),
                // A file that stayed in place may have been touched since its stamp was compared.
                false => earlier.get(&file.path, hash).or_else(|| Stamp::of_stable_file(&self.find(file), hash, began)),
            };
            stamps.insert(file.path.clone(), stamp);
        }
        // When a report is rendered again, the place of the data is unknown.
        let places = match &self.params.input {
            // An engine identifies rows, not bytes of files.
            Input::Places(places) if !places.is_empty() && !self.cleans_remotely() => Some(self.source()?),
            _ => None,
        };
        let files: BTreeMap<&str, &Path> = places.iter().flat_map(|source| source.files()).collect();
        for (name, hash) in inputs.iter().flat_map(InputFile::files) {
            let stamp_of_input = files.get(name).and_then(|path| Stamp::of_stable_file(path, hash, began));
            let name = file_stamp::input(name);
            let stamp = stamp_of_input.or_else(|| earlier.get(&name, hash));
            stamps.insert(name, stamp);
        }
        Ok(stamps)
    }

    /// Records whether the run was incremental, or why not.
    pub(crate) fn set_incremental_note(&self, note: String) {
        *lock(&self.incremental_note) = Some(note);
    }

    /// Whether the run was incremental, or why not; `None` if it was not tried.
    pub(crate) fn incremental_note(&self) -> Option<String> {
        lock(&self.incremental_note).clone()
    }

    /// Files of a step, with their current paths.
    pub(crate) fn placed<'a>(&self, files: &'a [OutputFile]) -> Vec<(&'a str, PathBuf)> {
        files.iter().map(|file| (file.path.as_str(), self.find(file))).collect()
    }
}
