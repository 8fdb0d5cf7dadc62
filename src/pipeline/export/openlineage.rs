//! Finished run → OpenLineage run events: one START and one COMPLETE for each step that left files. Used by `pfe export contract`.
//!
//! Follows the OpenLineage specification 2-0-2 (`RunEvent`). Inputs and outputs are the files of the run, by their paths.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use crate::error::Result;
use crate::graph::Step;
use crate::pipeline::outputs::manifest::{Manifest, OutputFile};
use crate::schema::contract::TABLES;
use crate::schema::result_tables;

const PRODUCER: &str = concat!("urn:pfe:", env!("CARGO_PKG_VERSION"));
const EVENT: &str = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent";
const FACETS: &str = "https://openlineage.io/spec/facets";
const NAMESPACE: &str = "pfe";

/// The events of the finished run in `out`, which all carry `time`: a run records no clock.
///
/// # Errors
/// There is no finished run.
pub fn events(out: &Path, time: &str) -> Result<Vec<Value>> {
    let core = Manifest::load(out)?.core;
    let rows: BTreeMap<&str, &OutputFile> = core.outputs.iter().map(|file| (file.path.as_str(), file)).collect();
    let whole = uuid(&[&core.fingerprint]);
    let mut events = Vec::new();
    for record in &core.steps {
        let Some(step) = Step::named(&record.step) else { continue };
        let made: Vec<Value> =
            core.outputs.iter().filter(|file| step.makes_file(&file.path)).map(|file| dataset(file, true)).collect();
        let mut read: Vec<Value> = match step.id {
            // What the steps before it read passes in memory.
            "clean" => core.inputs.iter().map(|input| json!({ "namespace": NAMESPACE, "name": input.name })).collect(),
            _ => Vec::new(),
        };
        let files = record.parts.keys().filter_map(|part| part.strip_prefix("file "));
        read.extend(files.filter_map(|path| rows.get(path)).map(|file| dataset(file, false)));
        let run = uuid(&[&core.fingerprint, &record.key]);
        for kind in ["START", "COMPLETE"] {
            let is_end = kind == "COMPLETE";
            events.push(json!({
                "eventType": kind,
                "eventTime": time,
                "producer": PRODUCER,
                "schemaURL": EVENT,
                "run": {
                    "runId": run,
                    "facets": { "parent": facet("1-1-0/ParentRunFacet", "ParentRunFacet", json!({
                        "run": { "runId": whole },
                        "job": { "namespace": NAMESPACE, "name": "run" },
                    })) },
                },
                "job": {
                    "namespace": NAMESPACE,
                    "name": step.id,
                    "facets": { "documentation": facet("1-0-1/DocumentationJobFacet", "DocumentationJobFacet", json!({
                        "description": step.about,
                    })) },
                },
                "inputs": if is_end { read.clone() } else { Vec::new() },
                "outputs": if is_end { made.clone() } else { Vec::new() },
            }));
        }
    }
    Ok(events)
}

/// A file of the run, with its columns as declared, its version and, as an output, its size.
fn dataset(file: &OutputFile, is_output: bool) -> Value {
    let version = facet(
        "1-0-1/DatasetVersionDatasetFacet",
        "DatasetVersionDatasetFacet",
        json!({
            "datasetVersion": file.blake3,
        }),
    );
    let mut dataset = json!({ "namespace": NAMESPACE, "name": file.path, "facets": { "version": version } });
    let fields = columns(&file.path);
    if !fields.is_empty() {
        dataset["facets"]["schema"] =
            facet("1-1-1/SchemaDatasetFacet", "SchemaDatasetFacet", json!({ "fields": fields }));
    }
    if is_output {
        let mut statistics = json!({ "size": file.bytes });
        if let Some(rows) = &file.rows {
            statistics["rowCount"] = rows.count.into();
        }
        let statistics =
            facet("1-0-2/OutputStatisticsOutputDatasetFacet", "OutputStatisticsOutputDatasetFacet", statistics);
        dataset["outputFacets"] = json!({ "outputStatistics": statistics });
    }
    dataset
}

/// The declared columns of a file.
fn columns(path: &str) -> Vec<Value> {
    let field = |name: &str, kind: &str, doc: &str| json!({ "name": name, "type": kind, "description": doc });
    let name = path.split_once('.').map_or(path, |(name, _)| name);
    if let Some(table) = name.strip_prefix("tables/").and_then(result_tables::named) {
        let columns = table.columns.iter();
        return columns.map(|column| field(column.name, &format!("{:?}", column.kind), column.doc)).collect();
    }
    let table = name.strip_prefix("clean/").and_then(|name| name.split('/').next());
    let table = TABLES.iter().find(|declared| Some(declared.name) == table);
    let columns = table.into_iter().flat_map(|table| table.clean_columns());
    columns.map(|column| field(column.name, column.kind.name(), column.doc)).collect()
}

/// Adds to a facet what each has: who made it, and its definition.
fn facet(file: &str, name: &str, mut facet: Value) -> Value {
    facet["_producer"] = PRODUCER.into();
    facet["_schemaURL"] = format!("{FACETS}/{file}.json#/$defs/{name}").into();
    facet
}

/// A UUID (version 8) of these texts: equal runs have equal ones.
fn uuid(texts: &[&str]) -> String {
    let mut hasher = blake3::Hasher::new();
    for text in texts {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = bytes.map(|byte| format!("{byte:02x}")).concat();
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_of_version_8_and_differ() {
        let id = uuid(&["a", "bc"]);
        assert_eq!((id.len(), &id[14..15]), (36, "8"), "{id}");
        assert!(["8", "9", "a", "b"].contains(&&id[19..20]), "{id}");
        assert!(id == uuid(&["a", "bc"]) && id != uuid(&["ab", "c"]));
    }

    #[test]
    fn files_have_their_declared_columns() {
        assert_eq!(columns("clean/orders.parquet")[0]["name"], "order_id");
        assert_eq!(columns("clean/orders/2018-08.parquet").len(), columns("clean/orders.parquet").len());
        assert_eq!(columns("tables/payment_methods.csv")[0]["name"], "payment_type");
        assert!(columns("report.html").is_empty());
    }
}
