//! Raw files that an engine elsewhere cleans → its files, staged as ours are. Used by `flow` and `keep`.

use std::fs;
use std::sync::Arc;

use super::flow::Flow;
use super::manifest::OutputFile;
use crate::data::contract::{TABLES, ZIP_LOCATIONS};
use crate::data::read::InputFile;
use crate::data::{Audit, TableId, parquet};
use crate::error::{Error, Result};
use crate::parallel;

/// What the engine has left.
pub(super) struct Elsewhere {
    pub(super) files: Vec<OutputFile>,
    pub(super) audit: Audit,
}

impl Flow {
    /// Whether raw rows do not pass through this process. Those that are shuffled to prove something must.
    pub(super) fn cleans_elsewhere(&self) -> bool {
        self.params.how.engine_cleans && self.params.how.shuffle.is_none()
    }

    /// What the input files are, in the words of the engine.
    pub(super) fn identify_elsewhere(&self) -> Result<Vec<(TableId, InputFile)>> {
        let how = &self.params.how;
        how.engine.identify(&*self.source()?, &how.cancel, &|table| self.say("identify", table))
    }

    /// What the engine makes of the raw files.
    pub(super) fn elsewhere(&self) -> Result<Arc<Elsewhere>> {
        self.elsewhere.get(|| {
            let (how, staging) = (&self.params.how, self.staging()?);
            let folder = staging.path("clean");
            // Of an attempt that did not end.
            if folder.exists() {
                fs::remove_dir_all(&folder).map_err(Error::io("remove", &folder))?;
            }
            fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
            let folder = std::path::absolute(&folder).map_err(Error::io("create", &folder))?;
            let audit = how.engine.clean(&*self.source()?, &folder, &how.cancel, &|table| self.say("clean", table))?;
            self.identified(audit.inputs.iter().cloned());
            let tables = TABLES.iter().map(|table| table.name).chain([ZIP_LOCATIONS]);
            let files = parallel::map(tables, |table| self.adopt(table))?.concat();
            Ok(Elsewhere { files, audit })
        })
    }

    /// The files of a table under the names that ours have, or numbered where there are several.
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
        // Notes of the engine's own.
        if parts.len() == 1 {
            fs::remove_dir_all(&folder).map_err(Error::io("remove", &folder))?;
        }
        parallel::map(0..parts.len(), |i| staging.adopt(&name(i)))
    }
}
