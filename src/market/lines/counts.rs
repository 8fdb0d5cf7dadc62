//! What was set aside, rounded or converted on the way from an export → notes, in sentences. Used by `lines`.
//!
//! Names, amounts and lists stand between backticks, so that a report can translate the sentence around them.

use std::collections::BTreeMap;

use super::order::Parsed;
use crate::market::description::{Field, Kind, Market};
use crate::market::values::amounts::Amount;
use crate::schema::format::decimal;

/// What happened to the lines of an export.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) rounded: usize,
    pub(super) converted: usize,
    /// Values that are not of the kind of their field, where nothing but the value is lost.
    pub(super) unread: BTreeMap<Field, usize>,
    /// Lines that are set aside: reason, lines, minor units.
    pub(super) aside: BTreeMap<&'static str, (usize, i64)>,
    /// Rows below the header that name no order: number, the place of the first.
    pub(super) nameless: Option<(usize, String)>,
    /// Rows that hold nothing of an order but a text where its number stands.
    pub(super) lineless: usize,
    /// Rows of an order that hold no item.
    pub(super) itemless: usize,
    /// Orders of which no item is left, and their freight and discounts, which then stand for nothing; minor units.
    pub(super) emptied: (usize, i64),
    /// Orders in other currencies that were converted, and those without a rate on their day, by currency.
    pub(super) exchanged: BTreeMap<String, usize>,
    pub(super) without_rate: BTreeMap<String, usize>,
    /// Orders whose lines disagree, by field.
    pub(super) differ: BTreeMap<Field, usize>,
    /// Orders whose total is not the sum of their parts.
    pub(super) totals: usize,
    /// Spellings of regions that are none, with the number of orders.
    pub(super) places: BTreeMap<String, usize>,
    pub(super) split_payments: usize,
}

impl Counts {
    pub(super) fn set_aside(&mut self, reason: &'static str, total: &Parsed) {
        let entry = self.aside.entry(reason).or_default();
        *entry = (entry.0 + 1, entry.1.saturating_add(total.as_ref().map_or(0, |minor| *minor)));
    }

    /// Minor units of an amount without which a line still counts; `None` for a text that is none, which is counted.
    pub(super) fn amount(&mut self, field: Field, amount: Result<Amount, String>) -> Option<i64> {
        match amount {
            Ok(amount) => {
                self.rounded += usize::from(amount.rounded);
                Some(amount.minor)
            }
            Err(_) => {
                *self.unread.entry(field).or_default() += 1;
                None
            }
        }
    }

    pub(super) fn notes(self, market: &Market, currency: &str, digits: u32) -> Vec<String> {
        let mut notes = Vec::new();
        let money = |minor: i64| format!("`{} {currency}`", decimal(minor, digits));
        for (reason, (lines, minor)) in self.aside {
            notes.push(format!("{lines} lines are set aside, of {}: {reason}", money(minor)));
        }
        let by_currency = |counts: &BTreeMap<String, usize>| {
            let listed: Vec<String> = counts.iter().map(|(code, count)| format!("{code} ({count})")).collect();
            Some(listed.join(", ")).filter(|listed| !listed.is_empty())
        };
        if let Some(listed) = by_currency(&self.exchanged) {
            notes.push(format!("orders in another currency became `{currency}` by the rates of the user: `{listed}`"));
        }
        if let Some(listed) = by_currency(&self.without_rate) {
            notes.push(format!("orders without a rate of their day are set aside: `{listed}`"));
        }
        if let Some((rows, place)) = self.nameless {
            notes.push(format!("{rows} rows name no order and are not read, the first at {place}"));
        }
        if self.lineless > 0 {
            notes.push(format!(
                "{} rows have neither a date nor an item nor a price: they count as no order",
                self.lineless
            ));
        }
        if self.itemless > 0 {
            notes.push(format!("{} rows hold neither product nor price and are no items", self.itemless));
        }
        if let (orders @ 1.., minor) = self.emptied {
            notes.push(format!(
                "{orders} orders have no item left: {} of freight and discounts count as zero",
                money(minor)
            ));
        }
        if self.rounded > 0 {
            notes.push(format!("{} amounts were rounded to the smallest unit of `{currency}`", self.rounded));
        }
        if let Some(zone) = market.time_zone.as_ref().filter(|_| self.converted > 0) {
            notes.push(format!("{} times with an offset from UTC became local time of `{zone}`", self.converted));
        }
        for (field, count) in self.unread {
            let what = match (field.kind(), field.is_added()) {
                (Kind::Amount, true) => "amounts and count as zero",
                (Kind::Amount, false) => "amounts and count as missing",
                (Kind::Instant, _) => "dates and count as missing",
                _ => "whole numbers and count as missing",
            };
            notes.push(format!("{count} values of `{}` are no {what}", field.name()));
        }
        for (field, count) in self.differ {
            notes.push(format!(
                "{count} orders have lines with different values of `{}`: the first counts",
                field.name()
            ));
        }
        if self.totals > 0 {
            notes.push(format!(
                "{} orders have a total that is not the sum of their lines, freight and discounts",
                self.totals
            ));
        }
        if self.split_payments > 0 {
            notes.push(format!(
                "{} orders name several payment methods and one amount, which is split evenly",
                self.split_payments
            ));
        }
        if !self.places.is_empty() {
            let orders: usize = self.places.values().sum();
            let mut most: Vec<(&String, &usize)> = self.places.iter().collect();
            most.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), (*name).clone()));
            let shown: Vec<String> = most.iter().take(5).map(|(name, count)| format!("{name} ({count})")).collect();
            notes.push(format!("{orders} orders go to a region that is not known, such as `{}`", shown.join(", ")));
        }
        notes
    }
}
