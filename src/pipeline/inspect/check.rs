//! Finished run → which of its files are stale, and why. Used by `pfe report --check`.

use std::collections::BTreeMap;
use std::path::Path;

use super::verify::damage;
use crate::dossier::profiles::Per;
use crate::error::{Error, Result};
use crate::graph::{STEPS, Step};
use crate::input::Source;
use crate::input::identify::identify_all;
use crate::input::identity::hash_file;
use crate::pipeline::export::spreadsheet;
use crate::pipeline::outputs::manifest::Manifest;
use crate::pipeline::outputs::salt::salted;
use crate::pipeline::outputs::{attachments, csv_of_results, manifest, persist, profiles};
use crate::pipeline::{formats_of_last_run, load};
use crate::report::{Cover, Templates};
use crate::results::{CODE, Results};
use crate::{dashboard, dossier};

/// What may have changed since the run; unset fields count as unchanged.
#[derive(Debug, Clone, Default)]
pub struct CurrentInputs<'a> {
    /// The data; generated data are found in the output folder.
    pub data: Option<&'a Path>,
    /// The cover as it should be now.
    pub cover: Option<Cover>,
    /// Texts of the report.
    pub templates: Templates,
}

/// A file of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Path within the output folder.
    pub path: String,
    /// Why the file is stale; `None` if it is fresh.
    pub stale: Option<String>,
}

/// Compares every file of the run in `out` with its manifest, and every file derived from the mart with what this program
/// derives now.
///
/// # Errors
/// There is no finished run, or the named data cannot be read.
pub fn check(out: &Path, current: &CurrentInputs<'_>) -> Result<Vec<Part>> {
    let manifest = Manifest::load(out)?;
    let inputs = changed_inputs(out, &manifest, current.data)?;
    let mut parts: BTreeMap<&str, Option<String>> = BTreeMap::new();
    for file in &manifest.core.outputs {
        let damaged = damage(out, file).map(|problem| format!("it {problem}"));
        parts.insert(&file.path, damaged.or_else(|| inputs.clone()));
    }
    let derived = |path: &str| path.starts_with("tables/") || pages().any(|step| step.makes_file(path));
    let mart_is_intact = parts.iter().all(|(path, reason)| derived(path) || reason.is_none());
    // A file that cannot be derived without the mart is stale for the same reason as the mart.
    let current_hashes = if mart_is_intact { remake(out, &manifest, current)? } else { BTreeMap::new() };
    for (path, reason) in parts.iter_mut().filter(|(path, reason)| derived(path) && reason.is_none()) {
        let recorded = manifest.core.outputs.iter().find(|f| f.path == **path).map(|f| f.blake3.as_str());
        *reason = match current_hashes.get(*path) {
            None if !mart_is_intact => Some("what it is made from is stale".into()),
            Some(hash) if Some(hash.as_str()) != recorded => Some(why_different(&manifest, current)),
            _ => None,
        };
    }
    Ok(parts.into_iter().map(|(path, stale)| Part { path: path.into(), stale }).collect())
}

/// The difference between the inputs then and now; `None` if there is none or the data cannot be found.
fn changed_inputs(out: &Path, manifest: &Manifest, data: Option<&Path>) -> Result<Option<String>> {
    let generated_data = out.join(manifest::DATA);
    let path = match data {
        Some(path) => path,
        None if manifest.core.parameters.generated.is_some() && generated_data.exists() => &generated_data,
        None => return Ok(None),
    };
    manifest.read_here(out)?;
    let parameters = &manifest.core.parameters;
    let source = Source::open_as(&[path], parameters.market.as_ref())?.with(parameters.reading);
    let source = salted(source, out)?.converted_with(&parameters.rates);
    let found: Vec<_> = identify_all(&source, &|_, path| hash_file(path))?.into_iter().map(|(_, file)| file).collect();
    for input in &manifest.core.inputs {
        match found.iter().find(|f| f.name == input.name) {
            None => return Ok(Some(format!("input `{}` is gone", input.name))),
            Some(file) if file.blake3 != input.blake3 => {
                return Ok(Some(format!("input `{}` has changed", input.name)));
            }
            Some(_) => {}
        }
    }
    let new = found.iter().find(|f| manifest.core.inputs.iter().all(|i| i.name != f.name));
    Ok(new.map(|f| format!("input `{}` is new", f.name)))
}

/// The steps that write pages.
fn pages() -> impl Iterator<Item = &'static Step> {
    STEPS.iter().filter(|step| step.shows())
}

/// Path → hash of the tables and pages that this program makes from the mart of the run, in the formats of the run.
fn remake(out: &Path, manifest: &Manifest, current: &CurrentInputs<'_>) -> Result<BTreeMap<String, String>> {
    let mut results: Results = load(out)?;
    if let Some(cover) = &current.cover {
        results.parameters.cover = cover.clone();
    }
    results.parameters.templates = current.templates.hashes();
    let hash = |bytes: &[u8]| blake3::hash(bytes).to_hex().to_string();
    let mut hashes = BTreeMap::new();
    for (name, table) in csv_of_results::all(&results)? {
        hashes.insert(format!("tables/{name}.csv"), hash(&spreadsheet::csv(&table)));
    }
    let tables = || attachments::frames(&results);
    let mut document = dossier::dossier_of(&results, &current.templates, &tables)?;
    document.downloads = attachments::all(&results)?;
    let formats = formats_of_last_run(manifest);
    for step in pages().filter(|step| formats.need(step.id)) {
        if step.id == "dashboard" {
            let page = dashboard::dashboard_with(&results, &current.templates)?;
            hashes.insert("dashboard.html".into(), hash(page.as_bytes()));
        } else if let Some(per) = Per::of_step(step.id) {
            let asked = formats.profiles(step.id).cloned().unwrap_or_default();
            let take = |path: &str, bytes: &[u8]| Ok((path.to_owned(), hash(bytes)));
            hashes.extend(profiles::each(&results, &current.templates, (per, &asked), take)?);
        } else {
            hashes.extend(persist::report(step, &document)?.into_iter().map(|(path, bytes)| (path, hash(&bytes))));
        }
    }
    Ok(hashes)
}

fn why_different(manifest: &Manifest, current: &CurrentInputs<'_>) -> String {
    let parameters = &manifest.core.parameters;
    let templates = current.templates.hashes();
    if let Some(path) = templates.iter().find(|t| parameters.templates.get(t.0) != Some(t.1)).map(|t| t.0) {
        return format!("template `{path}` has changed");
    }
    if let Some(path) = parameters.templates.keys().find(|path| !templates.contains_key(*path)) {
        return format!("it was made with a template `{path}` that is not given");
    }
    if current.cover.as_ref().is_some_and(|cover| *cover != parameters.cover) {
        return "the parameters of the cover have changed".into();
    }
    if manifest.core.code != CODE {
        return "another build of pfe made it".into();
    }
    "it would come out differently".into()
}

/// Fails if any part is stale; the error says how many are.
///
/// # Errors
/// At least one part is stale.
pub fn demand_fresh(parts: &[Part]) -> Result<()> {
    match parts.iter().filter(|p| p.stale.is_some()).count() {
        0 => Ok(()),
        stale => Err(Error::Stale { stale, all: parts.len() }),
    }
}
