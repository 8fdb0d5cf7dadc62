//! Clean tables → SalesMart, on the engine that the user names: polars in this process, or a Spark cluster. Used by `pipeline`.
//!
//! All engines run the same SQL files and give bit-identical results. A mart therefore does not depend on the engine that made it: while
//! it is fresh, a run with any engine reuses it. A remote engine can also clean, when this process does not need the rows.

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
use crate::input::identity::InputFile;
use crate::mart::{STEPS, SalesMart, mart_of, words};
use crate::schema::TableId;

/// Runs the statements of [`STEPS`] over clean tables in Parquet files.
pub trait Engine: Debug + Send + Sync {
    /// `polars`, or the URL of a server with its secrets masked.
    fn name(&self) -> &str;

    /// Whether it runs on another machine, so that it must read the tables from files.
    fn is_remote(&self) -> bool;

    /// Identifies the raw files by their rows, which stay where they are.
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

    /// Reads and cleans raw files on the engine. Writes each table as Parquet into the folder that `to` names, as the engine sees it. The
    /// rows are those of [`clean`](crate::clean::clean()), in no particular order.
    ///
    /// # Errors
    /// A table is not in CSV files with a path, or breaks the contract as a whole; the engine does not support cleaning or cannot be
    /// reached; [`Error::Interrupted`].
    fn clean(&self, _source: &Source, _to: &Folders<'_>, _cancel: &AtomicBool, _told: &dyn Fn(&str)) -> Result<Audit> {
        Err(cleans_nothing(self.name()))
    }

    /// The statements that clean files whose columns are those of the contract: name of the result and text. Empty if it does not clean.
    fn cleaning(&self) -> Vec<(String, String)> {
        Vec::new()
    }

    /// Computes the mart. `places` are the paths or URLs of the clean tables, as the engine sees them. Calls `told` when a statement
    /// starts; setting `cancel` stops the computation.
    ///
    /// # Errors
    /// A table cannot be read, the engine cannot be reached or refuses a statement, or [`Error::Interrupted`].
    fn mart(&self, places: &BTreeMap<String, String>, cancel: &AtomicBool, told: &dyn Fn(&str)) -> Result<SalesMart>;

    /// Stops what still runs for this process after a time limit has ended the wait for [`Engine::mart`].
    fn stop(&self) {}
}

fn cleans_nothing(name: &str) -> Error {
    Error::input(format!("`{name}` cleans no files by itself"))
        .with_hint("`--engine-cleans` needs `--engine sc://host:port`")
}

/// Opens the engine that the user names: `polars`, or `sc://host:port` for a Spark Connect server.
///
/// # Errors
/// [`Error::Input`]: there is no engine of this name, or its support is not built in. A server is contacted only when the mart is made.
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

/// Whether any statement reads the clean table `table`.
pub fn is_read(table: &str) -> bool {
    words(STEPS.iter()).contains(table)
}

/// polars in this process.
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
