//! Results → one short document per state or per category: what is sold there, beside the whole. Next: `report`, which writes HTML and PDF.
//!
//! The texts are in `reports/<language>/profiles/`: one chapter for states, one for categories, and their captions.

mod drawn;
mod names;
pub mod per;
mod sales;
#[cfg(test)]
mod tests;
mod values;

pub use per::Per;
use serde_json::Value;

use super::edition::Edition;
use super::{all_values, figures, meta, provenance};
use crate::error::{Error, Result};
use crate::report::{Document, Materials, Style, Templates, bibliography, compose};
use crate::results::Results;
use crate::schema::contract::STATES;
use crate::text::{listed, shortened};
use sales::Sales;

/// Profiles that are made without naming them.
const MOST: usize = 300;
/// Names that a message lists.
const NAMED: usize = 60;

/// A profile that can be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Code of the state, or English category.
    pub code: String,
    /// Name of its files without extension: the code if it can be one, else a form of it that no other has.
    pub file: String,
}

/// The profiles of a run.
pub struct Profiles<'a> {
    results: &'a Results,
    templates: &'a Templates,
    per: Per,
    edition: Edition,
    sales: Sales,
    values: Value,
    subjects: Vec<Subject>,
}

impl<'a> Profiles<'a> {
    /// Prepares the profiles of `results` from the texts of `templates`.
    ///
    /// # Errors
    /// A text is not of the kind that it replaces, or the mart is incomplete.
    pub fn new(results: &'a Results, templates: &'a Templates, per: Per) -> Result<Profiles<'a>> {
        let market = results.audit.market.as_ref();
        let edition = Edition::of(results.parameters.lang, "profiles/", templates, market)?;
        let values = all_values(results, &edition.words, &super::costs::costs(templates)?)?;
        let findings = &results.findings;
        let mut codes: Vec<String> = match (per, market) {
            (Per::Category, _) => findings.categories.iter().filter(|f| f.is_known()).map(|f| f.name.clone()).collect(),
            (Per::State, Some(market)) => market.regions.iter().map(|region| region.code.clone()).collect(),
            (Per::State, None) => STATES.iter().map(|(code, ..)| (*code).to_string()).collect(),
        };
        if per == Per::State {
            codes.extend(findings.known_states().map(|facts| facts.name.clone()));
        }
        codes.sort();
        codes.dedup();
        let files = names::of(&codes);
        let subjects = codes.into_iter().zip(files).map(|(code, file)| Subject { code, file }).collect();
        Ok(Profiles { results, templates, per, edition, sales: Sales::of(results)?, values, subjects })
    }

    /// The subjects with these codes, or with these names of files, or all if `only` is empty.
    ///
    /// # Errors
    /// There is no such state or category, there is none at all, or there are too many to write them all.
    pub fn chosen(&self, only: &[String]) -> Result<Vec<&Subject>> {
        let word = self.per.word();
        if only.is_empty() {
            return match self.subjects.len() {
                0 => Err(Error::input(format!("the data have no {word}")).with_hint("there is nothing to report on")),
                1..=MOST => Ok(self.subjects.iter().collect()),
                many => Err(Error::input(format!("there is one {word} for each of {many} reports: too many files"))
                    .with_hint(format!("name at most {MOST} of them with `--only`"))),
            };
        }
        let find = |code: &String| {
            let of_file = || self.subjects.iter().find(|subject| subject.file == *code);
            self.subjects.iter().find(|subject| subject.code == *code).or_else(of_file).ok_or_else(|| {
                let names = self.subjects.iter().take(NAMED).map(|subject| shortened(&subject.code, NAMED));
                let more = self.subjects.len().saturating_sub(NAMED);
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                Error::input(format!("there is no {word} `{}`", shortened(code, NAMED)))
                    .with_hint(format!("there are {}{more}", listed(names)))
            })
        };
        let mut found: Vec<&Subject> = only.iter().map(find).collect::<Result<_>>()?;
        found.sort_by(|a, b| a.code.cmp(&b.code));
        found.dedup();
        Ok(found)
    }

    /// Composes the document of a subject.
    ///
    /// # Errors
    /// A text cannot be filled.
    pub fn document(&self, subject: &Subject) -> Result<Document> {
        let (results, words) = (self.results, &self.edition.words);
        let part = values::Part::of(results, &self.sales, self.per, &subject.code)?;
        let mut values = self.values.clone();
        values["part"] = part.values(words)?;
        let captions = self.edition.captions(&values)?;
        let mut sources = provenance::sources(&values);
        sources.extend(provenance::of_part(self.per, &values));
        let materials = Materials {
            figures: figures::of_part(results, words, &captions, |studio| drawn::draw(studio, &part))?,
            tables: drawn::tables(&part, words, &captions)?,
            works: bibliography::parse(self.templates.text("references.bib"))?,
            sources,
            values,
        };
        let chapters = self.edition.chapters().iter().filter(|chapter| chapter.name.ends_with(self.per.chapter()));
        let chapters: Vec<_> = chapters.cloned().collect();
        let mut meta = meta(results, &self.edition);
        meta.subtitle = Some(words.label(&format!("profile_of_{}", self.per.word())).replace("{}", &meta.title));
        meta.title = part.title(words);
        let mut document = compose(meta, &chapters, &materials)?;
        document.style = Style::of(self.templates);
        document.is_brief = true;
        Ok(document)
    }
}
