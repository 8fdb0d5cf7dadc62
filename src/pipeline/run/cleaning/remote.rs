//! Raw files, cleaned by a remote engine → clean files, staged like ours. One of the strategies of `strategy`.

use std::fs;
use std::sync::Arc;

use super::{Cleaned, TableFiles};
use crate::clean::Audit;
use crate::engine::remote_cleaning::Folders;
use crate::error::{Error, Result};
use crate::pipeline::outputs::load::{PLACES, Places};
use crate::pipeline::outputs::manifest::{OutputFile, to_json};
use crate::pipeline::outputs::staging::Staging;
use crate::pipeline::run::context::RunContext;
use crate::schema::contract::{TABLES, ZIP_LOCATIONS};
use crate::table::parquet;
use crate::{parallel, store};

/// The engine's clean tables: files on a path that both see, or tables in a store that both reach.
pub(super) fn clean(run: &RunContext) -> Result<Cleaned> {
    let (how, staging) = (&run.params.how, run.staging()?);
    let tables = || TABLES.iter().map(|table| table.name).chain([ZIP_LOCATIONS]);
    let clean = |to: &Folders<'_>| -> Result<Audit> {
        let progress = |what: &str| run.report_progress("clean", what);
        let audit = how.engine.clean(&*run.source()?, to, &how.cancel, &progress)?;
        run.identified(audit.inputs.iter().cloned());
        Ok(audit)
    };
    let (files, audit) = match &how.engine_store {
        Some(url) => {
            let store = store::open(url)?;
            let audit = clean(&|table| store.folder(table))?;
            let tables = tables().map(|table| Ok((table.to_string(), store.folder(table)?)));
            let places = Places { tables: tables.collect::<Result<_>>()?, inputs: audit.inputs.clone() };
            (vec![staging.write(PLACES, &to_json(&places))?], audit)
        }
        None => {
            let folder = staging.empty("clean")?;
            let folder = std::path::absolute(&folder).map_err(Error::io("create", &folder))?;
            let audit = clean(&|table| Ok(folder.join(table).display().to_string()))?;
            (parallel::map(tables(), |table| adopt(staging, table))?.concat(), audit)
        }
    };
    let files = Some(TableFiles::existing(files));
    Ok(Cleaned { audit: Arc::new(audit), tables: None, files, mart: None, merged: None })
}

/// Renames the files of a table as ours are named, numbered if there are several.
fn adopt(staging: &Staging, table: &str) -> Result<Vec<OutputFile>> {
    let folder = staging.path("clean").join(table);
    let parts = parquet::parts(&folder)?;
    let name = |i: usize| match parts.len() {
        1 => format!("clean/{table}.parquet"),
        _ => format!("clean/{table}/{i:05}.parquet"),
    };
    for (i, part) in parts.iter().enumerate() {
        let (from, to) = (folder.join(part), staging.path(&name(i)));
        fs::rename(&from, &to).map_err(Error::io("rename", &from))?;
    }
    // Drops the engine's own metadata files.
    if parts.len() == 1 {
        fs::remove_dir_all(&folder).map_err(Error::io("remove", &folder))?;
    }
    parallel::map(0..parts.len(), |i| staging.adopt(&name(i)))
}
