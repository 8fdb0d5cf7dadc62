//! Market → Calibration: new sellers, payment habits and a campaign, drawn from distributions that no model assumes. Next: `catalog`,
//! `orders`; `truth.json` says what was drawn.
//!
//! The numbers below were written down before any seed was drawn, and stay as they are: what the product says of these data is compared with
//! them. Costs are not planted: apart from freight, orders hold none.

use std::collections::{BTreeMap, HashMap};

use super::calendar::Calendar;
use super::market::{Market, Planted, state_demand};
use crate::synth::rng::{Alias, Keyed, Source};
use crate::synth::shape::{CATEGORIES, STATES};
use crate::synth::truth::{CampaignTruth, EntrantsTruth};

/// Orders per new seller, and per seller of the others, which all sell within the first month.
const ORDERS_PER_ENTRANT: u64 = 20;
const ORDERS_PER_OTHER: u64 = 1_000;
/// First day on which new sellers arrive; they arrive in proportion to all orders, and sell for so many days.
const ARRIVALS: &[u8; 10] = b"2017-02-01";
const SELLING_DAYS: u64 = 90;
/// How many sellers a category draws: log-normal, standard deviation of the logarithm in thousandths.
const CROWD_SIGMA: u64 = 1_000;
/// Level of a category, which scales the revenue of its sellers: median in centavos and standard deviation of its logarithm; a tenth of the
/// categories has two to four times as much.
const LEVEL: (u64, u64) = (49_000, 400);
const RICH_PERCENT: u64 = 10;
/// Revenue of a seller over the level of its category, thousandths: median and standard deviation of the logarithm, of the three in ten
/// that hardly sell, and of the others.
const POOR_PERCENT: u64 = 30;
const POOR: (u64, u64) = (247, 800);
const GOOD: (u64, u64) = (1_822, 1_100);
/// Standard deviation of the logarithm of a seller's ticket, around the median price of its category; most orders of a seller.
const TICKET_SIGMA: u64 = 500;
const MOST_ORDERS: u64 = 40;
/// Payments by boleto, voucher and debit card, thousandths. In a third of the states, boleto differs by up to `HABIT`; elsewhere nothing.
const PAYMENTS: [u64; 3] = [190, 57, 15];
const HABIT: u64 = 80;
/// First day of a campaign in one of the states with at least so many customers; it multiplies the odds of an order from there by one of
/// these, thousandths.
const CAMPAIGN: &[u8; 10] = b"2018-06-25";
const CAMPAIGN_CUSTOMERS: u64 = 10_000;
const LIFTS: [u64; 3] = [1_000, 1_200, 1_500];

/// An order of a new seller.
#[derive(Debug, Clone, Copy)]
pub struct EntrantSale {
    /// Number of the seller, from 0.
    pub entrant: u64,
    /// Index into [`CATEGORIES`].
    pub category: usize,
    /// Price of its one item, centavos.
    pub price: u64,
}

/// What is known of the data. Grows with the orders.
#[derive(Debug)]
pub struct Calibration {
    /// Number of new sellers.
    pub entrants: u64,
    /// Shares of payments by boleto, voucher and debit card by state, thousandths.
    pub payments: Vec<[u64; 3]>,
    /// Sales of new sellers by number of the order; never iterated.
    sales: HashMap<u64, EntrantSale>,
    /// Level of each category, centavos, and its number of new sellers.
    levels: Vec<(u64, u64)>,
    campaign: Campaign,
}

#[derive(Debug)]
struct Campaign {
    state: usize,
    lift: u64,
    first_day: usize,
    /// By month.
    states: Vec<Alias>,
}

impl Calibration {
    /// Draws what is planted, and gives each sale of a new seller one of the day's orders that launch no product.
    pub fn new(orders: u64, calendar: &Calendar, market: &Market, seed: u64) -> Self {
        let key = |domain| Keyed::new(seed, domain);
        let mut draws = key(501).draws(0);
        let named = CATEGORIES.len() - 1;
        let crowds = Alias::new((0..named).map(|_| draws.lognormal(1_000, CROWD_SIGMA)));
        let mut levels: Vec<(u64, u64)> = (0..named).map(|_| (level(&mut draws), 0)).collect();
        let payments = STATES.iter().map(|_| {
            let [boleto, voucher, debit] = PAYMENTS;
            let differs = draws.below(3) == 0;
            let other = boleto - HABIT + draws.below(2 * HABIT + 1);
            [if differs { other } else { boleto }, voucher, debit]
        });
        let payments = payments.collect();
        let campaign = Campaign::new(calendar, &market.planted, &mut draws);

        let entrants = orders / ORDERS_PER_ENTRANT;
        let mut slots = Slots { calendar, market, taken: vec![0; calendar.days().len()] };
        let first =
            calendar.days().find(|&day| calendar.date(day as i64) == ARRIVALS).map_or(0, |day| slots.first(day));
        let mut sales = HashMap::new();
        for entrant in 0..entrants {
            let mut draws = key(502).draws(entrant);
            let category = crowds.pick(&mut draws);
            levels[category].1 += 1;
            let arrival = calendar.day_of(first + draws.below(orders - first)).0;
            let revenue = levels[category].0 * factor(&mut draws) / 1_000;
            let ticket = draws.lognormal(CATEGORIES[category].price, TICKET_SIGMA).max(1);
            let count = (revenue / ticket).clamp(1, MOST_ORDERS);
            let sale = EntrantSale { entrant, category, price: (revenue / count).max(1) };
            let Some((entered, number)) = slots.take(arrival, arrival) else { continue };
            sales.insert(number, sale);
            for _ in 1..count {
                let last = entered + SELLING_DAYS as usize - 1;
                let day = entered + draws.below(SELLING_DAYS) as usize;
                sales.extend(slots.take(day, last).map(|(_, number)| (number, sale)));
            }
        }
        Calibration { entrants, payments, sales, levels, campaign }
    }

    /// Number of the other sellers.
    pub fn others(orders: u64) -> u64 {
        (orders / ORDERS_PER_OTHER).max(1)
    }

    /// The new seller's sale that this order is.
    pub fn sale(&self, order: u64) -> Option<EntrantSale> {
        self.sales.get(&order).copied()
    }

    /// The state of a new customer on a day of the campaign.
    pub fn state(&self, day: usize, month: usize, source: &mut impl Source) -> Option<usize> {
        (day >= self.campaign.first_day).then(|| self.campaign.states[month].pick(source))
    }

    /// What was drawn for the campaign.
    pub fn campaign(&self) -> CampaignTruth {
        let Campaign { state, lift, .. } = self.campaign;
        CampaignTruth {
            first_day: String::from_utf8_lossy(CAMPAIGN).into_owned(),
            odds_ratio: lift as f64 / 1_000.0,
            state: STATES[state].code.into(),
        }
    }

    /// What was drawn for new sellers, by English category.
    pub fn levels(&self) -> BTreeMap<String, EntrantsTruth> {
        let factors = factors();
        let reaching = |level: u64, brl: u64| {
            let least = factors.partition_point(|factor| level * factor / 1_000 < brl * 100);
            (factors.len() - least) as f64 / factors.len() as f64
        };
        let truth = |&(level, entrants): &(u64, u64)| EntrantsTruth {
            entrants,
            level: level as f64 / 100.0,
            reach: [500, 1_000, 3_000].map(|brl| reaching(level, brl)),
        };
        CATEGORIES.iter().zip(&self.levels).map(|(c, drawn)| (c.english.into(), truth(drawn))).collect()
    }
}

impl Campaign {
    fn new(calendar: &Calendar, planted: &Planted, source: &mut impl Source) -> Self {
        let large: Vec<usize> = (0..STATES.len()).filter(|&i| STATES[i].customers >= CAMPAIGN_CUSTOMERS).collect();
        let state = large[source.below(large.len() as u64) as usize];
        let lift = LIFTS[source.below(LIFTS.len() as u64) as usize];
        let states = state_demand(planted).into_iter().map(|mut weights| {
            weights[state] *= lift as f64 / 1_000.0;
            Alias::new(weights.into_iter().map(|w| (w * 1e3) as u64))
        });
        let first_day = calendar.days().find(|&day| calendar.date(day as i64) == CAMPAIGN);
        Campaign { state, lift, first_day: first_day.unwrap_or(usize::MAX), states: states.collect() }
    }
}

/// The orders of each day that are not taken.
struct Slots<'a> {
    calendar: &'a Calendar,
    market: &'a Market,
    taken: Vec<u64>,
}

impl Slots<'_> {
    /// Number of the first order of a day.
    fn first(&self, day: usize) -> u64 {
        (0..day).map(|day| self.calendar.orders_on(day)).sum()
    }

    /// A free order of this day, or of the next day that has one, up to `last`: its day and number.
    fn take(&mut self, day: usize, last: usize) -> Option<(usize, u64)> {
        let free = |day: &usize| self.market.first_sales(*day) + self.taken[*day] < self.calendar.orders_on(*day);
        let day = (day..=last.min(self.taken.len() - 1)).find(free)?;
        self.taken[day] += 1;
        Some((day, self.first(day) + self.market.first_sales(day) + self.taken[day] - 1))
    }
}

/// Level of a category, centavos.
fn level(source: &mut impl Source) -> u64 {
    let usual = source.lognormal(LEVEL.0, LEVEL.1);
    if source.below(100) < RICH_PERCENT { usual * (2_000 + source.below(2_001)) / 1_000 } else { usual }
}

/// Revenue of a seller over the level of its category, thousandths.
fn factor(source: &mut impl Source) -> u64 {
    let (median, sigma) = if source.below(100) < POOR_PERCENT { POOR } else { GOOD };
    source.lognormal(median, sigma).max(10)
}

/// What sellers earn over the level of their category, thousandths, ascending: enough draws to stand for the distribution.
pub fn factors() -> Vec<u64> {
    let mut draws = Keyed::new(0, 503).draws(0);
    let mut factors: Vec<u64> = (0..1 << 14).map(|_| factor(&mut draws)).collect();
    factors.sort_unstable();
    factors
}
