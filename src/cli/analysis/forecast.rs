//! `pfe forecast`: revenue to come, as CSV.

use chrono::NaiveDate;
use clap::ValueEnum;
use pfe::mart;
use pfe::models::span::date;
use pfe::models::{self, By, ForecastParams, Frequency, Linear, Panel};
use pfe::pipeline::export::spreadsheet;

use crate::cli::data::Data;
use crate::cli::terminal::{Outcome, print, tell};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    data: Data,
    /// Last day of data that the forecast uses
    #[arg(long, value_name = "DATE")]
    cutoff: NaiveDate,
    /// Number of periods
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=24))]
    horizon: u8,
    /// Grain of the forecast
    #[arg(long, value_enum, default_value = "category")]
    by: ByArg,
    /// Length of a period: calendar months (the cutoff must end a month) or 30 days
    #[arg(long, value_enum, default_value = "month")]
    period: PeriodArg,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum ByArg {
    Category,
    State,
}

impl From<ByArg> for By {
    fn from(by: ByArg) -> By {
        match by {
            ByArg::Category => By::Category,
            ByArg::State => By::State,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum PeriodArg {
    Month,
    #[value(name = "30d")]
    Days30,
}

pub fn run(args: &Args) -> Outcome {
    let every = match args.period {
        PeriodArg::Month => Frequency::Month,
        PeriodArg::Days30 => Frequency::Days30,
    };
    let cutoff = args.cutoff.to_epoch_days();
    every.check(cutoff)?;
    let clean = args.data.load()?;
    let panel = Panel::of(&mart::mart(&clean)?, By::from(args.by))?;
    let params = ForecastParams { horizon: usize::from(args.horizon), every };
    let history = panel.until(cutoff)?;
    if history.end < cutoff {
        let end = date(history.end);
        tell("warning", &format!("orders stop on {end}; the forecast is made from there"));
    }
    let mut table =
        vec![["series", "cutoff", "from", "to", "forecast", "lo80", "hi80", "lo95", "hi95"].map(String::from).to_vec()];
    for f in models::forecast(&panel, &Linear::default(), cutoff, &params)? {
        let days = [args.cutoff, date(f.span.from), date(f.span.to)].map(|day| day.to_string());
        let numbers = [f.forecast, f.lo80, f.hi80, f.lo95, f.hi95].map(|number| format!("{number:.2}"));
        table.push([f.series].into_iter().chain(days).chain(numbers).collect());
    }
    print(&String::from_utf8_lossy(&spreadsheet::csv(&table)))
}
