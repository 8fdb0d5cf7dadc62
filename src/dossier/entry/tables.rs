//! What new sellers may earn and keep, and the test of the choice → tables of the report. Part of `tables`.

use crate::decisions::entry::{self, Check, ENTRANTS, RuleResult};
use crate::decisions::profit::{BreakEven, CategoryProfit};
use crate::dossier::edition::{Words, centavos, or_none};
use crate::models::entrants::{CategoryChances, Milestone};
use crate::results::Results;

type Rows = Vec<Vec<String>>;

/// Rows of the tables of categories, and of states.
const CATEGORIES: usize = 12;
/// How many categories a rule chooses.
const TOPS: [usize; 3] = [1, 3, 5];

fn brl(amount: f64, words: &Words) -> String {
    words.brl(centavos(amount), 0)
}

fn between((low, high): (f64, f64), words: &Words) -> String {
    format!("{} – {}", brl(low, words), brl(high, words))
}

/// Chances by category, the greatest typical revenue first.
pub(crate) fn chances(results: &Results, words: &Words) -> Rows {
    let lang = words.lang;
    let row = |c: &CategoryChances| {
        let shares = [c.top3, c.first].into_iter().chain(c.reach).map(|share| lang.percent(share, 0));
        let amounts = [brl(c.typical, words), between(c.interval80, words)];
        [words.category(&c.category), lang.count(c.n as i64)].into_iter().chain(amounts).chain(shares).collect()
    };
    entry::chances(&results.entry)
        .map(|chances| chances.categories.iter().take(CATEGORIES).map(row).collect())
        .unwrap_or_default()
}

/// Orders of the first days in words.
pub(crate) fn milestone_name(m: &Milestone, words: &Words) -> String {
    words.label(&format!("milestone_{}", m.orders_28.replace('-', "_").replace('+', "_more")))
}

/// What followed the first days, by their number of orders.
pub(crate) fn milestones(results: &Results, words: &Words) -> Rows {
    let lang = words.lang;
    let all = results.entry.as_ref().map(|entry| entry.entrants.milestones.as_slice()).unwrap_or_default();
    let row = |m: &Milestone| {
        let rest = m.rest.as_ref()?;
        let quartiles = rest.quartiles.map(|amount| brl(amount, words));
        let start = [milestone_name(m, words), lang.count(m.n as i64), lang.percent(rest.nothing, 0)];
        Some(start.into_iter().chain(quartiles).collect())
    };
    all.iter().filter_map(row).collect()
}

/// Contribution by category, the greatest first.
pub(crate) fn profit(results: &Results, words: &Words) -> Rows {
    let lang = words.lang;
    let row = |c: &CategoryProfit| {
        let assumed = if c.margin.is_assumed() { format!(" {}", words.label("assumed")) } else { String::new() };
        vec![
            words.category(&c.category),
            lang.percent(c.margin.value, 0) + &assumed,
            brl(c.contribution, words),
            between(c.interval80, words),
            lang.percent(c.first, 0),
            lang.percent(c.loss, 0),
            or_none(c.tipping_margin, |margin| lang.percent(margin, 1)),
        ]
    };
    results.profit.categories.iter().take(CATEGORIES).map(row).collect()
}

/// What an order may cost in advertising, by category.
pub(crate) fn break_even(results: &Results, words: &Words) -> Rows {
    let lang = words.lang;
    let row = |b: &BreakEven| {
        let amounts = [b.price, b.freight, b.break_even].map(|amount| words.brl(centavos(amount), 2));
        [words.category(&b.name), lang.count(b.orders)].into_iter().chain(amounts).collect()
    };
    results.profit.break_even_by_category.iter().take(CATEGORIES).map(row).collect()
}

/// What later entrants earned in the categories that a rule chose, by check and rule.
pub(crate) fn backtest(results: &Results, words: &Words) -> Rows {
    let lang = words.lang;
    let Some(past) = results.entry.as_ref().ok().and_then(|entry| entry.backtest.as_ref().ok()) else {
        return Rows::new();
    };
    let number = |value: f64| lang.decimal(value, 2);
    let with_interval = |r: &RuleResult| {
        let interval = r.interval90.map(|(low, high)| format!(" [{} ; {}]", number(low), number(high)));
        number(r.ratio) + &interval.unwrap_or_default()
    };
    let shuffled = |r: &RuleResult| {
        let up_to = words.label("up_to");
        or_none(r.shuffled, |s| format!("{} ({up_to} {})", number(s.mean), number(s.high95)))
    };
    let mut rows = Rows::new();
    for check in [Check::Past, Check::WithoutLeader, Check::Locked] {
        let of_check: Vec<&RuleResult> = past.results.iter().filter(|r| r.check == check).collect();
        let mut rules: Vec<&str> = of_check.iter().map(|r| r.rule).collect();
        rules.dedup();
        let name = words.label(&format!("check_{}", check.name().replace(' ', "_")));
        let mut add = |rule: &str, label: &str, cell: &dyn Fn(&RuleResult) -> String| {
            let found = |top: usize| of_check.iter().find(|r| (r.rule, r.top) == (rule, top));
            let cells = TOPS.map(|top| or_none(found(top), |r| cell(r)));
            let n = or_none(found(3), |r| lang.count(r.entrants as i64));
            let start = [name.replace("{}", &words.category(&past.leader)), words.label(label)];
            rows.push(start.into_iter().chain(cells).chain([n]).collect());
        };
        for rule in rules {
            add(rule, &format!("rule_{}", rule.replace(' ', "_")), &with_interval);
            if rule == ENTRANTS && check != Check::Locked {
                add(rule, "rule_shuffled", &shuffled);
            }
        }
    }
    rows
}
