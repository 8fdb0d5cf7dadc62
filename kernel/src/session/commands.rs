//! Runs the commands of a cell, such as `:vars`. `parse` has found them and holds their list.

use super::events::{Event, Watcher, note};
use super::failure::Failure;
use super::state::Session;
use crate::compile::shown_type;
use crate::error::Result;
use crate::parse::commands::HELP;

impl Session {
    /// Runs one command. The outer error is the kernel's, the inner one the user's.
    pub(super) fn command(&mut self, command: &str, watcher: &mut dyn Watcher) -> Result<Result<(), Failure>> {
        let (name, argument) =
            command.split_once(char::is_whitespace).map_or((command, ""), |(name, rest)| (name, rest.trim()));
        let mut say = |text: &str| watcher.event(Event::Stream { stderr: false, text: format!("{text}\n") });
        match (name, argument) {
            ("help", _) => watcher.event(Event::Page { text: HELP.to_owned() }),
            ("vars", _) => {
                let rows: Vec<String> =
                    self.variables.iter().map(|(name, it)| format!("{name}: {}", shown_type(&it.ty))).collect();
                say(&if rows.is_empty() { "no variables".to_owned() } else { rows.join("\n") });
            }
            ("type" | "t", name) => match self.variables.get(name) {
                Some(variable) => say(&format!("{name}: {}", shown_type(&variable.ty))),
                None => return Ok(Err(Failure::new("error", &format!("there is no variable `{name}`"), &[]))),
            },
            ("timing", _) => {
                self.timing = !self.timing;
                say(&format!("timing: {}", if self.timing { "on" } else { "off" }));
            }
            ("opt", level @ ("0" | "1" | "2" | "3")) => {
                if (level == "0") != (self.opt_level == "0") {
                    self.changed_names.insert("debug_assertions".to_owned());
                }
                level.clone_into(&mut self.opt_level);
            }
            ("clear", _) => self.clear()?,
            ("dep", request) => {
                note(
                    watcher,
                    &format!("building `{request}`; the first time takes as long as its crates take to compile"),
                );
                self.deps = self.deps.add(request, &self.toolchain().rustc, self.directory())?;
                self.changed_names.extend(self.deps.rebuilt());
            }
            _ => return Ok(Err(Failure::new("error", &format!("unknown command `:{command}`"), &[HELP.to_owned()]))),
        }
        Ok(Ok(()))
    }
}
