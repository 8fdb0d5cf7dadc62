//! What the user decides beforehand, and the three answers in words and as JSON. Used by `run` and `findings`.

use std::path::PathBuf;

use pfe::decisions::entry::chances;
use pfe::decisions::region::StateChoice;
use pfe::decisions::{
    Coverage, DecisionParams, Decisions, Entry, Findings, Profit, RepeatVerdict, SellingCosts, Weights,
};
use pfe::models::entrants::{self, CategoryChances};
use pfe::models::span::date;
use pfe::results::Results;
use pfe::{TooLittle, regular};
use serde_json::{Value, json};

use crate::cli::terminal::{MAX_TEXT_BYTES, grouped, reais};

/// Weights and budget.
#[derive(Debug, clap::Args)]
pub struct DecisionArgs {
    /// Advertising budget of which to plan the first test, BRL
    #[arg(long, value_name = "BRL", value_parser = budget, allow_negative_numbers = true)]
    budget: Option<i64>,
    /// TOML file with your own weights for the indicators
    #[arg(long, value_name = "FILE")]
    weights: Option<PathBuf>,
    /// TOML file of what selling costs you: margins, commission, fees, shipping, returns; what it leaves out is assumed, and marked so
    #[arg(long, value_name = "FILE")]
    costs: Option<PathBuf>,
}

impl DecisionArgs {
    pub fn params(&self) -> pfe::Result<DecisionParams> {
        let weights = match &self.weights {
            Some(path) => Weights::parse(&regular::read_to_string(path, MAX_TEXT_BYTES)?)?,
            None => Weights::default(),
        };
        let costs = self.costs.as_ref().map(|path| {
            SellingCosts::parse(&regular::read_to_string(path, MAX_TEXT_BYTES)?, &path.display().to_string())
        });
        Ok(DecisionParams { weights, budget_centavos: self.budget, costs: costs.transpose()?.unwrap_or_default() })
    }
}

/// BRL → centavos.
fn budget(text: &str) -> Result<i64, String> {
    let reais: f64 = text.parse().map_err(|_| format!("`{text}` is not an amount"))?;
    if !(0.01..1e12).contains(&reais) {
        return Err("the budget is not above 0 BRL and below a trillion".into());
    }
    Ok((reais * 100.0).round() as i64)
}

/// The answers for machines. `what_to_sell` is what a newcomer may earn; the market as a whole is context.
pub fn json(
    decisions: &Result<Decisions, TooLittle>,
    entry: &Result<Entry, TooLittle>,
    profit: &Profit,
    findings: &Findings,
) -> Value {
    let (made, newcomers) = (decisions.as_ref().ok(), entry.as_ref().ok());
    let lack = decisions.as_ref().err().or(entry.as_ref().err());
    let lack = lack.or(newcomers.and_then(|entry| entry.backtest.as_ref().err()));
    json!({
        "what_to_sell": newcomers.map(|entry| {
            let chances = entry.entrants.chances.as_ref().ok();
            json!({ "short_list": chances.map(|chances| chances.short_list().collect::<Vec<_>>()), "entrants": &entry.entrants })
        }),
        "profit": profit,
        "market": made.map(|d| &d.winner),
        "where_to_advertise": made.map(|d| &d.region),
        "how_to_get_paid": made.map(|d| &d.payments),
        "payment_methods": findings.methods,
        "payment_coverage": findings.payments_total.coverage,
        "payment_habits": findings.named_habits(),
        "state_growth": findings.growth,
        "customers": findings.customers,
        "would_it_have_worked": newcomers.and_then(|entry| entry.backtest.as_ref().ok()),
        "lacking": lack.map(ToString::to_string),
    })
}

/// The three answers, a line each.
pub fn summary(results: &Results) -> String {
    let mut text = String::new();
    let mut line = |label: &str, words: String| text += &format!("{label:<20}{words}\n");
    let unit = results.audit.market.as_ref().map_or("BRL", |market| market.currency.as_str());
    line("what to sell", what_to_sell(results, unit));
    line("where to advertise", where_to_advertise(results, unit));
    line("how to get paid", how_to_get_paid(&results.findings));
    let (growing, habits) = (results.findings.growing_states(), results.findings.named_habits());
    if !growing.is_empty() {
        let states: Vec<&str> = growing.iter().map(|state| state.state.as_str()).collect();
        line("growing states", format!("{}; what advertising there would bring is not in the data", states.join(", ")));
    }
    if !habits.is_empty() {
        let cells = results.findings.habits.len();
        line("payment habits", format!("{} of {cells} differences between states are discoveries", habits.len()));
    }
    if let Some(customers) = who_comes_back(&results.findings) {
        line("who comes back", customers);
    }
    text
}

/// Whether bringing customers back is worth a trial; `None` where nobody has come back, as in exports that do not tell customers.
pub fn who_comes_back(findings: &Findings) -> Option<String> {
    let customers = &findings.customers;
    let repeat = customers.repeat.as_ref().filter(|_| customers.returned > 0)?;
    let decision = match repeat.verdict {
        RepeatVerdict::WorthATrial => "bringing them back is worth a trial",
        RepeatVerdict::TooFewOrders => "too few to act on: even twice as many later orders would not matter",
        RepeatVerdict::TooFewCustomers => "too few customers to learn from",
    };
    let share = 100.0 * customers.returned as f64 / customers.customers as f64;
    let all = grouped(customers.customers);
    Some(format!("{share:.1} % of {all} customers on a later day; {decision}"))
}

/// A short list for a newcomer, or what sells already.
fn what_to_sell(results: &Results, unit: &str) -> String {
    match (chances(&results.entry), &results.decisions) {
        (Ok(chances), _) => {
            let listed = |c: &CategoryChances| {
                let (low, high) = c.interval80;
                let top3 = 100.0 * c.top3;
                format!(
                    "{} {} {unit} (80 %: {} to {}; top 3: {top3:.0} %)",
                    c.category,
                    reais(c.typical),
                    reais(low),
                    reais(high)
                )
            };
            let list: Vec<String> = chances.short_list().map(listed).collect();
            match list.is_empty() {
                true => format!("for a newcomer, none of {} categories stands out", chances.categories.len()),
                false => format!(
                    "a short list, no certain winner; typical revenue of a newcomer in 90 days: {}",
                    list.join(", ")
                ),
            }
        }
        (Err(lack), decided) => {
            let Some(most) = results.findings.best_seller() else {
                return format!("no decision: {}", decided.as_ref().err().copied().unwrap_or(lack));
            };
            let lack = match entrants::sellers(&results.mart) {
                Ok(0 | 1) => "the data have one seller: what a newcomer earns is not in them".to_string(),
                _ => lack.to_string(),
            };
            let next = match decided {
                Ok(decided) => {
                    let (first, day) = (decided.winner.first(), date(decided.winner.cutoff));
                    let forecast = reais(first.forecast);
                    format!(
                        "; the market's score puts {} first, {forecast} {unit} expected in the 90 days after {day}",
                        first.category
                    )
                }
                Err(lack) => format!("; no decision: {lack}"),
            };
            let revenue = reais(most.revenue_centavos as f64 / 100.0);
            format!("{lack}; what sold most is {} ({revenue} {unit}){next}", most.name)
        }
    }
}

/// The data do not say what advertising brings: what an order may cost, how to learn the rest, and how a budget begins.
fn where_to_advertise(results: &Results, unit: &str) -> String {
    let cost = results.profit.states.first().map_or(String::new(), |state| {
        let margin = if state.assumed { " at an assumed margin" } else { "" };
        format!("an order may cost {:.2} {unit} in {}{margin}; ", state.break_even, state.name)
    });
    let learn = "what advertising brings is not in the data: learn it by a trial: `pfe trial design`";
    let region = results.decisions.as_ref().ok().map(|decided| &decided.region);
    let tested: Vec<&StateChoice> =
        region.into_iter().flat_map(|region| &region.states).filter(|state| state.budget_centavos > 0).collect();
    let (Some(region), Some(first)) = (region, tested.first()) else { return format!("{cost}{learn}") };
    let names: Vec<&str> = tested.iter().map(|state| state.state.as_str()).collect();
    let [each, kept] = [first.budget_centavos, region.kept_centavos].map(|part| reais(part as f64 / 100.0));
    format!("{cost}{learn}; test {} with {each} {unit} each, keep {kept} until it is read", names.join(", "))
}

fn how_to_get_paid(findings: &Findings) -> String {
    let coverage = &findings.payments_total.coverage;
    if coverage.is_empty() {
        return "no payment in the data".into();
    }
    let step = |c: &Coverage| format!("{} {:.1} %", c.payment_type, c.covered * 100.0);
    format!("orders that can be paid as they were with {}", coverage.iter().map(step).collect::<Vec<_>>().join(", + "))
}
