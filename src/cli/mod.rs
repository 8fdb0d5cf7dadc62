//! The command line: arguments, and errors shown once. One file per command.

mod analysis;
mod data;
mod notebook;
mod pipeline;
mod plan;
mod report;
mod run;
mod verify;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand, ValueEnum};
use pfe::error::masked;
use pfe::report::Lang;
use pfe::schema::ddl::{Dialect, ddl};
use pfe::text::{escaped, escaped_json};

use self::analysis::{backtest, findings, forecast};
use self::data::{audit, load, synth};

/// From marketplace orders to three decisions: what to sell, where to advertise, how to get paid.
///
/// Without arguments: `pfe run` on generated data.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
struct CommandLine {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: Box<run::Args>,
}

#[derive(Debug, Subcommand)]
enum Command {
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
    /// Print an executed notebook as HTML and PDF
    Notebook(notebook::Args),
    /// Export the steps to other orchestrators
    Pipeline(pipeline::Args),
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
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum DialectArg {
    Mysql,
    Postgres,
    Sqlite,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum LangArg {
    Fr,
    En,
}

impl From<LangArg> for Lang {
    fn from(lang: LangArg) -> Lang {
        match lang {
            LangArg::Fr => Lang::Fr,
            LangArg::En => Lang::En,
        }
    }
}

/// Characters of a value that a message quotes.
const QUOTED: usize = 200;

/// What a command ends with.
type Outcome = Result<(), Failure>;

/// Why a command failed.
enum Failure {
    /// The library's error.
    Pfe(pfe::Error),
    /// Standard output is gone.
    Output(io::Error),
}

impl From<pfe::Error> for Failure {
    fn from(error: pfe::Error) -> Self {
        Failure::Pfe(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Failure::Output(error)
    }
}

/// Runs the command of the process's arguments.
pub fn main() -> ExitCode {
    let args = match CommandLine::try_parse() {
        Ok(args) => args,
        Err(refusal) => return refuse(&refusal),
    };
    let outcome = match args.command {
        None => run::run(&args.run),
        Some(Command::Run(args)) => run::run(&args),
        Some(Command::Plan(args)) => plan::plan(&args),
        Some(Command::Why(args)) => plan::why(&args),
        Some(Command::Verify(args)) => verify::run(&args),
        Some(Command::Diff(args)) => verify::run_diff(&args),
        Some(Command::Synth(args)) => synth::run(&args),
        Some(Command::Load(args)) => load::run(&args),
        Some(Command::Report(args)) => report::run(&args),
        Some(Command::Audit(args)) => audit::run(&args),
        Some(Command::Backtest(args)) => backtest::run(&args),
        Some(Command::Forecast(args)) => forecast::run(&args),
        Some(Command::Findings(args)) => findings::run(&args),
        Some(Command::Notebook(args)) => notebook::run(&args),
        Some(Command::Pipeline(args)) => pipeline::run(&args),
        Some(Command::Ddl { dialect }) => print(&ddl(match dialect {
            DialectArg::Mysql => Dialect::Mysql,
            DialectArg::Postgres => Dialect::Postgres,
            DialectArg::Sqlite => Dialect::Sqlite,
        })),
        Some(Command::Completions { shell }) => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut CommandLine::command(), "pfe", &mut script);
            print(&String::from_utf8_lossy(&script))
        }
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
    let told = masked(&text);
    let shown = escaped(&told);
    if !refusal.use_stderr() || shown == text {
        refusal.exit();
    }
    eprint!("{shown}");
    ExitCode::from(2)
}

/// Writes to standard output; a closed pipe is an error here, not a panic. Like [`tell`], it is a door to the terminal: what the
/// data hold passes neither as more than text.
fn print(text: &str) -> Outcome {
    let mut out = io::stdout().lock();
    out.write_all(escaped(text).as_bytes())?;
    Ok(out.flush()?)
}

/// Writes an error, a hint or a warning to standard error.
fn tell(kind: &str, text: &str) {
    eprintln!("{kind}: {}", escaped(text));
}

/// Writes a value as JSON to standard output.
fn print_json(value: &serde_json::Value) -> Outcome {
    print(&escaped_json(&format!("{value:#}\n")))
}

/// No text that somebody writes for a run is longer, bytes.
pub(super) const LONGEST_TEXT: u64 = 1 << 24;

/// An amount in whole reais, digits in groups.
fn reais(value: f64) -> String {
    grouped(value.round() as i64)
}

/// A number with its digits in groups of three: `112,650`.
fn grouped(number: impl Into<i64>) -> String {
    let number = number.into();
    let digits = number.unsigned_abs().to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|g| std::str::from_utf8(g).unwrap_or_default()).collect();
    format!("{}{}", if number < 0 { "-" } else { "" }, groups.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_consistent() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn digits_are_grouped() {
        assert_eq!([grouped(5), grouped(-1_000), grouped(112_650)], ["5", "-1,000", "112,650"]);
    }
}
