//! The rows of one order, and how their texts become values. Used by `read_order` and `read_line`.

use super::counts::Counts;
use super::rows::{Rows, first};
use super::texts::{Readers, Texts};
use crate::market::description::{Field, Market, Operation};
use crate::market::rates::Rate;
use crate::market::values;
use crate::market::values::amounts::Amount;

/// The status of an order that was not sold.
pub(super) const CANCELED: &str = "canceled";

/// Reads one order.
pub(super) struct Reader<'a> {
    pub(super) texts: &'a Texts,
    pub(super) readers: &'a Readers,
    pub(super) rows: &'a Rows,
    /// Of an order in another currency.
    pub(super) rate: Option<Rate>,
}

impl<'a> Reader<'a> {
    pub(super) fn text(&self, field: Field, counts: &mut Counts) -> Option<&'a str> {
        let mut values = self.rows.all().filter_map(|row| self.texts.get(field, row));
        let value = values.next();
        if values.any(|other| Some(other) != value) {
            *counts.differ.entry(field).or_default() += 1;
        }
        value
    }

    /// An amount in minor units; `Err` holds the text that is none.
    pub(super) fn amount(&self, field: Field, text: &str) -> Result<Amount, String> {
        self.readers.amount(field, text, self.rate)
    }

    /// An amount that stands once for the order. A text that is none is counted.
    pub(super) fn amount_of_order(&self, field: Field, counts: &mut Counts) -> Option<i64> {
        let text = self.text(field, counts)?;
        counts.amount(field, self.amount(field, text))
    }

    pub(super) fn instant(&self, field: Field, counts: &mut Counts) -> Option<String> {
        let text = self.text(field, counts)?;
        match self.readers.instant(field, text) {
            Some((instant, converted)) => {
                counts.converted += usize::from(converted);
                Some(instant)
            }
            // Without its purchase an order is quarantined by the contract, with the text.
            None if field == Field::PurchasedAt => Some(text.to_string()),
            None => {
                *counts.unread.entry(field).or_default() += 1;
                None
            }
        }
    }

    pub(super) fn whole(&self, field: Field, counts: &mut Counts) -> Option<i64> {
        let number = values::whole(self.text(field, counts)?);
        if number.is_none() {
            *counts.unread.entry(field).or_default() += 1;
        }
        number
    }

    /// The status, and whether it is canceled. Where only lines have one, an order is canceled if all of its lines are.
    pub(super) fn status(&self, market: &Market) -> (Option<&'a str>, bool) {
        // Where a counted parent says how many lines follow, these say what became of them.
        let counted = market.parents.as_ref().is_some_and(|how| how.counted);
        let mut of_lines = self.rows.lines.iter().filter(|_| counted);
        let of_lines = of_lines.find_map(|row| self.texts.get(Field::Status, *row));
        if let Some(status) = of_lines.or_else(|| first(self.texts, Field::Status, self.rows)) {
            return (Some(status), status == CANCELED);
        }
        let all: Vec<&str> = self.rows.all().filter_map(|row| self.texts.get(Field::LineStatus, row)).collect();
        let canceled = !all.is_empty() && all.iter().all(|status| *status == CANCELED);
        (all.iter().copied().find(|status| canceled || *status != CANCELED), canceled)
    }

    /// The payment methods that a cell names, one for each payment: an order may be paid twice with one method.
    pub(super) fn methods(&self, market: &Market, counts: &mut Counts) -> Vec<String> {
        let split = market.fields.get(&Field::PaymentMethod).and_then(|operation| match operation {
            Operation::Steps(steps) => steps.split.as_deref(),
            Operation::Column(_) => None,
        });
        let Some(text) = self.text(Field::PaymentMethod, counts) else { return Vec::new() };
        let parts = split.map_or_else(|| vec![text], |mark| text.split(mark).map(str::trim).collect());
        let methods: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).map(String::from).collect();
        counts.split_payments += usize::from(methods.len() > 1);
        methods
    }
}
