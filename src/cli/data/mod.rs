//! Commands on data alone, and what all commands share that read data: options and warnings.

pub mod audit;
pub mod load;
pub mod market;
pub mod reading;
pub mod synth;
pub mod warnings;

use std::path::PathBuf;

use pfe::clean::{self, Audit, CleanTables};

use self::reading::ReadingArgs;
use super::terminal::tell;

#[derive(Debug, clap::Args)]
pub struct Data {
    /// Data: a folder of Olist CSV files, Kaggle's zip, a folder with `csv/` and `json/`, a SQLite file, or the URL of
    /// a store; may be repeated: each table is read from the first that holds it
    #[arg(long = "data", value_name = "PATH|URL", required = true)]
    places: Vec<PathBuf>,
    #[command(flatten)]
    reading: ReadingArgs,
}

impl Data {
    /// The clean tables and their audit, whose warnings are shown.
    pub fn load(&self) -> pfe::Result<CleanTables> {
        let (clean, audit) = self.audited()?;
        warn(&audit.warnings);
        Ok(clean)
    }

    pub fn audited(&self) -> pfe::Result<(CleanTables, Audit)> {
        clean::load(&self.reading.open(&self.places)?)
    }
}

pub fn warn(warnings: &[String]) {
    for warning in warnings {
        tell("warning", warning);
    }
}
