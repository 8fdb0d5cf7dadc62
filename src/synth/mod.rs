//! stub
use serde::{Deserialize, Serialize};
/// p
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SynthParams {
    /// o
    pub orders: u64,
    /// s
    pub seed: u64,
    /// d
    pub defects: f64,
}
/// t
pub struct Truth;
/// t
pub const TRUTH_FILE: &str = "truth.json";
/// g
pub fn generate(_: &SynthParams, _: &std::path::Path) -> crate::Result<Truth> {
    Ok(Truth)
}
