//! All that the seed decides before the first row is written. SynthParams → World. Next: `orders`, `catalog`, `geography`.

use super::SynthParams;
use super::calendar::Calendar;
use super::catalog::Catalog;
use super::defects::Injector;
use super::geography::Geography;
use super::market::Market;
use super::rng::{Keyed, Stream};
use super::write::Rows;
use crate::schema::contract::TableId;

/// Streams of the defects come after those of the tables.
const DEFECT_STREAMS: u64 = 16;

/// The plan; its size does not grow with the orders, but for the geography's, which is bounded.
#[derive(Debug)]
pub struct World {
    /// What was asked for.
    pub params: SynthParams,
    /// When orders are placed.
    pub calendar: Calendar,
    /// What is bought, by whom.
    pub market: Market,
    /// Products and sellers.
    pub catalog: Catalog,
    /// Addresses.
    pub geography: Geography,
}

impl World {
    /// Draws up the plan.
    pub fn new(params: &SynthParams) -> Self {
        let &SynthParams { orders, seed, .. } = params;
        let calendar = Calendar::new(orders, Keyed::new(seed, 1));
        let market = Market::new(orders, &calendar, seed);
        let catalog = Catalog::new(orders, &market, seed);
        let geography = Geography::new(orders, Keyed::new(seed, 2));
        World { params: params.clone(), calendar, market, catalog, geography }
    }

    /// Room for the rows of a table and chunk.
    pub fn rows(&self, table: TableId, chunk: u64, rows: u64, width: usize) -> Rows {
        let stream = Stream::new(self.params.seed, DEFECT_STREAMS + table as u64, chunk);
        Rows::new(rows, width, Injector::new(table, self.params.defects, stream))
    }
}
