//! Results → the report's document: which chapters, which values, which figures and tables. Next: `html`, `typst`.
//!
//! Every word stands under `reports/<language>/`: chapters in Markdown, titles and alternative texts in `captions.toml`,
//! names of categories, states and methods in `words.toml`. Here are the numbers only.

mod costs;
mod decided;
mod decided_tables;
mod edition;
mod figures;
mod tables;
mod values;

use super::{Document, Materials, Meta, compose};
use crate::error::Result;
use crate::results::Results;
use edition::Edition;

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
    compose(meta(results, &edition), &edition.chapters(), &materials)
}

fn meta(results: &Results, edition: &Edition) -> Meta {
    let cover = &results.parameters.cover;
    let given = |text: &str| Some(text.trim().to_string()).filter(|t| !t.is_empty());
    Meta {
        lang: results.parameters.lang,
        title: given(&cover.title).unwrap_or_else(|| edition.words.label("title")),
        subtitle: Some(given(&cover.subtitle).unwrap_or_else(|| edition.words.label("subtitle"))),
        authors: cover.authors.iter().filter_map(|a| given(a)).collect(),
        school: given(&cover.school),
        date: given(&cover.date),
        notice: results.parameters.generated.is_some().then(|| edition.words.label("generated")),
        fingerprint: results.fingerprint(),
    }
}
