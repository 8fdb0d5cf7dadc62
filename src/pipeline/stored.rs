//! Files of an earlier run → values, as the step that wrote them computed them. Used by `flow`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use polars::prelude::DataFrame;

use crate::data::Audit;
use crate::data::contract::TABLES;
use crate::data::parquet::read_frame;
use crate::data::read::Quarantined;
use crate::error::{Error, Result};
use crate::mart::engine;
use crate::parallel;
use crate::store;

/// The Parquet files among those of a step (path in the output folder, place), by name.
pub(super) fn frames(files: &[(&str, PathBuf)]) -> Result<BTreeMap<String, DataFrame>> {
    let named = files.iter().filter_map(|(path, place)| {
        let (_, name) = path.strip_suffix(".parquet")?.rsplit_once('/')?;
        Some((name.to_string(), place))
    });
    Ok(parallel::map(named, |(name, place)| Ok((name, read_frame(place)?)))?.into_iter().collect())
}

/// Where an engine elsewhere finds the clean tables that the mart reads, by table: in these files of a run, or in a store,
/// to which they are copied.
///
/// # Errors
/// A file cannot be read, or the store refuses or is none that engines read.
pub(super) fn places(files: &[(&str, PathBuf)], shared: Option<&str>) -> Result<BTreeMap<String, String>> {
    let store = shared.map(store::open).transpose()?;
    let named = |(path, file): &(&str, PathBuf)| {
        let table = path.strip_prefix("clean/")?.strip_suffix(".parquet")?;
        engine::is_read(table).then(|| (table.to_string(), file.clone()))
    };
    let place = |(table, file): (String, PathBuf)| {
        let place = match &store {
            Some(store) => store.share(&table, &read_frame(&file)?)?,
            None => std::path::absolute(&file).map_err(Error::io("read", &file))?.display().to_string(),
        };
        Ok((table, place))
    };
    files.iter().filter_map(named).map(place).collect()
}

/// What cleaning wrote of what it did, with the rows that it set aside.
pub(super) fn audit(files: &[(&str, PathBuf)]) -> Result<Audit> {
    let mut audit = Audit::default();
    let mut aside: BTreeMap<&str, Vec<Quarantined>> = BTreeMap::new();
    for (path, place) in files {
        let damaged = |e: &dyn std::fmt::Display| {
            Error::input(format!("cannot read `{}`: {e}", place.display())).with_hint("run `pfe run` again")
        };
        if *path == "audit.json" {
            let text = std::fs::read(place).map_err(Error::io("read", place))?;
            audit = serde_json::from_slice(&text).map_err(|e| damaged(&e))?;
        } else if let Some(table) = path.strip_prefix("quarantine/").and_then(|path| path.strip_suffix(".csv")) {
            let mut reader = csv::Reader::from_path(place).map_err(|e| damaged(&e))?;
            let rows: Result<_, csv::Error> = reader.deserialize().collect();
            aside.insert(table, rows.map_err(|e| damaged(&e))?);
        }
    }
    // In the order in which cleaning lists them: tables by the contract, then what is made of them.
    for name in TABLES.iter().map(|table| table.name) {
        audit.quarantine.extend(aside.remove(name).map(|rows| (name.to_string(), rows)));
    }
    audit.quarantine.extend(aside.into_iter().map(|(name, rows)| (name.to_string(), rows)));
    Ok(audit)
}
