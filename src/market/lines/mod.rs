//! A sheet → orders and their lines: fields evaluated, values parsed, one currency, every order once. What is set aside is counted with its
//! amount. Next: `tables`.

mod counts;
pub(crate) mod order;
mod read_order;
mod rows;
pub(crate) mod share;
pub(crate) mod texts;

use std::collections::BTreeMap;

use self::counts::Counts;
pub(crate) use self::counts::decimal;
use self::order::Lines;
use self::read_order::add_order;
use self::rows::{first, one_currency, one_version, rows_of_orders};
use self::texts::{Readers, texts};
use super::description::{Field, Market};
use super::operations::unpack;
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
pub(crate) fn lines(market: &Market, sheet: &Sheet, reading: &Reading) -> Result<Lines> {
    let mut lines = Lines::default();
    let texts = texts(market, sheet, &mut lines.notes)?;
    lines.present = texts.fields().collect();
    let rows = rows_of_orders(market, sheet, &texts, &mut lines.notes);
    let (currency, rows) = one_currency(market, &texts, rows, &mut lines.notes);
    (lines.digits, lines.currency) = (values::minor_digits(&currency).min(MOST_DIGITS), currency);
    let readers = Readers::new(market, reading, &texts, lines.digits)?;
    let rows = one_version(sheet, &texts, &readers, rows, &mut lines.notes)?;
    lines.regions = Regions::choose(
        &market.regions,
        rows.iter().map(|of| (first(&texts, Field::Country, of), first(&texts, Field::Region, of))),
    );
    let mut counts = Counts::default();
    for of_order in &rows {
        add_order(market, &texts, &readers, of_order, &mut lines, &mut counts);
    }
    lines.notes.extend(counts.notes(market, &lines.currency, lines.digits));
    Ok(lines)
}
