//! What the kernel asks the helper process and what it answers: one line of JSON each.

use crate::compile::Variable;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;

/// The state of the session that completion and inspection need.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Context {
    /// Source of the active items of all cells.
    pub items: String,
    /// Variables and their types.
    pub variables: BTreeMap<String, Variable>,
    /// Columns of the DataFrames among the variables.
    pub columns: BTreeMap<String, Vec<String>>,
    /// Folder of the crate that re-exports the crates of the kernel.
    pub bundle: PathBuf,
    /// Folder the helper may write to.
    pub folder: PathBuf,
}

/// One completion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Match {
    /// The text to insert.
    pub text: String,
    /// Jupyter's type of a completion: `function`, `instance`, `class`, …
    pub kind: String,
}

/// The completions at one position.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Matches {
    /// The completions, in display order.
    pub matches: Vec<Match>,
    /// The byte range of the code that a completion replaces.
    pub range: Range<usize>,
}

/// A request to the helper.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Question {
    pub context: Context,
    pub code: String,
    /// The cursor position: a byte offset into `code`.
    pub at: usize,
    /// Asks for documentation instead of completions.
    pub inspect: bool,
}

/// A reply of the helper.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Answer {
    /// The helper has loaded all sources and accepts questions.
    Ready,
    Matches(Matches),
    /// Documentation, as text and as HTML.
    Documentation(String, String),
    Nothing,
}
