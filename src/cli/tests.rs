//! The declaration of the command line: consistent, and as the guide lists it. `PFE_WRITE=1 cargo test --bin pfe` writes the list anew.

use std::fmt::Write;
use std::path::Path;

use clap::{Arg, Command, CommandFactory};

use super::CommandLine;

#[test]
fn arguments_are_consistent() {
    CommandLine::command().debug_assert();
}

/// A command and those below it, as Markdown.
fn described(command: &Command, name: &str, text: &mut String) {
    let words = |help: Option<&clap::builder::StyledStr>| help.map(ToString::to_string).unwrap_or_default();
    let about = words(command.get_long_about().or(command.get_about()));
    write!(text, "\n## `{name}`\n\n{about}\n").unwrap();
    let option = |arg: &Arg| {
        let values: String =
            arg.get_value_names().unwrap_or_default().iter().map(|value| format!(" <{value}>")).collect();
        let takes = if arg.get_action().takes_values() { values } else { String::new() };
        let called = match (arg.get_long(), arg.get_short()) {
            (Some(long), Some(short)) => format!("--{long}{takes}`, `-{short}"),
            (Some(long), None) => format!("--{long}{takes}"),
            _ => takes.trim().to_owned(),
        };
        let mut line = format!("- `{called}`: {}", words(arg.get_long_help().or(arg.get_help())));
        let listed =
            |values: Vec<String>| values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", ");
        let possible: Vec<String> = arg.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
        if takes_one_of(arg) {
            line += &format!("; one of {}", listed(possible));
        }
        let default: Vec<String> =
            arg.get_default_values().iter().map(|value| value.to_string_lossy().into_owned()).collect();
        if arg.get_action().takes_values() && !default.is_empty() {
            line += &format!(" (default {})", listed(default));
        }
        line
    };
    // Without a command, the options are those of `pfe run`.
    let own = command.get_arguments().filter(|arg| name != "pfe" && !arg.is_hide_set());
    let options: Vec<String> = own.map(option).collect();
    if !options.is_empty() {
        write!(text, "\n{}\n", options.join("\n")).unwrap();
    }
    for inner in command.get_subcommands() {
        described(inner, &format!("{name} {}", inner.get_name()), text);
    }
}

fn takes_one_of(arg: &Arg) -> bool {
    arg.get_action().takes_values() && !arg.get_possible_values().is_empty()
}

#[test]
fn the_guide_lists_every_command() {
    let mut text = "# Commands\n\nThe options of each command, as `pfe COMMAND --help` prints them.\n".to_owned();
    described(&CommandLine::command(), "pfe", &mut text);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/guide/commands.md");
    if std::env::var_os("PFE_WRITE").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    assert!(std::fs::read_to_string(&path).unwrap() == text, "commands.md is stale: run this test with PFE_WRITE=1");
}
