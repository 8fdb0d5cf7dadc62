//! SynthParams → World: everything that the seed decides before the first row is written. Next: `orders`, `catalog`, `geography`.

pub mod calendar;
pub mod calibration;
pub mod catalog;
mod cities;
pub mod geography;
pub mod market;

use self::calendar::Calendar;
use self::calibration::Calibration;
use self::catalog::Catalog;
use self::geography::{Geography, Home};
use self::market::Market;
use super::SynthParams;
use super::defects::Injector;
use super::rng::{Keyed, Stream};
use super::write::Rows;
use crate::schema::contract::TableId;

/// Offset of the random streams of defects, above those of the tables.
const DEFECT_STREAMS: u64 = 16;

/// The plan of the data. Its size does not grow with the orders, except for the geography, which is bounded, and for a calibration.
#[derive(Debug)]
pub struct World {
    /// The parameters.
    pub params: SynthParams,
    /// When orders are placed.
    pub calendar: Calendar,
    /// What is bought, and from which states.
    pub market: Market,
    /// New sellers, habits and a campaign, if they are asked for.
    pub calibration: Option<Calibration>,
    /// Products and sellers.
    pub catalog: Catalog,
    /// Addresses.
    pub geography: Geography,
}

impl World {
    /// Makes the plan.
    pub fn new(params: &SynthParams) -> Self {
        let &SynthParams { orders, seed, calibration, .. } = params;
        let calendar = Calendar::new(orders, Keyed::new(seed, 1));
        let market = Market::new(orders, &calendar, seed);
        let calibration = calibration.then(|| Calibration::new(orders, &calendar, &market, seed));
        let catalog = Catalog::new(orders, &market, calibration.as_ref(), seed);
        let geography = Geography::new(orders, Keyed::new(seed, 2));
        World { params: params.clone(), calendar, market, calibration, catalog, geography }
    }

    /// A buffer for the rows of a table and chunk.
    pub fn rows(&self, table: TableId, chunk: u64, rows: u64, width: usize) -> Rows {
        let stream = Stream::new(self.params.seed, DEFECT_STREAMS + table as u64, chunk);
        Rows::new(rows, width, Injector::new(table, self.params.defects, stream))
    }
}

/// A product in an order, once for each unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Item {
    /// Number of the product.
    pub product: u64,
    /// Index into [`CATEGORIES`](super::shape::CATEGORIES).
    pub category: usize,
    /// Number of the seller.
    pub seller: u64,
    /// Price, centavos.
    pub price: u64,
    /// Freight, centavos.
    pub freight: u64,
}

/// A payment of an order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Payment {
    /// Method.
    pub method: &'static str,
    /// Number of instalments.
    pub instalments: u64,
    /// Amount, centavos.
    pub value: u64,
}

/// An order with what belongs to it, before it is written in some layout.
#[derive(Debug)]
pub struct Order<'a> {
    /// Its number, by day of purchase.
    pub number: u64,
    /// Its id.
    pub id: [u8; 32],
    /// Number of the first order of its customer.
    pub person: u64,
    /// Where its customer lives.
    pub home: Home<'a>,
    /// Index into [`STATUSES`](super::shape::STATUSES).
    pub status: usize,
    /// Whether it contains the winning category.
    pub winner: bool,
    /// Time of purchase, seconds from the calendar's day 0.
    pub purchase: i64,
    /// When it was approved, handed to the carrier and delivered, as far as that is recorded.
    pub recorded: [Option<i64>; 3],
    /// Promised day.
    pub estimate: i64,
    /// Time of delivery, whether or not it is recorded; only for delivered orders.
    pub delivered: Option<i64>,
    /// Until when its items must be handed to the carrier.
    pub limit: i64,
    /// Its items; the units of a product by one seller follow each other.
    pub items: Vec<Item>,
    /// Its payments.
    pub payments: Vec<Payment>,
}

impl Order<'_> {
    /// Price plus freight of all items, centavos; `None` without items.
    pub fn total(&self) -> Option<u64> {
        (!self.items.is_empty()).then(|| self.items.iter().map(|item| item.price + item.freight).sum())
    }
}
