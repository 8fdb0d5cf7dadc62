//! World → orders, with their customers, items, payments and reviews: rows of five files. Next: `write`.

mod comments;
mod payments;
mod reviews;

use self::payments::Payments;
use self::reviews::Reviews;
use super::rng::{Alias, Keyed, Shuffle, Source, Stream};
use super::shape::*;
use super::world::calendar::DAY;
use super::world::catalog::priced;
use super::world::market::itemless_per_million;
use super::world::{Order, World};
use super::write::Rows;
use crate::schema::contract::TableId;

/// Orders by repeat customers, per million.
const REPEATS: u64 = 33_600;
/// Further items of an order that are another product than the item before, per million.
const OTHER_PRODUCT: u64 = 270_000;
/// Of these, the ones that may be of any category, per million.
const OTHER_CATEGORY: u64 = 220_000;
/// Items sold by a seller other than the product's usual one, per million.
const OTHER_SELLER: u64 = 20_000;
/// Days until a seller must hand a parcel over, with weights.
const SHIPPING_LIMITS: [(i64, u64); 8] = [(2, 16), (3, 4), (4, 22), (5, 12), (6, 26), (7, 8), (9, 7), (14, 5)];
/// Transit time under the planted answers, percent of the usual.
const WINNER_TRANSIT: u64 = 80;
const STATE_TRANSIT: u64 = 58;

/// An item of the current order.
#[derive(Debug)]
struct Item {
    product: u64,
    seller: u64,
    price: u64,
    freight: u64,
}

/// Writes orders by number, in any sequence.
#[derive(Debug)]
pub struct Sales<'a> {
    world: &'a World,
    payments: Payments,
    reviews: Reviews,
    file_order: Shuffle,
    order_ids: Keyed,
    customer_ids: Keyed,
    people: Keyed,
    person_ids: Keyed,
    itemless: u64,
    items: Alias,
    with_items: Alias,
    without_items: Alias,
    limits: Alias,
}

impl<'a> Sales<'a> {
    /// Prepares the samplers.
    pub fn new(world: &'a World) -> Self {
        let key = |domain| Keyed::new(world.params.seed, domain);
        Sales {
            world,
            payments: Payments::new(world),
            reviews: Reviews::new(key(301)),
            file_order: Shuffle::new(world.params.orders, key(302)),
            order_ids: key(303),
            customer_ids: key(304),
            people: key(305),
            person_ids: key(306),
            itemless: itemless_per_million(world.params.orders, world.market.products()),
            items: Alias::new(ITEMS),
            with_items: Alias::new(STATUSES_WITH_ITEMS),
            without_items: Alias::new(STATUSES_WITHOUT_ITEMS),
            limits: Alias::new(SHIPPING_LIMITS.map(|l| l.1)),
        }
    }

    /// The rows of a chunk: customers, items, payments, reviews, orders.
    pub fn chunk(&self, chunk: u64, range: std::ops::Range<u64>) -> [Rows; 5] {
        use TableId::*;
        let world = self.world;
        let many = range.end - range.start;
        let mut customers = world.rows(Customers, chunk, many, 130);
        let mut items = world.rows(OrderItems, chunk, many * 9 / 8, 155);
        let mut payments = world.rows(OrderPayments, chunk, many * 17 / 16, 65);
        let mut reviews = world.rows(OrderReviews, chunk, many, 165);
        let mut orders = world.rows(Orders, chunk, many, 200);
        let stream = |table: TableId| Stream::new(world.params.seed, table as u64, chunk);
        let [mut for_items, mut for_payments, mut for_reviews, mut for_orders] =
            [stream(OrderItems), stream(OrderPayments), stream(OrderReviews), stream(Orders)];
        let mut basket = Vec::new();
        for row in range {
            let number = self.file_order.at(row);
            let state = self.customer(number, &mut customers);
            let method = self.payments.method(state, &mut for_payments);
            let order = self.order(
                number,
                state,
                method,
                &mut for_orders,
                &mut for_items,
                &mut basket,
                [&mut orders, &mut items],
            );
            self.payments.write(&order, method, &mut for_payments, &mut payments);
            self.reviews.write(&order, &world.calendar, &mut for_reviews, &mut reviews);
        }
        [customers, items, payments, reviews, orders]
    }

    /// Writes the customer of an order and returns the state. A person is identified by the number of the first order; repeat orders use an
    /// earlier order's person.
    fn customer(&self, number: u64, rows: &mut Rows) -> usize {
        let World { calendar, market, geography, .. } = self.world;
        let mut person = number;
        let mut draws = self.people.draws(person);
        while person > 0 && draws.chance(REPEATS) {
            person = draws.below(person);
            draws = self.people.draws(person);
        }
        let (day, _) = calendar.day_of(person);
        let state = market.state(calendar.month_of(day), &mut draws);
        let home = geography.home(state, &mut draws);
        rows.id(&self.customer_ids.id(number));
        rows.id(&self.person_ids.id(person));
        rows.zip(home.zip);
        rows.text(home.city);
        rows.text(STATES[state].code);
        rows.end();
        state
    }

    /// Writes an order and its items.
    #[allow(clippy::too_many_arguments)]
    fn order(
        &self,
        number: u64,
        state: usize,
        method: &str,
        source: &mut Stream,
        for_items: &mut Stream,
        basket: &mut Vec<Item>,
        [orders, items]: [&mut Rows; 2],
    ) -> Order {
        let World { calendar, market, .. } = self.world;
        let (day, position) = calendar.day_of(number);
        let month = calendar.month_of(day);
        let (.., slow, promise) = MONTHS[month];
        let purchase = day as i64 * DAY + calendar.time_of_day(source);

        basket.clear();
        let first_sale = market.first_sale(day, position);
        let itemless = first_sale.is_none() && source.chance(self.itemless);
        let mut category = usize::MAX;
        if !itemless {
            category = self.fill(basket, first_sale, day, state, for_items);
        }
        // In the last two months nearly all orders are canceled.
        let status = if month > COMPLETE_MONTHS.end() + 1 && source.below(20) > 0 {
            2
        } else if itemless {
            self.without_items.pick(source)
        } else {
            self.with_items.pick(source)
        };

        let winner = category == market.planted.winner;
        let near = basket.first().is_some_and(|item| self.world.catalog.seller_state(item.seller) == state);
        let mut transit = if near { NEAR_TRANSIT } else { STATES[state].transit } * slow;
        if winner {
            transit = transit * WINNER_TRANSIT / 100;
        }
        if state == market.planted.state {
            transit = transit * STATE_TRANSIT / 100;
        }
        let promised = if near { NEAR_ESTIMATE } else { STATES[state].estimate } * promise;

        // Cards are approved within minutes or checked manually; a boleto is paid at a bank.
        let approval = match method {
            "boleto" => source.lognormal(28 * 3600, 500),
            _ if source.below(100) < 13 => source.lognormal(18 * 3600, 600),
            _ => source.lognormal(900, 500),
        };
        let approved = purchase + approval as i64;
        let carrier = approved + source.lognormal(157_000, 950) as i64;
        let delivered = carrier + source.lognormal(transit * 864 / 10, 580) as i64 + 3_600;
        let estimate = (purchase + source.lognormal(promised * 864 / 10, 230) as i64 + DAY / 2).div_euclid(DAY) * DAY;
        let known = match STATUSES[status] {
            "delivered" => [!source.chance(145), !source.chance(21), !source.chance(83)],
            "shipped" => [true, true, false],
            "canceled" => {
                let approved = source.chance(774_000);
                let shipped = approved && source.chance(155_000);
                [approved, shipped, shipped && source.chance(80_000)]
            }
            "created" => [false; 3],
            _ => [true, false, false],
        };

        let id = self.order_ids.id(number);
        orders.id(&id);
        orders.id(&self.customer_ids.id(number));
        orders.text(STATUSES[status]);
        orders.time(calendar, purchase);
        for (time, known) in [approved, carrier, delivered].into_iter().zip(known) {
            orders.time_or_null(calendar, known.then_some(time));
        }
        orders.time(calendar, estimate);
        orders.end();

        let limit = approved + SHIPPING_LIMITS[self.limits.pick(for_items)].0 * DAY;
        for (i, item) in basket.iter().enumerate() {
            items.id(&id);
            items.integer(i as u64 + 1);
            items.id(&self.world.catalog.product_id(item.product));
            items.id(&self.world.catalog.seller_id(item.seller));
            items.time(calendar, limit);
            items.money(item.price);
            items.money(item.freight);
            items.end();
        }
        let total = (!itemless).then(|| basket.iter().map(|item| item.price + item.freight).sum());
        let delivered = (STATUSES[status] == "delivered").then_some(delivered);
        Order { number, id, total, status, winner, purchase, estimate, delivered }
    }

    /// Fills the order with items; returns the category of the first.
    fn fill(
        &self,
        basket: &mut Vec<Item>,
        first_sale: Option<(usize, u64)>,
        day: usize,
        state: usize,
        source: &mut Stream,
    ) -> usize {
        let World { calendar, market, catalog, .. } = self.world;
        let month = calendar.month_of(day);
        let (first, mut product) = first_sale.unwrap_or_else(|| {
            let category = market.category(month, source);
            (category, market.product(category, day, source))
        });
        let mut category = first;
        for item in 0..=self.items.pick(source) {
            if item > 0 {
                if !source.chance(OTHER_PRODUCT) {
                    let Item { product, seller, price, freight } = basket[item - 1];
                    basket.push(Item { product, seller, price, freight });
                    continue;
                }
                if source.chance(OTHER_CATEGORY) {
                    category = market.category(month, source);
                }
                product = market.product(category, day, source);
            }
            let facts = catalog.product(product, category, market.fame(category, product));
            // A first sale is always by the usual seller, who might sell nothing else.
            let another = (item > 0 || first_sale.is_none()) && source.chance(OTHER_SELLER);
            let seller = if another { catalog.other_seller(product) } else { facts.seller };
            // Discounts and price rises: a fifth of the items are not sold at the usual price.
            let price = match source.below(20) {
                change @ 0..4 => priced(facts.price * [90, 94, 96, 106][change as usize] / 100, source),
                _ => facts.price,
            };
            let freight = freight(facts.weight, catalog.seller_state(seller), state, source);
            basket.push(Item { product, seller, price, freight });
        }
        first
    }
}

/// Freight in centavos, by weight and route.
fn freight(weight: u64, from: usize, to: usize, source: &mut impl Source) -> u64 {
    let above = FREIGHT.partition_point(|knot| knot.0 <= weight).min(FREIGHT.len() - 1);
    let (low, high) = (FREIGHT[above - 1], FREIGHT[above]);
    // Extrapolates the last slope beyond the last weight.
    let between = |a: u64, b: u64| a + (b - a) * (weight - low.0) / (high.0 - low.0);
    let usual =
        if from == to { between(low.1, high.1) } else { between(low.2, high.2) * STATES[to].freight / FREIGHT_FAR };
    source.lognormal(usual, 240)
}
