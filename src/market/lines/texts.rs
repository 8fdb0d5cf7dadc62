//! The fields of all rows of a sheet: their texts, and how their amounts and dates are read. Used by `lines` and `check`.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use chrono_tz::Tz;
use polars::prelude::*;

use crate::error::{Error, Result};
use crate::market::description::{Field, Kind, Market, Operation};
use crate::market::operations::evaluate;
use crate::market::rates::Rate;
use crate::market::sheet::Sheet;
use crate::market::values::amounts::{self, Amount, Marks};
use crate::market::values::dates::{self, Orders};
use crate::schema::format;
use crate::schema::read_options::{DateOrder, DecimalMark, Reading};

/// Fields without which no line can be counted.
const NEEDED: [Field; 2] = [Field::OrderId, Field::PurchasedAt];

/// The evaluated fields of all rows.
pub(crate) struct Texts(BTreeMap<Field, StringChunked>);

impl Texts {
    pub(crate) fn get(&self, field: Field, row: usize) -> Option<&str> {
        self.0.get(&field).and_then(|column| column.get(row))
    }

    /// The fields that have a value in some row.
    pub(super) fn fields(&self) -> impl Iterator<Item = Field> {
        self.0.keys().copied()
    }

    pub(super) fn columns(&self) -> impl Iterator<Item = &StringChunked> {
        self.0.values()
    }

    pub(crate) fn column(&self, field: Field) -> Option<&StringChunked> {
        self.0.get(&field)
    }
}

/// Evaluates the fields. A field whose column the export lacks is left out, with the answer that falls away with it.
///
/// # Errors
/// A field is missing without which no line can be counted, or one that a user's own description takes from a column.
pub(crate) fn texts(market: &Market, sheet: &Sheet, notes: &mut Vec<String>) -> Result<Texts> {
    let mut texts = BTreeMap::new();
    for (field, operation) in &market.fields {
        let is_price = matches!(field, Field::UnitPrice | Field::LineTotal);
        let is_needed = NEEDED.contains(field) || (is_price && lacks_price(market, *field));
        match evaluate(operation, sheet) {
            Ok(column) if column.null_count() < column.len() || NEEDED.contains(field) => {
                drop(texts.insert(*field, column))
            }
            Ok(_) => {}
            Err(error) => match market.origin.place(*field) {
                Some(place) if is_needed || column_of(operation).is_some() => {
                    return Err(at(&place, *field, operation, error));
                }
                _ if is_needed => return Err(error),
                _ => notes.push(format!("`{}` is not known: {error}", field.name())),
            },
        }
    }
    Ok(Texts(texts))
}

/// The column that an operation needs; one that is passed over where it is missing is none.
fn column_of(operation: &Operation) -> Option<&str> {
    match operation {
        Operation::Column(column) => Some(column),
        Operation::Steps(steps) => steps.column.as_deref(),
    }
}

/// The error with the place in the description, and what to change there.
fn at(place: &str, field: Field, operation: &Operation, error: Error) -> Error {
    let (message, hint) = match error {
        Error::Input { message, hint } => (message, hint),
        other => return other,
    };
    let message = format!("{place}: `{}`: {message}", field.name());
    let optional = column_of(operation).filter(|_| !NEEDED.contains(&field));
    let optional = optional.map(|column| format!("`{{ first = [\"{column}\"] }}` reads it from exports that have it"));
    let hints: Vec<String> = hint.into_iter().chain(optional).collect();
    Error::Input { message, hint: Some(hints.join("; ")).filter(|hint| !hint.is_empty()) }
}

/// Whether the market has no other field for the price.
fn lacks_price(market: &Market, field: Field) -> bool {
    let other = if field == Field::UnitPrice { Field::LineTotal } else { Field::UnitPrice };
    !market.fields.contains_key(&other)
}

/// Reads the amounts and dates of all fields: what one column leaves open, the others of the export settle.
pub(crate) struct Readers {
    marks: BTreeMap<Field, DecimalMark>,
    orders: BTreeMap<Field, Vec<(char, DateOrder)>>,
    zone: Option<Tz>,
    digits: u32,
}

impl Readers {
    /// # Errors
    /// A column holds values in two forms, or in one that fits two ways.
    pub(crate) fn new(market: &Market, reading: &Reading, texts: &Texts, digits: u32) -> Result<Readers> {
        let (numbers, dates) = (reading.numbers.or(market.numbers), reading.dates.or(market.dates));
        let zone = market.time_zone.as_ref().and_then(|zone| zone.parse().ok());
        let mut readers = Readers { marks: BTreeMap::new(), orders: BTreeMap::new(), zone, digits };
        let of_kind = |kind: Kind| texts.0.iter().filter(move |(field, _)| field.kind() == kind);
        let marks = |columns: &mut dyn Iterator<Item = &StringChunked>| {
            let mut marks = Marks::default();
            columns.for_each(|column| column.iter().flatten().for_each(|text| marks.add(text, digits)));
            marks
        };
        for (field, column) in of_kind(Kind::Amount) {
            let own = marks(&mut std::iter::once(column)).decide(numbers);
            let all = || marks(&mut of_kind(Kind::Amount).map(|(_, column)| column)).decide(numbers);
            let mark = own.or_else(|_| all()).map_err(|reason| unclear(market, *field, &reason, "numbers"))?;
            readers.marks.insert(*field, mark);
        }
        let orders = |columns: &mut dyn Iterator<Item = &StringChunked>| {
            let mut orders = Orders::default();
            columns.for_each(|column| column.iter().flatten().for_each(|text| orders.add(text)));
            orders
        };
        for (field, column) in of_kind(Kind::Instant) {
            let own = orders(&mut std::iter::once(column)).decide(dates);
            let all = || orders(&mut of_kind(Kind::Instant).map(|(_, column)| column)).decide(dates);
            let order = own.or_else(|_| all()).map_err(|reason| unclear(market, *field, &reason, "dates"))?;
            readers.orders.insert(*field, order);
        }
        Ok(readers)
    }

    /// An amount in minor units, converted if it is in another currency; `Err` holds the text that is none.
    pub(crate) fn amount(&self, field: Field, text: &str, rate: Option<Rate>) -> std::result::Result<Amount, String> {
        let mark = self.marks.get(&field).copied().unwrap_or(DecimalMark::Point);
        let amount = match rate {
            None => amounts::amount(text, mark, self.digits),
            Some(rate) => amounts::amount(text, mark, rate.digits).and_then(|amount| rate.convert(amount, self.digits)),
        };
        amount.ok_or_else(|| text.to_string())
    }

    /// The day of an instant.
    pub(crate) fn day(&self, field: Field, text: &str) -> Option<NaiveDate> {
        let orders = self.orders.get(&field).map_or(&[][..], Vec::as_slice);
        dates::instant(text, orders, self.zone).map(|(instant, _)| instant.date())
    }

    /// An instant in the contract's form, and whether it was converted to local time; `None` for a text that is none.
    pub(crate) fn instant(&self, field: Field, text: &str) -> Option<(String, bool)> {
        let orders = self.orders.get(&field).map_or(&[][..], Vec::as_slice);
        let (instant, converted) = dates::instant(text, orders, self.zone)?;
        let text = match instant.and_utc().timestamp_subsec_nanos() {
            0 => format::seconds(instant.and_utc().timestamp()),
            _ => instant.format("%Y-%m-%d %H:%M:%S%.f").to_string(),
        };
        Some((text, converted))
    }
}

fn unclear(market: &Market, field: Field, reason: &str, option: &str) -> Error {
    let column = match market.fields.get(&field) {
        Some(Operation::Column(column)) => format!(" (column `{column}`)"),
        _ => String::new(),
    };
    let choices = if option == "dates" { "dmy` or `mdy" } else { "comma` or `point" };
    Error::input(format!("`{}`{column}: {reason}", field.name()))
        .with_hint(format!("say which with `--{option} {choices}`, or by `{option}` in the market's description"))
}
