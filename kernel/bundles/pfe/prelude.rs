//! What cells of the kernel "Rust (pfe)" import.

pub use pfe::prelude::*;
