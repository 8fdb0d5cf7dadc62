//! `pfe pipeline export`: the steps for other orchestrators.

use clap::{Subcommand, ValueEnum};
use pfe::pipeline::export::orchestrators;

use crate::cli::terminal::{Outcome, print, print_json};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print the steps in the format of another orchestrator
    Export {
        /// asl: AWS Step Functions state machine; ecs: task definition that it runs; mermaid: diagram
        #[arg(long)]
        format: Format,
        /// Container image of the ECS task
        #[arg(long, default_value = concat!("pfe:", env!("CARGO_PKG_VERSION")))]
        image: String,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Asl,
    Ecs,
    Mermaid,
}

pub fn run(args: &Args) -> Outcome {
    let Command::Export { format, image } = &args.command;
    match format {
        Format::Asl => print_json(&orchestrators::state_machine()),
        Format::Ecs => print_json(&orchestrators::task_definition(image)),
        Format::Mermaid => print(&orchestrators::mermaid()),
    }
}
