//! What new sellers may earn and keep → `tables/*.csv`. Without entrants, their tables hold only their header. Used by `persist` and
//! `csv_of_results`.

use super::csv_of_decisions::{Rows, reais, row, with_header};
use crate::decisions::entry::{Check, ENTRANTS, RuleResult};
use crate::decisions::profit::{BreakEven, CategoryProfit};
use crate::decisions::{Entry, Profit};
use crate::models::entrants::CategoryChances;
use crate::schema::format::optional;
use crate::schema::result_tables::TextTable;

/// The tables by file name, without extension.
pub(crate) fn all(entry: Option<&Entry>, profit: &Profit) -> Vec<(&'static str, TextTable)> {
    let tables = [
        ("entrants_by_category", categories(entry)),
        ("entrants_backtest", backtest(entry)),
        ("milestones", milestones(entry)),
        ("profit_by_category", profits(profit)),
        ("break_even", break_even(profit)),
    ];
    tables.into_iter().map(with_header).collect()
}

fn categories(entry: Option<&Entry>) -> Rows {
    let chances = entry.and_then(|entry| entry.entrants.chances.as_ref().ok());
    let row = |c: &CategoryChances| {
        let amounts = [c.median, c.mean, c.typical, c.interval80.0, c.interval80.1].map(reais);
        let shares = [c.first, c.top3].into_iter().chain(c.reach).map(|share| share.to_string());
        row![c.category, c.n].into_iter().chain(amounts).chain(shares).collect()
    };
    chances.into_iter().flat_map(|chances| &chances.categories).map(row).collect()
}

fn backtest(entry: Option<&Entry>) -> Rows {
    let Some(past) = entry.and_then(|entry| entry.backtest.as_ref().ok()) else { return Rows::new() };
    let row = |r: &RuleResult| {
        let (interval, shuffled) = (r.interval90, r.shuffled);
        let rank = past.rank_correlation.filter(|_| r.check == Check::Locked && r.rule == ENTRANTS);
        let mut row = row![r.check.name(), r.rule, r.top, r.cutoffs, r.entrants, r.ratio];
        row.extend([interval.map(|i| i.0), interval.map(|i| i.1)].map(optional));
        row.extend([shuffled.map(|s| s.mean), shuffled.map(|s| s.high95), shuffled.map(|s| s.p)].map(optional));
        row.extend([rank.map(|rank| rank.value), rank.map(|rank| rank.p)].map(optional));
        row
    };
    past.results.iter().map(row).collect()
}

fn milestones(entry: Option<&Entry>) -> Rows {
    let milestones = entry.into_iter().flat_map(|entry| &entry.entrants.milestones);
    milestones
        .map(|m| {
            let mut row = row![m.orders_28, m.n, optional(m.rest.as_ref().map(|rest| rest.nothing))];
            row.extend((0..3).map(|i| m.rest.as_ref().map_or_else(String::new, |rest| reais(rest.quartiles[i]))));
            row
        })
        .collect()
}

fn profits(profit: &Profit) -> Rows {
    let row = |c: &CategoryProfit| {
        let mut row = row![c.category, c.margin.value, u8::from(c.margin.is_assumed()), reais(c.revenue), c.orders];
        row.extend([c.contribution, c.interval80.0, c.interval80.1].map(reais));
        row.extend([c.first, c.top3, c.loss].map(|share| share.to_string()));
        row.push(optional(c.tipping_margin));
        row
    };
    profit.categories.iter().map(row).collect()
}

fn break_even(profit: &Profit) -> Rows {
    let row = |by: &str, b: &BreakEven| {
        let amounts = [b.price, b.freight, b.break_even].map(reais);
        row![by, b.name, b.orders].into_iter().chain(amounts).chain(row![u8::from(b.assumed)]).collect()
    };
    let states = profit.states.iter().map(|b| row("state", b));
    states.chain(profit.break_even_by_category.iter().map(|b| row("category", b))).collect()
}
