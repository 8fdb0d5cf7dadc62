//! `pfe run`: raw files → tables and report.

use std::collections::BTreeSet;
use std::iter::repeat;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use pfe::clean::Audit;
use pfe::clean::audit::Severity;
use pfe::graph::TIMEOUT_SECONDS;
use pfe::pipeline::export::ro_crate;
use pfe::pipeline::outputs::manifest::Did;
use pfe::pipeline::outputs::publish;
use pfe::pipeline::{self, How, Select};
use pfe::store::passwords::check_passwords;
use pfe::{Error, store};
use serde_json::json;

use super::analysis::decisions;
use super::data::{warn, warnings};
use super::options::{Makers, Subject};
use super::progress::{message, progress_bar, stop_on_signals};
use super::terminal::{Outcome, grouped, print, print_json};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    subject: Subject,
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

impl Args {
    /// No password goes to another database than its own.
    fn check_passwords(&self) -> pfe::Result<()> {
        let data = self.subject.data.iter().filter_map(|place| place.to_str());
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
        Ok(How { select, keep_going: self.keep_going, timeout, cancel: stop_on_signals()?, ..self.makers.how()? })
    }
}

pub fn run(args: &Args) -> Outcome {
    let (params, out) = (args.subject.params(args.how()?)?, &args.subject.out);
    // Fail before the work begins on a misspelt URL or on metadata that others wrote.
    args.check_passwords()?;
    if args.ro_crate {
        ro_crate::may_write(out)?;
    }
    args.makers.engine.engine_store.as_deref().map(store::open).transpose()?;
    let stores = args.store.iter().map(|url| store::open(url)).collect::<pfe::Result<Vec<_>>>()?;
    let bar = progress_bar(args.quiet);
    // Nothing is lost without a word, even if a later step fails or has not run yet.
    let tell_unfinished = |audit: &Audit| {
        if !args.quiet {
            bar.suspend(|| warn(&warnings::of_unfinished(audit)));
        }
    };
    let outcome = pipeline::run_or_tell(&params, &|stage| message(&bar, stage), &tell_unfinished);
    let saved = match &outcome {
        Ok(Some(outcome)) if !stores.is_empty() => outcome.results().and_then(|results| {
            let progress = |table: &str, _| message(&bar, &format!("store {table}"));
            stores.iter().try_for_each(|store| publish::save_run(&**store, out, &results, &progress))
        }),
        _ => Ok(()),
    };
    bar.finish_and_clear();
    let Some(outcome) = outcome? else {
        let notice = "the other steps have not run yet; what was made waits for them\n";
        return if args.quiet { Ok(()) } else { print(notice) };
    };
    // Warnings about quarantined rows are printed even if a store fails.
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
        print(&summary(&outcome, out)?)?;
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
    let mut answers = decisions::json(&results.decisions, &results.entry, &results.profit, &results.findings);
    let about = json!({
        "generated": results.parameters.generated,
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

/// The answers in words, and where the outputs are. If nothing has changed, the outputs are those of the last run.
fn summary(outcome: &pipeline::Outcome, out: &Path) -> pfe::Result<String> {
    let mut text = String::new();
    let count = |did: Did| outcome.volatile.steps.iter().filter(|step| step.did == did).count();
    if outcome.unchanged {
        text += &format!("nothing has changed: {} steps are used again\n", count(Did::Reused));
    } else {
        let results = outcome.results()?;
        text += &decisions::summary(&results);
    }
    if let Some(params) = &outcome.manifest.core.parameters.generated {
        let orders = grouped(params.orders as i64);
        text += &format!(
            "data                generated: {orders} orders, seed {}; the findings are about no real shop\n",
            params.seed
        );
    }
    for (label, path) in ["report"].iter().chain(repeat(&"")).zip(&reports(outcome, out)) {
        text += &format!("{label:<20}{}\n", path.display());
    }
    if outcome.manifest.core.outputs.iter().any(|file| file.path == "dashboard.html") {
        text += &format!("{:<20}{}\n", "dashboard", out.join("dashboard.html").display());
    }
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
        let mut verification = Command::new(&program);
        verification.args(["verify", "--rerun", "--shuffle", &threads.to_string(), "--out"]).arg(&args.subject.out);
        let data = args.subject.data.iter().map(|place| ("--data", place));
        for (flag, value) in data.chain(args.subject.templates.iter().map(|dir| ("--templates", dir))) {
            verification.arg(flag).arg(value);
        }
        for variable in ["RAYON_NUM_THREADS", "POLARS_MAX_THREADS"] {
            verification.env(variable, threads.to_string());
        }
        let output = verification.output().map_err(Error::io("run", &program))?;
        let verdict = String::from_utf8_lossy(if output.status.success() { &output.stdout } else { &output.stderr });
        let verdict = verdict.trim().trim_start_matches("error: ");
        if !output.status.success() {
            return Err(Error::Differs(format!("at {threads} threads on shuffled rows: {verdict}")).into());
        }
        if !args.quiet {
            print(&format!("{:<20}{threads} threads, rows shuffled: {verdict}\n", "proved"))?;
        }
    }
    Ok(())
}
