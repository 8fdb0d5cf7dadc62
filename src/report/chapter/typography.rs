//! Text → typeset text: no-break spaces, apostrophes, quotes, dashes. Also escapes values, so that Markdown cannot interpret them.
//!
//! Escaping moves each character of the Basic Multilingual Plane to the private plane 15, which has no Markdown syntax. To the parser, any value is just letters. After parsing, [`Typographer`] and [`unescape_value`] restore
//! the characters, so that a value can only ever be text.

use crate::report::lang::Lang;
use crate::text::{REPLACEMENT, seen};

const ESCAPE_PLANE: u32 = 0xF_0000;
/// Marks are private-use characters, which no chapter contains; the first marks source 0. Values are escaped, so that a
/// character in a value cannot be mistaken for a mark.
pub(crate) const FIRST_MARK: u32 = 0xE000;
const LAST_MARK: u32 = 0xF8FF;
const NARROW: char = '\u{202f}';
const NO_BREAK: char = '\u{a0}';

/// Index of the source that a character marks.
pub(crate) fn marked(c: char) -> Option<usize> {
    (FIRST_MARK..=LAST_MARK).contains(&u32::from(c)).then(|| (u32::from(c) - FIRST_MARK) as usize)
}

/// Escapes a value for its way through Markdown.
pub(crate) fn escape_value(value: &str) -> String {
    let visible = |c: char| match c {
        '\u{10000}'..='\u{effff}' => seen(c),
        '\u{f0000}'.. => char::from_u32(ESCAPE_PLANE + REPLACEMENT as u32),
        _ => char::from_u32(ESCAPE_PLANE + c as u32).filter(|_| seen(c).is_some()),
    };
    value.chars().filter_map(visible).collect()
}

/// Restores escaped text.
pub(crate) fn unescape_value(text: &str) -> String {
    text.chars().filter(|c| marked(*c).is_none()).map(|c| unescaped_char(c).unwrap_or(c)).collect()
}

/// A value that bypasses Markdown (a table cell, a title), made safe for HTML, XML and PDF.
pub(crate) fn plain(value: &str) -> String {
    unescape_value(&escape_value(value))
}

/// Whether a character belongs to an escaped value.
pub(crate) fn is_escaped(c: char) -> bool {
    unescaped_char(c).is_some()
}

fn unescaped_char(c: char) -> Option<char> {
    let below = char::from_u32((c as u32).checked_sub(ESCAPE_PLANE)?)?;
    Some(match below {
        '\t' | '\n' | '\r' => ' ',
        '\u{10000}'.. => REPLACEMENT,
        _ => seen(below).unwrap_or(REPLACEMENT),
    })
}

/// Typesets the running text of one block. Remembers the last character across emphasis and links.
pub(crate) struct Typographer {
    lang: Lang,
    before: Option<char>,
}

impl Typographer {
    pub fn new(lang: Lang) -> Self {
        Self { lang, before: None }
    }

    /// Starts a block; call it for each.
    pub fn start(&mut self) {
        self.before = None;
    }

    /// Notes that something other than text (code, a cross-reference) stands here.
    pub fn pass(&mut self) {
        self.before = Some('x');
    }

    /// The text as printed.
    pub fn set(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len() + 8);
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let tail = &rest[c.len_utf8()..];
            let (written, taken) = match unescaped_char(c) {
                Some(value) => (String::from(value), c.len_utf8()),
                None => self.one(c, tail),
            };
            self.before = written.chars().last().or(self.before);
            out.push_str(&written);
            rest = &rest[taken..];
        }
        out
    }

    /// Replacement for `c`, and the number of bytes of text that it covers.
    fn one(&self, c: char, tail: &str) -> (String, usize) {
        let next = tail.chars().next();
        let french = self.lang == Lang::Fr;
        let opens =
            self.before.is_none_or(|b| b.is_whitespace() || matches!(b, '(' | '[' | '«' | '“' | '‘' | '—' | '–'));
        let ends = next.is_none_or(|n| n.is_whitespace() || matches!(n, ')' | ']' | '»' | '”' | '?' | '!'));
        let glued = self.before.is_some_and(|b| b.is_alphanumeric() || matches!(b, ')' | ']' | '»' | '’' | '%' | '$'));
        let (text, extra): (String, usize) = match c {
            '.' if tail.starts_with("..") => ("…".into(), 2),
            '-' if tail.starts_with("--") => ("—".into(), 2),
            '-' if tail.starts_with('-') => ("–".into(), 1),
            '\'' if french || !opens => ("’".into(), 0),
            '\'' => ("‘".into(), 0),
            '"' if french && opens => (format!("«{NO_BREAK}"), spaces(tail)),
            '"' if french => (format!("{NO_BREAK}»"), 0),
            '"' if opens => ("“".into(), 0),
            '"' => ("”".into(), 0),
            '«' if french => (format!("«{NO_BREAK}"), spaces(tail)),
            '»' if french && self.before != Some(NO_BREAK) => (format!("{NO_BREAK}»"), 0),
            ' ' | NO_BREAK | NARROW if french => {
                let more = spaces(tail);
                match tail[more..].chars().next() {
                    Some(';' | '!' | '?') => (NARROW.into(), more),
                    Some(':' | '»') => (NO_BREAK.into(), more),
                    // All of them at once: there may be millions.
                    _ => (format!("{c}{}", &tail[..more]), more),
                }
            }
            ';' | '!' | '?' if french && glued && ends => (format!("{NARROW}{c}"), 0),
            ':' if french && glued && ends => (format!("{NO_BREAK}:"), 0),
            _ => (c.into(), 0),
        };
        (text, c.len_utf8() + extra)
    }
}

/// Length in bytes of the spaces at the start of `text`.
fn spaces(text: &str) -> usize {
    text.len() - text.trim_start_matches([' ', NO_BREAK, NARROW]).len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(lang: Lang, text: &str) -> String {
        Typographer::new(lang).set(text).replace(NARROW, "_").replace(NO_BREAK, "~")
    }

    #[test]
    fn french() {
        for (typed, printed) in [
            ("Vraiment ? Oui ! Bien ; soit", "Vraiment_? Oui_! Bien_; soit"),
            ("Vraiment? Oui! Bien; soit: fin", "Vraiment_? Oui_! Bien_; soit~: fin"),
            ("Trois choses : a", "Trois choses~: a"),
            ("dit « oui » et «non»", "dit «~oui~» et «~non~»"),
            ("dit \"oui\" (\"non\")", "dit «~oui~» («~non~»)"),
            ("l'an, aujourd'hui...", "l’an, aujourd’hui…"),
            ("à 12:30, https://a.b/?c", "à 12:30, https://a.b/?c"),
            ("Quoi ?! Ah...", "Quoi_?! Ah…"),
            ("2017--2018 --- enfin", "2017–2018 — enfin"),
        ] {
            assert_eq!(set(Lang::Fr, typed), printed);
        }
    }

    #[test]
    fn english() {
        for (typed, printed) in [
            ("\"It's 'fine'\", he said: yes! no?", "“It’s ‘fine’”, he said: yes! no?"),
            ("(\"so\") rock 'n' roll...", "(“so”) rock ‘n’ roll…"),
        ] {
            assert_eq!(set(Lang::En, typed), printed);
        }
    }

    #[test]
    fn quotes_know_what_stands_before_the_emphasis() {
        let mut t = Typographer::new(Lang::En);
        assert_eq!([t.set("\""), t.set("word"), t.set("\" and \"")].concat(), "“word” and “");
    }

    #[test]
    fn values_are_left_alone() {
        let value = "<b> *x* \"y\" l'an ? `z` ... {{ 7*7 }} \u{1f600}";
        assert_eq!(Typographer::new(Lang::Fr).set(&escape_value(value)), value);
        assert_eq!(unescape_value(&escape_value(value)), value);
        assert!(escape_value(value).chars().all(|c| c as u32 > 0xffff));
        assert_eq!(plain("a\u{202e}b\0c\nd\u{f003c}"), "ab\u{fffd}c d\u{fffd}");
        assert_eq!(plain("a\u{200b}b\u{2028}c\u{e0041}d\u{9b}31m"), "abcd\u{fffd}31m");
    }

    #[test]
    fn a_million_spaces_take_no_time() {
        let text = format!("a{}b", " ".repeat(1_000_000));
        assert_eq!(Typographer::new(Lang::Fr).set(&text), text);
    }
}
