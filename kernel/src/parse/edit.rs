//! Edits of the source of a cell, and what it is wrapped in to be parsed.

use std::borrow::Cow;
use std::ops::Range;

/// Replaces a range of the source by a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The range to replace; empty for an insertion.
    pub range: Range<usize>,
    /// The new text.
    pub text: Cow<'static, str>,
    /// Whether the text stands on a line of its own: rustc then quotes the rest of the line as the user wrote it.
    pub own_line: bool,
}

impl Edit {
    pub(crate) fn inline(range: Range<usize>, text: impl Into<Cow<'static, str>>) -> Edit {
        Edit { range, text: text.into(), own_line: false }
    }
}

/// What a source is wrapped in to be parsed: statements stand in a function only.
pub(super) const HEAD: &str = "fn f(){";
