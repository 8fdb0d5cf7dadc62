//! The rows of one order → [`Order`] and its [`Line`]s. Used by `lines`.

use super::counts::Counts;
use super::order::{Line, Lines, Order};
use super::read_line::{Row, read_row};
use super::reader::{CANCELED, Reader};
use super::rows::first;
use super::share::shared;
use crate::market::description::{Field, Market};

/// Adds an order with its lines. An order that only takes back what another one sold is none.
pub(super) fn add_order(market: &Market, reader: &Reader<'_>, lines: &mut Lines, counts: &mut Counts) {
    use Field::*;
    let Some(id) = first(reader.texts, OrderId, reader.rows) else { return };
    let (status, canceled) = reader.status(market);
    let (mut of_order, mut refunds) = (Vec::new(), Vec::new());
    for row in reader.rows.lines.iter().copied() {
        match read_row(reader, row, lines.orders.len(), canceled, counts) {
            Row::Item(line) => of_order.push(line),
            Row::Refund(minor) => refunds.push(minor),
            Row::Nothing => {}
        }
    }
    let lone = of_order.is_empty() && !refunds.is_empty();
    for minor in &refunds {
        let reason =
            if lone { "a refund of an order that is not in the export" } else { "they take back what was sold" };
        counts.set_aside(reason, &Ok(*minor));
    }
    if lone {
        return;
    }
    share_of_parents(reader, &mut of_order, counts);
    let (country, place) = (reader.text(Country, counts), reader.text(Region, counts));
    let region = lines.regions.code(country, place);
    if region.is_none()
        && let Some(place) = place.or(country)
    {
        *counts.places.entry(place.to_string()).or_default() += 1;
    }
    let mut order = Order {
        id: id.to_string(),
        customer: reader.text(Customer, counts).map(String::from),
        instants: [PurchasedAt, ApprovedAt, ShippedAt, DeliveredAt, PromisedAt]
            .map(|field| reader.instant(field, counts)),
        status: status.map(String::from),
        region,
        freight: reader.amount_of_order(OrderFreight, counts).unwrap_or(0),
        discount: reader.amount_of_order(OrderDiscount, counts).unwrap_or(0).saturating_abs(),
        total: reader.amount_of_order(OrderTotal, counts),
        refunded: reader.amount_of_order(Refunded, counts).unwrap_or(0).saturating_abs(),
        methods: reader.methods(market, counts),
        paid: reader.amount_of_order(PaymentValue, counts),
        instalments: reader.whole(Instalments, counts),
        score: reader.whole(ReviewScore, counts),
    };
    if of_order.is_empty() && (order.freight, order.discount) != (0, 0) {
        counts.emptied = (counts.emptied.0 + 1, counts.emptied.1.saturating_add(order.freight - order.discount));
    }
    let sum: Option<i64> = of_order.iter().map(|line| line.total.as_ref().ok().map(|total| total + line.freight)).sum();
    let parts = sum.map(|sum| sum + order.freight - order.discount);
    // Taxes and tips stand on their own: a total is checked from below, with a cent per line for rounding.
    if let (Some(total), Some(parts), false) = (order.total, parts, canceled)
        && total + (of_order.len() as i64) < parts
    {
        counts.totals += 1;
    }
    // An export names what was paid back in a column, or on lines of their own.
    order.refunded = order.refunded.max(-refunds.iter().sum::<i64>());
    if order.refunded > 0 && order.total.or(parts).is_some_and(|total| order.refunded >= total) {
        order.status = Some(CANCELED.into());
    }
    lines.lines.extend(of_order);
    lines.orders.push(order);
}

/// Shares the money of parent lines over the lines below them: by the prices of these, or evenly by units if they have none.
fn share_of_parents(reader: &Reader<'_>, lines: &mut [Line], counts: &mut Counts) {
    let parents = reader.rows.parents.iter().filter_map(|row| reader.texts.get(Field::LineTotal, *row));
    let amounts: Vec<i64> =
        parents.filter_map(|text| counts.amount(Field::LineTotal, reader.amount(Field::LineTotal, text))).collect();
    if amounts.is_empty() {
        return;
    }
    let total = amounts.iter().sum();
    let prices: Vec<i64> = lines.iter().map(|line| line.total.as_ref().map_or(0, |total| *total)).collect();
    let weights =
        if prices.iter().any(|price| *price > 0) { prices } else { lines.iter().map(|line| line.units).collect() };
    for (line, part) in lines.iter_mut().zip(shared(total, &weights)) {
        line.total = Ok(part);
    }
}
