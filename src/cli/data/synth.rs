//! `pfe synth`: generated data in the layout of Olist's files, or of another market's.

use std::path::PathBuf;

use pfe::synth::layout::generate_for;
use pfe::synth::{self, SynthParams, TRUTH_FILE};

use crate::cli::options::Generated;
use crate::cli::terminal::{Outcome, grouped, print};

/// The market of the ten files.
const OLIST: &str = "olist";

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    generated: Generated,
    /// Also draw new sellers, payment habits and the effect of a campaign from known distributions, to hold answers against
    /// them
    #[arg(long)]
    calibration: bool,
    /// Market whose layout the files have: `olist`, or another of `pfe market list`
    #[arg(long, value_name = "NAME", default_value = OLIST)]
    market: String,
    /// Output folder
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Print only errors
    #[arg(long, short)]
    quiet: bool,
}

pub fn run(args: &Args) -> Outcome {
    let params = SynthParams { calibration: args.calibration, ..args.generated.params() };
    match args.market.as_str() {
        OLIST => synth::generate(&params, &args.out)?,
        market => generate_for(&params, market, &args.out)?,
    };
    if args.quiet {
        return Ok(());
    }
    let (orders, out) = (grouped(params.orders as i64), args.out.display());
    print(&format!("{orders} orders in {out}\nwhat was planted: {}\n", args.out.join(TRUTH_FILE).display()))
}
