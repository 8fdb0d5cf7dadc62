//! The options of all commands that read data: how values are written, and what may be missing.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use pfe::input::Source;
use pfe::market::built_in;
use pfe::market::{Market, Rates};
use pfe::schema::Reading;
use pfe::schema::read_options::{DateOrder, DecimalMark, Years};

#[derive(Debug, Clone, clap::Args)]
pub struct ReadingArgs {
    /// First and last plausible year; pfe quarantines dates outside this range
    #[arg(long, value_name = "YEAR-YEAR", default_value = "2000-2100")]
    years: Years,
    /// How to read dates such as `03/04/2018` when the column leaves it open
    #[arg(long, value_name = "ORDER")]
    dates: Option<DatesArg>,
    /// Decimal mark of numbers such as `1.230` when the column leaves it open
    #[arg(long, value_name = "MARK")]
    numbers: Option<NumbersArg>,
    /// Market whose export the data are: a name of `pfe market list`, or a TOML file; without it, the headers tell
    #[arg(long, value_name = "NAME|FILE")]
    market: Option<String>,
    /// CSV file (`currency`, `date` or `month`, `rate`: the value of one unit in the shop's currency) by which amounts of an export
    /// in other currencies are converted; without it, their orders are set aside
    #[arg(long, value_name = "FILE")]
    rates: Option<PathBuf>,
    /// Fail, rather than warn, if a table or column is missing or a file would not be read
    #[arg(long)]
    pub strict: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum DatesArg {
    /// Day, month, year
    Dmy,
    /// Month, day, year
    Mdy,
    /// Year, month, day
    Ymd,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum NumbersArg {
    /// 1.234,56
    Comma,
    /// 1,234.56
    Point,
}

impl ReadingArgs {
    pub fn open(&self, places: &[PathBuf]) -> pfe::Result<Source> {
        let source =
            Source::open_as(places, self.market()?.as_ref())?.with(self.reading()).converted_with(&self.rates()?);
        if self.strict { source.strict() } else { Ok(source) }
    }

    pub fn market(&self) -> pfe::Result<Option<Market>> {
        self.market.as_deref().map(market_named).transpose()
    }

    pub fn rates(&self) -> pfe::Result<Rates> {
        self.rates.as_deref().map_or_else(|| Ok(Rates::default()), Rates::read)
    }

    pub fn reading(&self) -> Reading {
        let dates = self.dates.map(|dates| match dates {
            DatesArg::Dmy => DateOrder::Dmy,
            DatesArg::Mdy => DateOrder::Mdy,
            DatesArg::Ymd => DateOrder::Ymd,
        });
        let numbers = self.numbers.map(|numbers| match numbers {
            NumbersArg::Comma => DecimalMark::Comma,
            NumbersArg::Point => DecimalMark::Point,
        });
        Reading { years: self.years, dates, numbers }
    }
}

/// The market of this name, or that of the file.
///
/// # Errors
/// There is neither, or the file cannot be read.
pub fn market_named(name: &str) -> pfe::Result<Market> {
    let path = Path::new(name);
    match built_in::market(name) {
        Some(market) => Ok(market.clone()),
        None if path.extension().is_some() || path.exists() => Market::read(path),
        None => Err(no_market(name)),
    }
}

pub fn no_market(name: &str) -> pfe::Error {
    let known: Vec<&str> = built_in::markets().iter().map(|market| market.name.as_str()).collect();
    pfe::Error::input(format!("there is no market `{name}`"))
        .with_hint(format!("one of {}, or a TOML file that `pfe market init` has begun", known.join(", ")))
}
