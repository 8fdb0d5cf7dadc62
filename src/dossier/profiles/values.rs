//! One state or category → what its profile says: `part` among the values of the placeholders. Used by `profiles`.

use serde_json::{Value, json};

use super::Per;
use super::sales::{Cell, Months, Sales};
use crate::decisions::entry::chances;
use crate::decisions::profit::BreakEven;
use crate::decisions::region::ENOUGH_SHARE;
use crate::decisions::{Facts, Habit, StatePayments, payments};
use crate::dossier::edition::{Words, centavos};
use crate::dossier::payments::values as paid;
use crate::dossier::values::facts;
use crate::error::Result;
use crate::models::entrants::{CategoryChances, LISTED, REVENUES};
use crate::results::Results;

/// Rows of the table of what is sold.
pub(super) const ROWS: usize = 6;
/// A share that is this much greater than that of the whole is told, 0–1.
const MORE: f64 = 0.01;

/// A state or a category, and the whole.
pub(super) struct Part<'a> {
    pub results: &'a Results,
    pub per: Per,
    pub code: &'a str,
    /// `None` without orders.
    pub facts: Option<&'a Facts>,
    pub months: Months,
    pub whole_months: &'a Months,
    /// Categories of a state, states of a category.
    pub mix: Vec<Cell>,
    pub payments: Option<StatePayments>,
}

impl<'a> Part<'a> {
    pub(super) fn of(results: &'a Results, sales: &'a Sales, per: Per, code: &'a str) -> Result<Part<'a>> {
        let findings = &results.findings;
        let all = if per == Per::State { &findings.states } else { &findings.categories };
        let payments = match per {
            Per::State => findings.payments.iter().find(|payments| payments.state == code).cloned(),
            Per::Category => Some(payments::of_category(&results.mart, code)?),
        };
        Ok(Part {
            results,
            per,
            code,
            facts: all.iter().find(|facts| facts.name == code && facts.orders > 0),
            months: sales.months(per, code),
            whole_months: &sales.whole,
            mix: sales.mix(per, code),
            payments: payments.filter(|payments| !payments.methods.is_empty()),
        })
    }

    /// The title of its profile.
    pub(super) fn title(&self, words: &Words) -> String {
        match self.per {
            Per::State => words.state_with_code(self.code),
            Per::Category => words.category(self.code),
        }
    }

    fn name(&self, words: &Words) -> String {
        match self.per {
            Per::State => words.state(self.code),
            Per::Category => words.category(self.code),
        }
    }

    /// Name of one of its categories or states.
    pub(super) fn name_in_mix(&self, words: &Words, name: &str) -> String {
        match self.per {
            Per::State => words.category(name),
            Per::Category => words.state(name),
        }
    }

    /// Share of the revenue of the whole that one of its categories or states has; `None` if it is not known.
    pub(super) fn share_in_whole(&self, name: &str) -> Option<f64> {
        let findings = &self.results.findings;
        let all = if self.per == Per::State { &findings.categories } else { &findings.states };
        let revenue = all.iter().find(|facts| facts.name == name)?.revenue_centavos;
        share(revenue, findings.total.revenue_centavos)
    }

    /// Its share of the part's own revenue.
    pub(super) fn share_here(&self, cell: &Cell) -> Option<f64> {
        share(cell.revenue_centavos, self.facts?.revenue_centavos)
    }

    pub(super) fn values(&self, words: &Words) -> Result<Value> {
        let findings = &self.results.findings;
        let known = if self.per == Per::State { &findings.states } else { &findings.categories };
        let known: Vec<&Facts> = known.iter().filter(|facts| facts.is_known() && facts.orders > 0).collect();
        let mut values = match self.facts {
            Some(found) => facts(found, self.name(words)),
            None => json!({ "name": self.name(words), "code": self.code, "orders": 0 }),
        };
        values["of"] = json!(known.len());
        let Some(found) = self.facts else { return Ok(values) };
        let total = &findings.total;
        let before = |other: &&Facts| {
            (other.revenue_centavos, std::cmp::Reverse(&other.name))
                > (found.revenue_centavos, std::cmp::Reverse(&found.name))
        };
        let more: [(&str, Value); 12] = [
            ("rank", json!(1 + known.iter().filter(|other| before(other)).count())),
            ("revenue_share", json!(share(found.revenue_centavos, total.revenue_centavos))),
            ("orders_share", json!(share(found.orders, total.orders))),
            ("ticket", json!(per_unit(found.revenue_centavos, found.orders))),
            ("whole_ticket", json!(per_unit(total.revenue_centavos, total.orders))),
            ("item_price", json!(per_unit(found.price_centavos, found.items))),
            ("whole_item_price", json!(per_unit(total.price_centavos, total.items))),
            ("freight_share", json!(share(found.freight_centavos, found.revenue_centavos))),
            ("whole_freight_share", json!(share(total.freight_centavos, total.revenue_centavos))),
            ("mix", self.mix.iter().take(ROWS).map(|cell| self.cell(cell, words)).collect()),
            ("mix_count", json!(self.mix.len())),
            ("more_here", self.more_here(words)),
        ];
        for (name, value) in more {
            values[name] = value;
        }
        values["best_month"] = json!(self.best_month());
        values["payments"] = json!(self.payments.as_ref().map(|payments| self.payments(payments, words)));
        match self.per {
            Per::State => self.of_state(&mut values, words),
            Per::Category => self.of_category(&mut values),
        }
        Ok(values)
    }

    fn cell(&self, cell: &Cell, words: &Words) -> Value {
        json!({
            "name": self.name_in_mix(words, &cell.name), "code": cell.name, "orders": cell.orders,
            "revenue": cell.revenue_centavos, "share": self.share_here(cell), "whole": self.share_in_whole(&cell.name),
        })
    }

    /// What has a greater share here than in the whole, the greatest difference first.
    fn more_here(&self, words: &Words) -> Value {
        let difference = |cell: &Cell| Some(self.share_here(cell)? - self.share_in_whole(&cell.name)?);
        let mut more: Vec<(f64, &Cell)> = self
            .mix
            .iter()
            .filter_map(|cell| Some((difference(cell)?, cell)))
            .filter(|(more, _)| *more >= MORE)
            .collect();
        more.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.name.cmp(&b.1.name)));
        more.into_iter().take(3).map(|(_, cell)| self.cell(cell, words)).collect()
    }

    /// The complete month with the greatest revenue, if there are several.
    fn best_month(&self) -> Option<Value> {
        let period = self.results.findings.period;
        let complete = self.months.iter().filter(|(month, _)| (period.first..=period.last).contains(*month));
        let (month, revenue) = complete.max_by_key(|(month, revenue)| (**revenue, std::cmp::Reverse(**month)))?;
        (period.len() > 1 && *revenue > 0).then(|| json!({ "month": month.to_string(), "revenue": revenue }))
    }

    /// Shares of the methods here and in the whole.
    fn payments(&self, payments: &StatePayments, words: &Words) -> Value {
        let mut values = paid::payments(payments, words);
        if let Some(methods) = values["methods"].as_array_mut() {
            for (value, method) in methods.iter_mut().zip(&payments.methods) {
                value["whole"] = json!(self.results.findings.payments_total.share(&method.payment_type));
            }
        }
        values
    }

    fn of_state(&self, values: &mut Value, words: &Words) {
        let (findings, decisions) = (&self.results.findings, self.results.decisions.as_ref().ok());
        let habit = |habit: &&Habit| json!({ "method": words.method(&habit.payment_type), "share": habit.share, "rest": habit.share_rest });
        let habits = findings.named_habits();
        values["habits"] = habits.iter().filter(|habit| habit.state == self.code).map(habit).collect();
        let growth = findings.growth.iter().find(|growth| growth.state == self.code);
        values["odds"] = json!(growth.and_then(|growth| {
            let change = growth.change?;
            Some(json!({ "growth": change.growth, "low": change.low, "high": change.high, "named": growth.is_named() }))
        }));
        values["enough"] = json!(ENOUGH_SHARE);
        values["candidate"] = json!(decisions.and_then(|decisions| {
            let region = &decisions.region;
            let choice = region.states.iter().find(|choice| choice.state == self.code)?;
            Some(json!({
                "rank": choice.place.rank, "of": region.states.len(), "forecast": centavos(choice.forecast),
                "category": region.category.as_deref().map(|category| words.category(category)),
                "penetration": choice.penetration, "tested": choice.budget_share > 0.0,
            }))
        }));
        values["break_even"] = json!(break_even(&self.results.profit.states, self.code));
    }

    fn of_category(&self, values: &mut Value) {
        let results = self.results;
        let chance = |c: &CategoryChances| {
            let reach = REVENUES.iter().zip(c.reach);
            json!({
                "n": c.n, "median": centavos(c.median), "typical": centavos(c.typical), "low": centavos(c.interval80.0),
                "high": centavos(c.interval80.1), "orders": c.orders, "first": c.first, "top3": c.top3,
                "listed": c.top3 >= LISTED,
                "reach": reach.map(|(amount, share)| json!({ "amount": centavos(*amount), "share": share })).collect::<Vec<_>>(),
            })
        };
        let all = chances(&results.entry).ok();
        let found = all.and_then(|all| all.categories.iter().find(|c| c.category == self.code));
        values["chances"] = json!(found.map(chance));
        let profit = results.profit.categories.iter().find(|profit| profit.category == self.code);
        values["profit"] = json!(profit.map(|profit| json!({
            "margin": profit.margin.value, "assumed": profit.margin.is_assumed(), "contribution": centavos(profit.contribution),
            "low": centavos(profit.interval80.0), "high": centavos(profit.interval80.1), "loss": profit.loss,
        })));
        let winner = results.decisions.as_ref().ok().map(|decisions| &decisions.winner);
        values["score"] = json!(winner.and_then(|winner| {
            let found = winner.ranked.iter().find(|candidate| candidate.category == self.code)?;
            Some(json!({
                "rank": found.place.rank, "of": winner.candidates, "forecast": centavos(found.forecast),
                "low": centavos(found.interval80.0), "high": centavos(found.interval80.1),
            }))
        }));
        values["break_even"] = json!(break_even(&results.profit.break_even_by_category, self.code));
    }
}

fn break_even(all: &[BreakEven], code: &str) -> Option<Value> {
    let found = all.iter().find(|found| found.name == code)?;
    Some(
        json!({ "amount": centavos(found.break_even), "orders": found.orders, "margin": found.margin, "assumed": found.assumed }),
    )
}

pub(super) fn share(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// An amount per order or item, rounded to whole centavos.
pub(super) fn per_unit(centavos: i64, count: i64) -> Option<i64> {
    (count > 0).then(|| (centavos as f64 / count as f64).round() as i64)
}
