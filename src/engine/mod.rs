//! Where the clean tables stand → the mart, by whichever engine the user names: polars here, or a Spark cluster. Used by `pipeline`.
//!
//! All engines run the same SQL files and give the same bits, so that a mart is as good as another whoever made it: a run
//! uses a fresh one again under any engine. One elsewhere can clean, too, where this process need not see the rows.

pub mod lint;
#[cfg_attr(not(feature = "spark"), allow(dead_code))]
pub mod remote_cleaning;
#[cfg(feature = "spark")]
mod spark;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use polars::prelude::{LazyFrame, PlRefPath};

use self::remote_cleaning::Folders;
use crate::clean::Audit;
use crate::error::{Error, Result};
use crate::input::Source;
use crate::input::read::InputFile;
use crate::mart::{STEPS, SalesMart, mart_of, words};
use crate::schema::TableId;

/// What runs the statements of [`STEPS`] over clean tables in Parquet files.
pub trait Engine: Debug + Send + Sync {
    /// `polars`, or the URL of a server, its secrets masked.
    fn name(&self) -> &str;

    /// Whether it runs elsewhere, and must find the tables in files.
    fn is_remote(&self) -> bool;

    /// What the raw files are, by their rows, which stay where they are.
    ///
    /// # Errors
    /// As [`Engine::clean`].
    fn identify(
        &self,
        _source: &Source,
        _cancel: &AtomicBool,
        _told: &dyn Fn(&str),
    ) -> Result<Vec<(TableId, InputFile)>> {
        Err(cleans_nothing(self.name()))
    }

    /// Cleans raw files, which it reads itself, into Parquet files: for each table in the folder, as it sees it, that `to` names. The
    /// rows are those that [`clean`](crate::clean::clean()) leaves, in no order.
    ///
    /// # Errors
    /// A table is not in CSV files on a path or breaks the contract as a whole, the engine does not clean or cannot be reached, or
    /// [`Error::Interrupted`].
    fn clean(&self, _source: &Source, _to: &Folders<'_>, _cancel: &AtomicBool, _told: &dyn Fn(&str)) -> Result<Audit> {
        Err(cleans_nothing(self.name()))
    }

    /// The statements that clean files with the columns of the contract: what each makes, and its text. None where it cleans nothing.
    fn cleaning(&self) -> Vec<(String, String)> {
        Vec::new()
    }

    /// Makes the mart. `places` are paths or URLs as the engine sees them, by table; `told` hears of each statement as it
    /// begins; `cancel` ends it.
    ///
    /// # Errors
    /// A table cannot be read, the engine cannot be reached or refuses a statement, or [`Error::Interrupted`].
    fn mart(&self, places: &BTreeMap<String, String>, cancel: &AtomicBool, told: &dyn Fn(&str)) -> Result<SalesMart>;

    /// Ends what still runs for this process, after a time limit has left [`Engine::mart`] behind.
    fn stop(&self) {}
}

fn cleans_nothing(name: &str) -> Error {
    Error::input(format!("`{name}` cleans no files by itself"))
        .with_hint("`--engine-cleans` needs `--engine sc://host:port`")
}

/// The engine that the user names: `polars`, or `sc://host:port` for a Spark Connect server.
///
/// # Errors
/// The name is none of an engine, or its support is not built in. A server is only reached when the mart is made.
pub fn open(name: &str) -> Result<Arc<dyn Engine>> {
    match name {
        "polars" => Ok(Arc::new(Polars)),
        #[cfg(feature = "spark")]
        url if url.starts_with("sc://") => Ok(Arc::new(self::spark::Spark::open(url)?)),
        #[cfg(not(feature = "spark"))]
        url if url.starts_with("sc://") => Err(Error::input("support for Spark Connect (`sc:`) is not built in")
            .with_hint(
                "rebuild with `--features spark`; the build needs `protoc` (Debian: protobuf-compiler libprotobuf-dev)",
            )),
        _ => Err(Error::input(format!("there is no engine `{name}`"))
            .with_hint("engines: `polars`, which is this process, and `sc://host:port`, a Spark Connect server")),
    }
}

/// Whether some statement reads the clean table of that name.
pub fn is_read(table: &str) -> bool {
    words(STEPS.iter()).contains(table)
}

/// polars, in this process.
#[derive(Debug)]
pub struct Polars;

impl Engine for Polars {
    fn name(&self) -> &str {
        "polars"
    }

    fn is_remote(&self) -> bool {
        false
    }

    fn mart(&self, places: &BTreeMap<String, String>, _cancel: &AtomicBool, _told: &dyn Fn(&str)) -> Result<SalesMart> {
        let scan = |(table, place): (&String, &String)| -> Result<(String, LazyFrame)> {
            let frame = LazyFrame::scan_parquet(PlRefPath::new(place), Default::default())?;
            Ok((table.clone(), frame))
        };
        mart_of(places.iter().map(scan).collect::<Result<_>>()?)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_no_engine_is_told_with_those_that_are() {
        let error = open("dask://host").unwrap_err();
        assert_eq!((error.to_string(), error.exit_code()), ("there is no engine `dask://host`".into(), 2));
        assert!(error.hint().unwrap().contains("sc://host:port"));
        assert_eq!(open("polars").unwrap().name(), "polars");
    }

    #[cfg(not(feature = "spark"))]
    #[test]
    fn an_engine_that_is_not_built_in_says_how_to_get_it() {
        let error = open("sc://host").unwrap_err();
        assert!(error.hint().unwrap().contains("--features spark"));
    }

    #[test]
    fn tables_that_no_statement_reads_are_known() {
        assert!(["orders", "customers", "order_items"].into_iter().all(is_read));
        assert!(!is_read("geolocation"));
    }
}
