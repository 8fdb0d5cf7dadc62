//! Runs the commands of a cell, such as `:vars`. `parse` has found them and holds their list.

mod config;
mod crates;
mod foreign;
mod saved;
mod shell;

use super::events::{Event, Watcher, note};
use super::failure::Failure;
use super::state::Session;
use crate::compile::{OptLevel, shown_type};
use crate::error::{Error, Result};
use crate::parse::commands::HELP;
use foreign::{instead, instead_of_magic};
use serde_json::json;
use std::process::Command;

/// What went well or badly with a command.
type Done = Result<Result<(), Failure>>;

fn wrong(message: &str, hint: &str) -> Done {
    Ok(Err(Failure::new("error", message, &[hint.to_owned()])))
}

impl Session {
    /// Runs one command. The outer error is the kernel's, the inner one the user's.
    pub(super) fn command(&mut self, command: &str, watcher: &mut dyn Watcher) -> Done {
        if let Some(script) = command.strip_prefix('!') {
            return self.shell("sh", script, watcher);
        }
        if command.starts_with('%') {
            return self.magic(command, watcher);
        }
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
            ("opt", level @ ("auto" | "0" | "1" | "2" | "3")) => {
                let level = if level == "auto" { OptLevel::Auto } else { OptLevel::Fixed(level.to_owned()) };
                if level.has_debug_assertions() != self.opt_level.has_debug_assertions() {
                    self.changed_names.insert("debug_assertions".to_owned());
                }
                self.opt_level = level;
            }
            ("opt", "") => say(&format!("optimisation level: {}", self.opt_level)),
            ("clear", _) => self.clear(watcher)?,
            ("save", names) => return self.save(names, watcher),
            ("load", names) => return self.load(names, watcher),
            ("restart", _) => {
                let failure = self.restart("restarted")?;
                say(failure.traceback.get(1).map_or("", String::as_str));
            }
            ("dep", request) => return self.dep(request, watcher),
            ("reload", _) => return self.reload(watcher),
            ("show_deps", _) => {
                let of_kernel = self.toolchain.externs.iter().filter(|it| !it.version.is_empty());
                let of_kernel = of_kernel.map(|it| format!("{} {} (of the kernel)", it.package, it.version));
                let watched = self.toolchain.watched.iter();
                let watched = watched.map(|it| format!("{} {} (of the kernel, watched)", it.package, it.version));
                let all: Vec<String> = of_kernel.chain(watched).chain(self.deps.versions().iter().cloned()).collect();
                say(&all.join("\n"));
            }
            ("version", _) => {
                let rustc = self.toolchain.version.lines().next().unwrap_or_default();
                say(&format!("pfe-kernel {}, {rustc}", env!("CARGO_PKG_VERSION")));
            }
            ("env", pair) => {
                let Some((key, value)) = pair.split_once('=').filter(|(key, _)| !key.trim().is_empty()) else {
                    return wrong("`:env` has no key", "write `:env KEY=value`");
                };
                // A value in quotes is meant without them.
                let value = value.trim().trim_matches('"');
                let source = format!("unsafe {{ ::std::env::set_var({:?}, {value:?}); }}", key.trim());
                return Ok(self.execute_within(&source, watcher));
            }
            ("explain", code) => {
                let last = self.last_errors.iter().map(|error| error.code()).find(|code| !code.is_empty());
                let Some(code) = Some(code).filter(|code| !code.is_empty()).or(last) else {
                    return wrong("there is no error to explain", "write `:explain E0382`");
                };
                let mut explain = Command::new(&self.toolchain.rustc);
                let output = explain.args(["--explain", code]).output();
                let output = output.map_err(Error::io("run", &self.toolchain.rustc))?;
                if !output.status.success() {
                    return wrong(&format!("`{code}` is no error of the compiler"), "write `:explain E0382`");
                }
                watcher.event(Event::Page { text: String::from_utf8_lossy(&output.stdout).into_owned() });
            }
            ("last_error_json", _) => {
                let lines = self.last_errors.iter().filter_map(|error| serde_json::to_string(error).ok());
                say(&lines.collect::<Vec<_>>().join("\n"));
            }
            (name, _) => match instead(name) {
                Some(sentence) => note(watcher, &format!("note: `:{name}` does nothing: {sentence}")),
                None => {
                    return Ok(Err(Failure::new(
                        "error",
                        &format!("unknown command `:{command}`"),
                        &[HELP.to_owned()],
                    )));
                }
            },
        }
        Ok(Ok(()))
    }

    /// Runs a magic: `%%bash` and what shows the text of a cell. Others are answered by a sentence.
    fn magic(&mut self, command: &str, watcher: &mut dyn Watcher) -> Done {
        let (line, body) = command.split_once('\n').unwrap_or((command, ""));
        let line = line.trim_start_matches('%').trim();
        let (name, argument) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let mut show = |mime: &str| {
            let data = json!({ mime: body, "text/plain": body });
            watcher.event(Event::Display { data, id: String::new() });
            Ok(Ok(()))
        };
        match name {
            "bash" | "sh" => self.shell(name, if body.is_empty() { argument } else { body }, watcher),
            "system" | "sx" => self.shell("sh", argument, watcher),
            "html" | "HTML" => show("text/html"),
            "markdown" => show("text/markdown"),
            "latex" => show("text/latex"),
            "svg" | "SVG" => show("image/svg+xml"),
            "javascript" | "js" => show("application/javascript"),
            "writefile" if !argument.is_empty() => {
                let file = self.working_directory.join(argument);
                std::fs::write(&file, body).map_err(Error::io("write", file))?;
                Ok(Ok(()))
            }
            _ => match instead_of_magic(name) {
                Some(sentence) => {
                    note(watcher, &format!("note: `%{name}` does nothing: {sentence}"));
                    Ok(Ok(()))
                }
                None => wrong(&format!("this kernel has no magic `%{name}`"), "`:help` lists its commands"),
            },
        }
    }
}
