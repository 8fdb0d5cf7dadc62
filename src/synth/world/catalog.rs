//! Market → Catalog of products and sellers. Next: `orders`. Nothing is stored: attributes are computed from the number of a product or
//! seller, so that orders and the two files agree at any size.

use std::ops::Range;

use super::calibration::Calibration;
use super::geography::{Geography, Home};
use super::market::Market;
use crate::synth::rng::{Alias, Keyed, Shuffle, Source, popular};
use crate::synth::shape::{CATEGORIES, ORIGINAL_ORDERS, PHOTOS, STATES, State};
use crate::synth::write::Rows;

/// Number of sellers in the original.
const ORIGINAL_SELLERS: u64 = 3_095;
/// Products without weight and dimensions in the original, per million.
const UNMEASURED: u64 = 61;

/// The attributes of a product that orders need.
#[derive(Debug)]
pub struct Product {
    /// Usual price, centavos.
    pub price: u64,
    /// Weight, grams.
    pub weight: u64,
    /// Its usual seller.
    pub seller: u64,
}

/// All products and sellers.
#[derive(Debug)]
pub struct Catalog {
    products: Keyed,
    product_ids: Keyed,
    shelf_order: Shuffle,
    /// Sellers without new ones, which are numbered after them.
    settled: u64,
    sellers: u64,
    seller_facts: Keyed,
    seller_order: Shuffle,
    seller_ids: Keyed,
    /// The sellers of each state; they are numbered by state.
    sellers_by_state: Vec<Range<u64>>,
    selling_states: Alias,
    photos: Alias,
}

impl Catalog {
    /// Products as planned by `market`, and sellers in proportion to the orders; new sellers come on top.
    pub fn new(orders: u64, market: &Market, calibration: Option<&Calibration>, seed: u64) -> Self {
        let key = |domain| Keyed::new(seed, domain);
        let usual = (orders * ORIGINAL_SELLERS / ORIGINAL_ORDERS).max(1);
        let settled = calibration.map_or(usual, |_| Calibration::others(orders));
        let sellers = settled + calibration.map_or(0, |planted| planted.entrants);
        let mut counted = 0;
        let of_state = |state: &State| {
            let first = counted * settled / ORIGINAL_SELLERS;
            counted += state.sellers;
            first..counted * settled / ORIGINAL_SELLERS
        };
        let sellers_by_state: Vec<Range<u64>> = STATES.iter().map(of_state).collect();
        let sold = |(state, sellers): (&State, &Range<u64>)| if sellers.is_empty() { 0 } else { state.sold };
        let selling_states = Alias::new(STATES.iter().zip(&sellers_by_state).map(sold));
        Catalog {
            products: key(201),
            product_ids: key(202),
            shelf_order: Shuffle::new(market.products(), key(203)),
            settled,
            sellers,
            seller_facts: key(204),
            seller_order: Shuffle::new(sellers, key(206)),
            seller_ids: key(205),
            sellers_by_state,
            selling_states,
            photos: Alias::new(PHOTOS),
        }
    }

    /// Number of sellers.
    pub fn sellers(&self) -> u64 {
        self.sellers
    }

    /// Id of a product.
    #[inline]
    pub fn product_id(&self, product: u64) -> [u8; 32] {
        self.product_ids.id(product)
    }

    /// Id of a seller.
    #[inline]
    pub fn seller_id(&self, seller: u64) -> [u8; 32] {
        self.seller_ids.id(seller)
    }

    /// The product with this number and category; `fame` is its level of popularity.
    #[inline]
    pub fn product(&self, product: u64, category: usize, fame: u32) -> Product {
        let mut draws = self.products.draws(product);
        let shape = &CATEGORIES[category];
        // Prices of popular products are near the median of their category. Those of the others are spread more, to make up for the short
        // tail of `lognormal`.
        let sigma = if fame >= 6 { shape.price_sigma / 2 } else { shape.price_sigma * 106 / 100 };
        let price = priced(draws.lognormal(shape.price, sigma), &mut draws);
        let weight = draws.lognormal(shape.weight, 1_150).clamp(50, 40_000);
        let weight = if weight > 200 { (weight + 25) / 50 * 50 } else { weight };
        // Every eighth product is assigned to the sellers in turn, so that each of them sells something.
        let seller = if product.is_multiple_of(8) && product / 8 < self.settled {
            product / 8
        } else {
            let state = &self.sellers_by_state[self.selling_states.pick(&mut draws)];
            let many = state.end - state.start;
            let rank = popular(&mut draws, many, 7_654_321);
            // Each category has its own popular sellers, though a seller may be popular in several.
            state.start + (rank + category as u64 % 4 * (many / 4)) % many
        };
        Product { price, weight, seller }
    }

    /// Another seller of a product.
    #[inline]
    pub fn other_seller(&self, product: u64) -> u64 {
        self.products.draws(!product).below(self.settled)
    }

    /// Number of a new seller, given its place among these.
    pub fn entrant(&self, entrant: u64) -> u64 {
        self.settled + entrant
    }

    /// State of a seller, as an index into [`STATES`].
    #[inline]
    pub fn seller_state(&self, seller: u64) -> usize {
        match seller < self.settled {
            true => self.sellers_by_state.partition_point(|sellers| sellers.end <= seller),
            false => self.selling_states.pick(&mut self.seller_facts.draws(!seller)),
        }
    }

    fn seller_home<'a>(&self, seller: u64, geography: &'a Geography) -> Home<'a> {
        geography.home(self.seller_state(seller), &mut self.seller_facts.draws(seller))
    }

    /// Writes the sellers in this range of rows; the file is unsorted.
    pub fn write_sellers(&self, range: Range<u64>, geography: &Geography, rows: &mut Rows) {
        for row in range {
            let seller = self.seller_order.at(row);
            let home = self.seller_home(seller, geography);
            rows.id(&self.seller_id(seller));
            rows.zip(home.zip);
            rows.text(home.city);
            rows.text(STATES[home.state].code);
            rows.end();
        }
    }

    /// Writes the products in this range of rows; the file is unsorted.
    pub fn write_products(&self, range: Range<u64>, market: &Market, source: &mut impl Source, rows: &mut Rows) {
        for row in range {
            let product = self.shelf_order.at(row);
            let category = market.shelves.partition_point(|shelf| shelf.first <= product) - 1;
            let facts = self.product(product, category, market.fame(category, product));
            rows.id(&self.product_id(product));
            let name = CATEGORIES[category].name;
            if name.is_empty() {
                (0..4).for_each(|_| rows.null());
            } else {
                rows.raw(name);
                rows.integer(63 - source.lognormal(11, 700).min(58));
                rows.integer(source.lognormal(595, 900).clamp(4, 3_992));
                rows.integer(1 + self.photos.pick(source) as u64);
            }
            if source.chance(UNMEASURED) {
                (0..4).for_each(|_| rows.null());
            } else {
                rows.integer(facts.weight);
                rows.integer(source.lognormal(25, 450).clamp(16, 105));
                rows.integer(source.lognormal(13, 800).clamp(2, 105));
                rows.integer(source.lognormal(20, 450).clamp(11, 118));
            }
            rows.end();
        }
    }
}

/// Rounds a price to a usual ending: 36 % end in 90 centavos, 29 % in 00, 18 % in 99.
pub fn priced(centavos: u64, source: &mut impl Source) -> u64 {
    let ending = match source.below(100) {
        0..36 => 90,
        36..65 => 0,
        65..83 => 99,
        _ => centavos % 100,
    };
    (centavos / 100 * 100 + ending).clamp(85, 673_500)
}
