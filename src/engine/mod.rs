//! Clean tables → SalesMart, on the engine that the user names: polars in this process, or a Spark cluster. Used by `pipeline`.
//!
//! All engines run the same SQL files and give bit-identical results. A mart therefore does not depend on the engine that made it: while
//! it is fresh, a run with any engine reuses it. A remote engine can also clean, when this process does not need the rows.

mod interface;
pub mod lint;
mod open;
mod polars;
#[cfg_attr(not(feature = "spark"), allow(dead_code))]
pub mod remote_cleaning;
#[cfg(feature = "spark")]
mod spark;

pub use self::interface::Engine;
pub use self::open::open;
pub use self::polars::Polars;
use crate::mart::{QUERIES, words};

/// Whether any statement reads the clean table `table`.
pub fn is_read(table: &str) -> bool {
    words(QUERIES.iter()).contains(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_that_no_statement_reads_are_known() {
        assert!(["orders", "customers", "order_items"].into_iter().all(is_read));
        assert!(!is_read("geolocation"));
    }
}
