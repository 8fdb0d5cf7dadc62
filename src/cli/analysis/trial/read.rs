//! `pfe trial read`: plan and orders → what to do.

use std::fmt::Write;
use std::path::PathBuf;

use chrono::NaiveDate;
use pfe::regular;
use pfe::trial::verdict::Estimate;
use pfe::trial::{Decision, Plan, Verdict};

use crate::cli::terminal::{MAX_TEXT_BYTES, Outcome, print, print_json, reais, tell};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "The file of orders is CSV with the columns `order_id`, `date` (2026-03-01), `code` or `region`, `revenue`, and perhaps\n\
    `currency`. Trials by region need all orders of all regions; where the plan has no `share`, also those of as many\n\
    weeks before the trial.\n\n\
    Examples:\n  \
    pfe trial read trial.toml --orders orders.csv\n  \
    pfe trial read trial.toml --orders orders.csv --until 2026-04-26 --json"
)]
pub struct Args {
    /// Plan that `pfe trial design --plan` has written
    plan: PathBuf,
    /// Orders of the trial, as CSV
    #[arg(long, value_name = "FILE")]
    orders: PathBuf,
    /// Last day up to which the orders are complete [default: the day of the last order]
    #[arg(long, value_name = "DATE")]
    until: Option<NaiveDate>,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args) -> Outcome {
    let text = |path: &PathBuf| regular::read_to_string(path, MAX_TEXT_BYTES);
    let plan = Plan::parse(&text(&args.plan)?, &args.plan.display().to_string())?;
    let orders = text(&args.orders)?;
    let verdict = pfe::trial::read(&plan, &orders, &args.orders.display().to_string(), args.until)?;
    if args.json {
        return print_json(&serde_json::to_value(&verdict).unwrap_or_default());
    }
    for note in &verdict.notes {
        tell("note", note);
    }
    print(&in_words(&verdict, &plan).unwrap_or_default())
}

fn in_words(verdict: &Verdict, plan: &Plan) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    let decision = match verdict.decision {
        Decision::Stop => "stop",
        Decision::GoOn => "go on",
        Decision::Shift => "shift",
    };
    writeln!(text, "{decision}: {}\n", verdict.why)?;
    writeln!(
        text,
        "{:<16}{} of the trial until {}, which ends on {}",
        "orders", verdict.orders, verdict.until, verdict.last_day
    )?;
    if let Some(effect) = &verdict.effect {
        writeln!(text, "{:<16}{}", "effect", interval(effect, |v| format!("{:+.1} %", 100.0 * v)))?;
    }
    if let Some(p) = verdict.p_value {
        writeln!(text, "{:<16}{p:.3}: the chance of such an effect without advertising", "p")?;
    }
    if let Some(returned) = &verdict.return_on_money {
        let words = interval(returned, |v| format!("{v:.2}"));
        writeln!(text, "{:<16}{words} {} of contribution for each {}", "return", plan.currency, plan.currency)?;
    }
    if !verdict.arms.is_empty() {
        writeln!(
            text,
            "\n{:<20}{:>8}{:>12}{:>10}{:>8}   return on money",
            "arm", "orders", "revenue", "spent", "best"
        )?;
        for arm in &verdict.arms {
            writeln!(
                text,
                "{:<20}{:>8}{:>12}{:>10}{:>6.0} %   {}",
                arm.name,
                arm.orders,
                reais(arm.revenue),
                reais(arm.spent),
                100.0 * arm.probability_best,
                interval(&arm.return_on_money, |v| format!("{v:.2}"))
            )?;
        }
    }
    if !verdict.next_split.is_empty() {
        let parts = verdict.next_split.iter().map(|part| format!("{} {:.0} %", part.name, 100.0 * part.share));
        writeln!(text, "\n{:<16}{}", "next money", parts.collect::<Vec<_>>().join(", "))?;
    }
    if let Some(left) = verdict.money_left {
        writeln!(text, "{:<16}{} {}", "left", reais(left), plan.currency)?;
    }
    Ok(text)
}

/// `+12.0 % (80 %: -3.0 % to +29.0 %)`; an end that is not known is said so.
fn interval(estimate: &Estimate, shown: impl Fn(f64) -> String) -> String {
    let shown = |value: Option<f64>| value.map_or_else(|| "open".into(), &shown);
    format!("{} (80 %: {} to {})", shown(estimate.value), shown(estimate.low80), shown(estimate.high80))
}
