//! The command line: arguments, and errors shown once. One file per command.

mod analysis;
mod data;
mod export;
mod newcomer;
mod notebook;
mod options;
mod pages;
mod plan;
mod progress;
mod report;
mod run;
mod terminal;
#[cfg(test)]
mod tests;
mod verify;

use std::io;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use pfe::error::masked;
use pfe::schema::ddl::ddl;
use pfe::text::escaped;

use self::analysis::{backtest, findings, forecast, trial};
use self::data::{audit, load, market, synth};
use self::export::{contract, pipeline};
use self::newcomer::{demo, doctor, guide, manual};
use self::options::DialectArg;
use self::terminal::{Failure, print, tell};

const EXAMPLES: &str = "Examples:
  pfe demo --open                              a report on generated data, in the browser
  pfe run --data olist/                        tables, report and dashboard of your orders, in `out`
  pfe run --data orders_export.csv --lang en   an export of Shopify, WooCommerce, Etsy, …: `pfe market list`
  pfe findings --data olist/                   the three answers, without a report
  pfe trial design --budget 500 --orders-per-month 30";

/// From marketplace orders to three decisions: what to sell, where to advertise, how to get paid.
///
/// Without arguments: `pfe run` on generated data.
#[derive(Debug, Parser)]
#[command(after_help = EXAMPLES, version, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
struct CommandLine {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: Box<run::Args>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show what pfe does, on generated data
    Demo(demo::Args),
    /// Check whether this machine can do a run
    Doctor(doctor::Args),
    /// Analyse the data and write tables and report
    Run(Box<run::Args>),
    /// Show which steps a run would execute, and why
    Plan(plan::PlanArgs),
    /// Explain why a step would run or not
    Why(plan::WhyArgs),
    /// Check the files of a finished run, or repeat the run and compare
    Verify(verify::Args),
    /// Show what changed between two runs, in numbers
    Diff(verify::DiffArgs),
    /// Generate data in the shape of Olist's, with planted answers
    Synth(synth::Args),
    /// Copy tables into a store: a lake, SQLite, S3, MySQL, PostgreSQL, DynamoDB
    Load(load::Args),
    /// List the markets whose exports pfe reads, or describe another
    Market(market::Args),
    /// Render the report of a finished run again
    Report(report::Args),
    /// Read, clean and check the data, and print the audit
    Audit(audit::Args),
    /// Backtest the forecasts
    Backtest(backtest::Args),
    /// Forecast revenue by category or state
    Forecast(forecast::Args),
    /// Print what to sell, where to advertise and how to get paid
    Findings(findings::Args),
    /// Learn where advertising pays: design a trial, read its orders, compare rules
    Trial(trial::Args),
    /// Print an executed notebook as HTML, PDF, Word document and Markdown
    Notebook(notebook::Args),
    /// Export the steps to other orchestrators
    Pipeline(pipeline::Args),
    /// Export the tables' contract, or how a run made them, to other tools
    Export(contract::Args),
    /// Print the SQL that creates the raw and clean tables
    Ddl {
        /// Database
        dialect: DialectArg,
    },
    /// Print shell completions
    Completions {
        /// Shell
        shell: clap_complete::Shell,
    },
    /// Write the manual pages of `man`, one per command
    Man(manual::Args),
    /// Write the user's guide as HTML, PDF, Word document and Markdown
    Guide(guide::Args),
}

/// Runs the command of the process's arguments.
pub fn main() -> ExitCode {
    let args = match CommandLine::try_parse() {
        Ok(args) => args,
        Err(refusal) => return refuse(&refusal),
    };
    let outcome = match args.command {
        None => run::run(&args.run),
        Some(Command::Demo(args)) => demo::run(&args),
        Some(Command::Doctor(args)) => doctor::run(&args),
        Some(Command::Run(args)) => run::run(&args),
        Some(Command::Plan(args)) => plan::plan(&args),
        Some(Command::Why(args)) => plan::why(&args),
        Some(Command::Verify(args)) => verify::run(&args),
        Some(Command::Diff(args)) => verify::run_diff(&args),
        Some(Command::Synth(args)) => synth::run(&args),
        Some(Command::Load(args)) => load::run(&args),
        Some(Command::Market(args)) => market::run(&args),
        Some(Command::Report(args)) => report::run(&args),
        Some(Command::Audit(args)) => audit::run(&args),
        Some(Command::Backtest(args)) => backtest::run(&args),
        Some(Command::Forecast(args)) => forecast::run(&args),
        Some(Command::Findings(args)) => findings::run(&args),
        Some(Command::Trial(args)) => trial::run(&args),
        Some(Command::Notebook(args)) => notebook::run(&args),
        Some(Command::Pipeline(args)) => pipeline::run(&args),
        Some(Command::Export(args)) => contract::run(&args),
        Some(Command::Ddl { dialect }) => print(&ddl(dialect.into())),
        Some(Command::Completions { shell }) => manual::completions(shell, CommandLine::command()),
        Some(Command::Man(args)) => manual::pages(&args, CommandLine::command()),
        Some(Command::Guide(args)) => guide::run(&args),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        // The reader of our output went away, as `head` does: no error.
        Err(Failure::Output(e)) if e.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(Failure::Output(e)) => {
            tell("error", &format!("cannot write to standard output: {e}"));
            ExitCode::FAILURE
        }
        Err(Failure::Pfe(error)) => {
            tell("error", &masked(&error.to_string()));
            if let Some(hint) = error.hint() {
                tell("hint", &masked(hint));
            }
            ExitCode::from(error.exit_code())
        }
    }
}

/// What is wrong with the arguments, in clap's colours unless it quotes what a terminal must not get: control characters, or the
/// URL of a store with its password.
fn refuse(refusal: &clap::Error) -> ExitCode {
    let text = refusal.render().to_string();
    let masked_text = masked(&text);
    let shown = escaped(&masked_text);
    if !refusal.use_stderr() || shown == text {
        refusal.exit();
    }
    eprint!("{shown}");
    ExitCode::from(2)
}
