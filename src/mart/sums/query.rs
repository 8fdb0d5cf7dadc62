//! Tables of one range of orders → those of the steps, by polars' SQL. Used by `sums`.

use std::collections::BTreeMap;

use polars::prelude::*;
use polars::sql::SQLContext;

use super::codes::{self, DictionaryEncoding};
use crate::error::Result;
use crate::mart::steps::{STEPS, Step, StepRole, in_order};
use crate::parallel;

/// Runs the steps of some roles in parallel; they must not read each other. `codes` is the encoding of the texts in `tables`.
pub(super) fn run(
    tables: &BTreeMap<String, DataFrame>,
    codes: &DictionaryEncoding,
    kinds: &[StepRole],
) -> Result<BTreeMap<String, DataFrame>> {
    let run = |step: &Step| -> Result<(String, DataFrame)> {
        // A new context per step: a clone would share the names of subqueries.
        let mut sql = SQLContext::new();
        for (name, frame) in tables {
            sql.register(name, frame.clone().lazy());
        }
        let mut frame = sql.execute(&codes.in_sql(step.sql))?.collect()?;
        // Engines count in different widths.
        for column in frame.clone().columns() {
            if column.dtype().is_integer() && !codes::are_in(column.name()) {
                frame.with_column(column.cast(&DataType::Int64)?)?;
            }
        }
        let frame = if step.kind.adds_up() { in_order(frame, &step.key())? } else { frame };
        Ok((step.name.to_string(), frame))
    };
    let steps: Vec<&Step> = STEPS.iter().filter(|step| kinds.contains(&step.kind)).collect();
    Ok(parallel::map(steps, run)?.into_iter().collect())
}
