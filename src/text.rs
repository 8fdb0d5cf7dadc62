//! Text from data, files, servers and notebooks → text that is safe to show. Used by `report` and by the command line.
//!
//! Three kinds of characters are never shown as they are: control characters, which steer a terminal and which XML and PDF refuse;
//! invisible marks that reorder or hide neighbouring text; separators that few programs treat as line ends.

use std::borrow::Cow;
use std::fmt::{Display, Write};

/// Replaces a control character on a page.
pub const REPLACEMENT: char = '\u{fffd}';

/// Whether `c` is a control character (C0, DEL, C1) or a noncharacter (U+FFFE, U+FFFF). Line feed and tab are not counted.
fn is_control(c: char) -> bool {
    matches!(c, '\0'..='\u{8}' | '\u{b}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}')
}

/// Whether `c` has no width but reorders, joins or hides neighbouring text.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
    )
}

fn is_hidden(c: char) -> bool {
    is_control(c) || is_invisible(c)
}

/// The character to show on a page for `c`: `None` for an invisible one, [`REPLACEMENT`] for a control character.
pub fn seen(c: char) -> Option<char> {
    match c {
        ' '..='~' => Some(c),
        _ if is_invisible(c) => None,
        _ if is_control(c) => Some(REPLACEMENT),
        _ => Some(c),
    }
}

/// Escapes text for a terminal: control and invisible characters become their code, as in `\u{1b}`. Line feeds and tabs stay.
pub fn escaped(text: &str) -> Cow<'_, str> {
    replaced(text, |out, c| {
        let _ = write!(out, "\\u{{{:x}}}", c as u32);
    })
}

/// Escapes JSON for a terminal without changing its value: such characters can only occur in strings and become JSON escapes.
pub fn escaped_json(json: &str) -> Cow<'_, str> {
    replaced(json, |out, c| {
        for unit in c.encode_utf16(&mut [0; 2]) {
            let _ = write!(out, "\\u{unit:04x}");
        }
    })
}

fn replaced(text: &str, replace: impl Fn(&mut String, char)) -> Cow<'_, str> {
    let Some(first) = text.find(is_hidden) else { return Cow::Borrowed(text) };
    let mut out = text[..first].to_owned();
    for c in text[first..].chars() {
        if is_hidden(c) { replace(&mut out, c) } else { out.push(c) }
    }
    Cow::Owned(out)
}

/// Removes escape sequences (ECMA-48: colours, cursor moves, titles, links) from a line for a terminal. An unterminated sequence extends
/// to the end of the line.
pub fn without_sequences(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        let introduced = match c {
            '\u{1b}' => chars.next_if(|c| matches!(c, ' '..='~')),
            // C1 control: the one-character form of `ESC` and a letter.
            '\u{80}'..='\u{9f}' => char::from_u32(c as u32 - 0x40),
            _ => {
                out.push(c);
                continue;
            }
        };
        match introduced {
            // Control sequence: parameters, then a final character that names the function.
            Some('[') => {
                while chars.next_if(|c| matches!(c, ' '..='?')).is_some() {}
                chars.next_if(|c| matches!(c, '@'..='~'));
            }
            // A string for the terminal, up to a bell or a string terminator.
            Some(']' | 'P' | 'X' | '^' | '_') => {
                while let Some(c) = chars.next() {
                    if c == '\u{1b}' {
                        chars.next_if(|c| *c == '\\');
                    }
                    if matches!(c, '\u{7}' | '\u{1b}' | '\u{9c}') {
                        break;
                    }
                }
            }
            // Character set selection and similar.
            Some(' '..='/') => {
                while chars.next_if(|c| matches!(c, ' '..='/')).is_some() {}
                chars.next_if(|c| matches!(c, '0'..='~'));
            }
            _ => {}
        }
    }
    out
}

/// Shortens `text` to `most` characters; an ellipsis replaces the end.
pub fn shortened(text: &str, most: usize) -> Cow<'_, str> {
    // Cheap test first: a character takes at least one byte.
    if text.len() <= most || text.chars().nth(most).is_none() {
        return Cow::Borrowed(text);
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    Cow::Owned(format!("{}…", kept.trim_end()))
}

/// Lists names in a message: `` `a`, `b` ``.
pub fn listed(names: impl IntoIterator<Item = impl Display>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The line of a position in a text, from 1.
pub fn line_of(text: &str, position: usize) -> usize {
    1 + text.as_bytes()[..position.min(text.len())].iter().filter(|byte| **byte == b'\n').count()
}

/// A place in a file for a message: `` `name`, line 3 ``, or the name alone if the position is not known.
pub fn place(name: &str, text: &str, position: Option<usize>) -> String {
    position.map_or_else(|| format!("`{name}`"), |position| format!("`{name}`, line {}", line_of(text, position)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_has_its_line() {
        let text = "a\nb\nç";
        assert_eq!([0, 1, 2, 4, 99].map(|position| line_of(text, position)), [1, 1, 2, 3, 3]);
        assert_eq!(
            (place("x.toml", text, Some(2)), place("x.toml", text, None)),
            ("`x.toml`, line 2".into(), "`x.toml`".into())
        );
    }

    #[test]
    fn nothing_hidden_reaches_a_terminal() {
        let hostile =
            "\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\r\u{8}\u{7f}a\u{202e}b\u{2066}c\u{200b}d\u{2028}e\u{feff}\u{e0041}";
        let shown = escaped(hostile);
        assert!(shown.chars().all(|c| !is_hidden(c)), "{shown}");
        assert!(shown.starts_with("\\u{1b}]0;owned\\u{7}\\u{1b}[2J\\u{9b}31m\\u{d}"), "{shown}");
        assert_eq!(escaped("a\tb\nçã日本 🎁 مرحبا"), "a\tb\nçã日本 🎁 مرحبا");
    }

    #[test]
    fn json_keeps_its_value() {
        let value = serde_json::json!({ "a\u{9b}": "\u{1b}[31m \u{202e} \u{e0041} é" });
        for json in [value.to_string(), format!("{value:#}")] {
            let shown = escaped_json(&json);
            assert!(shown.chars().all(|c| !is_hidden(c)), "{shown}");
            assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
        }
    }

    #[test]
    fn what_was_printed_loses_its_escape_sequences() {
        for (raw, shown) in [
            ("\u{1b}[1;31mred\u{1b}[0m", "red"),
            ("\u{1b}]0;title\u{7}a\u{1b}]8;;http://x\u{1b}\\link\u{1b}]8;;\u{1b}\\b", "alinkb"),
            ("\u{9b}31mred\u{9d}title\u{9c}x", "redx"),
            ("\u{1b}(Bx\u{1b}=y\u{1b}", "xy"),
            ("a\u{1b}]0;no end", "a"),
            ("plain\ttext", "plain\ttext"),
        ] {
            assert_eq!(without_sequences(raw), shown, "{raw:?}");
        }
    }

    #[test]
    fn long_texts_end_with_an_ellipsis() {
        assert_eq!(shortened("çava", 4), "çava");
        assert_eq!(shortened("a b c d", 4), "a b…");
        assert_eq!(shortened(&format!("a{}", "\u{301}".repeat(5000)), 10).chars().count(), 10);
    }
}
