//! Headers and values of an unknown export → a description to start from, with the evidence for each guess. Used by `pfe market init`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::LazyLock;

use polars::prelude::StringChunked;

use super::description::{Field, Kind};
use super::regions::{COUNTRIES, Regions};
use super::sheet::Sheet;
use super::values::amounts::{Marks, amount};
use super::values::dates::written;
use super::values::{folded, present, whole};
use crate::schema::read_options::DecimalMark;

/// Rows that are looked at.
const ROWS: usize = 5_000;
/// Share of the values that must be of the kind of a field.
const MOST: f64 = 0.9;

/// Words for each field, best first; compared without case, accents and punctuation.
static WORDS: LazyLock<BTreeMap<Field, Vec<String>>> =
    LazyLock::new(|| toml::from_str(include_str!("words.toml")).unwrap_or_default());

/// A column, as far as a guess needs it.
struct Column<'s> {
    name: &'s str,
    words: String,
    values: Vec<&'s str>,
    distinct: usize,
    rows: usize,
}

impl Column<'_> {
    fn share(&self, fits: impl Fn(&str) -> bool) -> f64 {
        if self.values.is_empty() {
            return 0.0;
        }
        self.values.iter().filter(|value| fits(value)).count() as f64 / self.values.len() as f64
    }
}

/// Proposes a description.
pub fn propose(name: &str, sheet: &Sheet) -> String {
    let names: Vec<&str> = sheet.names().collect();
    let columns: Vec<Column<'_>> = names.iter().filter_map(|name| Some(column(name, sheet.column(name)?))).collect();
    let mut guesses: Vec<(f64, Field, usize, String)> = Vec::new();
    for (field, words) in WORDS.iter() {
        for (at, column) in columns.iter().enumerate() {
            if let Some((score, evidence)) = score(*field, words, column) {
                guesses.push((score, *field, at, evidence));
            }
        }
    }
    guesses.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let (mut fields, mut taken): (Vec<(Field, usize, String)>, BTreeSet<usize>) = (Vec::new(), BTreeSet::new());
    for (_, field, at, evidence) in guesses {
        if !taken.contains(&at) && fields.iter().all(|(known, ..)| *known != field) {
            taken.insert(at);
            fields.push((field, at, evidence));
        }
    }
    fields.sort_by_key(|(field, ..)| *field);
    // A total may be that of the order: the price of a unit is surer, if the number of units is known.
    let has = |wanted: Field| fields.iter().any(|(field, ..)| *field == wanted);
    if has(Field::UnitPrice) && has(Field::LineTotal) {
        let weaker = if has(Field::Quantity) { Field::LineTotal } else { Field::UnitPrice };
        fields.retain(|(field, ..)| *field != weaker);
    }
    description(name, &columns, &fields)
}

fn column<'s>(name: &'s str, values: &'s StringChunked) -> Column<'s> {
    let rows = values.len().min(ROWS);
    let present: Vec<&str> = values.iter().take(ROWS).filter_map(present).collect();
    let distinct = present.iter().collect::<BTreeSet<_>>().len();
    Column { name, words: words(name), values: present, distinct, rows }
}

/// A header as words: `Order_Date (UTC)` → `order date utc`; `orderDate` → `order date`.
fn words(name: &str) -> String {
    let mut spaced = String::new();
    let mut before = ' ';
    for c in name.chars() {
        if c.is_uppercase() && before.is_lowercase() {
            spaced.push(' ');
        }
        spaced.push(c);
        before = c;
    }
    let words = folded(&spaced);
    words.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// How well a column fits a field, and why; `None` if it does not.
fn score(field: Field, known: &[String], column: &Column<'_>) -> Option<(f64, String)> {
    let names = known.iter().enumerate().filter_map(|(rank, word)| {
        let exact = column.words == *word;
        let part = format!(" {} ", column.words).contains(&format!(" {word} "));
        match (exact, part && word.len() > 2) {
            (true, _) => Some(3.0 - rank as f64 * 0.02),
            (_, true) => Some(1.5 - rank as f64 * 0.02 + word.len() as f64 * 0.02),
            _ => None,
        }
    });
    let name = names.max_by(f64::total_cmp);
    let (fits, what) = kind(field, column);
    if fits < MOST {
        return None;
    }
    // Values alone are evidence where they are hardly anything else.
    let values_alone =
        matches!(field, Field::Currency | Field::Country | Field::PurchasedAt) && !column.values.is_empty();
    let named = name.or(values_alone.then_some(0.4))?;
    let filled = column.values.len() as f64 / column.rows.max(1) as f64;
    Some((named + 0.5 * fits + 0.3 * filled, format!("{what}; {} distinct in {} rows", column.distinct, column.rows)))
}

/// The share of the values that are of the kind of a field, and what they are.
fn kind(field: Field, column: &Column<'_>) -> (f64, &'static str) {
    let is_amount =
        |text: &str| [DecimalMark::Point, DecimalMark::Comma].iter().any(|mark| amount(text, *mark, 2).is_some());
    match (field, field.kind()) {
        (_, Kind::Instant) => (column.share(|text| written(text).is_some()), "dates"),
        (_, Kind::Amount) => (column.share(is_amount), "amounts"),
        (Field::ReviewScore, _) => {
            (column.share(|text| whole(text).is_some_and(|n| (1..=5).contains(&n))), "numbers from 1 to 5")
        }
        (_, Kind::Whole) => (column.share(|text| whole(text).is_some_and(|n| n.abs() < 100_000)), "whole numbers"),
        (Field::Currency, _) => {
            let code = |text: &str| text.len() == 3 && text.bytes().all(|b| b.is_ascii_uppercase());
            (if column.distinct <= 10 { column.share(code) } else { 0.0 }, "codes of three letters")
        }
        (Field::Country, _) => {
            let countries = Regions::choose(COUNTRIES, std::iter::empty());
            (column.share(|text| countries.code(Some(text), None).is_some()), "countries")
        }
        (Field::Status | Field::PaymentMethod, _) => {
            (if column.distinct <= 60 { 1.0 } else { 0.0 }, "few different texts")
        }
        (Field::Category | Field::Region, _) => {
            let few = column.distinct * 2 <= column.values.len().max(20) && column.share(is_amount) < 0.5;
            (if few { 1.0 } else { 0.0 }, "repeated texts")
        }
        (Field::OrderId | Field::Customer | Field::ProductId | Field::Seller, _) => {
            let is_date = column.share(|text| written(text).is_some()) > 0.5;
            (if is_date || column.values.is_empty() { 0.0 } else { 1.0 }, "texts")
        }
        _ => (1.0, "texts"),
    }
}

fn description(name: &str, columns: &[Column<'_>], fields: &[(Field, usize, String)]) -> String {
    let mut text = String::new();
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let needed = [Field::OrderId, Field::PurchasedAt, Field::LineTotal, Field::UnitPrice, Field::OrderTotal];
    let headers: Vec<String> = fields
        .iter()
        .filter(|(field, ..)| needed.contains(field))
        .map(|(_, at, _)| quoted(columns[*at].name))
        .collect();
    let marks = |field: Field| {
        let mut marks = Marks::default();
        let of_field = fields.iter().filter(|(known, ..)| *known == field);
        of_field.for_each(|(_, at, _)| columns[*at].values.iter().for_each(|text| marks.add(text, 2)));
        marks.decide(None)
    };
    let comma = [Field::LineTotal, Field::UnitPrice].into_iter().any(|field| marks(field) == Ok(DecimalMark::Comma));
    let _ = writeln!(
        text,
        "# Proposed from the headers and values of the export; `pfe market check` shows what it reads.\n\
         name = {}\ntitle = {}\n# The currency, where no column holds it.\ncurrency = \"EUR\"\n\
         # \"auto\", \"countries\", \"single\" or a country whose parts are the regions, such as \"FR\".\nregions = \"auto\"\n\
         # Clock times stay as written; with a zone, times with an offset are converted to it.\n# time_zone = \"Europe/Paris\"\n\
         # For dates such as 03/04/2018, if no value settles it: \"dmy\" or \"mdy\".\n# dates = \"dmy\"",
        quoted(name),
        quoted(name)
    );
    if comma {
        let _ = writeln!(text, "numbers = \"comma\"");
    }
    let _ = writeln!(
        text,
        "lines = \"orders\"\n\n# The headers that identify the file.\n[files.orders]\nheaders = [{}]\n\n[fields]",
        headers.join(", ")
    );
    for (field, at, evidence) in fields {
        let _ = writeln!(text, "# {evidence}\n{} = {}", field.name(), quoted(columns[*at].name));
        if *field == Field::Status {
            let values: BTreeSet<&str> = columns[*at].values.iter().copied().take(ROWS).collect();
            let shown: Vec<String> = values.iter().take(20).map(|value| quoted(value)).collect();
            let taken = text.trim_end().rfind('\n').map_or(0, |line| line + 1);
            text.truncate(taken);
            let canceled = |value: &&&str| {
                let value = folded(value);
                [
                    "cancel", "refund", "return", "annul", "rembours", "reembols", "devol", "storn", "retour", "void",
                    "failed",
                ]
                .iter()
                .any(|word| value.contains(word))
            };
            let canceled: Vec<String> =
                values.iter().filter(canceled).map(|value| format!("{} = \"canceled\"", quoted(value))).collect();
            let _ = writeln!(
                text,
                "# Values: {}. Each becomes one of approved, canceled, created, delivered, invoiced, processing, shipped, unavailable.\n\
                 status = {{ column = {}, map = {{ {} }}, otherwise = \"approved\" }}",
                shown.join(", "),
                quoted(columns[*at].name),
                canceled.join(", ")
            );
        }
    }
    let used: BTreeSet<usize> = fields.iter().map(|(_, at, _)| *at).collect();
    let unused: Vec<String> = columns
        .iter()
        .enumerate()
        .filter(|(at, _)| !used.contains(at))
        .map(|(_, column)| quoted(column.name))
        .collect();
    if !unused.is_empty() {
        let _ = writeln!(text, "\n# Columns that nothing reads: {}", unused.join(", "));
    }
    let open = Field::ALL.into_iter().filter(|field| fields.iter().all(|(known, ..)| known != field));
    for (field, answer) in open.filter_map(|field| Some((field, field.answers()?))) {
        let _ = writeln!(text, "# Not found: `{}`; without it, {answer}.", field.name());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_written_as_headers_are_compared() {
        assert_eq!(WORDS.len(), 22);
        for word in WORDS.values().flatten() {
            assert_eq!(*word, words(word), "{word}");
        }
        assert_eq!((words("Order_Date (UTC)"), words("orderDate")), ("order date utc".into(), "order date".into()));
    }
}
