//! A sheet → orders and their lines: fields evaluated, values parsed, one currency, every order once. What is set aside is counted with its
//! amount. Next: `tables`.

mod counts;
pub(crate) mod order;
mod read_line;
mod read_order;
mod reader;
mod rows;
pub(crate) mod share;
pub(crate) mod texts;

use std::collections::BTreeMap;

use self::counts::Counts;
use self::order::Lines;
use self::read_order::add_order;
use self::reader::Reader;
use self::rows::{first, one_currency, one_version, rows_of_orders};
use self::texts::{Readers, Texts, texts};
use super::description::{Field, Market};
use super::operations::unpack;
use super::rates::Rates;
use super::regions::Regions;
use super::sheet::Sheet;
use super::values;
use crate::error::{Error, Result};
use crate::schema::read_options::Reading;

/// Decimals that amounts have at most: the contract counts hundredths.
const MOST_DIGITS: u32 = 2;

/// Joins and unpacks the files of an export; the result has one row per order line, and the parents of such lines.
///
/// # Errors
/// A column is missing by which files are joined or that holds items.
pub(crate) fn joined(market: &Market, mut sheets: BTreeMap<String, Sheet>) -> Result<Sheet> {
    let lines = sheets.remove(&market.lines);
    let mut lines = lines.ok_or_else(|| Error::input(format!("the export lacks the file `{}`", market.lines)))?;
    for join in &market.joins {
        if let Some(other) = sheets.get(&join.file) {
            lines.join(other, &join.file, &join.left, &join.right)?;
        }
    }
    match &market.unpack {
        Some(how) => unpack(&lines, how),
        None => Ok(lines),
    }
}

/// Evaluates a market's sheet.
///
/// # Errors
/// A needed column is missing; dates or amounts fit two ways; two files hold different versions of an order, and no column says
/// which is newer.
pub(crate) fn lines(market: &Market, sheet: &Sheet, reading: &Reading, rates: &Rates) -> Result<Lines> {
    Ok(read(market, sheet, reading, rates)?.0)
}

/// As [`lines`]; also gives the texts of the fields, and how they were read.
///
/// # Errors
/// As [`lines`].
pub(crate) fn read(
    market: &Market,
    sheet: &Sheet,
    reading: &Reading,
    rates: &Rates,
) -> Result<(Lines, Texts, Readers)> {
    let mut lines = Lines::default();
    let mut counts = Counts::default();
    let texts = texts(market, sheet, &mut lines.notes)?;
    lines.present = texts.fields().collect();
    let rows = rows_of_orders(market, sheet, &texts, &mut counts)?;
    let (currency, rows) = one_currency(market, &texts, rates, rows, &mut lines.notes);
    (lines.digits, lines.currency) = (values::minor_digits(&currency).min(MOST_DIGITS), currency);
    let readers = Readers::new(market, reading, &texts, lines.digits)?;
    let rows = one_version(sheet, &texts, &readers, rows, &mut lines.notes)?;
    lines.regions = Regions::choose(
        &market.regions,
        rows.iter().map(|of| (first(&texts, Field::Country, of), first(&texts, Field::Region, of))),
    );
    for of_order in &rows {
        let other = first(&texts, Field::Currency, of_order).filter(|code| *code != lines.currency);
        let day = || first(&texts, Field::PurchasedAt, of_order).and_then(|at| readers.day(Field::PurchasedAt, at));
        let rate = other.and_then(|code| rates.of(code, day()?));
        if let Some(code) = other {
            let counted = if rate.is_some() { &mut counts.exchanged } else { &mut counts.without_rate };
            *counted.entry(code.into()).or_default() += 1;
        }
        if other.is_some() && rate.is_none() {
            continue;
        }
        let reader = Reader { texts: &texts, readers: &readers, rows: of_order, rate };
        add_order(market, &reader, &mut lines, &mut counts);
    }
    lines.notes.extend(counts.notes(market, &lines.currency, lines.digits));
    Ok((lines, texts, readers))
}
