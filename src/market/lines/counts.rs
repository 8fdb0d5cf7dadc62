//! What was set aside, rounded or converted on the way from an export → notes, in sentences. Used by `lines`.

use std::collections::BTreeMap;

use super::order::Parsed;
use crate::market::description::{Field, Market};

/// What happened to the lines of an export.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) rounded: usize,
    pub(super) converted: usize,
    pub(super) no_instant: BTreeMap<Field, usize>,
    /// Lines that are set aside: reason, lines, minor units.
    pub(super) aside: BTreeMap<&'static str, (usize, i64)>,
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

    pub(super) fn notes(self, market: &Market, currency: &str, digits: u32) -> Vec<String> {
        let mut notes = Vec::new();
        for (reason, (lines, minor)) in self.aside {
            notes.push(format!("{lines} lines are set aside, {} {currency}: {reason}", decimal(minor, digits)));
        }
        if self.rounded > 0 {
            notes.push(format!("{} amounts were rounded to the smallest unit of {currency}", self.rounded));
        }
        if let Some(zone) = market.time_zone.as_ref().filter(|_| self.converted > 0) {
            notes.push(format!("{} times with an offset from UTC became local time of {zone}", self.converted));
        }
        for (field, count) in self.no_instant {
            notes.push(format!("{count} values of `{}` are no dates and count as missing", field.name()));
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
            let shown: Vec<String> = most.iter().take(5).map(|(name, count)| format!("`{name}` ({count})")).collect();
            notes.push(format!("{orders} orders go to a region that is not known, such as {}", shown.join(", ")));
        }
        notes
    }
}

/// Minor units as a decimal number.
pub(crate) fn decimal(minor: i64, digits: u32) -> String {
    let (unit, sign) = (10u64.pow(digits), if minor < 0 { "-" } else { "" });
    let (whole, rest) = (minor.unsigned_abs() / unit, minor.unsigned_abs() % unit);
    match digits {
        0 => format!("{sign}{whole}"),
        _ => format!("{sign}{whole}.{rest:0width$}", width = digits as usize),
    }
}
