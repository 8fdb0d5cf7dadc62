//! One row of an order → its [`Line`], a refund, or nothing. Used by `read_order`.

use super::counts::Counts;
use super::order::{Line, Parsed};
use super::reader::{CANCELED, Reader};
use crate::market::description::Field;
use crate::market::values;
use crate::schema::contract::UNKNOWN;

/// Most units of a line: each becomes a row, and more are a mistake of the export.
const MOST_UNITS: i64 = 1_000_000;

/// What a row of an order is.
pub(super) enum Row {
    Item(Line),
    /// Takes back what was sold; minor units, negative.
    Refund(i64),
    /// Holds no item, or is set aside.
    Nothing,
}

/// Reads one row of an order, which is at position `order` of all and `canceled` or not.
pub(super) fn read_row(reader: &Reader<'_>, row: usize, order: usize, canceled: bool, counts: &mut Counts) -> Row {
    use Field::*;
    let has = |field| reader.texts.get(field, row).is_some();
    if ![UnitPrice, LineTotal, ProductId].into_iter().any(has) {
        counts.itemless += 1;
        return Row::Nothing;
    }
    let units = match reader.texts.get(Quantity, row).map(|text| values::whole(text).ok_or(text)) {
        Some(Ok(units)) => units,
        // What is no number of units goes to quarantine with the line, as an amount that is none.
        Some(Err(text)) => return Row::Item(item(reader, row, order, 1, Err(text.into()))),
        None => 1,
    };
    let of_units = |price: i64| price.checked_mul(units).ok_or_else(|| price.to_string());
    let total = match parsed(reader, LineTotal, row, counts) {
        Some(total) => total,
        None => parsed(reader, UnitPrice, row, counts).map_or(Ok(0), |price| price.and_then(of_units)),
    };
    let discount = optional(reader, LineDiscount, row, counts).unwrap_or(0).saturating_abs();
    let total = total.map(|total| if total < 0 { total } else { total.saturating_sub(discount) });
    if !canceled && reader.texts.get(LineStatus, row) == Some(CANCELED) {
        counts.set_aside("the line is canceled and the order is not", &total);
        return Row::Nothing;
    }
    let takes_back = units < 0 || total.as_ref().is_ok_and(|total| *total < 0);
    let (units, total) = match units {
        // Canceled lines are exported without units or with negative ones: each counts as one that was not sold.
        _ if canceled && (units <= 0 || takes_back) => (units.saturating_abs().max(1), total.map(i64::saturating_abs)),
        _ if takes_back => match total {
            Ok(total) => return Row::Refund(-total.saturating_abs()),
            Err(text) => (1, Err(text)),
        },
        0 => {
            counts.set_aside("a quantity of zero", &total);
            return Row::Nothing;
        }
        _ => (units, total),
    };
    if units > MOST_UNITS {
        counts.set_aside("a quantity above a million", &total);
        return Row::Nothing;
    }
    let mut line = item(reader, row, order, units, total);
    line.freight = optional(reader, LineFreight, row, counts).unwrap_or(0);
    line.cost = cost(reader, row, &line, counts);
    Row::Item(line)
}

/// An amount without which the line cannot be counted: minor units, or the text that is none; `None` if there is none.
fn parsed(reader: &Reader<'_>, field: Field, row: usize, counts: &mut Counts) -> Option<Parsed> {
    let amount = reader.amount(field, reader.texts.get(field, row)?);
    Some(amount.map(|amount| {
        counts.rounded += usize::from(amount.rounded);
        amount.minor
    }))
}

/// An amount without which the line still counts.
fn optional(reader: &Reader<'_>, field: Field, row: usize, counts: &mut Counts) -> Option<i64> {
    counts.amount(field, reader.amount(field, reader.texts.get(field, row)?))
}

/// What all units of a line cost: as a column says, or what its profit leaves of its price.
fn cost(reader: &Reader<'_>, row: usize, line: &Line, counts: &mut Counts) -> Option<i64> {
    if let Some(cost) = optional(reader, Field::LineCost, row, counts) {
        return Some(cost);
    }
    if let Some(cost) = optional(reader, Field::UnitCost, row, counts) {
        return cost.checked_mul(line.units);
    }
    let profit = optional(reader, Field::LineProfit, row, counts)?;
    line.total.as_ref().ok().map(|total| total - profit)
}

fn item(reader: &Reader<'_>, row: usize, order: usize, units: i64, total: Parsed) -> Line {
    let text = |field| reader.texts.get(field, row).map(String::from);
    Line {
        order,
        product: text(Field::ProductId).unwrap_or_else(|| UNKNOWN.into()),
        category: text(Field::Category),
        seller: text(Field::Seller),
        units,
        total,
        freight: 0,
        cost: None,
    }
}
