//! An order and its lines, as `lines` reads them from an export and `tables` takes them.

use std::collections::BTreeSet;

use crate::market::description::Field;
use crate::market::regions::Regions;

/// An amount: minor units, or the text that is none.
pub(crate) type Parsed = std::result::Result<i64, String>;

/// An order, with the values that stand once for all of its lines.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Order {
    pub(crate) id: String,
    pub(crate) customer: Option<String>,
    /// Instants in the contract's form, or the text that is none: purchased, approved, shipped, delivered, promised.
    pub(crate) instants: [Option<String>; 5],
    pub(crate) status: Option<String>,
    pub(crate) region: Option<String>,
    pub(crate) freight: i64,
    pub(crate) discount: i64,
    pub(crate) total: Option<i64>,
    /// Paid back, minor units.
    pub(crate) refunded: i64,
    pub(crate) methods: Vec<String>,
    pub(crate) paid: Option<i64>,
    pub(crate) instalments: Option<i64>,
    pub(crate) score: Option<i64>,
}

/// A line of an order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line {
    /// Position of its order in [`Lines::orders`].
    pub(crate) order: usize,
    pub(crate) product: String,
    pub(crate) category: Option<String>,
    pub(crate) seller: Option<String>,
    pub(crate) units: i64,
    /// Price of all units, discounts taken off; minor units.
    pub(crate) total: Parsed,
    /// Freight of the line alone.
    pub(crate) freight: i64,
    /// What all units cost the shop.
    pub(crate) cost: Option<i64>,
}

/// The orders of an export.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lines {
    pub(crate) orders: Vec<Order>,
    pub(crate) lines: Vec<Line>,
    /// The currency of all amounts, and the decimals of its smallest unit.
    pub(crate) currency: String,
    pub(crate) digits: u32,
    pub(crate) regions: Regions,
    /// Fields for which the export has a value.
    pub(crate) present: BTreeSet<Field>,
    /// What was set aside or converted, in sentences.
    pub(crate) notes: Vec<String>,
}
