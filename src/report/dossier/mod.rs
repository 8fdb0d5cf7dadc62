//! Results → the report's document: which chapters, which values, which figures and tables. Next: `html`, `typst`.
//!
//! Every word stands under `reports/<language>/`: chapters in Markdown, titles and alternative texts in `captions.toml`,
//! names of categories, states and methods in `words.toml`. Here are the numbers only.

mod edition;
mod figures;
mod tables;
mod values;

use super::{Document, Materials, Meta, compose};
use crate::error::{Error, Result};
use crate::results::Results;
use edition::Edition;

/// What the cover says of the author; a user's own file comes with the orchestration of runs.
const PARAMETERS: &str = include_str!("../../../reports/parameters.toml");

/// Composes the report of `results` in the language of its parameters.
///
/// # Errors
/// A chapter or a caption cannot be filled, or the mart is incomplete.
pub fn dossier(results: &Results) -> Result<Document> {
    let lang = results.parameters.lang;
    let edition = Edition::of(lang)?;
    let values = values::values(results, &edition.words)?;
    let captions = edition.captions(&values)?;
    let materials = Materials {
        figures: figures::figures(results, &edition.words, &captions)?,
        tables: tables::tables(results, &edition.words, &captions)?,
        values,
    };
    compose(meta(results, &edition)?, &edition.chapters(), &materials)
}

fn meta(results: &Results, edition: &Edition) -> Result<Meta> {
    let parameters: toml::Table = PARAMETERS.parse().map_err(|e| Error::report("`reports/parameters.toml`", e))?;
    let text =
        |key: &str| parameters.get(key).and_then(toml::Value::as_str).filter(|t| !t.is_empty()).map(String::from);
    let authors = parameters.get("authors").and_then(toml::Value::as_array);
    Ok(Meta {
        lang: results.parameters.lang,
        title: edition.words.label("title"),
        subtitle: Some(edition.words.label("subtitle")),
        authors: authors.into_iter().flatten().filter_map(toml::Value::as_str).map(String::from).collect(),
        school: text("school"),
        date: text("date"),
        notice: results.parameters.generated.is_some().then(|| edition.words.label("generated")),
        fingerprint: results.fingerprint(),
    })
}
