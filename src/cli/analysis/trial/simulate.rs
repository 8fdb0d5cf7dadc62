//! `pfe trial simulate`: rules to divide a budget, compared on simulated shops.

use std::fmt::Write;

use pfe::trial::{RuleResult, SimulationParams, simulate};
use serde_json::json;

use super::{log_sd, money};
use crate::cli::terminal::{Outcome, print, print_json, reais};

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    pfe trial simulate\n  \
    pfe trial simulate --budget 500 --weeks 12 --contribution 25 --json")]
pub struct Args {
    /// Number of simulated shops
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(2..=100_000))]
    shops: u32,
    /// Money for all weeks
    #[arg(long, value_name = "AMOUNT", default_value_t = 2_600.0, value_parser = money, allow_negative_numbers = true)]
    budget: f64,
    /// Weeks of advertising
    #[arg(long, value_name = "N", default_value_t = 26, value_parser = clap::value_parser!(u32).range(1..=104))]
    weeks: u32,
    /// What an order by advertising costs, median of places
    #[arg(long, value_name = "AMOUNT", default_value_t = 60.0, value_parser = money)]
    cost_per_order: f64,
    /// Standard deviation of the logarithm of that cost between places
    #[arg(long, value_name = "SD", default_value_t = 0.5, value_parser = log_sd)]
    log_sd: f64,
    /// What an order leaves before advertising is paid
    #[arg(long, value_name = "AMOUNT", default_value_t = 40.0, value_parser = money)]
    contribution: f64,
    /// Orders a month without advertising, in which orders without codes are lost
    #[arg(long, value_name = "N", default_value_t = 50.0, value_parser = money)]
    orders_per_month: f64,
    /// Seed
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args) -> Outcome {
    let params = SimulationParams {
        shops: args.shops as usize,
        weeks: args.weeks as usize,
        budget: args.budget,
        cost_per_order: args.cost_per_order,
        log_sd: args.log_sd,
        contribution: args.contribution,
        orders_per_month: args.orders_per_month,
        seed: args.seed,
    };
    let results = simulate(&params);
    if args.json {
        return print_json(&json!({"params": params, "rules": results}));
    }
    print(&in_words(&params, &results).unwrap_or_default())
}

fn in_words(params: &SimulationParams, results: &[RuleResult]) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    writeln!(
        text,
        "{} shops, 5 states, {} weeks, {} in all, an order costs {} at the median (log-sd {}) and leaves {}\n",
        params.shops,
        params.weeks,
        reais(params.budget),
        params.cost_per_order,
        params.log_sd,
        params.contribution
    )?;
    writeln!(
        text,
        "orders as a share of those of the best division, where orders grow with the money, or with its root"
    )?;
    writeln!(text, "{:<28}{:>8}{:>8}{:>18}{:>10}", "rule", "money", "root", "left at the end", "spent")?;
    for r in results {
        let root = r.share_square_root.map_or_else(String::new, |share| format!("{share:.2}"));
        let profit = format!("{} ± {}", reais(r.profit), reais(r.profit_error));
        writeln!(text, "{:<28}{:>8.2}{root:>8}{profit:>18}{:>10}", r.rule.name(), r.share_linear, reais(r.spent))?;
    }
    Ok(text)
}
