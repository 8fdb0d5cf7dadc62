//! Files of an earlier run → values, equal to those that the step computed. Next: `run::materialized`.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::{Path, PathBuf};

use polars::prelude::DataFrame;
use serde::{Deserialize, Serialize};

use super::manifest::{Manifest, listed};
use crate::clean::Audit;
use crate::error::{Error, Result};
use crate::input::identity::InputFile;
use crate::input::quarantine::Quarantined;
use crate::mart::long_table::LongTable;
use crate::mart::{LONG, SalesMart};
use crate::models::SupplyIndicators;
use crate::pipeline::export::spreadsheet;
use crate::schema::contract::{TABLES, TableId};
use crate::table::parquet::{read_frame, stack};
use crate::{engine, parallel, store};

/// File with the sellers' shares and the shares of inactive products.
pub(crate) const SUPPLY: &str = "models/supply.parquet";

/// File that stands for clean tables kept in a store.
pub(crate) const PLACES: &str = "clean/places.json";

/// Where clean tables outside the output folder are, and from which inputs they were made, so that readers notice a change.
#[derive(Serialize, Deserialize)]
pub(crate) struct Places {
    /// Paths or URLs as the engine sees them, by table.
    pub(crate) tables: BTreeMap<String, String>,
    pub(crate) inputs: Vec<InputFile>,
}

/// Tables among the files of a step (path in the output folder, place on disk), by name. A table in several files is
/// concatenated in the order of their names.
pub(crate) fn frames(files: &[(&str, PathBuf)]) -> Result<BTreeMap<String, DataFrame>> {
    let tables = files.iter().filter(|(path, _)| !path.starts_with("references/"));
    let named = tables.filter_map(|(path, place)| Some((name_of(path)?, place)));
    joined(parallel::map(named, |(name, place)| Ok((name.to_string(), read_frame(place)?)))?)
}

/// The clean tables of the finished run in `out`, by name. Reads only files that the manifest lists.
///
/// # Errors
/// There is no finished run, it keeps its tables in a store, or a file is missing or unreadable.
pub(crate) fn clean_tables(out: &Path) -> Result<BTreeMap<String, DataFrame>> {
    let outputs = Manifest::load(out)?.core.outputs;
    let clean = outputs.iter().filter(|file| file.path.starts_with("clean/"));
    let placed: Vec<(&str, PathBuf)> =
        clean.map(|file| Ok((file.path.as_str(), listed(out, &file.path)?))).collect::<Result<_>>()?;
    match placed.iter().find(|(path, _)| *path == PLACES) {
        None => frames(&placed),
        Some(_) => {
            Err(Error::input(format!("an engine elsewhere keeps the cleaned tables of the run in `{}`", out.display()))
                .with_hint("run it without `--engine-cleans`"))
        }
    }
}

/// The mart among the files of a step. The rows of its long tables are read on first use.
pub(crate) fn mart(files: &[(&str, PathBuf)]) -> Result<SalesMart> {
    let is_of = |path: &str, table: &str| name_of(path).is_some_and(|name| name.split('/').next() == Some(table));
    let month = |path: &str| Some(name_of(path)?.split_once('/').map_or_else(String::new, |(_, month)| month.into()));
    let open = |table: &'static str| {
        let files = files.iter().filter(|(path, _)| is_of(path, table));
        Ok((table, LongTable::open(files.filter_map(|(path, place)| Some((month(path)?, place.as_path()))))?))
    };
    let is_short = |(path, _): &&(&str, PathBuf)| !LONG.iter().any(|table| is_of(path, table));
    let short: Vec<_> = files.iter().filter(is_short).cloned().collect();
    SalesMart::with(frames(&short)?, LONG.into_iter().map(open).collect::<Result<_>>()?)
}

/// The supply indicators that a run has left.
pub(crate) fn supply(files: &[(&str, PathBuf)]) -> Result<SupplyIndicators> {
    match files.iter().find(|(path, _)| *path == SUPPLY) {
        Some((_, place)) => SupplyIndicators::from_frame(&read_frame(place)?),
        None => Err(Error::input(format!("there is no `{SUPPLY}`")).with_hint("run `pfe run` again")),
    }
}

/// Tables from named files: `orders`, or `orders/2018-08` for a table in several files.
fn joined(files: impl IntoIterator<Item = (String, DataFrame)>) -> Result<BTreeMap<String, DataFrame>> {
    let mut tables: BTreeMap<String, Vec<DataFrame>> = BTreeMap::new();
    for (name, frame) in files {
        tables.entry(name.split('/').next().unwrap_or(&name).into()).or_default().push(frame);
    }
    tables.into_iter().map(|(name, frames)| Ok((name, stack(frames)?))).collect()
}

/// Name of a Parquet file in the folder of a step: `orders/2018-08` of `clean/orders/2018-08.parquet`.
fn name_of(path: &str) -> Option<&str> {
    Some(path.strip_suffix(".parquet")?.split_once('/')?.1)
}

/// Where a remote engine finds the clean tables that the mart reads, by table: where the engine itself left them, in these
/// files of a run, or in the store `shared`, to which they are copied.
///
/// # Errors
/// A file cannot be read, or the store refuses or is of a kind that engines cannot read.
pub(crate) fn places(files: &[(&str, PathBuf)], shared: Option<&str>) -> Result<BTreeMap<String, String>> {
    if let Some((_, path)) = files.iter().find(|(path, _)| *path == PLACES) {
        let text = std::fs::read(path).map_err(Error::io("read", path))?;
        let stored: Places = serde_json::from_slice(&text).map_err(|e| damaged(path, &e))?;
        return Ok(stored.tables.into_iter().filter(|(table, _)| engine::is_read(table)).collect());
    }
    let store = shared.map(store::open).transpose()?;
    let mut tables: BTreeMap<&str, Vec<&(&str, PathBuf)>> = BTreeMap::new();
    for file in files.iter().filter(|(path, _)| path.starts_with("clean/")) {
        let table = name_of(file.0).and_then(|name| name.split('/').next());
        if let Some(table) = table.filter(|table| engine::is_read(table)) {
            tables.entry(table).or_default().push(file);
        }
    }
    let place = |(table, files): (&str, Vec<&(&str, PathBuf)>)| {
        if let Some(store) = &store {
            let rows = frames(&files.into_iter().cloned().collect::<Vec<_>>())?;
            return Ok((table.to_string(), store.share(table, &rows[table])?));
        }
        let file = files[0].1.as_path();
        // Engines read a folder of files as one table.
        let place = if files.len() > 1 { file.parent().unwrap_or(file) } else { file };
        let place = std::path::absolute(place).map_err(Error::io("read", place))?;
        Ok((table.to_string(), place.display().to_string()))
    };
    tables.into_iter().map(place).collect()
}

/// The audit that cleaning wrote, with the quarantined rows.
pub(crate) fn audit(files: &[(&str, PathBuf)]) -> Result<Audit> {
    let mut audit = Audit::default();
    let mut quarantine: BTreeMap<&str, Vec<Quarantined>> = BTreeMap::new();
    for (path, place) in files {
        let damaged = |e: &dyn Display| damaged(place, e);
        if *path == "audit.json" {
            let text = std::fs::read(place).map_err(Error::io("read", place))?;
            audit = serde_json::from_slice(&text).map_err(|e| damaged(&e))?;
        } else if let Some(table) = path.strip_prefix("quarantine/").and_then(|path| path.strip_suffix(".csv")) {
            let mut reader = csv::Reader::from_path(place).map_err(|e| damaged(&e))?;
            let names = reader.headers().map_err(|e| damaged(&e))?.clone();
            let row = |record: Result<csv::StringRecord, csv::Error>| {
                let cells: csv::StringRecord = record?.iter().map(|cell| spreadsheet::raw(cell).into_owned()).collect();
                cells.deserialize(Some(&names))
            };
            let rows: Result<_, csv::Error> = reader.records().map(row).collect();
            quarantine.insert(table, rows.map_err(|e| damaged(&e))?);
        }
    }
    for (key, table) in counted(files) {
        let rows = read_frame(table)?;
        audit.referring.insert(key, rows.column("rows")?.i64()?.iter().flatten().map(|rows| rows as usize).collect());
    }
    // In the order of cleaning: tables by the contract, then the tables derived from them.
    for name in TABLES.iter().map(|table| table.name) {
        audit.quarantine.extend(quarantine.remove(name).map(|rows| (name.to_string(), rows)));
    }
    audit.quarantine.extend(quarantine.into_iter().map(|(name, rows)| (name.to_string(), rows)));
    Ok(audit)
}

fn damaged(place: &Path, e: &dyn Display) -> Error {
    Error::input(format!("cannot read `{}`: {e}", place.display())).with_hint("run `pfe run` again")
}

/// The files that count how many rows refer to each value of the short tables.
fn counted<'a>(files: &'a [(&str, PathBuf)]) -> impl Iterator<Item = ((TableId, &'static str), &'a PathBuf)> {
    files.iter().filter_map(|(path, place)| {
        let (table, column) = path.strip_prefix("references/")?.strip_suffix(".parquet")?.split_once('.')?;
        let table = TABLES.iter().find(|declared| declared.name == table)?;
        let key = table.foreign_keys.iter().find(|key| key.column == column)?;
        Some(((table.id, key.column), place))
    })
}
