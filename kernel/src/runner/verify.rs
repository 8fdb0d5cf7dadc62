//! Compares the outputs of two runs of a notebook and finds the first difference.

use super::notebook::{Notebook, joined};
use serde_json::Value;

/// The first difference between two runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The cell, from 1.
    pub cell: usize,
    /// The part that differs: a MIME type, `stream stdout`, the number of outputs, …
    pub what: String,
    /// Its content in the file.
    pub before: String,
    /// Its content in the new run.
    pub now: String,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
        let line = self.before.lines().zip(self.now.lines()).position(|(before, now)| before != now);
        let at = line.unwrap_or_else(|| self.before.lines().count().min(self.now.lines().count()));
        let show = |text: &str| text.lines().nth(at).unwrap_or("(nothing)").chars().take(200).collect::<String>();
        write!(
            formatter,
            "cell {}: `{}` differs at line {}\n  before: {}\n  now:    {}",
            self.cell,
            self.what,
            at + 1,
            show(&self.before),
            show(&self.now)
        )
    }
}

/// Compares the outputs of all code cells byte by byte. Returns `None` if they are the same.
pub fn verify(before: &Notebook, now: &Notebook) -> Option<Difference> {
    let cells = before.code_cells();
    let new_cells = now.code_cells();
    for (position, (index, new_index)) in cells.iter().zip(&new_cells).enumerate() {
        let (old, new) = (before.outputs(*index), now.outputs(*new_index));
        let difference =
            |what: String, before: String, now: String| Some(Difference { cell: position + 1, what, before, now });
        for (old, new) in old.iter().zip(new) {
            let (kind, new_kind) = (&old["output_type"], &new["output_type"]);
            if kind != new_kind {
                return difference("kind of output".into(), text(kind), text(new_kind));
            }
            let parts = |output: &Value| -> Vec<(String, String)> {
                match output["output_type"].as_str() {
                    Some("stream") => vec![(format!("stream {}", text(&output["name"])), joined(&output["text"]))],
                    Some("error") => vec![(
                        "error".into(),
                        format!(
                            "{}: {}\n{}",
                            text(&output["ename"]),
                            text(&output["evalue"]),
                            joined(&output["traceback"])
                        ),
                    )],
                    _ => output["data"]
                        .as_object()
                        .into_iter()
                        .flatten()
                        .map(|(mime, content)| (mime.clone(), text(content)))
                        .collect(),
                }
            };
            let (old, new) = (parts(old), parts(new));
            for (mime, content) in &old {
                let other = new
                    .iter()
                    .find(|(other, _)| other == mime)
                    .map_or_else(String::new, |(_, content)| content.clone());
                if *content != other {
                    return difference(mime.clone(), content.clone(), other);
                }
            }
            if let Some((mime, content)) = new.iter().find(|(mime, _)| !old.iter().any(|(other, _)| other == mime)) {
                return difference(mime.clone(), String::new(), content.clone());
            }
        }
        if old.len() != new.len() {
            return difference("number of outputs".into(), old.len().to_string(), new.len().to_string());
        }
    }
    (cells.len() != new_cells.len()).then(|| Difference {
        cell: cells.len().min(new_cells.len()) + 1,
        what: "number of cells".into(),
        before: cells.len().to_string(),
        now: new_cells.len().to_string(),
    })
}

/// Converts text, whole or in lines, to a string, and any other value to JSON.
fn text(value: &Value) -> String {
    match value {
        Value::String(_) => joined(value),
        Value::Array(lines) if lines.iter().all(Value::is_string) => joined(value),
        other => other.to_string(),
    }
}
