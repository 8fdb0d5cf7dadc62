//! Frames: Parquet with stable bytes, Parquet read page by page, the hash of a table's rows, sorting and deduplication, merging of sorted
//! frames, and texts and ids as numbers.

pub(crate) mod ids;
pub(crate) mod interner;
pub(crate) mod merge;
pub(crate) mod pages;
pub mod parquet;
pub mod row_hash;
pub(crate) mod sort_dedupe;
