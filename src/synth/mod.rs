//! The Olist-shaped generator: SynthParams → the ten files and `truth.json`. What it writes is read by `data`.
//!
//! ```text
//! SynthParams → World (calendar, market, catalog, geography) → rows by chunk (orders, payments, reviews) → files
//! ```
//!
//! The same parameters give the same bytes on any number of threads and any platform: every table and chunk has its own
//! stream of random numbers, chunks have a fixed size, and samplers work on integers. Memory does not grow with the
//! number of orders: ids and attributes follow from a row's number, so nothing that was written is remembered.

mod calendar;
mod catalog;
mod cities;
mod comments;
mod defects;
mod geography;
mod market;
mod orders;
mod payments;
mod reviews;
mod rng;
pub(crate) mod shape;
mod truth;
mod world;
mod write;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::Path;

use crate::error::{Error, Result};
use crate::schema::contract;
use crate::schema::contract::TableId;
use orders::Sales;
use rng::Stream;
use world::World;
use write::{Output, write_chunks};

pub use truth::{HabitTruth, StateTruth, TRUTH_FILE, Truth, WinnerTruth};

/// Orders per chunk, and rows per chunk of the other tables: part of what decides the bytes.
const ORDERS_PER_CHUNK: u64 = 2_048;
const ROWS_PER_CHUNK: u64 = 16_384;

/// Samplers draw below 2^32.
const MOST_ORDERS: u64 = 1_000_000_000;

/// What to generate.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct SynthParams {
    /// Number of orders; everything else is in proportion.
    pub orders: u64,
    /// Decides the data and the planted answers.
    pub seed: u64,
    /// Share of the rows that carry a defect, 0–1; at 0 there are only the imperfections of the original data.
    pub defects: f64,
}

impl Default for SynthParams {
    fn default() -> Self {
        SynthParams { orders: 100_000, seed: 42, defects: 0.0 }
    }
}

/// Writes the ten files and [`TRUTH_FILE`] into the folder `out`, which is created if need be. Files get their names
/// only when all of them are complete.
///
/// # Errors
/// [`Error::Input`] where `orders` is 0 or above a thousand million or `defects` not within 0–1, or where the folder holds such a
/// file already: nothing is replaced; [`Error::Io`] where the folder cannot be written.
pub fn generate(params: &SynthParams, out: &Path) -> Result<Truth> {
    if !(1..=MOST_ORDERS).contains(&params.orders) {
        return Err(Error::input(format!("cannot generate {} orders", params.orders))
            .with_hint(format!("choose a number from 1 to {MOST_ORDERS}")));
    }
    if !(0.0..=1.0).contains(&params.defects) {
        return Err(Error::input(format!("the rate of defects is {}, not a share of the rows", params.defects))
            .with_hint("choose a number from 0 to 1, such as 0.01 for one row in a hundred"));
    }
    std::fs::create_dir_all(out).map_err(Error::io("create", out))?;
    let names = contract::TABLES.iter().map(|table| table.file).chain([TRUTH_FILE]);
    if let Some(there) = names.map(|name| out.join(name)).find(|path| path.symlink_metadata().is_ok()) {
        return Err(Error::input(format!("`{}` is in the way", there.display()))
            .with_hint("generated data replace nothing: move it away, or choose another folder with `--out`"));
    }

    let world = World::new(params);
    let dirty = params.defects > 0.0;
    // One file with the line ends of Windows is among the defects.
    let create = |table: TableId| Output::table(out, table.table(), dirty && table == TableId::Sellers);
    let stream = |table: TableId, chunk| Stream::new(params.seed, table as u64, chunk);
    let range = |chunk: u64, size: u64, total: u64| chunk * size..total.min((chunk + 1) * size);

    use TableId::*;
    let sales = Sales::new(&world);
    let mut of_orders =
        [create(Customers)?, create(OrderItems)?, create(OrderPayments)?, create(OrderReviews)?, create(Orders)?];
    write_chunks(&mut of_orders, params.orders.div_ceil(ORDERS_PER_CHUNK), |chunk| {
        sales.chunk(chunk, range(chunk, ORDERS_PER_CHUNK, params.orders))
    })?;

    let points = world.geography.points();
    let mut geolocation = [create(Geolocation)?];
    write_chunks(&mut geolocation, points.div_ceil(ROWS_PER_CHUNK), |chunk| {
        let mut rows = world.rows(Geolocation, chunk, ROWS_PER_CHUNK, 72);
        world.geography.write(range(chunk, ROWS_PER_CHUNK, points), &mut stream(Geolocation, chunk), &mut rows);
        [rows]
    })?;

    let products = world.market.products();
    let mut of_products = [create(Products)?];
    write_chunks(&mut of_products, products.div_ceil(ROWS_PER_CHUNK), |chunk| {
        let mut rows = world.rows(Products, chunk, ROWS_PER_CHUNK, 80);
        let mut source = stream(Products, chunk);
        world.catalog.write_products(range(chunk, ROWS_PER_CHUNK, products), &world.market, &mut source, &mut rows);
        [rows]
    })?;

    let sellers = world.catalog.sellers();
    let mut of_sellers = [create(Sellers)?];
    write_chunks(&mut of_sellers, sellers.div_ceil(ROWS_PER_CHUNK), |chunk| {
        let mut rows = world.rows(Sellers, chunk, ROWS_PER_CHUNK.min(sellers), 70);
        world.catalog.write_sellers(range(chunk, ROWS_PER_CHUNK, sellers), &world.geography, &mut rows);
        [rows]
    })?;
    if dirty {
        of_sellers[0].injected.count(defects::CRLF);
    }

    let named = shape::CATEGORIES.iter().filter(|c| !c.name.is_empty()).map(|c| (c.name, c.english));
    let categories = dictionary(create(Categories)?, named)?;
    let states = dictionary(create(States)?, contract::STATES.iter().map(|s| (s.0, s.1)))?;

    let [customers, items, payments, reviews, orders] = of_orders;
    let ([geolocation], [products], [sellers]) = (geolocation, of_products, of_sellers);
    // In the order of the contract.
    let outputs = [customers, geolocation, items, payments, reviews, orders, products, sellers, categories, states];
    let named = || contract::TABLES.iter().map(|t| t.name.to_string()).zip(&outputs);
    let kinds =
        |output: &Output| output.injected.0.iter().map(|(kind, n)| (kind.to_string(), *n)).collect::<BTreeMap<_, _>>();
    let (winner, target_state, payment_habit) = world.market.truth.clone();
    let truth = Truth {
        defects: named().map(|(table, o)| (table, kinds(o))).filter(|(_, kinds)| !kinds.is_empty()).collect(),
        defects_rate: params.defects,
        orders: params.orders,
        payment_habit,
        rows: named().map(|(table, o)| (table, o.rows)).collect(),
        seed: params.seed,
        target_state,
        winner,
    };

    let mut written = Output::new(out, TRUTH_FILE)?;
    let text = serde_json::to_string_pretty(&truth).map_err(|e| Error::io("write", out.join(TRUTH_FILE))(e.into()))?;
    written.write(format!("{text}\n").as_bytes())?;
    outputs.into_iter().chain([written]).try_for_each(Output::publish)?;
    Ok(truth)
}

/// A file of two columns without quotes.
fn dictionary<'a>(mut output: Output, pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Result<Output> {
    for (key, value) in pairs {
        output.write(format!("{key},{value}\n").as_bytes())?;
        output.rows += 1;
    }
    Ok(output)
}
