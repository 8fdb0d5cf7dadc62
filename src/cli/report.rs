//! `pfe report`: the report of an earlier run, rendered again.

use std::path::PathBuf;

use pfe::pipeline;

use super::run::cover;
use super::{LangArg, Outcome, print};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder of a finished run
    #[arg(long, value_name = "DIR", default_value = "out")]
    out: PathBuf,
    /// Language
    #[arg(long, value_enum, default_value = "fr")]
    lang: LangArg,
    /// What the cover says: title, subtitle, authors, school and date, as TOML
    #[arg(long, value_name = "FILE")]
    parameters: Option<PathBuf>,
    /// Print nothing but errors
    #[arg(long, short)]
    quiet: bool,
}

pub fn run(args: &Args) -> Outcome {
    let paths = pipeline::rerender(&args.out, args.lang.into(), cover(args.parameters.as_ref())?)?;
    if args.quiet {
        return Ok(());
    }
    print(&paths.iter().map(|p| format!("{}\n", p.display())).collect::<String>())
}
