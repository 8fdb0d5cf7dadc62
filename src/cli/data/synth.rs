//! `pfe synth`: data in the shape of Olist's.

use std::path::PathBuf;

use pfe::synth::{self, TRUTH_FILE};

use crate::cli::options::Generated;
use crate::cli::terminal::{Outcome, grouped, print};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    generated: Generated,
    /// Output folder
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Print only errors
    #[arg(long, short)]
    quiet: bool,
}

pub fn run(args: &Args) -> Outcome {
    let params = args.generated.params();
    synth::generate(&params, &args.out)?;
    if args.quiet {
        return Ok(());
    }
    let (orders, out) = (grouped(params.orders as i64), args.out.display());
    print(&format!("{orders} orders in {out}\nwhat was planted: {}\n", args.out.join(TRUTH_FILE).display()))
}
