//! What cells of the kernel "Rust (data)" import.

pub use ndarray::{Array, Array1, Array2, ArrayView1, ArrayView2, array};
pub use polars::prelude::*;
pub use rayon::prelude::*;
pub use serde::{Deserialize, Serialize};
