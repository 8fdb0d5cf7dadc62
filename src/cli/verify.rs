//! `pfe verify`: whether a finished run is whole, and whether computing it again gives the same. `pfe diff`: two runs.

use std::path::PathBuf;

use pfe::pipeline::inspect::diff::diff;
use pfe::pipeline::inspect::verify::{remake_mart, rerun, verify};
use pfe::{Error, engine};

use pfe::store::passwords::check_passwords;

use super::options::{EngineArgs, templates};
use super::progress::{message, progress_bar, stop_on_signals};
use super::report::describe;
use super::terminal::{Outcome, print};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder of a finished run
    #[arg(long, value_name = "DIR", default_value = "out")]
    out: PathBuf,
    /// Repeat the run and compare
    #[arg(long)]
    rerun: bool,
    /// With `--rerun`: the data of the run, unless they were generated; as for `pfe run`
    #[arg(long, value_name = "PATH|URL", requires = "rerun")]
    data: Vec<PathBuf>,
    /// With `--rerun`: the `--templates` folder of the run
    #[arg(long, value_name = "DIR", requires = "rerun")]
    templates: Option<PathBuf>,
    /// With `--rerun`: change the order of rows between steps
    #[arg(long, value_name = "SEED", requires = "rerun", hide = true)]
    shuffle: Option<u64>,
    #[command(flatten)]
    engine: EngineArgs,
    /// Print only errors
    #[arg(long, short)]
    quiet: bool,
}

#[derive(Debug, clap::Args)]
pub struct DiffArgs {
    /// Folder of a finished run
    old: PathBuf,
    /// Folder of another finished run
    new: PathBuf,
}

pub fn run(args: &Args) -> Outcome {
    let stores = args.engine.engine_store.iter().map(String::as_str);
    check_passwords(args.data.iter().filter_map(|place| place.to_str()).chain(stores))?;
    let files = verify(&args.out)?;
    let damaged: Vec<String> =
        files.iter().filter_map(|(path, problem)| problem.map(|problem| format!("`{path}` {problem}"))).collect();
    if let Some(first) = damaged.first() {
        let more = if damaged.len() > 1 { format!(", and {} more", damaged.len() - 1) } else { String::new() };
        return Err(Error::Differs(format!("{first}{more}")).into());
    }
    let mut text = format!("{} files are as the run left them\n", files.len());
    if args.rerun {
        let templates = templates(args.templates.as_deref())?;
        match rerun(&args.out, &args.data, &templates, args.shuffle, &|_| {})? {
            Some(difference) => return Err(Error::Differs(difference.to_string()).into()),
            None => text = format!("{} files came out the same again\n", files.len()),
        }
    }
    if let Some(name) = &args.engine.engine {
        let (engine, cancel, bar) = (engine::open(name)?, stop_on_signals()?, progress_bar(args.quiet));
        let progress = |statement: &str| message(&bar, &format!("mart: {statement}"));
        let store = args.engine.engine_store.as_deref();
        let difference = remake_mart(&args.out, &*engine, store, &cancel, &progress);
        bar.finish_and_clear();
        if let Some(difference) = difference? {
            return Err(Error::Differs(format!("on {}: {difference}", engine.name())).into());
        }
        text += &format!("the mart comes out the same on {}\n", engine.name());
    }
    if args.quiet { Ok(()) } else { print(&text) }
}

pub fn run_diff(args: &DiffArgs) -> Outcome {
    print(&describe(&diff(&args.old, &args.new)?))
}
