//! `pfe trial`: how to learn where advertising pays. Designs and plans, what the orders of a trial say, rules compared on simulated shops.

mod design;
mod read;
mod simulate;

use clap::Subcommand;
use pfe::trial::plan::MAX_MONEY;

use crate::cli::terminal::Outcome;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Say what a trial of this budget can see, and plan it
    Design(Box<design::Args>),
    /// Read the orders of a trial: effect, interval, what to do, where the next money goes
    Read(read::Args),
    /// Compare rules to divide a budget on simulated shops
    Simulate(simulate::Args),
}

pub fn run(args: &Args) -> Outcome {
    match &args.command {
        Command::Design(args) => design::run(args),
        Command::Read(args) => read::run(args),
        Command::Simulate(args) => simulate::run(args),
    }
}

/// An amount of money.
fn money(text: &str) -> Result<f64, String> {
    let amount: f64 = text.parse().map_err(|_| format!("`{text}` is not an amount"))?;
    match amount > 0.0 && amount < MAX_MONEY {
        true => Ok(amount),
        false => Err("an amount above 0 and below a trillion is expected".into()),
    }
}

/// A share of a whole, without its ends.
fn share(text: &str) -> Result<f64, String> {
    let share: f64 = text.parse().map_err(|_| format!("`{text}` is not a share"))?;
    match share > 0.0 && share < 1.0 {
        true => Ok(share),
        false => Err("a share between 0 and 1 is expected, without its ends".into()),
    }
}

/// The standard deviation of a logarithm.
fn log_sd(text: &str) -> Result<f64, String> {
    let sd: f64 = text.parse().map_err(|_| format!("`{text}` is no number"))?;
    match sd > 0.0 && sd <= 3.0 {
        true => Ok(sd),
        false => Err("a number above 0 and at most 3 is expected".into()),
    }
}

/// A relative effect in per cent.
fn percent(effect: f64) -> String {
    format!("{:+.1} %", 100.0 * effect)
}
