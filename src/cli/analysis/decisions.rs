//! What the user decides beforehand, and the three answers in words and as JSON. Used by `run` and `findings`.

use std::path::PathBuf;

use pfe::decisions::{BacktestReport, Coverage, DecisionParams, Decisions, Findings, Weights};
use pfe::models::span::date;
use pfe::{TooLittle, regular};
use serde_json::{Value, json};

use crate::cli::terminal::{MAX_TEXT_BYTES, reais};

/// Weights and budget.
#[derive(Debug, clap::Args)]
pub struct DecisionArgs {
    /// Advertising budget to divide among states, BRL
    #[arg(long, value_name = "BRL", value_parser = budget, allow_negative_numbers = true)]
    budget: Option<i64>,
    /// TOML file with your own weights for the indicators
    #[arg(long, value_name = "FILE")]
    weights: Option<PathBuf>,
}

impl DecisionArgs {
    pub fn params(&self) -> pfe::Result<DecisionParams> {
        let weights = match &self.weights {
            Some(path) => Weights::parse(&regular::read_to_string(path, MAX_TEXT_BYTES)?)?,
            None => Weights::default(),
        };
        Ok(DecisionParams { weights, budget_centavos: self.budget })
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

/// The answers for machines.
pub fn json(
    decisions: &Result<Decisions, TooLittle>,
    past: &Result<BacktestReport, TooLittle>,
    findings: &Findings,
) -> Value {
    let (decided, lack) = (decisions.as_ref().ok(), decisions.as_ref().err());
    json!({
        "what_to_sell": decided.map(|d| &d.winner),
        "where_to_advertise": decided.map(|d| &d.region),
        "how_to_get_paid": decided.map(|d| &d.payments),
        "payment_methods": findings.methods,
        "payment_coverage": findings.payments_total.coverage,
        "payment_habits": findings.named_habits(),
        "state_growth": findings.growth,
        "would_it_have_worked": past.as_ref().ok().map(|p| &p.strategies),
        "lacking": lack.or(past.as_ref().err()).map(ToString::to_string),
    })
}

/// The three answers, a line each.
pub fn summary(decisions: &Result<Decisions, TooLittle>, findings: &Findings) -> String {
    let mut text = String::new();
    let mut line = |label: &str, words: String| text += &format!("{label:<20}{words}\n");
    match decisions {
        Ok(decided) => {
            let first = decided.winner.first();
            let change = decided.winner.change(first);
            let change = change.map_or(String::new(), |c| format!(", {:+.1} % on the 90 days before", 100.0 * c));
            line(
                "what to sell",
                format!(
                    "{}: {} BRL expected in the 90 days after {} (80 %: {} to {}){change}; first in {:.0} % of the draws",
                    first.category,
                    reais(first.forecast),
                    date(decided.winner.cutoff),
                    reais(first.interval80.0),
                    reais(first.interval80.1),
                    100.0 * first.first
                ),
            );
            let states = decided.region.states.iter().filter(|s| s.budget_share > 0.0);
            let parts: Vec<String> = states.map(|s| format!("{} {:.0} %", s.state, 100.0 * s.budget_share)).collect();
            line("where to advertise", format!("{} of the budget", parts.join(", ")));
        }
        Err(lack) => {
            line("what to sell", format!("no decision: {lack}"));
            line("where to advertise", "no decision".into());
        }
    }
    let total = &findings.payments_total;
    let paid = match total.coverage.is_empty() {
        true => "no payment in the data".to_string(),
        false => {
            let step = |c: &Coverage| format!("{} {:.1} %", c.payment_type, c.covered * 100.0);
            let steps: Vec<String> = total.coverage.iter().map(step).collect();
            format!("orders that can be paid as they were with {}", steps.join(", + "))
        }
    };
    line("how to get paid", paid);
    let (growing, habits) = (findings.growing_states(), findings.named_habits());
    if !growing.is_empty() {
        let states: Vec<&str> = growing.iter().map(|state| state.state.as_str()).collect();
        line("growing states", format!("{}; what advertising there would bring is not in the data", states.join(", ")));
    }
    if !habits.is_empty() {
        line(
            "payment habits",
            format!("{} of {} differences between states are discoveries", habits.len(), findings.habits.len()),
        );
    }
    text
}
