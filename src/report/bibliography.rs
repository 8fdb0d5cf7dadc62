//! `reports/references.bib` → Works that chapters may cite. Next: `markdown`.
//!
//! Reads the part of BibTeX that such a file needs: entries of any type, with fields in braces or quotes and authors joined
//! by `and`. The file is UTF-8; TeX commands are not interpreted.

use std::collections::BTreeMap;

use crate::error::{Error, Result};

/// A work that can be cited.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Work {
    /// Fields by lower-case name.
    fields: BTreeMap<String, String>,
}

/// Parses a BibTeX file; returns works by key.
///
/// # Errors
/// The text is not BibTeX; the message names the line.
pub fn parse(text: &str) -> Result<BTreeMap<String, Work>> {
    let mut works = BTreeMap::new();
    let mut rest = text;
    let line = |rest: &str| text[..text.len() - rest.len()].lines().count().max(1);
    let error = |rest: &str, message: String| Error::report(format!("`references.bib`, line {}", line(rest)), message);
    while let Some(at) = rest.find('@') {
        rest = &rest[at..];
        let (_, after) = rest.split_once('{').ok_or_else(|| error(rest, "`{` is missing".into()))?;
        let (key, after) = after.split_once(',').ok_or_else(|| error(rest, "the entry has no key".into()))?;
        let key = key.trim().to_string();
        if key.is_empty() || key.contains(char::is_whitespace) {
            return Err(error(rest, format!("`{key}` is no key")));
        }
        let mut work = Work::default();
        rest = after.trim_start();
        while !rest.starts_with('}') {
            let (name, after) =
                rest.split_once('=').ok_or_else(|| error(rest, format!("`{key}` is not closed by `}}`")))?;
            let (value, after) = value(after.trim_start())
                .ok_or_else(|| error(rest, format!("field `{}` of `{key}` is not closed", name.trim())))?;
            work.fields.insert(name.trim().to_lowercase(), value);
            rest = after.trim_start().trim_start_matches(',').trim_start();
            if rest.is_empty() {
                return Err(error(rest, format!("`{key}` is not closed by `}}`")));
            }
        }
        if let Some(missing) = ["author", "title", "year"].into_iter().find(|f| !work.fields.contains_key(*f)) {
            return Err(error(rest, format!("`{key}` has no `{missing}`")));
        }
        if works.insert(key.clone(), work).is_some() {
            return Err(error(rest, format!("`{key}` is there twice")));
        }
        rest = &rest[1..];
    }
    Ok(works)
}

/// Parses a value (`{…}`, `"…"` or a bare word); returns it and the rest. Inner braces only protect letters and are dropped.
fn value(text: &str) -> Option<(String, &str)> {
    let close = match text.chars().next()? {
        '{' => '}',
        '"' => '"',
        _ => {
            let end = text.find([',', '}', '\n'])?;
            return Some((text[..end].trim().into(), &text[end..]));
        }
    };
    let (mut depth, mut value) = (0, String::new());
    for (at, c) in text.char_indices().skip(1) {
        match c {
            c if c == close && depth == 0 => {
                let words: Vec<&str> = value.split_whitespace().collect();
                return Some((words.join(" "), &text[at + c.len_utf8()..]));
            }
            '{' => depth += 1,
            '}' => depth -= 1,
            c => value.push(c),
        }
    }
    None
}

impl Work {
    fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }

    /// Family names of the authors.
    fn families(&self) -> Vec<&str> {
        let authors = self.field("author").unwrap_or_default().split(" and ");
        authors.map(|a| a.split_once(',').map_or(a, |(family, _)| family).trim()).collect()
    }

    /// Text of a citation: `Wilson, 1927`.
    pub(crate) fn label(&self, and: &str) -> String {
        let year = self.field("year").unwrap_or_default();
        let names = match self.families()[..] {
            [one] => one.to_string(),
            [first, second] => format!("{first} {and} {second}"),
            [first, ..] => format!("{first} et al."),
            [] => String::new(),
        };
        format!("{names}, {year}")
    }

    /// Text of an entry before and after its title: `Wilson, E. B. (1927). ` … `. Journal 22 (158), 209–212.`
    pub(crate) fn around_title(&self, and: &str) -> (String, String) {
        let authors: Vec<&str> = self.field("author").unwrap_or_default().split(" and ").map(str::trim).collect();
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
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
            ("@article", "`{` is missing"),
            ("@a{x, author={B}, title={C}, year={1}}\n@a{x, author={B}, title={C}, year={1}}", "twice"),
        ] {
            let message = parse(text).unwrap_err().to_string();
            assert!(message.contains(words), "{text}: {message}");
        }
        assert!(parse("").unwrap().is_empty());
    }
}
