//! The whole flow in one call: raw files → results → files in the output folder, with a manifest that proves them.
//!
//! ```text
//! graph ──plan──▶ what is stale ──schedule──▶ tasks ──execute──▶ values (flow), files (keep) ──output──▶ the folder
//! ```
//!
//! Three concepts: a [`graph::Step`]; its key ([`key::Record`]), made of all that decides about it; and its files, which
//! count as long as their hashes fit. All state lies in the output folder: of a finished run in `run.json`, of an
//! unfinished one beside what it has staged.

pub mod export;
pub mod graph;
pub mod inspect;
pub mod outputs;
pub mod run;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant, SystemTime};

use crate::clean::Audit;
use crate::decisions::DecisionParams;
use crate::engine::{Engine, Polars};
use crate::error::{Error, Result};
use crate::mart::missing::Missing;
use crate::parallel::lock;
use crate::report::{self, Cover, Lang, Templates};
use crate::results::Results;
use crate::schema::Reading;
use crate::synth::SynthParams;

use self::graph::{STEPS, Step};
pub(crate) use self::outputs::load::clean_tables;
use self::outputs::manifest::{Manifest, Volatile};
use self::outputs::staging::Staging;
use self::run::context::RunContext;
use self::run::execute::{self, End, Limits};
use self::run::plan::Planned;
use self::run::schedule;

/// What to analyse.
#[derive(Debug, Clone)]
pub enum Input {
    /// Folders, archives or stores of the user: each table comes from the first that holds it.
    Places(Vec<PathBuf>),
    /// Data made up on the spot; they are kept under `data/` of the output folder.
    Generated(SynthParams),
}

/// A run's parameters.
#[derive(Debug, Clone)]
pub struct RunParams {
    /// What to analyse.
    pub input: Input,
    /// How its values are written.
    pub reading: Reading,
    /// Output folder, created if needed.
    pub out: PathBuf,
    /// Language of the report.
    pub lang: Lang,
    /// Weights and budget.
    pub decisions: DecisionParams,
    /// What the cover says.
    pub cover: Cover,
    /// Texts of the report.
    pub templates: Templates,
    /// Whether the long tables are kept in one file per month of purchase, of which a run on files that have only come to those
    /// of the last one makes those again that they touch. Changes how rows lie in files, and no number.
    pub monthly: bool,
    /// How to run; changes no output.
    pub how: How,
}

/// How to run.
#[derive(Debug, Clone)]
pub struct How {
    /// Which steps.
    pub select: Select,
    /// Whether a failure leaves steps alone that do not depend on it.
    pub keep_going: bool,
    /// Longest time of a step.
    pub timeout: Duration,
    /// Set from outside to stop: running steps end, no other begins.
    pub cancel: Arc<AtomicBool>,
    /// Seed by which the rows change their order between steps, to prove that it does not matter.
    pub shuffle: Option<u64>,
    /// Memory that reading, cleaning and aggregating may take, bytes: larger input passes through the disk in ranges of orders.
    pub memory: u64,
    /// What aggregates the clean tables. All engines give the same bits, so that a fresh mart is used again whoever made it.
    pub engine: Arc<dyn Engine>,
    /// Store that hands the clean tables to an engine which does not see the output folder: a lake or S3.
    pub engine_store: Option<String>,
    /// Whether that engine reads and cleans the raw files, too.
    pub engine_cleans: bool,
    /// Whether data are refused of which a table, a column or a file is not read.
    pub strict: bool,
}

impl Default for How {
    fn default() -> Self {
        How {
            select: Select::All,
            keep_going: false,
            timeout: Duration::from_secs(graph::TIMEOUT_SECONDS),
            cancel: Arc::default(),
            shuffle: None,
            memory: crate::memory::share(),
            engine: Arc::new(Polars),
            engine_store: None,
            engine_cleans: false,
            strict: false,
        }
    }
}

/// Which steps run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Select {
    /// Those that are not fresh.
    All,
    /// This one and all that need it, and those that are not fresh.
    From(String),
    /// These alone, on what the others have left.
    Only(Vec<String>),
}

/// What a run leaves behind.
pub struct Outcome {
    /// The manifest, as written to `run.json`; what volatile it holds is that of the run which wrote it.
    pub manifest: Manifest,
    /// What became of each step.
    pub volatile: Volatile,
    /// What reading and cleaning did.
    pub audit: Arc<Audit>,
    /// Whether nothing had to be written.
    pub unchanged: bool,
    /// Whether the folder held the remains of a run that did not end.
    pub unfinished_before: bool,
    /// Whether what has come was added to the clean tables and the mart of the last run, or why not, in words; none where that
    /// was not asked.
    pub grown: Option<String>,
    flow: Arc<RunContext>,
}

impl Outcome {
    /// The results, as the report shows them; what this run has not computed is computed from the mart.
    ///
    /// # Errors
    /// A file of the run has gone meanwhile.
    pub fn results(&self) -> Result<Arc<Results>> {
        self.flow.results()
    }

    /// Facts that refer to rows which are not there, and what they amount to.
    ///
    /// # Errors
    /// A file of the run has gone meanwhile.
    pub fn missing(&self) -> Result<Vec<Missing>> {
        if self.audit.lacks_rows() { self.flow.mart()?.missing() } else { Ok(Vec::new()) }
    }
}

/// Runs what is not fresh. `progress` is told the name of each step as it begins, and what an engine elsewhere is at.
///
/// Nothing of the output folder changes until all files are written beside their places; then they are moved in, the
/// manifest last. A run that ends before leaves what its finished steps have made for the next one. `None` where some
/// steps of the graph, which were not asked for, have never run: what was made waits for them.
///
/// # Errors
/// The input is not usable, or the folder cannot be written to; the folder is then as before.
pub fn run(params: &RunParams, progress: &(dyn Fn(&str) + Sync)) -> Result<Option<Outcome>> {
    params.decisions.check()?;
    let (started, began) = (Instant::now(), SystemTime::now());
    let staging = Staging::new(&params.out, matches!(params.input, Input::Generated(_)))?;
    // A process per step goes on from the one before, as it should.
    let unfinished_before = staging.abandoned && !matches!(params.how.select, Select::Only(_));
    let (says, said) = channel();
    let mut flow = RunContext::new(params.clone(), Some(staging));
    flow.says = Some(says);
    let flow = Arc::new(flow);
    if let (Input::Places(_), Select::All | Select::From(_)) = (&params.input, &params.how.select) {
        flow.source()?;
    }
    let planned = schedule::plan(&flow)?;
    let log = schedule::Log::default();
    let tasks = schedule::tasks(&flow, &planned, &log);
    let threads = rayon::current_num_threads();
    let limits = Limits {
        // One more than compute at a time: while files are synced, the processor is free.
        parallel: if threads == 1 { 1 } else { threads + 1 },
        keep_going: params.how.keep_going,
        of_task: report::limits::Limits::of(params.how.timeout),
        cancel: Arc::clone(&params.how.cancel),
    };
    let ends = execute::execute(&tasks, &limits, &|name| progress(name), &said);
    // A step that was left behind by its time limit may still keep a cluster busy.
    params.how.engine.stop();
    fail(&tasks, ends?)?;
    progress("finish");
    let steps = STEPS.iter().filter_map(|step| lock(&log).remove(step.id)).collect();
    let volatile = Volatile { seconds: started.elapsed().as_secs_f64(), threads, steps, ..Volatile::default() };
    let Some((manifest, audit, unchanged)) = commit(&flow, volatile.clone(), began)? else { return Ok(None) };
    let grown = flow.told();
    Ok(Some(Outcome { manifest, volatile, audit, unchanged, unfinished_before, grown, flow }))
}

/// Says for every step whether such a run would run it, and why. Writes nothing.
///
/// # Errors
/// The input is not usable, or the output folder has a manifest of somebody else's.
pub fn plan(params: &RunParams) -> Result<Vec<Planned>> {
    params.decisions.check()?;
    // A run would refuse it.
    Manifest::find(&params.out)?;
    let flow = RunContext::new(params.clone(), None);
    if let Input::Places(_) = &params.input {
        flow.source()?;
    }
    schedule::plan(&flow)
}

/// The first failure, and the names of the steps that failed beside it.
fn fail(tasks: &[execute::Task], ends: Vec<End>) -> Result<()> {
    let mut failures = tasks.iter().zip(ends).filter_map(|(task, end)| match end {
        End::Failed(error) => Some((task.name, error)),
        _ => None,
    });
    let Some((_, first)) = failures.next() else { return Ok(()) };
    let others: Vec<String> = failures.map(|(step, error)| format!("step `{step}`: {error}")).collect();
    match others.is_empty() {
        true => Err(first),
        false => Err(Error::Several { first: Box::new(first), others: others.join("; ") }),
    }
}

/// Moves the files in, if all are there and any is new.
fn commit(
    flow: &RunContext,
    mut volatile: Volatile,
    began: SystemTime,
) -> Result<Option<(Manifest, Arc<Audit>, bool)>> {
    let (mut records, mut outputs, mut fresh) = (Vec::new(), Vec::new(), Vec::new());
    let ended = flow.ended();
    let staging = flow.staging()?;
    for step in STEPS.iter().filter(|step| step.keeps() && flow.applies(step)) {
        let Some((ended, now)) = ended.get(step.id) else { return Ok(None) };
        records.push(ended.record.clone());
        for file in &ended.outputs {
            // What has been made again takes the place of what stands there, the same or not.
            let staged = *now && staging.path(&file.path).exists();
            let settled = !staged && flow.known.place(file) == Some(flow.params.out.join(&file.path));
            fresh.extend((!settled).then(|| file.path.clone()));
            outputs.push(file.clone());
        }
    }
    let audit = flow.audit()?;
    volatile.stamps = flow.stamps(&audit.inputs, &outputs, began)?;
    let manifest = Manifest::new(&audit, &flow.parameters, outputs, records, volatile);
    let before = Manifest::load(&flow.params.out).ok();
    if let (true, Some(before)) = (fresh.is_empty(), before.filter(|before| before.core == manifest.core)) {
        staging.discard()?;
        return Ok(Some((before, audit, true)));
    }
    staging.commit(&manifest, &fresh)?;
    Ok(Some((manifest, audit, false)))
}

/// Reads the mart and the audit of the finished run in `out`, and derives the rest from them.
///
/// # Errors
/// There is no finished run, or its files are damaged.
pub fn load(out: &Path) -> Result<Results> {
    let manifest = Manifest::load(out)?;
    let flow = RunContext::new(again(out, &manifest, &Templates::default()), None);
    for step in ["clean", "mart"].into_iter().filter_map(Step::named) {
        let ended = flow.known.any(step).ok_or_else(|| {
            Error::input(format!("what step `{}` left in `{}` is damaged", step.id, out.display()))
                .with_hint("run `pfe run` again")
        })?;
        flow.reuse(step, ended);
    }
    let mut results = flow.results()?.as_ref().clone();
    results.parameters = manifest.core.parameters;
    Ok(results)
}

/// Renders the report of an earlier run again, from its results alone; `cover` replaces what its cover said. `timeout` is the
/// longest time of each page.
///
/// # Errors
/// The folder holds no finished run, or a template is not sound or does not end.
pub fn rerender(
    out: &Path,
    lang: Lang,
    cover: Option<Cover>,
    templates: &Templates,
    timeout: Duration,
) -> Result<Vec<PathBuf>> {
    let mut params = again(out, &Manifest::load(out)?, templates);
    params.lang = lang;
    params.cover = cover.unwrap_or(params.cover);
    params.how.timeout = timeout;
    let pages: Vec<&Step> = STEPS.iter().filter(|step| step.shows()).collect();
    params.how.select = Select::Only(pages.iter().map(|step| step.id.into()).collect());
    let outcome = run(&params, &|_| {})?;
    let files = outcome.into_iter().flat_map(|outcome| outcome.manifest.core.outputs);
    Ok(files.filter(|file| pages.iter().any(|step| step.made(&file.path))).map(|f| out.join(f.path)).collect())
}

/// The parameters of the run in `out`; where the user's own data are is not among them.
fn again(out: &Path, manifest: &Manifest, templates: &Templates) -> RunParams {
    let parameters = manifest.core.parameters.clone();
    RunParams {
        input: parameters.generated.map_or_else(|| Input::Places(Vec::new()), Input::Generated),
        reading: parameters.reading,
        out: out.to_path_buf(),
        lang: parameters.lang,
        decisions: parameters.decisions,
        cover: parameters.cover,
        templates: templates.clone(),
        monthly: manifest.core.steps.iter().any(|record| record.parts.contains_key(graph::key::MONTHLY)),
        how: How::default(),
    }
}
