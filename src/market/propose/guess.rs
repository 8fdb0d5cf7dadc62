//! A guess of a proposal. Made by `propose`; taken by `write`.

use crate::market::description::Field;

/// A field, the position of its column, and the evidence.
pub(super) struct Guess {
    pub(super) field: Field,
    pub(super) column: usize,
    pub(super) evidence: String,
}
