//! Raw files, cleaned by a remote engine → clean files, staged like ours. Used by `materialized` and `outputs::persist`.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::context::RunContext;
use crate::clean::Audit;
use crate::engine::remote_cleaning::Folders;
use crate::error::{Error, Result};
use crate::input::identity::InputFile;
use crate::pipeline::outputs::manifest::{OutputFile, to_json};
use crate::schema::TableId;
use crate::schema::contract::{TABLES, ZIP_LOCATIONS};
use crate::table::parquet;
use crate::{parallel, store};

/// File that stands for clean tables kept in a store.
pub(crate) const PLACES: &str = "clean/places.json";

/// Where clean tables outside the output folder are, and from which inputs they were made, so that readers notice a change.
#[derive(Serialize, Deserialize)]
pub(crate) struct Places {
    /// Paths or URLs as the engine sees them, by table.
    pub(crate) tables: BTreeMap<String, String>,
    inputs: Vec<InputFile>,
}

/// What the remote engine has left.
pub(crate) struct RemoteCleaning {
    pub(crate) files: Vec<OutputFile>,
    pub(crate) audit: Audit,
}

impl RunContext {
    /// Whether the remote engine cleans, so that raw rows do not pass through this process. Shuffled rows must pass.
    pub(crate) fn cleans_remotely(&self) -> bool {
        self.params.how.engine_cleans && self.params.how.shuffle.is_none()
    }

    /// Identities of the input files, as the engine reports them.
    pub(crate) fn identify_remotely(&self) -> Result<Vec<(TableId, InputFile)>> {
        let how = &self.params.how;
        how.engine.identify(&*self.source()?, &how.cancel, &|table| self.report_progress("identify", table))
    }

    /// The engine's clean tables: files on a path that both see, or tables in a store that both reach.
    pub(crate) fn remote(&self) -> Result<Arc<RemoteCleaning>> {
        self.values.remote.get(|| {
            let (how, staging) = (&self.params.how, self.staging()?);
            let tables = || TABLES.iter().map(|table| table.name).chain([ZIP_LOCATIONS]);
            let clean = |to: &Folders<'_>| -> Result<Audit> {
                let progress = |what: &str| self.report_progress("clean", what);
                let audit = how.engine.clean(&*self.source()?, to, &how.cancel, &progress)?;
                self.identified(audit.inputs.iter().cloned());
                Ok(audit)
            };
            if let Some(url) = &how.engine_store {
                let store = store::open(url)?;
                let audit = clean(&|table| store.folder(table))?;
                let tables = tables().map(|table| Ok((table.to_string(), store.folder(table)?)));
                let places = Places { tables: tables.collect::<Result<_>>()?, inputs: audit.inputs.clone() };
                return Ok(RemoteCleaning { files: vec![staging.write(PLACES, &to_json(&places))?], audit });
            }
            let folder = staging.empty("clean")?;
            let folder = std::path::absolute(&folder).map_err(Error::io("create", &folder))?;
            let audit = clean(&|table| Ok(folder.join(table).display().to_string()))?;
            let files = parallel::map(tables(), |table| self.adopt(table))?.concat();
            Ok(RemoteCleaning { files, audit })
        })
    }

    /// Renames the files of a table as ours are named, numbered if there are several.
    fn adopt(&self, table: &str) -> Result<Vec<OutputFile>> {
        let staging = self.staging()?;
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
}
