//! Runs the commands of a cell: lines that start with a colon.

use crate::child::{Event, Watcher};
use crate::error::Result;
use crate::report::{Failure, note};
use crate::session::Session;
use serde_json::json;

const HELP: &str = "\
:dep name = \"1\"   use another crate (slow the first time)
:vars              variables and their types
:type name         the type of a variable
:timing            show how long each step of a cell takes (again: do not)
:opt 0|1|2|3       how much the compiler optimises cells
:clear             forget variables, functions, types and crates
:help              this list";

/// Returns the help line of the command that `line` starts with.
pub(crate) fn help(line: &str) -> Option<&'static str> {
    let name = line.split_whitespace().next().filter(|name| name.starts_with(':') && name.len() > 1)?;
    HELP.lines().find(|help| help.split_whitespace().next() == Some(name))
}

impl Session {
    /// Runs one command. The outer error is the kernel's, the inner one the user's.
    pub(crate) fn command(&mut self, command: &str, watcher: &mut dyn Watcher) -> Result<Result<(), Failure>> {
        let (name, argument) =
            command.split_once(char::is_whitespace).map_or((command, ""), |(name, rest)| (name, rest.trim()));
        let mut say = |text: &str| watcher.event(Event::Stream { stderr: false, text: format!("{text}\n") });
        match (name, argument) {
            ("help", _) => watcher.event(Event::Page { text: HELP.to_owned() }),
            ("vars", _) => {
                let rows: Vec<String> = self.variables.iter().map(|(name, it)| format!("{name}: {}", it.ty)).collect();
                say(&if rows.is_empty() { "no variables".to_owned() } else { rows.join("\n") });
            }
            ("type" | "t", name) => match self.variables.get(name) {
                Some(variable) => say(&format!("{name}: {}", variable.ty)),
                None => return Ok(Err(Failure::new("error", &format!("there is no variable `{name}`"), &[]))),
            },
            ("timing", _) => {
                self.timing = !self.timing;
                say(&format!("timing: {}", if self.timing { "on" } else { "off" }));
            }
            ("opt", level @ ("0" | "1" | "2" | "3")) => level.clone_into(&mut self.opt_level),
            ("clear", _) => self.clear()?,
            ("dep", request) => {
                note(
                    watcher,
                    &format!("building `{request}`; the first time takes as long as its crates take to compile"),
                );
                self.deps = self.deps.add(request, &self.toolchain().rustc, self.directory())?;
            }
            _ => return Ok(Err(Failure::new("error", &format!("unknown command `:{command}`"), &[HELP.to_owned()]))),
        }
        Ok(Ok(()))
    }

    /// Returns the variables and their types as a JSON object.
    pub fn variables(&self) -> serde_json::Value {
        self.variables.iter().map(|(name, it)| (name.clone(), json!(it.ty))).collect::<serde_json::Map<_, _>>().into()
    }
}
