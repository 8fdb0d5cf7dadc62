//! Raw files → results → output folder with a manifest that proves them: the whole flow in one call. Used by `cli` and notebooks.
//!
//! ```text
//! graph ──run::plan──▶ what is stale ──run::schedule──▶ tasks ──run::execute──▶ values (run::materialized) ──outputs──▶ folder
//! ```
//!
//! Three concepts:
//!
//! - a [`Step`];
//! - its key ([`run::key::Record`]), made of everything that decides about the step;
//! - its files, which count as long as their hashes match.
//!
//! All state is in the output folder: `run.json` for a finished run, the staging folder for an unfinished one.

pub mod export;
pub mod inspect;
pub mod outputs;
pub mod params;
pub mod run;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant, SystemTime};

use crate::clean::Audit;
use crate::error::{Error, Result};
use crate::mart::SalesMart;
use crate::mart::missing::Missing;
use crate::parallel::lock;
use crate::report::{self, Cover, Lang, Templates};
use crate::results::Results;

use self::outputs::manifest::{Manifest, Volatile};
use self::outputs::staging::Staging;
pub use self::params::{How, Input, RunParams, Select};
use self::run::context::RunContext;
use self::run::execute::{self, Limits, StepOutcome};
use self::run::plan::{Planned, State};
use self::run::schedule;
use crate::dossier::profiles::Per;
use crate::graph::{Formats, ProfileFiles, STEPS, Step};

/// The result of a run.
pub struct Outcome {
    /// The manifest as in `run.json`. If nothing was written, its volatile part is that of the earlier run.
    pub manifest: Manifest,
    /// Log of this run's steps.
    pub volatile: Volatile,
    /// Counts of reading and cleaning.
    pub audit: Arc<Audit>,
    /// Whether nothing had to be written.
    pub unchanged: bool,
    /// Whether the folder held the remains of an unfinished run.
    pub unfinished_before: bool,
    /// Whether the run was incremental, or why not, in words; `None` if that was not asked for.
    pub incremental: Option<String>,
    flow: Arc<RunContext>,
}

impl Outcome {
    /// The results, as the report shows them. What this run did not compute is computed from the mart.
    ///
    /// # Errors
    /// A file of the run was removed meanwhile.
    pub fn results(&self) -> Result<Arc<Results>> {
        self.flow.results()
    }

    /// Facts that refer to missing rows, and their amounts.
    ///
    /// # Errors
    /// A file of the run was removed meanwhile.
    pub fn missing(&self) -> Result<Vec<Missing>> {
        if self.audit.lacks_rows() { self.flow.mart()?.missing() } else { Ok(Vec::new()) }
    }
}

/// Runs the steps that are not fresh. `progress` is called with the name of each step as it begins, and with the status of
/// a remote engine.
///
/// The output folder does not change until all files are staged. They are then committed together, the manifest last. A run
/// that ends early leaves the files of its finished steps in staging for the next run. Returns `None` if steps that were
/// not asked for have never run: what was made stays in staging until they have.
///
/// # Errors
/// The input is not usable, or the folder cannot be written to; the folder is then as before.
pub fn run(params: &RunParams, progress: &(dyn Fn(&str) + Sync)) -> Result<Option<Outcome>> {
    run_or_tell(params, progress, &|_| {})
}

/// [`run()`]; calls `unfinished` with the audit if this run has cleaned the data and ends without an outcome, so that its warnings are told.
///
/// # Errors
/// As [`run()`].
pub fn run_or_tell(
    params: &RunParams,
    progress: &(dyn Fn(&str) + Sync),
    unfinished: &dyn Fn(&Audit),
) -> Result<Option<Outcome>> {
    params.decisions.check()?;
    let (started, began) = (Instant::now(), SystemTime::now());
    let steps = STEPS.iter().filter(|step| params.need(step)).collect();
    let staging = Staging::new(&params.out, steps)?;
    // One process per step (`--only`) continues from the step before: that is no unfinished run.
    let unfinished_before = staging.abandoned && !matches!(params.how.select, Select::Only(_));
    let (progress_tx, progress_rx) = channel();
    let mut flow = RunContext::new(params.clone(), Some(staging));
    flow.progress = Some(progress_tx);
    let flow = Arc::new(flow);
    if let (Input::Places(_), Select::All | Select::From(_)) = (&params.input, &params.how.select) {
        flow.source()?;
    }
    let planned = schedule::plan(&flow)?;
    let log = schedule::Log::default();
    let tasks = schedule::tasks(&flow, &planned, &log);
    let threads = rayon::current_num_threads();
    let limits = Limits {
        // One more than compute at a time: the processor is idle while files are synced.
        parallel: if threads == 1 { 1 } else { threads + 1 },
        keep_going: params.how.keep_going,
        of_task: report::limits::Limits::of(params.how.timeout),
        cancel: Arc::clone(&params.how.cancel),
    };
    let outcomes = execute::execute(&tasks, &limits, &|name| progress(name), &progress_rx);
    // A step abandoned at its time limit may still occupy a cluster.
    params.how.engine.stop();
    let tell = || flow.values.cleaned.computed_by_now().into_iter().for_each(|cleaned| unfinished(&cleaned.audit));
    outcomes.and_then(|outcomes| fail(&tasks, outcomes)).inspect_err(|_| tell())?;
    progress("finish");
    let steps = STEPS.iter().filter_map(|step| lock(&log).remove(step.id)).collect();
    let volatile = Volatile { seconds: started.elapsed().as_secs_f64(), threads, steps, ..Volatile::default() };
    let committed = commit(&flow, volatile.clone(), began).inspect_err(|_| tell())?;
    let Some((manifest, audit, unchanged)) = committed else {
        tell();
        return Ok(None);
    };
    let incremental = flow.incremental_note();
    Ok(Some(Outcome { manifest, volatile, audit, unchanged, unfinished_before, incremental, flow }))
}

/// Whether this run would run each step, and why. Writes nothing.
///
/// # Errors
/// The input is not usable, or the output folder holds a manifest of another tool.
pub fn plan(params: &RunParams) -> Result<Vec<Planned>> {
    params.decisions.check()?;
    // Fails here as the run would.
    Manifest::find(&params.out)?;
    let flow = RunContext::new(params.clone(), None);
    if let Input::Places(_) = &params.input {
        flow.source()?;
    }
    let mut planned = schedule::plan(&flow)?;
    let cleans = |plan: &&mut Planned| plan.step.id == "clean" && plan.state == State::Stale;
    // Generated data are not there yet.
    if let (Input::Places(_), Some(clean)) = (&params.input, planned.iter_mut().find(cleans)) {
        clean.how = Some(flow.strategy()?.to_string());
    }
    Ok(planned)
}

/// The first failure, with the names of the other failed steps.
fn fail(tasks: &[execute::Task], outcomes: Vec<StepOutcome>) -> Result<()> {
    let mut failures = tasks.iter().zip(outcomes).filter_map(|(task, end)| match end {
        StepOutcome::Failed(error) => Some((task.name, error)),
        _ => None,
    });
    let Some((_, first)) = failures.next() else { return Ok(()) };
    // An error that concerns all tables occurs with each of them; it is reported once.
    let message = first.to_string();
    let other_failures = failures.filter(|(_, error)| error.to_string() != message);
    let other_failures: Vec<String> = other_failures.map(|(step, error)| format!("step `{step}`: {error}")).collect();
    match other_failures.is_empty() {
        true => Err(first),
        false => Err(Error::Several { first: Box::new(first), others: other_failures.join("; ") }),
    }
}

/// Commits the files, if all exist and any is new.
fn commit(
    flow: &RunContext,
    mut volatile: Volatile,
    began: SystemTime,
) -> Result<Option<(Manifest, Arc<Audit>, bool)>> {
    let (mut records, mut outputs, mut fresh) = (Vec::new(), Vec::new(), Vec::new());
    let finished = flow.finished();
    let staging = flow.staging()?;
    for step in STEPS.iter().filter(|step| step.has_outputs() && flow.applies(step)) {
        let Some((finished, in_this_run)) = finished.get(step.id) else { return Ok(None) };
        records.push(finished.record.clone());
        for file in &finished.outputs {
            // Files made in this run replace those in the folder, even if equal.
            let staged = *in_this_run && staging.path(&file.path).exists();
            let is_in_place = !staged && flow.earlier_runs.place(file) == Some(flow.params.out.join(&file.path));
            fresh.extend((!is_in_place).then(|| file.path.clone()));
            outputs.push(file.clone());
        }
    }
    let audit = flow.audit()?;
    volatile.stamps = flow.stamps(&audit.inputs, &outputs, began)?;
    let manifest = Manifest::new(&audit, &flow.parameters, outputs, records, volatile);
    let previous = Manifest::load(&flow.params.out).ok();
    if let (true, Some(previous)) = (fresh.is_empty(), previous.filter(|previous| previous.core == manifest.core)) {
        staging.discard()?;
        return Ok(Some((previous, audit, true)));
    }
    staging.commit(&manifest, &fresh)?;
    Ok(Some((manifest, audit, false)))
}

/// Reads mart and audit of the finished run in `out` and derives the other results from them.
///
/// # Errors
/// There is no finished run, or its files are damaged.
pub fn load(out: &Path) -> Result<Results> {
    let manifest = Manifest::load(out)?;
    let mut results = finished(out, &manifest)?.results()?.as_ref().clone();
    results.parameters = manifest.core.parameters;
    Ok(results)
}

/// Reads mart and audit of the finished run in `out`.
///
/// # Errors
/// As [`load`].
pub fn mart(out: &Path) -> Result<(SalesMart, Audit)> {
    let flow = finished(out, &Manifest::load(out)?)?;
    Ok((flow.mart()?.as_ref().clone(), flow.audit()?.as_ref().clone()))
}

/// The run in `out`, its clean tables and its mart ready to be read.
fn finished(out: &Path, manifest: &Manifest) -> Result<RunContext> {
    let flow = RunContext::new(params_of_last_run(out, manifest, &Templates::default()), None);
    for step in ["clean", "mart"].into_iter().filter_map(Step::named) {
        let finished = flow.earlier_runs.cached(step).ok_or_else(|| {
            Error::input(format!("what step `{}` left in `{}` is damaged", step.id, out.display()))
                .with_hint("run `pfe run` again")
        })?;
        flow.reuse(step, finished);
    }
    Ok(flow)
}

/// Renders the report of an earlier run again, from its results alone. `cover` replaces the cover of that run, `formats` its
/// formats: pages in others are removed. `timeout` is the time limit of each page.
///
/// # Errors
/// The folder holds no finished run, or a template is invalid or does not end.
pub fn rerender(
    out: &Path,
    lang: Lang,
    cover: Option<Cover>,
    templates: &Templates,
    formats: Option<Formats>,
    timeout: Duration,
) -> Result<Vec<PathBuf>> {
    let mut params = params_of_last_run(out, &Manifest::load(out)?, templates);
    params.lang = lang;
    params.cover = cover.unwrap_or(params.cover);
    params.formats = formats.unwrap_or(params.formats);
    params.how.timeout = timeout;
    let pages = STEPS.iter().filter(|step| step.shows() && params.need(step)).collect();
    render(params, pages)
}

/// Writes a short report per state or category of an earlier run, from its results alone; its other pages stay as they are. Reports of the
/// kind that `files` leaves out are removed. `lang` and `cover` replace those of that run.
///
/// # Errors
/// As [`rerender`]; also if there is no such state or category.
pub fn profiles(
    out: &Path,
    (lang, cover): (Option<Lang>, Option<Cover>),
    templates: &Templates,
    (per, files): (Per, ProfileFiles),
    timeout: Duration,
) -> Result<Vec<PathBuf>> {
    let mut params = params_of_last_run(out, &Manifest::load(out)?, templates);
    params.lang = lang.unwrap_or(params.lang);
    params.cover = cover.unwrap_or(params.cover);
    params.formats = params.formats.and_profiles(per.step(), files);
    params.how.timeout = timeout;
    render(params, Step::named(per.step()).into_iter().collect())
}

/// Runs these steps alone; returns the paths of their files.
fn render(mut params: RunParams, pages: Vec<&Step>) -> Result<Vec<PathBuf>> {
    params.how.select = Select::Only(pages.iter().map(|step| step.id.into()).collect());
    let outcome = run(&params, &|_| {})?;
    let files = outcome.into_iter().flat_map(|outcome| outcome.manifest.core.outputs);
    Ok(files
        .filter(|file| pages.iter().any(|step| step.makes_file(&file.path)))
        .map(|f| params.out.join(f.path))
        .collect())
}

/// The formats of a run.
pub(crate) fn formats_of_last_run(manifest: &Manifest) -> Formats {
    let records = &manifest.core.steps;
    let formats = Formats::of_steps(records.iter().map(|record| record.step.as_str()));
    let profiles = records.iter().filter_map(|record| {
        let files = serde_json::from_str(record.parts.get(run::key::PROFILES)?).ok()?;
        Some((record.step.as_str(), files))
    });
    profiles.fold(formats, |formats, (step, files)| formats.and_profiles(step, files))
}

/// The parameters of the run in `out`. They do not say where the user's data are.
fn params_of_last_run(out: &Path, manifest: &Manifest, templates: &Templates) -> RunParams {
    let parameters = manifest.core.parameters.clone();
    RunParams {
        input: parameters.generated.map_or_else(|| Input::Places(Vec::new()), Input::Generated),
        reading: parameters.reading,
        market: parameters.market,
        rates: parameters.rates,
        out: out.to_path_buf(),
        lang: parameters.lang,
        decisions: parameters.decisions,
        cover: parameters.cover,
        templates: templates.clone(),
        formats: formats_of_last_run(manifest),
        monthly: manifest.core.steps.iter().any(|record| record.parts.contains_key(run::key::MONTHLY)),
        how: How::default(),
    }
}
