//! `pfe backtest`: how good the models' forecasts would have been.

use std::fmt::Write;

use pfe::mart;
use pfe::models::metrics::Estimate;
use pfe::models::{self, Backtest, BacktestParams, By, Comparison, Forecaster, Frequency, Panel};
use serde_json::{Value, json};

use super::forecast::ByArg;
use crate::cli::data::Data;
use crate::cli::terminal::{Outcome, print, print_json};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    data: Data,
    /// Grain of the forecast
    #[arg(long, value_enum, default_value = "category")]
    by: ByArg,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args) -> Outcome {
    let clean = args.data.load()?;
    let panel = Panel::of(&mart::mart(&clean)?, By::from(args.by))?;
    let all = models::all();
    let all: Vec<&dyn Forecaster> = all.iter().map(AsRef::as_ref).collect();
    let params = [BacktestParams::monthly(&panel)?, BacktestParams::weekly(&panel)?];
    let tests = params.map(|params| models::compare(&panel, &all, params));
    let tests: Vec<Comparison> = tests.into_iter().collect::<pfe::Result<_>>()?;
    if args.json {
        return print_json(&tests.iter().map(as_json).collect());
    }
    let tables: Vec<String> = tests.iter().map(|c| describe(c).unwrap_or_default()).collect();
    print(&tables.join("\n"))
}

fn date(day: i32) -> String {
    models::span::date(day).to_string()
}

fn as_json(c: &Comparison) -> Value {
    let model = |(t, d): (&Backtest, &Estimate)| json!({"model": t.model, "metrics": t.metrics, "ours_minus_this": d});
    json!({
        "cutoffs": c.params.cutoffs.iter().map(|c| date(*c)).collect::<Vec<_>>(), "horizon": c.params.horizon,
        "every": c.params.every, "models": c.tests.iter().zip(&c.differences).map(model).collect::<Vec<_>>(),
    })
}

fn describe(Comparison { params, tests, differences }: &Comparison) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    let cutoffs = &params.cutoffs;
    writeln!(
        text,
        "{} cutoffs from {} to {}, {} {} ahead",
        cutoffs.len(),
        date(cutoffs[0]),
        date(cutoffs[cutoffs.len() - 1]),
        params.horizon,
        if params.every == Frequency::Month { "months" } else { "times 30 days" }
    )?;
    writeln!(
        text,
        "{:<16}{:>8}{:>10}{:>13}{:>8}{:>7}{:>8}{:>8}{:>8}{:>8}{:>10}  ours minus this, 90 %",
        "model", "WAPE", "complete", "given total", "bias", "MASE", "in 80%", "in 95%", "width", "growth", "relative"
    )?;
    for (result, difference) in tests.iter().zip(differences) {
        let m = &result.metrics;
        writeln!(
            text,
            "{:<16}{:>8.4}{:>10.4}{:>13.4}{:>+8.3}{:>7.2}{:>8.3}{:>8.3}{:>8.3}{:>8.3}{:>10.3}  {:+.3} [{:+.3}, {:+.3}]",
            result.model,
            m.wape,
            m.wape_complete,
            m.wape_given_total,
            m.bias,
            m.mase,
            m.coverage80,
            m.coverage95,
            m.width80,
            m.growth,
            m.relative_growth,
            difference.value,
            difference.low,
            difference.high
        )?;
    }
    Ok(text)
}
