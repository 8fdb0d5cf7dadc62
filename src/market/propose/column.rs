//! A column of an unknown export: its header, its values, and what these are. Used by `propose`.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::StringChunked;

use super::lexicon::{LEXICON, words};
use crate::market::description::{Field, Kind};
use crate::market::regions::{self, COUNTRIES, Regions};
use crate::market::values::amounts::{Marks, amount};
use crate::market::values::dates::written;
use crate::market::values::{present, whole};
use crate::schema::read_options::DecimalMark;

/// Rows that are looked at.
pub(super) const ROWS: usize = 5_000;
/// Most distinct values that are compared with lists of names.
const NAMES: usize = 300;

/// A column, as far as a guess needs it.
pub(super) struct Column<'s> {
    pub(super) name: &'s str,
    pub(super) about: Vec<BTreeSet<&'static str>>,
    /// The cells of the first rows.
    pub(super) cells: Vec<Option<&'s str>>,
    /// Their values, without those that are missing.
    pub(super) values: Vec<&'s str>,
    pub(super) distinct: BTreeSet<&'s str>,
}

impl<'s> Column<'s> {
    pub(super) fn of(name: &'s str, column: &'s StringChunked) -> Column<'s> {
        let cells: Vec<Option<&str>> = column.iter().take(ROWS).map(present).collect();
        let values: Vec<&str> = cells.iter().flatten().copied().collect();
        let distinct = values.iter().copied().collect();
        Column { name, about: LEXICON.concepts(&words(name)), cells, values, distinct }
    }

    /// Share of the values that fit.
    fn share(&self, fits: impl Fn(&str) -> bool) -> f64 {
        if self.values.is_empty() {
            return 0.0;
        }
        self.values.iter().filter(|value| fits(value)).count() as f64 / self.values.len() as f64
    }

    /// Share of the rows that have a value.
    pub(super) fn filled(&self) -> f64 {
        self.values.len() as f64 / self.cells.len().max(1) as f64
    }

    /// The decimal mark of its amounts; `None` if nothing settles it.
    pub(super) fn mark(&self) -> Option<DecimalMark> {
        let mut marks = Marks::default();
        self.values.iter().for_each(|text| marks.add(text, 2));
        marks.decide(None).ok()
    }

    /// The amounts of its rows, in hundredths.
    pub(super) fn hundredths(&self) -> Vec<Option<i64>> {
        let mark = self.mark().unwrap_or(DecimalMark::Point);
        self.cells.iter().map(|cell| amount((*cell)?, mark, 2).map(|amount| amount.minor)).collect()
    }

    /// The share of the values that are of the kind of a field, and what they are.
    pub(super) fn kind(&self, field: Field) -> (f64, &'static str) {
        let marks = [DecimalMark::Point, DecimalMark::Comma];
        let is_amount = |text: &str| marks.iter().any(|mark| amount(text, *mark, 2).is_some());
        let is_date = |text: &str| written(text).is_some();
        let all = |holds: bool| if holds { 1.0 } else { 0.0 };
        let distinct = self.distinct.len();
        match (field, field.kind()) {
            (_, Kind::Instant) => (self.share(is_date), "dates"),
            (Field::LineDiscount | Field::OrderDiscount, _) if self.is_share() => (0.0, "shares"),
            (_, Kind::Amount) => (self.share(is_amount), "amounts"),
            (Field::ReviewScore, _) => {
                (self.share(|text| whole(text).is_some_and(|n| (1..=5).contains(&n))), "numbers from 1 to 5")
            }
            (_, Kind::Whole) => (self.share(|text| whole(text).is_some_and(|n| n.abs() < 100_000)), "whole numbers"),
            (Field::Currency, _) => {
                let code = |text: &str| text.len() == 3 && text.bytes().all(|b| b.is_ascii_uppercase());
                (if distinct <= 10 { self.share(code) } else { 0.0 }, "codes of three letters")
            }
            (Field::Country, _) => (self.share_of_countries(), "countries"),
            (Field::Status | Field::LineStatus | Field::PaymentMethod, _) => {
                let texts = distinct <= 60 && self.share(is_date) < 0.5 && self.share(|text| text.contains('@')) < 0.5;
                (all(texts && (self.share(is_amount) < 0.5 || distinct <= 12)), "few different texts")
            }
            (Field::Category | Field::Region, _) => {
                let few = distinct * 2 <= self.values.len().max(20) && self.share(is_date) < 0.5;
                (all(few && (self.share(is_amount) < 0.5 || distinct <= 60)), "repeated texts")
            }
            _ => (all(self.share(is_date) <= 0.5 && !self.values.is_empty()), "texts"),
        }
    }

    /// How much the values speak for a field, 0–1, beyond being of its kind.
    pub(super) fn evidence(&self, field: Field) -> f64 {
        match field {
            Field::Customer => self.share(|text| text.contains('@') && text.contains('.')),
            Field::Status | Field::LineStatus => self.share(|text| LEXICON.status(text).is_some()),
            Field::PaymentMethod => self.share(|text| LEXICON.says("methods", text)),
            Field::Country => self.share_of_countries(),
            Field::Region => self.share_of_regions(),
            Field::OrderId => f64::from(self.distinct.len() * 4 >= self.values.len()),
            _ => 0.0,
        }
    }

    /// Whether the values are fractions of something rather than amounts: none is above one.
    fn is_share(&self) -> bool {
        let amounts = self.hundredths();
        let mut known = amounts.iter().flatten().peekable();
        known.peek().is_some() && amounts.iter().flatten().any(|n| *n != 0) && known.all(|n| (0..=100).contains(n))
    }

    fn share_of_countries(&self) -> f64 {
        if self.distinct.len() > NAMES {
            return 0.0;
        }
        let countries = Regions::choose(COUNTRIES, std::iter::empty());
        self.share(|text| countries.code(Some(text), None).is_some())
    }

    /// The greatest share of the values that are parts of one country.
    fn share_of_regions(&self) -> f64 {
        if self.distinct.len() > NAMES {
            return 0.0;
        }
        let countries = regions::choices().into_iter().filter(|choice| choice.len() == 2);
        let share = |code: &str| {
            let regions = Regions::choose(code, std::iter::empty());
            self.share(|text| regions.code(None, Some(text)).is_some())
        };
        countries.map(share).fold(0.0, f64::max)
    }

    /// Whether the values differ within an order: `Some(true)` if some do, `Some(false)` if in no order of several lines, `None` if there
    /// are too few such orders to tell.
    pub(super) fn differs_within(&self, orders: &Column<'_>) -> Option<bool> {
        /// Orders of several lines with values that are not all zero.
        const ENOUGH: usize = 3;
        let mut of_order: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (order, value) in orders.cells.iter().zip(&self.cells) {
            if let (Some(order), Some(value)) = (order, value) {
                of_order.entry(order).or_default().push(value);
            }
        }
        let several: Vec<&Vec<&str>> = of_order.values().filter(|values| values.len() > 1).collect();
        let differ = several.iter().any(|values| values.iter().any(|value| *value != values[0]));
        (several.len() >= ENOUGH).then_some(differ)
    }
}
