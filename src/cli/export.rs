//! `pfe pipeline export`, `pfe export`: the steps for other orchestrators, and the tables' contract for other tools.

use std::path::PathBuf;

use chrono::DateTime;
use clap::{Subcommand, ValueEnum};
use pfe::Error;
use pfe::pipeline::export::{contract, openlineage, orchestrators};

use super::DialectArg;
use super::terminal::{Outcome, print, print_json};

#[derive(Debug, clap::Args)]
pub struct PipelineArgs {
    #[command(subcommand)]
    command: PipelineCommand,
}

#[derive(Debug, Subcommand)]
enum PipelineCommand {
    /// Print the steps in the format of another orchestrator
    Export {
        /// asl: AWS Step Functions state machine; ecs: task definition that it runs; mermaid: diagram
        #[arg(long)]
        format: Orchestrator,
        /// Container image of the ECS task
        #[arg(long, default_value = concat!("pfe:", env!("CARGO_PKG_VERSION")))]
        image: String,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Orchestrator {
    Asl,
    Ecs,
    Mermaid,
}

pub fn run_pipeline(args: &PipelineArgs) -> Outcome {
    let PipelineCommand::Export { format, image } = &args.command;
    match format {
        Orchestrator::Asl => print_json(&orchestrators::state_machine()),
        Orchestrator::Ecs => print_json(&orchestrators::task_definition(image)),
        Orchestrator::Mermaid => print(&orchestrators::mermaid()),
    }
}

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print the contract of clean tables, mart and results, or the lineage of a run
    Contract {
        /// odcs: Open Data Contract Standard 3.1; dbt: sources with data tests; openlineage: run events of a finished run
        #[arg(long)]
        format: Format,
        /// With `odcs`: SQL dialect of the physical types
        #[arg(long, value_enum, default_value = "postgres")]
        dialect: DialectArg,
        /// With `openlineage`: folder of the finished run
        #[arg(long, value_name = "DIR", default_value = "out")]
        out: PathBuf,
        /// With `openlineage`: time of the events, as 2018-08-21T10:00:00Z; the environment may give it as SOURCE_DATE_EPOCH
        #[arg(long, value_name = "TIME")]
        event_time: Option<String>,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Odcs,
    Dbt,
    Openlineage,
}

pub fn run(args: &Args) -> Outcome {
    let Command::Contract { format, dialect, out, event_time } = &args.command;
    match format {
        Format::Odcs => print(&contract::odcs((*dialect).into())?),
        Format::Dbt => print(&contract::dbt()?),
        Format::Openlineage => {
            let events = openlineage::events(out, &time(event_time.as_deref())?)?;
            print(&events.iter().map(|event| format!("{event}\n")).collect::<String>())
        }
    }
}

/// The time of the events: a run records none, so that equal runs are equal.
fn time(given: Option<&str>) -> pfe::Result<String> {
    if let Some(given) = given {
        return match DateTime::parse_from_rfc3339(given) {
            Ok(_) => Ok(given.into()),
            Err(_) => Err(Error::input(format!("`{given}` is no time")).with_hint("write it as 2018-08-21T10:00:00Z")),
        };
    }
    let epoch = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|seconds| seconds.parse().ok());
    let time = epoch.and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    time.map(|time| time.to_rfc3339()).ok_or_else(|| {
        Error::input("a run records no time, and OpenLineage demands one")
            .with_hint("name it with `--event-time 2018-08-21T10:00:00Z`, or set SOURCE_DATE_EPOCH")
    })
}
