//! What keeps a notebook short: a folder → tables in one call, and columns of a frame → figure in one line ([`bars`], [`lines`],
//! [`scatter`]).

mod figures;

pub use figures::{X, Y, bars, lines, scatter, x, y};

use crate::clean::{Audit, CleanTables, clean};
use crate::input::{Source, read};
use crate::synth::{SynthParams, generate};
use crate::{Error, Result};

/// Where data are looked for if a notebook names none: beside the project's folder.
const BESIDE: [&str; 2] = ["../data", "../../shared/olist"];

/// The data of a notebook, clean.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The clean tables.
    pub tables: CleanTables,
    /// What reading and cleaning did.
    pub audit: Audit,
    /// How the data were generated; `None` for files.
    pub generated: Option<SynthParams>,
}

/// Reads and cleans the tables in `folder`. If it is empty, takes those beside the project; if there are none, generates
/// `orders` orders.
///
/// # Errors
/// Those of [`read()`] and [`clean()`]; [`Error::Io`] if generated data cannot be written to a temporary folder.
pub fn load(folder: &str, orders: u64) -> Result<Loaded> {
    let source = match folder {
        "" => BESIDE.into_iter().find_map(|beside| Source::open(beside).ok()),
        folder => Some(Source::open(folder)?),
    };
    let (raw, generated) = match source {
        Some(source) => (read(&source)?, None),
        None => {
            let parameters = SynthParams { orders, ..Default::default() };
            let folder = tempfile::tempdir().map_err(Error::io("create", std::env::temp_dir()))?;
            generate(&parameters, folder.path())?;
            (read(&Source::open(folder.path())?)?, Some(parameters))
        }
    };
    let (tables, audit) = clean(raw)?;
    Ok(Loaded { tables, audit, generated })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_that_are_not_there_are_generated() {
        let Loaded { tables, generated, .. } = load("", 500).unwrap();
        let orders = tables.table(crate::schema::TableId::Orders).height();
        assert!(generated.is_none() || (generated.unwrap().orders == 500 && orders == 500));
        assert!(load("no/such/folder", 500).is_err());
    }
}
