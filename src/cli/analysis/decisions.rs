//! What the user decides beforehand, and the three answers in words and as JSON. Used by `run` and `findings`.

use std::path::PathBuf;

use pfe::decisions::region::StateChoice;
use pfe::decisions::{BacktestReport, DecisionParams, Decisions, Findings, Weights};
use pfe::models::span::date;
use pfe::{TooLittle, regular};
use serde_json::{Value, json};

use crate::cli::terminal::{MAX_TEXT_BYTES, reais};

/// Weights and budget.
#[derive(Debug, clap::Args)]
pub struct DecisionArgs {
    /// Advertising budget of which to plan the first test, BRL
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
pub fn json(decisions: &Result<Decisions, TooLittle>, past: &Result<BacktestReport, TooLittle>) -> Value {
    let (decided, lack) = (decisions.as_ref().ok(), decisions.as_ref().err());
    json!({
        "what_to_sell": decided.map(|d| &d.winner),
        "where_to_advertise": decided.map(|d| &d.region),
        "how_to_get_paid": decided.map(|d| &d.payments),
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
            let tested: Vec<&StateChoice> = states.collect();
            line("where to advertise", first_test(&tested, decided.region.kept_centavos));
        }
        Err(lack) => {
            line("what to sell", format!("no decision: {lack}"));
            line("where to advertise", "no decision".into());
        }
    }
    let total = &findings.payments_total;
    let mut paid = match total.methods.is_empty() {
        true => "no payment in the data".to_string(),
        false => format!("{} pay {:.1} % of the orders", total.covering.join(" + "), total.covered * 100.0),
    };
    if let Some(habit) = findings.unusual_payment() {
        paid += &format!(
            "; {} stands out: {} has {:.1} % of its payments, {:.1} % overall",
            habit.state,
            habit.method,
            habit.share * 100.0,
            habit.share_overall * 100.0
        );
    }
    line("how to get paid", paid);
    text
}

/// What to test first: the orders of the past do not tell where advertising pays.
fn first_test(tested: &[&StateChoice], kept_centavos: i64) -> String {
    let names: Vec<&str> = tested.iter().map(|state| state.state.as_str()).collect();
    let Some(first) = tested.first() else { return "there are no two regions to compare".into() };
    let names = names.join(", ");
    match first.budget_centavos {
        0 => format!("not known from orders; to be tested in {names} (`pfe trial design`)"),
        test => format!(
            "not known from orders; test {names} with {} each, keep {} until the test is read (`pfe trial`)",
            reais(test as f64 / 100.0),
            reais(kept_centavos as f64 / 100.0)
        ),
    }
}
