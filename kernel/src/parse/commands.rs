//! Commands of a cell: the lines that start with a colon, and what `:help` says of them.

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

/// Takes the commands out of a source. Their lines become empty, so that the other lines keep their numbers.
pub(super) fn split_commands(source: &str) -> (String, Vec<String>) {
    let mut commands = Vec::new();
    let lines: Vec<String> = source
        .split('\n')
        .map(|line| {
            if line.strip_prefix(':').is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_lowercase())) {
                commands.push(line[1..].trim().to_owned());
                String::new()
            } else {
                line.to_owned()
            }
        })
        .collect();
    (lines.join("\n"), commands)
}
