//! Placeholders of a chapter → marks after their values, which say where numbers come from. Used before `template`; read by `markdown`.

use std::collections::BTreeMap;

use super::typography::{FIRST_MARK, marked, plain};
use crate::report::{Chapter, Origin};

/// Filters that write a number or a date.
const NUMBERS: [&str; 6] = ["brl", "count", "decimal", "percent", "month", "date"];

/// Origins by prefix of the names of their values; the longest match counts.
pub(crate) type Sources = BTreeMap<String, Origin>;

/// Provenance of a value: its name, its origin, and its printed texts.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Provenance {
    pub name: String,
    pub origin: Origin,
    /// Distinct printed texts in order of appearance: a loop prints several values under one name.
    pub texts: Vec<String>,
}

impl Provenance {
    /// One line: `tables/winner.csv, rank = 1: decisions.winner.forecast`.
    pub fn line(&self) -> String {
        let Provenance { name, origin: Origin { file, rows }, .. } = self;
        if rows.is_empty() { format!("{file}: {name}") } else { format!("{file}, {rows}: {name}") }
    }
}

/// Adds a mark after each number that has a source; returns the chapter and the sources of the marks.
pub(crate) fn mark(chapter: &Chapter, sources: &Sources) -> (Chapter, Vec<Provenance>) {
    let (mut text, mut provenance) = (String::with_capacity(chapter.text.len()), Vec::new());
    let mut loops: BTreeMap<String, String> = BTreeMap::new();
    let mut rest = chapter.text.as_str();
    while let Some(open) = rest.find(['{']) {
        let (before, tag) = rest.split_at(open);
        text += before;
        let (close, value) = if tag.starts_with("{{") { ("}}", true) } else { ("%}", false) };
        let end = tag.find(close).filter(|_| value || tag.starts_with("{%")).map(|end| end + close.len());
        let Some(end) = end else {
            text.push('{');
            rest = &tag[1..];
            continue;
        };
        let (tag, after) = tag.split_at(end);
        text += tag;
        rest = after;
        if !value {
            let words: Vec<&str> = tag.trim_matches(['{', '}', '%', '-', ' ']).split_whitespace().collect();
            if let ["for", name, "in", path, ..] = words[..] {
                loops.insert(name.into(), resolved(path, &loops));
            }
            continue;
        }
        let named = name(tag).map(|name| resolved(name, &loops));
        let source = named.and_then(|name| {
            let known = sources.iter().filter(|(start, _)| name.starts_with(start.as_str()));
            let (_, Origin { file, rows }) = known.max_by_key(|s| s.0.len())?;
            let origin = Origin { file: plain(file), rows: plain(rows) };
            Some(Provenance { name, origin, texts: Vec::new() })
        });
        if let Some(mark) = source
            .as_ref()
            .and_then(|_| char::from_u32(FIRST_MARK + provenance.len() as u32))
            .filter(|c| marked(*c).is_some())
        {
            text.push(mark);
            provenance.extend(source);
        }
    }
    (Chapter { name: chapter.name.clone(), text: text + rest }, provenance)
}

/// The name of the value that `{{ … | filter }}` writes, if the filter is one of [`NUMBERS`].
pub(crate) fn name(tag: &str) -> Option<&str> {
    let inner = tag.trim_start_matches("{{").trim_end_matches("}}");
    let (path, filter) = inner.rsplit_once('|')?;
    let filter = filter.trim().split(|c: char| !c.is_alphanumeric()).next()?;
    let path = path.trim().trim_start_matches('(');
    let end =
        path.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.' | '[' | ']' | ':'))).unwrap_or(path.len());
    NUMBERS.contains(&filter).then(|| &path[..end])
}

/// Replaces a loop variable at the start of a name by the collection that it runs over.
fn resolved(name: &str, loops: &BTreeMap<String, String>) -> String {
    let (first, rest) = name.split_at(name.find(['.', '[']).unwrap_or(name.len()));
    loops.get(first).map_or_else(|| name.to_string(), |path| format!("{path}{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_with_a_source_are_marked() {
        let text = "# {#id}\n{% for c in a.list %}{{ c.n | count }}{% endfor %} {{ a.b | percent(digits=0) }} {{ a.name }} {{ z | brl }} {x";
        let chapter = Chapter { name: "x".into(), text: text.into() };
        let origin = |file: &str, rows: &str| Origin { file: file.into(), rows: rows.into() };
        let sources = Sources::from([("a".into(), origin("f.csv", "")), ("a.b".into(), origin("g.csv", "rank = 1"))]);
        let (marked, provenance) = mark(&chapter, &sources);
        let lines: Vec<String> = provenance.iter().map(Provenance::line).collect();
        assert_eq!(lines, ["f.csv: a.list.n", "g.csv, rank = 1: a.b"]);
        let without: String = marked.text.chars().filter(|c| super::marked(*c).is_none()).collect();
        assert_eq!(without, text);
        assert!(marked.text.contains("digits=0) }}\u{e001}"));
    }
}
