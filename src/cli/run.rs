//! `pfe run`: raw files → tables and report.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use pfe::Error;
use pfe::data::audit::Severity;
use pfe::pipeline::{self, Input, RunParams};
use pfe::report::{Cover, Templates};
use pfe::store;
use pfe::synth::SynthParams;
use serde_json::json;

use super::decisions::{self, DecisionArgs};
use super::{LangArg, Outcome, grouped, print, print_json};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder of Olist CSV files, Kaggle's zip, a folder with `csv/` and `json/`, or the URL of a store; may be given more
    /// than once, and each table comes from the first that holds it; without it, data are generated
    #[arg(long, value_name = "PATH|URL", conflicts_with_all = ["orders", "seed", "defects"])]
    data: Vec<PathBuf>,
    /// Store that gets the cleaned tables and the results, too, such as `mysql://user@host/`
    #[arg(long, value_name = "URL")]
    store: Option<String>,
    /// Output folder
    #[arg(long, value_name = "DIR", default_value = "out")]
    out: PathBuf,
    /// Language of the report
    #[arg(long, value_enum, default_value = "fr")]
    lang: LangArg,
    #[command(flatten)]
    generated: Generated,
    #[command(flatten)]
    decisions: DecisionArgs,
    /// What the cover says: title, subtitle, authors, school and date, as TOML
    #[arg(long, value_name = "FILE")]
    parameters: Option<PathBuf>,
    /// Folder whose files replace those of the report one by one; `pfe report --init-templates` writes them
    #[arg(long, value_name = "DIR")]
    templates: Option<PathBuf>,
    /// Print the findings as JSON
    #[arg(long)]
    json: bool,
    /// Print nothing but errors
    #[arg(long, short)]
    quiet: bool,
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

pub fn run(args: &Args) -> Outcome {
    let input = match args.data.is_empty() {
        false => Input::Places(args.data.clone()),
        true => Input::Generated(args.generated.params()),
    };
    // A store that is not there, or is misspelt, is known before the work.
    let store = args.store.as_deref().map(store::open).transpose()?;
    let params = RunParams {
        input,
        out: args.out.clone(),
        lang: args.lang.into(),
        decisions: args.decisions.params()?,
        cover: cover(args.parameters.as_ref())?.unwrap_or_default(),
        templates: templates(args.templates.as_deref())?,
    };
    let bar = progress_bar(args.quiet);
    let outcome = pipeline::run(&params, &|stage| bar.set_message(stage.to_string()));
    let saved = match (&outcome, &store) {
        (Ok(outcome), Some(store)) => store::save_run(&**store, &args.out, &outcome.results, &|table, _| {
            bar.set_message(format!("store {table}"))
        }),
        _ => Ok(Vec::new()),
    };
    bar.finish_and_clear();
    let outcome = outcome?;
    saved?;
    let audit = &outcome.results.audit;
    if !args.quiet {
        for warning in &audit.warnings {
            eprintln!("warning: {warning}");
        }
        if outcome.unfinished_before {
            eprintln!("warning: the last run in `{}` did not finish; its files were replaced", args.out.display());
        }
        for (table, rows) in &audit.quarantine {
            if let Some(first) = rows.first() {
                eprintln!(
                    "warning: {} of `{table}` set aside, see `{}`; the first is line {}: {}",
                    if rows.len() == 1 { "1 row".into() } else { format!("{} rows", grouped(rows.len() as i64)) },
                    args.out.join("quarantine").join(table).with_extension("csv").display(),
                    first.line,
                    first.reason
                );
            }
        }
    }
    let results = &outcome.results;
    let generated = outcome.results.parameters.generated.as_ref();
    let reports = outcome.manifest.core.outputs.iter().filter(|file| file.path.starts_with("report."));
    let report: Vec<PathBuf> = reports.map(|file| args.out.join(&file.path)).collect();
    if cfg!(not(feature = "pdf")) && !args.quiet {
        eprintln!("warning: PDF support is not built in\nhint: rebuild with `--features pdf`");
    }
    if args.json {
        let mut answers = decisions::json(&results.decisions, &results.past);
        let about = json!({
            "generated": generated,
            "unusual_payment": results.findings.unusual_payment(),
            "failed_checks": audit.failures(Severity::Error),
            "fingerprint": outcome.manifest.core.fingerprint,
            "report": report,
            "tables": args.out.join("tables"),
        });
        if let (Some(answers), serde_json::Value::Object(about)) = (answers.as_object_mut(), about) {
            answers.extend(about);
        }
        return print_json(&answers);
    }
    if args.quiet {
        return Ok(());
    }
    let mut text = decisions::summary(&results.decisions, &results.findings);
    if let Some(params) = generated {
        let orders = grouped(params.orders as i64);
        text += &format!(
            "data                generated: {orders} orders, seed {}; the findings are about no real shop\n",
            params.seed
        );
    }
    for (label, path) in ["report", ""].iter().zip(&report) {
        text += &format!("{label:<20}{}\n", path.display());
    }
    text += &format!("{:<20}{}\n", "dashboard", args.out.join("dashboard.html").display());
    text += &format!("{:<20}{}\n", "tables", args.out.join("tables").display());
    if let Some(store) = &store {
        text += &format!("{:<20}{}\n", "stored in", store.url());
    }
    print(&text)
}

/// The cover's parameters of a file.
pub fn cover(path: Option<&PathBuf>) -> pfe::Result<Option<Cover>> {
    let read = |path: &PathBuf| Cover::parse(&std::fs::read_to_string(path).map_err(Error::io("read", path))?);
    path.map(read).transpose()
}

/// The texts of a folder, or the built-in ones.
pub fn templates(dir: Option<&Path>) -> pfe::Result<Templates> {
    dir.map_or_else(|| Ok(Templates::default()), Templates::read)
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
