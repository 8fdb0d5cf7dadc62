//! Results → the tables of the report as values, by identifier. Next: `report`, whose writers lay them out.

use std::collections::BTreeMap;

use super::costs::{self, Cost};
use super::decision_tables as decided;
use super::decisions::greatest_first;
use super::edition::{Captions, NONE, Words, centavos, or_none};
use super::entry::tables as of_entry;
use super::payments::tables as payments;
use super::{trials, values};
use crate::clean::audit::{Check, Nulls, RowCounts, Severity};
use crate::clean::coverage::Coverage;
use crate::decisions::Facts;
use crate::error::Result;
use crate::input::identity::InputFile;
use crate::mart::missing::Missing;
use crate::models::reference::{Line, Prediction};
use crate::report::{Table, TableColumn};
use crate::results::Results;
use crate::schema::contract::{self, Column, TABLES, TableId};

/// Rows of a ranking.
const TOP: usize = 15;

pub(crate) fn tables(
    results: &Results,
    words: &Words,
    captions: &Captions,
    costs: &[Cost],
) -> Result<BTreeMap<String, Table>> {
    let mut tables = BTreeMap::new();
    let of_market = results.audit.market.is_some();
    let mut add = |id: &str, source: &str, text_columns: usize, rows: Vec<Vec<String>>| -> Result<()> {
        let caption = captions.of(id)?;
        let column = |(i, header): (usize, &String)| TableColumn { header: header.clone(), numeric: i >= text_columns };
        // An empty table would look like a mistake.
        let rows = if rows.is_empty() { vec![vec![words.label("none")]] } else { rows };
        let columns: Vec<TableColumn> = caption.columns.iter().enumerate().map(column).collect();
        let (columns, rows) = if of_market { without_empty_columns(columns, rows) } else { (columns, rows) };
        let table = Table { columns, rows, title: caption.title.clone(), source: source.into() };
        tables.insert(id.to_string(), table);
        Ok(())
    };
    let findings = &results.findings;
    add("inventory", "audit.json", 2, inventory(results, words))?;
    add("audit", "tables/audit.csv", 2, audit(results, words))?;
    add("quality", "tables/quality.csv", 3, quality(results, words))?;
    add("coverage", "tables/quality.csv", 2, coverage(results, words))?;
    add("missing", "mart/totals.parquet", 2, missing(results, words)?)?;
    add(
        "categories_table",
        "tables/by_category.csv",
        1,
        facts(&findings.categories, words, |f| words.category(&f.name)),
    )?;
    add("states_table", "tables/by_state.csv", 1, facts(&findings.states, words, |f| words.state(&f.name)))?;
    add("payments_table", "tables/payment_methods.csv", 1, payments::methods(findings, words))?;
    add("coverage_table", "tables/payment_coverage.csv", 1, payments::coverage(findings, words))?;
    add("habits_table", "tables/payment_habits.csv", 2, payments::habits(findings, words))?;
    add("state_growth_table", "tables/state_growth.csv", 1, payments::growth(findings, words))?;
    add("reference", "tables/price_predictions_top_category.csv", 1, reference(results, words))?;
    add("inputs", "run.json", 1, inputs(results, words))?;
    add("dictionary", "src/schema/contract/tables.rs", 4, dictionary(results, words))?;
    add("checks", "tables/quality.csv", 3, checks(results, words))?;
    add("weights", "run.json", 2, weights(results, words))?;
    add("costs", "reports/costs.toml", 2, costs::rows(costs, words))?;
    let past = results.past.as_ref().ok();
    add("entrants_table", "tables/entrants_by_category.csv", 1, of_entry::chances(results, words))?;
    add("milestones_table", "tables/milestones.csv", 1, of_entry::milestones(results, words))?;
    add("profit_table", "tables/profit_by_category.csv", 1, of_entry::profit(results, words))?;
    add("break_even_table", "tables/break_even.csv", 1, of_entry::break_even(results, words))?;
    add("entrants_past", "tables/entrants_backtest.csv", 2, of_entry::backtest(results, words))?;
    add("short_list", "tables/winner.csv", 1, decided::short_list(results, words))?;
    add("indicators", "tables/winner_indicators.csv", 1, decided::indicators(results, words))?;
    add("products", "tables/winner_products.csv", 1, decided::products(results, words))?;
    add("regions", "tables/regions.csv", 1, decided::regions(results, words))?;
    add("allocation_table", "tables/allocation.csv", 1, trials::first_test(results, words))?;
    add("trial_regions", "tables/trial_designs.csv", 1, trials::of_regions(results, words))?;
    add("trial_shop", "tables/trial_designs.csv", 1, trials::of_shop(results, words))?;
    add("trial_rules", "src/trial/rules.toml", 1, trials::of_rules(words)?)?;
    add("protocol", "tables/forecast_protocol.csv", 2, decided::protocol(past, words))?;
    add("totals_test", "tables/forecast_totals.csv", 2, decided::totals(past, words))?;
    add("cities", "tables/cities.csv", 1, decided::cities(results, words))?;
    add("winner_payments", "tables/winner_payments.csv", 1, decided::winner_payments(results, words))?;
    add("coefficients_table", "tables/coefficients.csv", 1, decided::coefficients(results, words))?;
    add("models", "tables/backtest.csv", 1, decided::comparison(past.map(|p| &p.categories), words))?;
    add("models_states", "tables/backtest.csv", 1, decided::comparison(past.map(|p| &p.states), words))?;
    add("models_weekly", "tables/backtest.csv", 1, decided::comparison(past.map(|p| &p.weekly), words))?;
    Ok(tables)
}

/// Leaves out columns in which no row has a value, as of questions that an export cannot answer.
fn without_empty_columns(
    columns: Vec<TableColumn>,
    mut rows: Vec<Vec<String>>,
) -> (Vec<TableColumn>, Vec<Vec<String>>) {
    let full = |i: usize| i == 0 || rows.iter().any(|row| row.get(i).is_none_or(|cell| cell != NONE));
    let kept: Vec<bool> = (0..columns.len()).map(full).collect();
    let keep = |i: usize| kept.get(i).copied().unwrap_or(true);
    for row in &mut rows {
        let mut at = 0..;
        row.retain(|_| at.next().is_some_and(keep));
    }
    (columns.into_iter().enumerate().filter(|(i, _)| keep(*i)).map(|(_, column)| column).collect(), rows)
}

fn inventory(results: &Results, words: &Words) -> Vec<Vec<String>> {
    let rows =
        |name: &str| results.audit.steps.iter().find(|s| s.step == "read" && s.table == name).map_or(0, |s| s.rows_in);
    let count = |n: usize| words.lang.count(n as i64);
    // The tables of another market are made from all files of its export, and some of them stay empty.
    let of_market = results.audit.market.is_some();
    let file = |t: &contract::Table| if of_market { NONE.into() } else { t.file.into() };
    let row = |t: &contract::Table| vec![words.table(t.name), file(t), count(rows(t.name)), count(t.columns.len())];
    TABLES.iter().filter(|t| !of_market || rows(t.name) > 0).map(row).collect()
}

fn audit(results: &Results, words: &Words) -> Vec<Vec<String>> {
    let row = |s: &RowCounts| {
        let counts = [s.rows_in, s.deduplicated, s.quarantined, s.rows_out].map(|n| words.lang.count(n as i64));
        [words.table(&s.table), words.label(&format!("audit_{}", s.step))].into_iter().chain(counts).collect()
    };
    let of_market = results.audit.market.is_some();
    results.audit.steps.iter().filter(|s| !of_market || s.rows_in > 0).map(row).collect()
}

/// Checks that fail somewhere. Checks that always hold are only counted in the text.
fn quality(results: &Results, words: &Words) -> Vec<Vec<String>> {
    let failing = values::checks(results).filter(|c| c.failed > 0 && c.severity != Severity::Info);
    failing.map(|c| check(c, words)).collect()
}

/// References with rows that have no partner, the largest share first.
fn coverage(results: &Results, words: &Words) -> Vec<Vec<String>> {
    let mut all: Vec<Coverage> = results.audit.coverage();
    // The regions of an export are those of its customers: that no seller is in them is no gap.
    let of_market = results.audit.market.is_some();
    all.retain(|coverage| coverage.unmatched > 0 && !(of_market && coverage.from.0 == TableId::States.name()));
    all.sort_by(|a, b| b.share().total_cmp(&a.share()));
    let row = |c: &Coverage| {
        let from = format!("{}, {}", words.table(&c.from.0), c.from.1);
        let share = words.lang.percent(c.share(), if c.share() < 0.01 { 2 } else { 1 });
        let note = if c.is_gap() { words.label("gap") } else { NONE.into() };
        let counts = [c.unmatched, c.total].map(|n| words.lang.count(n as i64));
        [from, words.table(&c.to.0)].into_iter().chain(counts).chain([share, note]).collect()
    };
    all.iter().map(row).collect()
}

/// Facts that refer to missing rows.
fn missing(results: &Results, words: &Words) -> Result<Vec<Vec<String>>> {
    let row = |m: Missing| {
        let amount = or_none(m.centavos, |centavos| words.brl(centavos, 2));
        vec![words.table(m.facts.name()), words.table(m.lacks.name()), words.lang.count(m.count), amount]
    };
    Ok(results.mart.missing()?.into_iter().map(row).collect())
}

fn facts(facts: &[Facts], words: &Words, name: impl Fn(&Facts) -> String) -> Vec<Vec<String>> {
    let lang = words.lang;
    let percent = |share: Option<f64>| or_none(share, |s| lang.percent(s, 1));
    let decimal = |value: Option<f64>, digits| or_none(value, |v| lang.decimal(v, digits));
    let mut ranked: Vec<&Facts> = facts.iter().collect();
    ranked.sort_by_key(|f| (-f.revenue_centavos, f.name.as_str()));
    let row = |f: &Facts| {
        vec![
            name(f),
            lang.count(f.orders),
            words.brl(f.revenue_centavos, 0),
            percent(f.growth.as_ref().map(|g| g.rate)),
            decimal(f.review_mean, 2),
            percent(f.late_share),
            decimal(f.delivery_days_mean, 1),
        ]
    };
    ranked.into_iter().take(TOP).map(row).collect()
}

fn reference(results: &Results, words: &Words) -> Vec<Vec<String>> {
    let brl = |reais: f64| words.brl(centavos(reais), 0);
    let row = |p: &Prediction| {
        let line = results.reference.lines.iter().find(|l| l.category == p.category);
        let slope = |value: fn(&Line) -> f64| or_none(line, |line| brl(value(line)));
        vec![words.category(&p.category), brl(p.sales), slope(|l| l.per_year), slope(|l| l.per_month)]
    };
    results.reference.top().into_iter().map(row).collect()
}

/// Every column of every table: first those of the source, then those that cleaning adds.
fn dictionary(results: &Results, words: &Words) -> Vec<Vec<String>> {
    // Of an export, only what it has.
    let of_market = results.audit.market.is_some();
    let empty = |table: &contract::Table, column: &Column| {
        let of = |n: &&Nulls| n.table == table.name && n.column == column.name;
        results.audit.nulls.iter().find(of).is_some_and(|n| n.missing == n.total)
    };
    let read = |table: &contract::Table| results.audit.steps.iter().any(|s| s.table == table.name && s.rows_out > 0);
    let has = |table: &contract::Table, column: &Column| !of_market || (read(table) && !empty(table, column));
    let row = |table: &'static contract::Table, column: &'static Column| {
        vec![
            words.table(table.name),
            column.name.into(),
            words.label(&format!("kind_{}", column.kind.name())),
            words.doc(column.doc),
        ]
    };
    TABLES.iter().flat_map(|t| t.clean_columns().filter(move |c| has(t, c)).map(move |c| row(t, c))).collect()
}

/// Every check, failed or not.
fn checks(results: &Results, words: &Words) -> Vec<Vec<String>> {
    // A check of an empty table says nothing.
    let of_market = results.audit.market.is_some();
    values::checks(results).filter(|c| !of_market || c.total > 0).map(|c| check(c, words)).collect()
}

fn check(c: &Check, words: &Words) -> Vec<String> {
    vec![
        words.table(&c.table),
        words.check(&c.check),
        words.label(&format!("severity_{}", c.severity.name())),
        words.lang.count(c.failed as i64),
        words.lang.count(c.total as i64),
    ]
}

/// Weights of both scores.
fn weights(results: &Results, words: &Words) -> Vec<Vec<String>> {
    let weights = &results.parameters.decisions.weights;
    let mut rows = Vec::new();
    for (about, weights) in [("weights_category", &weights.category), ("weights_state", &weights.state)] {
        rows.extend(greatest_first(weights).into_iter().map(|(name, weight)| {
            vec![words.label(about), words.label(&format!("indicator_{name}")), words.lang.percent(weight, 0)]
        }));
    }
    rows
}

fn inputs(results: &Results, words: &Words) -> Vec<Vec<String>> {
    // Of an export, what is read are the tables that are made from it.
    let of_market = results.audit.market.is_some();
    let table =
        |f: &InputFile| TABLES.iter().find(|t| f.name.ends_with(&format!(".{}", t.name))).map(|t| words.table(t.name));
    let name = |f: &InputFile| table(f).filter(|_| of_market).unwrap_or_else(|| f.name.clone());
    let row = |f: &InputFile| {
        let hash = f.blake3.get(..16).unwrap_or(NONE);
        vec![name(f), words.lang.count(f.bytes as i64), hash.into()]
    };
    results.audit.inputs.iter().filter(|f| !of_market || f.bytes > 0).map(row).collect()
}
