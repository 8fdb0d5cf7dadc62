//! What a notebook or a short program imports first: `use pfe::prelude::*`.

pub use crate::{Error, Result};
pub use polars::prelude::*;
