//! Orders and lines → the contract's raw tables, as text. Persons are hashed; one row of items is one unit. Next: `input::export`.

mod categories;
mod keys;
mod methods;
mod money;

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, RandomState};

use polars::prelude::*;

use self::categories::Categories;
use self::keys::key;
use self::methods::Methods;
use self::money::{costs, refunds};
use super::description::{Field, Market};
use super::facts::MarketFacts;
use super::lines::order::{Line, Lines, Order};
use super::lines::share::shared;
use crate::error::Result;
use crate::schema::contract::{self, TableId};
use crate::schema::format::decimal;

/// Status of an order whose export names none.
const SOLD: &str = "approved";
/// The only seller of a shop.
const SHOP: &str = "shop";

/// The tables of an export, and what a report says of its market.
#[derive(Debug, Clone)]
pub struct MarketTables {
    /// The contract's tables that the export can fill; all columns are text.
    pub tables: BTreeMap<TableId, DataFrame>,
    /// What the report says of the market.
    pub facts: MarketFacts,
    /// What was set aside or converted, in sentences.
    pub notes: Vec<String>,
}

/// Hashes the keys of persons and orders, so that nothing of them enters an output.
#[derive(Debug, Clone)]
pub struct Salt([u8; 32]);

impl Salt {
    /// A salt from secret bytes.
    pub fn new(secret: &[u8]) -> Salt {
        Salt(*blake3::hash(secret).as_bytes())
    }

    /// A new secret, as text: the standard library takes the keys of its hash maps from the system's randomness.
    pub(crate) fn secret() -> String {
        (0..4).map(|n| format!("{:016x}", RandomState::new().hash_one(n))).collect()
    }

    /// 32 hexadecimal digits, the form of Olist's ids.
    pub(crate) fn hash(&self, kind: &str, text: &str) -> String {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        hasher.update(kind.as_bytes()).update(&[0]).update(text.as_bytes());
        hasher.finalize().to_hex()[..32].to_string()
    }
}

/// Rows of a table on their way to a frame.
struct Rows {
    table: TableId,
    columns: Vec<StringChunkedBuilder>,
    count: usize,
}

impl Rows {
    fn new(table: TableId) -> Rows {
        let builder = |column: &contract::Column| StringChunkedBuilder::new(column.source.into(), 0);
        Rows { table, columns: table.table().columns.iter().map(builder).collect(), count: 0 }
    }

    /// Adds a row, given some of its values under their names in the source; the others are missing.
    fn push(&mut self, values: &[(&str, Option<String>)]) {
        for (column, declared) in self.columns.iter_mut().zip(self.table.table().columns) {
            let value = values.iter().find(|(name, _)| *name == declared.source);
            column.append_option(value.and_then(|(_, value)| value.as_deref()));
        }
        self.count += 1;
    }

    fn finish(self) -> Result<DataFrame> {
        let columns = self.columns.into_iter().map(|column| column.finish().into_column());
        Ok(DataFrame::new(self.count, columns.collect())?)
    }
}

/// Derives the tables.
///
/// # Errors
/// polars fails.
pub(crate) fn tables(market: &Market, lines: Lines, salt: &Salt) -> Result<MarketTables> {
    let mut notes = lines.notes.clone();
    let categories = Categories::of(&lines, &mut notes);
    let methods = Methods::of(&lines, &mut notes);
    let refunds = refunds(&lines, &mut notes);
    let mut of_order: Vec<Vec<&Line>> = vec![Vec::new(); lines.orders.len()];
    for line in &lines.lines {
        of_order[line.order].push(line);
    }
    let mut all: BTreeMap<TableId, Rows> = BTreeMap::new();
    {
        let mut add = |id: TableId, values: &[(&str, Option<String>)]| {
            all.entry(id).or_insert_with(|| Rows::new(id)).push(values);
        };
        let has = |field| lines.present.contains(&field);
        for (order, of_order) in lines.orders.iter().zip(&of_order) {
            let id = salt.hash("order", &order.id);
            let person = order.customer.as_ref().map_or_else(|| id.clone(), |customer| salt.hash("customer", customer));
            add(
                TableId::Customers,
                &[
                    ("customer_id", Some(id.clone())),
                    ("customer_unique_id", Some(person)),
                    ("customer_state", order.region.clone()),
                ],
            );
            let [purchased, approved, shipped, delivered, promised] = order.instants.clone();
            add(
                TableId::Orders,
                &[
                    ("order_id", Some(id.clone())),
                    ("customer_id", Some(id.clone())),
                    ("order_status", Some(order.status.clone().unwrap_or_else(|| SOLD.into()))),
                    ("order_purchase_timestamp", purchased.clone()),
                    ("order_approved_at", approved),
                    ("order_delivered_carrier_date", shipped.clone()),
                    ("order_delivered_customer_date", delivered),
                    ("order_estimated_delivery_date", promised),
                ],
            );
            let paid = items(order, of_order, lines.digits, &id, shipped.or(purchased.clone()), &mut add);
            if has(Field::PaymentMethod) {
                let amount = order.paid.or(order.total).unwrap_or(paid);
                payments(order, &methods, (amount, lines.digits), &id, &mut add);
            }
            if let Some(score) = order.score {
                add(
                    TableId::OrderReviews,
                    &[
                        ("review_id", Some(id.clone())),
                        ("order_id", Some(id.clone())),
                        ("review_score", Some(score.to_string())),
                        ("review_creation_date", purchased),
                    ],
                );
            }
        }
        for (product, category) in &categories.of_products {
            add(
                TableId::Products,
                &[
                    ("product_id", Some(key(product))),
                    ("product_category_name", category.map(|at| categories.names[at].clone())),
                ],
            );
        }
        for name in &categories.names {
            let name = Some(name.clone());
            add(
                TableId::Categories,
                &[("product_category_name", name.clone()), ("product_category_name_english", name)],
            );
        }
        let sellers: BTreeSet<String> = lines.lines.iter().map(seller).collect();
        sellers.into_iter().for_each(|seller| add(TableId::Sellers, &[("seller_id", Some(seller))]));
    }
    let used: BTreeSet<&str> = lines.orders.iter().filter_map(|order| order.region.as_deref()).collect();
    let regions: Vec<_> =
        lines.regions.list.iter().filter(|region| used.contains(region.code.as_str())).cloned().collect();
    let states = all.entry(TableId::States).or_insert_with(|| Rows::new(TableId::States));
    for region in &regions {
        states.push(&[("geolocation_state", Some(region.code.clone())), ("state_name", Some(region.name.clone()))]);
    }
    for id in [TableId::OrderItems, TableId::OrderPayments, TableId::Products, TableId::Categories, TableId::Sellers] {
        all.entry(id).or_insert_with(|| Rows::new(id));
    }
    let open = open(&lines);
    notes.extend(open.iter().map(|open| format!("no column of this export is {open}")));
    let shapes = market.outlines.as_ref().and_then(|outlines| outlines.of(&lines.regions));
    if let (Some(outlines), None) = (&market.outlines, &shapes) {
        notes.push(format!("`{}` has the shape of no region of this market: maps go without it", outlines.file));
    }
    let facts = MarketFacts {
        name: market.name.clone(),
        title: market.title.clone(),
        currency: lines.currency.clone(),
        digits: lines.digits,
        country: lines.regions.country.clone(),
        regions,
        methods: methods.into_list(),
        lines: lines.lines.len(),
        refunds,
        costs: costs(&lines, &categories),
        shapes,
        files: Vec::new(),
        open,
    };
    let tables = all.into_iter().map(|(id, rows)| Ok((id, rows.finish()?))).collect::<Result<_>>()?;
    Ok(MarketTables { tables, facts, notes })
}

/// The fields that no column gives, each with the answer that stays open.
fn open(lines: &Lines) -> Vec<String> {
    let missing = Field::ALL.into_iter().filter(|field| !field.is_answered(|field| lines.present.contains(&field)));
    missing.filter_map(|field| Some(format!("`{}`: {}", field.name(), field.answers()?))).collect()
}

/// One row for each unit of an order; returns the sum of prices and freight, minor units.
fn items(
    order: &Order,
    lines: &[&Line],
    digits: u32,
    id: &str,
    limit: Option<String>,
    add: &mut impl FnMut(TableId, &[(&str, Option<String>)]),
) -> i64 {
    // What stands once for the order is shared by price.
    let totals: Vec<i64> = lines.iter().map(|line| line.total.as_ref().map_or(0, |total| *total)).collect();
    let freight = shared(order.freight, &totals);
    let discount = shared(order.discount, &totals);
    let (mut position, mut sum) = (0, 0);
    for (line, (freight, discount)) in lines.iter().zip(freight.into_iter().zip(discount)) {
        let units = vec![1; usize::try_from(line.units).unwrap_or(1)];
        let freights = shared(freight + line.freight, &units);
        let prices: Vec<String> = match &line.total {
            Ok(total) => {
                sum += total - discount;
                shared(total - discount, &units).into_iter().map(|minor| decimal(minor, digits)).collect()
            }
            // What is no amount is quarantined by the contract, with its text.
            Err(text) => vec![text.clone(); units.len()],
        };
        for (price, freight) in prices.into_iter().zip(freights) {
            position += 1;
            sum += freight;
            add(
                TableId::OrderItems,
                &[
                    ("order_id", Some(id.into())),
                    ("order_item_id", Some(position.to_string())),
                    ("product_id", Some(key(&line.product))),
                    ("seller_id", Some(seller(line))),
                    ("shipping_limit_date", limit.clone()),
                    ("price", Some(price)),
                    ("freight_value", Some(decimal(freight, digits))),
                ],
            );
        }
    }
    sum
}

/// One row for each method of an order; several methods share the amount evenly.
fn payments(
    order: &Order,
    methods: &Methods,
    (amount, digits): (i64, u32),
    id: &str,
    add: &mut impl FnMut(TableId, &[(&str, Option<String>)]),
) {
    let words = methods.words_of(order);
    let parts = shared(amount, &vec![1; words.len()]);
    for ((at, word), part) in words.into_iter().enumerate().zip(parts) {
        add(
            TableId::OrderPayments,
            &[
                ("order_id", Some(id.into())),
                ("payment_sequential", Some((at + 1).to_string())),
                ("payment_type", Some(word.into())),
                ("payment_installments", Some(order.instalments.unwrap_or(1).to_string())),
                ("payment_value", Some(decimal(part, digits))),
            ],
        );
    }
}

fn seller(line: &Line) -> String {
    line.seller.as_deref().map_or_else(|| SHOP.into(), key)
}
