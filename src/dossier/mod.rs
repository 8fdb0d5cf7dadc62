//! Results → the report's Document: its chapters, values, figures and tables. Next: `report`, which writes HTML and PDF.
//!
//! All text is in `reports/<language>/`: chapters in Markdown, titles and alternative texts in `captions.toml`, names of
//! categories, states and methods in `words.toml`. This module provides only the numbers.

mod costs;
mod decision_tables;
mod decisions;
pub(crate) mod edition;
mod entry;
mod figures;
mod notes;
pub mod own;
mod payments;
mod places;
pub mod profiles;
mod provenance;
pub(crate) mod shop;
mod tables;
mod trials;
mod values;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::error::Result;
use crate::report::{Document, Materials, Meta, Style, Templates, bibliography, compose};
use crate::results::Results;
use costs::Cost;
use edition::{Edition, Words};
use own::Queries;

/// Composes the report of `results` in the language of its parameters, from the built-in texts.
///
/// # Errors
/// A chapter or a caption cannot be filled, or the mart is incomplete.
pub fn dossier(results: &Results) -> Result<Document> {
    dossier_with(results, &Templates::default())
}

/// Composes the report from the texts of `templates`. Its queries read the mart.
///
/// # Errors
/// As [`dossier`]; also if a text of `templates` is not of the kind that it replaces.
pub fn dossier_with(results: &Results, templates: &Templates) -> Result<Document> {
    dossier_of(results, templates, &|| Ok(BTreeMap::new()))
}

/// [`dossier_with`], whose queries also read `tables`, by name; called only if there are queries.
///
/// # Errors
/// As [`dossier_with`]; also if a query fails.
pub fn dossier_of(results: &Results, templates: &Templates, tables: &own::MakeTables<'_>) -> Result<Document> {
    let lang = results.parameters.lang;
    let queries = Queries::run(templates, &results.mart, tables)?;
    let mut edition = Edition::of(lang, "", templates, results.audit.market.as_ref())?;
    own::insert_chapters(edition.chapters_mut(), templates.added(&format!("{}/", lang.code())), &queries)?;
    let costs = costs::costs(templates)?;
    let mut values = all_values(results, &edition.words, &costs)?;
    values["own"] = queries.values()?;
    let captions = edition.captions(&values)?;
    let mut materials = Materials {
        figures: figures::figures(results, &edition.words, &captions)?,
        tables: tables::tables(results, &edition.words, &captions, &costs)?,
        sources: provenance::sources(&values),
        works: bibliography::parse(templates.text("references.bib"))?,
        values,
    };
    let no_data = edition.words.label("no_data");
    queries.add_to(&mut materials, (lang, edition.words.currency()), &no_data)?;
    let mut document = compose(meta(results, &edition), edition.chapters(), &materials)?;
    document.style = Style::of(templates);
    document.slides_figures = results.parameters.cover.slides_figures.clone();
    Ok(document)
}

/// The values of all placeholders.
fn all_values(results: &Results, words: &Words, costs: &[Cost]) -> Result<Value> {
    let mut values = values::values(results, words, costs)?;
    if let (Some(all), Value::Object(decided)) = (values.as_object_mut(), decisions::values(results, words)) {
        all.extend(decided);
        all.extend(entry::values(results, words)?);
    }
    values["trials"] = trials::values(results, words)?;
    values["customers"] = trials::customers(results);
    Ok(values)
}

fn meta(results: &Results, edition: &Edition) -> Meta {
    let cover = &results.parameters.cover;
    let given = |text: &str| Some(text.trim().to_string()).filter(|t| !t.is_empty());
    Meta {
        lang: results.parameters.lang,
        currency: edition.words.currency(),
        title: given(&cover.title).unwrap_or_else(|| edition.words.label("title")),
        subtitle: Some(given(&cover.subtitle).unwrap_or_else(|| edition.words.label("subtitle"))),
        authors: cover.authors.iter().filter_map(|a| given(a)).collect(),
        school: given(&cover.school),
        date: given(&cover.date),
        notice: results.parameters.generated.is_some().then(|| edition.words.label("generated")),
        fingerprint: results.fingerprint(),
        parts: results.hashes().map(|(name, hash)| (edition.words.label(&format!("hash_{name}")), hash)).into(),
    }
}
