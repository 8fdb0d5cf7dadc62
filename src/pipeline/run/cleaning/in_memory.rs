//! Raw tables → clean tables, all in memory. One of the strategies of `strategy`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Cleaned;
use crate::clean;
use crate::error::Result;
use crate::input::RawTables;
use crate::input::read::read_tables;
use crate::parallel::{self, lock};
use crate::pipeline::run::context::RunContext;
use crate::pipeline::run::shuffle;
use crate::schema::TableId;
use crate::schema::contract::TABLES;

/// Cleans the tables that the reading steps have left, and reads the others.
pub(super) fn clean(run: &RunContext) -> Result<Cleaned> {
    let (tables, audit) = clean::clean(raw(run)?)?;
    Ok(Cleaned { audit: Arc::new(audit), tables: Some(Arc::new(tables)), files: None, mart: None, merged: None })
}

fn raw(run: &RunContext) -> Result<RawTables> {
    let source = run.source()?;
    let mut read = std::mem::take(&mut *lock(&run.values.raw));
    let missing: Vec<TableId> = TABLES.iter().map(|t| t.id).filter(|id| !read.contains_key(id)).collect();
    read.extend(parallel::map(missing, |id| Ok((id, read_tables(&source, &[id])?)))?);
    let mut raw = RawTables { tables: BTreeMap::new(), warnings: Vec::new() };
    for part in read.into_values() {
        raw.tables.extend(part.tables);
        raw.warnings.extend(part.warnings);
    }
    run.identified(raw.tables.values().map(|table| table.file.clone()));
    match run.params.how.shuffle {
        Some(seed) => shuffle::raw(raw, seed),
        None => Ok(raw),
    }
}
