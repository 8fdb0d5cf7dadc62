//! The closed operations of a description → the text of a field in every row of a sheet. Used by `lines` and `check`.

use std::fmt::Display;

use polars::prelude::*;

use super::description::{Operation, Parents, Rule, Steps, Unpack};
use super::sheet::Sheet;
use super::values::{folded, present};
use crate::error::{Error, Result};
use crate::text::listed;

/// The text of a field in every row; a cell is null where it has no value.
///
/// # Errors
/// A column is missing that the operation needs; the message names it.
pub(crate) fn evaluate(operation: &Operation, sheet: &Sheet) -> Result<StringChunked> {
    match operation {
        Operation::Column(column) => Ok(trimmed(needed(sheet, column)?)),
        Operation::Steps(steps) => evaluate_steps(steps, sheet),
    }
}

/// # Errors
/// The sheet lacks the column; the message names it and those that it has.
pub(crate) fn needed<'s>(sheet: &'s Sheet, column: &str) -> Result<&'s StringChunked> {
    sheet.column(column).ok_or_else(|| {
        Error::input(format!("column `{column}` is missing from {}", listed(&sheet.files)))
            .with_hint(format!("columns found: {}", listed(sheet.headers.iter().take(30))))
    })
}

fn none_of(columns: impl IntoIterator<Item = impl Display>, sheet: &Sheet) -> Error {
    Error::input(format!("none of the columns {} is in {}", listed(columns), listed(&sheet.files)))
}

fn trimmed(column: &StringChunked) -> StringChunked {
    column.iter().map(present).collect()
}

fn evaluate_steps(steps: &Steps, sheet: &Sheet) -> Result<StringChunked> {
    let source = match steps {
        Steps { column: Some(column), .. } => trimmed(needed(sheet, column)?),
        Steps { constant: Some(constant), .. } => StringChunked::full("".into(), constant, sheet.height()),
        Steps { first, .. } if !first.is_empty() => {
            let columns: Vec<&StringChunked> = first.iter().filter_map(|column| sheet.column(column)).collect();
            if columns.is_empty() {
                return Err(none_of(first, sheet));
            }
            (0..sheet.height()).map(|row| columns.iter().find_map(|column| present(column.get(row)))).collect()
        }
        Steps { rules, .. } => {
            let columns = rules.iter().map(|rule| rule.column.as_str());
            let rules: Vec<Applied<'_>> = rules.iter().filter_map(|rule| Applied::new(rule, sheet)).collect();
            if rules.is_empty() {
                return Err(none_of(columns, sheet));
            }
            (0..sheet.height()).map(|row| rules.iter().find(|rule| rule.holds(row)).map(|rule| rule.is)).collect()
        }
    };
    if steps.strip.is_none() && steps.map.is_empty() && steps.otherwise.is_none() {
        return Ok(source);
    }
    let map: Vec<(String, &str)> = steps.map.iter().map(|(from, to)| (folded(from), to.as_str())).collect();
    let value = |text: Option<&str>| {
        let text = text.map(|text| steps.strip.as_deref().and_then(|start| text.strip_prefix(start)).unwrap_or(text));
        let mapped = |text: &str| {
            let key = folded(text);
            map.iter().find(|(from, _)| *from == key).map(|(_, to)| (*to).to_string())
        };
        let otherwise = || steps.otherwise.clone();
        match text {
            Some(text) if !map.is_empty() => mapped(text).or_else(otherwise).or_else(|| Some(text.to_string())),
            Some(text) => Some(text.to_string()),
            None => otherwise(),
        }
    };
    Ok(source.iter().map(value).collect())
}

/// A rule with its column.
struct Applied<'a> {
    column: &'a StringChunked,
    values: Vec<String>,
    starts: Vec<String>,
    is: &'a str,
}

impl<'a> Applied<'a> {
    /// `None` if the export lacks the column: then the rule never holds.
    fn new(rule: &'a Rule, sheet: &'a Sheet) -> Option<Applied<'a>> {
        let column = sheet.column(&rule.column)?;
        let fold = |texts: &[String]| texts.iter().map(|text| folded(text)).collect();
        Some(Applied { column, values: fold(&rule.values), starts: fold(&rule.starts), is: &rule.is })
    }

    fn holds(&self, row: usize) -> bool {
        let text = present(self.column.get(row));
        if self.values.is_empty() && self.starts.is_empty() {
            return text.is_some();
        }
        text.is_some_and(|text| {
            let text = folded(text);
            self.values.contains(&text) || self.starts.iter().any(|start| text.starts_with(start))
        })
    }
}

/// One row per packed item; its parts become the columns `item.name`. A row without items stays, without parts.
///
/// # Errors
/// No column holds items, or polars fails.
pub(crate) fn unpack(sheet: &Sheet, how: &Unpack) -> Result<Sheet> {
    let start = super::sheet::header_key(&how.columns);
    let mut packed: Vec<&str> =
        sheet.names().filter(|name| super::sheet::header_key(name).starts_with(&start)).collect();
    // `order_item_10` comes after `order_item_9`.
    packed.sort_by_key(|name| (name.len(), *name));
    if packed.is_empty() {
        return Err(Error::input(format!("no column starts with `{}`, which holds the items", how.columns)));
    }
    let columns: Vec<&StringChunked> = packed.iter().filter_map(|name| sheet.column(name)).collect();
    let (mut rows, mut items): (Vec<IdxSize>, Vec<Vec<Option<String>>>) = (Vec::new(), Vec::new());
    for row in 0..sheet.height() {
        let before = rows.len();
        for cell in columns.iter().filter_map(|column| present(column.get(row))) {
            let parts = how.items.as_deref().map_or_else(|| vec![cell], |mark| cell.split(mark).collect());
            for item in parts.into_iter().map(str::trim).filter(|item| !item.is_empty()) {
                rows.push(row as IdxSize);
                items.push(parts_of(item, how));
            }
        }
        if rows.len() == before {
            rows.push(row as IdxSize);
            items.push(vec![None; how.names.len()]);
        }
    }
    let mut unpacked = sheet.take(&rows)?;
    for (at, name) in how.names.iter().enumerate() {
        unpacked.insert(&format!("item.{name}"), items.iter().map(|parts| parts[at].as_deref()).collect());
    }
    Ok(unpacked)
}

/// The parts of an item in the order of their names.
fn parts_of(item: &str, how: &Unpack) -> Vec<Option<String>> {
    let mut parts = vec![None; how.names.len()];
    for (at, part) in item.split(how.parts.as_str()).enumerate() {
        let named = how.pairs.as_deref().and_then(|mark| part.split_once(mark));
        let named = named.and_then(|(name, value)| Some((how.names.iter().position(|n| n == name.trim())?, value)));
        // A part whose name is not asked for takes the place where it stands, if that is free.
        let (at, value) = named.unwrap_or((at, part));
        if let Some(place) = parts.get_mut(at).filter(|place| place.is_none()) {
            *place = Some(value.trim().to_string()).filter(|value| !value.is_empty());
        }
    }
    parts
}

/// Whether a row is a parent: its value starts as they do, or is missing.
pub(crate) fn is_parent(how: &Parents, value: Option<&str>) -> bool {
    match present(value) {
        Some(text) => !how.starts.is_empty() && folded(text).starts_with(&folded(&how.starts)),
        None => how.starts.is_empty(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::sheet::tests::sheet;
    use super::*;

    fn operation(text: &str) -> Operation {
        #[derive(serde::Deserialize)]
        struct Field {
            field: Operation,
        }
        toml::from_str::<Field>(&format!("field = {text}")).unwrap().field
    }

    fn texts(text: &str, sheet: &Sheet) -> Vec<Option<String>> {
        evaluate(&operation(text), sheet).unwrap().iter().map(|text| text.map(String::from)).collect()
    }

    #[test]
    fn each_operation_by_hand() {
        let rows =
            sheet(&["Name", "Email", "State"], &[&["#1", "", "Orissa "], &["#2", " b@c", "ODISHA"], &["", "NaN", ""]]);
        let some = |text: &str| Some(text.to_string());
        assert_eq!(texts("'name'", &rows), [some("#1"), some("#2"), None]);
        assert_eq!(texts("{ first = ['Email', 'Phone', 'Name'] }", &rows), [some("#1"), some("b@c"), None]);
        assert_eq!(texts("{ constant = 'x' }", &rows), [some("x"), some("x"), some("x")]);
        assert_eq!(texts("{ column = 'Name', strip = '#' }", &rows), [some("1"), some("2"), None]);
        let map = "{ column = 'State', map = { orissa = 'OD', odisha = 'OD' }, otherwise = '?' }";
        assert_eq!(texts(map, &rows), [some("OD"), some("OD"), some("?")]);
        let rules = "{ rules = [{ column = 'Email', is = 'mail' }, { column = 'Gone', is = 'never' }, \
                     { column = 'State', starts = ['ori'], is = 'start' }], otherwise = 'none' }";
        assert_eq!(texts(rules, &rows), [some("start"), some("mail"), some("none")]);
        let error = evaluate(&operation("'Zip'"), &rows).unwrap_err();
        assert_eq!(error.to_string(), "column `Zip` is missing from `orders.csv`");
        assert!(evaluate(&operation("{ first = ['A', 'B'] }"), &rows).is_err());
    }

    #[test]
    fn packed_items_become_rows() {
        let rows = sheet(
            &["id", "order_item_1", "order_item_2"],
            &[&["1", "product_id:4959|1|30|size: Medium", "product_id:4960|2|15"], &["2", "", ""]],
        );
        let how: Unpack = toml::from_str(
            "columns = 'order_item_'\nparts = '|'\npairs = ':'\nnames = ['product_id', 'quantity', 'total']",
        )
        .unwrap();
        let unpacked = unpack(&rows, &how).unwrap();
        let column =
            |name: &str| unpacked.column(name).unwrap().iter().map(|t| t.unwrap_or("-")).collect::<Vec<_>>().join(" ");
        assert_eq!(column("id"), "1 1 2");
        assert_eq!(column("item.product_id"), "4959 4960 -");
        assert_eq!(column("item.quantity"), "1 2 -");
        assert_eq!(column("item.total"), "30 15 -");
        assert_eq!(unpacked.place(1), "`orders.csv`, line 2");
    }
}
