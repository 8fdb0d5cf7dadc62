//! Commands of a cell: the lines that start with a colon, and what `:help` says of them.

use ra_ap_syntax::{Edition, SourceFile, T};

/// What `:help` shows: one line for each command, which starts with its name.
pub const HELP: &str = "\
:dep name = \"1\"   use another crate (slow the first time)
:vars              variables and their types
:type name         the type of a variable
:timing            show how long each step of a cell takes (again: do not)
:opt 0|1|2|3       how much the compiler optimises cells
:clear             forget variables, functions, types and crates
:help              this list";

/// Returns the help line of the command that `line` starts with.
pub fn help(line: &str) -> Option<&'static str> {
    let name = line.split_whitespace().next().filter(|name| name.starts_with(':') && name.len() > 1)?;
    HELP.lines().find(|help| help.split_whitespace().next() == Some(name))
}

/// Returns the names of the commands, with their colons.
pub fn names() -> impl Iterator<Item = &'static str> {
    HELP.lines().filter_map(|help| help.split_whitespace().next())
}

/// Takes the commands out of a source. Their lines become empty, so that the other lines keep their numbers. A line in
/// a string, a comment or the middle of a statement is no command.
pub(super) fn split_commands(source: &str) -> (String, Vec<String>) {
    let mut commands = Vec::new();
    let mut rust = String::with_capacity(source.len());
    for (number, line) in source.split('\n').enumerate() {
        if number > 0 {
            rust.push('\n');
        }
        let command = line.trim().strip_prefix(':').filter(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase()));
        match command {
            Some(command) if is_between_statements(&rust) => commands.push(command.to_owned()),
            _ => rust.push_str(line),
        }
    }
    (rust, commands)
}

/// Returns whether a statement may begin after `source`: its strings, comments and brackets are closed.
fn is_between_statements(source: &str) -> bool {
    let file = SourceFile::parse(source, Edition::Edition2024);
    let mut depth = 0;
    let mut last = None;
    for token in file.syntax_node().descendants_with_tokens().filter_map(|it| it.into_token()) {
        match token.kind() {
            T!['{'] | T!['('] | T!['['] => depth += 1,
            T!['}'] | T![')'] | T![']'] => depth -= 1,
            _ => {}
        }
        if !token.kind().is_trivia() || !is_closed_comment(token.text()) {
            last = Some(token);
        }
    }
    depth == 0 && last.is_none_or(|last| matches!(last.kind(), T![;] | T!['}']))
}

/// Returns whether a space or comment has an end: not so a block comment that is still open.
fn is_closed_comment(text: &str) -> bool {
    !text.starts_with("/*") || text.matches("/*").count() == text.matches("*/").count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_in_strings_and_statements_are_no_commands() {
        let commands = |source: &str| split_commands(source).1;
        assert_eq!(
            commands(":dep rand = \"0.9\"\n  :vars\nlet a = 1;\n:timing\na"),
            ["dep rand = \"0.9\"", "vars", "timing"]
        );
        for source in [
            "let t = \"a\n:note b\n\";",
            "let r = r#\"\n:key: value\n\"#;",
            "/*\n:vars\n*/",
            "let colon\n:i32 = 4;",
            "::std::mem::size_of::<u64>()",
            "f(\n:vars\n)",
        ] {
            assert!(commands(source).is_empty(), "{source}");
        }
        assert_eq!(split_commands("let a = 1;\n:vars\na").0, "let a = 1;\n\na");
    }
}
