//! Warnings of the audit → the language of the report. Part of `edition`.

use std::collections::BTreeMap;

use crate::report::lang::Lang;

/// The sentences that a language knows.
pub(crate) struct Notes<'a> {
    pub(crate) lang: Lang,
    /// Patterns of warnings without their names, `{} is not read`, each with its translation.
    pub(crate) patterns: &'a BTreeMap<String, String>,
}

impl Notes<'_> {
    /// Translates an English warning of the audit: as a whole, or else part by part if it lists findings of a file.
    pub(crate) fn note(&self, warning: &str) -> String {
        if let Some(note) = self.phrase(warning) {
            return note;
        }
        let (colon, semicolon) = if self.lang == Lang::Fr { ("\u{a0}: ", "\u{a0}; ") } else { (": ", "; ") };
        let parts = warning.split_once(": ").and_then(|(file, found)| {
            let found: Option<Vec<String>> = found.split("; ").map(|part| self.phrase(part)).collect();
            Some(format!("{}{colon}{}", self.phrase(file)?, found?.join(semicolon)))
        });
        parts.unwrap_or_else(|| self.filled(&pattern(warning)))
    }
    /// Translates a sentence with [`Notes::patterns`]; `None` if it is neither there nor equal in English.
    fn phrase(&self, sentence: &str) -> Option<String> {
        let (pattern, names) = pattern(sentence);
        let known = self
            .patterns
            .get(&pattern)
            .cloned()
            .or_else(|| (self.lang == Lang::En || pattern == "{}").then_some(pattern))?;
        Some(self.filled(&(known, names)))
    }
    fn filled(&self, (pattern, names): &(String, Vec<Name>)) -> String {
        let (open, close) = if self.lang == Lang::Fr { ("«\u{a0}", "\u{a0}»") } else { ("“", "”") };
        let mut names = names.iter().map(|name| match name {
            Name::Number(number) => number.clone(),
            Name::Quoted(name) => format!("{open}{}{close}", name.replace("`, `", &format!("{close}, {open}"))),
        });
        let mut filled = String::new();
        for (i, text) in pattern.split("{}").enumerate() {
            if i > 0 {
                filled += &names.next().unwrap_or_default();
            }
            filled += text;
        }
        filled
    }
}

/// A name or number that a sentence holds in place of a placeholder of its pattern.
pub(super) enum Name {
    /// Text between backticks. Consecutive names count as one.
    Quoted(String),
    /// A number that is not part of a word.
    Number(String),
}

/// Splits a sentence into its pattern and its names and numbers.
pub(super) fn pattern(sentence: &str) -> (String, Vec<Name>) {
    let (mut pattern, mut names) = (String::new(), Vec::new());
    for (i, text) in sentence.split('`').enumerate() {
        match (i % 2, names.last_mut()) {
            (0, _) => {
                for (i, word) in text.split(' ').enumerate() {
                    pattern += if i > 0 { " " } else { "" };
                    if !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit()) {
                        pattern += "{}";
                        names.push(Name::Number(word.into()));
                    } else {
                        pattern += word;
                    }
                }
            }
            (_, Some(Name::Quoted(list))) if pattern.ends_with("{}, ") => {
                pattern.truncate(pattern.len() - 2);
                *list += &format!("`, `{text}");
            }
            _ => {
                pattern += "{}";
                names.push(Name::Quoted(text.into()));
            }
        }
    }
    (pattern, names)
}
