//! Rows of a sheet → rows of each order, in one currency, every order in one version. Used by `lines`.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::counts::Counts;
use super::texts::{Readers, Texts};
use crate::error::{Error, Result};
use crate::market::description::{Field, Market};
use crate::market::operations::{is_parent, needed};
use crate::market::rates::Rates;
use crate::market::sheet::Sheet;
use crate::market::values::present;
use crate::text::listed;

/// Rows of one order, in their order: those of lines, and those of parents.
#[derive(Debug, Clone, Default)]
pub(super) struct Rows {
    pub(super) lines: Vec<usize>,
    pub(super) parents: Vec<usize>,
}

impl Rows {
    pub(super) fn all(&self) -> impl Iterator<Item = usize> {
        self.parents.iter().chain(&self.lines).copied()
    }
}

/// The first value of a field in the rows of an order.
pub(super) fn first<'t>(texts: &'t Texts, field: Field, rows: &Rows) -> Option<&'t str> {
    rows.all().find_map(|row| texts.get(field, row))
}

/// What a row of an order holds at least: lines below the table, such as `12, record(s) downloaded`, hold none of it.
const LEAST: [Field; 4] = [Field::PurchasedAt, Field::ProductId, Field::UnitPrice, Field::LineTotal];

/// The rows of each order, in the order of their first row. Rows without an order belong to none and are counted.
///
/// # Errors
/// The column that tells parents is missing.
pub(super) fn rows_of_orders(market: &Market, sheet: &Sheet, texts: &Texts, counts: &mut Counts) -> Result<Vec<Rows>> {
    let parents = match &market.parents {
        Some(how) => Some((how, needed(sheet, &how.column)?)),
        None => None,
    };
    let counted = market.parents.as_ref().is_some_and(|how| how.counted);
    let mut position: HashMap<&str, usize> = HashMap::new();
    let mut rows: Vec<Rows> = Vec::new();
    // The order of a counted parent, and how many lines below belong to it.
    let mut below: Option<(usize, usize)> = None;
    for row in 0..sheet.height() {
        let Some(id) = texts.get(Field::OrderId, row) else {
            // Exports end in lines with totals; blank lines are none.
            if !sheet.is_blank(row) {
                counts.nameless.get_or_insert_with(|| (0, sheet.place(row))).0 += 1;
            }
            continue;
        };
        if LEAST.iter().all(|field| texts.get(*field, row).is_none()) {
            counts.lineless += 1;
            continue;
        }
        let is_parent = parents.is_some_and(|(how, column)| is_parent(how, column.get(row)));
        let at = match below.filter(|(_, left)| *left > 0 && !is_parent) {
            Some((at, left)) => {
                below = Some((at, left - 1));
                at
            }
            None => *position.entry(id).or_insert_with(|| {
                rows.push(Rows::default());
                rows.len() - 1
            }),
        };
        match is_parent {
            true => {
                let value = parents.and_then(|(_, column)| present(column.get(row))).unwrap_or_default();
                let number = value.split(|c: char| !c.is_ascii_digit()).find_map(|digits| digits.parse().ok());
                below = number.filter(|_| counted).map(|number| (at, number));
                rows[at].parents.push(row);
            }
            false => rows[at].lines.push(row),
        }
    }
    Ok(rows)
}

/// The currency of most orders, those with rates aside, and the orders that are in it, name none or can be converted to it. The others are
/// noted with their number.
pub(super) fn one_currency(
    market: &Market,
    texts: &Texts,
    rates: &Rates,
    rows: Vec<Rows>,
    notes: &mut Vec<String>,
) -> (String, Vec<Rows>) {
    let mut orders: BTreeMap<&str, usize> = BTreeMap::new();
    for of_order in &rows {
        *orders.entry(first(texts, Field::Currency, of_order).unwrap_or_default()).or_default() += 1;
    }
    let named = orders.iter().filter(|(code, _)| !code.is_empty());
    let most = named.max_by_key(|(code, count)| (!rates.has(code), **count, std::cmp::Reverse(**code)));
    let currency = most.map_or_else(|| market.currency.clone(), |(code, _)| (*code).to_string());
    let others: Vec<String> = orders
        .iter()
        .filter(|(code, _)| !code.is_empty() && **code != currency && !rates.has(code))
        .map(|(code, count)| format!("{code} ({count})"))
        .collect();
    if !others.is_empty() {
        notes.push(format!("orders in another currency than `{currency}` are set aside: `{}`", others.join(", ")));
    }
    let kept = |of_order: &Rows| {
        first(texts, Field::Currency, of_order).is_none_or(|code| code == currency || rates.has(code))
    };
    (currency.clone(), rows.into_iter().filter(kept).collect())
}

/// Of an order that several files hold: once if they agree, otherwise the newest.
pub(super) fn one_version(
    sheet: &Sheet,
    texts: &Texts,
    readers: &Readers,
    rows: Vec<Rows>,
    notes: &mut Vec<String>,
) -> Result<Vec<Rows>> {
    if sheet.files.len() < 2 {
        return Ok(rows);
    }
    let (mut same, mut replaced) = (0, 0);
    let file = |row: usize| sheet.origins[row].0;
    let one = |of_order: Rows| -> Result<Rows> {
        let files: BTreeSet<u16> = of_order.all().map(file).collect();
        if files.len() < 2 {
            return Ok(of_order);
        }
        let of_file = |wanted: u16| {
            let keep = |rows: &[usize]| rows.iter().copied().filter(|row| file(*row) == wanted).collect::<Vec<_>>();
            Rows { lines: keep(&of_order.lines), parents: keep(&of_order.parents) }
        };
        let versions: Vec<Rows> = files.iter().map(|file| of_file(*file)).collect();
        let content = |rows: &Rows| -> Vec<Vec<Option<&str>>> {
            let mut content: Vec<Vec<Option<&str>>> =
                rows.all().map(|row| texts.columns().map(|column| column.get(row)).collect()).collect();
            content.sort_unstable();
            content
        };
        let newest = |rows: &Rows| {
            rows.all()
                .filter_map(|row| texts.get(Field::UpdatedAt, row))
                .filter_map(|text| readers.instant(Field::UpdatedAt, text))
                .map(|(at, _)| at)
                .max()
        };
        if versions.iter().all(|version| content(version) == content(&versions[0])) {
            same += 1;
            return Ok(versions.into_iter().next().unwrap_or_default());
        }
        let mut dated: Vec<(Option<String>, Rows)> = versions.into_iter().map(|rows| (newest(&rows), rows)).collect();
        dated.sort_by(|(a, _), (b, _)| a.cmp(b));
        match dated.pop() {
            Some((Some(at), rows)) if dated.last().is_none_or(|(before, _)| before.as_ref() != Some(&at)) => {
                replaced += 1;
                Ok(rows)
            }
            _ => {
                let names: Vec<&str> = files.iter().map(|file| sheet.files[usize::from(*file)].as_str()).collect();
                let row = of_order.all().next().unwrap_or_default();
                Err(Error::input(format!(
                    "{} hold different versions of an order ({}), and no column says which is newer",
                    listed(names),
                    sheet.place(row)
                ))
                .with_hint("name the column of the time of change as `updated_at` in the market's description, or remove a file"))
            }
        }
    };
    let rows = rows.into_iter().map(one).collect::<Result<Vec<_>>>()?;
    if same > 0 {
        notes.push(format!("{same} orders are in several files with the same values: each counts once"));
    }
    if replaced > 0 {
        notes.push(format!("{replaced} orders are in several files with different values: the newest version counts"));
    }
    Ok(rows)
}
