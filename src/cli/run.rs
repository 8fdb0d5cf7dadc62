//! `pfe run`: raw files → tables and report.

use std::collections::BTreeSet;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use pfe::Error;
use pfe::clean::audit::Severity;
use pfe::engine;
use pfe::memory;
use pfe::pipeline;
use pfe::pipeline::export::ro_crate;
use pfe::pipeline::graph::TIMEOUT_SECONDS;
use pfe::pipeline::outputs::manifest::Did;
use pfe::pipeline::outputs::publish;
use pfe::pipeline::{How, Input, RunParams, Select};
use pfe::regular;
use pfe::report::{Cover, Templates};
use pfe::store;
use pfe::store::passwords::check_passwords;
use pfe::synth::SynthParams;
use pfe::text::escaped;
use serde_json::json;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag::{register, register_conditional_shutdown};

use super::analysis::decisions;
use super::analysis::decisions::DecisionArgs;
use super::data::reading::ReadingArgs;
use super::data::warnings;
use super::{LONGEST_TEXT, LangArg, Outcome, grouped, print, print_json};

/// Exit code after Ctrl-C, as of a shell.
const INTERRUPTED: i32 = 130;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    what: What,
    /// Run this step and every step that depends on it, even if nothing has changed; `pfe plan` lists the steps
    #[arg(long, value_name = "STEP", conflicts_with = "only")]
    from: Option<String>,
    /// Run only these steps, on the files of earlier runs
    #[arg(long, value_name = "STEP")]
    only: Vec<String>,
    /// After a failure, still run the steps that do not depend on it
    #[arg(long)]
    keep_going: bool,
    /// Time limit of a step
    #[arg(long, value_name = "SECONDS", default_value_t = TIMEOUT_SECONDS)]
    timeout: u64,
    /// Memory for reading, cleaning and aggregating; larger input is processed in ranges of orders through temporary
    /// files in the output folder, with the same result [default: 4096, or half of the memory limit]
    #[arg(long, value_name = "MB", value_parser = clap::value_parser!(u64).range(1..=1 << 30))]
    memory: Option<u64>,
    /// Afterwards, repeat the run on shuffled rows with 1, 2 and all threads, and compare the results
    #[arg(long, conflicts_with_all = ["only", "engine_cleans"])]
    prove: bool,
    /// Write RO-Crate metadata for the output folder
    #[arg(long)]
    ro_crate: bool,
    /// Store that also receives the cleaned tables and the results, such as `mysql://user@host/`; may be repeated
    #[arg(long, value_name = "URL", conflicts_with_all = ["only", "engine_cleans"])]
    store: Vec<String>,
    #[command(flatten)]
    makers: Makers,
    /// Print findings and warnings as JSON
    #[arg(long)]
    json: bool,
    /// Print only errors
    #[arg(long, short)]
    quiet: bool,
}

/// What aggregates the clean tables.
#[derive(Debug, clap::Args)]
pub struct EngineArgs {
    /// Engine that aggregates the clean tables: `polars` (this process), or `sc://host:port`, a Spark Connect server
    /// that can read them; the results are identical
    #[arg(long, value_name = "URL")]
    pub engine: Option<String>,
    /// Store through which a server that cannot read the output folder gets the clean tables: `lake:DIR` or `s3://…`
    #[arg(long, value_name = "URL", requires = "engine")]
    pub engine_store: Option<String>,
}

/// What makes the tables of a run.
#[derive(Debug, clap::Args)]
pub struct Makers {
    #[command(flatten)]
    engine: EngineArgs,
    /// Also read and clean the raw files on the server; only quarantined rows pass through this process. The server
    /// must be able to read `--data` (CSV files, compressed or not) and to write to `--out` or to the store of
    /// `--engine-store`
    #[arg(long, requires = "engine", conflicts_with = "monthly")]
    engine_cleans: bool,
}

impl Makers {
    /// A run of all steps by them.
    pub fn how(&self) -> pfe::Result<How> {
        Ok(How {
            engine: engine::open(self.engine.engine.as_deref().unwrap_or("polars"))?,
            engine_store: self.engine.engine_store.clone(),
            engine_cleans: self.engine_cleans,
            ..How::default()
        })
    }
}

/// What is analysed, and what comes out.
#[derive(Debug, clap::Args)]
pub struct What {
    /// Data: a folder of Olist CSV files, Kaggle's zip, a folder with `csv/` and `json/`, a SQLite file, or the URL of
    /// a store; may be repeated: each table is read from the first that holds it. Without it, data are generated
    #[arg(long, value_name = "PATH|URL", conflicts_with_all = ["orders", "seed", "defects"])]
    data: Vec<PathBuf>,
    /// Output folder
    #[arg(long, value_name = "DIR", default_value = "out")]
    pub out: PathBuf,
    /// Language of the report
    #[arg(long, value_enum, default_value = "fr")]
    lang: LangArg,
    #[command(flatten)]
    reading: ReadingArgs,
    #[command(flatten)]
    generated: Generated,
    #[command(flatten)]
    decisions: DecisionArgs,
    /// TOML file with the cover's title, subtitle, authors, school and date
    #[arg(long, value_name = "FILE")]
    parameters: Option<PathBuf>,
    /// Folder of report files that replace the built-in ones; `pfe report --init-templates` writes a set to start from
    #[arg(long, value_name = "DIR")]
    templates: Option<PathBuf>,
    /// Write one file per month of purchase for each long table; when only new files have arrived since the last such
    /// run, read those and rewrite only the months that they change
    #[arg(long)]
    monthly: bool,
}

impl What {
    pub fn params(&self, how: How) -> pfe::Result<RunParams> {
        check_passwords(self.data.iter().filter_map(|place| place.to_str()))?;
        let input = match self.data.is_empty() {
            false => Input::Places(self.data.clone()),
            true => Input::Generated(self.generated.params()),
        };
        Ok(RunParams {
            input,
            reading: self.reading.reading(),
            out: self.out.clone(),
            lang: self.lang.into(),
            decisions: self.decisions.params()?,
            cover: cover(self.parameters.as_ref())?.unwrap_or_default(),
            templates: templates(self.templates.as_deref())?,
            monthly: self.monthly,
            how: How { strict: self.reading.strict, ..how },
        })
    }
}

/// How data are generated.
#[derive(Debug, clap::Args)]
pub struct Generated {
    /// Number of generated orders
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    orders: u64,
    /// Seed of the generator
    #[arg(long, value_name = "S", default_value_t = 42)]
    seed: u64,
    /// Rate of each kind of defect, 0 to 1
    #[arg(long, value_name = "RATE", default_value_t = 0.0)]
    defects: f64,
}

impl Generated {
    pub fn params(&self) -> SynthParams {
        SynthParams { orders: self.orders, seed: self.seed, defects: self.defects }
    }
}

impl Args {
    /// No password goes to another database than its own.
    fn check_passwords(&self) -> pfe::Result<()> {
        let data = self.what.data.iter().filter_map(|place| place.to_str());
        let stores = self.store.iter().chain(&self.makers.engine.engine_store).map(String::as_str);
        check_passwords(data.chain(stores))
    }

    fn how(&self) -> pfe::Result<How> {
        let select = match (&self.from, &self.only[..]) {
            (Some(step), _) => Select::From(step.clone()),
            (None, []) => Select::All,
            (None, only) => Select::Only(only.to_vec()),
        };
        let timeout = Duration::from_secs(self.timeout);
        Ok(How {
            select,
            keep_going: self.keep_going,
            timeout,
            cancel: stop_on_signals()?,
            memory: self.memory.map_or_else(memory::share, |megabytes| megabytes << 20),
            ..self.makers.how()?
        })
    }
}

/// Set by the first Ctrl-C, or by who stops a container; the second ends the process at once.
pub(super) fn stop_on_signals() -> pfe::Result<Arc<AtomicBool>> {
    let stop = Arc::<AtomicBool>::default();
    for signal in [SIGINT, SIGTERM] {
        // In this order: the first signal must not see what it sets itself.
        register_conditional_shutdown(signal, INTERRUPTED, Arc::clone(&stop))
            .and_then(|_| register(signal, Arc::clone(&stop)))
            .map_err(|e| Error::input(format!("cannot listen for Ctrl-C: {e}")))?;
    }
    Ok(stop)
}

pub fn run(args: &Args) -> Outcome {
    let (params, out) = (args.what.params(args.how()?)?, &args.what.out);
    // What will not work is known before the work: a URL that is misspelt, metadata of others.
    args.check_passwords()?;
    if args.ro_crate {
        ro_crate::may_write(out)?;
    }
    args.makers.engine.engine_store.as_deref().map(store::open).transpose()?;
    let stores = args.store.iter().map(|url| store::open(url)).collect::<pfe::Result<Vec<_>>>()?;
    let bar = progress_bar(args.quiet);
    let outcome = pipeline::run(&params, &|stage| message(&bar, stage));
    let saved = match &outcome {
        Ok(Some(outcome)) if !stores.is_empty() => outcome.results().and_then(|results| {
            let told = |table: &str, _| message(&bar, &format!("store {table}"));
            stores.iter().try_for_each(|store| publish::save_run(&**store, out, &results, &told))
        }),
        _ => Ok(()),
    };
    bar.finish_and_clear();
    let Some(outcome) = outcome? else {
        let told = "the other steps have not run yet; what was made waits for them\n";
        return if args.quiet { Ok(()) } else { print(told) };
    };
    // Rows that were set aside are told even where a store fails.
    if !args.quiet {
        warnings::print(&outcome, out)?;
    }
    saved?;
    match args.ro_crate {
        true => drop(ro_crate::write(out)?),
        false => ro_crate::refresh(out)?,
    }
    if args.json {
        print_json(&answers(&outcome, out)?)?;
    } else if !args.quiet {
        print(&told(&outcome, out)?)?;
        for store in &stores {
            print(&format!("{:<20}{}\n", "stored in", store.url()))?;
        }
    }
    if args.prove {
        prove(args)?;
    }
    Ok(())
}

/// Where the reports are.
fn reports(outcome: &pipeline::Outcome, out: &Path) -> Vec<PathBuf> {
    let files = outcome.manifest.core.outputs.iter().filter(|file| file.path.starts_with("report."));
    files.map(|file| out.join(&file.path)).collect()
}

/// The answers for machines.
fn answers(outcome: &pipeline::Outcome, out: &Path) -> pfe::Result<serde_json::Value> {
    let results = outcome.results()?;
    let mut answers = decisions::json(&results.decisions, &results.past);
    let about = json!({
        "generated": results.parameters.generated,
        "unusual_payment": results.findings.unusual_payment(),
        "failed_checks": outcome.audit.failures(Severity::Error),
        "fingerprint": outcome.manifest.core.fingerprint,
        "report": reports(outcome, out),
        "tables": out.join("tables"),
        "warnings": warnings::all(outcome, out)?,
    });
    if let (Some(answers), serde_json::Value::Object(about)) = (answers.as_object_mut(), about) {
        answers.extend(about);
    }
    Ok(answers)
}

/// The answers in words, and where to find more. Where nothing has changed, they stand where they stood.
fn told(outcome: &pipeline::Outcome, out: &Path) -> pfe::Result<String> {
    let mut text = String::new();
    let count = |did: Did| outcome.volatile.steps.iter().filter(|step| step.did == did).count();
    if outcome.unchanged {
        text += &format!("nothing has changed: {} steps are used again\n", count(Did::Reused));
    } else {
        let results = outcome.results()?;
        text += &decisions::summary(&results.decisions, &results.findings);
    }
    if let Some(params) = &outcome.manifest.core.parameters.generated {
        let orders = grouped(params.orders as i64);
        text += &format!(
            "data                generated: {orders} orders, seed {}; the findings are about no real shop\n",
            params.seed
        );
    }
    for (label, path) in ["report", ""].iter().zip(&reports(outcome, out)) {
        text += &format!("{label:<20}{}\n", path.display());
    }
    text += &format!("{:<20}{}\n", "dashboard", out.join("dashboard.html").display());
    text += &format!("{:<20}{}\n", "tables", out.join("tables").display());
    if let Some(note) = &outcome.incremental {
        text += &format!("{:<20}{note}\n", "clean and mart");
    }
    if !outcome.unchanged && count(Did::Reused) > 0 {
        text += &format!("{:<20}{} ran, {} used again\n", "steps", count(Did::Ran), count(Did::Reused));
    }
    Ok(text)
}

/// Computes the run again in processes of their own, since the number of threads of a process is fixed.
fn prove(args: &Args) -> Outcome {
    let all = std::thread::available_parallelism().map_or(1, usize::from);
    let program = std::env::current_exe().map_err(Error::io("read", "the program"))?;
    for threads in BTreeSet::from([1, 2, all]) {
        let mut again = Command::new(&program);
        again.args(["verify", "--rerun", "--shuffle", &threads.to_string(), "--out"]).arg(&args.what.out);
        let data = args.what.data.iter().map(|place| ("--data", place));
        for (flag, value) in data.chain(args.what.templates.iter().map(|dir| ("--templates", dir))) {
            again.arg(flag).arg(value);
        }
        for variable in ["RAYON_NUM_THREADS", "POLARS_MAX_THREADS"] {
            again.env(variable, threads.to_string());
        }
        let done = again.output().map_err(Error::io("run", &program))?;
        let said = String::from_utf8_lossy(if done.status.success() { &done.stdout } else { &done.stderr });
        let said = said.trim().trim_start_matches("error: ");
        if !done.status.success() {
            return Err(Error::Differs(format!("at {threads} threads on shuffled rows: {said}")).into());
        }
        if !args.quiet {
            print(&format!("{:<20}{threads} threads, rows shuffled: {said}\n", "proved"))?;
        }
    }
    Ok(())
}

/// The cover's parameters of a file.
pub fn cover(path: Option<&PathBuf>) -> pfe::Result<Option<Cover>> {
    let read = |path: &PathBuf| Cover::parse(&regular::read_to_string(path, LONGEST_TEXT)?);
    path.map(read).transpose()
}

/// The texts of a folder, or the built-in ones.
pub fn templates(dir: Option<&Path>) -> pfe::Result<Templates> {
    dir.map_or_else(|| Ok(Templates::default()), Templates::read)
}

/// Says on the bar what is being done.
pub(super) fn message(bar: &ProgressBar, text: &str) {
    bar.set_message(escaped(text).into_owned());
}

pub(super) fn progress_bar(quiet: bool) -> ProgressBar {
    if quiet || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(80));
    bar
}
