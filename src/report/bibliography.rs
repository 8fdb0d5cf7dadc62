//! `reports/references.bib` → works that chapters may cite. Next: `markdown`.

use std::collections::BTreeMap;

use biblatex::{Bibliography, ChunksExt, Entry, Person};

use crate::error::{Error, Result};
use crate::text::place;

/// A work that can be cited.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Work {
    authors: Vec<Person>,
    /// Fields by lower-case name.
    fields: BTreeMap<String, String>,
}

/// Parses a BibTeX file; returns works by key.
///
/// # Errors
/// The text is not BibTeX, or a work lacks author, title or year; the message names the line.
pub fn parse(text: &str) -> Result<BTreeMap<String, Work>> {
    let error = |at: usize, message: String| Error::report(place("references.bib", text, Some(at)), message);
    let parsed = Bibliography::parse(text).map_err(|e| error(e.span.start, e.kind.to_string()))?;
    parsed.into_iter().map(|entry| Ok((entry.key.clone(), Work::of(&entry, &error)?))).collect()
}

impl Work {
    fn of(entry: &Entry, error: &dyn Fn(usize, String) -> Error) -> Result<Work> {
        let at = entry.fields.values().map(|value| value.span().start).min().unwrap_or_default();
        if let Some(missing) = ["author", "title", "year"].into_iter().find(|name| entry.get(name).is_none()) {
            return Err(error(at, format!("`{}` has no `{missing}`", entry.key)));
        }
        let authors = entry.author().map_err(|e| error(at, format!("the authors of `{}`: {e}", entry.key)))?;
        let fields = entry.fields.iter().map(|(name, value)| (name.clone(), value.format_verbatim()));
        Ok(Work { authors, fields: fields.collect() })
    }

    fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }

    /// Text of a citation: `Wilson, 1927`.
    pub(crate) fn label(&self, and: &str) -> String {
        let year = self.field("year").unwrap_or_default();
        let names = match &self.authors[..] {
            [one] => family(one),
            [first, second] => format!("{} {and} {}", family(first), family(second)),
            [first, ..] => format!("{} et al.", family(first)),
            [] => String::new(),
        };
        format!("{names}, {year}")
    }

    /// Text of an entry before and after its title: `Wilson, E. B. (1927). ` … `. Journal 22 (158), 209–212.`
    pub(crate) fn around_title(&self, and: &str) -> (String, String) {
        let whole = |person: &Person| match person.given_name.as_str() {
            "" => family(person),
            given => format!("{}, {given}", family(person)),
        };
        let authors: Vec<String> = self.authors.iter().map(whole).collect();
        let before = format!("{} ({}). ", authors.join(&format!(" {and} ")), self.field("year").unwrap_or_default());
        let mut after = String::from(".");
        if let Some(journal) = self.field("journal").or(self.field("publisher")) {
            after += &format!(" {journal}");
        }
        if let Some(volume) = self.field("volume") {
            after += &format!(" {volume}");
        }
        if let Some(number) = self.field("number") {
            after += &format!(" ({number})");
        }
        if let Some(pages) = self.field("pages") {
            after += &format!(", {pages}");
        }
        if !after.ends_with('.') {
            after.push('.');
        }
        (before, after)
    }

    pub(crate) fn title(&self) -> &str {
        self.field("title").unwrap_or_default()
    }

    /// URL of the work, if it has one.
    pub(crate) fn url(&self) -> Option<&str> {
        self.field("url").filter(|url| url.starts_with("https://") || url.starts_with("http://"))
    }
}

/// Family name with its prefix, such as `van der Waals`.
fn family(person: &Person) -> String {
    format!("{} {}", person.prefix, person.name).trim().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read_and_cited() {
        let works = parse(include_str!("../../reports/references.bib")).unwrap();
        assert!(works.len() >= 10);
        assert_eq!(works["gardner1985"].label("et"), "Gardner et McKenzie, 1985");
        let (before, after) = works["wilson1927"].around_title("and");
        assert_eq!(before, "Wilson, Edwin B. (1927). ");
        assert_eq!(after, ". Journal of the American Statistical Association 22 (158), 209–212.");
        let work = &parse("@book{a, author = \"B, C and D, E and F, G\",\n title={The {X} of\n y}, year = 1999}")
            .unwrap()["a"];
        assert_eq!((work.label("and").as_str(), work.title()), ("B et al., 1999", "The X of y"));
    }

    #[test]
    fn what_is_no_bibliography_is_refused_with_its_line() {
        for (text, words) in [
            ("@article{a, author = {B}, year = {1}}", "has no `title`"),
            ("\n\n@article{a, author = {B", "line 3"),
            ("@article", "expected opening brace"),
            ("@a{x, author={B}, title={C}, year={1}}\n@a{x, author={B}, title={C}, year={1}}", "line 2: duplicate key"),
        ] {
            let message = parse(text).unwrap_err().to_string();
            assert!(message.contains(words), "{text}: {message}");
        }
        assert!(parse("").unwrap().is_empty());
    }
}
