//! `pfe plan` and `pfe why`: which steps a run would run, and why; `pfe plan` also says how it would clean.

use pfe::graph::Step;
use pfe::pipeline::run::plan::{Planned, State};
use pfe::{Error, mart, pipeline};

use super::terminal::{Outcome, print};

#[derive(Debug, clap::Args)]
pub struct PlanArgs {
    /// Print the SQL of the mart, and with `--engine-cleans` that of cleaning, in the order in which an engine runs it
    #[arg(long)]
    sql: bool,
    #[command(flatten)]
    subject: super::options::Subject,
    #[command(flatten)]
    makers: super::options::Makers,
}

#[derive(Debug, clap::Args)]
pub struct WhyArgs {
    /// Name of the step; `pfe plan` lists the steps
    step: String,
    #[command(flatten)]
    subject: super::options::Subject,
    #[command(flatten)]
    makers: super::options::Makers,
}

/// One line per step: whether it would run, what it needs, why; for a stale `clean` also how.
pub fn plan(args: &PlanArgs) -> Outcome {
    if args.sql {
        let how = args.makers.how()?;
        let cleaning = if how.engine_cleans { how.engine.cleaning() } else { Vec::new() };
        let cleaning = cleaning.into_iter().map(|(name, sql)| format!("-- {name}\n{sql};\n\n"));
        return print(&cleaning.chain(mart::QUERIES.iter().map(statement)).collect::<String>());
    }
    let planned = pipeline::plan(&args.subject.params(args.makers.how()?)?)?;
    let line = |p: &Planned| {
        let how = p.how.as_ref().map_or_else(String::new, |how| format!("; {how}"));
        format!("{:<8}{:<42}{:<28}{}{how}\n", word(p.state), p.step.id, needs(p.step), p.why)
    };
    print(&planned.iter().map(line).collect::<String>())
}

/// A statement of a script, under a comment that names its output.
fn statement(query: &mart::Query) -> String {
    let output = if query.stored { format!("mart/{}.parquet", query.name) } else { "a view for the others".into() };
    format!("-- {}.sql → {output}\n{};\n\n", query.name, query.sql.trim_end())
}

fn needs(step: &Step) -> String {
    match step.needs {
        [] => "-".into(),
        [one] => (*one).into(),
        [first, rest @ ..] => format!("{first} and {} more", rest.len()),
    }
}

fn word(state: State) -> &'static str {
    match state {
        State::Fresh => "fresh",
        State::Stale => "stale",
        State::Open => "open",
        State::Idle => "-",
    }
}

pub fn why(args: &WhyArgs) -> Outcome {
    let planned = pipeline::plan(&args.subject.params(args.makers.how()?)?)?;
    let found = planned.iter().find(|p| p.step.id == args.step);
    let p = found.ok_or_else(|| {
        let ids: Vec<&str> = planned.iter().map(|p| p.step.id).collect();
        Error::input(format!("there is no step `{}`", args.step)).with_hint(format!("steps: {}", ids.join(", ")))
    })?;
    let verdict = match p.state {
        State::Fresh => "would not run",
        State::Stale => "would run",
        State::Open => "may run",
        State::Idle => "would not run",
    };
    print(&format!("{} {verdict}: {}\n", p.step.id, p.why))
}
