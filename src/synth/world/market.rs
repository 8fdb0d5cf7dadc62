//! Calendar → Market: demand by category and state over time, with the planted answers. Next: `catalog`.

use super::calendar::Calendar;
use crate::synth::rng::{Alias, Keyed, Source, popular};
use crate::synth::shape::{CATEGORIES, COMPLETE_MONTHS, ITEMLESS, MONTHS, ORIGINAL_ORDERS, STATES};
use crate::synth::truth::{HabitTruth, StateTruth, WinnerTruth};

/// Initial share of revenue of the winning category, and its monthly growth.
const WINNER_START: f64 = 0.02;
const WINNER_GROWTH: f64 = 1.13;
/// Initial weight of the planted state relative to the original, and its monthly growth.
const STATE_START: f64 = 0.6;
const STATE_GROWTH: f64 = 1.1;

/// What the seed planted, as indexes into `shape`.
#[derive(Debug, Clone, Copy)]
pub struct Planted {
    /// The winning category.
    pub winner: usize,
    /// The state in which to advertise.
    pub state: usize,
    /// The state that pays in its own way.
    pub habit_state: usize,
    /// The payment method of that state.
    pub habit_method: &'static str,
    /// Share of its orders that use the method, thousandths.
    pub habit_share: u64,
}

impl Planted {
    fn new(seed: Keyed) -> Self {
        let mut draws = seed.draws(0);
        let mut pick = |candidates: Vec<usize>| candidates[draws.below(candidates.len() as u64) as usize];
        // Picks from the middle: the answer cannot be guessed without the data, but there are enough rows to find it.
        let winner = pick(middling(&CATEGORIES, |c| {
            !c.name.is_empty() && (1_500..=4_600).contains(&c.items) && c.price_sigma < 950
        }));
        let state = pick(middling(&STATES, |s| (900..=4_000).contains(&s.customers)));
        let habit_state =
            pick(middling(&STATES, |s| (1_300..=6_000).contains(&s.customers) && s.code != STATES[state].code));
        let (habit_method, habit_share) = [("boleto", 600), ("debit_card", 550)][pick(vec![0, 1])];
        Planted { winner, state, habit_state, habit_method, habit_share }
    }
}

fn middling<T>(all: &[T], fits: impl Fn(&T) -> bool) -> Vec<usize> {
    (0..all.len()).filter(|&i| fits(&all[i])).collect()
}

/// The range of a category's products, and how many of them are on sale by the end of each day.
#[derive(Debug)]
pub struct Shelf {
    /// Number of its first product.
    pub first: u64,
    /// Number of its products.
    pub count: u64,
    launched: Vec<u32>,
}

/// Demand by category and by state over time.
#[derive(Debug)]
pub struct Market {
    /// What the seed planted.
    pub planted: Planted,
    /// Its description for `truth.json`.
    pub truth: (WinnerTruth, StateTruth, HabitTruth),
    /// Products by category, in the order of [`CATEGORIES`].
    pub shelves: Vec<Shelf>,
    categories: Vec<Alias>,
    states: Vec<Alias>,
}

impl Market {
    /// Plans the demand for the orders of `calendar`.
    pub fn new(orders: u64, calendar: &Calendar, seed: u64) -> Self {
        let planted = Planted::new(Keyed::new(seed, 101));
        let demand = category_demand(&planted, Keyed::new(seed, 102));
        let people = state_demand(&planted);

        // Expected orders by category and day. A category's products are launched as its orders come in. Each is sold on its first day, so
        // that no product goes unsold; the other orders take the demand that first sales leave.
        let mut expected = vec![vec![0.0; calendar.days().len()]; CATEGORIES.len()];
        for day in calendar.days() {
            let month = &demand[calendar.month_of(day)];
            let total: f64 = month.iter().sum();
            for (category, expected) in expected.iter_mut().enumerate() {
                expected[day] = calendar.orders_on(day) as f64 * month[category] / total;
            }
        }
        let mut shelves = Vec::new();
        let mut left = Vec::new();
        let mut first = 0;
        for (category, expected) in CATEGORIES.iter().zip(&expected) {
            let total: f64 = expected.iter().sum();
            let usual = category.items as f64 * orders as f64 / ORIGINAL_ORDERS as f64 / 1.133;
            let products = category.products as f64 * orders as f64 / ORIGINAL_ORDERS as f64 * (total / usual);
            let count = ((products + 0.5) as u64).clamp(1, (total * 0.95) as u64 + 1);
            let mut sum = 0.0;
            let launched = expected.iter().map(|e| {
                sum += e;
                (sum / total * count as f64 + 0.5) as u32
            });
            shelves.push(Shelf { first, count, launched: launched.collect() });
            left.push((1.0 - count as f64 / total).max(0.0));
            first += count;
        }
        let categories = demand
            .iter()
            .map(|month| Alias::new(month.iter().zip(&left).map(|(demand, left)| (demand * left * 1e6) as u64)));

        let share = |table: &[Vec<f64>], month: usize, at: usize| table[month][at] / table[month].iter().sum::<f64>();
        let (start, end) = (*COMPLETE_MONTHS.start(), *COMPLETE_MONTHS.end());
        let winner = &CATEGORIES[planted.winner];
        let truth = (
            WinnerTruth {
                category: winner.english.into(),
                category_source: winner.name.into(),
                revenue_share_first_month: rounded(winner_share(start)),
                revenue_share_last_month: rounded(winner_share(end)),
            },
            StateTruth {
                orders_share_first_month: rounded(share(&people, start, planted.state)),
                orders_share_last_month: rounded(share(&people, end, planted.state)),
                state: STATES[planted.state].code.into(),
            },
            HabitTruth {
                method: planted.habit_method.into(),
                share: planted.habit_share as f64 / 1000.0,
                state: STATES[planted.habit_state].code.into(),
            },
        );
        Market {
            planted,
            truth,
            shelves,
            categories: categories.collect(),
            states: people.iter().map(|month| Alias::new(month.iter().map(|w| (w * 1e3) as u64))).collect(),
        }
    }

    /// Number of products.
    pub fn products(&self) -> u64 {
        self.shelves.iter().map(|s| s.count).sum()
    }

    /// The product whose first sale is order number `position` of this day, with its category; `None` for most orders.
    pub fn first_sale(&self, day: usize, position: u64) -> Option<(usize, u64)> {
        let mut position = position;
        for (category, shelf) in self.shelves.iter().enumerate() {
            let before = shelf.launched_before(day);
            let today = shelf.launched_before(day + 1) - before;
            if position < today {
                return Some((category, shelf.first + before + position));
            }
            position -= today;
        }
        None
    }

    /// Number of products first sold on this day.
    pub fn first_sales(&self, day: usize) -> u64 {
        self.shelves.iter().map(|shelf| shelf.launched_before(day + 1) - shelf.launched_before(day)).sum()
    }

    /// A random category for an item that is not a first sale.
    pub fn category(&self, month: usize, source: &mut impl Source) -> usize {
        self.categories[month].pick(source)
    }

    /// A random product of this category that is on sale.
    pub fn product(&self, category: usize, day: usize, source: &mut impl Source) -> u64 {
        let shelf = &self.shelves[category];
        let on_sale = shelf.launched_before(day + 1).max(1);
        shelf.first + popular(source, on_sale, origin(category))
    }

    /// Popularity of a product: how many levels above the lowest can draw it in [`Market::product`].
    pub fn fame(&self, category: usize, product: u64) -> u32 {
        (origin(category) + product - self.shelves[category].first).trailing_zeros()
    }

    /// The state of a new customer in this month.
    pub fn state(&self, month: usize, source: &mut impl Source) -> usize {
        self.states[month].pick(source)
    }
}

/// The origin of popularity among a category's products; see [`popular`].
fn origin(category: usize) -> u64 {
    (category as u64 + 1) * 1_234_577
}

impl Shelf {
    fn launched_before(&self, day: usize) -> u64 {
        day.checked_sub(1).map_or(0, |before| u64::from(self.launched[before]))
    }
}

/// Orders without items, per million of the orders that are not a product's first sale.
pub fn itemless_per_million(orders: u64, products: u64) -> u64 {
    let others = orders.saturating_sub(products).max(1);
    (u128::from(ITEMLESS) * 1_000_000 * u128::from(orders) / u128::from(ORIGINAL_ORDERS) / u128::from(others)) as u64
}

/// Demanded items by month and category. The winner's share of revenue grows steadily; all others fluctuate around the original's level.
/// Uses only sums, products and quotients of floats, which are the same on every platform.
fn category_demand(planted: &Planted, seed: Keyed) -> Vec<Vec<f64>> {
    let mut level = vec![1.0; CATEGORIES.len()];
    (0..MONTHS.len())
        .map(|month| {
            let mut draws = seed.draws(month as u64);
            // The share of products without a category stays constant.
            for level in level.iter_mut().take(CATEGORIES.len() - 1) {
                let step = (draws.below(2_001) as f64 - 1_000.0) / 1_000.0;
                *level += 0.05 * step + 0.1 * (1.0 - *level);
            }
            let mut demand: Vec<f64> = CATEGORIES.iter().zip(&level).map(|(c, l)| c.items as f64 * l).collect();
            demand[planted.winner] = 0.0;
            let others: f64 = demand.iter().zip(&CATEGORIES).map(|(d, c)| d * c.ticket as f64).sum();
            let share = winner_share(month);
            demand[planted.winner] = share / (1.0 - share) * others / CATEGORIES[planted.winner].ticket as f64;
            demand
        })
        .collect()
}

/// Planned share of the winner in the month's revenue.
fn winner_share(month: usize) -> f64 {
    WINNER_START * power(WINNER_GROWTH, months_of_growth(month))
}

pub(super) fn state_demand(planted: &Planted) -> Vec<Vec<f64>> {
    (0..MONTHS.len())
        .map(|month| {
            let mut weights: Vec<f64> = STATES.iter().map(|s| s.customers as f64).collect();
            weights[planted.state] *= STATE_START * power(STATE_GROWTH, months_of_growth(month));
            weights
        })
        .collect()
}

/// Months of growth until `month`: growth starts with the first complete month and ends one month after the last.
fn months_of_growth(month: usize) -> usize {
    month.min(COMPLETE_MONTHS.end() + 1).saturating_sub(*COMPLETE_MONTHS.start())
}

fn power(base: f64, exponent: usize) -> f64 {
    (0..exponent).fold(1.0, |product, _| product * base)
}

/// Of a share, four decimals.
pub fn rounded(share: f64) -> f64 {
    (share * 1e4).round() / 1e4
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synth::rng::Stream;

    #[test]
    fn every_product_has_one_first_sale() {
        let orders = 5_000;
        let calendar = Calendar::new(orders, Keyed::new(1, 1));
        let market = Market::new(orders, &calendar, 1);
        let mut sold: Vec<u64> = (0..orders)
            .filter_map(|order| {
                let (day, position) = calendar.day_of(order);
                market.first_sale(day, position).map(|(_, product)| product)
            })
            .collect();
        sold.sort_unstable();
        let distinct = sold.len();
        sold.dedup();
        assert_eq!(sold.len(), distinct);
        // On days with fewer orders than launches, some products are not sold.
        assert!(distinct as u64 * 100 >= market.products() * 97, "{distinct} of {}", market.products());
        assert!((1_500..1_900).contains(&market.products()), "{}", market.products());
    }

    #[test]
    fn winner_grows() {
        let calendar = Calendar::new(100_000, Keyed::new(1, 1));
        for seed in 0..20 {
            let market = Market::new(100_000, &calendar, seed);
            let mut source = Stream::new(seed, 1, 1);
            let mut drawn = |month| {
                let hit = |_: &u32| market.category(month, &mut source) == market.planted.winner;
                (0..20_000).filter(hit).count()
            };
            let (before, after) = (drawn(10), drawn(22));
            assert!(after * 10 > before * 25, "{before} → {after} with seed {seed}");
            assert!(!market.truth.0.category_source.is_empty());
            assert_ne!(market.planted.state, market.planted.habit_state);
        }
    }
}
