//! Order → its lines, and the text of each field. Used by `rows`.

use super::plan::Plan;
use super::texts::Texts;
use crate::market::description::{Field, Operation};
use crate::synth::orders::Sales;
use crate::synth::shape::{CATEGORIES, STATUSES};
use crate::synth::world::{Item, Order, World};

/// Every how many orders one has a discount, if the layout has any, and what it takes off every unit, centavos. The price is that much
/// higher, so that what is paid stays the same.
const DISCOUNTED: u64 = 5;
const DISCOUNT: u64 = 100;

/// A line of an order: some units of a product.
#[derive(Debug)]
pub struct Line {
    /// Product.
    pub product: String,
    /// English name; empty for products without one.
    pub category: &'static str,
    /// Seller.
    pub seller: String,
    /// Number of units.
    pub units: u64,
    /// Price of a unit, centavos.
    pub price: u64,
    /// Freight of all units, centavos.
    pub freight: u64,
}

impl Line {
    /// Some units of an item.
    pub fn new(world: &World, item: &Item, units: u64) -> Line {
        Line {
            product: text(&world.catalog.product_id(item.product)),
            category: Some(&CATEGORIES[item.category]).filter(|c| !c.name.is_empty()).map_or("", |c| c.english),
            seller: text(&world.catalog.seller_id(item.seller)),
            units,
            price: item.price,
            freight: item.freight * units,
        }
    }
}

/// An order as a layout lists it.
#[derive(Debug)]
pub struct Sale<'o> {
    /// The order.
    pub order: &'o Order<'o>,
    /// Its id, and that of its customer.
    pub id: String,
    /// Id of its customer.
    pub person: String,
    /// Its lines.
    pub lines: Vec<Line>,
    /// What discounts take off every unit, centavos.
    off: u64,
}

impl<'o> Sale<'o> {
    /// The order in lines, as the layout counts them: where it has no quantities, each unit is a line.
    pub fn new(plan: &Plan<'_>, world: &World, sales: &Sales<'_>, order: &'o Order<'o>) -> Sale<'o> {
        let by_units = plan.has(Field::Quantity);
        let same = |a: &Item, b: &Item| by_units && a == b;
        let mut lines: Vec<Line> =
            order.items.chunk_by(same).map(|units| Line::new(world, &units[0], units.len() as u64)).collect();
        let freight = lines.iter().map(|line| line.freight).sum();
        if let Some(product) = plan.layout.freight_product.as_ref().filter(|_| !lines.is_empty()) {
            let (product, category, seller) = (product.clone(), "", String::new());
            lines.push(Line { product, category, seller, units: 1, price: freight, freight: 0 });
        }
        let discounts = plan.has(Field::LineDiscount) || plan.has(Field::OrderDiscount);
        Sale {
            order,
            id: text(&order.id),
            person: text(&sales.person_id(order.person)),
            lines,
            off: if discounts && order.number.is_multiple_of(DISCOUNTED) { DISCOUNT } else { 0 },
        }
    }

    /// Whether it was sold: neither canceled nor unavailable.
    pub fn is_sold(&self) -> bool {
        !["canceled", "unavailable"].contains(&STATUSES[self.order.status])
    }

    /// A text with the ids of the order filled in.
    pub fn filled(&self, text: &str, line: Option<&Line>) -> String {
        if !text.contains('{') {
            return text.into();
        }
        text.replace("{order}", &self.id)
            .replace("{person}", &self.person)
            .replace("{product}", line.map_or("", |line| &line.product))
            .replace("{lines}", &self.lines.len().to_string())
    }

    /// A field that is one for the order; `None` if it has no value, or if `plan` gives it by other means.
    pub fn of_order(&self, field: Field, plan: &Plan<'_>, texts: &Texts) -> Option<String> {
        let Sale { order, lines, .. } = self;
        let date = |seconds: i64| texts.date(seconds, order.number);
        let amount = |centavos: u64| texts.amount(centavos as i64);
        let paid = (!order.payments.is_empty()).then(|| order.payments.iter().map(|payment| payment.value).sum());
        let recorded = |at: usize| order.recorded[at].map(date);
        match field {
            Field::OrderId => Some(self.filled(&plan.layout.order, None)),
            Field::Customer => Some(self.filled(&plan.layout.customer, None)),
            Field::PurchasedAt | Field::UpdatedAt => Some(date(order.purchase)),
            Field::ApprovedAt => recorded(0),
            Field::ShippedAt => recorded(1),
            Field::DeliveredAt => recorded(2),
            Field::PromisedAt => Some(date(order.estimate)),
            Field::Currency => Some("BRL".into()),
            Field::Country => Some(plan.layout.country.clone()),
            Field::Region => Some(texts.region(order.home.state).into()),
            Field::OrderFreight => Some(amount(lines.iter().map(|line| line.freight).sum())),
            Field::OrderDiscount => Some(amount(self.off * lines.iter().map(|line| line.units).sum::<u64>())),
            Field::OrderTotal | Field::PaymentValue => paid.map(amount),
            Field::PaymentMethod => self.methods(plan),
            Field::Instalments => order.payments.iter().map(|payment| payment.instalments).max().map(|n| n.to_string()),
            _ => None,
        }
    }

    /// The methods of its payments, as far as a cell can hold them.
    fn methods(&self, plan: &Plan<'_>) -> Option<String> {
        let split = match plan.market.fields.get(&Field::PaymentMethod) {
            Some(Operation::Steps(steps)) => steps.split.as_deref(),
            _ => None,
        };
        let mut names: Vec<String> = Vec::new();
        for payment in &self.order.payments {
            let name = payment.method.replace('_', " ");
            if names.is_empty() || (split.is_some() && !names.contains(&name)) {
                names.push(name);
            }
        }
        (!names.is_empty()).then(|| names.join(split.unwrap_or_default()))
    }

    /// A field of one of its lines; `None` if it has no value.
    pub fn of_line(&self, field: Field, line: &Line, plan: &Plan<'_>, texts: &Texts) -> Option<String> {
        let amount = |centavos: u64| Some(texts.amount(centavos as i64));
        let present = |text: &str| Some(text.to_string()).filter(|text| !text.is_empty());
        match field {
            Field::ProductId => Some(line.product.clone()),
            Field::Category => present(line.category),
            Field::Seller => present(&line.seller),
            Field::Quantity if plan.layout.negative && !self.is_sold() => Some(format!("-{}", line.units)),
            Field::Quantity => Some(line.units.to_string()),
            Field::UnitPrice => amount(line.price + self.off),
            Field::LineTotal => amount((line.price + self.off) * line.units),
            Field::LineDiscount => amount(self.off * line.units),
            Field::LineFreight => amount(line.freight),
            _ => None,
        }
    }

    /// The price of all lines in one amount, with the freight if no other column holds it; `None` without lines.
    pub fn whole(&self, plan: &Plan<'_>, texts: &Texts) -> Option<String> {
        let prices: u64 = self.lines.iter().map(|line| line.price * line.units).sum();
        let freight: u64 = self.lines.iter().map(|line| line.freight).sum();
        let freight = if plan.has(Field::OrderFreight) { 0 } else { freight };
        (!self.lines.is_empty()).then(|| texts.amount((prices + freight) as i64))
    }
}

fn text(id: &[u8; 32]) -> String {
    String::from_utf8_lossy(id).into_owned()
}
