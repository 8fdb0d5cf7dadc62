//! Errors of a cell → one [`Failure`] per cell, as the user reads it.

use super::relocate::relocate;
use crate::compile::{Diagnostic, Generated, Origin, shown_type};
use crate::error::Error;
use serde_json::Value;
use std::collections::BTreeMap;

/// Why a cell failed: the fields of Jupyter's `error` message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The kind of error: `compile error`, `panic`, …
    pub name: String,
    /// The message in one line.
    pub value: String,
    /// The whole message, in colour.
    pub traceback: Vec<String>,
}

/// Formats `kind: message` in the colours of rustc.
fn headline(kind: &str, message: &str) -> String {
    format!("\u{1b}[1m\u{1b}[91m{kind}\u{1b}[0m\u{1b}[1m: {message}\u{1b}[0m")
}

impl Failure {
    /// Creates a failure from a kind, a message and further lines.
    pub fn new(name: &str, value: &str, details: &[String]) -> Failure {
        let mut traceback = vec![headline(name, value)];
        traceback.extend_from_slice(details);
        Failure { name: name.to_owned(), value: value.to_owned(), traceback }
    }

    /// Converts an error of the kernel itself.
    pub fn of_kernel(error: &Error) -> Failure {
        match error {
            Error::Interrupted => {
                Failure::new("interrupted", "stopped while the cell was compiled; nothing has changed", &[])
            }
            Error::Message { message, hint } => {
                let details: Vec<String> = hint.iter().map(|hint| format!("hint: {hint}")).collect();
                Failure::new("error", message, &details)
            }
            error => Failure::new("error", &error.to_string(), &[]),
        }
    }

    /// Describes the death of the cell process, with the variables lost.
    pub fn of_death(why: &str, lost: &[String]) -> Failure {
        Failure::new("crash", why, &[format!("{}; functions and types are kept", names_of_lost(lost))])
    }

    /// Says that the cell was stopped in a place where it could not give back the variables it used.
    pub fn with_lost(self, lost: &[String]) -> Failure {
        let why = "the cell was stopped where it could give nothing back; variables that it did not use are kept";
        Failure::new(&self.name, why, &[names_of_lost(lost)])
    }

    /// Reads the report of a cell that ran. Returns `None` if it succeeded. `locate` maps a place in generated code to
    /// a cell and a line.
    pub fn of_cell(done: &Value, locate: impl Fn(&str) -> Option<(usize, usize)>) -> Option<Failure> {
        let message = done["message"].as_str().unwrap_or_default();
        match done["status"].as_str()? {
            "ok" => None,
            "interrupted" => {
                Some(Failure::new("interrupted", "the cell was stopped; variables of earlier cells are kept", &[]))
            }
            "panic" => {
                let mut details = Vec::new();
                let place = done["panic"]["place"].as_str().unwrap_or_default();
                match locate(place) {
                    Some((cell, line)) => details.push(format!("  at cell {cell}, line {line}")),
                    None if place.is_empty() => {}
                    None => details.push(format!("  at {}", short(place))),
                }
                for frame in done["panic"]["frames"].as_array().into_iter().flatten() {
                    let Some((cell, line)) = locate(frame[1].as_str().unwrap_or_default()) else { continue };
                    let function = function(frame[0].as_str().unwrap_or_default());
                    let text = format!("  in {function} at cell {cell}, line {line}");
                    if details.last() != Some(&text) {
                        details.push(text);
                    }
                }
                Some(Failure::new("panic", message, &details))
            }
            _ => {
                let details: Vec<String> =
                    done["hint"].as_str().map(|hint| format!("hint: {hint}")).into_iter().collect();
                Some(Failure::new("error", message, &details))
            }
        }
    }

    /// Converts the compiler's diagnostics into one failure, with rustc's help and colours. `lost_because` says
    /// why a name is no longer a variable.
    pub fn of_compiler(
        diagnostics: &[Diagnostic],
        generated: &Generated,
        lost_because: &BTreeMap<String, String>,
    ) -> Failure {
        let errors: Vec<&Diagnostic> = diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).collect();
        let in_cell = |error: &&&Diagnostic| {
            error.spans.iter().any(|span| matches!(generated.origin(span.line_start), Origin::Cell { .. }))
        };
        let mut shown: Vec<&Diagnostic> = errors.iter().filter(in_cell).copied().collect();
        if shown.is_empty() {
            shown = errors;
        }
        let mut traceback = Vec::new();
        for error in &shown {
            let mut text = error
                .rendered
                .as_deref()
                .map_or_else(|| error.message.clone(), |rendered| relocate(rendered, generated));
            let name = error.message.split('`').nth(1).filter(|_| error.code() == "E0425");
            if let Some(why) = name.and_then(|name| lost_because.get(name)) {
                text = format!("{}\n= note: {why}\n", text.trim_end());
            }
            traceback.push(text.trim_end().to_owned() + "\n");
        }
        let value = shown.first().map_or_else(String::new, |first| match first.code() {
            "" => first.message.clone(),
            code => format!("{} [{code}]", first.message),
        });
        Failure { name: "compile error".to_owned(), value, traceback }
    }
}

fn names_of_lost(lost: &[String]) -> String {
    match lost {
        [] => "no variables were lost".to_owned(),
        names => {
            format!("variables lost: {}", names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "))
        }
    }
}

fn function(name: &str) -> String {
    let own = name.strip_prefix("cell::").unwrap_or(name);
    if own.contains("pfe_cell_run") { "the cell".to_owned() } else { format!("`{}`", shown_type(own)) }
}

/// Shortens the path of a dependency's source: drops the path of cargo's registry.
fn short(place: &str) -> &str {
    place.split_once("/registry/src/").and_then(|(_, rest)| rest.split_once('/')).map_or(place, |(_, rest)| rest)
}
