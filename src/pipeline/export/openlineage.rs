//! Finished run → OpenLineage events: for the run and each of its steps, one START and one COMPLETE. Behind `pfe export contract`.
//!
//! Follows <https://openlineage.io/spec/2-0-2/OpenLineage.json>. Everything comes from `run.json` and the graph; equal runs give equal
//! events. The time is that which the caller names: a run records none.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

use super::objects::{self, Object};
use crate::error::{Error, Result};
use crate::graph::{STEPS, Step};
use crate::input::identity::InputFile;
use crate::pipeline::outputs::manifest::{Core, DATA, Manifest, OutputFile};
use crate::schema::contract::{Column, TABLES};
use crate::schema::ddl::{Dialect, Stage};
use crate::text::escaped_json;

/// The program, as the events name it.
const PRODUCER: &str = concat!("urn:pfe:", env!("CARGO_PKG_VERSION"));
/// The job of the whole run, above those of the steps.
const RUN: &str = "run";

/// Whose events, and as of when.
#[derive(Debug, Clone)]
pub struct EventParams<'a> {
    /// Time of all events.
    pub time: DateTime<Utc>,
    /// Namespace of jobs and datasets.
    pub namespace: &'a str,
}

/// The events of the finished run in `out`, one JSON object per line.
///
/// # Errors
/// There is no finished run, or its manifest is damaged.
pub fn events(out: &Path, params: &EventParams<'_>) -> Result<String> {
    let core = Manifest::load(out)?.core;
    let events = Events { params, core: &core, tables: tables()? };
    // Names of files are foreign text.
    Ok(events.all().iter().map(|event| format!("{}\n", escaped_json(&event.to_string()))).collect())
}

/// Parses the time of an event: RFC 3339, or the seconds of `SOURCE_DATE_EPOCH`.
///
/// # Errors
/// Neither is given, or the one that counts is not valid.
pub fn event_time(rfc3339: Option<&str>, source_date_epoch: Option<&str>) -> Result<DateTime<Utc>> {
    let invalid = |name: &str, text: &str, form: &str| {
        Error::input(format!("`{}` is no time for `{name}`", text.escape_debug())).with_hint(format!("give {form}"))
    };
    match (rfc3339, source_date_epoch) {
        (Some(text), _) => DateTime::parse_from_rfc3339(text)
            .map(|time| time.to_utc())
            .map_err(|_| invalid("--event-time", text, "RFC 3339, such as 2018-09-03T12:00:00Z")),
        (None, Some(text)) => text
            .parse()
            .ok()
            .and_then(|seconds| DateTime::from_timestamp(seconds, 0))
            .ok_or_else(|| invalid("SOURCE_DATE_EPOCH", text, "whole seconds since 1970")),
        (None, None) => Err(Error::input("events need a time, and a run records none")
            .with_hint("give `--event-time`, such as 2018-09-03T12:00:00Z, or set SOURCE_DATE_EPOCH")),
    }
}

/// Whether `text` begins as events of ours do.
pub fn is_ours(text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    let event: Value = serde_json::from_str(first).unwrap_or_default();
    event["producer"].as_str().is_some_and(|producer| producer.starts_with("urn:pfe:"))
}

/// The declared tables by the name of their dataset. Types are those of PostgreSQL.
fn tables() -> Result<BTreeMap<String, Object>> {
    let dataset = |object: &Object| match object.group {
        objects::Group::Cleaned => format!("clean/{}", object.name),
        objects::Group::Mart => format!("mart/{}", object.name),
        objects::Group::Results => format!("tables/{}.csv", object.name),
    };
    Ok(objects::all(Dialect::Postgres)?.into_iter().map(|object| (dataset(&object), object)).collect())
}

/// Name of the dataset that a file of the output folder belongs to: a table in one file per month is one dataset.
fn dataset_of(path: &str) -> &str {
    let table = path.strip_prefix("clean/").or_else(|| path.strip_prefix("mart/"));
    let Some(table) = table else { return path };
    let folder = path.len() - table.len();
    let end = table.find('/').or_else(|| table.strip_suffix(".parquet").map(str::len)).unwrap_or(table.len());
    &path[..folder + end]
}

/// A hash as a UUID of version 8, whose bits an application may choose.
fn uuid(parts: [&str; 2]) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    let mut bytes = [0; 16];
    hasher.finalize_xof().fill(&mut bytes);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

/// A facet of the specification.
fn facet(schema: &str, mut fields: Value) -> Value {
    fields["_producer"] = json!(PRODUCER);
    let name = schema.rsplit_once('/').map_or(schema, |(_, name)| name);
    fields["_schemaURL"] = json!(format!("https://openlineage.io/spec/facets/{schema}.json#/$defs/{name}"));
    fields
}

struct Events<'a> {
    params: &'a EventParams<'a>,
    core: &'a Core,
    tables: BTreeMap<String, Object>,
}

impl Events<'_> {
    fn all(&self) -> Vec<Value> {
        let steps: Vec<&Step> = STEPS.iter().filter(|step| self.took_part(step)).collect();
        let mut events = vec![self.run("START")];
        for step in steps {
            let (inputs, outputs) = (self.inputs(step), self.outputs(step));
            events.extend(["START", "COMPLETE"].map(|kind| {
                let (inputs, outputs) = (inputs.clone(), outputs.clone());
                let parent = json!({ "run": { "runId": self.run_id(RUN) }, "job": self.job_name(RUN) });
                let facets = json!({ "parent": facet("1-2-0/ParentRunFacet", parent) });
                self.event(kind, step.id, step.about, facets, [inputs, outputs])
            }));
        }
        events.push(self.run("COMPLETE"));
        events
    }

    /// Whether the run has files of the step, or the step passes its rows on in memory.
    fn took_part(&self, step: &Step) -> bool {
        !step.has_outputs() || self.core.outputs.iter().any(|file| step.makes_file(&file.path))
    }

    fn run(&self, kind: &str) -> Value {
        self.event(kind, RUN, "all steps of a run", json!({}), [Vec::new(), Vec::new()])
    }

    fn run_id(&self, job: &str) -> String {
        uuid([&self.core.fingerprint, job])
    }

    fn job_name(&self, job: &str) -> Value {
        json!({ "namespace": self.params.namespace, "name": job })
    }

    fn event(&self, kind: &str, id: &str, about: &str, mut run: Value, [inputs, outputs]: [Vec<Value>; 2]) -> Value {
        let mut job = self.job_name(id);
        job["facets"] = json!({
            "documentation": facet("1-1-0/DocumentationJobFacet", json!({ "description": about })),
            "jobType": facet("2-0-4/JobTypeJobFacet", json!({
                "processingType": "BATCH",
                "integration": "PFE",
                "jobType": if id == RUN { "PIPELINE" } else { "STEP" },
            })),
        });
        let engine = json!({ "version": self.core.pfe, "name": "pfe" });
        run["processing_engine"] = facet("1-1-1/ProcessingEngineRunFacet", engine);
        json!({
            "eventTime": self.params.time.to_rfc3339_opts(SecondsFormat::AutoSi, true),
            "eventType": kind,
            "producer": PRODUCER,
            "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
            "run": { "runId": self.run_id(id), "facets": run },
            "job": job,
            "inputs": inputs,
            "outputs": outputs,
        })
    }

    fn dataset(&self, name: &str, facets: Map<String, Value>) -> Value {
        json!({ "namespace": self.params.namespace, "name": name, "facets": facets })
    }

    /// What the step reads: files of the user, files of the steps that it needs, and what these pass on in memory.
    fn inputs(&self, step: &Step) -> Vec<Value> {
        if step.table().is_some() {
            return self.files_of(step).into_iter().map(|file| self.input_file(file)).collect();
        }
        let needed = step.needs.iter().filter_map(|need| Step::named(need));
        let mut inputs: Vec<Value> =
            needed.filter(|need| !need.has_outputs()).map(|need| self.in_memory(need)).collect();
        inputs.extend(
            self.of_files(|path| step.looks_at(path))
                .iter()
                .map(|(name, files)| self.dataset(name, self.facets(name, files))),
        );
        inputs
    }

    /// What the step leaves; how many rows, bytes and files, where that is known.
    fn outputs(&self, step: &Step) -> Vec<Value> {
        if !step.has_outputs() {
            return vec![self.in_memory(step)];
        }
        let output = |(name, files): (&&str, &Vec<&OutputFile>)| {
            let mut statistics = json!({
                "size": files.iter().map(|file| file.bytes).sum::<u64>(),
                "fileCount": files.len(),
            });
            let rows: Option<Vec<u64>> = files.iter().map(|file| file.rows.as_ref().map(|rows| rows.count)).collect();
            if let Some(rows) = rows {
                statistics["rowCount"] = json!(rows.iter().sum::<u64>());
            }
            let mut dataset = self.dataset(name, self.facets(name, files));
            let statistics = facet("1-0-2/OutputStatisticsOutputDatasetFacet", statistics);
            dataset["outputFacets"] = json!({ "outputStatistics": statistics });
            dataset
        };
        self.of_files(|path| step.makes_file(path)).iter().map(output).collect()
    }

    /// The output files that fit, by dataset.
    fn of_files(&self, fits: impl Fn(&str) -> bool) -> BTreeMap<&str, Vec<&OutputFile>> {
        let mut found: BTreeMap<&str, Vec<&OutputFile>> = BTreeMap::new();
        for file in self.core.outputs.iter().filter(|file| fits(&file.path)) {
            found.entry(dataset_of(&file.path)).or_default().push(file);
        }
        found
    }

    /// The files of the user that a step reads. There is one per table, in the order of the contract, or an export from which all tables
    /// are made.
    fn files_of(&self, step: &Step) -> Vec<&InputFile> {
        let inputs = &self.core.inputs;
        let place = TABLES.iter().position(|table| step.table().is_some_and(|read| read.id == table.id));
        match (inputs.len() == TABLES.len(), place) {
            (true, Some(place)) => vec![&inputs[place]],
            _ => inputs.iter().collect(),
        }
    }

    /// A file of the user, or one that the run has generated.
    fn input_file(&self, file: &InputFile) -> Value {
        let generated = format!("{DATA}/{}", file.name);
        let is_generated = self.core.outputs.iter().any(|output| output.path == generated);
        let name = if is_generated { generated } else { format!("input/{}", file.name) };
        self.dataset(&name, version(&file.blake3))
    }

    /// What a step passes on in memory: the raw rows of a table, or the document.
    fn in_memory(&self, step: &Step) -> Value {
        let Some(table) = step.table() else { return self.dataset(step.id, Map::new()) };
        let field =
            |column: &Column| json!({ "name": column.source, "type": column.kind.name(), "description": column.doc });
        let fields: Vec<Value> = table.columns.iter().map(field).collect();
        let schema = facet("1-2-0/SchemaDatasetFacet", json!({ "fields": fields }));
        self.dataset(&raw(table.name), Map::from_iter([("schema".to_string(), schema)]))
    }

    /// Version, columns and, for clean tables, the raw columns that they come from.
    fn facets(&self, name: &str, files: &[&OutputFile]) -> Map<String, Value> {
        let mut facets = match files {
            [file] => version(&file.blake3),
            files => {
                let mut hasher = blake3::Hasher::new();
                for file in files {
                    hasher.update(file.blake3.as_bytes());
                }
                version(&hasher.finalize().to_hex())
            }
        };
        let Some(object) = self.tables.get(name) else { return facets };
        let field = |column: &objects::Property| {
            let mut field = json!({ "name": column.name, "type": column.sql_type });
            if !column.about.is_empty() {
                field["description"] = json!(column.about);
            }
            field
        };
        let fields: Vec<Value> = object.columns.iter().map(field).collect();
        facets.insert("schema".into(), facet("1-2-0/SchemaDatasetFacet", json!({ "fields": fields })));
        if let Some(table) = object.table {
            let from = |column: &Column| {
                let input = json!({
                    "namespace": self.params.namespace,
                    "name": raw(table.name),
                    "field": column.source,
                    "transformations": [{ "type": "DIRECT", "subtype": "TRANSFORMATION" }],
                });
                (column.name.to_string(), json!({ "inputFields": [input] }))
            };
            let fields: Map<String, Value> = table.columns.iter().map(from).collect();
            facets
                .insert("columnLineage".into(), facet("1-2-0/ColumnLineageDatasetFacet", json!({ "fields": fields })));
        }
        facets
    }
}

/// Name of the dataset of a raw table's rows.
fn raw(table: &str) -> String {
    format!("{}/{table}", Stage::Raw.name())
}

fn version(hash: &str) -> Map<String, Value> {
    let version = facet("1-0-1/DatasetVersionDatasetFacet", json!({ "datasetVersion": hash }));
    if hash.is_empty() { Map::new() } else { Map::from_iter([("version".to_string(), version)]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn run_ids_are_uuids_that_follow_from_run_and_step() {
        let id = uuid(["f", "clean"]);
        assert_eq!((id.len(), &id[14..15]), (36, "8"));
        assert!("89ab".contains(&id[19..20]), "{id}");
        assert_eq!(id, uuid(["f", "clean"]));
        assert!(id != uuid(["f", "mart"]) && id != uuid(["g", "clean"]) && uuid(["ab", "c"]) != uuid(["a", "bc"]));
    }

    #[test]
    fn the_months_of_a_table_are_one_dataset() {
        for (path, dataset) in [
            ("clean/orders.parquet", "clean/orders"),
            ("clean/orders/2018-08.parquet", "clean/orders"),
            ("mart/supply_by_day/2018-08.parquet", "mart/supply_by_day"),
            ("clean/places.json", "clean/places.json"),
            ("tables/winner.csv", "tables/winner.csv"),
            ("report.pdf", "report.pdf"),
        ] {
            assert_eq!(dataset_of(path), dataset);
        }
    }

    #[test]
    fn a_time_is_given_and_never_taken_from_the_clock() {
        let time = |rfc, epoch| event_time(rfc, epoch).map(|time| time.to_rfc3339_opts(SecondsFormat::AutoSi, true));
        assert_eq!(time(Some("2018-09-03T12:00:00-03:00"), Some("0")).unwrap(), "2018-09-03T15:00:00Z");
        assert_eq!(time(None, Some("1535976000")).unwrap(), "2018-09-03T12:00:00Z");
        for (rfc, epoch) in
            [(None, None), (Some("yesterday"), Some("0")), (None, Some("1.5")), (None, Some("9999999999999999"))]
        {
            let error = event_time(rfc, epoch).unwrap_err();
            assert!(error.exit_code() == 2 && error.hint().is_some(), "{error}");
        }
    }

    #[test]
    fn only_events_of_ours_are_ours() {
        let ours = format!("{}\n", json!({ "producer": PRODUCER, "eventType": "START" }));
        assert!(is_ours(&ours));
        for other in ["", "{}", "# x", "{\"producer\":\"https://example.org\"}", "{\"producer\":\"urn:pfe:"] {
            assert!(!is_ours(other), "{other}");
        }
    }
}
