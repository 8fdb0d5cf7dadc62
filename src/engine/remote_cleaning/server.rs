//! What a server does for cleaning: the [`Server`] trait, and helpers on top of it. Implemented by `spark::session`.

use std::fs::{self, File};
use std::path::Path;

use polars::prelude::*;

use super::files::RawFiles;
use crate::error::{Error, Result};
use crate::schema::contract::{TABLES, ZIP_LOCATION_COLUMNS};
use crate::store::url::is_url;
use crate::table::parquet::{parts, write_frame};

/// Runs SQL where the files are.
pub(crate) trait Server {
    /// Reports progress.
    fn progress(&self, step: &str);
    /// Creates a view for raw files: text columns named as in the header, and [`MALFORMED`](super::sql::MALFORMED).
    fn read(&self, name: &str, files: &RawFiles) -> Result<()>;
    /// Creates a view for a statement.
    fn view(&self, name: &str, statement: &str) -> Result<()>;
    /// Asks the server to cache a view until the end, if it can.
    fn cache(&self, name: &str) -> Result<()>;
    /// The rows of a statement, with all whole numbers as 64-bit; `failure` begins the message if the server refuses.
    fn rows(&self, failure: &str, statement: &str) -> Result<DataFrame>;
    /// Writes the rows of a statement into a folder of Parquet files.
    fn write(&self, name: &str, folder: &str, statement: &str) -> Result<()>;
    /// Creates a view for such a folder.
    fn open(&self, name: &str, folder: &str) -> Result<()>;
}

/// The folder for a clean table, as the server sees it: an absolute path or a URL.
pub type Folders<'a> = dyn Fn(&str) -> Result<String> + 'a;

/// Writes a clean table, and creates a view for it, which later statements read.
pub(super) fn write(server: &dyn Server, name: &str, to: &Folders<'_>, statement: &str) -> Result<()> {
    let folder = to(name)?;
    server.write(name, &folder, statement)?;
    // Sail writes no file if there are no rows.
    if !is_url(&folder) && parts(Path::new(&folder))?.is_empty() {
        let path = Path::new(&folder).join("0.parquet");
        fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
        write_frame(&empty(name), File::create(&path).map_err(Error::io("create", &path))?)?;
    }
    server.open(name, &folder)
}

/// A clean table without rows.
fn empty(name: &str) -> DataFrame {
    let columns: Vec<_> = match TABLES.iter().find(|table| table.name == name) {
        Some(table) => table.clean_columns().collect(),
        None => ZIP_LOCATION_COLUMNS.iter().collect(),
    };
    let fields = columns.into_iter().map(|column| Field::new(column.name.into(), column.kind.dtype()));
    DataFrame::empty_with_schema(&fields.collect::<Schema>())
}

/// Counts from a one-row answer, by column name; the null sum over no rows is 0.
pub(super) fn numbers<const N: usize>(answer: &DataFrame, names: [&str; N]) -> Result<[usize; N]> {
    let mut counts = [0; N];
    for (count, name) in counts.iter_mut().zip(names) {
        let found = answer.column(name)?.i64()?.get(0).unwrap_or(0);
        *count = usize::try_from(found).map_err(|_| Error::input(format!("the server counts {found} as `{name}`")))?;
    }
    Ok(counts)
}
