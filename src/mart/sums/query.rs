//! Tables of one range of orders → those of the queries, by polars' SQL. Used by `sums`.

use std::collections::BTreeMap;

use polars::prelude::*;
use polars::sql::SQLContext;

use super::codes::{self, DictionaryEncoding};
use crate::error::Result;
use crate::mart::queries::{Query, QueryRole, in_order};
use crate::parallel;

/// Runs those of the queries that have some roles in parallel; they must not read each other. `codes` is the encoding of the texts in `tables`.
pub(super) fn run(
    queries: &'static [Query],
    tables: &BTreeMap<String, DataFrame>,
    codes: &DictionaryEncoding,
    kinds: &[QueryRole],
) -> Result<BTreeMap<String, DataFrame>> {
    let run = |query: &Query| -> Result<(String, DataFrame)> {
        // A new context per query: a clone would share the names of subqueries.
        let mut sql = SQLContext::new();
        for (name, frame) in tables {
            sql.register(name, frame.clone().lazy());
        }
        let mut frame = sql.execute(&codes.in_sql(query.sql))?.collect()?;
        // Engines count in different widths.
        for column in frame.clone().columns() {
            if column.dtype().is_integer() && !codes::are_in(column.name()) {
                frame.with_column(column.cast(&DataType::Int64)?)?;
            }
        }
        let frame = if query.kind.adds_up() { in_order(frame, &query.key())? } else { frame };
        Ok((query.name.to_string(), frame))
    };
    let queries: Vec<&Query> = queries.iter().filter(|query| kinds.contains(&query.kind)).collect();
    Ok(parallel::map(queries, run)?.into_iter().collect())
}
