//! Messages of rustc, from its JSON output: errors, and the types of new variables.

use serde::{Deserialize, Serialize};

/// A diagnostic of rustc, from its JSON output.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Diagnostic {
    /// The message, without its spans.
    pub message: String,
    /// Its error code or lint name.
    pub code: Option<Code>,
    /// `error`, `warning`, …
    pub level: String,
    /// The spans it refers to.
    pub spans: Vec<Span>,
    /// The whole diagnostic as rustc prints it, in colour.
    pub rendered: Option<String>,
}

/// The code of a diagnostic.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Code {
    /// An error code such as `E0382`, or a lint name.
    pub code: String,
}

/// A span of the generated crate.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Span {
    /// The file.
    pub file_name: String,
    /// The first line, from 1.
    pub line_start: usize,
    /// Whether the diagnostic is mainly about this span.
    pub is_primary: bool,
    /// The text rustc prints beside the span.
    pub label: Option<String>,
}

impl Diagnostic {
    /// Returns the code, or an empty string.
    pub fn code(&self) -> &str {
        self.code.as_ref().map_or("", |code| code.code.as_str())
    }

    /// Returns whether this is an error. The closing summary, "aborting due to …", does not count.
    pub fn is_error(&self) -> bool {
        self.level.starts_with("error") && !(self.spans.is_empty() && self.message.starts_with("aborting due to"))
    }
}

/// Extracts the type that rustc names in its warning about `drop(&variable)`.
pub fn named_type(diagnostic: &Diagnostic) -> Option<&str> {
    if diagnostic.code() != "dropping_references" {
        return None;
    }
    let label = diagnostic.spans.iter().find_map(|span| span.label.as_deref())?;
    label.split_once("`&")?.1.strip_suffix('`')
}

/// Returns whether source code can name the type. Closures, `impl Trait` and `async` blocks have no nameable type.
pub fn is_nameable(ty: &str) -> bool {
    !(ty.contains('{') || ty.contains("impl ") || ty.contains('…') || ty.contains("..."))
}
