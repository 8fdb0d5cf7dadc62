//! `pfe audit`: what reading, cleaning and checking find, without writing anything.

use std::fmt::Write;

use pfe::clean::Audit;
use pfe::schema::contract::Scope;
use pfe::text::shortened;

use super::{Data, warnings};
use crate::cli::terminal::{Outcome, QUOTED, grouped, print, print_json};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    data: Data,
    /// Print as JSON, with sample rows
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args) -> Outcome {
    let (_, audit) = args.data.audited()?;
    if args.json {
        return print_json(&serde_json::to_value(&audit).unwrap_or_default());
    }
    print(&describe(&audit).unwrap_or_default())
}

fn describe(audit: &Audit) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    let number = |n: usize| grouped(n as i64);
    writeln!(
        text,
        "{:<36}{:<8}{:>12}{:>12}{:>12}{:>12}",
        "table", "step", "rows in", "kept", "duplicates", "set aside"
    )?;
    for s in &audit.steps {
        let counts = [s.rows_in, s.rows_out, s.deduplicated, s.quarantined].map(number);
        writeln!(
            text,
            "{:<36}{:<8}{:>12}{:>12}{:>12}{:>12}",
            s.table, s.step, counts[0], counts[1], counts[2], counts[3]
        )?;
    }
    writeln!(text, "\nfailed checks")?;
    for c in audit.quality.iter().filter(|c| c.failed > 0) {
        let (failed, total) = (number(c.failed), number(c.total));
        writeln!(text, "{:<9}{:<36}{}: {failed} of {total}", c.severity.name(), c.table, c.check)?;
    }
    let gaps: Vec<String> = audit.coverage().iter().filter(|coverage| coverage.is_gap()).map(warnings::gap).collect();
    if !gaps.is_empty() {
        writeln!(text, "\nincomplete references\n{}", gaps.join("\n"))?;
    }
    for (table, rows) in &audit.quarantine {
        writeln!(text, "\nset aside from {table}")?;
        for q in rows.iter().take(10) {
            let line = q.line.map_or(String::new(), |line| format!(":{line}"));
            // A line break in a value would make its rest look like a line of pfe.
            let value = shortened(&q.value, QUOTED).replace('\n', "\\n");
            let scope = if q.scope == Scope::Value { ", the value alone" } else { "" };
            writeln!(text, "{}{line} {} `{value}`: {}{scope}", q.file, q.column, q.reason)?;
        }
        if rows.len() > 10 {
            writeln!(text, "and {} more; `pfe run` writes them all to quarantine/", number(rows.len() - 10))?;
        }
    }
    for warning in &audit.warnings {
        writeln!(text, "\nwarning: {warning}")?;
    }
    Ok(text)
}
