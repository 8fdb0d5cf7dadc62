//! `pfe market`: the markets whose exports pfe reads, and descriptions of others.

use std::fmt::Write;
use std::path::PathBuf;

use clap::Subcommand;
use pfe::input::{checked_export, proposed_market};
use pfe::market::built_in;
use pfe::market::check::Checked;
use pfe::text::shortened;

use super::reading::{ReadingArgs, market_named, no_market};
use crate::cli::terminal::{Outcome, grouped, print, print_json};

/// Most characters of a value that is shown.
const SHOWN: usize = 30;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the markets that pfe knows
    List,
    /// Print the description of a market
    Show {
        /// Name of the market
        name: String,
    },
    /// Propose a description for an unknown export, to be completed by hand: `pfe market init --data X > shop.toml`
    Init {
        /// The export: a file, a folder or an archive
        #[arg(long, value_name = "PATH")]
        data: PathBuf,
        /// Name of the new market
        #[arg(long, default_value = "shop")]
        name: String,
    },
    /// Show what a description reads from an export: each field with sample values, what is missing, which answers fall away
    Check {
        /// Name of a market, or a TOML file
        #[arg(value_name = "NAME|FILE")]
        description: String,
        /// The export: a file, a folder or an archive
        #[arg(long, value_name = "PATH")]
        data: PathBuf,
        #[command(flatten)]
        reading: ReadingArgs,
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
}

pub fn run(args: &Args) -> Outcome {
    match &args.command {
        Command::List => {
            let lines = built_in::markets().iter().map(|market| format!("{:<20}{}\n", market.name, market.title));
            print(&format!("{:<20}Olist's ten tables, as Kaggle has them\n{}", "olist", lines.collect::<String>()))
        }
        Command::Show { name } => {
            let description = built_in::description(name).ok_or_else(|| no_market(name))?;
            print(description)
        }
        Command::Init { data, name } => print(&proposed_market(data, name)?),
        Command::Check { description, data, reading, json } => {
            let checked = checked_export(data, &market_named(description)?, &reading.reading(), &reading.rates()?)?;
            if *json {
                return print_json(&serde_json::to_value(&checked).unwrap_or_default());
            }
            print(&described(&checked).unwrap_or_default())
        }
    }
}

fn described(checked: &Checked) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    let number = |n: usize| grouped(n as i64);
    writeln!(
        text,
        "{}: {} rows of `{}`, {} orders, {} lines, amounts in {}\n",
        checked.market,
        number(checked.rows),
        checked.files.join("`, `"),
        number(checked.orders),
        number(checked.lines),
        checked.currency
    )?;
    for field in &checked.fields {
        let Some(source) = &field.source else { continue };
        writeln!(text, "{:<17}from {source}; missing in {} rows", field.field, number(field.missing))?;
        for (before, after) in &field.samples {
            let one_line = |value: &str| shortened(value, SHOWN).replace('\n', "\\n");
            writeln!(text, "{:<17}  {:<32}{}", "", one_line(before), one_line(after))?;
        }
    }
    let open: Vec<String> =
        checked.fields.iter().filter_map(|field| Some(format!("{:<17}{}", field.field, field.open?))).collect();
    if !open.is_empty() {
        writeln!(text, "\nnot in this export\n{}", open.join("\n"))?;
    }
    for note in &checked.notes {
        writeln!(text, "\nnote: {note}")?;
    }
    Ok(text)
}
