//! What an engine can do. Implemented by `polars` and `spark`.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::atomic::AtomicBool;

use super::remote_cleaning::Folders;
use crate::clean::Audit;
use crate::error::{Error, Result};
use crate::input::Source;
use crate::input::identity::InputFile;
use crate::mart::{Methods, SalesMart};
use crate::schema::TableId;

/// Runs the statements of the mart ([`Methods::queries`]) over clean tables in Parquet files.
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
        _progress: &dyn Fn(&str),
    ) -> Result<Vec<(TableId, InputFile)>> {
        Err(cleans_nothing(self.name()))
    }

    /// Reads and cleans raw files on the engine. Writes each table as Parquet into the folder that `to` names, as the engine sees it. The
    /// rows are those of [`clean`](crate::clean::clean()), in no particular order.
    ///
    /// # Errors
    /// A table is not in CSV files with a path, or breaks the contract as a whole; the engine does not support cleaning or cannot be
    /// reached; [`Error::Interrupted`].
    fn clean(
        &self,
        _source: &Source,
        _to: &Folders<'_>,
        _cancel: &AtomicBool,
        _progress: &dyn Fn(&str),
    ) -> Result<Audit> {
        Err(cleans_nothing(self.name()))
    }

    /// The statements that clean files whose columns are those of the contract: name of the result and text. Empty if it does not clean.
    fn cleaning(&self) -> Vec<(String, String)> {
        Vec::new()
    }

    /// Computes the mart. `places` are the paths or URLs of the clean tables, as the engine sees them; `methods` are their payment methods. Calls `progress` when a statement
    /// starts; setting `cancel` stops the computation.
    ///
    /// # Errors
    /// A table cannot be read, the engine cannot be reached or refuses a statement, or [`Error::Interrupted`].
    fn mart(
        &self,
        places: &BTreeMap<String, String>,
        methods: &Methods,
        cancel: &AtomicBool,
        progress: &dyn Fn(&str),
    ) -> Result<SalesMart>;

    /// Stops the work that still runs for this process, after a time limit has ended the wait for [`Engine::mart`].
    fn stop(&self) {}
}

fn cleans_nothing(name: &str) -> Error {
    Error::input(format!("`{name}` cleans no files by itself"))
        .with_hint("`--engine-cleans` needs `--engine sc://host:port`")
}
