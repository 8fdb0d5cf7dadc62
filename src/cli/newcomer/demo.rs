//! `pfe demo`: a run on generated data, the report in the browser, and what to type next.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Parser;
use pfe::Error;
use pfe::report::Lang;

use super::super::options::LangArg;
use super::super::run;
use super::super::terminal::{Outcome, print};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Output folder
    #[arg(long, value_name = "DIR", default_value = "pfe-demo")]
    out: PathBuf,
    /// Language of the report
    #[arg(long, value_enum, default_value = "fr")]
    lang: LangArg,
    /// Open the report in the browser
    #[arg(long)]
    open: bool,
}

/// What `pfe run` takes, with its defaults.
#[derive(Debug, Parser)]
struct Run {
    #[command(flatten)]
    args: run::Args,
}

const NEXT: &str = "
These shops are made up. Yours:
  pfe run --data FOLDER                        your orders: Olist's files, or an export of `pfe market list`
  pfe market init --data FOLDER > shop.toml    any other export: a description to complete
  pfe run --data FOLDER --costs costs.toml     with your own margins and fees: what a category leaves you
";

pub fn run(args: &Args) -> Outcome {
    // One argument, since a folder's name may begin with a hyphen.
    let mut out = OsString::from("--out=");
    out.push(&args.out);
    let run = Run::parse_from(["pfe".into(), out, "--lang".into(), Lang::from(args.lang).code().into()]);
    run::run(&run.args)?;
    print(NEXT)?;
    if args.open {
        let report = args.out.join("report.html");
        open::that_detached(&report).map_err(|e| {
            Error::input(format!("no browser opens {}: {e}", report.display())).with_hint("open it by hand")
        })?;
    }
    Ok(())
}
