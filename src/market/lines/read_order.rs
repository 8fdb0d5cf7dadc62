//! The rows of one order → [`Order`] and its [`Line`]s. Used by `lines`.

use super::counts::Counts;
use super::order::{Line, Lines, Order, Parsed};
use super::rows::{Rows, first};
use super::share::shared;
use super::texts::{Readers, Texts};
use crate::market::description::{Field, Market, Operation};
use crate::market::values;
use crate::market::values::amounts::Amount;

/// Reads one order.
struct Reader<'a> {
    texts: &'a Texts,
    readers: &'a Readers,
    rows: &'a Rows,
}

impl<'a> Reader<'a> {
    fn text(&self, field: Field, counts: &mut Counts) -> Option<&'a str> {
        let mut values = self.rows.all().filter_map(|row| self.texts.get(field, row));
        let value = values.next();
        if values.any(|other| Some(other) != value) {
            *counts.differ.entry(field).or_default() += 1;
        }
        value
    }

    /// An amount that stands once for the order. A text that is none counts as missing.
    fn amount(&self, field: Field, counts: &mut Counts) -> Option<i64> {
        let amount = self.readers.amount(field, self.text(field, counts)?).ok()?;
        counts.rounded += usize::from(amount.rounded);
        Some(amount.minor)
    }

    fn instant(&self, field: Field, counts: &mut Counts) -> Option<String> {
        let text = self.text(field, counts)?;
        match self.readers.instant(field, text) {
            Some((instant, converted)) => {
                counts.converted += usize::from(converted);
                Some(instant)
            }
            // Without its purchase an order is quarantined by the contract, with the text.
            None if field == Field::PurchasedAt => Some(text.to_string()),
            None => {
                *counts.no_instant.entry(field).or_default() += 1;
                None
            }
        }
    }

    fn whole(&self, field: Field, counts: &mut Counts) -> Option<i64> {
        values::whole(self.text(field, counts)?)
    }
}

/// The status of an order, and whether it is canceled. Where only lines have one, an order is canceled if all of its lines are.
fn status_of<'t>(market: &Market, texts: &'t Texts, rows: &Rows) -> (Option<&'t str>, bool) {
    // Where a counted parent says how many lines follow, these say what became of them.
    let counted = market.parents.as_ref().is_some_and(|how| how.counted);
    let of_lines = rows.lines.iter().filter(|_| counted).find_map(|row| texts.get(Field::Status, *row));
    if let Some(status) = of_lines.or_else(|| first(texts, Field::Status, rows)) {
        return (Some(status), status == CANCELED);
    }
    let all: Vec<&str> = rows.all().filter_map(|row| texts.get(Field::LineStatus, row)).collect();
    let canceled = !all.is_empty() && all.iter().all(|status| *status == CANCELED);
    (all.iter().copied().find(|status| canceled || *status != CANCELED), canceled)
}

const CANCELED: &str = "canceled";

pub(super) fn add_order(
    market: &Market,
    texts: &Texts,
    readers: &Readers,
    rows: &Rows,
    lines: &mut Lines,
    counts: &mut Counts,
) {
    use Field::*;
    let reader = Reader { texts, readers, rows };
    let Some(id) = first(texts, OrderId, rows) else { return };
    let (status, canceled) = status_of(market, texts, rows);
    let (country, place) = (reader.text(Country, counts), reader.text(Region, counts));
    let region = lines.regions.code(country, place);
    if region.is_none()
        && let Some(place) = place.or(country)
    {
        *counts.places.entry(place.to_string()).or_default() += 1;
    }
    let instants =
        [PurchasedAt, ApprovedAt, ShippedAt, DeliveredAt, PromisedAt].map(|field| reader.instant(field, counts));
    let method = reader.text(PaymentMethod, counts);
    let split = market.fields.get(&PaymentMethod).and_then(|operation| match operation {
        Operation::Steps(steps) => steps.split.as_deref(),
        Operation::Column(_) => None,
    });
    let methods: Vec<String> = method.map_or_else(Vec::new, |text| match split {
        Some(mark) => text.split(mark).map(str::trim).filter(|text| !text.is_empty()).map(String::from).collect(),
        None => vec![text.to_string()],
    });
    counts.split_payments += usize::from(methods.len() > 1);
    let mut order = Order {
        id: id.to_string(),
        customer: reader.text(Customer, counts).map(String::from),
        instants,
        status: status.map(String::from),
        region,
        freight: reader.amount(OrderFreight, counts).unwrap_or(0),
        discount: reader.amount(OrderDiscount, counts).unwrap_or(0),
        total: reader.amount(OrderTotal, counts),
        refunded: reader.amount(Refunded, counts),
        methods,
        paid: reader.amount(PaymentValue, counts),
        instalments: reader.whole(Instalments, counts),
        score: reader.whole(ReviewScore, counts),
    };
    let at = lines.orders.len();
    let mut of_order = Vec::new();
    for row in rows.lines.iter().copied() {
        if let Some(line) = line(texts, readers, row, at, canceled, counts) {
            of_order.push(line);
        }
    }
    share_of_parents(&reader, &mut of_order, counts);
    let sum: Option<i64> = of_order.iter().map(|line| line.total.as_ref().ok().map(|total| total + line.freight)).sum();
    let parts = sum.map(|sum| sum + order.freight - order.discount);
    // Taxes and tips stand on their own: a total is checked from below, with a cent per line for rounding.
    if let (Some(total), Some(parts), false) = (order.total, parts, canceled)
        && total + (of_order.len() as i64) < parts
    {
        counts.totals += 1;
    }
    if order.refunded.is_some_and(|refunded| refunded > 0 && order.total.is_some_and(|total| refunded >= total)) {
        order.status = Some(CANCELED.into());
    }
    lines.lines.extend(of_order);
    lines.orders.push(order);
}

/// One line; `None` if it is set aside.
fn line(
    texts: &Texts,
    readers: &Readers,
    row: usize,
    order: usize,
    canceled: bool,
    counts: &mut Counts,
) -> Option<Line> {
    use Field::*;
    let mut amount = |field: Field| -> Option<Parsed> {
        texts.get(field, row).map(|text| {
            readers.amount(field, text).map(|amount| {
                counts.rounded += usize::from(amount.rounded);
                amount.minor
            })
        })
    };
    let units = texts.get(Quantity, row).map(|text| values::whole(text).ok_or(text));
    let (price, total) = (amount(UnitPrice), amount(LineTotal));
    let (discount, freight) = (amount(LineDiscount), amount(LineFreight));
    let is_item = price.is_some() || total.is_some() || texts.get(ProductId, row).is_some();
    if !is_item {
        return None;
    }
    let units = match units {
        Some(Ok(units)) => units,
        // What is no number of units goes to quarantine with the line, as an amount that is none.
        Some(Err(text)) => return Some(unreadable(texts, row, order, text)),
        None => 1,
    };
    let total = match (total, price) {
        (Some(total), _) => total,
        (None, Some(price)) => price.and_then(|price| price.checked_mul(units).ok_or_else(|| price.to_string())),
        (None, None) => Ok(0),
    };
    let total = total.and_then(|total| match discount {
        Some(discount) => discount.map(|discount| total - discount.abs()),
        None => Ok(total),
    });
    if !canceled && texts.get(LineStatus, row) == Some(CANCELED) {
        counts.set_aside("the line is canceled and the order is not", &total);
        return None;
    }
    let (units, total) = match (units, canceled) {
        // Canceled lines are exported without units or with negative ones: each counts as one that was not sold.
        (..=0, true) => (units.abs().max(1), total.map(i64::abs)),
        (..0, false) => {
            counts.set_aside("a negative quantity without a status that says canceled", &total);
            return None;
        }
        (0, false) => {
            counts.set_aside("a quantity of zero", &total);
            return None;
        }
        _ => (units, total),
    };
    let text = |field| texts.get(field, row).map(String::from);
    Some(Line {
        order,
        product: text(ProductId).unwrap_or_else(|| crate::schema::contract::UNKNOWN.into()),
        category: text(Category),
        seller: text(Seller),
        units,
        total,
        freight: freight.and_then(std::result::Result::ok).unwrap_or(0),
    })
}

fn unreadable(texts: &Texts, row: usize, order: usize, text: &str) -> Line {
    let product = texts.get(Field::ProductId, row).unwrap_or(crate::schema::contract::UNKNOWN).to_string();
    Line { order, product, category: None, seller: None, units: 1, total: Err(text.into()), freight: 0 }
}

/// Shares the money of parent lines over the lines below them: by the prices of these, or evenly by units if they have none.
fn share_of_parents(reader: &Reader<'_>, lines: &mut [Line], counts: &mut Counts) {
    let parents = reader.rows.parents.iter().filter_map(|row| reader.texts.get(Field::LineTotal, *row));
    let amounts: Vec<Amount> = parents.filter_map(|text| reader.readers.amount(Field::LineTotal, text).ok()).collect();
    if amounts.is_empty() {
        return;
    }
    counts.rounded += amounts.iter().filter(|amount| amount.rounded).count();
    let total = amounts.iter().map(|amount| amount.minor).sum();
    let prices: Vec<i64> = lines.iter().map(|line| line.total.as_ref().map_or(0, |total| *total)).collect();
    let weights =
        if prices.iter().any(|price| *price > 0) { prices } else { lines.iter().map(|line| line.units).collect() };
    for (line, part) in lines.iter_mut().zip(shared(total, &weights)) {
        line.total = Ok(part);
    }
}
