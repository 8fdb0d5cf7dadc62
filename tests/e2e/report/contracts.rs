//! `pfe export contract`: what it says is held against the files of a run, and what it may replace.

use std::collections::BTreeMap;

use pfe::table::parquet::read_frame;
use polars::prelude::DataType;
use serde_json::Value;

use crate::workdir::Workdir;

const TIME: [&str; 2] = ["--event-time", "2018-09-03T12:00:00Z"];

/// Name and physical type of the columns of each table of a contract, and those that are required, from its YAML.
fn tables(yaml: &str) -> BTreeMap<String, Vec<(String, String, bool)>> {
    let value = |line: &str| line.split_once(": ").map(|(_, text)| text.trim_matches('"').to_owned()).unwrap();
    let mut found: BTreeMap<String, Vec<(String, String, bool)>> = BTreeMap::new();
    let (mut table, mut in_columns) = (String::new(), false);
    for line in yaml.lines() {
        if line.starts_with("  - name: ") {
            table = value(line);
        } else if line.starts_with("    ") && !line[4..].starts_with(' ') {
            in_columns = line == "    properties:";
        } else if !in_columns {
            continue;
        } else if line.starts_with("      - name: ") {
            found.entry(table.clone()).or_default().push((value(line), String::new(), false));
        } else if let Some(column) = found.get_mut(&table).and_then(|columns| columns.last_mut()) {
            if line.starts_with("        physicalType: ") {
                column.1 = value(line);
            } else if line.starts_with("        required: ") {
                column.2 = value(line) == "true";
            }
        }
    }
    found
}

#[test]
fn contracts_and_events_say_what_a_run_has_written() {
    let work = Workdir::with_data();
    work.ok(&["run", "--data", "data", "--out", "out", "--quiet"]);
    let contract = work.ok(&["export", "contract", "--format", "odcs", "--dialect", "mysql"]).stdout;
    let declared = tables(&contract);
    let mut seen = 0;
    for (folder, group) in [("out/clean", "cleaned_data"), ("out/mart", "mart")] {
        for entry in std::fs::read_dir(work.path(folder)).unwrap() {
            let path = entry.unwrap().path();
            let table = format!("{group}_{}", path.file_stem().unwrap().to_str().unwrap());
            let frame = read_frame(&path).unwrap();
            let columns = &declared[&table];
            let names: Vec<&str> = columns.iter().map(|(name, ..)| name.as_str()).collect();
            let written: Vec<&str> = frame.get_column_names().into_iter().map(|name| name.as_str()).collect();
            assert_eq!(names, written, "{table}");
            for (name, kind, required) in columns {
                let column = frame.column(name).unwrap();
                let fits = match column.dtype() {
                    DataType::String => kind.contains("CHAR") || kind.contains("TEXT"),
                    DataType::Int64 => kind == "INTEGER" || kind == "BIGINT",
                    DataType::Float64 => kind == "DOUBLE PRECISION",
                    DataType::Date => kind == "DATE",
                    DataType::Boolean => kind == "BOOLEAN",
                    _ => kind == "DATETIME(6)",
                };
                assert!(fits, "{table}.{name}: {kind} for {}", column.dtype());
                assert!(!required || column.null_count() == 0, "{table}.{name}");
            }
            seen += 1;
        }
    }
    assert!(seen > 40, "{seen}");

    let export =
        |to: &str| work.ok(&[&["export", "contract", "--format", "openlineage", "--to", to], &TIME[..]].concat());
    export("a.ndjson");
    work.ok(&["run", "--data", "data", "--out", "out", "--quiet"]);
    export("b.ndjson");
    assert_eq!(work.read("a.ndjson"), work.read("b.ndjson"), "a run whose steps are reused gives the same events");
    let events: Vec<Value> = work.read("a.ndjson").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |job: &str| events.iter().filter(|event| event["job"]["name"] == job).collect::<Vec<_>>();
    let named = |list: &Value, name: &str| {
        list.as_array()
            .unwrap()
            .iter()
            .find(|dataset| dataset["name"] == name)
            .unwrap_or_else(|| panic!("{name}"))
            .clone()
    };
    let (run, clean) = (of("run"), of("clean"));
    assert_eq!([&run[0]["eventType"], &run[1]["eventType"]], ["START", "COMPLETE"]);
    assert!(of("generate").is_empty() && of("mart").len() == 2 && run.len() == 2 && clean.len() == 2);
    assert_eq!(clean[0]["run"]["facets"]["parent"]["run"]["runId"], run[0]["run"]["runId"]);
    let orders = named(&clean[1]["outputs"], "clean/orders");
    assert_eq!(orders["outputFacets"]["outputStatistics"]["rowCount"], crate::workdir::SMALL_ORDERS);
    let from = &named(&clean[1]["outputs"], "clean/order_items")["facets"]["columnLineage"]["fields"]["price_centavos"];
    assert_eq!(from["inputFields"][0]["field"], "price");
    named(&of("mart")[0]["inputs"], "clean/orders");
    named(&of("read-orders")[0]["inputs"], "input/olist_orders_dataset.csv");
    named(&of("report-pdf")[1]["outputs"], "report.pdf");
    // Whatever a step reads, another step has made, or the user has given.
    let made: Vec<&Value> = events.iter().flat_map(|event| event["outputs"].as_array().unwrap()).collect();
    for input in events.iter().flat_map(|event| event["inputs"].as_array().unwrap()) {
        let name = input["name"].as_str().unwrap();
        assert!(name.starts_with("input/") || made.iter().any(|output| output["name"] == name), "{name}");
    }
}

#[test]
fn only_what_was_made_so_is_replaced_and_options_are_not_ignored() {
    let work = Workdir::new();
    let odcs = ["export", "contract", "--format", "odcs", "--to", "contract.yaml"];
    work.ok(&odcs);
    let text = work.read("contract.yaml");
    work.ok(&odcs);
    assert_eq!(text, work.read("contract.yaml"));
    work.fails(&["export", "contract", "--format", "dbt", "--to", "contract.yaml"], 2, &["is in the way", "hint: "]);
    work.write("mine.yaml", "apiVersion: \"v3.1.0\"\n");
    work.fails(&["export", "contract", "--format", "odcs", "--to", "mine.yaml"], 2, &["`mine.yaml` is in the way"]);
    assert_eq!(work.read("mine.yaml"), "apiVersion: \"v3.1.0\"\n");
    work.fails(&["export", "contract", "--format", "dbt", "--out", "out"], 2, &["`--out` says nothing"]);
    let events = ["export", "contract", "--format", "openlineage"];
    work.fails(&[&events[..], &["--dialect", "mysql"]].concat(), 2, &["`--dialect` says nothing"]);
    let clean = |env: &[(&str, &str)]| work.pfe_with(&events, env);
    let done = clean(&[("SOURCE_DATE_EPOCH", "soon")]);
    assert!(done.code == Some(2) && done.stderr.contains("`soon` is no time for `SOURCE_DATE_EPOCH`"), "{done}");
    let done = clean(&[("SOURCE_DATE_EPOCH", "1535976000")]);
    assert!(done.stderr.contains("holds no finished run"), "{done}");
    work.fails(&[&events[..], &TIME[..]].concat(), 2, &["`out` holds no finished run"]);
}
