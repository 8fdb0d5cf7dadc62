//! `pfe findings`: what a newcomer earns by category, and whether choosing by that would have worked; the market, its regions and payments.

use std::fmt::Write;

use pfe::TooLittle;
use pfe::decisions::entry::chances;
use pfe::decisions::profit::costs::MARGIN;
use pfe::decisions::{Entry, Findings, Profit, Region, StatePayments, Winner, unless_too_little};
use pfe::mart;
use pfe::models::span::date;

use super::decisions::{self, DecisionArgs};
use crate::cli::data::{Data, warn};
use crate::cli::terminal::{Outcome, print, print_json, reais};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    data: Data,
    /// Category to advertise; by default the first in the market's score
    #[arg(long, value_name = "NAME")]
    category: Option<String>,
    #[command(flatten)]
    decisions: DecisionArgs,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args) -> Outcome {
    let params = args.decisions.params()?;
    let (clean, audit) = args.data.audited()?;
    warn(&audit.warnings);
    let mart = mart::mart(&clean)?;
    let mut decided = pfe::decisions::decide(&mart, &params)?;
    if let Some(category) = &args.category {
        let (budget, weights) = (params.budget_centavos, &params.weights);
        decided.region = pfe::decisions::region(&mart, &decided.outlook, Some(category), budget, weights)?;
        decided.payments = pfe::decisions::payments::of_category(&mart, category)?;
    }
    // Data without new sellers still have a market.
    let entry = unless_too_little(pfe::decisions::entry(&mart))?;
    let profit = pfe::decisions::profit(&mart, entry.as_ref().ok(), &params.costs, audit.market.as_ref())?;
    let findings = pfe::decisions::findings(&mart)?;
    if args.json {
        return print_json(&decisions::json(&Ok(decided), &entry, &profit, &findings));
    }
    let mut text = newcomers(&entry, &profit).unwrap_or_default();
    text += &describe(&decided.winner, &decided.region, &decided.payments).unwrap_or_default();
    text += &describe_facts(&findings).unwrap_or_default();
    print(&text)
}

/// What new sellers earn and keep, and whether choosing by that would have worked.
fn newcomers(entry: &Result<Entry, TooLittle>, profit: &Profit) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    match chances(entry) {
        Ok(chances) => {
            writeln!(
                text,
                "what to sell: a short list for a newcomer, no certain winner; revenue of its first 90 days, given a first sale"
            )?;
            writeln!(
                text,
                "{:<34}{:>6}{:>10}{:>18}{:>7}{:>7}{:>8}{:>8}{:>8}{:>14}{:>9}",
                "category",
                "n",
                "typical",
                "80 %",
                "first",
                "top 3",
                "500",
                "1,000",
                "3,000",
                "contribution",
                "tipping"
            )?;
            for c in chances.short_list() {
                let interval = format!("[{}, {}]", reais(c.interval80.0), reais(c.interval80.1));
                let [a, b, d] = c.reach;
                let kept = profit.categories.iter().find(|kept| kept.category == c.category);
                let contribution = kept.map_or(String::new(), |kept| reais(kept.contribution));
                let tipping = kept.and_then(|kept| kept.tipping_margin);
                let tipping = tipping.map_or(String::new(), |margin| format!("{:.1} %", 100.0 * margin));
                writeln!(
                    text,
                    "{:<34}{:>6}{:>10}{interval:>18}{:>7.2}{:>7.2}{a:>8.2}{b:>8.2}{d:>8.2}{contribution:>14}{tipping:>9}",
                    c.category,
                    c.n,
                    reais(c.typical),
                    c.first,
                    c.top3
                )?;
            }
            if profit.assumes_margins() {
                writeln!(text, "margins that nobody knows count as {:.0} %: `--costs` reads yours", 100.0 * MARGIN)?;
            }
        }
        Err(lack) => writeln!(text, "what to sell: {lack}")?,
    }
    if let Ok(entry) = entry {
        writeln!(text, "\nafter 28 days")?;
        for m in &entry.entrants.milestones {
            let Some(rest) = &m.rest else { continue };
            let nothing = 100.0 * rest.nothing;
            let median = reais(rest.quartiles[1]);
            writeln!(
                text,
                "  {:<6} orders: {nothing:.0} % sell nothing more, median {median} until day 90",
                m.orders_28
            )?;
        }
        match &entry.backtest {
            Ok(past) => {
                writeln!(text, "\nwould it have worked: revenue of later newcomers over that of all candidates")?;
                writeln!(text, "{:<16}{:<30}{:>5}{:>7}  90 %", "check", "rule", "top", "ratio")?;
                for r in &past.results {
                    let interval = r.interval90.map_or(String::new(), |(low, high)| format!("[{low:.2}, {high:.2}]"));
                    writeln!(text, "{:<16}{:<30}{:>5}{:>7.2}  {interval}", r.check.name(), r.rule, r.top, r.ratio)?;
                }
            }
            Err(lack) => writeln!(text, "\nwould it have worked: {lack}")?,
        }
    }
    Ok(text)
}

fn describe(winner: &Winner, region: &Region, payments: &StatePayments) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    writeln!(
        text,
        "\nthe market as context: forecast of {} for 90 days, {} candidates",
        date(winner.cutoff),
        winner.candidates
    )?;
    writeln!(text, "{:<34}{:>7}{:>12}{:>12}{:>8}", "category", "score", "forecast", "last 90 d", "first")?;
    for c in &winner.short_list {
        writeln!(
            text,
            "{:<34}{:>7.2}{:>12}{:>12}{:>8.2}",
            c.category,
            c.place.score,
            reais(c.forecast),
            reais(c.before),
            c.first
        )?;
    }
    let category = region.category.as_deref().unwrap_or("all categories");
    writeln!(text, "\nwhere {category} sells")?;
    writeln!(
        text,
        "{:<8}{:>7}{:>12}{:>12}{:>12}{:>24}{:>12}",
        "state", "score", "forecast", "last 90 d", "gain", "orders per 100,000", "budget"
    )?;
    for s in region.states.iter().take(10) {
        let penetration = s.penetration.map_or(String::new(), |p| format!("{p:.1}"));
        writeln!(
            text,
            "{:<8}{:>7.2}{:>12}{:>12}{:>12}{:>24}{:>12}",
            s.state,
            s.place.score,
            reais(s.forecast),
            reais(s.before),
            reais(s.gain),
            penetration,
            reais(s.budget_centavos as f64 / 100.0)
        )?;
    }
    let cities: Vec<&str> = region.cities.iter().take(5).map(|c| c.city.as_str()).collect();
    writeln!(text, "cities: {}", cities.join(", "))?;
    writeln!(text, "\nhow {category} is paid")?;
    for m in &payments.methods {
        writeln!(
            text,
            "  {:<14}{:>6.1} % of orders [{:.1}, {:.1}], {:>5.1} % of value, {:.1} instalments",
            m.payment_type,
            100.0 * m.share_orders,
            100.0 * m.share_orders_low,
            100.0 * m.share_orders_high,
            100.0 * m.share_value,
            m.installments_mean
        )?;
    }
    Ok(text)
}

/// What the orders say of payment methods and of the growth of states, whatever the category.
fn describe_facts(findings: &Findings) -> Result<String, std::fmt::Error> {
    let mut text = String::from("\nhow all orders are paid, each method added to those before it\n");
    for step in &findings.payments_total.coverage {
        let method = findings.methods.iter().find(|m| m.payment_type == step.payment_type);
        let delay =
            method.and_then(|m| m.delay_median_hours).map_or(String::new(), |h| format!(", approved in {h:.1} h"));
        let (gained, covered) = (100.0 * step.share_gained, 100.0 * step.covered);
        writeln!(text, "  {:<14}{gained:>+6.1} % of orders, {covered:.1} % in all{delay}", step.payment_type)?;
    }
    let named = findings.named_habits();
    writeln!(text, "  habits of states: {} of {} differences are discoveries", named.len(), findings.habits.len())?;
    for habit in named.iter().take(5) {
        let (here, rest) = (100.0 * habit.share, 100.0 * habit.share_rest);
        writeln!(text, "  {:<4}{:<14}{here:>6.1} % of orders, {rest:.1} % elsewhere", habit.state, habit.payment_type)?;
    }
    writeln!(text, "\nstates whose share of the orders changes beyond chance, half-year on half-year")?;
    let mut changed = findings.growth.iter().filter(|state| state.is_named()).peekable();
    if changed.peek().is_none() {
        writeln!(text, "  none of {}", findings.growth.len())?;
    }
    for (state, change) in changed.filter_map(|state| Some((&state.state, state.change?))) {
        let [growth, low, high] = [change.growth, change.low, change.high].map(|part| 100.0 * part);
        writeln!(text, "  {state:<8}{growth:>+6.1} % [{low:+.1}, {high:+.1}], q {:.3}", change.q)?;
    }
    if let Some(customers) = decisions::who_comes_back(findings) {
        writeln!(text, "\nwho comes back\n  {customers}")?;
    }
    Ok(text)
}
