//! Mart → sums that the page filters, with the names of their dimensions. Part of `dashboard`.
//!
//! A table is stored as columns of integers, with rows sorted by key. The key is one number whose digits are category,
//! state, month, and so on. It is stored as the difference to the previous row, which takes only a character or two.

use std::collections::BTreeMap;

use polars::prelude::{ChunkAgg, DataFrame};
use serde_json::{Value, json};

use super::Studio;
use crate::dossier::edition::NAME;
use crate::error::Result;
use crate::market::MarketFacts;
use crate::mart::Methods;
use crate::mart::month::Month;
use crate::schema::contract::{STATES, UNKNOWN};
use crate::text::shortened;

/// Maximum rows of sales by category on a page. If there are more, the categories with the least revenue share one name.
const MAX_ROWS: usize = 45_000;
/// Number of named cities per state; the others are summed.
const CITIES: usize = 8;
/// Key of the categories that share a name. No category of the data has this name, because theirs are snake case.
pub(crate) const OTHERS: &str = "…";

/// Columns of the mart, with their names on the page.
const SALES: [(&str, &str); 9] = [
    ("orders", "orders"),
    ("items", "items"),
    ("revenue_centavos", "revenue"),
    ("freight_centavos", "freight"),
    ("reviews", "reviews"),
    ("review_score_sum", "score"),
    ("delivered", "delivered"),
    ("late_by_date", "late"),
    ("delivery_seconds", "seconds"),
];
const PAYMENTS: [(&str, &str); 3] =
    [("payments", "payments"), ("value_centavos", "value"), ("installments", "installments")];

/// Data of the page, except forecasts and rankings.
pub(crate) struct Cube {
    pub values: Value,
    pub categories: Categories,
    /// The states of the page.
    pub states: States,
}

/// Categories with a name of their own, by position.
pub(crate) struct Categories {
    keys: Vec<String>,
    others: Option<usize>,
}

impl Categories {
    /// The categories that fit on a page.
    fn of(sales: &DataFrame) -> Result<Categories> {
        let (names, revenue) = (sales.column("category")?.str()?, sales.column("revenue_centavos")?.i64()?);
        let mut sizes: BTreeMap<&str, (i64, usize)> = BTreeMap::new();
        for (name, centavos) in names.iter().zip(revenue.iter()) {
            let size = sizes.entry(name.unwrap_or_default()).or_default();
            *size = (size.0 + centavos.unwrap_or(0), size.1 + 1);
        }
        let mut ranked: Vec<(&str, (i64, usize))> = sizes.into_iter().collect();
        ranked.sort_by(|a, b| b.1.0.cmp(&a.1.0).then(a.0.cmp(b.0)));
        let rows = ranked.iter().scan(0, |rows, r| {
            *rows += r.1.1;
            Some(*rows)
        });
        let count = rows.take_while(|rows| *rows <= MAX_ROWS).count();
        let mut keys: Vec<String> = ranked[..count].iter().map(|r| r.0.to_string()).collect();
        keys.sort_unstable();
        let others = (count < ranked.len()).then(|| {
            keys.push(OTHERS.into());
            count
        });
        Ok(Categories { keys, others })
    }

    /// Position of a category; that of the shared name if it has none of its own.
    pub(crate) fn position(&self, key: &str) -> Option<usize> {
        let own = self.others.unwrap_or(self.keys.len());
        self.keys[..own].binary_search_by(|k| k.as_str().cmp(key)).ok().or(self.others)
    }

    /// Position of a category that has its own.
    pub(crate) fn own_position(&self, key: &str) -> Option<usize> {
        self.position(key).filter(|i| Some(*i) != self.others)
    }

    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }
}

/// The states of a page.
pub(crate) struct States {
    /// Their codes, sorted; [`UNKNOWN`] comes last if there are such orders, so that parts add up to the whole.
    keys: Vec<String>,
    /// Of each, the part of the country that it belongs to; `None` where such parts are not known.
    parts: Vec<Option<&'static str>>,
}

impl States {
    /// All states of Brazil, or the regions to which an order of another market went.
    fn of(market: Option<&MarketFacts>, orders: &DataFrame) -> Result<States> {
        let unknown = orders.column("state")?.str()?.iter().any(|state| state == Some(UNKNOWN));
        let known: Vec<(String, Option<&'static str>)> = match market.filter(|market| !market.is_in_brazil()) {
            Some(market) => market.regions.iter().map(|region| (region.code.clone(), None)).collect(),
            None => STATES.iter().map(|state| (state.0.to_string(), Some(state.2))).collect(),
        };
        let (keys, parts) = known.into_iter().chain(unknown.then(|| (UNKNOWN.into(), Some(UNKNOWN)))).unzip();
        Ok(States { keys, parts })
    }

    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    pub(crate) fn position(&self, code: &str) -> Option<usize> {
        self.keys.iter().position(|key| key == code)
    }
}

/// Builds the data of the page.
pub(crate) fn cube(studio: &Studio<'_>) -> Result<Cube> {
    let mart = &studio.results.mart;
    let (orders, sales) = (mart.table("orders_by_methods")?, mart.table("sales_by_methods")?);
    let months = months(orders)?;
    let states = States::of(studio.results.audit.market.as_ref(), orders)?;
    let parts = REGIONS.into_iter().chain([UNKNOWN]);
    let regions: Vec<&str> = parts.filter(|part| states.parts.contains(&Some(part))).collect();
    let categories = Categories::of(sales)?;
    let cities = Cities::of(mart.table("orders_by_city")?, &states)?;
    let methods = Methods::of_sets(mart.table("payment_sets")?);
    let (state_position, method_position) =
        (|code: &str| states.position(code), |name: &str| methods.names().iter().position(|known| known == name));
    let category = |key: &str| categories.position(key);
    let part = |name: &'static str| match name {
        "category" => Part { column: name, size: categories.len(), place: Place::Name(&category) },
        "state" => Part { column: name, size: states.len(), place: Place::Name(&state_position) },
        "month" => Part { column: name, size: months.len(), place: Place::Day(months[0]) },
        "methods" => Part { column: name, size: 1 << methods.names().len(), place: Place::Number(0) },
        _ => Part { column: "payment_type", size: methods.names().len(), place: Place::Name(&method_position) },
    };
    let of = |names: &[&'static str]| names.iter().map(|n| part(n)).collect::<Vec<_>>();
    let years = Part {
        column: "year",
        size: (months[months.len() - 1].year - months[0].year + 1) as usize,
        place: Place::Number(i64::from(months[0].year)),
    };
    let values = json!({
        "months": months.iter().map(Month::to_string).collect::<Vec<_>>(),
        "complete": complete(studio, &months),
        "categories": {
            "keys": categories.keys,
            "names": categories.keys.iter().map(|key| match key.as_str() {
                OTHERS => studio.phrases.fill("other_categories", &[]),
                key => studio.category(key),
            }).collect::<Vec<_>>(),
        },
        "states": {
            "keys": states.keys,
            "names": states.keys.iter().map(|s| studio.words.state(s)).collect::<Vec<_>>(),
            "regions": states.parts.iter()
                .map(|part| regions.iter().position(|r| Some(*r) == *part)).collect::<Vec<_>>(),
        },
        "regions": {
            "keys": regions,
            "names": regions.iter()
                .map(|r| studio.phrases.regions.get(*r).cloned().unwrap_or_else(|| (*r).into())).collect::<Vec<_>>(),
        },
        "methods": { "keys": methods.names(), "names": methods.names().iter().map(|m| studio.words.method(m)).collect::<Vec<_>>() },
        "cells": table(sales, &of(&["category", "state", "month", "methods"]), &SALES)?,
        "totals": table(orders, &of(&["state", "month", "methods"]), &SALES)?,
        "payments": table(mart.table("payments_by_month")?, &of(&["state", "month", "method"]), &PAYMENTS)?,
        "category_payments":
            table(mart.table("payments_by_category_month")?, &of(&["category", "state", "month", "method"]), &PAYMENTS)?,
        "cities": { "names": cities.names, "states": cities.states },
        "city_cells": cities.table(mart.table("sales_by_city")?, part("category"), years)?,
    });
    Ok(Cube { values, categories, states })
}

/// The five regions from north to south, named as in the contract.
const REGIONS: [&str; 5] = ["Norte", "Nordeste", "Centro-Oeste", "Sudeste", "Sul"];

/// Every month from the first order to the last, also those without orders; one month if there is no order.
fn months(orders: &DataFrame) -> Result<Vec<Month>> {
    let days = orders.column("month")?.date()?.physical();
    let (first, last) = (days.iter().flatten().min().unwrap_or(0), days.iter().flatten().max().unwrap_or(0));
    Ok(Month::of_day(first).through(Month::of_day(last)).collect())
}

/// Number and revenue (centavos) of orders without a known day, which the page cannot place.
pub(crate) fn undated(orders: &DataFrame) -> Result<Option<(i64, i64)>> {
    let rows = orders.filter(&orders.column("month")?.is_null())?;
    let sum = |name: &str| -> Result<i64> { Ok(rows.column(name)?.i64()?.sum().unwrap_or(0)) };
    let sums = (sum("orders")?, sum("revenue_centavos")?);
    Ok((sums.0 > 0).then_some(sums))
}

/// Positions of the first and the last complete month.
fn complete(studio: &Studio<'_>, months: &[Month]) -> [usize; 2] {
    let period = studio.results.findings.period;
    [period.first, period.last].map(|month| months.iter().position(|m| *m == month).unwrap_or(0))
}

/// A digit of a key.
struct Part<'a> {
    column: &'a str,
    size: usize,
    place: Place<'a>,
}

/// How the value of a column becomes a digit.
enum Place<'a> {
    Name(&'a dyn Fn(&str) -> Option<usize>),
    /// Months since this month.
    Day(Month),
    /// The number minus this one.
    Number(i64),
}

impl Part<'_> {
    /// The digit of each row; `None` if the page does not know the value.
    fn digits(&self, frame: &DataFrame) -> Result<Vec<Option<usize>>> {
        let column = frame.column(self.column)?;
        let digits: Vec<Option<usize>> = match self.place {
            Place::Name(position) => {
                // Rows are sorted, so that a name is mostly that of the previous row.
                let mut last: Option<(&str, Option<usize>)> = None;
                let names = column.str()?;
                names
                    .iter()
                    .map(|name| {
                        let name = name?;
                        let known = last.filter(|l| l.0 == name).map_or_else(|| position(name), |l| l.1);
                        last = Some((name, known));
                        known
                    })
                    .collect()
            }
            Place::Day(first) => {
                let since = |m: Month| (m.year - first.year) * 12 + m.month as i32 - first.month as i32;
                column.date()?.physical().iter().map(|d| usize::try_from(since(Month::of_day(d?))).ok()).collect()
            }
            Place::Number(from) => column.i64()?.iter().map(|n| usize::try_from(n? - from).ok()).collect(),
        };
        Ok(digits.into_iter().map(|d| d.filter(|d| *d < self.size)).collect())
    }
}

/// The measures of `frame`, summed by the key of `parts`, as columns.
fn table<const N: usize>(frame: &DataFrame, parts: &[Part<'_>], measures: &[(&str, &str); N]) -> Result<Value> {
    let mut keys = vec![Some(0u64); frame.height()];
    for part in parts {
        for (key, digit) in keys.iter_mut().zip(part.digits(frame)?) {
            *key = key.zip(digit).map(|(key, digit)| key * part.size as u64 + digit as u64);
        }
    }
    sums(frame, &keys, measures)
}

/// Sums over the rows with equal keys; rows without a key are left out.
fn sums<const N: usize>(frame: &DataFrame, keys: &[Option<u64>], measures: &[(&str, &str); N]) -> Result<Value> {
    let mut rows: BTreeMap<u64, [i64; N]> = BTreeMap::new();
    let columns = measures.iter().map(|m| Ok(frame.column(m.0)?.i64()?)).collect::<Result<Vec<_>>>()?;
    for (row, key) in keys.iter().enumerate() {
        let Some(key) = key else { continue };
        let sums = rows.entry(*key).or_insert([0; N]);
        for (sum, column) in sums.iter_mut().zip(&columns) {
            *sum += column.get(row).unwrap_or(0);
        }
    }
    let mut before = 0;
    let differences: Vec<u64> = rows.keys().map(|key| key - std::mem::replace(&mut before, *key)).collect();
    let mut value = json!({ "key": differences });
    for (i, (_, name)) in measures.iter().enumerate() {
        value[*name] = rows.values().map(|sums| sums[i]).collect();
    }
    Ok(value)
}

/// The named cities, greatest first within their state, each state followed by its remainder.
struct Cities {
    /// `None` for the remainder of a state.
    names: Vec<Option<String>>,
    states: Vec<usize>,
    positions: BTreeMap<(String, String), usize>,
    rest: BTreeMap<String, usize>,
}

impl Cities {
    fn of(frame: &DataFrame, known: &States) -> Result<Cities> {
        let (states, names) = (frame.column("state")?.str()?, frame.column("city")?.str()?);
        let revenue = frame.column("revenue_centavos")?.i64()?;
        let mut by_state: BTreeMap<&str, Vec<(i64, &str)>> = BTreeMap::new();
        for ((state, name), centavos) in states.iter().zip(names.iter()).zip(revenue.iter()) {
            by_state
                .entry(state.unwrap_or_default())
                .or_default()
                .push((centavos.unwrap_or(0), name.unwrap_or_default()));
        }
        let mut cities =
            Cities { names: Vec::new(), states: Vec::new(), positions: BTreeMap::new(), rest: BTreeMap::new() };
        for (state, mut all) in by_state {
            let Some(position) = known.position(state) else { continue };
            all.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
            for (_, name) in all.iter().take(CITIES) {
                cities.positions.insert((state.into(), (*name).into()), cities.names.len());
                cities.names.push(Some(super::plain(&shortened(name, NAME))));
                cities.states.push(position);
            }
            cities.rest.insert(state.into(), cities.names.len());
            cities.names.push(None);
            cities.states.push(position);
        }
        Ok(cities)
    }

    /// Sums by city × category × year.
    fn table(&self, frame: &DataFrame, category: Part<'_>, year: Part<'_>) -> Result<Value> {
        let (states, names) = (frame.column("state")?.str()?, frame.column("city")?.str()?);
        let digits = category.digits(frame)?.into_iter().zip(year.digits(frame)?);
        let mut last: Option<((&str, &str), Option<usize>)> = None;
        let keys: Vec<Option<u64>> = states
            .iter()
            .zip(names.iter())
            .zip(digits)
            .map(|((state, name), (category_digit, year_digit))| {
                let city = (state?, name?);
                let position = last.filter(|l| l.0 == city).map_or_else(|| self.position(city), |l| l.1);
                last = Some((city, position));
                let key = (position? * category.size + category_digit?) * year.size + year_digit?;
                Some(key as u64)
            })
            .collect();
        sums(frame, &keys, &SALES)
    }

    fn position(&self, (state, name): (&str, &str)) -> Option<usize> {
        self.positions.get(&(state.to_string(), name.to_string())).or_else(|| self.rest.get(state)).copied()
    }
}
