//! Clean tables → SalesMart, by polars in this process. One of the engines.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;

use polars::prelude::{LazyFrame, PlRefPath};

use super::interface::Engine;
use crate::error::Result;
use crate::mart::{Methods, SalesMart, mart_of};

/// polars in this process.
#[derive(Debug)]
pub struct Polars;

impl Engine for Polars {
    fn name(&self) -> &str {
        "polars"
    }

    fn is_remote(&self) -> bool {
        false
    }

    fn mart(
        &self,
        places: &BTreeMap<String, String>,
        methods: &Methods,
        _cancel: &AtomicBool,
        _progress: &dyn Fn(&str),
    ) -> Result<SalesMart> {
        let scan = |(table, place): (&String, &String)| -> Result<(String, LazyFrame)> {
            let frame = LazyFrame::scan_parquet(PlRefPath::new(place), Default::default())?;
            Ok((table.clone(), frame))
        };
        mart_of(places.iter().map(scan).collect::<Result<_>>()?, methods)
    }
}
