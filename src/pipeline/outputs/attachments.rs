//! Results → attachments of the PDF and downloads of the HTML: the tables and the origin of the analysis.

use std::collections::BTreeMap;

use polars::prelude::DataFrame;
use serde_json::json;

use super::csv_of_results;
use super::manifest::to_json;
use crate::error::Result;
use crate::pipeline::export::spreadsheet;
use crate::report::{Attachment, Lang};
use crate::results::{CODE, Results};
use crate::schema::result_tables::{self, TextTable};

/// The result tables as frames, by name: what queries of a user's own chapters read beside the mart.
///
/// # Errors
/// The mart is incomplete.
pub(crate) fn frames(results: &Results) -> Result<BTreeMap<String, DataFrame>> {
    let frame = |(name, rows): (&str, TextTable)| {
        let declared = result_tables::named(name)?;
        Some(declared.frame(&rows[1..]).map(|frame| (name.to_string(), frame)))
    };
    csv_of_results::all(results)?.into_iter().filter_map(frame).collect()
}

/// Attachments of a [`Document`](crate::report::Document): the tables as written, then `run.json` without its outputs,
/// since the report is one of them.
///
/// # Errors
/// The mart is incomplete.
pub fn all(results: &Results) -> Result<Vec<Attachment>> {
    let [table, run] = match results.parameters.lang {
        Lang::Fr => ["table de résultats", "paramètres et empreintes"],
        Lang::En => ["table of results", "parameters and fingerprints"],
        Lang::Pt => ["tabela de resultados", "parâmetros e hashes"],
    };
    let tables = csv_of_results::all(results)?.into_iter().map(|(name, rows)| Attachment {
        name: format!("{name}.csv"),
        mime: "text/csv".into(),
        description: table.into(),
        bytes: spreadsheet::csv(&rows),
    });
    let mut files: Vec<Attachment> = tables.collect();
    let core = json!({
        "pfe": env!("CARGO_PKG_VERSION"),
        "code": CODE,
        "fingerprint": results.fingerprint(),
        "parameters": results.parameters,
        "inputs": results.audit.inputs,
    });
    files.push(Attachment {
        name: "run.json".into(),
        mime: "application/json".into(),
        description: run.into(),
        bytes: to_json(&json!({ "core": core })),
    });
    Ok(files)
}
