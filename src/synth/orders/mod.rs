//! World → orders with their customers, items and payments, and the rows of five files. Next: `write`, or `layout` for other markets.

mod comments;
pub mod payments;
mod reviews;

use self::payments::Payments;
use self::reviews::Reviews;
use super::rng::{Alias, Keyed, Shuffle, Source, Stream};
use super::shape::*;
use super::world::calendar::DAY;
use super::world::calibration::EntrantSale;
use super::world::catalog::priced;
use super::world::geography::Home;
use super::world::market::itemless_per_million;
use super::world::{Item, Order, World};
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

/// Makes orders by number, in any sequence.
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
        let mut for_reviews = self.stream(OrderReviews, chunk);
        self.each(chunk, range, |order| {
            self.write_customer(order, &mut customers);
            self.write_order(order, &mut orders);
            self.write_items(order, &mut items);
            write_payments(order, &mut payments);
            self.reviews.write(order, &world.calendar, &mut for_reviews, &mut reviews);
        });
        [customers, items, payments, reviews, orders]
    }

    /// Calls `take` with each order of a chunk, in the order of the file.
    pub fn each(&self, chunk: u64, range: std::ops::Range<u64>, mut take: impl FnMut(&Order<'a>)) {
        use TableId::*;
        let [mut for_items, mut for_payments, mut for_orders] =
            [OrderItems, OrderPayments, Orders].map(|table| self.stream(table, chunk));
        for row in range {
            let number = self.file_order.at(row);
            let (person, home) = self.customer(number);
            let method = self.payments.method(home.state, &mut for_payments);
            let mut order = self.order(number, person, home, method, &mut for_orders, &mut for_items);
            self.payments.add(&mut order, method, &mut for_payments);
            take(&order);
        }
    }

    fn stream(&self, table: TableId, chunk: u64) -> Stream {
        Stream::new(self.world.params.seed, table as u64, chunk)
    }

    /// Id of a person, given the number of their first order.
    pub fn person_id(&self, person: u64) -> [u8; 32] {
        self.person_ids.id(person)
    }

    /// Person and address of an order. A person is identified by the number of the first order; repeat orders use an earlier order's
    /// person.
    fn customer(&self, number: u64) -> (u64, Home<'a>) {
        let World { calendar, market, calibration, geography, .. } = self.world;
        let mut person = number;
        let mut draws = self.people.draws(person);
        while person > 0 && draws.chance(REPEATS) {
            person = draws.below(person);
            draws = self.people.draws(person);
        }
        let (day, _) = calendar.day_of(person);
        let month = calendar.month_of(day);
        let advertised = calibration.as_ref().and_then(|planted| planted.state(day, month, &mut draws));
        let state = advertised.unwrap_or_else(|| market.state(month, &mut draws));
        (person, geography.home(state, &mut draws))
    }

    fn write_customer(&self, order: &Order, rows: &mut Rows) {
        rows.id(&self.customer_ids.id(order.number));
        rows.id(&self.person_id(order.person));
        rows.zip(order.home.zip);
        rows.text(order.home.city);
        rows.text(STATES[order.home.state].code);
        rows.end();
    }

    /// An order and its items, without payments.
    fn order(
        &self,
        number: u64,
        person: u64,
        home: Home<'a>,
        method: &str,
        source: &mut Stream,
        for_items: &mut Stream,
    ) -> Order<'a> {
        let world = self.world;
        let World { calendar, market, .. } = world;
        let state = home.state;
        let (day, position) = calendar.day_of(number);
        let month = calendar.month_of(day);
        let (.., slow, promise) = MONTHS[month];
        let purchase = day as i64 * DAY + calendar.time_of_day(source);

        let mut items = Vec::new();
        let first_sale = market.first_sale(day, position);
        let entrant = world.calibration.as_ref().and_then(|planted| planted.sale(number));
        let itemless = first_sale.is_none() && entrant.is_none() && source.chance(self.itemless);
        if let Some(sale) = entrant {
            items.push(self.sold_by_entrant(sale, day, state, for_items));
        } else if !itemless {
            self.fill(&mut items, first_sale, day, state, for_items);
        }
        // In the last two months nearly all orders are canceled.
        let status = if month > COMPLETE_MONTHS.end() + 1 && source.below(20) > 0 {
            2
        } else if itemless {
            self.without_items.pick(source)
        } else {
            self.with_items.pick(source)
        };

        let winner = items.first().is_some_and(|item| item.category == market.planted.winner);
        let near = items.first().is_some_and(|item| self.world.catalog.seller_state(item.seller) == state);
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
        let [approved_known, carrier_known, delivered_known] = known;
        Order {
            number,
            id: self.order_ids.id(number),
            person,
            home,
            status,
            winner,
            purchase,
            recorded: [
                approved_known.then_some(approved),
                carrier_known.then_some(carrier),
                delivered_known.then_some(delivered),
            ],
            estimate,
            delivered: (STATUSES[status] == "delivered").then_some(delivered),
            limit: approved + SHIPPING_LIMITS[self.limits.pick(for_items)].0 * DAY,
            items,
            payments: Vec::new(),
        }
    }

    fn write_order(&self, order: &Order, rows: &mut Rows) {
        let calendar = &self.world.calendar;
        rows.id(&order.id);
        rows.id(&self.customer_ids.id(order.number));
        rows.text(STATUSES[order.status]);
        rows.time(calendar, order.purchase);
        order.recorded.iter().for_each(|time| rows.time_or_null(calendar, *time));
        rows.time(calendar, order.estimate);
        rows.end();
    }

    fn write_items(&self, order: &Order, rows: &mut Rows) {
        let World { calendar, catalog, .. } = self.world;
        for (i, item) in order.items.iter().enumerate() {
            rows.id(&order.id);
            rows.integer(i as u64 + 1);
            rows.id(&catalog.product_id(item.product));
            rows.id(&catalog.seller_id(item.seller));
            rows.time(calendar, order.limit);
            rows.money(item.price);
            rows.money(item.freight);
            rows.end();
        }
    }

    /// Fills the order with items.
    fn fill(
        &self,
        basket: &mut Vec<Item>,
        first_sale: Option<(usize, u64)>,
        day: usize,
        state: usize,
        source: &mut Stream,
    ) {
        let World { calendar, market, catalog, .. } = self.world;
        let month = calendar.month_of(day);
        let (mut category, mut product) = first_sale.unwrap_or_else(|| {
            let category = market.category(month, source);
            (category, market.product(category, day, source))
        });
        for item in 0..=self.items.pick(source) {
            if item > 0 {
                if !source.chance(OTHER_PRODUCT) {
                    basket.push(basket[item - 1]);
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
            basket.push(Item { product, category, seller, price, freight });
        }
    }

    /// The item of an order of a new seller: at its own price, whatever the product costs elsewhere.
    fn sold_by_entrant(&self, sale: EntrantSale, day: usize, state: usize, source: &mut Stream) -> Item {
        let World { market, catalog, .. } = self.world;
        let EntrantSale { entrant, category, price } = sale;
        let product = market.product(category, day, source);
        let seller = catalog.entrant(entrant);
        let weight = catalog.product(product, category, market.fame(category, product)).weight;
        Item { product, category, seller, price, freight: freight(weight, catalog.seller_state(seller), state, source) }
    }
}

fn write_payments(order: &Order, rows: &mut Rows) {
    for (i, payment) in order.payments.iter().enumerate() {
        rows.id(&order.id);
        rows.integer(i as u64 + 1);
        rows.text(payment.method);
        rows.integer(payment.instalments);
        rows.money(payment.value);
        rows.end();
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
