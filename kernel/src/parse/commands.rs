//! Commands of a cell: the lines that start with a colon, lines for the shell (`!ls -l`) and magics (`%%bash`), and what
//! `:help` says of them.

use ra_ap_syntax::{Edition, SourceFile, T};

/// What `:help` shows: one line for each command, which starts with its name.
pub const HELP: &str = "\
:dep name = \"1\"   use another crate (slow the first time), or one of this machine: :dep ./path
:show_deps         the crates that cells can use
:reload            build edited crates of this machine again
:vars              variables and their types
:type name         the type of a variable (:t for short)
:timing            show how long each step of a cell takes (again: do not)
:opt auto|0|1|2|3  how much the compiler optimises cells (auto: 2 for what loops, with the checks of 0)
:env KEY=value     set a variable of the environment
:explain           explain the last error of the compiler, or one by its code
:last_error_json   the last errors of the compiler as JSON
:save name …       keep variables in `.pfe-saved` beside the notebook: frames, and what serde can write
:load name …       read saved variables again (without a name: list them)
:clear             forget variables, functions, types and crates
:restart           forget variables, start their process again
:version           versions of the kernel and of the compiler
:help              this list
!program …         run a program in the shell
%%bash             the cell is a script (also %%html, %%markdown, %%latex, %%svg, %%writefile name)";

/// Returns the help line of the command that `line` starts with.
pub fn help(line: &str) -> Option<&'static str> {
    let name = line.split_whitespace().next().filter(|name| name.starts_with(':') && name.len() > 1)?;
    HELP.lines().find(|help| help.split_whitespace().next() == Some(name))
}

/// Returns the names of the commands, with their colons.
pub fn names() -> impl Iterator<Item = &'static str> {
    HELP.lines().filter_map(|help| help.split_whitespace().next())
}

/// Takes the commands out of a source, without their colons. Their lines become empty, so that the other lines keep
/// their numbers. A line in a string, a comment or the middle of a statement is no command.
pub(super) fn split_commands(source: &str) -> (String, Vec<String>) {
    let mut commands = Vec::new();
    let mut rust = String::with_capacity(source.len());
    for (number, line) in source.split('\n').enumerate() {
        if number > 0 {
            rust.push('\n');
        }
        let command = command(line).filter(|_| is_between_statements(&rust));
        match command {
            // The rest of the cell is not Rust.
            Some(magic) if magic.starts_with("%%") && rust.trim().is_empty() && !runs_the_cell(magic) => {
                let rest = source.split('\n').skip(number + 1).collect::<Vec<_>>();
                commands.push(format!("{magic}\n{}", rest.join("\n")));
                rust.push_str(&"\n".repeat(rest.len()));
                break;
            }
            Some(command) => commands.push(command.to_owned()),
            None => rust.push_str(line),
        }
    }
    (rust, commands)
}

/// Returns the command that a line is, if it stands between statements.
fn command(line: &str) -> Option<&str> {
    let line = line.trim();
    let begins = |rest: &str| rest.starts_with(|c: char| c.is_ascii_lowercase());
    if let Some(command) = line.strip_prefix(':') {
        return Some(command).filter(|it| begins(it));
    }
    if line.starts_with('%') {
        return Some(line).filter(|it| it.trim_start_matches('%').starts_with(|c: char| c.is_ascii_alphabetic()));
    }
    // `!x` is Rust, if anything that follows is.
    let script = line.strip_prefix('!').filter(|it| it.starts_with(|c: char| c.is_ascii_lowercase() || c == '/'))?;
    let is_rust = SourceFile::parse(&format!("fn f() {{ {line}\n}}"), Edition::Edition2024).errors().is_empty();
    (!is_rust || is_program_with_options(script)).then_some(line)
}

/// Returns whether what could be a difference, as in `!ls -l`, is a program with options.
fn is_program_with_options(script: &str) -> bool {
    let mut words = script.split_whitespace();
    let program = words.next().is_some_and(|word| word.chars().all(|c| c.is_ascii_alphanumeric()));
    let is_option =
        |word: &str| word.strip_prefix('-').is_some_and(|it| it.starts_with(|c: char| c.is_ascii_alphabetic()));
    program && words.next().is_some_and(is_option)
}

/// Returns whether a magic is about how the cell runs: its text is Rust.
fn runs_the_cell(magic: &str) -> bool {
    let name = magic.trim_start_matches('%').split_whitespace().next();
    name.is_some_and(|name| matches!(name, "time" | "timeit" | "capture" | "prun" | "rust"))
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

    #[test]
    fn lines_for_the_shell_and_magics_are_commands() {
        let commands = |source: &str| split_commands(source).1;
        assert_eq!(
            commands("!pip install x\n!ls -la\nlet a = 1;\n!cat a.csv | head -2"),
            ["!pip install x", "!ls -la", "!cat a.csv | head -2"]
        );
        assert_eq!(commands("%%bash\nls\n!true"), ["%%bash\nls\n!true"]);
        assert_eq!(split_commands("%%time\nf()"), ("\nf()".to_owned(), vec!["%%time".to_owned()]));
        assert_eq!(split_commands("%matplotlib inline\n1 % 2").0, "\n1 % 2");
        for source in ["!flag", "!a.b()", "let b = true;\n!b", "!a - b", "let x = 5\n% 3;"] {
            assert!(commands(source).is_empty(), "{source}");
        }
    }
}
