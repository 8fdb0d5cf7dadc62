//! A figure as SVG text.

/// A figure as standalone SVG text (`<svg xmlns=… viewBox=… role="img">…`), widths in user units.
#[derive(Debug, Clone, PartialEq)]
pub struct Svg(String);

impl Svg {
    /// Wraps SVG text.
    pub fn new(s: String) -> Self {
        Self(s)
    }

    /// The SVG text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
