//! `pfe report`: the report of an earlier run, rendered again, checked, or compared with that of another.

use std::path::PathBuf;
use std::time::Duration;

use pfe::pipeline;
use pfe::pipeline::inspect::check::{self, CurrentInputs};
use pfe::pipeline::inspect::diff::{self, Change, Diff};
use pfe::pipeline::outputs::manifest::Manifest;
use pfe::report::limits::{self, Limits};
use pfe::report::{Cover, Lang, Templates};

use super::options::{FormatArgs, LangArg, PerArg, cover, templates};
use super::terminal::{Outcome, print};

/// Changes of a table that are shown.
const SHOWN_CHANGES: usize = 5;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder of a finished run
    #[arg(long, value_name = "DIR", default_value = "out")]
    out: PathBuf,
    /// Language [default: fr; with `--per` that of the run]
    #[arg(long, value_enum)]
    lang: Option<LangArg>,
    /// TOML file with the cover's title, subtitle, authors, school and date
    #[arg(long, value_name = "FILE")]
    parameters: Option<PathBuf>,
    /// Folder of report files that replace the built-in ones
    #[arg(long, value_name = "DIR")]
    templates: Option<PathBuf>,
    #[command(flatten)]
    formats: FormatArgs,
    /// Write a short report for each state or each category into `by_state/` or `by_category/` of the folder, as `--formats` html, pdf or
    /// both; all other pages stay
    #[arg(long, value_enum, conflicts_with_all = ["check", "diff"])]
    per: Option<PerArg>,
    /// With `--per`: codes of the states or names of the categories, separated by commas; reports on others are removed
    #[arg(long, value_name = "NAME", value_delimiter = ',', requires = "per")]
    only: Vec<String>,
    /// Write the built-in report files to this folder, to edit them and pass it to `--templates`
    #[arg(long, value_name = "DIR", exclusive = true)]
    init_templates: Option<PathBuf>,
    /// List stale files of the run with the reasons, and write nothing; exit code 1 if there are any
    #[arg(long, conflicts_with = "diff")]
    check: bool,
    /// With `--check`: the data, to check whether they have changed
    #[arg(long, value_name = "PATH", requires = "check")]
    data: Option<PathBuf>,
    /// Show what changed since another run, in numbers, and write nothing
    #[arg(long, value_name = "OLD_RUN")]
    diff: Option<PathBuf>,
    /// Time limit for rendering a page
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..))]
    timeout: u64,
    /// Print only errors
    #[arg(long, short)]
    quiet: bool,
}

pub fn run(args: &Args) -> Outcome {
    if let Some(dir) = &args.init_templates {
        let files = Templates::write_built_in(dir)?;
        return print(&format!("{files} files in {}\n", dir.display()));
    }
    if let Some(old) = &args.diff {
        return print(&describe(&diff::diff(old, &args.out)?));
    }
    let of_run = || Ok(Manifest::load(&args.out)?.core.parameters.cover);
    let cover = args.formats.cover(cover(args.parameters.as_ref())?, of_run)?;
    let templates = templates(args.templates.as_deref())?;
    if args.check {
        return check(args, cover, templates);
    }
    let timeout = Duration::from_secs(args.timeout);
    let (out, lang) = (&args.out, args.lang.map(Lang::from));
    let paths = match args.per {
        Some(per) => {
            let files = args.formats.of_profiles(&args.only)?;
            pipeline::profiles(out, (lang, cover), &templates, (per.into(), files), timeout)?
        }
        None => pipeline::rerender(out, lang.unwrap_or_default(), cover, &templates, args.formats.formats()?, timeout)?,
    };
    if args.quiet {
        return Ok(());
    }
    print(&paths.iter().map(|p| format!("{}\n", p.display())).collect::<String>())
}

/// One line per file.
fn check(args: &Args, cover: Option<Cover>, templates: Templates) -> Outcome {
    let (overrides, out, data) = (templates.overrides(), args.out.clone(), args.data.clone());
    let compare = move || check::check(&out, &CurrentInputs { data: data.as_deref(), cover, templates });
    let parts = match overrides.is_empty() {
        true => compare()?,
        false => limits::within(Limits::of(Duration::from_secs(args.timeout)), &overrides, compare)?,
    };
    let line = |part: &check::Part| match &part.stale {
        Some(reason) => format!("stale  {}: {reason}\n", part.path),
        None => format!("fresh  {}\n", part.path),
    };
    if !args.quiet {
        print(&parts.iter().map(line).collect::<String>())?;
    }
    Ok(check::demand_fresh(&parts)?)
}

pub fn describe(diff: &Diff) -> String {
    let mut text = String::new();
    for (name, old, new) in &diff.origins {
        text += &format!("{name}: {old} → {new}\n");
    }
    for table in &diff.tables {
        let (added, removed, changed) = (table.added, table.removed, table.changed.len());
        text += &format!("{}: {added} rows added, {removed} removed, {changed} values changed\n", table.name);
        for change in table.changed.iter().take(SHOWN_CHANGES) {
            text += &format!("  {}\n", describe_change(change));
        }
    }
    text + &format!("{} tables are the same\n", diff.same)
}

fn describe_change(change: &Change) -> String {
    let Change { row, column, old, new } = change;
    let relative = change.relative().map_or(String::new(), |r| format!(" ({:+.1} %)", 100.0 * r));
    format!("{row}, {column}: {old} → {new}{relative}")
}
