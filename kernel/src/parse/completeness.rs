//! Whether a source can run as it is or needs more lines, as a front end asks before it runs a cell.

use super::commands::split_commands;
use super::edit::HEAD;
use ra_ap_syntax::{Edition, SourceFile, SyntaxKind, T};

/// Answer to Jupyter's `is_complete_request`.
#[derive(Debug, PartialEq, Eq)]
pub enum Completeness {
    /// The cell can run.
    Complete,
    /// The cell needs more lines. The next one is indented by this number of spaces.
    Incomplete(usize),
    /// No further line can make it valid.
    Invalid,
}

/// Returns whether the source is complete: it closes all brackets, strings and comments, and does not end in the middle
/// of a statement.
pub fn completeness(source: &str) -> Completeness {
    let (source, commands) = split_commands(source);
    let mut open = Vec::new();
    let file = SourceFile::parse(&format!("{HEAD}{source}"), Edition::Edition2024);
    let mut last = None;
    let tokens = file.syntax_node().descendants_with_tokens().filter_map(|element| element.into_token());
    for token in tokens.filter(|token| usize::from(token.text_range().start()) >= HEAD.len()) {
        let text = token.text();
        match token.kind() {
            T!['{'] | T!['('] | T!['['] => open.push(token.kind()),
            T!['}'] | T![')'] | T![']'] => {
                let opens = match token.kind() {
                    T!['}'] => T!['{'],
                    T![')'] => T!['('],
                    _ => T!['['],
                };
                if open.pop() != Some(opens) {
                    return Completeness::Invalid;
                }
            }
            SyntaxKind::STRING if !is_closed_string(text) => return Completeness::Incomplete(0),
            SyntaxKind::COMMENT if text.starts_with("/*") && !text.ends_with("*/") => {
                return Completeness::Incomplete(0);
            }
            SyntaxKind::ERROR if text.starts_with("r#") || text.starts_with('r') => return Completeness::Incomplete(0),
            _ => {}
        }
        if !token.kind().is_trivia() {
            last = Some(token.kind());
        }
    }
    let depth = open.len();
    let continues = last.is_some_and(|kind| {
        matches!(
            kind,
            T![=] | T![+] | T![-] | T![*] | T![/] | T![.] | T![,] | T![&&] | T![||] | T![->] | T![=>] | T![::]
        )
    });
    if depth > 0 || continues {
        return Completeness::Incomplete(4 * depth.max(1));
    }
    if source.trim().is_empty() && commands.is_empty() {
        return Completeness::Complete;
    }
    let whole = SourceFile::parse(&format!("{HEAD}{source}\n}}"), Edition::Edition2024);
    match whole.errors().first() {
        None => Completeness::Complete,
        // An error at the very end means an unfinished statement, such as `let x`.
        Some(error) if usize::from(error.range().end()) >= HEAD.len() + source.trim_end().len() => {
            Completeness::Incomplete(4)
        }
        Some(_) => Completeness::Invalid,
    }
}

fn is_closed_string(text: &str) -> bool {
    let body = text.trim_start_matches(['b', 'c']);
    let Some(inner) = body.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else { return false };
    let backslashes = inner.len() - inner.trim_end_matches('\\').len();
    backslashes.is_multiple_of(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn completeness_follows_brackets_strings_and_cut_statements() {
        use Completeness::*;
        assert_eq!(completeness("let x = 1;"), Complete);
        assert_eq!(completeness("x + 1"), Complete);
        assert_eq!(completeness("fn f() {"), Incomplete(4));
        assert_eq!(completeness("if a { b(c, [1,"), Incomplete(12));
        assert_eq!(completeness("let x ="), Incomplete(4));
        assert_eq!(completeness("println!(\"a"), Incomplete(0));
        assert_eq!(completeness("x)"), Invalid);
        assert_eq!(completeness("let 1x = = 3;"), Invalid);
    }
}
