//! `pfe demo`: a run on generated data, the report in the browser, and what to type next.

use std::path::PathBuf;

use clap::Parser;
use pfe::Error;

use super::super::run;
use super::super::terminal::{Outcome, print};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Output folder
    #[arg(long, value_name = "DIR", default_value = "pfe-demo")]
    out: PathBuf,
    /// Language of the report: `fr` or `en`
    #[arg(long, value_name = "LANG", default_value = "fr")]
    lang: String,
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
    let run = Run::try_parse_from([
        "pfe".as_ref(),
        "--out".as_ref(),
        args.out.as_os_str(),
        "--lang".as_ref(),
        args.lang.as_ref(),
    ]);
    let run =
        run.map_err(|_| Error::input(format!("`{}` is no language of the report", args.lang)).with_hint("fr or en"))?;
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
