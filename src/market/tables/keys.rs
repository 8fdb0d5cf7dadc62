//! Texts of an export → keys that the contract takes. Used by `tables`.

use crate::schema::contract::{MAX_ID_LENGTH, UNKNOWN};

/// A key of at most [`MAX_ID_LENGTH`] characters: longer ones end in a hash.
pub(super) fn key(text: &str) -> String {
    within(text, MAX_ID_LENGTH)
}

/// `text` in at most `most` characters without control characters; longer texts end in a hash, so that they stay distinct.
pub(super) fn within(text: &str, most: usize) -> String {
    const HASH: usize = 8;
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let clean = clean.trim();
    if clean.chars().count() <= most {
        return if clean.is_empty() { UNKNOWN.into() } else { clean.into() };
    }
    let start: String = clean.chars().take(most - HASH - 1).collect();
    format!("{start}~{}", &blake3::hash(clean.as_bytes()).to_hex()[..HASH])
}
