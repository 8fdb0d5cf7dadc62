//! Frames → files, hashes and sorted frames: Parquet with stable bytes, Parquet read page by page, row hashes, sorting and
//! deduplication, merging of sorted frames, interning of texts; medians and quantiles. Used by every stage from `input` on.

pub(crate) mod ids;
pub(crate) mod interner;
pub(crate) mod merge;
pub(crate) mod pages;
pub mod parquet;
pub(crate) mod quantiles;
pub mod row_hash;
pub(crate) mod sort_dedupe;
