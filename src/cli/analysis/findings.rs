//! `pfe findings`: what to sell, where to advertise, how to get paid, and whether such choices would have worked.

use std::fmt::Write;

use pfe::decisions::{Findings, Region, StatePayments, Strategy, Winner, look_back, unless_too_little};
use pfe::mart;
use pfe::models::span::date;

use super::decisions::{self, DecisionArgs};
use crate::cli::data::Data;
use crate::cli::terminal::{Outcome, print, print_json, reais};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    data: Data,
    /// Category to advertise; the winner by default
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
    let clean = args.data.load()?;
    let mart = mart::mart(&clean)?;
    let mut decided = pfe::decisions::decide(&mart, &params)?;
    if let Some(category) = &args.category {
        let (budget, weights) = (params.budget_centavos, &params.weights);
        decided.region = pfe::decisions::region(&mart, &decided.outlook, Some(category), budget, weights)?;
        decided.payments = pfe::decisions::payments::of_category(&mart, category)?;
    }
    // Young data have no past to look back on; that is no reason to say nothing.
    let past = unless_too_little(look_back(&decided.outlook, &params.weights))?;
    if args.json {
        return print_json(&decisions::json(&Ok(decided), &past, &pfe::decisions::findings(&mart)?));
    }
    let mut text = describe(&decided.winner, &decided.region, &decided.payments).unwrap_or_default();
    text += &describe_facts(&pfe::decisions::findings(&mart)?).unwrap_or_default();
    match past {
        Ok(past) => text += &describe_past(&past.strategies).unwrap_or_default(),
        Err(lack) => text += &format!("\nwould it have worked: {lack}\n"),
    }
    print(&text)
}

fn describe(winner: &Winner, region: &Region, payments: &StatePayments) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    writeln!(text, "what to sell: forecast of {} for 90 days, {} candidates", date(winner.cutoff), winner.candidates)?;
    writeln!(
        text,
        "{:<34}{:>7}{:>12}{:>26}{:>12}{:>8}{:>8}{:>16}",
        "category", "score", "forecast", "80 %", "last 90 d", "first", "top 3", "other weights"
    )?;
    for c in &winner.short_list {
        let interval = format!("[{}, {}]", reais(c.interval80.0), reais(c.interval80.1));
        writeln!(
            text,
            "{:<34}{:>7.2}{:>12}{:>26}{:>12}{:>8.2}{:>8.2}{:>8.2}{:>8.2}",
            c.category,
            c.place.score,
            reais(c.forecast),
            interval,
            reais(c.before),
            c.first,
            c.top3,
            c.first_other_weights,
            c.top3_other_weights
        )?;
    }
    writeln!(text, "\nwhy {}", winner.short_list[0].category)?;
    for i in &winner.short_list[0].place.indicators {
        let value = i.value.map_or("unknown".to_string(), |v| format!("{v:.3}"));
        writeln!(
            text,
            "  {:<16}{:>10}{:>+8.2} deviations × {:.2} = {:+.3}; rank {} without it",
            i.name, value, i.deviation, i.weight, i.points, i.rank_without
        )?;
    }
    if let Some(tipping) = &winner.tipping {
        write!(text, "  {} is second, {:.2} points behind", tipping.runner_up, tipping.lead)?;
        if let Some(shortfall) = tipping.shortfall {
            write!(
                text,
                "; it passes if {} sells {:.0} % less than forecast",
                winner.first().category,
                100.0 * shortfall
            )?;
        }
        for d in &tipping.deciding {
            write!(text, "; without {} {} would be first", d.indicator, d.instead)?;
        }
        writeln!(text)?;
    }
    let category = region.category.as_deref().unwrap_or("all categories");
    writeln!(text, "\nwhere to advertise {category}")?;
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
    Ok(text)
}

fn describe_past(strategies: &[Strategy]) -> Result<String, std::fmt::Error> {
    let mut text = String::from("\nwould it have worked: what followed past choices over 90 days\n");
    writeln!(text, "{:<30}{:>12}{:>12}{:>10}{:>12}  90 %", "choice", "revenue", "gain", "growth", "regret")?;
    for s in strategies {
        writeln!(
            text,
            "{:<30}{:>12}{:>12}{:>9.1}%{:>12}  [{}, {}]",
            s.name,
            reais(s.revenue.value),
            reais(s.gain.value),
            100.0 * s.growth.value,
            reais(s.regret.value),
            reais(s.regret.low),
            reais(s.regret.high)
        )?;
    }
    Ok(text)
}
