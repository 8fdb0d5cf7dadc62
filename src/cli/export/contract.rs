//! `pfe export contract`: what the tables hold, and how a run made them, for catalogues and other tools.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::{Subcommand, ValueEnum};
use pfe::Error;
use pfe::pipeline::export::openlineage::{self, EventParams};
use pfe::pipeline::export::{dbt, odcs};
use pfe::schema::ddl::Dialect;

use crate::cli::options::DialectArg;
use crate::cli::pages::write_whole;
use crate::cli::terminal::{Outcome, print};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print tables, columns and rules as a contract, or the events of a finished run
    Contract(ContractArgs),
}

#[derive(Debug, clap::Args)]
struct ContractArgs {
    /// odcs: Open Data Contract Standard 3.1 (YAML); dbt: sources and models of a dbt project (YAML); openlineage: events of a run (JSON lines)
    #[arg(long)]
    format: Format,
    /// odcs, dbt: database whose types the columns have (default `postgres`)
    #[arg(long, value_enum)]
    dialect: Option<DialectArg>,
    /// openlineage: folder of the finished run (default `out`)
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// openlineage: time of the events, RFC 3339; without it, the seconds of SOURCE_DATE_EPOCH count
    #[arg(long, value_name = "TIME")]
    event_time: Option<String>,
    /// openlineage: namespace of jobs and datasets (default `pfe`)
    #[arg(long, value_name = "NAME", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    namespace: Option<String>,
    /// Write to this file; replaces only one that this command has made
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
enum Format {
    Odcs,
    Dbt,
    Openlineage,
}

impl Format {
    /// The first line of a YAML file, by which this command knows it again; events tell by themselves.
    fn first_line(self) -> &'static str {
        match self {
            Format::Odcs => "# Made by `pfe export contract --format odcs`\n",
            Format::Dbt => "# Made by `pfe export contract --format dbt`\n",
            Format::Openlineage => "",
        }
    }

    /// Whether a file that begins so was made by this command in this format.
    fn has_made(self, start: &[u8]) -> bool {
        match self {
            Format::Openlineage => openlineage::is_ours(&String::from_utf8_lossy(start)),
            _ => start.starts_with(self.first_line().as_bytes()),
        }
    }
}

/// Bytes of a file that are looked at before it is replaced: more than the first event has.
const START: u64 = 1 << 16;

pub fn run(args: &Args) -> Outcome {
    let Command::Contract(args) = &args.command;
    args.check()?;
    if let Some(file) = &args.to {
        may_replace(file, args.format)?;
    }
    let dialect = args.dialect.map_or(Dialect::Postgres, Dialect::from);
    let text = match args.format {
        Format::Odcs => odcs::odcs(dialect)?,
        Format::Dbt => dbt::dbt(dialect)?,
        Format::Openlineage => args.events()?,
    };
    let text = format!("{}{text}", args.format.first_line());
    match &args.to {
        None => print(&text),
        Some(file) => Ok(write_whole(file, text.as_bytes())?),
    }
}

impl ContractArgs {
    /// Refuses options that the format does not take: they would be ignored.
    fn check(&self) -> pfe::Result<()> {
        let of_run = [
            ("--out", self.out.is_some()),
            ("--event-time", self.event_time.is_some()),
            ("--namespace", self.namespace.is_some()),
        ];
        let (refused, others) = match self.format {
            Format::Openlineage => (vec![("--dialect", self.dialect.is_some())], "`--format odcs` or `dbt`"),
            _ => (of_run.to_vec(), "`--format openlineage`"),
        };
        match refused.iter().find(|(_, given)| *given) {
            None => Ok(()),
            Some((option, _)) => Err(Error::input(format!("`{option}` says nothing about this format"))
                .with_hint(format!("leave it out, or choose {others}"))),
        }
    }

    fn events(&self) -> pfe::Result<String> {
        let epoch = std::env::var_os("SOURCE_DATE_EPOCH").map(|text| text.to_string_lossy().into_owned());
        let time = openlineage::event_time(self.event_time.as_deref(), epoch.as_deref())?;
        let namespace = self.namespace.as_deref().unwrap_or("pfe");
        openlineage::events(self.out.as_deref().unwrap_or(Path::new("out")), &EventParams { time, namespace })
    }
}

/// Refuses to replace what this command has not made in this format: a file of the user, a link, a folder.
fn may_replace(path: &Path, format: Format) -> pfe::Result<()> {
    let Ok(meta) = path.symlink_metadata() else { return Ok(()) };
    let mut start = Vec::new();
    let is_ours = meta.is_file()
        && File::open(path).and_then(|file| file.take(START).read_to_end(&mut start)).is_ok()
        && format.has_made(&start);
    match is_ours {
        true => Ok(()),
        false => Err(Error::input(format!("`{}` is in the way: it was not made so", path.display()))
            .with_hint("name another file, or move it away")),
    }
}
