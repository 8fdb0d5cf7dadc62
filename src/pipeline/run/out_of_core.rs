//! Input larger than memory → clean files, audit and mart, in one pass over ranges of orders. Used by `materialized`.

use std::sync::Arc;

use polars::prelude::{DataFrame, Schema};

use super::context::RunContext;
use crate::clean::Audit;
use crate::clean::partition::by_month;
use crate::clean::partition::ranges::{Shards, TakeRows, load_in_shards};
use crate::error::Result;
use crate::mart::{SalesMart, Unfinished, mart_in_shards};
use crate::parallel;
use crate::pipeline::outputs::manifest::OutputFile;
use crate::pipeline::outputs::staging::streaming::StreamingParquetWriter;
use crate::table::parquet::PerTable;

/// The result of one pass over the input.
pub(crate) struct OutOfCore {
    /// The clean tables, staged; empty if an earlier run's are reused.
    pub(crate) files: Vec<OutputFile>,
    pub(crate) audit: Audit,
    /// `None` if a remote engine makes it.
    pub(crate) mart: Option<SalesMart>,
}

impl RunContext {
    /// Number of ranges of orders that pass through memory. 1 for shuffled rows, which must stay together, and for rows
    /// that a remote engine cleans.
    pub(crate) fn ranges(&self) -> Result<usize> {
        let count = || Ok(Shards::within(self.params.how.memory, self.source()?.bytes()?));
        let whole = self.params.how.shuffle.is_some() || self.cleans_remotely();
        if whole { Ok(1) } else { self.values.ranges.get(count).map(|ranges| *ranges) }
    }

    /// The result of the pass, if the input is too large for memory. Fresh files are not written again.
    pub(crate) fn out_of_core(&self) -> Result<Option<Arc<OutOfCore>>> {
        if self.ranges()? == 1 || self.incremental()?.is_some() {
            return Ok(None);
        }
        self.values.out_of_core.get(|| self.pass()).map(Some)
    }

    fn pass(&self) -> Result<OutOfCore> {
        let staging = self.staging()?;
        let how = Shards { ranges: self.ranges()?, scratch: staging.scratch() };
        let source = self.source()?;
        let pass = |rows: &TakeRows<'_>| -> Result<_> {
            // A remote engine reads the files.
            if self.params.how.engine.is_remote() {
                return Ok((None, load_in_shards(&source, &how, rows, &|_| Ok(()))?));
            }
            let (sums, audit) = mart_in_shards(&source, &how, rows)?;
            Ok((Some(sums), audit))
        };
        if self.reused("clean").is_some() {
            let (sums, audit) = pass(&|_, _, _| Ok(()))?;
            return Ok(OutOfCore { files: Vec::new(), audit, mart: sums.map(Unfinished::finish).transpose()? });
        }
        let create =
            |name: &str, schema: &Schema| StreamingParquetWriter::new(staging, format!("clean/{name}.parquet"), schema);
        let files = PerTable::new(create);
        let append = |name: &str, rows: &DataFrame| files.with(name, rows.schema(), |file| file.append(rows));
        let (sums, audit) = pass(&|name, rows, months| match months.filter(|_| self.params.monthly) {
            Some(of_rows) => {
                let mut months = by_month::split(rows, of_rows)?.into_iter();
                months.try_for_each(|(month, rows)| append(&format!("{name}/{month}"), &rows))
            }
            None => append(name, rows),
        })?;
        // Files are finished before aggregation, which needs the memory of their pending rows.
        let files = parallel::map(files.into_tables(), |(_, file)| file.finish())?;
        let mart = sums.map(Unfinished::finish).transpose()?;
        self.identified(audit.inputs.iter().cloned());
        Ok(OutOfCore { files, audit, mart })
    }
}
