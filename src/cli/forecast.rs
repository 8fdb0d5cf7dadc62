//! `pfe forecast`: revenue to come, as CSV.

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::ValueEnum;
use pfe::data::{self, Source};
use pfe::mart;
use pfe::models::span::date;
use pfe::models::{self, By, Every, ForecastParams, Linear, Panel};

use super::reading::ReadingArgs;
use super::{Outcome, print};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder of Olist CSV files, Kaggle's zip, a folder with `csv/` and `json/`, or the URL of a store
    #[arg(long, value_name = "PATH")]
    data: PathBuf,
    #[command(flatten)]
    reading: ReadingArgs,
    /// The day at whose end the forecast is made; no later row counts
    #[arg(long, value_name = "DATE")]
    cutoff: NaiveDate,
    /// Number of periods
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=24))]
    horizon: u8,
    /// What is forecast
    #[arg(long, value_enum, default_value = "category")]
    by: ByArg,
    /// The calendar months after a month's end, or consecutive 30-day periods after any day
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
        PeriodArg::Month => Every::Month,
        PeriodArg::Days30 => Every::Days30,
    };
    let cutoff = args.cutoff.to_epoch_days();
    every.check(cutoff)?;
    let (clean, _) = data::load(&Source::open(&args.data)?.with(args.reading.reading()))?;
    let panel = Panel::of(&mart::mart(&clean)?, By::from(args.by))?;
    let params = ForecastParams { horizon: usize::from(args.horizon), every };
    let history = panel.until(cutoff)?;
    if history.end < cutoff {
        eprintln!("warning: orders stop on {}; the forecast is made from there", date(history.end));
    }
    let mut text = String::from("series,cutoff,from,to,forecast,lo80,hi80,lo95,hi95\n");
    for f in models::forecast(&panel, &Linear::default(), cutoff, &params)? {
        text += &format!(
            "{},{},{},{},{:.2},{:.2},{:.2},{:.2},{:.2}\n",
            f.series,
            args.cutoff,
            date(f.span.from),
            date(f.span.to),
            f.forecast,
            f.lo80,
            f.hi80,
            f.lo95,
            f.hi95
        );
    }
    print(&text)
}
