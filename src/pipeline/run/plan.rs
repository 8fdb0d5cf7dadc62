//! Records and files of earlier runs → which steps are fresh, and why the others are stale. Next: `schedule`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::key::{Parts, Record, changes};
use crate::files;
use crate::graph::Step;
use crate::pipeline::outputs::file_stamp::Stamps;
use crate::pipeline::outputs::manifest::{Core, Manifest, OutputFile};
use crate::pipeline::outputs::staging::{RECORDS, staged};

/// Number of changes that a reason lists.
const SHOWN_REASONS: usize = 3;

/// Whether a step must run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Its key and its files match.
    Fresh,
    /// It must run.
    Stale,
    /// It depends on the output of an earlier step, which may come out unchanged.
    Open,
    /// No step needs it, or it does not take part in this run.
    Idle,
}

/// What `pfe plan` shows of a step.
#[derive(Debug, Clone)]
pub struct Planned {
    /// The step.
    pub step: &'static Step,
    /// Whether it must run.
    pub state: State,
    /// Why, in words.
    pub why: String,
    /// How it would do its work, in words, where there are several ways.
    pub how: Option<String>,
}

/// A step that has ended, in this run or an earlier one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct FinishedStep {
    pub(crate) record: Record,
    pub(crate) outputs: Vec<OutputFile>,
}

/// The records of earlier runs in a folder.
#[derive(Debug, Default)]
pub(crate) struct EarlierRuns {
    out: PathBuf,
    /// Records by step; those staged by an unfinished run come first.
    finished: BTreeMap<String, Vec<FinishedStep>>,
    /// Hashes of the files that the records list.
    hashes: BTreeMap<PathBuf, String>,
    /// Stamps of the last finished run.
    pub(crate) stamps: Stamps,
}

impl EarlierRuns {
    /// Reads the records of `out`. Unreadable records are ignored.
    pub(crate) fn of(out: &Path) -> EarlierRuns {
        let mut earlier_runs = EarlierRuns { out: out.to_path_buf(), ..EarlierRuns::default() };
        for record_file in std::fs::read_dir(staged(out).join(RECORDS)).into_iter().flatten().flatten() {
            let text = std::fs::read(record_file.path()).unwrap_or_default();
            if let Ok(finished) = serde_json::from_slice::<FinishedStep>(&text)
                && let Some(step) = Step::named(&finished.record.step)
                && finished.outputs.iter().all(|file| step.makes_file(&file.path))
            {
                earlier_runs.finished.entry(finished.record.step.clone()).or_default().push(finished);
            }
        }
        for manifest in earlier_runs.roots().iter().filter_map(|root| Manifest::find(root).ok()?) {
            earlier_runs.add(manifest.core);
            earlier_runs.stamps = manifest.volatile.stamps;
        }
        earlier_runs.hash();
        earlier_runs
    }

    fn add(&mut self, core: Core) {
        for record in core.steps {
            let Some(step) = Step::named(&record.step) else { continue };
            let outputs = core.outputs.iter().filter(|file| step.makes_file(&file.path)).cloned().collect();
            self.finished.entry(record.step.clone()).or_default().push(FinishedStep { record, outputs });
        }
    }

    /// Hashes the listed files. A file counts by its contents, wherever it was left.
    fn hash(&mut self) {
        let files: BTreeSet<(PathBuf, &str, u64)> = self
            .finished
            .values()
            .flatten()
            .flat_map(|finished| &finished.outputs)
            .flat_map(|file| self.roots().map(|root| (root, file)))
            .filter(|(root, file)| files::regular(root, &file.path).is_ok_and(|meta| meta.len() == file.bytes))
            .map(|(root, file)| (root.join(&file.path), file.path.as_str(), file.bytes))
            .collect();
        // Longest first, so that the last file to start is short.
        let mut files: Vec<_> = files.into_iter().collect();
        files.sort_by_key(|(.., bytes)| std::cmp::Reverse(*bytes));
        let hash = |(place, name, _): (PathBuf, &str, u64)| Some((place.clone(), self.stamps.hash(name, &place).ok()?));
        let hashes = files.into_par_iter().with_max_len(1).filter_map(hash).collect();
        self.hashes = hashes;
    }

    /// Folders that may hold files of a step: staging, then the outputs.
    fn roots(&self) -> [PathBuf; 2] {
        [staged(&self.out), self.out.clone()]
    }

    /// Where a file with these contents is; the output folder first, because it need not be moved from there.
    pub(crate) fn place(&self, file: &OutputFile) -> Option<PathBuf> {
        let [in_staging, in_outputs] = self.roots().map(|root| root.join(&file.path));
        [in_outputs, in_staging].into_iter().find(|place| self.hashes.get(place) == Some(&file.blake3))
    }

    /// What is wrong with the files of an ended step.
    fn damage(&self, finished: &FinishedStep) -> Option<String> {
        let damaged = finished.outputs.iter().find(|file| self.place(file).is_none())?;
        let exists = self.out.join(&damaged.path).exists();
        Some(format!("`{}` {}", damaged.path, if exists { "was changed after the run" } else { "is missing" }))
    }

    /// An intact result of a step from an earlier run, whatever it was made from. A finished run has precedence over an
    /// unfinished one.
    pub(crate) fn cached(&self, step: &Step) -> Option<&FinishedStep> {
        self.finished.get(step.id)?.iter().rev().find(|finished| self.damage(finished).is_none())
    }

    /// Whether there is a record of the step.
    pub(crate) fn knows(&self, step: &Step) -> bool {
        self.finished.contains_key(step.id)
    }

    /// Compares the parts of a step's key that are known so far with those of earlier runs.
    pub(crate) fn judge(&self, step: &Step, parts: &Parts, complete: bool) -> (State, String, Option<&FinishedStep>) {
        let mut why: Option<Vec<String>> = None;
        for finished in self.finished.get(step.id).into_iter().flatten() {
            let changes = changes(&finished.record.parts, parts, complete);
            let reasons = match (changes.is_empty(), self.damage(finished)) {
                (true, None) if complete => {
                    return (State::Fresh, "its inputs, code and parameters are the same".into(), Some(finished));
                }
                (true, None) => {
                    return (State::Open, "its input is computed again and may turn out the same".into(), None);
                }
                (true, Some(damage)) => vec![damage],
                (false, _) => changes,
            };
            if why.as_ref().is_none_or(|why| reasons.len() < why.len()) {
                why = Some(reasons);
            }
        }
        let why = match why {
            None => "it has not run yet".into(),
            Some(reasons) if reasons.len() > SHOWN_REASONS => {
                format!("{}; and {} more", reasons[..SHOWN_REASONS].join("; "), reasons.len() - SHOWN_REASONS)
            }
            Some(reasons) => reasons.join("; "),
        };
        (State::Stale, why, None)
    }
}
