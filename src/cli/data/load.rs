//! `pfe load`: tables from files or stores into a store.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressStyle};
use pfe::schema::contract::{TABLES, ZIP_LOCATIONS};
use pfe::store::passwords::check_passwords;
use pfe::store::{self, Stage, Store};
use pfe::{clean, input};
use polars::prelude::DataFrame;

use super::reading::ReadingArgs;
use super::{warn, warnings};
use crate::cli::progress::progress_bar;
use crate::cli::terminal::{Outcome, grouped, print, tell};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder of Olist CSV files, Kaggle's zip, or the URL of a store; may be repeated
    #[arg(long, value_name = "PATH|URL", required = true)]
    from: Vec<PathBuf>,
    #[command(flatten)]
    reading: ReadingArgs,
    /// Store: `lake:DIR`, `sqlite:FILE`, `s3://bucket/prefix`, `mysql://user@host/`, `postgres://user@host/database`, `dynamodb://…`
    #[arg(long, value_name = "URL")]
    to: String,
    /// Which tables to copy: raw or cleaned; if the source holds only raw tables, pfe cleans them first
    #[arg(long, value_enum, default_value = "raw")]
    schema: SchemaArg,
    /// Copy only this table; may be repeated
    #[arg(long, value_name = "NAME")]
    table: Vec<String>,
    /// Print only errors
    #[arg(long, short)]
    quiet: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum SchemaArg {
    Raw,
    Cleaned,
}

pub fn run(args: &Args) -> Outcome {
    let start = Instant::now();
    check_passwords(args.from.iter().filter_map(|place| place.to_str()).chain([args.to.as_str()]))?;
    let store = store::open(&args.to)?;
    let schema = match args.schema {
        SchemaArg::Raw => Stage::Raw,
        SchemaArg::Cleaned => Stage::Cleaned,
    };
    let spinner = progress_bar(args.quiet);
    spinner.set_message("read");
    let tables = match schema {
        Stage::Raw => raw(args, &*store),
        _ => cleaned(args, &*store),
    };
    spinner.finish_and_clear();
    let tables = tables?;
    let reading = start.elapsed();
    let bar = rows_bar(args.quiet, tables.iter().map(|(_, frame)| frame.height() as u64).sum());
    let written = Mutex::new(BTreeMap::<String, u64>::new());
    let loaded = store::load(&*store, schema, tables, &|table, rows| {
        let mut written = written.lock().unwrap_or_else(PoisonError::into_inner);
        written.insert(table.to_string(), rows);
        bar.set_position(written.values().sum());
    });
    bar.finish_and_clear();
    let loaded = loaded?;
    if args.quiet {
        return Ok(());
    }
    let writing = start.elapsed() - reading;
    let line = |name: &str, rows: u64, time: Duration| {
        let (rows, seconds) = (rows as i64, time.as_secs_f64());
        let rate = grouped((rows as f64 / seconds.max(1e-9)) as i64);
        format!("{name:<36}{:>12} rows {seconds:>8.2} s {rate:>12} rows/s\n", grouped(rows))
    };
    let mut text: String = loaded.iter().map(|l| line(&l.table, l.rows, l.time)).collect();
    text += &line("all, at once", loaded.iter().map(|l| l.rows).sum(), writing);
    print(&format!("{text}read in {:.2} s, written to {}\n", reading.as_secs_f64(), store.url()))
}

fn raw(args: &Args, store: &dyn Store) -> pfe::Result<Vec<(String, DataFrame)>> {
    let ids = match args.table.is_empty() {
        true => TABLES.iter().map(|t| t.id).filter(|id| store.holds(Stage::Raw, id.name())).collect(),
        false => args.table.iter().map(|name| store::table_named(name)).collect::<pfe::Result<Vec<_>>>()?,
    };
    let raw = input::read::read_tables(&args.reading.open(&args.from)?, &ids)?;
    if !args.quiet {
        warn(&raw.warnings);
    }
    for (id, table) in raw.tables.iter().filter(|_| !args.quiet) {
        warn(&table.notes());
        let values: usize = table.quarantine.values.values().sum();
        for (count, unit) in [(table.quarantine.rows, "rows"), (values, "values")].into_iter().filter(|(n, _)| *n > 0) {
            let (count, table) = (grouped(count as i64), id.name());
            let warning =
                format!("{count} {unit} of `{table}` break the contract and are left out; `pfe audit` lists them");
            tell("warning", &warning);
        }
    }
    Ok(raw.tables.into_iter().map(|(id, table)| (id.name().to_string(), table.frame)).collect())
}

/// Cleaned tables as the sources hold them; from files and raw tables, they are made on the way.
fn cleaned(args: &Args, store: &dyn Store) -> pfe::Result<Vec<(String, DataFrame)>> {
    for name in args.table.iter().filter(|name| *name != ZIP_LOCATIONS) {
        store::table_named(name)?;
    }
    let is_requested = |name: &str| match args.table.is_empty() {
        true => store.holds(Stage::Cleaned, name),
        false => args.table.iter().any(|t| t == name),
    };
    let names: Vec<&str> =
        TABLES.iter().map(|t| t.name).chain([ZIP_LOCATIONS]).filter(|name| is_requested(name)).collect();
    if let Some(tables) = store::read_cleaned(&args.from, &names)? {
        return Ok(tables);
    }
    let (clean, audit) = clean::load(&args.reading.open(&args.from)?)?;
    if !args.quiet {
        warn(&audit.warnings);
        warn(&warnings::of_rows(&audit, &[], None));
    }
    Ok(clean
        .iter()
        .filter(|(name, _)| names.contains(name))
        .map(|(name, frame)| (name.into(), frame.clone()))
        .collect())
}

fn rows_bar(quiet: bool, rows: u64) -> ProgressBar {
    let bar = match quiet {
        true => ProgressBar::hidden(),
        false => ProgressBar::new(rows),
    };
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {human_pos} of {human_len} rows, {per_sec}") {
        bar.set_style(style);
    }
    bar
}
