//! Finished run → RO-Crate 1.1 metadata: files with hashes, parameters, and the program that made them. Behind `pfe run --ro-crate`.
//!
//! Follows <https://w3id.org/ro/crate/1.1> and the Process Run Crate profile.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use crate::error::{Error, Result};
use crate::files;
use crate::pipeline::outputs::manifest::{Core, MANIFEST, Manifest, to_json};
use crate::pipeline::run::key::Parts;

/// File name of the metadata, fixed by the specification.
pub const RO_CRATE: &str = "ro-crate-metadata.json";

/// Identifier of the program; distinguishes our metadata from another tool's.
const PROGRAM: &str = "#pfe";

/// Process Run Crate: the profile for crates that record which program made which file from which input.
const PROFILE: &str = "https://w3id.org/ro/wfrun/process/0.5";

/// Checks that metadata can be written into `out`. Call it before the run whose results the metadata describe.
///
/// # Errors
/// The folder already holds another tool's metadata.
pub fn may_write(out: &Path) -> Result<()> {
    let path = out.join(RO_CRATE);
    match path.symlink_metadata().is_err() || is_ours(out) {
        true => Ok(()),
        false => Err(Error::input(format!("`{}` was not written by pfe", path.display()))
            .with_hint("move it away, or choose another folder with `--out`")),
    }
}

/// Writes the metadata of the finished run in `out`; returns their path.
///
/// # Errors
/// There is no finished run, or the folder already holds another tool's metadata.
pub fn write(out: &Path) -> Result<PathBuf> {
    may_write(out)?;
    let path = out.join(RO_CRATE);
    let manifest = Manifest::load(out)?;
    let metadata = metadata(&manifest.core, day(out, &manifest.core)?);
    let write = || {
        let mut staged = NamedTempFile::new_in(out)?;
        staged.write_all(&to_json(&metadata))?;
        // Temporary files are private to their owner; the metadata get the permissions of the manifest.
        staged.as_file().set_permissions(out.join(MANIFEST).metadata()?.permissions())?;
        staged.persist(&path)?;
        Ok(())
    };
    write().map_err(Error::io("write", &path))?;
    Ok(path)
}

/// Rewrites metadata of ours, so that they do not list files that no longer exist. Does nothing if there are none.
///
/// # Errors
/// As [`write()`].
pub fn refresh(out: &Path) -> Result<()> {
    if is_ours(out) { write(out).map(drop) } else { Ok(()) }
}

fn is_ours(out: &Path) -> bool {
    let text = files::regular(out, RO_CRATE).and_then(|_| std::fs::read(out.join(RO_CRATE)));
    let text = text.unwrap_or_default();
    let crate_: Value = serde_json::from_slice(&text).unwrap_or_default();
    crate_["@graph"].as_array().is_some_and(|graph| graph.iter().any(|entity| entity["@id"] == PROGRAM))
}

/// The date on the cover, or else the date of the run.
fn day(out: &Path, core: &Core) -> Result<String> {
    let cover_date = Some(core.parameters.cover.date.clone()).filter(|date| date.parse::<NaiveDate>().is_ok());
    let path = out.join(MANIFEST);
    let written: SystemTime = path.metadata().and_then(|meta| meta.modified()).map_err(Error::io("read", &path))?;
    Ok(cover_date.unwrap_or_else(|| DateTime::<Utc>::from(written).date_naive().to_string()))
}

fn metadata(core: &Core, day: String) -> Value {
    let mut graph = vec![
        json!({
            "@id": RO_CRATE,
            "@type": "CreativeWork",
            "about": { "@id": "./" },
            "conformsTo": { "@id": "https://w3id.org/ro/crate/1.1" },
        }),
        json!({ "@id": PROFILE, "@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5" }),
        json!({
            "@id": PROGRAM,
            "@type": "SoftwareApplication",
            "name": "pfe",
            "softwareVersion": format!("{} ({})", core.pfe, core.code),
        }),
        json!({
            "@id": "#licence",
            "@type": "CreativeWork",
            "name": "Licence of the input data",
            "description": "What is derived from data may be used as their licence allows; generated data are free.",
        }),
    ];
    let authors: Vec<Value> =
        core.parameters.cover.authors.iter().map(|name| json!({ "@id": id("author", name) })).collect();
    for name in &core.parameters.cover.authors {
        graph.push(json!({ "@id": id("author", name), "@type": "Person", "name": name }));
    }
    let mut parts = Vec::new();
    for file in &core.outputs {
        parts.push(json!({ "@id": file.path }));
        graph.extend(described(&file.path, file.bytes, &file.blake3));
    }
    parts.push(json!({ "@id": MANIFEST }));
    graph.push(json!({
        "@id": MANIFEST,
        "@type": "File",
        "name": MANIFEST,
        "description": "Hashes of inputs, parameters, steps and outputs",
        "encodingFormat": "application/json",
    }));
    let mut objects = Vec::new();
    for input in &core.inputs {
        let id = id("input", &input.name);
        objects.push(json!({ "@id": id }));
        graph.push(json!({
            "@id": id,
            "@type": "CreativeWork",
            "name": input.name,
            "identifier": format!("blake3:{}", input.blake3),
        }));
    }
    let mut parameters = Parts::new();
    crate::pipeline::run::key::flatten(
        "",
        &serde_json::to_value(&core.parameters).unwrap_or_default(),
        &mut parameters,
    );
    for (name, value) in parameters {
        let name = name.trim_start_matches('.');
        let id = id("parameter", name);
        objects.push(json!({ "@id": id }));
        graph.push(json!({ "@id": id, "@type": "PropertyValue", "name": name, "value": value }));
    }
    graph.push(json!({
        "@id": "#run",
        "@type": "CreateAction",
        "name": "pfe run",
        "description": format!("Fingerprint {}", core.fingerprint),
        "agent": authors,
        "instrument": { "@id": PROGRAM },
        "object": objects,
        "result": parts,
    }));
    let title = core.parameters.cover.title.as_str();
    graph.push(json!({
        "@id": "./",
        "@type": "Dataset",
        "name": if title.is_empty() { "Results of pfe" } else { title },
        "description": "Tables, report and dashboard that pfe made from marketplace data",
        "author": authors,
        "datePublished": day,
        "license": { "@id": "#licence" },
        "conformsTo": { "@id": PROFILE },
        "hasPart": parts,
        "mentions": { "@id": "#run" },
    }));
    json!({ "@context": "https://w3id.org/ro/crate/1.1/context", "@graph": graph })
}

/// Identifier of an entity in the metadata: kind and name, percent-encoded where a URI requires it.
fn id(kind: &str, name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._~-".contains(&byte);
    let encoded = name.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") });
    format!("#{kind}-{}", encoded.collect::<String>())
}

/// A file and its hash as two entities, because RO-Crate has no property for BLAKE3.
fn described(path: &str, bytes: u64, blake3: &str) -> [Value; 2] {
    let hash = id("blake3", path);
    let format = match path.rsplit('.').next() {
        Some("csv") => "text/csv",
        Some("docx") => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        Some("html") => "text/html",
        Some("json") => "application/json",
        Some("md") => "text/markdown",
        Some("parquet") => "application/vnd.apache.parquet",
        Some("pdf") => "application/pdf",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    };
    [
        json!({
            "@id": path,
            "@type": "File",
            "name": path,
            "contentSize": bytes.to_string(),
            "encodingFormat": format,
            "identifier": { "@id": hash },
        }),
        json!({ "@id": hash, "@type": "PropertyValue", "propertyID": "BLAKE3", "value": blake3 }),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_uris() {
        assert_eq!(id("author", "Zoé D'Or"), "#author-Zo%C3%A9%20D%27Or");
    }
}
