//! The terminal: what a command ends with, and the only doors through which it prints. Used by every command.

use std::io::{self, Write};

use pfe::text::{escaped, escaped_json};

/// Characters of a value that a message quotes.
pub const QUOTED: usize = 200;

/// What a command ends with.
pub type Outcome = Result<(), Failure>;

/// Why a command failed.
pub enum Failure {
    /// The library's error.
    Pfe(pfe::Error),
    /// Standard output is gone.
    Output(io::Error),
}

impl From<pfe::Error> for Failure {
    fn from(error: pfe::Error) -> Self {
        Failure::Pfe(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Failure::Output(error)
    }
}

/// Writes to standard output; a closed pipe is an error here, not a panic. Like [`tell`], it escapes
/// control characters, because the text may come from the data.
pub fn print(text: &str) -> Outcome {
    let mut out = io::stdout().lock();
    out.write_all(escaped(text).as_bytes())?;
    Ok(out.flush()?)
}

/// Writes an error, a hint or a warning to standard error.
pub fn tell(kind: &str, text: &str) {
    eprintln!("{kind}: {}", escaped(text));
}

/// Writes a value as JSON to standard output.
pub fn print_json(value: &serde_json::Value) -> Outcome {
    print(&escaped_json(&format!("{value:#}\n")))
}

/// No text that somebody writes for a run is longer, bytes.
pub const MAX_TEXT_BYTES: u64 = 1 << 24;

/// An amount in whole reais, digits in groups.
pub fn reais(value: f64) -> String {
    grouped(value.round() as i64)
}

/// A number with its digits in groups of three: `112,650`.
pub fn grouped(number: impl Into<i64>) -> String {
    let number = number.into();
    let digits = number.unsigned_abs().to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|g| std::str::from_utf8(g).unwrap_or_default()).collect();
    format!("{}{}", if number < 0 { "-" } else { "" }, groups.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped() {
        assert_eq!([grouped(5), grouped(-1_000), grouped(112_650)], ["5", "-1,000", "112,650"]);
    }
}
