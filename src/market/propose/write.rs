//! Guesses → the text of a description, with a comment for each. Used by `propose`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::column::Column;
use super::guess::Guess;
use super::lexicon::LEXICON;
use crate::market::description::Field;
use crate::schema::contract::ORDER_STATUSES;
use crate::schema::read_options::DecimalMark;

/// Values of a status that are listed.
const LISTED: usize = 20;

/// The description of an export with these columns; `notes` are told at its end.
pub(super) fn description(name: &str, columns: &[Column<'_>], guesses: &[Guess], notes: &[String]) -> String {
    let mut text = String::new();
    let needed =
        [Field::OrderId, Field::PurchasedAt, Field::LineTotal, Field::UnitPrice, Field::OrderTotal, Field::ProductId];
    let identifying = guesses.iter().filter(|guess| needed.contains(&guess.field));
    let headers: Vec<String> = identifying.map(|guess| quoted(columns[guess.column].name)).collect();
    let amounts = guesses.iter().filter(|guess| matches!(guess.field, Field::LineTotal | Field::UnitPrice));
    let comma = amounts.clone().any(|guess| columns[guess.column].mark() == Some(DecimalMark::Comma));
    let (currency, why) = currency(columns);
    let _ = writeln!(
        text,
        "# Proposed from the headers and values of the export; `pfe market check` shows what it reads.\n\
         name = {0}\ntitle = {0}\n# The currency, where no column holds it: {why}.\ncurrency = \"{currency}\"\n\
         # \"auto\", \"countries\", \"single\" or a country whose parts are the regions, such as \"FR\".\nregions = \"auto\"\n\
         # Clock times stay as written; with a zone, times with an offset are converted to it.\n# time_zone = \"Europe/Paris\"\n\
         # For dates such as 03/04/2018, if no value settles it: \"dmy\" or \"mdy\".\n# dates = \"dmy\"",
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
    for Guess { field, column, evidence } in guesses {
        let column = &columns[*column];
        match field {
            Field::Status | Field::LineStatus => status(&mut text, *field, column),
            _ => drop(writeln!(text, "# {evidence}\n{} = {}", field.name(), quoted(column.name))),
        }
    }
    let used: BTreeSet<usize> = guesses.iter().map(|guess| guess.column).collect();
    let unused = columns.iter().enumerate().filter(|(at, _)| !used.contains(at));
    let unused: Vec<String> = unused.map(|(_, column)| quoted(column.name)).collect();
    if !unused.is_empty() {
        let _ = writeln!(text, "\n# Columns that nothing reads: {}", unused.join(", "));
    }
    for note in notes {
        let _ = writeln!(text, "# {note}.");
    }
    let has = |field: Field| guesses.iter().any(|guess| guess.field == field);
    let open = Field::ALL.into_iter().filter(|field| !field.is_answered(has));
    for (field, answer) in open.filter_map(|field| Some((field, field.answers()?))) {
        let _ = writeln!(text, "# Not found: `{}`; without it, {answer}.", field.name());
    }
    text
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The line of a status, with what each value that is understood becomes.
fn status(text: &mut String, field: Field, column: &Column<'_>) {
    let shown: Vec<String> = column.distinct.iter().take(LISTED).map(|value| quoted(value)).collect();
    let meanings = column.distinct.iter().filter_map(|value| Some((*value, LEXICON.status(value)?)));
    let map: Vec<String> = meanings.map(|(value, status)| format!("{} = \"{status}\"", quoted(value))).collect();
    let _ = writeln!(
        text,
        "# Values: {}. Each becomes one of {}.\n\
         {} = {{ column = {}, map = {{ {} }}, otherwise = \"approved\" }}",
        shown.join(", "),
        ORDER_STATUSES.join(", "),
        field.name(),
        quoted(column.name),
        map.join(", ")
    );
}

/// The currency that headers or values name most often, and how.
fn currency(columns: &[Column<'_>]) -> (&'static str, &'static str) {
    const SIGNS: [(&str, &str); 12] = [
        ("R$", "BRL"),
        ("MX$", "MXN"),
        ("CA$", "CAD"),
        ("A$", "AUD"),
        ("€", "EUR"),
        ("£", "GBP"),
        ("¥", "JPY"),
        ("₹", "INR"),
        ("₩", "KRW"),
        ("zł", "PLN"),
        ("CHF", "CHF"),
        ("$", "USD"),
    ];
    const CODES: [&str; 12] = ["EUR", "USD", "GBP", "BRL", "MXN", "CAD", "AUD", "JPY", "INR", "CHF", "SEK", "PLN"];
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for column in columns {
        let code =
            CODES.into_iter().find(|code| column.name.split(|c: char| !c.is_alphabetic()).any(|word| word == *code));
        let sign = SIGNS.into_iter().find(|(sign, _)| column.name.contains(sign)).map(|(_, code)| code);
        if let Some(code) = code.or(sign) {
            *counts.entry(code).or_default() += column.cells.len();
        }
        let has_digit = |text: &&&str| text.bytes().any(|byte| byte.is_ascii_digit()) && text.len() < 24;
        for value in column.values.iter().filter(has_digit) {
            if let Some((_, code)) = SIGNS.into_iter().find(|(sign, _)| value.contains(sign)) {
                *counts.entry(code).or_default() += 1;
            }
        }
    }
    match counts.into_iter().max_by_key(|(code, count)| (*count, std::cmp::Reverse(*code))) {
        Some((code, _)) => (code, "its sign stands in the export"),
        None => ("EUR", "a guess, as no sign of one stands in the export"),
    }
}
