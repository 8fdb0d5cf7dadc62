//! A description and an export → what each field is read from, with sample values before and after. Used by `pfe market check`.

use serde::Serialize;

use super::description::{Field, Kind, Market, Operation};
use super::lines;
use super::rates::Rates;
use super::sheet::Sheet;
use super::values;
use crate::error::Result;
use crate::schema::format::decimal;
use crate::schema::read_options::Reading;

/// Values that are shown of each field.
const SAMPLES: usize = 5;

/// A dry run of a description.
#[derive(Debug, Clone, Serialize)]
pub struct Checked {
    /// Name of the market.
    pub market: String,
    /// Files that are read.
    pub files: Vec<String>,
    /// Number of rows, orders and lines.
    pub rows: usize,
    /// Number of orders.
    pub orders: usize,
    /// Number of order lines.
    pub lines: usize,
    /// ISO 4217 code.
    pub currency: String,
    /// The fields, in the order of [`Field::ALL`].
    pub fields: Vec<CheckedField>,
    /// What would be set aside or converted, in sentences.
    pub notes: Vec<String>,
}

/// A field of a dry run.
#[derive(Debug, Clone, Serialize)]
pub struct CheckedField {
    /// Its name.
    pub field: String,
    /// Where its values come from: the operation, as in the description; `None` if nothing gives it.
    pub source: Option<String>,
    /// Sample values, before and after reading. Those of persons are not shown.
    pub samples: Vec<(String, String)>,
    /// Number of rows without a value.
    pub missing: usize,
    /// The answer that falls away, if no row has a value.
    pub open: Option<&'static str>,
}

/// Reads the export without writing anything.
///
/// # Errors
/// As a run: a needed column is missing, or dates or amounts fit two ways.
pub fn check(market: &Market, sheet: &Sheet, reading: &Reading, rates: &Rates) -> Result<Checked> {
    let (read, texts, readers) = lines::read(market, sheet, reading, rates)?;
    let field = |field: Field| {
        let column = texts.column(field);
        let after = |text: &str| match field.kind() {
            _ if field.is_personal() => "(hashed)".into(),
            Kind::Text => text.to_string(),
            Kind::Whole => values::whole(text).map_or_else(|| "not a whole number".into(), |number| number.to_string()),
            Kind::Amount => readers
                .amount(field, text, None)
                .map_or_else(|_| "not an amount".into(), |amount| decimal(amount.minor, read.digits)),
            Kind::Instant => readers.instant(field, text).map_or_else(|| "not a date".into(), |(instant, _)| instant),
        };
        let mut samples: Vec<(String, String)> = Vec::new();
        for text in column.into_iter().flat_map(|column| column.iter()).flatten() {
            let before = if field.is_personal() { "(not shown)" } else { text };
            if samples.len() < SAMPLES && samples.iter().all(|(known, _)| known != before) {
                samples.push((before.to_string(), after(text)));
            }
        }
        CheckedField {
            field: field.name(),
            source: market.fields.get(&field).map(source),
            samples,
            missing: column.map_or(sheet.height(), |column| column.null_count()),
            open: if field.is_answered(|field| texts.column(field).is_some()) { None } else { field.answers() },
        }
    };
    Ok(Checked {
        market: market.name.clone(),
        files: sheet.files.clone(),
        rows: sheet.height(),
        orders: read.orders.len(),
        lines: read.lines.len(),
        currency: read.currency.clone(),
        fields: Field::ALL.into_iter().map(field).collect(),
        notes: read.notes,
    })
}

/// An operation as the description writes it, in short.
fn source(operation: &Operation) -> String {
    match operation {
        Operation::Column(column) => column.clone(),
        Operation::Steps(steps) => {
            let from = match (&steps.column, &steps.constant) {
                (Some(column), _) => column.clone(),
                (_, Some(constant)) => format!("\"{constant}\""),
                _ if !steps.first.is_empty() => steps.first.join(" or "),
                _ => steps.rules.iter().map(|rule| rule.column.as_str()).collect::<Vec<_>>().join(", "),
            };
            let operations = [
                (steps.rules.is_empty(), "rules"),
                (steps.strip.is_none(), "strip"),
                (steps.map.is_empty(), "map"),
                (steps.split.is_none(), "split"),
                (steps.otherwise.is_none(), "otherwise"),
            ];
            let names: Vec<&str> = operations.iter().filter(|(absent, _)| !absent).map(|(_, name)| *name).collect();
            if names.is_empty() { from } else { format!("{from} ({})", names.join(", ")) }
        }
    }
}
