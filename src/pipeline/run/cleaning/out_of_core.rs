//! Input larger than memory → clean files, audit and mart, in one pass over ranges of orders. One of the strategies of `strategy`.

use std::sync::Arc;

use polars::prelude::{DataFrame, Schema};

use super::{Cleaned, TableFiles};
use crate::clean::partition::by_month;
use crate::clean::partition::ranges::{Shards, TakeRows, load_in_shards};
use crate::error::Result;
use crate::mart::{Unfinished, mart_in_shards};
use crate::parallel;
use crate::pipeline::outputs::staging::streaming::StreamingParquetWriter;
use crate::pipeline::run::context::RunContext;
use crate::table::parquet::PerTable;

/// Passes over the input once. Fresh clean files are not written again.
pub(super) fn clean(run: &RunContext, ranges: usize) -> Result<Cleaned> {
    let (staging, source) = (run.staging()?, run.source()?);
    let how = Shards { ranges, scratch: staging.scratch(), memory: run.params.how.memory };
    let pass = |rows: &TakeRows<'_>| -> Result<_> {
        // A remote engine reads the files.
        if run.params.how.engine.is_remote() {
            return Ok((None, load_in_shards(&source, &how, rows, &|_| Ok(()))?));
        }
        let (sums, audit) = mart_in_shards(&source, &how, rows)?;
        Ok((Some(sums), audit))
    };
    let (files, sums, audit) = if run.reused("clean").is_some() {
        let (sums, audit) = pass(&|_, _, _| Ok(()))?;
        (Vec::new(), sums, audit)
    } else {
        let create =
            |name: &str, schema: &Schema| StreamingParquetWriter::new(staging, format!("clean/{name}.parquet"), schema);
        let files = PerTable::new(create);
        let append = |name: &str, rows: &DataFrame| files.with(name, rows.schema(), |file| file.append(rows));
        let (sums, audit) = pass(&|name, rows, months| match months.filter(|_| run.params.monthly) {
            Some(of_rows) => {
                let mut months = by_month::split(rows, of_rows)?.into_iter();
                months.try_for_each(|(month, rows)| append(&format!("{name}/{month}"), &rows))
            }
            None => append(name, rows),
        })?;
        run.identified(audit.inputs.iter().cloned());
        // Files are finished before aggregation, which needs the memory of their pending rows.
        (parallel::map(files.into_tables(), |(_, file)| file.finish())?, sums, audit)
    };
    Ok(Cleaned {
        audit: Arc::new(audit),
        tables: None,
        files: Some(TableFiles::existing(files)),
        mart: sums.map(Unfinished::finish).transpose()?,
        merged: None,
    })
}
