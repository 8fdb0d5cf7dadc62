//! Code and parameters of a step → those parts of its key, and the hash over all parts. `context` adds the inputs.
//! Next: `run::plan`, which compares the parts with those of earlier runs.
//!
//! The parts are kept by name, so that `pfe why` can name what changed; the key is a hash over all of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::graph::Step;
use crate::results::{CODE, Parameters};

/// Hash of each part of the program and the modules that it imports, made by `build.rs`: `clean=0f…:error+input,…`.
const PARTS: &str = env!("PFE_PARTS");

/// The module that calls all steps. What a step does is in the modules that the step names.
const CALLER: &str = "pipeline";

/// Files on which every step depends: the lock file names the version of polars.
const ALWAYS: [&str; 2] = ["Cargo.lock", "rust-toolchain.toml"];

/// Part that says whether tables are partitioned by month; absent when they are not.
pub(crate) const MONTHLY: &str = "parameter monthly";

/// Part that says which profiles are written, and as what, as JSON; absent when all are.
pub(crate) const PROFILES: &str = "parameter profiles";

/// Kind and name of a part → its value, or the hash of its contents.
pub(crate) type Parts = BTreeMap<String, String>;

/// The key of a step that ran, and its parts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Name of the step.
    pub step: String,
    /// BLAKE3 over the step's name and the parts, hexadecimal.
    pub key: String,
    /// Kind and name of each part → its value, or the hash of its contents.
    pub parts: BTreeMap<String, String>,
}

impl Record {
    pub(crate) fn new(step: &Step, parts: Parts) -> Record {
        let mut hasher = blake3::Hasher::new();
        for text in [step.id].into_iter().chain(parts.iter().flat_map(|(name, value)| [name.as_str(), value])) {
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        }
        Record { step: step.id.into(), key: hasher.finalize().to_hex().to_string(), parts }
    }
}

/// The parts from program and parameters on which the step depends.
pub(crate) fn own_parts(step: &Step, parameters: &Parameters) -> Parts {
    let mut parts = Parts::from([("program pfe".into(), env!("CARGO_PKG_VERSION").into())]);
    parts.extend(ALWAYS.map(|part| (format!("program {part}"), of_program(part).0.into())));
    match step.code {
        ["*"] => drop(parts.insert("code (any)".into(), CODE.into())),
        code => parts.extend(with_imports(code).into_iter().map(|(part, hash)| (format!("code {part}"), hash.into()))),
    }
    let all = serde_json::to_value(parameters).unwrap_or_default();
    for name in step.params {
        flatten(&format!("parameter {name}"), &all[name], &mut parts);
    }
    parts
}

/// The hash of a part of the program, and its imports, separated by `+`.
fn of_program(part: &str) -> (&'static str, &'static str) {
    let mut all = PARTS.split(',').filter_map(|p| p.split_once('='));
    all.find(|(name, _)| *name == part).and_then(|(_, value)| value.split_once(':')).unwrap_or(("none", ""))
}

/// These modules and all that they import, directly or not, each with its hash.
fn with_imports(modules: &[&'static str]) -> BTreeMap<&'static str, &'static str> {
    let (mut found, mut open) = (BTreeMap::new(), modules.to_vec());
    while let Some(module) = open.pop() {
        let (hash, imports) = of_program(module);
        if found.insert(module, hash).is_none() && module != CALLER {
            open.extend(imports.split('+').filter(|import| !import.is_empty()));
        }
    }
    found
}

/// Adds one part per leaf of a JSON value, so that a change is named exactly.
pub(crate) fn flatten(name: &str, value: &serde_json::Value, parts: &mut Parts) {
    match value {
        serde_json::Value::Null => {}
        serde_json::Value::Object(fields) => {
            fields.iter().for_each(|(field, value)| flatten(&format!("{name}.{field}"), value, parts));
        }
        other => {
            parts.insert(name.into(), other.to_string());
        }
    }
}

/// The differences between two sets of parts, in words. If `new` is incomplete, missing parts do not count.
pub(crate) fn changes(old: &Parts, new: &Parts, complete: bool) -> Vec<String> {
    let mut changes: Vec<String> = new
        .iter()
        .filter(|(name, value)| old.get(*name) != Some(value))
        .map(|(name, value)| describe_change(name, old.get(name), Some(value)))
        .collect();
    if complete {
        let removed = old.iter().filter(|(name, _)| !new.contains_key(*name));
        changes.extend(removed.map(|(name, value)| describe_change(name, Some(value), None)));
    }
    changes
}

fn describe_change(name: &str, old: Option<&String>, new: Option<&String>) -> String {
    let (kind, name) = name.split_once(' ').unwrap_or(("", name));
    let shown = |value: Option<&String>| value.map_or("none", String::as_str).to_string();
    match (kind, old, new) {
        ("parameter", old, new) => format!("parameter `{name}` changed: {} → {}", shown(old), shown(new)),
        ("program", old, new) if name == "pfe" => format!("version of pfe changed: {} → {}", shown(old), shown(new)),
        ("code", ..) if name == "(any)" => "the program changed".into(),
        ("code", ..) => format!("code of `{name}` changed"),
        ("input", None, _) => format!("input `{name}` is new"),
        ("input", _, None) => format!("input `{name}` is gone"),
        ("input", ..) => format!("input `{name}` changed"),
        ("warning", None, _) => format!("there is a file more: {name}"),
        ("warning", ..) => format!("there is a file less: {name}"),
        (_, None, _) => format!("`{name}` is new"),
        (_, _, None) => format!("`{name}` is gone"),
        _ => format!("`{name}` changed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(pairs: &[(&str, &str)]) -> Parts {
        pairs.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
    }

    #[test]
    fn every_part_of_the_graph_is_a_part_of_the_program() {
        for step in &crate::graph::STEPS {
            for part in step.code.iter().filter(|part| **part != "*") {
                assert!(PARTS.contains(&format!("{part}=")), "`{}` names `{part}`", step.id);
            }
        }
    }

    /// A step must run again when code that it calls changes.
    #[test]
    fn the_code_of_a_step_is_what_its_modules_import() {
        let Some(mart) = Step::named("mart") else { return assert!(Step::named("mart").is_some()) };
        let code = with_imports(mart.code);
        for module in ["clean", "engine", "error", "input", "mart", "pipeline", "schema", "table"] {
            assert!(code.contains_key(module), "{module}");
        }
        for module in ["models", "decisions", "report", "cli"] {
            assert!(!code.contains_key(module), "{module}");
        }
        assert!(code.values().all(|hash| hash.len() == 16), "{code:?}");
    }

    #[test]
    fn every_parameter_of_the_graph_exists() {
        let mut parameters = Parameters { generated: Some(Default::default()), ..Default::default() };
        parameters.reading.years.first = 1990;
        parameters.market = crate::market::built_in::market("shopify").cloned();
        parameters.rates = serde_json::from_value(serde_json::json!({ "EUR": { "2024-05": "1.1" } })).unwrap();
        parameters.decisions.budget_centavos = Some(1);
        parameters.decisions.costs.margin = Some(0.4);
        parameters.templates.insert("x".into(), "y".into());
        for step in &crate::graph::STEPS {
            let own = own_parts(step, &parameters);
            for name in step.params {
                assert!(own.keys().any(|k| k.starts_with(&format!("parameter {name}"))), "`{name}` of `{}`", step.id);
            }
        }
    }

    #[test]
    fn a_key_tells_parts_apart() {
        let Some(step) = Step::named("mart") else { return assert!(Step::named("mart").is_some()) };
        let key = |pairs: &[(&str, &str)]| Record::new(step, parts(pairs)).key;
        assert_eq!(key(&[("a", "1")]), key(&[("a", "1")]));
        assert_ne!(key(&[("a", "1")]), key(&[("a1", "")]));
        assert_ne!(key(&[("a", "1"), ("b", "2")]), key(&[("a", "1b"), ("", "2")]));
    }

    #[test]
    fn changes_are_told_in_words() {
        let old = parts(&[("parameter lang", "\"fr\""), ("input a.csv", "1"), ("file mart/x.parquet", "1")]);
        let new = parts(&[("parameter lang", "\"en\""), ("input b.csv", "1"), ("code mart", "2")]);
        assert_eq!(
            changes(&old, &new, true),
            [
                "code of `mart` changed",
                "input `b.csv` is new",
                "parameter `lang` changed: \"fr\" → \"en\"",
                "`mart/x.parquet` is gone",
                "input `a.csv` is gone",
            ]
        );
        assert_eq!(changes(&old, &new, false).len(), 3);
        assert!(changes(&old, &old, true).is_empty());
    }
}
