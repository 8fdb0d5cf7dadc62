//! Text → the same in Markdown, where no character of it means markup. Used by `markdown`.

use crate::text::seen;

/// Text without markup. Line ends become spaces, hidden characters go.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let Some(c) = seen(c) else { continue };
        match c {
            '\n' | '\r' | '\t' => out.push(' '),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '$' | '@' => out.extend(['\\', c]),
            // Addresses would become links by themselves.
            ':' if rest.peek() == Some(&'/') => out.push_str("\\:"),
            '.' if is_www(&out) => out.push_str("\\."),
            // Numbers of issues.
            '#' if rest.peek().is_some_and(char::is_ascii_digit) => out.push_str("\\#"),
            c => out.push(c),
        }
    }
    out
}

fn is_www(text: &str) -> bool {
    text.len() >= 3 && text.as_bytes()[text.len() - 3..].eq_ignore_ascii_case(b"www")
}

/// A paragraph whose first characters are no mark of a heading, list, line or code.
pub(super) fn started(line: &str) -> String {
    let line = line.trim();
    let digits = line.len() - line.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let at = match line.chars().next() {
        Some('#' | '+' | '-' | '=') => 0,
        Some('0'..='9') if line[digits..].starts_with(['.', ')']) => digits,
        _ => return line.to_owned(),
    };
    format!("{}\\{}", &line[..at], &line[at..])
}

/// Inline code, between more backticks than any in it.
pub(super) fn code(text: &str, in_cell: bool) -> String {
    let shown = text.chars().filter_map(seen).map(|c| if matches!(c, '\n' | '\r' | '\t') { ' ' } else { c });
    let text: String = shown.collect();
    if text.trim().is_empty() {
        return String::new();
    }
    let marks = "`".repeat(longest_run(&text) + 1);
    let space = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) { " " } else { "" };
    let text = if in_cell { text.replace('|', "\\|") } else { text };
    format!("{marks}{space}{text}{space}{marks}")
}

/// A block of code, between more backticks than any in it.
pub(super) fn fenced(text: &str) -> String {
    let text: String = text.chars().filter_map(seen).collect();
    let marks = "`".repeat(3.max(longest_run(&text) + 1));
    format!("{marks}\n{text}\n{marks}")
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// An address in parentheses.
pub(super) fn address(url: &str) -> String {
    let mut out = String::with_capacity(url.len());
    for c in url.chars().filter_map(seen) {
        match c {
            ' ' | '\n' | '\r' | '\t' | '<' | '>' | '(' | ')' | '\\' | '"' | '|' | '`' => {
                out.extend(['%'].into_iter().chain(format!("{:02X}", c as u32).chars()));
            }
            c => out.push(c),
        }
    }
    out
}

/// The lines of a text, the first after `first` and the others after `rest`; empty lines have no spaces at their ends.
pub(super) fn prefixed(text: &str, first: &str, rest: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (index, line) in text.trim_end().lines().enumerate() {
        let line = format!("{}{line}", if index == 0 { first } else { rest });
        out.extend([line.trim_end(), "\n"]);
    }
    out
}
